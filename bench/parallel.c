/*
 * So many client threads, each with a TA instance of its own: calls in a second of all together,
 * against as many bare pairs of processes.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "client.h"
#include "device.h"
#include "figures.h"
#include "pingpong.h"
#include "ta/bench_ta.h"

#define NAME	    "parallel"
#define THREADS_MAX 8U
/* Calls between two looks whether the round is over. */
#define CALLS_PER_LOOK 16U
/* Which of them share a CPU is settled anew in each round, and says more than anything else about
 * how the round goes: many short ones instead of few long ones. */
#define ROUNDS_TIMES 4U
#define ROUND_MS     10U

struct crowd {
	unsigned int threads;
	struct client client[THREADS_MAX];
	struct pingpong pingpong[THREADS_MAX];
};

struct worker {
	int (*call)(void *context);
	void *context;
	pthread_barrier_t *start;
	const _Atomic bool *stop;
	uint64_t calls;
	int err;
};

static void *worker_run(void *context)
{
	struct worker *worker = context;

	for (unsigned int i = 0; i < CALLS_PER_LOOK && !worker->err; i++)
		worker->err = worker->call(worker->context);
	pthread_barrier_wait(worker->start);
	while (!worker->err && !atomic_load_explicit(worker->stop, memory_order_relaxed)) {
		for (unsigned int i = 0; i < CALLS_PER_LOOK && !worker->err; i++)
			worker->err = worker->call(worker->context);
		worker->calls += CALLS_PER_LOOK;
	}
	return NULL;
}

/* One round of one side: calls a second, or -errno. */
static double round_run(struct crowd *crowd, bool is_thing, unsigned int ms)
{
	const struct timespec length = { .tv_nsec = (long)ms * 1000000 };
	struct worker worker[THREADS_MAX];
	pthread_t thread[THREADS_MAX];
	pthread_barrier_t start;
	_Atomic bool stop = false;
	unsigned int started;
	uint64_t calls = 0, from;
	int err = 0;

	pthread_barrier_init(&start, NULL, crowd->threads + 1);
	for (started = 0; started < crowd->threads; started++) {
		struct worker *w = &worker[started];

		*w = (struct worker) { .start = &start, .stop = &stop };
		w->call = is_thing ? client_invoke_empty : pingpong_call;
		w->context = is_thing ? (void *)&crowd->client[started]
				      : (void *)&crowd->pingpong[started];
		/* The others wait for all: without one there is no way on. */
		if (pthread_create(&thread[started], NULL, worker_run, w) != 0)
			return -EAGAIN;
	}
	pthread_barrier_wait(&start);
	from = wait_now_ns();
	nanosleep(&length, NULL);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < started; i++) {
		pthread_join(thread[i], NULL);
		calls += worker[i].calls;
		err = worker[i].err ? worker[i].err : err;
	}
	pthread_barrier_destroy(&start);
	return err ? err : (double)calls * 1e9 / (double)(wait_now_ns() - from);
}

static void crowd_measure(struct bench *bench, struct crowd *crowd, const char *name,
			  const char *title)
{
	unsigned int rounds = bench->options.rounds * ROUNDS_TIMES;
	struct result *result =
		harness_result(bench, name, title, UNIT_CALLS_PER_S, GOAL_RATIO_AT_LEAST, 0.7);

	series_name(&result->thing, "all threads");
	series_name(&result->yardstick, "as many bare pairs");
	if (rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	for (unsigned int i = 0; i < rounds; i++) {
		for (unsigned int side = 0; side < 2; side++) {
			bool is_thing = side == (i & 1);
			double rate = round_run(crowd, is_thing, ROUND_MS);

			if (rate < 0) {
				snprintf(result->failure, sizeof(result->failure), "a call failed");
				return;
			}
			series_add(is_thing ? &result->thing : &result->yardstick, rate, rate);
		}
	}
	harness_finish(result);
}

static void crowd_run(struct bench *bench, unsigned int threads)
{
	static struct crowd crowd;
	unsigned int clients = 0, pairs = 0;
	char name[32], title[64], why[128];

	snprintf(name, sizeof(name), NAME "_%u", threads);
	snprintf(title, sizeof(title), "%u threads on %u instances", threads, threads);
	crowd.threads = threads;
	while (pairs < threads &&
	       pingpong_start(&crowd.pingpong[pairs], wait_spin_from_environment(), -1) == 0)
		pairs++;
	while (clients < threads &&
	       client_open(&crowd.client[clients], BENCH_TA_PLAIN, why, sizeof(why)) == 0)
		clients++;
	if (pairs < threads)
		harness_fail(bench, name, title, "only %u bare pairs could be started", pairs);
	else if (clients < threads)
		harness_fail(bench, name, title, "%s", why);
	else
		crowd_measure(bench, &crowd, name, title);
	while (clients > 0)
		client_close(&crowd.client[--clients]);
	while (pairs > 0)
		pingpong_stop(&crowd.pingpong[--pairs]);
}

void parallel_run(struct bench *bench)
{
	for (unsigned int threads = 2; threads <= THREADS_MAX; threads *= 2)
		crowd_run(bench, threads);
}
