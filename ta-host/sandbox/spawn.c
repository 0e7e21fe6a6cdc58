#include "sandbox/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/under_valgrind.h"

/* Both children below run on memory of the spawner, which waits for them, as after vfork(): no page
 * table is copied, however large teesimd is. They call nothing that allocates or locks, and what
 * they run on is not known to AddressSanitizer. */
#define ON_BORROWED_MEMORY __attribute__((no_sanitize_address))
#define STACK_SIZE	   (128 * 1024)

/* What the host needs until it is executed lies above this number, out of the way of 0 to 4. */
#define SPARE_FD 10

/* What the sanitizers' runtimes read, in builds that have them. */
#define SANITIZER_VARIABLES 2

struct spawn {
	const struct sandbox_spawn_options *options;
	char **argv;
	char **env;
	char *sanitizer_env[SANITIZER_VARIABLES];
	/* Above SPARE_FD. */
	int exe_fd;
	int null_fd;
	char *stack;
	/* Where a child that has memory of its own tells why it failed; -1 otherwise. */
	int err_fd;
	/* What came of it. */
	pid_t pid;
	int pidfd;
	/* Why the host is not there. */
	volatile int err;
	struct sandbox_report report;
};

static ON_BORROWED_MEMORY void host_fail(struct spawn *spawn, int err)
{
	spawn->err = err;
	if (spawn->err_fd >= 0 && write(spawn->err_fd, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

/* Gives the host its descriptors; all others close when it is executed. */
static ON_BORROWED_MEMORY void descriptors_arrange(struct spawn *spawn)
{
	int null = fcntl(spawn->null_fd, F_DUPFD_CLOEXEC, SPARE_FD);
	int log = fcntl(spawn->options->log_fd, F_DUPFD_CLOEXEC, SPARE_FD);
	int control = fcntl(spawn->options->control_fd, F_DUPFD_CLOEXEC, SPARE_FD);
	const bool has_client = spawn->options->client_fd > 0;
	int client = 0;

	if (has_client)
		client = fcntl(spawn->options->client_fd, F_DUPFD_CLOEXEC, SPARE_FD);
	if (null < 0 || log < 0 || control < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 ||
	    dup2(log, 2) < 0 || dup2(control, 3) < 0)
		host_fail(spawn, errno);
	if (has_client && (client < 0 || dup2(client, 4) < 0))
		host_fail(spawn, errno);
	/* Where the kernel is too old for it, everything of teesimd's is close-on-exec anyway, and
	 * ta-host closes what it does not know. */
	(void)close_range(has_client ? 5 : 4, UINT_MAX, CLOSE_RANGE_CLOEXEC);
}

static ON_BORROWED_MEMORY int host_run(void *arg)
{
	struct spawn *spawn = arg;
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* A terminal's Ctrl-C is for the client and teesimd; the host ends with the latter. */
	setsid();
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &by_default, NULL);
	umask(077);
	if (chdir("/") < 0)
		host_fail(spawn, errno);
	descriptors_arrange(spawn);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (spawn->exe_fd < 0)
		execvpe(spawn->argv[0], spawn->argv, spawn->env);
	else
		syscall(SYS_execveat, spawn->exe_fd, "", spawn->argv, spawn->env, AT_EMPTY_PATH);
	host_fail(spawn, errno);
	return 0;
}

static ON_BORROWED_MEMORY void host_clone(struct spawn *spawn, int flags)
{
	flags |= CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
	spawn->pid = clone(host_run, spawn->stack + STACK_SIZE, flags, spawn, &spawn->pidfd);
	if (spawn->pid < 0)
		spawn->err = errno;
}

static ON_BORROWED_MEMORY void outcome_set(struct spawn *spawn, enum sandbox_feature feature,
					   int err)
{
	sandbox_report_set(&spawn->report, feature, err);
}

/* Joins the cage and makes the host as the spawner's own child: a process enters a PID namespace
 * only by being born in it, and the others only by itself. */
static ON_BORROWED_MEMORY int joiner_run(void *arg)
{
	struct spawn *spawn = arg;
	const struct sandbox_cage *cage = spawn->options->cage;

	/* The C library's function would tell the threads of teesimd to do the same. */
	if (geteuid() == 0)
		syscall(SYS_setgroups, 0, NULL);
	for (unsigned int i = 0; i < CAGE_NAMESPACES; i++)
		if (cage->fd[i] >= 0 && setns(cage->fd[i], 0) < 0)
			outcome_set(spawn, sandbox_cage_feature(i), errno);

	if (sandbox_report_has(&spawn->report, SANDBOX_BIT(SANDBOX_PID_NS))) {
		host_clone(spawn, CLONE_PARENT | CLONE_NEWPID);
		if (spawn->pid > 0)
			_exit(0);
		outcome_set(spawn, SANDBOX_PID_NS, spawn->err);
		spawn->err = 0;
	}
	host_clone(spawn, CLONE_PARENT);
	_exit(0);
}

static void joiner_clone(struct spawn *spawn)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t joiner;

	if (stack == MAP_FAILED) {
		spawn->err = errno;
		return;
	}
	/* CLONE_FILES: the host's pidfd is to arrive in the spawner's table. A host inherits the
	 * way in which its end is told from the process that made it: by SIGCHLD, too. */
	joiner = clone(joiner_run, stack + STACK_SIZE,
		       CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, spawn);
	if (joiner < 0)
		spawn->err = errno;
	else
		while (waitpid(joiner, NULL, __WALL) < 0 && errno == EINTR)
			;
	munmap(stack, STACK_SIZE);
}

/* As host_clone(), where that cannot be: with an ordinary fork, and in the place of the pidfd a
 * pipe whose other end only the host holds, as its descriptor 0. */
static void host_fork(struct spawn *spawn)
{
	int err = 0, out[2], life[2];
	ssize_t got;

	if (pipe2(life, O_CLOEXEC) < 0) {
		spawn->err = errno;
		return;
	}
	close(spawn->null_fd);
	spawn->null_fd = life[1];
	spawn->pidfd = life[0];
	if (pipe2(out, O_CLOEXEC) < 0) {
		spawn->err = errno;
		return;
	}
	spawn->err_fd = fcntl(out[1], F_DUPFD_CLOEXEC, SPARE_FD);
	close(out[1]);
	spawn->pid = fork();
	if (spawn->pid < 0)
		spawn->err = errno;
	else if (!spawn->pid)
		host_run(spawn);
	close(spawn->err_fd);
	/* Nothing comes when the host is executed: that closes the other end. */
	do {
		got = read(out[0], &err, sizeof(err));
	} while (got < 0 && errno == EINTR);
	close(out[0]);
	if (got == sizeof(err))
		spawn->err = err;
}

static size_t strings_count(char *const *strings)
{
	size_t count = 0;

	while (strings && strings[count])
		count++;
	return count;
}

/* Wrapper, path and arguments as one list. The strings stay the caller's. */
static int argv_make(struct spawn *spawn)
{
	const struct sandbox_spawn_options *options = spawn->options;
	size_t wrapped = strings_count(options->wrapper), count = strings_count(options->argv);
	size_t at = 0;

	spawn->argv = calloc(wrapped + count + 2, sizeof(char *));
	if (!spawn->argv)
		return -ENOMEM;
	for (size_t i = 0; i < wrapped; i++)
		spawn->argv[at++] = options->wrapper[i];
	for (size_t i = 0; i < count; i++)
		spawn->argv[at++] = options->argv[i];
	if (wrapped)
		spawn->argv[wrapped] = (char *)options->path;
	return 0;
}

#ifdef TEESIM_SANITIZE
/* The options of the sanitizers' runtimes are the caller's, but that no leaks are looked for: that
 * would take processes of its own. */
static int sanitizer_env_make(struct spawn *spawn)
{
	const char *address = getenv("ASAN_OPTIONS"), *undefined = getenv("UBSAN_OPTIONS");

	if (asprintf(&spawn->sanitizer_env[0], "ASAN_OPTIONS=%s%sdetect_leaks=0",
		     address ? address : "", address ? ":" : "") < 0)
		return -ENOMEM;
	if (asprintf(&spawn->sanitizer_env[1], "UBSAN_OPTIONS=%s", undefined ? undefined : "") < 0)
		return -ENOMEM;
	return 0;
}
#endif

/* The strings stay the caller's and the environment's, but for the sanitizers'. */
static int env_make(struct spawn *spawn)
{
	char *const *given = spawn->options->env;
	char *const *inherited = spawn->options->wrapper ? environ : NULL;
	size_t at = 0;

	spawn->env =
		calloc(strings_count(given) + strings_count(inherited) + SANITIZER_VARIABLES + 1,
		       sizeof(char *));
	if (!spawn->env)
		return -ENOMEM;
	for (size_t i = 0; given && given[i]; i++)
		spawn->env[at++] = given[i];
#ifdef TEESIM_SANITIZE
	if (sanitizer_env_make(spawn) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < SANITIZER_VARIABLES; i++)
		spawn->env[at++] = spawn->sanitizer_env[i];
#endif
	for (size_t i = 0; inherited && inherited[i]; i++)
		spawn->env[at++] = inherited[i];
	return 0;
}

static int resources_open(struct spawn *spawn)
{
	spawn->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (spawn->null_fd < 0)
		return -errno;
	if (!spawn->options->wrapper) {
		int fd = open(spawn->options->path, O_PATH | O_CLOEXEC);

		if (fd < 0)
			return -errno;
		spawn->exe_fd = fcntl(fd, F_DUPFD_CLOEXEC, SPARE_FD);
		close(fd);
		if (spawn->exe_fd < 0)
			return -errno;
	}
	spawn->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	return spawn->stack == MAP_FAILED ? -errno : 0;
}

static void host_start(struct spawn *spawn)
{
	const struct sandbox_cage *cage = spawn->options->cage;
	bool caged = cage && !spawn->options->wrapper;
	sigset_t all, before;
	int state;

	if (caged)
		spawn->report = cage->report;
	else
		sandbox_report_set_all(&spawn->report, SANDBOX_SPAWN_FEATURES, ECANCELED);
	/* No handler of the spawner may run in the children, on its memory. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	if (under_valgrind())
		host_fork(spawn);
	else if (caged && cage->report.have)
		joiner_clone(spawn);
	else
		host_clone(spawn, 0);
	pthread_setcancelstate(state, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int sandbox_spawn(const struct sandbox_spawn_options *options, struct sandbox_child *child,
		  struct sandbox_report *report)
{
	struct spawn spawn = {
		.options = options,
		.exe_fd = -1,
		.null_fd = -1,
		.err_fd = -1,
		.stack = MAP_FAILED,
		.pid = -1,
		.pidfd = -1,
	};
	int err;

	child->pid = -1;
	child->pidfd = -1;
	err = argv_make(&spawn);
	if (!err)
		err = env_make(&spawn);
	if (!err)
		err = resources_open(&spawn);
	if (err)
		goto out;
	host_start(&spawn);
	err = -spawn.err;
	sandbox_report_merge(report, &spawn.report);
	if (spawn.pid > 0 && !err) {
		child->pid = spawn.pid;
		child->pidfd = spawn.pidfd;
		goto out;
	}
	if (!err)
		err = -ECHILD;
	if (spawn.pid > 0)
		while (waitpid(spawn.pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	if (spawn.pidfd >= 0)
		close(spawn.pidfd);
out:
	if (spawn.stack != MAP_FAILED)
		munmap(spawn.stack, STACK_SIZE);
	if (spawn.exe_fd >= 0)
		close(spawn.exe_fd);
	if (spawn.null_fd >= 0)
		close(spawn.null_fd);
	for (size_t i = 0; i < SANITIZER_VARIABLES; i++)
		free(spawn.sanitizer_env[i]);
	free(spawn.env);
	free(spawn.argv);
	return err;
}
