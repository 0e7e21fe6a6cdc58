/*
 * TAs in C++, in real sandboxes: what the language and its library need of the runtime.
 */
#include "fixture.h"

#include <criterion/criterion.h>

#include "cxx/commands.h"

static const TEEC_UUID cxx = UUID_CXX;

static struct client client;

static void start(void)
{
	fixture_start();
	client_open(&client, &cxx);
}

static void stop(void)
{
	client_close(&client);
	fixture_stop();
}

TestSuite(cxx, .init = start, .fini = stop);

static uint32_t value_of(uint32_t command, uint32_t in)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };

	operation.params[0].value.a = in;
	cr_assert_eq(client_invoke(&client, command, &operation), TEEC_SUCCESS);
	return operation.params[0].value.a;
}

Test(cxx, exceptions_unwind_and_run_destructors)
{
	cr_expect_eq(value_of(CMD_UNWIND, 5), 1706);
	cr_expect_eq(value_of(CMD_UNWIND, 40), 1741);
}

Test(cxx, exceptions_pass_through_a_library)
{
	cr_expect_eq(value_of(CMD_THROUGH_C, 30), 31);
}

Test(cxx, exceptions_of_a_library_are_caught_by_type)
{
	cr_expect_eq(value_of(CMD_FROM_LIBRARY, 12), 12);
}

Test(cxx, static_objects_live_as_long_as_the_instance)
{
	cr_expect_eq(value_of(CMD_LOCAL_STATIC, 0), 'Z');
	cr_expect_eq(value_of(CMD_LOCAL_STATIC, 0), 'Z');
	client_close(&client);
	cr_expect(fixture_log_has("left after ABZzba"));
	client_open(&client, &cxx);
}

Test(cxx, standard_library_and_thread_local_objects)
{
	cr_expect_eq(value_of(CMD_STANDARD, 21), 43);
	cr_expect_eq(value_of(CMD_STANDARD, 21), 44);
}

Test(cxx, types_are_told_apart_at_run_time)
{
	cr_expect_eq(value_of(CMD_CAST, 0), 1);
}

/* The sanitizers' allocator ends the process in its place. */
#ifndef TEESIM_SANITIZE
Test(cxx, memory_that_is_not_there_is_an_exception)
{
	cr_expect_eq(value_of(CMD_NO_MEMORY, UINT32_MAX), 7);
	cr_expect_eq(value_of(CMD_NO_MEMORY, 256), 256 * 1024);
}

static void start_strict(void)
{
	static const char *const arguments[] = { "--strict-memory", NULL };

	fixture_start_with(arguments);
	client_open(&client, &cxx);
}

TestSuite(cxx_strict_memory, .init = start_strict, .fini = stop);

Test(cxx_strict_memory, new_finds_no_more_than_data_size)
{
	/* TA_DATA_SIZE is 32 KiB. */
	cr_expect_eq(value_of(CMD_NO_MEMORY, 16), 16 * 1024);
	cr_expect_eq(value_of(CMD_NO_MEMORY, 33), 7);
	cr_expect_eq(value_of(CMD_NO_MEMORY, 16), 16 * 1024, "it was given back");
}
#endif

Test(cxx, an_exception_that_nobody_catches_ends_the_instance)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };

	cr_expect_eq(client_invoke(&client, CMD_UNCAUGHT, &operation), TEEC_ERROR_TARGET_DEAD);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
	cr_expect(fixture_log_has("thrower"));
}
