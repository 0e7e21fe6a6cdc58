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
	static const char *const reasons[] = {
		"TEE_Free: buffer is no allocation of TEE_Malloc, or was freed before",
		"TEE_Realloc: buffer is no allocation of TEE_Malloc, or was freed",
		"TEE_MemMove: dest or src is NULL",
		"TEE_MemFill: buffer is NULL",
		"TEE_MemCompare: buffer1 or buffer2 is NULL",
	};

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
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		cr_expect(fixture_log_has(reasons[i]));
}

/* In the open session; parameters 1 to 3 are shared memory. */
static void expect_shared_rights(uint32_t command, TEEC_Operation *operation)
{
	cr_assert_eq(client_invoke(&client, command, operation), TEEC_SUCCESS);
	cr_expect_eq(operation->params[0].value.a, 0, "memory/ta.c:%u",
		     operation->params[0].value.a);
}

Test(memory, what_a_client_shares_is_not_the_tas_own)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_VALUE_OUTPUT, TEEC_MEMREF_TEMP_INPUT,
					     TEEC_MEMREF_TEMP_OUTPUT, TEEC_MEMREF_TEMP_INOUT) };
	char octets[3][5000];

	client_open(&client, &ta);
	for (unsigned int i = 0; i < 3; i++) {
		operation.params[i + 1].tmpref.buffer = octets[i];
		operation.params[i + 1].tmpref.size = sizeof(octets[i]);
	}
	expect_shared_rights(CMD_SHARED_RIGHTS, &operation);
	client_close(&client);
}

Test(memory, neither_are_shared_blocks)
{
	static const uint32_t flags[] = { TEEC_MEM_INPUT, TEEC_MEM_OUTPUT,
					  TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_VALUE_OUTPUT, TEEC_MEMREF_WHOLE,
					     TEEC_MEMREF_WHOLE, TEEC_MEMREF_WHOLE) };
	TEEC_SharedMemory block[3];

	client_open(&client, &ta);
	for (unsigned int i = 0; i < 3; i++) {
		block[i] = (TEEC_SharedMemory) { .size = 5000, .flags = flags[i] };
		cr_assert_eq(TEEC_AllocateSharedMemory(&client.context, &block[i]), TEEC_SUCCESS);
		operation.params[i + 1].memref.parent = &block[i];
	}
	expect_shared_rights(CMD_SHARED_BLOCK_RIGHTS, &operation);
	for (unsigned int i = 0; i < 3; i++)
		TEEC_ReleaseSharedMemory(&block[i]);
	client_close(&client);
}

static void start_strict(void)
{
	static const char *const arguments[] = { "--strict-memory", NULL };

	fixture_start_with(arguments);
}

TestSuite(strict_memory, .init = start_strict, .fini = fixture_stop);

Test(strict_memory, heap_ends_where_data_size_says)
{
	expect_all_right(CMD_STRICT_HEAP);
}

static TEEC_Result use_stack(uint32_t size)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

	operation.params[0].value.a = size;
	return client_invoke(&client, CMD_USE_STACK, &operation);
}

Test(strict_memory, stack_ends_near_where_stack_size_says)
{
	client_open(&client, &ta);
	cr_expect_eq(use_stack(2048), TEEC_SUCCESS);
	cr_expect_eq(use_stack(64 * 1024), TEEC_ERROR_TARGET_DEAD);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
	client_close(&client);
	cr_expect(fixture_log_has("stack overflow"));
}

Test(strict_memory, sizes_are_reported_as_declared)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };

	client_open(&client, &ta);
	cr_assert_eq(client_invoke(&client, CMD_SIZES, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[0].value.a, 32 * 1024);
	cr_expect_eq(operation.params[0].value.b, 2 * 1024);
	client_close(&client);
}

Test(memory, both_are_generous_otherwise)
{
	client_open(&client, &ta);
	cr_expect_eq(use_stack(64 * 1024), TEEC_SUCCESS);
	cr_expect_eq(use_stack(4 << 20), TEEC_SUCCESS);
	cr_expect_eq(use_stack(64 << 20), TEEC_ERROR_TARGET_DEAD);
	client_close(&client);
	cr_expect(fixture_log_has("stack overflow"));
}

static TEEC_Result cache(const TEEC_UUID *of, uint32_t nowhere)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };
	TEEC_Result result;

	client_open(&client, of);
	operation.params[0].value.a = nowhere;
	result = client_invoke(&client, CMD_CACHE, &operation);
	client_close(&client);
	return result;
}

Test(memory, caches_are_maintained_for_tas_with_the_flag)
{
	static const TEEC_UUID flagged = UUID_CACHE_MEMORY;

	cr_expect_eq(cache(&flagged, 0), TEEC_SUCCESS);
	cr_expect_eq(cache(&flagged, 1), TEEC_ERROR_ACCESS_DENIED);
	cr_expect_eq(cache(&ta, 0), TEEC_ERROR_NOT_SUPPORTED);
}
