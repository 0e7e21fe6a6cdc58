/*
 * Key material does not outlive what holds it: after everything is freed, nothing of it is to be
 * found in any memory that the process can write.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines_extensions.h>

#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

TestSuite(secrets, .init = runtime_double_reset, .timeout = 500);

/* So that looking for a secret does not find the one that is looked for. */
static uint8_t hidden[64];
#define MASK 0x5A

static void hide(const uint8_t *secret)
{
	for (size_t i = 0; i < sizeof(hidden); i++)
		hidden[i] = secret[i] ^ MASK;
}

/* Their first octets are where the allocator writes into what was freed: they do not count. */
#define OVERWRITTEN 8U

static bool matches(const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size - OVERWRITTEN; i++)
		if ((at[i] ^ MASK) != hidden[i + OVERWRITTEN])
			return false;
	return true;
}

/* How often the first `size` octets of the hidden secret are in the heap and in writable data. */
static unsigned int occurrences(size_t size)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned int found = 0;
	char line[512];

	cr_assert(maps);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long from, to;
		char rights[5];

		/* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers that fit */
		if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3 ||
		    strncmp(rights, "rw", 2) != 0 || strstr(line, "[stack]") ||
		    strstr(line, "/dev/shm") || strstr(line, "[vvar"))
			continue;
		for (const uint8_t *at = (const uint8_t *)from; at + size <= (const uint8_t *)to;
		     at++)
			if (matches(at, size))
				found++;
	}
	fclose(maps);
	return found;
}

static void use_aes(void)
{
	TEE_ObjectHandle key = key_generated(TEE_TYPE_AES, 256, 0);
	static const uint32_t algorithms[] = { TEE_ALG_AES_CBC_NOPAD, TEE_ALG_AES_CTS };
	uint8_t secret[64] = { 0 }, out[64];
	size_t size = 32;

	cr_assert_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_SECRET_VALUE, secret, &size),
		     TEE_SUCCESS);
	hide(secret);
	cr_assert(occurrences(32) > 0, "a living key is found, so a dead one would be");
	for (size_t i = 0; i < 2; i++) {
		TEE_OperationHandle operation = operation_new(algorithms[i], TEE_MODE_ENCRYPT, 256);
		TEE_OperationHandle copy = operation_new(algorithms[i], TEE_MODE_ENCRYPT, 256);

		cr_assert_eq(TEE_SetOperationKey(operation, key), TEE_SUCCESS);
		TEE_CipherInit(operation, "0123456789abcdef", 16);
		TEE_CopyOperation(copy, operation);
		size = sizeof(out);
		cr_assert_eq(TEE_CipherDoFinal(copy, "0123456789abcdef0123456789abcdef", 32, out,
					       &size),
			     TEE_SUCCESS);
		TEE_FreeOperation(operation);
		TEE_FreeOperation(copy);
	}
	TEE_FreeTransientObject(key);
	explicit_bzero(secret, sizeof(secret));
}

Test(secrets, nothing_of_a_symmetric_key_is_left)
{
	use_aes();
	cr_assert_eq(occurrences(16), 0);
}

Test(secrets, nothing_of_an_hmac_key_is_left)
{
	TEE_ObjectHandle key = key_generated(TEE_TYPE_HMAC_SHA256, 512, 0);
	TEE_OperationHandle operation = operation_new(TEE_ALG_HMAC_SHA256, TEE_MODE_MAC, 512);
	uint8_t secret[64], mac[32];
	size_t size = 64;

	cr_assert_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_SECRET_VALUE, secret, &size),
		     TEE_SUCCESS);
	hide(secret);
	explicit_bzero(secret, sizeof(secret));
	cr_assert_eq(TEE_SetOperationKey(operation, key), TEE_SUCCESS);
	TEE_MACInit(operation, NULL, 0);
	size = sizeof(mac);
	cr_assert_eq(TEE_MACComputeFinal(operation, "message", 7, mac, &size), TEE_SUCCESS);
	TEE_ResetTransientObject(key);
	TEE_FreeOperation(operation);
	cr_assert_eq(occurrences(16), 0);
}

