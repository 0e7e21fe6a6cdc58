/*
 * DSA, by the library's functions below EVP, which take primes from 512 bits on. A signature is
 * r and s, each as long as the subprime.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/dsa.h>
#include <tee_api_defines.h>

#include "api/asymmetric.h"
#include "api/number.h"
#include "api/operation.h"

/* The context is the library's key, NULL until it is needed. */
static bool dsa_open(struct operation *operation)
{
	(void)operation;
	library_init();
	return true;
}

static void dsa_close(struct operation *operation)
{
	DSA_free(operation->context);
	operation->context = NULL;
}

static bool dsa_key_changed(struct operation *operation)
{
	dsa_close(operation);
	return true;
}

const struct operation_methods dsa_methods = {
	.open = dsa_open,
	.close = dsa_close,
	.key_changed = dsa_key_changed,
};

static DSA *dsa_of(struct operation *operation)
{
	const struct object *key = operation->key[0];
	BIGNUM *p, *q, *g, *x, *y;
	DSA *dsa = operation->context;

	if (dsa)
		return dsa;
	dsa = DSA_new();
	if (!dsa)
		return NULL;
	p = number_of(key, TEE_ATTR_DSA_PRIME);
	q = number_of(key, TEE_ATTR_DSA_SUBPRIME);
	g = number_of(key, TEE_ATTR_DSA_BASE);
	if (!p || !q || !g || !BN_is_odd(q) || !DSA_set0_pqg(dsa, p, q, g)) {
		BN_free(p);
		BN_free(q);
		BN_free(g);
		goto fail;
	}
	y = number_of(key, TEE_ATTR_DSA_PUBLIC_VALUE);
	x = number_of(key, TEE_ATTR_DSA_PRIVATE_VALUE);
	if (!y || !DSA_set0_key(dsa, y, x)) {
		BN_free(y);
		BN_clear_free(x);
		goto fail;
	}
	operation->context = dsa;
	return dsa;
fail:
	DSA_free(dsa);
	return NULL;
}

/* Vectors with a subprime shorter than the digest hand in only as much of it as counts. */
static bool digest_fits(const struct operation *operation, size_t size, size_t half)
{
	return size == operation->digest_length || size == half;
}

TEE_Result dsa_sign(struct operation *operation, const struct asymmetric_parameters *parameters,
		    struct octets in, uint8_t *out, size_t *out_size)
{
	DSA *dsa = dsa_of(operation);
	const BIGNUM *r, *s;
	DSA_SIG *signature;
	size_t half;

	(void)parameters;
	if (!dsa)
		return TEE_ERROR_GENERIC;
	half = (size_t)BN_num_bytes(DSA_get0_q(dsa));
	if (!digest_fits(operation, in.size, half))
		return TEE_ERROR_BAD_PARAMETERS;
	if (!asymmetric_has_room(out, out_size, 2 * half))
		return TEE_ERROR_SHORT_BUFFER;
	signature = DSA_do_sign(in.at, (int)in.size, dsa);
	if (!signature)
		return TEE_ERROR_GENERIC;
	DSA_SIG_get0(signature, &r, &s);
	(void)BN_bn2binpad(r, out, (int)half);
	(void)BN_bn2binpad(s, out + half, (int)half);
	DSA_SIG_free(signature);
	return TEE_SUCCESS;
}

TEE_Result dsa_verify(struct operation *operation, const struct asymmetric_parameters *parameters,
		      struct octets digest, struct octets signature)
{
	DSA *dsa = dsa_of(operation);
	TEE_Result result = TEE_ERROR_SIGNATURE_INVALID;
	DSA_SIG *parsed;
	BIGNUM *r, *s;
	size_t half;

	(void)parameters;
	if (!dsa)
		return TEE_ERROR_GENERIC;
	half = (size_t)BN_num_bytes(DSA_get0_q(dsa));
	if (!digest_fits(operation, digest.size, half))
		return TEE_ERROR_BAD_PARAMETERS;
	if (signature.size != 2 * half)
		return result;
	parsed = DSA_SIG_new();
	r = BN_bin2bn(signature.at, (int)half, NULL);
	s = BN_bin2bn(signature.at + half, (int)half, NULL);
	if (!parsed || !r || !s || !DSA_SIG_set0(parsed, r, s)) {
		BN_free(r);
		BN_free(s);
		result = TEE_ERROR_OUT_OF_MEMORY;
	} else if (DSA_do_verify(digest.at, (int)digest.size, parsed, dsa) == 1) {
		result = TEE_SUCCESS;
	}
	DSA_SIG_free(parsed);
	return result;
}
