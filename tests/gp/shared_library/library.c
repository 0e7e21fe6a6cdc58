/*
 * The libraries of these tests; which one it becomes is said on the compiler's command line:
 *
 *	LIBRARY_OUTER	needed by the TA, needs LIBRARY_INNER
 *	LIBRARY_INNER	uses the TA's own symbols
 *	LIBRARY_OPENED	opened by the TA; needs LIBRARY_HELPER, and uses the TA's own symbols
 *	LIBRARY_HELPER	needed by that one
 *	LIBRARY_LACKING	uses a symbol that nobody has
 */
#include <tee_internal_api.h>

#include "shared_library/history.h"

#ifdef LIBRARY_OUTER
static __thread uint32_t count = 100;

__attribute__((constructor)) static void construct(void)
{
	remember('O');
}

__attribute__((destructor)) static void destruct(void)
{
	remember('o');
}

uint32_t outer(uint32_t n)
{
	return inner(n) * 2;
}

uint32_t outer_count(void)
{
	return ++count + inner_count();
}
#endif

#ifdef LIBRARY_INNER
__thread uint32_t inner_calls;

__attribute__((constructor)) static void construct(void)
{
	remember('I');
}

__attribute__((destructor)) static void destruct(void)
{
	remember('i');
}

uint32_t inner(uint32_t n)
{
	/* An address that is filled in when the library is loaded. */
	static uint32_t (*const adds)(uint32_t n) = ta_adds;

	return adds(n) + 1;
}

uint32_t inner_count(void)
{
	return ++inner_calls;
}

static volatile int *volatile nowhere;

__attribute__((noinline)) static void die_here(uint32_t how)
{
	if (how)
		TEE_Panic(0x51);
	*nowhere = 1;
}

void inner_die(uint32_t how)
{
	die_here(how);
	/* So that the call above is not the last that there is to do. */
	remember('X');
}

void inner_jump(jmp_buf there, int with)
{
	longjmp(there, with);
}
#endif

#ifdef LIBRARY_OPENED
uint32_t helper(void);
uint32_t opened(void);
uint32_t opened_history(void);

static __thread uint32_t number = 30;

__attribute__((constructor)) static void construct(void)
{
	remember('P');
}

__attribute__((destructor)) static void destruct(void)
{
	remember('p');
}

uint32_t opened(void)
{
	return ta_adds(helper() + number);
}

uint32_t opened_history(void)
{
	return (uint32_t)history[0];
}
#endif

#ifdef LIBRARY_HELPER
uint32_t helper(void);

__attribute__((constructor)) static void construct(void)
{
	remember('H');
}

uint32_t helper(void)
{
	return 4;
}
#endif

#ifdef LIBRARY_LACKING
uint32_t nobody_has_this(void);
uint32_t lacking(void);

uint32_t lacking(void)
{
	return nobody_has_this();
}
#endif
