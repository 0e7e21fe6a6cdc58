/*
 * A TA that the service provider has encrypted for one device itself: `encrypted_ta` as InstallTA
 * has it, and whose it is. The TAM passes it on within its own signed request, and can't read it.
 *
 *     {"SPTADELIVERY": {"ver", "tamid", "did", "spid", "spaikhash", "taid", "version", "name",
 *      "encrypted_ta": {"key", "iv", "alg", "ciphertadata", "cipherpdata"}}}
 *
 * Personalisation data alone, of a TA that the TAM has, come without `version` and `name`, and with
 * `encrypted_ta` as UpdateTA has it: `ciphernewpdata`, and no package.
 *
 * `spaikhash` is SHA-256 of `spaik` in base64; `did` is in lower-case hexadecimal digits; `name`
 * and `cipherpdata` may be absent. Nothing in it is signed: the SP's token vouches for it to the
 * TAM, and the TEE believes the package alone, whose signature, identifier and version it checks.
 *
 * `teesim sp` makes it; the TAM reads it, to which it is hostile.
 */
#ifndef TEESIM_TEEP_OTRP_TA_DELIVERY_H
#define TEESIM_TEEP_OTRP_TA_DELIVERY_H

#include "teep/otrp/aik_statement.h"

/* Octets of a delivery: in base64 once more, it has to fit into a message. */
#define TA_DELIVERY_SIZE_MAX (11U << 20)

struct ta_delivery {
	struct span tamid, did, spid; /* texts */
	struct span taid;	      /* a UUID in lower case */
	struct span name;	      /* absent: none was given */
	int64_t version;	      /* from 1 on; 0: of data alone */
	struct span aik_hash;	      /* 32 octets */
	struct span encrypted;	      /* encrypted_ta in canonical form */
	/* What is in it, as octets that are encrypted; one of them may be 0: it is not there. */
	size_t package_size, personalisation_size;
	uint32_t key_algorithm; /* enum jwe_algorithm */
};

/* Checks form and bounds of all of it. Spans point into the arena. 0 or otrp_fail()'s value. */
int ta_delivery_parse(struct span octets, struct arena *arena, struct ta_delivery *out,
		      struct otrp_failure *failure);

/*
 * Encrypt a package, whose taid, version and name (absent: none) are given, for the device's key.
 * `personalisation` may be absent; or the package is, and the version 0. The caller's text
 * (free()); NULL without memory or for a key that nothing can be encrypted for.
 */
char *ta_delivery_make(const struct aik_statement *key, const char *taid, uint32_t version,
		       struct span name, struct span package, struct span personalisation);

/* SHA-256 of a key as `spaikhash` has it. */
bool ta_delivery_aik_hash(struct span aik, uint8_t hash[OTRP_HASH_SIZE]);

#endif
