#include "loader/stack.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIGNAL_STACK_SIZE (64 * 1024)

static size_t page_round(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

static void *thread_run(void *arg)
{
	struct stack_thread *thread = arg;
	const stack_t signals = { .ss_sp = thread->signal_stack, .ss_size = SIGNAL_STACK_SIZE };

	sigaltstack(&signals, NULL);
	sem_post(&thread->started);
	return thread->run(thread->arg);
}

int stack_thread_start(struct stack_thread *thread, size_t size, void *(*run)(void *arg), void *arg)
{
	/* The C library keeps the thread's own data at the top of the stack that it is given. */
	long overhead = sysconf(_SC_THREAD_STACK_MIN);
	pthread_attr_t attr;
	int err;

	if (size > SIZE_MAX / 4)
		return -ENOMEM;
	if (size < STACK_SIZE_MIN)
		size = STACK_SIZE_MIN;
	memset(thread, 0, sizeof(*thread));
	thread->run = run;
	thread->arg = arg;
	thread->stack_size = page_round(size + (overhead > 0 ? (size_t)overhead : 0));
	thread->region_size = thread->stack_size + SIGNAL_STACK_SIZE + 2 * STACK_GUARD_SIZE;
	thread->region = mmap(NULL, thread->region_size, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (thread->region == MAP_FAILED)
		return -errno;
	thread->stack = thread->region + STACK_GUARD_SIZE;
	thread->signal_stack = thread->stack + thread->stack_size + STACK_GUARD_SIZE;
	if (mprotect(thread->stack, thread->stack_size, PROT_READ | PROT_WRITE) < 0 ||
	    mprotect(thread->signal_stack, SIGNAL_STACK_SIZE, PROT_READ | PROT_WRITE) < 0) {
		err = errno;
		goto failed;
	}
	err = pthread_attr_init(&attr);
	if (err)
		goto failed;
	sem_init(&thread->started, 0, 0);
	err = pthread_attr_setstack(&attr, thread->stack, thread->stack_size);
	if (!err)
		err = pthread_create(&thread->thread, &attr, thread_run, thread);
	pthread_attr_destroy(&attr);
	if (!err) {
		while (sem_wait(&thread->started) < 0)
			;
		return 0;
	}
failed:
	munmap(thread->region, thread->region_size);
	thread->region = NULL;
	return -err;
}

int stack_thread_narrow(struct stack_thread *thread, size_t size)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	const uintptr_t bottom = (uintptr_t)thread->stack;
	size_t excess;

	if (size > frame - bottom)
		return 0;
	excess = (frame - size) / page * page - bottom;
	if (mprotect(thread->stack, excess, PROT_NONE) < 0)
		return -errno;
	(void)madvise(thread->stack, excess, MADV_DONTNEED);
	thread->stack += excess;
	thread->stack_size -= excess;
	return 0;
}

bool stack_thread_overflowed(const struct stack_thread *thread, const void *address)
{
	const char *at = address;

	return thread->region && at >= thread->region && at < thread->stack;
}

void *stack_thread_join(struct stack_thread *thread)
{
	void *answer = NULL;

	pthread_join(thread->thread, &answer);
	munmap(thread->region, thread->region_size);
	thread->region = NULL;
	return answer;
}
