/*
 * Symmetric ciphers: published vectors in both directions, in one and in every cut, in place too.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <tee_api_defines_extensions.h>

#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

TestSuite(cipher, .init = runtime_double_reset);

#define SP800_38A_TEXT                     \
	"6bc1bee22e409f96e93d7e117393172a" \
	"ae2d8a571e03ac9c9eb76fac45af8e51" \
	"30c81c46a35ce411e5fbc1191a0a52ef" \
	"f69f2445df4f9b17ad2b417be66c3710"

static const struct cipher_vector {
	const char *name;
	uint32_t algorithm;
	uint32_t type;
	const char *key, *key2, *iv, *plain, *sealed;
} vectors[] = {
	{ "SP 800-38A F.1.1", TEE_ALG_AES_ECB_NOPAD, TEE_TYPE_AES,
	  "2b7e151628aed2a6abf7158809cf4f3c", NULL, "", SP800_38A_TEXT,
	  "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
	  "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4" },
	{ "SP 800-38A F.2.1", TEE_ALG_AES_CBC_NOPAD, TEE_TYPE_AES,
	  "2b7e151628aed2a6abf7158809cf4f3c", NULL, "000102030405060708090a0b0c0d0e0f",
	  SP800_38A_TEXT,
	  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
	  "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7" },
	{ "SP 800-38A F.5.1", TEE_ALG_AES_CTR, TEE_TYPE_AES, "2b7e151628aed2a6abf7158809cf4f3c",
	  NULL, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", SP800_38A_TEXT,
	  "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
	  "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee" },
	{ "SP 800-38A F.5.5", TEE_ALG_AES_CTR, TEE_TYPE_AES,
	  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", NULL,
	  "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", SP800_38A_TEXT,
	  "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
	  "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6" },
	{ "RFC 3962, 17 octets", TEE_ALG_AES_CTS, TEE_TYPE_AES, "636869636b656e207465726979616b69",
	  NULL, "00000000000000000000000000000000", "4920776f756c64206c696b652074686520",
	  "c6353568f2bf8cb4d8a580362da7ff7f97" },
	{ "RFC 3962, 31 octets", TEE_ALG_AES_CTS, TEE_TYPE_AES, "636869636b656e207465726979616b69",
	  NULL, "00000000000000000000000000000000",
	  "4920776f756c64206c696b65207468652047656e6572616c20476175277320",
	  "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5" },
	{ "RFC 3962, 32 octets", TEE_ALG_AES_CTS, TEE_TYPE_AES, "636869636b656e207465726979616b69",
	  NULL, "00000000000000000000000000000000",
	  "4920776f756c64206c696b65207468652047656e6572616c2047617527732043",
	  "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584" },
	{ "RFC 3962, 47 octets", TEE_ALG_AES_CTS, TEE_TYPE_AES, "636869636b656e207465726979616b69",
	  NULL, "00000000000000000000000000000000",
	  "4920776f756c64206c696b65207468652047656e6572616c2047617527732043"
	  "6869636b656e2c20706c656173652c",
	  "97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e"
	  "39312523a78662d5be7fcbcc98ebf5" },
	{ "IEEE 1619 vector 1", TEE_ALG_AES_XTS, TEE_TYPE_AES, "00000000000000000000000000000000",
	  "00000000000000000000000000000000", "00000000000000000000000000000000",
	  "0000000000000000000000000000000000000000000000000000000000000000",
	  "917cf69ebd68b2ec9b9fe9a3eadda692cd43d2f59598ed858c02c2652fbf922e" },
	{ "IEEE 1619 vector 2", TEE_ALG_AES_XTS, TEE_TYPE_AES, "11111111111111111111111111111111",
	  "22222222222222222222222222222222", "33333333330000000000000000000000",
	  "4444444444444444444444444444444444444444444444444444444444444444",
	  "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0" },
	{ "IEEE 1619 vector 15", TEE_ALG_AES_XTS, TEE_TYPE_AES, "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0",
	  "bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0", "9a785634120000000000000000000000",
	  "000102030405060708090a0b0c0d0e0f10", "6c1625db4671522d3d7599601de7ca09ed" },
	{ "GM/T 0002, SM4", TEE_ALG_SM4_ECB_NOPAD, TEE_TYPE_SM4, "0123456789abcdeffedcba9876543210",
	  NULL, "", "0123456789abcdeffedcba9876543210", "681edf34d206965e86b3e94f536e4246" },
	{ "FIPS 46, DES", TEE_ALG_DES_ECB_NOPAD, TEE_TYPE_DES, "133457799bbcdff1", NULL, "",
	  "0123456789abcdef", "85e813540f0ab405" },
	{ "FIPS 81, DES CBC", TEE_ALG_DES_CBC_NOPAD, TEE_TYPE_DES, "0123456789abcdef", NULL,
	  "1234567890abcdef", "4e6f77206973207468652074696d6520666f7220616c6c20",
	  "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6" },
	{ "SP 800-67, three keys", TEE_ALG_DES3_ECB_NOPAD, TEE_TYPE_DES3,
	  "0123456789abcdef23456789abcdef01456789abcdef0123", NULL, "", "5468652071756663",
	  "a826fd8ce53b855f" },
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static TEE_OperationHandle prepare(const struct cipher_vector *v, uint32_t mode)
{
	const struct vector key = vector_of(v->key);
	const uint32_t bits = (uint32_t)key.size * 8;
	TEE_ObjectHandle first = key_of_octets(v->type, bits, key.at, key.size), second;
	TEE_OperationHandle operation;
	struct vector key2;

	if (!v->key2)
		return operation_for(v->algorithm, mode, bits, first);
	key2 = vector_of(v->key2);
	second = key_of_octets(v->type, bits, key2.at, key2.size);
	operation = operation_new(v->algorithm, mode, 2 * bits);
	/* The first vector of IEEE 1619 has a key that the API refuses. */
	if (memcmp(key.at, key2.at, key.size) == 0) {
		cr_assert_eq(TEE_SetOperationKey2(operation, first, second), TEE_ERROR_SECURITY);
		TEE_FreeOperation(operation);
		operation = TEE_HANDLE_NULL;
	} else {
		cr_assert_eq(TEE_SetOperationKey2(operation, first, second), TEE_SUCCESS);
	}
	TEE_FreeTransientObject(first);
	TEE_FreeTransientObject(second);
	return operation;
}

