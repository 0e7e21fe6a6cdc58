#include "session/client.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/connecting.h"
#include "session/cycle.h"
#include "session/identity.h"
#include "session/instance.h"
#include "session/message_parse.h"
#include "session/opening.h"
#include "session/sharing.h"
#include "wire/result.h"

/* Enough for the answers to all that a busy client asks at once, and for a long status list. */
static const struct peer_bounds client_bounds = {
	.packets = 4096,
	.octets = 2U << 20,
	.descriptors = 512,
};

/* Requests that wait for an answer; who has more than this does not read his answers. */
#define REQUESTS_MAX 4096

/* Messages for busy hosts: from how many on a client is held, and down to how many. */
#define UNSENT_HELD	256
#define UNSENT_RELEASED 128

static const struct peer_events client_events;

static struct client *client_of(struct peer *peer)
{
	return (struct client *)((char *)peer - offsetof(struct client, peer));
}

static void unsent_eased(struct peer_account *account)
{
	struct client *client =
		(struct client *)((char *)account - offsetof(struct client, unsent));

	if (account->waiting <= UNSENT_RELEASED)
		peer_release(&client->peer);
}

static void client_free(struct client *client)
{
	free(client->directory);
	free(client->ta_path);
	free(client);
}

/* Takes over the socket, and what `client` holds so far, on failure too. */
static int client_connect(struct client *client, int sock)
{
	struct server *server = client->server;
	int err;

	client->unsent.eased = unsent_eased;
	client->id = id_map_fresh(&server->clients, &server->last_client);
	err = id_map_put(&server->clients, client->id, client);
	if (err < 0) {
		close(sock);
		client_free(client);
		return err;
	}
	err = peer_init(&client->peer, server->loop, sock, &client_bounds, &client_events);
	if (err < 0) {
		id_map_remove(&server->clients, client->id);
		client_free(client);
		return err;
	}
	return 0;
}

int client_create(struct server *server, int sock, const struct ucred *ucred)
{
	struct client *client = calloc(1, sizeof(*client));
	int err;

	if (!client) {
		close(sock);
		return -ENOMEM;
	}
	client->server = server;
	client->ucred = *ucred;
	err = client_connect(client, sock);
	if (err < 0)
		return err;
	server->applications++;
	server_clients_changed(server);
	return 0;
}

int client_create_for_ta(struct instance *instance, int sock, const struct client *like)
{
	struct client *client = calloc(1, sizeof(*client));
	int err;

	if (!client) {
		close(sock);
		return -ENOMEM;
	}
	client->server = instance->server;
	client->ucred = (struct ucred) { instance->host->pid, geteuid(), getegid() };
	client->ta = instance;
	/* It has nothing to say of itself that could be believed. */
	client->greeted = true;
	client->directory = strdup(like->directory);
	client->ta_path = strdup(like->ta_path);
	if (!client->directory || !client->ta_path) {
		close(sock);
		client_free(client);
		return -ENOMEM;
	}
	err = client_connect(client, sock);
	if (!err)
		instance->client = client;
	return err;
}

/*
 * Requests.
 */

int client_request_begin(struct client *client, struct request *request, enum request_kind kind,
			 uint32_t number)
{
	int err;

	if (id_map_get(&client->requests, number))
		return -EEXIST;
	if (client->requests.count >= REQUESTS_MAX)
		return -ENOBUFS;
	err = id_map_put(&client->requests, number, request);
	if (err < 0)
		return err;
	request->client = client;
	request->kind = kind;
	request->number = number;
	return 0;
}

void client_request_end(struct request *request)
{
	if (request->client)
		id_map_remove(&request->client->requests, request->number);
	request->client = NULL;
}

void client_answer(struct client *client, uint32_t number, uint32_t result, uint32_t origin,
		   uint64_t value, int fd)
{
	const struct message_answer message = {
		.header = { .type = MESSAGE_ANSWER, .request = number },
		.result = result,
		.origin = origin,
		.value = value,
	};
	struct packet_fds fds = { .fd = { fd }, .count = fd >= 0 };

	peer_send(&client->peer, &message, sizeof(message), &fds);
}

/*
 * The end.
 */

static void requests_forget(struct client *client)
{
	struct request *request;
	size_t at;

	/* A removal moves others into the places before; what that hides is met in the next
	 * round. */
	while (client->requests.count)
		for (at = 0; (request = id_map_next(&client->requests, &at));) {
			if (request->kind == REQUEST_OPEN)
				opening_drop((struct opening *)request);
			else if (request->kind == REQUEST_CONNECT)
				connecting_drop(request);
			else
				sharing_request_gone(request);
		}
}

