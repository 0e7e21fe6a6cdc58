/*
 * Internal Core API 4.9, and what 4.10 says of it: a TA that is a client of other TAs.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal_client/commands.h"

#define INFINITE	  0xFFFFFFFFU
#define LOGIN_TRUSTED_APP 0xF0000000U

static const TEEC_UUID caller = UUID_CALLER, callee = UUID_CALLEE, hub = UUID_HUB,
		       lonely = UUID_LONELY, kept_hub = UUID_KEPT_HUB, slow_hub = UUID_SLOW_HUB,
		       chicken = UUID_CHICKEN, endless = UUID_ENDLESS;
static const TEEC_UUID nobody = { 0x5f0e2f4a, 0x54a5, 0x4c7c, { 0 } };
static const TEEC_UUID device_enumeration = {
	0x7011a688, 0xddde, 0x4053, { 0xa5, 0xa9, 0x7b, 0x3c, 0x4d, 0xdf, 0x13, 0xb8 }
};

/* What the calling TA was told. */
struct nested {
	uint32_t result;
	uint32_t origin;
};

static struct client client;

TestSuite(internal_client, .init = fixture_start, .fini = fixture_stop);

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/*
 * Has the TA of `at` open a session.
 */

struct opening {
	uint32_t timeout;
	bool unmask;
	uint32_t what, argument;
};

static struct nested open_as(struct client *at, const TEEC_UUID *uuid, struct opening how,
			     uint32_t *place, TEEC_Operation *operation)
{
	struct nested failed = { 0 };

	*operation = (TEEC_Operation) { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT,
								       TEEC_VALUE_INOUT,
								       TEEC_VALUE_INOUT, 0) };
	operation->params[0].tmpref.buffer = (void *)uuid;
	operation->params[0].tmpref.size = sizeof(*uuid);
	operation->params[1].value.a = how.timeout;
	operation->params[1].value.b = how.unmask;
	operation->params[2].value.a = how.what;
	operation->params[2].value.b = how.argument;
	*place = 0;
	failed.result = client_invoke(at, CMD_OPEN, operation);
	if (failed.result != TEEC_SUCCESS)
		return failed;
	*place = operation->params[2].value.a;
	return (struct nested) { operation->params[1].value.a, operation->params[1].value.b };
}

static struct nested try_open(const TEEC_UUID *uuid, struct opening how, uint32_t *place)
{
	TEEC_Operation operation;

	return open_as(&client, uuid, how, place, &operation);
}

static uint32_t open_session(struct client *at, const TEEC_UUID *uuid)
{
	TEEC_Operation operation;
	uint32_t place;
	struct nested nested =
		open_as(at, uuid, (struct opening) { .timeout = INFINITE }, &place, &operation);

	cr_assert_eq(nested.result, TEEC_SUCCESS, "0x%08x from %u", nested.result, nested.origin);
	cr_assert_eq(nested.origin, TEEC_ORIGIN_TRUSTED_APP);
	return place;
}

static void close_session(struct client *at, uint32_t place)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

	operation.params[0].value.a = place;
	cr_assert_eq(client_invoke(at, CMD_CLOSE, &operation), TEEC_SUCCESS);
}

/* Has the TA of `at` invoke a command; `operation` holds in [2] and [3], with their types, what the
 * other TA gets as [0] and [1]. */
struct invocation {
	uint32_t timeout;
	bool unmask;
};

static const struct invocation patiently = { .timeout = INFINITE };

static struct nested forward_as(struct client *at, uint32_t place, uint32_t command,
				struct invocation how, TEEC_Operation *operation)
{
	struct nested failed = { 0 };

	operation->paramTypes |= TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_VALUE_INPUT, 0, 0);
	operation->params[0].value.a = place;
	operation->params[0].value.b = command;
	operation->params[1].value.a = how.timeout;
	operation->params[1].value.b = how.unmask;
	failed.result = client_invoke(at, CMD_FORWARD, operation);
	if (failed.result != TEEC_SUCCESS)
		return failed;
	return (struct nested) { operation->params[0].value.a, operation->params[0].value.b };
}

static struct nested forward(uint32_t place, uint32_t command, TEEC_Operation *operation)
{
	return forward_as(&client, place, command, patiently, operation);
}

static struct nested forward_plain(struct client *at, uint32_t place, uint32_t command)
{
	TEEC_Operation operation = { 0 };

	return forward_as(at, place, command, patiently, &operation);
}

static struct nested visit(struct client *at, const TEEC_UUID *uuid, uint32_t command,
			   uint32_t value)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT,
								    TEEC_VALUE_INOUT, 0, 0) };

	operation.params[0].tmpref.buffer = (void *)uuid;
	operation.params[0].tmpref.size = sizeof(*uuid);
	operation.params[1].value.a = command;
	operation.params[1].value.b = value;
	cr_assert_eq(client_invoke(at, CMD_VISIT, &operation), TEEC_SUCCESS);
	return (struct nested) { operation.params[1].value.a, operation.params[1].value.b };
}

#define EXPECT_NESTED(call, wanted_result, wanted_origin)                                         \
	do {                                                                                      \
		const struct nested seen = call;                                                  \
                                                                                                  \
		cr_expect_eq(seen.result, wanted_result, "result 0x%08x, origin %u", seen.result, \
			     seen.origin);                                                        \
		cr_expect_eq(seen.origin, wanted_origin, "result 0x%08x, origin %u", seen.result, \
			     seen.origin);                                                        \
	} while (0)

#define EXPECT_GOES_ON(call) EXPECT_NESTED(call, TEEC_SUCCESS, TEEC_ORIGIN_TRUSTED_APP)

/*
 * Sessions.
 */

Test(internal_client, sessions_are_opened_used_and_closed)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(0, 0, TEEC_VALUE_OUTPUT, 0) };
	uint32_t first, second;

	client_open(&client, &caller);
	first = open_session(&client, &hub);
	second = open_session(&client, &hub);
	EXPECT_GOES_ON(forward_plain(&client, first, CMD_NOTHING));
	EXPECT_GOES_ON(forward(second, CMD_SESSIONS, &operation));
	cr_expect_eq(operation.params[2].value.a, 2);
	close_session(&client, first);
	EXPECT_GOES_ON(forward(second, CMD_SESSIONS, &operation));
	cr_expect_eq(operation.params[2].value.a, 1);
	close_session(&client, second);
	client_close(&client);
}

