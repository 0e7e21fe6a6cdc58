/*
 * Internal Core API 7.2 and 4.10, in a sandbox: clocks, waiting, and being cancelled.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "services/ta_time.h"
#include "time/commands.h"

/* Of the Internal Core API alone. */
#define TEEC_ERROR_OVERFLOW	    0xFFFF300F
#define TEEC_ERROR_TIME_NOT_SET	    0xFFFF5000
#define TEEC_ERROR_TIME_NEEDS_RESET 0xFFFF5001

static const TEEC_UUID ta = UUID_TIME;
static const TEEC_UUID other_ta = UUID_OTHER_TIME;

static struct client client;

TestSuite(time, .init = fixture_start, .fini = fixture_stop);

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

static uint64_t system_ms(uint32_t *ree_seconds)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT,
								    TEEC_VALUE_OUTPUT, 0, 0) };

	cr_assert_eq(client_invoke(&client, CMD_CLOCKS, &operation), TEEC_SUCCESS);
	cr_expect_lt(operation.params[0].value.b, 1000);
	cr_expect_lt(operation.params[1].value.b, 1000);
	*ree_seconds = operation.params[1].value.a;
	return operation.params[0].value.a * 1000ULL + operation.params[0].value.b;
}

Test(time, clocks_go_on_as_the_hosts_do)
{
	const uint32_t host = (uint32_t)time(NULL);
	uint64_t first, second, before;
	uint32_t ree;

	client_open(&client, &ta);
	before = now_ms();
	first = system_ms(&ree);
	cr_expect(ree >= host && ree < host + 60);
	pause_ms(120);
	second = system_ms(&ree);
	cr_expect_geq(second - first, 119);
	cr_expect_leq(second - first, now_ms() - before + 1);
	client_close(&client);
	/* The same for another instance. */
	client_open(&client, &ta);
	cr_expect_geq(system_ms(&ree), second);
	client_close(&client);
}

static TEEC_Operation wait_operation(uint32_t ms, bool unmask)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT,
								    TEEC_VALUE_OUTPUT, 0, 0) };

	operation.params[0].value.a = ms;
	operation.params[0].value.b = unmask;
	return operation;
}

Test(time, wait_lasts_as_long_as_it_says)
{
	TEEC_Operation operation = wait_operation(150, true);
	uint64_t before;

	client_open(&client, &ta);
	before = now_ms();
	cr_expect_eq(client_invoke(&client, CMD_WAIT, &operation), TEEC_SUCCESS);
	cr_expect_geq(now_ms() - before, 149);
	cr_expect_eq(operation.params[1].value.a, 0);
	client_close(&client);
}

struct cancelling {
	TEEC_Operation *operation;
	/* The TA waits once the first octet is not 0; NULL: it may be anywhere. */
	const volatile uint8_t *waits;
	atomic_bool done;
};

/* Again and again, as an operation that has not got anywhere yet is not reached. */
static void *cancel_soon(void *arg)
{
	struct cancelling *cancelling = arg;

	while (cancelling->waits && !*cancelling->waits && !cancelling->done)
		pause_ms(1);
	pause_ms(100);
	do {
		TEEC_RequestCancellation(cancelling->operation);
		pause_ms(5);
	} while (!cancelling->done);
	return NULL;
}

/* Runs the command and asks for its cancellation 100 ms after the TA has begun to wait. Its
 * duration in `*ms`. */
static TEEC_Result invoke_cancelled(uint32_t command, TEEC_Operation *operation, uint64_t *ms)
{
	TEEC_SharedMemory memory = { .size = 16, .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };
	struct cancelling cancelling = { .operation = operation };
	const uint64_t before = now_ms();
	TEEC_Result result;
	pthread_t thread;

	cr_assert_eq(TEEC_AllocateSharedMemory(&client.context, &memory), TEEC_SUCCESS);
	*(volatile uint8_t *)memory.buffer = 0;
	operation->paramTypes |= TEEC_PARAM_TYPES(0, 0, TEEC_MEMREF_WHOLE, 0);
	operation->params[2].memref.parent = &memory;
	operation->started = 0;
	cancelling.waits = memory.buffer;
	cr_assert_eq(pthread_create(&thread, NULL, cancel_soon, &cancelling), 0);
	result = client_invoke(&client, command, operation);
	*ms = now_ms() - before;
	cancelling.done = true;
	pthread_join(thread, NULL);
	TEEC_ReleaseSharedMemory(&memory);
	return result;
}

