/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Atomic operations on memory that another party (a client, say) may access at the same time.
 */
#ifndef __ATOMIC_H
#define __ATOMIC_H

#include <compiler.h>
#include <stdbool.h>
#include <stdint.h>
#include <types_ext.h>

/* Add or subtract one; the new value. */
static inline uint32_t atomic_inc32(volatile uint32_t *v)
{
	return __atomic_add_fetch(v, 1, __ATOMIC_SEQ_CST);
}

static inline uint32_t atomic_dec32(volatile uint32_t *v)
{
	return __atomic_sub_fetch(v, 1, __ATOMIC_SEQ_CST);
}

/* Set *@p to @nval if it is *@oval, and be true; else put what it is into *@oval. */
static inline bool atomic_cas_uint(unsigned int *p, unsigned int *oval, unsigned int nval)
{
	return __compiler_compare_and_swap(p, oval, nval);
}

static inline bool atomic_cas_u32(uint32_t *p, uint32_t *oval, uint32_t nval)
{
	return __compiler_compare_and_swap(p, oval, nval);
}

static inline int atomic_load_int(int *p)
{
	return __compiler_atomic_load(p);
}

static inline short int atomic_load_short(short int *p)
{
	return __compiler_atomic_load(p);
}

static inline unsigned int atomic_load_uint(unsigned int *p)
{
	return __compiler_atomic_load(p);
}

static inline uint32_t atomic_load_u32(const uint32_t *p)
{
	return __compiler_atomic_load(p);
}

static inline uint64_t atomic_load_u64(const uint64_t *p)
{
	return __compiler_atomic_load(p);
}

static inline uintptr_t atomic_load_uintptr(const uintptr_t *p)
{
	return __compiler_atomic_load(p);
}

static inline void atomic_store_int(int *p, int val)
{
	__compiler_atomic_store(p, val);
}

static inline void atomic_store_short(short int *p, short int val)
{
	__compiler_atomic_store(p, val);
}

static inline void atomic_store_uint(unsigned int *p, unsigned int val)
{
	__compiler_atomic_store(p, val);
}

static inline void atomic_store_u32(uint32_t *p, uint32_t val)
{
	__compiler_atomic_store(p, val);
}

static inline void atomic_store_u64(uint64_t *p, uint64_t val)
{
	__compiler_atomic_store(p, val);
}

static inline void atomic_store_uintptr(uintptr_t *p, uintptr_t val)
{
	__compiler_atomic_store(p, val);
}

#endif /* __ATOMIC_H */
