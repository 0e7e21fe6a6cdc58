/*
 * What seals secrets of the TAM before they go into its database: personalisation data, content
 * keys, plans of sessions. One key in a file with mode 0600, the same for all TAM processes of one
 * database.
 *
 * Runs in teesim-tam and in tools on the TAM's machine. XChaCha20-Poly1305 (libsodium), each sealed
 * value bound to what it is and whose; the key is in guarded memory.
 */
#ifndef TEESIM_TEEP_TAM_VAULT_H
#define TEESIM_TEEP_TAM_VAULT_H

#include "teep/otrp/arena.h"

struct vault;

/* Make the file, which must not exist: 0 or a negative errno with one line in `err`. */
int vault_make(const char *path, char *err, size_t errlen);

/* Read the file, which must be closed to others. */
int vault_open(struct vault **vault, const char *path, char *err, size_t errlen);
/* NULL does nothing. */
void vault_close(struct vault *vault);

/*
 * Seal into the arena. `what` and `whose` (which may be NULL) are bound to the value: it opens only
 * with the same. Returns 0 or -ENOMEM.
 */
int vault_seal(const struct vault *vault, const char *what, const char *whose, struct span plain,
	       struct arena *arena, struct span *sealed);

/* 0, -EBADMSG when it was changed, moved or sealed under another key, or -ENOMEM. */
int vault_unseal(const struct vault *vault, const char *what, const char *whose, struct span sealed,
		 struct arena *arena, struct span *plain);

/* What nobody without the key can work out of `data`: a hash of it, another for each `what`. */
#define VAULT_TAG_SIZE 32
void vault_tag(const struct vault *vault, const char *what, struct span data,
	       uint8_t out[VAULT_TAG_SIZE]);

#endif
