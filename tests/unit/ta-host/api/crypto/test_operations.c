/*
 * Operations: which there are, their info, keys, copies and states.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <tee_api_defines_extensions.h>

#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

TestSuite(operations, .init = runtime_double_reset);

Test(operations, unknown_algorithms_and_modes_are_not_supported)
{
	static const uint32_t unknown[] = { 0, TEE_ALG_ILLEGAL_VALUE, 0x10000510, 0x50000103,
					    0x70006047 };
	TEE_OperationHandle operation = (TEE_OperationHandle)(uintptr_t)1;

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		for (uint32_t mode = 0; mode <= TEE_MODE_DERIVE; mode++)
			cr_expect_eq(TEE_AllocateOperation(&operation, unknown[i], mode, 128),
				     TEE_ERROR_NOT_SUPPORTED);
		cr_expect_eq(TEE_IsAlgorithmSupported(unknown[i], TEE_CRYPTO_ELEMENT_NONE),
			     TEE_ERROR_NOT_SUPPORTED);
	}
	cr_expect_eq(operation, TEE_HANDLE_NULL);
	cr_expect_eq(TEE_AllocateOperation(&operation, TEE_ALG_AES_CBC_NOPAD, TEE_MODE_SIGN, 128),
		     TEE_ERROR_NOT_SUPPORTED);
	cr_expect_eq(TEE_AllocateOperation(&operation, TEE_ALG_SHA256, TEE_MODE_ENCRYPT, 0),
		     TEE_ERROR_NOT_SUPPORTED);
	cr_expect_eq(TEE_AllocateOperation(&operation, TEE_ALG_AES_CBC_NOPAD, TEE_MODE_ENCRYPT, 96),
		     TEE_ERROR_NOT_SUPPORTED);
	cr_expect_eq(TEE_AllocateOperation(&operation, TEE_ALG_AES_XTS, TEE_MODE_ENCRYPT, 128),
		     TEE_ERROR_NOT_SUPPORTED);
	cr_expect_eq(TEE_AllocateOperation(&operation, TEE_ALG_DSA_SHA1, TEE_MODE_SIGN, 2048),
		     TEE_ERROR_NOT_SUPPORTED);
	cr_expect_eq(TEE_AllocateOperation(&operation, TEE_ALG_ECDSA_SHA256, TEE_MODE_SIGN, 300),
		     TEE_ERROR_NOT_SUPPORTED);
}

Test(operations, elements_go_with_algorithms)
{
	cr_expect_eq(TEE_IsAlgorithmSupported(TEE_ALG_AES_CTR, TEE_CRYPTO_ELEMENT_NONE),
		     TEE_SUCCESS);
	cr_expect_eq(TEE_IsAlgorithmSupported(TEE_ALG_AES_CTR, TEE_ECC_CURVE_NIST_P256),
		     TEE_ERROR_NOT_SUPPORTED);
	cr_expect_eq(TEE_IsAlgorithmSupported(TEE_ALG_ECDSA_SHA256, TEE_ECC_CURVE_NIST_P256),
		     TEE_SUCCESS);
	cr_expect_eq(TEE_IsAlgorithmSupported(TEE_ALG_ECDSA_SHA256, TEE_CRYPTO_ELEMENT_NONE),
		     TEE_ERROR_NOT_SUPPORTED);
	cr_expect_eq(TEE_IsAlgorithmSupported(TEE_ALG_ED25519, TEE_ECC_CURVE_25519), TEE_SUCCESS);
	cr_expect_eq(TEE_IsAlgorithmSupported(TEE_ALG_SM2_PKE, TEE_ECC_CURVE_SM2), TEE_SUCCESS);
	cr_expect_eq(TEE_IsAlgorithmSupported(TEE_ALG_SM2_PKE, TEE_ECC_CURVE_NIST_P256),
		     TEE_ERROR_NOT_SUPPORTED);
}

/* Every algorithm of the headers can be allocated in a mode and with a size of its own. */
Test(operations, all_algorithms_of_the_headers_are_there)
{
	static const struct {
		uint32_t algorithm, mode, bits;
	} all[] = {
#define ONE(name, mode, bits) { TEE_ALG_##name, TEE_MODE_##mode, bits }
		ONE(AES_ECB_NOPAD, ENCRYPT, 256),
		ONE(AES_CBC_NOPAD, ENCRYPT, 192),
		ONE(AES_CTR, DECRYPT, 128),
		ONE(AES_CTS, ENCRYPT, 128),
		ONE(AES_XTS, ENCRYPT, 512),
		ONE(DES_ECB_NOPAD, ENCRYPT, 64),
		ONE(DES_CBC_NOPAD, ENCRYPT, 56),
		ONE(DES3_ECB_NOPAD, ENCRYPT, 112),
		ONE(DES3_CBC_NOPAD, ENCRYPT, 192),
		ONE(SM4_ECB_NOPAD, ENCRYPT, 128),
		ONE(SM4_CBC_NOPAD, ENCRYPT, 128),
		ONE(SM4_CTR, ENCRYPT, 128),
		ONE(SM4_XTS, ENCRYPT, 256),
		ONE(AES_CBC_MAC_NOPAD, MAC, 128),
		ONE(AES_CBC_MAC_PKCS5, MAC, 128),
		ONE(AES_CMAC, MAC, 128),
		ONE(DES3_CMAC, MAC, 192),
		ONE(AES_CCM, ENCRYPT, 128),
		ONE(AES_GCM, DECRYPT, 256),
		ONE(RSAES_PKCS1_V1_5, ENCRYPT, 256),
		ONE(RSA_NOPAD, DECRYPT, 4096),
		ONE(HMAC_SM3, MAC, 256),
		ONE(HMAC_SHA3_224, MAC, 256),
		ONE(HMAC_SHA3_512, MAC, 512),
		ONE(DH_DERIVE_SHARED_SECRET, DERIVE, 2048),
		ONE(SM2_KEP, DERIVE, 512),
		ONE(SM2_PKE, ENCRYPT, 256),
		ONE(SM2_DSA_SM3, VERIFY, 256),
		ONE(ED448, SIGN, 448),
		ONE(X448, DERIVE, 448),
		ONE(HKDF, DERIVE, 256),
		ONE(SHAKE128, DIGEST, 0),
		ONE(SHA3_384, DIGEST, 0),
		ONE(PBKDF2_HMAC_SM3_DERIVE_KEY, DERIVE, 64),
		ONE(HKDF_MD5_DERIVE_KEY, DERIVE, 64),
#undef ONE
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		TEE_FreeOperation(operation_new(all[i].algorithm, all[i].mode, all[i].bits));
}

Test(operations, info_tells_what_is_set)
{
	TEE_OperationHandle operation = operation_new(TEE_ALG_AES_GCM, TEE_MODE_ENCRYPT, 256);
	TEE_ObjectHandle key = key_of_octets(TEE_TYPE_AES, 128, "0123456789abcdef", 16);
	uint8_t room[sizeof(TEE_OperationInfoMultiple) + 2 * sizeof(TEE_OperationInfoKey)]
		__attribute__((aligned(4)));
	TEE_OperationInfoMultiple *multiple = (void *)room;
	TEE_OperationInfo info;
	size_t size = sizeof(*multiple);

	TEE_GetOperationInfo(operation, &info);
	cr_expect_eq(info.algorithm, TEE_ALG_AES_GCM);
	cr_expect_eq(info.operationClass, TEE_OPERATION_AE);
	cr_expect_eq(info.mode, TEE_MODE_ENCRYPT);
	cr_expect_eq(info.maxKeySize, 256);
	cr_expect_eq(info.keySize, 0);
	cr_expect_eq(info.handleState, 0);
	cr_expect_eq(info.requiredKeyUsage, TEE_USAGE_ENCRYPT);
	cr_assert_eq(TEE_SetOperationKey(operation, key), TEE_SUCCESS);
	cr_assert_eq(TEE_AEInit(operation, "nonce nonce ", 12, 104, 0, 0), TEE_SUCCESS);
	TEE_GetOperationInfo(operation, &info);
	cr_expect_eq(info.keySize, 128);
	cr_expect_eq(info.digestLength, 13);
	cr_expect_eq(info.handleState, TEE_HANDLE_FLAG_KEY_SET | TEE_HANDLE_FLAG_INITIALIZED);
	cr_expect_eq(TEE_GetOperationInfoMultiple(operation, multiple, &size),
		     TEE_ERROR_SHORT_BUFFER);
	cr_expect_eq(size, sizeof(*multiple) + sizeof(TEE_OperationInfoKey));
	cr_expect_eq(TEE_GetOperationInfoMultiple(operation, multiple, &size), TEE_SUCCESS);
	cr_expect_eq(multiple->numberOfKeys, 1);
	cr_expect_eq(multiple->keyInformation[0].keySize, 128);
	cr_expect_eq(multiple->operationState, TEE_OPERATION_STATE_INITIAL);
	TEE_FreeOperation(operation);
	operation = operation_new(TEE_ALG_AES_XTS, TEE_MODE_DECRYPT, 512);
	TEE_GetOperationInfo(operation, &info);
	cr_expect_eq(info.handleState, TEE_HANDLE_FLAG_EXPECT_TWO_KEYS);
	cr_expect_eq(info.requiredKeyUsage, 0);
	size = sizeof(room);
	cr_expect_eq(TEE_GetOperationInfoMultiple(operation, multiple, &size), TEE_SUCCESS);
	cr_expect_eq(multiple->numberOfKeys, 2);
	cr_expect_eq(multiple->keyInformation[1].requiredKeyUsage, TEE_USAGE_DECRYPT);
}

Test(operations, key_lives_on_in_the_operation)
{
	static const uint8_t zeros[16];
	TEE_ObjectHandle key = key_of_octets(TEE_TYPE_AES, 128, zeros, 16);
	TEE_OperationHandle operation =
		operation_for(TEE_ALG_AES_ECB_NOPAD, TEE_MODE_ENCRYPT, 128, key);
	uint8_t out[16];
	size_t size = 16;

	/* FIPS 197 with all zeros. */
	TEE_CipherInit(operation, NULL, 0);
	cr_assert_eq(TEE_CipherDoFinal(operation, zeros, 16, out, &size), TEE_SUCCESS);
	vector_expect(out, size, "66e94bd4ef8a2c3b884cfa59ca342b2e", "after the object is gone");
}

static TEE_OperationHandle subject, other;
static TEE_ObjectHandle key;

static void set_key(void)
{
	(void)TEE_SetOperationKey(subject, key);
}

static void set_key_twice(void)
{
	(void)TEE_SetOperationKey2(subject, key, key);
}

static void set_one_of_two(void)
{
	(void)TEE_SetOperationKey2(subject, key, TEE_HANDLE_NULL);
}

static void reset(void)
{
	TEE_ResetOperation(subject);
}

static void copy(void)
{
	TEE_CopyOperation(subject, other);
}

static void free_it(void)
{
	TEE_FreeOperation(subject);
}

static void digest_update(void)
{
	TEE_DigestUpdate(subject, "x", 1);
}

static void mac_update(void)
{
	TEE_MACUpdate(subject, "x", 1);
}

static void info_short(void)
{
	TEE_OperationInfoMultiple info;
	size_t size = 4;

	(void)TEE_GetOperationInfoMultiple(subject, &info, &size);
}

Test(operations, broken_rules_panic)
{
	subject = operation_new(TEE_ALG_AES_CBC_NOPAD, TEE_MODE_ENCRYPT, 128);
	cr_expect(runtime_double_panics(reset), "no key");
	cr_expect(runtime_double_panics(info_short));
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_AES, 256, &key), TEE_SUCCESS);
	cr_expect(runtime_double_panics(set_key), "no key in the object");
	cr_assert_eq(TEE_GenerateKey(key, 256, NULL, 0), TEE_SUCCESS);
	cr_expect(runtime_double_panics(set_key), "too big");
	cr_expect(runtime_double_panics(set_key_twice), "takes one");
	TEE_FreeTransientObject(key);
	key = key_generated(TEE_TYPE_SM4, 128, 0);
	cr_expect(runtime_double_panics(set_key), "another type");
	key = key_generated(TEE_TYPE_AES, 128, 0);
	cr_assert_eq(TEE_RestrictObjectUsage1(key, TEE_USAGE_DECRYPT), TEE_SUCCESS);
	cr_expect(runtime_double_panics(set_key), "another usage");
	other = operation_new(TEE_ALG_AES_CBC_NOPAD, TEE_MODE_DECRYPT, 128);
	cr_expect(runtime_double_panics(copy), "another mode");
	cr_expect(runtime_double_panics(digest_update), "another class");
	subject = operation_new(TEE_ALG_AES_XTS, TEE_MODE_DECRYPT, 256);
	cr_expect(runtime_double_panics(set_key), "takes two");
	cr_expect(runtime_double_panics(set_one_of_two));
	cr_assert_eq(TEE_SetOperationKey2(subject, key, key), TEE_ERROR_SECURITY);
	subject = operation_new(TEE_ALG_SHA256, TEE_MODE_DIGEST, 0);
	cr_expect(runtime_double_panics(set_key), "a digest");
	subject = operation_new(TEE_ALG_HMAC_SHA256, TEE_MODE_MAC, 256);
	cr_expect(runtime_double_panics(mac_update), "not initialised");
	free_it();
	cr_expect(runtime_double_panics(free_it), "freed before");
	subject = (TEE_OperationHandle)(uintptr_t)0xFFFFFFFF;
	cr_expect(runtime_double_panics(mac_update), "never a handle");
}
