/*
 * Everything that the specification and OP-TEE give a number: it has that number here, it works,
 * and it stands in the documentation. Whether the results are the right ones is what the vectors of
 * the other files say; here each algorithm goes its way once, and refuses what was tampered with.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines_extensions.h>

#include "api/algorithms.h"
#include "api/object_types.h"
#include "api/random.h"
#include "groups.h"
#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

/* Keys are the same in every run: some random ones take ten times as long to be found as others. */
static void setup(void)
{
	static const uint8_t seed[RANDOM_SEED_SIZE] = { 3 };

	runtime_double_reset();
	random_follow(seed);
}

TestSuite(completeness, .init = setup, .timeout = 500);

struct number {
	const char *name;
	uint32_t here;
	uint32_t number;
};

#define NUMBER(name, number)        \
	{                           \
#name, name, number \
	}
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
static const struct number algorithms[] = {
	NUMBER(TEE_ALG_AES_ECB_NOPAD, 0x10000010),
	NUMBER(TEE_ALG_AES_CBC_NOPAD, 0x10000110),
	NUMBER(TEE_ALG_AES_CTR, 0x10000210),
	NUMBER(TEE_ALG_AES_CTS, 0x10000310),
	NUMBER(TEE_ALG_AES_XTS, 0x10000410),
	NUMBER(TEE_ALG_AES_CBC_MAC_NOPAD, 0x30000110),
	NUMBER(TEE_ALG_AES_CBC_MAC_PKCS5, 0x30000510),
	NUMBER(TEE_ALG_AES_CMAC, 0x30000610),
	NUMBER(TEE_ALG_AES_CCM, 0x40000710),
	NUMBER(TEE_ALG_AES_GCM, 0x40000810),
	NUMBER(TEE_ALG_DES_ECB_NOPAD, 0x10000011),
	NUMBER(TEE_ALG_DES_CBC_NOPAD, 0x10000111),
	NUMBER(TEE_ALG_DES_CBC_MAC_NOPAD, 0x30000111),
	NUMBER(TEE_ALG_DES_CBC_MAC_PKCS5, 0x30000511),
	NUMBER(TEE_ALG_DES3_ECB_NOPAD, 0x10000013),
	NUMBER(TEE_ALG_DES3_CBC_NOPAD, 0x10000113),
	NUMBER(TEE_ALG_DES3_CBC_MAC_NOPAD, 0x30000113),
	NUMBER(TEE_ALG_DES3_CBC_MAC_PKCS5, 0x30000513),
	NUMBER(TEE_ALG_SM4_ECB_NOPAD, 0x10000014),
	NUMBER(TEE_ALG_SM4_CBC_NOPAD, 0x10000114),
	NUMBER(TEE_ALG_SM4_CTR, 0x10000214),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5_MD5, 0x70001830),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5_SHA1, 0x70002830),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5_SHA224, 0x70003830),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5_SHA256, 0x70004830),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5_SHA384, 0x70005830),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5_SHA512, 0x70006830),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5_MD5SHA1, 0x7000f830),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5_SHA3_224, 0x70008830),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5_SHA3_256, 0x70009830),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5_SHA3_384, 0x7000a830),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5_SHA3_512, 0x7000b830),
	NUMBER(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA1, 0x70212930),
	NUMBER(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA224, 0x70313930),
	NUMBER(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA256, 0x70414930),
	NUMBER(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA384, 0x70515930),
	NUMBER(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA512, 0x70616930),
	NUMBER(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA3_224, 0x70818930),
	NUMBER(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA3_256, 0x70919930),
	NUMBER(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA3_384, 0x70a1a930),
	NUMBER(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA3_512, 0x70b1b930),
	NUMBER(TEE_ALG_RSAES_PKCS1_V1_5, 0x60000130),
	NUMBER(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA1, 0x60210230),
	NUMBER(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA224, 0x60310230),
	NUMBER(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA256, 0x60410230),
	NUMBER(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA384, 0x60510230),
	NUMBER(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA512, 0x60610230),
	NUMBER(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA3_224, 0x60810230),
	NUMBER(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA3_256, 0x60910230),
	NUMBER(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA3_384, 0x60a10230),
	NUMBER(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA3_512, 0x60b10230),
	NUMBER(TEE_ALG_RSA_NOPAD, 0x60000030),
	NUMBER(TEE_ALG_DSA_SHA1, 0x70002131),
	NUMBER(TEE_ALG_DSA_SHA224, 0x70003131),
	NUMBER(TEE_ALG_DSA_SHA256, 0x70004131),
	NUMBER(TEE_ALG_DSA_SHA3_224, 0x70008131),
	NUMBER(TEE_ALG_DSA_SHA3_256, 0x70009131),
	NUMBER(TEE_ALG_DSA_SHA3_384, 0x7000a131),
	NUMBER(TEE_ALG_DSA_SHA3_512, 0x7000b131),
	NUMBER(TEE_ALG_SM2_DSA_SM3, 0x70006045),
	NUMBER(TEE_ALG_DH_DERIVE_SHARED_SECRET, 0x80000032),
	NUMBER(TEE_ALG_SM2_KEP, 0x60000045),
	NUMBER(TEE_ALG_MD5, 0x50000001),
	NUMBER(TEE_ALG_SHA1, 0x50000002),
	NUMBER(TEE_ALG_SHA224, 0x50000003),
	NUMBER(TEE_ALG_SHA256, 0x50000004),
	NUMBER(TEE_ALG_SHA384, 0x50000005),
	NUMBER(TEE_ALG_SHA512, 0x50000006),
	NUMBER(TEE_ALG_SHA3_224, 0x50000008),
	NUMBER(TEE_ALG_MD5SHA1, 0x5000000f),
	NUMBER(TEE_ALG_HMAC_MD5, 0x30000001),
	NUMBER(TEE_ALG_HMAC_SHA1, 0x30000002),
	NUMBER(TEE_ALG_HMAC_SHA224, 0x30000003),
	NUMBER(TEE_ALG_HMAC_SHA256, 0x30000004),
	NUMBER(TEE_ALG_HMAC_SHA384, 0x30000005),
	NUMBER(TEE_ALG_HMAC_SHA512, 0x30000006),
	NUMBER(TEE_ALG_HMAC_SM3, 0x30000007),
	NUMBER(TEE_ALG_HMAC_SHA3_224, 0x30000008),
	NUMBER(TEE_ALG_HMAC_SHA3_256, 0x30000009),
	NUMBER(TEE_ALG_HMAC_SHA3_384, 0x3000000a),
	NUMBER(TEE_ALG_HMAC_SHA3_512, 0x3000000b),
	NUMBER(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, 0x80000042),
	NUMBER(TEE_ALG_ECDSA_SHA1, 0x70001042),
	NUMBER(TEE_ALG_ECDSA_SHA224, 0x70002042),
	NUMBER(TEE_ALG_ECDSA_SHA256, 0x70003042),
	NUMBER(TEE_ALG_ECDSA_SHA384, 0x70004042),
	NUMBER(TEE_ALG_ECDSA_SHA512, 0x70005042),
	NUMBER(TEE_ALG_ECDSA_SHA3_224, 0x70006042),
	NUMBER(TEE_ALG_ECDSA_SHA3_256, 0x70007042),
	NUMBER(TEE_ALG_ECDSA_SHA3_384, 0x70008042),
	NUMBER(TEE_ALG_ECDSA_SHA3_512, 0x70009042),
	NUMBER(TEE_ALG_ED25519, 0x70006043),
	NUMBER(TEE_ALG_ED448, 0x70006044),
	NUMBER(TEE_ALG_SM2_PKE, 0x80000046),
	NUMBER(TEE_ALG_HKDF, 0x80000047),
	NUMBER(TEE_ALG_SM3, 0x50000007),
	NUMBER(TEE_ALG_X25519, 0x80000044),
	NUMBER(TEE_ALG_X448, 0x80000045),
	NUMBER(TEE_ALG_SM4_ECB_PKCS5, 0x10000015),
	NUMBER(TEE_ALG_SM4_CBC_PKCS5, 0x10000115),
	NUMBER(TEE_ALG_SHA3_256, 0x50000009),
	NUMBER(TEE_ALG_SHA3_384, 0x5000000a),
	NUMBER(TEE_ALG_SHA3_512, 0x5000000b),
	NUMBER(TEE_ALG_SHAKE128, 0x50000101),
	NUMBER(TEE_ALG_SHAKE256, 0x50000102),
	NUMBER(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_MD5, 0xf0111930),
	NUMBER(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_MD5, 0xf0110230),
	NUMBER(TEE_ALG_HKDF_MD5_DERIVE_KEY, 0x800010c0),
	NUMBER(TEE_ALG_HKDF_SHA1_DERIVE_KEY, 0x800020c0),
	NUMBER(TEE_ALG_HKDF_SHA224_DERIVE_KEY, 0x800030c0),
	NUMBER(TEE_ALG_HKDF_SHA256_DERIVE_KEY, 0x800040c0),
	NUMBER(TEE_ALG_HKDF_SHA384_DERIVE_KEY, 0x800050c0),
	NUMBER(TEE_ALG_HKDF_SHA512_DERIVE_KEY, 0x800060c0),
	NUMBER(TEE_ALG_CONCAT_KDF_SHA1_DERIVE_KEY, 0x800020c1),
	NUMBER(TEE_ALG_CONCAT_KDF_SHA224_DERIVE_KEY, 0x800030c1),
	NUMBER(TEE_ALG_CONCAT_KDF_SHA256_DERIVE_KEY, 0x800040c1),
	NUMBER(TEE_ALG_CONCAT_KDF_SHA384_DERIVE_KEY, 0x800050c1),
	NUMBER(TEE_ALG_CONCAT_KDF_SHA512_DERIVE_KEY, 0x800060c1),
	NUMBER(TEE_ALG_PBKDF2_HMAC_SHA1_DERIVE_KEY, 0x800020c2),
	NUMBER(TEE_ALG_PBKDF2_HMAC_SHA224_DERIVE_KEY, 0x800030c2),
	NUMBER(TEE_ALG_PBKDF2_HMAC_SHA256_DERIVE_KEY, 0x800040c2),
	NUMBER(TEE_ALG_PBKDF2_HMAC_SHA384_DERIVE_KEY, 0x800050c2),
	NUMBER(TEE_ALG_PBKDF2_HMAC_SHA512_DERIVE_KEY, 0x800060c2),
	NUMBER(TEE_ALG_PBKDF2_HMAC_SM3_DERIVE_KEY, 0x800070c2),
	NUMBER(TEE_ALG_RSASSA_PKCS1_V1_5, 0xf0000830),
	NUMBER(TEE_ALG_DES3_CMAC, 0xf0000613),
	NUMBER(TEE_ALG_SM4_XTS, 0xf0000414),
};

