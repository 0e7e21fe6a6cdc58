/*
 * Digests and ciphers of OpenSSL, looked up once for the process: OpenSSL looks for the
 * implementation of what EVP_sha256() and its like name each time that it is used, which takes
 * short messages longer than the work itself.
 *
 * May be called from any thread. What is handed out is the process's and is never freed.
 */
#ifndef TEESIM_TEEP_PKI_FETCHED_H
#define TEESIM_TEEP_PKI_FETCHED_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

enum fetched_digest {
	FETCHED_SHA256,
	FETCHED_SHA384,
	FETCHED_SHA512,
	FETCHED_DIGEST_COUNT,
};

enum fetched_cipher {
	FETCHED_AES_128_CBC,
	FETCHED_AES_256_CBC,
	FETCHED_AES_128_WRAP, /* RFC 3394 */
	FETCHED_AES_256_WRAP,
	FETCHED_CIPHER_COUNT,
};

/* Never NULL: what can't be looked up is what OpenSSL would look for by itself. */
const EVP_MD *fetched_digest(enum fetched_digest which);
const EVP_CIPHER *fetched_cipher(enum fetched_cipher which);

/* NULL where OpenSSL has none. */
EVP_MAC *fetched_hmac(void);

/* Of `size` octets. false: OpenSSL failed. */
bool sha256_make(const void *data, size_t size, uint8_t out[32]);

#endif
