/*
 * Internal Core API 5.5 and 5.7 to 5.9: persistent objects, in a sandbox, with the storage of a
 * real device.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines.h>
#include <time.h>
#include <unistd.h>

#include "storage/commands.h"

#define REE	    0x80000000U
#define RPMB	    0x80000100U

#define META	    (READ | WRITE | TEE_DATA_FLAG_ACCESS_WRITE_META)
#define READ	    TEE_DATA_FLAG_ACCESS_READ
#define WRITE	    TEE_DATA_FLAG_ACCESS_WRITE
#define SHARE_READ  TEE_DATA_FLAG_SHARE_READ
#define SHARE_WRITE TEE_DATA_FLAG_SHARE_WRITE

/* TEE_ObjectInfo, which is the TA's. */
struct info {
	uint32_t type, size, max_size, usage;
	size_t data_size, data_position;
	uint32_t flags;
};

static const TEEC_UUID ta = UUID_STORAGE;
static const TEEC_UUID other_ta = UUID_STORAGE_OTHER;
static const TEEC_UUID keeping_ta = UUID_STORAGE_KEEPING;
static const TEEC_UUID ta_1_1 = UUID_STORAGE_1_1;

static struct client client, second;

static void start(void)
{
	fixture_start();
	client_open(&client, &ta);
}

static void stop(void)
{
	client_close(&client);
	fixture_stop();
}

TestSuite(trusted_storage, .init = start, .fini = stop);

static TEEC_Result result_of_open(struct client *by, const char *id, size_t id_size,
				  uint32_t storage, uint32_t flags, uint32_t *handle)
{
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT,
					       TEEC_VALUE_OUTPUT, 0),
	};
	TEEC_Result result;

	operation.params[0].tmpref.buffer = (void *)(uintptr_t)id;
	operation.params[0].tmpref.size = id_size;
	operation.params[1].value.a = storage;
	operation.params[1].value.b = flags;
	result = client_invoke(by, CMD_OPEN, &operation);
	*handle = operation.params[2].value.a;
	if (result != TEEC_ERROR_TARGET_DEAD)
		cr_expect_eq(!*handle, result != TEEC_SUCCESS);
	cr_expect_eq(operation.params[2].value.b, 0, "handles fit 32 bits");
	return result;
}

static TEEC_Result try_open(const char *id, uint32_t flags, uint32_t *handle)
{
	return result_of_open(&client, id, strlen(id), TEE_STORAGE_PRIVATE, flags, handle);
}

static uint32_t open_object(const char *id, uint32_t flags)
{
	uint32_t handle;

	cr_assert_eq(try_open(id, flags, &handle), TEEC_SUCCESS, "%s", id);
	return handle;
}

static TEEC_Result create_by(struct client *by, uint32_t command, const char *id, size_t id_size,
			     uint32_t storage, uint32_t flags, uint32_t attributes,
			     const void *data, size_t size, uint32_t *handle)
{
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT,
					       TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INOUT),
	};
	TEEC_Result result;

	operation.params[0].tmpref.buffer = (void *)(uintptr_t)id;
	operation.params[0].tmpref.size = id_size;
	operation.params[1].value.a = storage;
	operation.params[1].value.b = flags;
	operation.params[2].tmpref.buffer = (void *)(uintptr_t)data;
	operation.params[2].tmpref.size = size;
	operation.params[3].value.a = attributes;
	result = client_invoke(by, command, &operation);
	*handle = operation.params[3].value.a;
	return result;
}

static TEEC_Result try_create(const char *id, uint32_t flags, const void *data, size_t size,
			      uint32_t *handle)
{
	return create_by(&client, CMD_CREATE, id, strlen(id), TEE_STORAGE_PRIVATE, flags, 0, data,
			 size, handle);
}

static uint32_t create(const char *id, uint32_t flags, const char *data)
{
	uint32_t handle;

	cr_assert_eq(try_create(id, flags, data, strlen(data), &handle), TEEC_SUCCESS, "%s", id);
	return handle;
}

/* A command about a handle: a value, and another. */
static TEEC_Result about(uint32_t command, uint32_t handle, uint32_t value)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

	operation.params[0].value.a = handle;
	operation.params[0].value.b = value;
	return client_invoke(&client, command, &operation);
}

static void close_object(uint32_t handle)
{
	cr_assert_eq(about(CMD_CLOSE, handle, 0), TEEC_SUCCESS);
}

static TEEC_Result with_data(struct client *by, uint32_t command, uint32_t handle, uint32_t value,
			     uint32_t type, void *data, size_t *size)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, type, 0, 0) };
	TEEC_Result result;

	operation.params[0].value.a = handle;
	operation.params[0].value.b = value;
	operation.params[1].tmpref.buffer = data;
	operation.params[1].tmpref.size = *size;
	result = client_invoke(by, command, &operation);
	*size = operation.params[1].tmpref.size;
	return result;
}

static TEEC_Result write_data(uint32_t handle, const void *data, size_t size)
{
	return with_data(&client, CMD_WRITE, handle, 0, TEEC_MEMREF_TEMP_INPUT,
			 (void *)(uintptr_t)data, &size);
}

static TEEC_Result read_data(uint32_t handle, void *data, size_t *size)
{
	return with_data(&client, CMD_READ, handle, (uint32_t)*size, TEEC_MEMREF_TEMP_OUTPUT, data,
			 size);
}