static const struct number types[] = {
	NUMBER(TEE_TYPE_AES, 0xa0000010),
	NUMBER(TEE_TYPE_DES, 0xa0000011),
	NUMBER(TEE_TYPE_DES3, 0xa0000013),
	NUMBER(TEE_TYPE_SM4, 0xa0000014),
	NUMBER(TEE_TYPE_HMAC_MD5, 0xa0000001),
	NUMBER(TEE_TYPE_HMAC_SHA1, 0xa0000002),
	NUMBER(TEE_TYPE_HMAC_SHA224, 0xa0000003),
	NUMBER(TEE_TYPE_HMAC_SHA256, 0xa0000004),
	NUMBER(TEE_TYPE_HMAC_SHA384, 0xa0000005),
	NUMBER(TEE_TYPE_HMAC_SHA512, 0xa0000006),
	NUMBER(TEE_TYPE_HMAC_SM3, 0xa0000007),
	NUMBER(TEE_TYPE_HMAC_SHA3_224, 0xa0000008),
	NUMBER(TEE_TYPE_HMAC_SHA3_256, 0xa0000009),
	NUMBER(TEE_TYPE_HMAC_SHA3_384, 0xa000000a),
	NUMBER(TEE_TYPE_HMAC_SHA3_512, 0xa000000b),
	NUMBER(TEE_TYPE_RSA_PUBLIC_KEY, 0xa0000030),
	NUMBER(TEE_TYPE_RSA_KEYPAIR, 0xa1000030),
	NUMBER(TEE_TYPE_DSA_PUBLIC_KEY, 0xa0000031),
	NUMBER(TEE_TYPE_DSA_KEYPAIR, 0xa1000031),
	NUMBER(TEE_TYPE_DH_KEYPAIR, 0xa1000032),
	NUMBER(TEE_TYPE_ECDSA_PUBLIC_KEY, 0xa0000041),
	NUMBER(TEE_TYPE_ECDSA_KEYPAIR, 0xa1000041),
	NUMBER(TEE_TYPE_ECDH_PUBLIC_KEY, 0xa0000042),
	NUMBER(TEE_TYPE_ECDH_KEYPAIR, 0xa1000042),
	NUMBER(TEE_TYPE_ED25519_PUBLIC_KEY, 0xa0000043),
	NUMBER(TEE_TYPE_ED25519_KEYPAIR, 0xa1000043),
	NUMBER(TEE_TYPE_ED448_PUBLIC_KEY, 0xa0000048),
	NUMBER(TEE_TYPE_ED448_KEYPAIR, 0xa1000048),
	NUMBER(TEE_TYPE_X448_PUBLIC_KEY, 0xa0000049),
	NUMBER(TEE_TYPE_X448_KEYPAIR, 0xa1000049),
	NUMBER(TEE_TYPE_SM2_DSA_PUBLIC_KEY, 0xa0000045),
	NUMBER(TEE_TYPE_SM2_DSA_KEYPAIR, 0xa1000045),
	NUMBER(TEE_TYPE_SM2_KEP_PUBLIC_KEY, 0xa0000046),
	NUMBER(TEE_TYPE_SM2_KEP_KEYPAIR, 0xa1000046),
	NUMBER(TEE_TYPE_SM2_PKE_PUBLIC_KEY, 0xa0000047),
	NUMBER(TEE_TYPE_SM2_PKE_KEYPAIR, 0xa1000047),
	NUMBER(TEE_TYPE_HKDF, 0xa000004a),
	NUMBER(TEE_TYPE_GENERIC_SECRET, 0xa0000000),
	NUMBER(TEE_TYPE_X25519_PUBLIC_KEY, 0xa0000044),
	NUMBER(TEE_TYPE_X25519_KEYPAIR, 0xa1000044),
	NUMBER(TEE_TYPE_HKDF_IKM, 0xa10000c0),
	NUMBER(TEE_TYPE_CONCAT_KDF_Z, 0xa10000c1),
	NUMBER(TEE_TYPE_PBKDF2_PASSWORD, 0xa10000c2),
};

