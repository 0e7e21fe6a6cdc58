/*
 * Keys that are used again and again: what OpenSSL sets up for an operation, which it does anew for
 * each otherwise, is set up at the key's first and kept with it.
 *
 * Used by the TEE and its firmware, whose answers somebody waits for. A key that is ready is one
 * thread's at a time; one that was not made ready works as ever.
 */
#ifndef TEESIM_TEEP_PKI_READY_KEY_H
#define TEESIM_TEEP_PKI_READY_KEY_H

#include <openssl/evp.h>
#include <stdbool.h>

enum ready_use {
	READY_SIGN,    /* a digest, by signature_make()'s algorithm; RSA by PKCS #1 v1.5 */
	READY_VERIFY,  /* the same */
	READY_ENCRYPT, /* RSA by PKCS #1 v1.5 */
	READY_DECRYPT, /* RSA without looking at the padding */
	READY_USE_COUNT,
};

/* To be called once for each key, of any kind; NULL does nothing. What is kept goes with the key.
 * Where there is no memory for it the key is as it was. */
void ready_key_make(EVP_PKEY *key);

/* The key's context for `use`, initialised; NULL where it was not made ready or cannot be used so.
 * It is the key's, and may be used as often as one likes. */
EVP_PKEY_CTX *ready_key_context(const EVP_PKEY *key, enum ready_use use);

/* The same, or where the key is not ready one for this time, which is in *fresh too: the caller's
 * (EVP_PKEY_CTX_free()), else NULL. */
EVP_PKEY_CTX *ready_key_borrow(EVP_PKEY *key, enum ready_use use, EVP_PKEY_CTX **fresh);

/* What READY_SIGN and READY_VERIFY sign, the key's; NULL as above. */
const EVP_MD *ready_key_digest(const EVP_PKEY *key);

#endif
