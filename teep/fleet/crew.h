/*
 * The workers of a fleet: processes that take one device after another, each having one open at a
 * time, so that memory and open files depend on how many work and not on how many devices there
 * are.
 *
 * Runs in teesim-fleet. Workers are forked for a round and share one table with who watches them;
 * one that dies takes its device's turn with it, which is told as a failure.
 */
#ifndef TEESIM_TEEP_FLEET_CREW_H
#define TEESIM_TEEP_FLEET_CREW_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "teep/fleet/contact.h"

#define CREW_WORKERS_MAX 256

enum turn_state {
	TURN_WAITING,
	TURN_TAKEN,
	TURN_DONE,
	TURN_FAILED,
};

/* Of one device in one round. Written by the worker that took it alone. */
struct turn {
	int state; /* enum turn_state, the last to be written */
	unsigned int retries;
	uint64_t ns;
	struct contact_count count;
	char did[65];	      /* lower-case hexadecimal; "" when it was not looked at */
	unsigned int tas;     /* that the device has, by its own account */
	unsigned int version; /* of the one that is asked for; 0: it has none such */
	char why[160];
};

/* What a worker does with device `number`, filling in its turn: 0 or -errno with one line in
 * turn->why. `own` is what job->start() returned in this worker. */
struct crew_job {
	const char *what; /* for the progress line: "made", "installed" */
	void *(*start)(void *context, const volatile int *stop);
	int (*one)(void *own, unsigned int number, struct turn *turn, const volatile int *stop);
	void (*end)(void *own);
	void *context;
	/* Called by the watcher, now and then, with how many are done; may be NULL. */
	void (*watch)(void *watch_context, unsigned int done);
	void *watch_context;
};

struct crew {
	unsigned int workers;
	unsigned int devices;
	struct turn *turns; /* of the last round; shared memory */
	bool progress;	    /* lines for people on stderr */
};

/* 0 or -errno. */
int crew_open(struct crew *crew, unsigned int workers, unsigned int devices, bool progress);
void crew_close(struct crew *crew);

/* Let every device have its turn. Returns 0 when all are done; -EIO when some failed; -EINTR after
 * *interrupted became a signal's number, when no worker is left; or another -errno. */
int crew_run(struct crew *crew, const struct crew_job *job,
	     const volatile sig_atomic_t *interrupted);

/* Of the last round. */
unsigned int crew_count(const struct crew *crew, enum turn_state state);
double crew_seconds(const struct crew *crew);

#endif
