/* SPDX-License-Identifier: BSD-2-Clause */
/* A point that the processor does not run ahead of. */
#ifndef SPECULATION_BARRIER_H
#define SPECULATION_BARRIER_H

static inline void speculation_barrier(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("lfence" : : : "memory");
#else
	__asm__ volatile("" : : : "memory");
#endif
}

#endif /* SPECULATION_BARRIER_H */