static void one_way(const struct cipher_vector *v, uint32_t mode, const char *from, const char *to)
{
	const struct vector in = vector_of(from), iv = vector_of(v->iv);
	TEE_OperationHandle operation = prepare(v, mode);
	uint8_t out[VECTOR_MAX];
	size_t size, total;

	if (operation == TEE_HANDLE_NULL)
		return;
	TEE_CipherInit(operation, iv.size ? iv.at : NULL, iv.size);
	size = sizeof(out);
	cr_assert_eq(TEE_CipherDoFinal(operation, in.at, in.size, out, &size), TEE_SUCCESS);
	vector_expect(out, size, to, v->name);
	for (size_t cut = 0; cut <= in.size; cut++) {
		for (size_t second = cut; second <= in.size; second += 5) {
			TEE_CipherInit(operation, iv.size ? iv.at : NULL, iv.size);
			size = sizeof(out);
			cr_assert_eq(TEE_CipherUpdate(operation, in.at, cut, out, &size),
				     TEE_SUCCESS);
			total = size;
			size = sizeof(out) - total;
			cr_assert_eq(TEE_CipherUpdate(operation, in.at + cut, second - cut,
						      out + total, &size),
				     TEE_SUCCESS);
			total += size;
			size = sizeof(out) - total;
			cr_assert_eq(TEE_CipherDoFinal(operation, in.at + second, in.size - second,
						       out + total, &size),
				     TEE_SUCCESS);
			vector_expect(out, total + size, to, v->name);
		}
	}
	TEE_FreeOperation(operation);
}

