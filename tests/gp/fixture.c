#include "fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_FD 3
#define LOG_FD	 4

/* How long the daemon and its hosts may take to be gone, and a line to be in the log. */
#define GRACE_MS 20000
#define STEP_MS	 10

static char directory[] = "/tmp/teesim-gp.XXXXXX";
static pid_t daemon_pid;
static int log_fd = -1;
static unsigned int descriptors_before;

static void step(void)
{
	const struct timespec pause = { .tv_nsec = STEP_MS * 1000000L };

	nanosleep(&pause, NULL);
}

static void set_subdirectory(const char *variable, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	cr_assert_eq(mkdir(path, 0700), 0);
	setenv(variable, path, 1);
}

/* Entries of a directory, without the two that are always there. */
static unsigned int entries(const char *path, const char *prefix)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int count = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !strncmp(entry->d_name, prefix, strlen(prefix)))
			count++;
	closedir(dir);
	return count;
}

__attribute__((noreturn)) static void daemon_run(int ready, int log, pid_t parent,
						 const char *const more[])
{
	const char *arguments[16] = {
		"teesimd", "--ready-fd", "3", "--log-fd", "4", "--parent-pid"
	};
	char parent_text[16];
	size_t count = 6;

	snprintf(parent_text, sizeof(parent_text), "%d", parent);
	/* Out of the way of the numbers that they are to have. */
	ready = fcntl(ready, F_DUPFD, 10);
	log = fcntl(log, F_DUPFD, 10);
	dup2(ready, READY_FD);
	dup2(log, LOG_FD);
	close_range(5, UINT_MAX, 0);
	arguments[count++] = parent_text;
	for (size_t i = 0; more && more[i] && i < 8; i++)
		arguments[count++] = more[i];
	execv(TEESIMD, (char *const *)arguments);
	_exit(127);
}

static void daemon_start(const char *const arguments[])
{
	char answer[256] = "";
	size_t got = 0;
	ssize_t n;
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	daemon_pid = fork();
	cr_assert_geq(daemon_pid, 0);
	if (!daemon_pid)
		daemon_run(ends[1], log_fd, getppid(), arguments);
	close(ends[1]);
	while (got < sizeof(answer) - 1 && !strchr(answer, '\n') &&
	       (n = read(ends[0], answer + got, sizeof(answer) - 1 - got)) > 0)
		got += (size_t)n;
	close(ends[0]);
	cr_assert_eq(strncmp(answer, "ready", 5), 0, "teesimd says: %s", answer);
}

void fixture_start_with(const char *const arguments[])
{
	char path[PATH_MAX];

	cr_assert(mkdtemp(directory));
	set_subdirectory("TEESIM_HOME", "home");
	set_subdirectory("XDG_RUNTIME_DIR", "run");
	setenv("TEESIM_TA_PATH", TA_DIRECTORY, 1);
	unsetenv("TEESIM_SOCKET");
	unsetenv("TEESIM_DEVICE");
	/* A daemon that somebody forgot must not be replaced by one that nobody watches. */
	setenv("TEESIM_NO_START", "1", 1);
	descriptors_before = entries("/proc/self/fd", "");

	/* What outlives its parent becomes a child of the test. */
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	snprintf(path, sizeof(path), "%s/log", directory);
	log_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	cr_assert_geq(log_fd, 0);
	daemon_start(arguments);
}

void fixture_start(void)
{
	fixture_start_with(NULL);
}

const char *fixture_device(void)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/home/devices/default", directory);
	return path;
}

static void log_read(char *text, size_t room)
{
	const ssize_t got = pread(log_fd, text, room - 1, 0);

	text[got > 0 ? got : 0] = '\0';
}

bool fixture_log_lacks(const char *text)
{
	static char log[256 * 1024];

	log_read(log, sizeof(log));
	return !strstr(log, text);
}

