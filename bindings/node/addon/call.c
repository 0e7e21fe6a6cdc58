#include "call.h"

#include <sched.h>
#include <stdlib.h>

#include <teesim_client_api.h>

#include "worker.h"

/* TEEC_CONFIG_SHAREDMEM_MAX_SIZE is no limit: what the machine can't give is refused by it. */

TEEC_Result connection_open(const char *name, const char *directory, const char *ta_path,
			    struct connection **out)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	TEEC_Result result;

	if (!connection)
		return TEEC_ERROR_OUT_OF_MEMORY;
	connection->references = 1;
	result = TEESIM_InitializeContextForApplication(name, directory, ta_path,
							&connection->context);
	if (result == TEEC_SUCCESS)
		*out = connection;
	else
		free(connection);
	return result;
}

struct connection *connection_reference(struct connection *connection)
{
	atomic_fetch_add(&connection->references, 1);
	return connection;
}

void connection_release(struct connection *connection)
{
	if (atomic_fetch_sub(&connection->references, 1) != 1)
		return;
	TEEC_FinalizeContext(&connection->context);
	free(connection);
}

TEEC_Result block_allocate(struct connection *connection, size_t size, uint32_t flags,
			   struct block **out)
{
	struct block *block = calloc(1, sizeof(*block));
	TEEC_Result result;

	if (!block)
		return TEEC_ERROR_OUT_OF_MEMORY;
	block->references = 1;
	block->memory.size = size;
	block->memory.flags = flags;
	result = TEEC_AllocateSharedMemory(&connection->context, &block->memory);
	if (result != TEEC_SUCCESS) {
		free(block);
		return result;
	}
	block->connection = connection_reference(connection);
	*out = block;
	return TEEC_SUCCESS;
}

struct block *block_reference(struct block *block)
{
	atomic_fetch_add(&block->references, 1);
	return block;
}

void block_release(struct block *block)
{
	if (atomic_fetch_sub(&block->references, 1) != 1)
		return;
	TEEC_ReleaseSharedMemory(&block->memory);
	connection_release(block->connection);
	free(block);
}

static struct session *session_new(struct connection *connection, const TEEC_UUID *ta)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->references = 1;
	session->connection = connection_reference(connection);
	session->ta = *ta;
	pthread_mutex_init(&session->lock, NULL);
	TAILQ_INIT(&session->queue);
	return session;
}

struct session *session_reference(struct session *session)
{
	atomic_fetch_add(&session->references, 1);
	return session;
}

void session_release(struct session *session)
{
	if (atomic_fetch_sub(&session->references, 1) != 1)
		return;
	pthread_mutex_destroy(&session->lock);
	connection_release(session->connection);
	free(session);
}

struct call *call_new(enum call_kind kind, struct connection *connection, struct session *session)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->references = 1;
	call->kind = kind;
	call->connection = connection_reference(connection);
	call->session = session ? session_reference(session) : NULL;
	return call;
}

struct call *call_reference(struct call *call)
{
	atomic_fetch_add(&call->references, 1);
	return call;
}

void call_release(struct call *call)
{
	if (atomic_fetch_sub(&call->references, 1) != 1)
		return;
	for (unsigned int i = 0; i < TEEC_CONFIG_PAYLOAD_REF_COUNT; i++) {
		free(call->copy[i]);
		if (call->block[i])
			block_release(call->block[i]);
	}
	if (call->session)
		session_release(call->session);
	connection_release(call->connection);
	free(call);
}

void call_finish(struct call *call, TEEC_Result result)
{
	call->result = result;
	call->origin = TEEC_ORIGIN_API;
	atomic_store(&call->state, CALL_FINISHED);
	call->finished(call);
}

static void open_run(struct call *call)
{
	struct session *session = session_new(call->connection, &call->ta);

	if (!session) {
		call->result = TEEC_ERROR_OUT_OF_MEMORY;
		call->origin = TEEC_ORIGIN_API;
		return;
	}
	call->result = TEEC_OpenSession(&call->connection->context, &session->session, &call->ta,
					call->login, call->has_group ? &call->group : NULL,
					&call->operation, &call->origin);
	if (call->result == TEEC_SUCCESS)
		call->session = session;
	else
		session_release(session);
}

