#include "session/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/message.h"

/* Packets that one peer may have handled before the loop looks at the others. Most come alone, and
 * a second look would be for nothing. */
#define PACKETS_PER_TURN 1

struct peer_packet {
	TAILQ_ENTRY(peer_packet) in_queue;
	/* NULL when nobody has one. */
	struct peer_receipt *receipt;
	struct packet_fds fds;
	size_t size;
	char data[];
};

static void peer_ready(uv_poll_t *poll, int status, int events);

static void peer_watch(struct peer *peer)
{
	int events = peer->held ? UV_DISCONNECT : UV_READABLE;

	if (peer_backlogged(peer))
		events |= UV_WRITABLE;
	if (!peer->closing)
		uv_poll_start(&peer->poll, events, peer_ready);
}

int peer_init(struct peer *peer, uv_loop_t *loop, int sock, const struct peer_bounds *bounds,
	      const struct peer_events *events)
{
	int err;

	memset(peer, 0, sizeof(*peer));
	peer->sock = sock;
	peer->bounds = *bounds;
	peer->events = events;
	TAILQ_INIT(&peer->queue);
	err = uv_poll_init(loop, &peer->poll, sock);
	if (err < 0) {
		close(sock);
		return err;
	}
	peer->poll.data = peer;
	peer_watch(peer);
	return 0;
}

static void peer_break(struct peer *peer, int err)
{
	if (!peer->broken)
		peer->broken = err;
	/* Makes the socket readable, so that the loop comes by. */
	shutdown(peer->sock, SHUT_RDWR);
}

static bool queue_has_room(const struct peer *peer, size_t size, unsigned int descriptors)
{
	return peer->queued.packets < peer->bounds.packets &&
	       peer->queued.octets + size <= peer->bounds.octets &&
	       peer->queued.descriptors + descriptors <= peer->bounds.descriptors;
}

static int queue_append(struct peer *peer, const void *data, size_t size, struct packet_fds *fds,
			struct peer_receipt *receipt)
{
	unsigned int descriptors = fds ? fds->count : 0;
	struct peer_packet *packet;

	if (!queue_has_room(peer, size, descriptors))
		return -ENOBUFS;
	packet = malloc(sizeof(*packet) + size);
	if (!packet)
		return -ENOMEM;
	packet->size = size;
	memcpy(packet->data, data, size);
	packet->fds.count = 0;
	if (fds) {
		packet->fds = *fds;
		fds->count = 0;
	}
	packet->receipt = receipt;
	if (receipt) {
		receipt->peer = peer;
		receipt->packet = packet;
		if (receipt->account)
			receipt->account->waiting++;
	}
	TAILQ_INSERT_TAIL(&peer->queue, packet, in_queue);
	peer->queued.packets++;
	peer->queued.octets += size;
	peer->queued.descriptors += descriptors;
	return 0;
}

static void queue_drop(struct peer *peer, struct peer_packet *packet)
{
	struct peer_receipt *receipt = packet->receipt;

	TAILQ_REMOVE(&peer->queue, packet, in_queue);
	peer->queued.packets--;
	peer->queued.octets -= packet->size;
	peer->queued.descriptors -= packet->fds.count;
	packet_fds_close(&packet->fds);
	free(packet);
	if (!receipt)
		return;
	receipt->packet = NULL;
	if (!receipt->account)
		return;
	receipt->account->waiting--;
	receipt->account->eased(receipt->account);
}

void peer_send_receipted(struct peer *peer, const void *data, size_t size, struct packet_fds *fds,
			 struct peer_receipt *receipt)
{
	int err = -EAGAIN;

	if (!peer->closing && !peer->broken) {
		if (!peer_backlogged(peer))
			err = socket_send(peer->sock, data, size, fds, MSG_DONTWAIT);
		if (err == -EAGAIN) {
			err = queue_append(peer, data, size, fds, receipt);
			if (!err)
				peer_watch(peer);
		}
		if (err < 0)
			peer_break(peer, err);
	}
	if (fds)
		packet_fds_close(fds);
}

void peer_send(struct peer *peer, const void *data, size_t size, struct packet_fds *fds)
{
	peer_send_receipted(peer, data, size, fds, NULL);
}

bool peer_recall(struct peer_receipt *receipt)
{
	if (!receipt->packet)
		return false;
	queue_drop(receipt->peer, receipt->packet);
	return true;
}

