#include "api/algorithms.h"

#include <stddef.h>
#include <tee_api_defines.h>
#include <tee_api_defines_extensions.h>

#define DIGEST(name)                                                                           \
	{                                                                                      \
		TEE_ALG_##name, TEE_OPERATION_DIGEST, FAMILY_DIGEST, 0, DIGEST_##name, 0, 0, 0 \
	}
#define SHAKE(bits)                                                                               \
	{                                                                                         \
		TEE_ALG_SHAKE##bits, TEE_OPERATION_DIGEST, FAMILY_SHAKE, SHAKE_##bits, 0, 0, 0, 0 \
	}
#define CIPHER(name, mode, variant)                                                                \
	{                                                                                          \
		TEE_ALG_##name##_##mode, TEE_OPERATION_CIPHER, FAMILY_CIPHER, CIPHER_##variant, 0, \
			BLOCK_##name, TEE_TYPE_##name, 0                                           \
	}
#define HMAC(name)                                                                        \
	{                                                                                 \
		TEE_ALG_HMAC_##name, TEE_OPERATION_MAC, FAMILY_HMAC, 0, DIGEST_##name, 0, \
			TEE_TYPE_HMAC_##name, 0                                           \
	}
#define CBC_MAC(name, padding, variant)                                                            \
	{                                                                                          \
		TEE_ALG_##name##_CBC_MAC_##padding, TEE_OPERATION_MAC, FAMILY_CBC_MAC, variant, 0, \
			BLOCK_##name, TEE_TYPE_##name, 0                                           \
	}
#define CMAC(name)                                                                         \
	{                                                                                  \
		TEE_ALG_##name##_CMAC, TEE_OPERATION_MAC, FAMILY_CMAC, 0, 0, BLOCK_##name, \
			TEE_TYPE_##name, 0                                                 \
	}
#define AE(mode)                                                                      \
	{                                                                             \
		TEE_ALG_AES_##mode, TEE_OPERATION_AE, FAMILY_##mode, 0, 0, BLOCK_AES, \
			TEE_TYPE_AES, 0                                               \
	}
#define RSA_CIPHER(name, variant, digest)                                                    \
	{                                                                                    \
		TEE_ALG_##name, TEE_OPERATION_ASYMMETRIC_CIPHER, FAMILY_RSA_CIPHER, variant, \
			DIGEST_##digest, 0, TEE_TYPE_RSA_KEYPAIR, 0                          \
	}
#define RSA_SIGNATURE(name, variant, digest)                                                       \
	{                                                                                          \
		TEE_ALG_##name, TEE_OPERATION_ASYMMETRIC_SIGNATURE, FAMILY_RSA_SIGNATURE, variant, \
			DIGEST_##digest, 0, TEE_TYPE_RSA_KEYPAIR, 0                                \
	}
#define SIGNATURE(id, family, digest, key, element)                                    \
	{                                                                              \
		id, TEE_OPERATION_ASYMMETRIC_SIGNATURE, family, 0, DIGEST_##digest, 0, \
			TEE_TYPE_##key##_KEYPAIR, element                              \
	}
#define DSA(name)   SIGNATURE(TEE_ALG_DSA_##name, FAMILY_DSA, name, DSA, 0)
#define ECDSA(name) SIGNATURE(TEE_ALG_ECDSA_##name, FAMILY_ECDSA, name, ECDSA, ELEMENT_NIST)
#define DERIVE(id, family, variant, digest, key, element)                                   \
	{                                                                                   \
		id, TEE_OPERATION_KEY_DERIVATION, family, variant, DIGEST_##digest, 0, key, \
			element                                                             \
	}
