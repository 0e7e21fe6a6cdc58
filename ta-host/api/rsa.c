/*
 * RSA: encryption and signatures in the schemes of PKCS#1, and bare.
 *
 * The functions below EVP are used, which take keys from 256 bits on, and which the paddings are
 * applied to here.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <string.h>
#include <tee_api_defines.h>

#include "api/asymmetric.h"
#include "api/number.h"
#include "api/operation.h"

#define SIZE_LIMIT (4096U / 8)

/* A digest, and what PKCS#1 v1.5 puts before it. */
#define INFO_MAX (DIGEST_SIZE_MAX + 32)

/* What PKCS#1 v1.5 adds at least. */
#define PKCS1_OVERHEAD 11U

/* The context is the library's key, NULL until it is needed. */
static bool rsa_open(struct operation *operation)
{
	(void)operation;
	library_init();
	return true;
}

static void rsa_close(struct operation *operation)
{
	RSA_free(operation->context);
	operation->context = NULL;
}

static bool rsa_key_changed(struct operation *operation)
{
	rsa_close(operation);
	return true;
}

const struct operation_methods rsa_methods = {
	.open = rsa_open,
	.close = rsa_close,
	.key_changed = rsa_key_changed,
};

/* NULL: the key makes no sense, or there is no memory. */
static RSA *rsa_of(struct operation *operation)
{
	const struct object *key = operation->key[0];
	RSA *rsa = operation->context;
	BIGNUM *a, *b, *c;

	if (rsa)
		return rsa;
	rsa = RSA_new();
	if (!rsa)
		return NULL;
	a = number_of(key, TEE_ATTR_RSA_MODULUS);
	b = number_of(key, TEE_ATTR_RSA_PUBLIC_EXPONENT);
	c = number_of(key, TEE_ATTR_RSA_PRIVATE_EXPONENT);
	if (!a || !b || BN_is_zero(b) || !RSA_set0_key(rsa, a, b, c))
		goto fail;
	if (object_attribute(key, TEE_ATTR_RSA_PRIME1)) {
		a = number_of(key, TEE_ATTR_RSA_PRIME1);
		b = number_of(key, TEE_ATTR_RSA_PRIME2);
		c = NULL;
		if (!a || !b || !BN_is_odd(a) || !BN_is_odd(b) || BN_is_one(a) || BN_is_one(b) ||
		    !RSA_set0_factors(rsa, a, b))
			goto fail;
		a = number_of(key, TEE_ATTR_RSA_EXPONENT1);
		b = number_of(key, TEE_ATTR_RSA_EXPONENT2);
		c = number_of(key, TEE_ATTR_RSA_COEFFICIENT);
		if (!a || !b || !c || !RSA_set0_crt_params(rsa, a, b, c))
			goto fail;
	}
	operation->context = rsa;
	return rsa;
fail:
	BN_clear_free(a);
	BN_clear_free(b);
	BN_clear_free(c);
	RSA_free(rsa);
	return NULL;
}

static const EVP_MD *digest_of(const struct operation *operation)
{
	return library_digest((enum digest)operation->algorithm->digest);
}

static const EVP_MD *mgf_of(const struct operation *operation,
			    const struct asymmetric_parameters *parameters)
{
	return parameters->mgf == DIGEST_NONE ? digest_of(operation)
					      : library_digest(parameters->mgf);
}

/* The library's public operation does not take such keys. Its private one does. */
static bool is_wide(const RSA *rsa)
{
	return BN_num_bits(RSA_get0_n(rsa)) > OPENSSL_RSA_SMALL_MODULUS_BITS &&
	       BN_num_bits(RSA_get0_e(rsa)) > OPENSSL_RSA_MAX_PUBEXP_BITS;
}

static bool wide_pass(const RSA *rsa, const uint8_t *in, uint8_t *out)
{
	const int size = RSA_size(rsa);
	BN_CTX *numbers = BN_CTX_new();
	BIGNUM *number = BN_bin2bn(in, size, NULL);
	const bool passed =
		numbers && number && BN_cmp(number, RSA_get0_n(rsa)) < 0 &&
		BN_mod_exp_mont(number, number, RSA_get0_e(rsa), RSA_get0_n(rsa), numbers, NULL) &&
		BN_bn2binpad(number, out, size) == size;

	BN_clear_free(number);
	BN_CTX_free(numbers);
	return passed;
}

/* A whole block, to the power of the public exponent. */
static bool public_pass(RSA *rsa, const uint8_t *in, uint8_t *out)
{
	const int size = RSA_size(rsa);

	return is_wide(rsa) ? wide_pass(rsa, in, out)
			    : RSA_public_encrypt(size, in, out, rsa, RSA_NO_PADDING) == size;
}

TEE_Result rsa_encrypt(struct operation *operation, const struct asymmetric_parameters *parameters,
		       struct octets in, uint8_t *out, size_t *out_size)
{
	RSA *rsa = rsa_of(operation);
	uint8_t block[SIZE_LIMIT], sealed[SIZE_LIMIT];
	size_t size, zeros = 0;
	bool padded;