Test(cipher, published_vectors_in_every_cut)
{
	for (size_t i = 0; i < VECTORS; i++) {
		one_way(&vectors[i], TEE_MODE_ENCRYPT, vectors[i].plain, vectors[i].sealed);
		one_way(&vectors[i], TEE_MODE_DECRYPT, vectors[i].sealed, vectors[i].plain);
	}
}

Test(cipher, short_buffer_takes_nothing_in)
{
	const struct vector in = vector_of(SP800_38A_TEXT), iv = vector_of(vectors[1].iv);
	TEE_OperationHandle operation = prepare(&vectors[1], TEE_MODE_ENCRYPT);
	uint8_t out[64];
	size_t size = 31;

	TEE_CipherInit(operation, iv.at, iv.size);
	cr_assert_eq(TEE_CipherUpdate(operation, in.at, 40, out, &size), TEE_ERROR_SHORT_BUFFER);
	cr_assert_eq(size, 32);
	cr_assert_eq(TEE_CipherUpdate(operation, in.at, 40, out, &size), TEE_SUCCESS);
	cr_assert_eq(size, 32);
	size = 31;
	cr_assert_eq(TEE_CipherDoFinal(operation, in.at + 40, 24, out + 32, &size),
		     TEE_ERROR_SHORT_BUFFER);
	cr_assert_eq(size, 32);
	cr_assert_eq(TEE_CipherDoFinal(operation, in.at + 40, 24, out + 32, &size), TEE_SUCCESS);
	vector_expect(out, 64, vectors[1].sealed, "after short buffers");
}

Test(cipher, works_in_place_with_octets_held_back)
{
	const struct vector iv = vector_of(vectors[1].iv);
	struct vector in = vector_of(SP800_38A_TEXT);
	TEE_OperationHandle operation = prepare(&vectors[1], TEE_MODE_ENCRYPT);
	uint8_t out[64];
	size_t size = sizeof(out);

	TEE_CipherInit(operation, iv.at, iv.size);
	cr_assert_eq(TEE_CipherUpdate(operation, in.at, 5, out, &size), TEE_SUCCESS);
	cr_assert_eq(size, 0);
	size = 59;
	cr_assert_eq(TEE_CipherDoFinal(operation, in.at + 5, 59, in.at, &size),
		     TEE_ERROR_SHORT_BUFFER);
	cr_assert_eq(TEE_CipherDoFinal(operation, in.at + 5, 59, in.at, &size), TEE_SUCCESS);
	vector_expect(in.at, size, vectors[1].sealed, "over its own input");
}

Test(cipher, padding_goes_on_and_comes_off)
{
	static const uint8_t key[16] = { 1, 2, 3 }, iv[16] = { 9 };
	static const uint32_t algorithms[] = { TEE_ALG_SM4_ECB_PKCS5, TEE_ALG_SM4_CBC_PKCS5 };

	for (size_t i = 0; i < 4; i++) {
		for (size_t length = 0; length < 50; length++) {
			const bool cbc = i & 1;
			TEE_OperationHandle seal =
				operation_for(algorithms[cbc], TEE_MODE_ENCRYPT, 128,
					      key_of_octets(TEE_TYPE_SM4, 128, key, sizeof(key)));
			TEE_OperationHandle open =
				operation_for(algorithms[cbc], TEE_MODE_DECRYPT, 128,
					      key_of_octets(TEE_TYPE_SM4, 128, key, sizeof(key)));
			uint8_t plain[64], sealed[64], again[64];
			size_t size = sizeof(sealed), more, cut = length / 3;

			pattern_fill(plain, sizeof(plain), (uint32_t)length);
			TEE_CipherInit(seal, cbc ? iv : NULL, cbc ? 16 : 0);
			cr_assert_eq(TEE_CipherUpdate(seal, plain, cut, sealed, &size),
				     TEE_SUCCESS);
			more = sizeof(sealed) - size;
			cr_assert_eq(TEE_CipherDoFinal(seal, plain + cut, length - cut,
						       sealed + size, &more),
				     TEE_SUCCESS);
			size += more;
			cr_assert_eq(size, length / 16 * 16 + 16);
			TEE_CipherInit(open, cbc ? iv : NULL, cbc ? 16 : 0);
			more = sizeof(again);
			cr_assert_eq(TEE_CipherUpdate(open, sealed, size - 3, again, &more),
				     TEE_SUCCESS);
			cut = more;
			more = sizeof(again) - cut;
			cr_assert_eq(TEE_CipherDoFinal(open, sealed + size - 3, 3, again + cut,
						       &more),
				     TEE_SUCCESS);
			cr_assert_eq(cut + more, length);
			cr_assert_eq(memcmp(plain, again, length), 0);
			TEE_FreeOperation(seal);
			TEE_FreeOperation(open);
		}
	}
}

