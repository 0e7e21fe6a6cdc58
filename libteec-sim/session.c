#include "session.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "fork_guard.h"
#include "handle_table.h"
#include "parameters.h"
#include "result_map.h"
#include "shared_memory.h"
#include "wire/result.h"

static_assert(sizeof(TEEC_Session) == 16 && _Alignof(TEEC_Session) == 8, "binary interface");
static_assert(offsetof(TEEC_Session, imp.ctx) == 0, "binary interface");
static_assert(offsetof(TEEC_Session, imp.session_id) == 8, "binary interface");
static_assert(sizeof(TEEC_Operation) == 112 && _Alignof(TEEC_Operation) == 8, "binary interface");
static_assert(offsetof(TEEC_Operation, paramTypes) == 4, "binary interface");
static_assert(offsetof(TEEC_Operation, params) == 8, "binary interface");
static_assert(offsetof(TEEC_Operation, imp.session) == 104, "binary interface");
static_assert(TEEC_LOGIN_GROUP == LOGIN_GROUP, "same values on the wire");

static struct handle_table sessions = HANDLE_TABLE_INITIALIZER;

/* A cancellation may come late, while another thread closes the session: held while a session is
 * used by somebody who has no operation under way on it. */
static pthread_mutex_t cancel_lock = PTHREAD_MUTEX_INITIALIZER;

/* Stands for the opening among the numbers of operations, which have 32 bits. */
#define PURPOSE_OPENING (1ULL << 32)

/* How many closed sessions of a context keep their channels. */
#define RESTING_MAX 8U
/* How soon after its closing a session may be opened anew without asking teesimd. */
#define REOPEN_WITHIN_NS 40000000U

/* The API structs have room for one pointer-sized number each: a session's handle; for an operation
 * that handle and, above it, a ticket. Even tickets are sequence numbers of the channel, odd ones
 * were drawn in the session's queue. */
static void session_publish(TEEC_Session *api, uint32_t handle)
{
	uintptr_t number = handle;

	memcpy(api, &number, sizeof(number));
}

static uint32_t session_handle(const TEEC_Session *api)
{
	uintptr_t number;

	memcpy(&number, api, sizeof(number));
	return number > UINT32_MAX ? 0 : (uint32_t)number;
}

static void operation_mark(TEEC_Operation *operation, uint32_t handle, uint32_t ticket)
{
	uintptr_t number = (uintptr_t)ticket << 32 | handle;

	if (!operation)
		return;
	__atomic_store_n((uintptr_t *)&operation->imp.session, number, __ATOMIC_RELEASE);
	__atomic_store_n(&operation->started, 1, __ATOMIC_RELEASE);
}

static struct session *session_allocate(struct context *context, const struct uuid *ta)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	pthread_mutex_init(&session->queue_lock, NULL);
	pthread_cond_init(&session->queue_moved, NULL);
	session->context = context_reference(context);
	session->ta = *ta;
	atomic_store(&session->asked.unwanted, CONTROL_NOTHING);
	return session;
}

static void session_free(struct session *session)
{
	channel_client_unmap(&session->client);
	pthread_cond_destroy(&session->queue_moved);
	pthread_mutex_destroy(&session->queue_lock);
	context_release(session->context);
	free(session);
}

/* A closed session with the same TA, to go on with its channel, or NULL. */
static struct session *resting_take(struct context *context, const struct uuid *ta)
{
	struct session *session = NULL;

	pthread_mutex_lock(&context->lock);
	for (struct session **link = &context->resting; *link; link = &(*link)->next) {
		if (uuid_equal(&(*link)->ta, ta)) {
			session = *link;
			*link = session->next;
			context->resting_count--;
			break;
		}
	}
	pthread_mutex_unlock(&context->lock);
	return session;
}

/* Keeps a closed session for its channel. Returns false when there are enough of them. */
static bool resting_put(struct session *session)
{
	struct context *context = session->context;
	bool room;

	if (session->client.owed || atomic_load(&session->failure))
		return false;
	session->closed_at_ns = wait_now_ns();
	atomic_store(&session->open_cancelled, false);
	atomic_store(&session->connected, false);
	pthread_mutex_lock(&context->lock);
	room = context->resting_count < RESTING_MAX;
	if (room) {
		session->next = context->resting;
		context->resting = session;
		context->resting_count++;
	}
	pthread_mutex_unlock(&context->lock);
	return room;
}

/* A session to be opened, with a handle. */
static struct session *session_new(struct context *context, const struct uuid *ta)
{
	struct session *session = resting_take(context, ta);