Test(internal_client, a_tas_errors_and_values_come_back_with_their_origin)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(0, 0, TEEC_VALUE_INPUT,
								    TEEC_VALUE_INOUT) };
	uint32_t place;

	client_open(&client, &caller);
	place = open_session(&client, &callee);
	operation.params[2].value.a = 0x12345678;
	operation.params[3].value.a = 41;
	operation.params[3].value.b = 0xFFFFFFFF;
	EXPECT_NESTED(forward(place, CMD_RETURN, &operation), 0x12345678, TEEC_ORIGIN_TRUSTED_APP);
	cr_expect_eq(operation.params[3].value.a, 42);
	cr_expect_eq(operation.params[3].value.b, 0);
	client_close(&client);
}

Test(internal_client, the_callee_sees_the_calling_ta_as_its_client)
{
	struct {
		uint32_t login;
		TEEC_UUID uuid;
	} identity = { 0 };
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(0, 0, TEEC_MEMREF_TEMP_OUTPUT, 0) };
	uint32_t place;

	client_open(&client, &caller);
	place = open_session(&client, &kept_hub);
	operation.params[2].tmpref.buffer = &identity;
	operation.params[2].tmpref.size = sizeof(identity);
	EXPECT_GOES_ON(forward(place, CMD_WHO, &operation));
	cr_expect_eq(identity.login, LOGIN_TRUSTED_APP);
	cr_expect_arr_eq(&identity.uuid, &caller, sizeof(caller));
	client_close(&client);

	/* An application can't be one. */
	cr_expect_eq(client_try_open(&client, &callee, LOGIN_TRUSTED_APP, NULL, NULL),
		     TEEC_ERROR_BAD_PARAMETERS);
}

Test(internal_client, what_cannot_be_opened_leaves_no_handle)
{
	uint32_t place;

	client_open(&client, &caller);
	EXPECT_NESTED(try_open(&nobody, (struct opening) { .timeout = INFINITE }, &place),
		      TEEC_ERROR_ITEM_NOT_FOUND, TEEC_ORIGIN_TEE);
	EXPECT_NESTED(try_open(&callee,
			       (struct opening) { INFINITE, false, OPEN_REFUSE, 0xABCD0001 },
			       &place),
		      0xABCD0001, TEEC_ORIGIN_TRUSTED_APP);
	/* The place is free again: NULL was what it got. */
	cr_expect_eq(place, 0);
	EXPECT_NESTED(try_open(&callee, (struct opening) { INFINITE, false, OPEN_PANIC, 3 },
			       &place),
		      TEEC_ERROR_TARGET_DEAD, TEEC_ORIGIN_TEE);
	cr_expect_eq(place, 0);
	cr_expect_eq(open_session(&client, &callee), 0);
	client_close(&client);
}

Test(internal_client, a_ta_for_one_session_is_busy_for_others)
{
	struct client direct;
	uint32_t place, other;

	client_open(&client, &caller);
	place = open_session(&client, &lonely);
	EXPECT_NESTED(try_open(&lonely, (struct opening) { .timeout = INFINITE }, &other),
		      TEEC_ERROR_BUSY, TEEC_ORIGIN_TEE);
	cr_expect_eq(client_try_open(&direct, &lonely, TEEC_LOGIN_PUBLIC, NULL, NULL),
		     TEEC_ERROR_BUSY);
	close_session(&client, place);
	client_open(&direct, &lonely);
	EXPECT_NESTED(try_open(&lonely, (struct opening) { .timeout = INFINITE }, &other),
		      TEEC_ERROR_BUSY, TEEC_ORIGIN_TEE);
	client_close(&direct);
	(void)open_session(&client, &lonely);
	client_close(&client);
	/* The sessions of an instance end with it. */
	client_open(&direct, &caller);
	place = open_session(&direct, &lonely);
	EXPECT_GOES_ON(forward_plain(&direct, place, CMD_NOTHING));
	client_close(&direct);
}

Test(internal_client, a_session_belongs_to_the_instance_not_to_a_session_of_its_own)
{
	struct client second;
	uint32_t place;

	client_open(&client, &kept_hub);
	client_open(&second, &kept_hub);
	place = open_session(&client, &callee);
	client_close(&client);
	EXPECT_GOES_ON(forward_plain(&second, place, CMD_NOTHING));
	close_session(&second, place);
	client_close(&second);
}

Test(internal_client, hundreds_of_sessions_of_one_ta)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT,
								    TEEC_VALUE_INOUT, 0, 0) };

	client_open(&client, &caller);
	for (int round = 0; round < 2; round++) {
		operation.params[0].tmpref.buffer = (void *)&hub;
		operation.params[0].tmpref.size = sizeof(hub);
		operation.params[1].value.a = 700;
		cr_expect_eq(client_invoke(&client, CMD_OPEN_MANY, &operation), TEEC_SUCCESS);
		cr_expect_eq(operation.params[1].value.a, 700);
	}
	client_close(&client);
}

/* Each session has an instance of its own, until there are as many as TAs may start. */
Test(internal_client, tas_start_so_many_tas_and_no_more)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT,
								    TEEC_VALUE_INOUT, 0, 0) };
	struct client application;

	client_open(&client, &caller);
	operation.params[0].tmpref.buffer = (void *)&callee;
	operation.params[0].tmpref.size = sizeof(callee);
	operation.params[1].value.a = 200;
	cr_expect_eq(client_invoke(&client, CMD_OPEN_MANY, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[1].value.a, 128);
	cr_expect(fixture_log_has("and 128 run that were started by TAs: no more"));
	/* Applications are not concerned. */
	client_open(&application, &callee);
	client_close(&application);
	client_close(&client);
}

/* The session that finds no room fails with TEE_ERROR_OUT_OF_MEMORY; what an ended one leaves can
 * be used again. */
Test(internal_client, how_many_tas_tas_start_is_the_users_choice)
{
	static const char *const arguments[] = { "--nested-tas=5", NULL };
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT,
								    TEEC_VALUE_INOUT, 0, 0) };

	fixture_restart(SIGTERM, arguments);
	for (int round = 0; round < 2; round++) {
		client_open(&client, &caller);
		operation.params[0].tmpref.buffer = (void *)&callee;
		operation.params[0].tmpref.size = sizeof(callee);
		operation.params[1].value.a = 10;
		cr_expect_eq(client_invoke(&client, CMD_OPEN_MANY, &operation), TEEC_SUCCESS);
		cr_expect_eq(operation.params[1].value.a, 5);
		client_close(&client);
	}
	cr_expect(fixture_log_has("and 5 run that were started by TAs: no more (--nested-tas)"));
}