	if (!rsa)
		return TEE_ERROR_GENERIC;
	size = (size_t)RSA_size(rsa);
	if (in.size > size)
		return TEE_ERROR_BAD_PARAMETERS;
	switch (operation->algorithm->variant) {
	case RSA_PLAIN:
		memset(block, 0, size - in.size);
		if (in.size)
			memcpy(block + size - in.size, in.at, in.size);
		padded = true;
		break;
	case RSA_OAEP:
		padded = RSA_padding_add_PKCS1_OAEP_mgf1(block, (int)size, in.at, (int)in.size,
							 parameters->label.at,
							 (int)parameters->label.size,
							 digest_of(operation),
							 mgf_of(operation, parameters));
		break;
	default:
		padded = in.size + PKCS1_OVERHEAD <= size &&
			 RSA_padding_add_PKCS1_type_2(block, (int)size, in.at, (int)in.size);
		break;
	}
	if (!padded)
		return TEE_ERROR_BAD_PARAMETERS;
	/* A number that is not below the modulus is the caller's mistake. */
	if (!public_pass(rsa, block, sealed))
		return TEE_ERROR_BAD_PARAMETERS;
	explicit_bzero(block, sizeof(block));
	/* Bare numbers come without leading zeros, as TAs know it from OP-TEE. */
	if (operation->algorithm->variant == RSA_PLAIN)
		while (zeros < size - 1 && !sealed[zeros])
			zeros++;
	if (!asymmetric_has_room(out, out_size, size - zeros))
		return TEE_ERROR_SHORT_BUFFER;
	memcpy(out, sealed + zeros, size - zeros);
	return TEE_SUCCESS;
}

TEE_Result rsa_decrypt(struct operation *operation, const struct asymmetric_parameters *parameters,
		       struct octets in, uint8_t *out, size_t *out_size)
{
	RSA *rsa = rsa_of(operation);
	uint8_t sealed[SIZE_LIMIT], block[SIZE_LIMIT], plain[SIZE_LIMIT];
	TEE_Result result = TEE_ERROR_CIPHERTEXT_INVALID;
	size_t size;
	int length;

	if (!rsa)
		return TEE_ERROR_GENERIC;
	size = (size_t)RSA_size(rsa);
	if (in.size > size || (!in.size && operation->algorithm->variant != RSA_PLAIN))
		return TEE_ERROR_BAD_PARAMETERS;
	memset(sealed, 0, size - in.size);
	if (in.size)
		memcpy(sealed + size - in.size, in.at, in.size);
	if (RSA_private_decrypt((int)size, sealed, block, rsa, RSA_NO_PADDING) != (int)size)
		return TEE_ERROR_BAD_PARAMETERS;
	switch (operation->algorithm->variant) {
	case RSA_PLAIN: {
		size_t zeros = 0;

		while (zeros < size - 1 && !block[zeros])
			zeros++;
		length = (int)(size - zeros);
		memcpy(plain, block + zeros, (size_t)length);
		break;
	}
	case RSA_OAEP:
		length = RSA_padding_check_PKCS1_OAEP_mgf1(plain, (int)size, block, (int)size,
							   (int)size, parameters->label.at,
							   (int)parameters->label.size,
							   digest_of(operation),
							   mgf_of(operation, parameters));
		break;
	default:
		length = RSA_padding_check_PKCS1_type_2(plain, (int)size, block, (int)size,
							(int)size);
		break;
	}
	if (length >= 0) {
		result = TEE_ERROR_SHORT_BUFFER;
		if (!length || asymmetric_has_room(out, out_size, (size_t)length)) {
			*out_size = (size_t)length;
			if (length)
				memcpy(out, plain, (size_t)length);
			result = TEE_SUCCESS;
		}
	}
	explicit_bzero(block, sizeof(block));
	explicit_bzero(plain, sizeof(plain));
	return result;
}

static bool digest_fits(const struct operation *operation, size_t size)
{
	return operation->algorithm->variant == RSA_PKCS1_BARE ||
	       size == library_digest_size((enum digest)operation->algorithm->digest);
}

static int salt_of(const struct operation *operation,
		   const struct asymmetric_parameters *parameters)
{
	return parameters->salt_length >= 0 ? parameters->salt_length
					    : (int)operation->digest_length;
}

TEE_Result rsa_sign(struct operation *operation, const struct asymmetric_parameters *parameters,
		    struct octets in, uint8_t *out, size_t *out_size)
{
	RSA *rsa = rsa_of(operation);
	uint8_t block[SIZE_LIMIT];
	unsigned int length;
	size_t size;
	bool made;

