/*
 * Memory that clients and instances share beyond the channel: registered blocks, and arenas that
 * have grown. A client's request goes on to the host, and the host's answer back to the client.
 *
 * Runs in teesimd. Maps none of it. Hands on a client's descriptor only when its seals keep its
 * size, and forbid writing where the TA may only read.
 */
#ifndef TEESIM_SESSION_SHARING_H
#define TEESIM_SESSION_SHARING_H

#include <stdint.h>

#include "session/client.h"
#include "session/message_parse.h"

struct instance;

/* The requests themselves; each answers the client, now or later. They return -errno when the
 * client broke the protocol. `fd` is taken over. */
int sharing_share_block(struct client *client, const struct message_share_block *message, int fd);
int sharing_grow_arena(struct client *client, const struct message_grow_arena *message);

/* Unmaps a block everywhere. */
void sharing_release_block(struct client *client, uint32_t number);

/* The client no longer waits for a block or an arena: answers it. */
void sharing_cancel(struct request *request);

/* A client is going: unmaps its blocks, forgets what it waits for. */
void sharing_client_gone(struct client *client);
void sharing_request_gone(struct request *request);

/* The instance that is to map what is waited for. */
const struct instance *sharing_waits_for(const struct request *request);

/* The host has answered request `number`. Returns 0, or -EPROTO when it was not asked. */
int sharing_answered(struct instance *instance, uint32_t number, uint32_t result);

/* The instance is dead: answers everybody who waits for it. */
void sharing_instance_gone(struct instance *instance);

#endif
