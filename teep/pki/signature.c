#include "teep/pki/signature.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <string.h>

#include "teep/pki/fetched.h"
#include "teep/pki/key.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/ready_key.h"

/* Octets of r, and of s; 0 for keys that have none. */
static int half_size(enum key_kind kind)
{
	switch (kind) {
	case KEY_P256:
		return 32;
	case KEY_P384:
		return 48;
	default:
		return 0;
	}
}

static enum fetched_digest digest_of(enum key_kind kind)
{
	return kind == KEY_P384 ? FETCHED_SHA384 : FETCHED_SHA256;
}

static uint8_t *jose_of_der(const uint8_t *der, size_t size, int half, size_t *out_size)
{
	ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)size);
	uint8_t *out = parts ? OPENSSL_malloc((size_t)half * 2) : NULL;

	if (out && (BN_bn2binpad(ECDSA_SIG_get0_r(parts), out, half) != half ||
		    BN_bn2binpad(ECDSA_SIG_get0_s(parts), out + half, half) != half)) {
		OPENSSL_free(out);
		out = NULL;
	}
	ECDSA_SIG_free(parts);
	*out_size = (size_t)half * 2;
	return out;
}

static uint8_t *der_of_jose(const uint8_t *jose, int half, size_t *out_size)
{
	ECDSA_SIG *parts = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(jose, half, NULL), *s = BN_bin2bn(jose + half, half, NULL);
	uint8_t *out = NULL;
	int n = -1;

	if (parts && r && s && ECDSA_SIG_set0(parts, r, s)) {
		n = i2d_ECDSA_SIG(parts, &out);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(parts);
	*out_size = n > 0 ? (size_t)n : 0;
	return n > 0 ? out : NULL;
}

static bool hash(enum fetched_digest which, const void *data, size_t size, uint8_t *digest,
		 unsigned int *length)
{
	return EVP_Digest(data, size, digest, length, fetched_digest(which), NULL) == 1;
}

static bool sign(EVP_PKEY *key, enum fetched_digest which, const void *data, size_t size,
		 uint8_t *out, size_t *n)
{
	MD_CTX_AUTO context = EVP_MD_CTX_new();

	return context &&
	       EVP_DigestSignInit(context, NULL, fetched_digest(which), NULL, key) == 1 &&
	       EVP_DigestSign(context, out, n, data, size) == 1;
}

static bool sign_ready(EVP_PKEY *key, enum fetched_digest which, const void *data, size_t size,
		       uint8_t *out, size_t *n)
{
	EVP_PKEY_CTX *context = ready_key_take(key, READY_SIGN);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int length;
	const bool done = context && hash(which, data, size, digest, &length) &&
			  EVP_PKEY_sign(context, out, n, digest, length) == 1;

	ready_key_give(key, READY_SIGN, context);
	return done;
}

uint8_t *signature_make(EVP_PKEY *key, enum signature_form form, const void *data, size_t size,
			size_t *signature_size)
{
	const enum key_kind kind = key_kind(key);
	const int half = half_size(kind);
	size_t n = (size_t)EVP_PKEY_get_size(key);
	uint8_t *signature = OPENSSL_malloc(n), *jose;

	/* A token may know signing only together with hashing. */
	if (!signature ||
	    !(ready_key_is(key) ? sign_ready(key, digest_of(kind), data, size, signature, &n)
				: sign(key, digest_of(kind), data, size, signature, &n))) {
		OPENSSL_free(signature);
		return NULL;
	}
	*signature_size = n;
	if (form == SIGNATURE_DER || !half)
		return signature;
	jose = jose_of_der(signature, n, half, signature_size);
	OPENSSL_free(signature);
	return jose;
}

static bool verify(EVP_PKEY *key, enum fetched_digest which, const void *data, size_t size,
		   const uint8_t *signature, size_t signature_size)
{
	MD_CTX_AUTO context = EVP_MD_CTX_new();

	return context &&
	       EVP_DigestVerifyInit(context, NULL, fetched_digest(which), NULL, key) == 1 &&
	       EVP_DigestVerify(context, signature, signature_size, data, size) == 1;
}

static bool verify_ready(EVP_PKEY *key, enum fetched_digest which, const void *data, size_t size,
			 const uint8_t *signature, size_t signature_size)
{
	EVP_PKEY_CTX *context = ready_key_take(key, READY_VERIFY);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int length;
	const bool holds = context && hash(which, data, size, digest, &length) &&
			   EVP_PKEY_verify(context, signature, signature_size, digest, length) == 1;

	ready_key_give(key, READY_VERIFY, context);
	return holds;
}

/* By a digest that fits the key. */
static bool holds_by(EVP_PKEY *key, enum key_kind kind, enum fetched_digest which, const void *data,
		     size_t size, const uint8_t *signature, size_t signature_size)
{
	return which == digest_of(kind)
		       ? verify_ready(key, which, data, size, signature, signature_size)
		       : verify(key, which, data, size, signature, signature_size);
}

bool signature_holds(EVP_PKEY *key, enum signature_form form, const void *data, size_t size,
		     const void *signature, size_t signature_size)
{
	const enum key_kind kind = key_kind(key);
	const int half = half_size(kind);
	uint8_t *der = NULL;
	bool holds;

	if (kind == KEY_OTHER)
		return false;
	if (form == SIGNATURE_JOSE && half) {
		if (signature_size != (size_t)half * 2)
			return false;
		der = der_of_jose(signature, half, &signature_size);
		if (!der)
			return false;
		signature = der;
	}
	holds = holds_by(key, kind, digest_of(kind), data, size, signature, signature_size);
	OPENSSL_free(der);
	return holds;
}

bool signature_holds_by(EVP_PKEY *key, enum signature_method method, const void *data, size_t size,
			const void *signature, size_t signature_size)
{
	const enum key_kind kind = key_kind(key);
	enum fetched_digest which = FETCHED_SHA512;
	bool holds;

	if (method == METHOD_NONE || kind == KEY_OTHER ||
	    (kind == KEY_RSA) != (method <= METHOD_RSA_SHA512))
		return false;
	if (method == METHOD_RSA_SHA256 || method == METHOD_ECDSA_SHA256)
		which = FETCHED_SHA256;
	else if (method == METHOD_RSA_SHA384 || method == METHOD_ECDSA_SHA384)
		which = FETCHED_SHA384;
	holds = holds_by(key, kind, which, data, size, signature, signature_size);
	/* Whoever tries several keys leaves no complaints behind. */
	ERR_clear_error();
	return holds;
}