/* Of private numbers, in the order of octets that the API has and in that of the library. */
static void private_number(uint32_t type, uint32_t bits, uint32_t curve, uint32_t attribute,
			   uint32_t algorithm, size_t digest_size)
{
	TEE_ObjectHandle key = key_generated(type, bits, curve);
	TEE_OperationHandle operation = operation_new(algorithm, TEE_MODE_SIGN, bits);
	uint8_t number[256], turned[64] = { 0 }, digest[64] = { 1 }, signature[256];
	size_t size = sizeof(number);

	cr_assert_eq(TEE_GetObjectBufferAttribute(key, attribute, number, &size), TEE_SUCCESS);
	for (size_t i = 0; i < 24; i++)
		turned[i] = number[size - 1 - i];
	cr_assert_eq(TEE_SetOperationKey(operation, key), TEE_SUCCESS);
	size = sizeof(signature);
	cr_assert_eq(TEE_AsymmetricSignDigest(operation, NULL, 0, digest, digest_size, signature,
					      &size),
		     TEE_SUCCESS);
	TEE_FreeTransientObject(key);
	TEE_FreeOperation(operation);
	hide(number);
	explicit_bzero(number, sizeof(number));
	cr_expect_eq(occurrences(16), 0, "big-endian");
	hide(turned);
	explicit_bzero(turned, sizeof(turned));
	cr_expect_eq(occurrences(16), 0, "little-endian");
}

Test(secrets, nothing_of_a_private_number_is_left)
{
	private_number(TEE_TYPE_RSA_KEYPAIR, 1024, 0, TEE_ATTR_RSA_PRIVATE_EXPONENT,
		       TEE_ALG_RSASSA_PKCS1_V1_5_SHA256, 32);
	private_number(TEE_TYPE_RSA_KEYPAIR, 1024, 0, TEE_ATTR_RSA_PRIME1,
		       TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA256, 32);
	private_number(TEE_TYPE_ECDSA_KEYPAIR, 256, TEE_ECC_CURVE_NIST_P256,
		       TEE_ATTR_ECC_PRIVATE_VALUE, TEE_ALG_ECDSA_SHA256, 32);
	private_number(TEE_TYPE_SM2_DSA_KEYPAIR, 256, 0, TEE_ATTR_ECC_PRIVATE_VALUE,
		       TEE_ALG_SM2_DSA_SM3, 32);
	private_number(TEE_TYPE_ED25519_KEYPAIR, 256, 0, TEE_ATTR_ED25519_PRIVATE_VALUE,
		       TEE_ALG_ED25519, 32);
}

/* Takes what an object holds as the secret that is looked for. */
static void hide_object(TEE_ObjectHandle object, uint32_t attribute)
{
	uint8_t secret[512] = { 0 };
	size_t size = sizeof(secret);

	cr_assert_eq(TEE_GetObjectBufferAttribute(object, attribute, secret, &size), TEE_SUCCESS);
	cr_assert(size >= 16);
	hide(secret);
	explicit_bzero(secret, sizeof(secret));
}

static TEE_ObjectHandle derived_by(TEE_OperationHandle operation, const TEE_Attribute *params,
				   uint32_t count)
{
	TEE_ObjectHandle derived;

	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_GENERIC_SECRET, 256, &derived),
		     TEE_SUCCESS);
	TEE_DeriveKey(operation, params, count, derived);
	return derived;
}

Test(secrets, nothing_of_an_agreed_key_is_left)
{
	TEE_ObjectHandle own = key_generated(TEE_TYPE_ECDH_KEYPAIR, 256, TEE_ECC_CURVE_NIST_P256);
	TEE_ObjectHandle peer = key_generated(TEE_TYPE_ECDH_KEYPAIR, 256, TEE_ECC_CURVE_NIST_P256);
	TEE_OperationHandle operation =
		operation_new(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, TEE_MODE_DERIVE, 256);
	TEE_ObjectHandle derived, copy;
	uint8_t x[32], y[32];
	size_t x_size = sizeof(x), y_size = sizeof(y);
	TEE_Attribute params[2];

	cr_assert_eq(TEE_SetOperationKey(operation, own), TEE_SUCCESS);
	cr_assert_eq(TEE_GetObjectBufferAttribute(peer, TEE_ATTR_ECC_PUBLIC_VALUE_X, x, &x_size),
		     TEE_SUCCESS);
	cr_assert_eq(TEE_GetObjectBufferAttribute(peer, TEE_ATTR_ECC_PUBLIC_VALUE_Y, y, &y_size),
		     TEE_SUCCESS);
	TEE_InitRefAttribute(&params[0], TEE_ATTR_ECC_PUBLIC_VALUE_X, x, x_size);
	TEE_InitRefAttribute(&params[1], TEE_ATTR_ECC_PUBLIC_VALUE_Y, y, y_size);
	derived = derived_by(operation, params, 2);
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_GENERIC_SECRET, 256, &copy), TEE_SUCCESS);
	cr_assert_eq(TEE_CopyObjectAttributes1(copy, derived), TEE_SUCCESS);
	hide_object(derived, TEE_ATTR_SECRET_VALUE);
	TEE_FreeTransientObject(derived);
	cr_assert(occurrences(16) > 0, "the copy lives on");
	TEE_FreeTransientObject(copy);
	cr_expect_eq(occurrences(16), 0, "the agreed key");
	hide_object(own, TEE_ATTR_ECC_PRIVATE_VALUE);
	TEE_FreeOperation(operation);
	TEE_FreeTransientObject(own);
	TEE_FreeTransientObject(peer);
	cr_expect_eq(occurrences(16), 0, "the private half");
}

