/*
 * Uses every family of algorithms once, so that whatever a family asks of the sandbox is asked.
 * What the results must be is the business of tests/unit; here a round trip is enough.
 */
#include <string.h>
#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>

#include "commands.h"

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
}

#define CHECK(condition)                 \
	do {                             \
		if (!(condition))        \
			return __LINE__; \
	} while (0)

static TEE_ObjectHandle key_new(uint32_t type, uint32_t bits, uint32_t curve)
{
	TEE_ObjectHandle key = TEE_HANDLE_NULL;
	TEE_Attribute attribute;

	TEE_InitValueAttribute(&attribute, TEE_ATTR_ECC_CURVE, curve, 0);
	if (TEE_AllocateTransientObject(type, bits, &key) == TEE_SUCCESS &&
	    TEE_GenerateKey(key, bits, &attribute, curve ? 1 : 0) != TEE_SUCCESS)
		TEE_Panic(1);
	return key;
}

static TEE_OperationHandle operation_new(uint32_t algorithm, uint32_t mode, uint32_t bits,
					 TEE_ObjectHandle key)
{
	TEE_OperationHandle operation = TEE_HANDLE_NULL;

	if (TEE_AllocateOperation(&operation, algorithm, mode, bits) != TEE_SUCCESS)
		TEE_Panic(2);
	if (key != TEE_HANDLE_NULL)
		TEE_SetOperationKey(operation, key);
	return operation;
}

static int digests(void)
{
	static const uint32_t algorithms[] = { TEE_ALG_MD5,	 TEE_ALG_SHA1,	   TEE_ALG_SHA256,
					       TEE_ALG_SHA512,	 TEE_ALG_SHA3_384, TEE_ALG_SM3,
					       TEE_ALG_SHAKE128, TEE_ALG_MD5SHA1 };
	static const uint8_t abc[] = { 0xba, 0x78, 0x16, 0xbf };

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		TEE_OperationHandle operation =
			operation_new(algorithms[i], TEE_MODE_DIGEST, 0, TEE_HANDLE_NULL);
		uint8_t hash[64];
		size_t size = sizeof(hash);

		TEE_DigestUpdate(operation, "ab", 2);
		CHECK(TEE_DigestDoFinal(operation, "c", 1, hash, &size) == TEE_SUCCESS);
		if (algorithms[i] == TEE_ALG_SHA256)
			CHECK(TEE_MemCompare(hash, abc, sizeof(abc)) == 0);
		TEE_FreeOperation(operation);
	}
	return 0;
}

