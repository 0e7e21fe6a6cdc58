/* A trusted application that can't be trusted. VILLAIN_NUMBER says how it starts, its commands
 * (villain.h) what it does next. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <tee_internal_api.h>

#include "villain.h"
#include "wire/channel.h"
#include "wire/message.h"

#define MIB (1024U * 1024U)

/* An address that the compiler does not see through. */
static volatile int *at(uintptr_t address)
{
	__asm__ volatile("" : "+r"(address));
	return (volatile int *)address;
}

/* Returns only if the sandbox let it through, in whatever way. */
static void escape(uint32_t way)
{
	static char code[4096] __attribute__((aligned(4096)));
	static char *nothing[] = { NULL };

	switch (way) {
	case ESCAPE_OPEN:
		(void)!open("/etc/passwd", O_RDONLY);
		break;
	case ESCAPE_SOCKET:
		(void)!socket(AF_INET, SOCK_STREAM, 0);
		break;
	case ESCAPE_FORK:
		(void)!fork();
		break;
	case ESCAPE_EXEC:
		execve("/bin/sh", nothing, nothing);
		break;
	case ESCAPE_PTRACE:
		ptrace(PTRACE_ATTACH, 1, NULL, NULL);
		break;
	case ESCAPE_GETPPID:
		(void)getppid();
		break;
	case ESCAPE_KILL_PARENT:
		kill(-1, SIGKILL);
		break;
	case ESCAPE_MAP_CODE:
		(void)!mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		break;
	case ESCAPE_MAKE_CODE:
		(void)mprotect(code, sizeof(code), PROT_READ | PROT_EXEC);
		break;
	default:
		break;
	}
}

__attribute__((constructor)) static void start_badly(void)
{
#if VILLAIN_NUMBER == 0x20
	*at(16) = 1;
#elif VILLAIN_NUMBER == 0x25
	_exit(3);
#elif VILLAIN_NUMBER >= 0x40
	escape(VILLAIN_NUMBER - 0x40);
#endif
}

TEE_Result TA_CreateEntryPoint(void)
{
#if VILLAIN_NUMBER == 0x21
	TEE_Panic(0x1badd00d);
#elif VILLAIN_NUMBER == 0x22
	return VILLAIN_CREATE_RESULT;
#elif VILLAIN_NUMBER == 0x23
	extern void a_function_that_nobody_defines(void);

	a_function_that_nobody_defines();
#endif
	return TEE_SUCCESS;
}

#if VILLAIN_NUMBER != 0x24
void TA_DestroyEntryPoint(void)
{
}
#endif

/* With values in parameter 0: what to do at once; session {a: command, b: its a}. */
static TEE_Result obey(uint32_t *counter, uint32_t command, uint32_t types, TEE_Param *params);

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	uint32_t *counter = TEE_Malloc(sizeof(*counter), TEE_MALLOC_FILL_ZERO);

	if (!counter)
		return TEE_ERROR_OUT_OF_MEMORY;
	*session = counter;
	if (TEE_PARAM_TYPE_GET(types, 0) == TEE_PARAM_TYPE_VALUE_INPUT) {
		params[1].value.a = params[0].value.b;
		return obey(counter, params[0].value.a, types, params + 1);
	}
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	TEE_Free(session);
}

/* Deeper than any stack. */
__attribute__((noinline)) static uint32_t descend(uint32_t depth)
{
	volatile uint8_t frame[512];

	memset((void *)frame, (int)depth, sizeof(frame));
	return depth ? descend(depth - 1) + frame[depth % 512] : frame[0];
}