/* One that the client has closed is not held against its instance, which may end with it. */
static void sessions_abandon(struct client *client)
{
	while (!LIST_EMPTY(&client->sessions)) {
		struct session *session = LIST_FIRST(&client->sessions);
		const uint32_t number = session->id;

		/* The host may have said just now that it has ended. */
		instance_refresh(session->instance);
		session = id_map_get(&client->server->sessions, number);
		if (session && session->client == client)
			session_abandon(session);
	}
}

void client_detain(struct client *client)
{
	requests_forget(client);
	sessions_abandon(client);
	sharing_client_gone(client);
	peer_flush(&client->peer);
	uv_unref((uv_handle_t *)&client->peer.poll);
}

void client_end(struct client *client)
{
	struct server *server = client->server;

	if (client->peer.closing)
		return;
	client_detain(client);
	peer_close(&client->peer);
	id_map_remove(&server->clients, client->id);
	if (client->ta) {
		client->ta->client = NULL;
		client->ta = NULL;
		return;
	}
	server->applications--;
	server_clients_changed(server);
}

static void client_closed(struct peer *peer)
{
	struct client *client = client_of(peer);

	id_map_free(&client->requests);
	id_map_free(&client->blocks);
	client_free(client);
}

static void client_gone(struct peer *peer, int err)
{
	struct client *client = client_of(peer);

	if (err == -ENOBUFS)
		log_write(client->server->log, LOG_LEVEL_ERROR,
			  "client process %d was disconnected: it does not read its answers",
			  (int)client->ucred.pid);
	client_end(client);
}

/*
 * Handlers, one per message, in the order of the table below. They return 0, or -errno to end
 * the connection.
 */

/* Makes the relative entries of TEESIM_TA_PATH mean what they mean to the client. Those of a
 * client whose current directory can't be known are left out. */
static char *ta_path_resolve(struct message_text path, pid_t pid)
{
	char link[40], directory[PATH_MAX], *resolved, *out;
	size_t entries = 1;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
	length = readlink(link, directory, sizeof(directory));
	if (length < 0 || (size_t)length == sizeof(directory))
		length = 0;
	for (size_t i = 0; i < path.size; i++)
		entries += path.octets[i] == ':';
	resolved = out = malloc(path.size + entries * ((size_t)length + 1) + 1);
	if (!resolved)
		return NULL;
	for (size_t at = 0; at < path.size;) {
		const char *entry = path.octets + at;
		const char *colon = memchr(entry, ':', path.size - at);
		size_t size = colon ? (size_t)(colon - entry) : path.size - at;

		at += size + 1;
		if (!size || (entry[0] != '/' && !length))
			continue;
		if (out != resolved)
			*out++ = ':';
		if (entry[0] != '/') {
			out = mempcpy(out, directory, (size_t)length);
			*out++ = '/';
		}
		out = mempcpy(out, entry, size);
	}
	*out = '\0';
	return resolved;
}

static int hello(struct client *client, const struct message *message, struct packet_fds *fds)
{
	bool understood = message->hello.protocol == MESSAGE_PROTOCOL;

	(void)fds;
	if (client->greeted)
		return -EPROTO;
	if (understood) {
		client->directory =
			strndup(message->client_directory.octets, message->client_directory.size);
		client->ta_path = ta_path_resolve(message->ta_path, client->ucred.pid);
		if (!client->directory || !client->ta_path)
			return -ENOMEM;
		client->greeted = true;
	}
	client_answer(client, message->header.request,
		      understood ? RESULT_SUCCESS : RESULT_NOT_SUPPORTED, ORIGIN_COMMS,
		      MESSAGE_PROTOCOL, -1);
	return 0;
}

static void open_refused(struct client *client, uint32_t request, uint32_t result)
{
	const struct message_opened message = {
		.header = { .type = MESSAGE_OPENED, .request = request },
		.result = result,
		.origin = ORIGIN_COMMS,
	};

	peer_send(&client->peer, &message, sizeof(message), NULL);
}

static int identify(const struct client *client, const struct message_open_session *open,
		    struct identity *identity)
{
	if (client->ta) {
		*identity = (struct identity) { LOGIN_TRUSTED_APP,
						client->ta->image.ta.properties.uuid };
		return 0;
	}
	return identity_make(identity, open->login, open->connection_data, client->peer.sock,
			     client->ucred.uid, client->ucred.gid);
}

static int open_session(struct client *client, const struct message *message,
			struct packet_fds *fds)
{
	const struct message_open_session *open = &message->open_session;
	struct identity identity;
	int err;

