/*
 * The sessions of this instance: their channels, their clients, and the
 * TA's own context for each. Runs in ta-host and in tee-services.
 */
#ifndef TEESIM_SERVING_SESSIONS_H
#define TEESIM_SERVING_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tee_api_types.h>

#include "wire/channel_host.h"
#include "wire/message.h"

struct session {
	struct channel_host host;
	struct session *next;
	uint32_t id;
	/* The connection that its blocks belong to. */
	uint32_t context;
	/* The TA, or the service, that it was opened with. */
	TEE_UUID ta;
	TEE_Identity client;
	/* Of a client that is a TA, its security domain. */
	uint8_t client_domain[MESSAGE_DOMAIN_SIZE];
	/* The TA's open entry point has succeeded. */
	bool is_open;
	/* Closed: the channel waits to be used for another session. */
	bool rests;
	/* How often it was resumed. */
	uint32_t uses;
	/* Among those that teesimd is still to be told of. */
	bool unreported;
	struct session *next_unreported;
	void *ta_context;
	/* An operation of which there is more to do; NULL: none. */
	struct deferred *deferred;
};

/* Adds a session with the channel `fd`, which stays the caller's. NULL with *err set on failure. */
struct session *sessions_add(struct channel_listener *listener, uint32_t id, int fd, uint32_t slot,
			     int *err);

/* NULL when there is none. */
struct session *sessions_find(uint32_t id);

void sessions_remove(struct channel_listener *listener, struct session *session);

static inline struct session *session_of(struct channel_host *host)
{
	return (struct session *)((char *)host - offsetof(struct session, host));
}

/* How much of [address, address + size) lies in the channels of sessions? */
size_t sessions_overlap(const void *address, size_t size);

#endif
