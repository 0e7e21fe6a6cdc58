/*
 * Whom the TEE trusts: the TAM roots that the device was made with, or those of the list that its
 * administrator last gave it; and which TAs that list allows.
 *
 * Runs in the TEE's OTrP process. The list is kept in the store, so it can't be set back.
 */
#ifndef TEESIM_OTRP_TRUST_H
#define TEESIM_OTRP_TRUST_H

#include <openssl/x509.h>

#include "otrp/parser.h"
#include "otrp/store.h"
#include "teep/otrp/trust_list.h"

struct trust;

/* `preloaded` stays the caller's and must outlive it. 0 or -errno. */
int trust_open(struct trust **out, struct store *store, STACK_OF(X509) * preloaded);
void trust_close(struct trust *trust);

/* A root, and its key as a child of the parser read it; NULL for one of no kind that we know, and
 * for one that could not be read. */
struct anchor {
	struct span der;
	EVP_PKEY *key;
	/* How many children did not survive reading it, which may have been the root's doing or
	 * somebody else's; 0 once it was read. */
	unsigned int failures;
};

struct anchors {
	size_t count;
	struct anchor *item;
	uint8_t hash[32]; /* stands for all of them */
};

/* The roots that count now; they stay `trust`'s, until the next update. 0 or -errno. */
int trust_anchors(struct trust *trust, struct parser *parser, const struct anchors **out);

bool trust_ta_allowed(const struct trust *trust, struct span taid);

/* Takes over a list whose signature has been verified, in one transaction. -ESTALE for a version
 * below the last, -EALREADY for the last one's; -EBADMSG for a root that is no certificate of an
 * authority. */
int trust_update(struct trust *trust, struct store *store, struct parser *parser,
		 const struct trust_list *list, char *err, size_t errlen);

#endif