	(void)fds;
	err = identify(client, open, &identity);
	if (err < 0) {
		log_write(client->server->log, LOG_LEVEL_ERROR,
			  err == -EACCES ? "client process %d asked for the login of group %" PRIu32
					   ", which it is not in"
			  : err == -EINVAL ? "client process %d asked for login method 0x%" PRIx32
					     ", which is not offered"
					   : "client process %d: login %" PRIu32 " failed",
			  (int)client->ucred.pid,
			  err == -EACCES ? open->connection_data : open->login);
		session_dismiss(client, open->resting);
		open_refused(client, open->header.request,
			     err == -EINVAL   ? RESULT_BAD_PARAMETERS
			     : err == -ENOMEM ? RESULT_OUT_OF_MEMORY
					      : RESULT_GENERIC);
		return 0;
	}
	return opening_begin(client, open->header.request, &open->ta, &identity, open->resting);
}

static int close_session(struct client *client, const struct message *message,
			 struct packet_fds *fds)
{
	const uint32_t number = message->close_session.session;
	struct session *session = id_map_get(&client->server->sessions, number);

	(void)fds;
	if (!session || session->client != client)
		return 0;
	/* The host may have said just now that it has ended. */
	instance_refresh(session->instance);
	session = id_map_get(&client->server->sessions, number);
	if (session && session->client == client)
		session_abandon(session);
	return 0;
}

static int cancel(struct client *client, const struct message *message, struct packet_fds *fds)
{
	struct request *request = id_map_get(&client->requests, message->cancel.target);
	struct opening *opening = (struct opening *)request;
	struct instance *instance;

	(void)fds;
	if (!request)
		return 0;
	if (request->kind == REQUEST_CONNECT) {
		connecting_cancel(request);
		return 0;
	}
	if (request->kind != REQUEST_OPEN) {
		sharing_cancel(request);
		return 0;
	}
	instance = opening->instance;
	opening_fail(opening, RESULT_CANCEL, ORIGIN_TEE);
	if (instance)
		instance_opening_left(instance);
	return 0;
}

static int share_block(struct client *client, const struct message *message, struct packet_fds *fds)
{
	return sharing_share_block(client, &message->share_block, packet_fds_take(fds, 0));
}

static int release_block(struct client *client, const struct message *message,
			 struct packet_fds *fds)
{
	(void)fds;
	sharing_release_block(client, message->release_block.block);
	return 0;
}

static int grow_arena(struct client *client, const struct message *message, struct packet_fds *fds)
{
	(void)fds;
	return sharing_grow_arena(client, &message->grow_arena);
}

static int connect_peer(struct client *client, const struct message *message,
			struct packet_fds *fds)
{
	(void)fds;
	return connecting_begin(client, message);
}

static int connect_again(struct client *client, const struct message *message,
			 struct packet_fds *fds)
{
	return connecting_again(client, message, packet_fds_take(fds, 0));
}

static int waits(struct client *client, const struct message *message, struct packet_fds *fds)
{
	const uint32_t number = message->waits.session;
	const struct session *session = id_map_get(&client->server->sessions, number);
	uint32_t result = RESULT_SUCCESS;

	(void)fds;
	client->waits_on = number;
	if (session && session->client == client && cycle_closes(client, session->instance))
		result = RESULT_BUSY;
	client_answer(client, message->header.request, result, ORIGIN_TEE, 0, -1);
	return 0;
}

static void status_instance(struct client *client, uint32_t request, struct instance *instance)
{
	const char *path = instance->image.ta.location.path;
	struct {
		struct message_status_instance status;
		char path[PATH_MAX];
	} message = {
		.status = {
			.header = { .type = MESSAGE_STATUS_INSTANCE, .request = request },
			.ta = instance->image.ta.properties.uuid,
			.instance = instance->id,
			.pid = instance->host ? instance->host->pid : 0,
			.state = instance->state,
			.flags = instance_flags(instance),
			.sessions = instance->session_count,
			.path_size = (uint32_t)strlen(path),
		},
	};

	memcpy(message.path, path, message.status.path_size);
	peer_send(&client->peer, &message, sizeof(message.status) + message.status.path_size, NULL);
}

/* Its firmware's process, as if it were an instance without a TA. */
static void status_tee(struct client *client, uint32_t request, pid_t pid)
{
	const char *path = client->server->options->tee_path;
	struct {
		struct message_status_instance status;
		char path[PATH_MAX];
	} message = {
		.status = {
			.header = { .type = MESSAGE_STATUS_INSTANCE, .request = request },
			.pid = pid,
			.state = MESSAGE_INSTANCE_ENDING,
			.path_size = (uint32_t)strlen(path),
		},
	};

	memcpy(message.path, path, message.status.path_size);
	peer_send(&client->peer, &message, sizeof(message.status) + message.status.path_size, NULL);
}

