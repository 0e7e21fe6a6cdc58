/*
 * Client API 4.5.8 and Internal Core API 2.1.3, 4.10: many threads, sessions and contexts at a
 * time, and the cancellation of an operation wherever it is just then.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "concurrency/commands.h"

static const TEEC_UUID own_instance = UUID_OWN_INSTANCE;
static const TEEC_UUID one_instance = UUID_ONE_INSTANCE;
static const TEEC_UUID slow = UUID_SLOW;
static const TEEC_UUID hung = UUID_HUNG;

TestSuite(concurrency, .init = fixture_start, .fini = fixture_stop);

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/* An operation in a thread of its own, on a session or to open one. */
struct call {
	TEEC_Context *context;
	TEEC_Session *session;
	/* NULL: invokes `command`. */
	const TEEC_UUID *opens;
	uint32_t command;
	TEEC_Operation operation;
	TEEC_Result result;
	uint32_t origin;
	_Atomic bool done;
	pthread_t thread;
};

static void *call_run(void *arg)
{
	struct call *call = arg;

	if (call->opens)
		call->result =
			TEEC_OpenSession(call->context, call->session, call->opens,
					 TEEC_LOGIN_PUBLIC, NULL, &call->operation, &call->origin);
	else
		call->result = TEEC_InvokeCommand(call->session, call->command, &call->operation,
						  &call->origin);
	call->done = true;
	return NULL;
}

static void call_start(struct call *call)
{
	cr_assert_eq(pthread_create(&call->thread, NULL, call_run, call), 0);
}

static TEEC_Result call_end(struct call *call)
{
	pthread_join(call->thread, NULL);
	return call->result;
}

/* Asks again and again until it comes back. An operation that has not got anywhere yet is not
 * reached by the first times, and those that come late harm nobody. */
static TEEC_Result call_cancel(struct call *call)
{
	do {
		TEEC_RequestCancellation(&call->operation);
		pause_ms(5);
	} while (!call->done);
	for (int i = 0; i < 3; i++)
		TEEC_RequestCancellation(&call->operation);
	return call_end(call);
}

/* The first octet tells a held TA to go on. */
static void block_make(struct client *client, TEEC_SharedMemory *block)
{
	*block = (TEEC_SharedMemory) { .size = 64, .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };
	cr_assert_eq(TEEC_AllocateSharedMemory(&client->context, block), TEEC_SUCCESS);
	memset(block->buffer, 0, block->size);
}

static struct call hold_begin(struct client *client, TEEC_SharedMemory *block, bool cancellable)
{
	return (struct call) {
		.session = &client->session,
		.command = CMD_HOLD,
		.operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_MEMREF_WHOLE,
							      TEEC_NONE, TEEC_NONE),
			       .params = { { .value.a = cancellable },
					   { .memref.parent = block } } },
	};
}

/* Until the TA is held; nobody else's operation was taken before. */
static void hold_await(const TEEC_SharedMemory *block)
{
	while (!((const volatile uint8_t *)block->buffer)[1])
		pause_ms(1);
}

static void hold_end(TEEC_SharedMemory *block)
{
	*(volatile uint8_t *)block->buffer = 1;
}

static struct call echo(TEEC_Session *session, uint32_t number)
{
	return (struct call) {
		.session = session,
		.command = CMD_ECHO,
		.operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_NONE,
							      TEEC_NONE, TEEC_NONE),
			       .params[0].value.a = number },
	};
}

static bool session_works(TEEC_Session *session)
{
	struct call call = echo(session, 4711);

	call_run(&call);
	return call.result == TEEC_SUCCESS && call.operation.params[0].value.b == ~4711U;
}

Test(concurrency, instances_run_at_the_same_time)
{
	TEEC_SharedMemory block;
	struct client client;
	struct call call[2];
	TEEC_Session second;

	client_open(&client, &own_instance);
	cr_assert_eq(TEEC_OpenSession(&client.context, &second, &own_instance, TEEC_LOGIN_PUBLIC,
				      NULL, NULL, NULL),
		     TEEC_SUCCESS);
	block_make(&client, &block);
	/* Neither comes back before the other is there. */
	for (unsigned int i = 0; i < 2; i++) {
		call[i] = hold_begin(&client, &block, false);
		call[i].command = CMD_MEET;
		call[i].session = i ? &second : &client.session;
		call[i].operation.params[0].value.a = i;
		call[i].operation.params[0].value.b = 1 - i;
		call_start(&call[i]);
	}
	for (unsigned int i = 0; i < 2; i++)
		cr_expect_eq(call_end(&call[i]), TEEC_SUCCESS);
	TEEC_CloseSession(&second);
	TEEC_ReleaseSharedMemory(&block);
	client_close(&client);
}

