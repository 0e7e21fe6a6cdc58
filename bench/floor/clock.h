/*
 * A clock that costs little beside what is measured with it: the processor's own counter where it
 * runs at one speed, else the system's monotonic clock.
 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/wait.h"

extern bool clock_uses_counter;

/* Finds out which clock to use and how fast it runs. Takes some tens of milliseconds. */
void clock_calibrate(void);

/* Ticks as nanoseconds. */
double clock_ns(uint64_t ticks);

static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
	if (clock_uses_counter) {
		/* What was to be measured has ended before the counter is read. */
		__builtin_ia32_lfence();
		return __builtin_ia32_rdtsc();
	}
#endif
	return wait_now_ns();
}

#endif