	if (!session)
		session = session_allocate(context, ta);
	if (!session)
		return NULL;
	session->handle = handle_table_add(&sessions, session);
	if (!session->handle) {
		session_free(session);
		return NULL;
	}
	pthread_mutex_lock(&context->lock);
	session->next = context->sessions;
	context->sessions = session;
	pthread_mutex_unlock(&context->lock);
	return session;
}

/* Takes the session out of all tables; false when somebody else did before. */
static bool session_withdraw(struct session *session)
{
	struct context *context = session->context;
	bool removed;

	pthread_mutex_lock(&cancel_lock);
	removed = handle_table_remove(&sessions, session->handle);
	pthread_mutex_unlock(&cancel_lock);
	if (!removed)
		return false;
	pthread_mutex_lock(&context->lock);
	for (struct session **link = &context->sessions; *link; link = &(*link)->next) {
		if (*link == session) {
			*link = session->next;
			break;
		}
	}
	pthread_mutex_unlock(&context->lock);
	return true;
}

void session_abandon_all(struct context *context)
{
	struct session *session;

	for (;;) {
		pthread_mutex_lock(&context->lock);
		session = context->sessions;
		pthread_mutex_unlock(&context->lock);
		if (!session)
			break;
		if (session_withdraw(session))
			session_free(session);
	}
	while ((session = context->resting)) {
		context->resting = session->next;
		session_free(session);
	}
}

/* Waits for the session's turn. Returns 0, or -ECANCELED. */
static int session_queue(struct session *session, TEEC_Operation *operation)
{
	struct session_waiter self = { 0 };
	struct session_waiter **link;
	int err = 0;

	pthread_mutex_lock(&session->queue_lock);
	atomic_fetch_add(&session->waiters, 1);
	self.ticket = session->last_ticket += 2;
	self.ticket |= 1;
	for (link = &session->queue; *link; link = &(*link)->next)
		;
	*link = &self;
	operation_mark(operation, session->handle, self.ticket);
	for (;;) {
		uint32_t nobody = 0;

		if (self.cancelled) {
			err = -ECANCELED;
			break;
		}
		if (session->queue == &self &&
		    atomic_compare_exchange_strong(&session->busy, &nobody, 1))
			break;
		pthread_cond_wait(&session->queue_moved, &session->queue_lock);
	}
	for (link = &session->queue; *link != &self; link = &(*link)->next)
		;
	*link = self.next;
	atomic_fetch_sub(&session->waiters, 1);
	if (!err) {
		atomic_store(&session->current_seq, session->client.seq + 1);
		atomic_store(&session->current_ticket, self.ticket);
	}
	pthread_cond_broadcast(&session->queue_moved);
	pthread_mutex_unlock(&session->queue_lock);
	return err;
}

static int session_enter(struct session *session, TEEC_Operation *operation)
{
	uint32_t nobody = 0;

	if (atomic_load_explicit(&session->waiters, memory_order_relaxed) ||
	    !atomic_compare_exchange_strong(&session->busy, &nobody, 1))
		return session_queue(session, operation);
	operation_mark(operation, session->handle, (session->client.seq + 1) << 1);
	return 0;
}

static void session_leave(struct session *session)
{
	atomic_store_explicit(&session->current_ticket, 0, memory_order_relaxed);
	(void)atomic_exchange(&session->busy, 0);
	if (!atomic_load(&session->waiters))
		return;
	pthread_mutex_lock(&session->queue_lock);
	pthread_cond_broadcast(&session->queue_moved);
	pthread_mutex_unlock(&session->queue_lock);
}

static int teesimd_tick(void *arg)
{
	struct session *session = arg;

	return control_alive(&session->context->control) ? 0 : -EPIPE;
}

/* Gets an arena of at least `size` octets. Returns 0 or -errno. */
static int arena_grow(struct session *session, size_t size)
{
	struct message_grow_arena grow = { .header.type = MESSAGE_GROW_ARENA,
					   .session = session->id,
					   .has = (uint32_t)session->client.arena_size,
					   .size = size };
	struct message_answer answer;
	struct packet_fds fds;
	int err;

	err = control_call(&session->context->control, &session->asked, &grow.header, sizeof(grow),
			   NULL, MESSAGE_ANSWER, &answer, sizeof(answer), &fds);
	if (err < 0)
		return err;
	if (answer.result != RESULT_SUCCESS)
		err = answer.result == RESULT_TARGET_DEAD ? -EOWNERDEAD
		      : answer.result == RESULT_CANCEL	  ? -ECANCELED
							  : -ENOMEM;
	else if (fds.count != 1 || answer.value < size)
		err = -EPROTO;
	else
		err = channel_client_replace_arena(&session->client, fds.fd[0],
						   (size_t)answer.value);
	packet_fds_close(&fds);
	return err;
}

