/*
 * Takes messages to the TEEs of a device, and their answers back: all that an agent does. One
 * request at a time for each TEE, the others in a bounded queue; each has an answer in the end,
 * whatever the TEE does, if only the agent's own word that there is none.
 *
 * Runs in the agent and in whoever links libteesim-agent. A router belongs to one thread, which
 * calls router_run() whenever router_fd() can be read or router_wait_ms() is over; nothing in here
 * blocks. It holds no secret and believes no one: what a TEE answers is signed, or worth nothing to
 * anybody.
 */
#ifndef TEESIM_AGENT_ROUTER_H
#define TEESIM_AGENT_ROUTER_H

#include <stddef.h>
#include <stdint.h>

#define ROUTER_PLACES_MAX 8U

struct router;
struct router_job;

struct router_options {
	unsigned int queue_max;		/* requests that wait for one TEE; 0: 64 */
	unsigned int answer_timeout_ms; /* how long a TEE may take over one; 0: 60 s */
	unsigned int queue_timeout_ms;	/* how long one may wait for its turn; 0: 20 s */
	size_t message_max;		/* octets; 0: 16 MiB */
	size_t octets_max;		/* of all messages together; 0: 128 MiB */
};

enum router_kind {
	ROUTER_PROCESS,	       /* an OTrP message */
	ROUTER_TA_INFORMATION, /* a client application's query: the first TEE that knows answers */
	ROUTER_REQUEST_TA,     /* a UUID: the first TEE is told that an application wants that TA */
};

struct router_result {
	/* 0: a TEE's answer. enum answer_error: ROUTER_PROCESS has the agent's own message then,
	 * and ROUTER_TA_INFORMATION no octets. -errno: octets are one line of text, or none. */
	int status;
	const char *octets;
	size_t size;
};

/* The result is the router's and valid during the call. The job is gone afterwards. The router may
 * be asked for more from in here, but not closed. */
typedef void router_done(void *context, const struct router_result *result);

/* Returns 0 or -errno. `options` may be NULL. */
int router_open(struct router **out, const struct router_options *options);

/* Ends all jobs without a word to whoever asked. Harmless for NULL. */
void router_close(struct router *router);

/* A further socket behind which there are TEEs (otrp/tee_socket.h). Returns 0, -ENAMETOOLONG, or
 * -ENOSPC. */
int router_place_add(struct router *router, const char *path);

/*
 * Hands over one request. `done` is called once: perhaps before this returns, if the answer is the
 * agent's own. *job, unless NULL, is then NULL, or what router_cancel() takes. Returns 0, or
 * -EMSGSIZE, -ENOMEM or another -errno, and `done` is not called.
 */
int router_submit(struct router *router, enum router_kind kind, const void *message, size_t size,
		  router_done *done, void *context, struct router_job **job);

/* Nobody wants the answer any more. What a TEE has begun it ends. */
void router_cancel(struct router_job *job);

int router_fd(const struct router *router);
int router_wait_ms(const struct router *router); /* -1: nothing is due */
void router_run(struct router *router);

/* Jobs that have no answer yet. */
unsigned int router_busy(const struct router *router);

#endif
