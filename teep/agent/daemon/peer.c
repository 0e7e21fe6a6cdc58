#include "teep/agent/daemon/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Time after which any bucket is full again; limits are set by the program, per second. */
#define FORGET_MS 60000U

static struct peer *peer_find(struct peer_table *table, pid_t pid, uint64_t now)
{
	struct peer *peer;

	for (peer = table->first; peer; peer = peer->next)
		if (peer->pid == pid)
			return peer;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return NULL;
	peer->pid = pid;
	rate_start(&peer->messages, &table->limits.messages, now);
	rate_start(&peer->requests, &table->limits.requests, now);
	peer->next = table->first;
	table->first = peer;
	return peer;
}

struct peer *peer_connect(struct peer_table *table, int fd, uint64_t now_ms)
{
	struct ucred who;
	socklen_t size = sizeof(who);
	struct peer *peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return NULL;
	if (who.uid != geteuid() && who.uid != 0) {
		errno = EPERM;
		return NULL;
	}
	peer = peer_find(table, who.pid, now_ms);
	if (!peer) {
		errno = ENOMEM;
		return NULL;
	}
	if (peer->connections == table->limits.connections_max) {
		errno = EMFILE;
		return NULL;
	}
	peer->connections++;
	return peer;
}

void peer_disconnect(struct peer *peer)
{
	peer->connections--;
}

void peers_forget(struct peer_table *table, uint64_t now_ms)
{
	struct peer **at = &table->first;

	while (*at) {
		struct peer *peer = *at;

		if (peer->connections || peer->sessions ||
		    now_ms - peer->messages.filled_ms < FORGET_MS ||
		    now_ms - peer->requests.filled_ms < FORGET_MS) {
			at = &peer->next;
			continue;
		}
		*at = peer->next;
		free(peer);
	}
}

void peers_clear(struct peer_table *table)
{
	while (table->first) {
		struct peer *peer = table->first;

		table->first = peer->next;
		free(peer);
	}
}
