#include "client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "runtime.h"
#include "wire/message.h"
#include "wire/result.h"
#include "wire/socket.h"

/* So often a TA that waits looks whether its own operation was cancelled: a sleeper can be woken by
 * one word alone, and sleeps on another. */
#define CANCEL_LOOK_NS 4000000U
#define NS_PER_MS      1000000U
#define SEND_ATTEMPTS  200U
#define SEND_PAUSE_NS  1000000U

const struct client_patience client_patience_endless = { .deadline_ns = UINT64_MAX };

static int32_t spin;
static uint32_t last_request;
static uint32_t last_block;

void client_init(int32_t spin_us)
{
	spin = spin_us;
}

static uint32_t result_of(int err)
{
	switch (err) {
	case -EOWNERDEAD:
		return RESULT_TARGET_DEAD;
	case -ECANCELED:
		return RESULT_CANCEL;
	case -EBUSY:
		return RESULT_BUSY;
	case -ENOMEM:
		return RESULT_OUT_OF_MEMORY;
	default:
		return RESULT_COMMUNICATION;
	}
}

/*
 * Patience.
 */

static bool patience_is_over(const struct client_patience *patience)
{
	return (patience->deadline_ns != UINT64_MAX && wait_now_ns() >= patience->deadline_ns) ||
	       (patience->cancellable && runtime_cancel_requested());
}

/* When it has to be looked at again, by CLOCK_MONOTONIC; UINT64_MAX: never. */
static uint64_t patience_next(const struct client_patience *patience)
{
	uint64_t look = UINT64_MAX;

	if (patience->cancellable || patience->cancelled)
		look = wait_now_ns() + CANCEL_LOOK_NS;
	return look < patience->deadline_ns ? look : patience->deadline_ns;
}

/*
 * Requests to teesimd.
 */

static int tell(const void *message, size_t size, const struct packet_fds *fds)
{
	return socket_send(MESSAGE_HOST_CLIENT_FD, message, size, fds, 0);
}

/* The kernel bounds how many descriptors all processes of a user have sent and not yet received,
 * and the bound of a TA host is low. */
static int tell_patiently(const void *message, size_t size, const struct packet_fds *fds)
{
	int err = tell(message, size, fds);

	for (unsigned int i = 0; err == -ETOOMANYREFS && i < SEND_ATTEMPTS; i++) {
		(void)runtime_sleep(wait_now_ns() + SEND_PAUSE_NS, false);
		err = tell(message, size, fds);
	}
	return err == -ETOOMANYREFS ? -ENOMEM : err;
}

/* Waits until there is an answer to read, or until patience is over. */
static bool answer_wait(const struct client_patience *patience)
{
	struct pollfd poller = { .fd = MESSAGE_HOST_CLIENT_FD, .events = POLLIN };

	for (;;) {
		const uint64_t next = patience_next(patience);
		int timeout_ms = -1;
		uint64_t now;

		if (next != UINT64_MAX) {
			now = wait_now_ns();
			timeout_ms = next <= now ? 0 : (int)((next - now) / NS_PER_MS) + 1;
		}
		if (poll(&poller, 1, timeout_ms) > 0)
			return true;
		if (patience_is_over(patience))
			return false;
	}
}

/* Sends a request with `send_fds` (may be NULL) and waits for its answer. One that was cancelled is
 * answered all the same. `fds` receives what comes along, the caller's to close. Returns 0 or
 * -errno. */
static int request(struct message_header *message, size_t size, const struct packet_fds *send_fds,
		   const struct client_patience *patience, uint32_t answer_type, void *answer,
		   size_t answer_size, struct packet_fds *fds)
{
	struct message_cancel cancel = { .header.type = MESSAGE_CANCEL };
	union {
		struct message_header header;
		uint8_t octets[64];
	} packet;
	ssize_t got;
	int err;

	if (++last_request == 0)
		last_request = 1;
	message->request = last_request;
	err = tell_patiently(message, size, send_fds);
	if (err < 0)
		return err;
	for (;;) {
		if (patience && !answer_wait(patience)) {
			cancel.target = last_request;
			(void)tell(&cancel, sizeof(cancel), NULL);
			patience = NULL;
		}
		got = socket_receive(MESSAGE_HOST_CLIENT_FD, packet.octets, sizeof(packet.octets),
				     fds, 0);
		if (got < (ssize_t)sizeof(packet.header))
			return got < 0 ? (int)got : -EPIPE;
		if (packet.header.request == last_request)
			break;
		packet_fds_close(fds);
	}
	if (packet.header.type != answer_type || (size_t)got != answer_size) {
		packet_fds_close(fds);
		return -EPROTO;
	}
	memcpy(answer, packet.octets, answer_size);
	return 0;
}