static const struct number attributes[] = {
	NUMBER(TEE_ATTR_SECRET_VALUE, 0xc0000000),
	NUMBER(TEE_ATTR_RSA_MODULUS, 0xd0000130),
	NUMBER(TEE_ATTR_RSA_PUBLIC_EXPONENT, 0xd0000230),
	NUMBER(TEE_ATTR_RSA_PRIVATE_EXPONENT, 0xc0000330),
	NUMBER(TEE_ATTR_RSA_PRIME1, 0xc0000430),
	NUMBER(TEE_ATTR_RSA_PRIME2, 0xc0000530),
	NUMBER(TEE_ATTR_RSA_EXPONENT1, 0xc0000630),
	NUMBER(TEE_ATTR_RSA_EXPONENT2, 0xc0000730),
	NUMBER(TEE_ATTR_RSA_COEFFICIENT, 0xc0000830),
	NUMBER(TEE_ATTR_DSA_PRIME, 0xd0001031),
	NUMBER(TEE_ATTR_DSA_SUBPRIME, 0xd0001131),
	NUMBER(TEE_ATTR_DSA_BASE, 0xd0001231),
	NUMBER(TEE_ATTR_DSA_PUBLIC_VALUE, 0xd0000131),
	NUMBER(TEE_ATTR_DSA_PRIVATE_VALUE, 0xc0000231),
	NUMBER(TEE_ATTR_DH_PRIME, 0xd0001032),
	NUMBER(TEE_ATTR_DH_SUBPRIME, 0xd0001132),
	NUMBER(TEE_ATTR_DH_BASE, 0xd0001232),
	NUMBER(TEE_ATTR_DH_PUBLIC_VALUE, 0xd0000132),
	NUMBER(TEE_ATTR_DH_PRIVATE_VALUE, 0xc0000232),
	NUMBER(TEE_ATTR_RSA_OAEP_LABEL, 0xd0000930),
	NUMBER(TEE_ATTR_RSA_OAEP_MGF_HASH, 0xd0000931),
	NUMBER(TEE_ATTR_RSA_PSS_SALT_LENGTH, 0xf0000a30),
	NUMBER(TEE_ATTR_ECC_PUBLIC_VALUE_X, 0xd0000141),
	NUMBER(TEE_ATTR_ECC_PUBLIC_VALUE_Y, 0xd0000241),
	NUMBER(TEE_ATTR_ECC_PRIVATE_VALUE, 0xc0000341),
	NUMBER(TEE_ATTR_ECC_CURVE, 0xf0000441),
	NUMBER(TEE_ATTR_SM2_ID_INITIATOR, 0xd0000446),
	NUMBER(TEE_ATTR_SM2_ID_RESPONDER, 0xd0000546),
	NUMBER(TEE_ATTR_SM2_KEP_USER, 0xf0000646),
	NUMBER(TEE_ATTR_SM2_KEP_CONFIRMATION_IN, 0xd0000746),
	NUMBER(TEE_ATTR_SM2_KEP_CONFIRMATION_OUT, 0xd0000846),
	NUMBER(TEE_ATTR_ECC_EPHEMERAL_PUBLIC_VALUE_X, 0xd0000146),
	NUMBER(TEE_ATTR_ECC_EPHEMERAL_PUBLIC_VALUE_Y, 0xd0000246),
	NUMBER(TEE_ATTR_EDDSA_CTX, 0xd0000643),
	NUMBER(TEE_ATTR_ED25519_PUBLIC_VALUE, 0xd0000743),
	NUMBER(TEE_ATTR_ED25519_PRIVATE_VALUE, 0xc0000843),
	NUMBER(TEE_ATTR_X25519_PUBLIC_VALUE, 0xd0000944),
	NUMBER(TEE_ATTR_X25519_PRIVATE_VALUE, 0xc0000a44),
	NUMBER(TEE_ATTR_EDDSA_PREHASH, 0xf0000004),
	NUMBER(TEE_ATTR_X448_PUBLIC_VALUE, 0xd0000a45),
	NUMBER(TEE_ATTR_X448_PRIVATE_VALUE, 0xc0000a46),
	NUMBER(TEE_ATTR_HKDF_SALT, 0xd0000946),
	NUMBER(TEE_ATTR_HKDF_INFO, 0xd0000a46),
	NUMBER(TEE_ATTR_HKDF_HASH_ALGORITHM, 0xf0000b46),
	NUMBER(TEE_ATTR_KDF_KEY_SIZE, 0xf0000c46),
};
/* clang-format on */

