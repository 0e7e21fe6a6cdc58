#include "session/obituary.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "sandbox/sandbox.h"
#include "wire/channel.h"
#include "wire/result.h"

static void where_write(const struct message_death *death, char *text, size_t size)
{
	switch (death->op) {
	case CHANNEL_OPEN:
		snprintf(text, size, " while a session was opened");
		break;
	case CHANNEL_INVOKE:
		snprintf(text, size, " in command %" PRIu32, death->cmd);
		break;
	case CHANNEL_CLOSE:
		snprintf(text, size, " while a session was closed");
		break;
	default:
		text[0] = '\0';
	}
}

/* Where in its image, so that addr2line can tell the line of source. */
static void place_write(const struct message_death *death, char *text, size_t size)
{
	if (death->pc >= death->image_base && death->pc - death->image_base < death->image_size)
		snprintf(text, size, ", at image offset 0x%" PRIx64, death->pc - death->image_base);
	else
		text[0] = '\0';
}

static const char *signal_name(int signal)
{
	const char *name = sigabbrev_np(signal);

	return name ? name : "?";
}

static bool has_address(uint32_t signal)
{
	return signal == SIGSEGV || signal == SIGBUS;
}

static void last_words_write(const struct message_death *death, char *text, size_t size)
{
	char where[64], place[64];
	const char *name;

	where_write(death, where, sizeof(where));
	place_write(death, place, sizeof(place));
	switch (death->kind) {
	case MESSAGE_DEATH_PANIC:
		name = result_name(death->code);
		if (name && death->code)
			snprintf(text, size, "panicked with code 0x%" PRIx32 " (TEE_ERROR_%s)%s%s",
				 death->code, name, where, place);
		else
			snprintf(text, size, "panicked with code 0x%" PRIx32 "%s%s", death->code,
				 where, place);
		break;
	case MESSAGE_DEATH_SIGNAL:
		if (has_address(death->code))
			snprintf(text, size, "crashed: SIG%s at address 0x%" PRIx64 "%s%s",
				 signal_name((int)death->code), death->address, where, place);
		else
			snprintf(text, size, "crashed: SIG%s%s%s", signal_name((int)death->code),
				 where, place);
		break;
	default:
		snprintf(text, size, "was stopped by the sandbox: system call %s%s%s",
			 sandbox_violation_name((int)death->code), where, place);
	}
}

void obituary_write(const struct obituary *obituary, char *text, size_t size)
{
	if (obituary->killed_because)
		snprintf(text, size, "was killed by teesimd: %s", obituary->killed_because);
	else if (obituary->last_words)
		last_words_write(obituary->last_words, text, size);
	else if (WIFSIGNALED(obituary->status))
		snprintf(text, size, "was killed by signal %d (SIG%s)", WTERMSIG(obituary->status),
			 signal_name(WTERMSIG(obituary->status)));
	else
		snprintf(text, size, "exited with status %d without saying why",
			 WEXITSTATUS(obituary->status));
}
