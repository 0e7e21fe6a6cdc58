/*
 * teesim-teep-http: one session with a TAM for the agent, which itself has no network. The agent
 * starts it with a socket on descriptor 3 (teep/agent/protocol.h), asks it there for a TA, and does
 * for it what it asks there of the TEE.
 *
 * Of the normal world: it holds no secret but the session's id.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "teep/agent/http/teep_http.h"
#include "teep/agent/protocol.h"

#define AGENT_FD 3

static int process(void *context, const char *message, size_t size, char **answer,
		   size_t *answer_size, char *err, size_t errlen)
{
	struct agent_message got = { 0 };
	int rc = agent_send(AGENT_FD, AGENT_PROCESS, 0, message, size);

	(void)context;
	if (rc == 0)
		rc = agent_receive(AGENT_FD, &got);
	if (rc == 0 && got.kind != AGENT_PROCESS) {
		agent_message_clear(&got);
		rc = -EPROTO;
	}
	if (rc < 0) {
		(void)snprintf(err, errlen, "the agent: %s", strerror(-rc));
		return rc;
	}
	if (got.status < 0) {
		(void)snprintf(err, errlen, "%s", got.octets);
		rc = got.status;
		agent_message_clear(&got);
		return rc;
	}
	*answer = got.octets;
	*answer_size = got.size;
	return 0;
}

static int progress(void *context, enum teep_http_step step, const char *text)
{
	(void)context;
	return agent_send(AGENT_FD, AGENT_PROGRESS, (int)step, text, strlen(text));
}

static int run(const struct teep_http_options *given, const struct agent_ta_request *asked,
	       char **keys, char *err, size_t errlen)
{
	const struct teep_http_device device = { .process = process, .progress = progress };
	const char *const taids[] = { asked->taid };
	const struct teep_http_request request = { .taids = taids,
						   .taid_count = 1,
						   .package = asked->package,
						   .package_size = asked->package_size };
	struct teep_http_options options = *given;
	struct teep_http *http;
	int rc;

	options.uri = asked->uri;
	rc = teep_http_open(&http, &options, err, errlen);
	if (rc == 0)
		rc = teep_http_run(http, &request, &device, keys, err, errlen);
	teep_http_close(http);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct option table[] = { { "ca-file", required_argument, NULL, 'c' },
					       { "plain-anywhere", no_argument, NULL, 'p' },
					       { NULL, 0, NULL, 0 } };
	struct teep_http_options options = { 0 };
	char err[5120] = "", *keys = NULL;
	struct agent_ta_request request;
	struct agent_message message;
	int option, rc;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == 'c')
			options.ca_file = optarg;
		else if (option == 'p')
			options.plain_anywhere = true;
		else
			return 2;
	}
	/* Whoever started it is gone: so is who asked. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (agent_receive(AGENT_FD, &message) < 0) {
		fputs("teesim-teep-http: it is for teesim-agent to start; "
		      "see 'teesim agent --help'\n",
		      stderr);
		return 2;
	}
	rc = message.kind == AGENT_REQUEST_TA
		     ? agent_ta_request_parse(message.octets, message.size, &request)
		     : -EPROTO;
	if (rc == 0)
		rc = run(&options, &request, &keys, err, sizeof(err));
	if (rc == 0)
		rc = agent_send(AGENT_FD, AGENT_REQUEST_TA, 0, keys, keys ? strlen(keys) : 0);
	else
		(void)agent_send(AGENT_FD, AGENT_REQUEST_TA, rc, err, strlen(err));
	free(keys);
	agent_message_clear(&message);
	return rc ? 1 : 0;
}
