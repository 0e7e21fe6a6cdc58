#include "client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "wire/message.h"
#include "wire/result.h"
#include "wire/socket.h"

const struct client_patience client_patience_endless = { .deadline_ns = UINT64_MAX };

static int32_t spin;
static uint32_t last_request;

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
	case -ENOMEM:
		return RESULT_OUT_OF_MEMORY;
	default:
		return RESULT_COMMUNICATION;
	}
}

/*
 * Requests to teesimd.
 */

/* Sends one and waits for its answer. `fds` receives what comes along, the caller's to close.
 * Returns 0 or -errno. */
static int request(struct message_header *message, size_t size, uint32_t answer_type, void *answer,
		   size_t answer_size, struct packet_fds *fds)
{
	union {
		struct message_header header;
		uint8_t octets[64];
	} packet;
	ssize_t got;
	int err;

	if (++last_request == 0)
		last_request = 1;
	message->request = last_request;
	err = socket_send(MESSAGE_HOST_CLIENT_FD, message, size, NULL, 0);
	if (err < 0)
		return err;
	for (;;) {
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

static void session_forget(const struct client_session *session)
{
	const struct message_close_session message = {
		.header.type = MESSAGE_CLOSE_SESSION,
		.session = session->id,
	};

	(void)socket_send(MESSAGE_HOST_CLIENT_FD, &message, sizeof(message), NULL, 0);
}

static int arena_grow(struct client_session *session, size_t size)
{
	struct message_grow_arena grow = { .header.type = MESSAGE_GROW_ARENA,
					   .session = session->id,
					   .size = size };
	struct message_answer answer;
	struct packet_fds fds;
	int err;

	err = request(&grow.header, sizeof(grow), MESSAGE_ANSWER, &answer, sizeof(answer), &fds);
	if (err < 0)
		return err;
	if (answer.result != RESULT_SUCCESS)
		err = answer.result == RESULT_TARGET_DEAD ? -EOWNERDEAD : -ENOMEM;
	else if (fds.count != 1 || answer.value < size)
		err = -EPROTO;
	else
		err = channel_client_replace_arena(&session->channel, fds.fd[0],
						   (size_t)answer.value);
	packet_fds_close(&fds);
	return err;
}

/*
 * Parameters.
 */

/* Where the memory of each parameter lies for the other side. */
struct placement {
	uint64_t offset[CHANNEL_PARAMS];
	size_t arena_needed;
};

static bool goes_by_arena(uint32_t types, unsigned int i, const TEE_Param params[])
{
	return channel_type_is_memref(channel_type_of(types, i)) && params[i].memref.buffer;
}

static int placement_make(uint32_t types, const TEE_Param params[], struct placement *placement)
{
	size_t at = 0;

	for (unsigned int i = 0; channel_types_remain(types, i); i++) {
		if (!goes_by_arena(types, i, params))
			continue;
		placement->offset[i] = at;
		if (params[i].memref.size > CHANNEL_ARENA_MAX - at)
			return -ENOMEM;
		at += params[i].memref.size;
		at = (at + CHANNEL_ARENA_ALIGN - 1) & ~(size_t)(CHANNEL_ARENA_ALIGN - 1);
	}
	placement->arena_needed = at;
	return 0;
}

static void parameters_put(const struct client_session *session, uint32_t types,
			   const TEE_Param params[], const struct placement *placement,
			   struct channel_operation *operation)
{
	operation->types = types;
	for (unsigned int i = 0; channel_types_remain(types, i); i++) {
		const uint32_t type = channel_type_of(types, i);

		if (!channel_type_is_memref(type)) {
			operation->slot[i].value.a = params[i].value.a;
			operation->slot[i].value.b = params[i].value.b;
			continue;
		}
		operation->slot[i].size = params[i].memref.size;
		operation->memref[i] = (struct channel_memref) { .place = CHANNEL_PLACE_NULL };
		if (!params[i].memref.buffer)
			continue;
		operation->memref[i].place = CHANNEL_PLACE_ARENA;
		operation->memref[i].offset = placement->offset[i];
		if (channel_type_is_input(type))
			memcpy(session->channel.arena + placement->offset[i],
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
		/* More than there is room for: how much there would be. */
		if (size <= params[i].memref.size && params[i].memref.buffer)
			memcpy(params[i].memref.buffer,
			       session->channel.arena + placement->offset[i], size);
		params[i].memref.size = size;
	}
}

/*
 * Operations.
 */

static int teesimd_tick(void *context)
{
	struct pollfd poller = { .fd = MESSAGE_HOST_CLIENT_FD };

	(void)context;
	if (poll(&poller, 1, 0) > 0 && poller.revents & (POLLHUP | POLLERR))
		return -EPIPE;
	return 0;
}

/* Returns 0 with the operation's result and origin in it, or -errno. */
static int operation_run(struct client_session *session, struct channel_operation *operation,
			 uint32_t types, TEE_Param params[])
{
	struct placement placement;
	int err = session->failure;

	if (!err)
		err = placement_make(types, params, &placement);
	if (!err && placement.arena_needed > session->channel.arena_size)
		err = arena_grow(session, placement.arena_needed);
	if (err < 0)
		return err;
	parameters_put(session, types, params, &placement, operation);
	err = channel_client_call(&session->channel, operation, teesimd_tick, NULL);
	if (err < 0)
		return err;
	parameters_get(session, operation, &placement, params);
	return 0;
}

static uint32_t operate(struct client_session *session, uint32_t op, uint32_t command,
			uint32_t types, TEE_Param params[], uint32_t *origin)
{
	struct channel_operation operation = { .op = op, .cmd = command };
	int err = operation_run(session, &operation, types, params);

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
				uint32_t *origin)
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
	err = request(&open.header, sizeof(open), MESSAGE_OPENED, &opened, sizeof(opened), &fds);
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
	uint32_t result = session_request(session, uuid, origin);

	(void)patience;
	if (result != RESULT_SUCCESS)
		return result;
	result = operate(session, CHANNEL_OPEN, 0, types, params, origin);
	if (result != RESULT_SUCCESS)
		session_end(session);
	return result;
}

uint32_t client_invoke(struct client_session *session, uint32_t command,
		       const struct client_patience *patience, uint32_t types,
		       TEE_Param params[TEE_NUM_PARAMS], uint32_t *origin)
{
	(void)patience;
	return operate(session, CHANNEL_INVOKE, command, types, params, origin);
}

void client_close(struct client_session *session)
{
	uint32_t origin;

	(void)operate(session, CHANNEL_CLOSE, 0, 0, NULL, &origin);
	session_end(session);
}
