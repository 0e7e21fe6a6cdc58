#include "session/cycle.h"

#include <stddef.h>
#include <stdint.h>

#include "session/client.h"
#include "session/instance.h"
#include "session/opening.h"
#include "session/sharing.h"

/* Does the client wait for an answer on the session? One that it gave up waiting for, since the
 * host had not taken it up, may be owed still. */
static bool answer_awaited(const struct session *session)
{
	struct channel *channel = session->channel;
	const uint32_t seq = atomic_load(&channel->request.seq);

	if (atomic_load(&channel->reply.seq) == seq)
		return false;
	if (session->client->waits_on == session->id)
		return true;
	return atomic_load(&channel->client.cancel) != seq ||
	       atomic_load(&channel->progress.taken) == seq;
}

static const struct instance *request_waits_for(struct request *request)
{
	switch (request->kind) {
	case REQUEST_OPEN:
		return opening_waits_for((struct opening *)request);
	case REQUEST_SHARE:
	case REQUEST_GROW:
		return sharing_waits_for(request);
	default:
		return NULL;
	}
}

/* The instance that this one waits for; NULL when it waits for none. It has one thread, so there is
 * one at most. */
static const struct instance *waits_for(const struct instance *instance)
{
	const struct client *client = instance->client;
	const struct session *session;
	size_t at = 0;

	if (!client)
		return NULL;
	if (client->requests.count)
		return request_waits_for(id_map_next(&client->requests, &at));
	LIST_FOREACH(session, &client->sessions, by_client)
		if (answer_awaited(session))
			return session->instance;
	return NULL;
}

/* Once for each instance: one that asks again and again is not to fill the log. */
static void tell(struct instance *asker, const struct instance *asked)
{
	char name[IMAGE_NAME_SIZE];

	if (asker->told_of_circle)
		return;
	asker->told_of_circle = true;
	log_write(asker->server->log, LOG_LEVEL_INFO,
		  "%s gets TEE_ERROR_BUSY: it calls %s, which waits for it",
		  image_name(&asker->image, name),
		  asker == asked ? "itself, and has a single instance" : asked->image.label);
}

bool cycle_closes(const struct client *client, const struct instance *instance)
{
	const struct instance *at = instance;
	size_t bound;

	if (!client->ta)
		return false;
	/* A circle that the client is not in is somebody else's to break. */
	for (bound = client->server->instances.count; at && bound; bound--) {
		if (at == client->ta) {
			tell(client->ta, instance);
			return true;
		}
		at = waits_for(at);
	}
	return false;
}
