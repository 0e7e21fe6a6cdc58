/*
 * The Ed25519 keys that TA packages are signed with, as files.
 *
 * Runs in teesimd (public keys only) and in the command line. Secret keys are kept in libsodium's
 * guarded memory and never leave this process but through signatures.
 *
 * Files are one line of text:
 *   teesim-ed25519-secret-1 BASE64-OF-THE-32-BYTE-SEED        mode 0600
 *   teesim-ed25519-1 BASE64-OF-THE-PUBLIC-KEY NAME
 */
#ifndef TEESIM_REGISTRY_SIGNING_KEY_H
#define TEESIM_REGISTRY_SIGNING_KEY_H

#include <stddef.h>
#include <stdint.h>

#define PUBLIC_KEY_SIZE		    32
#define PUBLIC_KEY_NAME_SIZE	    64
#define PUBLIC_KEY_FINGERPRINT_SIZE 33
#define SIGNATURE_SIZE		    64

struct public_key {
	uint8_t bytes[PUBLIC_KEY_SIZE];
	char name[PUBLIC_KEY_NAME_SIZE]; /* printable; may be empty */
};

struct signing_key {
	struct public_key public_key;
	uint8_t *secret; /* guarded memory, NULL when closed */
};

/* Read a secret key. -ENOENT, -EPERM (mode, owner), -EBADMSG; one line in `err`. */
int signing_key_load(const char *path, struct signing_key *out, char *err, size_t errlen);

/*
 * The user's development key, <keys_dir>/dev.key. Made on first use, with dev.pub beside it; when
 * several programs come at once, all of them get the same key.
 */
int signing_key_open_development(const char *keys_dir, struct signing_key *out, char *err,
				 size_t errlen);

/* Wipes the secret. Harmless when done twice. */
void signing_key_close(struct signing_key *key);

void signing_key_sign(const struct signing_key *key, const void *message, size_t size,
		      uint8_t signature[SIGNATURE_SIZE]);

/* Read a .pub file, with the same errors. */
int public_key_load(const char *path, struct public_key *out, char *err, size_t errlen);

/* Check the text of a .pub file. */
int public_key_parse(const char *text, size_t length, struct public_key *out);

/* 32 hexadecimal digits that stand for a key where people compare keys. */
const char *public_key_fingerprint(const uint8_t key[PUBLIC_KEY_SIZE],
				   char out[PUBLIC_KEY_FINGERPRINT_SIZE]);

#endif
