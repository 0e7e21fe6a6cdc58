/*
 * A TA host process: spawned, spoken to, listened to, reaped. What it hosts is its owner's
 * business; a host may wait for that, with its sandbox up.
 *
 * Runs in teesimd. Believes nothing that a host says but who it is; one that breaks the protocol is
 * killed. A host owns its process, its end of the control socket and of the log pipe; it frees
 * itself once `exited` has been called and its handles are closed.
 */
#ifndef TEESIM_SESSION_HOST_H
#define TEESIM_SESSION_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "session/log_pipe.h"
#include "session/message_parse.h"
#include "session/peer.h"

struct host;
struct sandbox_cage;

struct host_options {
	const char *path;
	/* NULL, or a command line to put before it; then the sandbox is left out. */
	const char *wrapper;
	/* NULL: no namespaces. */
	const struct sandbox_cage *cage;
	/* As sandbox_spawn() takes it; NULL: none. */
	char *const *env;
};

struct host_events {
	/* A message that message_parse() accepted. A negative return kills the host. */
	int (*message)(struct host *host, const struct message *message);
	/* Messages that had to wait have been sent. May be NULL. */
	void (*sent)(struct host *host);
	/* The process is gone, all it said has been heard, `status` and `killed_because` tell how
	 * it ended. The owner forgets the host. */
	void (*exited)(struct host *host);
};

struct host {
	void *owner;
	const struct host_events *events;
	struct log *log;
	pid_t pid;
	int pidfd;
	uv_poll_t watch;
	/* Its connection is closed, and its process has a moment to end. */
	uv_timer_t ending;
	struct peer control;
	struct log_pipe output;
	/* teesimd's end of the connection on which the host is a client; -1 once somebody took it.
	 */
	int client_sock;
	/* sandbox_feature bits of the spawner's half that are not in place. */
	uint32_t sandbox_missing;
	/* As waitpid() gives it. */
	int status;
	/* Why teesimd killed it; NULL when it did not. */
	const char *killed_because;
	bool exited;
	unsigned int open_handles;
};

/* Starts one that belongs to nobody yet. Returns 0 or -errno. */
int host_spawn(struct host **host, uv_loop_t *loop, const struct host_options *options,
	       struct log *log);

/* Says whose it is from now on, and whose lines its output is. */
void host_assign(struct host *host, void *owner, const struct host_events *events,
		 const char *source);

/* Does so much wait for it, of many clients, that none may add to it? What ends something is sent
 * all the same: there is room for that. */
bool host_overloaded(const struct host *host);

/* Kills it; `exited` follows from the loop. The first reason stays. */
void host_kill(struct host *host, const char *because);

#endif
