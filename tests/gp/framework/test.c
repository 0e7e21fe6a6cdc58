/*
 * Internal Core API 2 and 4.3: instances, sessions, entry points, and how an instance dies.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "framework/commands.h"

static const TEEC_UUID many = UUID_MANY;
static const TEEC_UUID single = UUID_SINGLE;
static const TEEC_UUID shared = UUID_SHARED;
static const TEEC_UUID kept = UUID_KEPT;
static const TEEC_UUID unborn = UUID_UNBORN;
static const TEEC_UUID stillborn = UUID_STILLBORN;

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