Test(internal_client, pseudo_tas_are_called_like_tas)
{
	uint8_t out[16];
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(0, 0, TEEC_MEMREF_TEMP_OUTPUT, 0) };
	uint32_t place;

	client_open(&client, &caller);
	place = open_session(&client, &device_enumeration);
	operation.params[2].tmpref.buffer = out;
	operation.params[2].tmpref.size = sizeof(out);
	EXPECT_GOES_ON(forward(place, 0, &operation));
	cr_expect_eq(operation.params[2].tmpref.size, 0);
	kill(fixture_process("tee-services"), SIGKILL);
	EXPECT_NESTED(forward_plain(&client, place, 0), TEEC_ERROR_TARGET_DEAD, TEEC_ORIGIN_TEE);
	close_session(&client, place);
	place = open_session(&client, &device_enumeration);
	close_session(&client, place);
	client_close(&client);
}

Test(internal_client, the_names_of_version_1_1)
{
	static const TEEC_UUID caller_1_1 = UUID_CALLER_1_1;
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(0, 0, TEEC_MEMREF_TEMP_INPUT,
								    TEEC_MEMREF_TEMP_OUTPUT) };
	char in[] = "from a TA of version 1.1", out[sizeof(in)] = "";
	uint32_t place;

	client_open(&client, &caller_1_1);
	place = open_session(&client, &callee);
	operation.params[2].tmpref.buffer = in;
	operation.params[2].tmpref.size = sizeof(in);
	operation.params[3].tmpref.buffer = out;
	operation.params[3].tmpref.size = sizeof(out);
	EXPECT_GOES_ON(forward(place, CMD_COPY, &operation));
	cr_expect_str_eq(in, out);
	operation.params[3].tmpref.size = 3;
	EXPECT_NESTED(forward(place, CMD_COPY, &operation), TEEC_ERROR_SHORT_BUFFER,
		      TEEC_ORIGIN_TRUSTED_APP);
	cr_expect_eq(operation.params[3].tmpref.size, sizeof(in));
	close_session(&client, place);
	client_close(&client);
}

/*
 * Parameters.
 */

static uint32_t lend_private(uint32_t place, uint32_t octets)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };

	operation.params[0].value.a = place;
	operation.params[0].value.b = octets;
	cr_expect_eq(client_invoke(&client, CMD_LEND_PRIVATE, &operation), TEEC_SUCCESS);
	return operation.params[0].value.b;
}

Test(internal_client, private_memory_is_copied_there_and_back)
{
	static const uint32_t sizes[] = { 1, 64, 4096, 65536, 65537, 3000000, 100 };
	uint32_t place;

	client_open(&client, &caller);
	place = open_session(&client, &callee);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		cr_expect_eq(lend_private(place, sizes[i]), sizes[i]);
	client_close(&client);
}

static struct nested lend_oddly(uint32_t place, uint32_t how)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };

	operation.params[0].value.a = place;
	operation.params[0].value.b = how;
	cr_expect_eq(client_invoke(&client, CMD_LEND_ODDLY, &operation), TEEC_SUCCESS);
	return (struct nested) { operation.params[0].value.a, operation.params[0].value.b };
}

Test(internal_client, null_and_empty_and_constant_memory_arrive_as_such)
{
	uint32_t place;
	struct nested seen;

	client_open(&client, &caller);
	place = open_session(&client, &callee);
	seen = lend_oddly(place, LEND_NULL);
	cr_expect(seen.result & DESCRIBED_NULL);
	cr_expect_eq(seen.origin, 0);
	seen = lend_oddly(place, LEND_EMPTY);
	cr_expect(!(seen.result & DESCRIBED_NULL));
	cr_expect_eq(seen.origin, 0);
	seen = lend_oddly(place, LEND_RODATA);
	cr_expect_eq(seen.result, DESCRIBED_READABLE | DESCRIBED_WRITABLE);
	cr_expect_eq(seen.origin, sizeof("constant"));
	client_close(&client);
}

Test(internal_client, temporary_memory_goes_through)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(0, 0, TEEC_MEMREF_TEMP_INPUT,
								    TEEC_MEMREF_TEMP_OUTPUT) };
	static uint8_t in[200000], out[200000];
	uint32_t place;

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 13);
	client_open(&client, &caller);
	place = open_session(&client, &callee);
	operation.params[2].tmpref.buffer = in;
	operation.params[2].tmpref.size = sizeof(in);
	operation.params[3].tmpref.buffer = out;
	operation.params[3].tmpref.size = sizeof(out);
	EXPECT_GOES_ON(forward(place, CMD_COPY, &operation));
	cr_expect_arr_eq(in, out, sizeof(in));

	memset(out, 0, sizeof(out));
	operation.params[3].tmpref.size = sizeof(out) - 1;
	EXPECT_NESTED(forward(place, CMD_COPY, &operation), TEEC_ERROR_SHORT_BUFFER,
		      TEEC_ORIGIN_TRUSTED_APP);
	cr_expect_eq(operation.params[3].tmpref.size, sizeof(in));
	for (size_t i = 0; i < sizeof(out); i++)
		cr_assert_eq(out[i], 0);
	client_close(&client);
}

Test(internal_client, a_callee_that_claims_too_much_output_writes_nothing_beyond)
{
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(0, 0, TEEC_MEMREF_TEMP_OUTPUT, 0) };
	uint8_t out[64];
	uint32_t place;

	memset(out, 0x5A, sizeof(out));
	client_open(&client, &caller);
	place = open_session(&client, &callee);
	operation.params[2].tmpref.buffer = out;
	operation.params[2].tmpref.size = 16;
	EXPECT_GOES_ON(forward(place, CMD_OVERSTATE, &operation));
	cr_expect_eq(operation.params[2].tmpref.size, 33);
	for (size_t i = 16; i < sizeof(out); i++)
		cr_expect_eq(out[i], 0x5A);
	client_close(&client);
}

