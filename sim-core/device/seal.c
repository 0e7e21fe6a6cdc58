#include "device/seal.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "device/hardware_key.h"

/* One half seals, the other makes hashes. */
#define HALF  crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Static_assert(DEVICE_SEAL_KEY_SIZE == 2 * HALF, "both halves");
_Static_assert(DEVICE_SEAL_OVERHEAD == NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
	       "what sealing adds");

int device_seal_key_open(struct device_seal_key *key, const char *directory, const char *purpose)
{
	int rc;

	key->octets = NULL;
	if (sodium_init() < 0)
		return -ENOSYS;
	key->octets = sodium_malloc((size_t)2 * HALF);
	if (!key->octets)
		return -ENOMEM;
	rc = hardware_key_derive(directory, purpose, key->octets, (size_t)2 * HALF);
	if (rc < 0)
		device_seal_key_close(key);
	return rc;
}

int device_seal_key_take(struct device_seal_key *key, const void *octets)
{
	key->octets = NULL;
	if (sodium_init() < 0)
		return -ENOSYS;
	key->octets = sodium_malloc((size_t)2 * HALF);
	if (!key->octets)
		return -ENOMEM;
	memcpy(key->octets, octets, (size_t)2 * HALF);
	return 0;
}

void device_seal_key_close(struct device_seal_key *key)
{
	sodium_free(key->octets);
	key->octets = NULL;
}

void device_seal(const struct device_seal_key *key, const void *context, size_t context_size,
		 const void *data, size_t size, uint8_t *out)
{
	randombytes_buf(out, NONCE);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL, data, size, context,
							 context_size, NULL, out, key->octets);
}

int device_seal_open(const struct device_seal_key *key, const void *context, size_t context_size,
		     const void *sealed, size_t size, uint8_t *out)
{
	const uint8_t *nonce = sealed;

	if (size < DEVICE_SEAL_OVERHEAD)
		return -EBADMSG;
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, nonce + NONCE,
							  size - NONCE, context, context_size,
							  nonce, key->octets)
		       ? -EBADMSG
		       : 0;
}

void device_seal_mac(const struct device_seal_key *key, const void *a, size_t a_size, const void *b,
		     size_t b_size, uint8_t out[DEVICE_SEAL_MAC_SIZE])
{
	const uint64_t lengths[2] = { a_size, b_size };
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, key->octets + HALF, HALF, DEVICE_SEAL_MAC_SIZE);
	(void)crypto_generichash_update(&state, (const uint8_t *)lengths, sizeof(lengths));
	(void)crypto_generichash_update(&state, a, a_size);
	(void)crypto_generichash_update(&state, b, b_size);
	(void)crypto_generichash_final(&state, out, DEVICE_SEAL_MAC_SIZE);
}
