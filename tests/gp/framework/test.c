/*
 * Internal Core API 2 and 4.3: instances, sessions, entry points, and how an instance dies.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "framework/commands.h"

static const TEEC_UUID many = UUID_MANY;
static const TEEC_UUID single = UUID_SINGLE;
static const TEEC_UUID shared = UUID_SHARED;
static const TEEC_UUID kept = UUID_KEPT;
static const TEEC_UUID unborn = UUID_UNBORN;
static const TEEC_UUID stillborn = UUID_STILLBORN;
static const TEEC_UUID mourned = UUID_MOURNED;

TestSuite(framework, .init = fixture_start, .fini = fixture_stop);

static TEEC_Result invoke_value(struct client *client, uint32_t command, uint32_t value)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

	operation.params[0].value.a = value;
	return client_invoke(client, command, &operation);
}

static void expect_history(struct client *client, const char *expected)
{
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, 0, 0, 0) };
	char history[256];

	operation.params[0].tmpref.buffer = history;
	operation.params[0].tmpref.size = sizeof(history);
	cr_assert_eq(client_invoke(client, CMD_HISTORY, &operation), TEEC_SUCCESS);
	cr_expect_str_eq(history, expected);
}

static void expect_count(struct client *client, uint32_t number, uint32_t count)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };

	cr_assert_eq(client_invoke(client, CMD_COUNT, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[0].value.a, number);
	cr_expect_eq(operation.params[0].value.b, count);
}

static void expect_dead(struct client *client)
{
	cr_expect_eq(client_invoke(client, CMD_COUNT, NULL), TEEC_ERROR_TARGET_DEAD);
	cr_expect_eq(client->origin, TEEC_ORIGIN_TEE);
}

Test(framework, entry_points_are_called_in_order)
{
	struct client client;

	client_open(&client, &many);
	expect_history(&client, "COI");
	expect_history(&client, "COII");
	client_close(&client);
	cr_expect(fixture_log_has("destroyed after COIIc"));
}

Test(framework, sessions_of_an_ordinary_ta_have_instances_of_their_own)
{
	struct client first, second;

	client_open(&first, &many);
	client_open(&second, &many);
	expect_count(&first, 1, 1);
	expect_count(&first, 1, 2);
	expect_count(&second, 1, 1);
	expect_history(&second, "COII");
	client_close(&first);
	expect_count(&second, 1, 2);
	client_close(&second);
}

Test(framework, single_instance_of_one_session_is_busy)
{
	struct client first, second;

	client_open(&first, &single);
	cr_expect_eq(client_try_open(&second, &single, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_BUSY);
	cr_expect_eq(second.origin, TEEC_ORIGIN_TEE);
	expect_count(&first, 1, 1);
	client_close(&first);
	client_open(&second, &single);
	expect_history(&second, "COI");
	client_close(&second);
}

Test(framework, multi_session_instance_is_shared_and_contexts_are_not)
{
	struct client first, second;

	client_open(&first, &shared);
	client_open(&second, &shared);
	expect_count(&first, 1, 1);
	expect_count(&second, 2, 1);
	expect_count(&second, 2, 2);
	expect_count(&first, 1, 2);
	client_close(&first);
	expect_history(&second, "COOIIIIcI");
	client_close(&second);
	cr_expect(fixture_log_has("destroyed after COOIIIIcIc"));
	client_open(&first, &shared);
	expect_history(&first, "COI");
	client_close(&first);
}

Test(framework, two_sessions_of_one_context)
{
	TEEC_Session second;
	struct client client;
	uint32_t origin;

	client_open(&client, &shared);
	cr_assert_eq(TEEC_OpenSession(&client.context, &second, &shared, TEEC_LOGIN_PUBLIC, NULL,
				      NULL, &origin),
		     TEEC_SUCCESS);
	expect_history(&client, "COOI");
	TEEC_CloseSession(&second);
	expect_history(&client, "COOIcI");
	client_close(&client);
}

Test(framework, kept_instance_outlives_its_sessions)
{
	struct client client;

	client_open(&client, &kept);
	client_close(&client);
	client_open(&client, &kept);
	expect_history(&client, "COcOI");
	client_close(&client);
}

Test(framework, what_create_returns_goes_to_the_client)
{
	struct client client;

	cr_expect_eq(client_try_open(&client, &unborn, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_STORAGE_NO_SPACE);
	cr_expect_eq(client_try_open(&client, &unborn, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_STORAGE_NO_SPACE, "and again");
}

Test(framework, panic_in_create_is_a_dead_target)
{
	struct client client;

	cr_expect_eq(client_try_open(&client, &stillborn, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_TARGET_DEAD);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
}

Test(framework, open_that_refuses_gives_result_and_outputs_and_is_not_closed)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };
	struct client client, refused;

	client_open(&client, &shared);
	operation.params[0].value.a = TEEC_ERROR_ACCESS_DENIED;
	cr_expect_eq(client_try_open(&refused, &shared, TEEC_LOGIN_PUBLIC, NULL, &operation),
		     TEEC_ERROR_ACCESS_DENIED);
	cr_expect_eq(refused.origin, TEEC_ORIGIN_TRUSTED_APP);
	cr_expect_eq(operation.params[0].value.b, 99);
	expect_history(&client, "COOI");
	client_close(&client);
}

Test(framework, what_a_command_returns_goes_to_the_client_with_its_origin)
{
	static const uint32_t results[] = { TEEC_ERROR_GENERIC, TEEC_ERROR_TARGET_DEAD, 1,
					    0x80001234, TEEC_ERROR_SHORT_BUFFER };
	struct client client;

	client_open(&client, &many);
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		cr_expect_eq(invoke_value(&client, CMD_RETURN, results[i]), results[i]);
		cr_expect_eq(client.origin, TEEC_ORIGIN_TRUSTED_APP);
	}
	cr_expect_eq(client_invoke(&client, 12345, NULL), TEEC_ERROR_NOT_SUPPORTED);
	client_close(&client);
}

Test(framework, ta_that_does_not_exist_is_not_found)
{
	static const TEEC_UUID nobody = { .timeLow = 0xDEAD };
	struct client client;

	cr_expect_eq(client_try_open(&client, &nobody, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
}

Test(framework, every_way_to_die_is_a_dead_target_for_that_session_for_ever)
{
	struct client client, other;

	client_open(&other, &many);
	for (uint32_t how = DIE_PANIC; how < DIE_END; how++) {
		client_open(&client, &many);
		cr_expect_eq(invoke_value(&client, CMD_DIE, how), TEEC_ERROR_TARGET_DEAD, "way %u",
			     how);
		cr_expect_eq(client.origin, TEEC_ORIGIN_TEE, "way %u", how);
		expect_dead(&client);
		expect_dead(&client);
		client_close(&client);
		/* Nobody else notices. */
		expect_count(&other, 1, how);
	}
	client_close(&other);
}

