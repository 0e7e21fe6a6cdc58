/*
 * teesim-agent: the TEEP agent of a device, and the command lines that talk to it.
 *
 * Of the normal world. It has no keys and no network: what goes to TAMs goes by teesim-teep-http.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/paths.h"
#include "teep/agent/daemon/commands.h"
#include "teep/agent/daemon/daemon.h"
#include "teep/tools/arguments.h"

const char agent_help[] =
	"usage: teesim agent serve [OPTION…]\n"
	"       teesim agent request-ta UUID [--tam URI] [--package FILE] [--keys FILE]\n"
	"       teesim agent process [FILE]\n"
	"       teesim agent ta-information SPID UUID\n"
	"       teesim agent status\n"
	"       teesim agent stop\n"
	"\n"
	"The TEEP agent of a device: takes the messages of Trusted Application Managers (TAMs) to\n"
	"the device's TEEs, and what those answer back. It reads of a message only the name of "
	"the\n"
	"TEE that it is for, and has neither keys nor a network; teesim-teep-http, which it "
	"starts\n"
	"for each session, does what HTTP there is. Applications reach it by libteesim-agent\n"
	"(teesim_agent.h), which starts it where none runs.\n"
	"\n"
	"serve           run it here until it is interrupted\n"
	"request-ta      have a TA brought by its TAM, and show how far it is; --package offers "
	"one\n"
	"                that came with the application, --keys keeps what the TAM signed for it\n"
	"process         hand one message in FILE (default: standard input) to its TEE, and print\n"
	"                the answer\n"
	"ta-information  who made and installed a TA, signed by the service provider's key\n"
	"status          what the agent has to do, in JSON\n"
	"stop            end it\n"
	"\n"
	"All take --device DEVICE, and --socket PATH for an agent's own socket.\n"
	"\n"
	"Options of serve:\n"
	"  --tee PATH         a TEE's socket, in place of the device's; may be repeated\n"
	"  --tam URI          the TAM for TAs that are asked for without one\n"
	"  --config FILE      default: agent.conf in teesim's home, with lines like\n"
	"                       tam https://tam.example/tam\n"
	"                       ta 8aaaf200-2450-11e4-abe2-0002a5d5c51b https://other.example/tam\n"
	"                       ca-file /etc/ssl/tam-ca.pem\n"
	"                       plain-anywhere        # plain HTTP to other machines, too\n"
	"  --rate N           messages of one process in a second (default 200; 0: no limit)\n"
	"  --request-rate N   requests for TAs of one process in a second (default 5; 0: no "
	"limit)\n"
	"  --sessions N       sessions with TAMs at the same time (default 16)\n"
	"  --queue N          messages that wait for one TEE (default 64)\n"
	"  --tee-timeout S    seconds that a TEE may take for one answer (default 60)\n"
	"  --idle S           end after so many seconds without anything to do (default: stay)\n"
	"\n"
	"After a pause, more pass at once: twice N, and by default 400 messages and 20 requests.\n"
	"\n"
	"Who asks for too much, or of a TEE that is not there, is answered by the agent itself:\n"
	"ERR_AGENT_TEE_BUSY, ERR_AGENT_TEE_UNKNOWN, ERR_AGENT_TEE_FAIL.\n"
	"\n"
	"Exit status: 0 done, 1 not, 2 not understood, 3 no TEE has answered.\n";

#define ON_DEMAND_IDLE_SECONDS 30

enum {
	OPTION_DEVICE = 256,
	OPTION_SOCKET,
	OPTION_TEE,
	OPTION_TAM,
	OPTION_CONFIG,
	OPTION_RATE,
	OPTION_REQUEST_RATE,
	OPTION_SESSIONS,
	OPTION_QUEUE,
	OPTION_TEE_TIMEOUT,
	OPTION_IDLE,
	OPTION_ON_DEMAND,
	OPTION_READY_FD,
};

static const struct option option_table[] = {
	{ "device", required_argument, NULL, OPTION_DEVICE },
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "tee", required_argument, NULL, OPTION_TEE },
	{ "tam", required_argument, NULL, OPTION_TAM },
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "rate", required_argument, NULL, OPTION_RATE },
	{ "request-rate", required_argument, NULL, OPTION_REQUEST_RATE },
	{ "sessions", required_argument, NULL, OPTION_SESSIONS },
	{ "queue", required_argument, NULL, OPTION_QUEUE },
	{ "tee-timeout", required_argument, NULL, OPTION_TEE_TIMEOUT },
	{ "idle", required_argument, NULL, OPTION_IDLE },
	{ "on-demand", no_argument, NULL, OPTION_ON_DEMAND },
	{ "ready-fd", required_argument, NULL, OPTION_READY_FD },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct serving {
	struct daemon_options options;
	const char *tees[ROUTER_PLACES_MAX];
	char socket[PATH_MAX], config[PATH_MAX], http[PATH_MAX];
	int ready;
};

static bool number_take(const char *name, const char *text, long least, long most,
			unsigned int *out)
{
	long value;

	if (!argument_number(name, text, 0, least, most, &value))
		return false;
	*out = (unsigned int)value;
	return true;
}

/* A bucket that holds what two seconds bring. */
static bool rate_option(const char *name, const char *text, struct rate_limit *out)
{
	unsigned int rate;

	if (!number_take(name, text, 0, 1000000, &rate))
		return false;
	*out = (struct rate_limit) { rate, rate ? 2 * rate : 1 };
	return true;
}

