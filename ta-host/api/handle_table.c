#include "api/handle_table.h"

#include <stdlib.h>

/* Low bits: index + 1, never 0. High bits: generation. */
#define INDEX_BITS	20U
#define INDEX_MASK	((UINT32_C(1) << INDEX_BITS) - 1)
#define GENERATION_MASK (UINT32_MAX >> INDEX_BITS)

struct slot {
	void *thing;
	uint16_t generation;
	uint8_t kind;
	/* Index + 1 of the next free slot, in a free one. */
	uint32_t next_free;
};

static struct slot *slots;
static uint32_t capacity;
static uint32_t first_free;

static int table_grow(void)
{
	uint32_t grown = capacity ? capacity * 2 : 16;
	struct slot *more;

	if (grown > INDEX_MASK)
		return -1;
	more = realloc(slots, grown * sizeof(*slots));
	if (!more)
		return -1;
	slots = more;
	for (uint32_t i = grown; i-- > capacity;) {
		slots[i] = (struct slot) { .next_free = first_free };
		first_free = i + 1;
	}
	capacity = grown;
	return 0;
}

uint32_t handle_insert(enum handle_kind kind, void *thing)
{
	uint32_t index;

	if (!first_free && table_grow() < 0)
		return 0;
	index = first_free - 1;
	first_free = slots[index].next_free;
	slots[index].thing = thing;
	slots[index].kind = (uint8_t)kind;
	return (uint32_t)slots[index].generation << INDEX_BITS | (index + 1);
}

void *handle_find(enum handle_kind kind, uintptr_t handle)
{
	const uint32_t index = (uint32_t)handle & INDEX_MASK;

	if (handle > UINT32_MAX || !index || index > capacity)
		return NULL;
	if (slots[index - 1].kind != kind ||
	    slots[index - 1].generation != (uint32_t)handle >> INDEX_BITS)
		return NULL;
	return slots[index - 1].thing;
}

void handle_remove(uintptr_t handle)
{
	struct slot *slot = &slots[((uint32_t)handle & INDEX_MASK) - 1];

	slot->thing = NULL;
	slot->kind = HANDLE_FREE;
	slot->generation = (slot->generation + 1) & GENERATION_MASK;
	slot->next_free = first_free;
	first_free = (uint32_t)handle & INDEX_MASK;
}
