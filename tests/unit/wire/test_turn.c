/* A process's policy is changed where it is the usual one, and nothing else about it. */
#include "wire/turn.h"

#include <criterion/criterion.h>
#include <sched.h>

Test(wire_turn, who_waits_interrupts_nobody)
{
	if (sched_getscheduler(0) != SCHED_OTHER)
		cr_skip_test("this test itself was given a policy");
	turn_wait();
	cr_assert_eq(sched_getscheduler(0), SCHED_BATCH);
}

Test(wire_turn, another_policy_stays)
{
	const struct sched_param none = { 0 };

	cr_assert_eq(sched_setscheduler(0, SCHED_IDLE, &none), 0);
	turn_wait();
	cr_assert_eq(sched_getscheduler(0), SCHED_IDLE);
}
