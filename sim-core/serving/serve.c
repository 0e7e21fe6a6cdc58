#include "serving/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serving/blocks.h"
#include "serving/call_parameters.h"
#include "serving/control.h"
#include "wire/result.h"

uint32_t serve_origin = ORIGIN_TRUSTED_APP;

static struct channel_listener listener;
static const struct serving *program;

TEE_UUID serve_uuid(const struct uuid *uuid)
{
	TEE_UUID out;

	uuid_to_fields(uuid, &out.timeLow, &out.timeMid, &out.timeHiAndVersion,
		       out.clockSeqAndNode);
	return out;
}

static void session_report(uint32_t id, enum message_type type)
{
	struct message_session message = { .header.type = type, .session = id };

	control_send(&message, sizeof(message));
}

/* How long teesimd is not told that a session was closed which its client may reopen by itself.
 * Telling it wakes it, which is not worth anybody's time while the client may be about to open its
 * next. */
#define REPORT_DELAY_NS 50000000U

static struct session *unreported;
static uint64_t unreported_since_ns;

static void rest_report(struct session *session)
{
	struct message_session_rests message = { .header.type = MESSAGE_SESSION_RESTS,
						 .session = session->id,
						 .uses = session->uses };

	control_send(&message, sizeof(message));
}

static void rests_report(void)
{
	while (unreported) {
		struct session *session = unreported;

		unreported = session->next_unreported;
		session->unreported = false;
		/* It may be in use again. */
		if (session->rests)
			rest_report(session);
	}
}

/* How long until there is something to tell. */
static uint64_t rests_mind(void)
{
	uint64_t waited;

	if (!unreported)
		return 0;
	waited = wait_now_ns() - unreported_since_ns;
	if (waited < REPORT_DELAY_NS)
		return REPORT_DELAY_NS - waited;
	rests_report();
	return 0;
}

/* The session is closed. */
static void session_rest(struct session *session)
{
	session->rests = true;
	/* Where an instance ends with its last session, or takes one at a time, teesimd knows
	 * before the client does: what the client or another may do next depends on it. */
	if (!program->may_reopen) {
		rest_report(session);
		return;
	}
	if (session->unreported)
		return;
	if (!unreported)
		unreported_since_ns = wait_now_ns();
	session->unreported = true;
	session->next_unreported = unreported;
	unreported = session;
}

/* Its client opens it anew, without having asked. */
static void session_reopen(struct session *session)
{
	session->rests = false;
	if (!session->unreported)
		session_report(session->id, MESSAGE_SESSION_REOPENED);
}

static uint32_t session_operate(struct session *session, const struct channel_call *call,
				TEE_Param params[CHANNEL_PARAMS])
{
	const uint32_t result = program->operate(session, call, params);

	if (call->op == CHANNEL_OPEN)
		session->is_open = result == RESULT_SUCCESS;
	else if (call->op == CHANNEL_CLOSE)
		session->is_open = false;
	return call->op == CHANNEL_CLOSE ? RESULT_SUCCESS : result;
}

static bool operation_allowed(const struct session *session, const struct channel_call *call)
{
	if (session->rests)
		return call->op == CHANNEL_OPEN && program->may_reopen;
	/* One at a time. */
	if (session->deferred)
		return false;
	switch (call->op) {
	case CHANNEL_OPEN:
		return !session->is_open;
	case CHANNEL_INVOKE:
	case CHANNEL_CLOSE:
		return session->is_open;
	default:
		return false;
	}
}

static void control_serve(void);

/* A client that uses a resting session anew may be quicker than teesimd's word on it. Returns the
 * session, or NULL when that word was that it has ended. */
static struct session *session_news(struct session *session)
{
	uint32_t id = session->id;

	if (!session->rests)
		return session;
	control_serve();
	return sessions_find(id);
}

/* The time that a board would need to change worlds, spent as it would be there: at work. */
__attribute__((noinline, cold)) static void world_switch(void)
{
	uint64_t until = wait_now_ns() + program->world_switch_ns;

	while (wait_now_ns() < until)
		wait_relax();
}

/*
 * Operations of which there is more to do. They take turns with each other and with new requests.
 */
struct deferred {
	struct deferred *next;
	struct session *session;
	struct channel_call call;
	TEE_Param params[CHANNEL_PARAMS];
};

static struct deferred *deferred_first;

static void deferred_append(struct deferred *deferred)
{
	struct deferred **at = &deferred_first;

	while (*at)
		at = &(*at)->next;
	deferred->next = NULL;
	*at = deferred;
}

