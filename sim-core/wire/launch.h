/*
 * Finding a device's daemon, and starting one where none runs.
 *
 * Runs in libteec, so inside any client process, and in the command line. It trusts the user's own
 * environment (not in a set-user-id program) and believes nothing that a starting daemon says but
 * that it is ready. Thread-safe; keeps no state. For the process that it runs in, starting a daemon
 * goes unnoticed: no SIGCHLD, no child left to wait for, no SIGPIPE, no signal lost, and the daemon
 * inherits neither descriptors nor the caller's signal mask and dispositions.
 *
 * Many clients may start at once. Each may start a daemon; the device's lock lets one of those live
 * and makes the others say so and end, and then every client connects to the one.
 */
#ifndef TEESIM_WIRE_LAUNCH_H
#define TEESIM_WIRE_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

/* How long a daemon may take until it listens, in milliseconds. */
#define LAUNCH_TIMEOUT_MS 30000

/* The descriptor on which a started daemon finds the pipe to say "ready" on. */
#define LAUNCH_READY_FD 3
/* The descriptor on which it finds what to copy its log to, where it is told so. */
#define LAUNCH_LOG_FD 4

struct launch_options {
	/* The device to reach. NULL: the one that TEESIM_SOCKET leads to, else the one that
	 * TEESIM_DEVICE names, else "default". */
	const char *device;
	/* Do not start a daemon, as TEESIM_NO_START=1 asks for too. */
	bool no_start;
	/* 0: LAUNCH_TIMEOUT_MS. */
	unsigned int timeout_ms;
};

/*
 * Connects to the device's daemon, starting it where need be. `options` may be NULL. Returns a
 * blocking, close-on-exec SOCK_SEQPACKET descriptor, the caller's to close, or -errno with one line
 * for the user in `err`: -ENOENT or -ECONNREFUSED where no daemon runs and none may be started,
 * -ETIMEDOUT for one that did not get ready, or what else went wrong.
 *
 * A daemon that ends for lack of work may close a connection that it has not answered yet. Who
 * meets the end of the stream in place of the answer to its first message should connect once more.
 */
int launch_connect(const struct launch_options *options, char *err, size_t errlen);

/* Connects to the socket at `path`, and never starts anything. As launch_connect() otherwise. */
int launch_connect_path(const char *path, unsigned int timeout_ms, char *err, size_t errlen);

/* The teesimd that belongs to this program or library: TEESIM_DAEMON, else
 * ../libexec/teesim/teesimd as seen from the file that holds this code, else where it is
 * installed. Returns 0 or -errno. */
int launch_daemon_path(char *out, size_t size, char *err, size_t errlen);

/*
 * Runs `program` as nobody's child, in a session of its own, and waits until it is ready; `argv`
 * has to tell it to say so on LAUNCH_READY_FD. Returns 0 when it listens, -EALREADY when the device
 * has a daemon already, or another -errno.
 */
int launch_daemon(const char *program, char *const argv[], unsigned int timeout_ms, char *err,
		  size_t errlen);

/* Waits for a daemon's word on the pipe `ready`; returns as launch_daemon() does. `program` is for
 * messages. */
int launch_ready_wait(int ready, const char *program, unsigned int timeout_ms, char *err,
		      size_t errlen);

/*
 * For the child of a fork, before it executes a daemon: standard streams on /dev/null, `ready` at
 * LAUNCH_READY_FD, `log` (or -1) at LAUNCH_LOG_FD, every other descriptor closed, no signal
 * blocked, ignored or handled. Calls only what the forked child of a threaded process may call.
 * Returns 0 or -errno.
 */
int launch_child_prepare(int ready, int log);

#endif
