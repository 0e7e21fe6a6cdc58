/*
 * Internal Core API 4.11, in a sandbox: a TA's heap, and what it may touch of its own.
 */
#include "fixture.h"

#include <criterion/criterion.h>

#include "memory/commands.h"

static const TEEC_UUID ta = UUID_MEMORY;

static struct client client;

TestSuite(memory, .init = fixture_start, .fini = fixture_stop);

static void expect_all_right(uint32_t command)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };

	client_open(&client, &ta);
	cr_assert_eq(client_invoke(&client, command, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[0].value.a, 0, "memory/ta.c:%u", operation.params[0].value.a);
	client_close(&client);
}

Test(memory, ta_knows_its_rights_to_its_own_memory)
{
	expect_all_right(CMD_OWN_RIGHTS);
}

Test(memory, heap_gives_zeroed_memory_and_takes_it_back)
{
	expect_all_right(CMD_HEAP);
}

Test(memory, mistakes_kill_the_instance)
{
	for (uint32_t which = MISTAKE_TOUCH_NOTHING; which < MISTAKE_END; which++) {
		TEEC_Operation operation = { .paramTypes =
						     TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

		client_open(&client, &ta);
		operation.params[0].value.a = which;
		cr_expect_eq(client_invoke(&client, CMD_MISTAKE, &operation),
			     TEEC_ERROR_TARGET_DEAD, "mistake %u", which);
		cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
		client_close(&client);
	}
}
