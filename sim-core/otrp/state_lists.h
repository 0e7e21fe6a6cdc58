/*
 * What a TAM's device state lists, as text that is kept from request to request: its domains with
 * their TAs, and its SPs' anonymous keys.
 *
 * Runs in the TEE's OTrP process. A TAM's lists belong to one count of its changes (dsigen): a
 * command says which domain it touched, and that domain is read again; whatever else happened, all
 * is. The text is canonical JSON, in the store's order. Everything is the cache's.
 */
#ifndef TEESIM_OTRP_STATE_LISTS_H
#define TEESIM_OTRP_STATE_LISTS_H

#include "otrp/domains.h"

#define STATE_LISTS_TAMS 4U
/* Longer ones are made each time. */
#define STATE_LISTS_SIZE_MAX (8U << 20)

struct state_item {
	size_t end; /* of its text, behind the comma */
	size_t key_size;
	uint8_t *key;
};

/* Objects with a comma behind each, in the order of their keys. */
struct state_list {
	char *text;
	size_t size, room;
	struct state_item *items;
	size_t count, items_room;
};

struct state_lists {
	char tamid[256]; /* empty: none */
	uint64_t dsigen;
	uint64_t used; /* when */
	struct state_list domains, keys;
};

/* All zero is empty. */
struct state_lists_cache {
	struct state_lists of[STATE_LISTS_TAMS];
	uint64_t uses;
};

/* The TAM's lists at that count, read where they are not kept. Borrowed until the next call with
 * the cache. NULL with a broken store or without memory. */
struct state_lists *state_lists_get(struct state_lists_cache *cache, struct store *store,
				    struct span tamid, uint64_t dsigen);

/* The TAM's count has become `dsigen` from one less, by what happened in these domains alone, of
 * which some may be absent, and more than one the same. What can't be followed is dropped. */
void state_lists_follow(struct state_lists_cache *cache, struct store *store, struct span tamid,
			uint64_t dsigen, const struct domain_name *touched, unsigned int count);

/* What followed a transaction that came to nothing. */
void state_lists_drop(struct state_lists_cache *cache, struct span tamid);

void state_lists_clear(struct state_lists_cache *cache);

#endif
