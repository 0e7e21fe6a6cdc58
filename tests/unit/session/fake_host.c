/*
 * Stands in for ta-host: speaks the protocol and does what fake_host.h says, right or wrong. Runs
 * no TA. Reads its control socket directly, since no test uses a channel through it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fake_host.h"
#include "wire/channel.h"
#include "wire/message.h"
#include "wire/result.h"
#include "wire/socket.h"

/* Time for the test to do something meanwhile, and less than teesimd's patience. */
#define SLOW_MS 2000

static char behaviour[256];
static uint32_t newest_session;

static int behaves(const char *name)
{
	return !strcmp(behaviour, name);
}

static void pause_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static void tell(const void *message, size_t size)
{
	if (socket_send(MESSAGE_HOST_CONTROL_FD, message, size, NULL, 0) < 0)
		_exit(2);
}

static void say_started(uint32_t result, uint32_t origin, const char *text)
{
	struct {
		struct message_started started;
		char text[256];
	} message = { .started = { .header = { .type = MESSAGE_STARTED, .request = 1 },
				   .result = result,
				   .origin = origin,
				   .text_size = (uint32_t)strlen(text) } };

	memcpy(message.text, text, strlen(text));
	tell(&message, sizeof(message.started) + strlen(text));
}

static void say_ended(uint32_t session)
{
	const struct message_session message = { .header.type = MESSAGE_SESSION_ENDED,
						 .session = session };

	tell(&message, sizeof(message));
}

static void answer(uint32_t request, uint32_t result)
{
	const struct message_host_answer message = {
		.header = { .type = MESSAGE_HOST_ANSWER, .request = request },
		.result = result,
	};

	tell(&message, sizeof(message));
}

static void die(uint32_t kind, uint32_t code)
{
	const struct message_death message = {
		.header.type = MESSAGE_DEATH,
		.kind = kind,
		.code = code,
		.signal_code = kind == MESSAGE_DEATH_SIGNAL ? SEGV_MAPERR : 0,
		.op = CHANNEL_INVOKE,
		.cmd = 3,
		.address = 0x1234,
		.pc = 0x5010,
		.image_base = 0x5000,
		.image_size = 0x1000,
		.flags = MESSAGE_DEATH_FRAME_EXACT,
		.frames = 1,
		.modules = 1,
		.frame = { 0x5010 },
		.module = { { .base = 0x5000, .size = 0x1000, .kind = MESSAGE_MODULE_TA } },
	};

	tell(&message, sizeof(message));
	_exit(1);
}

static void say_garbage(void)
{
	static const char garbage[] = "this is no message";

	tell(garbage, sizeof(garbage));
}

/* The last part of the directory's name. */
static void behaviour_learn(const char *path, size_t size)
{
	const char *end = memrchr(path, '/', size);
	const char *start = end ? memrchr(path, '/', (size_t)(end - path)) : NULL;

	if (start)
		snprintf(behaviour, sizeof(behaviour), "%.*s", (int)(end - start - 1), start + 1);
}

static void start(const char *packet, size_t size)
{
	const size_t fixed = sizeof(struct message_start);

	behaviour_learn(packet + fixed, size - fixed);
	if (behaves(FAKE_START_HANGS))
		for (;;)
			pause();
	if (behaves(FAKE_START_EXITS))
		_exit(0);
	if (behaves(FAKE_CREATE_CRASHES))
		die(MESSAGE_DEATH_SIGNAL, SIGSEGV);
	if (behaves(FAKE_START_GARBAGE))
		say_garbage();
	if (behaves(FAKE_START_SLOW))
		pause_ms(SLOW_MS);
	if (behaves(FAKE_TALKS)) {
		printf("hello\x1b[31m from\nthe TA\n");
		fflush(stdout);
	}
	if (behaves(FAKE_CREATE_FAILS)) {
		say_started(RESULT_STORAGE_NOT_AVAILABLE, ORIGIN_TRUSTED_APP, "");
		_exit(0);
	}
	if (behaves(FAKE_LOAD_FAILS)) {
		say_started(RESULT_BAD_FORMAT, ORIGIN_TEE, "undefined symbol: TEE_Nonsense");
		_exit(0);
	}
	say_started(RESULT_SUCCESS, ORIGIN_TEE, "");
}

static void map_block(const struct message_map_block *map)
{
	switch (map->block) {
	case FAKE_END_SESSION:
		say_ended(newest_session);
		break;
	case FAKE_END_SILENTLY:
		say_ended(newest_session);
		return;
	case FAKE_PANIC:
		die(MESSAGE_DEATH_PANIC, RESULT_BAD_PARAMETERS);
		break;
	case FAKE_PANIC_BUSY:
		(void)poll(&(struct pollfd) { .fd = MESSAGE_HOST_CONTROL_FD, .events = POLLIN }, 1,
			   -1);
		die(MESSAGE_DEATH_PANIC, RESULT_BAD_PARAMETERS);
		break;
	case FAKE_SEGFAULT:
		die(MESSAGE_DEATH_SIGNAL, SIGSEGV);
		break;
	case FAKE_VIOLATION:
		die(MESSAGE_DEATH_SANDBOX, 257 /* openat on x86-64 */);
		break;
	case FAKE_ABORT:
		/* Process 1 of a PID namespace can't kill itself. */
		signal(SIGSEGV, SIG_DFL);
		*(volatile int *)8 = 0;
		break;
	case FAKE_SILENCE:
		return;
	case FAKE_GARBAGE:
		say_garbage();
		return;
	case FAKE_REFUSE:
		answer(map->header.request, RESULT_OUT_OF_MEMORY);
		return;
	case FAKE_UNASKED:
		answer(map->header.request + 1000, RESULT_SUCCESS);
		return;
	case FAKE_STARTED_AGAIN:
		say_started(RESULT_SUCCESS, ORIGIN_TEE, "");
		return;
	case FAKE_DEAF:
		for (;;)
			pause();
	default:
		break;
	}
	answer(map->header.request, RESULT_SUCCESS);
}

static void destroy(void)
{
	if (behaves(FAKE_DESTROY_SLOW))
		pause_ms(SLOW_MS);
	if (behaves(FAKE_DESTROY_HANGS))
		for (;;)
			pause();
	_exit(0);
}

int main(void)
{
	union {
		struct message_header header;
		struct message_add_session add_session;
		struct message_session session;
		struct message_map_block map_block;
		char bytes[MESSAGE_SIZE_MAX];
	} packet;

	for (;;) {
		struct packet_fds fds;
		ssize_t n =
			socket_receive(MESSAGE_HOST_CONTROL_FD, &packet, sizeof(packet), &fds, 0);

		if (n <= 0)
			return 3;
		packet_fds_close(&fds);
		switch (packet.header.type) {
		case MESSAGE_START:
			start(packet.bytes, (size_t)n);
			break;
		case MESSAGE_ADD_SESSION:
			newest_session = packet.add_session.session;
			break;
		case MESSAGE_END_SESSION:
			say_ended(packet.session.session);
			break;
		case MESSAGE_MAP_BLOCK:
			map_block(&packet.map_block);
			break;
		case MESSAGE_MAP_ARENA:
			answer(packet.header.request, RESULT_SUCCESS);
			break;
		case MESSAGE_DESTROY:
			destroy();
		}
	}
}
