#include "instance.h"

#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tee_api_defines.h>
#include <tee_internal_api.h>

#include "api/lazy_library.h"
#include "api/random.h"
#include "blocks.h"
#include "call_parameters.h"
#include "control.h"
#include "death.h"
#include "loader/loader.h"
#include "runtime.h"
#include "sandbox/sandbox.h"
#include "sessions.h"
#include "wire/result.h"

#define NS_PER_S 1000000000ULL

/* What constructors get: a TA has no command line and no environment. */
static char *no_arguments[] = { NULL };

static struct channel_listener listener;
static struct loaded_ta ta;

/* What each way between the worlds is to cost: message_start. */
static uint64_t world_switch_ns;

/* The operation that the TA is working on. */
static struct {
	struct session *session;
	const struct channel_call *call;
} current;

struct runtime runtime;

void runtime_panic(TEE_Result code, const char *reason)
{
	death_by_panic(code, reason, __builtin_return_address(0));
}

void runtime_log(const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n > sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	(void)!write(STDERR_FILENO, line, (size_t)n);
}

bool runtime_cancel_requested(void)
{
	return current.session && channel_host_cancelled(&current.session->host, current.call);
}

bool runtime_sleep(uint64_t deadline_ns, bool cancellable)
{
	static _Atomic uint32_t nothing;

	for (;;) {
		_Atomic uint32_t *word = &nothing;
		struct timespec left = { 0 };
		uint32_t seen = 0;
		uint64_t now;

		if (cancellable && current.session) {
			word = &current.session->host.channel->client.cancel;
			seen = atomic_load(word);
			if (runtime_cancel_requested())
				return true;
		}
		now = wait_now_ns();
		if (now >= deadline_ns)
			return false;
		left.tv_sec = (time_t)((deadline_ns - now) / NS_PER_S);
		left.tv_nsec = (long)((deadline_ns - now) % NS_PER_S);
		(void)futex_wait(word, seen, deadline_ns == UINT64_MAX ? NULL : &left);
	}
}

enum runtime_sharing runtime_sharing(const void *address, size_t size, bool *writable)
{
	size_t shared;

	*writable = true;
	shared = blocks_overlap(address, size, writable);
	shared += sessions_overlap(address, size);
	if (!shared)
		return RUNTIME_PRIVATE;
	return shared == size ? RUNTIME_SHARED : RUNTIME_MIXED;
}

bool runtime_mapped(const void *address, size_t size, bool read, bool write)
{
	if (read && !death_probe(address, size, false))
		return false;
	return !write || death_probe(address, size, true);
}

static void uuid_read(const struct uuid *uuid, TEE_UUID *out)
{
	uuid_to_fields(uuid, &out->timeLow, &out->timeMid, &out->timeHiAndVersion,
		       out->clockSeqAndNode);
}

static void operation_begin(struct session *session, const struct channel_call *call)
{
	current.session = session;
	current.call = call;
	death_context.session = session->id;
	runtime.client = session->client;
	runtime.cancellation_masked = true;
	runtime.in_session = true;
}

