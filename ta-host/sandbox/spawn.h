/*
 * Starts ta-host processes: in the cage's namespaces and a PID namespace of its own, with the
 * descriptors it is to have and no others, an empty environment, default signals.
 *
 * Runs in teesimd. The caller owns what sandbox_spawn() hands out: it reaps the process (waitpid()
 * on exactly this number) and closes the pidfd. The process is killed by the kernel when the thread
 * that spawned it ends.
 *
 * In its PID namespace the host is process 1, which no signal ends by default action unless it
 * comes from outside or from a fault: teesimd ends it with SIGKILL, and its handler for SIGABRT
 * must end in _exit().
 */
#ifndef TEESIM_SANDBOX_SPAWN_H
#define TEESIM_SANDBOX_SPAWN_H

#include <sys/types.h>

#include "sandbox/cage.h"
#include "sandbox/report.h"

struct sandbox_spawn_options {
	/* The ta-host program. */
	const char *path;
	/* Its arguments, argv[0] included, NULL-terminated. */
	char *const *argv;
	/* "NAME=value" strings, NULL-terminated; may be NULL. Builds with sanitizers add the
	 * caller's ASAN_OPTIONS, with the search for leaks off, and UBSAN_OPTIONS. */
	char *const *env;
	/* Becomes descriptor 3: the socket to teesimd. The caller keeps and closes its own. */
	int control_fd;
	/* Becomes descriptor 4: the host's connection as a client. 0: none. */
	int client_fd;
	/* Becomes descriptors 1 and 2: the log pipe. */
	int log_fd;
	/* NULL: no namespaces. */
	const struct sandbox_cage *cage;
	/* For debugging: a command such as { "valgrind", "-q", NULL } that is put in front of the
	 * path. It is looked up in $PATH, gets the caller's whole environment and no namespaces;
	 * ta-host itself must be told to leave out the rest. NULL otherwise. */
	char *const *wrapper;
};

struct sandbox_child {
	pid_t pid;
	/* Becomes readable when the process ends; close-on-exec. To wait on alone: under Valgrind
	 * it is no pidfd. Signals go to `pid`, which stays this process until it is reaped. */
	int pidfd;
};

/* Starts a host. Enters SANDBOX_SPAWN_FEATURES in `report`, whether they are in place or not.
 * Returns 0, or -errno when there is no process: -ENOENT or -EACCES for a path that is no program,
 * -EAGAIN for too many processes. */
int sandbox_spawn(const struct sandbox_spawn_options *options, struct sandbox_child *child,
		  struct sandbox_report *report);

#endif