static TEEC_Result seek(uint32_t handle, int64_t offset, uint32_t whence)
{
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_VALUE_INPUT, 0, 0),
	};

	operation.params[0].value.a = handle;
	operation.params[0].value.b = whence;
	operation.params[1].value.a = (uint32_t)offset;
	operation.params[1].value.b = (uint32_t)((uint64_t)offset >> 32);
	return client_invoke(&client, CMD_SEEK, &operation);
}

static TEEC_Result rename_object(uint32_t handle, const char *id)
{
	size_t size = strlen(id);

	return with_data(&client, CMD_RENAME, handle, 0, TEEC_MEMREF_TEMP_INPUT,
			 (void *)(uintptr_t)id, &size);
}

static struct info info_of(uint32_t handle)
{
	struct info info = { 0 };
	size_t size = sizeof(info);

	cr_assert_eq(with_data(&client, CMD_INFO, handle, 0, TEEC_MEMREF_TEMP_OUTPUT, &info, &size),
		     TEEC_SUCCESS);
	cr_assert_eq(size, sizeof(info));
	return info;
}

static void expect_content(const char *id, const char *wanted)
{
	const uint32_t handle = open_object(id, READ);
	size_t size = 200;
	char data[200];

	cr_expect_eq(read_data(handle, data, &size), TEEC_SUCCESS);
	cr_expect_eq(size, strlen(wanted), "%s: %zu", id, size);
	cr_expect(!memcmp(data, wanted, size), "%s: %.*s", id, (int)size, data);
	close_object(handle);
}

/* The TA must not survive that; another session starts a new one. */
#define EXPECT_PANIC(call, rule)                                                        \
	do {                                                                            \
		cr_expect_eq(call, TEEC_ERROR_TARGET_DEAD, "%s does not panic", #call); \
		cr_expect(fixture_log_has(rule), "%s", rule);                           \
		client_close(&client);                                                  \
		client_open(&client, &ta);                                              \
	} while (0)

/* ---- 5.7 ---- */

Test(trusted_storage, object_outlasts_handle_session_and_instance)
{
	close_object(create("name", META, "content"));
	expect_content("name", "content");
	client_close(&client);
	client_open(&client, &ta);
	expect_content("name", "content");
}

Test(trusted_storage, id_may_be_of_any_octets_from_none_to_64)
{
	char id[65];
	uint32_t handle, again;

	for (size_t size = 0; size <= 64; size += 16) {
		memset(id, '\0', sizeof(id));
		cr_assert_eq(create_by(&client, CMD_CREATE, id, size, 1, META, 0, "x", 1, &handle),
			     TEEC_SUCCESS);
		close_object(handle);
		cr_assert_eq(result_of_open(&client, id, size, 1, READ, &handle), TEEC_SUCCESS);
		cr_expect_eq(result_of_open(&client, id, size + 1, 1, READ, &again),
			     size == 64 ? TEEC_ERROR_TARGET_DEAD : TEEC_ERROR_ITEM_NOT_FOUND);
		if (size < 64)
			close_object(handle);
	}
	cr_expect(fixture_log_has("longer than TEE_OBJECT_ID_MAX_LEN"));
}

Test(trusted_storage, object_id_in_shared_memory_panics)
{
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT,
					       TEEC_VALUE_OUTPUT, 0),
	};

	operation.params[0].tmpref.buffer = "name";
	operation.params[0].tmpref.size = 4;
	operation.params[1].value.a = 1;
	operation.params[1].value.b = READ;
	EXPECT_PANIC(client_invoke(&client, CMD_OPEN_SHARED_ID, &operation),
		     "object ID is in shared memory");
}

Test(trusted_storage, opening_what_is_not_there_is_item_not_found)
{
	uint32_t handle;

	cr_expect_eq(try_open("nothing", READ, &handle), TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(result_of_open(&client, "x", 1, 7, READ, &handle), TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(create_by(&client, CMD_CREATE, "x", 1, 7, META, 0, "", 0, &handle),
		     TEEC_ERROR_ITEM_NOT_FOUND);
}

Test(trusted_storage, flags_that_mean_nothing_panic)
{
	uint32_t handle;

	EXPECT_PANIC(try_open("name", 0x8000, &handle), "bits that mean nothing");
	EXPECT_PANIC(try_open("name", TEE_DATA_FLAG_OVERWRITE, &handle), "bits that mean nothing");
	EXPECT_PANIC(try_create("name", 0x800, "", 0, &handle), "bits that mean nothing");
}

Test(trusted_storage, existing_object_is_replaced_only_with_overwrite_and_while_closed)
{
	uint32_t handle, other;

	handle = create("name", META, "old");
	cr_expect_eq(try_create("name", META, "new", 3, &other), TEE_ERROR_ACCESS_CONFLICT);
	cr_expect_eq(try_create("name", META | TEE_DATA_FLAG_OVERWRITE, "new", 3, &other),
		     TEE_ERROR_ACCESS_CONFLICT);
	close_object(handle);
	cr_expect_eq(try_create("name", META, "new", 3, &other), TEE_ERROR_ACCESS_CONFLICT);
	expect_content("name", "old");
	cr_expect_eq(try_create("name", META | TEE_DATA_FLAG_OVERWRITE, "new", 3, &other),
		     TEEC_SUCCESS);
	cr_expect_eq(info_of(other).flags,
		     META | TEE_HANDLE_FLAG_PERSISTENT | TEE_HANDLE_FLAG_INITIALIZED);
	close_object(other);
	expect_content("name", "new");
}

Test(trusted_storage, object_can_be_created_without_a_handle_and_with_zeros)
{
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT,
					       TEEC_VALUE_INPUT, 0),
	};
	char data[10], zeros[10] = { 0 };
	uint32_t handle;
	size_t size = sizeof(data);

	cr_expect_eq(create_by(&client, CMD_CREATE_WITHOUT_HANDLE, "a", 1, 1, META, 0, "data", 4,
			       &handle),
		     TEEC_SUCCESS);
	expect_content("a", "data");
	operation.params[0].tmpref.buffer = "z";
	operation.params[0].tmpref.size = 1;
	operation.params[1].value.a = 1;
	operation.params[2].value.a = 100000;
	cr_expect_eq(client_invoke(&client, CMD_CREATE_ZEROS, &operation), TEEC_SUCCESS);
	handle = open_object("z", READ);
	cr_expect_eq(info_of(handle).data_size, 100000);
	cr_expect_eq(seek(handle, 99990, TEE_DATA_SEEK_SET), TEEC_SUCCESS);
	cr_expect_eq(read_data(handle, data, &size), TEEC_SUCCESS);
	cr_expect_eq(size, 10);
	cr_expect(!memcmp(data, zeros, 10));
	close_object(handle);
}

