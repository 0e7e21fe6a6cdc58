#include "otrp/request_guess.h"

#include "teep/otrp/encoding.h"
#include "teep/otrp/request.h"

/* Multiples of 4: as many digits as can stand from "nextdsi" to the payload's end, and from its
 * beginning to the content's key. */
#define TAIL 768U
#define HEAD 8192U

static struct span find(struct span in, const char *text)
{
	const uint8_t *found = memmem(in.data, in.size, text, strlen(text));

	return found ? span_of(found, strlen(text)) : (struct span) { 0 };
}

/* Up to the next quote. */
static struct span string_behind(struct span in, const char *opening)
{
	const struct span found = find(in, opening);
	const uint8_t *from, *end = in.data + in.size, *close;

	if (!found.data)
		return (struct span) { 0 };
	from = found.data + found.size;
	close = memchr(from, '"', (size_t)(end - from));
	return close ? span_of(from, (size_t)(close - from)) : (struct span) { 0 };
}

void request_guess_make(struct span octets, struct request_guess *out)
{
	static const char query[] = "{\"GetDeviceStateRequest\":";
	const uint8_t *name_end, *payload_end, *end = octets.data + octets.size;
	struct span rest;

	*out = (struct request_guess) { .payload = string_behind(octets, "\"payload\":\"") };
	if (!out->payload.data)
		return;
	/* There is one before the payload at the latest. */
	name_end = memchr(octets.data, ':', octets.size);
	out->header = span_of(name_end, (size_t)(out->payload.data - name_end));
	out->query = octets.size > strlen(query) && memcmp(octets.data, query, strlen(query)) == 0;
	payload_end = out->payload.data + out->payload.size;
	rest = span_of(payload_end, (size_t)(end - payload_end));
	out->protected_text = string_behind(rest, "\"protected\":\"");
	out->signature_text = string_behind(rest, "\"signature\":\"");
}

void request_guess_end_read(const struct request_guess *guess, struct arena *arena,
			    struct request_guess_end *out)
{
	struct span tail = guess->payload, text;

	*out = (struct request_guess_end) { 0 };
	if (tail.size > TAIL) {
		const size_t skipped = (tail.size - TAIL) / 4 * 4;

		tail = span_of(tail.data + skipped, tail.size - skipped);
	}
	if (!tail.data || base64_decode(tail, BASE64_JOSE, arena, &text))
		return;
	out->tid = string_behind(text, "\"tid\":\"");
	if (!out->tid.size || out->tid.size > OTRP_ID_SIZE_MAX)
		out->tid = (struct span) { 0 };
	out->nextdsi = find(text, "\"nextdsi\":true").data;
}

struct span request_guess_encrypted_key(const struct request_guess *guess, struct arena *arena)
{
	struct span head = guess->payload, text, key;

	if (head.size > HEAD)
		head.size = HEAD;
	if (!head.data || base64_decode(head, BASE64_JOSE, arena, &text))
		return (struct span) { 0 };
	key = string_behind(text, "\"encrypted_key\":\"");
	if (!key.size || base64_decode(key, BASE64_JOSE, arena, &text))
		return (struct span) { 0 };
	return text;
}

struct span request_guess_spid(struct span content)
{
	return string_behind(content, "\"spid\":\"");
}
