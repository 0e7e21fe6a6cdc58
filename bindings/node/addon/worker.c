#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#define IDLE_SECONDS 5
/* libteec and what it calls need far less; a thousand calls at once need no gigabytes. */
#define STACK_SIZE (256U * 1024U)

struct worker {
	LIST_ENTRY(worker) in_idle;
	pthread_cond_t given;
	/* NULL while it has none. */
	void (*job)(void *arg);
	void *arg;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(, worker) idle = LIST_HEAD_INITIALIZER(idle);

/* Waits for a job. Returns false when none came for some time; then nobody knows the worker any
 * more. */
static bool job_wait(struct worker *worker)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_SECONDS;
	pthread_mutex_lock(&lock);
	LIST_INSERT_HEAD(&idle, worker, in_idle);
	while (!worker->job && pthread_cond_timedwait(&worker->given, &lock, &until) != ETIMEDOUT)
		;
	if (!worker->job)
		LIST_REMOVE(worker, in_idle);
	pthread_mutex_unlock(&lock);
	return worker->job;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;

	do {
		void (*job)(void *) = worker->job;

		worker->job = NULL;
		job(worker->arg);
	} while (job_wait(worker));
	pthread_cond_destroy(&worker->given);
	free(worker);
	return NULL;
}

static int worker_start(struct worker *worker)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	/* Signals are for Node's own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, &attr, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}

static struct worker *worker_new(void)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	pthread_condattr_t attr;

	if (!worker)
		return NULL;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->given, &attr);
	pthread_condattr_destroy(&attr);
	return worker;
}

int worker_run(void (*job)(void *arg), void *arg)
{
	struct worker *worker;
	int err;

	pthread_mutex_lock(&lock);
	worker = LIST_FIRST(&idle);
	if (worker) {
		LIST_REMOVE(worker, in_idle);
		worker->arg = arg;
		worker->job = job;
		pthread_cond_signal(&worker->given);
	}
	pthread_mutex_unlock(&lock);
	if (worker)
		return 0;
	worker = worker_new();
	if (!worker)
		return -ENOMEM;
	worker->arg = arg;
	worker->job = job;
	err = worker_start(worker);
	if (err < 0) {
		pthread_cond_destroy(&worker->given);
		free(worker);
	}
	return err;
}