static void deferred_drop(struct session *session)
{
	struct deferred **at = &deferred_first;

	while (*at != session->deferred)
		at = &(*at)->next;
	*at = session->deferred->next;
	free(session->deferred);
	session->deferred = NULL;
}

/* A part of the one whose turn it is. */
static void deferred_step(void)
{
	struct deferred *deferred = deferred_first;
	struct session *session = deferred->session;
	union channel_slot slot[CHANNEL_PARAMS];
	uint32_t result;

	result = program->operate(session, &deferred->call, deferred->params);
	deferred_first = deferred->next;
	if (result == SERVE_LATER) {
		deferred_append(deferred);
		return;
	}
	memset(slot, 0, sizeof(slot));
	call_parameters_answer(&deferred->call, deferred->params, slot);
	session->deferred = NULL;
	channel_host_reply(&session->host, &deferred->call, result, ORIGIN_TRUSTED_APP, slot);
	free(deferred);
}

/* A block can be unmapped at any time; the arena stays as long as there is an operation. */
static bool refers_to_blocks(const struct channel_call *call)
{
	for (unsigned int i = 0; channel_types_remain(call->types, i); i++)
		if (channel_type_is_memref(channel_type_of(call->types, i)) &&
		    call->memref[i].place == CHANNEL_PLACE_BLOCK)
			return true;
	return false;
}

/* Puts the operation off; false when that can't be. */
static bool defer(struct session *session, const struct channel_call *call,
		  const TEE_Param params[CHANNEL_PARAMS])
{
	struct deferred *deferred = call->op == CHANNEL_INVOKE && !refers_to_blocks(call)
					    ? malloc(sizeof(*deferred))
					    : NULL;

	if (!deferred)
		return false;
	deferred->session = session;
	deferred->call = *call;
	memcpy(deferred->params, params, sizeof(deferred->params));
	session->deferred = deferred;
	/* It is not to be taken again. */
	session->host.seq = call->seq;
	deferred_append(deferred);
	return true;
}

/* Before the host sleeps. */
static uint64_t idle_mind(void)
{
	const uint64_t rests = rests_mind();
	uint64_t idle;

	if (deferred_first) {
		deferred_step();
		return CHANNEL_LISTENER_WORKED;
	}
	idle = program->idle ? program->idle() : 0;
	if (idle == CHANNEL_LISTENER_WORKED || !rests)
		return idle;
	return idle && idle < rests ? idle : rests;
}

static void request_serve(struct session *session)
{
	union channel_slot slot[CHANNEL_PARAMS];
	TEE_Param params[CHANNEL_PARAMS];
	uint32_t origin = ORIGIN_TEE;
	struct channel_call call;
	uint32_t result;

	session = session_news(session);
	if (!session)
		return;
	if (__builtin_expect(program->world_switch_ns != 0, 0))
		world_switch();
	if (!channel_host_take(&session->host, &call))
		return;
	memset(slot, 0, sizeof(slot));
	result = RESULT_BAD_PARAMETERS;
	if (!operation_allowed(session, &call))
		goto reply;
	result = call_parameters_parse(&call, &session->host, session->context, params);
	if (result != RESULT_SUCCESS)
		goto reply;
	result = RESULT_CANCEL;
	if (call.op != CHANNEL_CLOSE && channel_host_cancelled(&session->host, &call))
		goto reply;
	if (session->rests)
		session_reopen(session);
	result = session_operate(session, &call, params);
	while (__builtin_expect(result == SERVE_LATER, 0)) {
		if (defer(session, &call, params))
			return;
		if (deferred_first)
			deferred_step();
		result = session_operate(session, &call, params);
	}
	origin = serve_origin;
	call_parameters_answer(&call, params, slot);
reply:
	if (call.op != CHANNEL_INVOKE && !session->is_open && !session->rests) {
		session_rest(session);
		if (program->closed)
			program->closed();
	}
	if (__builtin_expect(program->world_switch_ns != 0, 0))
		world_switch();
	channel_host_reply(&session->host, &call, result, origin, slot);
}

static void host_answer(const struct message_header *header, int err)
{
	struct message_host_answer answer = { .header = { .type = MESSAGE_HOST_ANSWER,
							  .request = header->request } };

	answer.result = !err		 ? RESULT_SUCCESS
			: err == -ENOMEM ? RESULT_OUT_OF_MEMORY
					 : RESULT_BAD_PARAMETERS;
	control_send(&answer, sizeof(answer));
}

static void session_identify(struct session *session, uint32_t login, const struct uuid *client)
{
	session->client.login = login;
	session->client.uuid = serve_uuid(client);
}

