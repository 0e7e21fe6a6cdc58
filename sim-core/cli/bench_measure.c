#include "cli/bench_measure.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "pingpong.h"
#include "wire/result.h"
#include "wire/wait.h"

/* The command and the floor take turns, so that whatever else the machine does meets both. */
#define TURNS	   4U
#define WARM_UP_NS 50000000U
/* The floor gets a fourth of the command's time. */
#define FLOOR_SHARE 4.0

/* A thread that calls; of the floor, or of the command. */
struct caller {
	const struct bench_plan *plan;
	TEEC_Context *context;
	TEEC_Session session;
	struct bench_operation operation;
	bool is_open;
	struct pingpong pingpong;
	/* Where the floor's calls are made; -1: anywhere. */
	int cpu;
	/* For the turn under way. */
	int (*call)(struct caller *caller);
	pthread_barrier_t *start;
	const _Atomic bool *stop;
	struct latency turn;
	/* What went wrong. */
	TEEC_Result result;
	uint32_t origin;
};

static int call_command(struct caller *caller)
{
	TEEC_Operation operation = caller->operation.operation;

	caller->result = TEEC_InvokeCommand(&caller->session, caller->plan->command, &operation,
					    &caller->origin);
	return caller->result == TEEC_SUCCESS ? 0 : -EIO;
}

static int call_floor(struct caller *caller)
{
	return pingpong_call(&caller->pingpong);
}

static void stay_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
}

/* The `n`th of the CPUs that we may run on; -1 when there are not so many. */
static int cpu_find(unsigned int n)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus) && n-- == 0)
			return cpu;
	return -1;
}

static void *caller_run(void *arg)
{
	struct caller *caller = arg;
	uint64_t until = wait_now_ns() + WARM_UP_NS;
	int err = 0;

	if (caller->call == call_floor && caller->cpu >= 0)
		stay_on(caller->cpu);
	while (!err && wait_now_ns() < until)
		err = caller->call(caller);
	pthread_barrier_wait(caller->start);
	while (!err && !atomic_load_explicit(caller->stop, memory_order_relaxed)) {
		uint64_t from = clock_ticks();

		err = caller->call(caller);
		if (!err)
			latency_count(&caller->turn, clock_ns(clock_ticks() - from));
	}
	return NULL;
}

