#include "teep/tam/transcript.h"

#include <stdio.h>
#include <string.h>

#include "teep/otrp/encoding.h"
#include "teep/pki/certificate.h"
#include "teep/tam/parsed_pool.h"

/* Strings up to this length are shown whole. */
#define WHOLE_MAX 128
#define SHOWN	  24
/* Entries of one array that are shown; a device may have thousands of domains. */
#define ENTRIES_MAX 200

static const char *const certificate_members[] = { "cert", "cacert", "spcert" };

static bool holds_certificates(const char *name)
{
	for (size_t i = 0; i < sizeof(certificate_members) / sizeof(certificate_members[0]); i++)
		if (strcmp(name, certificate_members[i]) == 0)
			return true;
	return false;
}

/* "certificate of NAME", or NULL for what is none. */
static json_t *certificate_told(struct span text)
{
	ARENA_AUTO arena = { 0 };
	X509 *certificate = NULL;
	json_t *told = NULL;
	struct span der;
	char name[128];

	if (base64_decode(text, BASE64_ANY, &arena, &der) == 0)
		certificate = pool_certificate(der);
	if (certificate)
		told = json_sprintf("certificate of %s",
				    certificate_name(certificate, name, sizeof(name)));
	X509_free(certificate);
	return told;
}

/* An entry of the array or object that is open; of an object, with its name. */
static void entry_begin(struct json_writing *to, const char *name)
{
	const char last = to->size && !to->failed ? to->text[to->size - 1] : '{';

	if (last != '{' && last != '[')
		json_put(to, ",", 1);
	if (name) {
		json_put_text(to, name, strlen(name));
		json_put(to, ":", 1);
	}
}

/* What may have come from elsewhere. */
static void put_words(struct json_writing *to, const char *words)
{
	json_t *value = json_string(words);

	json_put_value(to, value ? value : json_null());
	json_decref(value);
}

/* Takes the value, which stands for a long one. */
static bool put_instead(struct json_writing *to, json_t *value)
{
	if (!value)
		return false;
	json_put_value(to, value);
	json_decref(value);
	return true;
}

static void text_tell(struct json_writing *to, const json_t *value, const char *name)
{
	const struct span text = json_span(value);

	if (text.size <= WHOLE_MAX) {
		json_put_text(to, (const char *)text.data, text.size);
		return;
	}
	if (holds_certificates(name) && put_instead(to, certificate_told(text)))
		return;
	/* Only base64 and identifiers are this long; a character is an octet. */
	for (size_t i = 0; i < SHOWN; i++)
		if (text.data[i] >= 0x80) {
			(void)put_instead(to, json_sprintf("(%zu octets)", text.size));
			return;
		}
	(void)put_instead(to, json_sprintf("%.*s… (%zu characters)", SHOWN, (const char *)text.data,
					   text.size));
}

/* In short; members of an array have the name of the list that they are in. No deeper than what
 * was parsed. */
static void tell(struct json_writing *to, const json_t *value, const char *name)
{
	const json_t *member;
	const char *key;
	size_t i;

	if (json_is_string(value)) {
		text_tell(to, value, name);
	} else if (json_is_array(value)) {
		json_put(to, "[", 1);
		json_array_foreach(value, i, member) {
			entry_begin(to, NULL);
			if (i == ENTRIES_MAX) {
				(void)put_instead(to, json_sprintf("… (%zu entries)",
								   json_array_size(value)));
				break;
			}
			tell(to, member, name);
		}
		json_put(to, "]", 1);
	} else if (json_is_object(value)) {
		json_put(to, "{", 1);
		json_object_foreach((json_t *)value, key, member) {
			entry_begin(to, key);
			tell(to, member, key);
		}
		json_put(to, "}", 1);
	} else {
		json_put_value(to, value);
	}
}

static void signed_begin(struct json_writing *to, const char *name, const char *kind)
{
	char full[64];

	(void)snprintf(full, sizeof(full), "%sTBS%s", name, kind);
	json_put(to, "{", 1);
	entry_begin(to, full);
	json_put(to, "{", 1);
}

static void signed_end(struct json_writing *to)
{
	json_put(to, "}", 1);
}

void transcript_request(struct json_writing *to, const char *name, const json_t *tbs,
			const json_t *plain)
{
	const json_t *member;
	const char *key;

	signed_begin(to, name, "Request");
	json_object_foreach((json_t *)tbs, key, member) {
		if (plain && strcmp(key, "content") == 0)
			continue;
		entry_begin(to, key);
		tell(to, member, key);
	}
	if (plain) {
		entry_begin(to, "content");
		tell(to, plain, "content");
	}
	signed_end(to);
	json_put(to, "}", 1);
}

static void put_member(struct json_writing *to, const char *name, struct span text)
{
	entry_begin(to, name);
	json_put_text(to, text.data ? (const char *)text.data : "", text.size);
}

static void algorithms_tell(struct json_writing *to, uint32_t algorithms)
{
	json_put(to, "[", 1);
	for (unsigned i = JWS_RS256; i <= JWS_ES384; i++)
		if (algorithms & 1U << i) {
			entry_begin(to, NULL);
			put_words(to, jws_algorithm_name((enum jws_algorithm)i));
		}
	json_put(to, "]", 1);
}

/* The signed object of an answer, from what was parsed of it. What is encrypted is told where it is
 * known. */
static void payload_tell(struct json_writing *to, const struct response *response,
			 const json_t *plain)
{
	const bool query = response->message == OTRP_GET_DEVICE_STATE;
	const char *place = query ? "edsi" : "content";

	signed_begin(to, otrp_answer_name(response->message), "Response");
	put_member(to, "ver", span_of_text(OTRP_VERSION));
	put_member(to, "status", span_of_text(response->passed ? "pass" : "fail"));
	put_member(to, "rid", response->rid);
	put_member(to, "tid", response->tid);
	if (plain) {
		entry_begin(to, place);
		tell(to, plain, place);
	} else if (response->encrypted) {
		put_member(to, place, span_of_text("(encrypted)"));
	}
	if (query && response->passed) {
		entry_begin(to, "signerreq");
		json_put_value(to, json_boolean(response->signerreq));
	}
	if (!response->passed && response->status < OTRP_STATUS_COUNT)
		put_member(to, "reason", span_of_text(otrp_status_name(response->status)));
	if (response->reason.data)
		put_member(to, "error-message", response->reason);
	if (response->has_algorithms) {
		entry_begin(to, "supportedsigalgs");
		algorithms_tell(to, response->algorithms);
	}
	signed_end(to);
}

void transcript_response(struct json_writing *to, const struct response *response,
			 const json_t *plain, const char *verdict)
{
	entry_begin(to, NULL);
	if (response->kind == RESPONSE_OF_TEE) {
		payload_tell(to, response, plain);
	} else {
		const bool of_agent = response->kind == RESPONSE_OF_AGENT;

		json_put(to, "{", 1);
		entry_begin(to, of_agent ? "agent says" : "unreadable");
		put_words(to,
			  of_agent ? otrp_status_name(response->status) : response->failure.why);
	}
	if (verdict && verdict[0]) {
		entry_begin(to, "verdict");
		put_words(to, verdict);
	}
	json_put(to, "}", 1);
}
