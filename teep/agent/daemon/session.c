#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "teep/agent/daemon/config.h"
#include "teep/agent/daemon/daemon.h"

/* Of teesim_agent.h. */
#define STEP_WAITING  1
#define STEP_FINISHED 5

static void sessions_start(struct daemon *daemon);

static void application_answer(struct session *session, int status, const char *octets, size_t size)
{
	struct client *application = session->application;

	session->answered = true;
	if (!application)
		return;
	session->application = NULL;
	application->session = NULL;
	client_answer(application, AGENT_REQUEST_TA, status, octets, size);
}

static void application_explain(struct session *session, int rc, const char *text)
{
	application_answer(session, rc, text, strlen(text));
}

static void session_free(struct session *session)
{
	struct daemon *daemon = session->daemon;

	session->peer->sessions--;
	agent_message_clear(&session->message);
	free(session->config);
	free(session);
	sessions_start(daemon);
	daemon_look(daemon);
}

/* Once its process is gone, and all that this one said is read. */
static void session_conclude(struct session *session)
{
	if (session->running || session->process)
		return;
	if (!session->answered)
		application_explain(session, -ECONNRESET, "the session's process has ended");
	TAILQ_REMOVE(&session->daemon->sessions, session, entry);
	session->daemon->session_count--;
	session_free(session);
}

static void process_closed(uv_handle_t *handle)
{
	struct session *session = handle->data;

	session->running = false;
	session_conclude(session);
}

static void process_exited(uv_process_t *handle, int64_t status, int signal)
{
	(void)status;
	(void)signal;
	uv_close((uv_handle_t *)handle, process_closed);
}

static int process_spawn(struct session *session, int end)
{
	const struct agent_config *config = session->config;
	char *argv[] = { (char *)session->daemon->options->http, NULL, NULL, NULL, NULL };
	uv_stdio_container_t files[4] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
		{ .flags = UV_INHERIT_FD, .data.fd = end },
	};
	const uv_process_options_t options = { .file = argv[0],
					       .args = argv,
					       .exit_cb = process_exited,
					       .stdio = files,
					       .stdio_count = 4 };
	int count = 1, rc;

	if (config->ca_file[0]) {
		argv[count++] = "--ca-file";
		argv[count++] = (char *)config->ca_file;
	}
	if (config->plain_anywhere)
		argv[count++] = "--plain-anywhere";
	session->handle.data = session;
	rc = uv_spawn(&session->daemon->loop, &session->handle, &options);
	session->running = true;
	/* A handle that was not started is closed like one that was. */
	if (rc < 0)
		uv_close((uv_handle_t *)&session->handle, process_closed);
	return rc;
}

/* Leads to session_conclude() in any case. */
static void session_start(struct session *session)
{
	int ends[2], flags, rc;
	char text[PATH_MAX + 128];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		application_explain(session, -errno, "no descriptors are left");
		session_conclude(session);
		return;
	}
	rc = process_spawn(session, ends[1]);
	close(ends[1]);
	if (rc < 0) {
		(void)snprintf(text, sizeof(text), "%s: %s", session->daemon->options->http,
			       uv_strerror(rc));
		application_explain(session, rc, text);
		close(ends[0]);
		return;
	}
	flags = fcntl(ends[0], F_GETFL);
	(void)fcntl(ends[0], F_SETFL, flags | O_NONBLOCK);
	session->process = client_add(session->daemon, ends[0], NULL, session);
	if (!session->process) {
		close(ends[0]);
		(void)uv_process_kill(&session->handle, SIGKILL);
		return;
	}
	if (agent_send(ends[0], AGENT_REQUEST_TA, 0, session->message.octets,
		       session->message.size) < 0)
		client_close(session->process);
	agent_message_clear(&session->message);
}

static void sessions_start(struct daemon *daemon)
{
	while (!daemon->ending && daemon->session_count < daemon->options->sessions_max &&
	       !TAILQ_EMPTY(&daemon->waiting)) {
		struct session *session = TAILQ_FIRST(&daemon->waiting);

		TAILQ_REMOVE(&daemon->waiting, session, entry);
		daemon->waiting_count--;
		TAILQ_INSERT_TAIL(&daemon->sessions, session, entry);
		daemon->session_count++;
		session_start(session);
	}
}

