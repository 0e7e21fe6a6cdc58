/*
 * The same from JavaScript, by the addon for Node.js: a command against one from C and against a
 * call of the addon that does nothing; 1 MiB put into shared memory, passed and read back, against
 * copying that twice. javascript.js measures, in a process of its own, and is asked in turns.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "client.h"
#include "figures.h"
#include "ta/bench_ta.h"

#define INVOKE_NAME	 "javascript_invoke"
#define INVOKE_TITLE	 "invokeCommand() from JavaScript"
#define NAPI_NAME	 "javascript_invoke_napi"
#define SHARED_NAME	 "javascript_shared"
#define SHARED_TITLE	 "1 MiB setData, invoke, getData"
#define CALLS		 100U
#define CALLS_OF_NOTHING 2000U
#define CALLS_OF_SHARED	 10U
#define TEXT_SIZE	 65536U

#ifdef BENCH_NODE_PACKAGE

struct script {
	pid_t pid;
	/* Requests and answers. */
	FILE *to;
	FILE *from;
	struct client client;
	double samples[CALLS_OF_NOTHING];
	char text[TEXT_SIZE];
};

__attribute__((noreturn)) static void script_exec(int in, int out)
{
	char *const argv[] = { (char *)"node", (char *)BENCH_NODE_SCRIPT,
			       (char *)BENCH_NODE_PACKAGE, (char *)BENCH_NODE_TA, NULL };

	int quiet;

	/* Where the measured TAs lie; no rules for applications, and no word on that. */
	(void)setenv("TEESIM_TA_PATH", BENCH_DIRECTORY, 1);
	quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (quiet >= 0)
		(void)dup2(quiet, STDERR_FILENO);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		(void)execvp(argv[0], argv);
	_exit(127);
}

static int script_start(struct script *script)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return -EMFILE;
	}
	script->pid = fork();
	if (script->pid == 0)
		script_exec(in[0], out[1]);
	close(in[0]);
	close(out[1]);
	script->to = fdopen(in[1], "w");
	script->from = fdopen(out[0], "r");
	return script->pid < 0 || !script->to || !script->from ? -EAGAIN : 0;
}

static void script_stop(struct script *script)
{
	if (script->to)
		fclose(script->to);
	if (script->from)
		fclose(script->from);
	if (script->pid > 0)
		while (waitpid(script->pid, NULL, 0) < 0 && errno == EINTR)
			;
}

static void round_add(struct series *series, double *samples, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		series_count(series, samples[i]);
	statistics_sort(samples, count);
	series_add(series, statistics_quantile(samples, count, 0.5),
		   statistics_quantile(samples, count, 0.99));
}

/* One round on the script's side. Returns 0, or -errno. */
static int script_round(struct script *script, const char *what, unsigned int calls,
			struct series *series)
{
	unsigned int count = 0;
	char *at;

	if (fprintf(script->to, "%s %u\n", what, calls) < 0 || fflush(script->to) < 0 ||
	    !fgets(script->text, sizeof(script->text), script->from))
		return -EPIPE;
	at = script->text;
	while (count < calls) {
		char *end;

		script->samples[count] = strtod(at, &end);
		if (end == at)
			return -EIO;
		at = end;
		count++;
	}
	round_add(series, script->samples, count);
	return 0;
}

/* One round of the same command from C. */
static int client_round(struct script *script, struct series *series)
{
	for (unsigned int i = 0; i < CALLS; i++) {
		uint64_t from = clock_ticks();
		int err = client_invoke_empty(&script->client);

		if (err < 0)
			return err;
		script->samples[i] = clock_ns(clock_ticks() - from);
	}
	round_add(series, script->samples, CALLS);
	return 0;
}

struct side {
	const char *what;
	/* NULL: the client in C. */
	const char *request;
	unsigned int calls;
};

static void sides_measure(struct bench *bench, struct script *script, const char *name,
			  const char *title, const struct side sides[2])
{
	struct result *result = harness_result(bench, name, title, UNIT_NS, GOAL_NONE, 0);
	struct series *series[2] = { &result->thing, &result->yardstick };
	struct series unused;
	int err = 0;

	for (unsigned int side = 0; side < 2; side++) {
		series_name(series[side], sides[side].what);
		memset(&unused, 0, sizeof(unused));
		/* What is called often is compiled. */
		for (unsigned int i = 0; !err && sides[side].request && i < 5; i++)
			err = script_round(script, sides[side].request, sides[side].calls, &unused);
	}
	for (unsigned int i = 0; !err && i < bench->options.rounds; i++) {
		for (unsigned int turn = 0; !err && turn < 2; turn++) {
			unsigned int side = turn ^ (i & 1);

			err = sides[side].request ? script_round(script, sides[side].request,
								 sides[side].calls, series[side])
						  : client_round(script, series[side]);
		}
	}
	if (err < 0)
		snprintf(result->failure, sizeof(result->failure), "%s",
			 err == -EPIPE ? "node does not run: apt-get install nodejs"
				       : "a call failed");
	harness_finish(result);
}

static void script_measure(struct bench *bench, struct script *script)
{
	static const struct side against_c[] = {
		{ "invokeCommand()", "invoke", CALLS },
		{ "TEEC_InvokeCommand() in C", NULL, CALLS },
	};
	static const struct side against_napi[] = {
		{ "invokeCommand()", "invoke", CALLS },
		{ "empty Node-API call", "nothing", CALLS_OF_NOTHING },
	};
	static const struct side shared[] = {
		{ "setData, invoke, getData", "shared", CALLS_OF_SHARED },
		{ "two copies of 1 MiB", "copies", CALLS_OF_SHARED },
	};

	sides_measure(bench, script, INVOKE_NAME, INVOKE_TITLE, against_c);
	sides_measure(bench, script, NAPI_NAME, INVOKE_TITLE, against_napi);
	sides_measure(bench, script, SHARED_NAME, SHARED_TITLE, shared);
}

void javascript_run(struct bench *bench)
{
	static struct script script;
	char why[128];

	if (client_open(&script.client, BENCH_TA_KEPT, why, sizeof(why)) < 0) {
		harness_fail(bench, INVOKE_NAME, INVOKE_TITLE, "%s", why);
		return;
	}
	/* Its end must not be ours. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (script_start(&script) < 0)
		harness_fail(bench, INVOKE_NAME, INVOKE_TITLE, "no process could be started");
	else
		script_measure(bench, &script);
	script_stop(&script);
	client_close(&script.client);
}

#else

void javascript_run(struct bench *bench)
{
	harness_fail(bench, INVOKE_NAME, INVOKE_TITLE,
		     "teesim was built without its package for Node.js");
}

#endif
