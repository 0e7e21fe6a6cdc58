#include "teep/otrp/compose.h"

#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/encoding.h"

#define NAME_SIZE 64

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
	if (payload_text && chain)
		jws = jws_sign(span_of_text(payload_text), key, chain);
	else if (payload_text)
		text = jws_text(full_name, span_of_text(payload_text), key);
	if (jws) {
		message = wrap(full_name, json_incref(jws));
		text = message ? json_canonical(message) : NULL;
		json_decref(message);
	}
	json_decref(jws);
	json_decref(payload);
	free(payload_text);
	return text;
}

char *otrp_compose_encrypted(const char *name, const char *kind, const char *member,
			     struct span encrypted, json_t *tbs, EVP_PKEY *key)
{
	char full_name[NAME_SIZE], *rest = json_canonical(tbs), *payload, *at, *text = NULL;

	(void)snprintf(full_name, sizeof(full_name), "%s%s", name, kind);
	payload = rest ? malloc(encrypted.size + strlen(rest) + strlen(name) + strlen(kind) +
				strlen(member) + 32)
		       : NULL;
	if (payload) {
		at = stpcpy(stpcpy(stpcpy(payload, "{\""), name), "TBS");
		at = stpcpy(stpcpy(stpcpy(stpcpy(at, kind), "\":{\""), member), "\":");
		at = mempcpy(at, encrypted.data, encrypted.size);
		*at++ = ',';
		at = stpcpy(stpcpy(at, rest + 1), "}");
		text = jws_text(full_name, span_of(payload, (size_t)(at - payload)), key);
	}
	free(payload);
	free(rest);
	json_decref(tbs);
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
