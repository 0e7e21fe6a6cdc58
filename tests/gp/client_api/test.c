/*
 * Client API: what a client's parameters are to the TA, and what comes back.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <tee_client_api.h>
#include <tee_client_api_extensions.h>
#include <unistd.h>

#include "client_api/commands.h"

static const TEEC_UUID ta = UUID_CLIENT_API;
static const TEEC_UUID ta_1_1 = UUID_CLIENT_API_1_1;

static struct client client;

static void init(void)
{
	fixture_start();
	client_open(&client, &ta);
}

static void fini(void)
{
	client_close(&client);
	fixture_stop();
}

TestSuite(client_api, .init = init, .fini = fini);
TestSuite(client_api_alone, .init = fixture_start, .fini = fixture_stop);

static void expect_success(TEEC_Result result)
{
	cr_assert_eq(result, TEEC_SUCCESS, "0x%08x, origin %u", result, client.origin);
}

static struct seen seen_by_ta(void)
{
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, 0, 0, 0) };
	struct seen seen;

	operation.params[0].tmpref.buffer = &seen;
	operation.params[0].tmpref.size = sizeof(seen);
	expect_success(client_invoke(&client, CMD_SEEN, &operation));
	return seen;
}

static uint64_t sum_of(const uint8_t *octets, size_t size)
{
	uint64_t sum = 0;

	while (size)
		sum += octets[--size];
	return sum;
}

static void fill_counting(uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(i * 7 + 1);
}

static bool is_filled(const uint8_t *octets, size_t size, unsigned int value)
{
	for (size_t i = 0; i < size; i++)
		if (octets[i] != value)
			return false;
	return true;
}

Test(client_api, no_operation_is_four_times_none)
{
	expect_success(client_invoke(&client, CMD_TOUCH, NULL));
	cr_expect_eq(client.origin, TEEC_ORIGIN_TRUSTED_APP);
	cr_expect_eq(seen_by_ta().types, 0);
}

Test(client_api, values_go_in_and_out_as_their_types_say)
{
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_VALUE_OUTPUT,
							      TEEC_VALUE_INOUT, TEEC_NONE) };
	struct seen seen;

	for (unsigned int i = 0; i < 4; i++) {
		operation.params[i].value.a = 0x10 + i;
		operation.params[i].value.b = 0xFFFFFFF0 + i;
	}
	expect_success(client_invoke(&client, CMD_TOUCH, &operation));
	seen = seen_by_ta();
	cr_expect_eq(seen.types, 0x0321);
	cr_expect_eq(seen.param[0].a, 0x10);
	cr_expect_eq(seen.param[0].b, 0xFFFFFFF0);
	cr_expect_eq(seen.param[1].a, 0, "an output's old value is not the TA's to see");
	cr_expect_eq(seen.param[2].a, 0x12);
	cr_expect_eq(operation.params[0].value.a, 0x10, "an input does not come back");
	cr_expect_eq(operation.params[1].value.a, 0xFFFFFFFF);
	cr_expect_eq(operation.params[1].value.b, 0xFFFFFFFF);
	cr_expect_eq(operation.params[2].value.a, ~0x12U);
	cr_expect_eq(operation.params[2].value.b, 0x0000000D);
	cr_expect_eq(operation.params[3].value.a, 0x13);
}

Test(client_api, temporary_references_are_copied_as_their_types_say)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_OUTPUT,
					     TEEC_MEMREF_TEMP_INOUT, TEEC_VALUE_INPUT) };
	uint8_t buffer[3][777], input[777];
	struct seen seen;

	fill_counting(input, sizeof(input));
	for (unsigned int i = 0; i < 3; i++) {
		memcpy(buffer[i], input, sizeof(input));
		operation.params[i].tmpref.buffer = buffer[i];
		operation.params[i].tmpref.size = sizeof(input) - i;
	}
	expect_success(client_invoke(&client, CMD_TOUCH, &operation));
	seen = seen_by_ta();
	cr_expect_eq(seen.types, 0x1765);
	cr_expect_eq(seen.param[0].size, 777);
	cr_expect_eq(seen.param[0].sum, sum_of(input, 777));
	cr_expect_eq(seen.param[1].size, 776);
	cr_expect_eq(seen.param[1].sum, 0, "an output's old contents are not the TA's to see");
	cr_expect_eq(seen.param[2].sum, sum_of(input, 775));
	cr_expect_arr_eq(buffer[0], input, sizeof(input));
	cr_expect(is_filled(buffer[1], 776, FILL + 1));
	cr_expect_eq(buffer[1][776], input[776], "one octet beyond");
	cr_expect(is_filled(buffer[2], 775, FILL + 2));
	cr_expect_eq(buffer[2][775], input[775]);
}

Test(client_api, large_temporary_references_arrive_whole)
{
	static const size_t sizes[] = { 4096, 70001, 1048576, 5000001, 3 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INOUT,
									    TEEC_MEMREF_TEMP_INPUT,
									    0, 0) };
		uint8_t *buffer = malloc(sizes[i]);
		uint8_t *other = malloc(sizes[i]);
		struct seen seen;

		cr_assert(buffer && other);
		fill_counting(buffer, sizes[i]);
		memset(other, 1, sizes[i]);
		operation.params[0].tmpref.buffer = buffer;
		operation.params[0].tmpref.size = sizes[i];
		operation.params[1].tmpref.buffer = other;
		operation.params[1].tmpref.size = sizes[i];
		const uint64_t sum = sum_of(buffer, sizes[i]);

		expect_success(client_invoke(&client, CMD_TOUCH, &operation));
		seen = seen_by_ta();
		cr_expect_eq(seen.param[0].sum, sum);
		cr_expect_eq(seen.param[1].sum, sizes[i]);
		cr_expect(is_filled(buffer, sizes[i], FILL));
		free(buffer);
		free(other);
	}
}

Test(client_api, null_and_empty_references_are_told_apart)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_INPUT,
					     TEEC_MEMREF_TEMP_OUTPUT, TEEC_MEMREF_TEMP_INOUT) };
	uint8_t octet = 1;
	struct seen seen;

	operation.params[1].tmpref.buffer = &octet;
	operation.params[2].tmpref.buffer = &octet;
	expect_success(client_invoke(&client, CMD_TOUCH, &operation));
	seen = seen_by_ta();
	cr_expect_eq(seen.param[0].is_null, 1);
	cr_expect_eq(seen.param[1].is_null, 0);
	cr_expect_eq(seen.param[2].is_null, 0);
	cr_expect_eq(seen.param[3].is_null, 1);
	for (unsigned int i = 0; i < 4; i++)
		cr_expect_eq(seen.param[i].size, 0);
	cr_expect_eq(octet, 1);
}

Test(client_api, null_with_a_size_is_refused_by_the_library)
{
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, 0, 0, 0) };

	operation.params[0].tmpref.size = 1;
	cr_expect_eq(client_invoke(&client, CMD_TOUCH, &operation), TEEC_ERROR_BAD_PARAMETERS);
	cr_expect_eq(client.origin, TEEC_ORIGIN_API);
}

Test(client_api, types_that_do_not_exist_are_refused_by_the_library)
{
	static const uint32_t types[] = { 4, 8, 9, 0xA, 0xB, 0x10000 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		TEEC_Operation operation = { .paramTypes = types[i] };

		cr_expect_eq(client_invoke(&client, CMD_TOUCH, &operation),
			     TEEC_ERROR_BAD_PARAMETERS, "0x%x", types[i]);
		cr_expect_eq(client.origin, TEEC_ORIGIN_API);
	}
}

/* Has the TA say `size` about a reference to `room` octets at `buffer`, and return `result`. */
static size_t size_said(uint8_t *buffer, size_t room, uint32_t size, TEEC_Result result)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_VALUE_INPUT, TEEC_MEMREF_TEMP_OUTPUT, 0, 0) };

	operation.params[0].value.a = size;
	operation.params[0].value.b = result;
	operation.params[1].tmpref.buffer = buffer;
	operation.params[1].tmpref.size = room;
	cr_expect_eq(client_invoke(&client, CMD_SET_SIZE, &operation), result);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TRUSTED_APP);
	return operation.params[1].tmpref.size;
}