/* What the table of the specification says of every pair of flags. */
Test(trusted_storage, handles_share_an_object_as_their_flags_agree)
{
	static const struct {
		uint32_t first, second;
		bool agree;
	} pairs[] = {
		{ READ, READ, false },
		{ READ | SHARE_READ, READ | SHARE_READ, true },
		{ READ | SHARE_READ, READ, false },
		{ READ, READ | SHARE_READ, false },
		{ READ | SHARE_READ, WRITE | SHARE_WRITE, false },
		{ READ | SHARE_READ | SHARE_WRITE, WRITE | SHARE_READ | SHARE_WRITE, true },
		{ WRITE | SHARE_WRITE, WRITE | SHARE_WRITE, true },
		{ WRITE, WRITE, false },
		{ READ | WRITE | SHARE_READ, READ | SHARE_READ, false },
		{ READ | WRITE | SHARE_READ | SHARE_WRITE, READ | SHARE_READ | SHARE_WRITE, true },
		{ META | SHARE_READ | SHARE_WRITE, READ | SHARE_READ | SHARE_WRITE, false },
		{ READ | SHARE_READ | SHARE_WRITE, META | SHARE_READ | SHARE_WRITE, false },
		{ SHARE_READ, READ | SHARE_READ, true },
		{ SHARE_READ, SHARE_READ | SHARE_WRITE, false },
		{ SHARE_READ, WRITE | SHARE_WRITE, false },
		{ 0, READ | SHARE_READ, false },
		{ 0, 0, true },
	};

	close_object(create("shared", META, "x"));
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const uint32_t first = open_object("shared", pairs[i].first);
		uint32_t handle;
		TEEC_Result result = try_open("shared", pairs[i].second, &handle);

		cr_expect_eq(result, pairs[i].agree ? TEEC_SUCCESS : TEE_ERROR_ACCESS_CONFLICT,
			     "0x%x and 0x%x: 0x%x", pairs[i].first, pairs[i].second, result);
		if (result == TEEC_SUCCESS)
			close_object(handle);
		close_object(first);
		close_object(open_object("shared", pairs[i].second));
	}
}

Test(trusted_storage, handles_of_other_instances_count_until_they_die)
{
	uint32_t handle, mine;

	close_object(create("shared", META, "x"));
	client_open(&second, &ta);
	cr_assert_eq(result_of_open(&second, "shared", 6, 1, READ, &handle), TEEC_SUCCESS);
	cr_expect_eq(try_open("shared", READ, &mine), TEE_ERROR_ACCESS_CONFLICT);
	cr_expect_eq(client_invoke(&second, CMD_PANIC, NULL), TEEC_ERROR_TARGET_DEAD);
	client_close(&second);
	/* teesimd tells the storage of the death in its own time. */
	for (int i = 0; i < 6000 && try_open("shared", READ, &mine) != TEEC_SUCCESS; i++) {
		const struct timespec pause = { .tv_nsec = 10000000 };

		nanosleep(&pause, NULL);
	}
	cr_assert(mine);
	close_object(mine);
}

/* No flag shares it: whoever has it open has it alone. */
Test(trusted_storage, instance_that_ends_has_let_go_when_the_close_returns)
{
	uint32_t handle;

	cr_assert_eq(try_create("alone", META, "x", 1, &handle), TEEC_SUCCESS);
	for (int i = 0; i < 300; i++) {
		client_close(&client);
		client_open(&client, &ta);
		cr_assert_eq(try_open("alone", META, &handle), TEEC_SUCCESS, "after %d", i);
	}
}

Test(trusted_storage, objects_are_apart_by_ta_and_by_store)
{
	static const uint32_t stores[] = { TEE_STORAGE_PRIVATE, REE, RPMB };
	uint32_t handle;

	client_open(&second, &other_ta);
	for (int i = 0; i < 3; i++) {
		struct client *const both[2] = { &client, &second };

		for (int j = 0; j < 2; j++) {
			const char content = (char)('0' + 2 * i + j);

			cr_expect_eq(result_of_open(both[j], "same", 4, stores[i], READ, &handle),
				     TEEC_ERROR_ITEM_NOT_FOUND);
			cr_assert_eq(create_by(both[j], CMD_CREATE, "same", 4, stores[i], META, 0,
					       &content, 1, &handle),
				     TEEC_SUCCESS);
		}
	}
	client_close(&client);
	client_open(&client, &ta);
	for (int i = 0; i < 3; i++) {
		char content = 0;
		size_t size = 1;

		cr_assert_eq(result_of_open(&client, "same", 4, stores[i], READ, &handle),
			     TEEC_SUCCESS);
		cr_expect_eq(read_data(handle, &content, &size), TEEC_SUCCESS);
		cr_expect_eq(content, '0' + 2 * i);
		close_object(handle);
	}
	client_close(&second);
}