/* Makes room for copies, and blocks known to the instance. */
static int memory_prepare(struct session *session, const struct parameters *parameters)
{
	int err = 0;

	atomic_store_explicit(&session->asked.purpose, session->client.seq + 1U,
			      memory_order_relaxed);
	if (parameters->arena_needed > session->client.arena_size)
		err = arena_grow(session, parameters->arena_needed);
	for (unsigned int i = 0; !err && i < TEEC_CONFIG_PAYLOAD_REF_COUNT; i++)
		if (channel_type_is_memref(channel_type_of(parameters->types, i)) &&
		    parameters->memory[i].block)
			err = block_share(parameters->memory[i].block, session->id,
					  session->instance, &session->asked);
	return err;
}

/* What an operation that never reached its end is answered with. */
static TEEC_Result failure_report(struct session *session, int err, uint32_t *origin)
{
	bool final = err == -EOWNERDEAD || err == -EPIPE || err == -EPROTO;

	if (final)
		atomic_store(&session->failure, err);
	if (err == -EOWNERDEAD || err == -ECANCELED)
		return result_with_origin(result_from_errno(err), TEEC_ORIGIN_TEE, origin);
	return result_with_origin(result_from_errno(err), TEEC_ORIGIN_COMMS, origin);
}

/* Runs one operation with the session's turn held. */
static TEEC_Result operation_run(struct session *session, uint32_t op, uint32_t cmd,
				 TEEC_Operation *operation, const struct parameters *parameters,
				 uint32_t *origin)
{
	struct channel_operation call;
	int err = atomic_load_explicit(&session->failure, memory_order_relaxed);

	if (!err && parameters->types)
		err = memory_prepare(session, parameters);
	if (err < 0) {
		channel_client_skip(&session->client);
		return failure_report(session, err, origin);
	}
	call.op = op;
	call.cmd = cmd;
	parameters_put(parameters, operation, &session->client, &call);
	err = channel_client_call(&session->client, &call, teesimd_tick, session);
	if (err < 0)
		return failure_report(session, err, origin);
	if (parameters->types)
		parameters_get(parameters, operation, &session->client, &call);
	return result_with_origin(call.result, call.origin, origin);
}

/* Maps the channel that teesimd sent, or goes on with the one that the session has. */
static int session_connect(struct session *session, const struct message_opened *opened,
			   const struct packet_fds *fds)
{
	if (fds->count == 0 && session->client.channel)
		return opened->session == session->id && opened->instance == session->instance
			       ? 0
			       : -EPROTO;
	/* Who cancels the opening may still be at the channel that it was begun on. */
	pthread_mutex_lock(&cancel_lock);
	channel_client_unmap(&session->client);
	pthread_mutex_unlock(&cancel_lock);
	session->id = opened->session;
	session->instance = opened->instance;
	session->may_reopen = opened->may_reopen;
	if (fds->count != 2)
		return -EPROTO;
	return channel_client_map(&session->client, fds->fd[0], fds->fd[1], opened->slot,
				  session->context->spin_us);
}

/* Asks teesimd for the session. On success the channel is mapped. */
static TEEC_Result session_request(struct session *session, uint32_t *origin)
{
	struct message_open_session open = {
		.header.type = MESSAGE_OPEN_SESSION,
		.ta = session->ta,
		.login = session->login,
		.connection_data = session->connection_data,
		.resting = session->client.channel ? session->id : 0,
	};
	struct message_opened opened;
	struct packet_fds fds;
	int err;

	atomic_store(&session->asked.purpose, PURPOSE_OPENING);
	/* An earlier opening's, or an operation's whose number a new channel counts up to again.
	 * Who cancels this one first says so in `open_cancelled`. */
	atomic_store(&session->asked.unwanted, CONTROL_NOTHING);
	if (atomic_load(&session->open_cancelled))
		return result_with_origin(TEEC_ERROR_CANCEL, TEEC_ORIGIN_API, origin);
	err = control_call(&session->context->control, &session->asked, &open.header, sizeof(open),
			   NULL, MESSAGE_OPENED, &opened, sizeof(opened), &fds);
	if (err < 0)
		return result_with_origin(result_from_errno(err), TEEC_ORIGIN_COMMS, origin);
	if (opened.result != RESULT_SUCCESS) {
		packet_fds_close(&fds);
		return result_with_origin(opened.result, opened.origin, origin);
	}
	err = session_connect(session, &opened, &fds);
	packet_fds_close(&fds);
	if (err < 0)
		return result_with_origin(result_from_errno(err), TEEC_ORIGIN_COMMS, origin);
	return TEEC_SUCCESS;
}