void peer_hold(struct peer *peer)
{
	if (peer->held)
		return;
	peer->held = true;
	peer_watch(peer);
}

void peer_release(struct peer *peer)
{
	if (!peer->held)
		return;
	peer->held = false;
	peer_watch(peer);
}

void peer_flush(struct peer *peer)
{
	struct peer_packet *next;

	if (peer->broken || peer->closing)
		return;
	for (struct peer_packet *packet = TAILQ_FIRST(&peer->queue); packet; packet = next) {
		int err = socket_send(peer->sock, packet->data, packet->size, &packet->fds,
				      MSG_DONTWAIT);

		next = TAILQ_NEXT(packet, in_queue);
		if (err == -EAGAIN)
			return;
		if (err < 0) {
			peer_break(peer, err);
			return;
		}
		queue_drop(peer, packet);
	}
}

/* Handles one packet. Returns false when there is none or the peer is done with; then `*end` tells
 * whether it is done with, and `*err` why. */
static bool peer_receive(struct peer *peer, bool *end, int *err)
{
	char data[MESSAGE_SIZE_MAX] __attribute__((aligned(8)));
	struct packet_fds fds;
	ssize_t n;

	*end = false;
	n = socket_receive(peer->sock, data, sizeof(data), &fds, MSG_DONTWAIT);
	/* It ended with something unread: told once, and before the last that it said. */
	if (n == -ECONNRESET)
		n = socket_receive(peer->sock, data, sizeof(data), &fds, MSG_DONTWAIT);
	if (n == -EAGAIN)
		return false;
	*err = n < 0 ? (int)n : 0;
	if (n > 0)
		*err = peer->events->packet(peer, data, (size_t)n, &fds);
	if (n >= 0)
		packet_fds_close(&fds);
	if (n > 0 && !*err)
		return !peer->closing;
	*end = true;
	return false;
}

static void peer_ready(uv_poll_t *poll, int status, int events)
{
	struct peer *peer = poll->data;
	bool end = status < 0;
	int err = status < 0 ? status : 0;

	if (!end && !peer->broken && events & UV_WRITABLE) {
		peer_flush(peer);
		if (peer->events->sent)
			peer->events->sent(peer);
		if (!peer_backlogged(peer))
			peer_watch(peer);
	}
	/* What it has sent besides is of no use to anybody. */
	if (peer->held && events & UV_DISCONNECT)
		end = true;
	for (unsigned int i = 0; !end && !peer->held && !peer->broken && i < PACKETS_PER_TURN; i++)
		if (!peer_receive(peer, &end, &err))
			break;
	if (peer->closing)
		return;
	if (peer->broken) {
		end = true;
		err = peer->broken;
	}
	if (end) {
		uv_poll_stop(&peer->poll);
		peer->events->gone(peer, err);
	}
}

void peer_drain(struct peer *peer)
{
	bool end;
	int err = 0;

	/* That nothing can be sent to it any more does not unsay what it has said. */
	while (!peer->closing && (!peer->broken || peer->broken == -EPIPE) &&
	       peer_receive(peer, &end, &err))
		;
	/* An end of the stream is met again by the loop; an error would be lost. */
	if (err < 0 && !peer->closing)
		peer_break(peer, err);
}

static void peer_closed(uv_handle_t *handle)
{
	struct peer *peer = handle->data;

	close(peer->sock);
	peer->sock = -1;
	peer->events->closed(peer);
}

void peer_close(struct peer *peer)
{
	struct peer_packet *next;

	if (peer->closing)
		return;
	peer->closing = true;
	uv_poll_stop(&peer->poll);
	for (struct peer_packet *packet = TAILQ_FIRST(&peer->queue); packet; packet = next) {
		next = TAILQ_NEXT(packet, in_queue);
		queue_drop(peer, packet);
	}
	uv_close((uv_handle_t *)&peer->poll, peer_closed);
}

bool peer_unread(const struct peer *peer)
{
	int unread = 0;

	if (peer->closing || peer->broken)
		return false;
	return peer_backlogged(peer) || (ioctl(peer->sock, SIOCOUTQ, &unread) == 0 && unread > 0);
}

bool peer_backlogged(const struct peer *peer)
{
	return !TAILQ_EMPTY(&peer->queue);
}