Test(time, wait_is_cancelled_when_cancellation_is_unmasked)
{
	TEEC_Operation operation = wait_operation(60000, true);
	uint64_t ms;

	client_open(&client, &ta);
	cr_expect_eq(invoke_cancelled(CMD_WAIT, &operation, &ms), TEEC_ERROR_CANCEL);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TRUSTED_APP);
	cr_expect_geq(ms, 99, "%lu ms", ms);
	cr_expect_eq(operation.params[1].value.a, 1);
	cr_expect_eq(operation.params[1].value.b, 0, "masked again");
	client_close(&client);
}

Test(time, wait_for_ever_is_cancelled_too)
{
	TEEC_Operation operation = wait_operation(0xFFFFFFFF, true);
	uint64_t ms;

	client_open(&client, &ta);
	cr_expect_eq(invoke_cancelled(CMD_WAIT, &operation, &ms), TEEC_ERROR_CANCEL);
	client_close(&client);
}

Test(time, cancellation_is_masked_unless_the_ta_says_otherwise)
{
	TEEC_Operation operation = wait_operation(400, false);
	uint64_t ms;

	client_open(&client, &ta);
	cr_expect_eq(invoke_cancelled(CMD_WAIT, &operation, &ms), TEEC_SUCCESS);
	cr_expect_geq(ms, 399);
	cr_expect_eq(operation.params[1].value.a, 0);
	client_close(&client);
}

Test(time, flag_is_seen_by_a_ta_that_asks)
{
	TEEC_Operation operation = { 0 };
	uint64_t ms;

	client_open(&client, &ta);
	cr_expect_eq(invoke_cancelled(CMD_POLL, &operation, &ms), TEEC_ERROR_CANCEL);
	client_close(&client);
}

Test(time, cancellation_of_one_operation_is_not_that_of_the_next)
{
	TEEC_Operation operation = wait_operation(60000, true);
	uint64_t ms;

	client_open(&client, &ta);
	cr_expect_eq(invoke_cancelled(CMD_WAIT, &operation, &ms), TEEC_ERROR_CANCEL);
	operation = wait_operation(50, true);
	cr_expect_eq(client_invoke(&client, CMD_WAIT, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[1].value.a, 0);
	client_close(&client);
}

Test(time, opening_is_cancelled_as_commands_are)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };
	struct cancelling cancelling = { .operation = &operation };
	pthread_t thread;

	operation.params[0].value.a = 60000;
	cr_assert_eq(pthread_create(&thread, NULL, cancel_soon, &cancelling), 0);
	cr_expect_eq(client_try_open(&client, &ta, TEEC_LOGIN_PUBLIC, NULL, &operation),
		     TEEC_ERROR_CANCEL);
	cancelling.done = true;
	pthread_join(thread, NULL);
}

static void start_in_2030(void)
{
	/* A minute in each hundredth of a second. */
	static const char *const arguments[] = { "--clock=2030-01-01T00:00:00Z,6000", NULL };

	fixture_start_with(arguments);
}

TestSuite(virtual_clock, .init = start_in_2030, .fini = fixture_stop);

#define YEAR_2030 1893456000U

Test(virtual_clock, starts_at_the_instant_and_goes_at_the_rate)
{
	uint32_t first_ree, second_ree;
	uint64_t first, second;

	client_open(&client, &ta);
	first = system_ms(&first_ree);
	cr_expect_geq(first_ree, YEAR_2030);
	cr_expect_lt(first_ree, YEAR_2030 + 86400 * 30);
	pause_ms(100);
	second = system_ms(&second_ree);
	/* Ten minutes at the least. */
	cr_expect_geq(second - first, 599000);
	cr_expect_geq(second_ree - first_ree, 599);
	client_close(&client);
}

Test(virtual_clock, waiting_takes_the_devices_time)
{
	/* An hour, over in less than a second. */
	TEEC_Operation operation = wait_operation(3600 * 1000, true);
	const uint64_t before = now_ms();
	uint64_t first, second;
	uint32_t ree;

	client_open(&client, &ta);
	first = system_ms(&ree);
	cr_expect_eq(client_invoke(&client, CMD_WAIT, &operation), TEEC_SUCCESS);
	second = system_ms(&ree);
	cr_expect_geq(second - first, 3600 * 1000);
	cr_expect_lt(now_ms() - before, 3600 * 1000);
	client_close(&client);
}