Test(cipher, wrong_padding_is_an_error)
{
	static const uint8_t key[16] = { 1, 2, 3 };
	TEE_OperationHandle seal = operation_for(TEE_ALG_SM4_ECB_NOPAD, TEE_MODE_ENCRYPT, 128,
						 key_of_octets(TEE_TYPE_SM4, 128, key, 16));
	TEE_OperationHandle open = operation_for(TEE_ALG_SM4_ECB_PKCS5, TEE_MODE_DECRYPT, 128,
						 key_of_octets(TEE_TYPE_SM4, 128, key, 16));
	static const uint8_t last[] = { 0, 17, 2, 255 };

	for (size_t i = 0; i < sizeof(last); i++) {
		uint8_t block[16] = { 0 }, out[32];
		size_t size = 16;

		block[15] = last[i];
		TEE_CipherInit(seal, NULL, 0);
		cr_assert_eq(TEE_CipherDoFinal(seal, block, 16, block, &size), TEE_SUCCESS);
		TEE_CipherInit(open, NULL, 0);
		size = sizeof(out);
		cr_expect_eq(TEE_CipherDoFinal(open, block, 16, out, &size),
			     TEE_ERROR_CIPHERTEXT_INVALID);
		TEE_CipherInit(open, NULL, 0);
		size = sizeof(out);
		cr_expect_eq(TEE_CipherDoFinal(open, block, 15, out, &size),
			     TEE_ERROR_CIPHERTEXT_INVALID);
	}
}

Test(cipher, copy_goes_its_own_way)
{
	for (size_t i = 0; i < VECTORS; i++) {
		const struct cipher_vector *v = &vectors[i];
		const struct vector in = vector_of(v->plain), iv = vector_of(v->iv);
		TEE_OperationHandle first = prepare(v, TEE_MODE_ENCRYPT);
		TEE_OperationHandle second = prepare(v, TEE_MODE_ENCRYPT);
		uint8_t out[VECTOR_MAX], lost[VECTOR_MAX];
		size_t size = sizeof(out), more, unused = sizeof(lost);

		if (first == TEE_HANDLE_NULL)
			continue;
		TEE_CipherInit(first, iv.size ? iv.at : NULL, iv.size);
		cr_assert_eq(TEE_CipherUpdate(first, in.at, 7, out, &size), TEE_SUCCESS);
		TEE_CopyOperation(second, first);
		cr_assert_eq(TEE_CipherUpdate(first, in.at, 1, lost, &unused), TEE_SUCCESS);
		TEE_FreeOperation(first);
		more = sizeof(out) - size;
		cr_assert_eq(TEE_CipherDoFinal(second, in.at + 7, in.size - 7, out + size, &more),
			     TEE_SUCCESS);
		vector_expect(out, size + more, v->sealed, v->name);
		TEE_FreeOperation(second);
	}
}

/* SM4 in XTS has no vector of its own in the API's documents: it is checked against its definition,
 * block by block, with what ECB gives. */
