/* TAs that cannot start, crash, panic or leave: the code and origin that the client is owed, and a
 * line of log that names the TA, its file and the reason. */
#include <criterion/criterion.h>
#include <elf.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "ta/villain.h"
#include "wire/result.h"

TestSuite(failure, .init = fixture_setup, .fini = fixture_teardown, .timeout = 500);

static TEEC_Context context;

static void context_begin(void)
{
	cr_assert_eq(TEEC_InitializeContext(NULL, &context), TEEC_SUCCESS);
}

static void context_end(void)
{
	TEEC_FinalizeContext(&context);
}

static struct outcome open_and_close(unsigned int ta)
{
	struct outcome outcome;
	TEEC_Session session;

	outcome = fixture_open(&context, &session, ta);
	if (outcome.result == TEEC_SUCCESS)
		TEEC_CloseSession(&session);
	return outcome;
}

static void uuid_text(unsigned int ta, char text[40])
{
	snprintf(text, 40, "6b1d0e5a-77c3-4f0e-9d2a-0c4f7a5e10%02x", ta);
}

static void file_of(unsigned int ta, char file[512])
{
	char uuid[40];

	uuid_text(ta, uuid);
	snprintf(file, 512, "%s/%s.ta", HOSTILE_TA_DIR, uuid);
}

/* Where a test puts a TA that it makes. */
static void own_file_of(unsigned int ta, char file[512])
{
	char uuid[40];

	uuid_text(ta, uuid);
	snprintf(file, 512, "%s/%s.ta", fixture_ta_dir(), uuid);
}

static size_t file_read(const char *path, uint8_t *octets, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t n;

	cr_assert(file, "%s", path);
	n = fread(octets, 1, size, file);
	fclose(file);
	cr_assert(n && n < size);
	return n;
}

