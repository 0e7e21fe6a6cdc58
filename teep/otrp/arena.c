#include "teep/otrp/arena.h"

#include <stdlib.h>

#define CHUNK_SIZE 8192U

struct arena_chunk {
	struct arena_chunk *older;
	size_t size;
	size_t used;
	_Alignas(16) uint8_t octets[];
};

static struct arena_chunk *chunk_add(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk;

	if (size > SIZE_MAX - sizeof(*chunk))
		return NULL;
	if (size < CHUNK_SIZE)
		size = CHUNK_SIZE;
	chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		return NULL;
	chunk->older = arena->newest;
	chunk->size = size;
	chunk->used = 0;
	arena->newest = chunk;
	return chunk;
}

void *arena_take(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->newest;
	size_t rounded;
	uint8_t *taken;

	if (size > SIZE_MAX / 2)
		return NULL;
	rounded = (size + 1 + 15) & ~(size_t)15;
	if (!chunk || chunk->size - chunk->used < rounded)
		chunk = chunk_add(arena, rounded);
	if (!chunk)
		return NULL;
	taken = chunk->octets + chunk->used;
	chunk->used += rounded;
	taken[size] = 0;
	return taken;
}

bool arena_copy(struct arena *arena, const void *data, size_t size, struct span *out)
{
	uint8_t *copy = arena_take(arena, size);

	if (!copy)
		return false;
	if (size)
		memcpy(copy, data, size);
	*out = span_of(copy, size);
	return true;
}

size_t arena_size(const struct arena *arena)
{
	size_t size = 0;

	for (const struct arena_chunk *chunk = arena->newest; chunk; chunk = chunk->older)
		size += sizeof(*chunk) + chunk->size;
	return size;
}

void arena_clear(struct arena *arena)
{
	struct arena_chunk *chunk = arena->newest;

	while (chunk) {
		struct arena_chunk *older = chunk->older;

		explicit_bzero(chunk->octets, chunk->used);
		free(chunk);
		chunk = older;
	}
	arena->newest = NULL;
}