Test(trusted_storage, deleting_needs_write_meta_and_deletes)
{
	uint32_t handle = create("gone", META, "x");

	cr_expect_eq(about(CMD_DELETE, handle, 0), TEEC_SUCCESS);
	cr_expect_eq(try_open("gone", READ, &handle), TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(about(CMD_DELETE_DEPRECATED, create("gone", META, "y"), 0), TEEC_SUCCESS);
	cr_expect_eq(try_open("gone", READ, &handle), TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(about(CMD_DELETE, 0, 0), TEEC_SUCCESS);
	close_object(create("kept", META, "z"));
	EXPECT_PANIC(about(CMD_DELETE, open_object("kept", READ | WRITE), 0), "WRITE_META");
	expect_content("kept", "z");
	EXPECT_PANIC(about(CMD_DELETE, 0x12345, 0), "handle is not valid");
}

Test(trusted_storage, rename_moves_the_object_with_all_that_it_is)
{
	uint32_t handle = create("before", META, "content"), other;

	cr_expect_eq(rename_object(handle, "after"), TEEC_SUCCESS);
	cr_expect_eq(write_data(handle, "C", 1), TEEC_SUCCESS);
	close_object(handle);
	expect_content("after", "Content");
	cr_expect_eq(try_open("before", READ, &other), TEEC_ERROR_ITEM_NOT_FOUND);
}

Test(trusted_storage, rename_to_existing_id_is_access_conflict)
{
	uint32_t handle = create("one", META, "1");

	close_object(create("two", META, "2"));
	cr_expect_eq(rename_object(handle, "two"), TEE_ERROR_ACCESS_CONFLICT);
	cr_expect_eq(rename_object(handle, "one"), TEE_ERROR_ACCESS_CONFLICT);
	close_object(handle);
	expect_content("one", "1");
	expect_content("two", "2");
}

Test(trusted_storage, rename_without_write_meta_panics)
{
	close_object(create("one", META, "1"));
	EXPECT_PANIC(rename_object(open_object("one", READ | WRITE), "two"), "WRITE_META");
}

/* ---- 5.9 ---- */

Test(trusted_storage, reading_goes_on_where_it_stopped_and_ends_with_nothing)
{
	const uint32_t handle = create("name", META, "0123456789");
	char data[8];
	size_t size = 4;

	cr_expect_eq(read_data(handle, data, &size), TEEC_SUCCESS);
	cr_expect_eq(size, 4);
	cr_expect(!memcmp(data, "0123", 4));
	size = 8;
	cr_expect_eq(read_data(handle, data, &size), TEEC_SUCCESS);
	cr_expect_eq(size, 6);
	cr_expect(!memcmp(data, "456789", 6));
	cr_expect_eq(info_of(handle).data_position, 10);
	size = 8;
	cr_expect_eq(read_data(handle, data, &size), TEEC_SUCCESS);
	cr_expect_eq(size, 0);
	close_object(handle);
}

Test(trusted_storage, reading_and_writing_need_their_rights)
{
	size_t size = 1;
	char data[1];

	close_object(create("name", META, "x"));
	EXPECT_PANIC(write_data(open_object("name", READ), "y", 1), "ACCESS_WRITE");
	EXPECT_PANIC(read_data(open_object("name", WRITE), data, &size), "ACCESS_READ");
	EXPECT_PANIC(about(CMD_TRUNCATE, open_object("name", READ), 0), "ACCESS_WRITE");
	expect_content("name", "x");
}

Test(trusted_storage, position_stays_within_what_the_specification_allows)
{
	const uint32_t handle = create("name", META, "0123456789");

	cr_expect_eq(seek(handle, 3, TEE_DATA_SEEK_SET), TEEC_SUCCESS);
	cr_expect_eq(info_of(handle).data_position, 3);
	cr_expect_eq(seek(handle, 3, TEE_DATA_SEEK_CUR), TEEC_SUCCESS);
	cr_expect_eq(info_of(handle).data_position, 6);
	cr_expect_eq(seek(handle, -1, TEE_DATA_SEEK_END), TEEC_SUCCESS);
	cr_expect_eq(info_of(handle).data_position, 9);
	cr_expect_eq(seek(handle, -100, TEE_DATA_SEEK_CUR), TEEC_SUCCESS);
	cr_expect_eq(info_of(handle).data_position, 0);
	cr_expect_eq(seek(handle, 0xFFFFFFFF, TEE_DATA_SEEK_SET), TEEC_SUCCESS);
	cr_expect_eq(info_of(handle).data_position, 0xFFFFFFFF);
	cr_expect_eq(seek(handle, 1, TEE_DATA_SEEK_CUR), TEE_ERROR_OVERFLOW);
	cr_expect_eq(seek(handle, INT64_MAX, TEE_DATA_SEEK_CUR), TEE_ERROR_OVERFLOW);
	cr_expect_eq(seek(handle, 0x100000000, TEE_DATA_SEEK_SET), TEE_ERROR_OVERFLOW);
	cr_expect_eq(seek(handle, 0xFFFFFFFF, TEE_DATA_SEEK_END), TEE_ERROR_OVERFLOW);
	cr_expect_eq(info_of(handle).data_position, 0xFFFFFFFF);
	cr_expect_eq(write_data(handle, "x", 1), TEE_ERROR_OVERFLOW);
	cr_expect_eq(info_of(handle).data_size, 10);
	EXPECT_PANIC(seek(handle, 0, 3), "whence");
}

Test(trusted_storage, writing_behind_the_end_leaves_a_hole_of_zeros)
{
	const uint32_t handle = create("name", META, "ab");
	char data[20], wanted[20] = "ab\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0xyz";
	size_t size = 20;

	cr_expect_eq(seek(handle, 17, TEE_DATA_SEEK_SET), TEEC_SUCCESS);
	cr_expect_eq(info_of(handle).data_size, 2);
	cr_expect_eq(write_data(handle, "xyz", 3), TEEC_SUCCESS);
	cr_expect_eq(info_of(handle).data_size, 20);
	cr_expect_eq(info_of(handle).data_position, 20);
	cr_expect_eq(seek(handle, 0, TEE_DATA_SEEK_SET), TEEC_SUCCESS);
	cr_expect_eq(read_data(handle, data, &size), TEEC_SUCCESS);
	cr_expect_eq(size, 20);
	cr_expect(!memcmp(data, wanted, 20));
	close_object(handle);
}

Test(trusted_storage, truncating_changes_the_size_and_not_the_position)
{
	const uint32_t handle = create("name", META, "0123456789");
	char data[20];
	size_t size = 20;

	cr_expect_eq(seek(handle, 8, TEE_DATA_SEEK_SET), TEEC_SUCCESS);
	cr_expect_eq(about(CMD_TRUNCATE, handle, 4), TEEC_SUCCESS);
	cr_expect_eq(info_of(handle).data_size, 4);
	cr_expect_eq(info_of(handle).data_position, 8);
	cr_expect_eq(read_data(handle, data, &size), TEEC_SUCCESS);
	cr_expect_eq(size, 0);
	cr_expect_eq(about(CMD_TRUNCATE, handle, 6), TEEC_SUCCESS);
	cr_expect_eq(seek(handle, 0, TEE_DATA_SEEK_SET), TEEC_SUCCESS);
	size = 20;
	cr_expect_eq(read_data(handle, data, &size), TEEC_SUCCESS);
	cr_expect_eq(size, 6);
	cr_expect(!memcmp(data, "0123\0\0", 6));
	close_object(handle);
}

Test(trusted_storage, one_handle_sees_what_another_writes)
{
	const uint32_t flags = READ | WRITE | SHARE_READ | SHARE_WRITE;
	uint32_t writer, reader;
	char data[8];
	size_t size = 8;

	close_object(create("name", META, "old"));
	writer = open_object("name", flags);
	reader = open_object("name", flags);
	cr_expect_eq(write_data(writer, "newer", 5), TEEC_SUCCESS);
	cr_expect_eq(info_of(reader).data_size, 5);
	cr_expect_eq(info_of(reader).data_position, 0);
	cr_expect_eq(read_data(reader, data, &size), TEEC_SUCCESS);
	cr_expect_eq(size, 5);
	cr_expect(!memcmp(data, "newer", 5));
	close_object(writer);
	close_object(reader);
}

Test(trusted_storage, large_objects_are_written_and_read_in_one_call)
{
	const size_t size = 24U << 20;
	uint8_t *data = malloc(size), *back = malloc(size);
	uint32_t handle;
	size_t count = size;

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 31 + (i >> 13));
	cr_assert_eq(try_create("large", META, data, size, &handle), TEEC_SUCCESS);
	cr_expect_eq(read_data(handle, back, &count), TEEC_SUCCESS);
	cr_expect_eq(count, size);
	cr_expect(!memcmp(data, back, size));
	cr_expect_eq(seek(handle, 1000, TEE_DATA_SEEK_SET), TEEC_SUCCESS);
	cr_expect_eq(write_data(handle, data, size), TEEC_SUCCESS);
	cr_expect_eq(seek(handle, 0, TEE_DATA_SEEK_SET), TEEC_SUCCESS);
	cr_expect_eq(read_data(handle, back, &count), TEEC_SUCCESS);
	cr_expect(!memcmp(data, back, 1000));
	cr_expect(!memcmp(data, back + 1000, size - 1000));
	cr_expect_eq(about(CMD_DELETE, handle, 0), TEEC_SUCCESS);
	free(data);
	free(back);
}

struct others {
	struct client client;
	TEEC_Result result;
	volatile bool done;
};

static void *write_large(void *context)
{
	struct others *others = context;
	const size_t size = 48U << 20;
	void *data = calloc(1, size);
	uint32_t handle;

	others->result =
		create_by(&others->client, CMD_CREATE, "huge", 4, 1, META, 0, data, size, &handle);
	others->done = true;
	free(data);
	return NULL;
}

Test(trusted_storage, others_go_on_while_one_writes_a_large_object)
{
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT, 0, 0),
	};
	struct others others = { 0 };
	pthread_t thread;
	int rounds = 0;

	client_open(&others.client, &other_ta);
	operation.params[0].tmpref.buffer = "small";
	operation.params[0].tmpref.size = 5;
	operation.params[1].value.a = 1;
	operation.params[1].value.b = 1024;
	cr_assert_eq(client_invoke(&client, CMD_SMALL_ROUNDS, &operation), TEEC_SUCCESS);
	cr_assert_eq(pthread_create(&thread, NULL, write_large, &others), 0);
	while (!others.done) {
		cr_assert_eq(client_invoke(&client, CMD_SMALL_ROUNDS, &operation), TEEC_SUCCESS);
		rounds++;
	}
	pthread_join(thread, NULL);
	cr_expect_eq(others.result, TEEC_SUCCESS);
	/* Of 12288 blocks, in slices of 64. */
	cr_expect_gt(rounds, 20);
	client_close(&others.client);
}

