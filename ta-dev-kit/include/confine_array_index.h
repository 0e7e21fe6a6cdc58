/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Indices from outside that stay inside the array also while the processor runs ahead of the check.
 */
#ifndef CONFINE_ARRAY_INDEX_H
#define CONFINE_ARRAY_INDEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * confine_array_index() - @index if it is below @size, else 0
 *
 * Without a branch: the processor can't guess its way past it. Check the index first all the same.
 */
static inline size_t confine_array_index(size_t index, size_t size)
{
	size_t outside = 0 - (size_t)(index >= size);

	/* Keeps the compiler from turning the mask into a branch. */
	__asm__ volatile("" : "+r"(outside));

	return index & ~outside;
}

#endif /* CONFINE_ARRAY_INDEX_H */
