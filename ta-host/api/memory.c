/*
 * Internal Core API 4.11: what a TA may touch, what it keeps for its instance, and its heap.
 *
 * The heap is the C library's. Beside it stands a table of the allocations that the TA holds, by
 * address, so that a pointer which is not one of them panics instead of wrecking the process, so
 * that TEE_Realloc() knows how the block was asked for, and so that strict mode can count.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <tee_api.h>
#include <tee_internal_api_extensions.h>

#include "api/heap.h"
#include "runtime.h"
#include "wire/fault.h"

#define HINT_MASK    (TEE_MALLOC_NO_FILL | TEE_MALLOC_NO_SHARE | TEE_USER_MEM_HINT_NO_FILL_ZERO)
#define HINT_NO_FILL (TEE_MALLOC_NO_FILL | TEE_USER_MEM_HINT_NO_FILL_ZERO)

/* What one allocation takes from the declared heap besides its size, in strict mode. */
#define ALLOCATION_GRAIN    16U
#define ALLOCATION_OVERHEAD 16U

/* More than this is a mistake in the TA, and answered before an allocator that takes offence at
 * such sizes, as the sanitizers' does, gets to see it. */
#define ALLOCATION_MOST (UINT64_C(1) << 36)

struct allocation {
	void *address; /* NULL: a free slot of the table */
	size_t size;
	uint32_t hint;
	/* tee_user_mem_mark_heap() calls before it was made. */
	uint32_t mark;
	/* Of malloc() and its kin, in strict mode alone. */
	bool plain;
};

/* Open addressing with linear probing; capacity is a power of two, at most half of it in use. */
static struct allocation *table;
static size_t table_capacity;
static size_t table_used;

static size_t heap_charged;
static uint32_t heap_mark;

static const void *instance_data;

static size_t slot_of(const void *address)
{
	const uint64_t mixed = (uint64_t)(uintptr_t)address * UINT64_C(0x9E3779B97F4A7C15);

	return (size_t)(mixed >> 32) & (table_capacity - 1);
}

/* The slot that holds `address`, or the free one where it belongs. The table is never full. */
static struct allocation *table_find(const void *address)
{
	size_t slot = slot_of(address);

	while (table[slot].address && table[slot].address != address)
		slot = (slot + 1) & (table_capacity - 1);
	return &table[slot];
}

static bool table_reserve(void)
{
	struct allocation *const old = table;
	const size_t old_capacity = table_capacity;

	if (table_used * 2 < table_capacity)
		return true;
	table = calloc(old_capacity ? old_capacity * 2 : 64, sizeof(*table));
	if (!table) {
		table = old;
		return false;
	}
	table_capacity = old_capacity ? old_capacity * 2 : 64;
	for (size_t i = 0; i < old_capacity; i++)
		if (old[i].address)
			*table_find(old[i].address) = old[i];
	free(old);
	return true;
}

static size_t charge_of(size_t size)
{
	size_t charge;

	if (__builtin_add_overflow(size, ALLOCATION_GRAIN - 1 + ALLOCATION_OVERHEAD, &charge))
		return SIZE_MAX;
	return charge & ~(size_t)(ALLOCATION_GRAIN - 1);
}

/* Room in table_reserve() has been made. */
static void table_insert(void *address, size_t size, uint32_t hint, uint32_t mark)
{
	struct allocation *allocation = table_find(address);

	/* Still there: the TA gave the block back to the C library behind our back. */
	if (allocation->address)
		heap_charged -= charge_of(allocation->size);
	else
		table_used++;
	*allocation = (struct allocation) {
		.address = address, .size = size, .hint = hint, .mark = mark
	};
	heap_charged += charge_of(size);
}

static void table_remove(struct allocation *allocation)
{
	size_t hole = (size_t)(allocation - table);
	size_t slot = hole;

	heap_charged -= charge_of(allocation->size);
	table_used--;
	/* Close the gap, so that no probe ends before what it looks for. */
	for (;;) {
		slot = (slot + 1) & (table_capacity - 1);
		if (!table[slot].address)
			break;
		if (((slot - slot_of(table[slot].address)) & (table_capacity - 1)) >=
		    ((slot - hole) & (table_capacity - 1))) {
			table[hole] = table[slot];
			hole = slot;
		}
	}
	table[hole] = (struct allocation) { 0 };
}

/*
 * Allocations of size 0: each has an address of its own in a range that nobody can touch.
 */
#define NOTHING_SIZE (256U * 1024U)

static uint8_t *nothing;
static size_t nothing_next;

static bool is_nothing(const void *address)
{
	return nothing && (uintptr_t)address - (uintptr_t)nothing < NOTHING_SIZE;
}

