#include "serving/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "serving/overlap.h"
#include "wire/memory.h"

#define BUCKETS 256U
/* How many descriptors are kept: a host may have 256 in all. */
#define KEPT_MAX 96U

static struct mapped_block *bucket[BUCKETS];
static LIST_HEAD(, mapped_block) all;
static unsigned int kept;
/* The block that was asked for last: most TAs have one that every command refers to. */
static struct mapped_block *recent;

static struct mapped_block **bucket_of(uint32_t context, uint32_t number)
{
	return &bucket[(context * 2654435761U ^ number) % BUCKETS];
}

static struct mapped_block *find(uint32_t context, uint32_t number)
{
	struct mapped_block *block = *bucket_of(context, number);

	while (block && (block->context != context || block->number != number))
		block = block->next;
	return block;
}

const struct mapped_block *blocks_find(uint32_t context, uint32_t number)
{
	if (!recent || recent->context != context || recent->number != number)
		recent = find(context, number);
	return recent;
}

static int block_add(uint32_t context, uint32_t number, int fd, size_t size, bool writable)
{
	struct mapped_block **head = bucket_of(context, number);
	struct mapped_block *block;
	void *address;
	int err;

	err = block_check(fd, size, !writable);
	if (err < 0)
		return err;
	block = calloc(1, sizeof(*block));
	if (!block)
		return -ENOMEM;
	address = block_map(fd, size, writable);
	if (address == MAP_FAILED) {
		err = -errno;
		free(block);
		return err;
	}
	block->fd = -1;
	if (kept < KEPT_MAX) {
		kept++;
		block->fd = fd;
	}
	block->context = context;
	block->number = number;
	block->address = address;
	block->size = size;
	block->writable = writable;
	block->next = *head;
	*head = block;
	LIST_INSERT_HEAD(&all, block, in_all);
	return block->fd >= 0;
}

int blocks_map(uint32_t context, uint32_t number, int fd, size_t size, bool writable)
{
	int kept_it = 0;

	if (!find(context, number))
		kept_it = block_add(context, number, fd, size, writable);
	if (kept_it <= 0)
		close(fd);
	return kept_it < 0 ? kept_it : 0;
}

void blocks_unmap(uint32_t context, uint32_t number,
		  void (*forgotten)(const struct mapped_block *block))
{
	struct mapped_block **link = bucket_of(context, number);

	while (*link && ((*link)->context != context || (*link)->number != number))
		link = &(*link)->next;
	if (*link) {
		struct mapped_block *block = *link;

		*link = block->next;
		if (recent == block)
			recent = NULL;
		LIST_REMOVE(block, in_all);
		if (forgotten)
			forgotten(block);
		if (block->fd >= 0) {
			close(block->fd);
			kept--;
		}
		munmap(block->address, block->size);
		free(block);
	}
}

struct mapped_block *blocks_around(const void *address, size_t size)
{
	const uintptr_t at = (uintptr_t)address;
	struct mapped_block *block;

	LIST_FOREACH(block, &all, in_all) {
		const uintptr_t from = (uintptr_t)block->address;

		if (at >= from && at - from <= block->size && size <= block->size - (at - from))
			break;
	}
	return block;
}

size_t blocks_overlap(const void *address, size_t size, bool *writable)
{
	const struct mapped_block *b;
	size_t sum = 0;

	LIST_FOREACH(b, &all, in_all) {
		size_t part = overlap_size(address, size, b->address, b->size);

		if (part && !b->writable)
			*writable = false;
		sum += part;
	}
	return sum;
}
