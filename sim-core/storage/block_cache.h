/*
 * Blocks that were opened lately, for whoever reads an object in small pieces. A block is known by
 * its object, its place and its stamp; since a stamp is never used again, nothing here is ever out
 * of date.
 *
 * Runs in tee-services. The octets are in libsodium's guarded memory.
 */
#ifndef TEESIM_STORAGE_BLOCK_CACHE_H
#define TEESIM_STORAGE_BLOCK_CACHE_H

#include <stdint.h>

#include "storage/record.h"

#define BLOCK_CACHE_SLOTS 512U

struct block_cache {
	struct {
		uint64_t number;
		uint64_t stamp;
		uint32_t index;
		uint32_t size;
	} tag[BLOCK_CACHE_SLOTS];
	/* Made when it is first needed. */
	uint8_t (*block)[RECORD_BLOCK_SIZE];
};

/* The block's octets, `*size` of them; NULL: it is not here. */
const uint8_t *block_cache_find(const struct block_cache *cache, uint64_t number, uint32_t index,
				uint64_t stamp, uint32_t *size);

/* Room for the block, in place of another; NULL: no memory. block_cache_fill() makes it one. */
uint8_t *block_cache_room(struct block_cache *cache, uint64_t number, uint32_t index);
void block_cache_fill(struct block_cache *cache, uint64_t number, uint32_t index, uint64_t stamp,
		      uint32_t size);

/* Wipes and frees. */
void block_cache_clear(struct block_cache *cache);

#endif
