/*
 * A hash map from 64-bit numbers to pointers: how teesimd finds a session, a client or an
 * instance by the number in a message. Keys may be chosen by a client, so they are mixed with a
 * secret of the process.
 *
 * Runs in teesimd. Owns its table, nothing that it points to.
 */
#ifndef TEESIM_SESSION_ID_MAP_H
#define TEESIM_SESSION_ID_MAP_H

#include <stddef.h>
#include <stdint.h>

struct id_map_entry {
	uint64_t key;
	void *value;
};

/* All zero is an empty map. */
struct id_map {
	struct id_map_entry *entry;
	size_t capacity;
	size_t count;
};

/* NULL when there is none. */
void *id_map_get(const struct id_map *map, uint64_t key);

/* `value` is not NULL and `key` is not in the map. Returns 0 or -ENOMEM. */
int id_map_put(struct id_map *map, uint64_t key, void *value);

/* Returns what was there, or NULL. */
void *id_map_remove(struct id_map *map, uint64_t key);

/* Walks all values: start with *at = 0, ends with NULL. No change in between. */
void *id_map_next(const struct id_map *map, size_t *at);

/* A number of 32 bits, not 0, that is no key of the map: the one after *last that is free. */
uint32_t id_map_fresh(const struct id_map *map, uint32_t *last);

void id_map_free(struct id_map *map);

#endif