static void file_write(const char *path, const uint8_t *octets, size_t size)
{
	FILE *file = fopen(path, "we");

	cr_assert(file, "%s", path);
	cr_assert_eq(fwrite(octets, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(chmod(path, 0600), 0);
}

static uint8_t image[4 << 20];

Test(failure, no_such_ta)
{
	char uuid[40];

	context_begin();
	uuid_text(VILLAIN_NOWHERE, uuid);
	expect_outcome(open_and_close(VILLAIN_NOWHERE), TEEC_ERROR_ITEM_NOT_FOUND, TEEC_ORIGIN_TEE);
	cr_expect(fixture_logged(uuid, HOSTILE_TA_DIR, NULL));
	context_end();
}

/* What TAs keep in trusted storage would be handed to it. */
Test(failure, uuid_of_the_services)
{
	const TEEC_UUID uuid = VILLAIN_SERVICES_UUID;
	TEEC_Session session;
	struct outcome outcome;

	context_begin();
	outcome.result = TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL,
					  &outcome.origin);
	expect_outcome(outcome, TEEC_ERROR_ITEM_NOT_FOUND, TEEC_ORIGIN_TEE);
	cr_expect(fixture_hosts_become(0));
	context_end();
}

Test(failure, wrong_architecture)
{
	const uint16_t machine = EM_S390;
	char from[512], to[512];
	size_t size;

	context_begin();
	file_of(VILLAIN_ALONE, from);
	own_file_of(VILLAIN_WRONG_ARCHITECTURE, to);
	size = file_read(from, image, sizeof(image));
	memcpy(image + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof(machine));
	file_write(to, image, size);
	expect_outcome(open_and_close(VILLAIN_WRONG_ARCHITECTURE), TEEC_ERROR_BAD_FORMAT,
		       TEEC_ORIGIN_TEE);
	cr_expect(fixture_logged(to, "wrong architecture: ELF machine 22", NULL));
	context_end();
}

static void run(const char *const *argv)
{
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (!pid) {
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	status = fixture_reap(pid);
	cr_assert_eq(status, 0, "%s: status 0x%x", argv[0], status);
}

Test(failure, bad_signature)
{
	char uuid[40], from[512], to[512];
	const char *sign[] = { TEESIM_PROGRAM, "ta", "sign",  "--uuid", uuid,
			       "--in",	       from, "--out", to,	NULL };
	size_t size;

	/* Or else the suite's own file would do instead. */
	setenv("TEESIM_TA_PATH", fixture_ta_dir(), 1);
	context_begin();
	uuid_text(VILLAIN_ALONE, uuid);
	file_of(VILLAIN_ALONE, from);
	own_file_of(VILLAIN_ALONE, to);
	run(sign);
	/* As it is, it runs. */
	expect_outcome(open_and_close(VILLAIN_ALONE), TEEC_SUCCESS, TEEC_ORIGIN_TRUSTED_APP);
	size = file_read(to, image, sizeof(image));
	image[size - 100] ^= 1;
	file_write(to, image, size);
	expect_outcome(open_and_close(VILLAIN_ALONE), TEEC_ERROR_SECURITY, TEEC_ORIGIN_TEE);
	cr_expect(fixture_logged(to, "signature", NULL));
	context_end();
}

Test(failure, missing_symbol)
{
	char file[512];

	context_begin();
	file_of(VILLAIN_MISSING_SYMBOL, file);
	expect_outcome(open_and_close(VILLAIN_MISSING_SYMBOL), TEEC_ERROR_BAD_FORMAT,
		       TEEC_ORIGIN_TEE);
	cr_expect(fixture_logged(file, "a_function_that_nobody_defines", NULL));
	context_end();
}

Test(failure, missing_entry_point)
{
	char file[512];

	context_begin();
	file_of(VILLAIN_MISSING_ENTRY_POINT, file);
	expect_outcome(open_and_close(VILLAIN_MISSING_ENTRY_POINT), TEEC_ERROR_BAD_FORMAT,
		       TEEC_ORIGIN_TEE);
	cr_expect(fixture_logged(file, "TA_DestroyEntryPoint", NULL));
	context_end();
}

Test(failure, crash_in_constructor)
{
	char file[512];

	context_begin();
	file_of(VILLAIN_CRASH_IN_CONSTRUCTOR, file);
	expect_dead(open_and_close(VILLAIN_CRASH_IN_CONSTRUCTOR));
	cr_expect(fixture_logged(file, "SIGSEGV at address 0x10", "before it had started", NULL));
	file_of(VILLAIN_EXIT_IN_CONSTRUCTOR, file);
	expect_dead(open_and_close(VILLAIN_EXIT_IN_CONSTRUCTOR));
	cr_expect(fixture_logged(file, "exited with status 3", "before it had started", NULL));
	context_end();
}

Test(failure, in_create_entry_point)
{
	char file[512];

	context_begin();
	file_of(VILLAIN_FAIL_IN_CREATE, file);
	expect_outcome(open_and_close(VILLAIN_FAIL_IN_CREATE), VILLAIN_CREATE_RESULT,
		       TEEC_ORIGIN_TRUSTED_APP);
	cr_expect(fixture_logged(file, "create entry point", "ffff1234", NULL));
	file_of(VILLAIN_PANIC_IN_CREATE, file);
	expect_dead(open_and_close(VILLAIN_PANIC_IN_CREATE));
	cr_expect(fixture_logged(file, "panicked with code 0x1badd00d", NULL));
	context_end();
}

/* Opens, sends the command, expects the death of this session for ever and a fresh instance. */
static void die_by(uint32_t command, uint32_t a, uint32_t b)
{
	TEEC_Session session, next;

	cr_assert_eq(fixture_open(&context, &session, VILLAIN_SHARED).result, TEEC_SUCCESS);
	expect_dead(fixture_tell(&session, command, a, b));
	expect_dead(fixture_tell(&session, VILLAIN_COUNT, 0, 0));
	expect_outcome(fixture_open(&context, &next, VILLAIN_SHARED), TEEC_SUCCESS,
		       TEEC_ORIGIN_TRUSTED_APP);
	expect_dead(fixture_tell(&session, VILLAIN_COUNT, 0, 0));
	a = 1;
	expect_outcome(fixture_invoke(&next, VILLAIN_COUNT, &a, NULL), TEEC_SUCCESS,
		       TEEC_ORIGIN_TRUSTED_APP);
	cr_expect_eq(a, 1);
	TEEC_CloseSession(&session);
	TEEC_CloseSession(&next);
}

Test(failure, crash_in_a_command)
{
	static const char *const reasons[FAULT_COUNT] = {
		[FAULT_NULL] = "SIGSEGV at address 0x8",
		[FAULT_STACK] = "SIGSEGV",
		[FAULT_CODE] = "SIGSEGV at address 0x1000",
		[FAULT_ILLEGAL] = "SIG",
		[FAULT_DIVIDE] = "SIGFPE",
		[FAULT_ABORT] = "SIGABRT",
		[FAULT_BLOCKED] = "SIGSEGV",
		[FAULT_HEAP] = "SIGABRT",
	};
	struct bystander bystander;
	char file[512];

	context_begin();
	bystander_arrive(&bystander);
	file_of(VILLAIN_SHARED, file);
	for (uint32_t way = 0; way < FAULT_COUNT; way++) {
#ifdef TEESIM_SANITIZE
		/* AddressSanitizer stops that one first, and tells of it in its own words. */
		if (way == FAULT_HEAP)
			continue;
#endif
		unsigned int before =
			fixture_log_count("crashed") + fixture_log_count("was killed by signal");

		die_by(VILLAIN_FAULT, way, 0);
		cr_expect(fixture_logged(file, reasons[way], NULL), "fault %u", way);
		/* One line, not several. */
		cr_expect_eq(fixture_log_count("crashed") +
				     fixture_log_count("was killed by signal"),
			     before + 1, "fault %u", way);
		bystander_check(&bystander);
	}
	bystander_leave(&bystander);
	context_end();
}

static void signals_raise(void)
{
	/* Those that a crash handler answers, and one that the sandbox refuses. */
	static const int fatal[] = { SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
				     SIGABRT, SIGTRAP, SIGSYS, SIGSTOP };
	struct bystander bystander;

	context_begin();
	bystander_arrive(&bystander);
	for (uint32_t signal = 1; signal <= 64; signal++) {
		struct outcome outcome, after;
		TEEC_Session session;
		bool must_die = false;

		for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
			must_die |= fatal[i] == (int)signal;
		cr_assert_eq(fixture_open(&context, &session, VILLAIN_SHARED).result, TEEC_SUCCESS);
		outcome = fixture_tell(&session, VILLAIN_RAISE, signal, 0);
		cr_expect(outcome.result == TEEC_ERROR_TARGET_DEAD || !must_die, "signal %u",
			  signal);
		cr_expect(outcome.result == TEEC_ERROR_TARGET_DEAD ||
				  outcome.result == TEEC_SUCCESS,
			  "signal %u: 0x%x", signal, outcome.result);
		after = fixture_tell(&session, VILLAIN_COUNT, 0, 0);
		cr_expect_eq(after.result, outcome.result, "signal %u", signal);
		TEEC_CloseSession(&session);
		bystander_check(&bystander);
	}
	bystander_leave(&bystander);
	context_end();
}

/* In its PID namespace a TA is process 1, whom no signal of its own ends unless it has a handler:
 * what matters is that the client never hangs, and that a death is a death for ever. */
Test(failure, raises_every_signal)
{
	signals_raise();
}

/* There every signal does what it does to any process. */
Test(failure, raises_every_signal_without_a_pid_namespace)
{
	fixture_daemon_stop();
	fixture_deny_pid_namespaces();
	fixture_daemon_start(NULL);
	signals_raise();
	cr_expect(fixture_logged("was killed by signal 15 (SIGTERM)", NULL));
	cr_expect(fixture_logged("stopped by the sandbox", "tgkill", NULL));
}

/*
 * A host that is halted from outside, as by a developer with a debugger: its clients wait for as
 * long as they live, nobody else does.
 */

static TEEC_SharedMemory held = { .size = 16, .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };

/* Comes back when the first octet of `held` is not 0 any more. */
static struct outcome hold(TEEC_Session *session)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT,
								    TEEC_MEMREF_WHOLE, 0, 0) };
	struct outcome outcome;

	operation.params[1].memref.parent = &held;
	outcome.result = TEEC_InvokeCommand(session, VILLAIN_HOLD, &operation, &outcome.origin);
	return outcome;
}

