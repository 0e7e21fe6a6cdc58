/* A process's policy is changed where it is the usual one, and nothing else about it. */
#include "wire/turn.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

Test(wire_turn, who_waits_interrupts_nobody)
{
	if (sched_getscheduler(0) != SCHED_OTHER)
		cr_skip_test("this test itself was given a policy");
	turn_wait();
	cr_assert_eq(sched_getscheduler(0), SCHED_BATCH);
}

/* Where Linux has slices of a task's own (6.12), this one's is longer than the usual. */
Test(wire_turn, who_wakes_up_beside_it_goes_first)
{
	uint64_t before[7] = { 0 }, after[7] = { 0 };

	if (sched_getscheduler(0) != SCHED_OTHER)
		cr_skip_test("this test itself was given a policy");
	cr_assert_eq(syscall(SYS_sched_getattr, 0, before, 48, 0), 0);
	turn_wait();
	cr_assert_eq(syscall(SYS_sched_getattr, 0, after, 48, 0), 0);
	/* struct sched_attr: size, policy, flags, nice, priority, runtime. */
	if (before[3])
		cr_assert_gt(after[3], before[3]);
	else
		cr_assert_eq(after[3], 0);
}

Test(wire_turn, another_policy_stays)
{
	const struct sched_param none = { 0 };

	cr_assert_eq(sched_setscheduler(0, SCHED_IDLE, &none), 0);
	turn_wait();
	cr_assert_eq(sched_getscheduler(0), SCHED_IDLE);
}