static TEEC_SharedMemory allocate(size_t size, uint32_t flags)
{
	TEEC_SharedMemory memory = { .size = size, .flags = flags };

	cr_assert_eq(TEEC_AllocateSharedMemory(&client.context, &memory), TEEC_SUCCESS);
	return memory;
}

struct handshake {
	volatile uint8_t *memory;
	bool heard;
};

static void *handshake_answer(void *arg)
{
	struct handshake *handshake = arg;

	for (int i = 0; i < 20000 && !handshake->memory[0]; i++)
		pause_ms(1);
	handshake->heard = handshake->memory[0];
	handshake->memory[1] = 1;
	return NULL;
}

/* A copy would let neither side hear the other before the command is over. */
Test(internal_client, an_allocated_block_is_the_same_memory_for_all_three)
{
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(0, 0, TEEC_MEMREF_PARTIAL_INOUT, 0) };
	TEEC_SharedMemory memory;
	struct handshake handshake = { 0 };
	pthread_t thread;
	uint32_t place;

	client_open(&client, &caller);
	memory = allocate(1 << 20, TEEC_MEM_INPUT | TEEC_MEM_OUTPUT);
	place = open_session(&client, &callee);
	operation.params[2].memref.parent = &memory;
	operation.params[2].memref.offset = 70001;
	operation.params[2].memref.size = 3;
	handshake.memory = (uint8_t *)memory.buffer + 70001;
	pthread_create(&thread, NULL, handshake_answer, &handshake);
	EXPECT_GOES_ON(forward(place, CMD_HANDSHAKE, &operation));
	pthread_join(thread, NULL);
	cr_expect(handshake.heard);
	cr_expect_eq(handshake.memory[2], 1);
	TEEC_ReleaseSharedMemory(&memory);
	client_close(&client);
}

Test(internal_client, a_block_is_shared_on_with_several_tas_and_again)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(0, 0, TEEC_MEMREF_WHOLE, 0) };
	const TEEC_UUID *const tas[] = { &callee, &callee, &callee, &hub, &kept_hub, &callee };
	uint32_t place[6];

	client_open(&client, &caller);
	for (int i = 0; i < 6; i++)
		place[i] = open_session(&client, tas[i]);
	for (int round = 1; round <= 3; round++) {
		TEEC_SharedMemory memory = allocate(5000, TEEC_MEM_INPUT | TEEC_MEM_OUTPUT);

		memset(memory.buffer, 0, memory.size);
		operation.params[2].memref.parent = &memory;
		for (int i = 0; i < 6 * round; i++)
			EXPECT_GOES_ON(forward(place[i % 6], CMD_INCREMENT, &operation));
		for (size_t i = 0; i < memory.size; i++)
			cr_assert_eq(((uint8_t *)memory.buffer)[i], 6 * round);
		TEEC_ReleaseSharedMemory(&memory);
	}
	client_close(&client);
}

Test(internal_client, a_block_gives_the_callee_no_more_rights_than_the_caller_has)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(0, 0, TEEC_MEMREF_PARTIAL_INPUT,
								    TEEC_VALUE_OUTPUT) };
	TEEC_SharedMemory memory;
	uint32_t place;

	client_open(&client, &caller);
	memory = allocate(4096, TEEC_MEM_INPUT);
	place = open_session(&client, &callee);
	operation.params[2].memref.parent = &memory;
	operation.params[2].memref.size = 4096;
	EXPECT_GOES_ON(forward(place, CMD_DESCRIBE, &operation));
	cr_expect_eq(operation.params[3].value.a, DESCRIBED_READABLE);
	cr_expect_eq(operation.params[3].value.b, 4096);
	TEEC_ReleaseSharedMemory(&memory);

	memory = allocate(4096, TEEC_MEM_INPUT | TEEC_MEM_OUTPUT);
	operation.params[2].memref.parent = &memory;
	EXPECT_GOES_ON(forward(place, CMD_DESCRIBE, &operation));
	cr_expect_eq(operation.params[3].value.a, DESCRIBED_READABLE | DESCRIBED_WRITABLE);
	TEEC_ReleaseSharedMemory(&memory);
	client_close(&client);
}

/* More than there are descriptors for: those are copied, and nobody notices. */
Test(internal_client, hundreds_of_blocks)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(0, 0, TEEC_MEMREF_WHOLE, 0) };
	static TEEC_SharedMemory memory[300];
	uint32_t place;

	client_open(&client, &caller);
	place = open_session(&client, &callee);
	for (int i = 0; i < 300; i++) {
		memory[i] = allocate(100, TEEC_MEM_INPUT | TEEC_MEM_OUTPUT);
		((uint8_t *)memory[i].buffer)[99] = (uint8_t)i;
		operation.params[2].memref.parent = &memory[i];
		EXPECT_GOES_ON(forward(place, CMD_INCREMENT, &operation));
		cr_assert_eq(((uint8_t *)memory[i].buffer)[99], (uint8_t)(i + 1));
	}
	for (int i = 0; i < 300; i++)
		TEEC_ReleaseSharedMemory(&memory[i]);
	EXPECT_GOES_ON(forward_plain(&client, place, CMD_NOTHING));
	client_close(&client);
}

/*
 * Mistakes of the caller.
 */