static void nap(double seconds)
{
	struct timespec left = { .tv_sec = (time_t)seconds };

	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* Lets all callers call for so long. Returns 0, or -EAGAIN when there are no threads to be had;
 * what a call said is in its caller. */
static int turn_run(struct caller *callers, unsigned int count, int (*call)(struct caller *caller),
		    double seconds, struct bench_side *side)
{
	pthread_t thread[BENCH_THREADS_MAX];
	pthread_barrier_t start;
	_Atomic bool stop = false;
	unsigned int started;
	uint64_t from;

	pthread_barrier_init(&start, NULL, count + 1);
	for (started = 0; started < count; started++) {
		struct caller *caller = &callers[started];

		memset(&caller->turn, 0, sizeof(caller->turn));
		caller->call = call;
		caller->start = &start;
		caller->stop = &stop;
		/* Those that were started wait for the others, for good: the program ends. */
		if (pthread_create(&thread[started], NULL, caller_run, caller) != 0)
			return -EAGAIN;
	}
	pthread_barrier_wait(&start);
	from = wait_now_ns();
	nap(seconds);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	side->elapsed_ns += wait_now_ns() - from;
	for (unsigned int i = 0; i < started; i++)
		latency_add(&side->latency, &callers[i].turn);
	pthread_barrier_destroy(&start);
	return 0;
}

static const char *origin_text(uint32_t origin)
{
	switch (origin) {
	case TEEC_ORIGIN_TRUSTED_APP:
		return "the trusted application";
	case TEEC_ORIGIN_TEE:
		return "the TEE";
	case TEEC_ORIGIN_COMMS:
		return "the way to the TEE";
	default:
		return "libteec";
	}
}

static void complain(const char *what, TEEC_Result result, uint32_t origin)
{
	const char *name = result_name(result);

	fprintf(stderr, "teesim bench: %s: 0x%08x%s%s%s from %s; 'teesim log' may tell more\n",
		what, result, name ? " (TEEC_ERROR_" : "", name ? name : "", name ? ")" : "",
		origin_text(origin));
}

static int session_open(struct caller *caller)
{
	uint32_t origin = TEEC_ORIGIN_API;
	TEEC_UUID uuid = { 0 };
	TEEC_Result result;

	uuid_to_fields(&caller->plan->ta, &uuid.timeLow, &uuid.timeMid, &uuid.timeHiAndVersion,
		       uuid.clockSeqAndNode);
	result = TEEC_OpenSession(caller->context, &caller->session, &uuid, TEEC_LOGIN_PUBLIC, NULL,
				  NULL, &origin);
	if (result != TEEC_SUCCESS) {
		complain("no session with the trusted application", result, origin);
		return -EIO;
	}
	caller->is_open = true;
	result = bench_operation_prepare(&caller->operation, caller->context,
					 caller->plan->parameters);
	if (result != TEEC_SUCCESS) {
		complain("no memory for the parameters", result, TEEC_ORIGIN_API);
		return -ENOMEM;
	}
	/* What is wrong with the command shows here, and not in the middle. */
	if (call_command(caller) < 0) {
		complain("the command does not succeed", caller->result, caller->origin);
		return -EIO;
	}
	return 0;
}

static int turns_run(const struct bench_plan *plan, struct caller *callers,
		     struct bench_side *command, struct bench_side *floor)
{
	double each = plan->seconds / TURNS;
	int err = 0;

	for (unsigned int i = 0; i < TURNS && !err; i++) {
		err = turn_run(callers, plan->threads, call_floor, each / FLOOR_SHARE, floor);
		if (!err)
			err = turn_run(callers, plan->threads, call_command, each, command);
		for (unsigned int c = 0; c < plan->threads && !err; c++)
			if (callers[c].result != TEEC_SUCCESS) {
				complain("a call failed", callers[c].result, callers[c].origin);
				return -EIO;
			}
	}
	if (err)
		fprintf(stderr, "teesim bench: %s\n", strerror(-err));
	return err;
}

static int sessions_measure(const struct bench_plan *plan, struct caller *callers,
			    TEEC_Context *context, struct bench_side *command,
			    struct bench_side *floor)
{
	int err = 0;

	for (unsigned int i = 0; i < plan->threads && !err; i++) {
		callers[i].plan = plan;
		callers[i].context = context;
		err = session_open(&callers[i]);
	}
	if (!err)
		err = turns_run(plan, callers, command, floor);
	for (unsigned int i = 0; i < plan->threads; i++) {
		bench_operation_release(&callers[i].operation);
		if (callers[i].is_open)
			TEEC_CloseSession(&callers[i].session);
	}
	return err;
}

int bench_measure(const struct bench_plan *plan, struct bench_side *command,
		  struct bench_side *floor)
{
	struct caller *callers = calloc(plan->threads, sizeof(*callers));
	unsigned int pairs = 0;
	TEEC_Context context;
	TEEC_Result result;
	int err = callers ? 0 : -ENOMEM;

	memset(command, 0, sizeof(*command));
	memset(floor, 0, sizeof(*floor));
	clock_calibrate();
	/* Each side of the floor has a CPU of its own where there are enough: it is what the
	 * machine can do at best. Started before there are threads or connections to be shared. */
	while (!err && pairs < plan->threads) {
		bool apart = cpu_find(2 * plan->threads - 1) >= 0;

		callers[pairs].cpu = apart ? cpu_find(2 * pairs) : -1;
		err = pingpong_start(&callers[pairs].pingpong, wait_spin_from_environment(),
				     apart ? cpu_find(2 * pairs + 1) : -1);
		if (!err)
			pairs++;
	}
	if (err) {
		fprintf(stderr, "teesim bench: no process for the floor: %s\n", strerror(-err));
	} else {
		result = TEEC_InitializeContext(NULL, &context);
		err = result == TEEC_SUCCESS
			      ? sessions_measure(plan, callers, &context, command, floor)
			      : -EIO;
		if (result == TEEC_SUCCESS)
			TEEC_FinalizeContext(&context);
		else
			complain("no TEE", result, TEEC_ORIGIN_API);
	}
	while (pairs > 0)
		pingpong_stop(&callers[--pairs].pingpong);
	free(callers);
	return err;
}
