/*
 * Numbers for the objects behind the API's structs. Programs copy those structs, reuse them
 * without releasing and forget them, so the struct carries a number and nothing else, and all state
 * is found by it.
 *
 * Looking up takes no lock: a slot is written once per use of it, and its memory stays for the
 * life of the process.
 */
#ifndef TEESIM_LIBTEEC_HANDLE_TABLE_H
#define TEESIM_LIBTEEC_HANDLE_TABLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define HANDLE_CHUNK  256U
#define HANDLE_CHUNKS 4096U

struct handle_entry {
	_Atomic uint32_t handle;
	_Atomic(void *) object;
	uint32_t generation;
	uint32_t next_free;
};

struct handle_table {
	pthread_mutex_t lock;
	uint32_t used;
	/* Index + 1 of the first free entry; 0 none. */
	uint32_t first_free;
	_Atomic(struct handle_entry *) chunk[HANDLE_CHUNKS];
};

#define HANDLE_TABLE_INITIALIZER                  \
	{                                         \
		.lock = PTHREAD_MUTEX_INITIALIZER \
	}

/* Gives `object` a number of 1 to INT32_MAX. Returns 0 when memory or numbers ran out. */
uint32_t handle_table_add(struct handle_table *table, void *object);

/* The object with that number, or NULL. */
void *handle_table_find(const struct handle_table *table, uint32_t handle);

/* Takes the number back; returns the object, or NULL when somebody else was quicker. */
void *handle_table_remove(struct handle_table *table, uint32_t handle);

/* Calls `visit` for each object, under the table's lock. */
void handle_table_each(struct handle_table *table, void (*visit)(void *object, void *context),
		       void *context);

#endif