Test(internal_client, mistakes_panic_the_ta_that_makes_them)
{
	static const char *const said[MISTAKE_COUNT] = {
		[MISTAKE_HANDLE] = "TEE_InvokeTACommand: no handle of an open session",
		[MISTAKE_NULL_HANDLE] = "TEE_InvokeTACommand: no handle of an open session",
		[MISTAKE_CLOSED_HANDLE] = "TEE_InvokeTACommand: no handle of an open session",
		[MISTAKE_CLOSE_TWICE] = "TEE_CloseTASession: no handle of an open session",
		[MISTAKE_NULL_DESTINATION] = "TEE_OpenTASession: destination is NULL",
		[MISTAKE_NULL_SESSION] = "TEE_OpenTASession: session is NULL",
		[MISTAKE_WILD_MEMORY] = "TEE_InvokeTACommand: a memory reference",
		[MISTAKE_NULL_MEMORY] = "TEE_InvokeTACommand: a memory reference",
		[MISTAKE_RODATA_OUTPUT] = "TEE_InvokeTACommand: a memory reference",
		[MISTAKE_TYPE] = "TEE_InvokeTACommand: no such parameter type",
		[MISTAKE_NULL_PARAMS] = "TEE_InvokeTACommand: parameters are NULL",
	};

	for (uint32_t mistake = 0; mistake < MISTAKE_COUNT; mistake++) {
		TEEC_Operation operation = { .paramTypes =
						     TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

		client_open(&client, &caller);
		operation.params[0].value.a = open_session(&client, &callee);
		operation.params[0].value.b = mistake;
		cr_expect_eq(client_invoke(&client, CMD_MAKE_MISTAKE, &operation),
			     TEEC_ERROR_TARGET_DEAD, "mistake %u", mistake);
		cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
		cr_expect(fixture_log_has(said[mistake]));
		client_close(&client);
	}
}

/*
 * Death.
 */

Test(internal_client, the_callees_death_is_told_and_survived)
{
	static const uint32_t ways[] = { CMD_PANIC, CMD_CRASH };
	uint32_t place;

	client_open(&client, &caller);
	for (int i = 0; i < 2; i++) {
		place = open_session(&client, &hub);
		EXPECT_NESTED(forward_plain(&client, place, ways[i]), TEEC_ERROR_TARGET_DEAD,
			      TEEC_ORIGIN_TEE);
		EXPECT_NESTED(forward_plain(&client, place, CMD_NOTHING), TEEC_ERROR_TARGET_DEAD,
			      TEEC_ORIGIN_TEE);
		close_session(&client, place);
		place = open_session(&client, &hub);
		EXPECT_GOES_ON(forward_plain(&client, place, CMD_NOTHING));
		close_session(&client, place);
	}
	client_close(&client);
}

Test(internal_client, the_callers_death_closes_its_sessions)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };
	struct client direct;

	client_open(&direct, &kept_hub);
	client_open(&client, &caller);
	(void)open_session(&client, &kept_hub);
	(void)open_session(&client, &kept_hub);
	cr_expect_eq(client_invoke(&direct, CMD_SESSIONS, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[0].value.a, 3);
	cr_expect_eq(client_invoke(&client, CMD_PANIC, NULL), TEEC_ERROR_TARGET_DEAD);
	for (int i = 0; i < 12000 && operation.params[0].value.a != 1; i++) {
		pause_ms(5);
		cr_assert_eq(client_invoke(&direct, CMD_SESSIONS, &operation), TEEC_SUCCESS);
	}
	cr_expect_eq(operation.params[0].value.a, 1);
	client_close(&client);
	client_close(&direct);
}

/*
 * Cancellation and time-outs.
 */

struct call {
	struct client *client;
	uint32_t place, command;
	struct invocation how;
	TEEC_Operation operation;
	struct nested nested;
	atomic_bool started, ended;
	/* Where the callee tells that it waits, and afterwards its flag. */
	TEEC_SharedMemory memory;
	pthread_t thread;
};

static void *call_run(void *arg)
{
	struct call *call = arg;

	atomic_store(&call->started, true);
	call->nested =
		forward_as(call->client, call->place, call->command, call->how, &call->operation);
	atomic_store(&call->ended, true);
	return NULL;
}

/* What a test does in a time of its own may come too early or too late where the machine has none
 * for it; then it is done again, with twice the time. */
#define MS_MOST 20000

/* Has the TA wait for `ms`, or wait for another that does so; in a thread. */
static void wait_begin(struct call *call, struct client *at, uint32_t place, struct invocation how,
		       uint32_t ms, bool unmasked)
{
	memset(call, 0, sizeof(*call));
	call->client = at;
	call->place = place;
	call->command = CMD_WAIT;
	call->how = how;
	call->operation.paramTypes = TEEC_PARAM_TYPES(0, 0, TEEC_VALUE_INPUT, TEEC_VALUE_OUTPUT);
	call->operation.params[2].value.a = ms;
	call->operation.params[2].value.b = unmasked;
	pthread_create(&call->thread, NULL, call_run, call);
	while (!atomic_load(&call->started) ||
	       !__atomic_load_n(&call->operation.started, __ATOMIC_ACQUIRE))
		pause_ms(1);
}

/* The same; returns when the callee waits. */
static void wait_reach(struct call *call, struct client *at, uint32_t place, struct invocation how,
		       uint32_t ms, bool unmasked)
{
	volatile uint8_t *told;

	memset(call, 0, sizeof(*call));
	call->client = at;
	call->place = place;
	call->command = CMD_WAIT;
	call->how = how;
	call->memory.size = 2;
	call->memory.flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT;
	cr_assert_eq(TEEC_AllocateSharedMemory(&at->context, &call->memory), TEEC_SUCCESS);
	told = call->memory.buffer;
	told[0] = told[1] = 0;
	call->operation.paramTypes = TEEC_PARAM_TYPES(0, 0, TEEC_VALUE_INPUT, TEEC_MEMREF_WHOLE);
	call->operation.params[2].value.a = ms;
	call->operation.params[2].value.b = unmasked;
	call->operation.params[3].memref.parent = &call->memory;
	pthread_create(&call->thread, NULL, call_run, call);
	while (!told[0] && !atomic_load(&call->ended))
		pause_ms(1);
}

static struct nested wait_end(struct call *call)
{
	pthread_join(call->thread, NULL);
	return call->nested;
}

/* The same for one that was reached; `flag`: the callee's. */
static struct nested reached_end(struct call *call, uint32_t *flag)
{
	pthread_join(call->thread, NULL);
	*flag = ((const uint8_t *)call->memory.buffer)[1];
	TEEC_ReleaseSharedMemory(&call->memory);
	return call->nested;
}

Test(internal_client, a_cancellation_goes_on_to_the_ta_that_is_waited_for)
{
	struct call call;
	uint32_t place;

	client_open(&client, &caller);
	place = open_session(&client, &callee);
	for (long ms = 0; ms < 60; ms += 20) {
		wait_begin(&call, &client, place, (struct invocation) { INFINITE, true }, INFINITE,
			   true);
		pause_ms(ms);
		TEEC_RequestCancellation(&call.operation);
		cr_expect_eq(wait_end(&call).result, TEEC_ERROR_CANCEL);
	}
	client_close(&client);
}

