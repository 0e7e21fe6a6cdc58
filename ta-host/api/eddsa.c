/*
 * Ed25519 and Ed448 (RFC 8032). What is signed is the message itself.
 *
 * libcrypto 3.0 knows the plain forms alone. Ed25519ctx and Ed25519ph are made here from
 * libsodium's arithmetic on the curve, those of Ed448 in ed448.c.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sodium/crypto_core_ed25519.h>
#include <sodium/crypto_scalarmult_ed25519.h>
#include <string.h>
#include <tee_api_defines.h>

#include "api/asymmetric.h"
#include "api/ed448.h"
#include "api/operation.h"

#define HALF	    32U
#define CONTEXT_MAX 255U

/* The context is the library's key, NULL until it is needed. */
static bool eddsa_open(struct operation *operation)
{
	(void)operation;
	library_init();
	return true;
}

static void eddsa_close(struct operation *operation)
{
	EVP_PKEY_free(operation->context);
	operation->context = NULL;
}

static bool eddsa_key_changed(struct operation *operation)
{
	eddsa_close(operation);
	return true;
}

const struct operation_methods eddsa_methods = {
	.open = eddsa_open,
	.close = eddsa_close,
	.key_changed = eddsa_key_changed,
};

static EVP_PKEY *eddsa_key_of(struct operation *operation)
{
	const struct object *object = operation->key[0];
	const int half = operation->mode == TEE_MODE_SIGN ? 1 : 0;
	const struct attribute *octets = &object->attribute[half];

	if (!operation->context && half)
		operation->context = EVP_PKEY_new_raw_private_key(object->type->nid, NULL,
								  octets->bytes, octets->size);
	else if (!operation->context)
		operation->context = EVP_PKEY_new_raw_public_key(object->type->nid, NULL,
								 octets->bytes, octets->size);
	return operation->context;
}

/* SHA-512 of several pieces. */
static bool sha512(uint8_t out[DIGEST_SIZE_MAX], const struct octets *pieces, size_t count)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	bool made = hash && EVP_DigestInit_ex(hash, library_digest(DIGEST_SHA512), NULL);

	for (size_t i = 0; made && i < count; i++)
		made = EVP_DigestUpdate(hash, pieces[i].at, pieces[i].size);
	made = made && EVP_DigestFinal_ex(hash, out, NULL);
	EVP_MD_CTX_free(hash);
	return made;
}

/* The prefix that keeps the variants apart: dom2 of the RFC. */
static const char domain[32] = { 'S', 'i', 'g', 'E', 'd', '2', '5', '5', '1', '9', ' ',
				 'n', 'o', ' ', 'E', 'd', '2', '5', '5', '1', '9', ' ',
				 'c', 'o', 'l', 'l', 'i', 's', 'i', 'o', 'n', 's' };

struct variant {
	uint8_t flags[2];
	uint8_t prehashed[DIGEST_SIZE_MAX];
	/* First the prefix in three pieces; the message is added by whoever hashes. */
	struct octets prefix[3];
	struct octets message;
};

static bool variant_prepare(struct variant *variant, const struct asymmetric_parameters *parameters,
			    struct octets message)
{
	variant->flags[0] = parameters->prehash;
	variant->flags[1] = (uint8_t)parameters->context.size;
	variant->prefix[0] = (struct octets) { (const uint8_t *)domain, sizeof(domain) };
	variant->prefix[1] = (struct octets) { variant->flags, sizeof(variant->flags) };
	variant->prefix[2] = parameters->context;
	variant->message = message;
	if (!parameters->prehash)
		return true;
	variant->message = (struct octets) { variant->prehashed, sizeof(variant->prehashed) };
	return sha512(variant->prehashed, &message, 1);
}

/* A number below the group's order, from the hash of the prefix and what follows. */
static bool scalar_hash(const struct variant *variant, struct octets first, struct octets second,
			uint8_t scalar[HALF])
{
	const struct octets pieces[] = {
		variant->prefix[0], variant->prefix[1], variant->prefix[2], first, second,
		variant->message
	};
	uint8_t hash[DIGEST_SIZE_MAX];
	const bool made = sha512(hash, pieces, sizeof(pieces) / sizeof(pieces[0]));

	if (made)
		crypto_core_ed25519_scalar_reduce(scalar, hash);
	explicit_bzero(hash, sizeof(hash));
	return made;
}

static TEE_Result variant_sign(struct operation *operation, const struct variant *variant,
			       uint8_t signature[2 * HALF])
{
	const struct attribute *seed = &operation->key[0]->attribute[1];
	const struct octets seed_octets = { seed->bytes, seed->size }, none = { NULL, 0 };
	uint8_t expanded[DIGEST_SIZE_MAX], nonce[HALF], challenge[HALF], product[HALF], own[HALF];
	const struct octets secret_prefix = { expanded + HALF, HALF };
	const struct octets commitment = { signature, HALF }, identity = { own, HALF };
	TEE_Result result = TEE_ERROR_GENERIC;

	if (!sha512(expanded, &seed_octets, 1))
		goto out;
	expanded[0] &= 0xF8;
	expanded[31] &= 0x7F;
	expanded[31] |= 0x40;
	/* The public half is what belongs to the seed, whatever the object says. */
	if (crypto_scalarmult_ed25519_base_noclamp(own, expanded) != 0 ||
	    !scalar_hash(variant, secret_prefix, none, nonce) ||
	    crypto_scalarmult_ed25519_base_noclamp(signature, nonce) != 0 ||
	    !scalar_hash(variant, commitment, identity, challenge))
		goto out;
	crypto_core_ed25519_scalar_mul(product, challenge, expanded);
	crypto_core_ed25519_scalar_add(signature + HALF, product, nonce);
	result = TEE_SUCCESS;
out:
	explicit_bzero(expanded, sizeof(expanded));
	explicit_bzero(nonce, sizeof(nonce));
	explicit_bzero(product, sizeof(product));
	return result;
}