void client_tell_instances(struct client *client)
{
	struct server *server = client->server;
	struct instance *instance;
	pid_t tees[TEE_PROCESSES_TOLD];
	size_t at = 0;

	while ((instance = id_map_next(&server->instances, &at)))
		status_instance(client, 0, instance);
	for (size_t i = tee_link_processes(&server->tee, tees); i-- > 0;)
		status_tee(client, 0, tees[i]);
}

static int status(struct client *client, const struct message *message, struct packet_fds *fds)
{
	struct server *server = client->server;
	const uint32_t request = message->header.request;
	struct {
		struct message_status_device status;
		char name[DEVICE_NAME_SIZE];
	} device = {
		.status = {
			.header = { .type = MESSAGE_STATUS_DEVICE, .request = request },
			.pid = getpid(),
			.contexts = (uint32_t)server->applications,
			.instances = (uint32_t)server->instances.count,
			.sandbox_missing = server->sandbox_missing,
			.uptime_ms = uv_now(server->loop) - server->started_ms,
			.name_size = (uint32_t)strlen(server->device->name),
		},
	};
	struct instance *instance;
	size_t at = 0;

	(void)fds;
	while ((instance = id_map_next(&server->instances, &at)))
		status_instance(client, request, instance);
	memcpy(device.name, server->device->name, device.status.name_size);
	peer_send(&client->peer, &device, sizeof(device.status) + device.status.name_size, NULL);
	return 0;
}

static int stop(struct client *client, const struct message *message, struct packet_fds *fds)
{
	(void)fds;
	client_answer(client, message->header.request, RESULT_SUCCESS, ORIGIN_TEE, 0, -1);
	server_stop(client->server, "asked to by the command line", client);
	return 0;
}

enum {
	/* TAs may send it, too. */
	BY_TA = 1,
};

static const struct {
	uint32_t type;
	unsigned int flags;
	int (*handle)(struct client *client, const struct message *message, struct packet_fds *fds);
} handlers[] = {
	{ MESSAGE_HELLO, 0, hello },
	{ MESSAGE_OPEN_SESSION, BY_TA, open_session },
	{ MESSAGE_CLOSE_SESSION, BY_TA, close_session },
	{ MESSAGE_CANCEL, BY_TA, cancel },
	{ MESSAGE_SHARE_BLOCK, BY_TA, share_block },
	{ MESSAGE_RELEASE_BLOCK, BY_TA, release_block },
	{ MESSAGE_GROW_ARENA, BY_TA, grow_arena },
	{ MESSAGE_CONNECT, BY_TA, connect_peer },
	{ MESSAGE_CONNECT_AGAIN, BY_TA, connect_again },
	{ MESSAGE_WAITS, BY_TA, waits },
	{ MESSAGE_STATUS, 0, status },
	{ MESSAGE_STOP, 0, stop },
};

static const char *client_handle(struct client *client, const void *data, size_t size,
				 struct packet_fds *fds)
{
	struct message message;
	const char *why;

	if (message_parse(&message, MESSAGE_FROM_CLIENT, data, size, fds->count, &why) < 0)
		return why;
	if (!client->greeted && message.header.type != MESSAGE_HELLO)
		return "a message before its greeting";
	/* Whoever asked us to stop has nothing more to say. */
	if (client->server->stopping && !client->ta)
		return NULL;
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (handlers[i].type != message.header.type)
			continue;
		if (client->ta && !(handlers[i].flags & BY_TA))
			return "a message that TAs may not send";
		return handlers[i].handle(client, &message, fds) < 0 ? "a message out of turn"
								     : NULL;
	}
	return "a message that is not for teesimd";
}

static int client_packet(struct peer *peer, const void *data, size_t size, struct packet_fds *fds)
{
	struct client *client = client_of(peer);
	const char *why = client_handle(client, data, size, fds);

	if (!why) {
		if (client->unsent.waiting > UNSENT_HELD)
			peer_hold(peer);
		return 0;
	}
	if (client->ta) {
		instance_kill(client->ta, "it sent teesimd a message that no TA sends");
		return 0;
	}
	log_write(client->server->log, LOG_LEVEL_ERROR,
		  "client process %d was disconnected: it sent %s", (int)client->ucred.pid, why);
	return -EPROTO;
}

static const struct peer_events client_events = {
	.packet = client_packet,
	.gone = client_gone,
	.closed = client_closed,
};
