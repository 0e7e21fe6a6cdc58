/* What goes wrong when a TA is opened or run: what the client is told, and what the developer. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon_fixture.h"
#include "fake_host.h"
#include "wire/result.h"

static struct daemon daemon_;
static int sock = -1;

static void setup(void)
{
	daemon_start(&daemon_, NULL);
}

static void teardown(void)
{
	if (sock >= 0)
		close(sock);
	daemon_stop(&daemon_);
}

TestSuite(failure, .init = setup, .fini = teardown);

static struct message_opened open_behaving(enum fixture_ta ta, const char *behaviour)
{
	daemon_add_ta(&daemon_, ta, behaviour);
	sock = client_hello(&daemon_, behaviour);
	return client_open(sock, ta, NULL);
}

static void expect_refused(struct message_opened opened, uint32_t result, uint32_t origin,
			   const char *logged)
{
	cr_expect_eq(opened.result, result, "result 0x%x", opened.result);
	cr_expect_eq(opened.origin, origin, "origin %u", opened.origin);
	cr_expect(daemon_logged(&daemon_, logged));
	cr_expect(client_wait_instances(sock, 0, -1));
}

Test(failure, no_such_ta)
{
	sock = client_hello(&daemon_, FAKE_NORMAL);
	expect_refused(client_open(sock, TA_NOWHERE, NULL), RESULT_ITEM_NOT_FOUND, ORIGIN_TEE,
		       "7e5e51d0-2450-41e4-abe2-0002a5d5c509");
}

Test(failure, damaged_image)
{
	char path[256];
	int fd;

	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_NORMAL);
	snprintf(path, sizeof(path),
		 "%s/ta/" FAKE_NORMAL "/7e5e51d0-2450-41e4-abe2-0002a5d5c502.ta", daemon_.dir);
	fd = open(path, O_WRONLY | O_TRUNC);
	cr_assert_eq(write(fd, "no ELF", 6), 6);
	close(fd);
	sock = client_hello(&daemon_, FAKE_NORMAL);
	expect_refused(client_open(sock, TA_SINGLE, NULL), RESULT_BAD_FORMAT, ORIGIN_TEE, path);
}

Test(failure, create_entry_point_returns_an_error)
{
	expect_refused(open_behaving(TA_SINGLE, FAKE_CREATE_FAILS), RESULT_STORAGE_NOT_AVAILABLE,
		       ORIGIN_TRUSTED_APP, "its create entry point returned 0xf0100003");
}

Test(failure, image_that_the_loader_refuses)
{
	expect_refused(open_behaving(TA_SINGLE, FAKE_LOAD_FAILS), RESULT_BAD_FORMAT, ORIGIN_TEE,
		       "did not start: undefined symbol: TEE_Nonsense");
}

Test(failure, constructor_crashes)
{
	expect_refused(open_behaving(TA_SINGLE, FAKE_CREATE_CRASHES), RESULT_TARGET_DEAD,
		       ORIGIN_TEE, "crashed: SIGSEGV at address 0x1234");
}

Test(failure, host_exits_before_it_has_started)
{
	expect_refused(open_behaving(TA_SINGLE, FAKE_START_EXITS), RESULT_TARGET_DEAD, ORIGIN_TEE,
		       "exited with status 0 without saying why before it had started");
}

Test(failure, host_breaks_the_protocol_at_its_start)
{
	expect_refused(open_behaving(TA_SINGLE, FAKE_START_GARBAGE), RESULT_TARGET_DEAD, ORIGIN_TEE,
		       "a message that breaks the protocol");
}

static void die_by(uint32_t command, const char *logged)
{
	struct message_opened opened = open_behaving(TA_SINGLE_MULTI, FAKE_NORMAL);

	cr_assert_eq(opened.result, RESULT_SUCCESS);
	cr_expect_eq(client_command(sock, opened.session, command), RESULT_TARGET_DEAD);
	cr_expect(daemon_logged(&daemon_, logged));
	cr_expect(
		daemon_logged(&daemon_, "TA fixture (7e5e51d0-2450-41e4-abe2-0002a5d5c503, /tmp"));
	cr_expect_eq(client_open(sock, TA_SINGLE_MULTI, NULL).result, RESULT_SUCCESS);
}

Test(failure, panic_names_code_and_command)
{
	die_by(FAKE_PANIC,
	       "panicked with code 0xffff0006 (TEE_ERROR_BAD_PARAMETERS) in command 3, at image "
	       "offset 0x10");
}

Test(failure, last_words_are_heard_though_the_host_has_not_read_its_messages)
{
	struct message_opened opened = open_behaving(TA_SINGLE_MULTI, FAKE_NORMAL);

	cr_assert_eq(opened.result, RESULT_SUCCESS);
	client_ask_share(sock, 70, opened.session, FAKE_PANIC_BUSY);
	client_ask_share(sock, 71, opened.session, FAKE_SILENCE);
	cr_expect(daemon_logged(&daemon_, "panicked with code 0xffff0006"));
}

Test(failure, crash_names_signal_and_address)
{
	die_by(FAKE_SEGFAULT, "crashed: SIGSEGV at address 0x1234 in command 3");
}

Test(failure, report_has_details_and_a_backtrace_and_is_kept)
{
	char path[256], text[4096] = "";
	FILE *file;
	size_t size;

	die_by(FAKE_SEGFAULT, "Z TA fixture   cause:     SIGSEGV, SEGV_MAPERR: ");
	cr_expect(daemon_logged(&daemon_, "TA fixture   during:    command 3 (0x3) of session"));
	/* The fixture has no debug information, and no symbol there. */
	cr_expect(daemon_logged(&daemon_, "TA fixture     #0  ? (TA+0x10)\n"));
	snprintf(path, sizeof(path), "%s/home/devices/default/last-crash", daemon_.dir);
	/* It is written right after the log. */
	for (int i = 0; i < 6000 && access(path, F_OK) < 0; i++)
		usleep(10000);
	file = fopen(path, "re");
	cr_assert_not_null(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	cr_expect_gt(size, 0);
	cr_expect_not_null(
		strstr(text, "Z TA fixture (7e5e51d0-2450-41e4-abe2-0002a5d5c503, /tmp"));
	cr_expect_not_null(strstr(text, "\n    #0  ? (TA+0x10)\n"), "%s", text);
}

Test(failure, sandbox_violation_names_the_system_call)
{
	die_by(FAKE_VIOLATION, "was stopped by the sandbox: system call openat in command 3");
}

Test(failure, death_without_last_words_names_the_signal)
{
	die_by(FAKE_ABORT, "was killed by signal 11 (SIGSEGV)");
}

Test(failure, host_that_sends_garbage_is_killed)
{
	die_by(FAKE_GARBAGE, "was killed by teesimd: it sent teesimd a message that breaks");
}

Test(failure, host_that_answers_what_it_was_not_asked_is_killed)
{
	die_by(FAKE_UNASKED, "was killed by teesimd: it sent teesimd a message out of turn");
}

Test(failure, host_that_starts_twice_is_killed)
{
	die_by(FAKE_STARTED_AGAIN, "was killed by teesimd: it sent teesimd a message out of turn");
}

Test(failure, what_a_ta_prints_is_logged_and_escaped)
{
	struct message_opened opened = open_behaving(TA_SINGLE, FAKE_TALKS);

	cr_expect_eq(opened.result, RESULT_SUCCESS);
	cr_expect(daemon_logged(&daemon_, "Z TA fixture hello\\x1b[31m from\n"));
	cr_expect(daemon_logged(&daemon_, "Z TA fixture the TA\n"));
}
