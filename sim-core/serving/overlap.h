/* How two ranges of memory lie to each other. */
#ifndef TEESIM_SERVING_OVERLAP_H
#define TEESIM_SERVING_OVERLAP_H

#include <stddef.h>
#include <stdint.h>

/* Octets that [a, a + a_size) and [b, b + b_size) have in common. Neither range wraps around. */
static inline size_t overlap_size(const void *a, size_t a_size, const void *b, size_t b_size)
{
	uintptr_t from = (uintptr_t)a > (uintptr_t)b ? (uintptr_t)a : (uintptr_t)b;
	uintptr_t a_end = (uintptr_t)a + a_size;
	uintptr_t b_end = (uintptr_t)b + b_size;
	uintptr_t to = a_end < b_end ? a_end : b_end;

	return to > from ? to - from : 0;
}

#endif
