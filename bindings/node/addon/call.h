/*
 * What an application has from the TEE (connections, sessions, blocks of memory), and the calls
 * that are under way with it.
 *
 * Runs in the Node.js process. Everything is counted: who holds a pointer holds a reference, a call
 * holds all that it uses, and what is held by nobody is closed and freed, on whichever thread that
 * comes about. Calls of one session run in the order in which they were started; calls of different
 * sessions do not wait for each other.
 */
#ifndef TEEC_NODE_CALL_H
#define TEEC_NODE_CALL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <tee_client_api.h>

struct connection {
	_Atomic unsigned int references;
	TEEC_Context context;
};

struct block {
	_Atomic unsigned int references;
	struct connection *connection;
	TEEC_SharedMemory memory;
};

TAILQ_HEAD(call_list, call);

struct session {
	_Atomic unsigned int references;
	struct connection *connection;
	TEEC_UUID ta;
	TEEC_Session session;
	pthread_mutex_t lock;
	/* Under the lock: the calls that have not begun, and whether a thread works on them. */
	struct call_list queue;
	bool served;
	/* Its closing was asked for; of the thread that asks. */
	bool closing;
};

enum call_kind {
	CALL_OPEN,
	CALL_INVOKE,
	CALL_CLOSE
};

enum call_state {
	CALL_WAITING,
	CALL_RUNNING,
	CALL_FINISHED,
};

struct call {
	_Atomic unsigned int references;
	TAILQ_ENTRY(call) in_queue;
	enum call_kind kind;
	_Atomic enum call_state state;
	struct connection *connection;
	/* The one that is used, or that was opened. */
	struct session *session;
	TEEC_UUID ta;
	uint32_t login;
	bool has_group;
	uint32_t group;
	uint32_t command;
	TEEC_Operation operation;
	/* Of temporary references: a copy, ours, as large as the reference. */
	uint8_t *copy[TEEC_CONFIG_PAYLOAD_REF_COUNT];
	size_t copy_size[TEEC_CONFIG_PAYLOAD_REF_COUNT];
	struct block *block[TEEC_CONFIG_PAYLOAD_REF_COUNT];
	TEEC_Result result;
	uint32_t origin;
	/* Called once, on any thread, when the call is over; takes over the caller's reference. */
	void (*finished)(struct call *call);
	/* The caller's own. */
	void *owner;
};

/* Connects, as TEESIM_InitializeContextForApplication() does. */
TEEC_Result connection_open(const char *name, const char *directory, const char *ta_path,
			    struct connection **out);
struct connection *connection_reference(struct connection *connection);
void connection_release(struct connection *connection);

/* Allocates `size` octets of shared memory. */
TEEC_Result block_allocate(struct connection *connection, size_t size, uint32_t flags,
			   struct block **out);
struct block *block_reference(struct block *block);
void block_release(struct block *block);

struct session *session_reference(struct session *session);
/* The last reference to a session that nobody closed leaves it to its connection. */
void session_release(struct session *session);

/* A call to be filled in; NULL when there is no memory. */
struct call *call_new(enum call_kind kind, struct connection *connection, struct session *session);
struct call *call_reference(struct call *call);
void call_release(struct call *call);

/* Starts a call: of a session after those that were started before. */
void call_start(struct call *call);

/*
 * Ends a call that has not begun with TEEC_ERROR_CANCEL, and asks the TEE to cancel one that has.
 * Harmless for one that is over.
 */
void call_cancel(struct call *call);

/* Ends a call that was never started. */
void call_finish(struct call *call, TEEC_Result result);

#endif