Test(internal_client, a_caller_that_masks_cancellation_keeps_it_from_the_callee)
{
	struct call call;
	uint32_t place, flag;

	client_open(&client, &caller);
	place = open_session(&client, &callee);
	wait_reach(&call, &client, place, patiently, 300, true);
	TEEC_RequestCancellation(&call.operation);
	EXPECT_GOES_ON(reached_end(&call, &flag));
	cr_expect_eq(flag, 0);
	client_close(&client);
}

Test(internal_client, a_callee_that_masks_cancellation_goes_on_and_can_see_it_later)
{
	struct call call;
	uint32_t place, flag = 0;

	client_open(&client, &caller);
	place = open_session(&client, &callee);
	for (uint32_t ms = 500; !flag && ms < MS_MOST; ms *= 2) {
		wait_reach(&call, &client, place, (struct invocation) { INFINITE, true }, ms,
			   false);
		TEEC_RequestCancellation(&call.operation);
		EXPECT_GOES_ON(reached_end(&call, &flag));
	}
	cr_expect_eq(flag, 1);
	client_close(&client);
}

/* Application, caller, hub, callee. */
Test(internal_client, a_cancellation_passes_through_a_chain_of_tas)
{
	struct client direct;
	struct call call;
	uint32_t hubs_place, callees_place;

	client_open(&direct, &hub);
	client_open(&client, &caller);
	hubs_place = open_session(&client, &hub);
	callees_place = open_session(&direct, &callee);
	for (long ms = 100; ms < MS_MOST; ms *= 2) {
		call = (struct call) { .client = &client,
				       .place = hubs_place,
				       .command = CMD_FORWARD,
				       .how = { INFINITE, true } };
		call.operation.paramTypes =
			TEEC_PARAM_TYPES(0, 0, TEEC_VALUE_INOUT, TEEC_VALUE_INPUT);
		call.operation.params[2].value.a = callees_place;
		call.operation.params[2].value.b = CMD_SLEEP;
		call.operation.params[3].value.a = INFINITE;
		call.operation.params[3].value.b = 1;
		pthread_create(&call.thread, NULL, call_run, &call);
		while (!__atomic_load_n(&call.operation.started, __ATOMIC_ACQUIRE))
			pause_ms(1);
		pause_ms(ms);
		TEEC_RequestCancellation(&call.operation);
		/* Before the callee has it, whoever has it says so. */
		if (wait_end(&call).result == TEEC_SUCCESS &&
		    call.operation.params[2].value.b == TEEC_ORIGIN_TRUSTED_APP)
			break;
		cr_expect(call.nested.result == TEEC_ERROR_CANCEL ||
			  call.operation.params[2].value.a == TEEC_ERROR_CANCEL);
	}
	EXPECT_GOES_ON(call.nested);
	cr_expect_eq(call.operation.params[2].value.a, TEEC_ERROR_CANCEL);
	cr_expect_eq(call.operation.params[2].value.b, TEEC_ORIGIN_TRUSTED_APP);
	client_close(&client);
	client_close(&direct);
}

/* The TA that is called is at work for somebody else. */
Test(internal_client, a_queued_call_is_cancelled_and_never_made)
{
	TEEC_Operation sessions = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };
	struct client direct, other;
	struct call busy, queued;
	uint32_t place, others_place, flag;

	client_open(&direct, &hub);
	client_open(&client, &caller);
	client_open(&other, &caller);
	place = open_session(&client, &hub);
	others_place = open_session(&other, &hub);
	wait_reach(&busy, &other, others_place, (struct invocation) { INFINITE, true }, INFINITE,
		   true);
	for (long ms = 50; ms < MS_MOST; ms *= 2) {
		wait_begin(&queued, &client, place, (struct invocation) { INFINITE, true },
			   INFINITE, true);
		pause_ms(ms);
		TEEC_RequestCancellation(&queued.operation);
		cr_expect_eq(wait_end(&queued).result, TEEC_ERROR_CANCEL);
		/* Else the caller had not even begun. */
		if (queued.nested.origin)
			break;
	}
	EXPECT_NESTED(queued.nested, TEEC_ERROR_CANCEL, TEEC_ORIGIN_TEE);
	TEEC_RequestCancellation(&busy.operation);
	cr_expect_eq(reached_end(&busy, &flag).result, TEEC_ERROR_CANCEL);
	/* Both sessions are as good as before. */
	EXPECT_GOES_ON(forward_plain(&client, place, CMD_NOTHING));
	EXPECT_GOES_ON(forward_plain(&other, others_place, CMD_NOTHING));
	cr_expect_eq(client_invoke(&direct, CMD_SESSIONS, &sessions), TEEC_SUCCESS);
	cr_expect_eq(sessions.params[0].value.a, 3);
	client_close(&other);
	client_close(&client);
	client_close(&direct);
}

struct open_call {
	const TEEC_UUID *uuid;
	struct opening how;
	TEEC_Operation operation;
	uint32_t place;
	struct nested nested;
	pthread_t thread;
};

static void *open_run(void *arg)
{
	struct open_call *call = arg;

	call->nested = open_as(&client, call->uuid, call->how, &call->place, &call->operation);
	return NULL;
}

/* `place`: where the session is, if it came to be one. */
static struct nested open_and_cancel(const TEEC_UUID *uuid, struct opening how, long after_ms,
				     uint32_t *place)
{
	struct open_call call = { .uuid = uuid, .how = how };

	pthread_create(&call.thread, NULL, open_run, &call);
	while (!__atomic_load_n(&call.operation.started, __ATOMIC_ACQUIRE))
		pause_ms(1);
	pause_ms(after_ms);
	TEEC_RequestCancellation(&call.operation);
	pthread_join(call.thread, NULL);
	*place = call.place;
	return call.nested;
}

/* Is it this, or came too early or too late, and is to be tried again? */
static bool is_cancelled_by(struct nested nested, uint32_t origin, uint32_t place)
{
	cr_expect(nested.result == TEEC_SUCCESS || nested.result == TEEC_ERROR_CANCEL, "0x%x",
		  nested.result);
	if (nested.result == TEEC_SUCCESS)
		close_session(&client, place);
	return nested.result == TEEC_ERROR_CANCEL && nested.origin == origin;
}