static void on_add_session(struct control_packet *packet)
{
	const struct message_add_session *add = &packet->add_session;
	struct session *session;
	int err;

	session = sessions_add(&listener, add->session, packet->fds.fd[0], add->slot, &err);
	if (!session) {
		fprintf(stderr, "no room for session %u: %s\n", add->session, strerror(-err));
		session_report(add->session, MESSAGE_SESSION_ENDED);
		return;
	}
	session->context = add->context;
	session->ta = serve_uuid(&add->ta);
	memcpy(session->client_domain, add->client_domain, sizeof(session->client_domain));
	session_identify(session, add->login, &add->client);
}

static void on_resume_session(struct control_packet *packet)
{
	const struct message_resume_session *resume = &packet->resume_session;
	struct session *session = sessions_find(resume->session);

	if (!session || !session->rests)
		return;
	session->rests = false;
	session->uses++;
	session_identify(session, resume->login, &resume->client);
}

static void on_end_session(struct control_packet *packet)
{
	struct session *session = sessions_find(packet->session.session);

	if (!session)
		return;
	if (session->deferred)
		deferred_drop(session);
	if (session->is_open) {
		static const struct channel_call close = { .op = CHANNEL_CLOSE };
		TEE_Param none[CHANNEL_PARAMS] = { 0 };

		(void)session_operate(session, &close, none);
	}
	rests_report();
	session_report(session->id, MESSAGE_SESSION_ENDED);
	sessions_remove(&listener, session);
}

static void on_map_block(struct control_packet *packet)
{
	const struct message_map_block *map = &packet->map_block;

	host_answer(&map->header,
		    blocks_map(map->context, map->block, packet_fds_take(&packet->fds, 0),
			       map->size, map->flags & MESSAGE_BLOCK_OUTPUT));
}

static void on_unmap_block(struct control_packet *packet)
{
	blocks_unmap(packet->unmap_block.context, packet->unmap_block.block,
		     program->block_forgotten);
}

static void on_map_arena(struct control_packet *packet)
{
	const struct message_map_arena *map = &packet->map_arena;
	struct session *session = sessions_find(map->session);
	int err = -ENOENT;

	if (session && session->deferred)
		err = -EBUSY;
	else if (session)
		err = channel_host_offer_arena(&session->host, packet->fds.fd[0], map->size,
					       map->has);
	host_answer(&map->header, err);
}

static void on_destroy(struct control_packet *packet)
{
	(void)packet;
	program->destroy();
}

static const struct {
	uint32_t type;
	size_t size;
	unsigned int fds;
	void (*handle)(struct control_packet *packet);
} handlers[] = {
	{ MESSAGE_ADD_SESSION, sizeof(struct message_add_session), 1, on_add_session },
	{ MESSAGE_END_SESSION, sizeof(struct message_session), 0, on_end_session },
	{ MESSAGE_RESUME_SESSION, sizeof(struct message_resume_session), 0, on_resume_session },
	{ MESSAGE_MAP_BLOCK, sizeof(struct message_map_block), 1, on_map_block },
	{ MESSAGE_UNMAP_BLOCK, sizeof(struct message_unmap_block), 0, on_unmap_block },
	{ MESSAGE_MAP_ARENA, sizeof(struct message_map_arena), 1, on_map_arena },
	{ MESSAGE_DESTROY, sizeof(struct message_bare), 0, on_destroy },
};

static void control_serve(void)
{
	static struct control_packet packet;

	while (control_receive(&packet, false)) {
		size_t i;

		for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
			if (handlers[i].type == packet.header.type)
				break;
		if (i == sizeof(handlers) / sizeof(handlers[0]) ||
		    packet.size != handlers[i].size || packet.fds.count != handlers[i].fds)
			fprintf(stderr, "message %u of teesimd makes no sense; ignored\n",
				packet.header.type);
		else
			handlers[i].handle(&packet);
		packet_fds_close(&packet.fds);
	}
}

int serve_listen(int bell_fd, long spin_us)
{
	int err = channel_listener_init(&listener, bell_fd, spin_us);

	listener.before_sleep = idle_mind;
	return err;
}

void serve(const struct serving *serving)
{
	program = serving;
	for (;;) {
		struct channel_host *host;

		if (channel_listener_next(&listener, &host) == CHANNEL_EVENT_CONTROL)
			control_serve();
		else
			request_serve(session_of(host));
		if (__builtin_expect(deferred_first != NULL, 0))
			deferred_step();
	}
}