/* The same for requests that are answered by MESSAGE_ANSWER. */
static int ask(struct message_header *message, size_t size, const struct packet_fds *send_fds,
	       const struct client_patience *patience, struct message_answer *answer,
	       struct packet_fds *fds)
{
	int err = request(message, size, send_fds, patience, MESSAGE_ANSWER, answer,
			  sizeof(*answer), fds);

	if (err < 0)
		return err;
	switch (answer->result) {
	case RESULT_SUCCESS:
		return 0;
	case RESULT_TARGET_DEAD:
		err = -EOWNERDEAD;
		break;
	case RESULT_CANCEL:
		err = -ECANCELED;
		break;
	case RESULT_BUSY:
		err = -EBUSY;
		break;
	default:
		err = -ENOMEM;
	}
	packet_fds_close(fds);
	return err;
}

static void session_forget(const struct client_session *session)
{
	const struct message_close_session message = {
		.header.type = MESSAGE_CLOSE_SESSION,
		.session = session->id,
	};

	(void)tell(&message, sizeof(message), NULL);
}

/* Would both sides wait for each other for ever? */
static bool waits_in_vain(const struct client_session *session)
{
	struct message_waits waits = { .header.type = MESSAGE_WAITS, .session = session->id };
	struct message_answer answer;
	struct packet_fds fds;
	int err = ask(&waits.header, sizeof(waits), NULL, NULL, &answer, &fds);

	if (!err)
		packet_fds_close(&fds);
	return err == -EBUSY;
}

static int arena_grow(struct client_session *session, const struct client_patience *patience,
		      size_t size)
{
	struct message_grow_arena grow = { .header.type = MESSAGE_GROW_ARENA,
					   .session = session->id,
					   .has = (uint32_t)session->channel.arena_size,
					   .size = size };
	struct message_answer answer;
	struct packet_fds fds;
	int err;

	err = ask(&grow.header, sizeof(grow), NULL, patience, &answer, &fds);
	if (err < 0)
		return err;
	if (fds.count != 1 || answer.value < size)
		err = -EPROTO;
	else
		err = channel_client_replace_arena(&session->channel, fds.fd[0],
						   (size_t)answer.value);
	packet_fds_close(&fds);
	return err;
}

/*
 * Blocks.
 */

static bool block_is_shared(const struct mapped_block *block, uint32_t instance)
{
	for (uint32_t i = 0; i < block->forward_count && i < MAPPED_BLOCK_FORWARDS; i++)
		if (block->forward_instance[i] == instance)
			return true;
	return false;
}

/* Has the other side map the block, with the rights that this one has. */
static int block_share(const struct client_session *session, const struct client_patience *patience,
		       struct mapped_block *block)
{
	struct message_share_block share = {
		.header.type = MESSAGE_SHARE_BLOCK,
		.session = session->id,
		.flags = MESSAGE_BLOCK_INPUT | (block->writable ? MESSAGE_BLOCK_OUTPUT : 0U),
		.size = block->size,
	};
	const struct packet_fds send = { .fd = { block->fd }, .count = 1 };
	struct message_answer answer;
	struct packet_fds fds;
	int err;

	if (block_is_shared(block, session->instance))
		return 0;
	if (!block->forward_number)
		block->forward_number = ++last_block;
	share.block = block->forward_number;
	err = ask(&share.header, sizeof(share), &send, patience, &answer, &fds);
	if (err < 0)
		return err;
	packet_fds_close(&fds);
	block->forward_instance[block->forward_count++ % MAPPED_BLOCK_FORWARDS] = session->instance;
	return 0;
}

void client_block_forgotten(const struct mapped_block *block)
{
	const struct message_release_block release = {
		.header.type = MESSAGE_RELEASE_BLOCK,
		.block = block->forward_number,
	};

	if (block->forward_number)
		(void)tell(&release, sizeof(release), NULL);
}

/*
 * Parameters.
 */

/* Where the memory of each parameter lies for the other side. */
struct placement {
	struct channel_memref memref[CHANNEL_PARAMS];
	size_t arena_needed;
};

/* Places one reference: in a block that the other side has by then, else in the arena. */
static int memref_place(const struct client_session *session,
			const struct client_patience *patience, const TEE_Param *param,
			struct channel_memref *memref, size_t *arena_at)
{
	const size_t size = param->memref.size;
	struct mapped_block *block = NULL;
	int err;

