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
	struct span header;  /* what stands before it, the message's name and the certificates */
	bool query;	     /* GetDeviceState */
};

void request_guess_make(struct span octets, struct request_guess *out);

/* The transaction's id, where it stands at the payload's end as in canonical JSON; else absent. */
struct span request_guess_tid(const struct request_guess *guess, struct arena *arena);

#endif