#define CONTEXTS 3
#define THREADS	 12
#define ENTRIES	 20

static void *enter_often(void *session)
{
	uintptr_t failures = 0;

	for (unsigned int i = 0; i < ENTRIES; i++) {
		TEEC_Operation operation = { .paramTypes =
						     TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, TEEC_NONE,
								      TEEC_NONE, TEEC_NONE) };

		failures +=
			TEEC_InvokeCommand(session, CMD_ENTER, &operation, NULL) != TEEC_SUCCESS ||
			operation.params[0].value.a != 1;
		failures += !session_works(session);
	}
	return (void *)failures;
}

/* Several threads on each session, several contexts, one instance. */
Test(concurrency, an_instance_runs_one_command_at_a_time)
{
	struct client client[CONTEXTS], last;
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, TEEC_NONE,
								    TEEC_NONE, TEEC_NONE) };
	pthread_t thread[THREADS];

	for (unsigned int i = 0; i < CONTEXTS; i++)
		client_open(&client[i], &one_instance);
	for (unsigned int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, enter_often,
					    &client[i % CONTEXTS].session),
			     0);
	for (unsigned int i = 0; i < THREADS; i++) {
		void *failures;

		pthread_join(thread[i], &failures);
		cr_expect_null(failures, "%lu in thread %u", (unsigned long)failures, i);
	}
	client_open(&last, &one_instance);
	cr_expect_eq(client_invoke(&last, CMD_ENTER, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[0].value.b, THREADS * ENTRIES + 1);
	client_close(&last);
	for (unsigned int i = 0; i < CONTEXTS; i++)
		client_close(&client[i]);
}

Test(concurrency, operations_of_one_session_wait_for_each_other)
{
	struct call hold, waiting[4];
	TEEC_SharedMemory block;
	struct client client;

	client_open(&client, &own_instance);
	block_make(&client, &block);
	hold = hold_begin(&client, &block, false);
	call_start(&hold);
	hold_await(&block);
	for (uint32_t i = 0; i < 4; i++) {
		waiting[i] = echo(&client.session, i);
		call_start(&waiting[i]);
	}
	pause_ms(50);
	for (uint32_t i = 0; i < 4; i++)
		cr_expect_not(waiting[i].done);
	hold_end(&block);
	cr_expect_eq(call_end(&hold), TEEC_SUCCESS);
	for (uint32_t i = 0; i < 4; i++) {
		cr_expect_eq(call_end(&waiting[i]), TEEC_SUCCESS);
		cr_expect_eq(waiting[i].operation.params[0].value.b, ~i);
	}
	TEEC_ReleaseSharedMemory(&block);
	client_close(&client);
}

Test(concurrency, a_slow_cold_open_keeps_nobody_waiting)
{
	TEEC_Session session;
	struct client client, others;
	struct call opening = { .session = &session, .opens = &hung };

	client_open(&client, &own_instance);
	opening.context = &client.context;
	call_start(&opening);
	pause_ms(20);
	/* In the same context and in others, cold and warm. */
	for (int i = 0; i < 5; i++) {
		TEEC_Session second;

		cr_expect(session_works(&client.session));
		cr_expect_eq(TEEC_OpenSession(&client.context, &second, &own_instance,
					      TEEC_LOGIN_PUBLIC, NULL, NULL, NULL),
			     TEEC_SUCCESS);
		TEEC_CloseSession(&second);
		client_open(&others, &one_instance);
		cr_expect(session_works(&others.session));
		client_close(&others);
	}
	cr_expect_not(opening.done);
	cr_expect_eq(call_cancel(&opening), TEEC_ERROR_CANCEL);
	client_close(&client);
}

Test(concurrency, cancellation_reaches_what_waits_for_its_session)
{
	TEEC_SharedMemory block;
	struct call hold, waiting;
	struct client client;

	client_open(&client, &own_instance);
	block_make(&client, &block);
	hold = hold_begin(&client, &block, false);
	call_start(&hold);
	hold_await(&block);
	waiting = echo(&client.session, 1);
	call_start(&waiting);
	cr_expect_eq(call_cancel(&waiting), TEEC_ERROR_CANCEL);
	cr_expect_not(hold.done);
	hold_end(&block);
	cr_expect_eq(call_end(&hold), TEEC_SUCCESS);
	cr_expect(session_works(&client.session));
	TEEC_ReleaseSharedMemory(&block);
	client_close(&client);
}

