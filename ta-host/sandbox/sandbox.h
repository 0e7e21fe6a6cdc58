/*
 * Everything that narrows a ta-host process, in the order in which main() enters it:
 *
 *	sandbox_enter_process()   first of all, in a single thread: privileges, limits, files
 *	sandbox_enter_load()      before the image is opened: libraries may be read, nothing else
 *	sandbox_enter_run()       when all threads exist and before any TA code runs: for good
 *
 * Runs in ta-host. Trusts the kernel and teesimd, who started the process; from the run phase on,
 * anything in the process may be hostile, and what holds then is held by the kernel alone.
 */
#ifndef TEESIM_SANDBOX_SANDBOX_H
#define TEESIM_SANDBOX_SANDBOX_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/report.h"

/* The descriptors of a ta-host as it starts. */
#define SANDBOX_LOG_FD	   1
#define SANDBOX_CONTROL_FD 3
#define SANDBOX_CLIENT_FD  4

struct sandbox_limits {
	/* Octets of address space, and of memory that may be locked. 0: the default. Without
	 * effect on the address space in builds with sanitizers. */
	uint64_t address_space;
	uint64_t locked_memory;
	/* Features to leave out, a set of SANDBOX_BIT(): for debuggers and Valgrind. Reported as
	 * missing with ECANCELED. */
	uint32_t leave_out;
};

/* Descriptors stay below this number. */
#define SANDBOX_DESCRIPTORS_MAX 256

/* Closes all descriptors but 0 to 4, drops capabilities, sets limits, restricts files and network.
 * `limits` may be NULL. Enters what was done in `report`, SANDBOX_SECCOMP excepted. */
void sandbox_enter_process(const struct sandbox_limits *limits, struct sandbox_report *report);

/* Enters the loading phase: files are opened for reading only, mapped code comes from files, no
 * process is made. Returns 0 or -errno, also entered under SANDBOX_SECCOMP. */
int sandbox_enter_load(struct sandbox_report *report);

/* Enters the running phase on all threads: policy/run.policy and nothing else, no further process
 * or thread. The handler of SIGSYS must be installed by then; nobody can change it any more.
 * Returns 0 or -errno, also entered under SANDBOX_SECCOMP. */
int sandbox_enter_run(struct sandbox_report *report);

/* Finds an open descriptor that is not among the `count` of `allowed`. Returns it, or -ENOENT when
 * there is none. Not available in the running phase. */
int sandbox_find_stray_descriptor(const int *allowed, size_t count);

/* The name of system call `nr`, "unknown" for one that was not known at build time. May be called
 * from a signal handler. */
const char *sandbox_violation_name(int nr);

/* Writes "system call socket is not allowed in a TA" for what a SIGSYS handler was given. Returns
 * the length. May be called from a signal handler. */
size_t sandbox_violation_describe(const siginfo_t *info, char *text, size_t size);

#endif
