/* A TA that tries to break out, from its ELF constructor and from a command: each attempt ends its
 * instance, and nothing else. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

#include "fixture.h"
#include "ta/villain.h"

TestSuite(escape, .init = fixture_setup, .fini = fixture_teardown, .timeout = 500);

/* The system call that the log must name for each. */
static const char *const calls[ESCAPE_COUNT] = {
	[ESCAPE_OPEN] = "system call openat",	     [ESCAPE_SOCKET] = "system call socket",
	[ESCAPE_FORK] = "system call clone",	     [ESCAPE_EXEC] = "system call execve",
	[ESCAPE_PTRACE] = "system call ptrace",	     [ESCAPE_GETPPID] = "system call getppid",
	[ESCAPE_KILL_PARENT] = "system call kill",   [ESCAPE_MAP_CODE] = "system call mmap",
	[ESCAPE_MAKE_CODE] = "system call mprotect",
};

/* What every line about a TA must hold. */
struct names {
	char uuid[40];
	char file[512];
};

static struct names names_of(unsigned int ta)
{
	struct names names;

	snprintf(names.uuid, sizeof(names.uuid), "6b1d0e5a-77c3-4f0e-9d2a-0c4f7a5e10%02x", ta);
	snprintf(names.file, sizeof(names.file), "%s/%s.ta", HOSTILE_TA_DIR, names.uuid);
	return names;
}

Test(escape, from_a_command_is_stopped)
{
	const struct names names = names_of(VILLAIN_ALONE);
	struct bystander bystander;
	TEEC_Context context;

	bystander_arrive(&bystander);
	cr_assert_eq(TEEC_InitializeContext(NULL, &context), TEEC_SUCCESS);
	for (uint32_t way = 0; way < ESCAPE_COUNT; way++) {
		TEEC_Session session;

		cr_assert_eq(fixture_open(&context, &session, VILLAIN_ALONE).result, TEEC_SUCCESS);
		expect_dead(fixture_tell(&session, VILLAIN_ESCAPE_BY, way, 0));
		expect_dead(fixture_tell(&session, VILLAIN_COUNT, 0, 0));
		TEEC_CloseSession(&session);
		cr_expect(fixture_logged(names.uuid, names.file, "stopped by the sandbox",
					 calls[way], "in command 2", NULL),
			  "way %u", way);
		bystander_check(&bystander);
	}
	TEEC_FinalizeContext(&context);
	bystander_leave(&bystander);
}

Test(escape, from_a_constructor_is_stopped)
{
	struct bystander bystander;
	TEEC_Context context;

	bystander_arrive(&bystander);
	cr_assert_eq(TEEC_InitializeContext(NULL, &context), TEEC_SUCCESS);
	for (uint32_t way = 0; way < ESCAPE_COUNT; way++) {
		const struct names names = names_of(VILLAIN_ESCAPE + way);
		TEEC_Session session;

		expect_dead(fixture_open(&context, &session, VILLAIN_ESCAPE + way));
		cr_expect(fixture_logged(names.uuid, names.file, "stopped by the sandbox",
					 calls[way], "before it had started", NULL),
			  "way %u", way);
		bystander_check(&bystander);
	}
	TEEC_FinalizeContext(&context);
	bystander_leave(&bystander);
}

/* The daemon is still there, and can still start TAs. */
Test(escape, the_parent_lives_on)
{
	TEEC_Context context;
	TEEC_Session session;

	cr_assert_eq(TEEC_InitializeContext(NULL, &context), TEEC_SUCCESS);
	cr_assert_eq(fixture_open(&context, &session, VILLAIN_ALONE).result, TEEC_SUCCESS);
	expect_dead(fixture_tell(&session, VILLAIN_ESCAPE_BY, ESCAPE_KILL_PARENT, 0));
	TEEC_CloseSession(&session);
	cr_expect_eq(kill(fixture_daemon(), 0), 0);
	cr_assert_eq(fixture_open(&context, &session, VILLAIN_ALONE).result, TEEC_SUCCESS);
	expect_outcome(fixture_tell(&session, VILLAIN_COUNT, 0, 0), TEEC_SUCCESS,
		       TEEC_ORIGIN_TRUSTED_APP);
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
}
