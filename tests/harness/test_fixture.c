/*
 * test-fixture COMMAND [ARG...]: runs one end-to-end test in a place of its own and sees that it
 * leaves nothing behind.
 *
 * Runs under CTest, around a script; trusts both. It owns the directory that it makes (home/,
 * run/, tmp/, work/) and every process that descends from the command: as their subreaper it
 * becomes the parent of each one that outlives its own, so nothing that was started can hide.
 *
 * Ends with the command's status (128 + signal when a signal ended it), or with 97 when the
 * command succeeded but left a process, a socket, a temporary file, shared memory or a sanitizer's
 * report.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LEFTOVER_STATUS 97

/* How long a stopped daemon may take to be gone after the command that stopped it has returned. */
#define GRACE_MS      10000
#define GRACE_STEP_MS 20

static char fixture_dir[PATH_MAX];

/* The run was called off: nothing is judged any more, but all that was started has to go. */
static volatile sig_atomic_t called_off;

static void fixture_call_off(int signal)
{
	called_off = signal;
}

static void fixture_die(const char *what)
{
	fprintf(stderr, "test-fixture: %s: %s\n", what, strerror(errno));
	exit(LEFTOVER_STATUS);
}

/* Makes fixture_dir/name and points the environment variable at it; variable may be NULL. */
static void fixture_subdir(const char *name, const char *variable)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", fixture_dir, name);
	if (mkdir(path, 0700))
		fixture_die(path);
	if (variable && setenv(variable, path, 1))
		fixture_die("setenv");
}

static void fixture_enter(void)
{
	const char *build = getenv("TEESIM_BUILD_DIR");
	const char *programs = getenv("PATH");
	const char *sanitizer = getenv("ASAN_OPTIONS");
	char path[2 * PATH_MAX];

	/* Short and in /tmp: a socket's path has to fit into 108 bytes. */
	strcpy(fixture_dir, "/tmp/teesim-test.XXXXXX");
	if (!mkdtemp(fixture_dir))
		fixture_die("mkdtemp");
	fixture_subdir("home", "TEESIM_HOME");
	fixture_subdir("run", "XDG_RUNTIME_DIR");
	fixture_subdir("tmp", "TMPDIR");
	fixture_subdir("work", NULL);
	unsetenv("TEESIM_SOCKET");
	unsetenv("TEESIM_TA_PATH");
	if (build) {
		snprintf(path, sizeof(path), "%s/bin:%s", build,
			 programs ? programs : "/usr/bin:/bin");
		setenv("PATH", path, 1);
	}
	/* A daemon's report of a leak would otherwise go where nobody looks. */
	if (sanitizer) {
		snprintf(path, sizeof(path), "%s:log_path=%s/sanitizer", sanitizer, fixture_dir);
		setenv("ASAN_OPTIONS", path, 1);
	}
	snprintf(path, sizeof(path), "%s/work", fixture_dir);
	if (chdir(path))
		fixture_die(path);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

static void fixture_leave(void)
{
	if (chdir("/") || nftw(fixture_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT))
		fprintf(stderr, "test-fixture: %s could not be removed\n", fixture_dir);
}

/* Reaps what has ended; true when no process that descends from the command is left. */
static bool all_gone(void)
{
	pid_t pid;

	do {
		pid = waitpid(-1, NULL, WNOHANG);
	} while (pid > 0);
	return pid < 0 && errno == ECHILD;
}

/* Names and kills our own children once; their children become ours and are met next time. */
static void kill_children(void)
{
	char path[64], command[256], word[16];
	FILE *children, *cmdline;
	size_t length;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	children = fopen(path, "re");
	if (!children)
		fixture_die(path);
	while (fscanf(children, "%15s", word) == 1) {
		pid = (pid_t)strtol(word, NULL, 10);
		length = 0;
		snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
		cmdline = fopen(path, "re");
		if (cmdline) {
			length = fread(command, 1, sizeof(command) - 1, cmdline);
			fclose(cmdline);
		}
		for (size_t i = 0; i < length; i++)
			if (!command[i])
				command[i] = ' ';
		command[length] = '\0';
		fprintf(stderr, "test-fixture: left behind: process %d %s\n", pid, command);
		kill(pid, SIGKILL);
	}
	fclose(children);
}

static bool processes_left(void)
{
	const struct timespec step = { .tv_nsec = GRACE_STEP_MS * 1000000L };

	for (int waited = 0; waited < GRACE_MS && !called_off; waited += GRACE_STEP_MS) {
		if (all_gone())
			return false;
		nanosleep(&step, NULL);
	}
	while (!all_gone()) {
		kill_children();
		nanosleep(&step, NULL);
	}
	return true;
}

static bool leftover_found;

static int report_socket(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)type;
	(void)at;
	if (S_ISSOCK(info->st_mode)) {
		fprintf(stderr, "test-fixture: left behind: socket %s\n", path);
		leftover_found = true;
	}
	return 0;
}