/* Is S below the group's order? A larger one would be a second form of the same signature. */
static bool scalar_is_reduced(const uint8_t scalar[HALF])
{
	uint8_t wide[2 * HALF] = { 0 }, reduced[HALF];

	memcpy(wide, scalar, HALF);
	crypto_core_ed25519_scalar_reduce(reduced, wide);
	return memcmp(reduced, scalar, HALF) == 0;
}

static bool variant_verify(struct operation *operation, const struct variant *variant,
			   const uint8_t signature[2 * HALF])
{
	const uint8_t *identity = operation->key[0]->attribute[0].bytes;
	const struct octets commitment = { signature, HALF }, key = { identity, HALF };
	uint8_t challenge[HALF], left[HALF], right[HALF], expected[HALF];

	/* R = S B - k A */
	return scalar_is_reduced(signature + HALF) &&
	       scalar_hash(variant, commitment, key, challenge) &&
	       crypto_scalarmult_ed25519_base_noclamp(left, signature + HALF) == 0 &&
	       crypto_scalarmult_ed25519_noclamp(right, challenge, identity) == 0 &&
	       crypto_core_ed25519_sub(expected, left, right) == 0 &&
	       CRYPTO_memcmp(expected, signature, HALF) == 0;
}

/* An empty context makes the plain form, and so does none. */
static bool is_plain(const struct asymmetric_parameters *parameters)
{
	return !parameters->prehash && !parameters->context.size;
}

static bool is_ed25519(const struct operation *operation)
{
	return operation->algorithm->id == TEE_ALG_ED25519;
}

static TEE_Result ed448_variant_sign(const struct operation *operation,
				     const struct asymmetric_parameters *parameters,
				     struct octets in, uint8_t *out)
{
	const struct ed448_message message = { parameters->prehash, parameters->context, in };
	uint8_t signature[ED448_SIGNATURE_SIZE];

	if (!ed448_sign(operation->key[0]->attribute[1].bytes, &message, signature))
		return TEE_ERROR_OUT_OF_MEMORY;
	memcpy(out, signature, sizeof(signature));
	return TEE_SUCCESS;
}

TEE_Result eddsa_sign(struct operation *operation, const struct asymmetric_parameters *parameters,
		      struct octets in, uint8_t *out, size_t *out_size)
{
	const size_t size = 2U * operation->key[0]->type->octets;
	EVP_PKEY *key = eddsa_key_of(operation);
	size_t made = size;
	struct variant variant;
	EVP_MD_CTX *signer;
	bool succeeded;

	if (!key || parameters->context.size > CONTEXT_MAX)
		return key ? TEE_ERROR_BAD_PARAMETERS : TEE_ERROR_GENERIC;
	if (!asymmetric_has_room(out, out_size, size))
		return TEE_ERROR_SHORT_BUFFER;
	if (!is_plain(parameters) && !is_ed25519(operation))
		return ed448_variant_sign(operation, parameters, in, out);
	if (!is_plain(parameters)) {
		uint8_t signature[2 * HALF];
		TEE_Result result = TEE_ERROR_OUT_OF_MEMORY;

		if (variant_prepare(&variant, parameters, in))
			result = variant_sign(operation, &variant, signature);
		if (result == TEE_SUCCESS)
			memcpy(out, signature, sizeof(signature));
		return result;
	}
	signer = EVP_MD_CTX_new();
	succeeded = signer && EVP_DigestSignInit(signer, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestSign(signer, out, &made, in.size ? in.at : (const uint8_t *)"",
				   in.size) == 1;
	EVP_MD_CTX_free(signer);
	return succeeded ? TEE_SUCCESS : TEE_ERROR_GENERIC;
}

TEE_Result eddsa_verify(struct operation *operation, const struct asymmetric_parameters *parameters,
			struct octets digest, struct octets signature)
{
	EVP_PKEY *key = eddsa_key_of(operation);
	struct variant variant;
	EVP_MD_CTX *verifier;
	bool right;

	if (parameters->context.size > CONTEXT_MAX)
		return TEE_ERROR_BAD_PARAMETERS;
	if (!key || signature.size != 2U * operation->key[0]->type->octets)
		return TEE_ERROR_SIGNATURE_INVALID;
	if (!is_plain(parameters) && !is_ed25519(operation)) {
		const struct ed448_message message = { parameters->prehash, parameters->context,
						       digest };

		right = ed448_verify(operation->key[0]->attribute[0].bytes, &message, signature.at);
	} else if (!is_plain(parameters)) {
		if (!variant_prepare(&variant, parameters, digest))
			return TEE_ERROR_OUT_OF_MEMORY;
		right = variant_verify(operation, &variant, signature.at);
	} else {
		verifier = EVP_MD_CTX_new();
		right = verifier && EVP_DigestVerifyInit(verifier, NULL, NULL, NULL, key) == 1 &&
			EVP_DigestVerify(verifier, signature.at, signature.size,
					 digest.size ? digest.at : (const uint8_t *)"",
					 digest.size) == 1;
		EVP_MD_CTX_free(verifier);
	}
	return right ? TEE_SUCCESS : TEE_ERROR_SIGNATURE_INVALID;
}