static void *halted_client(void *arg)
{
	struct outcome *outcome = arg;
	TEEC_Session session;

	*outcome = fixture_open(&context, &session, VILLAIN_ALONE);
	if (outcome->result == TEEC_SUCCESS)
		*outcome = hold(&session);
	if (outcome->result == TEEC_SUCCESS)
		TEEC_CloseSession(&session);
	return NULL;
}

Test(failure, halted_host_goes_on_when_it_is_let)
{
	struct outcome outcome = { 0 };
	struct bystander bystander;
	pthread_t thread;
	pid_t host;

	context_begin();
	cr_assert_eq(TEEC_AllocateSharedMemory(&context, &held), TEEC_SUCCESS);
	*(volatile uint8_t *)held.buffer = 0;
	bystander_arrive(&bystander);
	cr_assert_eq(pthread_create(&thread, NULL, halted_client, &outcome), 0);
	while (!(host = fixture_host_of(VILLAIN_ALONE)))
		usleep(1000);
	kill(host, SIGSTOP);
	/* Longer than a host without clients may be away. */
	usleep(1000 * (FIXTURE_GRACE_MS + 300));
	for (int i = 0; i < 20; i++)
		bystander_check(&bystander);
	cr_expect_eq(fixture_host_of(VILLAIN_ALONE), host);
	kill(host, SIGCONT);
	*(volatile uint8_t *)held.buffer = 1;
	pthread_join(thread, NULL);
	expect_outcome(outcome, TEEC_SUCCESS, TEEC_ORIGIN_TRUSTED_APP);
	TEEC_ReleaseSharedMemory(&held);
	bystander_leave(&bystander);
	context_end();
}

