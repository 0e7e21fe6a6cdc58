#include "teep/otrp/key_numbers.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <pthread.h>

#include "teep/pki/openssl_auto.h"

#define MODULUS_MIN 256U /* octets: 2048 bits */

static const char *group_of(uint32_t kind)
{
	return kind == KEY_P256 ? "prime256v1" : "secp384r1";
}

/* Octets of a coordinate. */
static size_t point_size(uint32_t kind)
{
	return kind == KEY_P256 ? 32 : 48;
}

static int number_take(const EVP_PKEY *key, const char *name, size_t size, struct arena *arena,
		       struct span *out)
{
	BIGNUM *number = NULL;
	uint8_t *octets = NULL;

	if (EVP_PKEY_get_bn_param(key, name, &number) == 1) {
		if (!size)
			size = (size_t)BN_num_bytes(number);
		octets = arena_take(arena, size);
		if (octets && BN_bn2binpad(number, octets, (int)size) != (int)size)
			octets = NULL;
	}
	BN_free(number);
	*out = span_of(octets, octets ? size : 0);
	return octets ? 0 : -ENOMEM;
}

/* Both at once where the key tells its point uncompressed; each costs as much as both. */
static int point_take(const EVP_PKEY *key, struct arena *arena, struct key_numbers *out)
{
	const size_t size = point_size(out->kind);
	uint8_t point[1 + 2 * KEY_NUMBERS_POINT_MAX];
	size_t length = 0;
	int rc;

	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					    &length) == 1 &&
	    length == 1 + 2 * size && point[0] == 4)
		return arena_copy(arena, point + 1, size, &out->x) &&
				       arena_copy(arena, point + 1 + size, size, &out->y)
			       ? 0
			       : -ENOMEM;
	rc = number_take(key, OSSL_PKEY_PARAM_EC_PUB_X, size, arena, &out->x);
	return rc ? rc : number_take(key, OSSL_PKEY_PARAM_EC_PUB_Y, size, arena, &out->y);
}

int key_numbers_of(const EVP_PKEY *key, struct arena *arena, struct key_numbers *out)
{
	int rc;

	*out = (struct key_numbers) { .kind = key_kind(key) };
	switch ((enum key_kind)out->kind) {
	case KEY_RSA:
		rc = number_take(key, OSSL_PKEY_PARAM_RSA_N, 0, arena, &out->modulus);
		if (rc == 0)
			rc = number_take(key, OSSL_PKEY_PARAM_RSA_E, 0, arena, &out->exponent);
		break;
	case KEY_P256:
	case KEY_P384:
		rc = point_take(key, arena, out);
		break;
	default:
		return 0;
	}
	/* An exponent longer than anybody's: a key that has no place here. */
	if (rc == 0 && out->exponent.size > KEY_NUMBERS_EXPONENT_MAX)
		*out = (struct key_numbers) { .kind = KEY_OTHER };
	return rc;
}

static EVP_PKEY *key_load(const char *type, int parts, OSSL_PARAM *parameters)
{
	PKEY_CTX_AUTO context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!context || !parameters || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, parts, parameters) != 1)
		key = NULL;
	return key;
}

static EVP_PKEY *rsa_load(const struct key_numbers *from)
{
	const struct span n = from->modulus, e = from->exponent;
	OSSL_PARAM_BLD *builder;
	OSSL_PARAM *parameters;
	BIGNUM *modulus, *exponent;
	EVP_PKEY *key = NULL;

	/* Odd, without leading zeroes, and an exponent that is none of the trivial ones. */
	if (n.size < MODULUS_MIN || n.size > KEY_NUMBERS_MODULUS_MAX || !n.data[0] ||
	    !(n.data[n.size - 1] & 1) || !e.size || e.size > KEY_NUMBERS_EXPONENT_MAX ||
	    !e.data[0] || !(e.data[e.size - 1] & 1) || (e.size == 1 && e.data[0] < 3))
		return NULL;
	builder = OSSL_PARAM_BLD_new();
	modulus = BN_bin2bn(n.data, (int)n.size, NULL);
	exponent = BN_bin2bn(e.data, (int)e.size, NULL);
	if (builder && modulus && exponent &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
		parameters = OSSL_PARAM_BLD_to_param(builder);
		key = key_load("RSA", EVP_PKEY_PUBLIC_KEY, parameters);
		OSSL_PARAM_free(parameters);
	}
	OSSL_PARAM_BLD_free(builder);
	BN_free(modulus);
	BN_free(exponent);
	return key;
}

/* Curves without a point, which take longer to make than to copy. They stay for as long as the
 * process. */
static EVP_PKEY *curves[2];
static pthread_once_t curves_once = PTHREAD_ONCE_INIT;

static void curves_make(void)
{
	static const uint32_t kinds[] = { KEY_P256, KEY_P384 };

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		OSSL_PARAM parameters[] = {
			OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
							 (char *)group_of(kinds[i]), 0),
			OSSL_PARAM_construct_end(),
		};

		curves[i] = key_load("EC", EVP_PKEY_KEY_PARAMETERS, parameters);
	}
}

static EVP_PKEY *curve_of(uint32_t kind)
{
	(void)pthread_once(&curves_once, curves_make);
	return kind == KEY_P256 ? curves[0] : kind == KEY_P384 ? curves[1] : NULL;
}

EVP_PKEY *key_numbers_pair(uint32_t kind)
{
	EVP_PKEY *curve = curve_of(kind), *pair = NULL;
	PKEY_CTX_AUTO context = curve ? EVP_PKEY_CTX_new(curve, NULL) : NULL;

	if (!context || EVP_PKEY_keygen_init(context) <= 0 ||
	    EVP_PKEY_generate(context, &pair) <= 0)
		return NULL;
	return pair;
}

/* OpenSSL refuses a point that does not lie on the curve. */
static EVP_PKEY *point_load(const struct key_numbers *from)
{
	const size_t size = point_size(from->kind);
	uint8_t point[1 + 2 * KEY_NUMBERS_POINT_MAX] = { 4 };
	EVP_PKEY *curve = curve_of(from->kind), *key;

	if (!curve || from->x.size != size || from->y.size != size)
		return NULL;
	memcpy(point + 1, from->x.data, size);
	memcpy(point + 1 + size, from->y.data, size);
	key = EVP_PKEY_dup(curve);
	if (key && EVP_PKEY_set1_encoded_public_key(key, point, 1 + 2 * size) != 1) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

EVP_PKEY *key_numbers_load(const struct key_numbers *from)
{
	EVP_PKEY *key = NULL;

	if (from->kind == KEY_RSA)
		key = rsa_load(from);
	else if (from->kind == KEY_P256 || from->kind == KEY_P384)
		key = point_load(from);
	if (key && key_kind(key) != from->kind) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}
