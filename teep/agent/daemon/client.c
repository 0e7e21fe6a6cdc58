#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "teep/agent/answer.h"
#include "teep/agent/daemon/daemon.h"

static void ready(uv_poll_t *poll, int status, int events);

/* Only one at rest is read from: a request is answered before the next is looked at. */
static void watch(struct client *client)
{
	const int events =
		client->state == CLIENT_IDLE ? UV_READABLE | UV_DISCONNECT : UV_DISCONNECT;

	(void)uv_poll_start(&client->poll, events, ready);
}

static void state_set(struct client *client, enum client_state state)
{
	client->state = state;
	watch(client);
}

/* What a session's process asks is counted for the application that wanted the session. */
static struct peer *peer_of(const struct client *client)
{
	return client->peer ? client->peer : client->session->peer;
}

static void closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct daemon *daemon = client->daemon;

	close(client->fd);
	free(client);
	daemon_look(daemon);
}

void client_close(struct client *client)
{
	struct session *session = client->session;

	if (client->closing)
		return;
	client->closing = true;
	LIST_REMOVE(client, entry);
	client->daemon->client_count--;
	if (client->job) {
		router_cancel(client->job);
		client->job = NULL;
	}
	agent_message_clear(&client->message);
	client->session = NULL;
	if (client->peer)
		peer_disconnect(client->peer);
	if (session && session->process == client)
		session_process_gone(session);
	else if (session)
		session_leave(session);
	(void)uv_poll_stop(&client->poll);
	uv_close((uv_handle_t *)&client->poll, closed);
	daemon_submit_soon(client->daemon);
}

void client_answer(struct client *client, enum agent_kind kind, int status, const void *octets,
		   size_t size)
{
	/* One that does not read what it asked for is let go. */
	if (agent_send(client->fd, kind, status, octets, size) < 0) {
		client_close(client);
		return;
	}
	if (kind != AGENT_PROGRESS)
		state_set(client, CLIENT_IDLE);
}

/* The agent's own word in place of a TEE's. */
static void refuse(struct client *client, enum agent_kind kind, enum answer_error error)
{
	char *text = NULL;
	size_t size = 0;

	client->daemon->refused++;
	if (kind == AGENT_PROCESS)
		text = answer_error_compose(error, &size);
	else if (kind == AGENT_REQUEST_TA)
		size = (size_t)asprintf(&text, "%s",
					error == ANSWER_TEE_BUSY
						? "too much is asked of the agent at this time"
						: "the TEE can't be reached or gave no answer");
	client_answer(client, kind, (int)error, text, text ? size : 0);
	free(text);
}

static void routed(void *context, const struct router_result *result)
{
	struct client *client = context;

	client->job = NULL;
	client_answer(client, client->message.kind, result->status, result->octets, result->size);
}

static void explain(struct client *client, enum agent_kind kind, int rc)
{
	const char *text = rc == -EMSGSIZE ? "the message is empty or over 16 MiB" : strerror(-rc);

	client_answer(client, kind, rc, text, strlen(text));
}

/* The TEE knows that the TA is wanted, and tells TAMs so; now one is to be asked. */
static void announced(void *context, const struct router_result *result)
{
	struct client *client = context;
	struct agent_message message = client->message;
	int rc;

	client->job = NULL;
	client->message.octets = NULL;
	client->message.size = 0;
	/* One that is there may be brought up to date. Anything else that a TEE has against it is
	 * between TEE and TAM, but for what the device's administrator has forbidden. */
	if (result->status > 0) {
		refuse(client, AGENT_REQUEST_TA, (enum answer_error)result->status);
	} else if (result->status == -EPERM) {
		client_answer(client, AGENT_REQUEST_TA, -EPERM, result->octets, result->size);
	} else {
		state_set(client, CLIENT_REQUESTING);
		rc = session_add(client, &message);
		if (rc < 0)
			explain(client, AGENT_REQUEST_TA, rc);
	}
	agent_message_clear(&message);
}

/* The parked message goes to the router, which copies it. */
static void submit(struct client *client)
{
	static const enum router_kind kinds[] = {
		[AGENT_PROCESS] = ROUTER_PROCESS,
		[AGENT_TA_INFORMATION] = ROUTER_TA_INFORMATION,
		[AGENT_REQUEST_TA] = ROUTER_REQUEST_TA,
	};
	const enum agent_kind kind = client->message.kind;
	const bool wanted = kind == AGENT_REQUEST_TA;
	struct agent_message message = client->message;
	struct router_job *job;
	int rc;

	/* A request stays with the client: there is more in it than the TA's name. */
	if (!wanted) {
		client->message.octets = NULL;
		client->message.size = 0;
	}
	state_set(client, CLIENT_ASKED);
	rc = router_submit(client->daemon->router, kinds[kind], message.octets,
			   wanted ? AGENT_TAID_LENGTH : message.size, wanted ? announced : routed,
			   client, &job);
	if (!wanted)
		agent_message_clear(&message);
	if (rc < 0) {
		agent_message_clear(&client->message);
		explain(client, kind, rc);
	} else if (job) {
		client->job = job;
		daemon_submit_soon(client->daemon);
	}
}

