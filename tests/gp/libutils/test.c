/*
 * What published TAs expect of the C library and its extensions, in a real sandbox.
 */
#include "fixture.h"

#include <criterion/criterion.h>

#include "libutils/commands.h"

static const TEEC_UUID libutils = UUID_LIBUTILS;

static struct client client;

static void start(void)
{
	fixture_start();
	client_open(&client, &libutils);
}

static void stop(void)
{
	client_close(&client);
	fixture_stop();
}

TestSuite(libutils, .init = start, .fini = stop);

static TEEC_Result ask(uint32_t command, uint32_t *value)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };
	TEEC_Result result;

	operation.params[0].value.a = *value;
	result = client_invoke(&client, command, &operation);
	*value = operation.params[0].value.a;
	return result;
}

static void expect_right(uint32_t command)
{
	uint32_t line = 0;

	cr_assert_eq(ask(command, &line), TEEC_SUCCESS);
	cr_expect_eq(line, 0, "libutils/ta.c:%u", line);
}

Test(libutils, strings_and_characters)
{
	expect_right(CMD_STRINGS);
}

Test(libutils, numbers_sorting_and_atomics)
{
	expect_right(CMD_NUMBERS);
}

Test(libutils, queues_and_bit_strings)
{
	expect_right(CMD_CONTAINERS);
}

Test(libutils, memory)
{
	expect_right(CMD_MEMORY);
}

Test(libutils, mutexes_and_setjmp)
{
	expect_right(CMD_LOCKS_AND_JUMPS);
}

Test(libutils, trace_is_written_up_to_the_level_that_is_set)
{
	uint32_t level = 2;

	cr_assert_eq(ask(CMD_TRACE, &level), TEEC_SUCCESS);
	cr_expect(fixture_log_has("level 2 was set"));
	cr_expect(fixture_log_has("word of level 1"));
	cr_expect(fixture_log_has("word of level 2"));
	cr_expect(fixture_log_lacks("word of level 3"));
	cr_expect(fixture_log_lacks("ca fe"));
	level = 4;
	cr_assert_eq(ask(CMD_TRACE, &level), TEEC_SUCCESS);
	cr_expect(fixture_log_has("level 4 was set"));
	cr_expect(fixture_log_has("word of level 3"));
	cr_expect(fixture_log_has("word of level 4"));
	cr_expect(fixture_log_has("ca fe 4f 4b"));
}

Test(libutils, what_is_printed_is_in_the_log)
{
	uint32_t nothing = 0;

	cr_assert_eq(ask(CMD_OUTPUT, &nothing), TEEC_SUCCESS);
	cr_expect(fixture_log_has("by printf\n"));
	cr_expect(fixture_log_has("by puts\n"));
	cr_expect(fixture_log_has("by fputs\n"));
	cr_expect(fixture_log_has("by fwrite\n"));
	cr_expect(fixture_log_has(": c\n"));
	cr_expect(fixture_log_has("by fprintf\n"));
	cr_expect(fixture_log_has("by write\n"));
}

Test(libutils, a_false_assertion_ends_the_instance)
{
	uint32_t nothing = 0;

	cr_expect_eq(ask(CMD_ASSERT, &nothing), TEEC_ERROR_TARGET_DEAD);
	cr_expect(fixture_log_has("this is so"));
}
