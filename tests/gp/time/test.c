/*
 * Internal Core API 7.2 and 4.10, in a sandbox: clocks, waiting, and being cancelled.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <time.h>

#include "time/commands.h"

static const TEEC_UUID ta = UUID_TIME;

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

static void *cancel_soon(void *operation)
{
	pause_ms(100);
	TEEC_RequestCancellation(operation);
	return NULL;
}

/* Runs the command and asks for its cancellation 100 ms later. Its duration in `*ms`. */
static TEEC_Result invoke_cancelled(uint32_t command, TEEC_Operation *operation, uint64_t *ms)
{
	const uint64_t before = now_ms();
	TEEC_Result result;
	pthread_t thread;

	operation->started = 0;
	cr_assert_eq(pthread_create(&thread, NULL, cancel_soon, operation), 0);
	result = client_invoke(&client, command, operation);
	*ms = now_ms() - before;
	pthread_join(thread, NULL);
	return result;
}

Test(time, wait_is_cancelled_when_cancellation_is_unmasked)
{
	TEEC_Operation operation = wait_operation(60000, true);
	uint64_t ms;

	client_open(&client, &ta);
	cr_expect_eq(invoke_cancelled(CMD_WAIT, &operation, &ms), TEEC_ERROR_CANCEL);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TRUSTED_APP);
	cr_expect(ms >= 99 && ms < 30000, "%lu ms", ms);
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
	pthread_t thread;

	operation.params[0].value.a = 60000;
	cr_assert_eq(pthread_create(&thread, NULL, cancel_soon, &operation), 0);
	cr_expect_eq(client_try_open(&client, &ta, TEEC_LOGIN_PUBLIC, NULL, &operation),
		     TEEC_ERROR_CANCEL);
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
