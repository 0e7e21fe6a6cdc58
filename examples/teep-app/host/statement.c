#include "statement.h"

#include <jose/b64.h>
#include <jose/jws.h>
#include <jose/openssl.h>
#include <stdlib.h>
#include <string.h>

/* Standard base64, as certificates and keys travel; the caller's. */
static uint8_t *base64_decode(const json_t *value, int *size)
{
	const char *text = json_string_value(value);
	const size_t length = text ? strlen(text) : 0;
	uint8_t *octets = length ? malloc(length) : NULL;

	if (!octets)
		return NULL;
	*size = EVP_DecodeBlock(octets, (const uint8_t *)text, (int)length);
	/* It counts the padding as octets. */
	for (size_t i = length; i > 0 && text[i - 1] == '='; i--)
		--*size;
	if (*size <= 0) {
		free(octets);
		return NULL;
	}
	return octets;
}

X509 *statement_certificate(const json_t *base64)
{
	int size;
	uint8_t *der = base64_decode(base64, &size);
	const uint8_t *at = der;
	X509 *certificate = der ? d2i_X509(NULL, &at, size) : NULL;

	free(der);
	return certificate;
}

/* The payload of a JWS, once its signature has been found to be by this key. */
static json_t *payload_of(const json_t *jws, EVP_PKEY *key)
{
	json_t *jwk = jose_openssl_jwk_from_EVP_PKEY(NULL, key);
	json_t *payload = NULL;

	if (jwk && jose_jws_ver(NULL, jws, NULL, jwk, false))
		payload = jose_b64_dec_load(json_object_get(jws, "payload"));
	json_decref(jwk);
	return payload;
}

/* Does the certificate, with the help of those that came along, lead to the root? */
static int chain_holds(X509 *leaf, const json_t *x5c, X509 *root)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	int holds;

	for (size_t i = 1; others && i < json_array_size(x5c); i++) {
		X509 *certificate = statement_certificate(json_array_get(x5c, i));

		if (certificate && !sk_X509_push(others, certificate))
			X509_free(certificate);
	}
	holds = others && context && store && X509_STORE_add_cert(store, root) == 1 &&
		X509_STORE_CTX_init(context, store, leaf, others) == 1 &&
		X509_verify_cert(context) == 1;
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	sk_X509_pop_free(others, X509_free);
	return holds;
}

/* An RSA key travels in the form of PKCS #1, one on a curve as X.509 has it. */
static EVP_PKEY *key_parse(const json_t *aik)
{
	const char *type = json_string_value(json_object_get(aik, "spaiktype"));
	int size;
	uint8_t *der = base64_decode(json_object_get(aik, "spaik"), &size);
	const uint8_t *at = der;
	EVP_PKEY *key = NULL;

	if (der && type && strcmp(type, "RSA") == 0)
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, size);
	else if (der)
		key = d2i_PUBKEY(NULL, &at, size);
	free(der);
	return key;
}

static int names(const json_t *taids, const char *taid)
{
	const json_t *item;
	size_t i;

	json_array_foreach(taids, i, item)
		if (json_is_string(item) && strcmp(json_string_value(item), taid) == 0)
			return 1;
	return 0;
}

static EVP_PKEY *key_find(const json_t *aiks, const char *spid, const char *taid)
{
	const json_t *aik;
	size_t i;

	json_array_foreach(aiks, i, aik) {
		const char *name = json_string_value(json_object_get(aik, "spid"));

		if (name && strcmp(name, spid) == 0 && names(json_object_get(aik, "taids"), taid))
			return key_parse(aik);
	}
	return NULL;
}

EVP_PKEY *statement_key(const char *text, X509 *root, const char *spid, const char *taid,
			X509 **tam, const char **why)
{
	json_t *whole = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *payload = NULL;
	const json_t *jws = json_object_get(whole, "TAMSPAIK");
	const json_t *x5c = json_object_get(json_object_get(jws, "header"), "x5c");
	EVP_PKEY *key = NULL;

	*tam = statement_certificate(json_array_get(x5c, 0));
	if (!*tam)
		*why = "the TAM's statement has no certificate";
	else if (!chain_holds(*tam, x5c, root))
		*why = "the TAM's certificate does not lead to the root";
	else if (!(payload = payload_of(jws, X509_get0_pubkey(*tam))))
		*why = "the TAM's signature does not hold";
	else if (!(key = key_find(json_object_get(json_object_get(payload, "TAMSPAIKTBS"), "aiks"),
				  spid, taid)))
		*why = "the TAM vouches for no key for this TA";
	if (!key) {
		X509_free(*tam);
		*tam = NULL;
	}
	json_decref(payload);
	json_decref(whole);
	return key;
}

json_t *statement_information(const char *text, EVP_PKEY *key, const char **why)
{
	json_t *whole = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	/* The key in the statement's own header is whoever's. */
	json_t *payload = payload_of(json_object_get(whole, "TAInformation"), key);
	json_t *information = json_incref(json_object_get(payload, "TAInformationTBS"));

	if (!payload)
		*why = "the TA information is not signed by the key that the TAM vouches for";
	else if (!information)
		*why = "what is signed is no TA information";
	json_decref(payload);
	json_decref(whole);
	return information;
}
