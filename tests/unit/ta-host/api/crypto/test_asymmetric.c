/*
 * Asymmetric signatures and encryption: published vectors, round trips over all algorithms and
 * sizes, and what must be refused.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <tee_api_defines_extensions.h>

#include "groups.h"
#include "api/ed448.h"
#include "api/random.h"
#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

TestSuite(asymmetric, .init = runtime_double_reset, .timeout = 500);

static size_t sign(uint32_t algorithm, uint32_t bits, TEE_ObjectHandle key,
		   const TEE_Attribute *params, uint32_t count, const void *digest, size_t size,
		   uint8_t *signature)
{
	TEE_OperationHandle operation = operation_new(algorithm, TEE_MODE_SIGN, bits);
	size_t length = 0;

	cr_assert_eq(TEE_SetOperationKey(operation, key), TEE_SUCCESS);
	cr_assert_eq(TEE_AsymmetricSignDigest(operation, params, count, digest, size, NULL,
					      &length),
		     TEE_ERROR_SHORT_BUFFER);
	cr_assert_eq(TEE_AsymmetricSignDigest(operation, params, count, digest, size, signature,
					      &length),
		     TEE_SUCCESS, "algorithm 0x%08x", algorithm);
	TEE_FreeOperation(operation);
	return length;
}

static TEE_Result verify(uint32_t algorithm, uint32_t bits, TEE_ObjectHandle key,
			 const TEE_Attribute *params, uint32_t count, const void *digest,
			 size_t size, const uint8_t *signature, size_t length)
{
	TEE_OperationHandle operation = operation_new(algorithm, TEE_MODE_VERIFY, bits);
	TEE_Result result;

	cr_assert_eq(TEE_SetOperationKey(operation, key), TEE_SUCCESS);
	result = TEE_AsymmetricVerifyDigest(operation, params, count, digest, size, signature,
					    length);
	TEE_FreeOperation(operation);
	return result;
}

/* Signs, verifies, and sees a changed signature, a cut one and another digest refused. */
static void round_trip(uint32_t algorithm, uint32_t bits, TEE_ObjectHandle key,
		       const TEE_Attribute *params, uint32_t count, size_t digest_size)
{
	uint8_t digest[64], signature[512];
	size_t length;

	pattern_fill(digest, sizeof(digest), algorithm);
	length = sign(algorithm, bits, key, params, count, digest, digest_size, signature);
	cr_assert_eq(verify(algorithm, bits, key, params, count, digest, digest_size, signature,
			    length),
		     TEE_SUCCESS, "algorithm 0x%08x", algorithm);
	cr_assert_eq(verify(algorithm, bits, key, params, count, digest, digest_size, signature,
			    length - 1),
		     TEE_ERROR_SIGNATURE_INVALID);
	cr_assert_eq(verify(algorithm, bits, key, params, count, digest, digest_size, signature, 0),
		     TEE_ERROR_SIGNATURE_INVALID);
	signature[length / 2] ^= 4;
	cr_assert_eq(verify(algorithm, bits, key, params, count, digest, digest_size, signature,
			    length),
		     TEE_ERROR_SIGNATURE_INVALID);
	signature[length / 2] ^= 4;
	digest[0] ^= 0x40;
	cr_assert_eq(verify(algorithm, bits, key, params, count, digest, digest_size, signature,
			    length),
		     TEE_ERROR_SIGNATURE_INVALID);
}

