/*
 * ECDSA on the NIST curves. A signature is r and s, each as long as the curve's order.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <tee_api_defines.h>

#include "api/asymmetric.h"
#include "api/ec_point.h"
#include "api/operation.h"

/* The context is the library's key, NULL until it is needed. */
static bool ecdsa_open(struct operation *operation)
{
	(void)operation;
	library_init();
	return true;
}

static void ecdsa_close(struct operation *operation)
{
	EC_KEY_free(operation->context);
	operation->context = NULL;
}

static bool ecdsa_key_changed(struct operation *operation)
{
	ecdsa_close(operation);
	return true;
}

const struct operation_methods ecdsa_methods = {
	.open = ecdsa_open,
	.close = ecdsa_close,
	.key_changed = ecdsa_key_changed,
};

/* Signing takes the private half alone, verifying the public one. */
static EC_KEY *ecdsa_key_of(struct operation *operation)
{
	const struct object *object = operation->key[0];
	const struct curve *curve = ec_object_curve(object);
	EC_KEY *key = operation->context;
	EC_POINT *point = NULL;
	BIGNUM *number = NULL;
	bool made;

	if (key)
		return key;
	key = EC_KEY_new();
	made = key && EC_KEY_set_group(key, library_curve_group(curve));
	if (made && operation->mode == TEE_MODE_SIGN) {
		number = ec_object_private(object);
		made = number && EC_KEY_set_private_key(key, number);
	} else if (made) {
		point = ec_object_point(object);
		made = point && EC_KEY_set_public_key(key, point);
	}
	BN_clear_free(number);
	EC_POINT_free(point);
	if (made) {
		operation->context = key;
		return key;
	}
	EC_KEY_free(key);
	return NULL;
}

TEE_Result ecdsa_sign(struct operation *operation, const struct asymmetric_parameters *parameters,
		      struct octets in, uint8_t *out, size_t *out_size)
{
	const size_t half = ec_field_size(ec_object_curve(operation->key[0])->bits);
	EC_KEY *key = ecdsa_key_of(operation);
	const BIGNUM *r, *s;
	ECDSA_SIG *signature;

	(void)parameters;
	if (!key || !in.size)
		return key ? TEE_ERROR_BAD_PARAMETERS : TEE_ERROR_GENERIC;
	if (!asymmetric_has_room(out, out_size, 2 * half))
		return TEE_ERROR_SHORT_BUFFER;
	signature = ECDSA_do_sign(in.at, (int)in.size, key);
	if (!signature)
		return TEE_ERROR_GENERIC;
	ECDSA_SIG_get0(signature, &r, &s);
	(void)BN_bn2binpad(r, out, (int)half);
	(void)BN_bn2binpad(s, out + half, (int)half);
	ECDSA_SIG_free(signature);
	return TEE_SUCCESS;
}

TEE_Result ecdsa_verify(struct operation *operation, const struct asymmetric_parameters *parameters,
			struct octets digest, struct octets signature)
{
	const size_t half = ec_field_size(ec_object_curve(operation->key[0])->bits);
	TEE_Result result = TEE_ERROR_SIGNATURE_INVALID;
	EC_KEY *key = ecdsa_key_of(operation);
	ECDSA_SIG *parsed;
	BIGNUM *r, *s;

	(void)parameters;
	if (!digest.size)
		return TEE_ERROR_BAD_PARAMETERS;
	/* With a key that is no point of its curve, nothing is a signature. */
	if (!key || signature.size != 2 * half)
		return result;
	parsed = ECDSA_SIG_new();
	r = BN_bin2bn(signature.at, (int)half, NULL);
	s = BN_bin2bn(signature.at + half, (int)half, NULL);
	if (!parsed || !r || !s || !ECDSA_SIG_set0(parsed, r, s)) {
		BN_free(r);
		BN_free(s);
		result = TEE_ERROR_OUT_OF_MEMORY;
	} else if (ECDSA_do_verify(digest.at, (int)digest.size, parsed, key) == 1) {
		result = TEE_SUCCESS;
	}
	ECDSA_SIG_free(parsed);
	return result;
}
