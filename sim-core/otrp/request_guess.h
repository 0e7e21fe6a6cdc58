/*
 * What a request most likely says, seen in its octets before it is parsed, so that work on it can
 * begin at once. The octets are hostile and nothing of this is believed: what was begun is used
 * where the parser then says the same, and dropped where not.
 *
 * Runs in the TEE's OTrP process. Spans point into the octets, or the arena.
 */
#ifndef TEESIM_OTRP_REQUEST_GUESS_H
#define TEESIM_OTRP_REQUEST_GUESS_H

#include "teep/otrp/arena.h"
#include "teep/otrp/span.h"

struct request_guess {
	struct span payload; /* base64url; absent when there is no such member */
	struct span header;  /* what stands between the message's name and it: the certificates */
	bool query;	     /* GetDeviceState */
	/* In base64url, where they stand behind the payload as in canonical JSON; else absent. */
	struct span protected_text, signature_text;
};

void request_guess_make(struct span octets, struct request_guess *out);

/* What stands at the payload's end in canonical JSON. */
struct request_guess_end {
	struct span tid; /* the transaction's id; else absent */
	bool nextdsi;	 /* asks for the state */
};

void request_guess_end_read(const struct request_guess *guess, struct arena *arena,
			    struct request_guess_end *out);

/* The block that the content's key is in, where it stands near the payload's beginning as in
 * canonical JSON; else absent. */
struct span request_guess_encrypted_key(const struct request_guess *guess, struct arena *arena);

/* The SP that a decrypted content names; else absent. Points into the content. */
struct span request_guess_spid(struct span content);

#endif
