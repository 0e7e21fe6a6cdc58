/* TAs that call TAs, where one of them dies, lies, or never comes back. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "ta/villain.h"

TestSuite(nested, .init = fixture_setup, .fini = fixture_teardown, .timeout = 900);

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
	cr_expect(fixture_hosts_become(1));
	bystander_leave(&bystander);
}

static TEEC_Session open_session(unsigned int ta)
{
	TEEC_Session session;

	expect_outcome(fixture_open(&context, &session, ta), TEEC_SUCCESS, TEEC_ORIGIN_TRUSTED_APP);
	return session;
}

/* Has the TA of `session` call `ta`. */
static struct outcome call(TEEC_Session *session, unsigned int ta, uint32_t command,
			   uint32_t *nested, uint32_t *right)
{
	*nested = ta;
	*right = command;
	return fixture_invoke(session, VILLAIN_CALL, nested, right);
}

/* One that calls another, over and over. */
struct worker {
	_Atomic bool stop;
	_Atomic uint32_t served, lost;
	/* What there must never be. */
	_Atomic uint32_t wrong, odd;
};

static void worker_note(struct worker *worker, struct outcome outer, uint32_t nested,
			uint32_t right)
{
	if (outer.result == TEEC_SUCCESS && nested == TEEC_SUCCESS) {
		worker->wrong += right != 1;
		worker->served++;
		return;
	}
	if (outer.result != TEEC_SUCCESS && outer.result != TEEC_ERROR_TARGET_DEAD)
		worker->odd = outer.result;
	else if (outer.result == TEEC_SUCCESS && nested != TEEC_ERROR_TARGET_DEAD)
		worker->odd = nested;
	worker->lost++;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	uint32_t nested, right;
	TEEC_Context own;
	TEEC_Session session;
	bool is_open = false;

	cr_assert_eq(TEEC_InitializeContext(NULL, &own), TEEC_SUCCESS);
	while (!worker->stop) {
		struct outcome outer = { 0 };

		if (!is_open)
			outer = fixture_open(&own, &session, VILLAIN_ALONE);
		is_open = is_open || outer.result == TEEC_SUCCESS;
		nested = right = 0;
		if (is_open)
			outer = call(&session, VILLAIN_SHARED, VILLAIN_COUNT, &nested, &right);
		worker_note(worker, outer, nested, right);
		if (is_open && outer.result != TEEC_SUCCESS) {
			TEEC_CloseSession(&session);
			is_open = false;
		}
	}
	if (is_open)
		TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&own);
	return NULL;
}

/* Where calls take long no random moment may be late enough for one to come through. */
static void served_wait(const struct worker *worker, int round)
{
	const uint32_t served = worker->served;

	fixture_wait_while(worker->served == served, round);
}

static void killed_at_any_moment(unsigned int victim, int rounds)
{
	struct worker worker = { 0 };
	pthread_t thread;
	int killed = 0;

	begin();
	cr_assert_eq(pthread_create(&thread, NULL, work, &worker), 0);
	for (int i = 0; i < rounds; i++) {
		uint32_t events;
		pid_t pid;

		if (i % 4 == 0)
			served_wait(&worker, i);
		events = worker.served + worker.lost;
		usleep(fixture_random(3000));
		pid = fixture_host_of(victim);
		if (pid > 0)
			killed += kill(pid, SIGKILL) == 0;
		fixture_wait_while(worker.served + worker.lost == events, i);
		if (i % 10 == 0)
			bystander_check(&bystander);
	}
	worker.stop = true;
	pthread_join(thread, NULL);
	cr_expect_eq(worker.wrong, 0, "%u wrong answers", worker.wrong);
	cr_expect_eq(worker.odd, 0, "an error that is none of these: 0x%x", worker.odd);
	cr_expect_gt(killed, rounds / 4);
	cr_expect(worker.served && worker.lost, "%u served, %u lost", worker.served, worker.lost);
	end();
}

Test(nested, callee_is_killed_at_any_moment)
{
	killed_at_any_moment(VILLAIN_SHARED, HOSTILE_ROUNDS(100));
}

Test(nested, caller_is_killed_at_any_moment)
{
	killed_at_any_moment(VILLAIN_ALONE, HOSTILE_ROUNDS(100));
}

