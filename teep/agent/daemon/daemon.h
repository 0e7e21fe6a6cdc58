/*
 * teesim-agent's loop: client applications on a socket, messages to the TEEs by the router, and a
 * process with a network for each session with a TAM.
 *
 * Of the normal world. It trusts the user whose it is; from applications and TAMs it takes octets
 * of bounded number and rate, which it does not understand. One thread, one libuv loop.
 */
#ifndef TEESIM_AGENT_DAEMON_H
#define TEESIM_AGENT_DAEMON_H

#include <limits.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <uv.h>

#include "teep/agent/daemon/peer.h"
#include "teep/agent/protocol.h"
#include "teep/agent/router.h"

struct daemon_options {
	const char *device;	 /* NULL: by default */
	const char *socket;	 /* to listen at */
	const char *const *tees; /* none: the device's, whose daemon is started */
	unsigned int tee_count;
	const char *config;	   /* the file; it is read for each request anew */
	const char *tam;	   /* in the place of the configuration's; NULL */
	const char *http;	   /* the program teesim-teep-http */
	unsigned int idle_seconds; /* 0: stays */
	unsigned int sessions_max, waiting_max;
	struct router_options router;
	struct peer_limits limits;
};

struct session;

enum client_state {
	CLIENT_IDLE,
	CLIENT_PARKED,	   /* its message waits for the device to be started */
	CLIENT_ASKED,	   /* its message is with the router */
	CLIENT_REQUESTING, /* it waits for a session's end */
};

/* A connection: of an application, or of a session's process. */
struct client {
	LIST_ENTRY(client) entry;
	struct daemon *daemon;
	enum client_state state;
	int fd;
	uv_poll_t poll;
	struct peer *peer;	 /* NULL: a session's process */
	struct session *session; /* the one that it asked for, or that it is the process of */
	struct router_job *job;
	struct agent_message message; /* while parked */
	bool closing;
};

/* One with a TAM: an application's request and the process that works on it. */
struct session {
	TAILQ_ENTRY(session) entry;
	struct daemon *daemon;
	struct client *application; /* NULL: gone */
	struct client *process;	    /* NULL: not yet, or gone */
	struct peer *peer;	    /* who is counted for it */
	struct agent_message message;
	struct agent_config *config;
	bool running, answered;
	uv_process_t handle;
};

struct daemon {
	const struct daemon_options *options;
	uv_loop_t loop;
	uv_poll_t listener, routing, device;
	uv_timer_t routing_timer, idle_timer, forget_timer;
	uv_signal_t signals[2];
	uv_work_t start;
	int listen_fd, lock_fd, device_fd;
	bool starting, ending;
	char start_err[512];
	char lock_path[PATH_MAX];
	struct router *router;
	struct peer_table peers;
	LIST_HEAD(, client) clients;
	TAILQ_HEAD(, session) waiting;
	TAILQ_HEAD(, session) sessions;
	unsigned int client_count, waiting_count, session_count;
	unsigned long messages, requests, refused; /* so far, for people */
};

/* Listens, says so on `ready` (or -1; closed), and serves until it is told to end or is idle.
 * Returns 0, -EALREADY when another agent has the socket, or -errno with one line in `err`. */
int daemon_run(const struct daemon_options *options, int ready, char *err, size_t errlen);

/* client.c */
struct client *client_add(struct daemon *daemon, int fd, struct peer *peer,
			  struct session *session);
void client_close(struct client *client);
void client_answer(struct client *client, enum agent_kind kind, int status, const void *octets,
		   size_t size);
void clients_resume(struct daemon *daemon, int rc); /* those that are parked */

/* session.c */
int session_add(struct client *application, struct agent_message *message);
void session_leave(struct session *session); /* the application is gone */
void session_message(struct session *session, struct agent_message *message);
void session_process_gone(struct session *session); /* its connection has ended */
void sessions_end(struct daemon *daemon);

/* daemon.c: after every change that may leave nothing to do. */
void daemon_look(struct daemon *daemon);
void daemon_submit_soon(struct daemon *daemon);	 /* the router has something to wait for */
bool daemon_device_ready(struct daemon *daemon); /* else it is being started */

#endif