static const struct {
	uint32_t pkcs1, pss, oaep;
	size_t size;
} hashes[] = {
	{ TEE_ALG_RSASSA_PKCS1_V1_5_MD5, TEE_ALG_RSASSA_PKCS1_PSS_MGF1_MD5,
	  TEE_ALG_RSAES_PKCS1_OAEP_MGF1_MD5, 16 },
	{ TEE_ALG_RSASSA_PKCS1_V1_5_SHA1, TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA1,
	  TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA1, 20 },
	{ TEE_ALG_RSASSA_PKCS1_V1_5_SHA224, TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA224,
	  TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA224, 28 },
	{ TEE_ALG_RSASSA_PKCS1_V1_5_SHA256, TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA256,
	  TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA256, 32 },
	{ TEE_ALG_RSASSA_PKCS1_V1_5_SHA384, TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA384,
	  TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA384, 48 },
	{ TEE_ALG_RSASSA_PKCS1_V1_5_SHA512, TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA512,
	  TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA512, 64 },
	{ TEE_ALG_RSASSA_PKCS1_V1_5_SHA3_224, TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA3_224,
	  TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA3_224, 28 },
	{ TEE_ALG_RSASSA_PKCS1_V1_5_SHA3_256, TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA3_256,
	  TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA3_256, 32 },
	{ TEE_ALG_RSASSA_PKCS1_V1_5_SHA3_384, TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA3_384,
	  TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA3_384, 48 },
	{ TEE_ALG_RSASSA_PKCS1_V1_5_SHA3_512, TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA3_512,
	  TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA3_512, 64 },
};

#define HASHES (sizeof(hashes) / sizeof(hashes[0]))

Test(asymmetric, rsa_signatures_with_every_digest)
{
	TEE_ObjectHandle key = key_generated(TEE_TYPE_RSA_KEYPAIR, 1088, 0);
	TEE_Attribute salt;

	for (size_t i = 0; i < HASHES; i++) {
		round_trip(hashes[i].pkcs1, 1088, key, NULL, 0, hashes[i].size);
		/* A salt as long as the digest, and one of another length. */
		round_trip(hashes[i].pss, 1088, key, NULL, 0, hashes[i].size);
		TEE_InitValueAttribute(&salt, TEE_ATTR_RSA_PSS_SALT_LENGTH, 7, 0);
		round_trip(hashes[i].pss, 1088, key, &salt, 1, hashes[i].size);
	}
	round_trip(TEE_ALG_RSASSA_PKCS1_V1_5_MD5SHA1, 1088, key, NULL, 0, 36);
	round_trip(TEE_ALG_RSASSA_PKCS1_V1_5, 1088, key, NULL, 0, 33);
}

static TEE_Result rsa_pass(uint32_t algorithm, uint32_t mode, uint32_t bits, TEE_ObjectHandle key,
			   const TEE_Attribute *params, uint32_t count, const void *in, size_t size,
			   uint8_t *out, size_t *out_size)
{
	TEE_OperationHandle operation = operation_new(algorithm, mode, bits);
	TEE_Result result;

	cr_assert_eq(TEE_SetOperationKey(operation, key), TEE_SUCCESS);
	if (mode == TEE_MODE_ENCRYPT)
		result = TEE_AsymmetricEncrypt(operation, params, count, in, size, out, out_size);
	else
		result = TEE_AsymmetricDecrypt(operation, params, count, in, size, out, out_size);
	TEE_FreeOperation(operation);
	return result;
}

/* Large moduli with large public exponents, which libcrypto's public operation refuses. */
Test(asymmetric, rsa_keys_with_wide_public_exponents)
{
	static const uint8_t seed[RANDOM_SEED_SIZE] = { 4 };
	const struct vector exponent = vector_of("01000000000000000d");
	const uint32_t bits = 3080;
	uint8_t sealed[3080 / 8], plain[3080 / 8];
	size_t size = sizeof(sealed), plain_size = sizeof(plain);
	TEE_ObjectHandle key;
	TEE_Attribute param;

	/* The same key in every run, which is found soon. */
	random_follow(seed);
	TEE_InitRefAttribute(&param, TEE_ATTR_RSA_PUBLIC_EXPONENT, exponent.at, exponent.size);
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_RSA_KEYPAIR, bits, &key), TEE_SUCCESS);
	cr_assert_eq(TEE_GenerateKey(key, bits, &param, 1), TEE_SUCCESS);
	for (size_t i = 0; i < HASHES; i += 3)
		round_trip(hashes[i].pkcs1, bits, key, NULL, 0, hashes[i].size);
	round_trip(TEE_ALG_RSASSA_PKCS1_V1_5_MD5SHA1, bits, key, NULL, 0, 36);
	round_trip(TEE_ALG_RSASSA_PKCS1_V1_5, bits, key, NULL, 0, 33);
	round_trip(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA256, bits, key, NULL, 0, 32);
	cr_assert_eq(rsa_pass(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA256, TEE_MODE_ENCRYPT, bits, key,
			      NULL, 0, "a secret", 8, sealed, &size),
		     TEE_SUCCESS);
	cr_assert_eq(rsa_pass(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA256, TEE_MODE_DECRYPT, bits, key,
			      NULL, 0, sealed, size, plain, &plain_size),
		     TEE_SUCCESS);
	vector_expect(plain, plain_size, "6120736563726574", "plain");
}

