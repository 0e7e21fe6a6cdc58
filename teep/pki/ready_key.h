/*
 * Keys that are used again and again: what OpenSSL sets up for an operation, which it does anew for
 * each otherwise, is set up at the key's first and kept with it.
 *
 * Used by the TEE and its firmware, whose answers somebody waits for, and by the TAM for its own
 * keys. Every function may be called from any thread; a context is one thread's from when it is
 * taken until it is given back. A key that was not made ready works as ever.
 */
#ifndef TEESIM_TEEP_PKI_READY_KEY_H
#define TEESIM_TEEP_PKI_READY_KEY_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "teep/pki/key.h"

enum ready_use {
	READY_SIGN,    /* a digest, by signature_make()'s algorithm; RSA by PKCS #1 v1.5 */
	READY_VERIFY,  /* the same */
	READY_ENCRYPT, /* RSA by PKCS #1 v1.5 */
	READY_DECRYPT, /* RSA without looking at the padding */
	READY_DERIVE,  /* ECDH */
	READY_USE_COUNT,
};

/* To be called once for each key, of any kind, before others use it; NULL does nothing. What is
 * kept goes with the key. Where there is no memory for it the key is as it was. Not for a key that
 * only a token has, which can't be copied. */
void ready_key_make(EVP_PKEY *key);
bool ready_key_is(const EVP_PKEY *key);

/* A context for `use`, initialised: a kept one, or a fresh one where none is kept now. NULL where
 * the key can't be used so. To be given back with the same key and use, also after a failure. */
EVP_PKEY_CTX *ready_key_take(EVP_PKEY *key, enum ready_use use);
void ready_key_give(const EVP_PKEY *key, enum ready_use use, EVP_PKEY_CTX *context);

#endif
