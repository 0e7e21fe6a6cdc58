/*
 * A session that is being opened: from MESSAGE_OPEN_SESSION to its answer, through whatever has to
 * happen before the TA has an instance to take it.
 *
 *   no instance            start one, wait for MESSAGE_STARTED
 *   instance starting      wait for MESSAGE_STARTED
 *   instance ending        wait for its exit, then look again
 *   instance in the hands  wait until the host has let go of that, then look again
 *   of a client that died
 *   instance live          answer
 *
 * Runs in teesimd. An opening frees itself when it is answered, cancelled, or its client is gone.
 */
#ifndef TEESIM_SESSION_OPENING_H
#define TEESIM_SESSION_OPENING_H

#include <stdint.h>
#include <sys/queue.h>

#include "session/client.h"
#include "session/identity.h"
#include "wire/uuid.h"

struct instance;

TAILQ_HEAD(opening_queue, opening);

struct opening {
	struct request request;
	struct uuid uuid;
	struct identity identity;
	/* A resting session of the client that it would use again; 0 none. */
	uint32_t offered;
	/* Where it waits; NULL while it does not. */
	struct opening_queue *queue;
	/* The instance whose start it waits for. */
	struct instance *instance;
	TAILQ_ENTRY(opening) in_queue;
};

/* Starts to open a session with TA `uuid`; the client is answered now or later. Returns 0, or
 * -errno when nothing was begun. */
int opening_begin(struct client *client, uint32_t request, const struct uuid *uuid,
		  const struct identity *identity, uint32_t offered);

/* Takes all openings out of the queue and has each look again. */
void opening_advance_all(struct opening_queue *queue);

/* `instance` is live: gives it the session and answers. */
void opening_complete(struct opening *opening, struct instance *instance);

/* The instance that has to do something first; NULL when there is none. */
const struct instance *opening_waits_for(const struct opening *opening);

/* Answers with an error. */
void opening_fail(struct opening *opening, uint32_t result, uint32_t origin);

/* Nobody waits for the answer any more. */
void opening_drop(struct opening *opening);

/* Puts it into a queue. */
void opening_wait(struct opening *opening, struct opening_queue *queue, struct instance *instance);

#endif