Test(asymmetric, oaep_with_every_pair_of_digests)
{
	static const uint32_t mgfs[] = { TEE_ALG_MD5,	 TEE_ALG_SHA1,	   TEE_ALG_SHA256,
					 TEE_ALG_SHA512, TEE_ALG_SHA3_224, TEE_ALG_SHA3_512 };
	TEE_ObjectHandle key = key_generated(TEE_TYPE_RSA_KEYPAIR, 1104, 0);
	uint8_t sealed[138], plain[138];

	for (size_t i = 0; i < HASHES; i++) {
		for (size_t j = 0; j <= sizeof(mgfs) / sizeof(mgfs[0]); j++) {
			const uint32_t count = j ? 2 : 1;
			TEE_Attribute params[2];
			size_t size = sizeof(sealed);

			TEE_InitRefAttribute(&params[0], TEE_ATTR_RSA_OAEP_LABEL, "label", 5);
			if (j)
				TEE_InitRefAttribute(&params[1], TEE_ATTR_RSA_OAEP_MGF_HASH,
						     &mgfs[j - 1], 4);
			cr_assert_eq(rsa_pass(hashes[i].oaep, TEE_MODE_ENCRYPT, 1104, key, params,
					      count, "a secret", 8, sealed, &size),
				     TEE_SUCCESS);
			cr_assert_eq(size, sizeof(sealed));
			size = 7;
			cr_assert_eq(rsa_pass(hashes[i].oaep, TEE_MODE_DECRYPT, 1104, key, params,
					      count, sealed, sizeof(sealed), plain, &size),
				     TEE_ERROR_SHORT_BUFFER);
			cr_assert_eq(size, 8);
			cr_assert_eq(rsa_pass(hashes[i].oaep, TEE_MODE_DECRYPT, 1104, key, params,
					      count, sealed, sizeof(sealed), plain, &size),
				     TEE_SUCCESS);
			cr_assert_eq(memcmp(plain, "a secret", 8), 0);
			/* Another label, and another bit. */
			TEE_InitRefAttribute(&params[0], TEE_ATTR_RSA_OAEP_LABEL, "lobel", 5);
			size = sizeof(plain);
			cr_assert_eq(rsa_pass(hashes[i].oaep, TEE_MODE_DECRYPT, 1104, key, params,
					      count, sealed, sizeof(sealed), plain, &size),
				     TEE_ERROR_CIPHERTEXT_INVALID);
		}
	}
}