Test(virtual_clock, is_the_same_for_all_instances)
{
	struct client other;
	uint64_t first, second;
	uint32_t ree;

	client_open(&client, &ta);
	first = system_ms(&ree);
	client_open(&other, &ta);
	client_close(&client);
	client = other;
	second = system_ms(&ree);
	cr_expect_geq(second, first);
	client_close(&client);
}

Test(time, mistakes_panic)
{
	static const char *const reasons[] = {
		"TEE_GetSystemTime: time is NULL",
		"TEE_GetREETime: time is NULL",
		"TEE_GetTAPersistentTime: time is NULL",
		"TEE_SetTAPersistentTime: time is NULL",
		"TEE_SetTAPersistentTime: millis is 1000 or more",
	};

	for (uint32_t which = 1; which < MISTAKE_END; which++) {
		TEEC_Operation operation = { .paramTypes =
						     TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

		client_open(&client, &ta);
		operation.params[0].value.a = which;
		cr_expect_eq(client_invoke(&client, CMD_MISTAKE, &operation),
			     TEEC_ERROR_TARGET_DEAD, "mistake %u", which);
		cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
		client_close(&client);
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		cr_expect(fixture_log_has(reasons[i]));
}

/*
 * Persistent time. The daemon's clock is set with each start, so that a start may be years later or
 * earlier.
 */
static const char *const in_2030[] = { "--clock=2030-01-01T00:00:00Z", NULL };
static const char *const in_2040[] = { "--clock=2040-01-01T00:00:00Z", NULL };

#define TEN_YEARS (2208988800U - YEAR_2030)

static void start_persistent(void)
{
	fixture_start_with(in_2030);
}

TestSuite(persistent_time, .init = start_persistent, .fini = fixture_stop);

static TEEC_Result persistent_get(const TEEC_UUID *of, uint32_t *seconds)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };
	TEEC_Result result;

	client_open(&client, of);
	result = client_invoke(&client, CMD_GET_PERSISTENT, &operation);
	cr_expect_lt(operation.params[0].value.b, 1000);
	client_close(&client);
	*seconds = operation.params[0].value.a;
	return result;
}

static void persistent_set(const TEEC_UUID *of, uint32_t seconds)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

	client_open(&client, of);
	operation.params[0].value.a = seconds;
	operation.params[0].value.b = 500;
	cr_assert_eq(client_invoke(&client, CMD_SET_PERSISTENT, &operation), TEEC_SUCCESS);
	client_close(&client);
}

/* The time is set and near `seconds`. */
static void expect_persistent(const TEEC_UUID *of, uint32_t seconds)
{
	uint32_t now;

	cr_expect_eq(persistent_get(of, &now), TEEC_SUCCESS);
	cr_expect(now >= seconds && now < seconds + 600, "%u", now);
}

/* The same after a restart: the clock had gone on for a while when the time was set. */
static void expect_persistent_later(const TEEC_UUID *of, uint32_t seconds)
{
	uint32_t now;

	cr_expect_eq(persistent_get(of, &now), TEEC_SUCCESS);
	cr_expect(now >= seconds - 600 && now < seconds + 600, "%u", now);
}

static void expect_no_persistent(const TEEC_UUID *of, TEEC_Result why)
{
	uint32_t now;

	cr_expect_eq(persistent_get(of, &now), why);
	cr_expect_eq(now, 0);
}

Test(persistent_time, is_not_set_first_and_goes_on_once_it_is)
{
	expect_no_persistent(&ta, TEEC_ERROR_TIME_NOT_SET);
	persistent_set(&ta, 1000);
	expect_persistent(&ta, 1000);
	persistent_set(&ta, 5);
	expect_persistent(&ta, 5);
}

Test(persistent_time, is_each_tas_own)
{
	persistent_set(&ta, 1000);
	expect_no_persistent(&other_ta, TEEC_ERROR_TIME_NOT_SET);
	persistent_set(&other_ta, 5000000);
	expect_persistent(&ta, 1000);
	expect_persistent(&other_ta, 5000000);
}

Test(persistent_time, goes_on_while_the_device_is_off)
{
	persistent_set(&ta, 1000);
	fixture_restart(SIGTERM, in_2040);
	expect_persistent_later(&ta, 1000 + TEN_YEARS);
	/* A day later: it must not be earlier than it has been seen. */
	fixture_restart(SIGKILL, (const char *const[]) { "--clock=2040-01-02T00:00:00Z", NULL });
	expect_persistent_later(&ta, 1000 + TEN_YEARS + 86400);
}