#define OLD_EC(bits, digest)                                                                  \
	SIGNATURE(__OPTEE_ALG_ECDSA_P##bits, FAMILY_ECDSA, digest, ECDSA,                     \
		  TEE_ECC_CURVE_NIST_P##bits),                                                \
		DERIVE(__OPTEE_ALG_ECDH_P##bits, FAMILY_ECDH, 0, NONE, TEE_TYPE_ECDH_KEYPAIR, \
		       TEE_ECC_CURVE_NIST_P##bits)
#define HKDF(name) \
	DERIVE(TEE_ALG_HKDF_##name##_DERIVE_KEY, FAMILY_HKDF, 0, name, TEE_TYPE_HKDF_IKM, 0)
#define CONCAT_KDF(name)                                                           \
	DERIVE(TEE_ALG_CONCAT_KDF_##name##_DERIVE_KEY, FAMILY_CONCAT_KDF, 0, name, \
	       TEE_TYPE_CONCAT_KDF_Z, 0)
#define PBKDF2(name)                                                            \
	DERIVE(TEE_ALG_PBKDF2_HMAC_##name##_DERIVE_KEY, FAMILY_PBKDF2, 0, name, \
	       TEE_TYPE_PBKDF2_PASSWORD, 0)

/* The specification has a number for curve 448, which the kit's headers do not name yet. */
#define ECC_CURVE_448 0x00000301U

static const struct algorithm algorithms[] = {
	DIGEST(MD5),
	DIGEST(SHA1),
	DIGEST(SHA224),
	DIGEST(SHA256),
	DIGEST(SHA384),
	DIGEST(SHA512),
	DIGEST(SHA3_224),
	DIGEST(SHA3_256),
	DIGEST(SHA3_384),
	DIGEST(SHA3_512),
	DIGEST(SM3),
	DIGEST(MD5SHA1),
	SHAKE(128),
	SHAKE(256),
	CIPHER(AES, ECB_NOPAD, ECB),
	CIPHER(AES, CBC_NOPAD, CBC),
	CIPHER(AES, CTR, CTR),
	CIPHER(AES, CTS, CTS),
	CIPHER(AES, XTS, XTS),
	CIPHER(DES, ECB_NOPAD, ECB),
	CIPHER(DES, CBC_NOPAD, CBC),
	CIPHER(DES3, ECB_NOPAD, ECB),
	CIPHER(DES3, CBC_NOPAD, CBC),
	CIPHER(SM4, ECB_NOPAD, ECB),
	CIPHER(SM4, CBC_NOPAD, CBC),
	CIPHER(SM4, CTR, CTR),
	CIPHER(SM4, XTS, XTS),
	CIPHER(SM4, ECB_PKCS5, ECB_PADDED),
	CIPHER(SM4, CBC_PKCS5, CBC_PADDED),
	HMAC(MD5),
	HMAC(SHA1),
	HMAC(SHA224),
	HMAC(SHA256),
	HMAC(SHA384),
	HMAC(SHA512),
	HMAC(SHA3_224),
	HMAC(SHA3_256),
	HMAC(SHA3_384),
	HMAC(SHA3_512),
	HMAC(SM3),
	CBC_MAC(AES, NOPAD, VARIANT_NONE),
	CBC_MAC(AES, PKCS5, MAC_PADDED),
	CBC_MAC(DES, NOPAD, VARIANT_NONE),
	CBC_MAC(DES, PKCS5, MAC_PADDED),
	CBC_MAC(DES3, NOPAD, VARIANT_NONE),
	CBC_MAC(DES3, PKCS5, MAC_PADDED),
	CMAC(AES),
	CMAC(DES3),
	AE(GCM),
	AE(CCM),
	RSA_CIPHER(RSA_NOPAD, RSA_PLAIN, NONE),
	RSA_CIPHER(RSAES_PKCS1_V1_5, RSA_PKCS1, NONE),
	RSA_CIPHER(RSAES_PKCS1_OAEP_MGF1_MD5, RSA_OAEP, MD5),
	RSA_CIPHER(RSAES_PKCS1_OAEP_MGF1_SHA1, RSA_OAEP, SHA1),
	RSA_CIPHER(RSAES_PKCS1_OAEP_MGF1_SHA224, RSA_OAEP, SHA224),
	RSA_CIPHER(RSAES_PKCS1_OAEP_MGF1_SHA256, RSA_OAEP, SHA256),
	RSA_CIPHER(RSAES_PKCS1_OAEP_MGF1_SHA384, RSA_OAEP, SHA384),
	RSA_CIPHER(RSAES_PKCS1_OAEP_MGF1_SHA512, RSA_OAEP, SHA512),
	RSA_CIPHER(RSAES_PKCS1_OAEP_MGF1_SHA3_224, RSA_OAEP, SHA3_224),
	RSA_CIPHER(RSAES_PKCS1_OAEP_MGF1_SHA3_256, RSA_OAEP, SHA3_256),
	RSA_CIPHER(RSAES_PKCS1_OAEP_MGF1_SHA3_384, RSA_OAEP, SHA3_384),
	RSA_CIPHER(RSAES_PKCS1_OAEP_MGF1_SHA3_512, RSA_OAEP, SHA3_512),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5, RSA_PKCS1_BARE, NONE),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5_MD5, RSA_PKCS1, MD5),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5_SHA1, RSA_PKCS1, SHA1),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5_SHA224, RSA_PKCS1, SHA224),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5_SHA256, RSA_PKCS1, SHA256),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5_SHA384, RSA_PKCS1, SHA384),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5_SHA512, RSA_PKCS1, SHA512),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5_SHA3_224, RSA_PKCS1, SHA3_224),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5_SHA3_256, RSA_PKCS1, SHA3_256),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5_SHA3_384, RSA_PKCS1, SHA3_384),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5_SHA3_512, RSA_PKCS1, SHA3_512),
	RSA_SIGNATURE(RSASSA_PKCS1_V1_5_MD5SHA1, RSA_PKCS1, MD5SHA1),
	RSA_SIGNATURE(RSASSA_PKCS1_PSS_MGF1_MD5, RSA_PSS, MD5),
	RSA_SIGNATURE(RSASSA_PKCS1_PSS_MGF1_SHA1, RSA_PSS, SHA1),
	RSA_SIGNATURE(RSASSA_PKCS1_PSS_MGF1_SHA224, RSA_PSS, SHA224),
	RSA_SIGNATURE(RSASSA_PKCS1_PSS_MGF1_SHA256, RSA_PSS, SHA256),
	RSA_SIGNATURE(RSASSA_PKCS1_PSS_MGF1_SHA384, RSA_PSS, SHA384),
	RSA_SIGNATURE(RSASSA_PKCS1_PSS_MGF1_SHA512, RSA_PSS, SHA512),
	RSA_SIGNATURE(RSASSA_PKCS1_PSS_MGF1_SHA3_224, RSA_PSS, SHA3_224),
	RSA_SIGNATURE(RSASSA_PKCS1_PSS_MGF1_SHA3_256, RSA_PSS, SHA3_256),
	RSA_SIGNATURE(RSASSA_PKCS1_PSS_MGF1_SHA3_384, RSA_PSS, SHA3_384),
	RSA_SIGNATURE(RSASSA_PKCS1_PSS_MGF1_SHA3_512, RSA_PSS, SHA3_512),
	DSA(SHA1),
	DSA(SHA224),
	DSA(SHA256),
	DSA(SHA3_224),
	DSA(SHA3_256),
	DSA(SHA3_384),
	DSA(SHA3_512),
	ECDSA(SHA1),
	ECDSA(SHA224),
	ECDSA(SHA256),
	ECDSA(SHA384),
	ECDSA(SHA512),
	ECDSA(SHA3_224),
	ECDSA(SHA3_256),
	ECDSA(SHA3_384),
	ECDSA(SHA3_512),
	OLD_EC(192, SHA1),
	OLD_EC(224, SHA224),
	OLD_EC(256, SHA256),
	OLD_EC(384, SHA384),
	OLD_EC(521, SHA512),
	SIGNATURE(TEE_ALG_ED25519, FAMILY_EDDSA, NONE, ED25519, TEE_ECC_CURVE_25519),
	SIGNATURE(TEE_ALG_ED448, FAMILY_EDDSA, NONE, ED448, ECC_CURVE_448),
	SIGNATURE(TEE_ALG_SM2_DSA_SM3, FAMILY_SM2_SIGNATURE, SM3, SM2_DSA, TEE_ECC_CURVE_SM2),
	{ TEE_ALG_SM2_PKE, TEE_OPERATION_ASYMMETRIC_CIPHER, FAMILY_SM2_CIPHER, 0, DIGEST_SM3, 0,
	  TEE_TYPE_SM2_PKE_KEYPAIR, TEE_ECC_CURVE_SM2 },
	DERIVE(TEE_ALG_SM2_KEP, FAMILY_SM2_EXCHANGE, 0, SM3, TEE_TYPE_SM2_KEP_KEYPAIR,
	       TEE_ECC_CURVE_SM2),
	DERIVE(TEE_ALG_DH_DERIVE_SHARED_SECRET, FAMILY_DH, 0, NONE, TEE_TYPE_DH_KEYPAIR, 0),
	DERIVE(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, FAMILY_ECDH, 0, NONE, TEE_TYPE_ECDH_KEYPAIR,
	       ELEMENT_NIST),
	DERIVE(TEE_ALG_X25519, FAMILY_XDH, 0, NONE, TEE_TYPE_X25519_KEYPAIR, TEE_ECC_CURVE_25519),
	DERIVE(TEE_ALG_X448, FAMILY_XDH, 0, NONE, TEE_TYPE_X448_KEYPAIR, ECC_CURVE_448),
	DERIVE(TEE_ALG_HKDF, FAMILY_HKDF, HKDF_CHOSEN, SHA256, TEE_TYPE_HKDF, 0),
	HKDF(MD5),
	HKDF(SHA1),
	HKDF(SHA224),
	HKDF(SHA256),
	HKDF(SHA384),
	HKDF(SHA512),
	CONCAT_KDF(SHA1),
	CONCAT_KDF(SHA224),
	CONCAT_KDF(SHA256),
	CONCAT_KDF(SHA384),
	CONCAT_KDF(SHA512),
	PBKDF2(SHA1),
	PBKDF2(SHA224),
	PBKDF2(SHA256),
	PBKDF2(SHA384),
	PBKDF2(SHA512),
	PBKDF2(SM3),
};

const struct algorithm *algorithm_find(uint32_t id)
{
	/* Most TAs ask for the same one over and over. */
	static const struct algorithm *last = algorithms;

	if (last->id == id)
		return last;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (algorithms[i].id == id)
			return last = &algorithms[i];
	return NULL;
}

bool algorithm_allows_size(const struct algorithm *algorithm, uint32_t bits)
{
	switch (algorithm->family) {
	case FAMILY_DSA:
		if (algorithm->digest == DIGEST_SHA1)
			return bits <= 1024;
		if (algorithm->digest == DIGEST_SHA224)
			return bits == 2048;
		return algorithm->digest != DIGEST_SHA256 || bits == 2048 || bits == 3072;
	case FAMILY_ECDSA:
	case FAMILY_ECDH:
		if (algorithm->element != ELEMENT_NIST)
			return library_curve_find(algorithm->element)->bits == bits;
		for (uint32_t id = TEE_ECC_CURVE_NIST_P192; id <= TEE_ECC_CURVE_NIST_P521; id++)
			if (library_curve_find(id)->bits == bits)
				return true;
		return false;
	default:
		return true;
	}
}
