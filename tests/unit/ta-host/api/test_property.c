/*
 * Internal Core API 4.4: the three sets of properties, their getters and enumerators.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>
#include <tee_api.h>
#include <user_ta_header.h>

#include "runtime_double.h"

#define TA     TEE_PROPSET_CURRENT_TA
#define CLIENT TEE_PROPSET_CURRENT_CLIENT
#define TEE    TEE_PROPSET_TEE_IMPLEMENTATION

static const TEE_UUID some_uuid = {
	0x01234567, 0x89ab, 0xcdef, { 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 }
};
static const TEE_Identity some_identity = { .login = 7, .uuid = { .timeLow = 5 } };

static const struct user_ta_property properties[] = {
	{ "gpd.ta.singleInstance", USER_TA_PROP_TYPE_BOOL, &(const bool) { true } },
	{ "gpd.ta.dataSize", USER_TA_PROP_TYPE_U32, &(const uint32_t) { 4096 } },
	{ "ext.long", USER_TA_PROP_TYPE_U64, &(const uint64_t) { 0x123456789AULL } },
	{ "ext.short", USER_TA_PROP_TYPE_U64, &(const uint64_t) { 9 } },
	{ "ext.uuid", USER_TA_PROP_TYPE_UUID, &some_uuid },
	{ "ext.identity", USER_TA_PROP_TYPE_IDENTITY, &some_identity },
	{ "ext.text", USER_TA_PROP_TYPE_STRING, "hello" },
	{ "ext.empty", USER_TA_PROP_TYPE_STRING, "" },
	{ "ext.block", USER_TA_PROP_TYPE_BINARY_BLOCK, "SGVsbG8gd29ybGQh" },
	{ "ext.block.one", USER_TA_PROP_TYPE_BINARY_BLOCK, "/w==" },
	{ "ext.block.empty", USER_TA_PROP_TYPE_BINARY_BLOCK, "" },
	{ "ext.block.padding", USER_TA_PROP_TYPE_BINARY_BLOCK, "====" },
	{ "ext.block.noise", USER_TA_PROP_TYPE_BINARY_BLOCK, "-%@&" },
	{ "ext.block.cut", USER_TA_PROP_TYPE_BINARY_BLOCK, "SGVsb" },
	{ "text.true", USER_TA_PROP_TYPE_STRING, "True" },
	{ "text.false", USER_TA_PROP_TYPE_STRING, "FALSE" },
	{ "text.decimal", USER_TA_PROP_TYPE_STRING, "1_024" },
	{ "text.kilo", USER_TA_PROP_TYPE_STRING, "3K" },
	{ "text.mega", USER_TA_PROP_TYPE_STRING, "2M" },
	{ "text.hexadecimal", USER_TA_PROP_TYPE_STRING, "0xFfFF_ffff" },
	{ "text.binary", USER_TA_PROP_TYPE_STRING, "0b1010" },
	{ "text.wide", USER_TA_PROP_TYPE_STRING, "0x100000000" },
	{ "text.too.wide", USER_TA_PROP_TYPE_STRING, "0x10000000000000000" },
	{ "text.not.integer", USER_TA_PROP_TYPE_STRING, "12x" },
	{ "text.no.digits", USER_TA_PROP_TYPE_STRING, "0x" },
	{ "text.uuid", USER_TA_PROP_TYPE_STRING, "01234567-89AB-cdef-fedc-ba9876543210" },
	{ "text.uuid.long", USER_TA_PROP_TYPE_STRING, "01234567-89AB-cdef-fedc-ba98765432100" },
	{ "text.login", USER_TA_PROP_TYPE_STRING, "1" },
	{ "text.identity", USER_TA_PROP_TYPE_STRING, "2:01234567-89ab-cdef-fedc-ba9876543210" },
	/* Nobody can read these; they are passed over. */
	{ "odd.type", (enum user_ta_prop_type)77, "?" },
	{ "odd.value", USER_TA_PROP_TYPE_STRING, NULL },
	{ NULL, USER_TA_PROP_TYPE_STRING, "?" },
};