Test(asymmetric, rsa_encryption_and_its_limits)
{
	TEE_ObjectHandle key = key_generated(TEE_TYPE_RSA_KEYPAIR, 512, 0);
	uint8_t in[65] = { 1 }, sealed[64], plain[64];
	size_t size = sizeof(sealed), plain_size = sizeof(plain);

	cr_assert_eq(rsa_pass(TEE_ALG_RSAES_PKCS1_V1_5, TEE_MODE_ENCRYPT, 512, key, NULL, 0, in, 53,
			      sealed, &size),
		     TEE_SUCCESS);
	cr_assert_eq(rsa_pass(TEE_ALG_RSAES_PKCS1_V1_5, TEE_MODE_DECRYPT, 512, key, NULL, 0, sealed,
			      size, plain, &plain_size),
		     TEE_SUCCESS);
	cr_assert_eq(plain_size, 53);
	cr_assert_eq(memcmp(in, plain, 53), 0);
	cr_assert_eq(rsa_pass(TEE_ALG_RSAES_PKCS1_V1_5, TEE_MODE_ENCRYPT, 512, key, NULL, 0, in, 54,
			      sealed, &size),
		     TEE_ERROR_BAD_PARAMETERS);
	sealed[20] ^= 1;
	cr_assert_eq(rsa_pass(TEE_ALG_RSAES_PKCS1_V1_5, TEE_MODE_DECRYPT, 512, key, NULL, 0, sealed,
			      64, plain, &plain_size),
		     TEE_ERROR_CIPHERTEXT_INVALID);
	/* Bare: what is less than the modulus comes back, without zeros in front. */
	memset(in, 0, sizeof(in));
	in[3] = 0x55;
	in[63] = 0xAA;
	size = sizeof(sealed);
	cr_assert_eq(rsa_pass(TEE_ALG_RSA_NOPAD, TEE_MODE_ENCRYPT, 512, key, NULL, 0, in, 64,
			      sealed, &size),
		     TEE_SUCCESS);
	plain_size = sizeof(plain);
	cr_assert_eq(rsa_pass(TEE_ALG_RSA_NOPAD, TEE_MODE_DECRYPT, 512, key, NULL, 0, sealed, size,
			      plain, &plain_size),
		     TEE_SUCCESS);
	cr_assert_eq(plain_size, 61);
	cr_assert_eq(memcmp(in + 3, plain, 61), 0);
	cr_assert_eq(rsa_pass(TEE_ALG_RSA_NOPAD, TEE_MODE_ENCRYPT, 512, key, NULL, 0, in, 65,
			      sealed, &size),
		     TEE_ERROR_BAD_PARAMETERS);
	memset(in, 0xFF, sizeof(in));
	cr_assert_eq(rsa_pass(TEE_ALG_RSA_NOPAD, TEE_MODE_ENCRYPT, 512, key, NULL, 0, in, 64,
			      sealed, &size),
		     TEE_ERROR_BAD_PARAMETERS);
}

Test(asymmetric, rsa_keys_of_small_and_odd_sizes_sign)
{
	static const uint32_t sizes[] = { 256, 257, 301, 384, 511, 512, 513, 1023 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		TEE_ObjectHandle key = key_generated(TEE_TYPE_RSA_KEYPAIR, sizes[i], 0);
		TEE_ObjectInfo info;

		cr_assert_eq(TEE_GetObjectInfo1(key, &info), TEE_SUCCESS);
		cr_assert_eq(info.objectSize, sizes[i]);
		round_trip(TEE_ALG_RSASSA_PKCS1_V1_5, sizes[i], key, NULL, 0, 20);
		TEE_FreeTransientObject(key);
	}
}

Test(asymmetric, rsa_key_without_its_primes_signs)
{
	static const uint32_t ids[] = { TEE_ATTR_RSA_MODULUS, TEE_ATTR_RSA_PUBLIC_EXPONENT,
					TEE_ATTR_RSA_PRIVATE_EXPONENT };
	TEE_ObjectHandle key = key_generated(TEE_TYPE_RSA_KEYPAIR, 1024, 0), bare;
	TEE_Attribute attributes[3];
	uint8_t octets[3][128];

	for (size_t i = 0; i < 3; i++) {
		size_t size = 128;

		cr_assert_eq(TEE_GetObjectBufferAttribute(key, ids[i], octets[i], &size),
			     TEE_SUCCESS);
		TEE_InitRefAttribute(&attributes[i], ids[i], octets[i], size);
	}
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_RSA_KEYPAIR, 1024, &bare), TEE_SUCCESS);
	cr_assert_eq(TEE_PopulateTransientObject(bare, attributes, 3), TEE_SUCCESS);
	round_trip(TEE_ALG_RSASSA_PKCS1_V1_5_SHA256, 1024, bare, NULL, 0, 32);
}

static TEE_ObjectHandle dsa_key(uint32_t bits, const char *p, const char *q, const char *g)
{
	const struct vector numbers[] = { vector_of(p), vector_of(q), vector_of(g) };
	TEE_Attribute attributes[3];
	TEE_ObjectHandle key;

	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_DSA_PRIME, numbers[0].at, numbers[0].size);
	TEE_InitRefAttribute(&attributes[1], TEE_ATTR_DSA_SUBPRIME, numbers[1].at, numbers[1].size);
	TEE_InitRefAttribute(&attributes[2], TEE_ATTR_DSA_BASE, numbers[2].at, numbers[2].size);
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_DSA_KEYPAIR, bits, &key), TEE_SUCCESS);
	cr_assert_eq(TEE_GenerateKey(key, bits, attributes, 3), TEE_SUCCESS);
	return key;
}

