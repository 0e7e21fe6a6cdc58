#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tee_api_defines.h>
#include <tee_internal_api.h>

#include "api/heap.h"
#include "api/lazy_library.h"
#include "api/random.h"
#include "client.h"
#include "death.h"
#include "loader/loader.h"
#include "loader/redirect.h"
#include "loader/stack.h"
#include "runtime.h"
#include "sandbox/sandbox.h"
#include "service.h"
#include "serving/blocks.h"
#include "serving/control.h"
#include "serving/serve.h"
#include "wire/fault.h"
#include "wire/result.h"

#define NS_PER_S  1000000000ULL
#define NS_PER_MS 1000000ULL

/* What teesim's own functions take of the TA's stack. On a board they run elsewhere. */
#define STACK_FOR_API (16U * 1024U)

/* What constructors get: a TA has no command line and no environment. */
static char *no_arguments[] = { NULL };

static struct loaded_ta ta;

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

uint64_t runtime_deadline(uint32_t ms)
{
	if (ms == TEE_TIMEOUT_INFINITE)
		return UINT64_MAX;
	return wait_now_ns() + device_clock_host_ns(&runtime.clock, (uint64_t)ms * NS_PER_MS);
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

/* Runs the entry point for one request. */
static uint32_t operate(struct session *session, const struct channel_call *call,
			TEE_Param params[CHANNEL_PARAMS])
{
	uint32_t result = RESULT_SUCCESS;

	operation_begin(session, call);
	death_context.op = call->op;
	death_context.cmd = call->cmd;
	switch (call->op) {
	case CHANNEL_OPEN:
		result = ta.open_session(call->types, params, &session->ta_context);
		break;
	case CHANNEL_INVOKE:
		result = ta.invoke_command(session->ta_context, call->cmd, call->types, params);
		break;
	case CHANNEL_CLOSE:
		ta.close_session(session->ta_context);
		break;
	}
	operation_end();
	return result;
}

static bool destroyed;

static void ta_destroy(void)
{
	death_context.op = MESSAGE_DEATH_IN_DESTROY;
	ta.destroy();
	destroyed = true;
}

/* An instance that ends with its one session has let go of everything when its client hears that
 * the session is closed. teesimd knows already that this is the end. */
static void closed(void)
{
	if (destroyed || runtime.flags & TA_FLAG_SINGLE_INSTANCE)
		return;
	ta_destroy();
	services_close();
}

static void destroy(void)
{
	if (!destroyed)
		ta_destroy();
	loader_run_destructors(&ta);
	(void)fflush(NULL);
	_exit(EXIT_SUCCESS);
}

static struct serving serving = { .operate = operate,
				  .closed = closed,
				  .block_forgotten = client_block_forgotten,
				  .destroy = destroy };

/* The same where a client's operations are to meet faults. */
static uint32_t operate_faulty(struct session *session, const struct channel_call *call,
			       TEE_Param params[CHANNEL_PARAMS])
{
	uint32_t result = call->op == CHANNEL_OPEN     ? fault_next(FAULT_CHANNEL_OPEN)
			  : call->op == CHANNEL_INVOKE ? fault_next(FAULT_CHANNEL_INVOKE)
						       : 0;

	if (result == TEE_ERROR_TARGET_DEAD)
		runtime_panic(result, "a fault that was asked for: the TA dies");
	serve_origin = result ? fault_origin(result) : ORIGIN_TRUSTED_APP;
	return result ? result : operate(session, call, params);
}

static bool faults_receive(const char *text, size_t size)
{
	static struct fault_plan plan;
	char err[160];

	if (fault_plan_parse(text, size, &plan, err, sizeof(err)) < 0)
		return false;
	fault_arm(&plan);
	if (fault_armed & (1U << FAULT_CHANNEL_OPEN | 1U << FAULT_CHANNEL_INVOKE))
		serving.operate = operate_faulty;
	return true;
}

__attribute__((noreturn)) static void start_failed(uint32_t result, uint32_t origin,
						   const struct sandbox_report *report,
						   const char *text)
{
	control_send_started(result, origin, report->missing, text);
	_exit(EXIT_FAILURE);
}

/* The libraries that came with the image, by number. */
static struct loader_image libraries[LOADER_LIBRARIES_MAX];
static bool has_libraries;

/* Takes one in; false when the message makes no sense. */
static bool library_receive(struct control_packet *packet)
{
	const struct message_library *message = &packet->library;
	struct loader_image *library;

	if (packet->size < sizeof(*message) || packet->fds.count != 1 ||
	    packet->size - sizeof(*message) != message->path_size ||
	    message->number >= LOADER_LIBRARIES_MAX || libraries[message->number].path)
		return false;
	library = &libraries[message->number];
	library->path = strndup((const char *)packet->bytes + sizeof(*message), message->path_size);
	/* Where the images that need it look for it. */
	library->fd = fcntl(packet->fds.fd[0], F_DUPFD_CLOEXEC,
			    MESSAGE_LIBRARY_FD_FIRST + (int)message->number);
	library->uuid = message->uuid;
	library->needs = message->needs;
	has_libraries = true;
	packet_fds_close(&packet->fds);
	return library->path && library->fd == MESSAGE_LIBRARY_FD_FIRST + (int)message->number;
}

static void libraries_close(void)
{
	for (size_t i = 0; i < LOADER_LIBRARIES_MAX; i++) {
		if (libraries[i].fd >= 0)
			close(libraries[i].fd);
		libraries[i].fd = -1;
	}
}

/* Takes the messages that bring the libraries, and the one that names the image. Returns its path,
 * which lies behind the message. */
static const char *start_receive(struct control_packet *packet)
{
	struct message_start *start = &packet->start;

	for (size_t i = 0; i < LOADER_LIBRARIES_MAX; i++)
		libraries[i].fd = -1;
	do
		(void)control_receive(packet, true);
	while (packet->header.type == MESSAGE_LIBRARY && library_receive(packet));
	if (packet->size < sizeof(*start) || packet->header.type != MESSAGE_START ||
	    packet->fds.count != 2U + (start->personal_size != 0) ||
	    packet->size == sizeof(packet->bytes) ||
	    packet->size - sizeof(*start) != (uint64_t)start->path_size + start->faults_size ||
	    !faults_receive((const char *)packet->bytes + sizeof(*start) + start->path_size,
			    start->faults_size)) {
		runtime_log("ta-host: the first message of teesimd makes no sense");
		_exit(EXIT_FAILURE);
	}
	packet->bytes[sizeof(*start) + start->path_size] = '\0';
	return (const char *)packet->bytes + sizeof(*start);
}

static void runtime_describe(const struct message_start *start)
{
	const uint32_t reopened =
		TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION | TA_FLAG_INSTANCE_KEEP_ALIVE;

	runtime.uuid = serve_uuid(&start->ta);
	runtime.device_id = serve_uuid(&start->device);
	runtime.flags = start->flags;
	runtime.stack_size = start->stack_size;
	runtime.data_size = start->data_size;
	serving.world_switch_ns = start->world_switch_ns;
	serving.may_reopen = (start->flags & reopened) == reopened;
	runtime.log_level = (int)start->log_level;
	if (start->seeded)
		random_follow(start->random_seed);
	runtime.strict_memory = start->start_flags & MESSAGE_START_STRICT_MEMORY;
	runtime.clock = (struct device_clock) { .host_start_ns = start->clock_host_start_ns,
						.start_ns = start->clock_start_ns,
						.rate = start->clock_rate };
	runtime.property = ta.properties;
	runtime.properties = ta.property_count;
	runtime.images = &ta;
}

/* Makes TA_DATA_SIZE and TA_STACK_SIZE what the TA has, in strict mode. */
static int memory_limit(struct stack_thread *thread)
{
	int err;

	if (!runtime.strict_memory)
		return 0;
	err = redirect_calls(&ta, heap_functions, heap_functions_count);
	if (err < 0)
		return err;
	return stack_thread_narrow(thread, runtime.stack_size + STACK_FOR_API);
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

/* Are there libraries that nothing needs, but the TA may ask for? */
static bool libraries_wait(void)
{
	for (size_t i = 0; has_libraries && i < LOADER_LIBRARIES_MAX; i++)
		if (libraries[i].fd >= 0 && !ta.library[i].handle)
			return true;
	return false;
}

static bool personal_take(const struct control_packet *packet)
{
	void *data = mmap(NULL, packet->start.personal_size, PROT_READ, MAP_PRIVATE,
			  packet->fds.fd[2], 0);

	if (data == MAP_FAILED)
		return false;
	runtime.personal = data;
	runtime.personal_size = packet->start.personal_size;
	return true;
}

void instance_run(const struct instance_options *options)
{
	static struct control_packet packet;
	const char *path = start_receive(&packet);
	const struct message_start *start = &packet.start;
	char why[512] = "";
	struct loader_image image = { .path = path };
	uint32_t result;
	int err;

	if (start->sandbox_required & ~options->report->have & ~SANDBOX_BIT(SANDBOX_SECCOMP))
		start_failed(RESULT_NOT_SUPPORTED, ORIGIN_TEE, options->report,
			     "this machine lacks a part of the sandbox that --require-sandbox "
			     "asks for; 'teesim doctor' says which");
	err = serve_listen(packet.fds.fd[1], start->spin_us);
	if (err < 0)
		start_failed(RESULT_GENERIC, ORIGIN_TEE, options->report, strerror(-err));
	if (start->personal_size && !personal_take(&packet))
		start_failed(RESULT_OUT_OF_MEMORY, ORIGIN_TEE, options->report,
			     "its personalisation data can't be mapped");
	image.fd = packet.fds.fd[0];
	image.path = path;
	image.needs = start->needs;
	/* Debuggers find the file itself, as far as it can find its libraries. */
	if (options->unconfined && !has_libraries)
		image.fd = -1;
	err = loader_open_set(&image, libraries, &ta, why, sizeof(why));
	if (err < 0)
		start_failed(err == -ENOMEM ? RESULT_OUT_OF_MEMORY : RESULT_BAD_FORMAT, ORIGIN_TEE,
			     options->report, why);
	if (libraries_wait() || cryptography_wanted()) {
		const char *missing = lazy_library_open();

		if (missing)
			start_failed(RESULT_NOT_SUPPORTED, ORIGIN_TEE, options->report, missing);
	}
	/* After libcrypto, which is not to take the TA's symbols for its own. */
	if (libraries_wait())
		loader_open_others(&ta, libraries);
	packet_fds_close(&packet.fds);
	libraries_close();
	runtime_describe(start);
	client_init(start->spin_us);
	death_note_modules(&ta);
	err = memory_limit(options->thread);
	if (err < 0)
		start_failed(RESULT_GENERIC, ORIGIN_TEE, options->report, strerror(-err));

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
	serve(&serving);
}
