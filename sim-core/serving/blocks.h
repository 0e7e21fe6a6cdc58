/*
 * The shared blocks that this instance has mapped, by the context they belong to and the client's
 * number for them. Runs in ta-host and in tee-services; the descriptors come checked from teesimd.
 */
#ifndef TEESIM_SERVING_BLOCKS_H
#define TEESIM_SERVING_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* A block that is shared on to more instances than this is shared with some of them again. */
#define MAPPED_BLOCK_FORWARDS 4

struct mapped_block {
	struct mapped_block *next;
	LIST_ENTRY(mapped_block) in_all;
	uint32_t context;
	uint32_t number;
	uint8_t *address;
	size_t size;
	bool writable;
	/* By which it can be shared on; -1 where too many are kept. */
	int fd;
	/* The number under which the instance itself has shared it on, 0 when it has not, and the
	 * instances that have it by that: client.c of ta-host. */
	uint32_t forward_number;
	uint32_t forward_count;
	uint32_t forward_instance[MAPPED_BLOCK_FORWARDS];
};

/* Maps `fd`, and takes it over, on failure too. A block that is there already is left as it is.
 * Returns 0 or -errno. */
int blocks_map(uint32_t context, uint32_t number, int fd, size_t size, bool writable);

/* `forgotten`, where it is not NULL, gets to see the block before it is gone. */
void blocks_unmap(uint32_t context, uint32_t number,
		  void (*forgotten)(const struct mapped_block *block));

/* The block that [address, address + size) lies in wholly; NULL when there is none. */
struct mapped_block *blocks_around(const void *address, size_t size);

/* NULL when there is none. */
const struct mapped_block *blocks_find(uint32_t context, uint32_t number);

/* How much of [address, address + size) lies in blocks, and may the TA write all of that? */
size_t blocks_overlap(const void *address, size_t size, bool *writable);

#endif