static void halted_clients_life(void *unused)
{
	struct outcome outcome;

	(void)unused;
	context_begin();
	cr_assert_eq(TEEC_AllocateSharedMemory(&context, &held), TEEC_SUCCESS);
	*(volatile uint8_t *)held.buffer = 0;
	halted_client(&outcome);
}

Test(failure, halted_host_ends_with_its_client)
{
	pid_t client, host;

	client = fixture_spawn(halted_clients_life, NULL);
	while (!(host = fixture_host_of(VILLAIN_ALONE)))
		usleep(1000);
	kill(host, SIGSTOP);
	kill(client, SIGKILL);
	cr_expect_neq(fixture_reap(client), -1);
	cr_expect(fixture_hosts_become(0));
}

Test(failure, halted_host_ends_with_the_daemon)
{
	pid_t client = fixture_spawn(halted_clients_life, NULL), host;

	while (!(host = fixture_host_of(VILLAIN_ALONE)))
		usleep(1000);
	kill(host, SIGSTOP);
	fixture_daemon_stop();
	cr_expect_neq(fixture_reap(client), -1);
	cr_expect_eq(kill(host, 0), -1);
}

Test(failure, panics_with_every_kind_of_code)
{
	static const uint32_t codes[] = { 0,	      1,	  2,	      0x7fffffff,
					  0x80000000, 0xF0100001, 0xFFFF0000, 0xFFFF0006,
					  0xFFFF000C, 0xFFFF3024, 0xFFFFFFFF };
	char file[512], text[64];

	context_begin();
	file_of(VILLAIN_SHARED, file);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		die_by(VILLAIN_PANIC, codes[i], 0);
		snprintf(text, sizeof(text), "panicked with code 0x%x", codes[i]);
		cr_expect(fixture_logged(file, text, "in command 5", NULL));
	}
	cr_expect(fixture_logged("0xffff0006 (TEE_ERROR_BAD_PARAMETERS)", NULL));
	context_end();
}

/* Every code that has a name, by its name. */
Test(failure, panics_with_every_code_that_has_a_name)
{
	static const uint32_t groups[] = { 0xF0100000, 0xFFFF0000, 0xFFFF3000, 0xFFFF5000 };
	unsigned int named = 0;
	char text[96];

	context_begin();
	for (uint32_t i = 0; i < 4 * 256; i++) {
		const uint32_t code = groups[i / 256] + i % 256;

		if (!result_name(code))
			continue;
		die_by(VILLAIN_PANIC, code, 0);
		snprintf(text, sizeof(text), "panicked with code 0x%08x (TEE_ERROR_%s)", code,
			 result_name(code));
		cr_expect(fixture_logged(text, NULL));
		named++;
	}
	cr_expect_gt(named, 20);
	context_end();
}

