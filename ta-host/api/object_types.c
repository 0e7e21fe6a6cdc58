#include "api/object_types.h"

#include <openssl/obj_mac.h>
#include <tee_api_defines.h>
#include <tee_api_defines_extensions.h>

#define NEEDED	     ATTRIBUTE_NEEDED
#define GROUP	     ATTRIBUTE_GROUP
#define TO_GENERATE  ATTRIBUTE_TO_GENERATE
#define MAY_GENERATE ATTRIBUTE_MAY_GENERATE
#define SIZE	     ATTRIBUTE_SIZE

static const struct attribute_type secret[] = {
	{ TEE_ATTR_SECRET_VALUE, ATTRIBUTE_SECRET, NEEDED | SIZE },
};

static const struct attribute_type hkdf_ikm[] = {
	{ TEE_ATTR_HKDF_IKM, ATTRIBUTE_SECRET, NEEDED | SIZE },
};

static const struct attribute_type concat_kdf_z[] = {
	{ TEE_ATTR_CONCAT_KDF_Z, ATTRIBUTE_SECRET, NEEDED | SIZE },
};

static const struct attribute_type pbkdf2_password[] = {
	{ TEE_ATTR_PBKDF2_PASSWORD, ATTRIBUTE_SECRET, NEEDED | SIZE },
};

static const struct attribute_type rsa_public[] = {
	{ TEE_ATTR_RSA_MODULUS, ATTRIBUTE_NUMBER, NEEDED | SIZE },
	{ TEE_ATTR_RSA_PUBLIC_EXPONENT, ATTRIBUTE_NUMBER, NEEDED },
};

static const struct attribute_type rsa_pair[] = {
	{ TEE_ATTR_RSA_MODULUS, ATTRIBUTE_NUMBER, NEEDED | SIZE },
	{ TEE_ATTR_RSA_PUBLIC_EXPONENT, ATTRIBUTE_NUMBER, NEEDED | MAY_GENERATE },
	{ TEE_ATTR_RSA_PRIVATE_EXPONENT, ATTRIBUTE_NUMBER, NEEDED },
	{ TEE_ATTR_RSA_PRIME1, ATTRIBUTE_NUMBER, GROUP },
	{ TEE_ATTR_RSA_PRIME2, ATTRIBUTE_NUMBER, GROUP },
	{ TEE_ATTR_RSA_EXPONENT1, ATTRIBUTE_NUMBER, GROUP },
	{ TEE_ATTR_RSA_EXPONENT2, ATTRIBUTE_NUMBER, GROUP },
	{ TEE_ATTR_RSA_COEFFICIENT, ATTRIBUTE_NUMBER, GROUP },
};

static const struct attribute_type dsa_public[] = {
	{ TEE_ATTR_DSA_PRIME, ATTRIBUTE_NUMBER, NEEDED | SIZE },
	{ TEE_ATTR_DSA_SUBPRIME, ATTRIBUTE_NUMBER, NEEDED },
	{ TEE_ATTR_DSA_BASE, ATTRIBUTE_NUMBER, NEEDED },
	{ TEE_ATTR_DSA_PUBLIC_VALUE, ATTRIBUTE_NUMBER, NEEDED },
};

static const struct attribute_type dsa_pair[] = {
	{ TEE_ATTR_DSA_PRIME, ATTRIBUTE_NUMBER, NEEDED | SIZE | TO_GENERATE },
	{ TEE_ATTR_DSA_SUBPRIME, ATTRIBUTE_NUMBER, NEEDED | TO_GENERATE },
	{ TEE_ATTR_DSA_BASE, ATTRIBUTE_NUMBER, NEEDED | TO_GENERATE },
	{ TEE_ATTR_DSA_PUBLIC_VALUE, ATTRIBUTE_NUMBER, NEEDED },
	{ TEE_ATTR_DSA_PRIVATE_VALUE, ATTRIBUTE_NUMBER, NEEDED },
};

