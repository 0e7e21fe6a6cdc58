/* TAs that lie: over their channel, to teesimd, or by silence. Their own clients get an error, at
 * once where anybody can tell; nobody else notices. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "ta/villain.h"

TestSuite(ta, .init = fixture_setup, .fini = fixture_teardown, .timeout = 500);

static TEEC_Context context;
static struct bystander bystander;

static void begin(void)
{
	bystander_arrive(&bystander);
	cr_assert_eq(TEEC_InitializeContext(NULL, &context), TEEC_SUCCESS);
}

static void end(void)
{
	TEEC_FinalizeContext(&context);
	/* What the villains still do is nobody's business any more. */
	cr_expect(fixture_hosts_become(1));
	bystander_leave(&bystander);
}

/* A command with values in 0 and memory in 1. */
static struct outcome tell_with_memory(TEEC_Session *session, uint32_t command, uint32_t *a,
				       void *memory, size_t size)
{
	TEEC_Operation operation = { 0 };
	struct outcome outcome;

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_MEMREF_TEMP_INOUT, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = *a;
	operation.params[1].tmpref.buffer = memory;
	operation.params[1].tmpref.size = size;
	outcome.result = TEEC_InvokeCommand(session, command, &operation, &outcome.origin);
	*a = operation.params[0].value.a;
	return outcome;
}

static struct outcome scribble(TEEC_Session *session, uint32_t way)
{
	uint8_t memory[64] = { 0 };

	return tell_with_memory(session, VILLAIN_SCRIBBLE, &way, memory, sizeof(memory));
}

Test(ta, scribbles_over_its_channel)
{
	TEEC_Session session;

	begin();
	for (uint32_t way = 0; way < SCRIBBLE_COUNT; way++) {
		uint64_t before = fixture_now_ms();
		struct outcome outcome, after;

		cr_assert_eq(fixture_open(&context, &session, VILLAIN_ALONE).result, TEEC_SUCCESS);
		outcome = scribble(&session, way);
		after = fixture_tell(&session, VILLAIN_COUNT, 0, 0);
		switch (way) {
		case SCRIBBLE_REPLY_AHEAD:
		case SCRIBBLE_NO_REPLY:
			/* A number that nobody waits for: the channel is of no use any more. */
			expect_outcome(outcome, TEEC_ERROR_COMMUNICATION, TEEC_ORIGIN_COMMS);
			expect_outcome(after, TEEC_ERROR_COMMUNICATION, TEEC_ORIGIN_COMMS);
			break;
		case SCRIBBLE_ALL:
			/* The answer may repair what the client looks at. */
			cr_expect_neq(after.result, TEEC_SUCCESS);
			break;
		case SCRIBBLE_DEAD:
			expect_dead(outcome);
			expect_dead(after);
			break;
		case SCRIBBLE_REQUEST:
			/* It was taken before; a request that nobody made is answered next, and
			 * perhaps before the client has read the answer to its own. */
			cr_expect(outcome.result == TEEC_SUCCESS ||
				  outcome.result == TEEC_ERROR_COMMUNICATION);
			cr_expect(after.result == TEEC_SUCCESS ||
				  after.result == TEEC_ERROR_COMMUNICATION);
			break;
		case SCRIBBLE_REPLY_TWICE:
			/* What it says twice is said in its own name. */
			expect_outcome(outcome, TEEC_SUCCESS, TEEC_ORIGIN_TRUSTED_APP);
			expect_outcome(after, TEEC_SUCCESS, TEEC_ORIGIN_TRUSTED_APP);
			break;
		default:
			break;
		}
		TEEC_CloseSession(&session);
		cr_expect_lt(fixture_now_ms() - before, FIXTURE_HANG_MS, "way %u", way);
		bystander_check(&bystander);
	}
	end();
}

/* An answer before the TA has come back, and then the TA's own: each call gets one of its own. */
Test(ta, answers_twice)
{
	TEEC_Session session;

	begin();
	cr_assert_eq(fixture_open(&context, &session, VILLAIN_ALONE).result, TEEC_SUCCESS);
	for (uint32_t i = 1; i <= 20; i++) {
		uint32_t a = i, b = 0;

		expect_outcome(scribble(&session, SCRIBBLE_REPLY_TWICE), TEEC_SUCCESS,
			       TEEC_ORIGIN_TRUSTED_APP);
		expect_outcome(fixture_invoke(&session, VILLAIN_COUNT, &a, &b), TEEC_SUCCESS,
			       TEEC_ORIGIN_TRUSTED_APP);
		cr_expect(a == i && b == ~i, "call %u: %u, 0x%x", i, a, b);
	}
	TEEC_CloseSession(&session);
	bystander_check(&bystander);
	end();
}

