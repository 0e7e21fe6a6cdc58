#include "otrp/committer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "wire/futex.h"
#include "wire/turn.h"
#include "wire/wait.h"

#define STACK_SIZE (512U << 10)

enum phase {
	PHASE_STARTING,
	PHASE_IDLE,
	PHASE_ASKED, /* nobody has begun */
	PHASE_TAKEN, /* the thread has */
	PHASE_DONE,
	PHASE_ENDING,
};

struct committer {
	struct store *store;
	pthread_t thread;
	pid_t number; /* the thread's, as the kernel counts */
	bool threaded;
	_Atomic uint32_t phase;
	int rc; /* the thread's, until it is done */
};

static bool phase_move(struct committer *committer, uint32_t from, uint32_t to)
{
	return atomic_compare_exchange_strong(&committer->phase, &from, to);
}

static void *serve(void *context)
{
	struct committer *committer = context;
	uint32_t phase;

	committer->number = gettid();
	(void)phase_move(committer, PHASE_STARTING, PHASE_IDLE);
	futex_wake_all(&committer->phase);
	while ((phase = atomic_load(&committer->phase)) != PHASE_ENDING) {
		if (!phase_move(committer, PHASE_ASKED, PHASE_TAKEN)) {
			(void)futex_wait(&committer->phase, phase, NULL);
			continue;
		}
		committer->rc = store_commit(committer->store);
		atomic_store(&committer->phase, PHASE_DONE);
		futex_wake_all(&committer->phase);
	}
	return NULL;
}

/* Signals are for the thread that has always had them. */
void committer_start(struct committer *committer)
{
	pthread_attr_t attributes;
	sigset_t all, before;

	if (committer->threaded || wait_one_cpu() || pthread_attr_init(&attributes))
		return;
	sigfillset(&all);
	(void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	committer->threaded =
		pthread_create(&committer->thread, &attributes, serve, committer) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	/* What the C library asks of the kernel for a thread, no filter that comes next need allow.
	 */
	while (committer->threaded && atomic_load(&committer->phase) == PHASE_STARTING)
		(void)futex_wait(&committer->phase, PHASE_STARTING, NULL);
}

int committer_open(struct committer **out, struct store *store)
{
	struct committer *committer = calloc(1, sizeof(*committer));

	if (!committer)
		return -ENOMEM;
	committer->store = store;
	*out = committer;
	return 0;
}

void committer_close(struct committer *committer)
{
	if (!committer)
		return;
	if (committer->threaded) {
		atomic_store(&committer->phase, PHASE_ENDING);
		futex_wake_all(&committer->phase);
		(void)pthread_join(committer->thread, NULL);
	}
	free(committer);
}

void committer_begin(struct committer *committer)
{
	if (!committer->threaded)
		return;
	turn_place(committer->number, TURN_ELSEWHERE);
	atomic_store(&committer->phase, PHASE_ASKED);
	futex_wake_all(&committer->phase);
}

int committer_end(struct committer *committer)
{
	if (!committer->threaded || phase_move(committer, PHASE_ASKED, PHASE_IDLE))
		return store_commit(committer->store);
	while (atomic_load(&committer->phase) != PHASE_DONE)
		(void)futex_wait(&committer->phase, PHASE_TAKEN, NULL);
	atomic_store(&committer->phase, PHASE_IDLE);
	return committer->rc;
}
