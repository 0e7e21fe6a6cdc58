/* A process's policy is changed where it is the usual one, and nothing else about it; and of two
 * CPUs, another process is given the one that is meant. */
#include "wire/turn.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

/* As many CPUs as are wanted of those that there are. */
static bool cpus_take(int count)
{
	cpu_set_t all, some;

	CPU_ZERO(&some);
	cr_assert_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&some) < count; i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &some);
	return CPU_COUNT(&some) == count && sched_setaffinity(0, sizeof(some), &some) == 0;
}

static pid_t sleeper(void)
{
	const pid_t child = fork();

	if (child == 0)
		for (;;)
			pause();
	cr_assert_gt(child, 0);
	return child;
}

static void sleeper_end(pid_t child)
{
	(void)kill(child, SIGKILL);
	cr_assert_eq(waitpid(child, NULL, 0), child);
}

/* Where this process ran all the while. */
static int place(pid_t child, enum turn_place where, cpu_set_t *out)
{
	int own;

	do {
		own = sched_getcpu();
		turn_place(child, where);
	} while (sched_getcpu() != own);
	cr_assert_eq(sched_getaffinity(child, sizeof(*out), out), 0);
	return own;
}

Test(wire_turn, of_two_cpus_another_has_this_one_or_the_other)
{
	cpu_set_t cpus;
	pid_t child;
	int own;

	if (!cpus_take(2))
		cr_skip_test("there is one CPU");
	child = sleeper();
	own = place(child, TURN_HERE, &cpus);
	cr_expect_eq(CPU_COUNT(&cpus), 1);
	cr_expect(CPU_ISSET(own, &cpus));
	own = place(child, TURN_ELSEWHERE, &cpus);
	cr_expect_eq(CPU_COUNT(&cpus), 1);
	cr_expect(!CPU_ISSET(own, &cpus));
	(void)place(child, TURN_ANYWHERE, &cpus);
	cr_expect_eq(CPU_COUNT(&cpus), 2);
	sleeper_end(child);
}

Test(wire_turn, of_one_cpu_everybody_has_it)
{
	cpu_set_t cpus;
	pid_t child;

	cr_assert(cpus_take(1));
	child = sleeper();
	(void)place(child, TURN_ELSEWHERE, &cpus);
	cr_expect_eq(CPU_COUNT(&cpus), 1);
	sleeper_end(child);
}

Test(wire_turn, nobody_is_placed)
{
	cpu_set_t before, after;

	cr_assert_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	turn_place(0, TURN_ELSEWHERE);
	turn_place(-1, TURN_HERE);
	cr_assert_eq(sched_getaffinity(0, sizeof(after), &after), 0);
	cr_expect(CPU_EQUAL(&before, &after));
}
