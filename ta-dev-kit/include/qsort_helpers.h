/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qsort() for arrays of the integer types, ascending.
 */
#ifndef __QSORT_HELPERS_H
#define __QSORT_HELPERS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* NOLINTBEGIN(bugprone-macro-parentheses): a type */
#define __qsort_helper(name, type)                                         \
	static inline int __qsort_cmp_##name(const void *a, const void *b) \
	{                                                                  \
		type x = *(const type *)a;                                 \
		type y = *(const type *)b;                                 \
                                                                           \
		return (x > y) - (x < y);                                  \
	}                                                                  \
                                                                           \
	static inline void qsort_##name(type *array, size_t n)             \
	{                                                                  \
		qsort(array, n, sizeof(array[0]), __qsort_cmp_##name);     \
	}

/* NOLINTEND(bugprone-macro-parentheses) */

/* clang-format off */
__qsort_helper(int, int)
__qsort_helper(uint, unsigned int)
__qsort_helper(long, long)
__qsort_helper(ul, unsigned long)
__qsort_helper(ll, long long)
__qsort_helper(ull, unsigned long long)
__qsort_helper(s8, int8_t)
__qsort_helper(u8, uint8_t)
__qsort_helper(s16, int16_t)
__qsort_helper(u16, uint16_t)
__qsort_helper(s32, int32_t)
__qsort_helper(u32, uint32_t)
__qsort_helper(s64, int64_t)
__qsort_helper(u64, uint64_t)
/* clang-format on */

#undef __qsort_helper

#endif /* __QSORT_HELPERS_H */
