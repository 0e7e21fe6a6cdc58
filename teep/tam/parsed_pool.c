#include "teep/tam/parsed_pool.h"

#include <pthread.h>
#include <string.h>

#include "teep/otrp/key_numbers.h"
#include "teep/pki/fetched.h"
#include "teep/pki/key.h"
#include "teep/tam/certificate_library.h"

/* Sets of slots, each of which holds any of the values whose hashes begin alike. */
#define SETS 256
#define WAYS 4
#define HASH 32

struct slot {
	uint8_t hash[HASH];
	X509 *certificate; /* one of the two, or neither */
	EVP_PKEY *key;
};

static struct slot slots[SETS][WAYS];
static unsigned next[SETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct slot *set_of(const uint8_t hash[HASH], unsigned *set)
{
	*set = hash[0] % SETS;
	return slots[*set];
}

/* A copy whose references are the caller's. */
static bool pool_find(const uint8_t hash[HASH], struct slot *out)
{
	unsigned set;
	struct slot *slot = set_of(hash, &set);
	bool found = false;

	(void)pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < WAYS && !found; i++, slot++) {
		if (memcmp(slot->hash, hash, HASH) != 0 || (!slot->certificate && !slot->key))
			continue;
		*out = *slot;
		if (out->certificate)
			X509_up_ref(out->certificate);
		if (out->key)
			EVP_PKEY_up_ref(out->key);
		found = true;
	}
	(void)pthread_mutex_unlock(&lock);
	return found;
}

/* Takes references of its own. */
static void pool_put(const struct slot *value)
{
	unsigned set;
	struct slot *way = set_of(value->hash, &set), old;

	if (value->certificate)
		X509_up_ref(value->certificate);
	if (value->key)
		EVP_PKEY_up_ref(value->key);
	(void)pthread_mutex_lock(&lock);
	way += next[set]++ % WAYS;
	old = *way;
	*way = *value;
	(void)pthread_mutex_unlock(&lock);
	X509_free(old.certificate);
	EVP_PKEY_free(old.key);
}

/* The same octets may be asked for as either kind. */
static bool hash_make(struct span der, uint8_t kind, uint8_t hash[HASH])
{
	if (!sha256_make(der.data, der.size, hash))
		return false;
	hash[HASH - 1] ^= kind;
	return true;
}

X509 *pool_certificate(struct span der)
{
	struct slot slot = { 0 };

	if (!der.data || !hash_make(der, 0, slot.hash))
		return NULL;
	if (pool_find(slot.hash, &slot))
		return slot.certificate;
	slot.certificate = certificate_library_parse(der);
	if (slot.certificate)
		pool_put(&slot);
	return slot.certificate;
}

/* SubjectPublicKeyInfo of a point on P-256, as all write it; the point's two numbers follow. */
static const uint8_t p256_head[] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
	0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
};

/* OpenSSL looks for a decoder each time, which takes longer than anything that is done with the
 * key; each device has such a key of its own. NULL: ask OpenSSL. */
static EVP_PKEY *p256_parse(struct span der)
{
	const uint8_t *x;

	if (der.size != sizeof(p256_head) + 64 ||
	    memcmp(der.data, p256_head, sizeof(p256_head)) != 0)
		return NULL;
	x = der.data + sizeof(p256_head);
	return key_numbers_load(&(const struct key_numbers) {
		.kind = KEY_P256, .x = span_of(x, 32), .y = span_of(x + 32, 32) });
}

static EVP_PKEY *key_parse(struct span der)
{
	EVP_PKEY *key = p256_parse(der);

	return key ? key : key_public_decode(der.data, der.size);
}

EVP_PKEY *pool_key(struct span der)
{
	struct slot slot = { 0 };

	if (!der.data || !hash_make(der, 1, slot.hash))
		return NULL;
	if (pool_find(slot.hash, &slot))
		return slot.key;
	slot.key = key_parse(der);
	if (slot.key)
		pool_put(&slot);
	return slot.key;
}