/* ---- objects with attributes ---- */

static uint32_t key_make(uint32_t type, uint32_t bits, const char *secret)
{
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_MEMREF_TEMP_INPUT,
					       TEEC_VALUE_OUTPUT, 0),
	};

	operation.params[0].value.a = type;
	operation.params[0].value.b = bits;
	operation.params[1].tmpref.buffer = (void *)(uintptr_t)secret;
	operation.params[1].tmpref.size = strlen(secret);
	cr_assert_eq(client_invoke(&client, CMD_KEY, &operation), TEEC_SUCCESS);
	return operation.params[2].value.a;
}

static uint32_t key_create(const char *id, uint32_t attributes, uint32_t flags)
{
	uint32_t handle;

	cr_assert_eq(create_by(&client, CMD_CREATE, id, strlen(id), 1, flags, attributes, "data", 4,
			       &handle),
		     TEEC_SUCCESS);
	return handle;
}

Test(trusted_storage, attributes_and_usage_are_those_of_the_object_that_was_given)
{
	static const char secret[] = "0123456789abcdef0123456789abcdef";
	uint32_t transient = key_make(TEE_TYPE_HMAC_SHA256, 512, secret), handle;
	struct info info;
	char read[64];
	size_t size = sizeof(read);

	cr_expect_eq(about(CMD_RESTRICT, transient, TEE_USAGE_MAC | TEE_USAGE_EXTRACTABLE),
		     TEEC_SUCCESS);
	close_object(key_create("key", transient, META));
	client_close(&client);
	client_open(&client, &ta);
	handle = open_object("key", META);
	info = info_of(handle);
	cr_expect_eq(info.type, TEE_TYPE_HMAC_SHA256);
	cr_expect_eq(info.size, 256);
	cr_expect_eq(info.max_size, 256);
	cr_expect_eq(info.usage, TEE_USAGE_MAC | TEE_USAGE_EXTRACTABLE);
	cr_expect_eq(info.data_size, 4);
	cr_expect_eq(with_data(&client, CMD_ATTRIBUTE, handle, TEE_ATTR_SECRET_VALUE,
			       TEEC_MEMREF_TEMP_OUTPUT, read, &size),
		     TEEC_SUCCESS);
	cr_expect_eq(size, 32);
	cr_expect(!memcmp(read, secret, 32));
	cr_expect_eq(about(CMD_USE, handle, 0), TEEC_SUCCESS);
	close_object(handle);
}