Test(persistent_time, survives_a_device_that_is_killed)
{
	persistent_set(&ta, 1000);
	fixture_restart(SIGKILL, in_2040);
	expect_persistent_later(&ta, 1000 + TEN_YEARS);
}

Test(persistent_time, needs_a_reset_when_the_clock_was_set_back)
{
	persistent_set(&ta, 1000);
	fixture_restart(SIGTERM, in_2040);
	expect_persistent_later(&ta, 1000 + TEN_YEARS);
	/* Later than it was set, but earlier than it has been seen. */
	fixture_restart(SIGTERM, (const char *const[]) { "--clock=2035-01-01", NULL });
	expect_no_persistent(&ta, TEEC_ERROR_TIME_NEEDS_RESET);
	expect_no_persistent(&ta, TEEC_ERROR_TIME_NEEDS_RESET);
	persistent_set(&ta, 7);
	expect_persistent(&ta, 7);
}

Test(persistent_time, overflow_is_told_with_the_time_modulo_2_to_the_32)
{
	uint32_t now;

	persistent_set(&ta, UINT32_MAX - 10);
	fixture_restart(SIGTERM, in_2040);
	cr_expect_eq(persistent_get(&ta, &now), TEEC_ERROR_OVERFLOW);
	cr_expect(now >= TEN_YEARS - 600 && now < TEN_YEARS + 600, "%u", now);
	/* It is no state to be stuck in. */
	persistent_set(&ta, 7);
	expect_persistent(&ta, 7);
}

/* The file of the TA's time, as the device's directory has it. */
static const char *persistent_file(const char *uuid)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/time/%s", fixture_device(), uuid);
	return path;
}

#define TA_UUID_TEXT	   "5f0e2f4a-54a5-4c7c-9b84-6c8f86f3a601"
#define OTHER_TA_UUID_TEXT "5f0e2f4a-54a5-4c7c-9b84-6c8f86f3a602"

Test(persistent_time, needs_a_reset_when_its_record_was_tampered_with)
{
	uint8_t octet;
	int fd;

	/* Any octet of it. */
	for (off_t at = 0; at < 64; at += 7) {
		persistent_set(&ta, 1000);
		fd = open(persistent_file(TA_UUID_TEXT), O_RDWR | O_CLOEXEC);
		cr_assert_geq(fd, 0);
		cr_assert_eq(pread(fd, &octet, 1, at), 1);
		octet ^= 0x10;
		cr_assert_eq(pwrite(fd, &octet, 1, at), 1);
		close(fd);
		expect_no_persistent(&ta, TEEC_ERROR_TIME_NEEDS_RESET);
	}
	persistent_set(&ta, 7);
	expect_persistent(&ta, 7);
	/* Cut, or grown. */
	cr_assert_eq(truncate(persistent_file(TA_UUID_TEXT), 20), 0);
	expect_no_persistent(&ta, TEEC_ERROR_TIME_NEEDS_RESET);
	persistent_set(&ta, 7);
	cr_assert_eq(truncate(persistent_file(TA_UUID_TEXT), 4096), 0);
	expect_no_persistent(&ta, TEEC_ERROR_TIME_NEEDS_RESET);
}

Test(persistent_time, another_tas_record_is_not_taken)
{
	char from[PATH_MAX];

	persistent_set(&ta, 1000);
	snprintf(from, sizeof(from), "%s", persistent_file(TA_UUID_TEXT));
	cr_assert_eq(rename(from, persistent_file(OTHER_TA_UUID_TEXT)), 0);
	expect_no_persistent(&other_ta, TEEC_ERROR_TIME_NEEDS_RESET);
	expect_no_persistent(&ta, TEEC_ERROR_TIME_NOT_SET);
}

Test(persistent_time, what_a_killed_service_left_half_written_is_removed)
{
	char leftover[PATH_MAX + 8];
	struct stat info;
	int fd;

	persistent_set(&ta, 1000);
	snprintf(leftover, sizeof(leftover), "%s.Ab12Cd", persistent_file(TA_UUID_TEXT));
	fd = open(leftover, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	close(fd);
	fixture_restart(SIGKILL, in_2040);
	expect_persistent_later(&ta, 1000 + TEN_YEARS);
	cr_expect_neq(stat(leftover, &info), 0);
}

Test(persistent_time, an_application_cannot_ask_for_it)
{
	static const TEEC_UUID service = TA_TIME_UUID;

	cr_expect_eq(client_try_open(&client, &service, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_ACCESS_DENIED);
}