static const struct attribute_type dh_pair[] = {
	{ TEE_ATTR_DH_PRIME, ATTRIBUTE_NUMBER, NEEDED | SIZE | TO_GENERATE },
	{ TEE_ATTR_DH_SUBPRIME, ATTRIBUTE_NUMBER, GROUP | MAY_GENERATE },
	{ TEE_ATTR_DH_BASE, ATTRIBUTE_NUMBER, NEEDED | TO_GENERATE },
	{ TEE_ATTR_DH_X_BITS, ATTRIBUTE_VALUE, MAY_GENERATE },
	{ TEE_ATTR_DH_PUBLIC_VALUE, ATTRIBUTE_NUMBER, NEEDED },
	{ TEE_ATTR_DH_PRIVATE_VALUE, ATTRIBUTE_NUMBER, NEEDED },
};

static const struct attribute_type ec_public[] = {
	{ TEE_ATTR_ECC_CURVE, ATTRIBUTE_VALUE, NEEDED | SIZE },
	{ TEE_ATTR_ECC_PUBLIC_VALUE_X, ATTRIBUTE_COORDINATE, NEEDED },
	{ TEE_ATTR_ECC_PUBLIC_VALUE_Y, ATTRIBUTE_COORDINATE, NEEDED },
};

static const struct attribute_type ec_pair[] = {
	{ TEE_ATTR_ECC_CURVE, ATTRIBUTE_VALUE, NEEDED | SIZE | TO_GENERATE },
	{ TEE_ATTR_ECC_PUBLIC_VALUE_X, ATTRIBUTE_COORDINATE, NEEDED },
	{ TEE_ATTR_ECC_PUBLIC_VALUE_Y, ATTRIBUTE_COORDINATE, NEEDED },
	{ TEE_ATTR_ECC_PRIVATE_VALUE, ATTRIBUTE_COORDINATE, NEEDED },
};

/* The type of an SM2 key tells its curve; naming it is allowed. */
static const struct attribute_type sm2_public[] = {
	{ TEE_ATTR_ECC_CURVE, ATTRIBUTE_VALUE, GROUP },
	{ TEE_ATTR_ECC_PUBLIC_VALUE_X, ATTRIBUTE_COORDINATE, NEEDED },
	{ TEE_ATTR_ECC_PUBLIC_VALUE_Y, ATTRIBUTE_COORDINATE, NEEDED },
};

static const struct attribute_type sm2_pair[] = {
	{ TEE_ATTR_ECC_CURVE, ATTRIBUTE_VALUE, GROUP | MAY_GENERATE },
	{ TEE_ATTR_ECC_PUBLIC_VALUE_X, ATTRIBUTE_COORDINATE, NEEDED },
	{ TEE_ATTR_ECC_PUBLIC_VALUE_Y, ATTRIBUTE_COORDINATE, NEEDED },
	{ TEE_ATTR_ECC_PRIVATE_VALUE, ATTRIBUTE_COORDINATE, NEEDED },
};

#define OCTET_KEY(name, public_id, private_id)                 \
	static const struct attribute_type name##_public[] = { \
		{ public_id, ATTRIBUTE_EXACT, NEEDED },        \
	};                                                     \
	static const struct attribute_type name##_pair[] = {   \
		{ public_id, ATTRIBUTE_EXACT, NEEDED },        \
		{ private_id, ATTRIBUTE_EXACT, NEEDED },       \
	}

/* Ed448 shares the attributes of Ed25519. */
OCTET_KEY(edwards, TEE_ATTR_ED25519_PUBLIC_VALUE, TEE_ATTR_ED25519_PRIVATE_VALUE);
OCTET_KEY(x25519, TEE_ATTR_X25519_PUBLIC_VALUE, TEE_ATTR_X25519_PRIVATE_VALUE);
OCTET_KEY(x448, TEE_ATTR_X448_PUBLIC_VALUE, TEE_ATTR_X448_PRIVATE_VALUE);

#define COUNTED(array) sizeof(array) / sizeof((array)[0]), array

#define SECRET(type, least, most, step)                                          \
	{                                                                        \
		type, 0, least, most, step, OBJECT_SECRET, 0, 0, COUNTED(secret) \
	}
#define KEY(type, public_type, least, most, step, family, attributes)                   \
	{                                                                               \
		type, public_type, least, most, step, family, 0, 0, COUNTED(attributes) \
	}
