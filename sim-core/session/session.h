/*
 * A session: a client's channel to a TA instance. teesimd makes the channel, hands it to both
 * sides, and keeps its header page mapped, so that it can tell the client that the TA is dead and
 * the TA that the client is.
 *
 * Runs in teesimd. Reads a channel only for numbers that it needs not trust. Keeps no descriptor.
 */
#ifndef TEESIM_SESSION_SESSION_H
#define TEESIM_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "session/identity.h"
#include "session/peer.h"
#include "wire/channel.h"

struct client;
struct instance;
struct server;

struct session {
	struct server *server;
	uint32_t id;
	uint32_t slot;
	/* NULL once the client is gone; then the session waits for the host to let go of it. */
	struct client *client;
	struct instance *instance;
	/* The TA, or the service. */
	struct uuid ta;
	struct channel *channel;
	/* Closed; its channel waits for the client's next session with the instance. */
	bool rests;
	/* The host's first message of it. */
	struct peer_receipt announcement;
	/* How often it was resumed. */
	uint32_t uses;
	LIST_ENTRY(session) by_client;
	LIST_ENTRY(session) by_instance;
};

LIST_HEAD(session_list, session);

/* The host says that its client has opened it anew. */
void session_reopen(struct session *session);

/* Makes a session of `client` with `ta`, the live instance, and tells the host; the client is sent
 * MESSAGE_OPENED as answer to `request`. Returns 0, or -errno with nothing changed: -EBUSY when
 * the instance has no slot left, -EAGAIN when too much waits for it already. */
int session_create(struct client *client, struct instance *instance, const struct uuid *ta,
		   const struct identity *identity, uint32_t request);

/* The host says that it is closed. Counts no more among the instance's sessions from here on. */
void session_rest(struct session *session);

/* Makes a session of `client` with `instance`, closed by the client, a new one and answers
 * `request`. Returns false when number `offered` is none. That it is closed is the client's word
 * where the host has not said so yet; a client that lies gets a channel that refuses to open. */
bool session_resume(struct client *client, struct instance *instance, const struct uuid *ta,
		    uint32_t offered, const struct identity *identity, uint32_t request);

/* Is `offered` a session of the client with this live instance, which it may reopen? */
bool session_offered(const struct client *client, const struct instance *instance,
		     uint32_t offered);

/* The client has let go of the resting session that it offered. */
void session_dismiss(struct client *client, uint32_t offered);

/* The client is gone, or has forgotten the session: cancels what runs in it and tells the host. One
 * that the host has not heard of is freed. */
void session_abandon(struct session *session);

/* The host will never answer again: tells the client. The caller frees the session next. */
void session_mark_dead(struct session *session);

/* The host says that it has ended: a client that still waits is not to wait for ever. */
void session_mark_ended(struct session *session);

/* Forgets it: the host has let go of it, or is dead. */
void session_free(struct session *session);

#endif
