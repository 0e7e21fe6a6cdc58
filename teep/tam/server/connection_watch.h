/*
 * Ends connections that take too long: to ask, to send what they ask, or to read the answer. An
 * octet now and then does not keep one alive.
 *
 * Runs in teesim-tam, with a thread of its own; any thread may call. A connection is watched from
 * its first octet to its end. Ending one means shutting its socket down, upon which its own thread
 * finds it closed.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_CONNECTION_WATCH_H
#define TEESIM_TEEP_TAM_SERVER_CONNECTION_WATCH_H

#include <stdint.h>

struct connection_watch;
struct watched;

/* Milliseconds of a clock that is never set. */
int64_t watch_now(void);

/* NULL without memory or thread. */
struct connection_watch *connection_watch_open(void);
/* All connections must be gone. NULL does nothing. */
void connection_watch_close(struct connection_watch *watch);

/* NULL without memory. The descriptor stays whose it is, and must be open until watch_remove(). */
struct watched *watch_add(struct connection_watch *watch, int fd, int64_t deadline);
/* Never (INT64_MAX) or when it is ended unless this is called again. */
void watch_deadline(struct connection_watch *watch, struct watched *watched, int64_t deadline);
void watch_remove(struct connection_watch *watch, struct watched *watched);

#endif
