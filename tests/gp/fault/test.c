/* Faults on demand: at each point the planned operation meets its fault, and no other does. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <tee_api_defines.h>

#include "fault/commands.h"
#include "wire/fault.h"

TestSuite(fault, .init = fixture_start, .fini = fixture_stop);

static const TEEC_UUID ta = UUID_FAULT;

static const struct expected {
	const char *name;
	const char *word;
	TEEC_Result result;
	uint32_t origin;
} points[] = {
	[FAULT_STORAGE_OPEN] = { "storage.open", "conflict", TEE_ERROR_ACCESS_CONFLICT, 0 },
	[FAULT_STORAGE_CREATE] = { "storage.create", "ENOSPC", TEE_ERROR_STORAGE_NO_SPACE, 0 },
	[FAULT_STORAGE_READ] = { "storage.read", "corrupt", TEE_ERROR_CORRUPT_OBJECT, 0 },
	[FAULT_STORAGE_WRITE] = { "storage.write", "EIO", TEE_ERROR_STORAGE_NOT_AVAILABLE, 0 },
	[FAULT_STORAGE_TRUNCATE] = { "storage.truncate", "overflow", TEE_ERROR_OVERFLOW, 0 },
	[FAULT_STORAGE_SEEK] = { "storage.seek", "ENOMEM", TEE_ERROR_OUT_OF_MEMORY, 0 },
	[FAULT_STORAGE_RENAME] = { "storage.rename", "ENOENT", TEE_ERROR_ITEM_NOT_FOUND, 0 },
	[FAULT_STORAGE_DELETE] = { "storage.delete", "EIO", TEE_ERROR_STORAGE_NOT_AVAILABLE, 0 },
	[FAULT_STORAGE_ENUMERATE] = { "storage.enumerate", "corrupt", TEE_ERROR_CORRUPT_OBJECT, 0 },
	[FAULT_STORAGE_INFO] = { "storage.info", "0xFFFF0001", TEE_ERROR_ACCESS_DENIED, 0 },
	[FAULT_MEMORY_ALLOCATE] = { "memory.allocate", "ENOMEM", TEE_ERROR_OUT_OF_MEMORY, 0 },
	/* What the TA says to zeros. */
	[FAULT_RANDOM_GENERATE] = { "random.generate", "zeros", TEE_ERROR_SECURITY, 0 },
	[FAULT_TA_OPEN] = { "ta.open", "comms", TEE_ERROR_COMMUNICATION, TEEC_ORIGIN_COMMS },
	[FAULT_TA_INVOKE] = { "ta.invoke", "busy", TEE_ERROR_BUSY, TEEC_ORIGIN_TEE },
	[FAULT_CHANNEL_OPEN] = { "channel.open", "comms", TEEC_ERROR_COMMUNICATION,
				 TEEC_ORIGIN_COMMS },
	[FAULT_CHANNEL_INVOKE] = { "channel.invoke", "comms", TEEC_ERROR_COMMUNICATION,
				   TEEC_ORIGIN_COMMS },
};

_Static_assert(sizeof(points) / sizeof(points[0]) == FAULT_POINTS, "all of them");

static void plan(const char *name, const char *word, unsigned int operation)
{
	char text[80];
	const char *const arguments[] = { "--fault", text, NULL };

	snprintf(text, sizeof(text), "%s=%s@%u", name, word, operation);
	fixture_restart(SIGTERM, arguments);
}

Test(fault, each_point_of_the_ta_meets_its_fault_once)
{
	for (uint32_t point = 0; point < FAULT_CHANNEL_OPEN; point++) {
		const struct expected *expected = &points[point];
		struct client client;

		plan(expected->name, expected->word, 2);
		client_open(&client, &ta);
		for (int i = 1; i <= 3; i++) {
			TEEC_Operation operation = {
				.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0),
			};
			const TEEC_Result wanted = i == 2 ? expected->result : TEE_SUCCESS;

			cr_assert_eq(client_invoke(&client, point, &operation), TEEC_SUCCESS,
				     "%s, %d", expected->name, i);
			cr_expect_eq(operation.params[0].value.a, wanted, "%s, %d: 0x%08x",
				     expected->name, i, operation.params[0].value.a);
			if (i == 2 && expected->origin)
				cr_expect_eq(operation.params[0].value.b, expected->origin, "%s",
					     expected->name);
		}
		client_close(&client);
	}
}

Test(fault, client_that_opens_meets_its_fault_from_where_it_would_come)
{
	const struct expected *expected = &points[FAULT_CHANNEL_OPEN];
	struct client client;

	/* Each opening has an instance of its own, and so meets it. */
	plan(expected->name, expected->word, 1);
	cr_expect_eq(client_try_open(&client, &ta, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     expected->result);
	cr_expect_eq(client.origin, expected->origin);
	plan(expected->name, "busy", 1);
	cr_expect_eq(client_try_open(&client, &ta, TEEC_LOGIN_PUBLIC, NULL, NULL), TEEC_ERROR_BUSY);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
}

Test(fault, client_that_invokes_meets_its_fault_from_where_it_would_come)
{
	const struct expected *expected = &points[FAULT_CHANNEL_INVOKE];
	struct client client;

	plan(expected->name, expected->word, 2);
	client_open(&client, &ta);
	cr_expect_eq(client_invoke(&client, CMD_NOTHING, NULL), TEEC_SUCCESS);
	cr_expect_eq(client_invoke(&client, CMD_NOTHING, NULL), expected->result);
	cr_expect_eq(client.origin, expected->origin);
	cr_expect_eq(client_invoke(&client, CMD_NOTHING, NULL), TEEC_SUCCESS);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TRUSTED_APP);
	client_close(&client);
	plan(expected->name, "ENOMEM", 1);
	client_open(&client, &ta);
	cr_expect_eq(client_invoke(&client, CMD_NOTHING, NULL), TEEC_ERROR_OUT_OF_MEMORY);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
	client_close(&client);
	plan(expected->name, "dead", 1);
	client_open(&client, &ta);
	cr_expect_eq(client_invoke(&client, CMD_NOTHING, NULL), TEEC_ERROR_TARGET_DEAD);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
	client_close(&client);
}
