#include "handle_table.h"

#include <stdlib.h>

/* A handle is index + 1 in the low 20 bits, and above it 11 bits that change with each use of the
 * index, so that a stale handle is recognised. */
#define INDEX_BITS	20
#define INDEX_MASK	((1U << INDEX_BITS) - 1)
#define GENERATION_MASK 0x7FFU
#define ENTRIES_MAX	(INDEX_MASK - 1)

static struct handle_entry *entry_at(const struct handle_table *table, uint32_t index)
{
	struct handle_entry *chunk;

	if (index / HANDLE_CHUNK >= HANDLE_CHUNKS)
		return NULL;
	chunk = atomic_load_explicit(&table->chunk[index / HANDLE_CHUNK], memory_order_acquire);
	return chunk ? &chunk[index % HANDLE_CHUNK] : NULL;
}

/* Called with the lock held. */
static struct handle_entry *entry_new(struct handle_table *table, uint32_t *index)
{
	struct handle_entry *chunk;

	if (table->used >= ENTRIES_MAX)
		return NULL;
	*index = table->used;
	if (!entry_at(table, *index)) {
		chunk = calloc(HANDLE_CHUNK, sizeof(*chunk));
		if (!chunk)
			return NULL;
		atomic_store_explicit(&table->chunk[*index / HANDLE_CHUNK], chunk,
				      memory_order_release);
	}
	table->used++;
	return entry_at(table, *index);
}

uint32_t handle_table_add(struct handle_table *table, void *object)
{
	struct handle_entry *entry;
	uint32_t handle = 0;
	uint32_t index;

	pthread_mutex_lock(&table->lock);
	if (table->first_free) {
		index = table->first_free - 1;
		entry = entry_at(table, index);
		table->first_free = entry->next_free;
	} else {
		entry = entry_new(table, &index);
	}
	if (entry) {
		handle = (entry->generation & GENERATION_MASK) << INDEX_BITS | (index + 1);
		atomic_store_explicit(&entry->object, object, memory_order_relaxed);
		atomic_store_explicit(&entry->handle, handle, memory_order_release);
	}
	pthread_mutex_unlock(&table->lock);
	return handle;
}

static struct handle_entry *entry_of(const struct handle_table *table, uint32_t handle)
{
	struct handle_entry *entry;

	if (!(handle & INDEX_MASK))
		return NULL;
	entry = entry_at(table, (handle & INDEX_MASK) - 1);
	if (!entry || atomic_load_explicit(&entry->handle, memory_order_acquire) != handle)
		return NULL;
	return entry;
}

void *handle_table_find(const struct handle_table *table, uint32_t handle)
{
	struct handle_entry *entry = entry_of(table, handle);

	return entry ? atomic_load_explicit(&entry->object, memory_order_relaxed) : NULL;
}

void *handle_table_remove(struct handle_table *table, uint32_t handle)
{
	struct handle_entry *entry;
	void *object = NULL;

	pthread_mutex_lock(&table->lock);
	entry = entry_of(table, handle);
	if (entry) {
		object = atomic_load_explicit(&entry->object, memory_order_relaxed);
		atomic_store_explicit(&entry->handle, 0, memory_order_release);
		entry->generation++;
		entry->next_free = table->first_free;
		table->first_free = handle & INDEX_MASK;
	}
	pthread_mutex_unlock(&table->lock);
	return object;
}

void handle_table_each(struct handle_table *table, void (*visit)(void *object, void *context),
		       void *context)
{
	pthread_mutex_lock(&table->lock);
	for (uint32_t i = 0; i < table->used; i++) {
		struct handle_entry *entry = entry_at(table, i);

		if (atomic_load_explicit(&entry->handle, memory_order_relaxed))
			visit(atomic_load_explicit(&entry->object, memory_order_relaxed), context);
	}
	pthread_mutex_unlock(&table->lock);
}