static int ciphers(void)
{
	static const struct {
		uint32_t algorithm, type, bits, iv;
	} all[] = {
		{ TEE_ALG_AES_ECB_NOPAD, TEE_TYPE_AES, 128, 0 },
		{ TEE_ALG_AES_CBC_NOPAD, TEE_TYPE_AES, 192, 16 },
		{ TEE_ALG_AES_CTR, TEE_TYPE_AES, 256, 16 },
		{ TEE_ALG_AES_CTS, TEE_TYPE_AES, 128, 16 },
		{ TEE_ALG_DES_CBC_NOPAD, TEE_TYPE_DES, 64, 8 },
		{ TEE_ALG_DES3_ECB_NOPAD, TEE_TYPE_DES3, 128, 0 },
		{ TEE_ALG_SM4_CBC_PKCS5, TEE_TYPE_SM4, 128, 16 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		TEE_ObjectHandle key = key_new(all[i].type, all[i].bits, 0);
		TEE_OperationHandle seal =
			operation_new(all[i].algorithm, TEE_MODE_ENCRYPT, all[i].bits, key);
		TEE_OperationHandle open =
			operation_new(all[i].algorithm, TEE_MODE_DECRYPT, all[i].bits, key);
		uint8_t sealed[64], plain[64], iv[16] = { 1 };
		size_t size = sizeof(sealed), again = sizeof(plain);

		TEE_CipherInit(seal, all[i].iv ? iv : NULL, all[i].iv);
		CHECK(TEE_CipherDoFinal(seal, "0123456789abcdef0123456789abcdef", 32, sealed,
					&size) == TEE_SUCCESS);
		TEE_CipherInit(open, all[i].iv ? iv : NULL, all[i].iv);
		CHECK(TEE_CipherDoFinal(open, sealed, size, plain, &again) == TEE_SUCCESS);
		CHECK(again == 32 &&
		      TEE_MemCompare(plain, "0123456789abcdef0123456789abcdef", 32) == 0);
		TEE_FreeOperation(seal);
		TEE_FreeOperation(open);
		TEE_FreeTransientObject(key);
	}
	return 0;
}

static int macs(void)
{
	static const uint32_t all[][3] = {
		{ TEE_ALG_HMAC_SHA256, TEE_TYPE_HMAC_SHA256, 256 },
		{ TEE_ALG_HMAC_SM3, TEE_TYPE_HMAC_SM3, 256 },
		{ TEE_ALG_AES_CMAC, TEE_TYPE_AES, 128 },
		{ TEE_ALG_DES3_CBC_MAC_PKCS5, TEE_TYPE_DES3, 192 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		TEE_ObjectHandle key = key_new(all[i][1], all[i][2], 0);
		TEE_OperationHandle operation =
			operation_new(all[i][0], TEE_MODE_MAC, all[i][2], key);
		uint8_t mac[64];
		size_t size = sizeof(mac);

		TEE_MACInit(operation, NULL, 0);
		CHECK(TEE_MACComputeFinal(operation, "message", 7, mac, &size) == TEE_SUCCESS);
		TEE_MACInit(operation, NULL, 0);
		CHECK(TEE_MACCompareFinal(operation, "message", 7, mac, size) == TEE_SUCCESS);
		TEE_MACInit(operation, NULL, 0);
		CHECK(TEE_MACCompareFinal(operation, "massage", 7, mac, size) ==
		      TEE_ERROR_MAC_INVALID);
		TEE_FreeOperation(operation);
		TEE_FreeTransientObject(key);
	}
	return 0;
}

static int ae(void)
{
	static const uint32_t algorithms[] = { TEE_ALG_AES_GCM, TEE_ALG_AES_CCM };

	for (size_t i = 0; i < 2; i++) {
		TEE_ObjectHandle key = key_new(TEE_TYPE_AES, 256, 0);
		TEE_OperationHandle seal = operation_new(algorithms[i], TEE_MODE_ENCRYPT, 256, key);
		TEE_OperationHandle open = operation_new(algorithms[i], TEE_MODE_DECRYPT, 256, key);
		uint8_t sealed[16], plain[16], tag[16];
		size_t size = 16, tag_size = 16;

		CHECK(TEE_AEInit(seal, "nonce nonce ", 12, 128, 3, 7) == TEE_SUCCESS);
		TEE_AEUpdateAAD(seal, "aad", 3);
		CHECK(TEE_AEEncryptFinal(seal, "message", 7, sealed, &size, tag, &tag_size) ==
		      TEE_SUCCESS);
		for (int wrong = 0; wrong < 2; wrong++) {
			size = 16;
			tag[3] ^= (uint8_t)wrong;
			CHECK(TEE_AEInit(open, "nonce nonce ", 12, 128, 3, 7) == TEE_SUCCESS);
			TEE_AEUpdateAAD(open, "aad", 3);
			CHECK(TEE_AEDecryptFinal(open, sealed, 7, plain, &size, tag, 16) ==
			      (wrong ? TEE_ERROR_MAC_INVALID : TEE_SUCCESS));
		}
		TEE_FreeOperation(seal);
		TEE_FreeOperation(open);
		TEE_FreeTransientObject(key);
	}
	return 0;
}

static int sign_and_verify(uint32_t algorithm, uint32_t bits, TEE_ObjectHandle key, size_t size)
{
	TEE_OperationHandle sign = operation_new(algorithm, TEE_MODE_SIGN, bits, key);
	TEE_OperationHandle verify = operation_new(algorithm, TEE_MODE_VERIFY, bits, key);
	uint8_t digest[64] = { 1, 2, 3 }, signature[512];
	size_t length = sizeof(signature);

	CHECK(TEE_AsymmetricSignDigest(sign, NULL, 0, digest, size, signature, &length) ==
	      TEE_SUCCESS);
	CHECK(TEE_AsymmetricVerifyDigest(verify, NULL, 0, digest, size, signature, length) ==
	      TEE_SUCCESS);
	digest[0]++;
	CHECK(TEE_AsymmetricVerifyDigest(verify, NULL, 0, digest, size, signature, length) ==
	      TEE_ERROR_SIGNATURE_INVALID);
	TEE_FreeOperation(sign);
	TEE_FreeOperation(verify);
	return 0;
}

static int rsa(void)
{
	TEE_ObjectHandle key = key_new(TEE_TYPE_RSA_KEYPAIR, 1024, 0);
	TEE_ObjectHandle small = key_new(TEE_TYPE_RSA_KEYPAIR, 256, 0);
	TEE_OperationHandle seal =
		operation_new(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA256, TEE_MODE_ENCRYPT, 1024, key);
	TEE_OperationHandle open =
		operation_new(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA256, TEE_MODE_DECRYPT, 1024, key);
	uint8_t sealed[128], plain[128];
	size_t size = sizeof(sealed), again = sizeof(plain);
	int line = sign_and_verify(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA256, 1024, key, 32);

	CHECK(!line);
	line = sign_and_verify(TEE_ALG_RSASSA_PKCS1_V1_5_SHA512, 1024, key, 64);
	CHECK(!line);
	line = sign_and_verify(TEE_ALG_RSASSA_PKCS1_V1_5, 256, small, 20);
	CHECK(!line);
	CHECK(TEE_AsymmetricEncrypt(seal, NULL, 0, "secret", 6, sealed, &size) == TEE_SUCCESS);
	CHECK(TEE_AsymmetricDecrypt(open, NULL, 0, sealed, size, plain, &again) == TEE_SUCCESS);
	CHECK(again == 6 && TEE_MemCompare(plain, "secret", 6) == 0);
	return 0;
}

static int dsa_and_dh(void)
{
	/* 2^255 - 19 is a prime, which is all that a group needs for this. */
	uint8_t prime[32];
	TEE_Attribute attributes[2];
	TEE_ObjectHandle key, derived;
	TEE_OperationHandle operation;
	uint8_t octets[32];
	size_t size = sizeof(octets);

	TEE_MemFill(prime, 0xFF, sizeof(prime));
	prime[0] = 0x7F;
	prime[31] = 0xED;
	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_DH_PRIME, prime, sizeof(prime));
	TEE_InitRefAttribute(&attributes[1], TEE_ATTR_DH_BASE, "\x02", 1);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_DH_KEYPAIR, 256, &key) == TEE_SUCCESS);
	CHECK(TEE_GenerateKey(key, 256, attributes, 2) == TEE_SUCCESS);
	CHECK(TEE_GetObjectBufferAttribute(key, TEE_ATTR_DH_PUBLIC_VALUE, octets, &size) ==
	      TEE_SUCCESS);
	operation = operation_new(TEE_ALG_DH_DERIVE_SHARED_SECRET, TEE_MODE_DERIVE, 256, key);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_GENERIC_SECRET, 256, &derived) == TEE_SUCCESS);
	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_DH_PUBLIC_VALUE, octets, size);
	TEE_DeriveKey(operation, attributes, 1, derived);
	return 0;
}

