#include "teep/otrp/algorithm.h"

static const char *const jws_names[] = { NULL, "RS256", "ES256", "ES384" };
static const char *const jwe_names[] = { NULL, "RSA1_5", "ECDH-ES+A128KW", "ECDH-ES+A256KW" };
static const char *const enc_names[] = { NULL, "A128CBC-HS256", "A256CBC-HS512" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static unsigned name_find(const char *const *names, size_t count, struct span name)
{
	for (unsigned i = 1; i < count; i++)
		if (span_is(name, names[i]))
			return i;
	return 0;
}

enum jws_algorithm jws_algorithm_parse(struct span name)
{
	return (enum jws_algorithm)name_find(jws_names, COUNT(jws_names), name);
}

const char *jws_algorithm_name(enum jws_algorithm algorithm)
{
	return jws_names[algorithm];
}

enum jwe_algorithm jwe_algorithm_parse(struct span name)
{
	return (enum jwe_algorithm)name_find(jwe_names, COUNT(jwe_names), name);
}

const char *jwe_algorithm_name(enum jwe_algorithm algorithm)
{
	return jwe_names[algorithm];
}

enum jwe_encryption jwe_encryption_parse(struct span name)
{
	return (enum jwe_encryption)name_find(enc_names, COUNT(enc_names), name);
}

const char *jwe_encryption_name(enum jwe_encryption encryption)
{
	return enc_names[encryption];
}

size_t jwe_encryption_key_size(enum jwe_encryption encryption)
{
	switch (encryption) {
	case ENC_A128CBC_HS256:
		return 32;
	case ENC_A256CBC_HS512:
		return 64;
	case ENC_NONE:
		break;
	}
	return 0;
}

enum jws_algorithm jws_algorithm_of(enum key_kind kind)
{
	switch (kind) {
	case KEY_RSA:
		return JWS_RS256;
	case KEY_P256:
		return JWS_ES256;
	case KEY_P384:
		return JWS_ES384;
	case KEY_OTHER:
		break;
	}
	return JWS_NONE;
}

enum jwe_algorithm jwe_algorithm_of(enum key_kind kind)
{
	switch (kind) {
	case KEY_RSA:
		return JWE_RSA1_5;
	case KEY_P256:
		return JWE_ECDH_ES_A128KW;
	case KEY_P384:
		return JWE_ECDH_ES_A256KW;
	case KEY_OTHER:
		break;
	}
	return JWE_NONE;
}

bool jwe_algorithm_fits(enum jwe_algorithm algorithm, enum key_kind kind)
{
	if (algorithm == JWE_RSA1_5)
		return kind == KEY_RSA;
	return algorithm != JWE_NONE && (kind == KEY_P256 || kind == KEY_P384);
}
