#include "otrp/request_guess.h"

#include "teep/otrp/encoding.h"
#include "teep/otrp/request.h"

/* A multiple of 4: as many digits as can stand from "tid" to the payload's end. */
#define TAIL 256U

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

	*out = (struct request_guess) { .payload = string_behind(octets, "\"payload\":\"") };
	if (!out->payload.data)
		return;
	out->header = span_of(octets.data, (size_t)(out->payload.data - octets.data));
	out->query = octets.size > strlen(query) && memcmp(octets.data, query, strlen(query)) == 0;
}

struct span request_guess_tid(const struct request_guess *guess, struct arena *arena)
{
	struct span tail = guess->payload, text, tid;

	if (tail.size > TAIL) {
		const size_t skipped = (tail.size - TAIL) / 4 * 4;

		tail = span_of(tail.data + skipped, tail.size - skipped);
	}
	if (!tail.data || base64_decode(tail, BASE64_JOSE, arena, &text))
		return (struct span) { 0 };
	tid = string_behind(text, "\"tid\":\"");
	return tid.size && tid.size <= OTRP_ID_SIZE_MAX ? tid : (struct span) { 0 };
}
