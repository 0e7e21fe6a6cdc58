/*
 * System calls that a warm invoke makes, on either side: strace counts those of the client's
 * thread and of the TA host while so many invokes run, then while twice as many do; the difference
 * leaves out what starting and stopping to count costs.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "device.h"
#include "figures.h"
#include "placement.h"
#include "scratch.h"
#include "ta/bench_ta.h"

#define TITLE	     "system calls per warm invoke"
#define ROUNDS	     5U
#define ROUNDS_QUICK 3U
#define ATTACH_STEPS 500U
#define STEP_NS	     2000000
/* So few that they are not the invoke's own: the machine took the CPU away for longer than the
 * spin lasts. */
#define FEW 0.001

struct caller {
	const struct device *device;
	struct client client;
	pthread_barrier_t step;
	pid_t tid;
	unsigned int calls;
	int err;
};

/* The calls of one count, on a thread that makes no other system call but for the barrier. */
static void *caller_run(void *context)
{
	struct caller *caller = context;

	caller->tid = (pid_t)syscall(SYS_gettid);
	placement_apart(caller->device);
	pthread_barrier_wait(&caller->step);
	/* strace is attached to us here. */
	pthread_barrier_wait(&caller->step);
	for (unsigned int i = 0; i < caller->calls && !caller->err; i++)
		caller->err = client_invoke_empty(&caller->client);
	pthread_barrier_wait(&caller->step);
	/* It goes away here. */
	pthread_barrier_wait(&caller->step);
	return NULL;
}

static void pause_shortly(void)
{
	const struct timespec step = { .tv_nsec = STEP_NS };

	nanosleep(&step, NULL);
}

static bool is_traced(pid_t pid, pid_t tid)
{
	char path[64], line[256];
	bool traced = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "TracerPid:", 10))
			traced = strtol(line + 10, NULL, 10) != 0;
	fclose(file);
	return traced;
}

/* Starts strace on one thread, or with `all` on all of its process. Returns its pid or -errno. */
static pid_t strace_start(pid_t pid, pid_t tid, bool all, const char *out)
{
	char number[16];
	pid_t tracer = fork();

	if (tracer < 0)
		return -errno;
	if (tracer == 0) {
		(void)!freopen("/dev/null", "w", stderr);
		snprintf(number, sizeof(number), "%d", tid);
		(void)execlp("strace", "strace", "-c", "-o", out, all ? "-fp" : "-p", number,
			     (char *)NULL);
		_exit(127);
	}
	for (unsigned int i = 0; i < ATTACH_STEPS; i++) {
		int status;

		if (is_traced(pid, tid))
			return tracer;
		if (waitpid(tracer, &status, WNOHANG) == tracer)
			return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOENT : -EPERM;
		pause_shortly();
	}
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
	return -ETIMEDOUT;
}

/* Ends strace and reads the sum of its table. Returns it or -errno. */
static long strace_stop(pid_t tracer, const char *out)
{
	char line[256];
	long total = 0;
	FILE *file;

	kill(tracer, SIGINT);
	while (waitpid(tracer, NULL, 0) < 0 && errno == EINTR)
		;
	file = fopen(out, "re");
	if (!file)
		return -errno;
	/* "100.00 0.000071 5 14 3 total"; no table at all where there was no call. */
	while (fgets(line, sizeof(line), file)) {
		char *field = line, *end;

		if (!strstr(line, " total\n"))
			continue;
		for (unsigned int i = 0; i < 3 && *field; i++) {
			(void)strtod(field, &end);
			field = end;
		}
		total = strtol(field, NULL, 10);
	}
	fclose(file);
	return total;
}

struct count {
	long client;
	long host;
};

/* What both sides call while `calls` invokes run. */
static int count_once(struct caller *caller, pid_t host, unsigned int calls, struct count *count)
{
	char out[2][96];
	pid_t tracer[2] = { -1, -1 };
	pthread_t thread;
	int err = 0;

	snprintf(out[0], sizeof(out[0]), "%s/strace-client", scratch_directory());
	snprintf(out[1], sizeof(out[1]), "%s/strace-host", scratch_directory());
	caller->calls = calls;
	pthread_barrier_init(&caller->step, NULL, 2);
	if (pthread_create(&thread, NULL, caller_run, caller) != 0)
		return -EAGAIN;
	pthread_barrier_wait(&caller->step);
	tracer[0] = strace_start(getpid(), caller->tid, false, out[0]);
	if (tracer[0] > 0)
		tracer[1] = strace_start(host, host, true, out[1]);
	pthread_barrier_wait(&caller->step);
	pthread_barrier_wait(&caller->step);
	for (unsigned int i = 0; i < 2; i++) {
		long total = tracer[i] > 0 ? strace_stop(tracer[i], out[i]) : tracer[i];

		if (total < 0)
			err = err ? err : (int)total;
		else if (i == 0)
			count->client = total;
		else
			count->host = total;
	}
	pthread_barrier_wait(&caller->step);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&caller->step);
	return err ? err : caller->err;
}

static int rounds_run(struct bench *bench, struct caller *caller, pid_t host, struct result *client,
		      struct result *ta)
{
	unsigned int calls = 4 * harness_calls(bench);
	unsigned int rounds = bench->options.quick ? ROUNDS_QUICK : ROUNDS;

	for (unsigned int i = 0; i < rounds; i++) {
		struct count once = { 0 }, twice = { 0 };
		double difference;
		int err = count_once(caller, host, calls, &once);

		if (!err)
			err = count_once(caller, host, 2 * calls, &twice);
		if (err < 0)
			return err;
		difference = (double)(twice.client - once.client) / calls;
		series_add(&client->thing, difference > 0 ? difference : 0, 0);
		difference = (double)(twice.host - once.host) / calls;
		series_add(&ta->thing, difference > 0 ? difference : 0, 0);
	}
	return 0;
}

void system_calls_run(struct bench *bench)
{
	static struct caller caller;
	struct result *client, *ta;
	char why[128];
	pid_t host;
	int err;

	caller.device = bench->device;
	if (client_open(&caller.client, BENCH_TA_KEPT, why, sizeof(why)) < 0) {
		harness_fail(bench, "system_calls", TITLE, "%s", why);
		return;
	}
	(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	client = harness_result(bench, "system_calls_client", TITLE ", client", UNIT_COUNT,
				GOAL_VALUE_AT_MOST, FEW);
	ta = harness_result(bench, "system_calls_ta-host", TITLE ", ta-host", UNIT_COUNT,
			    GOAL_VALUE_AT_MOST, FEW);
	host = device_busy_host(bench->device, client_invoke_empty, &caller.client);
	err = host > 0 ? rounds_run(bench, &caller, host, client, ta) : host;
	if (err < 0) {
		snprintf(client->failure, sizeof(client->failure), "%s",
			 err == -ENOENT	 ? "strace is not installed: apt-get install strace"
			 : err == -EPERM ? "strace may not attach to ta-host: run as root"
					 : strerror(-err));
		snprintf(ta->failure, sizeof(ta->failure), "%s", client->failure);
	}
	snprintf(
		client->note, sizeof(client->note),
		"strace of N and of 2 N calls; what is left of 0 are parks while the CPU was busy");
	placement_free(bench->device);
	client_close(&caller.client);
}