Test(concurrency, cancellation_reaches_what_waits_for_a_busy_instance)
{
	struct client client, other;
	TEEC_SharedMemory block;
	struct call hold, waiting, opening;
	TEEC_Session session;

	client_open(&client, &one_instance);
	client_open(&other, &one_instance);
	block_make(&client, &block);
	hold = hold_begin(&client, &block, false);
	call_start(&hold);
	hold_await(&block);
	waiting = echo(&other.session, 1);
	call_start(&waiting);
	cr_expect_eq(call_cancel(&waiting), TEEC_ERROR_CANCEL);
	/* So does a session that is to be opened there. */
	opening = (struct call) { .context = &other.context,
				  .session = &session,
				  .opens = &one_instance };
	call_start(&opening);
	cr_expect_eq(call_cancel(&opening), TEEC_ERROR_CANCEL);
	cr_expect_not(hold.done);
	hold_end(&block);
	cr_expect_eq(call_end(&hold), TEEC_SUCCESS);
	cr_expect(session_works(&other.session));
	cr_expect(session_works(&client.session));
	TEEC_ReleaseSharedMemory(&block);
	client_close(&other);
	client_close(&client);
}

static struct call sum(TEEC_Session *session, void *octets, size_t size)
{
	return (struct call) {
		.session = session,
		.command = CMD_SUM,
		.operation = { .paramTypes =
				       TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_MEMREF_TEMP_INPUT,
							TEEC_NONE, TEEC_NONE),
			       .params[1].tmpref = { octets, size } },
	};
}

static bool sum_is_right(TEEC_Session *session, uint8_t *octets, size_t size)
{
	struct call call = sum(session, octets, size);
	uint32_t right = 0;

	for (size_t i = 0; i < size; i++)
		right += octets[i];
	call_run(&call);
	return call.result == TEEC_SUCCESS && call.operation.params[0].value.b == right;
}

/* More memory than the session's arena has, or a block that the instance has not seen yet: teesimd
 * and the instance have to do with it before the operation is sent. */
Test(concurrency, cancellation_reaches_what_waits_for_memory_in_a_busy_instance)
{
	static uint8_t octets[1 << 20];
	struct client client, other;
	TEEC_SharedMemory block, shared;
	struct call hold, waiting;

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7 + i / 256);
	client_open(&client, &one_instance);
	client_open(&other, &one_instance);
	block_make(&client, &block);
	block_make(&other, &shared);
	hold = hold_begin(&client, &block, false);
	call_start(&hold);
	hold_await(&block);
	for (size_t size = 1 << 17; size <= sizeof(octets); size *= 2) {
		waiting = sum(&other.session, octets, size);
		call_start(&waiting);
		cr_expect_eq(call_cancel(&waiting), TEEC_ERROR_CANCEL);
	}
	waiting = hold_begin(&other, &shared, false);
	call_start(&waiting);
	cr_expect_eq(call_cancel(&waiting), TEEC_ERROR_CANCEL);
	cr_expect_not(hold.done);
	hold_end(&block);
	cr_expect_eq(call_end(&hold), TEEC_SUCCESS);
	/* With the arena that it has, then with those that it wanted. */
	for (size_t size = 1; size <= sizeof(octets); size *= 2)
		cr_expect(sum_is_right(&other.session, octets, size), "%zu octets", size);
	hold_end(&shared);
	waiting = hold_begin(&other, &shared, false);
	call_run(&waiting);
	cr_expect_eq(waiting.result, TEEC_SUCCESS);
	cr_expect(session_works(&client.session));
	TEEC_ReleaseSharedMemory(&shared);
	TEEC_ReleaseSharedMemory(&block);
	client_close(&other);
	client_close(&client);
}

