#include "session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "session/client.h"
#include "session/instance.h"
#include "wire/channel_client.h"
#include "wire/futex.h"
#include "wire/memory.h"
#include "wire/message.h"
#include "wire/result.h"

static int channel_make(struct session *session)
{
	int fd = block_create("teesim-channel", CHANNEL_SIZE);
	void *channel;

	if (fd < 0)
		return fd;
	channel = block_map(fd, CHANNEL_HEADER_SIZE, true);
	if (channel == MAP_FAILED) {
		int err = -errno;

		close(fd);
		return err;
	}
	session->channel = channel;
	return fd;
}

static int tell_host(struct session *session, const struct identity *identity, int channel_fd)
{
	const struct instance *ta = session->client->ta;
	struct message_add_session message = {
		.header.type = MESSAGE_ADD_SESSION,
		.session = session->id,
		.slot = session->slot,
		.context = session->client->id,
		.login = identity->login,
		.client = identity->uuid,
		.ta = session->ta,
	};
	struct packet_fds fds = { .count = 1 };

	if (ta && ta->image.in_domain)
		memcpy(message.client_domain, ta->image.domain.domain_key,
		       sizeof(message.client_domain));
	fds.fd[0] = fcntl(channel_fd, F_DUPFD_CLOEXEC, 0);
	if (fds.fd[0] < 0)
		return -errno;
	session->announcement.account = &session->client->unsent;
	instance_send_receipted(session->instance, &message, sizeof(message), &fds,
				&session->announcement);
	return 0;
}

static void tell_client(struct session *session, uint32_t request, int channel_fd, int bell_fd)
{
	const struct message_opened message = {
		.header = { .type = MESSAGE_OPENED, .request = request },
		.result = RESULT_SUCCESS,
		.origin = ORIGIN_TEE,
		.session = session->id,
		.instance = session->instance->id,
		.slot = session->slot,
		.may_reopen = instance_may_reopen(session->instance),
	};
	struct packet_fds fds = { .fd = { channel_fd, bell_fd }, .count = 2 };

	peer_send(&session->client->peer, &message, sizeof(message), &fds);
}

int session_create(struct client *client, struct instance *instance, const struct uuid *ta,
		   const struct identity *identity, uint32_t request)
{
	struct server *server = client->server;
	int bell_fd = -1, channel_fd = -1;
	struct session *session;
	int err;

	if (instance_overloaded(instance))
		return -EAGAIN;
	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->server = server;
	session->client = client;
	session->instance = instance;
	session->ta = *ta;
	session->id = id_map_fresh(&server->sessions, &server->last_session);
	err = instance_slot_take(instance, &session->slot);
	if (err < 0)
		goto out_session;
	err = id_map_put(&server->sessions, session->id, session);
	if (err < 0)
		goto out_slot;
	bell_fd = fcntl(instance->bell_fd, F_DUPFD_CLOEXEC, 0);
	err = bell_fd < 0 ? -errno : 0;
	if (err < 0)
		goto out_id;
	channel_fd = channel_make(session);
	err = channel_fd < 0 ? channel_fd : tell_host(session, identity, channel_fd);
	if (err < 0)
		goto out_descriptors;
	LIST_INSERT_HEAD(&client->sessions, session, by_client);
	LIST_INSERT_HEAD(&instance->sessions, session, by_instance);
	instance->session_count++;
	instance_sessions_changed(instance);
	tell_client(session, request, channel_fd, bell_fd);
	return 0;

out_descriptors:
	if (session->channel)
		munmap(session->channel, CHANNEL_HEADER_SIZE);
	if (channel_fd >= 0)
		close(channel_fd);
	close(bell_fd);
out_id:
	id_map_remove(&server->sessions, session->id);
out_slot:
	instance_slot_give(instance, session->slot);
out_session:
	free(session);
	return err;
}