static void fault(uint32_t way)
{
	volatile uint32_t zero = 0;
	uintptr_t again;
	sigset_t all;
	void *block;

	switch (way) {
	case FAULT_NULL:
		*at(8) = 1;
		break;
	case FAULT_STACK:
		(void)descend(0xffffffff);
		break;
	case FAULT_CODE:
		((void (*)(void))0x1000)();
		break;
	case FAULT_ILLEGAL:
		__builtin_trap();
		break;
	case FAULT_DIVIDE:
		/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): that is the fault */
		zero = 1 / zero;
		/* Where a division by zero does not trap. */
		raise(SIGFPE);
		break;
	case FAULT_ABORT:
		abort();
		break;
	case FAULT_BLOCKED:
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
		*at(8) = 1;
		break;
	case FAULT_HEAP:
		block = malloc(100000);
		again = (uintptr_t)block;
		free(block);
		free((void *)at(again));
		abort();
		break;
	default:
		break;
	}
}

static void leave(uint32_t status, uint32_t way)
{
	if (way == 0)
		exit((int)status);
	if (way == 1)
		_exit((int)status);
	pthread_exit(NULL);
}

__attribute__((noreturn)) static void spin(void)
{
	for (;;)
		__asm__ volatile("" ::: "memory");
}

static uint32_t eat(uint32_t kind)
{
	uint32_t eaten = 0;
	uint8_t *bite;

	for (;;) {
		if (kind) {
			bite = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				    -1, 0);
			if (bite == MAP_FAILED)
				return eaten;
		} else {
			bite = TEE_Malloc(MIB, TEE_MALLOC_FILL_ZERO);
			if (!bite)
				return eaten;
		}
		bite[0] = bite[MIB - 1] = 1;
		eaten++;
	}
}

/* The client's memory lies in the arena, right behind the page that both sides talk over. */
static struct channel *channel_of(const TEE_Param *param)
{
	return (struct channel *)((uintptr_t)param->memref.buffer - CHANNEL_HEADER_SIZE);
}

static TEE_Result scribble(struct channel *channel, uint32_t way)
{
	uint32_t seq = atomic_load(&channel->request.seq);

	switch (way) {
	case SCRIBBLE_ALL:
		memset((void *)channel, 0xff, CHANNEL_HEADER_SIZE);
		break;
	case SCRIBBLE_REPLY_AHEAD:
		atomic_store(&channel->reply.seq, seq + 17);
		spin();
	case SCRIBBLE_REPLY_TWICE:
		channel->reply.result = TEE_SUCCESS;
		channel->reply.origin = TEE_ORIGIN_TRUSTED_APP;
		channel->reply.slot[0].value.a = 0x600d;
		atomic_store(&channel->reply.seq, seq);
		break;
	case SCRIBBLE_NO_REPLY:
		atomic_store(&channel->reply.seq, seq - 2);
		spin();
	case SCRIBBLE_REQUEST:
		memset((void *)&channel->request, 0xa5, sizeof(channel->request));
		break;
	case SCRIBBLE_DEAD:
		atomic_store(&channel->keeper.dead, 1);
		spin();
	default:
		break;
	}
	return TEE_SUCCESS;
}

static void tell(const void *message, size_t size)
{
	(void)!send(MESSAGE_HOST_CONTROL_FD, message, size, MSG_NOSIGNAL);
}

/* Asks for a connection to this machine's port 9, with the descriptor `fd` or none (-1). */
static void ask_for_connection(uint32_t request, int fd)
{
	struct {
		struct message_connect connect;
		char host[9];
	} message = { .connect = { .header = { .type = fd >= 0 ? MESSAGE_CONNECT_AGAIN
							       : MESSAGE_CONNECT,
					       .request = request },
				   .protocol = MESSAGE_CONNECT_UDP,
				   .port = 9,
				   .host_size = 9 },
		      .host = "127.0.0.1" };
	struct iovec iov = { &message, sizeof(message.connect) + sizeof(message.host) };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
	}
	(void)!sendmsg(MESSAGE_HOST_CLIENT_FD, &header, MSG_NOSIGNAL);
}