static void numbers_check(const struct number *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(numbers[i].here, numbers[i].number, "%s is 0x%08x", numbers[i].name,
			     numbers[i].here);
}

Test(completeness, numbers_are_those_that_tas_were_compiled_with)
{
	numbers_check(algorithms, COUNT(algorithms));
	numbers_check(types, COUNT(types));
	numbers_check(attributes, COUNT(attributes));
}

static TEE_ObjectHandle dsa_key(uint32_t bits)
{
	static const struct {
		uint32_t bits;
		const char *number[3];
	} groups[] = {
		{ 512, { DSA_512_PRIME, DSA_512_SUBPRIME, DSA_512_BASE } },
		{ 1024, { DSA_1024_PRIME, DSA_1024_SUBPRIME, DSA_1024_BASE } },
		{ 2048, { DSA_2048_PRIME, DSA_2048_SUBPRIME, DSA_2048_BASE } },
		{ 3072, { DSA_3072_PRIME, DSA_3072_SUBPRIME, DSA_3072_BASE } },
	};
	static const uint32_t ids[] = { TEE_ATTR_DSA_PRIME, TEE_ATTR_DSA_SUBPRIME,
					TEE_ATTR_DSA_BASE };
	struct vector numbers[3];
	TEE_Attribute params[3];
	TEE_ObjectHandle key;
	size_t group = 0;

	while (groups[group].bits != bits)
		group++;
	for (size_t i = 0; i < 3; i++) {
		numbers[i] = vector_of(groups[group].number[i]);
		TEE_InitRefAttribute(&params[i], ids[i], numbers[i].at, numbers[i].size);
	}
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_DSA_KEYPAIR, bits, &key), TEE_SUCCESS);
	cr_assert_eq(TEE_GenerateKey(key, bits, params, 3), TEE_SUCCESS);
	return key;
}

static TEE_ObjectHandle dh_key(uint32_t bits)
{
	const struct vector prime = vector_of(bits == 256   ? DH_256_PRIME
					      : bits == 512 ? DH_512_PRIME
							    : DH_2048_PRIME);
	TEE_Attribute params[2];
	TEE_ObjectHandle key;

	TEE_InitRefAttribute(&params[0], TEE_ATTR_DH_PRIME, prime.at, prime.size);
	TEE_InitRefAttribute(&params[1], TEE_ATTR_DH_BASE, "\2", 1);
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_DH_KEYPAIR, bits, &key), TEE_SUCCESS);
	cr_assert_eq(TEE_GenerateKey(key, bits, params, 2), TEE_SUCCESS);
	return key;
}

static uint32_t curve_of(uint32_t bits)
{
	static const uint32_t sizes[] = { 192, 224, 256, 384, 521 };

	for (uint32_t i = 0; i < COUNT(sizes); i++)
		if (sizes[i] == bits)
			return TEE_ECC_CURVE_NIST_P192 + i;
	return 0;
}

/* A key pair or secret of any type. */
static TEE_ObjectHandle key_new(uint32_t type, uint32_t bits)
{
	switch (type) {
	case TEE_TYPE_DSA_KEYPAIR:
		return dsa_key(bits);
	case TEE_TYPE_DH_KEYPAIR:
		return dh_key(bits);
	case TEE_TYPE_ECDSA_KEYPAIR:
	case TEE_TYPE_ECDH_KEYPAIR:
		return key_generated(type, bits, curve_of(bits));
	default:
		return key_generated(type, bits, 0);
	}
}

