#include "session/opening.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session/cycle.h"
#include "session/image.h"
#include "session/instance.h"
#include "session/nesting.h"
#include "services/service_list.h"
#include "wire/message.h"
#include "wire/result.h"

void opening_wait(struct opening *opening, struct opening_queue *queue, struct instance *instance)
{
	TAILQ_INSERT_TAIL(queue, opening, in_queue);
	opening->queue = queue;
	opening->instance = instance;
}

static void opening_leave(struct opening *opening)
{
	if (opening->queue)
		TAILQ_REMOVE(opening->queue, opening, in_queue);
	opening->queue = NULL;
	opening->instance = NULL;
}

static void opening_free(struct opening *opening)
{
	opening_leave(opening);
	/* What was not used is not waited for any longer. */
	session_dismiss(opening->request.client, opening->offered);
	client_request_end(&opening->request);
	free(opening);
}

void opening_fail(struct opening *opening, uint32_t result, uint32_t origin)
{
	const struct message_opened message = {
		.header = { .type = MESSAGE_OPENED, .request = opening->request.number },
		.result = result,
		.origin = origin,
	};

	peer_send(&opening->request.client->peer, &message, sizeof(message), NULL);
	opening_free(opening);
}

void opening_drop(struct opening *opening)
{
	struct instance *instance = opening->instance;

	opening_free(opening);
	if (instance)
		instance_opening_left(instance);
}

void opening_complete(struct opening *opening, struct instance *instance)
{
	struct server *server = opening->request.client->server;
	char name[IMAGE_NAME_SIZE];
	int err;

	opening_leave(opening);
	if (session_resume(opening->request.client, instance, &opening->uuid, opening->offered,
			   &opening->identity, opening->request.number)) {
		opening->offered = 0;
		opening_free(opening);
		return;
	}
	err = session_create(opening->request.client, instance, &opening->uuid, &opening->identity,
			     opening->request.number);
	if (!err) {
		opening_free(opening);
		return;
	}
	log_write(server->log, LOG_LEVEL_ERROR, "%s: no further session: %s",
		  image_name(&instance->image, name),
		  err == -EBUSY	   ? "it has as many as one instance can have"
		  : err == -EAGAIN ? "too much waits for it"
				   : strerror(-err));
	opening_fail(opening, err == -EBUSY || err == -EAGAIN ? RESULT_BUSY : RESULT_OUT_OF_MEMORY,
		     ORIGIN_TEE);
}

/* Do TAs run already, as many as TAs may start, so that this one may start no other? */
static bool too_many(struct instance *ta)
{
	const unsigned int most = ta->server->options->instances_by_tas_max;
	char name[IMAGE_NAME_SIZE];

	if (ta->server->instances_by_tas < most)
		return false;
	if (!ta->told_of_bound)
		log_write(ta->server->log, LOG_LEVEL_ERROR,
			  "%s opens a session that would start a TA, and %u run that were started "
			  "by TAs: no more (--nested-tas); TEE_ERROR_OUT_OF_MEMORY",
			  image_name(&ta->image, name), most);
	ta->told_of_bound = true;
	return true;
}

