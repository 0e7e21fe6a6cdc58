#include "storage/block_cache.h"

#include <sodium.h>
#include <stddef.h>
#include <string.h>

static uint32_t slot_of(uint64_t number, uint32_t index)
{
	/* Neighbours do not displace each other. */
	return (index + (uint32_t)number * 97) % BLOCK_CACHE_SLOTS;
}

const uint8_t *block_cache_find(const struct block_cache *cache, uint64_t number, uint32_t index,
				uint64_t stamp, uint32_t *size)
{
	const uint32_t slot = slot_of(number, index);

	if (!cache->block || cache->tag[slot].stamp != stamp || cache->tag[slot].index != index ||
	    cache->tag[slot].number != number)
		return NULL;
	*size = cache->tag[slot].size;
	return cache->block[slot];
}

uint8_t *block_cache_room(struct block_cache *cache, uint64_t number, uint32_t index)
{
	const uint32_t slot = slot_of(number, index);

	if (!cache->block)
		cache->block = sodium_allocarray(BLOCK_CACHE_SLOTS, sizeof(*cache->block));
	if (!cache->block)
		return NULL;
	/* Stamp 0 is no block's. */
	cache->tag[slot].stamp = 0;
	return cache->block[slot];
}

void block_cache_fill(struct block_cache *cache, uint64_t number, uint32_t index, uint64_t stamp,
		      uint32_t size)
{
	const uint32_t slot = slot_of(number, index);

	cache->tag[slot].number = number;
	cache->tag[slot].index = index;
	cache->tag[slot].stamp = stamp;
	cache->tag[slot].size = size;
}

void block_cache_clear(struct block_cache *cache)
{
	if (cache->block)
		sodium_free(cache->block);
	memset(cache, 0, sizeof(*cache));
}