static int ec(void)
{
	TEE_ObjectHandle key = key_new(TEE_TYPE_ECDSA_KEYPAIR, 256, TEE_ECC_CURVE_NIST_P256);
	TEE_ObjectHandle own = key_new(TEE_TYPE_ECDH_KEYPAIR, 521, TEE_ECC_CURVE_NIST_P521);
	TEE_ObjectHandle derived;
	TEE_OperationHandle operation;
	TEE_Attribute attributes[2];
	uint8_t x[66], y[66];
	size_t x_size = sizeof(x), y_size = sizeof(y);

	CHECK(!sign_and_verify(TEE_ALG_ECDSA_SHA256, 256, key, 32));
	CHECK(TEE_GetObjectBufferAttribute(own, TEE_ATTR_ECC_PUBLIC_VALUE_X, x, &x_size) ==
	      TEE_SUCCESS);
	CHECK(TEE_GetObjectBufferAttribute(own, TEE_ATTR_ECC_PUBLIC_VALUE_Y, y, &y_size) ==
	      TEE_SUCCESS);
	operation = operation_new(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, TEE_MODE_DERIVE, 521, own);
	CHECK(TEE_AllocateTransientObject(TEE_TYPE_GENERIC_SECRET, 528, &derived) == TEE_SUCCESS);
	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_ECC_PUBLIC_VALUE_X, x, x_size);
	TEE_InitRefAttribute(&attributes[1], TEE_ATTR_ECC_PUBLIC_VALUE_Y, y, y_size);
	TEE_DeriveKey(operation, attributes, 2, derived);
	return 0;
}

