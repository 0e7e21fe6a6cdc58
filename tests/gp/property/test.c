/*
 * Internal Core API 4.4 to 4.7, in a sandbox: the properties that a TA finds.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static const TEEC_UUID ta = UUID_PROPERTY;

static struct client client;
static char text[8192];

TestSuite(property, .init = fixture_start, .fini = fixture_stop);

static const char *properties_of(uint32_t set)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_VALUE_INPUT, TEEC_MEMREF_TEMP_OUTPUT, 0, 0) };

	client_open(&client, &ta);
	operation.params[0].value.a = set;
	operation.params[1].tmpref.buffer = text;
	operation.params[1].tmpref.size = sizeof(text);
	cr_assert_eq(client_invoke(&client, 1, &operation), TEEC_SUCCESS);
	client_close(&client);
	return text;
}

Test(property, ta_has_the_standard_ones_and_its_own)
{
	cr_expect_str_eq(properties_of(0),
			 "gpd.ta.appID=5f0e2f4a-54a5-4c7c-9b84-6c8f86f3a401\n"
			 "gpd.ta.singleInstance=true\n"
			 "gpd.ta.multiSession=true\n"
			 "gpd.ta.instanceKeepAlive=false\n"
			 "optee.ta.instanceKeepCrashed=false\n"
			 "gpd.ta.dataSize=32768\n"
			 "gpd.ta.stackSize=2048\n"
			 "gpd.ta.version=1.2\n"
			 "gpd.ta.description=A TA of the tests\n"
			 "gpd.ta.endian=0\n"
			 "gpd.ta.doesNotCloseHandleOnCorruptObject=false\n"
			 "org.example.bool=true\n"
			 "org.example.u32=42\n"
			 "org.example.u64=1099511627776\n"
			 "org.example.uuid=00000001-0002-0003-0400-000000000000\n"
			 "org.example.identity=1:00000002-0003-0004-0500-000000000000\n"
			 "org.example.text=some text\n"
			 "org.example.block=SGVsbG8gd29ybGQh\n");
}

Test(property, client_is_who_logged_in)
{
	cr_expect_str_eq(properties_of(1),
			 "gpd.client.identity=0:00000000-0000-0000-0000-000000000000\n"
			 "gpd.client.endian=0\n");
}

Test(property, implementation_says_what_it_is)
{
	static const char *const lines[] = {
		"gpd.tee.apiversion=GPD-1.3.1\n",
		"gpd.tee.description=teesim",
		"gpd.tee.deviceID=",
		"gpd.tee.internalCore.version=16974080\n",
		"gpd.tee.systemTime.protectionLevel=100\n",
		"gpd.tee.trustedos.manufacturer=teesim\n",
	};
	const char *found = properties_of(2);

	cr_expect_null(strstr(found, "gpd.tee.deviceID=00000000-"), "the device has no identity");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect(strstr(found, lines[i]), "%s is not in:\n%s", lines[i], found);
}

Test(property, nobody_is_the_client_while_an_instance_is_created)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };

	client_open(&client, &ta);
	cr_assert_eq(client_invoke(&client, 2, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[0].value.a, TEEC_ERROR_ITEM_NOT_FOUND);
	client_close(&client);
}

Test(property, getters_give_values_and_exact_errors)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };

	client_open(&client, &ta);
	cr_assert_eq(client_invoke(&client, 3, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[0].value.a, 0, "property/ta.c:%u",
		     operation.params[0].value.a);
	client_close(&client);
}

Test(property, mistakes_panic)
{
	for (uint32_t which = 1; which <= 7; which++) {
		TEEC_Operation operation = { .paramTypes =
						     TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

		client_open(&client, &ta);
		operation.params[0].value.a = which;
		cr_expect_eq(client_invoke(&client, 4, &operation), TEEC_ERROR_TARGET_DEAD,
			     "mistake %u", which);
		client_close(&client);
	}
}