Test(trusted_storage, usage_restrictions_persist)
{
	uint32_t handle = key_create("key",
				     key_make(TEE_TYPE_HMAC_SHA256, 256,
					      "0123456789abcdef"
					      "0123456789abcdef"),
				     META);
	char read[64];
	size_t size = sizeof(read);

	cr_expect_eq(about(CMD_RESTRICT, handle, TEE_USAGE_MAC), TEEC_SUCCESS);
	cr_expect_eq(info_of(handle).usage, TEE_USAGE_MAC);
	close_object(handle);
	handle = open_object("key", READ);
	cr_expect_eq(info_of(handle).usage, TEE_USAGE_MAC);
	/* Nothing is given back. */
	cr_expect_eq(about(CMD_RESTRICT, handle, 0xFFFFFFFF), TEEC_SUCCESS);
	cr_expect_eq(info_of(handle).usage, TEE_USAGE_MAC);
	EXPECT_PANIC(with_data(&client, CMD_ATTRIBUTE, handle, TEE_ATTR_SECRET_VALUE,
			       TEEC_MEMREF_TEMP_OUTPUT, read, &size),
		     "TEE_USAGE_EXTRACTABLE");
}

Test(trusted_storage, keys_of_every_form_come_back)
{
	static const struct {
		uint32_t type, bits;
	} keys[] = {
		{ TEE_TYPE_AES, 256 },
		{ TEE_TYPE_DES, 56 },
		{ TEE_TYPE_DES3, 168 },
		{ TEE_TYPE_GENERIC_SECRET, 4096 },
		{ TEE_TYPE_RSA_KEYPAIR, 1024 },
		{ TEE_TYPE_ECDSA_KEYPAIR, 256 },
		{ TEE_TYPE_ED25519_KEYPAIR, 256 },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
						     TEEC_VALUE_INPUT, TEEC_VALUE_OUTPUT, 0, 0) };
		struct info before, after;
		uint32_t handle;

		operation.params[0].value.a = keys[i].type;
		operation.params[0].value.b = keys[i].bits;
		cr_assert_eq(client_invoke(&client, CMD_GENERATE, &operation), TEEC_SUCCESS);
		before = info_of(operation.params[1].value.a);
		close_object(key_create("key", operation.params[1].value.a,
					META | TEE_DATA_FLAG_OVERWRITE));
		handle = open_object("key", META);
		after = info_of(handle);
		cr_expect_eq(after.type, keys[i].type);
		cr_expect_eq(after.size, before.size, "0x%x: %u", keys[i].type, after.size);
		cr_expect_eq(after.usage, before.usage);
		close_object(handle);
	}
}

