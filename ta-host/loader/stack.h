/*
 * The TA's thread: a stack of the size that the TA asked for, between regions that fault, and
 * another one for signal handlers, so that an overflow can be reported.
 *
 * Runs in ta-host. The thread is made in the sandbox's loading phase: no thread can be made later.
 * Whoever calls stack_thread_start() owns the thread and joins it with stack_thread_join(); a host
 * that ends by _exit() need not.
 */
#ifndef TEESIM_LOADER_STACK_H
#define TEESIM_LOADER_STACK_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

/* Whatever a TA declares, its thread gets at least this much. */
#define STACK_SIZE_MIN (64 * 1024)

/* A call frame of this size cannot jump over the region below. */
#define STACK_GUARD_SIZE (1024 * 1024)

struct stack_thread {
	pthread_t thread;
	/* Everything that was mapped: guard, stack, guard, signal stack. */
	char *region;
	size_t region_size;
	/* The part that the TA uses. */
	char *stack;
	size_t stack_size;
	char *signal_stack;
	void *(*run)(void *arg);
	void *arg;
	sem_t started;
};

/* Starts a thread that calls `run(arg)` with at least `size` octets of stack. It has done by then
 * what the running phase of the sandbox denies to a thread that starts. `thread` must stay where it
 * is until the join. Returns 0 or -errno. */
int stack_thread_start(struct stack_thread *thread, size_t size, void *(*run)(void *arg),
		       void *arg);

/* Takes away what lies more than `size` octets below the caller's frame, for good: touching it is
 * an overflow from then on. To be called on the thread itself; does nothing where there is no more
 * than that. Returns 0 or -errno. */
int stack_thread_narrow(struct stack_thread *thread, size_t size);

/* Is `address`, where a fault happened, next to the stack: has the TA used it up? May be called
 * from a signal handler. */
bool stack_thread_overflowed(const struct stack_thread *thread, const void *address);

/* Waits for the end of the thread and gives its memory back. Returns what `run` returned. */
void *stack_thread_join(struct stack_thread *thread);

#endif
