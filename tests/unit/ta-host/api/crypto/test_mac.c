/*
 * Message authentication codes.
 */
#include <criterion/criterion.h>
#include <string.h>

#include <tee_api_defines_extensions.h>

#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

TestSuite(mac, .init = runtime_double_reset);

#define JEFE	 "4a656665"
#define QUESTION "7768617420646f2079612077616e7420666f72206e6f7468696e673f"
#define AES_KEY	 "2b7e151628aed2a6abf7158809cf4f3c"
#define AES_TEXT "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"

static const struct mac_vector {
	const char *name;
	uint32_t algorithm, type, max_bits;
	const char *key, *message, *mac;
} vectors[] = {
	{ "RFC 2202, MD5", TEE_ALG_HMAC_MD5, TEE_TYPE_HMAC_MD5, 512, JEFE, QUESTION,
	  "750c783e6ab0b503eaa86e310a5db738" },
	{ "RFC 2202, SHA-1", TEE_ALG_HMAC_SHA1, TEE_TYPE_HMAC_SHA1, 512, JEFE, QUESTION,
	  "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
	{ "RFC 4231, 224", TEE_ALG_HMAC_SHA224, TEE_TYPE_HMAC_SHA224, 512, JEFE, QUESTION,
	  "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44" },
	{ "RFC 4231, 256", TEE_ALG_HMAC_SHA256, TEE_TYPE_HMAC_SHA256, 512, JEFE, QUESTION,
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "RFC 4231, 384", TEE_ALG_HMAC_SHA384, TEE_TYPE_HMAC_SHA384, 512, JEFE, QUESTION,
	  "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
	  "8e2240ca5e69e2c78b3239ecfab21649" },
	{ "RFC 4231, 512", TEE_ALG_HMAC_SHA512, TEE_TYPE_HMAC_SHA512, 512, JEFE, QUESTION,
	  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
	  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
	{ "SHA3-256", TEE_ALG_HMAC_SHA3_256, TEE_TYPE_HMAC_SHA3_256, 512, JEFE, QUESTION,
	  "c7d4072e788877ae3596bbb0da73b887c9171f93095b294ae857fbe2645e1ba5" },
	{ "RFC 4493, empty", TEE_ALG_AES_CMAC, TEE_TYPE_AES, 128, AES_KEY, "",
	  "bb1d6929e95937287fa37d129b756746" },
	{ "RFC 4493, 16", TEE_ALG_AES_CMAC, TEE_TYPE_AES, 128, AES_KEY,
	  "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c" },
	{ "RFC 4493, 40", TEE_ALG_AES_CMAC, TEE_TYPE_AES, 128, AES_KEY, AES_TEXT "30c81c46a35ce411",
	  "dfa66747de9ae63030ca32611497c827" },
	/* The last block of SP 800-38A's CBC, with an initial vector of zeros for the first. */
	{ "AES CBC-MAC", TEE_ALG_AES_CBC_MAC_NOPAD, TEE_TYPE_AES, 128, AES_KEY,
	  "6bc1bee22e409f96e93d7e117393172a", "3ad77bb40d7a3660a89ecaf32466ef97" },
	{ "FIPS 113", TEE_ALG_DES_CBC_MAC_NOPAD, TEE_TYPE_DES, 64, "0123456789abcdef",
	  "37363534333231204e6f77206973207468652074696d6520666f722000000000", "f1d30f6849312ca4" },
	{ "SP 800-38B, three keys, 20", TEE_ALG_DES3_CMAC, TEE_TYPE_DES3, 192,
	  "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5",
	  "6bc1bee22e409f96e93d7e117393172aae2d8a57", "743ddbe0ce2dc2ed" },
};

Test(mac, published_vectors_in_every_cut)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct mac_vector *v = &vectors[i];
		const struct vector key = vector_of(v->key), message = vector_of(v->message);
		const struct vector wanted = vector_of(v->mac);
		TEE_OperationHandle operation =
			operation_for(v->algorithm, TEE_MODE_MAC, v->max_bits,
				      key_of_octets(v->type, v->max_bits, key.at, key.size));
		uint8_t mac[64], wrong[64];

		for (size_t cut = 0; cut <= message.size; cut++) {
			size_t size = sizeof(mac);

			TEE_MACInit(operation, NULL, 0);
			TEE_MACUpdate(operation, message.at, cut);
			cr_assert_eq(TEE_MACComputeFinal(operation, message.at + cut,
							 message.size - cut, mac, &size),
				     TEE_SUCCESS);
			vector_expect(mac, size, v->mac, v->name);
		}
		TEE_MACInit(operation, NULL, 0);
		cr_assert_eq(TEE_MACCompareFinal(operation, message.at, message.size, wanted.at,
						 wanted.size),
			     TEE_SUCCESS);
		/* Every wrong bit, and every wrong length. */
		for (size_t bit = 0; bit < wanted.size * 8; bit++) {
			memcpy(wrong, wanted.at, wanted.size);
			wrong[bit / 8] ^= (uint8_t)(1 << bit % 8);
			TEE_MACInit(operation, NULL, 0);
			cr_assert_eq(TEE_MACCompareFinal(operation, message.at, message.size, wrong,
							 wanted.size),
				     TEE_ERROR_MAC_INVALID);
		}
		TEE_MACInit(operation, NULL, 0);
		cr_assert_eq(TEE_MACCompareFinal(operation, message.at, message.size, wanted.at,
						 wanted.size - 1),
			     TEE_ERROR_MAC_INVALID);
		TEE_FreeOperation(operation);
	}
}

