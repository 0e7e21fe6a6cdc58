/*
 * Key material does not outlive what holds it: after everything is freed, nothing of it is to be
 * found in any memory that the process can write.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

TestSuite(secrets, .init = runtime_double_reset, .timeout = 170);

/* So that looking for a secret does not find the one that is looked for. */
static uint8_t hidden[64];
#define MASK 0x5A

static void hide(const uint8_t *secret)
{
	for (size_t i = 0; i < sizeof(hidden); i++)
		hidden[i] = secret[i] ^ MASK;
}

static bool matches(const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((at[i] ^ MASK) != hidden[i])
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