/* Cancelled at any point of its way, while the instance is there for it. */
Test(concurrency, cancellation_of_what_needs_memory_leaves_the_session_whole)
{
	static uint8_t octets[1 << 22];
	struct client client;
	unsigned int ended[2] = { 0 };

	for (unsigned int round = 0; round < 12; round++) {
		client_open(&client, &own_instance);
		for (size_t size = 1 << 17; size <= sizeof(octets); size *= 2) {
			struct call call = sum(&client.session, octets, size);

			octets[round * 1000] = (uint8_t)size;
			call_start(&call);
			for (unsigned int i = 0; i < round * 60; i++)
				sched_yield();
			TEEC_RequestCancellation(&call.operation);
			cr_assert(call_end(&call) == TEEC_SUCCESS ||
					  call.result == TEEC_ERROR_CANCEL,
				  "%#x", call.result);
			ended[call.result == TEEC_SUCCESS]++;
			cr_assert(sum_is_right(&client.session, octets, 100 * (round + 1)));
		}
		cr_assert(sum_is_right(&client.session, octets, sizeof(octets)));
		client_close(&client);
	}
	cr_log_info("%u cancelled, %u not", ended[0], ended[1]);
}

/* Operations count from the first again. */
Test(concurrency, cancellation_ends_with_its_session)
{
	static uint8_t octets[1 << 18];
	struct client client;

	client_open(&client, &own_instance);
	for (unsigned int round = 0; round < 8; round++) {
		struct call call = sum(&client.session, octets, 1 << 17);

		octets[round] = 1;
		call_run(&call);
		cr_assert_eq(call.result, TEEC_SUCCESS, "%#x", call.result);
		TEEC_RequestCancellation(&call.operation);
		TEEC_CloseSession(&client.session);
		/* Its instance is gone by then, and a new one has another channel. */
		pause_ms(100);
		cr_assert_eq(TEEC_OpenSession(&client.context, &client.session, &own_instance,
					      TEEC_LOGIN_PUBLIC, NULL, NULL, NULL),
			     TEEC_SUCCESS);
	}
	client_close(&client);
}

Test(concurrency, cancellation_reaches_what_runs_where_it_is_not_masked)
{
	TEEC_SharedMemory block;
	struct client client;
	struct call hold;

	client_open(&client, &own_instance);
	block_make(&client, &block);
	hold = hold_begin(&client, &block, true);
	call_start(&hold);
	cr_expect_eq(call_cancel(&hold), TEEC_ERROR_CANCEL);
	/* Masked by default. */
	memset(block.buffer, 0, block.size);
	hold = hold_begin(&client, &block, false);
	call_start(&hold);
	hold_await(&block);
	for (int i = 0; i < 20; i++) {
		TEEC_RequestCancellation(&hold.operation);
		pause_ms(1);
	}
	cr_expect_not(hold.done);
	hold_end(&block);
	cr_expect_eq(call_end(&hold), TEEC_SUCCESS);
	TEEC_ReleaseSharedMemory(&block);
	client_close(&client);
}

/* The TA's create entry point takes ten minutes. */
Test(concurrency, cancellation_reaches_an_opening_that_waits_for_its_ta)
{
	TEEC_Session session;
	struct client client;
	struct call opening = { .session = &session, .opens = &hung };

	client_open(&client, &own_instance);
	opening.context = &client.context;
	call_start(&opening);
	cr_expect_eq(call_cancel(&opening), TEEC_ERROR_CANCEL);
	cr_expect(session_works(&client.session));
	client_close(&client);
}

Test(concurrency, openings_that_wait_for_one_instance_all_get_their_sessions)
{
	TEEC_Session session[4];
	struct call opening[4];
	TEEC_Context context;

	cr_assert_eq(TEEC_InitializeContext(NULL, &context), TEEC_SUCCESS);
	for (int i = 0; i < 4; i++) {
		opening[i] = (struct call) { .context = &context,
					     .session = &session[i],
					     .opens = &slow };
		call_start(&opening[i]);
	}
	for (int i = 0; i < 4; i++) {
		cr_expect_eq(call_end(&opening[i]), TEEC_SUCCESS);
		cr_expect(session_works(&session[i]));
		TEEC_CloseSession(&session[i]);
	}
	TEEC_FinalizeContext(&context);
}

Test(concurrency, cancellation_that_is_late_or_repeated_harms_nobody)
{
	TEEC_Operation never = { 0 };
	struct client client;
	struct call call;

	client_open(&client, &own_instance);
	TEEC_RequestCancellation(&never);
	TEEC_RequestCancellation(NULL);
	for (uint32_t i = 0; i < 100; i++) {
		call = echo(&client.session, i);
		call_run(&call);
		cr_expect_eq(call.result, TEEC_SUCCESS);
		cr_expect_eq(call.operation.params[0].value.b, ~i);
		for (int k = 0; k < 3; k++)
			TEEC_RequestCancellation(&call.operation);
	}
	client_close(&client);
	/* Neither its session nor its context is there any more. */
	TEEC_RequestCancellation(&call.operation);
}
