/* A process's policy is changed where it is the usual one, and nothing else about it. */
#include "wire/turn.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <sys/resource.h>

/* As most are started. */
static void usual_or_skip(void)
{
	if (sched_getscheduler(0) != SCHED_OTHER)
		cr_skip_test("this test itself was given a policy");
}

Test(wire_turn, who_waits_interrupts_nobody)
{
	usual_or_skip();
	turn_wait();
	cr_assert_eq(sched_getscheduler(0), SCHED_BATCH);
}

Test(wire_turn, another_policy_stays)
{
	const struct sched_param none = { 0 };

	cr_assert_eq(sched_setscheduler(0, SCHED_IDLE, &none), 0);
	turn_wait();
	turn_be_short(100);
	cr_assert_eq(sched_getscheduler(0), SCHED_IDLE);
}

Test(wire_turn, who_is_short_stays_as_nice)
{
	usual_or_skip();
	cr_assert_eq(setpriority(PRIO_PROCESS, 0, 7), 0);
	turn_be_short(100);
	cr_assert_eq(sched_getscheduler(0), SCHED_OTHER);
	cr_assert_eq(getpriority(PRIO_PROCESS, 0), 7);
}
