#include "otrp/certificate_cache.h"

#include "teep/pki/certificate.h"

static X509 *find(const struct certificate_cache *cache, const uint8_t hash[32])
{
	for (unsigned i = 0; i < CERTIFICATE_CACHE_SIZE; i++)
		if (cache->slot[i].certificate && memcmp(cache->slot[i].hash, hash, 32) == 0)
			return cache->slot[i].certificate;
	return NULL;
}

X509 *certificate_cache_get(const struct certificate_cache *cache, struct span der)
{
	uint8_t hash[32];
	X509 *found = NULL;

	if (EVP_Digest(der.data, der.size, hash, NULL, EVP_sha256(), NULL) == 1)
		found = find(cache, hash);
	if (found && X509_up_ref(found) == 1)
		return found;
	return certificate_parse(der.data, der.size);
}

void certificate_cache_keep(struct certificate_cache *cache, STACK_OF(X509) * chain)
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *certificate = sk_X509_value(chain, i);
		uint8_t hash[32];

		if (!certificate_hash(certificate, hash) || find(cache, hash) ||
		    X509_up_ref(certificate) != 1)
			continue;
		X509_free(cache->slot[cache->next].certificate);
		cache->slot[cache->next].certificate = certificate;
		memcpy(cache->slot[cache->next].hash, hash, sizeof(hash));
		cache->next = (cache->next + 1) % CERTIFICATE_CACHE_SIZE;
	}
}

void certificate_cache_clear(struct certificate_cache *cache)
{
	for (unsigned i = 0; i < CERTIFICATE_CACHE_SIZE; i++)
		X509_free(cache->slot[i].certificate);
	memset(cache, 0, sizeof(*cache));
}