Test(cipher, sm4_xts_is_what_its_definition_says)
{
	uint8_t key[32], plain[48], sealed[48], wanted[48], tweak[16] = { 7 };
	const uint8_t iv[16] = { 7 };
	TEE_ObjectHandle first, second;
	TEE_OperationHandle xts = operation_new(TEE_ALG_SM4_XTS, TEE_MODE_ENCRYPT, 256), ecb, mask;
	size_t size = 16;

	pattern_fill(key, sizeof(key), 1);
	pattern_fill(plain, sizeof(plain), 2);
	first = key_of_octets(TEE_TYPE_SM4, 128, key, 16);
	second = key_of_octets(TEE_TYPE_SM4, 128, key + 16, 16);
	cr_assert_eq(TEE_SetOperationKey2(xts, first, second), TEE_SUCCESS);
	ecb = operation_for(TEE_ALG_SM4_ECB_NOPAD, TEE_MODE_ENCRYPT, 128, first);
	mask = operation_for(TEE_ALG_SM4_ECB_NOPAD, TEE_MODE_ENCRYPT, 128, second);
	TEE_CipherInit(mask, NULL, 0);
	cr_assert_eq(TEE_CipherDoFinal(mask, tweak, 16, tweak, &size), TEE_SUCCESS);
	TEE_CipherInit(ecb, NULL, 0);
	for (size_t i = 0; i < 48; i += 16) {
		unsigned int carry = 0;

		for (size_t j = 0; j < 16; j++)
			wanted[i + j] = plain[i + j] ^ tweak[j];
		cr_assert_eq(TEE_CipherUpdate(ecb, wanted + i, 16, wanted + i, &size), TEE_SUCCESS);
		for (size_t j = 0; j < 16; j++) {
			wanted[i + j] ^= tweak[j];
			carry |= (unsigned int)tweak[j] << 1;
			tweak[j] = (uint8_t)carry;
			carry >>= 8;
		}
		tweak[0] ^= (uint8_t)(carry * 0x87);
	}
	size = sizeof(sealed);
	TEE_CipherInit(xts, iv, 16);
	cr_assert_eq(TEE_CipherDoFinal(xts, plain, 48, sealed, &size), TEE_SUCCESS);
	cr_assert_eq(memcmp(sealed, wanted, 48), 0);
}

static TEE_OperationHandle ready;

static void final_of_part_of_a_block(void)
{
	uint8_t out[32];
	size_t size = sizeof(out);

	(void)TEE_CipherDoFinal(ready, "0123456789", 10, out, &size);
}

static void update_before_init(void)
{
	uint8_t out[32];
	size_t size = sizeof(out);

	(void)TEE_CipherUpdate(ready, "0123456789", 10, out, &size);
}

static void init_with_short_vector(void)
{
	TEE_CipherInit(ready, "0123456789", 10);
}

static void key_while_initialised(void)
{
	(void)TEE_SetOperationKey(ready, TEE_HANDLE_NULL);
}

static void init_without_key(void)
{
	TEE_CipherInit(ready, "0123456789abcdef", 16);
}

Test(cipher, broken_rules_panic)
{
	ready = prepare(&vectors[1], TEE_MODE_ENCRYPT);
	cr_assert(runtime_double_panics(update_before_init));
	cr_assert(runtime_double_panics(init_with_short_vector));
	TEE_CipherInit(ready, "0123456789abcdef", 16);
	cr_assert(runtime_double_panics(final_of_part_of_a_block));
	cr_assert(runtime_double_panics(key_while_initialised));
	cr_assert_str_eq(runtime_double.panic_reason,
			 "TEE_SetOperationKey: the operation is initialised");
	TEE_ResetOperation(ready);
	cr_assert_eq(TEE_SetOperationKey(ready, TEE_HANDLE_NULL), TEE_SUCCESS);
	cr_assert(runtime_double_panics(init_without_key));
}
