/*
 * Shared memory blocks. An allocated block is a sealed memfd that each TA instance maps once, when
 * the first operation refers to it; a registered one is the client's own memory, copied through the
 * arena.
 */
#ifndef TEESIM_LIBTEEC_SHARED_MEMORY_H
#define TEESIM_LIBTEEC_SHARED_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tee_client_api.h>

struct context;
struct control_cancel;

/* How many instances are remembered as having the block mapped; one beyond them is told again. */
#define BLOCK_INSTANCES 16U

struct block {
	uint32_t handle;
	uint32_t flags;
	struct context *context;
	/* The context's list. */
	struct block *next;
	uint8_t *address;
	size_t size;
	/* Of a block that is mapped into TAs, else -1. */
	int fd;
	/* We mapped `address` ourselves. */
	bool is_mapped;
	_Atomic uint32_t instance[BLOCK_INSTANCES];
};

/* The block behind an API struct, or NULL. Valid until it is released: operations that refer to a
 * block end before, as the specification demands. */
struct block *block_of(const TEEC_SharedMemory *shm);

/* Can the TA see it without a copy? */
static inline bool block_is_shared(const struct block *block)
{
	return block->fd >= 0;
}

/* Makes sure that `instance`, which serves `session`, has the block mapped. Returns 0 or -errno;
 * -ECANCELED: by `cancel`. */
int block_share(struct block *block, uint32_t session, uint32_t instance,
		struct control_cancel *cancel);

void block_release_all(struct context *context);

#endif