Test(client_api, sizes_come_back_also_with_short_buffer)
{
	uint8_t buffer[64];

	memset(buffer, 0, sizeof(buffer));
	cr_expect_eq(size_said(buffer, 64, 10, TEEC_SUCCESS), 10);
	cr_expect(is_filled(buffer, 10, FILL));
	cr_expect_eq(buffer[10], 0, "beyond the size that the TA told nothing is written");
	cr_expect_eq(size_said(buffer, 64, 0, TEEC_SUCCESS), 0);
	cr_expect_eq(size_said(buffer, 64, 5000, TEEC_ERROR_SHORT_BUFFER), 5000);
	cr_expect_eq(size_said(NULL, 0, 5000, TEEC_ERROR_SHORT_BUFFER), 5000);
	cr_expect_eq(size_said(buffer, 0, 7, TEEC_ERROR_SHORT_BUFFER), 7);
	cr_expect_eq(size_said(buffer, 64, 64, TEEC_ERROR_GENERIC), 64);
}

/* One block of shared memory under test; which kind it is is up to the caller. */
static void expect_block_works(TEEC_SharedMemory *block)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_MEMREF_PARTIAL_INPUT, TEEC_MEMREF_PARTIAL_OUTPUT,
					     TEEC_MEMREF_PARTIAL_INOUT, TEEC_NONE) };
	uint8_t *octets = block->buffer;
	struct seen seen;

	fill_counting(octets, block->size);
	for (unsigned int i = 0; i < 3; i++) {
		operation.params[i].memref.parent = block;
		operation.params[i].memref.offset = 100 + 200 * i;
		operation.params[i].memref.size = 100;
	}
	const uint64_t sums[2] = { sum_of(octets + 100, 100), sum_of(octets + 500, 100) };
	const uint8_t kept[3] = { octets[299], octets[400], octets[600] };

	expect_success(client_invoke(&client, CMD_TOUCH, &operation));
	seen = seen_by_ta();
	cr_expect_eq(seen.types, 0x0765);
	cr_expect_eq(seen.param[0].size, 100);
	cr_expect_eq(seen.param[0].sum, sums[0]);
	cr_expect_eq(seen.param[2].sum, sums[1]);
	cr_expect_eq(sum_of(octets + 100, 100), sums[0]);
	cr_expect(is_filled(octets + 300, 100, FILL + 1));
	cr_expect(is_filled(octets + 500, 100, FILL + 2));
	cr_expect_eq(octets[299], kept[0]);
	cr_expect_eq(octets[400], kept[1]);
	cr_expect_eq(octets[600], kept[2]);

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_WHOLE, 0, 0, 0);
	operation.params[0].memref.size = 1;
	operation.params[0].memref.offset = 1;
	fill_counting(octets, block->size);
	expect_success(client_invoke(&client, CMD_TOUCH, &operation));
	seen = seen_by_ta();
	cr_expect_eq(seen.types, 7, "the parent's flags");
	cr_expect_eq(seen.param[0].size, block->size, "the parent's size");
	cr_expect(is_filled(octets, block->size, FILL));
	cr_expect_eq(operation.params[0].memref.size, block->size);
}

