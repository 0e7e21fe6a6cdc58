/*
 * TEEC_OpenSession() of a TA that has no instance yet, against a bare program that is forked and
 * executed and loads the same TA.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "device.h"
#include "figures.h"
#include "ta/bench_ta.h"

#define NAME  "cold_open"
#define TITLE "cold TEEC_OpenSession"
/* Lets the processes of the call before go in peace. */
#define PAUSE_NS 3000000

struct opening {
	const struct device *device;
	struct client client;
	unsigned int hosts;
	bool opened;
};

static void settle(void)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	nanosleep(&pause, NULL);
}

static int session_open(void *context)
{
	struct opening *opening = context;
	int err = client_session_open(&opening->client.context, &opening->client.session,
				      BENCH_TA_PLAIN);

	opening->opened = err == 0;
	return err;
}

static void session_close(void *context)
{
	struct opening *opening = context;

	if (opening->opened)
		TEEC_CloseSession(&opening->client.session);
	device_settle(opening->device, opening->hosts);
	settle();
}

struct bare {
	pid_t pid;
	int fd;
};

static int bare_load(void *context)
{
	struct bare *bare = context;
	char word;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	bare->pid = fork();
	if (bare->pid == 0) {
		if (dup2(fds[1], STDOUT_FILENO) >= 0)
			(void)execl(BENCH_DIRECTORY "/bare_loader", "bare_loader", BENCH_TA_FILE,
				    (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	bare->fd = fds[0];
	if (bare->pid < 0)
		return -EAGAIN;
	/* It says so once the TA is loaded, and stays until it is killed. */
	return read(fds[0], &word, 1) == 1 ? 0 : -EIO;
}

static void bare_end(void *context)
{
	struct bare *bare = context;

	close(bare->fd);
	if (bare->pid > 0) {
		kill(bare->pid, SIGKILL);
		while (waitpid(bare->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	settle();
}

void cold_open_run(struct bench *bench)
{
	struct opening opening = { .device = bench->device };
	struct bare bare = { 0 };
	struct measurement m = {
		.name = NAME,
		.title = TITLE,
		.goal = GOAL_RATIO_AT_MOST,
		.anywhere = true,
		.target = 2,
		.thing = { .what = "TEEC_OpenSession",
			   .call = session_open,
			   .after = session_close,
			   .context = &opening },
		.yardstick = { .what = "fork, exec, dlopen",
			       .call = bare_load,
			       .after = bare_end,
			       .context = &bare },
		.calls = bench->options.quick ? 3 : 8,
		.round_ms = 1000,
		.warm_up = 1,
	};
	pid_t hosts[DEVICE_PROCESSES_MAX];
	char why[128];

	if (client_open(&opening.client, BENCH_TA_PLAIN, why, sizeof(why)) < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
		return;
	}
	TEEC_CloseSession(&opening.client.session);
	settle();
	settle();
	opening.hosts = device_hosts(bench->device, hosts);
	(void)harness_measure(bench, &m);
	TEEC_FinalizeContext(&opening.client.context);
}
