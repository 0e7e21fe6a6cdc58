#include "fork_guard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "context.h"

static _Atomic unsigned int generation;
static _Atomic bool told;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void in_child(void)
{
	atomic_fetch_add(&generation, 1);
	atomic_store(&told, false);
	context_table_after_fork_in_child();
}

static void install(void)
{
	(void)pthread_atfork(context_table_before_fork, context_table_after_fork, in_child);
}

void fork_guard_install(void)
{
	(void)pthread_once(&once, install);
}

unsigned int fork_guard_generation(void)
{
	return atomic_load_explicit(&generation, memory_order_relaxed);
}

bool fork_guard_inherited(unsigned int made_in)
{
	if (made_in == fork_guard_generation())
		return false;
	if (!atomic_exchange(&told, true))
		fputs("teesim: this process inherited a TEEC context over fork(); it belongs to "
		      "the "
		      "parent. Call TEEC_InitializeContext() here for one of its own.\n",
		      stderr);
	return true;
}