static void lie(uint32_t way, uint32_t session)
{
	struct message_session ended = { .header.type = MESSAGE_SESSION_ENDED, .session = session };
	struct message_started started = { .header.type = MESSAGE_STARTED };
	struct message_host_answer answer = { .header.type = MESSAGE_HOST_ANSWER };
	struct message_death death = { .header.type = MESSAGE_DEATH,
				       .kind = MESSAGE_DEATH_PANIC,
				       .code = 0x11e5 };
	static uint8_t octets[MESSAGE_SIZE_MAX + 1];

	switch (way) {
	case LIE_GARBAGE:
		memset(octets, 0x5a, sizeof(octets));
		tell(octets, 333);
		break;
	case LIE_LONG:
		tell(octets, sizeof(octets));
		break;
	case LIE_EMPTY_DEATH:
		tell(&death, sizeof(death));
		break;
	case LIE_ALL_REST:
		ended.header.type = MESSAGE_SESSION_RESTS;
		/* fallthrough */
	case LIE_ALL_ENDED:
		for (ended.session = 0; ended.session < 1000; ended.session++)
			tell(&ended, sizeof(ended));
		if (session)
			spin();
		break;
	case LIE_STARTED:
		tell(&started, sizeof(started));
		break;
	case LIE_ANSWERS:
		for (answer.header.request = 0; answer.header.request < 100;
		     answer.header.request++)
			tell(&answer, sizeof(answer));
		break;
	case LIE_FLOOD:
		for (unsigned int i = 0; i < 20000; i++)
			tell(&ended, sizeof(ended));
		break;
	case LIE_CONNECT_OWN_SOCKET:
		ask_for_connection(1, MESSAGE_HOST_CONTROL_FD);
		break;
	case LIE_CONNECT_MUCH:
		for (uint32_t request = 1; request < 3000; request++)
			ask_for_connection(request, -1);
		break;
	default:
		break;
	}
}

static void ask_by(const void *message, size_t size)
{
	struct iovec part = { .iov_base = (void *)message, .iov_len = size };
	const struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };

	(void)!sendmsg(MESSAGE_HOST_CLIENT_FD, &packet, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void ask(uint32_t way)
{
	static const uint8_t octets[333] = { 0x5a };
	struct message_bare bare = { .header.request = 1 };
	struct message_hello hello = { .header.type = MESSAGE_HELLO, .protocol = MESSAGE_PROTOCOL };
	struct message_session ended = { .header.type = MESSAGE_SESSION_ENDED, .session = 1 };
	struct message_close_session end = { .header.type = MESSAGE_CLOSE_SESSION };
	struct message_release_block release = { .header.type = MESSAGE_RELEASE_BLOCK };
	struct message_open_session open = { .header.type = MESSAGE_OPEN_SESSION };

	switch (way) {
	case ASK_GARBAGE:
		ask_by(octets, sizeof(octets));
		break;
	case ASK_HELLO:
		ask_by(&hello, sizeof(hello));
		break;
	case ASK_STATUS:
	case ASK_STOP:
		bare.header.type = way == ASK_STOP ? MESSAGE_STOP : MESSAGE_STATUS;
		ask_by(&bare, sizeof(bare));
		break;
	case ASK_AS_HOST:
		ask_by(&ended, sizeof(ended));
		break;
	case ASK_OF_OTHERS:
		for (uint32_t i = 0; i < 200; i++) {
			end.session = release.block = i;
			ask_by(&end, sizeof(end));
			ask_by(&release, sizeof(release));
		}
		break;
	case ASK_FLOOD:
		for (open.header.request = 1; open.header.request < 20000; open.header.request++)
			ask_by(&open, sizeof(open));
		break;
	default:
		break;
	}
}

/* What it has of each other TA. */
static TEE_TASessionHandle with[256];

static void call(uint32_t *a, uint32_t *b)
{
	const TEE_UUID uuid = VILLAIN_UUID(*a & 0xff);
	TEE_TASessionHandle *session = &with[*a & 0xff];
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	const uint32_t types = TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INOUT, 0, 0, 0);
	TEE_Result result = TEE_SUCCESS;

	params[0].value.a = params[0].value.b = 1;
	if (*session == TEE_HANDLE_NULL)
		result = TEE_OpenTASession(&uuid, TEE_TIMEOUT_INFINITE, 0, NULL, session, NULL);
	if (result == TEE_SUCCESS)
		result = TEE_InvokeTACommand(*session, TEE_TIMEOUT_INFINITE, *b, types, params,
					     NULL);
	if (result == TEE_ERROR_TARGET_DEAD) {
		TEE_CloseTASession(*session);
		*session = TEE_HANDLE_NULL;
	}
	*a = result;
	*b = params[0].value.b == ~1U;
}

