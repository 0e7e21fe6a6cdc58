/*
 * Keys of trusted storage, and the sealing of its rows.
 *
 *   device key ─▶ storage secret ─▶ a secret per partition (security domain, TA, store)
 *                                        └─▶ a key per object ─▶ each of its rows
 *
 * A row is sealed under its object's key with its slot and its stamp as the nonce. The stamp is new
 * with every writing and stands in the row above, so a row that was moved, exchanged or put back
 * from an older copy does not open.
 *
 * Runs in tee-services and in the command line. Secrets and keys live in libsodium's guarded
 * memory, which this module hands out and wipes.
 */
#ifndef TEESIM_STORAGE_SEAL_H
#define TEESIM_STORAGE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#define SEAL_SECRET_SIZE 32
/* A sealed row is so much longer than what is in it. */
#define SEAL_OVERHEAD 16U

/* Written in the database: a device's rows are all of one kind. */
enum seal_cipher {
	SEAL_AES256_GCM = 1, /* where the processor has it in hardware */
	SEAL_CHACHA20_POLY1305 = 2,
};

struct seal_secret;
struct seal_key;

/* The faster one on this machine. */
enum seal_cipher seal_cipher_best(void);
/* Can this machine open rows of that kind? */
int seal_cipher_usable(uint32_t cipher);

/* A secret from the 32 octets at `from`; NULL: no memory. */
struct seal_secret *seal_secret_new(const uint8_t from[SEAL_SECRET_SIZE]);
/* A secret that depends on `parent` and on the `size` octets of `context`; NULL: no memory. */
struct seal_secret *seal_secret_derive(const struct seal_secret *parent, const void *context,
				       size_t size);
void seal_secret_free(struct seal_secret *secret);

/* The key of the object with that number; NULL: no memory. */
struct seal_key *seal_key_derive(const struct seal_secret *secret, enum seal_cipher cipher,
				 uint64_t number);
void seal_key_free(struct seal_key *key);

/* 32 octets that only a holder of the secret can make of `data`. */
void seal_mac(const struct seal_secret *secret, const void *data, size_t size, uint8_t mac[32]);

/* 0, or -EBADMSG when `mac` is not what seal_mac() makes of `data`. */
int seal_mac_check(const struct seal_secret *secret, const void *data, size_t size,
		   const uint8_t mac[32]);

/* Writes size + SEAL_OVERHEAD octets to `out`. */
void seal_close(const struct seal_key *key, uint32_t slot, uint64_t stamp, const void *data,
		size_t size, uint8_t *out);
/* Writes size - SEAL_OVERHEAD octets to `out`. Returns 0, or -EBADMSG: it is not what was sealed
 * there, and `out` holds nothing of it. */
int seal_open(const struct seal_key *key, uint32_t slot, uint64_t stamp, const uint8_t *sealed,
	      size_t size, void *out);

#endif
