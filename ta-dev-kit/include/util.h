/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic on sizes, bits and alignments. The macros evaluate each argument once, except where
 * the name says _UNSAFE (those are usable in constant expressions instead).
 */
#ifndef UTIL_H
#define UTIL_H

#include <compiler.h>

#ifndef __ASSEMBLER__
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#define __util_uptr(x) ((uintptr_t)(x))
#else
#define __util_uptr(x) x
#endif

#define SIZE_1K		 __util_uptr(0x400)
#define SIZE_4K		 __util_uptr(0x1000)
#define SIZE_1M		 __util_uptr(0x100000)
#define SIZE_2M		 __util_uptr(0x200000)
#define SIZE_4M		 __util_uptr(0x400000)
#define SIZE_8M		 __util_uptr(0x800000)
#define SIZE_2G		 __util_uptr(0x80000000)

#define MAX_UNSAFE(a, b) (((a) > (b)) ? (a) : (b))
#define MIN_UNSAFE(a, b) (((a) < (b)) ? (a) : (b))

#if defined(__ASSEMBLER__) || defined(__cplusplus)
#ifndef MAX
#define MAX(a, b) MAX_UNSAFE(a, b)
#endif
#ifndef MIN
#define MIN(a, b) MIN_UNSAFE(a, b)
#endif
#else
/* The C library has its own pair in <sys/param.h>, which evaluates twice. */
#undef MAX
#undef MIN
#define MAX(a, b)                                      \
	(__extension__({                               \
		__typeof__(a) __max_a = (a);           \
		__typeof__(b) __max_b = (b);           \
		__max_a > __max_b ? __max_a : __max_b; \
	}))
#define MIN(a, b)                                      \
	(__extension__({                               \
		__typeof__(a) __min_a = (a);           \
		__typeof__(b) __min_b = (b);           \
		__min_a < __min_b ? __min_a : __min_b; \
	}))
#endif

#define SWAP(a, b)                              \
	do {                                    \
		__typeof__(a) __swap_tmp = (a); \
		(a) = (b);                      \
		(b) = __swap_tmp;               \
	} while (0)

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#endif

#ifdef __ASSEMBLER__
#define ROUNDUP(x, y)		 ((((x) + (y)-1) / (y)) * (y))
#define ROUNDDOWN(x, y)		 (((x) / (y)) * (y))
#define UDIV_ROUND_NEAREST(x, y) (((x) + ((y) / 2)) / (y))
#else
/* @size is a power of two. */
#define ROUNDUP(v, size)    (((v) + ((__typeof__(v))(size)-1)) & ~((__typeof__(v))(size)-1))
#define ROUNDUP2(v, size)   ROUNDUP(v, size)
#define ROUNDDOWN(v, size)  ((v) & ~((__typeof__(v))(size)-1))
#define ROUNDDOWN2(v, size) ROUNDDOWN(v, size)

/* Stores @v rounded up in *@res and is 0, or is 1 when that does not fit. @size: a power of two. */
#define ROUNDUP_OVERFLOW(v, size, res)                                                       \
	(__extension__({                                                                     \
		__typeof__(*(res)) __roundup_sum = 0;                                        \
		__typeof__(v) __roundup_mask = (__typeof__(v))(size)-1;                      \
		int __roundup_ovf =                                                          \
			__builtin_add_overflow((v), __roundup_mask, &__roundup_sum) ? 1 : 0; \
		if (!__roundup_ovf)                                                          \
			*(res) = __roundup_sum & ~(__typeof__(*(res)))__roundup_mask;        \
		__roundup_ovf;                                                               \
	}))
#define ROUNDUP2_OVERFLOW(v, size, res) ROUNDUP_OVERFLOW(v, size, res)

/* How many units of @y bytes (a power of two) hold @x bytes; cannot overflow. */
#define ROUNDUP_DIV(x, y)                                                    \
	(__extension__({                                                     \
		__typeof__(x) __rdiv_x = (x);                                \
		__typeof__(x) __rdiv_y = (__typeof__(x))(y);                 \
		(__rdiv_x / __rdiv_y) + (__rdiv_x & (__rdiv_y - 1) ? 1 : 0); \
	}))
#define ROUNDUP2_DIV(x, y) ROUNDUP_DIV(x, y)

/* The same for any @y. */
#define DIV_ROUND_UP(x, y)                                         \
	(__extension__({                                           \
		__typeof__(x) __dru_x = (x);                       \
		__typeof__(y) __dru_y = (y);                       \
		(__dru_x / __dru_y) + (__dru_x % __dru_y ? 1 : 0); \
	}))

#define UDIV_ROUND_NEAREST(x, y)                     \
	(__extension__({                             \
		__typeof__(x) __urn_x = (x);         \
		__typeof__(y) __urn_y = (y);         \
		(__urn_x + (__urn_y / 2)) / __urn_y; \
	}))
