/* `teesim run`: one command on a device of its own. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/daemon_options.h"
#include "device/paths.h"
#include "wire/launch.h"
#include "wire/wait.h"

/* As env(1) and timeout(1) have it. */
#define EXIT_OWN_FAILURE    125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND	    127

/* How long teesimd may take to end before it is killed; it gives its TAs two seconds, those that it
 * has killed ten, and reports of crashes twenty. */
#define STOP_TIMEOUT_MS 45000

/* What the device is called to the command while it has no name of its own. */
#define EPHEMERAL_NAME "ephemeral"

static const char help[] =
	"usage: teesim run [OPTION…] [--] COMMAND [ARGUMENT…]\n"
	"\n"
	"Runs COMMAND on a fresh simulated device that is gone when COMMAND has ended. What the\n"
	"trusted applications log goes to stderr.\n"
	"\n"
	"  -d, --device NAME         use the state of device NAME, which is kept\n"
	"      --keep                keep the fresh device, and say how it is called\n"
	"      --ta-path DIR[:DIR…]  look for trusted applications there "
	"first\n" DAEMON_OPTIONS_HELP "\n"
	"Exit status: COMMAND's own, 128 + N when signal N ended it, 127 when there is no such\n"
	"command, 126 when it cannot be executed, 125 when the device cannot be started.\n";

struct run {
	struct daemon_options options;
	const char *ta_path;
	bool keep;
	char **command;
	char device[PATHS_DEVICE_NAME_MAX + 1];
	char socket_path[PATH_MAX];
	/* 0: not ours, or ended. */
	pid_t daemon;
	/* What is restored for the command. */
	sigset_t mask;
	struct sigaction child_action;
};

