#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "session/obituary.h"
#include "wire/channel.h"
#include "wire/result.h"

static struct message_death death;
static char line[512], details[OBITUARY_DETAILS_SIZE];

static void write_both(int status, const char *killed_because)
{
	const struct obituary obituary = {
		.last_words = death.kind ? &death : NULL,
		.status = status,
		.killed_because = killed_because,
	};

	obituary_write(&obituary, line, sizeof(line));
	obituary_details_write(&obituary, details, sizeof(details));
}

static void die(uint32_t kind, uint32_t code, int32_t signal_code)
{
	death.kind = kind;
	death.code = code;
	death.signal_code = signal_code;
	death.op = CHANNEL_INVOKE;
	death.cmd = 17;
	death.session = 4;
	death.address = 0x1234;
	death.pc = 0x7010;
	write_both(0, NULL);
}

static void expect_detail(const char *text)
{
	cr_expect_not_null(strstr(details, text), "\"%s\" is not in:\n%s", text, details);
}

Test(obituary, panic_with_the_rule_that_was_broken)
{
	strcpy(death.reason, "TEE_Free: twice");
	die(MESSAGE_DEATH_PANIC, RESULT_BAD_PARAMETERS, 0);
	cr_expect_str_eq(line, "panicked with code 0xffff0006 (TEE_ERROR_BAD_PARAMETERS) in "
			       "command 17: TEE_Free: twice");
	cr_expect_str_eq(details, "cause:     panic 0xffff0006 (TEE_ERROR_BAD_PARAMETERS)\n"
				  "rule:      TEE_Free: twice\n"
				  "during:    command 17 (0x11) of session 4\n");
}

Test(obituary, panic_by_the_ta_itself_with_a_code_of_its_own)
{
	die(MESSAGE_DEATH_PANIC, 0x1badd00d, 0);
	cr_expect_str_eq(line, "panicked with code 0x1badd00d in command 17");
	expect_detail("panic 0x1badd00d, by the TA itself");
}

Test(obituary, signal_by_name_with_what_its_code_means)
{
	static const struct {
		int signal;
		int code;
		const char *wanted;
	} cases[] = {
		{ SIGSEGV, SEGV_MAPERR, "SIGSEGV, SEGV_MAPERR: there is no memory" },
		{ SIGSEGV, SEGV_ACCERR, "SIGSEGV, SEGV_ACCERR: " },
		{ SIGSEGV, SI_KERNEL, "SIGSEGV, SI_KERNEL: an address that no memory can have" },
		{ SIGSEGV, SI_USER, "SIGSEGV, SI_USER: a process sent it" },
		{ SIGBUS, BUS_ADRERR, "SIGBUS, BUS_ADRERR: " },
		{ SIGFPE, FPE_INTDIV, "SIGFPE, FPE_INTDIV: an integer was divided by zero" },
		{ SIGABRT, SI_TKILL, "SIGABRT, SI_TKILL: abort() was called" },
		{ SIGILL, ILL_ILLOPC, "SIGILL, ILL_ILLOPC: no such instruction" },
		{ SIGILL, 77, "SIGILL, si_code 77" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		die(MESSAGE_DEATH_SIGNAL, (uint32_t)cases[i].signal, cases[i].code);
		expect_detail(cases[i].wanted);
	}
}

Test(obituary, faulting_address_and_instruction)
{
	die(MESSAGE_DEATH_SIGNAL, SIGSEGV, SEGV_MAPERR);
	cr_expect_str_eq(line, "crashed: SIGSEGV at address 0x1234 in command 17");
	expect_detail("address:   0x1234, by the instruction at 0x7010\n");
	death.pc = death.address;
	write_both(0, NULL);
	expect_detail("address:   0x1234, by a call or jump to it\n");
}

Test(obituary, stack_overflow)
{
	death.flags = MESSAGE_DEATH_STACK_OVERFLOW;
	die(MESSAGE_DEATH_SIGNAL, SIGSEGV, SEGV_ACCERR);
	cr_expect_str_eq(line, "crashed: stack overflow (SIGSEGV) in command 17");
	expect_detail("SIGSEGV, stack overflow: the TA has used up its stack");
}

Test(obituary, sandbox_violation_names_the_system_call)
{
	die(MESSAGE_DEATH_SANDBOX, 257 /* openat on x86-64 */, 0);
	expect_detail("system call openat (number 257), which no TA may make");
}

Test(obituary, what_was_under_way)
{
	static const struct {
		uint32_t op;
		const char *wanted;
	} cases[] = {
		{ CHANNEL_OPEN, "during:    opening session 4\n" },
		{ CHANNEL_CLOSE, "during:    closing session 4\n" },
		{ MESSAGE_DEATH_IN_CONSTRUCTOR, "during:    a constructor" },
		{ MESSAGE_DEATH_IN_CREATE, "during:    TA_CreateEntryPoint\n" },
		{ MESSAGE_DEATH_IN_DESTROY, "during:    TA_DestroyEntryPoint" },
		{ 99, "during:    no command\n" },
	};

	die(MESSAGE_DEATH_PANIC, 1, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		death.op = cases[i].op;
		write_both(0, NULL);
		expect_detail(cases[i].wanted);
	}
}

Test(obituary, without_last_words_there_is_the_status_alone)
{
	write_both(SIGKILL, NULL);
	cr_expect_str_eq(line, "was killed by signal 9 (SIGKILL)");
	cr_expect_str_eq(details, "");
	write_both(0, "it was slow");
	cr_expect_str_eq(line, "was killed by teesimd: it was slow");
}
