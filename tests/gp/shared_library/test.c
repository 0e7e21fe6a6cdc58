/*
 * Shared libraries for TAs: those that a TA names and those that it opens, in real sandboxes.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared_library/commands.h"

static const TEEC_UUID library_user = UUID_LIBRARY_USER;

#define BOARD_FLAGS (RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE)

TestSuite(shared_library, .init = fixture_start, .fini = fixture_stop);

static struct client client;

static void expect_text(uint32_t command, const char *expected)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT,
								    TEEC_VALUE_OUTPUT, 0, 0) };
	char text[512] = "";

	operation.params[0].tmpref.buffer = text;
	operation.params[0].tmpref.size = sizeof(text);
	cr_assert_eq(client_invoke(&client, command, &operation), TEEC_SUCCESS);
	cr_expect(strstr(text, expected), "%s", text);
	if (!expected[0])
		cr_expect_str_eq(text, "");
}

static void expect_history(const char *expected)
{
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, 0, 0, 0) };
	char text[64];

	operation.params[0].tmpref.buffer = text;
	operation.params[0].tmpref.size = sizeof(text);
	cr_assert_eq(client_invoke(&client, CMD_HISTORY, &operation), TEEC_SUCCESS);
	cr_expect_str_eq(text, expected);
}

static uint32_t value_of(uint32_t command, uint32_t in)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };

	operation.params[0].value.a = in;
	cr_assert_eq(client_invoke(&client, command, &operation), TEEC_SUCCESS);
	return operation.params[0].value.a;
}

static TEEC_Result named(uint32_t command, const char *name, uint32_t a, uint32_t b, uint32_t *out)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT,
								    TEEC_VALUE_INPUT,
								    TEEC_VALUE_OUTPUT, 0) };
	TEEC_Result result;

	operation.params[0].tmpref.buffer = (void *)name;
	operation.params[0].tmpref.size = strlen(name) + 1;
	operation.params[1].value.a = a;
	operation.params[1].value.b = b;
	result = client_invoke(&client, command, &operation);
	*out = operation.params[2].value.a;
	return result;
}

Test(shared_library, ta_and_libraries_call_each_other)
{
	client_open(&client, &library_user);
	cr_expect_eq(value_of(CMD_COMPUTE, 5), 2012);
	client_close(&client);
}

Test(shared_library, constructors_run_dependencies_first_and_destructors_last)
{
	client_open(&client, &library_user);
	expect_history("IOTC");
	client_close(&client);
	cr_expect(fixture_log_has("left after IOTCDt"));
}

Test(shared_library, thread_local_variables_of_libraries_are_there)
{
	client_open(&client, &library_user);
	cr_expect_eq(value_of(CMD_COUNT, 0), 102);
	cr_expect_eq(value_of(CMD_COUNT, 0), 104);
	client_close(&client);
}

Test(shared_library, longjmp_out_of_a_library)
{
	client_open(&client, &library_user);
	cr_expect_eq(value_of(CMD_JUMP, 0), 72);
	client_close(&client);
}

Test(shared_library, dl_iterate_phdr_sees_ta_and_open_libraries_and_does_not_stop)
{
	uint32_t place;

	client_open(&client, &library_user);
	expect_text(CMD_OBJECTS, TEXT_LIBRARY_USER);
	expect_text(CMD_OBJECTS, TEXT_OUTER);
	expect_text(CMD_OBJECTS, TEXT_INNER);
	cr_assert_eq(named(CMD_OPEN, TEXT_OPENED, BOARD_FLAGS, 0, &place), TEEC_SUCCESS);
	expect_text(CMD_OBJECTS, TEXT_OPENED);
	client_close(&client);
}

static uint32_t objects_count(void)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT,
								    TEEC_VALUE_OUTPUT, 0, 0) };
	char text[512];

	operation.params[0].tmpref.buffer = text;
	operation.params[0].tmpref.size = sizeof(text);
	cr_assert_eq(client_invoke(&client, CMD_OBJECTS, &operation), TEEC_SUCCESS);
	return operation.params[1].value.a;
}

Test(shared_library, a_library_is_opened_by_its_uuid)
{
	uint32_t place, value;

	client_open(&client, &library_user);
	cr_expect_eq(objects_count(), 3);
	cr_assert_eq(named(CMD_OPEN, TEXT_OPENED, BOARD_FLAGS, 0, &place), TEEC_SUCCESS);
	/* With what it needs, which comes first. */
	expect_history("IOTCHP");
	cr_expect_eq(objects_count(), 5);
	cr_assert_eq(named(CMD_CALL, "opened", place, 0, &value), TEEC_SUCCESS);
	cr_expect_eq(value, 1034);
	/* In what it needs, too. */
	cr_assert_eq(named(CMD_CALL, "helper", place, 0, &value), TEEC_SUCCESS);
	cr_expect_eq(value, 4);
	cr_assert_eq(named(CMD_CALL, "opened_history", place, 0, &value), TEEC_SUCCESS);
	cr_expect_eq(value, 'I');
	cr_expect_eq(named(CMD_CALL, "no_such_symbol", place, 0, &value),
		     TEEC_ERROR_ITEM_NOT_FOUND);
	expect_text(CMD_ERROR, "no_such_symbol");
	expect_text(CMD_ERROR, "");
	client_close(&client);
}