static bool option_take(struct serving *serving, int option, const char *text)
{
	struct daemon_options *options = &serving->options;
	unsigned int number;

	switch (option) {
	case OPTION_DEVICE:
		options->device = text;
		return true;
	case OPTION_SOCKET:
		options->socket = text;
		return true;
	case OPTION_TEE:
		if (options->tee_count == ROUTER_PLACES_MAX) {
			(void)tool_refuse("more than %u --tee", ROUTER_PLACES_MAX);
			return false;
		}
		serving->tees[options->tee_count++] = text;
		return true;
	case OPTION_TAM:
		options->tam = text;
		if (agent_uri_valid(text))
			return true;
		(void)tool_refuse("--tam: \"%s\" is no http:// or https:// URI", text);
		return false;
	case OPTION_CONFIG:
		options->config = text;
		return true;
	case OPTION_RATE:
		return rate_option("rate", text, &options->limits.messages);
	case OPTION_REQUEST_RATE:
		return rate_option("request-rate", text, &options->limits.requests);
	case OPTION_SESSIONS:
		return number_take("sessions", text, 1, 1024, &options->sessions_max);
	case OPTION_QUEUE:
		return number_take("queue", text, 1, 100000, &options->router.queue_max);
	case OPTION_TEE_TIMEOUT:
		if (!number_take("tee-timeout", text, 1, 3600, &number))
			return false;
		options->router.answer_timeout_ms = number * 1000;
		return true;
	case OPTION_IDLE:
		return number_take("idle", text, 1, 86400, &options->idle_seconds);
	case OPTION_ON_DEMAND:
		options->idle_seconds = ON_DEMAND_IDLE_SECONDS;
		return true;
	case OPTION_READY_FD:
		if (!number_take("ready-fd", text, 3, 1023, &number))
			return false;
		serving->ready = (int)number;
		return true;
	default:
		return false;
	}
}

/* The program that has the network lies beside this one. */
static int http_find(char path[PATH_MAX], char *err, size_t errlen)
{
	const ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 64);
	char *slash;

	if (n < 0)
		return -errno;
	path[n] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash + 1, "teesim-teep-http");
	if (access(path, X_OK) == 0)
		return 0;
	(void)snprintf(err, errlen, "%s is missing: build or install it", path);
	return -ENOENT;
}

/* Where the agent listens, and what it needs. */
static bool places_find(struct serving *serving)
{
	struct daemon_options *options = &serving->options;
	char err[PATH_MAX + 256] = "", home[PATH_MAX];
	int rc = 0;

	if (!options->socket) {
		rc = agent_path(options->device, serving->socket, sizeof(serving->socket), err,
				sizeof(err));
		options->socket = serving->socket;
	}
	if (rc == 0 && !options->config) {
		rc = paths_home(home, sizeof(home));
		if (rc == 0)
			(void)snprintf(serving->config, sizeof(serving->config),
				       "%.4000s/agent.conf", home);
		options->config = serving->config;
	}
	if (rc == 0)
		rc = http_find(serving->http, err, sizeof(err));
	if (rc)
		(void)tool_refuse("%s", err[0] ? err : strerror(-rc));
	return rc == 0;
}

int agent_serve_command(int argc, char **argv)
{
	struct serving serving = {
		.options = { .sessions_max = 16,
			     .waiting_max = 64,
			     .limits = { .messages = { 200, 400 },
					 .requests = { 5, 20 },
					 .connections_max = 64,
					 .sessions_max = 16 } },
		.ready = -1,
	};
	static char name[] = "teesim agent serve";
	char err[PATH_MAX + 256] = "";
	int option, rc;

	serving.options.tees = serving.tees;
	serving.options.http = serving.http;
	argv[0] = name;
	optind = 1;
	while ((option = getopt_long(argc, argv, "h", option_table, NULL)) != -1) {
		if (option == 'h') {
			fputs(agent_help, stdout);
			return EXIT_DONE;
		}
		if (option == '?' || !option_take(&serving, option, optarg)) {
			fputs("`teesim agent --help` tells what there is\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc) {
		(void)tool_refuse("what is \"%s\"? `teesim agent --help` tells more", argv[optind]);
		return EXIT_USAGE;
	}
	if (!places_find(&serving))
		return EXIT_REFUSED;
	(void)signal(SIGPIPE, SIG_IGN);
	rc = daemon_run(&serving.options, serving.ready, err, sizeof(err));
	if (rc == 0)
		return EXIT_DONE;
	if (serving.ready >= 0)
		(void)dprintf(serving.ready, "error: %s\n", err);
	return rc == -EALREADY ? tool_refuse("an agent runs already at %s", serving.options.socket)
			       : tool_refuse("%s", err);
}

int main(int argc, char **argv)
{
	static const struct subcommand table[] = {
		{ "serve", agent_serve_command },
		{ "request-ta", agent_request_command },
		{ "process", agent_process_command },
		{ "ta-information", agent_information_command },
		{ "status", agent_status_command },
		{ "stop", agent_stop_command },
	};

	return subcommand_run(argc, argv, agent_help, table, sizeof(table) / sizeof(table[0]));
}
