/*
 * What algorithms there are (Internal Core API 6.10). Runs in ta-host, on the TA's thread. One
 * table: the bits of an identifier say nothing that can be relied on.
 */
#ifndef TEESIM_TA_HOST_API_ALGORITHMS_H
#define TEESIM_TA_HOST_API_ALGORITHMS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/library.h"

enum algorithm_family {
	FAMILY_DIGEST,
	FAMILY_SHAKE,
	FAMILY_CIPHER,
	FAMILY_HMAC,
	FAMILY_CMAC,
	FAMILY_CBC_MAC,
	FAMILY_GCM,
	FAMILY_CCM,
	FAMILY_RSA_CIPHER,
	FAMILY_RSA_SIGNATURE,
	FAMILY_DSA,
	FAMILY_ECDSA,
	FAMILY_EDDSA,
	FAMILY_SM2_SIGNATURE,
	FAMILY_SM2_CIPHER,
	FAMILY_SM2_EXCHANGE,
	FAMILY_DH,
	FAMILY_ECDH,
	/* X25519 and X448. */
	FAMILY_XDH,
	FAMILY_HKDF,
	FAMILY_CONCAT_KDF,
	FAMILY_PBKDF2
};

/* What else tells algorithms of one family apart. */
enum algorithm_variant {
	VARIANT_NONE,
	CIPHER_ECB,
	CIPHER_CBC,
	CIPHER_CTR,
	CIPHER_CTS,
	CIPHER_XTS,
	CIPHER_ECB_PADDED,
	CIPHER_CBC_PADDED,
	MAC_PADDED,
	RSA_PLAIN,
	RSA_PKCS1,
	RSA_PKCS1_BARE, /* the digest goes in as it is, without the name of its algorithm */
	RSA_OAEP,
	RSA_PSS,
	SHAKE_128,
	SHAKE_256,
	/* HKDF whose hash is a parameter. */
	HKDF_CHOSEN
};

struct algorithm {
	uint32_t id;
	uint8_t class; /* TEE_OPERATION_… */
	uint8_t family;
	uint8_t variant;
	uint8_t digest; /* enum digest */
	uint8_t block;	/* enum block_cipher */
	/* Of the key: secret, or pair of which verifying and encrypting need the public half. */
	uint32_t key_type;
	/* ELEMENT_NIST, or what TEE_IsAlgorithmSupported() must be asked with. */
	uint32_t element;
};

#define ELEMENT_NIST 0xFFFFFFFFU

/* NULL when there is none. */
const struct algorithm *algorithm_find(uint32_t id);

/* Sizes that the specification has for this algorithm; the key type's own are checked elsewhere. */
bool algorithm_allows_size(const struct algorithm *algorithm, uint32_t bits);

static inline bool algorithm_has_two_keys(const struct algorithm *algorithm)
{
	return algorithm->variant == CIPHER_XTS || algorithm->family == FAMILY_SM2_EXCHANGE;
}

#endif
