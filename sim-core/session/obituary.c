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
	case MESSAGE_DEATH_IN_CONSTRUCTOR:
		snprintf(text, size, " in a constructor");
		break;
	case MESSAGE_DEATH_IN_CREATE:
		snprintf(text, size, " in its create entry point");
		break;
	case MESSAGE_DEATH_IN_DESTROY:
		snprintf(text, size, " in its destroy entry point");
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

static void panic_code_write(uint32_t code, char *text, size_t size)
{
	const char *name = code ? result_name(code) : NULL;

	snprintf(text, size, "0x%" PRIx32 "%s%s%s", code, name ? " (TEE_ERROR_" : "",
		 name ? name : "", name ? ")" : "");
}

static void last_words_write(const struct message_death *death, char *text, size_t size)
{
	char where[64], place[64], code[64];

	where_write(death, where, sizeof(where));
	place_write(death, place, sizeof(place));
	switch (death->kind) {
	case MESSAGE_DEATH_PANIC:
		panic_code_write(death->code, code, sizeof(code));
		snprintf(text, size, "panicked with code %s%s%s%s%s", code, where, place,
			 death->reason[0] ? ": " : "", death->reason);
		break;
	case MESSAGE_DEATH_SIGNAL:
		if (death->flags & MESSAGE_DEATH_STACK_OVERFLOW)
			snprintf(text, size, "crashed: stack overflow (SIG%s)%s%s",
				 signal_name((int)death->code), where, place);
		else if (has_address(death->code))
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

/* What si_code says, for signals that the machine sends; those below hold for any. */
static const struct {
	int signal;
	int code;
	const char *name;
	const char *meaning;
} signal_codes[] = {
	{ SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR", "there is no memory at that address" },
	{ SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR",
	  "the memory there may not be used that way: read-only, or not executable" },
	{ SIGSEGV, SI_KERNEL, "SI_KERNEL", "an address that no memory can have" },
	{ SIGBUS, BUS_ADRALN, "BUS_ADRALN", "a misaligned address" },
	{ SIGBUS, BUS_ADRERR, "BUS_ADRERR",
	  "memory that is not there, such as behind a file's end" },
	{ SIGBUS, BUS_OBJERR, "BUS_OBJERR", "the hardware reports an error" },
	{ SIGILL, ILL_ILLOPC, "ILL_ILLOPC", "no such instruction" },
	{ SIGILL, ILL_ILLOPN, "ILL_ILLOPN",
	  "an instruction with an operand that it can't have; "
	  "compilers put one where code must not come" },
	{ SIGILL, ILL_PRVOPC, "ILL_PRVOPC", "a privileged instruction" },
	{ SIGFPE, FPE_INTDIV, "FPE_INTDIV", "an integer was divided by zero" },
	{ SIGFPE, FPE_INTOVF, "FPE_INTOVF", "an integer overflowed" },
	{ SIGFPE, FPE_FLTDIV, "FPE_FLTDIV", "a number was divided by zero" },
	{ SIGFPE, FPE_FLTINV, "FPE_FLTINV", "an invalid floating-point operation" },
	{ SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT", "a breakpoint" },
	{ SIGTRAP, SI_KERNEL, "SI_KERNEL", "a breakpoint instruction" },
	{ SIGABRT, SI_TKILL, "SI_TKILL",
	  "abort() was called: an assertion, or a check of the C "
	  "library, failed" },
	{ 0, SI_TKILL, "SI_TKILL", "the TA sent it to itself" },
	{ 0, SI_USER, "SI_USER", "a process sent it" },
	{ 0, SI_QUEUE, "SI_QUEUE", "a process sent it" },
};

static void signal_cause_write(const struct message_death *death, char *text, size_t size)
{
	const char *name = signal_name((int)death->code);

	if (death->flags & MESSAGE_DEATH_STACK_OVERFLOW) {
		snprintf(text, size,
			 "cause:     SIG%s, stack overflow: the TA has used up its stack; too deep "
			 "a recursion, or large local variables\n",
			 name);
		return;
	}
	for (size_t i = 0; i < sizeof(signal_codes) / sizeof(signal_codes[0]); i++) {
		if ((signal_codes[i].signal && (uint32_t)signal_codes[i].signal != death->code) ||
		    signal_codes[i].code != death->signal_code)
			continue;
		snprintf(text, size, "cause:     SIG%s, %s: %s\n", name, signal_codes[i].name,
			 signal_codes[i].meaning);
		return;
	}
	snprintf(text, size, "cause:     SIG%s, si_code %" PRId32 "\n", name, death->signal_code);
}

static void cause_write(const struct message_death *death, char *text, size_t size)
{
	char code[64];

	switch (death->kind) {
	case MESSAGE_DEATH_PANIC:
		panic_code_write(death->code, code, sizeof(code));
		if (death->reason[0])
			snprintf(text, size, "cause:     panic %s\nrule:      %s\n", code,
				 death->reason);
		else
			snprintf(text, size, "cause:     panic %s, by the TA itself\n", code);
		break;
	case MESSAGE_DEATH_SIGNAL:
		signal_cause_write(death, text, size);
		break;
	default:
		snprintf(text, size,
			 "cause:     system call %s (number %" PRIu32
			 "), which no TA may make: use the Internal Core API\n",
			 sandbox_violation_name((int)death->code), death->code);
	}
}

/* Whose address that is: what was to be read or written, or the instruction itself. */
static void address_write(const struct message_death *death, char *text, size_t size)
{
	if (death->kind == MESSAGE_DEATH_PANIC)
		text[0] = '\0';
	else if (death->kind == MESSAGE_DEATH_SIGNAL && has_address(death->code) &&
		 death->address == death->pc)
		snprintf(text, size, "address:   0x%" PRIx64 ", by a call or jump to it\n",
			 death->address);
	else if (death->kind == MESSAGE_DEATH_SIGNAL && has_address(death->code))
		snprintf(text, size,
			 "address:   0x%" PRIx64 ", by the instruction at 0x%" PRIx64 "\n",
			 death->address, death->pc);
	else
		snprintf(text, size, "address:   the instruction at 0x%" PRIx64 "\n", death->pc);
}

static void during_write(const struct message_death *death, char *text, size_t size)
{
	switch (death->op) {
	case CHANNEL_OPEN:
		snprintf(text, size, "during:    opening session %" PRIu32 "\n", death->session);
		break;
	case CHANNEL_INVOKE:
		snprintf(text, size,
			 "during:    command %" PRIu32 " (0x%" PRIx32 ") of session %" PRIu32 "\n",
			 death->cmd, death->cmd, death->session);
		break;
	case CHANNEL_CLOSE:
		snprintf(text, size, "during:    closing session %" PRIu32 "\n", death->session);
		break;
	case MESSAGE_DEATH_IN_CONSTRUCTOR:
		snprintf(text, size, "during:    a constructor, before TA_CreateEntryPoint\n");
		break;
	case MESSAGE_DEATH_IN_CREATE:
		snprintf(text, size, "during:    TA_CreateEntryPoint\n");
		break;
	case MESSAGE_DEATH_IN_DESTROY:
		snprintf(text, size, "during:    TA_DestroyEntryPoint, or destructors after it\n");
		break;
	default:
		snprintf(text, size, "during:    no command\n");
	}
}

void obituary_details_write(const struct obituary *obituary, char *text, size_t size)
{
	const struct message_death *death = obituary->last_words;
	size_t at;

	text[0] = '\0';
	if (!death)
		return;
	cause_write(death, text, size);
	at = strlen(text);
	address_write(death, text + at, size - at);
	at += strlen(text + at);
	during_write(death, text + at, size - at);
}