Test(failure, exits_with_any_status)
{
	static const uint32_t statuses[] = { 0, 1, 70, 71, 127, 128 + 9, 255 };
	char file[512], text[64];

	context_begin();
	file_of(VILLAIN_SHARED, file);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		die_by(VILLAIN_EXIT, statuses[i], i % 2);
		snprintf(text, sizeof(text), "exited with status %u", statuses[i]);
		cr_expect(fixture_logged(file, text, NULL), "%u", statuses[i]);
	}
	for (uint32_t status = 0; status < 256; status++)
		die_by(VILLAIN_EXIT, status, status % 2);
	/* The TA's thread alone. */
	die_by(VILLAIN_EXIT, 0, 2);
	context_end();
}

/* A socket of its own could come to have the number, and with that its rights. */
Test(failure, cuts_its_way_to_teesimd)
{
	TEEC_Session session;
	char file[512];

	context_begin();
	for (uint32_t way = 0; way < 2; way++) {
		file_of(way ? VILLAIN_SHARED : VILLAIN_ALONE, file);
		cr_assert_eq(fixture_open(&context, &session, way ? VILLAIN_SHARED : VILLAIN_ALONE)
				     .result,
			     TEEC_SUCCESS);
		expect_dead(fixture_tell(&session, VILLAIN_CLOSE_CONTROL, way, 0));
		cr_expect(
			fixture_logged(file, "stopped by the sandbox", "system call close", NULL));
		TEEC_CloseSession(&session);
	}
	context_end();
}

/* Under AddressSanitizer there is no limit, nor could there be one. */
#ifndef TEESIM_SANITIZE
Test(failure, eats_all_memory_that_it_gets)
{
	struct bystander bystander;
	TEEC_Session session;

	context_begin();
	bystander_arrive(&bystander);
	for (uint32_t kind = 0; kind < 2; kind++) {
		uint32_t mib = kind;

		cr_assert_eq(fixture_open(&context, &session, VILLAIN_ALONE).result, TEEC_SUCCESS);
		expect_outcome(fixture_invoke(&session, VILLAIN_EAT, &mib, NULL), TEEC_SUCCESS,
			       TEEC_ORIGIN_TRUSTED_APP);
		cr_expect(mib >= 16 && mib <= 2048, "%u MiB", mib);
		bystander_check(&bystander);
		TEEC_CloseSession(&session);
	}
	bystander_leave(&bystander);
	context_end();
}

#endif

/* Waits in a command when the daemon is killed. */
static void *waiting_client(void *arg)
{
	struct outcome *outcome = arg;
	TEEC_Session session;

	*outcome = fixture_open(&context, &session, VILLAIN_ALONE);
	if (outcome->result != TEEC_SUCCESS)
		return NULL;
	*outcome = fixture_tell(&session, VILLAIN_SLEEP, 60000, 0);
	TEEC_CloseSession(&session);
	return NULL;
}

Test(failure, daemon_killed_under_a_waiting_client)
{
	struct outcome outcome = { 0 };
	uint64_t begin;
	pthread_t thread;

	context_begin();
	cr_assert_eq(pthread_create(&thread, NULL, waiting_client, &outcome), 0);
	cr_assert(fixture_hosts_become(1));
	usleep(50000);
	begin = fixture_now_ms();
	fixture_daemon_kill();
	pthread_join(thread, NULL);
	cr_expect_lt(fixture_now_ms() - begin, FIXTURE_HANG_MS);
	/* The kernel kills the TA along with its daemon; who notices first depends. */
	cr_expect_eq(outcome.result, TEEC_ERROR_COMMUNICATION, "0x%x", outcome.result);
	cr_expect_eq(outcome.origin, TEEC_ORIGIN_COMMS);
	expect_outcome(open_and_close(VILLAIN_ALONE), TEEC_ERROR_COMMUNICATION, TEEC_ORIGIN_COMMS);
	context_end();
	/* Another daemon, another context. */
	fixture_daemon_start(NULL);
	context_begin();
	expect_outcome(open_and_close(VILLAIN_ALONE), TEEC_SUCCESS, TEEC_ORIGIN_TRUSTED_APP);
	context_end();
}
