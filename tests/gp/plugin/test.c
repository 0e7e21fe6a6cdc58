/*
 * Plugins of the client's side, called by a TA in a sandbox.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/commands.h"
#include "plugins/plugin_service.h"

static const TEEC_UUID ta = UUID_PLUGIN;
static const TEEC_UUID good = PLUGIN_GOOD;
static const TEEC_UUID unwilling = PLUGIN_UNWILLING;
static const TEEC_UUID missing = { 1, 2, 3, { 4 } };

static struct client client;

static void start(void)
{
	static const char *const arguments[] = { "--plugin-path=/nowhere:" PLUGIN_DIRECTORY, NULL };

	fixture_start_with(arguments);
}

TestSuite(plugin, .init = start, .fini = fixture_stop);

/* Invokes in the open session. `*filled` may be NULL. */
static TEEC_Result invoke_by(uint32_t way, const TEEC_UUID *uuid, uint32_t command,
			     uint32_t subcommand, void *data, size_t size, uint32_t *filled)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT,
					     TEEC_MEMREF_TEMP_INOUT, TEEC_VALUE_OUTPUT) };
	TEEC_Result result;

	operation.params[0].tmpref.buffer = (void *)uuid;
	operation.params[0].tmpref.size = sizeof(*uuid);
	operation.params[1].value.a = command;
	operation.params[1].value.b = subcommand;
	operation.params[2].tmpref.buffer = data;
	operation.params[2].tmpref.size = size;
	result = client_invoke(&client, way, &operation);
	if (filled)
		*filled = operation.params[3].value.a;
	return result;
}

static TEEC_Result invoke(const TEEC_UUID *uuid, uint32_t command, void *data, size_t size)
{
	return invoke_by(CMD_INVOKE, uuid, command, 0, data, size, NULL);
}

Test(plugin, gets_the_tas_data_and_answers_in_its_place)
{
	char data[] = "desserts";
	uint32_t filled;

	client_open(&client, &ta);
	cr_expect_eq(invoke_by(CMD_INVOKE, &good, PLUGIN_REVERSE, 0, data, 8, &filled),
		     TEEC_SUCCESS);
	cr_expect_str_eq(data, "stressed");
	cr_expect_eq(filled, 8);
	client_close(&client);
}

Test(plugin, is_reached_by_the_system_pseudo_ta_too)
{
	char data[] = "desserts";
	uint32_t filled;

	client_open(&client, &ta);
	cr_expect_eq(invoke_by(CMD_INVOKE_BY_SYSTEM_TA, &good, PLUGIN_REVERSE, 0, data, 8, &filled),
		     TEEC_SUCCESS);
	cr_expect_str_eq(data, "stressed");
	cr_expect_eq(filled, 8);
	client_close(&client);
}

Test(plugin, takes_much_data_or_none)
{
	uint8_t first = 3;
	uint32_t filled;

	client_open(&client, &ta);
	cr_expect_eq(invoke_by(CMD_INVOKE_LARGE, &good, 0, 0, &first, 1, NULL), TEEC_SUCCESS);
	cr_expect_eq(invoke_by(CMD_INVOKE, &good, PLUGIN_REVERSE, 0, NULL, 0, &filled),
		     TEEC_SUCCESS);
	cr_expect_eq(filled, 0);
	client_close(&client);
}

Test(plugin, gives_its_own_results)
{
	static const uint32_t results[] = { TEEC_ERROR_ACCESS_DENIED, 5, TEEC_ERROR_TARGET_DEAD };

	client_open(&client, &ta);
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		cr_expect_eq(invoke_by(CMD_INVOKE, &good, PLUGIN_RETURN, results[i], NULL, 0, NULL),
			     results[i]);
	cr_expect_eq(invoke(&good, 99, NULL, 0), TEEC_ERROR_NOT_IMPLEMENTED);
	client_close(&client);
}

Test(plugin, is_initialised_once_for_all_tas)
{
	unsigned char counts[2] = { 0 };

	for (unsigned char round = 1; round <= 3; round++) {
		client_open(&client, &ta);
		cr_expect_eq(invoke(&good, PLUGIN_COUNT, counts, 2), TEEC_SUCCESS);
		cr_expect_eq(counts[0], 1);
		cr_expect_eq(counts[1], round);
		client_close(&client);
	}
}

Test(plugin, that_there_is_not_is_not_found)
{
	client_open(&client, &ta);
	cr_expect_eq(invoke(&missing, PLUGIN_REVERSE, NULL, 0), TEEC_ERROR_ITEM_NOT_FOUND);
	client_close(&client);
}

Test(plugin, that_cannot_be_used_is_not_found_and_the_log_says_why)
{
	client_open(&client, &ta);
	cr_expect_eq(invoke(&unwilling, PLUGIN_REVERSE, NULL, 0), TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect(fixture_log_has("unwilling.plugin is not used: its init() returned 0xffff0007"));
	cr_expect(fixture_log_has("broken.plugin cannot be loaded: "));
	cr_expect(fixture_log_has("another plugin with the same UUID is loaded already"));
	client_close(&client);
}

static pid_t plugin_process(void)
{
	pid_t pid = 0;

	cr_assert_eq(invoke(&good, PLUGIN_PROCESS, &pid, sizeof(pid)), TEEC_SUCCESS);
	return pid;
}

Test(plugin, runs_outside_of_teesimd_and_the_ta)
{
	client_open(&client, &ta);
	cr_expect_eq(plugin_process(), fixture_process("tee-plugins"));
	client_close(&client);
}

Test(plugin, that_crashes_takes_no_ta_with_it)
{
	pid_t before;

	client_open(&client, &ta);
	before = plugin_process();
	cr_expect_eq(invoke(&good, PLUGIN_CRASH, NULL, 0), TEEC_ERROR_TARGET_DEAD);
	cr_expect(fixture_log_has("the process of the plugins"));
	/* The next call starts another process. */
	cr_expect_neq(plugin_process(), before);
	client_close(&client);
}

Test(plugin, an_application_cannot_call_one_through_the_tee)
{
	static const TEEC_UUID service = PLUGIN_SERVICE_UUID;

	cr_expect_eq(client_try_open(&client, &service, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_ACCESS_DENIED);
}

Test(plugin, directories_come_from_the_environment_too)
{
	char data[] = "ab";

	setenv("TEESIM_PLUGIN_PATH", PLUGIN_DIRECTORY, 1);
	fixture_restart(SIGTERM, NULL);
	client_open(&client, &ta);
	cr_expect_eq(invoke(&good, PLUGIN_REVERSE, data, 2), TEEC_SUCCESS);
	cr_expect_str_eq(data, "ba");
	client_close(&client);
	setenv("TEESIM_PLUGIN_PATH", "", 1);
	fixture_restart(SIGTERM, NULL);
	client_open(&client, &ta);
	cr_expect_eq(invoke(&good, PLUGIN_REVERSE, data, 2), TEEC_ERROR_ITEM_NOT_FOUND);
	client_close(&client);
}
