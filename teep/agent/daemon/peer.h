/*
 * Who talks to the agent, for what it may ask: counted by process, since a connection more costs
 * nothing.
 *
 * Runs in teesim-agent.
 */
#ifndef TEESIM_AGENT_PEER_H
#define TEESIM_AGENT_PEER_H

#include <sys/types.h>

#include "teep/agent/rate.h"

struct peer_limits {
	struct rate_limit messages; /* OTrP messages and queries */
	struct rate_limit requests; /* RequestTA */
	unsigned int connections_max;
	unsigned int sessions_max;
};

struct peer {
	struct peer *next;
	pid_t pid;
	unsigned int connections, sessions;
	struct rate_bucket messages, requests;
};

struct peer_table {
	struct peer_limits limits;
	struct peer *first;
};

/* The process at the other end of a connection, with that counted. NULL with errno: EPERM for
 * another user's, EMFILE for one that has too many, ENOMEM. */
struct peer *peer_connect(struct peer_table *table, int fd, uint64_t now_ms);

/* One that has no more connections is forgotten once its limits would be those of a new one. */
void peer_disconnect(struct peer *peer);
void peers_forget(struct peer_table *table, uint64_t now_ms);
void peers_clear(struct peer_table *table);

#endif
