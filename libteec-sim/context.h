/*
 * Contexts: a connection to teesimd, and what was made over it. Counted, since a session or a block
 * in use by one thread keeps its context while another finalizes it.
 */
#ifndef TEESIM_LIBTEEC_CONTEXT_H
#define TEESIM_LIBTEEC_CONTEXT_H

#include <pthread.h>
#include <stdatomic.h>

#include <tee_client_api.h>

#include "control.h"

struct block;
struct session;

struct context {
	uint32_t handle;
	unsigned int generation;
	_Atomic uint32_t references;
	struct control control;
	/* Guards the lists. */
	pthread_mutex_t lock;
	struct block *blocks;
	struct session *sessions;
	/* Closed ones, whose channels are used again. */
	struct session *resting;
	unsigned int resting_count;
	long spin_us;
};

/* The context behind an API struct, with a reference for the caller, or NULL with *result set. */
struct context *context_of(const TEEC_Context *context, TEEC_Result *result);

struct context *context_reference(struct context *context);
void context_release(struct context *context);

/* For fork_guard.c. */
void context_table_before_fork(void);
void context_table_after_fork(void);
void context_table_after_fork_in_child(void);

#endif
