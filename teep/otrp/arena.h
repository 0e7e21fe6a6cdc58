/*
 * Memory that is given back all at once: for the parts of one message.
 *
 * Used by every program that reads or writes OTrP. What is taken from an arena lives until
 * arena_clear(), which wipes it first: plaintext may have been in it.
 */
#ifndef TEESIM_TEEP_OTRP_ARENA_H
#define TEESIM_TEEP_OTRP_ARENA_H

#include "teep/otrp/span.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *newest; /* NULL in an empty one: { 0 } starts it */
};

/* `size` octets and a zero octet behind them; NULL when there is no memory. Not cleared. */
void *arena_take(struct arena *arena, size_t size);

/* A copy in the arena. Returns false when there is no memory. */
bool arena_copy(struct arena *arena, const void *data, size_t size, struct span *out);

/* Octets of memory that it has. */
size_t arena_size(const struct arena *arena);

/* Harmless when done twice. */
void arena_clear(struct arena *arena);

#define ARENA_AUTO __attribute__((cleanup(arena_clear))) struct arena

#endif