static void *nothing_allocate(void)
{
	if (!nothing) {
		void *range = mmap(NULL, NOTHING_SIZE, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (range == MAP_FAILED)
			return NULL;
		nothing = range;
	}
	for (size_t tried = 0; tried < NOTHING_SIZE / ALLOCATION_GRAIN; tried++) {
		uint8_t *address = nothing + nothing_next;

		nothing_next = (nothing_next + ALLOCATION_GRAIN) % NOTHING_SIZE;
		if (!table_find(address)->address)
			return address;
	}
	return NULL;
}

static bool heap_has_room(size_t charge, size_t freed)
{
	size_t total;

	if (!runtime.strict_memory)
		return true;
	return !__builtin_add_overflow(heap_charged - freed, charge, &total) &&
	       total <= runtime.data_size;
}

static void *heap_allocate(size_t size, uint32_t hint, uint32_t mark)
{
	void *address;

	if (size > ALLOCATION_MOST || !table_reserve() || !heap_has_room(charge_of(size), 0))
		return NULL;
	if (!size)
		address = nothing_allocate();
	else if (hint & HINT_NO_FILL)
		address = malloc(size);
	else
		address = calloc(1, size);
	if (address)
		table_insert(address, size, hint, mark);
	return address;
}

static void heap_free(struct allocation *allocation)
{
	void *address = allocation->address;

	table_remove(allocation);
	if (!is_nothing(address))
		free(address);
}

static struct allocation *heap_find(const void *address, const char *complaint)
{
	struct allocation *allocation = table ? table_find(address) : NULL;

	if (!allocation || !allocation->address || allocation->plain)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, complaint);
	return allocation;
}

void *TEE_Malloc(size_t size, uint32_t hint)
{
	if (hint & ~(uint32_t)HINT_MASK) {
		runtime_log(
			"TEE_Malloc: hint 0x%08x is none that the API knows, no memory is given",
			hint);
		return NULL;
	}
	if (fault_next(FAULT_MEMORY_ALLOCATE))
		return NULL;
	return heap_allocate(size, hint, heap_mark);
}

void *TEE_Realloc(void *buffer, size_t newSize)
{
	struct allocation *allocation, old;
	void *moved;

	if (fault_next(FAULT_MEMORY_ALLOCATE))
		return NULL;
	if (!buffer)
		return heap_allocate(newSize, TEE_MALLOC_FILL_ZERO, heap_mark);
	allocation = heap_find(buffer, "TEE_Realloc: buffer is no allocation of TEE_Malloc, or was "
				       "freed");
	old = *allocation;
	/* From nothing or to nothing, there is no content to keep. */
	if (is_nothing(buffer) || !newSize) {
		moved = heap_allocate(newSize, old.hint, old.mark);
		if (moved)
			heap_free(table_find(buffer));
		return moved;
	}
	if (newSize > ALLOCATION_MOST || !heap_has_room(charge_of(newSize), charge_of(old.size)))
		return NULL;
	moved = realloc(buffer, newSize);
	if (!moved)
		return NULL;
	if (newSize > old.size && !(old.hint & HINT_NO_FILL))
		memset((uint8_t *)moved + old.size, 0, newSize - old.size);
	table_remove(allocation);
	table_insert(moved, newSize, old.hint, old.mark);
	return moved;
}

void TEE_Free(void *buffer)
{
	if (buffer)
		heap_free(heap_find(buffer, "TEE_Free: buffer is no allocation of TEE_Malloc, or "
					    "was freed before"));
}

/*
 * malloc() and its kin in strict mode (heap.h). Within them, the names are the C library's own.
 */

static void *plain_note(void *address, size_t size)
{
	if (address) {
		table_insert(address, size, 0, 0);
		table_find(address)->plain = true;
	}
	return address;
}

static bool plain_has_room(size_t size, size_t freed)
{
	if (size <= ALLOCATION_MOST && table_reserve() && heap_has_room(charge_of(size), freed))
		return true;
	errno = ENOMEM;
	return false;
}

static void *strict_malloc(size_t size)
{
	return plain_has_room(size, 0) ? plain_note(malloc(size), size) : NULL;
}

static void *strict_calloc(size_t count, size_t size)
{
	size_t whole;

	if (__builtin_mul_overflow(count, size, &whole) || !plain_has_room(whole, 0))
		return NULL;
	return plain_note(calloc(1, whole), whole);
}

static void strict_free(void *address)
{
	struct allocation *allocation = address && table ? table_find(address) : NULL;

	if (allocation && allocation->address)
		table_remove(allocation);
	free(address);
}

static void *strict_realloc(void *address, size_t size)
{
	struct allocation *allocation, old;
	void *moved;

	if (!address)
		return strict_malloc(size);
	if (!size) {
		strict_free(address);
		return NULL;
	}
	allocation = table ? table_find(address) : NULL;
	if (!allocation || !allocation->address) {
		/* The C library allocated it for the TA. */
		if (!plain_has_room(size, 0))
			return NULL;
		return plain_note(realloc(address, size), size);
	}
	old = *allocation;
	if (!plain_has_room(size, charge_of(old.size)))
		return NULL;
	/* Making room may have moved the table. */
	table_remove(table_find(address));
	moved = realloc(address, size);
	if (moved)
		return plain_note(moved, size);
	table_insert(address, old.size, old.hint, old.mark);
	table_find(address)->plain = old.plain;
	return NULL;
}

