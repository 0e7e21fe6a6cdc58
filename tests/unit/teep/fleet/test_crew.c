/* The workers of a fleet: each device has one turn, whatever happens to a worker. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "teep/fleet/crew.h"

static volatile sig_atomic_t interrupted;
static int nothing;

static void *start(void *context, const volatile int *stop)
{
	(void)stop;
	return context;
}

static void end(void *own)
{
	(void)own;
}

static int count_it(void *own, unsigned int number, struct turn *turn, const volatile int *stop)
{
	(void)own;
	(void)number;
	(void)stop;
	turn->tas++;
	return 0;
}

Test(fleet_crew, every_device_has_one_turn)
{
	const struct crew_job job = { "counted", start, count_it, end, &nothing, NULL, NULL };
	struct crew crew;

	cr_assert_eq(crew_open(&crew, 7, 500, false), 0);
	cr_assert_eq(crew_run(&crew, &job, &interrupted), 0);
	for (unsigned int i = 0; i < crew.devices; i++)
		cr_assert_eq(crew.turns[i].tas, 1, "device %u had %u", i, crew.turns[i].tas);
	cr_assert_eq(crew_count(&crew, TURN_DONE), 500);
	/* The next round begins with nothing of the last. */
	cr_assert_eq(crew_run(&crew, &job, &interrupted), 0);
	cr_assert_eq(crew.turns[42].tas, 1);
	crew_close(&crew);
}

static int die_at_ten(void *own, unsigned int number, struct turn *turn, const volatile int *stop)
{
	if (number == 10)
		raise(SIGKILL);
	if (number == 20) {
		snprintf(turn->why, sizeof(turn->why), "it is the twentieth");
		return -EIO;
	}
	return count_it(own, number, turn, stop);
}

Test(fleet_crew, a_worker_that_dies_costs_its_device_alone)
{
	const struct crew_job job = { "counted", start, die_at_ten, end, &nothing, NULL, NULL };
	struct crew crew;

	cr_assert_eq(crew_open(&crew, 3, 100, false), 0);
	cr_assert_eq(crew_run(&crew, &job, &interrupted), -EIO);
	cr_assert_eq(crew_count(&crew, TURN_DONE), 98);
	cr_assert_eq(crew.turns[10].state, TURN_FAILED);
	cr_assert_str_eq(crew.turns[10].why, "its worker died over it");
	cr_assert_str_eq(crew.turns[20].why, "it is the twentieth");
	crew_close(&crew);
}

static void *start_nothing(void *context, const volatile int *stop)
{
	(void)context;
	(void)stop;
	return NULL;
}

Test(fleet_crew, devices_that_no_worker_was_left_for_are_failures)
{
	const struct crew_job job = {
		"counted", start_nothing, count_it, end, &nothing, NULL, NULL
	};
	struct crew crew;

	cr_assert_eq(crew_open(&crew, 2, 5, false), 0);
	cr_assert_eq(crew_run(&crew, &job, &interrupted), -EIO);
	cr_assert_eq(crew_count(&crew, TURN_FAILED), 5);
	cr_assert_str_eq(crew.turns[0].why, "no worker was left for it");
	crew_close(&crew);
}

static int until_stopped(void *own, unsigned int number, struct turn *turn,
			 const volatile int *stop)
{
	const struct timespec tick = { .tv_nsec = 1000000 };

	(void)own;
	(void)number;
	(void)turn;
	while (!*stop)
		nanosleep(&tick, NULL);
	return -ECANCELED;
}

static void interrupt(void *context, unsigned int done)
{
	(void)context;
	(void)done;
	interrupted = SIGINT;
}

Test(fleet_crew, an_interruption_ends_all_workers)
{
	const struct crew_job job = { "counted", start,	    until_stopped, end,
				      &nothing,	 interrupt, NULL };
	struct crew crew;

	cr_assert_eq(crew_open(&crew, 2, 50, false), 0);
	cr_assert_eq(crew_run(&crew, &job, &interrupted), -EINTR);
	cr_assert_gt(crew_count(&crew, TURN_WAITING), 0);
	crew_close(&crew);
	interrupted = 0;
}