static void open_new_instance(struct opening *opening)
{
	struct client *client = opening->request.client;
	struct server *server = client->server;
	char name[IMAGE_NAME_SIZE], reason[IMAGE_REASON_SIZE];
	struct image *image = malloc(sizeof(*image));
	uint32_t result = RESULT_OUT_OF_MEMORY;
	struct opening_queue *waiting;
	int err = -ENOMEM;

	if (!image)
		goto out;
	/* A TA that is being destroyed gets no new company. */
	result = RESULT_BAD_STATE;
	if (server->stopping)
		goto out;
	if (client->ta && client->ta->depth >= INSTANCE_DEPTH_MAX) {
		log_write(server->log, LOG_LEVEL_ERROR,
			  "%s: it would be the last of a chain of %d TAs, each started by the one "
			  "before; TEE_ERROR_OUT_OF_MEMORY",
			  image_name(&client->ta->image, name), INSTANCE_DEPTH_MAX);
		result = RESULT_OUT_OF_MEMORY;
		goto out;
	}
	result = RESULT_OUT_OF_MEMORY;
	if (client->ta && !service_known(&opening->uuid) &&
	    !uuid_equal(&opening->uuid, &service_plugins_uuid) && too_many(client->ta))
		goto out;
	result = RESULT_OUT_OF_MEMORY;
	err = image_load(image, client, &opening->uuid, &result, &waiting, reason);
	if (err == -EAGAIN) {
		opening_wait(opening, waiting, NULL);
		free(image);
		return;
	}
	if (err < 0) {
		log_write(server->log, LOG_LEVEL_ERROR, "%s", reason);
		goto out;
	}
	err = instance_create(server, image, opening);
	if (err < 0) {
		log_write(server->log, LOG_LEVEL_ERROR, "%s: %s cannot be started: %s",
			  image_name(image, name), server->options->host_path, strerror(-err));
		result = err == -ENOMEM || err == -EMFILE || err == -EAGAIN ? RESULT_OUT_OF_MEMORY
									    : RESULT_GENERIC;
	}
out:
	free(image);
	if (err < 0)
		opening_fail(opening, result, ORIGIN_TEE);
}

static struct ta *single_of(const struct server *server, const struct uuid *uuid);

const struct instance *opening_waits_for(const struct opening *opening)
{
	const struct ta *ta;

	if (opening->instance || !opening->queue)
		return opening->instance;
	ta = single_of(opening->request.client->server, &opening->uuid);
	return ta ? ta->instance : NULL;
}

/* Puts it into a queue of `instance`, which is to do something first. */
static void wait_for(struct opening *opening, struct opening_queue *queue,
		     struct instance *instance)
{
	if (cycle_closes(opening->request.client, instance))
		opening_fail(opening, RESULT_BUSY, ORIGIN_TEE);
	else
		opening_wait(opening, queue, queue == &instance->starting ? instance : NULL);
}

/* May a session be added while others wait for their end? */
static bool multi_open_now(const struct instance *instance)
{
	return instance_flags(instance) & INSTANCE_MULTI_SESSION &&
	       image_is_current(&instance->image);
}

/* As wait_for(), until sessions whose clients are gone have ended. */
static void settle_for(struct opening *opening, struct instance *instance)
{
	if (cycle_closes(opening->request.client, instance))
		opening_fail(opening, RESULT_BUSY, ORIGIN_TEE);
	else
		instance_settle(instance, opening);
}

/* The TA that has a session with this one, where there is one of whom it takes no second. */
static struct instance *holder_of(const struct instance *instance)
{
	const struct session *session;

	if (instance_flags(instance) & INSTANCE_MULTI_SESSION)
		return NULL;
	LIST_FOREACH(session, &instance->sessions, by_instance)
		if (session->client && !session->rests)
			return session->client->ta;
	return NULL;
}

/* That TA's own last session was closed, so this one will be, too. */
static bool holder_ends(const struct instance *instance)
{
	const struct instance *holder = holder_of(instance);

	return holder && holder->state == INSTANCE_ENDING;
}

/* Another version of a kept TA is there, or none. One that nobody uses makes way; to one that is
 * used, new sessions go as long as it is still there and its security domain's. */
static void open_in_live_instance(struct opening *opening, struct ta *ta)
{
	struct instance *instance = ta->instance;
	struct log *log = instance->server->log;
	struct opening_queue *waiting = NULL;
	const enum image_standing standing =
		image_standing(&instance->image, instance->server, &waiting);
	char name[IMAGE_NAME_SIZE];

	if (standing == IMAGE_CURRENT) {
		opening_complete(opening, instance);
	} else if (standing == IMAGE_UNKNOWN) {
		wait_for(opening, waiting, instance);
	} else if (!instance->session_count) {
		log_write(log, LOG_LEVEL_INFO, "%s: the file has changed; loading it anew",
			  image_name(&instance->image, name));
		instance_end(instance);
		wait_for(opening, &ta->waiting, instance);
	} else if (standing == IMAGE_CHANGED) {
		log_write(
			log, LOG_LEVEL_INFO,
			"%s: the file has changed; the TA keeps running as it was loaded until its "
			"sessions are closed",
			image_name(&instance->image, name));
		opening_complete(opening, instance);
	} else {
		log_write(log, LOG_LEVEL_ERROR, "%s: %s; no new session while others are open",
			  image_name(&instance->image, name),
			  standing == IMAGE_DELETED    ? "a TAM has deleted it"
			  : standing == IMAGE_REPLACED ? "a TAM has installed another in its place"
						       : "whether it is still installed can't be "
							 "read");
		opening_fail(opening,
			     standing == IMAGE_DELETED	  ? RESULT_ITEM_NOT_FOUND
			     : standing == IMAGE_REPLACED ? RESULT_BUSY
							  : RESULT_ACCESS_DENIED,
			     ORIGIN_TEE);
	}
}

