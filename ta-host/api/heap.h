/*
 * The C library's heap functions as a TA gets them in strict mode, where TA_DATA_SIZE bounds what
 * it has of them and of TEE_Malloc() together. memory.c keeps the account.
 *
 * What the C library itself allocates for the TA, such as the copy that strdup() makes, is not
 * counted.
 */
#ifndef TEESIM_API_HEAP_H
#define TEESIM_API_HEAP_H

#include <stddef.h>

#include "loader/redirect.h"

extern const struct redirection heap_functions[];
extern const size_t heap_functions_count;

#endif
