#include "storage/seal.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define NONCE_SIZE 12U

static_assert(NONCE_SIZE == crypto_aead_aes256gcm_NPUBBYTES, "slot and stamp fill the nonce");
static_assert(NONCE_SIZE == crypto_aead_chacha20poly1305_ietf_NPUBBYTES, "slot and stamp fill it");
static_assert(SEAL_OVERHEAD == crypto_aead_aes256gcm_ABYTES, "as told");
static_assert(SEAL_OVERHEAD == crypto_aead_chacha20poly1305_ietf_ABYTES, "as told");

struct seal_secret {
	uint8_t octet[SEAL_SECRET_SIZE];
};

struct seal_key {
	union {
		crypto_aead_aes256gcm_state aes;
		uint8_t chacha[crypto_aead_chacha20poly1305_ietf_KEYBYTES];
		struct seal_key *next_free;
	};
	uint64_t cipher;
	uint64_t unused;
};

/* Guarded memory comes in whole pages with a system call or five, so keys are cut from slabs. */
#define SLAB_KEYS 64U

static struct seal_key *free_keys;

static struct seal_key *key_take(void)
{
	struct seal_key *key = free_keys;

	if (!key) {
		struct seal_key *slab = sodium_allocarray(SLAB_KEYS, sizeof(*slab));

		if (!slab)
			return NULL;
		for (size_t i = 0; i < SLAB_KEYS; i++) {
			slab[i].next_free = free_keys;
			free_keys = &slab[i];
		}
		key = free_keys;
	}
	free_keys = key->next_free;
	return key;
}

void seal_key_free(struct seal_key *key)
{
	if (!key)
		return;
	sodium_memzero(key, sizeof(*key));
	key->next_free = free_keys;
	free_keys = key;
}

enum seal_cipher seal_cipher_best(void)
{
	return sodium_init() >= 0 && crypto_aead_aes256gcm_is_available() ? SEAL_AES256_GCM
									  : SEAL_CHACHA20_POLY1305;
}

int seal_cipher_usable(uint32_t cipher)
{
	if (sodium_init() < 0)
		return false;
	return cipher == SEAL_CHACHA20_POLY1305 ||
	       (cipher == SEAL_AES256_GCM && crypto_aead_aes256gcm_is_available());
}

struct seal_secret *seal_secret_new(const uint8_t from[SEAL_SECRET_SIZE])
{
	struct seal_secret *secret = sodium_init() < 0 ? NULL : sodium_malloc(sizeof(*secret));

	if (secret)
		memcpy(secret->octet, from, sizeof(secret->octet));
	return secret;
}

struct seal_secret *seal_secret_derive(const struct seal_secret *parent, const void *context,
				       size_t size)
{
	struct seal_secret *secret = sodium_malloc(sizeof(*secret));

	if (secret)
		(void)crypto_generichash(secret->octet, sizeof(secret->octet), context, size,
					 parent->octet, sizeof(parent->octet));
	return secret;
}

void seal_secret_free(struct seal_secret *secret)
{
	sodium_free(secret);
}

struct seal_key *seal_key_derive(const struct seal_secret *secret, enum seal_cipher cipher,
				 uint64_t number)
{
	struct seal_key *key = key_take();
	uint8_t bytes[crypto_aead_aes256gcm_KEYBYTES];
	uint64_t context[2] = { htole64(cipher), htole64(number) };

	if (!key)
		return NULL;
	(void)crypto_generichash(bytes, sizeof(bytes), (const uint8_t *)context, sizeof(context),
				 secret->octet, sizeof(secret->octet));
	key->cipher = cipher;
	if (cipher == SEAL_AES256_GCM)
		(void)crypto_aead_aes256gcm_beforenm(&key->aes, bytes);
	else
		memcpy(key->chacha, bytes, sizeof(key->chacha));
	sodium_memzero(bytes, sizeof(bytes));
	return key;
}

void seal_mac(const struct seal_secret *secret, const void *data, size_t size, uint8_t mac[32])
{
	(void)crypto_generichash(mac, 32, data, size, secret->octet, sizeof(secret->octet));
}

int seal_mac_check(const struct seal_secret *secret, const void *data, size_t size,
		   const uint8_t mac[32])
{
	uint8_t wanted[32];

	seal_mac(secret, data, size, wanted);
	return sodium_memcmp(wanted, mac, sizeof(wanted)) ? -EBADMSG : 0;
}

static void nonce_make(uint8_t nonce[NONCE_SIZE], uint32_t slot, uint64_t stamp)
{
	slot = htole32(slot);
	stamp = htole64(stamp);
	memcpy(nonce, &slot, sizeof(slot));
	memcpy(nonce + sizeof(slot), &stamp, sizeof(stamp));
}

void seal_close(const struct seal_key *key, uint32_t slot, uint64_t stamp, const void *data,
		size_t size, uint8_t *out)
{
	uint8_t nonce[NONCE_SIZE];

	nonce_make(nonce, slot, stamp);
	if (key->cipher == SEAL_AES256_GCM)
		(void)crypto_aead_aes256gcm_encrypt_afternm(out, NULL, data, size, NULL, 0, NULL,
							    nonce, &key->aes);
	else
		(void)crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, data, size, NULL, 0,
								NULL, nonce, key->chacha);
}

int seal_open(const struct seal_key *key, uint32_t slot, uint64_t stamp, const uint8_t *sealed,
	      size_t size, void *out)
{
	uint8_t nonce[NONCE_SIZE];
	int bad;

	if (size < SEAL_OVERHEAD)
		return -EBADMSG;
	nonce_make(nonce, slot, stamp);
	if (key->cipher == SEAL_AES256_GCM)
		bad = crypto_aead_aes256gcm_decrypt_afternm(out, NULL, NULL, sealed, size, NULL, 0,
							    nonce, &key->aes);
	else
		bad = crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, size, NULL,
								0, nonce, key->chacha);
	return bad ? -EBADMSG : 0;
}