Test(asymmetric, dsa_of_every_size_and_digest)
{
	TEE_ObjectHandle small = dsa_key(512, DSA_512_PRIME, DSA_512_SUBPRIME, DSA_512_BASE);
	TEE_ObjectHandle middle = dsa_key(1024, DSA_1024_PRIME, DSA_1024_SUBPRIME, DSA_1024_BASE);
	TEE_ObjectHandle big = dsa_key(2048, DSA_2048_PRIME, DSA_2048_SUBPRIME, DSA_2048_BASE);

	round_trip(TEE_ALG_DSA_SHA1, 512, small, NULL, 0, 20);
	round_trip(TEE_ALG_DSA_SHA1, 1024, middle, NULL, 0, 20);
	round_trip(TEE_ALG_DSA_SHA224, 2048, big, NULL, 0, 28);
	round_trip(TEE_ALG_DSA_SHA256, 2048, big, NULL, 0, 32);
	round_trip(TEE_ALG_DSA_SHA3_224, 2048, big, NULL, 0, 28);
	round_trip(TEE_ALG_DSA_SHA3_256, 2048, big, NULL, 0, 32);
	round_trip(TEE_ALG_DSA_SHA3_384, 2048, big, NULL, 0, 48);
	round_trip(TEE_ALG_DSA_SHA3_512, 2048, big, NULL, 0, 64);
}