Test(client_api, allocated_blocks_are_shared)
{
	TEEC_SharedMemory block = { .size = 9000, .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };

	expect_success(TEEC_AllocateSharedMemory(&client.context, &block));
	cr_assert(block.buffer);
	expect_block_works(&block);
	TEEC_ReleaseSharedMemory(&block);
	cr_expect_null(block.buffer);
	cr_expect_eq(block.size, 0);
}

Test(client_api, registered_buffers_are_copied_both_ways)
{
	TEEC_SharedMemory block = { .size = 9000, .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };

	block.buffer = malloc(block.size);
	cr_assert(block.buffer);
	expect_success(TEEC_RegisterSharedMemory(&client.context, &block));
	expect_block_works(&block);
	TEEC_ReleaseSharedMemory(&block);
	free(block.buffer);
}

Test(client_api, registered_descriptors_are_shared)
{
	TEEC_SharedMemory block = { .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };
	const int fd = memfd_create("gp", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, 8192), 0);
	expect_success(TEEC_RegisterSharedMemoryFileDescriptor(&client.context, &block, fd));
	cr_assert_eq(block.size, 8192);
	if (!block.buffer)
		block.buffer = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(block.buffer, MAP_FAILED);
	expect_block_works(&block);
	munmap(block.buffer, 8192);
	TEEC_ReleaseSharedMemory(&block);
	close(fd);
}

