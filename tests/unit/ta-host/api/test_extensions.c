/*
 * <tee_internal_api_extensions.h>, and attributes, which need no object.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>
#include <tee_api.h>
#include <tee_internal_api_extensions.h>

#include "plugins/plugin_service.h"
#include "runtime_double.h"

TestSuite(extensions, .init = runtime_double_reset);
TestSuite(attributes, .init = runtime_double_reset);

Test(extensions, uuid_is_parsed_from_text)
{
	static const TEE_UUID expected = {
		0x8aaaf200, 0x2450, 0x11e4, { 0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b }
	};
	TEE_UUID uuid = { 0 };

	cr_expect_eq(tee_uuid_from_str(&uuid, "8AAAF200-2450-11e4-abe2-0002a5d5c51b"), TEE_SUCCESS);
	cr_expect_eq(memcmp(&uuid, &expected, sizeof(uuid)), 0);
}

Test(extensions, anything_else_is_no_uuid)
{
	static const char *const texts[] = {
		"",
		"8aaaf200",
		"8aaaf200-2450-11e4-abe2-0002a5d5c51",	 /* too short */
		"8aaaf200-2450-11e4-abe2-0002a5d5c51b0", /* too long */
		"8aaaf200-2450-11e4-abe2-0002a5d5c51g",	 /* no digit */
		"8aaaf200x2450-11e4-abe2-0002a5d5c51b",	 /* no dash */
		"{8aaaf200-2450-11e4-abe2-0002a5d5c51b}",
	};
	TEE_UUID uuid = { .timeLow = 77 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_expect_eq(tee_uuid_from_str(&uuid, texts[i]), TEE_ERROR_BAD_FORMAT, "%s",
			     texts[i]);
		cr_expect_eq(uuid.timeLow, 77);
	}
}

Test(extensions, caches_are_for_tas_with_the_flag)
{
	char octets[16];

	cr_expect_eq(TEE_CacheClean(octets, sizeof(octets)), TEE_ERROR_NOT_SUPPORTED);
	runtime.flags = TA_FLAG_CACHE_MAINTENANCE;
	cr_expect_eq(TEE_CacheClean(octets, sizeof(octets)), TEE_SUCCESS);
	cr_expect_eq(TEE_CacheFlush(octets, sizeof(octets)), TEE_SUCCESS);
	cr_expect_eq(TEE_CacheInvalidate(octets, sizeof(octets)), TEE_SUCCESS);
	runtime_double.mapped = false;
	cr_expect_eq(TEE_CacheFlush(octets, sizeof(octets)), TEE_ERROR_ACCESS_DENIED);
}

Test(extensions, mapped_memory_is_zero_and_can_be_given_back_once)
{
	uint8_t *memory = tee_map_zi(5000, 0);

	cr_assert(memory);
	cr_expect_eq((uintptr_t)memory % 4096, 0);
	for (size_t i = 0; i < 5000; i++)
		cr_assert_eq(memory[i], 0);
	memory[4999] = 1;
	cr_expect_eq(tee_unmap(memory, 4096), TEE_ERROR_BAD_PARAMETERS, "not that length");
	cr_expect_eq(tee_unmap(memory + 4096, 5000), TEE_ERROR_BAD_PARAMETERS);
	cr_expect_eq(tee_unmap(memory, 5000), TEE_SUCCESS);
	cr_expect_eq(tee_unmap(memory, 5000), TEE_ERROR_BAD_PARAMETERS);
}

Test(extensions, mapping_can_have_an_address_and_pads)
{
	uint8_t *first = tee_map_zi_va(0, 4096, 8192, 4096, 0);
	uint8_t *second;

	cr_assert(first);
	first[0] = 1;
	cr_expect_eq(tee_unmap(first, 4096), TEE_SUCCESS);
	second = tee_map_zi_va((vaddr_t)first, 4096, 0, 0, TEE_MEMORY_ACCESS_ANY_OWNER);
	cr_assert(second);
	cr_expect_eq(second[0], 0);
	cr_expect_eq(tee_unmap(second, 4096), TEE_SUCCESS);
}