Test(internal_client, an_opening_is_cancelled_wherever_it_is)
{
	struct nested nested = { 0 };
	uint32_t place;

	client_open(&client, &caller);
	/* In the other TA's open entry point. */
	cr_expect_eq(open_and_cancel(&callee,
				     (struct opening) { INFINITE, true, OPEN_WAIT, INFINITE }, 100,
				     &place)
			     .result,
		     TEEC_ERROR_CANCEL);
	/* While the other TA starts. */
	for (int i = 0; i < 20; i++) {
		nested = open_and_cancel(&slow_hub,
					 (struct opening) { .timeout = INFINITE, .unmask = true },
					 50, &place);
		if (is_cancelled_by(nested, TEEC_ORIGIN_TEE, place))
			break;
	}
	EXPECT_NESTED(nested, TEEC_ERROR_CANCEL, TEEC_ORIGIN_TEE);
	place = open_session(&client, &slow_hub);
	close_session(&client, place);
	client_close(&client);
}

Test(internal_client, a_time_out_cancels)
{
	const struct invocation shortly = { .timeout = 40 };
	struct client other;
	struct call call, busy;
	uint32_t place, hubs_place, flag = 0;

	client_open(&client, &caller);
	client_open(&other, &caller);
	place = open_session(&client, &callee);
	/* Running, unmasked; what is not running yet is cancelled as well. */
	for (uint32_t ms = 40; ms < MS_MOST; ms *= 2) {
		wait_begin(&call, &client, place, (struct invocation) { .timeout = ms }, INFINITE,
			   true);
		cr_expect_eq(wait_end(&call).result, TEEC_ERROR_CANCEL);
		if (call.nested.origin == TEEC_ORIGIN_TRUSTED_APP)
			break;
	}
	EXPECT_NESTED(call.nested, TEEC_ERROR_CANCEL, TEEC_ORIGIN_TRUSTED_APP);
	/* Running, masked. */
	for (uint32_t ms = 40; !flag && ms < MS_MOST; ms *= 2) {
		wait_reach(&call, &client, place, (struct invocation) { .timeout = ms }, 5 * ms,
			   false);
		(void)reached_end(&call, &flag);
	}
	EXPECT_GOES_ON(call.nested);
	cr_expect_eq(flag, 1);
	/* Queued. */
	hubs_place = open_session(&other, &hub);
	place = open_session(&client, &hub);
	wait_reach(&busy, &other, hubs_place, (struct invocation) { INFINITE, true }, INFINITE,
		   true);
	wait_begin(&call, &client, place, shortly, 1, false);
	EXPECT_NESTED(wait_end(&call), TEEC_ERROR_CANCEL, TEEC_ORIGIN_TEE);
	TEEC_RequestCancellation(&busy.operation);
	(void)reached_end(&busy, &flag);
	EXPECT_GOES_ON(forward_plain(&client, place, CMD_NOTHING));
	/* Long enough. */
	wait_begin(&call, &client, place, (struct invocation) { .timeout = 60000 }, 20, true);
	EXPECT_GOES_ON(wait_end(&call));
	client_close(&other);
	client_close(&client);
}

Test(internal_client, a_time_out_of_an_opening_cancels)
{
	struct nested nested = { 0 };
	uint32_t place;

	client_open(&client, &caller);
	for (int i = 0; i < 20; i++) {
		nested = try_open(&slow_hub, (struct opening) { .timeout = 30 }, &place);
		if (is_cancelled_by(nested, TEEC_ORIGIN_TEE, place))
			break;
	}
	EXPECT_NESTED(nested, TEEC_ERROR_CANCEL, TEEC_ORIGIN_TEE);
	for (uint32_t ms = 200; ms < MS_MOST; ms *= 2) {
		nested = try_open(&callee, (struct opening) { ms, false, OPEN_WAIT, INFINITE },
				  &place);
		if (is_cancelled_by(nested, TEEC_ORIGIN_TRUSTED_APP, place))
			break;
	}
	EXPECT_NESTED(nested, TEEC_ERROR_CANCEL, TEEC_ORIGIN_TRUSTED_APP);
	EXPECT_GOES_ON(try_open(&slow_hub, (struct opening) { .timeout = 60000 }, &place));
	client_close(&client);
}

/* A cancellation that is asked for at once is one for the callee to see or to mask. */
Test(internal_client, a_time_out_of_zero_calls_all_the_same)
{
	const struct invocation at_once = { .timeout = 0 };
	struct call call;
	uint32_t place;

	client_open(&client, &caller);
	EXPECT_GOES_ON(try_open(&callee, (struct opening) { .timeout = 0 }, &place));
	wait_begin(&call, &client, place, at_once, 50, false);
	EXPECT_GOES_ON(wait_end(&call));
	wait_begin(&call, &client, place, at_once, INFINITE, true);
	EXPECT_NESTED(wait_end(&call), TEEC_ERROR_CANCEL, TEEC_ORIGIN_TRUSTED_APP);
	client_close(&client);
}

/*
 * Circles.
 */

Test(internal_client, a_ta_of_many_instances_calls_another_one_of_itself)
{
	client_open(&client, &caller);
	EXPECT_GOES_ON(visit(&client, &caller, CMD_NOTHING, 0));
	client_close(&client);
}

Test(internal_client, a_ta_of_one_instance_is_busy_for_itself)
{
	uint32_t place;

	client_open(&client, &hub);
	EXPECT_NESTED(try_open(&hub, (struct opening) { .timeout = INFINITE }, &place),
		      TEEC_ERROR_BUSY, TEEC_ORIGIN_TEE);
	EXPECT_NESTED(visit(&client, &hub, CMD_NOTHING, 0), TEEC_ERROR_BUSY, TEEC_ORIGIN_TEE);
	cr_expect(fixture_log_has("gets TEE_ERROR_BUSY: it calls itself"));
	client_close(&client);
	client_open(&client, &lonely);
	EXPECT_NESTED(visit(&client, &lonely, CMD_NOTHING, 0), TEEC_ERROR_BUSY, TEEC_ORIGIN_TEE);
	client_close(&client);
}