/* Tells teesimd to forget a session that the host can no longer report as ended. */
static void session_forget(struct session *session)
{
	struct message_close_session close = { .header.type = MESSAGE_CLOSE_SESSION,
					       .session = session->id };

	(void)control_send(&session->context->control, &close.header, sizeof(close));
}

/* Withdraws an operation, and then what is asked of teesimd for it. */
static void running_cancel(struct session *session, uint32_t seq)
{
	if (channel_client_withdraw(&session->client, seq))
		control_cancel(&session->context->control, &session->asked, seq);
}

/* The TA's open entry point, on the session's channel. */
static TEEC_Result session_enter_ta(struct session *session, TEEC_Operation *operation,
				    const struct parameters *parameters, uint32_t *origin)
{
	session->open_seq = session->client.seq + 1;
	atomic_store(&session->connected, true);
	/* A cancellation that came in between found neither a request nor a channel. */
	if (atomic_load(&session->open_cancelled))
		running_cancel(session, session->open_seq);
	return operation_run(session, CHANNEL_OPEN, 0, operation, parameters, origin);
}

/* May the session be opened anew on its channel as it is, because nothing that teesimd would say
 * can have changed? */
static bool session_is_fresh(const struct session *session, uint32_t login,
			     uint32_t connection_data)
{
	return session->client.channel && session->may_reopen && session->login == login &&
	       session->connection_data == connection_data &&
	       wait_now_ns() - session->closed_at_ns < REOPEN_WITHIN_NS;
}

/* Did the instance end, or its host, before the TA got to know of the opening? */
static bool session_missed(struct session *session)
{
	return atomic_load(&session->failure) == -EOWNERDEAD &&
	       atomic_load(&session->client.channel->progress.taken) != session->open_seq;
}

static TEEC_Result session_open(struct session *session, uint32_t login, uint32_t connection_data,
				TEEC_Operation *operation, const struct parameters *parameters,
				uint32_t *origin)
{
	bool fresh = session_is_fresh(session, login, connection_data);
	TEEC_Result result;

	session->login = login;
	session->connection_data = connection_data;
	if (fresh) {
		result = session_enter_ta(session, operation, parameters, origin);
		if (result == TEEC_SUCCESS)
			return result;
		if (!session_missed(session))
			goto forget;
		atomic_store(&session->failure, 0);
		atomic_store(&session->connected, false);
	}
	result = session_request(session, origin);
	if (result != TEEC_SUCCESS)
		return result;
	result = session_enter_ta(session, operation, parameters, origin);
	if (result == TEEC_SUCCESS)
		return result;
forget:
	session_forget(session);
	return result;
}

TEEC_Result TEEC_OpenSession(TEEC_Context *api_context, TEEC_Session *api,
			     const TEEC_UUID *destination, uint32_t connectionMethod,
			     const void *connectionData, TEEC_Operation *operation,
			     uint32_t *returnOrigin)
{
	struct parameters parameters;
	struct session *session;
	struct context *context;
	struct uuid ta;
	uint32_t connection_data = 0;
	TEEC_Result result;

	if (!api_context || !api || !destination)
		return result_with_origin(TEEC_ERROR_BAD_PARAMETERS, TEEC_ORIGIN_API, returnOrigin);
	context = context_of(api_context, &result);
	if (!context)
		return result_with_origin(result, TEEC_ORIGIN_API, returnOrigin);
	/* Whether the login itself is one that this TEE knows is for teesimd to say. */
	if (connectionMethod == TEEC_LOGIN_GROUP ||
	    connectionMethod == TEEC_LOGIN_GROUP_APPLICATION) {
		if (!connectionData) {
			result = result_with_origin(TEEC_ERROR_BAD_PARAMETERS, TEEC_ORIGIN_API,
						    returnOrigin);
			goto out;
		}
		memcpy(&connection_data, connectionData, sizeof(connection_data));
	}
	result = parameters_parse(operation, &parameters);
	if (result != TEEC_SUCCESS) {
		result = result_with_origin(result, TEEC_ORIGIN_API, returnOrigin);
		goto out;
	}
	ta = uuid_from_fields(destination->timeLow, destination->timeMid,
			      destination->timeHiAndVersion, destination->clockSeqAndNode);
	session = session_new(context, &ta);
	if (!session) {
		result =
			result_with_origin(TEEC_ERROR_OUT_OF_MEMORY, TEEC_ORIGIN_API, returnOrigin);
		goto out;
	}
	/* Ticket 0 stands for the opening itself. */
	operation_mark(operation, session->handle, 0);
	result = session_open(session, connectionMethod, connection_data, operation, &parameters,
			      returnOrigin);
	if (result == TEEC_SUCCESS)
		session_publish(api, session->handle);
	else if (session_withdraw(session))
		session_free(session);
out:
	context_release(context);
	return result;
}