/* A size that every algorithm with keys of that type has, and is quick with. */
static uint32_t usual_bits(const struct algorithm *algorithm)
{
	switch (algorithm->key_type) {
	case 0:
		return 0;
	case TEE_TYPE_DES:
		return 64;
	case TEE_TYPE_DES3:
		return 192;
	case TEE_TYPE_AES:
	case TEE_TYPE_SM4:
		return 128;
	case TEE_TYPE_RSA_KEYPAIR:
		/* For OAEP with digests of 512 bits. */
		return 1280;
	case TEE_TYPE_DSA_KEYPAIR:
		return algorithm->digest == DIGEST_SHA1 ? 1024 : 2048;
	case TEE_TYPE_DH_KEYPAIR:
		return 512;
	case TEE_TYPE_ED448_KEYPAIR:
	case TEE_TYPE_X448_KEYPAIR:
		return 448;
	case TEE_TYPE_HMAC_MD5:
	case TEE_TYPE_HMAC_SHA1:
	case TEE_TYPE_HMAC_SHA224:
		return 512;
	case TEE_TYPE_ECDSA_KEYPAIR:
	case TEE_TYPE_ECDH_KEYPAIR:
		if (algorithm->element != ELEMENT_NIST)
			return library_curve_find(algorithm->element)->bits;
		return 256;
	default:
		return 256;
	}
}

/* RSA keys take a while to make: all algorithms share one. */
static TEE_ObjectHandle key_for(const struct algorithm *algorithm)
{
	static TEE_ObjectHandle rsa;

	if (algorithm->key_type != TEE_TYPE_RSA_KEYPAIR)
		return key_new(algorithm->key_type, usual_bits(algorithm));
	if (rsa == TEE_HANDLE_NULL)
		rsa = key_new(TEE_TYPE_RSA_KEYPAIR, usual_bits(algorithm));
	return rsa;
}

static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL0123456789+-*/#";

static void digest_exercise(uint32_t id)
{
	TEE_OperationHandle operation = operation_new(id, TEE_MODE_DIGEST, 0);
	uint8_t whole[64] = { 0 }, pieces[64] = { 0 };
	size_t size = sizeof(whole), again = sizeof(pieces);

	cr_assert_eq(TEE_DigestDoFinal(operation, text, sizeof(text), whole, &size), TEE_SUCCESS);
	TEE_DigestUpdate(operation, text, 5);
	cr_assert_eq(TEE_DigestDoFinal(operation, text + 5, sizeof(text) - 5, pieces, &again),
		     TEE_SUCCESS);
	cr_expect(size && size == again && memcmp(whole, pieces, size) == 0, "0x%08x", id);
	TEE_FreeOperation(operation);
}

/* An operation with the key, or two keys where the algorithm takes two. */
static TEE_OperationHandle keyed(const struct algorithm *algorithm, uint32_t mode,
				 TEE_ObjectHandle key, TEE_ObjectHandle second)
{
	const uint32_t bits = usual_bits(algorithm);
	TEE_OperationHandle operation =
		operation_new(algorithm->id, mode, second ? 2 * bits : bits);

	cr_assert_eq(second ? TEE_SetOperationKey2(operation, key, second)
			    : TEE_SetOperationKey(operation, key),
		     TEE_SUCCESS, "0x%08x", algorithm->id);
	return operation;
}

static void cipher_exercise(const struct algorithm *algorithm)
{
	const bool ecb =
		algorithm->variant == CIPHER_ECB || algorithm->variant == CIPHER_ECB_PADDED;
	const size_t iv_size = ecb ? 0 : library_block_size((enum block_cipher)algorithm->block);
	TEE_ObjectHandle key = key_for(algorithm), second = TEE_HANDLE_NULL;
	TEE_OperationHandle sealing, opening;
	uint8_t sealed[96], opened[96];
	size_t size = sizeof(sealed), again = sizeof(opened);

	if (algorithm->variant == CIPHER_XTS)
		second = key_for(algorithm);
	sealing = keyed(algorithm, TEE_MODE_ENCRYPT, key, second);
	opening = keyed(algorithm, TEE_MODE_DECRYPT, key, second);
	TEE_CipherInit(sealing, ecb ? NULL : text, iv_size);
	cr_assert_eq(TEE_CipherDoFinal(sealing, text, sizeof(text), sealed, &size), TEE_SUCCESS);
	cr_expect(size >= sizeof(text) && memcmp(sealed, text, sizeof(text)) != 0);
	TEE_CipherInit(opening, ecb ? NULL : text, iv_size);
	cr_assert_eq(TEE_CipherDoFinal(opening, sealed, size, opened, &again), TEE_SUCCESS);
	cr_expect(again == sizeof(text) && memcmp(opened, text, again) == 0, "0x%08x",
		  algorithm->id);
	TEE_FreeOperation(sealing);
	TEE_FreeOperation(opening);
	TEE_FreeTransientObject(key);
	TEE_FreeTransientObject(second);
}

static void mac_exercise(const struct algorithm *algorithm)
{
	TEE_ObjectHandle key = key_for(algorithm);
	TEE_OperationHandle operation = keyed(algorithm, TEE_MODE_MAC, key, TEE_HANDLE_NULL);
	uint8_t mac[64];
	size_t size = sizeof(mac);

	TEE_MACInit(operation, NULL, 0);
	cr_assert_eq(TEE_MACComputeFinal(operation, text, sizeof(text), mac, &size), TEE_SUCCESS);
	TEE_MACInit(operation, NULL, 0);
	cr_expect_eq(TEE_MACCompareFinal(operation, text, sizeof(text), mac, size), TEE_SUCCESS);
	mac[size - 1] ^= 1;
	TEE_MACInit(operation, NULL, 0);
	cr_expect_eq(TEE_MACCompareFinal(operation, text, sizeof(text), mac, size),
		     TEE_ERROR_MAC_INVALID, "0x%08x", algorithm->id);
	mac[size - 1] ^= 1;
	TEE_MACInit(operation, NULL, 0);
	cr_expect_eq(TEE_MACCompareFinal(operation, text, sizeof(text), mac, size - 1),
		     TEE_ERROR_MAC_INVALID);
	TEE_FreeOperation(operation);
	TEE_FreeTransientObject(key);
}