#define PAIR(name, least, most, step, family, attributes)                                       \
	KEY(TEE_TYPE_##name##_PUBLIC_KEY, 0, least, most, step, family, attributes##_public),   \
		KEY(TEE_TYPE_##name##_KEYPAIR, TEE_TYPE_##name##_PUBLIC_KEY, least, most, step, \
		    family, attributes##_pair)
#define OCTETS(name, bits, octets, nid, attributes)                                     \
	{ TEE_TYPE_##name##_PUBLIC_KEY, 0, bits, bits, 1, OBJECT_OCTETS, octets, nid,   \
	  COUNTED(attributes##_public) },                                               \
	{                                                                               \
		TEE_TYPE_##name##_KEYPAIR, TEE_TYPE_##name##_PUBLIC_KEY, bits, bits, 1, \
			OBJECT_OCTETS, octets, nid, COUNTED(attributes##_pair)          \
	}

static const struct object_type types[] = {
	SECRET(TEE_TYPE_AES, 128, 256, 64),
	SECRET(TEE_TYPE_DES, 64, 64, 64),
	SECRET(TEE_TYPE_DES3, 128, 192, 64),
	SECRET(TEE_TYPE_SM4, 128, 128, 128),
	SECRET(TEE_TYPE_HMAC_MD5, 64, 512, 8),
	SECRET(TEE_TYPE_HMAC_SHA1, 80, 512, 8),
	SECRET(TEE_TYPE_HMAC_SHA224, 112, 512, 8),
	SECRET(TEE_TYPE_HMAC_SHA256, 192, 1024, 8),
	SECRET(TEE_TYPE_HMAC_SHA384, 256, 1024, 8),
	SECRET(TEE_TYPE_HMAC_SHA512, 256, 1024, 8),
	SECRET(TEE_TYPE_HMAC_SM3, 80, 1024, 8),
	SECRET(TEE_TYPE_HMAC_SHA3_224, 192, 1024, 8),
	SECRET(TEE_TYPE_HMAC_SHA3_256, 256, 1024, 8),
	SECRET(TEE_TYPE_HMAC_SHA3_384, 256, 1024, 8),
	SECRET(TEE_TYPE_HMAC_SHA3_512, 256, 1024, 8),
	SECRET(TEE_TYPE_GENERIC_SECRET, 0, 4096, 8),
	SECRET(TEE_TYPE_HKDF, 0, 4096, 8),
	KEY(TEE_TYPE_HKDF_IKM, 0, 0, 4096, 8, OBJECT_SECRET, hkdf_ikm),
	KEY(TEE_TYPE_CONCAT_KDF_Z, 0, 0, 4096, 8, OBJECT_SECRET, concat_kdf_z),
	KEY(TEE_TYPE_PBKDF2_PASSWORD, 0, 0, 4096, 8, OBJECT_SECRET, pbkdf2_password),
	PAIR(RSA, 256, 4096, 1, OBJECT_RSA, rsa),
	PAIR(DSA, 512, 3072, 64, OBJECT_DSA, dsa),
	KEY(TEE_TYPE_DH_KEYPAIR, 0, 256, 2048, 1, OBJECT_DH, dh_pair),
	PAIR(ECDSA, 192, 521, 1, OBJECT_EC, ec),
	PAIR(ECDH, 192, 521, 1, OBJECT_EC, ec),
	PAIR(SM2_DSA, 256, 256, 1, OBJECT_EC, sm2),
	PAIR(SM2_KEP, 256, 256, 1, OBJECT_EC, sm2),
	PAIR(SM2_PKE, 256, 256, 1, OBJECT_EC, sm2),
	OCTETS(ED25519, 256, 32, NID_ED25519, edwards),
	OCTETS(X25519, 256, 32, NID_X25519, x25519),
	OCTETS(ED448, 448, 57, NID_ED448, edwards),
	OCTETS(X448, 448, 56, NID_X448, x448),
};

const struct object_type *object_type_find(uint32_t type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

bool object_size_lacks_parity(uint32_t type, uint32_t bits)
{
	return (type == TEE_TYPE_DES && bits == 56) ||
	       (type == TEE_TYPE_DES3 && (bits == 112 || bits == 168));
}

bool object_type_has_size(const struct object_type *type, uint32_t bits)
{
	if (object_size_lacks_parity(type->type, bits))
		return true;
	return bits >= type->least && bits <= type->most && bits % type->step == 0;
}

int object_type_attribute(const struct object_type *type, uint32_t id)
{
	for (int i = 0; i < type->attribute_count; i++)
		if (type->attribute[i].id == id)
			return i;
	return -1;
}