static void open_in_single_instance(struct opening *opening, struct ta *ta)
{
	struct instance *instance = ta->instance;
	const bool multi = instance_flags(instance) & INSTANCE_MULTI_SESSION;
	const bool used = instance->session_count > instance->abandoned_count;

	/* It would have to take the session while it waits for it. */
	if (instance == opening->request.client->ta &&
	    cycle_closes(opening->request.client, instance)) {
		opening_fail(opening, RESULT_BUSY, ORIGIN_TEE);
		return;
	}
	switch (instance->state) {
	case INSTANCE_STARTING:
		if (!multi && !TAILQ_EMPTY(&instance->starting))
			opening_fail(opening, RESULT_BUSY, ORIGIN_TEE);
		else
			wait_for(opening, &instance->starting, instance);
		break;
	case INSTANCE_LIVE:
		if (instance_doomed(instance))
			wait_for(opening, &ta->waiting, instance);
		else if (!multi && used && holder_ends(instance))
			settle_for(opening, instance);
		else if (!multi && used)
			opening_fail(opening, RESULT_BUSY, ORIGIN_TEE);
		else if (instance->abandoned_count && !used && !multi_open_now(instance))
			settle_for(opening, instance);
		else
			open_in_live_instance(opening, ta);
		break;
	case INSTANCE_ENDING:
		wait_for(opening, &ta->waiting, instance);
		break;
	case INSTANCE_CRASHED:
		opening_fail(opening, RESULT_TARGET_DEAD, ORIGIN_TEE);
		break;
	}
}

/* The TA whose instance takes the session: the services share one. */
static struct ta *single_of(const struct server *server, const struct uuid *uuid)
{
	return ta_find_single(server, service_known(uuid) ? &service_process_uuid : uuid);
}

/* Looks at the TA as teesimd knows it, and waits or answers. */
static void opening_advance(struct opening *opening)
{
	struct server *server = opening->request.client->server;
	struct ta *ta = single_of(server, &opening->uuid);

	if (ta)
		open_in_single_instance(opening, ta);
	else
		open_new_instance(opening);
}

void opening_advance_all(struct opening_queue *queue)
{
	struct opening_queue all;
	struct opening *opening;

	/* Some may have to go back into the very queue. */
	TAILQ_INIT(&all);
	TAILQ_CONCAT(&all, queue, in_queue);
	TAILQ_FOREACH(opening, &all, in_queue)
		opening->queue = &all;
	while ((opening = TAILQ_FIRST(&all))) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): who was freed is in no queue */
		opening_leave(opening);
		opening_advance(opening);
	}
}

int opening_begin(struct client *client, uint32_t request, const struct uuid *uuid,
		  const struct identity *identity, uint32_t offered)
{
	struct opening *opening = calloc(1, sizeof(*opening));
	struct ta *ta;
	int err;

	if (!opening)
		return -ENOMEM;
	opening->uuid = *uuid;
	opening->identity = *identity;
	opening->offered = offered;
	err = client_request_begin(client, &opening->request, REQUEST_OPEN, request);
	if (err < 0) {
		free(opening);
		return err;
	}
	/* What the host has said and we have not read may free a session or end the instance. That
	 * need not be known where the client goes on with a session that it has. */
	ta = single_of(client->server, uuid);
	if (ta && !session_offered(client, ta->instance, offered)) {
		struct instance *holder = holder_of(ta->instance);

		if (holder)
			instance_refresh(holder);
		instance_refresh(ta->instance);
	}
	opening_advance(opening);
	return 0;
}
