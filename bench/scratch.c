#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

#define SURVIVORS_MAX 256U
#define GRACE_STEPS   100U
#define GRACE_STEP_NS 20000000

static char directory[96];

const char *scratch_directory(void)
{
	return directory;
}

static int entry_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int environment_lead(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/home", directory);
	if (mkdir(path, 0700) < 0 || setenv("TEESIM_HOME", path, 1) < 0)
		return -errno;
	if (setenv("XDG_RUNTIME_DIR", directory, 1) < 0 ||
	    setenv("TEESIM_TA_PATH", BENCH_DIRECTORY, 1) < 0 || unsetenv("TEESIM_DEVICE") < 0 ||
	    unsetenv("TEESIM_DAEMON") < 0)
		return -errno;
	return 0;
}

/* Ends whatever still runs below us, politely first. All of it becomes our child when its own
 * parent ends. */
static void survivors_end(void)
{
	const struct timespec step = { .tv_nsec = GRACE_STEP_NS };
	pid_t pids[SURVIVORS_MAX];

	for (unsigned int i = 0; i < GRACE_STEPS; i++) {
		unsigned int count = process_descendants(getpid(), NULL, pids, SURVIVORS_MAX);
		int signal_number = i < GRACE_STEPS / 2 ? SIGTERM : SIGKILL;

		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (!count)
			return;
		/* Once to ask, once to insist. */
		if (i == 0 || i >= GRACE_STEPS / 2)
			for (unsigned int j = 0; j < count; j++)
				kill(pids[j], signal_number);
		nanosleep(&step, NULL);
	}
}

/* Waits for the worker, or for a signal that ends the run. */
static int supervise(pid_t worker, const sigset_t *minded)
{
	for (;;) {
		int number = sigwaitinfo(minded, NULL);
		int status;
		pid_t pid;

		if (number < 0)
			continue;
		if (number != SIGCHLD)
			return 128 + number;
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == worker)
				return WIFEXITED(status) ? WEXITSTATUS(status)
							 : 128 + WTERMSIG(status);
	}
}

int scratch_run(int (*work)(void *context), void *context)
{
	const char *base = getenv("TMPDIR");
	sigset_t minded, before;
	pid_t parent = getpid();
	pid_t worker;
	int status;

	/* The path of a socket has to fit in 108 octets. */
	if (!base || strlen(base) > 60)
		base = "/tmp";
	snprintf(directory, sizeof(directory), "%s/teesim-bench.XXXXXX", base);
	if (!mkdtemp(directory)) {
		fprintf(stderr, "teesim-bench: %s: %s; set TMPDIR to a directory of yours\n",
			directory, strerror(errno));
		return 1;
	}
	if (environment_lead() < 0)
		return 1;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&minded);
	sigaddset(&minded, SIGCHLD);
	sigaddset(&minded, SIGINT);
	sigaddset(&minded, SIGTERM);
	sigaddset(&minded, SIGHUP);
	sigprocmask(SIG_BLOCK, &minded, &before);
	(void)fflush(NULL);
	worker = fork();
	if (worker == 0) {
		/* A group of its own, so that what a terminal sends reaches the supervisor alone.
		 */
		(void)setpgid(0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		if (getppid() != parent)
			_exit(1);
		status = work(context);
		(void)fflush(NULL);
		_exit(status);
	}
	status = worker < 0 ? 1 : supervise(worker, &minded);
	survivors_end();
	(void)nftw(directory, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
	return status;
}
