/*
 * Private keys that came out of the store a moment ago: to take one out of its encoding costs more
 * than to use it.
 *
 * Runs in the TEE's OTrP process. A key is found by the hash of what the store holds, so one that
 * was replaced is not found any more.
 */
#ifndef TEESIM_OTRP_KEY_CACHE_H
#define TEESIM_OTRP_KEY_CACHE_H

#include <openssl/evp.h>

#include "teep/otrp/span.h"

#define KEY_CACHE_SIZE 8U

/* All zero is empty. */
struct key_cache {
	struct {
		uint8_t hash[32];
		EVP_PKEY *key;
	} slot[KEY_CACHE_SIZE];
	unsigned int next;
};

/* The key of this PKCS #8: the caller's reference, or NULL. */
EVP_PKEY *key_cache_get(struct key_cache *cache, struct span der);

/* Keeps a reference to a key, whose PKCS #8 this is. */
void key_cache_put(struct key_cache *cache, struct span der, EVP_PKEY *key);

void key_cache_clear(struct key_cache *cache);

#endif