static void *strict_reallocarray(void *address, size_t count, size_t size)
{
	size_t whole;

	if (__builtin_mul_overflow(count, size, &whole)) {
		errno = ENOMEM;
		return NULL;
	}
	return strict_realloc(address, whole);
}

static int strict_posix_memalign(void **address, size_t alignment, size_t size)
{
	int err;

	if (!plain_has_room(size, 0))
		return ENOMEM;
	err = posix_memalign(address, alignment, size);
	if (!err)
		plain_note(*address, size);
	return err;
}

static void *strict_aligned_alloc(size_t alignment, size_t size)
{
	return plain_has_room(size, 0) ? plain_note(aligned_alloc(alignment, size), size) : NULL;
}

const struct redirection heap_functions[] = {
	{ "malloc", (void (*)(void))strict_malloc },
	{ "calloc", (void (*)(void))strict_calloc },
	{ "free", (void (*)(void))strict_free },
	{ "realloc", (void (*)(void))strict_realloc },
	{ "reallocarray", (void (*)(void))strict_reallocarray },
	{ "posix_memalign", (void (*)(void))strict_posix_memalign },
	{ "aligned_alloc", (void (*)(void))strict_aligned_alloc },
	{ "memalign", (void (*)(void))strict_aligned_alloc },
};
const size_t heap_functions_count = sizeof(heap_functions) / sizeof(heap_functions[0]);

void tee_user_mem_mark_heap(void)
{
	heap_mark++;
}

size_t tee_user_mem_check_heap(void)
{
	size_t size = 0;

	for (size_t i = 0; i < table_capacity; i++)
		if (table[i].address && !table[i].plain && table[i].mark == heap_mark)
			size += table[i].size;
	return size;
}

void *TEE_MemMove(void *dest, const void *src, size_t size)
{
	if (!size)
		return dest;
	if (!dest || !src)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_MemMove: dest or src is NULL");
	return memmove(dest, src, size);
}

int32_t TEE_MemCompare(const void *buffer1, const void *buffer2, size_t size)
{
	const volatile uint8_t *a = buffer1;
	const volatile uint8_t *b = buffer2;
	int32_t result = 0;

	if (size && (!buffer1 || !buffer2))
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "TEE_MemCompare: buffer1 or buffer2 is NULL");
	/* Backwards, so that the first difference has the last word; no branch on the contents. */
	while (size--) {
		const int32_t difference = a[size] - b[size];
		const int32_t differs = -(int32_t)((uint32_t)(difference | -difference) >> 31);

		result = (result & ~differs) | difference;
	}
	return result;
}

void TEE_MemFill(void *buffer, uint32_t x, size_t size)
{
	if (!size)
		return;
	if (!buffer)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_MemFill: buffer is NULL");
	memset(buffer, (uint8_t)x, size);
}

void TEE_SetInstanceData(const void *instanceData)
{
	instance_data = instanceData;
}

void *TEE_GetInstanceData(void)
{
	return (void *)(uintptr_t)instance_data;
}

#define ACCESS_MASK                                                                       \
	(TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_WRITE | TEE_MEMORY_ACCESS_ANY_OWNER | \
	 TEE_MEMORY_ACCESS_NONSECURE | TEE_MEMORY_ACCESS_SECURE)

/* No program has memory there: what a NULL pointer to a structure plus a member's offset hits. */
#define LOW_ADDRESSES 0x10000U

TEE_Result TEE_CheckMemoryAccessRights(uint32_t accessFlags, void *buffer, size_t size)
{
	const bool read = accessFlags & TEE_MEMORY_ACCESS_READ;
	const bool write = accessFlags & TEE_MEMORY_ACCESS_WRITE;
	enum runtime_sharing sharing;
	bool writable = false;
	uintptr_t end;

	if (!size)
		return TEE_SUCCESS;
	if (accessFlags & ~(uint32_t)ACCESS_MASK)
		return TEE_ERROR_ACCESS_DENIED;
	if ((uintptr_t)buffer < LOW_ADDRESSES ||
	    __builtin_add_overflow((uintptr_t)buffer, size, &end))
		return TEE_ERROR_ACCESS_DENIED;
	sharing = runtime_sharing(buffer, size, &writable);
	if (sharing != RUNTIME_PRIVATE) {
		if (!(accessFlags & TEE_MEMORY_ACCESS_ANY_OWNER) || (write && !writable))
			return TEE_ERROR_ACCESS_DENIED;
	}
	if ((accessFlags & TEE_MEMORY_ACCESS_NONSECURE) && sharing != RUNTIME_SHARED)
		return TEE_ERROR_ACCESS_DENIED;
	if ((accessFlags & TEE_MEMORY_ACCESS_SECURE) && sharing != RUNTIME_PRIVATE)
		return TEE_ERROR_ACCESS_DENIED;
	return runtime_mapped(buffer, size, read, write) ? TEE_SUCCESS : TEE_ERROR_ACCESS_DENIED;
}
