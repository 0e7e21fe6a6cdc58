#include "teep/agent/daemon/commands.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "teep/agent/connect.h"
#include "teep/agent/protocol.h"
#include "teep/tools/arguments.h"
#include "teesim_agent.h"

/* The statuses of those that ask: what is the agent's own word is told apart. */
enum {
	EXIT_TEE_UNREACHED = 3,
};

#define STOP_PATIENCE_MS 10000

static struct teesim_agent *agent_of(const char *device, const char *socket)
{
	const struct teesim_agent_options options = { .device = device, .socket = socket };
	struct teesim_agent *agent;

	if (teesim_agent_open(&options, &agent) < 0) {
		(void)tool_refuse("%s", teesim_agent_reason());
		return NULL;
	}
	return agent;
}

static int status_of(int rc)
{
	if (rc == 0)
		return EXIT_DONE;
	(void)tool_refuse("%s", teesim_agent_reason());
	return rc > 0 ? EXIT_TEE_UNREACHED : EXIT_REFUSED;
}

static int progress_show(void *context, enum teesim_agent_step step, const char *text)
{
	(void)context;
	(void)step;
	return puts(text) < 0 || fflush(stdout) != 0;
}

static int keys_write(const char *path, const char *keys)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(keys, file) < 0 || fclose(file) != 0)
		return tool_refuse("%s: %s", path, strerror(errno));
	return EXIT_DONE;
}

int agent_request_command(int argc, char **argv)
{
	const char *device = NULL, *socket = NULL, *tam = NULL, *package = NULL, *keys_path = NULL;
	const char *taid;
	const struct argument table[] = { { "device", &device, NULL },
					  { "socket", &socket, NULL },
					  { "tam", &tam, NULL },
					  { "package", &package, NULL },
					  { "keys", &keys_path, NULL } };
	int rc, status = arguments_parse(argc, argv, agent_help, table, 5, &taid, 1);
	unsigned char *octets = NULL;
	struct teesim_agent *agent;
	char *keys = NULL;
	size_t size = 0;

	if (status >= 0)
		return status;
	if (package) {
		octets = input_read(package, &size);
		if (!octets)
			return EXIT_REFUSED;
	}
	agent = agent_of(device, socket);
	if (!agent) {
		free(octets);
		return EXIT_REFUSED;
	}
	if (package)
		rc = teesim_agent_offer_ta(agent, taid, octets, size, tam, progress_show, NULL,
					   &keys);
	else
		rc = teesim_agent_request_ta(agent, taid, tam, progress_show, NULL, &keys);
	status = status_of(rc);
	if (rc == 0 && keys_path && keys)
		status = keys_write(keys_path, keys);
	else if (rc == 0 && keys_path)
		status = tool_refuse("the TAM gave no keys");
	teesim_agent_free(keys);
	teesim_agent_close(agent);
	free(octets);
	return status;
}

int agent_process_command(int argc, char **argv)
{
	const char *device = NULL, *socket = NULL, *path = "-";
	const struct argument table[] = { { "device", &device, NULL },
					  { "socket", &socket, NULL } };
	int rc, status = arguments_parse(argc, argv, agent_help, table, 2, &path, 1);
	size_t size, answer_size;
	struct teesim_agent *agent;
	unsigned char *message;
	char *answer;

	if (status >= 0)
		return status;
	message = input_read(path, &size);
	agent = message ? agent_of(device, socket) : NULL;
	if (!agent) {
		free(message);
		return EXIT_REFUSED;
	}
	rc = teesim_agent_process_otrp_message(agent, message, size, &answer, &answer_size);
	if (answer)
		puts(answer);
	status = status_of(rc);
	teesim_agent_free(answer);
	teesim_agent_close(agent);
	free(message);
	return status;
}

int agent_information_command(int argc, char **argv)
{
	const char *device = NULL, *socket = NULL, *words[2];
	const struct argument table[] = { { "device", &device, NULL },
					  { "socket", &socket, NULL } };
	int rc, status = arguments_parse(argc, argv, agent_help, table, 2, words, 2);
	struct teesim_agent *agent;
	char *information;

	if (status >= 0)
		return status;
	agent = agent_of(device, socket);
	if (!agent)
		return EXIT_REFUSED;
	rc = teesim_agent_get_ta_information(agent, words[0], words[1], &information);
	if (rc == 0)
		puts(information);
	status = status_of(rc);
	teesim_agent_free(information);
	teesim_agent_close(agent);
	return status;
}

/* A connection to an agent that runs. Returns it, or -errno after a message. */
static int running(int argc, char **argv, int *status)
{
	const char *device = NULL, *socket = NULL;
	const struct argument table[] = { { "device", &device, NULL },
					  { "socket", &socket, NULL } };
	char path[PATH_MAX], err[PATH_MAX + 256] = "";
	int rc;

	*status = arguments_parse(argc, argv, agent_help, table, 2, NULL, 0);
	if (*status >= 0)
		return -ECANCELED;
	if (!socket)
		socket = secure_getenv("TEESIM_AGENT_SOCKET");
	rc = socket && socket[0] ? 0 : agent_path(device, path, sizeof(path), err, sizeof(err));
	if (rc == 0)
		rc = agent_connect(NULL, socket && socket[0] ? socket : path, err, sizeof(err));
	if (rc < 0)
		*status = tool_refuse("%s", err);
	return rc;
}

int agent_status_command(int argc, char **argv)
{
	struct agent_message message;
	int status, fd = running(argc, argv, &status);

	if (fd < 0)
		return status;
	status = EXIT_REFUSED;
	if (agent_send(fd, AGENT_STATUS, 0, NULL, 0) == 0 && agent_receive(fd, &message) == 0) {
		puts(message.octets);
		agent_message_clear(&message);
		status = EXIT_DONE;
	}
	close(fd);
	return status;
}

int agent_stop_command(int argc, char **argv)
{
	int status, fd = running(argc, argv, &status);
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	socklen_t size = sizeof(struct ucred);
	struct ucred who;

	if (fd < 0)
		return status;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || who.pid <= 0 ||
	    kill(who.pid, SIGTERM) < 0)
		status = tool_refuse("the agent can't be told to end: %s", strerror(errno));
	else if (poll(&poller, 1, STOP_PATIENCE_MS) <= 0)
		status = tool_refuse("the agent (process %d) does not end", (int)who.pid);
	else
		status = EXIT_DONE;
	close(fd);
	return status;
}