Test(internal_client, a_circle_of_two_is_found_in_opening_and_in_a_command)
{
	TEEC_Operation operation;
	uint32_t place, other;

	client_open(&client, &hub);
	/* The kept hub's open entry point opens a session with the hub, which waits for it. */
	EXPECT_NESTED(open_as(&client, &kept_hub,
			      (struct opening) { INFINITE, false, OPEN_VISIT_HUB, 0 }, &place,
			      &operation),
		      TEEC_ERROR_BUSY, TEEC_ORIGIN_TRUSTED_APP);
	/* The same in a command. The nested parameters of CMD_VISIT are the UUID and two numbers.
	 */
	place = open_session(&client, &kept_hub);
	operation = (TEEC_Operation) { .paramTypes = TEEC_PARAM_TYPES(0, 0, TEEC_MEMREF_TEMP_INPUT,
								      TEEC_VALUE_INOUT) };
	operation.params[2].tmpref.buffer = (void *)&hub;
	operation.params[2].tmpref.size = sizeof(hub);
	operation.params[3].value.a = CMD_NOTHING;
	EXPECT_GOES_ON(forward(place, CMD_VISIT, &operation));
	EXPECT_NESTED(
		((struct nested) { operation.params[3].value.a, operation.params[3].value.b }),
		TEEC_ERROR_BUSY, TEEC_ORIGIN_TEE);
	cr_expect(fixture_log_has(", which waits for it"));
	/* Both are as good as before. */
	EXPECT_GOES_ON(forward_plain(&client, place, CMD_NOTHING));
	other = open_session(&client, &callee);
	EXPECT_GOES_ON(forward_plain(&client, other, CMD_NOTHING));
	client_close(&client);
}

struct loop {
	struct client *client;
	uint32_t place;
	unsigned int done, busy, other;
};

static void *loop_run(void *arg)
{
	struct loop *loop = arg;

	for (int i = 0; i < 150; i++) {
		struct nested nested = forward_plain(loop->client, loop->place, CMD_NOTHING);

		loop->done += nested.result == TEEC_SUCCESS;
		loop->busy += nested.result == TEEC_ERROR_BUSY;
		loop->other += nested.result != TEEC_SUCCESS && nested.result != TEEC_ERROR_BUSY;
	}
	return NULL;
}

/* Each has a command under way when it calls the other: sooner or later both wait at once. */
Test(internal_client, two_tas_that_call_each_other_for_different_clients_never_hang)
{
	struct client one, two;
	struct loop loops[2] = { { .client = &one }, { .client = &two } };
	pthread_t threads[2];

	client_open(&one, &hub);
	client_open(&two, &kept_hub);
	loops[0].place = open_session(&one, &kept_hub);
	loops[1].place = open_session(&two, &hub);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, loop_run, &loops[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(loops[i].other, 0);
		cr_expect_eq(loops[i].done + loops[i].busy, 150);
		cr_expect_gt(loops[i].done, 0);
	}
	EXPECT_GOES_ON(forward_plain(&one, loops[0].place, CMD_NOTHING));
	EXPECT_GOES_ON(forward_plain(&two, loops[1].place, CMD_NOTHING));
	client_close(&one);
	client_close(&two);
}

Test(internal_client, two_tas_that_are_born_into_each_other_are_told)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };
	uint32_t egg_place = 0;

	client_open(&client, &chicken);
	cr_expect_eq(client_invoke(&client, CMD_BIRTH, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[0].value.a, TEEC_SUCCESS);
	/* Its session with the egg is in the first place; that was told no. */
	operation = (TEEC_Operation) { .paramTypes = TEEC_PARAM_TYPES(0, 0, TEEC_VALUE_OUTPUT, 0) };
	EXPECT_GOES_ON(forward(egg_place, CMD_BIRTH, &operation));
	cr_expect_eq(operation.params[2].value.a, TEEC_ERROR_BUSY);
	cr_expect_eq(operation.params[2].value.b, TEEC_ORIGIN_TEE);
	client_close(&client);
}

Test(internal_client, a_ta_that_starts_itself_over_and_over_comes_to_an_end)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };

	client_open(&client, &endless);
	cr_expect_eq(client_invoke(&client, CMD_BIRTH, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[0].value.a, TEEC_SUCCESS);
	cr_expect(fixture_log_has("a chain of 32 TAs"));
	client_close(&client);
}

/*
 * Many at once.
 */

struct worker {
	struct client client;
	uint32_t place;
	bool direct;
	unsigned int done;
	pthread_t thread;
};

static void *worker_run(void *arg)
{
	struct worker *worker = arg;

	for (int i = 0; i < 200; i++)
		if (worker->direct)
			worker->done +=
				client_invoke(&worker->client, CMD_NOTHING, NULL) == TEEC_SUCCESS;
		else
			worker->done +=
				forward_plain(&worker->client, worker->place, CMD_NOTHING).result ==
				TEEC_SUCCESS;
	return NULL;
}

Test(internal_client, clients_and_tas_share_a_ta)
{
	static struct worker workers[6];

	for (int i = 0; i < 6; i++) {
		workers[i].direct = i % 2;
		client_open(&workers[i].client, i % 2 ? &hub : &caller);
		if (!workers[i].direct)
			workers[i].place = open_session(&workers[i].client, &hub);
	}
	for (int i = 0; i < 6; i++)
		pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]);
	for (int i = 0; i < 6; i++) {
		pthread_join(workers[i].thread, NULL);
		cr_expect_eq(workers[i].done, 200);
	}
	for (int i = 0; i < 6; i++)
		client_close(&workers[i].client);
}

static void start_fast(void)
{
	/* A minute in each hundredth of a second. */
	static const char *const arguments[] = { "--clock=now,6000", NULL };

	fixture_start_with(arguments);
}

TestSuite(internal_client_fast, .init = start_fast, .fini = fixture_stop);

Test(internal_client_fast, a_time_out_is_in_the_devices_time)
{
	struct call call;
	uint32_t place;

	client_open(&client, &caller);
	place = open_session(&client, &callee);
	/* Twenty minutes; more of them when that was over before the callee had it. */
	for (uint32_t minutes = 20; minutes < 20000; minutes *= 2) {
		wait_begin(&call, &client, place,
			   (struct invocation) { .timeout = minutes * 60 * 1000 }, INFINITE, true);
		cr_expect_eq(wait_end(&call).result, TEEC_ERROR_CANCEL);
		if (call.nested.origin == TEEC_ORIGIN_TRUSTED_APP)
			break;
	}
	EXPECT_NESTED(call.nested, TEEC_ERROR_CANCEL, TEEC_ORIGIN_TRUSTED_APP);
	client_close(&client);
}