bool fixture_log_has(const char *text)
{
	static char log[256 * 1024];

	for (int waited = 0; waited < GRACE_MS; waited += STEP_MS) {
		log_read(log, sizeof(log));
		if (strstr(log, text))
			return true;
		step();
	}
	fprintf(stderr, "the log never had: %s\nit has:\n%s", text, log);
	return false;
}

pid_t fixture_process(const char *name)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (!found && (entry = readdir(dir))) {
		char path[PATH_MAX], line[512] = "", comm[64] = "";
		int fd, parent = 0;

		snprintf(path, sizeof(path), "/proc/%.20s/stat", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read(fd, line, sizeof(line) - 1) > 0 &&
		    /* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers that fit */
		    sscanf(line, "%*d (%63[^)]) %*c %d", comm, &parent) == 2 &&
		    parent == daemon_pid && !strcmp(comm, name))
			found = (pid_t)strtol(entry->d_name, NULL, 10);
		close(fd);
	}
	closedir(dir);
	return found;
}

/* Ends the daemon. Its status, or -1 where it did not end. */
static int daemon_end(int signal)
{
	int status;

	kill(daemon_pid, signal);
	for (int waited = 0; waited < GRACE_MS; waited += STEP_MS) {
		if (waitpid(daemon_pid, &status, WNOHANG) == daemon_pid)
			return status;
		step();
	}
	kill(daemon_pid, SIGKILL);
	waitpid(daemon_pid, &status, 0);
	return -1;
}

static bool children_end(void)
{
	pid_t pid;

	for (int waited = 0; waited < GRACE_MS; waited += STEP_MS) {
		do {
			pid = waitpid(-1, NULL, WNOHANG);
		} while (pid > 0);
		if (pid < 0 && errno == ECHILD)
			return true;
		step();
	}
	return false;
}

void fixture_restart(int signal, const char *const arguments[])
{
	const int status = daemon_end(signal);

	cr_assert(status != -1, "the daemon did not end");
	cr_assert(children_end(), "a process is left");
	daemon_start(arguments);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

void fixture_stop(void)
{
	char path[PATH_MAX], sockets[PATH_MAX];

	cr_expect_eq(daemon_end(SIGTERM), 0, "the daemon did not end with status 0");
	cr_expect(children_end(), "a process is left");
	close(log_fd);
	cr_expect_eq(entries("/proc/self/fd", ""), descriptors_before, "a descriptor is left");
	snprintf(sockets, sizeof(sockets), "%s/run/teesim", directory);
	cr_expect_eq(entries(sockets, ""), 0, "a socket is left in %s", sockets);
	cr_expect_eq(entries("/dev/shm", "teesim"), 0, "shared memory is left");
	snprintf(path, sizeof(path), "%s", directory);
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

TEEC_Result client_try_open(struct client *client, const TEEC_UUID *ta, uint32_t login,
			    const void *connection_data, TEEC_Operation *operation)
{
	TEEC_Result result;

	cr_assert_eq(TEEC_InitializeContext(NULL, &client->context), TEEC_SUCCESS);
	result = TEEC_OpenSession(&client->context, &client->session, ta, login, connection_data,
				  operation, &client->origin);
	if (result != TEEC_SUCCESS)
		TEEC_FinalizeContext(&client->context);
	return result;
}

void client_open(struct client *client, const TEEC_UUID *ta)
{
	const TEEC_Result result = client_try_open(client, ta, TEEC_LOGIN_PUBLIC, NULL, NULL);

	cr_assert_eq(result, TEEC_SUCCESS, "open: 0x%08x, origin %u", result, client->origin);
}

void client_close(struct client *client)
{
	TEEC_CloseSession(&client->session);
	TEEC_FinalizeContext(&client->context);
}

TEEC_Result client_invoke(struct client *client, uint32_t command, TEEC_Operation *operation)
{
	client->origin = 0;
	return TEEC_InvokeCommand(&client->session, command, operation, &client->origin);
}