	*memref = (struct channel_memref) { .place = CHANNEL_PLACE_NULL };
	if (!param->memref.buffer)
		return 0;
	if (size && !session->copies)
		block = blocks_around(param->memref.buffer, size);
	if (block && block->fd >= 0) {
		err = block_share(session, patience, block);
		if (err != -ENOMEM) {
			memref->place = CHANNEL_PLACE_BLOCK;
			memref->block = block->forward_number;
			memref->offset =
				(uint64_t)((uint8_t *)param->memref.buffer - block->address);
			return err;
		}
	}
	if (size > CHANNEL_ARENA_MAX - *arena_at)
		return -ENOMEM;
	memref->place = CHANNEL_PLACE_ARENA;
	memref->offset = *arena_at;
	*arena_at += (size + CHANNEL_ARENA_ALIGN - 1) & ~(size_t)(CHANNEL_ARENA_ALIGN - 1);
	return 0;
}

/* Finds places for all, and makes them. */
static int placement_make(struct client_session *session, const struct client_patience *patience,
			  uint32_t types, const TEE_Param params[], struct placement *placement)
{
	size_t at = 0;
	int err = 0;

	for (unsigned int i = 0; !err && channel_types_remain(types, i); i++)
		if (channel_type_is_memref(channel_type_of(types, i)))
			err = memref_place(session, patience, &params[i], &placement->memref[i],
					   &at);
	if (!err && at > session->channel.arena_size)
		err = arena_grow(session, patience, at);
	return err;
}

static void parameters_put(const struct client_session *session, uint32_t types,
			   const TEE_Param params[], const struct placement *placement,
			   struct channel_operation *operation)
{
	operation->types = types;
	for (unsigned int i = 0; channel_types_remain(types, i); i++) {
		const uint32_t type = channel_type_of(types, i);

		if (!channel_type_is_memref(type)) {
			if (!channel_type_is_input(type))
				continue;
			operation->slot[i].value.a = params[i].value.a;
			operation->slot[i].value.b = params[i].value.b;
			continue;
		}
		operation->slot[i].size = params[i].memref.size;
		operation->memref[i] = placement->memref[i];
		if (placement->memref[i].place == CHANNEL_PLACE_ARENA)
			operation->memref[i].block = (uint32_t)session->channel.arena_size;
		if (placement->memref[i].place == CHANNEL_PLACE_ARENA &&
		    channel_type_is_input(type))
			memcpy(session->channel.arena + placement->memref[i].offset,
			       params[i].memref.buffer, params[i].memref.size);
	}
}

static void parameters_get(const struct client_session *session,
			   const struct channel_operation *operation,
			   const struct placement *placement, TEE_Param params[])
{
	const uint32_t types = operation->types;

	for (unsigned int i = 0; channel_types_remain(types, i); i++) {
		const uint32_t type = channel_type_of(types, i);
		const uint64_t size = operation->slot[i].size;

		if (!channel_type_is_output(type))
			continue;
		if (!channel_type_is_memref(type)) {
			params[i].value.a = operation->slot[i].value.a;
			params[i].value.b = operation->slot[i].value.b;
			continue;
		}
		/* Where it is more than there was room for, it tells how much there would be. */
		if (placement->memref[i].place == CHANNEL_PLACE_ARENA &&
		    size <= params[i].memref.size)
			memcpy(params[i].memref.buffer,
			       session->channel.arena + placement->memref[i].offset, size);
		params[i].memref.size = size;
	}
}

/*
 * Operations.
 */

/* An operation that the TA sleeps for. */
struct waiting {
	struct client_session *session;
	const struct client_patience *patience;
	uint32_t seq;
	bool cancelled;
	/* The last request on the channel for which waits_in_vain() was asked, and what it said. */
	uint32_t asked;
	bool vain;
};

static bool is_taken(const struct waiting *waiting)
{
	return atomic_load(&waiting->session->channel.channel->progress.taken) == waiting->seq;
}

static void waiting_cancel(struct waiting *waiting)
{
	struct channel_client *channel = &waiting->session->channel;

	if (patience_is_over(waiting->patience)) {
		waiting->cancelled = true;
		(void)channel_client_withdraw(channel, waiting->seq);
	} else if (waiting->patience->cancelled && is_taken(waiting)) {
		waiting->cancelled = true;
		channel_client_cancel(channel->channel, waiting->seq);
	}
}

static int waiting_tick(void *context)
{
	struct pollfd poller = { .fd = MESSAGE_HOST_CLIENT_FD };
	struct waiting *waiting = context;
	struct channel_client *channel = &waiting->session->channel;
	uint32_t sent;

	if (poll(&poller, 1, 0) > 0 && poller.revents & (POLLHUP | POLLERR))
		return -EPIPE;
	if (!waiting->cancelled)
		waiting_cancel(waiting);
	/* Once for each request is enough, be it this one or one before it that is owed an answer:
	 * a circle is closed by who comes last, and who comes last asks. */
	sent = atomic_load(&channel->channel->request.seq);
	if (waiting->asked != sent && !is_taken(waiting)) {
		waiting->asked = sent;
		waiting->vain = waits_in_vain(waiting->session);
		if (waiting->vain)
			(void)channel_client_withdraw(channel, waiting->seq);
	}
	channel->alarm_ns = waiting->cancelled ? 0 : patience_next(waiting->patience);
	return 0;
}

