/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory allocation beyond <stdlib.h>.
 */
#ifndef __STDLIB_EXT_H
#define __STDLIB_EXT_H

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <string_ext.h>

/* free_wipe() - overwrite an allocation, then free it; NULL does nothing */
static inline void free_wipe(void *ptr)
{
	if (ptr) {
		memzero_explicit(ptr, malloc_usable_size(ptr));
		free(ptr);
	}
}

#endif /* __STDLIB_EXT_H */
