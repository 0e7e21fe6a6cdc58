/*
 * A TA host that is kept ready: started, in its sandbox, waiting for an image. Opening a first
 * session then costs what loading the TA costs, and no process.
 *
 * Runs in teesimd. There is one at most; it is replaced a moment after it was taken, so that the
 * new one does not compete with what the client is waiting for.
 */
#ifndef TEESIM_SESSION_SPARE_H
#define TEESIM_SESSION_SPARE_H

#include <stdbool.h>
#include <uv.h>

struct host;
struct server;

struct spare {
	struct server *server;
	struct host *host;
	uv_timer_t refill;
	bool wanted;
};

/* Starts one as soon as the loop has nothing else to do. With `wanted` false, none is ever kept. */
void spare_init(struct spare *spare, struct server *server, bool wanted);

/* The host that is ready, the caller's to assign, or NULL. */
struct host *spare_take(struct spare *spare);

/* Ends it, for good. */
void spare_stop(struct spare *spare);

#endif
