/*
 * Certificates of chains that held, taken apart already: OpenSSL needs longer to read one than to
 * verify it.
 *
 * Runs in the TEE's OTrP process. Only what exchange_authenticate() found to lead to a trusted root
 * gets in, so strangers push nothing out; being in the cache vouches for nothing.
 */
#ifndef TEESIM_OTRP_CERTIFICATE_CACHE_H
#define TEESIM_OTRP_CERTIFICATE_CACHE_H

#include <openssl/x509.h>

#include "teep/otrp/span.h"

#define CERTIFICATE_CACHE_SIZE 16U

/* All zero is empty. */
struct certificate_cache {
	struct {
		uint8_t hash[32];
		X509 *certificate;
	} slot[CERTIFICATE_CACHE_SIZE];
	unsigned next;
};

/* The certificate of these octets, out of the cache or parsed: the caller's reference. NULL when it
 * is none. */
X509 *certificate_cache_get(const struct certificate_cache *cache, struct span der);

/* Keeps each of the chain. */
void certificate_cache_keep(struct certificate_cache *cache, STACK_OF(X509) * chain);

void certificate_cache_clear(struct certificate_cache *cache);

#endif