static void ae_exercise(const struct algorithm *algorithm)
{
	TEE_ObjectHandle key = key_for(algorithm);
	TEE_OperationHandle sealing = keyed(algorithm, TEE_MODE_ENCRYPT, key, TEE_HANDLE_NULL);
	TEE_OperationHandle opening = keyed(algorithm, TEE_MODE_DECRYPT, key, TEE_HANDLE_NULL);
	uint8_t sealed[sizeof(text)], opened[sizeof(text)], tag[16];
	size_t size = sizeof(sealed), tag_size = sizeof(tag);

	cr_assert_eq(TEE_AEInit(sealing, text, 12, 128, 3, sizeof(text)), TEE_SUCCESS);
	TEE_AEUpdateAAD(sealing, "aad", 3);
	cr_assert_eq(TEE_AEEncryptFinal(sealing, text, sizeof(text), sealed, &size, tag, &tag_size),
		     TEE_SUCCESS);
	for (int tampered = 0; tampered < 2; tampered++) {
		size = sizeof(opened);
		tag[7] ^= (uint8_t)tampered;
		cr_assert_eq(TEE_AEInit(opening, text, 12, 128, 3, sizeof(text)), TEE_SUCCESS);
		TEE_AEUpdateAAD(opening, "aad", 3);
		cr_expect_eq(TEE_AEDecryptFinal(opening, sealed, sizeof(sealed), opened, &size, tag,
						tag_size),
			     tampered ? TEE_ERROR_MAC_INVALID : TEE_SUCCESS, "0x%08x",
			     algorithm->id);
		if (!tampered)
			cr_expect_eq(memcmp(opened, text, sizeof(text)), 0);
	}
	TEE_FreeOperation(sealing);
	TEE_FreeOperation(opening);
	TEE_FreeTransientObject(key);
}

static void key_done(const struct algorithm *algorithm, TEE_ObjectHandle key)
{
	if (algorithm->key_type != TEE_TYPE_RSA_KEYPAIR)
		TEE_FreeTransientObject(key);
}

static void sealing_exercise(const struct algorithm *algorithm)
{
	TEE_ObjectHandle key = key_for(algorithm);
	TEE_OperationHandle sealing = keyed(algorithm, TEE_MODE_ENCRYPT, key, TEE_HANDLE_NULL);
	TEE_OperationHandle opening = keyed(algorithm, TEE_MODE_DECRYPT, key, TEE_HANDLE_NULL);
	uint8_t sealed[256], opened[256];
	size_t size = sizeof(sealed), again = sizeof(opened);

	cr_assert_eq(TEE_AsymmetricEncrypt(sealing, NULL, 0, text, 20, sealed, &size), TEE_SUCCESS,
		     "0x%08x", algorithm->id);
	cr_assert_eq(TEE_AsymmetricDecrypt(opening, NULL, 0, sealed, size, opened, &again),
		     TEE_SUCCESS);
	cr_expect(again == 20 && memcmp(opened, text, 20) == 0, "0x%08x", algorithm->id);
	TEE_FreeOperation(sealing);
	TEE_FreeOperation(opening);
	key_done(algorithm, key);
}

static void signature_exercise(const struct algorithm *algorithm)
{
	TEE_ObjectHandle key = key_for(algorithm);
	TEE_OperationHandle signing = keyed(algorithm, TEE_MODE_SIGN, key, TEE_HANDLE_NULL);
	TEE_OperationHandle verifying = keyed(algorithm, TEE_MODE_VERIFY, key, TEE_HANDLE_NULL);
	const size_t digest_size =
		algorithm->digest ? library_digest_size((enum digest)algorithm->digest) : 32;
	uint8_t signature[512], other[64];
	size_t size = sizeof(signature);

	cr_assert_eq(TEE_AsymmetricSignDigest(signing, NULL, 0, text, digest_size, signature,
					      &size),
		     TEE_SUCCESS, "0x%08x", algorithm->id);
	cr_expect_eq(TEE_AsymmetricVerifyDigest(verifying, NULL, 0, text, digest_size, signature,
						size),
		     TEE_SUCCESS, "0x%08x", algorithm->id);
	memcpy(other, text, sizeof(other));
	other[digest_size - 1] ^= 1;
	/* Of DSA with a short q, the end of a long digest does not count. */
	other[0] ^= 1;
	cr_expect_eq(TEE_AsymmetricVerifyDigest(verifying, NULL, 0, other, digest_size, signature,
						size),
		     TEE_ERROR_SIGNATURE_INVALID, "0x%08x", algorithm->id);
	for (size_t at = 0; at < size; at += size / 7) {
		signature[at] ^= 0x10;
		cr_expect_eq(TEE_AsymmetricVerifyDigest(verifying, NULL, 0, text, digest_size,
							signature, size),
			     TEE_ERROR_SIGNATURE_INVALID, "0x%08x, octet %zu", algorithm->id, at);
		signature[at] ^= 0x10;
	}
	for (size_t wrong = 0; wrong < size; wrong += size - 1)
		cr_expect_eq(TEE_AsymmetricVerifyDigest(verifying, NULL, 0, text, digest_size,
							signature, wrong),
			     TEE_ERROR_SIGNATURE_INVALID, "0x%08x, length %zu", algorithm->id,
			     wrong);
	TEE_FreeOperation(signing);
	TEE_FreeOperation(verifying);
	key_done(algorithm, key);
}

