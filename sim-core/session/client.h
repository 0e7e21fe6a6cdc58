/*
 * A connection of a client: one TEE context of libteec, the command line, or a TA instance that
 * calls other TAs and the TEE's services.
 *
 * Runs in teesimd. Trusts its messages for nothing: every number in them is looked up among what
 * belongs to this very connection. A client that breaks the protocol, or does not read what it is
 * sent, loses its connection with a line in the log, and nobody else notices.
 *
 * When the connection ends, by whatever cause, its sessions end, its blocks are unmapped and its
 * requests are forgotten.
 */
#ifndef TEESIM_SESSION_CLIENT_H
#define TEESIM_SESSION_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "session/id_map.h"
#include "session/peer.h"
#include "session/server.h"
#include "session/session.h"

/* A request that is answered later. */
enum request_kind {
	REQUEST_OPEN,
	REQUEST_SHARE,
	REQUEST_GROW,
	REQUEST_CONNECT,
};

/* Part of the object that answers it, which frees it after client_request_end(). */
struct request {
	enum request_kind kind;
	uint32_t number;
	/* NULL once nobody waits for the answer. */
	struct client *client;
};

/* How many of those a client may have. */
#define CLIENT_RESTING_MAX 16

struct client {
	struct server *server;
	struct peer peer;
	uint32_t id;
	struct ucred ucred;
	/* The TA instance that it is, which then has a fixed identity and may not do all that
	 * others may; NULL for an application. */
	struct instance *ta;
	bool greeted;
	/* Where the client's TAs are looked for. */
	char *directory;
	char *ta_path;
	struct session_list sessions;
	/* The session on which it said last that it waits (MESSAGE_WAITS); it may be long over. */
	uint32_t waits_on;
	/* struct request by its number. */
	struct id_map requests;
	/* A connection to a network peer is being made for it. */
	bool connecting;
	/* Closed sessions that keep their channels for it. */
	unsigned int resting;
	/* struct block by its number. */
	struct id_map blocks;
	/* Messages on its behalf that hosts have not taken. While there are too many, nothing more
	 * is read from the client: it waits with its hosts. */
	struct peer_account unsent;
};

/* Takes over the socket, on failure too. */
int client_create(struct server *server, int sock, const struct ucred *ucred);

/* The connection of a TA instance, which looks for TAs where `like` does. Takes over the socket, on
 * failure too. Returns 0 or -errno. */
int client_create_for_ta(struct instance *instance, int sock, const struct client *like);

/* Ends the connection and all that belongs to it. */
void client_end(struct client *client);

/* Ends all that belongs to it; the connection itself stays until the process ends, so that whoever
 * asked teesimd to stop sees when it is gone. */
void client_detain(struct client *client);

/* Sends a MESSAGE_STATUS_INSTANCE for each instance and each process of TEEs that is there. */
void client_tell_instances(struct client *client);

/* Enters a request that will be answered later. Returns 0 or -errno, -EEXIST for a number that is
 * in use. */
int client_request_begin(struct client *client, struct request *request, enum request_kind kind,
			 uint32_t number);

/* Nobody waits for it from now on: it was answered, or the client is gone. */
void client_request_end(struct request *request);

/* Sends MESSAGE_ANSWER. Takes over `fd` when it is not negative. */
void client_answer(struct client *client, uint32_t number, uint32_t result, uint32_t origin,
		   uint64_t value, int fd);

#endif
