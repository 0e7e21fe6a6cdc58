/*
 * The file system rules of ta-host: reading below the system's library folders, nothing else. With
 * a kernel that knows more rights, also no TCP and no signals to other processes.
 *
 * Runs in ta-host, and in the child in which sandbox_probe() tries the kernel. It holds for the
 * calling thread and those that it starts, so it is entered while there is one thread alone.
 */
#ifndef TEESIM_SANDBOX_LANDLOCK_H
#define TEESIM_SANDBOX_LANDLOCK_H

#include <stdint.h>

#include "sandbox/report.h"

/* Enters the rules for good and reports SANDBOX_LANDLOCK*. no_new_privs must be set. */
void landlock_enter(struct sandbox_report *report);

/* The rules of tee-services in place of those of ta-host: everything below `directory` may be read
 * and changed, and nothing else be opened. Left out where the kernel knows no Landlock. Returns 0
 * or -errno. */
int landlock_enter_directory(const char *directory);

#endif