Test(framework, panic_names_its_code_and_the_broken_rule_in_the_log)
{
	struct client client;

	client_open(&client, &many);
	(void)invoke_value(&client, CMD_DIE, DIE_PANIC);
	cr_expect(fixture_log_has("1234"));
	client_close(&client);
	client_open(&client, &many);
	(void)invoke_value(&client, CMD_DIE, DIE_PANIC_OF_THE_API);
	cr_expect(fixture_log_has("TEE_Free: buffer is no allocation of TEE_Malloc"));
	client_close(&client);
}

static void expect_fresh_after_death(const TEEC_UUID *ta)
{
	struct client first, second, third;

	client_open(&first, ta);
	client_open(&second, ta);
	expect_count(&second, 2, 1);
	cr_expect_eq(invoke_value(&first, CMD_DIE, DIE_NULL_POINTER), TEEC_ERROR_TARGET_DEAD);
	expect_dead(&second);
	client_open(&third, ta);
	expect_history(&third, "COI");
	expect_dead(&first);
	expect_dead(&second);
	client_close(&first);
	client_close(&second);
	expect_history(&third, "COII");
	client_close(&third);
}

Test(framework, death_of_a_shared_instance_ends_its_sessions_and_the_next_open_makes_a_new_one)
{
	expect_fresh_after_death(&shared);
}

Test(framework, death_of_a_kept_instance_too)
{
	expect_fresh_after_death(&kept);
}

Test(framework, death_in_close_hangs_nobody)
{
	struct client client;

	client_open(&client, &single);
	cr_expect_eq(invoke_value(&client, CMD_DIE_ON_CLOSE, DIE_PANIC), TEEC_SUCCESS);
	client_close(&client);
	client_open(&client, &single);
	expect_history(&client, "COI");
	client_close(&client);
}