Test(trusted_storage, attributes_of_an_object_without_key_panic)
{
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_MEMREF_TEMP_INPUT,
					       TEEC_VALUE_OUTPUT, 0),
	};
	uint32_t handle;

	operation.params[0].value.a = TEE_TYPE_AES;
	operation.params[0].value.b = 128;
	operation.params[1].tmpref.buffer = "short";
	operation.params[1].tmpref.size = 5;
	cr_assert_eq(client_invoke(&client, CMD_KEY, &operation), TEEC_ERROR_BAD_PARAMETERS);
	EXPECT_PANIC(create_by(&client, CMD_CREATE, "key", 3, 1, META, operation.params[2].value.a,
			       "", 0, &handle),
		     "holds no key");
}

/* ---- 5.8 ---- */

static uint32_t enumerator_make(void)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };

	cr_assert_eq(client_invoke(&client, CMD_ENUMERATOR, &operation), TEEC_SUCCESS);
	cr_assert(operation.params[0].value.a);
	return operation.params[0].value.a;
}

static TEEC_Result next_object(uint32_t enumerator, char id[65], struct info *info)
{
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_MEMREF_TEMP_OUTPUT,
					       TEEC_MEMREF_TEMP_OUTPUT, 0),
	};
	TEEC_Result result;

	operation.params[0].value.a = enumerator;
	operation.params[1].tmpref.buffer = id;
	operation.params[1].tmpref.size = 64;
	operation.params[2].tmpref.buffer = info;
	operation.params[2].tmpref.size = sizeof(*info);
	result = client_invoke(&client, CMD_NEXT, &operation);
	id[result == TEEC_SUCCESS ? operation.params[1].tmpref.size : 0] = '\0';
	return result;
}

Test(trusted_storage, enumerator_meets_every_object_of_its_store)
{
	const uint32_t enumerator = enumerator_make();
	bool seen[40] = { false };
	unsigned long number;
	struct info info;
	char id[65];

	cr_expect_eq(next_object(enumerator, id, &info), TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(about(CMD_START, enumerator, 1), TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(about(CMD_START, enumerator, 7), TEEC_ERROR_ITEM_NOT_FOUND);
	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "%d", i);
		close_object(create(id, META, id));
	}
	cr_expect_eq(about(CMD_START, enumerator, REE), TEEC_ERROR_ITEM_NOT_FOUND);
	for (int round = 0; round < 2; round++) {
		memset(seen, 0, sizeof(seen));
		cr_expect_eq(about(CMD_START, enumerator, 1), TEEC_SUCCESS);
		for (int i = 0; i < 40; i++) {
			cr_assert_eq(next_object(enumerator, id, &info), TEEC_SUCCESS);
			cr_expect_eq(info.type, TEE_TYPE_DATA);
			cr_expect_eq(info.data_size, strlen(id));
			number = strtoul(id, NULL, 10);
			cr_assert(number < 40 && !seen[number]);
			seen[number] = true;
		}
		cr_expect_eq(next_object(enumerator, id, &info), TEEC_ERROR_ITEM_NOT_FOUND);
	}
	cr_expect_eq(about(CMD_START, enumerator, 1), TEEC_SUCCESS);
	cr_expect_eq(about(CMD_RESET, enumerator, 0), TEEC_SUCCESS);
	cr_expect_eq(next_object(enumerator, id, &info), TEEC_ERROR_ITEM_NOT_FOUND);
	cr_expect_eq(about(CMD_FREE_ENUMERATOR, enumerator, 0), TEEC_SUCCESS);
	EXPECT_PANIC(about(CMD_START, enumerator, 1), "enumerator's handle is not valid");
}

Test(trusted_storage, enumeration_survives_that_objects_go)
{
	const uint32_t enumerator = enumerator_make();
	struct info info;
	char id[65];
	int met = 0;

	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "%d", i);
		close_object(create(id, META, id));
	}
	cr_expect_eq(about(CMD_START, enumerator, 1), TEEC_SUCCESS);
	while (next_object(enumerator, id, &info) == TEEC_SUCCESS) {
		met++;
		cr_expect_eq(about(CMD_DELETE, open_object(id, META), 0), TEEC_SUCCESS);
	}
	cr_expect_eq(met, 20);
	cr_expect_eq(about(CMD_START, enumerator, 1), TEEC_ERROR_ITEM_NOT_FOUND);
}

/* ---- what happens beside ---- */

/* Changes rows of the device's database behind everybody's back. */
static void tamper(const char *text)
{
	char path[512], *err = NULL;
	sqlite3 *handle;

	snprintf(path, sizeof(path), "%s/storage", fixture_device());
	cr_assert_eq(sqlite3_open(path, &handle), SQLITE_OK);
	sqlite3_busy_timeout(handle, 5000);
	cr_assert_eq(sqlite3_exec(handle, text, NULL, NULL, &err), SQLITE_OK, "%s", err);
	sqlite3_close(handle);
}

#define ALL_BLOCKS "UPDATE row SET data = zeroblob(length(data)) WHERE (id & 4194303) >= 8192"
#define ALL_HEADS  "UPDATE row SET data = zeroblob(length(data)) WHERE (id & 4194303) = 0 AND id > 0"

Test(trusted_storage, corrupt_object_is_told_and_its_handle_closed)
{
	size_t size = 4;
	uint32_t handle;
	char data[4];

	close_object(create("name", META, "data"));
	handle = open_object("name", READ);
	tamper(ALL_BLOCKS);
	cr_expect_eq(read_data(handle, data, &size), TEE_ERROR_CORRUPT_OBJECT);
	EXPECT_PANIC(about(CMD_CLOSE, handle, 0), "handle is not valid");
	/* It can be replaced. */
	close_object(create("name", META | TEE_DATA_FLAG_OVERWRITE, "anew"));
	expect_content("name", "anew");
}

