/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address types beyond <stdint.h>. A TA sees virtual addresses only; the physical ones exist so
 * that headers shared with other code compile, and have the width of a pointer.
 */
#ifndef __TYPES_EXT_H
#define __TYPES_EXT_H

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

typedef uintptr_t uaddr_t;
typedef uintptr_t vaddr_t;
typedef uintptr_t paddr_t;
typedef uintptr_t paddr_size_t;

#define PRIxUA		 PRIxPTR
#define PRIxVA		 PRIxPTR
#define PRIxPA		 PRIxPTR
#define PRIxPASZ	 PRIxPTR
#define PRIxVA_WIDTH	 ((int)(sizeof(vaddr_t) * 2))
#define PRIxPA_WIDTH	 ((int)(sizeof(paddr_t) * 2))

#define PADDR_MAX	 UINTPTR_MAX
#define PADDR_SIZE_MAX	 UINTPTR_MAX
#define __SIZEOF_PADDR__ __SIZEOF_POINTER__

#endif /* __TYPES_EXT_H */
