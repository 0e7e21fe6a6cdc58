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

/* The signed object of an answer, which was parsed before, so it is one. */
static json_t *payload_told(const struct response *response, struct span plaintext)
{
	const char *place = response->message == OTRP_GET_DEVICE_STATE ? "edsi" : "content";
	json_t *payload = NULL, *plain = NULL, *copy, *tbs;

	if (json_object_parse(response->jws.payload, &payload))
		return json_object();
	copy = told(payload, "");
	json_decref(payload);
	tbs = json_object_iter_value(json_object_iter(copy));
	if (plaintext.data && json_object_parse(plaintext, &plain) == 0) {
		(void)json_object_set_new(tbs, place, told(plain, place));
		json_decref(plain);
	}
	return copy;
}

json_t *transcript_response(const struct response *response, struct span plaintext,
			    const char *verdict)
{
	json_t *object;

	if (response->kind == RESPONSE_OF_TEE)
		object = payload_told(response, plaintext);
	else if (response->kind == RESPONSE_OF_AGENT)
		object = json_pack("{s:s}", "agent says", otrp_status_name(response->status));
	else
		object = json_pack("{s:s}", "unreadable", response->failure.why);
	if (object && verdict && verdict[0])
		(void)json_object_set_new(object, "verdict", json_string(verdict));
	return object;
}
