/*
 * The serving side of command channels: the TA host's. Trusts nothing that a channel or the
 * doorbell holds. One thread runs it.
 *
 * Between two requests the host spins for its budget on the few sessions that were active last (it
 * says so in each one's `host.watching`, so that their clients need not ring), then sleeps on the
 * doorbell until somebody rings.
 */
#ifndef TEESIM_WIRE_CHANNEL_HOST_H
#define TEESIM_WIRE_CHANNEL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/channel.h"
#include "wire/doorbell.h"
#include "wire/wait.h"

/* A session's channel as the host sees it. */
struct channel_host {
	struct channel *channel;
	uint8_t *arena;
	size_t arena_size;
	bool arena_is_separate;
	uint32_t slot;
	/* The number of the last request answered. */
	uint32_t seq;
	/* An arena that the client was offered and has not used yet: it may have withdrawn what it
	 * wanted it for, and go on with the one that it has. NULL: none. */
	uint8_t *offered;
	size_t offered_size;
};

/* A private, checked copy of one request. */
struct channel_call {
	uint32_t seq;
	uint32_t op;
	uint32_t cmd;
	uint32_t types;
	union channel_slot slot[CHANNEL_PARAMS];
	struct channel_memref memref[CHANNEL_PARAMS];
};

#define CHANNEL_WATCHED		4
#define CHANNEL_LISTENER_WORKED UINT64_MAX

struct channel_listener {
	struct doorbell *bell;
	struct wait_policy wait;
	/* By slot; NULL where there is no session. Grown on demand. */
	struct channel_host **by_slot;
	uint32_t slots;
	struct channel_host *watched[CHANNEL_WATCHED];
	uint32_t rings_seen;
	/* The last event was CHANNEL_EVENT_CONTROL. */
	bool control_last;
	/* What is to be looked at though nobody left word. */
	enum channel_unasked {
		CHANNEL_UNASKED_NOTHING,
		CHANNEL_UNASKED_REQUESTS,
		CHANNEL_UNASKED_ALL,
	} unasked;
	/* Where to go on looking among the slots that were rung, for fairness. */
	uint32_t next_slot;
	/* Called, where it is set, before the host goes to sleep: says after how many nanoseconds
	 * (less than a second) it wants to be called again, 0 for never; CHANNEL_LISTENER_WORKED:
	 * it has work for the time between requests, did some of it, and there is more. */
	uint64_t (*before_sleep)(void);
};

/* What channel_listener_next() found. */
enum channel_event {
	CHANNEL_EVENT_CONTROL, /* the control socket may have a message */
	CHANNEL_EVENT_REQUEST, /* a session has a request: *host */
};

/* Maps a doorbell and gets ready. Takes over no descriptor. Returns 0 or -errno. */
int channel_listener_init(struct channel_listener *listener, int bell_fd, long spin_us);
void channel_listener_fini(struct channel_listener *listener);

/* Maps the channel `fd` for session slot `slot` and listens to it. Returns 0 or -errno. */
int channel_listener_add(struct channel_listener *listener, struct channel_host *host, int fd,
			 uint32_t slot);
void channel_listener_remove(struct channel_listener *listener, struct channel_host *host);

/* Gets the block `fd` of `size` octets ready as the session's arena, for the time when a request
 * names it. `client_has` is the size of the arena that the client has: an earlier offer that it did
 * not take is dropped. Returns 0, or -errno with everything as it was. */
int channel_host_offer_arena(struct channel_host *host, int fd, size_t size, size_t client_has);

/* A request names an arena of `size` octets, which is not the session's: makes the one that was
 * offered its arena. Returns false when that is not it either. What was in the old one is gone. */
bool channel_host_take_arena(struct channel_host *host, size_t size);

/* Waits for the next thing to do. */
enum channel_event channel_listener_next(struct channel_listener *listener,
					 struct channel_host **host);

/* Copies the pending request. Returns true when there is one. Nothing in the copy is checked but
 * that its types are types. On malformed types the call's `op` is 0. */
bool channel_host_take(struct channel_host *host, struct channel_call *call);

/* Answers the request taken last. `slot` holds the outputs, by parameter. */
void channel_host_reply(struct channel_host *host, const struct channel_call *call, uint32_t result,
			uint32_t origin, const union channel_slot slot[CHANNEL_PARAMS]);

/* Has the client asked to cancel this call? */
bool channel_host_cancelled(const struct channel_host *host, const struct channel_call *call);

#endif