Test(secrets, nothing_of_a_derived_key_is_left)
{
	static const struct {
		uint32_t algorithm, type, attribute, length;
	} all[] = {
		{ TEE_ALG_HKDF_SHA256_DERIVE_KEY, TEE_TYPE_HKDF_IKM, TEE_ATTR_HKDF_IKM,
		  TEE_ATTR_HKDF_OKM_LENGTH },
		{ TEE_ALG_CONCAT_KDF_SHA256_DERIVE_KEY, TEE_TYPE_CONCAT_KDF_Z,
		  TEE_ATTR_CONCAT_KDF_Z, TEE_ATTR_CONCAT_KDF_DKM_LENGTH },
		{ TEE_ALG_PBKDF2_HMAC_SHA256_DERIVE_KEY, TEE_TYPE_PBKDF2_PASSWORD,
		  TEE_ATTR_PBKDF2_PASSWORD, TEE_ATTR_PBKDF2_DKM_LENGTH },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		TEE_ObjectHandle key = key_generated(all[i].type, 256, 0), derived;
		TEE_OperationHandle operation =
			operation_new(all[i].algorithm, TEE_MODE_DERIVE, 256);
		TEE_Attribute length;

		TEE_InitValueAttribute(&length, all[i].length, 32, 0);
		cr_assert_eq(TEE_SetOperationKey(operation, key), TEE_SUCCESS);
		derived = derived_by(operation, &length, 1);
		hide_object(derived, TEE_ATTR_SECRET_VALUE);
		TEE_FreeTransientObject(derived);
		cr_expect_eq(occurrences(16), 0, "what was derived, %zu", i);
		hide_object(key, all[i].attribute);
		TEE_FreeOperation(operation);
		TEE_FreeTransientObject(key);
		cr_expect_eq(occurrences(16), 0, "what it was derived from, %zu", i);
	}
}

/* The block of zeros under the key opens every tag of GCM. */
Test(secrets, nothing_of_the_subkey_of_gcm_is_left)
{
	TEE_ObjectHandle key = key_generated(TEE_TYPE_AES, 128, 0);
	TEE_OperationHandle ecb = operation_new(TEE_ALG_AES_ECB_NOPAD, TEE_MODE_ENCRYPT, 128);
	TEE_OperationHandle gcm = operation_new(TEE_ALG_AES_GCM, TEE_MODE_ENCRYPT, 128);
	static const uint8_t zeros[16], nonce[300] = { 1 };
	uint8_t subkey[64] = { 0 }, out[32], tag[16];
	size_t size = 16, tag_size = 16;

	cr_assert_eq(TEE_SetOperationKey(ecb, key), TEE_SUCCESS);
	cr_assert_eq(TEE_SetOperationKey(gcm, key), TEE_SUCCESS);
	TEE_CipherInit(ecb, NULL, 0);
	cr_assert_eq(TEE_CipherDoFinal(ecb, zeros, 16, subkey, &size), TEE_SUCCESS);
	hide(subkey);
	explicit_bzero(subkey, sizeof(subkey));
	for (size_t nonce_size = 12; nonce_size <= 300; nonce_size += 288) {
		size = sizeof(out);
		cr_assert_eq(TEE_AEInit(gcm, nonce, nonce_size, 128, 0, 0), TEE_SUCCESS);
		cr_assert_eq(TEE_AEEncryptFinal(gcm, "message", 7, out, &size, tag, &tag_size),
			     TEE_SUCCESS);
	}
	TEE_FreeOperation(ecb);
	TEE_FreeOperation(gcm);
	TEE_FreeTransientObject(key);
	cr_expect_eq(occurrences(16), 0);
}

