#include "otrp/key_cache.h"

#include "teep/pki/fetched.h"
#include "teep/pki/key.h"
#include "teep/pki/ready_key.h"

void key_cache_put(struct key_cache *cache, struct span der, EVP_PKEY *key)
{
	const unsigned int i = cache->next;

	if (!sha256_make(der.data, der.size, cache->slot[i].hash) || EVP_PKEY_up_ref(key) != 1)
		return;
	EVP_PKEY_free(cache->slot[i].key);
	ready_key_make(key);
	cache->slot[i].key = key;
	cache->next = (i + 1) % KEY_CACHE_SIZE;
}

EVP_PKEY *key_cache_get(struct key_cache *cache, struct span der)
{
	uint8_t hash[32];
	EVP_PKEY *key;

	if (!sha256_make(der.data, der.size, hash))
		return NULL;
	for (unsigned int i = 0; i < KEY_CACHE_SIZE; i++)
		if (cache->slot[i].key && memcmp(cache->slot[i].hash, hash, sizeof(hash)) == 0)
			return EVP_PKEY_up_ref(cache->slot[i].key) == 1 ? cache->slot[i].key : NULL;
	key = key_der_decode(der.data, der.size);
	if (key)
		key_cache_put(cache, der, key);
	return key;
}

void key_cache_clear(struct key_cache *cache)
{
	for (unsigned int i = 0; i < KEY_CACHE_SIZE; i++)
		EVP_PKEY_free(cache->slot[i].key);
	*cache = (struct key_cache) { 0 };
}
