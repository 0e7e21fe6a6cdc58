#include "otrp/certificate_cache.h"

#include "teep/pki/fetched.h"
#include "teep/pki/ready_key.h"

const struct certificate_known *certificate_cache_find(const struct certificate_cache *cache,
						       struct span der)
{
	uint8_t hash[32];

	if (!sha256_make(der.data, der.size, hash))
		return NULL;
	for (uint32_t i = 0; i < cache->certificates; i++)
		if (memcmp(cache->certificate[i].hash, hash, sizeof(hash)) == 0)
			return &cache->certificate[i];
	return NULL;
}

void certificate_cache_put(struct certificate_cache *cache, struct span der,
			   const struct certificate_known *known)
{
	struct certificate_known *slot = &cache->certificate[cache->next];
	struct certificate_known kept = *known;

	if (certificate_cache_find(cache, der) || !sha256_make(der.data, der.size, kept.hash) ||
	    (kept.key && EVP_PKEY_up_ref(kept.key) != 1))
		return;
	EVP_PKEY_free(slot->key);
	ready_key_make(kept.key);
	*slot = kept;
	if (cache->certificates < CERTIFICATE_CACHE_SIZE)
		cache->certificates++;
	cache->next = (cache->next + 1) % CERTIFICATE_CACHE_SIZE;
}

const struct tam_known *tam_cache_find(const struct certificate_cache *cache,
				       const uint8_t hash[32], int64_t now)
{
	for (uint32_t i = 0; i < cache->tams; i++) {
		const struct tam_known *tam = &cache->tam[i];

		if (memcmp(tam->hash, hash, sizeof(tam->hash)) == 0 && tam->from <= now &&
		    now <= tam->until)
			return tam;
	}
	return NULL;
}

void tam_cache_put(struct certificate_cache *cache, const struct tam_known *known)
{
	struct tam_known *slot = &cache->tam[cache->next_tam];

	if (EVP_PKEY_up_ref(known->key) != 1)
		return;
	EVP_PKEY_free(slot->key);
	ready_key_make(known->key);
	*slot = *known;
	if (cache->tams < TAM_CACHE_SIZE)
		cache->tams++;
	cache->next_tam = (cache->next_tam + 1) % TAM_CACHE_SIZE;
}

void certificate_cache_clear(struct certificate_cache *cache)
{
	for (uint32_t i = 0; i < CERTIFICATE_CACHE_SIZE; i++)
		EVP_PKEY_free(cache->certificate[i].key);
	for (uint32_t i = 0; i < TAM_CACHE_SIZE; i++)
		EVP_PKEY_free(cache->tam[i].key);
	memset(cache, 0, sizeof(*cache));
}