void TEEC_CloseSession(TEEC_Session *api)
{
	static const struct parameters none = { 0 };
	struct session *session;
	TEEC_Result result;

	if (!api)
		return;
	session = handle_table_find(&sessions, session_handle(api));
	if (!session || !session_withdraw(session))
		return;
	if (!fork_guard_inherited(session->context->generation)) {
		(void)session_enter(session, NULL);
		result = operation_run(session, CHANNEL_CLOSE, 0, NULL, &none, NULL);
		session_leave(session);
		if (result == TEEC_SUCCESS && resting_put(session))
			return;
		session_forget(session);
	}
	session_free(session);
}

TEEC_Result TEEC_InvokeCommand(TEEC_Session *api, uint32_t commandID, TEEC_Operation *operation,
			       uint32_t *returnOrigin)
{
	struct parameters parameters;
	struct session *session;
	TEEC_Result result;
	int err;

	if (!api)
		return result_with_origin(TEEC_ERROR_BAD_PARAMETERS, TEEC_ORIGIN_API, returnOrigin);
	session = handle_table_find(&sessions, session_handle(api));
	if (!session)
		return result_with_origin(TEEC_ERROR_BAD_PARAMETERS, TEEC_ORIGIN_API, returnOrigin);
	if (fork_guard_inherited(session->context->generation))
		return result_with_origin(TEEC_ERROR_BAD_STATE, TEEC_ORIGIN_API, returnOrigin);
	result = parameters_parse(operation, &parameters);
	if (result != TEEC_SUCCESS)
		return result_with_origin(result, TEEC_ORIGIN_API, returnOrigin);
	channel_request_claim(session->client.channel, parameters.types);
	err = session_enter(session, operation);
	if (err < 0)
		return failure_report(session, err, returnOrigin);
	result = operation_run(session, CHANNEL_INVOKE, commandID, operation, &parameters,
			       returnOrigin);
	session_leave(session);
	return result;
}

static void opening_cancel(struct session *session)
{
	atomic_store(&session->open_cancelled, true);
	if (atomic_load(&session->connected))
		running_cancel(session, session->open_seq);
	else
		control_cancel(&session->context->control, &session->asked, PURPOSE_OPENING);
}

static void queued_cancel(struct session *session, uint32_t ticket)
{
	struct session_waiter *waiter;

	pthread_mutex_lock(&session->queue_lock);
	for (waiter = session->queue; waiter; waiter = waiter->next)
		if (waiter->ticket == ticket)
			break;
	if (waiter) {
		waiter->cancelled = true;
		pthread_cond_broadcast(&session->queue_moved);
	} else if (atomic_load(&session->current_ticket) == ticket) {
		running_cancel(session, atomic_load(&session->current_seq));
	}
	pthread_mutex_unlock(&session->queue_lock);
}

/* The sequence number that an even ticket stands for: it lost its highest bit. None is beyond that
 * of the operation to come. */
static uint32_t ticket_seq(const struct session *session, uint32_t ticket)
{
	const uint32_t next = session->client.seq + 1;

	return next - ((next - (ticket >> 1)) & 0x7FFFFFFFU);
}

void TEEC_RequestCancellation(TEEC_Operation *operation)
{
	struct session *session;
	uintptr_t number;
	uint32_t ticket;

	if (!operation)
		return;
	number = __atomic_load_n((uintptr_t *)&operation->imp.session, __ATOMIC_ACQUIRE);
	ticket = (uint32_t)(number >> 32);
	pthread_mutex_lock(&cancel_lock);
	session = handle_table_find(&sessions, (uint32_t)number);
	if (!session || fork_guard_inherited(session->context->generation))
		goto unlock;
	if (ticket == 0)
		opening_cancel(session);
	else if (ticket & 1)
		queued_cancel(session, ticket);
	else
		running_cancel(session, ticket_seq(session, ticket));
unlock:
	pthread_mutex_unlock(&cancel_lock);
}