/* The sizes that a reply names: the client believes none that it can't have. */
Test(ta, answers_with_impossible_sizes)
{
	uint8_t memory[128], *guarded = memory + 32;
	TEEC_Session session;

	begin();
	cr_assert_eq(fixture_open(&context, &session, VILLAIN_ALONE).result, TEEC_SUCCESS);
	for (int i = 0; i < 64; i++) {
		TEEC_Operation operation = { 0 };
		uint32_t origin;

		memset(memory, 0x77, sizeof(memory));
		operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_MEMREF_TEMP_INOUT,
							TEEC_NONE, TEEC_NONE);
		operation.params[0].value.a = (uint32_t)i;
		operation.params[1].tmpref.buffer = guarded;
		operation.params[1].tmpref.size = 32;
		cr_expect_eq(TEEC_InvokeCommand(&session, VILLAIN_RESIZE, &operation, &origin),
			     TEEC_SUCCESS);
		for (int k = 0; k < 32; k++)
			cr_assert(memory[k] == 0x77 && memory[96 + k] == 0x77, "size 2^%d", i);
		cr_expect_eq(operation.params[1].tmpref.size, (size_t)1 << i);
	}
	TEEC_CloseSession(&session);
	end();
}

Test(ta, lies_to_teesimd)
{
	begin();
	for (uint32_t way = 0; way < LIE_COUNT; way++) {
		uint64_t before = fixture_now_ms();
		TEEC_Session session, next;

		cr_assert_eq(fixture_open(&context, &session, VILLAIN_SHARED).result, TEEC_SUCCESS);
		(void)fixture_tell(&session, VILLAIN_SEND, way, 0);
		/* It may have been killed for it, or not; it never hangs. */
		(void)fixture_tell(&session, VILLAIN_COUNT, 0, 0);
		TEEC_CloseSession(&session);
		bystander_check(&bystander);
		/* And the next one starts afresh, or is served by the same. */
		expect_outcome(fixture_open(&context, &next, VILLAIN_SHARED), TEEC_SUCCESS,
			       TEEC_ORIGIN_TRUSTED_APP);
		TEEC_CloseSession(&next);
		cr_expect_lt(fixture_now_ms() - before, FIXTURE_HANG_MS, "way %u", way);
	}
	cr_expect(fixture_logged("was killed by teesimd: it sent teesimd a message", NULL));
	end();
}

/* teesimd forgets the session, and would not tell its client of the TA's end. */
static void *say_ended(void *way)
{
	TEEC_Context own;
	TEEC_Session session;

	cr_assert_eq(TEEC_InitializeContext(NULL, &own), TEEC_SUCCESS);
	cr_assert_eq(fixture_open(&own, &session, VILLAIN_ALONE).result, TEEC_SUCCESS);
	expect_dead(fixture_tell(&session, VILLAIN_SEND, *(uint32_t *)way, 1));
	expect_dead(fixture_tell(&session, VILLAIN_COUNT, 0, 0));
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&own);
	return NULL;
}

Test(ta, says_that_a_session_has_ended_which_goes_on)
{
	uint32_t ways[2] = { LIE_ALL_ENDED, LIE_ALL_REST };
	const uint64_t before = fixture_now_ms();
	pthread_t thread[2];

	begin();
	for (int i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, say_ended, &ways[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	cr_expect_lt(fixture_now_ms() - before, FIXTURE_HANG_MS);
	end();
}

/* Never answers: its client can wait, and other TAs do not. */
static void *wait_for_ever(void *outcome)
{
	TEEC_Context own;
	TEEC_Session session;

	cr_assert_eq(TEEC_InitializeContext(NULL, &own), TEEC_SUCCESS);
	*(struct outcome *)outcome = fixture_open(&own, &session, VILLAIN_ALONE);
	*(struct outcome *)outcome = fixture_tell(&session, VILLAIN_SPIN, 0, 0);
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&own);
	return NULL;
}

Test(ta, never_answers)
{
	struct outcome outcome = { 0 };
	pthread_t thread;
	pid_t hosts[4];
	unsigned int count;

	begin();
	cr_assert_eq(pthread_create(&thread, NULL, wait_for_ever, &outcome), 0);
	cr_assert(fixture_host_spins(VILLAIN_ALONE));
	usleep(1000 * (FIXTURE_GRACE_MS + 300));
	/* It has a client. */
	count = fixture_hosts(hosts, 4);
	cr_expect_eq(count, 2);
	bystander_check(&bystander);
	for (unsigned int i = 0; i < 2; i++)
		if (fixture_host_of(VILLAIN_ALONE) == hosts[i])
			kill(hosts[i], SIGKILL);
	pthread_join(thread, NULL);
	expect_dead(outcome);
	cr_expect(fixture_logged("6b1d0e5a-77c3-4f0e-9d2a-0c4f7a5e1001",
				 "was killed by signal 9 (SIGKILL)", NULL));
	end();
}

Test(ta, talks_without_end)
{
	TEEC_Session session;

	begin();
	cr_assert_eq(fixture_open(&context, &session, VILLAIN_ALONE).result, TEEC_SUCCESS);
	expect_outcome(fixture_tell(&session, VILLAIN_CHATTER, 20000, 0), TEEC_SUCCESS,
		       TEEC_ORIGIN_TRUSTED_APP);
	bystander_check(&bystander);
	TEEC_CloseSession(&session);
	cr_expect(fixture_logged("line 19999 of a TA that says too much", NULL));
	end();
}
