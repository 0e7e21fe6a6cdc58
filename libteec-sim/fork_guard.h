/*
 * What happens to handles when the client forks: they belong to the parent. The child's copies of
 * the control connections are closed at once (so that teesimd sees the parent's end when it comes),
 * and every call with an inherited handle fails with TEEC_ERROR_BAD_STATE and a line on standard
 * error.
 */
#ifndef TEESIM_LIBTEEC_FORK_GUARD_H
#define TEESIM_LIBTEEC_FORK_GUARD_H

#include <stdbool.h>

/* Installs the fork handlers, once. */
void fork_guard_install(void);

/* Changes in each forked child. */
unsigned int fork_guard_generation(void);

/* Was this made before a fork, by the parent? Says so on standard error the first time. */
bool fork_guard_inherited(unsigned int generation);

#endif