/* The request as the session's process gets it: with a URI, whoever named it. Returns 0 or -errno,
 * with one line in `err`. */
static int request_complete(struct session *session, const struct agent_message *message, char *err,
			    size_t errlen)
{
	const struct daemon_options *options = session->daemon->options;
	struct agent_ta_request asked;
	const char *uri;
	size_t room;
	char *at;
	int rc = agent_ta_request_parse(message->octets, message->size, &asked);

	if (rc < 0)
		return rc;
	rc = agent_config_read(options->config, asked.taid, session->config, err, errlen);
	if (rc < 0)
		return rc;
	uri = asked.uri[0] ? asked.uri : options->tam ? options->tam : session->config->uri;
	if (!uri[0]) {
		(void)snprintf(err, errlen,
			       "no TAM is known for TA %s: name one, or write \"tam URI\" into %s",
			       asked.taid, options->config);
		return -EDESTADDRREQ;
	}
	room = AGENT_TAID_LENGTH + strlen(uri) + asked.package_size + 3;
	session->message.octets = malloc(room);
	if (!session->message.octets)
		return -ENOMEM;
	at = session->message.octets;
	at += snprintf(at, room, "%s %s%s", asked.taid, uri, asked.package ? "\n" : "");
	if (asked.package)
		at = mempcpy(at, asked.package, asked.package_size);
	session->message.size = (size_t)(at - session->message.octets);
	return 0;
}

int session_add(struct client *application, struct agent_message *message)
{
	struct daemon *daemon = application->daemon;
	struct session *session = calloc(1, sizeof(*session));
	char err[PATH_MAX + 256] = "";
	int rc;

	if (!session)
		return -ENOMEM;
	session->config = calloc(1, sizeof(*session->config));
	session->daemon = daemon;
	session->peer = application->peer;
	session->peer->sessions++;
	rc = session->config ? request_complete(session, message, err, sizeof(err)) : -ENOMEM;
	if (rc < 0) {
		session->peer->sessions--;
		agent_message_clear(&session->message);
		free(session->config);
		free(session);
		if (!err[0])
			return rc;
		client_answer(application, AGENT_REQUEST_TA, rc, err, strlen(err));
		return 0;
	}
	session->application = application;
	application->session = session;
	TAILQ_INSERT_TAIL(&daemon->waiting, session, entry);
	daemon->waiting_count++;
	if (daemon->session_count >= daemon->options->sessions_max) {
		static const char text[] = "others are served first";

		client_answer(application, AGENT_PROGRESS, STEP_WAITING, text, sizeof(text) - 1);
	}
	sessions_start(daemon);
	return 0;
}

void session_leave(struct session *session)
{
	struct daemon *daemon = session->daemon;

	session->application = NULL;
	session->answered = true;
	if (session->running) {
		(void)uv_process_kill(&session->handle, SIGTERM);
		return;
	}
	if (session->process)
		return;
	TAILQ_REMOVE(&daemon->waiting, session, entry);
	daemon->waiting_count--;
	session_free(session);
}

void session_message(struct session *session, struct agent_message *message)
{
	if (message->kind == AGENT_REQUEST_TA)
		application_answer(session, message->status, message->octets, message->size);
	else if (session->application && message->status > STEP_WAITING &&
		 message->status <= STEP_FINISHED)
		client_answer(session->application, AGENT_PROGRESS, message->status,
			      message->octets, message->size);
}

void session_process_gone(struct session *session)
{
	session->process = NULL;
	if (session->running)
		(void)uv_process_kill(&session->handle, SIGTERM);
	session_conclude(session);
}

void sessions_end(struct daemon *daemon)
{
	struct session *session;

	/* They hold nothing that would be left behind. */
	TAILQ_FOREACH(session, &daemon->sessions, entry)
		if (session->running)
			(void)uv_process_kill(&session->handle, SIGKILL);
}