/* The arrays are the TA's own, which wipes them; whatever was made of them on the way is not. */
Test(secrets, nothing_of_a_big_integer_is_left)
{
	TEE_BigInt secret[TEE_BigIntSizeInU32(512)], modulus[TEE_BigIntSizeInU32(512)];
	TEE_BigInt result[TEE_BigIntSizeInU32(512)], other[TEE_BigIntSizeInU32(512)];
	TEE_BigIntFMMContext context[TEE_BigIntSizeInU32(512)];
	TEE_BigIntFMM fast[TEE_BigIntSizeInU32(512)];
	const size_t words = TEE_BigIntSizeInU32(512);
	uint8_t octets[64], turned[64];
	TEE_ObjectHandle key = key_generated(TEE_TYPE_GENERIC_SECRET, 512, 0);
	size_t size = sizeof(octets);

	cr_assert_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_SECRET_VALUE, octets, &size),
		     TEE_SUCCESS);
	TEE_FreeTransientObject(key);
	octets[0] &= 0x7F;
	octets[63] |= 1;
	TEE_BigIntInit(secret, words);
	TEE_BigIntInit(modulus, words);
	TEE_BigIntInit(result, words);
	TEE_BigIntInit(other, words);
	TEE_BigIntInitFMM(fast, words);
	cr_assert_eq(TEE_BigIntConvertFromOctetString(secret, octets, sizeof(octets), 1),
		     TEE_SUCCESS);
	for (uint32_t bit = 0; bit < 512; bit++)
		cr_assert_eq(TEE_BigIntSetBit(modulus, bit, bit != 1), TEE_SUCCESS);
	TEE_BigIntConvertFromS32(other, 65537);
	cr_assert_eq(TEE_BigIntExpMod(result, other, secret, modulus, NULL), TEE_SUCCESS);
	TEE_BigIntMulMod(result, secret, secret, modulus);
	if (TEE_BigIntRelativePrime(secret, modulus))
		TEE_BigIntInvMod(result, secret, modulus);
	TEE_BigIntComputeExtendedGcd(result, NULL, NULL, secret, modulus);
	TEE_BigIntDiv(NULL, result, modulus, secret);
	(void)TEE_BigIntIsProbablePrime(secret, 80);
	TEE_BigIntInitFMMContext(context, words, modulus);
	TEE_BigIntConvertToFMM(fast, secret, modulus, context);
	TEE_BigIntComputeFMM(fast, fast, fast, modulus, context);
	for (size_t i = 0; i < sizeof(octets); i++)
		turned[i] = octets[sizeof(octets) - 1 - i];
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(fast, sizeof(fast));
	explicit_bzero(result, sizeof(result));
	hide(octets);
	explicit_bzero(octets, sizeof(octets));
	cr_expect_eq(occurrences(16), 0, "big-endian");
	hide(turned);
	explicit_bzero(turned, sizeof(turned));
	cr_expect_eq(occurrences(16), 0, "little-endian");
}

Test(secrets, nothing_of_other_private_halves_is_left)
{
	TEE_ObjectHandle key = key_generated(TEE_TYPE_ED25519_KEYPAIR, 256, 0);
	TEE_OperationHandle operation = operation_new(TEE_ALG_ED25519, TEE_MODE_SIGN, 256);
	uint8_t signature[64];
	size_t size = sizeof(signature);
	TEE_Attribute with_context;

	hide_object(key, TEE_ATTR_ED25519_PRIVATE_VALUE);
	TEE_InitRefAttribute(&with_context, TEE_ATTR_EDDSA_CTX, "context", 7);
	cr_assert_eq(TEE_SetOperationKey(operation, key), TEE_SUCCESS);
	cr_assert_eq(TEE_AsymmetricSignDigest(operation, &with_context, 1, "message", 7, signature,
					      &size),
		     TEE_SUCCESS);
	TEE_FreeOperation(operation);
	TEE_FreeTransientObject(key);
	cr_expect_eq(occurrences(16), 0, "Ed25519ctx");

	key = key_generated(TEE_TYPE_X25519_KEYPAIR, 256, 0);
	hide_object(key, TEE_ATTR_X25519_PRIVATE_VALUE);
	TEE_FreeTransientObject(key);
	cr_expect_eq(occurrences(16), 0, "X25519");
}
