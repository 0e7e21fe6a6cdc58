#include "teep/otrp/compose.h"

#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/encoding.h"

#define NAME_SIZE    64
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* {"name": value}; takes the value. */
static json_t *wrap(const char *name, json_t *value)
{
	json_t *object = json_object();

	if (!object || json_object_set_new(object, name, value)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static char *text_put(char *at, const char *text, size_t size)
{
	return mempcpy(at, text, size);
}

#define PUT(at, text) text_put((at), (text), sizeof(text) - 1)

/* All three members are base64url, and long: nothing in them has to be written otherwise. */
static char *jws_text(const char *name, const json_t *jws)
{
	static const char *const members[] = { "payload", "protected", "signature" };
	size_t size = strlen(name) + 16;
	char *text, *at;

	for (size_t i = 0; i < COUNT(members); i++)
		size += strlen(members[i]) + 6 +
			json_string_length(json_object_get(jws, members[i]));
	text = at = malloc(size);
	if (!text)
		return NULL;
	at = PUT(text_put(PUT(at, "{\""), name, strlen(name)), "\":{");
	for (size_t i = 0; i < COUNT(members); i++) {
		const struct span value = json_span(json_object_get(jws, members[i]));

		at = text_put(PUT(at, "\""), members[i], strlen(members[i]));
		at = PUT(text_put(PUT(at, "\":\""), (const char *)value.data, value.size), "\",");
	}
	at = PUT(at - 1, "}}");
	*at = '\0';
	return text;
}

char *otrp_compose(const char *name, const char *kind, json_t *tbs, EVP_PKEY *key,
		   STACK_OF(X509) * chain)
{
	char tbs_name[NAME_SIZE], full_name[NAME_SIZE];
	json_t *payload, *jws = NULL, *message;
	char *payload_text, *text = NULL;

	(void)snprintf(tbs_name, sizeof(tbs_name), "%sTBS%s", name, kind);
	(void)snprintf(full_name, sizeof(full_name), "%s%s", name, kind);
	payload = wrap(tbs_name, tbs);
	payload_text = payload ? json_canonical(payload) : NULL;
	if (payload_text)
		jws = jws_sign(span_of_text(payload_text), key, chain);
	if (jws && chain) {
		message = wrap(full_name, json_incref(jws));
		text = message ? json_canonical(message) : NULL;
		json_decref(message);
	} else if (jws) {
		text = jws_text(full_name, jws);
	}
	json_decref(jws);
	json_decref(payload);
	free(payload_text);
	return text;
}

json_t *otrp_encrypt(json_t *plain, EVP_PKEY *recipient, enum jwe_encryption encryption,
		     struct arena *arena, struct span *cek)
{
	char *text = json_canonical(plain);
	json_t *encrypted = NULL;

	if (text) {
		encrypted = jwe_encrypt(span_of_text(text), recipient, encryption, arena, cek);
		explicit_bzero(text, strlen(text));
	}
	free(text);
	json_decref(plain);
	return encrypted;
}

json_t *otrp_base64(const void *data, size_t size)
{
	char *text = base64_encode(data, size);
	json_t *value = text ? json_string_nocheck(text) : NULL;

	free(text);
	return value;
}

json_t *otrp_text(struct span text)
{
	return json_stringn((const char *)text.data, text.size);
}