/* Returns 0 with the operation's result and origin in it, or -errno. */
static int operation_run(struct client_session *session, struct channel_operation *operation,
			 const struct client_patience *patience, uint32_t types, TEE_Param params[])
{
	struct waiting waiting = { .session = session, .patience = patience };
	struct placement placement = { 0 };
	int err = session->failure;

	if (!err && patience_is_over(patience))
		err = -ECANCELED;
	if (!err && params)
		err = placement_make(session, patience, types, params, &placement);
	if (err < 0)
		return err;
	if (params)
		parameters_put(session, types, params, &placement, operation);
	waiting.seq = session->channel.seq + 1;
	session->channel.alarm_ns = patience_next(patience);
	err = channel_client_call(&session->channel, operation, waiting_tick, &waiting);
	/* The other side may have come around just then, and seen that it was not to begin. */
	if (!err && operation->result == RESULT_CANCEL && operation->origin == ORIGIN_TEE)
		err = -ECANCELED;
	if (err == -ECANCELED && waiting.vain && !waiting.cancelled)
		err = -EBUSY;
	if (err < 0)
		return err;
	if (params)
		parameters_get(session, operation, &placement, params);
	return 0;
}

static uint32_t operate(struct client_session *session, uint32_t op, uint32_t command,
			const struct client_patience *patience, uint32_t types, TEE_Param params[],
			uint32_t *origin)
{
	struct channel_operation operation = { .op = op, .cmd = command };
	int err = operation_run(session, &operation, patience, types, params);

	if (!err) {
		*origin = operation.origin;
		return operation.result;
	}
	if (err == -EOWNERDEAD || err == -EPIPE || err == -EPROTO)
		session->failure = err;
	*origin = ORIGIN_TEE;
	return result_of(err);
}

static void session_end(struct client_session *session)
{
	session_forget(session);
	channel_client_unmap(&session->channel);
}

/* Asks teesimd for the session. */
static uint32_t session_request(struct client_session *session, const TEE_UUID *uuid,
				const struct client_patience *patience, uint32_t *origin)
{
	struct message_open_session open = {
		.header.type = MESSAGE_OPEN_SESSION,
		.ta = uuid_from_fields(uuid->timeLow, uuid->timeMid, uuid->timeHiAndVersion,
				       uuid->clockSeqAndNode),
		.login = LOGIN_TRUSTED_APP,
	};
	struct message_opened opened;
	struct packet_fds fds;
	int err;

	*origin = ORIGIN_TEE;
	if (patience_is_over(patience))
		return RESULT_CANCEL;
	err = request(&open.header, sizeof(open), NULL, patience, MESSAGE_OPENED, &opened,
		      sizeof(opened), &fds);
	if (err < 0)
		return result_of(err);
	if (opened.result != RESULT_SUCCESS) {
		packet_fds_close(&fds);
		*origin = opened.origin;
		return opened.result;
	}
	memset(session, 0, sizeof(*session));
	session->id = opened.session;
	session->instance = opened.instance;
	err = fds.count == 2 ? channel_client_map(&session->channel, fds.fd[0], fds.fd[1],
						  opened.slot, spin)
			     : -EPROTO;
	packet_fds_close(&fds);
	if (err < 0)
		session_forget(session);
	return err < 0 ? result_of(err) : RESULT_SUCCESS;
}

uint32_t client_open(struct client_session *session, const TEE_UUID *uuid,
		     const struct client_patience *patience, uint32_t types,
		     TEE_Param params[TEE_NUM_PARAMS], uint32_t *origin)
{
	uint32_t result = session_request(session, uuid, patience, origin);

	if (result != RESULT_SUCCESS)
		return result;
	result = operate(session, CHANNEL_OPEN, 0, patience, types, params, origin);
	if (result != RESULT_SUCCESS)
		session_end(session);
	return result;
}

uint32_t client_invoke(struct client_session *session, uint32_t command,
		       const struct client_patience *patience, uint32_t types,
		       TEE_Param params[TEE_NUM_PARAMS], uint32_t *origin)
{
	return operate(session, CHANNEL_INVOKE, command, patience, types, params, origin);
}

void client_close(struct client_session *session)
{
	uint32_t origin;

	/* Where that comes to nothing, teesimd has the other side close it. */
	(void)operate(session, CHANNEL_CLOSE, 0, &client_patience_endless, 0, NULL, &origin);
	session_end(session);
}
