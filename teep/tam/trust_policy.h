/*
 * Which devices a TAM serves, beyond that their certificates hold: the operator's rules.
 *
 * Used by the TAM. The text is the operator's own (tam.conf's "policy"), parsed strictly, because a
 * rule that is misspelt must not be passed over. The rules own all that they point to.
 *
 *   {
 *     "tees": [                          the first whose name fits a TEE's decides
 *       { "name": "simtee-*",            a pattern with * and ?
 *         "allow": true,                 default
 *         "min_version": "1.2",          of the TEE, compared number by number
 *         "require_tfw": true,           instead of the general one
 *         "firmware_roots": ["<sha256>"] instead of the general ones
 *       } ],
 *     "others": "allow",                 or "deny": TEEs that no entry names
 *     "require_tfw": false,              the firmware must vouch for the TEE
 *     "firmware_roots": ["<sha256>"],    of those in the directory, the ones that count; or absent
 *     "require_revocation": false        there must be a CRL or an OCSP response that is not stale
 *   }                                    for each certificate of a TEE's chain but the root
 */
#ifndef TEESIM_TEEP_TAM_TRUST_POLICY_H
#define TEESIM_TEEP_TAM_TRUST_POLICY_H

#include <stdbool.h>

#include "teep/otrp/status.h"
#include "teep/pki/certificate.h"

#define TRUST_POLICY_TEES_MAX  256
#define TRUST_POLICY_ROOTS_MAX 32

struct trust_roots {
	bool listed; /* only these; otherwise any */
	size_t count;
	uint8_t hash[TRUST_POLICY_ROOTS_MAX][CERTIFICATE_HASH_SIZE];
};

struct trust_rule {
	char *name; /* pattern; NULL in the general rule */
	bool allow;
	char *min_version; /* NULL: any */
	bool require_tfw;
	struct trust_roots firmware_roots;
};

struct trust_policy {
	struct trust_rule *tees;
	size_t tee_count;
	struct trust_rule others;
	bool require_revocation;
};

/* Text without data is the policy without rules, which allows. Returns 0, -EBADMSG with one line in
 * `err`, or -ENOMEM; after a failure there is nothing to clear. */
int trust_policy_parse(struct span text, struct trust_policy *out, char *err, size_t errlen);

void trust_policy_clear(struct trust_policy *policy);

/* The rule for a TEE of that name; never NULL. */
const struct trust_rule *trust_policy_rule(const struct trust_policy *policy, const char *name);

/* Whether a version is not below another: "1.10" is above "1.9". */
bool trust_version_reaches(const char *version, const char *least);

#endif
