/*
 * Connections that TAs make: the TA's process has no network, so teesimd connects for it and hands
 * it the socket, which reaches that one peer and nobody else.
 *
 * Runs in teesimd. Looks up and connects without holding up the loop; keeps no socket once it was
 * handed over.
 */
#ifndef TEESIM_SESSION_CONNECTING_H
#define TEESIM_SESSION_CONNECTING_H

#include "session/client.h"
#include "session/message_parse.h"

/* The requests; each answers the client, now or later. They return -errno when the client broke the
 * protocol. `sock`, a socket that is to be connected anew, is taken over. */
int connecting_begin(struct client *client, const struct message *message);
int connecting_again(struct client *client, const struct message *message, int sock);

/* The client no longer waits: answers it so. */
void connecting_cancel(struct request *request);

/* The client is gone: forgets what it asked for. */
void connecting_drop(struct request *request);

#endif