static size_t derive(TEE_OperationHandle operation, const TEE_Attribute *params, uint32_t count,
		     uint32_t bits, uint8_t *secret, size_t room)
{
	TEE_ObjectHandle derived;

	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_GENERIC_SECRET, bits, &derived),
		     TEE_SUCCESS);
	TEE_DeriveKey(operation, params, count, derived);
	cr_assert_eq(TEE_GetObjectBufferAttribute(derived, TEE_ATTR_SECRET_VALUE, secret, &room),
		     TEE_SUCCESS);
	TEE_FreeTransientObject(derived);
	return room;
}

/* What the public half of a key is, as the other side's attributes. */
static uint32_t peer_of(const struct algorithm *algorithm, TEE_ObjectHandle key,
			uint8_t octets[2][66], TEE_Attribute params[2])
{
	uint32_t ids[2] = { 0 };
	uint32_t count = 0;

	switch (algorithm->key_type) {
	case TEE_TYPE_DH_KEYPAIR:
		ids[0] = TEE_ATTR_DH_PUBLIC_VALUE;
		break;
	case TEE_TYPE_X25519_KEYPAIR:
		ids[0] = TEE_ATTR_X25519_PUBLIC_VALUE;
		break;
	case TEE_TYPE_X448_KEYPAIR:
		ids[0] = TEE_ATTR_X448_PUBLIC_VALUE;
		break;
	default:
		ids[0] = TEE_ATTR_ECC_PUBLIC_VALUE_X;
		ids[1] = TEE_ATTR_ECC_PUBLIC_VALUE_Y;
		break;
	}
	for (; count < 2 && ids[count]; count++) {
		size_t size = sizeof(octets[count]);

		cr_assert_eq(TEE_GetObjectBufferAttribute(key, ids[count], octets[count], &size),
			     TEE_SUCCESS);
		TEE_InitRefAttribute(&params[count], ids[count], octets[count], size);
	}
	return count;
}

static void agreement_exercise(const struct algorithm *algorithm)
{
	TEE_ObjectHandle keys[2] = { key_for(algorithm), key_for(algorithm) };
	uint8_t secrets[2][128];
	size_t sizes[2];

	for (int side = 0; side < 2; side++) {
		TEE_OperationHandle operation =
			keyed(algorithm, TEE_MODE_DERIVE, keys[side], TEE_HANDLE_NULL);
		uint8_t octets[2][66];
		TEE_Attribute params[2];
		const uint32_t count = peer_of(algorithm, keys[!side], octets, params);

		sizes[side] = derive(operation, params, count, 4096, secrets[side],
				     sizeof(secrets[side]));
		TEE_FreeOperation(operation);
	}
	cr_expect(sizes[0] && sizes[0] == sizes[1] && memcmp(secrets[0], secrets[1], sizes[0]) == 0,
		  "0x%08x", algorithm->id);
	TEE_FreeTransientObject(keys[0]);
	TEE_FreeTransientObject(keys[1]);
}

static void kdf_exercise(const struct algorithm *algorithm)
{
	static const uint32_t lengths[] = {
		[FAMILY_HKDF] = TEE_ATTR_HKDF_OKM_LENGTH,
		[FAMILY_CONCAT_KDF] = TEE_ATTR_CONCAT_KDF_DKM_LENGTH,
		[FAMILY_PBKDF2] = TEE_ATTR_PBKDF2_DKM_LENGTH,
	};
	TEE_ObjectHandle key = key_for(algorithm);
	TEE_OperationHandle operation = keyed(algorithm, TEE_MODE_DERIVE, key, TEE_HANDLE_NULL);
	uint8_t secrets[2][64];
	TEE_Attribute params[3];
	uint32_t count = 0;

	if (algorithm->id != TEE_ALG_HKDF)
		TEE_InitValueAttribute(&params[count++], lengths[algorithm->family], 32, 0);
	if (algorithm->family == FAMILY_PBKDF2) {
		TEE_InitRefAttribute(&params[count++], TEE_ATTR_PBKDF2_SALT, "salt", 4);
		TEE_InitValueAttribute(&params[count++], TEE_ATTR_PBKDF2_ITERATION_COUNT, 3, 0);
	}
	for (int i = 0; i < 2; i++)
		cr_assert_eq(derive(operation, params, count, 256, secrets[i], sizeof(secrets[i])),
			     32, "0x%08x", algorithm->id);
	cr_expect_eq(memcmp(secrets[0], secrets[1], 32), 0);
	TEE_FreeOperation(operation);
	TEE_FreeTransientObject(key);
}

static void exercise(const struct algorithm *algorithm)
{
	switch (algorithm->class) {
	case TEE_OPERATION_DIGEST:
		digest_exercise(algorithm->id);
		return;
	case TEE_OPERATION_CIPHER:
		cipher_exercise(algorithm);
		return;
	case TEE_OPERATION_MAC:
		mac_exercise(algorithm);
		return;
	case TEE_OPERATION_AE:
		ae_exercise(algorithm);
		return;
	case TEE_OPERATION_ASYMMETRIC_CIPHER:
		sealing_exercise(algorithm);
		return;
	case TEE_OPERATION_ASYMMETRIC_SIGNATURE:
		signature_exercise(algorithm);
		return;
	default:
		break;
	}
	/* The exchange of SM2 needs two keys and five parameters: test_derivation.c has it. */
	if (algorithm->family == FAMILY_SM2_EXCHANGE)
		return;
	if (algorithm->family == FAMILY_DH || algorithm->family == FAMILY_ECDH ||
	    algorithm->family == FAMILY_XDH)
		agreement_exercise(algorithm);
	else
		kdf_exercise(algorithm);
}