static TEEC_Result by_system_ta(const char *uuid, const char *symbol, uint32_t *out)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT,
								    TEEC_MEMREF_TEMP_INPUT,
								    TEEC_VALUE_OUTPUT, 0) };
	TEEC_Result result;

	operation.params[0].tmpref.buffer = (void *)uuid;
	operation.params[0].tmpref.size = strlen(uuid) + 1;
	operation.params[1].tmpref.buffer = (void *)symbol;
	operation.params[1].tmpref.size = strlen(symbol) + 1;
	result = client_invoke(&client, CMD_SYSTEM, &operation);
	*out = operation.params[2].value.a;
	return result;
}

Test(shared_library, the_system_pseudo_ta_opens_libraries_too)
{
	uint32_t value;

	client_open(&client, &library_user);
	cr_expect_eq(by_system_ta(TEXT_OPENED, "opened", &value), TEEC_SUCCESS);
	cr_expect_eq(value, 1034);
	expect_history("IOTCHP");
	cr_expect_eq(by_system_ta(TEXT_OPENED, "absent", &value), TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(by_system_ta(TEXT_ABSENT, "opened", &value), TEEC_ERROR_ITEM_NOT_FOUND);
	client_close(&client);
}

Test(shared_library, constructors_of_an_opened_library_run_once)
{
	uint32_t first, second, value;

	client_open(&client, &library_user);
	cr_assert_eq(named(CMD_OPEN, TEXT_OPENED, BOARD_FLAGS, 0, &first), TEEC_SUCCESS);
	cr_assert_eq(named(CMD_OPEN, TEXT_OPENED, BOARD_FLAGS, 0, &second), TEEC_SUCCESS);
	expect_history("IOTCHP");
	cr_expect_eq(named(CMD_CLOSE, "", first, 0, &value), TEEC_SUCCESS);
	cr_assert_eq(named(CMD_CALL, "opened", second, 0, &value), TEEC_SUCCESS);
	cr_expect_eq(value, 1034);
	cr_expect_eq(named(CMD_CLOSE, "", second, 0, &value), TEEC_SUCCESS);
	/* Both handles are gone; the library stays. */
	cr_expect_eq(named(CMD_CALL, "opened", second, 0, &value), TEEC_ERROR_ITEM_NOT_FOUND);
	expect_text(CMD_ERROR, "not a handle");
	cr_expect_eq(named(CMD_CLOSE, "", second, 0, &value), TEEC_ERROR_BAD_STATE);
	cr_assert_eq(named(CMD_OPEN, TEXT_OPENED, BOARD_FLAGS, 0, &first), TEEC_SUCCESS);
	expect_history("IOTCHP");
	client_close(&client);
	cr_expect(fixture_log_has("left after IOTCHPDpt"));
}

Test(shared_library, noload_opens_only_what_is_open)
{
	uint32_t place;

	client_open(&client, &library_user);
	cr_expect_eq(named(CMD_OPEN, TEXT_OPENED, RTLD_NOW | RTLD_NOLOAD, 0, &place),
		     TEEC_ERROR_ITEM_NOT_FOUND);
	expect_history("IOTC");
	cr_expect_eq(named(CMD_OPEN, TEXT_INNER, RTLD_NOW | RTLD_NOLOAD, 0, &place), TEEC_SUCCESS);
	cr_assert_eq(named(CMD_OPEN, TEXT_OPENED, BOARD_FLAGS, 0, &place), TEEC_SUCCESS);
	cr_expect_eq(named(CMD_OPEN, TEXT_OPENED, RTLD_NOW | RTLD_NOLOAD, 0, &place), TEEC_SUCCESS);
	client_close(&client);
}

Test(shared_library, handle_of_everything_finds_what_is_open)
{
	uint32_t all, place, value;

	client_open(&client, &library_user);
	cr_assert_eq(named(CMD_OPEN, "", RTLD_NOW, OPEN_ALL, &all), TEEC_SUCCESS);
	cr_expect_eq(named(CMD_CALL, "inner_count", all, 0, &value), TEEC_SUCCESS);
	cr_expect_eq(value, 1);
	cr_expect_eq(named(CMD_CALL, "opened", all, 0, &value), TEEC_ERROR_ITEM_NOT_FOUND);
	cr_assert_eq(named(CMD_OPEN, TEXT_OPENED, BOARD_FLAGS, 0, &place), TEEC_SUCCESS);
	cr_expect_eq(named(CMD_CALL, "opened", all, 0, &value), TEEC_SUCCESS);
	cr_expect_eq(value, 1034);
	client_close(&client);
}

Test(shared_library, what_cannot_be_opened_is_told)
{
	uint32_t place;

	client_open(&client, &library_user);
	cr_expect_eq(named(CMD_OPEN, "libm.so.6", BOARD_FLAGS, 0, &place),
		     TEEC_ERROR_ITEM_NOT_FOUND);
	expect_text(CMD_ERROR, "by its UUID");
	cr_expect_eq(named(CMD_OPEN, TEXT_ABSENT, BOARD_FLAGS, 0, &place),
		     TEEC_ERROR_ITEM_NOT_FOUND);
	expect_text(CMD_ERROR, "no such library");
	/* A TA is none. */
	cr_expect_eq(named(CMD_OPEN, TEXT_LIBRARY_USER, BOARD_FLAGS, 0, &place),
		     TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(named(CMD_OPEN, TEXT_LACKING, BOARD_FLAGS, 0, &place),
		     TEEC_ERROR_ITEM_NOT_FOUND);
	expect_text(CMD_ERROR, "nobody_has_this");
	expect_history("IOTC");
	client_close(&client);
}

Test(shared_library, a_crash_in_a_library_is_told_with_its_functions)
{
	client_open(&client, &library_user);
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

	cr_expect_eq(client_invoke(&client, CMD_DIE, &operation), TEEC_ERROR_TARGET_DEAD);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
	cr_expect(fixture_log_has("die_here"));
	cr_expect(fixture_log_has("TA_InvokeCommandEntryPoint"));
	client_close(&client);
}

Test(shared_library, a_panic_in_a_library_is_the_tas)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

	client_open(&client, &library_user);
	operation.params[0].value.a = 1;
	cr_expect_eq(client_invoke(&client, CMD_DIE, &operation), TEEC_ERROR_TARGET_DEAD);
	cr_expect(fixture_log_has("panic 0x51"));
	cr_expect(fixture_log_has("inner_die"));
	client_close(&client);
}

static void copy(const char *from, const char *directory, const char *uuid)
{
	char command[1024];

	snprintf(command, sizeof(command), "cp '%s/%s.ta' '%s/'", from, uuid, directory);
	cr_assert_eq(system(command), 0);
}

/* What a TA needs and nobody has, or is damaged, is told before anything runs. */
Test(shared_library, a_ta_without_its_libraries_is_refused)
{
	char directory[] = "/tmp/teesim-libs.XXXXXX", file[128];
	struct client other;
	FILE *damaged;

	cr_assert(mkdtemp(directory));
	copy(TA_DIRECTORY, directory, TEXT_LIBRARY_USER);
	copy(TA_DIRECTORY, directory, TEXT_OUTER);
	setenv("TEESIM_TA_PATH", directory, 1);
	cr_expect_eq(client_try_open(&other, &library_user, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect(fixture_log_has("a library that it needs: no library " TEXT_INNER));
	snprintf(file, sizeof(file), "%s/%s.ta", directory, TEXT_INNER);
	damaged = fopen(file, "w");
	cr_assert(damaged);
	fputs("\177ELF", damaged);
	fclose(damaged);
	cr_expect_eq(client_try_open(&other, &library_user, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_BAD_FORMAT);
	copy(TA_DIRECTORY, directory, TEXT_INNER);
	cr_expect_eq(client_try_open(&other, &library_user, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_SUCCESS);
	client_close(&other);
	unlink(file);
	snprintf(file, sizeof(file), "%s/%s.ta", directory, TEXT_OUTER);
	unlink(file);
	snprintf(file, sizeof(file), "%s/%s.ta", directory, TEXT_LIBRARY_USER);
	unlink(file);
	cr_expect_eq(rmdir(directory), 0);
}

Test(shared_library, no_session_can_be_opened_in_a_library)
{
	static const TEEC_UUID uuid = UUID_INNER;
	struct client other;

	cr_expect_eq(client_try_open(&other, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_BAD_FORMAT);
	cr_expect(fixture_log_has("this is a shared library for TAs"));
}