#endif

/* @x is of an unsigned type. */
#define IS_POWER_OF_TWO(x) (((x) != 0) && (((x) & (~(x) + 1)) == (x)))

#define IS_ALIGNED(x, a)   (((x) & ((a)-1)) == 0)
#define IS_ALIGNED_WITH_TYPE(x, type)                                    \
	(__extension__({                                                 \
		type __is_aligned_y;                                     \
		IS_ALIGNED((uintptr_t)(x), __alignof__(__is_aligned_y)); \
	}))
#define ALIGNMENT_IS_OK(p, type) (((uintptr_t)(p) & (__alignof__(type) - 1)) == 0)

#define __TO_STR(x)		 #x
#define TO_STR(x)		 __TO_STR(x)
#define __CONCAT_(x, y)		 x##y
#define CONCAT(x, y)		 __CONCAT_(x, y)

#ifndef container_of
#ifdef __cplusplus
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - __builtin_offsetof(type, member)))
#else
#define container_of(ptr, type, member)                                      \
	(__extension__({                                                     \
		const __typeof__(((type *)0)->member) *__member_ptr = (ptr); \
		(type *)((uintptr_t)__member_ptr - offsetof(type, member));  \
	}))
#endif
#endif

#define MEMBER_SIZE(type, member) sizeof(((type *)0)->member)

#ifdef __ASSEMBLER__
#define BIT32(nr)	    (1 << (nr))
#define BIT64(nr)	    (1 << (nr))
#define SHIFT_U32(v, shift) ((v) << (shift))
#define SHIFT_U64(v, shift) ((v) << (shift))
#define GENMASK_32(h, l)    (((1 << ((h) - (l) + 1)) - 1) << (l))
#else
#define BIT32(nr)	    (UINT32_C(1) << (nr))
#define BIT64(nr)	    (UINT64_C(1) << (nr))
#define SHIFT_U32(v, shift) ((uint32_t)(v) << (shift))
#define SHIFT_U64(v, shift) ((uint64_t)(v) << (shift))
/* Ones from bit @l to bit @h, both included. */
#define GENMASK_32(h, l)    (((~UINT32_C(0)) << (l)) & (~UINT32_C(0) >> (32 - 1 - (h))))
#define GENMASK_64(h, l)    (((~UINT64_C(0)) << (l)) & (~UINT64_C(0) >> (64 - 1 - (h))))
#endif
#define BIT(nr) BIT32(nr)

/* True on overflow; otherwise *@res holds the result. */
#define ADD_OVERFLOW(a, b, res) __compiler_add_overflow((a), (b), (res))
#define SUB_OVERFLOW(a, b, res) __compiler_sub_overflow((a), (b), (res))
#define MUL_OVERFLOW(a, b, res) __compiler_mul_overflow((a), (b), (res))

/* 1, 0 or -1 as @a is greater than, equal to or less than @b. */
#define CMP_TRILEAN(a, b)                                           \
	(__extension__({                                            \
		__typeof__(a) __cmp_a = (a);                        \
		__typeof__(b) __cmp_b = (b);                        \
		__cmp_a > __cmp_b ? 1 : __cmp_a < __cmp_b ? -1 : 0; \
	}))

#ifndef __ASSEMBLER__
/* Two 32-bit halves, the upper one first, as they travel in the two words of a value parameter. */
static inline uint64_t reg_pair_to_64(uint32_t reg0, uint32_t reg1)
{
	return ((uint64_t)reg0 << 32) | reg1;
}

static inline void reg_pair_from_64(uint64_t val, uint32_t *reg0, uint32_t *reg1)
{
	*reg0 = (uint32_t)(val >> 32);
	*reg1 = (uint32_t)val;
}

static inline uint32_t high32_from_64(uint64_t val)
{
	return (uint32_t)(val >> 32);
}

static inline uint32_t low32_from_64(uint64_t val)
{
	return (uint32_t)val;
}

/* The field of @reg that the contiguous @mask selects, shifted down to bit 0. */
static inline uint32_t get_field_u32(uint32_t reg, uint32_t mask)
{
	return (reg & mask) / (mask & ~(mask - 1));
}

static inline uint32_t set_field_u32(uint32_t reg, uint32_t mask, uint32_t val)
{
	return (reg & ~mask) | ((val * (mask & ~(mask - 1))) & mask);
}

static inline uint64_t get_field_u64(uint64_t reg, uint64_t mask)
{
	return (reg & mask) / (mask & ~(mask - 1));
}

static inline uint64_t set_field_u64(uint64_t reg, uint64_t mask, uint64_t val)
{
	return (reg & ~mask) | ((val * (mask & ~(mask - 1))) & mask);
}
#endif

#endif /* UTIL_H */