static int edwards(void)
{
	TEE_ObjectHandle key = key_new(TEE_TYPE_ED25519_KEYPAIR, 256, 0);
	TEE_OperationHandle sign = operation_new(TEE_ALG_ED25519, TEE_MODE_SIGN, 256, key);
	TEE_Attribute prehash;
	uint8_t signature[64];
	size_t size = sizeof(signature);

	TEE_InitValueAttribute(&prehash, TEE_ATTR_EDDSA_PREHASH, 1, 0);
	CHECK(TEE_AsymmetricSignDigest(sign, &prehash, 1, "m", 1, signature, &size) == TEE_SUCCESS);
	CHECK(!sign_and_verify(TEE_ALG_ED25519, 256, key, 40));
	CHECK(!sign_and_verify(TEE_ALG_ED448, 448, key_new(TEE_TYPE_ED448_KEYPAIR, 448, 0), 40));
	return 0;
}

static int sm2(void)
{
	TEE_ObjectHandle key = key_new(TEE_TYPE_SM2_PKE_KEYPAIR, 256, TEE_ECC_CURVE_SM2);
	TEE_OperationHandle seal = operation_new(TEE_ALG_SM2_PKE, TEE_MODE_ENCRYPT, 256, key);
	TEE_OperationHandle open = operation_new(TEE_ALG_SM2_PKE, TEE_MODE_DECRYPT, 256, key);
	uint8_t sealed[128], plain[16];
	size_t size = sizeof(sealed), again = sizeof(plain);

	CHECK(TEE_AsymmetricEncrypt(seal, NULL, 0, "secret", 6, sealed, &size) == TEE_SUCCESS);
	CHECK(TEE_AsymmetricDecrypt(open, NULL, 0, sealed, size, plain, &again) == TEE_SUCCESS);
	CHECK(again == 6 && TEE_MemCompare(plain, "secret", 6) == 0);
	return sign_and_verify(TEE_ALG_SM2_DSA_SM3, 256,
			       key_new(TEE_TYPE_SM2_DSA_KEYPAIR, 256, TEE_ECC_CURVE_SM2), 32);
}

static int derivation(void)
{
	static const uint32_t all[][3] = {
		{ TEE_ALG_HKDF_SHA256_DERIVE_KEY, TEE_TYPE_HKDF_IKM, TEE_ATTR_HKDF_OKM_LENGTH },
		{ TEE_ALG_CONCAT_KDF_SHA256_DERIVE_KEY, TEE_TYPE_CONCAT_KDF_Z,
		  TEE_ATTR_CONCAT_KDF_DKM_LENGTH },
		{ TEE_ALG_PBKDF2_HMAC_SHA256_DERIVE_KEY, TEE_TYPE_PBKDF2_PASSWORD,
		  TEE_ATTR_PBKDF2_DKM_LENGTH },
		{ TEE_ALG_HKDF, TEE_TYPE_HKDF, TEE_ATTR_KDF_KEY_SIZE },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		TEE_ObjectHandle key = key_new(all[i][1], 256, 0), derived;
		TEE_OperationHandle operation = operation_new(all[i][0], TEE_MODE_DERIVE, 256, key);
		TEE_Attribute size;
		TEE_ObjectInfo info;

		CHECK(TEE_AllocateTransientObject(TEE_TYPE_GENERIC_SECRET, 512, &derived) ==
		      TEE_SUCCESS);
		TEE_InitValueAttribute(&size, all[i][2], 40, 0);
		TEE_DeriveKey(operation, &size, 1, derived);
		CHECK(TEE_GetObjectInfo1(derived, &info) == TEE_SUCCESS && info.objectSize == 320);
	}
	return 0;
}

static int (*const checks[CHECKS])(void) = {
	[CHECK_DIGESTS] = digests, [CHECK_CIPHERS] = ciphers,
	[CHECK_MACS] = macs,	   [CHECK_AE] = ae,
	[CHECK_RSA] = rsa,	   [CHECK_DSA_AND_DH] = dsa_and_dh,
	[CHECK_EC] = ec,	   [CHECK_EDWARDS] = edwards,
	[CHECK_SM2] = sm2,	   [CHECK_DERIVATION] = derivation,
};

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	if (command != COMMAND_CHECK || params[0].value.a >= CHECKS)
		return TEE_ERROR_BAD_PARAMETERS;
	params[0].value.a = (uint32_t)checks[params[0].value.a]();
	return TEE_SUCCESS;
}