/* The signals that are handed on to the command, and SIGCHLD. */
static void watched_signals(sigset_t *set)
{
	static const int watched[] = { SIGINT,	SIGQUIT, SIGTERM, SIGHUP,
				       SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		sigaddset(set, watched[i]);
}

static int command_line_parse(int argc, char **argv, struct run *run)
{
	static const struct option options[] = {
		DAEMON_LONG_OPTIONS,
		{ "keep", no_argument, NULL, 'k' },
		{ "ta-path", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, taken;

	while ((c = getopt_long(argc, argv, "+d:h", options, NULL)) != -1) {
		taken = daemon_option_take(&run->options, c, optarg, "run");
		if (taken < 0)
			return EXIT_USAGE;
		if (taken)
			continue;
		switch (c) {
		case 'k':
			run->keep = true;
			break;
		case 't':
			run->ta_path = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			exit(EXIT_OK);
		default:
			fputs("`teesim run --help` tells what there is\n", stderr);
			return EXIT_USAGE;
		}
	}
	run->command = argv + optind;
	if (!run->command[0]) {
		fputs("teesim run: no command to run; `teesim run --help` tells more\n", stderr);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static int random_number(uint32_t *number)
{
	return getrandom(number, sizeof(*number), 0) == (ssize_t)sizeof(*number) ? 0 : -EIO;
}

/* Where the device is and how it is called. */
static int device_choose(struct run *run, char *err, size_t errlen)
{
	char runtime[PATH_MAX - 64];
	uint32_t number;
	int rc;

	if (run->options.device) {
		snprintf(run->device, sizeof(run->device), "%s", run->options.device);
		return paths_socket(run->device, run->socket_path, sizeof(run->socket_path), err,
				    errlen);
	}
	rc = random_number(&number);
	if (rc == 0 && run->keep) {
		snprintf(run->device, sizeof(run->device), "run-%08x", number);
		return paths_socket(run->device, run->socket_path, sizeof(run->socket_path), err,
				    errlen);
	}
	if (rc == 0)
		rc = paths_runtime_dir(runtime, sizeof(runtime), err, errlen);
	if (rc < 0)
		return rc;
	/* The runtime directory is the user's alone, and teesimd removes its socket. */
	snprintf(run->socket_path, sizeof(run->socket_path), "%s/run-%08x.sock", runtime, number);
	snprintf(run->device, sizeof(run->device), EPHEMERAL_NAME);
	run->options.ephemeral = true;
	return 0;
}

__attribute__((noreturn)) static void daemon_exec(const char *program, char *const argv[],
						  int ready)
{
	int rc;

	/* Ctrl-C on the terminal is for the command; the daemon goes when we do. */
	(void)setsid();
	rc = launch_child_prepare(ready, STDERR_FILENO);
	if (rc == 0) {
		(void)execv(program, argv);
		rc = -errno;
	}
	dprintf(LAUNCH_READY_FD, "error: cannot run %s: %s\n", program, strerror(-rc));
	_exit(EXIT_OWN_FAILURE);
}

static int daemon_start(struct run *run, char *err, size_t errlen)
{
	const char *argv[DAEMON_ARGV_MAX];
	char program[PATH_MAX];
	pid_t self = getpid();
	int ready[2];
	int rc = launch_daemon_path(program, sizeof(program), err, errlen);

	if (rc < 0)
		return rc;
	run->options.device = run->device;
	run->options.socket_path = run->socket_path;
	run->options.ready = true;
	run->options.log_fd = LAUNCH_LOG_FD;
	/* That the device starts and ends, and as which process, goes without saying here. */
	run->options.quiet = !run->options.log_level;
	run->options.parent = self;
	daemon_options_argv(&run->options, program, argv);
	if (pipe2(ready, O_CLOEXEC) < 0) {
		rc = -errno;
		snprintf(err, errlen, "cannot make a pipe: %s", strerror(-rc));
		return rc;
	}
	run->daemon = fork();
	if (run->daemon == 0)
		daemon_exec(program, (char *const *)argv, ready[1]);
	close(ready[1]);
	if (run->daemon < 0) {
		rc = -errno;
		run->daemon = 0;
		snprintf(err, errlen, "cannot fork: %s", strerror(-rc));
	} else {
		rc = launch_ready_wait(ready[0], program, 0, err, errlen);
	}
	close(ready[0]);
	return rc;
}

/* Somebody else's daemon has the device: it serves the command too, if it is as asked for. */
static int daemon_adopt(struct run *run, char *err, size_t errlen)
{
	int sock;

	if (daemon_options_any(&run->options)) {
		snprintf(err, errlen,
			 "device '%s' is running already, so options for its start come too late: "
			 "first 'teesim stop --device %s'",
			 run->device, run->device);
		return -EBUSY;
	}
	sock = launch_connect_path(run->socket_path, 0, err, errlen);
	if (sock < 0)
		return sock;
	close(sock);
	fprintf(stderr,
		"teesim: device '%s' is running already and goes on afterwards; its log: 'teesim "
		"log -f --device %s'\n",
		run->device, run->device);
	return 0;
}

static void daemon_mourn(struct run *run, int status)
{
	run->daemon = 0;
	if (WIFSIGNALED(status))
		fprintf(stderr, "teesim: teesimd was ended by signal %d (%s)\n", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		fprintf(stderr, "teesim: teesimd ended with status %d\n", WEXITSTATUS(status));
}

/* Ends the daemon and waits until it is gone. */
static void daemon_stop(struct run *run)
{
	uint64_t deadline = wait_now_ns() + STOP_TIMEOUT_MS * 1000000ULL;
	sigset_t child;
	int status = 0;

	if (!run->daemon)
		return;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	(void)kill(run->daemon, SIGTERM);
	while (waitpid(run->daemon, &status, WNOHANG) == 0) {
		const struct timespec step = { .tv_nsec = 100000000 };

		if (wait_now_ns() > deadline) {
			fputs("teesim: teesimd did not end in time and was killed\n", stderr);
			(void)kill(run->daemon, SIGKILL);
			(void)waitpid(run->daemon, NULL, 0);
			status = 0;
			break;
		}
		(void)sigtimedwait(&child, NULL, &step);
	}
	/* It was not our request that ended it. */
	if (status)
		daemon_mourn(run, status);
	run->daemon = 0;
}

static int environment_set(const struct run *run)
{
	const char *before = getenv("TEESIM_TA_PATH");
	char *joined;
	int rc = 0;

	if (setenv("TEESIM_SOCKET", run->socket_path, 1) || setenv("TEESIM_DEVICE", run->device, 1))
		return -errno;
	if (!run->ta_path)
		return 0;
	if (!before || !before[0])
		return setenv("TEESIM_TA_PATH", run->ta_path, 1) ? -errno : 0;
	if (asprintf(&joined, "%s:%s", run->ta_path, before) < 0)
		return -ENOMEM;
	if (setenv("TEESIM_TA_PATH", joined, 1))
		rc = -errno;
	free(joined);
	return rc;
}

__attribute__((noreturn)) static void command_exec(const struct run *run)
{
	int code;

	/* As the command would have found them without us. */
	(void)sigaction(SIGCHLD, &run->child_action, NULL);
	(void)sigprocmask(SIG_SETMASK, &run->mask, NULL);
	code = -environment_set(run);
	if (!code) {
		(void)execvp(run->command[0], run->command);
		code = errno;
	}
	fprintf(stderr, "teesim run: cannot run %s: %s\n", run->command[0], strerror(code));
	_exit(code == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Collects children that have ended. True with the command's status once that was among them. */
static bool command_ended(struct run *run, pid_t command, int *status)
{
	bool ended = false;
	pid_t pid;
	int one;

	while ((pid = waitpid(-1, &one, WNOHANG)) > 0) {
		if (pid == command) {
			*status = one;
			ended = true;
		} else if (pid == run->daemon) {
			daemon_mourn(run, one);
		}
	}
	return ended;
}

/* Runs the command in our own process group, so that the terminal is its as much as it is ours. */
static int command_run(struct run *run)
{
	pid_t command = fork();
	siginfo_t info;
	sigset_t set;
	int status = 0;

	if (command == 0)
		command_exec(run);
	if (command < 0) {
		fprintf(stderr, "teesim run: cannot fork: %s\n", strerror(errno));
		return EXIT_OWN_FAILURE;
	}
	watched_signals(&set);
	while (!command_ended(run, command, &status)) {
		if (sigwaitinfo(&set, &info) < 0 || info.si_signo == SIGCHLD)
			continue;
		/* What keys send has gone to the whole group; that the terminal is gone is told to
		 * its session's first process alone. */
		if (info.si_code != SI_KERNEL || info.si_signo == SIGHUP)
			(void)kill(command, info.si_signo);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A signal that was sent while the device started: the command is not begun at all. */
static int early_signal(void)
{
	static const int ending[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	sigset_t pending;

	sigpending(&pending);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		struct sigaction action;

		if (sigismember(&pending, ending[i]) == 1 && !sigaction(ending[i], NULL, &action) &&
		    action.sa_handler != SIG_IGN)
			return ending[i];
	}
	return 0;
}

static void sockets_remove(const char *path)
{
	char otrp[PATH_MAX];

	(void)unlink(path);
	if (paths_otrp_socket(path, otrp, sizeof(otrp)) == 0)
		(void)unlink(otrp);
}

int cmd_run(int argc, char **argv)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	struct run run = { 0 };
	char err[PATH_MAX + 256] = "";
	sigset_t set;
	int rc, status = command_line_parse(argc, argv, &run);

	if (status != EXIT_OK)
		return status;
	watched_signals(&set);
	sigprocmask(SIG_BLOCK, &set, &run.mask);
	sigaction(SIGCHLD, &by_default, &run.child_action);

	rc = device_choose(&run, err, sizeof(err));
	if (rc == 0)
		rc = daemon_start(&run, err, sizeof(err));
	if (rc == -EALREADY) {
		(void)waitpid(run.daemon, NULL, 0);
		run.daemon = 0;
		rc = daemon_adopt(&run, err, sizeof(err));
	}
	if (rc < 0) {
		fprintf(stderr, "teesim run: %s\n", err[0] ? err : strerror(-rc));
		status = EXIT_OWN_FAILURE;
	} else if (early_signal()) {
		status = 128 + early_signal();
	} else {
		status = command_run(&run);
	}
	daemon_stop(&run);
	/* A daemon that was killed has left it. */
	if (run.options.ephemeral)
		sockets_remove(run.socket_path);
	if (rc == 0 && run.keep)
		fprintf(stderr,
			"teesim: the device is kept as '%s'; 'teesim device remove %s' removes "
			"it\n",
			run.device, run.device);
	return status;
}
