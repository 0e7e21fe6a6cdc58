/*
 * The system call filters of ta-host, compiled at build time from policy/ (policy_compile.c).
 *
 * Runs in ta-host, in the services and parsers of the trusted OS, and in the child in which
 * sandbox_probe() tries the kernel.
 */
#ifndef TEESIM_SANDBOX_FILTER_H
#define TEESIM_SANDBOX_FILTER_H

#include <stddef.h>

enum filter_phase {
	/* Libraries may be read and mapped, threads started. */
	FILTER_LOAD,
	/* TA code runs. */
	FILTER_RUN,
};

/* Puts the filter of `phase` on every thread of the process, for good. no_new_privs must be set.
 * Returns 0 or -errno. */
int filter_install(enum filter_phase phase);

struct sock_filter;

/* The same for a filter that policy-compile made of other files: `count` instructions, at most
 * FILTER_MAX. */
#define FILTER_MAX 1024
int filter_install_code(const struct sock_filter *policy, size_t count);

/* The name of system call `nr`, or NULL for one that was not known at build time. May be called
 * from a signal handler. */
const char *filter_syscall_name(int nr);

#endif