Test(asymmetric, ecdsa_on_every_curve)
{
	static const struct {
		uint32_t algorithm, curve, bits;
		size_t digest_size;
	} all[] = {
		{ TEE_ALG_ECDSA_SHA1, TEE_ECC_CURVE_NIST_P192, 192, 20 },
		{ TEE_ALG_ECDSA_SHA224, TEE_ECC_CURVE_NIST_P224, 224, 28 },
		{ TEE_ALG_ECDSA_SHA256, TEE_ECC_CURVE_NIST_P256, 256, 32 },
		{ TEE_ALG_ECDSA_SHA384, TEE_ECC_CURVE_NIST_P384, 384, 48 },
		{ TEE_ALG_ECDSA_SHA512, TEE_ECC_CURVE_NIST_P521, 521, 64 },
		{ TEE_ALG_ECDSA_SHA3_256, TEE_ECC_CURVE_NIST_P256, 256, 32 },
		{ TEE_ALG_ECDSA_SHA3_512, TEE_ECC_CURVE_NIST_P521, 521, 64 },
		{ TEE_ALG_ECDSA_SHA256, TEE_ECC_CURVE_NIST_P384, 384, 32 },
		{ __OPTEE_ALG_ECDSA_P256, TEE_ECC_CURVE_NIST_P256, 256, 32 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		TEE_ObjectHandle key =
			key_generated(TEE_TYPE_ECDSA_KEYPAIR, all[i].bits, all[i].curve);

		round_trip(all[i].algorithm, all[i].bits, key, NULL, 0, all[i].digest_size);
		TEE_FreeTransientObject(key);
	}
}

/* RFC 6979, A.2.5: P-256, "sample". */
Test(asymmetric, ecdsa_verifies_a_published_signature)
{
	static const struct key_part parts[] = {
		{ TEE_ATTR_ECC_CURVE, NULL, TEE_ECC_CURVE_NIST_P256 },
		{ TEE_ATTR_ECC_PUBLIC_VALUE_X,
		  "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6", 0 },
		{ TEE_ATTR_ECC_PUBLIC_VALUE_Y,
		  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299", 0 },
		{ 0 },
	};
	const struct vector signature =
		vector_of("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
			  "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
	const struct vector digest =
		vector_of("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf");
	TEE_ObjectHandle key = key_of_parts(TEE_TYPE_ECDSA_PUBLIC_KEY, 256, parts);
	uint8_t zeros[64] = { 0 };

	cr_assert_eq(verify(TEE_ALG_ECDSA_SHA256, 256, key, NULL, 0, digest.at, 32, signature.at,
			    64),
		     TEE_SUCCESS);
	cr_assert_eq(verify(TEE_ALG_ECDSA_SHA256, 256, key, NULL, 0, digest.at, 32, zeros, 64),
		     TEE_ERROR_SIGNATURE_INVALID);
}

/* RFC 8032, 7.1 to 7.4. */
Test(asymmetric, eddsa_published_vectors)
{
	static const struct {
		uint32_t algorithm, type, bits;
		const char *secret, *identity, *message, *context;
		bool prehash;
		const char *signature;
	} all[] = {
		{ TEE_ALG_ED25519, TEE_TYPE_ED25519_KEYPAIR, 256,
		  "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", NULL,
		  false,
		  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
		{ TEE_ALG_ED25519, TEE_TYPE_ED25519_KEYPAIR, 256,
		  "0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6",
		  "dfc9425e4f968f7f0c29f0259cf5f9aed6851c2bb4ad8bfb860cfee0ab248292",
		  "f726936d19c800494e3fdaff20b276a8", "666f6f", false,
		  "55a4cc2f70a54e04288c5f4cd1e45a7bb520b36292911876cada7323198dd87a"
		  "8b36950b95130022907a7fb7c4e9b2d5f6cca685a587b4b21f4b888e4e7edb0d" },
		{ TEE_ALG_ED25519, TEE_TYPE_ED25519_KEYPAIR, 256,
		  "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
		  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf", "616263",
		  NULL, true,
		  "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
		  "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406" },
		{ TEE_ALG_ED448, TEE_TYPE_ED448_KEYPAIR, 448,
		  "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3"
		  "528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b",
		  "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778"
		  "edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
		  "", NULL, false,
		  "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f"
		  "2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a"
		  "9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4db"
		  "b61149f05a7363268c71d95808ff2e652600" },
		{ TEE_ALG_ED448, TEE_TYPE_ED448_KEYPAIR, 448,
		  "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463a"
		  "fbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
		  "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c086"
		  "6aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
		  "03", "666f6f", false,
		  "d4f8f6131770dd46f40867d6fd5d5055de43541f8c5e35abbcd001b32a89f7d2"
		  "151f7647f11d8ca2ae279fb842d607217fce6e042f6815ea000c85741de5c8da"
		  "1144a6a1aba7f96de42505d7a7298524fda538fccbbb754f578c1cad10d54d0d"
		  "5428407e85dcbc98a49155c13764e66c3c00" },
		{ TEE_ALG_ED448, TEE_TYPE_ED448_KEYPAIR, 448,
		  "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42"
		  "ef7822e0d5104127dc05d6dbefde69e3ab2cec7c867c6e2c49",
		  "259b71c19f83ef77a7abd26524cbdb3161b590a48f7d17de3ee0ba9c52beb743"
		  "c09428a131d6b1b57303d90d8132c276d5ed3d5d01c0f53880",
		  "616263", NULL, true,
		  "822f6901f7480f3d5f562c592994d9693602875614483256505600bbc281ae38"
		  "1f54d6bce2ea911574932f52a4e6cadd78769375ec3ffd1b801a0d9b3f4030cd"
		  "433964b6457ea39476511214f97469b57dd32dbc560a9a94d00bff07620464a3"
		  "ad203df7dc7ce360c3cd3696d9d9fab90f00" },
		{ TEE_ALG_ED448, TEE_TYPE_ED448_KEYPAIR, 448,
		  "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42"
		  "ef7822e0d5104127dc05d6dbefde69e3ab2cec7c867c6e2c49",
		  "259b71c19f83ef77a7abd26524cbdb3161b590a48f7d17de3ee0ba9c52beb743"
		  "c09428a131d6b1b57303d90d8132c276d5ed3d5d01c0f53880",
		  "616263", "666f6f", true,
		  "c32299d46ec8ff02b54540982814dce9a05812f81962b649d528095916a2aa48"
		  "1065b1580423ef927ecf0af5888f90da0f6a9a85ad5dc3f280d91224ba9911a3"
		  "653d00e484e2ce232521481c8658df304bb7745a73514cdb9bf3e15784ab7128"
		  "4f8d0704a608c54a6b62d97beb511d132100" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct key_part parts[] = {
			{ TEE_ATTR_ED25519_PUBLIC_VALUE, all[i].identity, 0 },
			{ TEE_ATTR_ED25519_PRIVATE_VALUE, all[i].secret, 0 },
			{ 0 },
		};
		const struct vector message = vector_of(all[i].message);
		const struct vector context = vector_of(all[i].context ? all[i].context : "");
		TEE_ObjectHandle key = key_of_parts(all[i].type, all[i].bits, parts);
		TEE_Attribute params[2];
		uint32_t count = 0;
		uint8_t signature[114];
		size_t size;

		if (all[i].context)
			TEE_InitRefAttribute(&params[count++], TEE_ATTR_EDDSA_CTX, context.at,
					     context.size);
		if (all[i].prehash)
			TEE_InitValueAttribute(&params[count++], TEE_ATTR_EDDSA_PREHASH, 1, 0);
		size = sign(all[i].algorithm, all[i].bits, key, params, count, message.at,
			    message.size, signature);
		vector_expect(signature, size, all[i].signature, "signature");
		cr_assert_eq(verify(all[i].algorithm, all[i].bits, key, params, count, message.at,
				    message.size, signature, size),
			     TEE_SUCCESS);
		for (size_t bit = 0; bit<size * 8; bit += size> 64 ? 37 : 3) {
			signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
			cr_assert_eq(verify(all[i].algorithm, all[i].bits, key, params, count,
					    message.at, message.size, signature, size),
				     TEE_ERROR_SIGNATURE_INVALID);
			signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		/* The variants do not take each other's signatures. */
		if (count)
			cr_assert_eq(verify(all[i].algorithm, all[i].bits, key, NULL, 0, message.at,
					    message.size, signature, size),
				     TEE_ERROR_SIGNATURE_INVALID);
		TEE_FreeTransientObject(key);
	}
}

/* The form with a context is made here; with an empty one it is the library's plain form. */
Test(asymmetric, ed448_is_the_library_s_where_that_has_it)
{
	for (uint32_t round = 0; round < 12; round++) {
		TEE_ObjectHandle key = key_generated(TEE_TYPE_ED448_KEYPAIR, 448, 0);
		struct ed448_message message = { .text = { (const uint8_t *)"message",
							   round % 8 } };
		uint8_t secret[57], identity[57], ours[114], theirs[114];
		size_t secret_size = sizeof(secret), identity_size = sizeof(identity);

		cr_assert_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_ED25519_PRIVATE_VALUE,
							  secret, &secret_size),
			     TEE_SUCCESS);
		cr_assert_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_ED25519_PUBLIC_VALUE,
							  identity, &identity_size),
			     TEE_SUCCESS);
		cr_assert(ed448_sign(secret, &message, ours));
		sign(TEE_ALG_ED448, 448, key, NULL, 0, message.text.at, message.text.size, theirs);
		cr_expect_eq(memcmp(ours, theirs, sizeof(ours)), 0);
		cr_expect(ed448_verify(identity, &message, theirs));
		theirs[round * 9] ^= 0x20;
		cr_expect(!ed448_verify(identity, &message, theirs));
		/* The opposite point, or none. */
		identity[56] ^= round % 2 ? 0x80 : 0x01;
		cr_expect(!ed448_verify(identity, &message, ours));
		TEE_FreeTransientObject(key);
	}
}

#define SM2_PRIVATE "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
#define SM2_X	    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
#define SM2_Y	    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"

static TEE_ObjectHandle sm2_key(uint32_t type)
{
	static const struct key_part parts[] = {
		{ TEE_ATTR_ECC_CURVE, NULL, TEE_ECC_CURVE_SM2 },
		{ TEE_ATTR_ECC_PUBLIC_VALUE_X, SM2_X, 0 },
		{ TEE_ATTR_ECC_PUBLIC_VALUE_Y, SM2_Y, 0 },
		{ TEE_ATTR_ECC_PRIVATE_VALUE, SM2_PRIVATE, 0 },
		{ 0 },
	};

	return key_of_parts(type, 256, parts);
}

/* GM/T 0003.5, annex A. */
Test(asymmetric, sm2_verifies_a_published_signature)
{
	const struct vector digest =
		vector_of("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
	struct vector signature =
		vector_of("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
			  "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa");
	TEE_ObjectHandle key = sm2_key(TEE_TYPE_SM2_DSA_KEYPAIR);

	cr_assert_eq(verify(TEE_ALG_SM2_DSA_SM3, 256, key, NULL, 0, digest.at, 32, signature.at,
			    64),
		     TEE_SUCCESS);
	round_trip(TEE_ALG_SM2_DSA_SM3, 256, key, NULL, 0, 32);
	round_trip(TEE_ALG_SM2_DSA_SM3, 256, key_generated(TEE_TYPE_SM2_DSA_KEYPAIR, 256, 0), NULL,
		   0, 32);
}

/* GM/T 0003.5, annex C, in the order C1, C2, C3. */
Test(asymmetric, sm2_decrypts_a_published_ciphertext)
{
	struct vector sealed =
		vector_of("04 04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
			  "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
			  "21886ca989ca9c7d58087307ca93092d651efa"
			  "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766");
	TEE_ObjectHandle key = sm2_key(TEE_TYPE_SM2_PKE_KEYPAIR);
	uint8_t out[200], again[200];
	size_t size = sizeof(out), again_size = sizeof(again);

	cr_assert_eq(rsa_pass(TEE_ALG_SM2_PKE, TEE_MODE_DECRYPT, 256, key, NULL, 0, sealed.at,
			      sealed.size, out, &size),
		     TEE_SUCCESS);
	cr_assert_eq(size, 19);
	cr_assert_eq(memcmp(out, "encryption standard", 19), 0);
	for (size_t i = 0; i < sealed.size; i += 7) {
		sealed.at[i] ^= 0x20;
		cr_assert_neq(rsa_pass(TEE_ALG_SM2_PKE, TEE_MODE_DECRYPT, 256, key, NULL, 0,
				       sealed.at, sealed.size, again, &again_size),
			      TEE_SUCCESS);
		sealed.at[i] ^= 0x20;
	}
	size = sizeof(out);
	cr_assert_eq(rsa_pass(TEE_ALG_SM2_PKE, TEE_MODE_ENCRYPT, 256, key, NULL, 0, "0123456789",
			      10, out, &size),
		     TEE_SUCCESS);
	cr_assert_eq(size, 107);
	again_size = sizeof(again);
	cr_assert_eq(rsa_pass(TEE_ALG_SM2_PKE, TEE_MODE_DECRYPT, 256, key, NULL, 0, out, size,
			      again, &again_size),
		     TEE_SUCCESS);
	cr_assert_eq(again_size, 10);
	cr_assert_eq(memcmp(again, "0123456789", 10), 0);
}

static TEE_OperationHandle ready;

static void digest_of_another_length(void)
{
	uint8_t signature[128];
	size_t size = sizeof(signature);

	(void)TEE_AsymmetricSignDigest(ready, NULL, 0, "0123456789", 10, signature, &size);
}

static void wrong_mode(void)
{
	(void)TEE_AsymmetricVerifyDigest(ready, NULL, 0, "0123456789", 10, "x", 1);
}

static void wrong_class(void)
{
	uint8_t out[128];
	size_t size = sizeof(out);

	(void)TEE_AsymmetricEncrypt(ready, NULL, 0, "0123456789", 10, out, &size);
}

static void no_key(void)
{
	uint8_t signature[128];
	size_t size = sizeof(signature);

	(void)TEE_AsymmetricSignDigest(ready, NULL, 0, "0123456789abcdef0123", 20, signature,
				       &size);
}

Test(asymmetric, broken_rules_panic)
{
	ready = operation_for(TEE_ALG_RSASSA_PKCS1_V1_5_SHA1, TEE_MODE_SIGN, 512,
			      key_generated(TEE_TYPE_RSA_KEYPAIR, 512, 0));
	cr_assert(runtime_double_panics(digest_of_another_length));
	cr_assert(runtime_double_panics(wrong_mode));
	cr_assert(runtime_double_panics(wrong_class));
	cr_assert_eq(TEE_SetOperationKey(ready, TEE_HANDLE_NULL), TEE_SUCCESS);
	cr_assert(runtime_double_panics(no_key));
}