static uint32_t call_many(uint32_t ta, uint32_t wanted)
{
	const TEE_UUID uuid = VILLAIN_UUID(ta & 0xff);
	TEE_TASessionHandle session;
	uint32_t count = 0;

	while (count < wanted && TEE_OpenTASession(&uuid, TEE_TIMEOUT_INFINITE, 0, NULL, &session,
						   NULL) == TEE_SUCCESS)
		count++;
	return count;
}

static uint32_t sum(const volatile uint8_t *octets, size_t size)
{
	uint32_t total = 0;

	for (size_t i = 0; i < size; i++)
		total += octets[i];
	return total;
}

static TEE_Result obey(uint32_t *counter, uint32_t command, uint32_t types, TEE_Param *params)
{
	TEE_Param *numbers = params;
	uint32_t *a = &numbers->value.a;
	uint32_t *b = &numbers->value.b;
	const bool has_memory = TEE_PARAM_TYPE_GET(types, 1) >= TEE_PARAM_TYPE_MEMREF_INPUT;

	switch (command) {
	case VILLAIN_COUNT:
		*b = ~*a;
		*a = ++*counter;
		break;
	case VILLAIN_ESCAPE_BY:
		escape(*a);
		*a = 1;
		break;
	case VILLAIN_RAISE:
		raise((int)*a);
		break;
	case VILLAIN_FAULT:
		fault(*a);
		break;
	case VILLAIN_PANIC:
		TEE_Panic(*a);
		break;
	case VILLAIN_EXIT:
		leave(*a, *b);
		break;
	case VILLAIN_SPIN:
		spin();
	case VILLAIN_SLEEP:
		TEE_Wait(*a);
		break;
	case VILLAIN_EAT:
		*a = eat(*a);
		break;
	case VILLAIN_SCRIBBLE:
		return has_memory ? scribble(channel_of(&params[1]), *a) : TEE_ERROR_BAD_PARAMETERS;
	case VILLAIN_SEND:
		lie(*a, *b);
		break;
	case VILLAIN_CLOSE_CONTROL:
		close(*a ? MESSAGE_HOST_CLIENT_FD : MESSAGE_HOST_CONTROL_FD);
		break;
	case VILLAIN_SUM:
		if (!has_memory)
			return TEE_ERROR_BAD_PARAMETERS;
		*a = sum(params[1].memref.buffer, params[1].memref.size);
		*b = *a != sum(params[1].memref.buffer, params[1].memref.size);
		break;
	case VILLAIN_HOLD:
		if (!has_memory)
			return TEE_ERROR_BAD_PARAMETERS;
		while (*(volatile uint8_t *)params[1].memref.buffer == *a)
			TEE_Wait(1);
		*a = *(volatile uint8_t *)params[1].memref.buffer;
		break;
	case VILLAIN_RESIZE:
		if (!has_memory)
			return TEE_ERROR_BAD_PARAMETERS;
		params[1].memref.size = (size_t)1 << (*a & 63);
		break;
	case VILLAIN_CHATTER:
		for (uint32_t i = 0; i < *a; i++)
			fprintf(stderr, "line %u of a TA that says too much\n", i);
		break;
	case VILLAIN_CALL:
		call(a, b);
		break;
	case VILLAIN_CALL_MANY:
		*a = call_many(*a, *b);
		break;
	case VILLAIN_ASK:
		ask(*a);
		break;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
	return TEE_SUCCESS;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	return obey(session, command, types, params);
}
