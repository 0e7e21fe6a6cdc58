#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loader/stack.h"

static struct stack_thread thread;

static void *stack_fill(void *arg)
{
	volatile char block[200 * 1024];

	for (size_t i = 0; i < sizeof(block); i += 512)
		block[i] = 1;
	/* On the stack that was asked for, not on another. */
	if ((char *)(uintptr_t)block < thread.stack ||
	    (char *)(uintptr_t)block + sizeof(block) > thread.stack + thread.stack_size)
		return NULL;
	return arg;
}

Test(stack, has_the_size_that_was_asked_for)
{
	cr_assert_eq(stack_thread_start(&thread, 204 * 1024, stack_fill, &thread), 0);
	cr_assert_eq(stack_thread_join(&thread), &thread);
}

Test(stack, memory_is_given_back)
{
	char *region;
	unsigned char resident;

	cr_assert_eq(stack_thread_start(&thread, 204 * 1024, stack_fill, &thread), 0);
	region = thread.region;
	cr_assert_eq(mincore(region, 1, &resident), 0);
	stack_thread_join(&thread);
	cr_assert_eq(mincore(region, 1, &resident), -1);
	cr_assert_eq(errno, ENOMEM);
}

Test(stack, an_impossible_size_is_an_error)
{
	cr_assert_lt(stack_thread_start(&thread, SIZE_MAX / 8, stack_fill, NULL), 0);
	cr_assert_lt(stack_thread_start(&thread, SIZE_MAX, stack_fill, NULL), 0);
}

static void overflow_tell(int sig, siginfo_t *info, void *context)
{
	(void)context;
	_exit(sig == SIGSEGV && stack_thread_overflowed(&thread, info->si_addr) ? 9 : 10);
}

static int depth_reach(int left)
{
	volatile char frame[512];

	frame[0] = (char)left;
	return left ? depth_reach(left - 1) + frame[0] : 0;
}

static void *stack_overflow(void *arg)
{
	return depth_reach(1 << 24) ? arg : NULL;
}

static void *fault_elsewhere(void *arg)
{
	/* The other end, which nothing reaches by calling too deeply. */
	*(volatile char *)(thread.stack + thread.stack_size) = 1;
	return arg;
}

/* How a process ends whose TA thread runs `run`. */
static int end_of(void *(*run)(void *))
{
	pid_t pid = fork();
	int status;

	cr_assert_geq(pid, 0);
	if (!pid) {
		struct sigaction action = { .sa_sigaction = overflow_tell,
					    .sa_flags = SA_SIGINFO | SA_ONSTACK };

		sigaction(SIGSEGV, &action, NULL);
		if (stack_thread_start(&thread, 128 * 1024, run, &thread))
			_exit(1);
		stack_thread_join(&thread);
		_exit(2);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "status %x", status);
	return WEXITSTATUS(status);
}

Test(stack, overflow_is_told_from_another_fault)
{
	cr_assert_eq(end_of(stack_overflow), 9);
	cr_assert_eq(end_of(fault_elsewhere), 10);
}

static void *narrowed(void *arg)
{
	char *const bottom = thread.stack;
	const size_t size = thread.stack_size;

	if (stack_thread_narrow(&thread, 64 * 1024) < 0)
		return NULL;
	/* What was left is as much as was asked for, and not much more. */
	if (thread.stack_size < 64 * 1024 || thread.stack_size > 64 * 1024 + 32 * 1024 ||
	    thread.stack + thread.stack_size != bottom + size)
		return NULL;
	/* There is nothing to take away from that. */
	if (stack_thread_narrow(&thread, 1 << 20) < 0 || thread.stack == bottom)
		return NULL;
	return depth_reach(60 * 1024 / 1024) >= 0 ? arg : NULL;
}

Test(stack, can_be_narrowed_by_the_thread)
{
	cr_assert_eq(stack_thread_start(&thread, 1 << 20, narrowed, &thread), 0);
	cr_assert_eq(stack_thread_join(&thread), &thread);
}

static void *narrowed_overflow(void *arg)
{
	(void)stack_thread_narrow(&thread, 64 * 1024);
	return depth_reach(512) ? arg : NULL;
}

Test(stack, what_was_taken_away_is_an_overflow)
{
	cr_assert_eq(end_of(narrowed_overflow), 9);
}