Test(trusted_storage, corrupt_object_keeps_its_handle_where_the_ta_says_so)
{
	size_t size = 4;
	uint32_t handle;
	char data[4];

	client_close(&client);
	client_open(&client, &keeping_ta);
	close_object(create("name", META, "data"));
	handle = open_object("name", READ);
	tamper(ALL_BLOCKS);
	cr_expect_eq(read_data(handle, data, &size), TEE_ERROR_CORRUPT_OBJECT);
	cr_expect_eq(read_data(handle, data, &size), TEE_ERROR_CORRUPT_OBJECT);
	cr_expect_eq(seek(handle, 0, TEE_DATA_SEEK_SET), TEE_ERROR_CORRUPT_OBJECT);
	close_object(handle);
}

Test(trusted_storage, which_of_two_keys_is_corrupt_is_told)
{
	static const char secret[] = "0123456789abcdef0123456789abcdef";
	uint32_t good, bad;
	size_t size = 4;
	char data[4];

	client_close(&client);
	client_open(&client, &keeping_ta);
	good = key_make(TEE_TYPE_AES, 256, secret);
	bad = key_create("key", key_make(TEE_TYPE_AES, 256, "fedcba9876543210fedcba9876543210"),
			 META);
	cr_expect_eq(about(CMD_TWO_KEYS, good, bad), TEEC_SUCCESS);
	tamper(ALL_BLOCKS);
	cr_expect_eq(read_data(bad, data, &size), TEE_ERROR_CORRUPT_OBJECT);
	cr_expect_eq(about(CMD_TWO_KEYS, good, bad), TEE_ERROR_CORRUPT_OBJECT_2);
	cr_expect_eq(about(CMD_TWO_KEYS, bad, good), TEE_ERROR_CORRUPT_OBJECT);
}

Test(trusted_storage, handles_outlive_the_process_that_keeps_the_objects)
{
	const uint32_t handle = create("name", META, "0123456789");
	char data[4];
	size_t size = 4;

	cr_assert_eq(read_data(handle, data, &size), TEEC_SUCCESS);
	cr_assert_eq(kill(fixture_process("tee-services"), SIGKILL), 0);
	cr_expect_eq(read_data(handle, data, &size), TEEC_SUCCESS);
	cr_expect(!memcmp(data, "4567", 4));
	cr_expect_eq(write_data(handle, "XY", 2), TEEC_SUCCESS);
	close_object(handle);
	expect_content("name", "01234567XY");
}

/* The service is for the API of TAs, which it knows by teesimd's word. */
Test(trusted_storage, service_is_not_for_clients)
{
	const TEEC_UUID service = STORAGE_SERVICE;
	struct client nobody;

	cr_expect_eq(client_try_open(&nobody, &service, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_ACCESS_DENIED);
}

Test(trusted_storage, calls_that_make_no_sense_are_refused_and_harm_nobody)
{
	uint32_t state = 1;
	uint8_t memory[256];
	int refused = 0;

	close_object(create("name", META, "content"));
	for (int i = 0; i < 2000; i++) {
		TEEC_Operation operation = {
			.paramTypes =
				TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_VALUE_INPUT,
						 TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_OUTPUT),
		};
		/* What each command takes, or something else. */
		static const uint32_t types[] = { 0x0615, 0x0255, 0x0061, 0x0051, 0x0001, 0x0051,
						  0x0001, 0x0001, 0x0001, 0x0021, 0x0063, 0x7777 };
		TEEC_Result result;

		for (size_t j = 0; j < sizeof(memory); j++) {
			state = state * 1664525U + 1013904223U;
			memory[j] = (uint8_t)(state >> 24);
		}
		operation.params[0].value.a = memory[0] % 13;
		operation.params[0].value.b = types[memory[1] % 12];
		operation.params[1].value.a = memory[2] & 1 ? memory[3] % 4 : 1;
		operation.params[1].value.b = memory[4] & 1 ? state : memory[5];
		operation.params[2].tmpref.buffer = memory;
		operation.params[2].tmpref.size = memory[6];
		operation.params[3].tmpref.buffer = memory;
		operation.params[3].tmpref.size = memory[7];
		result = client_invoke(&client, CMD_RAW, &operation);
		cr_assert_neq(result, TEEC_ERROR_TARGET_DEAD, "in round %d", i);
		refused += result == TEEC_ERROR_BAD_PARAMETERS;
	}
	cr_expect_gt(refused, 1000);
	expect_content("name", "content");
}

Test(trusted_storage, names_of_version_1_1_do_the_same)
{
	struct info_1_1 {
		uint32_t type, size, max_size, usage, data_size, data_position, flags;
	} info;
	size_t size = sizeof(info);
	uint32_t handle;
	char data[4];

	client_close(&client);
	client_open(&client, &ta_1_1);
	handle = create("name", META, "0123456789");
	cr_expect_eq(with_data(&client, CMD_INFO, handle, 0, TEEC_MEMREF_TEMP_OUTPUT, &info, &size),
		     TEEC_SUCCESS);
	cr_expect_eq(size, sizeof(info));
	cr_expect_eq(info.data_size, 10);
	cr_expect_eq(seek(handle, -2, TEE_DATA_SEEK_END), TEEC_SUCCESS);
	size = 4;
	cr_expect_eq(read_data(handle, data, &size), TEEC_SUCCESS);
	cr_expect_eq(size, 2);
	cr_expect_eq(about(CMD_TRUNCATE, handle, 3), TEEC_SUCCESS);
	cr_expect_eq(rename_object(handle, "other"), TEEC_SUCCESS);
	close_object(handle);
	expect_content("other", "012");
}