static void operation_end(void)
{
	current.session = NULL;
	current.call = NULL;
	death_context.op = 0;
	death_context.session = 0;
	runtime.in_session = false;
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

static bool may_reopen(void)
{
	const uint32_t needed =
		TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION | TA_FLAG_INSTANCE_KEEP_ALIVE;

	return (runtime.flags & needed) == needed;
}

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

/* Before the host sleeps. */
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
	if (!may_reopen()) {
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

static void session_close(struct session *session)
{
	death_context.op = CHANNEL_CLOSE;
	ta.close_session(session->ta_context);
	session->is_open = false;
}

/* Runs the entry point for one request. `params` are checked; the result's origin is the TA. */
static uint32_t entry_point_call(struct session *session, const struct channel_call *call,
				 TEE_Param params[CHANNEL_PARAMS])
{
	uint32_t result = RESULT_SUCCESS;

	death_context.op = call->op;
	death_context.cmd = call->cmd;
	switch (call->op) {
	case CHANNEL_OPEN:
		result = ta.open_session(call->types, params, &session->ta_context);
		session->is_open = result == RESULT_SUCCESS;
		break;
	case CHANNEL_INVOKE:
		result = ta.invoke_command(session->ta_context, call->cmd, call->types, params);
		break;
	case CHANNEL_CLOSE:
		session_close(session);
		break;
	}
	return result;
}

static bool operation_allowed(const struct session *session, const struct channel_call *call)
{
	if (session->rests)
		return call->op == CHANNEL_OPEN && may_reopen();
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
	uint64_t until = wait_now_ns() + world_switch_ns;

	while (wait_now_ns() < until)
		wait_relax();
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
	if (__builtin_expect(world_switch_ns != 0, 0))
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
	operation_begin(session, &call);
	result = entry_point_call(session, &call, params);
	operation_end();
	origin = ORIGIN_TRUSTED_APP;
	call_parameters_answer(&call, params, slot);
reply:
	if (call.op != CHANNEL_INVOKE && !session->is_open && !session->rests)
		session_rest(session);
	if (__builtin_expect(world_switch_ns != 0, 0))
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
	uuid_read(client, &session->client.uuid);
}

static void on_add_session(struct control_packet *packet)
{
	const struct message_add_session *add = &packet->add_session;
	struct session *session;
	int err;

	session = sessions_add(&listener, add->session, packet->fds.fd[0], add->slot, &err);
	if (!session) {
		runtime_log("no room for session %u: %s", add->session, strerror(-err));
		session_report(add->session, MESSAGE_SESSION_ENDED);
		return;
	}
	session->context = add->context;
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
	if (session->is_open) {
		static const struct channel_call none;

		operation_begin(session, &none);
		session_close(session);
		operation_end();
	}
	rests_report();
	session_report(session->id, MESSAGE_SESSION_ENDED);
	sessions_remove(&listener, session);
}

static void on_map_block(struct control_packet *packet)
{
	const struct message_map_block *map = &packet->map_block;

	host_answer(&map->header, blocks_map(map->context, map->block, packet->fds.fd[0], map->size,
					     map->flags & MESSAGE_BLOCK_OUTPUT));
}

static void on_unmap_block(struct control_packet *packet)
{
	blocks_unmap(packet->unmap_block.context, packet->unmap_block.block);
}

static void on_map_arena(struct control_packet *packet)
{
	const struct message_map_arena *map = &packet->map_arena;
	struct session *session = sessions_find(map->session);
	int err = -ENOENT;

	if (session)
		err = channel_host_replace_arena(&session->host, packet->fds.fd[0], map->size);
	host_answer(&map->header, err);
}

static void on_destroy(struct control_packet *packet)
{
	(void)packet;
	death_context.op = MESSAGE_DEATH_IN_DESTROY;
	ta.destroy();
	loader_run_destructors(&ta);
	(void)fflush(NULL);
	_exit(EXIT_SUCCESS);
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
			runtime_log("ta-host: message %u of teesimd makes no sense; ignored",
				    packet.header.type);
		else
			handlers[i].handle(&packet);
		packet_fds_close(&packet.fds);
	}
}

__attribute__((noreturn)) static void serve(void)
{
	for (;;) {
		struct channel_host *host;

		if (channel_listener_next(&listener, &host) == CHANNEL_EVENT_CONTROL)
			control_serve();
		else
			request_serve(session_of(host));
	}
}

__attribute__((noreturn)) static void start_failed(uint32_t result, uint32_t origin,
						   const struct sandbox_report *report,
						   const char *text)
{
	control_send_started(result, origin, report->missing, text);
	_exit(EXIT_FAILURE);
}

/* Takes the message that names the image. Returns its path, which lies behind the message. */
static const char *start_receive(struct control_packet *packet)
{
	struct message_start *start = &packet->start;

	(void)control_receive(packet, true);
	if (packet->size < sizeof(*start) || packet->header.type != MESSAGE_START ||
	    packet->fds.count != 2 || packet->size - sizeof(*start) != start->path_size ||
	    packet->size == sizeof(packet->bytes)) {
		runtime_log("ta-host: the first message of teesimd makes no sense");
		_exit(EXIT_FAILURE);
	}
	packet->bytes[packet->size] = '\0';
	return (const char *)packet->bytes + sizeof(*start);
}

static void runtime_describe(const struct message_start *start)
{
	uuid_read(&start->ta, &runtime.uuid);
	uuid_read(&start->device, &runtime.device_id);
	runtime.flags = start->flags;
	runtime.stack_size = start->stack_size;
	runtime.data_size = start->data_size;
	world_switch_ns = start->world_switch_ns;
	runtime.log_level = (int)start->log_level;
	if (start->seeded)
		random_follow(start->random_seed);
	runtime.property = ta.properties;
	runtime.properties = ta.property_count;
}

/* Does the TA call anything that is made of libcrypto? Names of version 1.1 have these in them. */
static bool cryptography_wanted(void)
{
	static const char *const names[] = { "TEE_AllocateOperation", "TEE_AllocateTransientObject",
					     "TEE_OpenPersistentObject",
					     "TEE_CreatePersistentObject", "TEE_BigInt" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (loader_names(&ta, names[i]))
			return true;
	return false;
}

void instance_run(const struct instance_options *options)
{
	static struct control_packet packet;
	const char *path = start_receive(&packet);
	const struct message_start *start = &packet.start;
	char why[512] = "";
	uint32_t result;
	int err;

	if (start->sandbox_required & ~options->report->have & ~SANDBOX_BIT(SANDBOX_SECCOMP))
		start_failed(RESULT_NOT_SUPPORTED, ORIGIN_TEE, options->report,
			     "this machine lacks a part of the sandbox that --require-sandbox "
			     "asks for; 'teesim doctor' says which");
	err = channel_listener_init(&listener, packet.fds.fd[1], start->spin_us);
	listener.before_sleep = rests_mind;
	if (err < 0)
		start_failed(RESULT_GENERIC, ORIGIN_TEE, options->report, strerror(-err));
	if (options->unconfined)
		err = loader_open_path(path, &ta, why, sizeof(why));
	else
		err = loader_open(packet.fds.fd[0], path, &ta, why, sizeof(why));
	if (err < 0)
		start_failed(err == -ENOMEM ? RESULT_OUT_OF_MEMORY : RESULT_BAD_FORMAT, ORIGIN_TEE,
			     options->report, why);
	packet_fds_close(&packet.fds);
	if (cryptography_wanted()) {
		const char *missing = lazy_library_open();

		if (missing)
			start_failed(RESULT_NOT_SUPPORTED, ORIGIN_TEE, options->report, missing);
	}
	runtime_describe(start);
	death_note_modules(ta.images[ta.count - 1].map->l_addr);

	if (!options->unconfined) {
		lazy_library_seal();
		err = sandbox_enter_run(options->report);
		if (err < 0)
			start_failed(RESULT_NOT_SUPPORTED, ORIGIN_TEE, options->report,
				     "seccomp could not be entered; 'teesim doctor' says why");
	}
	/* From here on TA code runs. */
	death_context.op = MESSAGE_DEATH_IN_CONSTRUCTOR;
	loader_run_constructors(&ta, 0, no_arguments, no_arguments);
	death_context.op = MESSAGE_DEATH_IN_CREATE;
	result = ta.create();
	death_context.op = 0;
	if (result != RESULT_SUCCESS)
		start_failed(result, ORIGIN_TRUSTED_APP, options->report, NULL);
	control_send_started(RESULT_SUCCESS, ORIGIN_TRUSTED_APP, options->report->missing, NULL);
	serve();
}
