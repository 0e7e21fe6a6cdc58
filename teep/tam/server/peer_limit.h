/*
 * How often a peer may do something: a bucket of tokens for each, that fills up evenly.
 *
 * Runs in teesim-tam; any thread may call. Peers are whoever connects, so the room is bounded: of
 * many, those that were quiet the longest are forgotten, which only ever gives a peer more.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_PEER_LIMIT_H
#define TEESIM_TEEP_TAM_SERVER_PEER_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct peer_limit;

/* `per_second` on the average, `burst` at once. NULL without memory. */
struct peer_limit *peer_limit_open(double per_second, uint32_t burst);
/* NULL does nothing. */
void peer_limit_close(struct peer_limit *limit);

/*
 * Whether the peer may now; takes one token if so, and if not says after how many seconds it will.
 * `now` is in milliseconds of a clock that is never set.
 */
bool peer_limit_take(struct peer_limit *limit, const char *peer, int64_t now,
		     uint32_t *retry_seconds);

/*
 * The part of an address that counts as one peer: an IPv4 address, the first 64 bits of an IPv6
 * one. What is no address stays as it is.
 */
#define PEER_NAME_SIZE 64
void peer_limit_name(const char *address, char out[PEER_NAME_SIZE]);

#endif