Test(extensions, impossible_mappings_are_null)
{
	cr_expect_null(tee_map_zi(0, 0));
	cr_expect_null(tee_map_zi(SIZE_MAX, 0));
	cr_expect_null(tee_map_zi(SIZE_MAX - 8192, 0));
	cr_expect_null(tee_map_zi(4096, 0x1));
	cr_expect_null(tee_map_zi_va(0x100001, 4096, 0, 0, 0));
}

Test(extensions, plugins_are_called_by_their_service)
{
	const TEE_UUID uuid = { .timeLow = 7 };
	char data[3] = "ab";
	size_t length = 5;

	runtime_double.service_result = TEE_ERROR_ITEM_NOT_FOUND;
	cr_expect_eq(tee_invoke_supp_plugin(&uuid, 8, 9, data, sizeof(data), &length),
		     TEE_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(length, 0);
	cr_expect_eq(runtime_double.service_command, PLUGIN_SERVICE_INVOKE);
	cr_expect_eq(runtime_double.service_params[0].memref.buffer, (void *)(uintptr_t)&uuid);
	cr_expect_eq(runtime_double.service_params[0].memref.size, sizeof(uuid));
	cr_expect_eq(runtime_double.service_params[1].value.a, 8);
	cr_expect_eq(runtime_double.service_params[1].value.b, 9);
	cr_expect_eq(runtime_double.service_params[2].memref.buffer, data);
	cr_expect_eq(runtime_double.service_params[2].memref.size, sizeof(data));
	runtime_double.service_result = TEE_SUCCESS;
	cr_expect_eq(tee_invoke_supp_plugin(&uuid, 8, 9, NULL, 0, NULL), TEE_SUCCESS);
}

Test(extensions, plugins_get_no_data_that_is_not_there)
{
	const TEE_UUID uuid = { .timeLow = 7 };
	char data[3] = "ab";

	cr_expect_eq(tee_invoke_supp_plugin(NULL, 0, 0, NULL, 0, NULL), TEE_ERROR_BAD_PARAMETERS);
	cr_expect_eq(tee_invoke_supp_plugin(&uuid, 0, 0, NULL, 1, NULL), TEE_ERROR_BAD_PARAMETERS);
	runtime_double.mapped = false;
	cr_expect_eq(tee_invoke_supp_plugin(&uuid, 0, 0, data, sizeof(data), NULL),
		     TEE_ERROR_ACCESS_DENIED);
	cr_expect_null(runtime_double.service);
}

Test(attributes, buffers_and_values_are_filled_in)
{
	TEE_Attribute attribute;
	char buffer[4] = "";

	TEE_InitRefAttribute(&attribute, TEE_ATTR_SECRET_VALUE, buffer, sizeof(buffer));
	cr_expect_eq(attribute.attributeID, TEE_ATTR_SECRET_VALUE);
	cr_expect_eq(attribute.content.ref.buffer, buffer);
	cr_expect_eq(attribute.content.ref.length, 4);
	TEE_InitValueAttribute(&attribute, TEE_ATTR_ECC_CURVE, 3, 4);
	cr_expect_eq(attribute.content.value.a, 3);
	cr_expect_eq(attribute.content.value.b, 4);
}

static void buffer_for_value(void)
{
	TEE_Attribute attribute;

	TEE_InitRefAttribute(&attribute, TEE_ATTR_ECC_CURVE, NULL, 0);
}

static void value_for_buffer(void)
{
	TEE_Attribute attribute;

	TEE_InitValueAttribute(&attribute, TEE_ATTR_SECRET_VALUE, 0, 0);
}

Test(attributes, identifier_of_the_other_kind_panics)
{
	cr_expect(runtime_double_panics(buffer_for_value));
	cr_expect(runtime_double_panics(value_for_buffer));
}