static int report_file(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	if (at->level > 0) {
		fprintf(stderr, "test-fixture: left behind: %s\n", path);
		leftover_found = true;
	}
	return 0;
}

/* Prints what the sanitizers reported of any process of the test. */
static void report_sanitizers(void)
{
	DIR *dir = opendir(fixture_dir);
	char path[PATH_MAX + 256], line[1024];
	struct dirent *entry;
	FILE *report;

	if (!dir)
		fixture_die(fixture_dir);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "sanitizer.", 10) != 0)
			continue;
		leftover_found = true;
		snprintf(path, sizeof(path), "%s/%s", fixture_dir, entry->d_name);
		report = fopen(path, "re");
		if (!report)
			continue;
		while (fgets(line, sizeof(line), report))
			fputs(line, stderr);
		fclose(report);
	}
	closedir(dir);
}

/* Everything of ours is a memfd, which has no name; a named block is a mistake. */
static void report_shared_memory(time_t since)
{
	DIR *dir = opendir("/dev/shm");
	struct dirent *entry;
	struct stat info;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "teesim", 6) != 0)
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &info, 0) || info.st_ctime < since)
			continue;
		fprintf(stderr, "test-fixture: left behind: /dev/shm/%s\n", entry->d_name);
		leftover_found = true;
	}
	closedir(dir);
}

static bool files_left(time_t since)
{
	char path[PATH_MAX + 16];

	leftover_found = false;
	nftw(fixture_dir, report_socket, 16, FTW_PHYS);
	snprintf(path, sizeof(path), "%s/tmp", fixture_dir);
	nftw(path, report_file, 16, FTW_PHYS);
	report_sanitizers();
	report_shared_memory(since);
	return leftover_found;
}

int main(int argc, char **argv)
{
	/* No SA_RESTART: it is to end the wait. */
	const struct sigaction call_off = { .sa_handler = fixture_call_off };
	const time_t started = time(NULL);
	pid_t command;
	int status;
	bool left;

	if (argc < 2) {
		fputs("usage: test-fixture COMMAND [ARG...]\n", stderr);
		return LEFTOVER_STATUS;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		fixture_die("prctl(PR_SET_CHILD_SUBREAPER)");
	sigaction(SIGTERM, &call_off, NULL);
	sigaction(SIGINT, &call_off, NULL);
	fixture_enter();
	command = fork();
	if (command < 0)
		fixture_die("fork");
	if (!command) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[1], argv + 1);
		fixture_die(argv[1]);
	}
	/* Whoever reads what is said here may be gone before all is cleared away. */
	(void)signal(SIGPIPE, SIG_IGN);
	status = 0;
	while (!called_off && waitpid(command, &status, 0) < 0)
		if (errno != EINTR)
			fixture_die("waitpid");
	status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);

	left = processes_left();
	left |= files_left(started);
	fixture_leave();
	if (called_off)
		return 128 + called_off;
	return status ? status : left ? LEFTOVER_STATUS : 0;
}
