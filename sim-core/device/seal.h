/*
 * Octets sealed to one device: nobody reads or changes them without the device's hardware key.
 *
 * Runs wherever the trusted OS keeps secrets in files. XChaCha20-Poly1305 by libsodium, with a
 * random nonce, under keys that are derived from the hardware key by purpose; a key is in guarded
 * memory from device_seal_key_open() to device_seal_key_close().
 */
#ifndef TEESIM_DEVICE_SEAL_H
#define TEESIM_DEVICE_SEAL_H

#include <stddef.h>
#include <stdint.h>

/* Octets that sealing adds. */
#define DEVICE_SEAL_OVERHEAD 40U

struct device_seal_key {
	uint8_t *octets; /* guarded; NULL when closed */
};

/* The key for `purpose` of the device in `directory`. 0 or -errno. */
int device_seal_key_open(struct device_seal_key *key, const char *directory, const char *purpose);

/* The same key, which somebody else derived: DEVICE_SEAL_KEY_SIZE octets. 0 or -errno. */
#define DEVICE_SEAL_KEY_SIZE 64U
int device_seal_key_take(struct device_seal_key *key, const void *octets);

/* Wipes it. Harmless when done twice. */
void device_seal_key_close(struct device_seal_key *key);

/* `out` takes size + DEVICE_SEAL_OVERHEAD octets; `context` is bound to them and not contained. */
void device_seal(const struct device_seal_key *key, const void *context, size_t context_size,
		 const void *data, size_t size, uint8_t *out);

/* `out` takes size - DEVICE_SEAL_OVERHEAD octets. 0, or -EBADMSG when they were not sealed so. */
int device_seal_open(const struct device_seal_key *key, const void *context, size_t context_size,
		     const void *sealed, size_t size, uint8_t *out);

/* A keyed hash of 32 octets for integrity alone, apart from all sealing. */
#define DEVICE_SEAL_MAC_SIZE 32
void device_seal_mac(const struct device_seal_key *key, const void *a, size_t a_size, const void *b,
		     size_t b_size, uint8_t out[DEVICE_SEAL_MAC_SIZE]);

#endif