/* With padding, it is the code without padding of the padded message. */
Test(mac, padded_cbc_mac_is_that_of_the_padded_message)
{
	static const uint32_t pairs[][4] = {
		{ TEE_ALG_AES_CBC_MAC_NOPAD, TEE_ALG_AES_CBC_MAC_PKCS5, TEE_TYPE_AES, 256 },
		{ TEE_ALG_DES_CBC_MAC_NOPAD, TEE_ALG_DES_CBC_MAC_PKCS5, TEE_TYPE_DES, 64 },
		{ TEE_ALG_DES3_CBC_MAC_NOPAD, TEE_ALG_DES3_CBC_MAC_PKCS5, TEE_TYPE_DES3, 128 },
	};

	for (size_t i = 0; i < 3; i++) {
		const size_t block = pairs[i][2] == TEE_TYPE_AES ? 16 : 8;
		uint8_t key[32], message[80], a[16], b[16];

		pattern_fill(key, sizeof(key), 3);
		for (size_t length = 0; length < 50; length++) {
			const size_t padding = block - length % block;
			TEE_OperationHandle plain = operation_for(
				pairs[i][0], TEE_MODE_MAC, pairs[i][3],
				key_of_octets(pairs[i][2], pairs[i][3], key, pairs[i][3] / 8));
			TEE_OperationHandle padded = operation_for(
				pairs[i][1], TEE_MODE_MAC, pairs[i][3],
				key_of_octets(pairs[i][2], pairs[i][3], key, pairs[i][3] / 8));
			size_t size = 16;

			pattern_fill(message, length, 4);
			TEE_MACInit(padded, NULL, 0);
			cr_assert_eq(TEE_MACComputeFinal(padded, message, length, a, &size),
				     TEE_SUCCESS);
			memset(message + length, (int)padding, padding);
			TEE_MACInit(plain, NULL, 0);
			cr_assert_eq(TEE_MACComputeFinal(plain, message, length + padding, b,
							 &size),
				     TEE_SUCCESS);
			cr_assert_eq(size, block);
			cr_assert_eq(memcmp(a, b, block), 0);
			TEE_FreeOperation(plain);
			TEE_FreeOperation(padded);
		}
	}
}

Test(mac, copy_goes_its_own_way)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct mac_vector *v = &vectors[i];
		const struct vector key = vector_of(v->key), message = vector_of(v->message);
		TEE_OperationHandle first =
			operation_for(v->algorithm, TEE_MODE_MAC, v->max_bits,
				      key_of_octets(v->type, v->max_bits, key.at, key.size));
		TEE_OperationHandle second = operation_new(v->algorithm, TEE_MODE_MAC, v->max_bits);
		const size_t cut = message.size / 2;
		uint8_t mac[64];
		size_t size = sizeof(mac);

		TEE_MACInit(first, NULL, 0);
		TEE_MACUpdate(first, message.at, cut);
		TEE_CopyOperation(second, first);
		TEE_MACUpdate(first, "other", 5);
		TEE_FreeOperation(first);
		cr_assert_eq(TEE_MACComputeFinal(second, message.at + cut, message.size - cut, mac,
						 &size),
			     TEE_SUCCESS);
		vector_expect(mac, size, v->mac, v->name);
		TEE_FreeOperation(second);
	}
}
