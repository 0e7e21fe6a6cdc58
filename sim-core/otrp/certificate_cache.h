/*
 * What was found out about certificates and TAMs, so that a session's next request costs a hash in
 * the place of three parsers.
 *
 * Runs in the TEE's OTrP process. Only what was signed by those whom a trusted root vouches for
 * gets in, so strangers push nothing out. A certificate that is known vouches for nothing; a TAM
 * that is known was judged by the same octets, the same roots, and at a clock that is within what
 * that judgement holds for.
 */
#ifndef TEESIM_OTRP_CERTIFICATE_CACHE_H
#define TEESIM_OTRP_CERTIFICATE_CACHE_H

#include <openssl/evp.h>
#include <time.h>

#include "teep/otrp/span.h"

#define CERTIFICATE_CACHE_SIZE 32U
#define CERTIFICATE_NAME_SIZE  128
#define TAM_CACHE_SIZE	       16U

struct certificate_known {
	uint8_t hash[32];
	EVP_PKEY *key; /* NULL: of no kind that we know */
	bool authority, self_signed;
	char name[CERTIFICATE_NAME_SIZE];
};

struct tam_known {
	uint8_t hash[32]; /* of certificates, responses and roots */
	EVP_PKEY *key;
	int64_t produced, from, until;
	uint8_t path[SPAN_LIST_MAX]; /* places in the chain, leaf first, without the root */
	uint8_t path_length;
	size_t root; /* which anchor */
	char tamid[256];
};

/* All zero is empty. */
struct certificate_cache {
	struct certificate_known certificate[CERTIFICATE_CACHE_SIZE];
	struct tam_known tam[TAM_CACHE_SIZE];
	unsigned next, next_tam;
	uint32_t certificates, tams; /* how many there are */
};

/* Borrowed until the next certificate_cache_put(); NULL for one that is not known. */
const struct certificate_known *certificate_cache_find(const struct certificate_cache *cache,
						       struct span der);

/* Keeps a copy, with a reference of its own to the key; the hash is filled in. */
void certificate_cache_put(struct certificate_cache *cache, struct span der,
			   const struct certificate_known *known);

/* A TAM that was found good by those octets, and still is at that time. Borrowed likewise. */
const struct tam_known *tam_cache_find(const struct certificate_cache *cache,
				       const uint8_t hash[32], int64_t now);
void tam_cache_put(struct certificate_cache *cache, const struct tam_known *known);

void certificate_cache_clear(struct certificate_cache *cache);

#endif