	if (!rsa)
		return TEE_ERROR_GENERIC;
	if (!digest_fits(operation, in.size))
		return TEE_ERROR_BAD_PARAMETERS;
	size = (size_t)RSA_size(rsa);
	if (in.size + PKCS1_OVERHEAD > size && operation->algorithm->variant != RSA_PSS)
		return TEE_ERROR_BAD_PARAMETERS;
	if (!asymmetric_has_room(out, out_size, size))
		return TEE_ERROR_SHORT_BUFFER;
	switch (operation->algorithm->variant) {
	case RSA_PSS:
		made = RSA_padding_add_PKCS1_PSS_mgf1(rsa, block, in.at, digest_of(operation),
						      digest_of(operation),
						      salt_of(operation, parameters)) &&
		       RSA_private_encrypt((int)size, block, out, rsa, RSA_NO_PADDING) == (int)size;
		break;
	case RSA_PKCS1_BARE:
		made = RSA_private_encrypt((int)in.size, in.at, out, rsa, RSA_PKCS1_PADDING) ==
		       (int)size;
		break;
	default:
		made = RSA_sign(library_digest_nid((enum digest)operation->algorithm->digest),
				in.at, (unsigned int)in.size, out, &length, rsa);
		break;
	}
	return made ? TEE_SUCCESS : TEE_ERROR_BAD_PARAMETERS;
}

/* What stands in an opened signature of PKCS#1 v1.5: the digest with its algorithm before it, in
 * DER, but for MD5 and SHA-1 together. Returns its size. */
static size_t digest_info(const struct operation *operation, struct octets digest,
			  uint8_t info[INFO_MAX])
{
	const ASN1_OBJECT *object =
		OBJ_nid2obj(library_digest_nid((enum digest)operation->algorithm->digest));
	const size_t oid_size = OBJ_length(object);
	const uint8_t *oid = OBJ_get0_data(object);
	uint8_t *at = info;

	if (operation->algorithm->digest != DIGEST_MD5SHA1) {
		*at++ = 0x30;
		*at++ = (uint8_t)(8 + oid_size + digest.size);
		*at++ = 0x30;
		*at++ = (uint8_t)(4 + oid_size);
		*at++ = 0x06;
		*at++ = (uint8_t)oid_size;
		memcpy(at, oid, oid_size);
		at += oid_size;
		*at++ = 0x05;
		*at++ = 0;
		*at++ = 0x04;
		*at++ = (uint8_t)digest.size;
	}
	memcpy(at, digest.at, digest.size);
	return (size_t)(at - info) + digest.size;
}

/* The same as RSA_verify() for keys that it does not take. */
static bool wide_verify(const struct operation *operation, RSA *rsa, struct octets digest,
			struct octets signature)
{
	uint8_t block[SIZE_LIMIT], opened[SIZE_LIMIT], info[INFO_MAX];
	const size_t info_size = digest_info(operation, digest, info);
	int length;

	if (!wide_pass(rsa, signature.at, block))
		return false;
	length = RSA_padding_check_PKCS1_type_1(opened, (int)sizeof(opened), block,
						(int)signature.size, (int)signature.size);
	return length >= 0 && (size_t)length == info_size &&
	       CRYPTO_memcmp(opened, info, info_size) == 0;
}

TEE_Result rsa_verify(struct operation *operation, const struct asymmetric_parameters *parameters,
		      struct octets digest, struct octets signature)
{
	RSA *rsa = rsa_of(operation);
	uint8_t block[SIZE_LIMIT], opened[SIZE_LIMIT];
	bool right;
	int length;

	if (!rsa)
		return TEE_ERROR_GENERIC;
	if (!digest_fits(operation, digest.size))
		return TEE_ERROR_BAD_PARAMETERS;
	if (signature.size != (size_t)RSA_size(rsa))
		return TEE_ERROR_SIGNATURE_INVALID;
	switch (operation->algorithm->variant) {
	case RSA_PSS:
		right = public_pass(rsa, signature.at, block) &&
			RSA_verify_PKCS1_PSS_mgf1(rsa, digest.at, digest_of(operation),
						  digest_of(operation), block,
						  salt_of(operation, parameters)) == 1;
		break;
	case RSA_PKCS1_BARE:
		length = public_pass(rsa, signature.at, block)
				 ? RSA_padding_check_PKCS1_type_1(opened, (int)sizeof(opened),
								  block, (int)signature.size,
								  (int)signature.size)
				 : -1;
		right = length >= 0 && (size_t)length == digest.size &&
			(!length || CRYPTO_memcmp(opened, digest.at, digest.size) == 0);
		break;
	default:
		if (is_wide(rsa)) {
			right = wide_verify(operation, rsa, digest, signature);
			break;
		}
		right = RSA_verify(library_digest_nid((enum digest)operation->algorithm->digest),
				   digest.at, (unsigned int)digest.size, signature.at,
				   (unsigned int)signature.size, rsa) == 1;
		break;
	}
	return right ? TEE_SUCCESS : TEE_ERROR_SIGNATURE_INVALID;
}