static void init(void)
{
	runtime_double_reset();
	runtime.uuid = some_uuid;
	runtime.client = (TEE_Identity) { .login = TEE_LOGIN_USER, .uuid = some_uuid };
	runtime.property = properties;
	runtime.properties = sizeof(properties) / sizeof(properties[0]);
}

TestSuite(property, .init = init);

static void expect_text(TEE_PropSetHandle set, const char *name, const char *text)
{
	char buffer[128];
	size_t length = sizeof(buffer);

	cr_expect_eq(TEE_GetPropertyAsString(set, name, buffer, &length), TEE_SUCCESS, "%s", name);
	cr_expect_str_eq(buffer, text, "%s", name);
	cr_expect_eq(length, strlen(text) + 1, "%s", name);
}

Test(property, every_type_reads_as_text)
{
	expect_text(TA, "gpd.ta.singleInstance", "true");
	expect_text(TA, "gpd.ta.dataSize", "4096");
	expect_text(TA, "ext.long", "78187493530");
	expect_text(TA, "ext.uuid", "01234567-89ab-cdef-fedc-ba9876543210");
	expect_text(TA, "ext.identity", "7:00000005-0000-0000-0000-000000000000");
	expect_text(TA, "ext.text", "hello");
	expect_text(TA, "ext.empty", "");
	expect_text(TA, "ext.block", "SGVsbG8gd29ybGQh");
	expect_text(TA, "gpd.ta.appID", "01234567-89ab-cdef-fedc-ba9876543210");
	expect_text(CLIENT, "gpd.client.identity", "1:01234567-89ab-cdef-fedc-ba9876543210");
	expect_text(TEE, "gpd.tee.internalCore.version", "16974080");
}

Test(property, text_that_does_not_fit_is_cut_and_its_length_told)
{
	char buffer[8];
	size_t length;

	for (size_t room = 1; room < 6; room++) {
		memset(buffer, 'x', sizeof(buffer));
		length = room;
		cr_expect_eq(TEE_GetPropertyAsString(TA, "ext.text", buffer, &length),
			     TEE_ERROR_SHORT_BUFFER);
		cr_expect_eq(length, 6);
		cr_expect_eq(strlen(buffer), room - 1);
		cr_expect_eq(strncmp(buffer, "hello", room - 1), 0);
		cr_expect_eq(buffer[room], 'x', "nothing is written past the room");
	}
	length = 0;
	cr_expect_eq(TEE_GetPropertyAsString(TA, "ext.text", NULL, &length),
		     TEE_ERROR_SHORT_BUFFER);
	cr_expect_eq(length, 6);
	length = 6;
	cr_expect_eq(TEE_GetPropertyAsString(TA, "ext.text", buffer, &length), TEE_SUCCESS);
}