/* In the caller's name, at every way to end that there is. */
Test(nested, callee_dies_in_every_way)
{
	static const uint32_t ways[] = { VILLAIN_PANIC, VILLAIN_FAULT, VILLAIN_EXIT,
					 VILLAIN_CLOSE_CONTROL, VILLAIN_SEND };
	TEEC_Session session;
	uint32_t nested, right;
	uint64_t from;

	begin();
	session = open_session(VILLAIN_ALONE);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		expect_outcome(call(&session, VILLAIN_SHARED, VILLAIN_COUNT, &nested, &right),
			       TEEC_SUCCESS, TEEC_ORIGIN_TRUSTED_APP);
		cr_expect(nested == TEEC_SUCCESS && right);
		expect_outcome(call(&session, VILLAIN_SHARED, ways[i], &nested, &right),
			       TEEC_SUCCESS, TEEC_ORIGIN_TRUSTED_APP);
		/* Where teesimd has to end it, it may serve a few more before that. */
		from = fixture_now_ms();
		while (nested == TEEC_SUCCESS) {
			cr_assert_lt(fixture_now_ms() - from, FIXTURE_HANG_MS, "way %zu", i);
			expect_outcome(call(&session, VILLAIN_SHARED, VILLAIN_COUNT, &nested,
					    &right),
				       TEEC_SUCCESS, TEEC_ORIGIN_TRUSTED_APP);
		}
		cr_expect_eq(nested, TEEC_ERROR_TARGET_DEAD, "way %zu: 0x%x", i, nested);
	}
	bystander_check(&bystander);
	TEEC_CloseSession(&session);
	end();
}

static void call_for_ever(void *arg)
{
	TEEC_Context own;
	TEEC_Session session;
	uint32_t nested, right;

	(void)arg;
	TEEC_InitializeContext(NULL, &own);
	fixture_open(&own, &session, VILLAIN_ALONE);
	call(&session, VILLAIN_SHARED, VILLAIN_SPIN, &nested, &right);
}

/* Nobody is left who waits for the callee, and nobody keeps it. */
Test(nested, both_end_when_the_client_dies_and_the_callee_spins)
{
	pid_t pid;

	begin();
	pid = fixture_spawn(call_for_ever, NULL);
	cr_expect(fixture_host_spins(VILLAIN_SHARED));
	kill(pid, SIGKILL);
	fixture_reap(pid);
	end();
}

Test(nested, caller_dies_with_thousands_of_sessions)
{
	uint32_t a = VILLAIN_SHARED, b = HOSTILE_ROUNDS(2000);
	TEEC_Session session, direct;

	begin();
	direct = open_session(VILLAIN_SHARED);
	session = open_session(VILLAIN_ALONE);
	expect_outcome(fixture_invoke(&session, VILLAIN_CALL_MANY, &a, &b), TEEC_SUCCESS,
		       TEEC_ORIGIN_TRUSTED_APP);
	cr_expect_eq(a, HOSTILE_ROUNDS(2000));
	expect_dead(fixture_tell(&session, VILLAIN_PANIC, 1, 0));
	TEEC_CloseSession(&session);
	a = 0;
	b = 7;
	expect_outcome(fixture_invoke(&direct, VILLAIN_COUNT, &a, &b), TEEC_SUCCESS,
		       TEEC_ORIGIN_TRUSTED_APP);
	TEEC_CloseSession(&direct);
	end();
}

/* What no TA says on its connection as a client ends it; what it may say concerns what is its own.
 */
Test(nested, caller_says_on_its_connection_what_it_may_not)
{
	begin();
	for (uint32_t way = 0; way < ASK_COUNT; way++) {
		TEEC_Session session = open_session(VILLAIN_ALONE);

		(void)fixture_tell(&session, VILLAIN_ASK, way, 0);
		bystander_check(&bystander);
		if (way < ASK_OF_OTHERS) {
			cr_expect(fixture_hosts_become(1), "way %u", way);
			expect_dead(fixture_tell(&session, VILLAIN_COUNT, 0, 0));
		}
		TEEC_CloseSession(&session);
	}
	bystander_check(&bystander);
	end();
}
