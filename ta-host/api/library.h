/*
 * libcrypto as the API's chapters use it. Runs in ta-host, on the TA's thread.
 *
 * Nothing of it is touched before a TA first calls for cryptography, so an instance that needs none
 * pays for none. From then on: all memory of the library is wiped when it is given back, all its
 * randomness comes from random.h, and it opens no file (the sandbox would end the instance).
 * What the functions return stays the library's, and lives as long as the process.
 */
#ifndef TEESIM_TA_HOST_API_LIBRARY_H
#define TEESIM_TA_HOST_API_LIBRARY_H

#include <openssl/ec.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum digest {
	DIGEST_NONE,
	DIGEST_MD5,
	DIGEST_SHA1,
	DIGEST_SHA224,
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512,
	DIGEST_SHA3_224,
	DIGEST_SHA3_256,
	DIGEST_SHA3_384,
	DIGEST_SHA3_512,
	DIGEST_SM3,
	DIGEST_MD5SHA1,
	DIGESTS
};

#define DIGEST_SIZE_MAX 64U

enum block_cipher {
	BLOCK_AES,
	/* Both are triple DES to the library: single DES is three times the same key. */
	BLOCK_DES,
	BLOCK_DES3,
	BLOCK_SM4
};

enum block_mode {
	BLOCK_ECB,
	BLOCK_CBC,
	BLOCK_CTR,
	BLOCK_GCM,
	BLOCK_MODES
};

#define BLOCK_SIZE_MAX 16U

struct curve {
	/* TEE_ECC_CURVE_… and the size of its field in bits. */
	uint32_t id;
	uint32_t bits;
	int nid;
};

/* Cheap when it was called before; the other functions here call it themselves. */
void library_init(void);

/* NULL (logged) when the library lacks it. */
const EVP_MD *library_digest(enum digest digest);
/* In octets; 0 for DIGEST_NONE. */
size_t library_digest_size(enum digest digest);
/* NID_… of <openssl/obj_mac.h>. */
int library_digest_nid(enum digest digest);
/* By TEE_ALG_…; DIGEST_NONE when it is none. */
enum digest library_digest_of(uint32_t algorithm);

/* `key_size` in octets as in the object: 16, 24 or 32 for AES. NULL when the library lacks it. */
const EVP_CIPHER *library_cipher(enum block_cipher cipher, enum block_mode mode, size_t key_size);
/* An empty cipher context, and its return: wiped, and kept for the next who asks. */
EVP_CIPHER_CTX *library_context_take(void);
void library_context_give(EVP_CIPHER_CTX *context);
size_t library_block_size(enum block_cipher cipher);

/* The key as library_cipher() wants it, in `expanded`; how long that is. */
#define LIBRARY_KEY_MAX 32U
size_t library_key_expand(enum block_cipher cipher, const uint8_t *key, size_t size,
			  uint8_t expanded[LIBRARY_KEY_MAX]);

/* NULL when there is no such curve. */
const struct curve *library_curve_find(uint32_t id);
const EC_GROUP *library_curve_group(const struct curve *curve);

/* Do [a, a + a_size) and [b, b + b_size) share an octet? */
bool library_overlap(const void *a, size_t a_size, const void *b, size_t b_size);

#endif
