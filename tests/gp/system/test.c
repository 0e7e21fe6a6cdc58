/*
 * The system pseudo TA, from a TA in a sandbox.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "services/ta_key.h"
#include "system/commands.h"

static const TEEC_UUID ta = UUID_SYSTEM;
static const TEEC_UUID other_ta = UUID_OTHER_SYSTEM;
static const TEEC_UUID system_ta = {
	0x3a2f8978, 0x5dc0, 0x11e8, { 0x9c, 0x2d, 0xfa, 0x7a, 0xe0, 0x1b, 0xbe, 0xbc }
};

static struct client client;

TestSuite(system_ta, .init = fixture_start, .fini = fixture_stop);

static TEEC_Result key_of(const TEEC_UUID *of, uint32_t command, const void *extra,
			  size_t extra_size, uint8_t key[64], uint32_t size)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT,
								    TEEC_MEMREF_TEMP_OUTPUT,
								    TEEC_VALUE_INPUT, 0) };
	TEEC_Result result;

	client_open(&client, of);
	memset(key, 0, 64);
	operation.params[0].tmpref.buffer = (void *)extra;
	operation.params[0].tmpref.size = extra_size;
	operation.params[1].tmpref.buffer = key;
	operation.params[1].tmpref.size = 64;
	operation.params[2].value.a = size;
	result = client_invoke(&client, command, &operation);
	client_close(&client);
	return result;
}

static void key_get(const TEEC_UUID *of, const char *extra, uint8_t key[64], uint32_t size)
{
	cr_assert_eq(key_of(of, CMD_UNIQUE_KEY, extra, strlen(extra), key, size), TEEC_SUCCESS);
}

Test(system_ta, unique_keys_depend_on_device_ta_data_and_size)
{
	uint8_t key[64], again[64];

	key_get(&ta, "extra", key, 32);
	cr_expect_neq(memcmp(key, "\0\0\0\0\0\0\0\0", 8), 0);
	key_get(&ta, "extra", again, 32);
	cr_expect_arr_eq(key, again, 64);
	fixture_restart(SIGTERM, NULL);
	key_get(&ta, "extra", again, 32);
	cr_expect_arr_eq(key, again, 64, "it outlives the device's daemon");

	key_get(&ta, "extrb", again, 32);
	cr_expect_neq(memcmp(key, again, 16), 0);
	key_get(&ta, "", again, 32);
	cr_expect_neq(memcmp(key, again, 16), 0);
	key_get(&other_ta, "extra", again, 32);
	cr_expect_neq(memcmp(key, again, 16), 0);
	key_get(&ta, "extra", again, 16);
	cr_expect_neq(memcmp(key, again, 16), 0);
	cr_expect_eq(again[16], 0);
}

Test(system_ta, unique_keys_of_another_device_are_others)
{
	static const char *const elsewhere[] = { "--device=elsewhere", NULL };
	uint8_t key[64], other[64];

	key_get(&ta, "extra", key, 32);
	fixture_restart(SIGTERM, elsewhere);
	setenv("TEESIM_DEVICE", "elsewhere", 1);
	key_get(&ta, "extra", other, 32);
	cr_expect_neq(memcmp(key, other, 16), 0);
}

Test(system_ta, unique_key_into_shared_memory_is_a_security_error)
{
	uint8_t key[64];

	cr_expect_eq(key_of(&ta, CMD_UNIQUE_KEY_SHARED, "extra", 5, key, 32), TEEC_ERROR_SECURITY);
	for (unsigned int i = 0; i < 64; i++)
		cr_expect_eq(key[i], 0);
}

Test(system_ta, sizes_of_unique_keys_and_of_extra_data_are_bounded)
{
	uint8_t key[64], extra[1025] = { 0 };

	cr_expect_eq(key_of(&ta, CMD_UNIQUE_KEY, extra, 1024, key, 32), TEEC_SUCCESS);
	cr_expect_eq(key_of(&ta, CMD_UNIQUE_KEY, extra, 1025, key, 32), TEEC_ERROR_BAD_PARAMETERS);
	cr_expect_eq(key_of(&ta, CMD_UNIQUE_KEY, extra, 5, key, 15), TEEC_ERROR_BAD_PARAMETERS);
	cr_expect_eq(key_of(&ta, CMD_UNIQUE_KEY, extra, 5, key, 33), TEEC_ERROR_BAD_PARAMETERS);
	cr_expect_eq(key_of(&ta, CMD_UNIQUE_KEY, NULL, 0, key, 16), TEEC_SUCCESS);
}

static uint32_t number_of(uint32_t command)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };

	client_open(&client, &ta);
	cr_assert_eq(client_invoke(&client, command, &operation), TEEC_SUCCESS);
	client_close(&client);
	return operation.params[0].value.a;
}

Test(system_ta, maps_memory_and_takes_entropy)
{
	const uint32_t line = number_of(CMD_PROCESS);

	cr_expect_eq(line, 0, "system/ta.c:%u", line);
}

Test(system_ta, has_many_sessions_but_not_any_number)
{
	cr_expect_geq(number_of(CMD_SESSIONS), 100);
	cr_expect_lt(number_of(CMD_SESSIONS), 1000);
}

static TEEC_Result any(uint32_t command)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };
	TEEC_Result result;

	client_open(&client, &ta);
	operation.params[0].value.a = command;
	result = client_invoke(&client, CMD_ANY, &operation);
	client_close(&client);
	return result;
}

Test(system_ta, commands_are_checked)
{
	static const uint32_t with_parameters[] = { 0, 1, 2, 3, 10, 11, 13 };
	/* Those of the loader on a board, and the measurements of its boot. */
	static const uint32_t refused[] = { 4, 5, 6, 7, 8, 9, 12 };

	for (size_t i = 0; i < sizeof(with_parameters) / sizeof(with_parameters[0]); i++)
		cr_expect_eq(any(with_parameters[i]), TEEC_ERROR_BAD_PARAMETERS, "command %u",
			     with_parameters[i]);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		cr_expect_eq(any(refused[i]), TEEC_ERROR_NOT_SUPPORTED, "command %u", refused[i]);
	cr_expect_eq(any(99), TEEC_ERROR_NOT_IMPLEMENTED);
}

Test(system_ta, is_for_tas_alone)
{
	static const TEEC_UUID keys = TA_KEY_UUID;

	cr_expect_eq(client_try_open(&client, &system_ta, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(client_try_open(&client, &keys, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_ACCESS_DENIED);
}
