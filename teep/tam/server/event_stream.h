/*
 * Server-sent events: pages that watch what goes on.
 *
 * Runs in teesim-tam. A stream is a connection that is asleep but for once a second, when it looks
 * into the database: what other TAM processes do is there, too. What it sends is what its caller
 * may see.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_EVENT_STREAM_H
#define TEESIM_TEEP_TAM_SERVER_EVENT_STREAM_H

struct event_streams;

/* NULL without memory or thread. */
struct event_streams *event_streams_open(void);
/* Ends all streams, and waits a little until they are. To be called before the server is stopped.
 */
void event_streams_stop(struct event_streams *streams);
/* After the server was stopped. NULL does nothing. */
void event_streams_close(struct event_streams *streams);

#endif