Test(client_api, read_only_pages_can_be_registered_as_input)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_WHOLE, 0, 0, 0) };
	TEEC_SharedMemory block = { .size = 4096, .flags = TEEC_MEM_INPUT };
	struct seen seen;

	block.buffer =
		mmap(NULL, block.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(block.buffer, MAP_FAILED);
	fill_counting(block.buffer, block.size);
	cr_assert_eq(mprotect(block.buffer, block.size, PROT_READ), 0);
	expect_success(TEEC_RegisterSharedMemory(&client.context, &block));
	operation.params[0].memref.parent = &block;
	expect_success(client_invoke(&client, CMD_TOUCH, &operation));
	seen = seen_by_ta();
	cr_expect_eq(seen.types, 5);
	cr_expect_eq(seen.param[0].sum, sum_of(block.buffer, block.size));
	TEEC_ReleaseSharedMemory(&block);
	munmap(block.buffer, block.size);
}

static TEEC_Result invoke_partial(TEEC_SharedMemory *block, uint32_t type, size_t offset,
				  size_t size)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(type, 0, 0, 0) };

	operation.params[0].memref.parent = block;
	operation.params[0].memref.offset = offset;
	operation.params[0].memref.size = size;
	return client_invoke(&client, CMD_TOUCH, &operation);
}

Test(client_api, partial_references_stay_within_their_block)
{
	TEEC_SharedMemory block = { .size = 1000, .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };
	static const struct {
		size_t offset, size;
	} outside[] = {
		{ 0, 1001 },	 { 1000, 1 },	     { 1001, 0 },     { 1, 1000 },
		{ SIZE_MAX, 1 }, { SIZE_MAX, 1000 }, { 1, SIZE_MAX }, { 0, (size_t)1 << 33 }
	};

	expect_success(TEEC_AllocateSharedMemory(&client.context, &block));
	expect_success(client_invoke(&client, CMD_TOUCH, NULL));
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		cr_expect_eq(invoke_partial(&block, TEEC_MEMREF_PARTIAL_INOUT, outside[i].offset,
					    outside[i].size),
			     TEEC_ERROR_BAD_PARAMETERS, "case %zu", i);
		cr_expect_neq(client.origin, TEEC_ORIGIN_TRUSTED_APP);
	}
	cr_expect_eq(seen_by_ta().types, 0, "the TA was never entered");
	expect_success(invoke_partial(&block, TEEC_MEMREF_PARTIAL_INOUT, 1000, 0));
	expect_success(invoke_partial(&block, TEEC_MEMREF_PARTIAL_INOUT, 0, 1000));
	TEEC_ReleaseSharedMemory(&block);
}