/* What each of several clients at once does to one single-instance TA. */
static void *crowd_member(void *arg)
{
	const unsigned int me = *(unsigned int *)arg;
	struct client client;

	for (unsigned int round = 0; round < 12; round++) {
		TEEC_Result result;

		result = client_try_open(&client, &shared, TEEC_LOGIN_PUBLIC, NULL, NULL);
		/* Another may have killed the instance meanwhile. */
		if (result != TEEC_SUCCESS) {
			cr_expect_eq(result, TEEC_ERROR_TARGET_DEAD, "open: 0x%08x", result);
			continue;
		}
		for (unsigned int i = 0; i < 20; i++) {
			result = invoke_value(&client, CMD_RETURN, me * 1000 + i + 1);
			cr_expect(result == me * 1000 + i + 1 || result == TEEC_ERROR_TARGET_DEAD,
				  "0x%08x", result);
		}
		if (me == 0 && round % 3 == 0)
			(void)invoke_value(&client, CMD_DIE, DIE_PANIC);
		client_close(&client);
	}
	return NULL;
}

Test(framework, many_clients_open_invoke_close_and_panic_at_once)
{
	enum {
		MEMBERS = 6
	};
	unsigned int number[MEMBERS];
	pthread_t thread[MEMBERS];

	for (unsigned int i = 0; i < MEMBERS; i++) {
		number[i] = i;
		cr_assert_eq(pthread_create(&thread[i], NULL, crowd_member, &number[i]), 0);
	}
	for (unsigned int i = 0; i < MEMBERS; i++)
		pthread_join(thread[i], NULL);
}

Test(framework, each_session_has_its_own_client)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };
	struct client nobody, user;

	client_open(&nobody, &shared);
	cr_assert_eq(client_try_open(&user, &shared, TEEC_LOGIN_USER, NULL, NULL), TEEC_SUCCESS);
	for (int round = 0; round < 2; round++) {
		cr_assert_eq(client_invoke(&nobody, CMD_IDENTITY, &operation), TEEC_SUCCESS);
		cr_expect_eq(operation.params[0].value.a, TEEC_LOGIN_PUBLIC);
		cr_expect_eq(operation.params[0].value.b, 0);
		cr_assert_eq(client_invoke(&user, CMD_IDENTITY, &operation), TEEC_SUCCESS);
		cr_expect_eq(operation.params[0].value.a, TEEC_LOGIN_USER);
		cr_expect_neq(operation.params[0].value.b, 0);
	}
	client_close(&nobody);
	client_close(&user);
}

static uint32_t instance_data(struct client *client, uint32_t data)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };

	operation.params[0].value.a = data;
	cr_assert_eq(client_invoke(client, CMD_INSTANCE_DATA, &operation), TEEC_SUCCESS);
	return operation.params[0].value.b;
}

Test(framework, instance_data_is_the_instances)
{
	struct client first, second, other;

	client_open(&first, &shared);
	client_open(&second, &shared);
	client_open(&other, &many);
	cr_expect_eq(instance_data(&first, 5), 0, "NULL at first");
	cr_expect_eq(instance_data(&second, 6), 5);
	cr_expect_eq(instance_data(&other, 7), 0);
	cr_expect_eq(instance_data(&first, 8), 6);
	client_close(&first);
	client_close(&second);
	client_close(&other);
	client_open(&first, &shared);
	cr_expect_eq(instance_data(&first, 9), 0, "another instance");
	client_close(&first);
}

static void *dwell(void *arg)
{
	TEEC_Result *result = arg;
	struct client client;

	client_open(&client, &shared);
	for (int i = 0; i < 4 && *result == TEEC_SUCCESS; i++)
		*result = invoke_value(&client, CMD_DWELL, 10);
	client_close(&client);
	return NULL;
}

Test(framework, commands_of_one_instance_come_one_at_a_time)
{
	TEEC_Result result[3] = { 0 };
	pthread_t thread[3];

	for (int i = 0; i < 3; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, dwell, &result[i]), 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(thread[i], NULL);
		cr_expect_eq(result[i], TEEC_SUCCESS);
	}
}

Test(framework, panic_in_open_is_a_dead_target_with_nothing_to_close)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };
	struct client client, other;

	client_open(&other, &shared);
	operation.params[0].value.a = OPEN_PANICS;
	cr_expect_eq(client_try_open(&client, &shared, TEEC_LOGIN_PUBLIC, NULL, &operation),
		     TEEC_ERROR_TARGET_DEAD);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
	cr_expect(fixture_log_has("panicked with code 0xbe4"));
	/* It was its instance, too. */
	expect_dead(&other);
	client_close(&other);
}

