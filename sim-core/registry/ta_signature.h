/*
 * Whose signatures on TA packages this user and this device trust.
 *
 * Runs in teesimd and in the command line. It trusts the user's own key directory and the device's:
 *   <keys>/dev.pub            the user's own development key
 *   <keys>/trusted/X.pub      other signers, for all devices of the user
 *   <device>/trusted/X.pub    other signers, for this device
 */
#ifndef TEESIM_REGISTRY_TA_SIGNATURE_H
#define TEESIM_REGISTRY_TA_SIGNATURE_H

#include "registry/signing_key.h"
#include "registry/ta_package.h"

#include <stddef.h>

enum ta_signature {
	TA_UNSIGNED,
	TA_SIGNED_TRUSTED,
	TA_SIGNED_UNKNOWN_SIGNER,
	TA_SIGNATURE_BAD, /* the file is not to be used; ta_package_parse() refused it */
};

struct ta_signer {
	uint8_t key[PUBLIC_KEY_SIZE];
	char fingerprint[PUBLIC_KEY_FINGERPRINT_SIZE];
	char name[PUBLIC_KEY_NAME_SIZE]; /* empty for a signer who is not known */
};

struct ta_trust {
	struct public_key *keys; /* owned */
	size_t count;
	char problem[256]; /* the first key file that could not be used; empty when all could */
};

/*
 * Read the trusted keys; `device_dir` may be NULL. Directories that do not exist hold no keys. A
 * key file that is damaged, or that others can write, is left out and named in `problem`. Returns 0
 * or -ENOMEM.
 */
int ta_trust_load(struct ta_trust *trust, const char *keys_dir, const char *device_dir);

void ta_trust_clear(struct ta_trust *trust);

/* What a package's signature is worth; fills in `signer` when there is one. */
enum ta_signature ta_signature_check(const struct ta_package *package, const struct ta_trust *trust,
				     struct ta_signer *signer);

/* The same for a signature that was found good before: is its signer trusted now? */
enum ta_signature ta_signer_check(struct ta_signer *signer, const struct ta_trust *trust);

/* "unsigned", "trusted", "unknown-signer", "bad". */
const char *ta_signature_name(enum ta_signature signature);

#endif