/* The message is the client's from here on, until the device is there. */
static void park(struct client *client, struct agent_message *message)
{
	client->message = *message;
	memset(message, 0, sizeof(*message));
	state_set(client, CLIENT_PARKED);
	if (daemon_device_ready(client->daemon))
		submit(client);
}

static void route(struct client *client, struct agent_message *message)
{
	struct daemon *daemon = client->daemon;

	daemon->messages++;
	if (rate_take(&peer_of(client)->messages, &daemon->peers.limits.messages,
		      uv_now(&daemon->loop)))
		park(client, message);
	else
		refuse(client, message->kind, ANSWER_TEE_BUSY);
}

void clients_resume(struct daemon *daemon, int rc)
{
	struct client *client;

	for (;;) {
		LIST_FOREACH(client, &daemon->clients, entry)
			if (client->state == CLIENT_PARKED)
				break;
		if (!client)
			return;
		if (rc < 0) {
			const enum agent_kind kind = client->message.kind;

			agent_message_clear(&client->message);
			refuse(client, kind, ANSWER_TEE_FAIL);
		} else {
			submit(client);
		}
	}
}

static void status_tell(struct client *client)
{
	const struct daemon *daemon = client->daemon;
	char text[512];
	const int size = snprintf(text, sizeof(text),
				  "{\"clients\":%u,\"messages\":%lu,\"pid\":%d,\"refused\":%lu,"
				  "\"requests\":%lu,\"sessions\":%u,\"under_way\":%u,"
				  "\"waiting\":%u}",
				  daemon->client_count, daemon->messages, (int)getpid(),
				  daemon->refused, daemon->requests, daemon->session_count,
				  router_busy(daemon->router), daemon->waiting_count);

	client_answer(client, AGENT_STATUS, 0, text, (size_t)size);
}

static void request(struct client *client, struct agent_message *message)
{
	struct daemon *daemon = client->daemon;
	struct agent_ta_request asked;

	daemon->requests++;
	if (agent_ta_request_parse(message->octets, message->size, &asked) < 0) {
		static const char text[] = "the request names no TA, or no URI of HTTP's";

		client_answer(client, AGENT_REQUEST_TA, -EINVAL, text, sizeof(text) - 1);
	} else if (!rate_take(&client->peer->requests, &daemon->peers.limits.requests,
			      uv_now(&daemon->loop)) ||
		   client->peer->sessions >= daemon->peers.limits.sessions_max ||
		   daemon->waiting_count >= daemon->options->waiting_max) {
		refuse(client, AGENT_REQUEST_TA, ANSWER_TEE_BUSY);
	} else {
		park(client, message);
	}
}

static void serve(struct client *client, struct agent_message *message)
{
	const bool is_process = client->peer == NULL;

	switch (message->kind) {
	case AGENT_PROCESS:
		route(client, message);
		break;
	case AGENT_TA_INFORMATION:
		route(client, message);
		break;
	case AGENT_STATUS:
		status_tell(client);
		break;
	case AGENT_REQUEST_TA:
		if (is_process)
			session_message(client->session, message);
		else
			request(client, message);
		break;
	case AGENT_PROGRESS:
		if (is_process)
			session_message(client->session, message);
		else
			client_close(client);
		break;
	}
}

static void ready(uv_poll_t *poll, int status, int events)
{
	struct client *client = poll->data;
	struct agent_message message;
	int rc;

	if (client->state != CLIENT_IDLE || status < 0 || !(events & UV_READABLE)) {
		if (status < 0 || (events & UV_DISCONNECT))
			client_close(client);
		return;
	}
	rc = agent_receive(client->fd, &message);
	if (rc == -EAGAIN || rc == -EINTR)
		return;
	if (rc < 0) {
		client_close(client);
		return;
	}
	serve(client, &message);
	agent_message_clear(&message);
}

struct client *client_add(struct daemon *daemon, int fd, struct peer *peer, struct session *session)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->daemon = daemon;
	client->fd = fd;
	client->peer = peer;
	client->session = session;
	if (uv_poll_init(&daemon->loop, &client->poll, fd) < 0) {
		free(client);
		return NULL;
	}
	client->poll.data = client;
	LIST_INSERT_HEAD(&daemon->clients, client, entry);
	daemon->client_count++;
	watch(client);
	return client;
}
