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

/* Lets the processes of the call before go in peace. */
#define PAUSE_NS 3000000

struct opening {
	const struct device *device;
	int number;
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
				      opening->number);

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
	/* What it loads; the library may be NULL. */
	const char *ta;
	const char *library;
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
			(void)execl(BENCH_DIRECTORY "/bare_loader", "bare_loader", bare->ta,
				    bare->library, (char *)NULL);
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

static void opening_measure(struct bench *bench, const char *name, const char *title, int number,
			    struct bare *bare)
{
	struct opening opening = { .device = bench->device, .number = number };
	struct measurement m = {
		.name = name,
		.title = title,
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
			       .context = bare },
		.calls = bench->options.quick ? 3 : 8,
		.round_ms = 1000,
		.warm_up = 1,
	};
	pid_t hosts[DEVICE_PROCESSES_MAX];
	char why[128];

	if (client_open(&opening.client, number, why, sizeof(why)) < 0) {
		harness_fail(bench, name, title, "%s", why);
		return;
	}
	TEEC_CloseSession(&opening.client.session);
	settle();
	settle();
	opening.hosts = device_hosts(bench->device, hosts);
	(void)harness_measure(bench, &m);
	TEEC_FinalizeContext(&opening.client.context);
}

void cold_open_run(struct bench *bench)
{
	struct bare plain = { .ta = BENCH_TA_FILE };
	struct bare crypto = { .ta = BENCH_CRYPTO_TA_FILE, .library = "libcrypto.so.3" };

	opening_measure(bench, "cold_open", "cold TEEC_OpenSession", BENCH_TA_PLAIN, &plain);
	opening_measure(bench, "cold_open_crypto", "the same, TA with cryptography",
			BENCH_TA_CRYPTO, &crypto);
}
