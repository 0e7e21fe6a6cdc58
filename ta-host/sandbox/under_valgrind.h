/*
 * Valgrind runs the program on a processor of its own and knows neither clone() with namespaces nor
 * some of the newer system calls. teesimd is tested under it, so the spawner does without there.
 */
#ifndef TEESIM_SANDBOX_UNDER_VALGRIND_H
#define TEESIM_SANDBOX_UNDER_VALGRIND_H

#include <stdbool.h>

#ifdef TEESIM_VALGRIND
#include <valgrind/valgrind.h>
#endif

static inline bool under_valgrind(void)
{
#ifdef TEESIM_VALGRIND
	return RUNNING_ON_VALGRIND;
#else
	return false;
#endif
}

#endif