Test(completeness, every_algorithm_works_and_refuses_what_was_tampered_with)
{
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		const struct algorithm *algorithm = algorithm_find(algorithms[i].here);
		const uint32_t element = algorithm ? algorithm->element : 0;

		cr_expect_eq(TEE_IsAlgorithmSupported(
				     algorithms[i].here,
				     element == ELEMENT_NIST ? TEE_ECC_CURVE_NIST_P521 : element),
			     TEE_SUCCESS, "%s", algorithms[i].name);
		if (algorithm)
			exercise(algorithm);
	}
}

Test(completeness, what_has_no_number_is_refused_in_both_places)
{
	static const uint32_t none[] = {
		0, TEE_ALG_ILLEGAL_VALUE, 0x10000910, 0x5000000C, 0x70000000, 0x90000010, UINT32_MAX
	};

	for (size_t i = 0; i < COUNT(none); i++) {
		TEE_OperationHandle operation = (TEE_OperationHandle)1;

		cr_expect_eq(TEE_IsAlgorithmSupported(none[i], TEE_CRYPTO_ELEMENT_NONE),
			     TEE_ERROR_NOT_SUPPORTED);
		for (uint32_t mode = TEE_MODE_ENCRYPT; mode <= TEE_MODE_DERIVE; mode++)
			cr_expect_eq(TEE_AllocateOperation(&operation, none[i], mode, 128),
				     TEE_ERROR_NOT_SUPPORTED);
		cr_expect_eq(operation, TEE_HANDLE_NULL);
	}
}

static char *documentation(void)
{
	static char page[64 * 1024];
	FILE *file = fopen(CRYPTO_PAGE, "r");

	cr_assert(file, "%s", CRYPTO_PAGE);
	page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
	fclose(file);
	return page;
}

/* Does the page name it, or what it is with x in place of a digest? */
static bool documented(const char *page, const char *name)
{
	static const char *const digests[] = { "_MD5SHA1",  "_SHA3_224", "_SHA3_256", "_SHA3_384",
					       "_SHA3_512", "_SHA224",	 "_SHA256",   "_SHA384",
					       "_SHA512",   "_SHA1",	 "_MD5",      "_SM3" };
	char quoted[96];

	snprintf(quoted, sizeof(quoted), "`%s`", name);
	if (strstr(page, quoted))
		return true;
	for (size_t i = 0; i < COUNT(digests); i++) {
		const char *at = strstr(name, digests[i]);

		if (!at)
			continue;
		snprintf(quoted, sizeof(quoted), "`%.*s_%sx%s`", (int)(at - name), name,
			 digests[i][4] == '3' && digests[i][5] == '_' ? "SHA3_" : "",
			 at + strlen(digests[i]));
		if (strstr(page, quoted))
			return true;
		snprintf(quoted, sizeof(quoted), "`%.*s_x%s`", (int)(at - name), name,
			 at + strlen(digests[i]));
		if (strstr(page, quoted))
			return true;
	}
	return false;
}

Test(completeness, every_algorithm_is_in_the_documentation)
{
	const char *page = documentation();

	for (size_t i = 0; i < COUNT(algorithms); i++)
		cr_expect(documented(page, algorithms[i].name + strlen("TEE_ALG_")),
			  "%s is not in docs/crypto.md", algorithms[i].name);
}

/* Each type from its smallest size to its largest; RSA of 4096 bits is in a test of its own. */
Test(completeness, keys_of_every_type_and_size_are_generated)
{
	/* Ended by 0. Of other types all sizes are alike: the smallest and the largest are made. */
	static const uint32_t sizes[][9] = {
		{ TEE_TYPE_RSA_KEYPAIR, 256, 257, 300, 512, 768, 1024, 2048 },
		{ TEE_TYPE_DSA_KEYPAIR, 512, 1024, 2048, 3072 },
		{ TEE_TYPE_DH_KEYPAIR, 256, 512, 2048 },
		{ TEE_TYPE_ECDSA_KEYPAIR, 192, 224, 256, 384, 521 },
		{ TEE_TYPE_ECDH_KEYPAIR, 192, 224, 256, 384, 521 },
		{ TEE_TYPE_DES, 56, 64 },
		{ TEE_TYPE_DES3, 112, 128, 168, 192 },
		{ TEE_TYPE_AES, 128, 192, 256 },
	};

	for (size_t i = 0; i < COUNT(types); i++) {
		const struct object_type *type = object_type_find(types[i].here);
		const uint32_t ends[] = { type->least ? type->least : type->step, type->most, 0 };
		const uint32_t *bits = ends;

		/* A public half is made with its pair. */
		if (type->family != OBJECT_SECRET && !type->public_type &&
		    type->family != OBJECT_DH)
			continue;
		for (size_t j = 0; j < COUNT(sizes); j++)
			if (sizes[j][0] == type->type)
				bits = sizes[j] + 1;
		for (; *bits; bits++) {
			TEE_ObjectHandle key = key_new(type->type, *bits);
			TEE_ObjectInfo info;

			TEE_GetObjectInfo(key, &info);
			cr_expect_eq(info.objectSize, *bits, "%s of %u", types[i].name, *bits);
			TEE_FreeTransientObject(key);
		}
	}
}

Test(completeness, largest_rsa_key_signs)
{
	TEE_ObjectHandle key = key_new(TEE_TYPE_RSA_KEYPAIR, 4096);
	TEE_OperationHandle signing =
		operation_for(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA512, TEE_MODE_SIGN, 4096, key);
	uint8_t signature[512];
	size_t size = sizeof(signature);

	cr_expect_eq(TEE_AsymmetricSignDigest(signing, NULL, 0, text, 64, signature, &size),
		     TEE_SUCCESS);
	cr_expect_eq(size, 512);
	TEE_FreeOperation(signing);
}
