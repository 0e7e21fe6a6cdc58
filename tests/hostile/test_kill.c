/* TA hosts and daemons that are killed with SIGKILL at any step of open, invoke and close. The
 * caller is told at once, nobody gets a wrong answer, and the next one finds everything in order.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "ta/villain.h"

TestSuite(kill, .init = fixture_setup, .fini = fixture_teardown, .timeout = 900);

static struct bystander bystander;

/* One client's life, over and over: every answer is checked. */
struct worker {
	unsigned int ta;
	_Atomic bool stop;
	/* Whole lives, and calls that failed. */
	_Atomic uint32_t lives;
	_Atomic uint32_t failures;
	/* What there must never be. */
	_Atomic uint32_t wrong;
	_Atomic uint32_t odd;
};

static bool is_loss(TEEC_Result result, bool daemon_too)
{
	return result == TEEC_ERROR_TARGET_DEAD ||
	       (daemon_too && result == TEEC_ERROR_COMMUNICATION);
}

/* Returns false when the life was cut short. */
static bool calls_check(struct worker *worker, TEEC_Session *session, bool daemon_too)
{
	static uint8_t octets[100000];
	uint32_t expected = 0;

	for (size_t i = 0; !expected && i < sizeof(octets); i++)
		octets[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(octets); i++)
		expected += (uint8_t)i;
	for (uint32_t i = 1; i <= 4; i++) {
		TEEC_Operation operation = { 0 };
		uint32_t a = i, b = 0;
		TEEC_Result result;

		result = fixture_invoke(session, VILLAIN_COUNT, &a, &b).result;
		if (result != TEEC_SUCCESS) {
			worker->odd = is_loss(result, daemon_too) ? worker->odd : result;
			return false;
		}
		worker->wrong += a != i || b != ~i;
		/* Memory that the arena has to grow for. */
		operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_MEMREF_TEMP_INPUT,
							TEEC_NONE, TEEC_NONE);
		operation.params[1].tmpref.buffer = octets;
		operation.params[1].tmpref.size = i == 2 ? sizeof(octets) : 1000;
		result = TEEC_InvokeCommand(session, VILLAIN_SUM, &operation, NULL);
		if (result != TEEC_SUCCESS) {
			worker->odd = is_loss(result, daemon_too) ? worker->odd : result;
			return false;
		}
		if (i == 2)
			worker->wrong += operation.params[0].value.a != expected;
	}
	return true;
}

static bool life(struct worker *worker, TEEC_Context *context, bool daemon_too)
{
	TEEC_Session session;
	TEEC_Result result;
	bool whole;

	result = fixture_open(context, &session, worker->ta).result;
	if (result != TEEC_SUCCESS) {
		worker->odd = is_loss(result, daemon_too) ? worker->odd : result;
		return false;
	}
	whole = calls_check(worker, &session, daemon_too);
	TEEC_CloseSession(&session);
	return whole;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	TEEC_Context context;

	cr_assert_eq(TEEC_InitializeContext(NULL, &context), TEEC_SUCCESS);
	while (!worker->stop) {
		if (life(worker, &context, false))
			worker->lives++;
		else
			worker->failures++;
	}
	TEEC_FinalizeContext(&context);
	return NULL;
}

/* Where lives take long no random moment may be late enough for one to be whole. */
static void life_wait(const struct worker *worker, int round)
{
	const uint32_t lives = worker->lives;

	fixture_wait_while(worker->lives == lives, round);
}

static void worker_check(const struct worker *worker)
{
	cr_expect_eq(worker->wrong, 0, "%u wrong answers", worker->wrong);
	cr_expect_eq(worker->odd, 0, "an error that is none of these: 0x%x", worker->odd);
}

/* Kills the TA's host at a random moment, `rounds` times. */
static void hosts_killed(unsigned int ta, int rounds)
{
	struct worker worker = { .ta = ta };
	pthread_t thread;
	int killed = 0;

	bystander_arrive(&bystander);
	cr_assert_eq(pthread_create(&thread, NULL, work, &worker), 0);
	for (int i = 0; i < rounds; i++) {
		uint32_t events;
		pid_t pid;

		if (i % 4 == 0)
			life_wait(&worker, i);
		events = worker.lives + worker.failures;
		/* In step with its progress, or at random. */
		usleep(fixture_random(3000));
		pid = fixture_host_of(ta);
		if (pid > 0)
			killed += kill(pid, SIGKILL) == 0;
		fixture_wait_while(worker.lives + worker.failures == events, i);
		if (i % 10 == 0)
			bystander_check(&bystander);
	}
	worker.stop = true;
	pthread_join(thread, NULL);
	worker_check(&worker);
	cr_expect_gt(killed, rounds / 4);
	cr_expect(worker.lives && worker.failures, "%u lives, %u failures", worker.lives,
		  worker.failures);
	cr_expect(fixture_hosts_become(1));
	bystander_leave(&bystander);
}

Test(kill, host_of_a_session_at_any_moment)
{
	hosts_killed(VILLAIN_ALONE, HOSTILE_ROUNDS(150));
}

Test(kill, shared_host_at_any_moment)
{
	hosts_killed(VILLAIN_SHARED, HOSTILE_ROUNDS(150));
}

/* A client for one daemon's life. */
static void *work_until_loss(void *arg)
{
	struct worker *worker = arg;
	TEEC_Context context;

	while (!worker->stop) {
		TEEC_Result result = TEEC_InitializeContext(NULL, &context);

		if (result != TEEC_SUCCESS) {
			worker->odd = is_loss(result, true) ? worker->odd : result;
			worker->failures++;
			usleep(1000);
			continue;
		}
		while (!worker->stop && life(worker, &context, true))
			worker->lives++;
		worker->failures++;
		TEEC_FinalizeContext(&context);
	}
	return NULL;
}

Test(kill, daemon_at_any_moment)
{
	struct worker worker[2] = { { .ta = VILLAIN_ALONE }, { .ta = VILLAIN_SHARED } };
	const int rounds = HOSTILE_ROUNDS(60);
	int stderr_copy = dup(STDERR_FILENO), silence = open("/dev/null", O_WRONLY);
	pthread_t thread[2];

	/* Two threads that find no daemon, and say so, again and again. */
	dup2(silence, STDERR_FILENO);
	close(silence);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, work_until_loss, &worker[i]), 0);
	for (int i = 0; i < rounds; i++) {
		uint32_t failures[2];

		for (int k = 0; i % 4 == 0 && k < 2; k++)
			life_wait(&worker[k], i);
		for (int k = 0; k < 2; k++)
			failures[k] = worker[k].failures;
		usleep(fixture_random(40000));
		fixture_daemon_kill();
		fixture_wait_while(
			worker[0].failures == failures[0] || worker[1].failures == failures[1], i);
		fixture_daemon_start(NULL);
	}
	for (int i = 0; i < 2; i++)
		worker[i].stop = true;
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		worker_check(&worker[i]);
	}
	cr_expect(worker[0].lives && worker[1].lives);
	dup2(stderr_copy, STDERR_FILENO);
	close(stderr_copy);
}