Test(framework, panic_in_destroy_is_reported_and_hurts_nobody)
{
	struct client client;

	client_open(&client, &many);
	cr_expect_eq(client_invoke(&client, CMD_DIE_ON_DESTROY, NULL), TEEC_SUCCESS);
	client_close(&client);
	cr_expect(fixture_log_has("destroyed after COIc"));
	cr_expect(fixture_log_has("panicked with code 0xd0"));
	client_open(&client, &many);
	expect_count(&client, 1, 1);
	client_close(&client);
}

Test(framework, dead_instance_is_not_destroyed)
{
	struct client client;

	client_open(&client, &many);
	(void)invoke_value(&client, CMD_DIE, DIE_PANIC);
	cr_expect(fixture_log_has("panicked with code 0x1234"));
	client_close(&client);
	client_open(&client, &single);
	client_close(&client);
	cr_expect(fixture_log_has("destroyed after COc"));
	cr_expect(fixture_log_lacks("destroyed after COI"));
}

Test(framework, kept_instance_that_crashed_stays_dead_where_the_flag_says_so)
{
	struct client client;

	client_open(&client, &mourned);
	cr_expect_eq(invoke_value(&client, CMD_DIE, DIE_PANIC), TEEC_ERROR_TARGET_DEAD);
	client_close(&client);
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(client_try_open(&client, &mourned, TEEC_LOGIN_PUBLIC, NULL, NULL),
			     TEEC_ERROR_TARGET_DEAD);
		cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
	}
}

Test(framework, sessions_of_a_client_that_vanishes_are_closed)
{
	struct client client, vanishing;
	int ends[2];
	pid_t child;
	char done;

	client_open(&client, &shared);
	cr_assert_eq(pipe(ends), 0);
	child = fork();
	if (!child) {
		client_open(&vanishing, &shared);
		(void)!write(ends[1], "x", 1);
		_exit(0);
	}
	close(ends[1]);
	cr_expect_eq(read(ends[0], &done, 1), 1);
	close(ends[0]);
	cr_expect_eq(waitpid(child, NULL, 0), child);
	client_close(&client);
	cr_expect(fixture_log_has("destroyed after COO"));
	cr_expect(fixture_log_has("destroyed after COOcc"));
}

struct cancelling {
	TEEC_Operation *operation;
	atomic_bool done;
};

/* Again and again, as an operation that has not got anywhere yet is not reached. */
static void *cancel_soon(void *arg)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000000 };
	struct cancelling *cancelling = arg;

	do {
		nanosleep(&pause, NULL);
		TEEC_RequestCancellation(cancelling->operation);
	} while (!cancelling->done);
	return NULL;
}

struct occupation {
	struct client client;
	uint32_t ms;
};

static void *occupy(void *arg)
{
	struct occupation *occupation = arg;

	cr_expect_eq(invoke_value(&occupation->client, CMD_DWELL, occupation->ms), TEEC_SUCCESS);
	return NULL;
}

Test(framework, command_that_is_cancelled_before_its_turn_never_reaches_the_ta)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };
	struct occupation busy;
	struct client waiting;
	pthread_t occupant, canceller;
	const struct timespec moment = { .tv_nsec = 50 * 1000000 };
	TEEC_Result result = TEEC_SUCCESS;
	char history[64] = "COO";

	client_open(&busy.client, &shared);
	client_open(&waiting, &shared);
	/* Before the occupant, or after it, it is served: then again, with more time. */
	for (busy.ms = 500; result != TEEC_ERROR_CANCEL && busy.ms < 20000; busy.ms *= 2) {
		struct cancelling cancelling = { .operation = &operation };

		cr_assert_eq(pthread_create(&occupant, NULL, occupy, &busy), 0);
		nanosleep(&moment, NULL);
		operation.started = 0;
		operation.params[0].value.a = TEEC_ERROR_GENERIC;
		cr_assert_eq(pthread_create(&canceller, NULL, cancel_soon, &cancelling), 0);
		result = client_invoke(&waiting, CMD_RETURN, &operation);
		cancelling.done = true;
		pthread_join(occupant, NULL);
		pthread_join(canceller, NULL);
		strcat(history, "I");
		if (result != TEEC_ERROR_CANCEL) {
			cr_assert_eq(result, TEEC_ERROR_GENERIC);
			strcat(history, "I");
		}
	}
	cr_expect_eq(result, TEEC_ERROR_CANCEL);
	cr_expect_eq(waiting.origin, TEEC_ORIGIN_TEE);
	/* The occupant's, and this one. */
	strcat(history, "I");
	expect_history(&waiting, history);
	client_close(&waiting);
	client_close(&busy.client);
}