void session_rest(struct session *session)
{
	struct client *client = session->client;

	/* One whose client is gone has been told to end. */
	if (!client || session->rests)
		return;
	session->rests = true;
	session->instance->session_count--;
	instance_sessions_changed(session->instance);
	if (++client->resting > CLIENT_RESTING_MAX)
		session_abandon(session);
}

void session_reopen(struct session *session)
{
	if (!session->client || !session->rests)
		return;
	session->rests = false;
	session->client->resting--;
	session->instance->session_count++;
	instance_sessions_changed(session->instance);
}

static struct session *offered_find(const struct client *client, uint32_t number)
{
	struct session *session = id_map_get(&client->server->sessions, number);

	return session && session->client == client ? session : NULL;
}

bool session_resume(struct client *client, struct instance *instance, const struct uuid *ta,
		    uint32_t offered, const struct identity *identity, uint32_t request)
{
	struct session *session = offered_find(client, offered);
	struct message_resume_session resume = {
		.header.type = MESSAGE_RESUME_SESSION,
		.session = offered,
		.login = identity->login,
		.client = identity->uuid,
	};
	struct message_opened opened = {
		.header = { .type = MESSAGE_OPENED, .request = request },
		.result = RESULT_SUCCESS,
		.origin = ORIGIN_TEE,
		.session = offered,
		.instance = instance->id,
		.may_reopen = instance_may_reopen(instance),
	};

	if (!session || session->instance != instance || !uuid_equal(&session->ta, ta))
		return false;
	/* The host must have the message before the client's next word on the channel. */
	if (peer_backlogged(&instance->host->control))
		return false;
	opened.slot = session->slot;
	session->uses++;
	session_reopen(session);
	instance_send(instance, &resume, sizeof(resume), NULL);
	peer_send(&client->peer, &opened, sizeof(opened), NULL);
	return true;
}

bool session_offered(const struct client *client, const struct instance *instance, uint32_t offered)
{
	const struct session *session = offered_find(client, offered);

	return session && session->instance == instance && instance->state == INSTANCE_LIVE &&
	       instance_may_reopen(instance);
}

void session_dismiss(struct client *client, uint32_t offered)
{
	struct session *session = offered_find(client, offered);

	if (session)
		session_abandon(session);
}

void session_abandon(struct session *session)
{
	const struct message_session message = {
		.header.type = MESSAGE_END_SESSION,
		.session = session->id,
	};

	LIST_REMOVE(session, by_client);
	if (session->rests)
		session->client->resting--;
	else
		session->instance->abandoned_count++;
	session->client = NULL;
	/* The operation under way, if any, is to be cancelled (TEE Client API, end of a client). */
	channel_client_cancel(session->channel, atomic_load(&session->channel->request.seq));
	if (peer_recall(&session->announcement)) {
		struct instance *instance = session->instance;

		session_free(session);
		instance_session_left(instance);
		return;
	}
	instance_send(session->instance, &message, sizeof(message), NULL);
	instance_sessions_changed(session->instance);
}

void session_mark_dead(struct session *session)
{
	atomic_store(&session->channel->keeper.dead, CHANNEL_END_DEATH);
	futex_wake_all(&session->channel->reply.seq);
}

void session_mark_ended(struct session *session)
{
	/* No wake-up: a host that keeps to the protocol answers next, and that is one. */
	atomic_store(&session->channel->keeper.dead, CHANNEL_END_SAID);
}

void session_free(struct session *session)
{
	(void)peer_recall(&session->announcement);
	if (session->client) {
		LIST_REMOVE(session, by_client);
		session->client->resting -= session->rests;
	} else if (!session->rests) {
		session->instance->abandoned_count--;
	}
	LIST_REMOVE(session, by_instance);
	if (!session->rests)
		session->instance->session_count--;
	instance_sessions_changed(session->instance);
	instance_slot_give(session->instance, session->slot);
	id_map_remove(&session->server->sessions, session->id);
	munmap(session->channel, CHANNEL_HEADER_SIZE);
	free(session);
}