Test(client_api, references_go_no_further_than_the_flags_of_their_block)
{
	TEEC_SharedMemory in = { .size = 64, .flags = TEEC_MEM_INPUT };
	TEEC_SharedMemory out = { .size = 64, .flags = TEEC_MEM_OUTPUT };

	expect_success(TEEC_AllocateSharedMemory(&client.context, &in));
	expect_success(TEEC_AllocateSharedMemory(&client.context, &out));
	expect_success(invoke_partial(&in, TEEC_MEMREF_PARTIAL_INPUT, 0, 64));
	expect_success(invoke_partial(&out, TEEC_MEMREF_PARTIAL_OUTPUT, 0, 64));
	cr_expect_eq(invoke_partial(&in, TEEC_MEMREF_PARTIAL_OUTPUT, 0, 64),
		     TEEC_ERROR_BAD_PARAMETERS);
	cr_expect_eq(invoke_partial(&in, TEEC_MEMREF_PARTIAL_INOUT, 0, 64),
		     TEEC_ERROR_BAD_PARAMETERS);
	cr_expect_eq(invoke_partial(&out, TEEC_MEMREF_PARTIAL_INPUT, 0, 64),
		     TEEC_ERROR_BAD_PARAMETERS);
	TEEC_ReleaseSharedMemory(&in);
	TEEC_ReleaseSharedMemory(&out);
}

static TEEC_Result check_rights(TEEC_SharedMemory *block, uint32_t type, uint32_t flags)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, type, 0, 0) };

	operation.params[0].value.a = flags;
	operation.params[1].memref.parent = block;
	operation.params[1].memref.size = block->size;
	return client_invoke(&client, CMD_CHECK_RIGHTS, &operation);
}

/* TEE_MEMORY_ACCESS_… as the TA sees them. */
enum {
	READ = 1,
	WRITE = 2,
	ANY_OWNER = 4,
	NONSECURE = 0x10000000,
	SECURE = 0x20000000
};

Test(client_api, ta_knows_shared_memory_and_its_rights)
{
	TEEC_SharedMemory in = { .size = 5000, .flags = TEEC_MEM_INPUT };
	TEEC_SharedMemory both = { .size = 5000, .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };
	const uint32_t partial_in = TEEC_MEMREF_PARTIAL_INPUT;
	const uint32_t inout = TEEC_MEMREF_PARTIAL_INOUT;

	expect_success(TEEC_AllocateSharedMemory(&client.context, &in));
	expect_success(TEEC_AllocateSharedMemory(&client.context, &both));
	cr_expect_eq(check_rights(&in, partial_in, READ | ANY_OWNER), TEEC_SUCCESS);
	cr_expect_eq(check_rights(&in, partial_in, WRITE | ANY_OWNER), TEEC_ERROR_ACCESS_DENIED);
	cr_expect_eq(check_rights(&in, partial_in, READ), TEEC_ERROR_ACCESS_DENIED);
	cr_expect_eq(check_rights(&both, inout, READ | WRITE | ANY_OWNER), TEEC_SUCCESS);
	cr_expect_eq(check_rights(&both, inout, WRITE), TEEC_ERROR_ACCESS_DENIED);
	cr_expect_eq(check_rights(&both, inout, READ | ANY_OWNER | NONSECURE), TEEC_SUCCESS);
	cr_expect_eq(check_rights(&both, inout, READ | ANY_OWNER | SECURE),
		     TEEC_ERROR_ACCESS_DENIED);
	TEEC_ReleaseSharedMemory(&in);
	TEEC_ReleaseSharedMemory(&both);
}

Test(client_api, input_only_block_cannot_be_written_by_the_ta)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_WHOLE, 0, 0, 0) };
	TEEC_SharedMemory block = { .size = 4096, .flags = TEEC_MEM_INPUT };

	expect_success(TEEC_AllocateSharedMemory(&client.context, &block));
	memset(block.buffer, 1, block.size);
	operation.params[0].memref.parent = &block;
	cr_expect_eq(client_invoke(&client, CMD_WRITE_INPUT, &operation), TEEC_ERROR_TARGET_DEAD);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
	cr_expect_eq(*(uint8_t *)block.buffer, 1);
	TEEC_ReleaseSharedMemory(&block);
}