static void call_run(struct call *call)
{
	switch (call->kind) {
	case CALL_OPEN:
		open_run(call);
		break;
	case CALL_INVOKE:
		call->result = TEEC_InvokeCommand(&call->session->session, call->command,
						  &call->operation, &call->origin);
		break;
	case CALL_CLOSE:
		TEEC_CloseSession(&call->session->session);
		call->result = TEEC_SUCCESS;
		break;
	}
	atomic_store(&call->state, CALL_FINISHED);
	call->finished(call);
}

static void open_job(void *arg)
{
	struct call *call = arg;
	enum call_state waiting = CALL_WAITING;

	/* A cancellation may have been faster; it has finished the call. */
	if (atomic_compare_exchange_strong(&call->state, &waiting, CALL_RUNNING))
		call_run(call);
	call_release(call);
}

/* Takes the next call out of the queue; NULL, and the session is no longer served, at its end. */
static struct call *session_next(struct session *session)
{
	struct call *call;

	pthread_mutex_lock(&session->lock);
	call = TAILQ_FIRST(&session->queue);
	if (call) {
		TAILQ_REMOVE(&session->queue, call, in_queue);
		atomic_store(&call->state, CALL_RUNNING);
	} else {
		session->served = false;
	}
	pthread_mutex_unlock(&session->lock);
	return call;
}

static void session_job(void *arg)
{
	struct session *session = arg;
	struct call *call;

	while ((call = session_next(session)))
		call_run(call);
	session_release(session);
}

/* Ends all that waits, for want of a thread. */
static void session_fail(struct session *session)
{
	struct call *call;

	while ((call = session_next(session)))
		call_finish(call, TEEC_ERROR_OUT_OF_MEMORY);
	session_release(session);
}

void call_start(struct call *call)
{
	struct session *session = call->session;
	enum call_state waiting = CALL_WAITING;
	bool start;

	if (call->kind == CALL_OPEN) {
		call_reference(call);
		if (worker_run(open_job, call) == 0)
			return;
		if (atomic_compare_exchange_strong(&call->state, &waiting, CALL_RUNNING))
			call_finish(call, TEEC_ERROR_OUT_OF_MEMORY);
		call_release(call);
		return;
	}
	pthread_mutex_lock(&session->lock);
	TAILQ_INSERT_TAIL(&session->queue, call, in_queue);
	start = !session->served;
	session->served = true;
	pthread_mutex_unlock(&session->lock);
	if (start && worker_run(session_job, session_reference(session)) < 0)
		session_fail(session);
}

/* Takes a call back that has not begun. */
static bool call_withdraw(struct call *call)
{
	struct session *session = call->session;
	enum call_state waiting = CALL_WAITING;
	bool mine;

	if (call->kind == CALL_OPEN)
		return atomic_compare_exchange_strong(&call->state, &waiting, CALL_FINISHED);
	pthread_mutex_lock(&session->lock);
	mine = atomic_load(&call->state) == CALL_WAITING;
	if (mine) {
		TAILQ_REMOVE(&session->queue, call, in_queue);
		atomic_store(&call->state, CALL_FINISHED);
	}
	pthread_mutex_unlock(&session->lock);
	return mine;
}

void call_cancel(struct call *call)
{
	if (call_withdraw(call)) {
		call_finish(call, TEEC_ERROR_CANCEL);
		return;
	}
	/* Between its thread's first step and the mark that libteec sets there are a few
	 * instructions in which a cancellation would be lost. */
	while (atomic_load(&call->state) == CALL_RUNNING &&
	       !__atomic_load_n(&call->operation.started, __ATOMIC_ACQUIRE))
		sched_yield();
	if (atomic_load(&call->state) == CALL_RUNNING)
		TEEC_RequestCancellation(&call->operation);
}
