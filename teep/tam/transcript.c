#include "teep/tam/transcript.h"

#include <stdio.h>

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

static json_t *text_told(const json_t *value, const char *name)
{
	const struct span text = json_span(value);
	json_t *told = NULL;

	if (text.size <= WHOLE_MAX)
		return json_incref((json_t *)value);
	if (holds_certificates(name))
		told = certificate_told(text);
	if (told)
		return told;
	/* Only base64 and identifiers are this long; a character is an octet. */
	for (size_t i = 0; i < SHOWN; i++)
		if (text.data[i] >= 0x80)
			return json_sprintf("(%zu octets)", text.size);
	return json_sprintf("%.*s… (%zu characters)", SHOWN, (const char *)text.data, text.size);
}

/* A copy in short; members keep the name of the list that they are in. */
static json_t *told(const json_t *value, const char *name)
{
	json_t *copy, *member;
	const char *key;
	size_t i;

	if (json_is_string(value))
		return text_told(value, name);
	if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach(value, i, member) {
			if (i == ENTRIES_MAX) {
				(void)json_array_append_new(copy,
							    json_sprintf("… (%zu entries)",
									 json_array_size(value)));
				break;
			}
			(void)json_array_append_new(copy, told(member, name));
		}
		return copy;
	}
	if (json_is_object(value)) {
		copy = json_object();
		json_object_foreach((json_t *)value, key, member)
			(void)json_object_set_new(copy, key, told(member, key));
		return copy;
	}
	return json_incref((json_t *)value);
}

json_t *transcript_request(const char *name, const json_t *tbs, const json_t *plain)
{
	json_t *object = json_object(), *inner = told(tbs, "");
	char full[64];

	(void)snprintf(full, sizeof(full), "%sTBSRequest", name);
	if (plain)
		(void)json_object_set_new(inner, "content", told(plain, "content"));
	if (json_object_set_new(object, full, inner)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* What is encrypted, where it is known. */
static json_t *plain_told(const struct response *response, const json_t *plain, const char *place)
{
	if (plain)
		return told(plain, place);
	return response->encrypted ? json_string("(encrypted)") : NULL;
}

static json_t *algorithms_told(uint32_t algorithms)
{
	json_t *names = json_array();

	for (unsigned i = JWS_RS256; i <= JWS_ES384; i++)
		if (algorithms & 1U << i)
			(void)json_array_append_new(
				names, json_string(jws_algorithm_name((enum jws_algorithm)i)));
	return names;
}

/* The signed object of an answer, from what was parsed of it. */
static json_t *payload_told(const struct response *response, const json_t *plain)
{
	const bool query = response->message == OTRP_GET_DEVICE_STATE;
	const char *place = query ? "edsi" : "content";
	json_t *tbs = json_pack("{s:s, s:s, s:s, s:s}", "ver", OTRP_VERSION, "status",
				response->passed ? "pass" : "fail", "rid",
				response->rid.data ? span_text(response->rid) : "", "tid",
				response->tid.data ? span_text(response->tid) : "");
	json_t *content = plain_told(response, plain, place), *object = json_object();
	char full[64];

	if (content)
		(void)json_object_set_new(tbs, place, content);
	if (query && response->passed)
		(void)json_object_set_new(tbs, "signerreq", json_boolean(response->signerreq));
	if (!response->passed && response->status < OTRP_STATUS_COUNT)
		(void)json_object_set_new(tbs, "reason",
					  json_string(otrp_status_name(response->status)));
	if (response->reason.data)
		(void)json_object_set_new(tbs, "error-message",
					  json_string(span_text(response->reason)));
	if (response->has_algorithms)
		(void)json_object_set_new(tbs, "supportedsigalgs",
					  algorithms_told(response->algorithms));
	(void)snprintf(full, sizeof(full), "%sTBSResponse", otrp_answer_name(response->message));
	if (json_object_set_new(object, full, tbs)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *transcript_response(const struct response *response, const json_t *plain,
			    const char *verdict)
{
	json_t *object;

	if (response->kind == RESPONSE_OF_TEE)
		object = payload_told(response, plain);
	else if (response->kind == RESPONSE_OF_AGENT)
		object = json_pack("{s:s}", "agent says", otrp_status_name(response->status));
	else
		object = json_pack("{s:s}", "unreadable", response->failure.why);
	if (object && verdict && verdict[0])
		(void)json_object_set_new(object, "verdict", json_string(verdict));
	return object;
}