Test(client_api_alone, parameters_go_with_opening_too)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT,
								    TEEC_MEMREF_TEMP_OUTPUT,
								    TEEC_NONE, TEEC_NONE) };
	uint8_t buffer[50] = { 0 };

	operation.params[0].value.a = 5;
	operation.params[1].tmpref.buffer = buffer;
	operation.params[1].tmpref.size = sizeof(buffer);
	expect_success(client_try_open(&client, &ta, TEEC_LOGIN_PUBLIC, NULL, &operation));
	cr_expect_eq(operation.params[0].value.a, ~5U);
	cr_expect(is_filled(buffer, sizeof(buffer), FILL + 1));
	cr_expect_eq(seen_by_ta().types, 0x63);
	client_close(&client);
}

Test(client_api_alone, ta_of_version_1_1_gets_the_same)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_VALUE_INOUT, TEEC_MEMREF_TEMP_INOUT,
					     TEEC_MEMREF_TEMP_INPUT, TEEC_NONE) };
	uint8_t buffer[300];
	struct seen seen;

	client_open(&client, &ta_1_1);
	fill_counting(buffer, sizeof(buffer));
	operation.params[0].value.b = 9;
	operation.params[1].tmpref.buffer = buffer;
	operation.params[1].tmpref.size = sizeof(buffer);
	const uint64_t sum = sum_of(buffer, sizeof(buffer));

	expect_success(client_invoke(&client, CMD_TOUCH, &operation));
	seen = seen_by_ta();
	cr_expect_eq(seen.types, 0x0573);
	cr_expect_eq(seen.param[1].size, sizeof(buffer));
	cr_expect_eq(seen.param[1].sum, sum);
	cr_expect_eq(seen.param[2].is_null, 1);
	cr_expect_eq(operation.params[0].value.b, ~9U);
	cr_expect(is_filled(buffer, sizeof(buffer), FILL + 1));
	cr_expect_eq(size_said(buffer, 20, 4000, TEEC_ERROR_SHORT_BUFFER), 4000);
	client_close(&client);
}

/* TEE_Identity. */
struct identity {
	uint32_t login;
	TEEC_UUID uuid;
};

static struct identity identity_of(uint32_t login, const void *data)
{
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, 0, 0, 0) };
	struct identity identity;

	expect_success(client_try_open(&client, &ta, login, data, NULL));
	operation.params[0].tmpref.buffer = &identity;
	operation.params[0].tmpref.size = sizeof(identity);
	expect_success(client_invoke(&client, CMD_IDENTITY, &operation));
	client_close(&client);
	return identity;
}

/* Version 5 of RFC 9562 in the namespace of TEE clients. */
static TEEC_UUID client_uuid(const char *name)
{
	static const uint8_t namespace[16] = { 0x58, 0xac, 0x9c, 0xa0, 0x20, 0x86, 0x46, 0x83,
					       0xa1, 0xb8, 0xec, 0x4b, 0xc0, 0x8e, 0x01, 0xb6 };
	uint8_t text[64], hash[SHA_DIGEST_LENGTH];
	TEEC_UUID uuid;

	memcpy(text, namespace, sizeof(namespace));
	memcpy(text + sizeof(namespace), name, strlen(name));
	SHA1(text, sizeof(namespace) + strlen(name), hash);
	hash[6] = (uint8_t)((hash[6] & 0x0F) | 0x50);
	hash[8] = (uint8_t)((hash[8] & 0x3F) | 0x80);
	uuid.timeLow = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 |
		       hash[3];
	uuid.timeMid = (uint16_t)(hash[4] << 8 | hash[5]);
	uuid.timeHiAndVersion = (uint16_t)(hash[6] << 8 | hash[7]);
	memcpy(uuid.clockSeqAndNode, hash + 8, 8);
	return uuid;
}

