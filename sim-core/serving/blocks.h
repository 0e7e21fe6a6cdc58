/*
 * The shared blocks that this instance has mapped, by the context they belong to and the client's
 * number for them. Runs in ta-host and in tee-services; the descriptors come checked from teesimd.
 */
#ifndef TEESIM_SERVING_BLOCKS_H
#define TEESIM_SERVING_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapped_block {
	struct mapped_block *next;
	uint32_t context;
	uint32_t number;
	uint8_t *address;
	size_t size;
	bool writable;
};

/* Maps `fd`, which stays the caller's. A block that is there already is left as it is. Returns 0 or
 * -errno. */
int blocks_map(uint32_t context, uint32_t number, int fd, size_t size, bool writable);

void blocks_unmap(uint32_t context, uint32_t number);

/* NULL when there is none. */
const struct mapped_block *blocks_find(uint32_t context, uint32_t number);

/* How much of [address, address + size) lies in blocks, and may the TA write all of that? */
size_t blocks_overlap(const void *address, size_t size, bool *writable);

#endif
