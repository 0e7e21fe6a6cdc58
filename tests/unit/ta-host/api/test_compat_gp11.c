/*
 * The 1.1 forms of the API: lengths of 32 bits, otherwise as the functions they stand for.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>
#include <tee_api.h>
#include <tee_api_compat.h>
#include <user_ta_header.h>

#include "runtime_double.h"

static const struct user_ta_property properties[] = {
	{ "ext.text", USER_TA_PROP_TYPE_STRING, "hello" },
	{ "ext.block", USER_TA_PROP_TYPE_BINARY_BLOCK, "Zm9v" },
};

static void init(void)
{
	runtime_double_reset();
	runtime.property = properties;
	runtime.properties = 2;
}

TestSuite(compat_gp11, .init = init);

Test(compat_gp11, lengths_come_back_and_their_neighbours_stay)
{
	struct {
		uint32_t length;
		uint32_t neighbour;
	} out = { 3, 0xA5A5A5A5 };
	TEE_PropSetHandle enumerator;
	char buffer[16];

	cr_expect_eq(__GP11_TEE_GetPropertyAsString(TEE_PROPSET_CURRENT_TA, "ext.text", buffer,
						    &out.length),
		     TEE_ERROR_SHORT_BUFFER);
	cr_expect_eq(out.length, 6);
	cr_expect_eq(__GP11_TEE_GetPropertyAsString(TEE_PROPSET_CURRENT_TA, "ext.text", buffer,
						    &out.length),
		     TEE_SUCCESS);
	cr_expect_str_eq(buffer, "hello");
	out.length = sizeof(buffer);
	cr_expect_eq(__GP11_TEE_GetPropertyAsBinaryBlock(TEE_PROPSET_CURRENT_TA, "ext.block",
							 buffer, &out.length),
		     TEE_SUCCESS);
	cr_expect_eq(out.length, 3);
	cr_expect_eq(TEE_AllocatePropertyEnumerator(&enumerator), TEE_SUCCESS);
	TEE_StartPropertyEnumerator(enumerator, TEE_PROPSET_CURRENT_TA);
	out.length = sizeof(buffer);
	cr_expect_eq(__GP11_TEE_GetPropertyName(enumerator, buffer, &out.length), TEE_SUCCESS);
	cr_expect_str_eq(buffer, "gpd.ta.appID");
	cr_expect_eq(out.length, 13);
	cr_expect_eq(out.neighbour, 0xA5A5A5A5);
	TEE_FreePropertyEnumerator(enumerator);
}

Test(compat_gp11, memory_functions_work)
{
	char *block = __GP11_TEE_Malloc(8, TEE_MALLOC_FILL_ZERO);
	uint8_t random[8] = { 0 };

	cr_assert(block);
	__GP11_TEE_MemFill(block, 'x', 8);
	block = __GP11_TEE_Realloc(block, 16);
	cr_assert(block);
	cr_expect_eq(__GP11_TEE_MemCompare(block, "xxxxxxxx", 8), 0);
	__GP11_TEE_MemMove(block, "yyyy", 4);
	cr_expect_eq(memcmp(block, "yyyyxxxx\0\0\0\0\0\0\0", 16), 0);
	TEE_Free(block);
	__GP11_TEE_GenerateRandom(random, sizeof(random));
	cr_expect_neq(memcmp(random, "\0\0\0\0\0\0\0", 8), 0);
	cr_expect_eq(__GP11_TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ, random, 8),
		     TEE_SUCCESS);
}

Test(compat_gp11, attributes_have_the_old_layout)
{
	struct {
		__GP11_TEE_Attribute attribute;
		uint64_t neighbour;
	} out = { .neighbour = 77 };

	__GP11_TEE_InitRefAttribute(&out.attribute, TEE_ATTR_SECRET_VALUE, &out, 5);
	cr_expect_eq(out.attribute.content.ref.buffer, &out);
	cr_expect_eq(out.attribute.content.ref.length, 5);
	__GP11_TEE_InitValueAttribute(&out.attribute, TEE_ATTR_ECC_CURVE, 6, 7);
	cr_expect_eq(out.attribute.content.value.a, 6);
	cr_expect_eq(out.attribute.content.value.b, 7);
	cr_expect_eq(out.neighbour, 77);
}

static void free_null_operation(void)
{
	__GP11_TEE_FreeOperation(TEE_HANDLE_NULL);
}

static void attribute_to_null(void)
{
	__GP11_TEE_InitRefAttribute(NULL, TEE_ATTR_SECRET_VALUE, NULL, 0);
}

static void list_at_null(void)
{
	(void)__GP11_TEE_PopulateTransientObject(TEE_HANDLE_NULL, NULL, 2);
}

Test(compat_gp11, programmer_errors_panic)
{
	cr_expect(runtime_double_panics(free_null_operation));
	cr_expect(runtime_double_panics(attribute_to_null));
	cr_expect(runtime_double_panics(list_at_null));
	TEE_FreeOperation(TEE_HANDLE_NULL);
}

Test(compat_gp11, session_parameters_of_another_ta_are_left_alone_when_nothing_ran)
{
	__GP11_TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	TEE_TASessionHandle session = TEE_HANDLE_NULL;
	const TEE_UUID uuid = { 0 };
	uint32_t origin = 0;

	params[0].memref.buffer = &params;
	params[0].memref.size = 9;
	params[1].value.b = 8;
	cr_expect_eq(__GP11_TEE_OpenTASession(&uuid, TEE_TIMEOUT_INFINITE,
					      TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INOUT,
							      TEE_PARAM_TYPE_VALUE_INOUT, 0, 0),
					      params, &session, &origin),
		     TEE_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(params[0].memref.buffer, &params);
	cr_expect_eq(params[0].memref.size, 9);
	cr_expect_eq(params[1].value.b, 8);
}