Test(property, missing_is_item_not_found_for_every_getter)
{
	TEE_Identity identity;
	char buffer[8];
	size_t length = sizeof(buffer);
	TEE_UUID uuid;
	uint64_t u64;
	uint32_t u32;
	bool truth;

	cr_expect_eq(TEE_GetPropertyAsString(TA, "no", buffer, &length), TEE_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(TEE_GetPropertyAsBool(TA, "no", &truth), TEE_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(TEE_GetPropertyAsU32(TA, "no", &u32), TEE_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(TEE_GetPropertyAsU64(TA, "no", &u64), TEE_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(TEE_GetPropertyAsBinaryBlock(TA, "no", buffer, &length),
		     TEE_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(TEE_GetPropertyAsUUID(TA, "no", &uuid), TEE_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(TEE_GetPropertyAsIdentity(TA, "no", &identity), TEE_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(TEE_GetPropertyAsU32(TEE, "gpd.ta.dataSize", &u32), TEE_ERROR_ITEM_NOT_FOUND,
		     "it is in another set");
	cr_expect_eq(TEE_GetPropertyAsU32(TA, "odd.type", &u32), TEE_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(length, sizeof(buffer));
}

Test(property, wrong_type_is_bad_format)
{
	TEE_Identity identity;
	char buffer[8];
	size_t length = sizeof(buffer);
	TEE_UUID uuid;
	uint64_t u64;
	uint32_t u32;
	bool truth;

	cr_expect_eq(TEE_GetPropertyAsBool(TA, "gpd.ta.dataSize", &truth), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsBool(TA, "ext.text", &truth), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsU32(TA, "gpd.ta.singleInstance", &u32), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsU32(TA, "ext.block", &u32), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsU32(TA, "ext.long", &u32), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsU64(TA, "ext.uuid", &u64), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsUUID(TA, "ext.identity", &uuid), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsIdentity(TA, "ext.uuid", &identity), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsBinaryBlock(TA, "ext.text", buffer, &length),
		     TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsBinaryBlock(TA, "ext.block.cut", buffer, &length),
		     TEE_ERROR_BAD_FORMAT);
}

Test(property, integers_are_read_in_the_width_that_they_fit)
{
	uint64_t u64;
	uint32_t u32;

	cr_expect_eq(TEE_GetPropertyAsU64(TA, "ext.long", &u64), TEE_SUCCESS);
	cr_expect_eq(u64, 0x123456789AULL);
	cr_expect_eq(TEE_GetPropertyAsU64(TA, "gpd.ta.dataSize", &u64), TEE_SUCCESS);
	cr_expect_eq(u64, 4096);
	cr_expect_eq(TEE_GetPropertyAsU32(TA, "ext.short", &u32), TEE_SUCCESS);
	cr_expect_eq(u32, 9);
}

static void expect_text_as_u32(const char *name, uint32_t expected)
{
	uint32_t value = 1;

	cr_expect_eq(TEE_GetPropertyAsU32(TA, name, &value), TEE_SUCCESS, "%s", name);
	cr_expect_eq(value, expected, "%s", name);
}

Test(property, text_is_read_as_the_type_that_it_spells)
{
	TEE_Identity identity;
	TEE_UUID uuid;
	uint64_t u64;
	uint32_t u32;
	bool truth;

	cr_expect_eq(TEE_GetPropertyAsBool(TA, "text.true", &truth), TEE_SUCCESS);
	cr_expect(truth);
	cr_expect_eq(TEE_GetPropertyAsBool(TA, "text.false", &truth), TEE_SUCCESS);
	cr_expect_not(truth);
	expect_text_as_u32("text.decimal", 1024);
	expect_text_as_u32("text.kilo", 3072);
	expect_text_as_u32("text.mega", 2097152);
	expect_text_as_u32("text.hexadecimal", UINT32_MAX);
	expect_text_as_u32("text.binary", 10);
	cr_expect_eq(TEE_GetPropertyAsU32(TA, "text.wide", &u32), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsU64(TA, "text.wide", &u64), TEE_SUCCESS);
	cr_expect_eq(u64, 0x100000000ULL);
	cr_expect_eq(TEE_GetPropertyAsU64(TA, "text.too.wide", &u64), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsU32(TA, "text.not.integer", &u32), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsU32(TA, "text.no.digits", &u32), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsUUID(TA, "text.uuid", &uuid), TEE_SUCCESS);
	cr_expect_eq(memcmp(&uuid, &some_uuid, sizeof(uuid)), 0);
	cr_expect_eq(TEE_GetPropertyAsUUID(TA, "text.uuid.long", &uuid), TEE_ERROR_BAD_FORMAT);
	cr_expect_eq(TEE_GetPropertyAsIdentity(TA, "text.login", &identity), TEE_SUCCESS);
	cr_expect_eq(identity.login, 1);
	cr_expect_eq(identity.uuid.timeLow, 0);
	cr_expect_eq(TEE_GetPropertyAsIdentity(TA, "text.identity", &identity), TEE_SUCCESS);
	cr_expect_eq(identity.login, 2);
	cr_expect_eq(memcmp(&identity.uuid, &some_uuid, sizeof(some_uuid)), 0);
	cr_expect_eq(TEE_GetPropertyAsIdentity(TA, "text.decimal", &identity), TEE_SUCCESS);
	cr_expect_eq(TEE_GetPropertyAsIdentity(TA, "text.uuid", &identity), TEE_ERROR_BAD_FORMAT);
}

Test(property, blocks_are_decoded)
{
	uint8_t buffer[16] = { 0 };
	size_t length = sizeof(buffer);

	cr_expect_eq(TEE_GetPropertyAsBinaryBlock(TA, "ext.block", buffer, &length), TEE_SUCCESS);
	cr_expect_eq(length, 12);
	cr_expect_arr_eq(buffer, "Hello world!", 12);
	length = 1;
	cr_expect_eq(TEE_GetPropertyAsBinaryBlock(TA, "ext.block.one", buffer, &length),
		     TEE_SUCCESS);
	cr_expect_eq(length, 1);
	cr_expect_eq(buffer[0], 0xff);
}

Test(property, block_that_does_not_fit_tells_its_size)
{
	uint8_t buffer[16];
	size_t length = 0;

	cr_expect_eq(TEE_GetPropertyAsBinaryBlock(TA, "ext.block", NULL, &length),
		     TEE_ERROR_SHORT_BUFFER);
	cr_expect_eq(length, 12);
	length = 11;
	cr_expect_eq(TEE_GetPropertyAsBinaryBlock(TA, "ext.block", buffer, &length),
		     TEE_ERROR_SHORT_BUFFER);
	cr_expect_eq(length, 12);
}

Test(property, empty_blocks_need_no_room)
{
	static const char *const names[] = { "ext.block.empty", "ext.block.padding",
					     "ext.block.noise" };

	for (size_t i = 0; i < 3; i++) {
		size_t length = 0;

		cr_expect_eq(TEE_GetPropertyAsBinaryBlock(TA, names[i], NULL, &length), TEE_SUCCESS,
			     "%s", names[i]);
		cr_expect_eq(length, 0);
	}
}

Test(property, version_is_a_block_and_an_integer)
{
	static const char name[] = "gpd.tee.trustedos.implementation.binaryversion";
	uint8_t block[8];
	size_t length = sizeof(block);
	uint32_t number;

	cr_expect_eq(TEE_GetPropertyAsBinaryBlock(TEE, name, block, &length), TEE_SUCCESS);
	cr_expect_eq(length, 4);
	cr_expect_eq(TEE_GetPropertyAsU32(TEE, name, &number), TEE_SUCCESS);
	cr_expect_eq(number, (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 |
				     (uint32_t)block[2] << 8 | block[3]);
	cr_expect_neq(number, 0);
}

Test(property, client_is_who_the_operation_is_for)
{
	TEE_Identity identity;

	cr_expect_eq(TEE_GetPropertyAsIdentity(CLIENT, "gpd.client.identity", &identity),
		     TEE_SUCCESS);
	cr_expect_eq(identity.login, TEE_LOGIN_USER);
	cr_expect_eq(memcmp(&identity.uuid, &some_uuid, sizeof(some_uuid)), 0);
	runtime.in_session = false;
	cr_expect_eq(TEE_GetPropertyAsIdentity(CLIENT, "gpd.client.identity", &identity),
		     TEE_ERROR_ITEM_NOT_FOUND);
}

/* The names of a set, joined by spaces. */
static void names_of(TEE_PropSetHandle set, char *names, size_t room)
{
	TEE_PropSetHandle enumerator;
	char name[80];
	size_t length;

	*names = '\0';
	cr_assert_eq(TEE_AllocatePropertyEnumerator(&enumerator), TEE_SUCCESS);
	TEE_StartPropertyEnumerator(enumerator, set);
	do {
		length = sizeof(name);
		cr_assert_eq(TEE_GetPropertyName(enumerator, name, &length), TEE_SUCCESS);
		cr_assert_eq(length, strlen(name) + 1);
		cr_assert_lt(strlen(names) + length + 1, room);
		strcat(strcat(names, name), " ");
	} while (TEE_GetNextProperty(enumerator) == TEE_SUCCESS);
	length = sizeof(name);
	cr_expect_eq(TEE_GetPropertyName(enumerator, name, &length), TEE_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(TEE_GetNextProperty(enumerator), TEE_ERROR_ITEM_NOT_FOUND);
	TEE_FreePropertyEnumerator(enumerator);
}

Test(property, implementation_has_exactly_the_standard_names)
{
	char names[2048];

	names_of(TEE, names, sizeof(names));
	cr_expect_str_eq(names,
			 "gpd.tee.apiversion gpd.tee.description gpd.tee.deviceID "
			 "gpd.tee.systemTime.protectionLevel "
			 "gpd.tee.TAPersistentTime.protectionLevel gpd.tee.arith.maxBigIntSize "
			 "gpd.tee.cryptography.ecc gpd.tee.cryptography.nist "
			 "gpd.tee.cryptography.bsi-r gpd.tee.cryptography.bsi-t "
			 "gpd.tee.cryptography.ietf gpd.tee.cryptography.octa "
			 "gpd.tee.trustedStorage.antiRollback.protectionLevel "
			 "gpd.tee.trustedos.implementation.version "
			 "gpd.tee.trustedos.implementation.binaryversion "
			 "gpd.tee.trustedos.manufacturer "
			 "gpd.tee.firmware.implementation.version "
			 "gpd.tee.firmware.implementation.binaryversion "
			 "gpd.tee.firmware.manufacturer gpd.tee.internalCore.version "
			 "gpd.tee.sockets.version gpd.tee.sockets.tcp.version "
			 "gpd.tee.sockets.udp.version "
			 "org.trustedfirmware.optee.cpu.feat_bti_implemented "
			 "org.trustedfirmware.optee.cpu.feat_pauth_implemented "
			 "org.trustedfirmware.optee.cpu.feat_memtag_implemented ");
}

Test(property, client_and_ta_enumerate_theirs)
{
	char names[2048];

	names_of(CLIENT, names, sizeof(names));
	cr_expect_str_eq(names, "gpd.client.identity gpd.client.endian ");
	runtime.properties = 2;
	names_of(TA, names, sizeof(names));
	cr_expect_str_eq(names, "gpd.ta.appID gpd.ta.singleInstance gpd.ta.dataSize ");
}

Test(property, enumeration_passes_over_what_nobody_can_read)
{
	char names[2048];

	names_of(TA, names, sizeof(names));
	cr_expect(strstr(names, "text.identity "));
	cr_expect_not(strstr(names, "odd."));
}

Test(property, enumerator_reads_the_property_that_it_stands_on)
{
	TEE_PropSetHandle enumerator;
	char small[4];
	size_t length = sizeof(small);
	uint32_t value;
	bool truth;

	cr_assert_eq(TEE_AllocatePropertyEnumerator(&enumerator), TEE_SUCCESS);
	cr_expect_lt((uintptr_t)enumerator, 0x100000000ULL);
	cr_expect_eq(TEE_GetPropertyAsU32(enumerator, NULL, &value), TEE_ERROR_ITEM_NOT_FOUND,
		     "not started");
	cr_expect_eq(TEE_GetNextProperty(enumerator), TEE_ERROR_ITEM_NOT_FOUND);
	TEE_StartPropertyEnumerator(enumerator, TA);
	cr_expect_eq(TEE_GetNextProperty(enumerator), TEE_SUCCESS);
	cr_expect_eq(TEE_GetPropertyAsBool(enumerator, NULL, &truth), TEE_SUCCESS);
	cr_expect(truth);
	cr_expect_eq(TEE_GetPropertyAsU32(enumerator, "ext.short", &value), TEE_ERROR_BAD_FORMAT,
		     "the name is ignored");
	cr_expect_eq(TEE_GetPropertyName(enumerator, small, &length), TEE_ERROR_SHORT_BUFFER);
	cr_expect_eq(length, sizeof("gpd.ta.singleInstance"));
	TEE_StartPropertyEnumerator(enumerator, TA);
	cr_expect_eq(TEE_GetPropertyAsBool(enumerator, NULL, &truth), TEE_ERROR_BAD_FORMAT,
		     "back at gpd.ta.appID");
	TEE_ResetPropertyEnumerator(enumerator);
	cr_expect_eq(TEE_GetPropertyAsBool(enumerator, NULL, &truth), TEE_ERROR_ITEM_NOT_FOUND);
	TEE_FreePropertyEnumerator(enumerator);
}

Test(property, many_enumerators_do_not_disturb_each_other)
{
	TEE_PropSetHandle enumerators[50];
	bool truth;

	for (size_t i = 0; i < 50; i++) {
		cr_assert_eq(TEE_AllocatePropertyEnumerator(&enumerators[i]), TEE_SUCCESS);
		TEE_StartPropertyEnumerator(enumerators[i], TA);
	}
	cr_expect_eq(TEE_GetNextProperty(enumerators[17]), TEE_SUCCESS);
	cr_expect_eq(TEE_GetPropertyAsBool(enumerators[17], NULL, &truth), TEE_SUCCESS);
	cr_expect_eq(TEE_GetPropertyAsBool(enumerators[18], NULL, &truth), TEE_ERROR_BAD_FORMAT);
	for (size_t i = 0; i < 50; i++)
		TEE_FreePropertyEnumerator(enumerators[i]);
}

static TEE_PropSetHandle bad_handle;

static void next_of_bad_handle(void)
{
	(void)TEE_GetNextProperty(bad_handle);
}

static void free_bad_handle(void)
{
	TEE_FreePropertyEnumerator(bad_handle);
}

static void read_bad_handle(void)
{
	uint32_t value;

	(void)TEE_GetPropertyAsU32(bad_handle, "gpd.ta.dataSize", &value);
}

static void start_on_bad_set(void)
{
	TEE_PropSetHandle enumerator;

	(void)TEE_AllocatePropertyEnumerator(&enumerator);
	TEE_StartPropertyEnumerator(enumerator, bad_handle);
}

static void read_without_name(void)
{
	uint32_t value;

	(void)TEE_GetPropertyAsU32(TA, NULL, &value);
}

static void read_to_null(void)
{
	(void)TEE_GetPropertyAsU32(TA, "gpd.ta.dataSize", NULL);
}

Test(property, invalid_handles_panic)
{
	bad_handle = TEE_HANDLE_NULL;
	cr_expect(runtime_double_panics(next_of_bad_handle));
	cr_expect(runtime_double_panics(read_bad_handle));
	cr_expect(runtime_double_panics(start_on_bad_set));
	bad_handle = TA;
	cr_expect(runtime_double_panics(next_of_bad_handle), "a set is no enumerator");
	cr_expect(runtime_double_panics(free_bad_handle));
}

Test(property, freed_enumerators_panic_also_when_their_place_is_used_again)
{
	TEE_PropSetHandle other;

	cr_assert_eq(TEE_AllocatePropertyEnumerator(&bad_handle), TEE_SUCCESS);
	TEE_FreePropertyEnumerator(bad_handle);
	cr_expect(runtime_double_panics(free_bad_handle));
	cr_assert_eq(TEE_AllocatePropertyEnumerator(&other), TEE_SUCCESS);
	cr_expect_neq(other, bad_handle);
	cr_expect(runtime_double_panics(next_of_bad_handle));
	TEE_FreePropertyEnumerator(other);
}

Test(property, null_arguments_panic)
{
	cr_expect(runtime_double_panics(read_without_name));
	cr_expect(runtime_double_panics(read_to_null));
}