Test(client_api_alone, login_public_is_nobody)
{
	static const TEEC_UUID nil;
	const struct identity identity = identity_of(TEEC_LOGIN_PUBLIC, NULL);

	cr_expect_eq(identity.login, TEEC_LOGIN_PUBLIC);
	cr_expect_eq(memcmp(&identity.uuid, &nil, sizeof(nil)), 0);
}

Test(client_api_alone, login_user_is_the_effective_user)
{
	const struct identity identity = identity_of(TEEC_LOGIN_USER, NULL);
	TEEC_UUID expected;
	char name[32];

	snprintf(name, sizeof(name), "uid=%x", geteuid());
	expected = client_uuid(name);
	cr_expect_eq(identity.login, TEEC_LOGIN_USER);
	cr_expect_eq(memcmp(&identity.uuid, &expected, sizeof(expected)), 0);
}

Test(client_api_alone, login_group_is_a_group_of_the_clients)
{
	uint32_t group = getegid();
	const struct identity identity = identity_of(TEEC_LOGIN_GROUP, &group);
	TEEC_UUID expected;
	char name[32];

	snprintf(name, sizeof(name), "gid=%x", group);
	expected = client_uuid(name);
	cr_expect_eq(identity.login, TEEC_LOGIN_GROUP);
	cr_expect_eq(memcmp(&identity.uuid, &expected, sizeof(expected)), 0);
}

Test(client_api_alone, login_group_of_somebody_else_is_refused)
{
	uint32_t group = 3999999999U;

	cr_expect_neq(client_try_open(&client, &ta, TEEC_LOGIN_GROUP, &group, NULL), TEEC_SUCCESS);
	cr_expect_neq(client.origin, TEEC_ORIGIN_TRUSTED_APP);
}

Test(client_api_alone, other_logins_are_refused)
{
	static const uint32_t logins[] = { 3, TEEC_LOGIN_APPLICATION, TEEC_LOGIN_USER_APPLICATION,
					   TEEC_LOGIN_GROUP_APPLICATION, 0x80000000 };

	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		uint32_t group = getegid();

		cr_expect_neq(client_try_open(&client, &ta, logins[i], &group, NULL), TEEC_SUCCESS,
			      "login %u", logins[i]);
	}
}

/* What a forked child finds out; a bit for each thing that was not as it should be. */
static int child_looks(void)
{
	TEEC_SharedMemory block = { .size = 64, .flags = TEEC_MEM_INPUT };
	struct client own;
	TEEC_Session other;
	int wrong = 0;

	if (client_invoke(&client, CMD_SEEN, NULL) != TEEC_ERROR_BAD_STATE ||
	    client.origin != TEEC_ORIGIN_API)
		wrong |= 1;
	if (TEEC_OpenSession(&client.context, &other, &ta, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL) !=
	    TEEC_ERROR_BAD_STATE)
		wrong |= 2;
	if (TEEC_AllocateSharedMemory(&client.context, &block) != TEEC_ERROR_BAD_STATE)
		wrong |= 4;
	/* Giving back what is the parent's does it no harm. */
	client_close(&client);
	if (client_try_open(&own, &ta, TEEC_LOGIN_PUBLIC, NULL, NULL) != TEEC_SUCCESS)
		return wrong | 8;
	client_close(&own);
	return wrong;
}

Test(client_api, a_forked_child_has_no_use_of_inherited_handles_and_the_parent_keeps_them)
{
	pid_t child;
	int status;

	(void)seen_by_ta();
	child = fork();
	cr_assert_geq(child, 0);
	if (!child)
		_exit(child_looks());
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFEXITED(status), "the child ended by signal %d", WTERMSIG(status));
	cr_expect_eq(WEXITSTATUS(status), 0, "wrong in the child: 0x%x", WEXITSTATUS(status));
	/* Sessions, and the connection itself. */
	(void)seen_by_ta();
	TEEC_CloseSession(&client.session);
	expect_success(TEEC_OpenSession(&client.context, &client.session, &ta, TEEC_LOGIN_PUBLIC,
					NULL, NULL, &client.origin));
	(void)seen_by_ta();
}
