/*
 * One end of a control connection: messages in, one call each; messages out through a bounded
 * queue, so that a peer which does not read costs a fixed amount of memory and then its
 * connection.
 *
 * Runs in teesimd's loop. Trusts nobody. Owns its socket and every descriptor in its queue; a
 * descriptor handed to peer_send() is its own from then on, whatever comes of it.
 */
#ifndef TEESIM_SESSION_PEER_H
#define TEESIM_SESSION_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <uv.h>

#include "wire/socket.h"

struct peer;
struct peer_packet;

struct peer_events {
	/* A packet came. The receiver takes out of `fds` what it keeps, the rest is closed. A
	 * negative return ends the connection. */
	int (*packet)(struct peer *peer, const void *data, size_t size, struct packet_fds *fds);
	/* Nothing more will come or go; `err` is 0 when the other side hung up, or -errno. The
	 * receiver calls peer_close(). Not called after peer_close(). */
	void (*gone)(struct peer *peer, int err);
	/* Packets that had to wait have been sent. May be NULL. */
	void (*sent)(struct peer *peer);
	/* peer_close() is complete: the peer's memory may be freed. */
	void (*closed)(struct peer *peer);
};

/* What may wait to be sent. */
struct peer_bounds {
	size_t packets;
	size_t octets;
	size_t descriptors;
};

/* Packets on somebody's behalf that wait, wherever they go. */
struct peer_account {
	size_t waiting;
	/* One of them waits no longer. */
	void (*eased)(struct peer_account *account);
};

/* For a packet that may be taken back while it waits. All zero but `account`, which may be NULL,
 * before it is sent; its owner recalls it before the receipt or the account goes. */
struct peer_receipt {
	struct peer_account *account;
	struct peer *peer;
	struct peer_packet *packet;
};

TAILQ_HEAD(peer_queue, peer_packet);

struct peer {
	uv_poll_t poll;
	int sock;
	const struct peer_events *events;
	struct peer_bounds bounds;
	struct peer_bounds queued;
	struct peer_queue queue;
	/* What it sends is left in its socket. */
	bool held;
	/* Why it is of no more use, told to `gone` from the loop; 0 while it works. */
	int broken;
	bool closing;
};

/* Takes over `sock`, on failure too. Returns 0 or -errno. */
int peer_init(struct peer *peer, uv_loop_t *loop, int sock, const struct peer_bounds *bounds,
	      const struct peer_events *events);

/* Sends a packet, now or as soon as there is room. Takes over the descriptors in `fds`, which may
 * be NULL. A failure is reported by `gone` later; nothing is called from here. */
void peer_send(struct peer *peer, const void *data, size_t size, struct packet_fds *fds);

/* The same, with a receipt for the time that it waits. */
void peer_send_receipted(struct peer *peer, const void *data, size_t size, struct packet_fds *fds,
			 struct peer_receipt *receipt);

/* Takes the packet back if it still waits: returns true when the other side will never see it.
 * Harmless when repeated. */
bool peer_recall(struct peer_receipt *receipt);

/* Reads nothing from the peer any more, until it is released: it has to wait, as for a reader that
 * is busy. Its end is noticed all the same. */
void peer_hold(struct peer *peer);
void peer_release(struct peer *peer);

/* Handles what has arrived by now, so that the state is as new as can be. `gone` is not called. */
void peer_drain(struct peer *peer);

/* Do packets wait for room in the socket? */
bool peer_backlogged(const struct peer *peer);

/* Is there anything that the other side has not read yet? */
bool peer_unread(const struct peer *peer);

/* Sends what it can of the queue at once, without waiting. */
void peer_flush(struct peer *peer);

/* Ends the connection; `closed` follows from the loop. Harmless when repeated. */
void peer_close(struct peer *peer);

#endif
