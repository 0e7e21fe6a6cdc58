/*
 * Stands in for teesimd in test_launch.c: takes teesimd's options, listens, and tells each caller
 * what it is like to be started by launch_connect(). The basename of the home directory is the way
 * to misbehave. Ends on the packet "stop", and by itself after a while.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_daemon.h"

#define GIVE_UP_SECONDS 90U

static const char *option(int argc, char **argv, const char *name)
{
	for (int i = 1; i + 1 < argc; i++)
		if (!strcmp(argv[i], name))
			return argv[i + 1];
	return NULL;
}

static bool flag(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return false;
}

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strtol(entry->d_name, NULL, 10) != dirfd(dir))
			count++;
	closedir(dir);
	return count;
}

static int count_signals_not_default(void)
{
	struct sigaction action;
	sigset_t blocked;
	int count = 0;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int number = 1; number < NSIG; number++) {
		if (sigismember(&blocked, number) == 1)
			count++;
		else if (!sigaction(number, NULL, &action) && action.sa_handler != SIG_DFL)
			count++;
	}
	return count;
}

static bool is_dev_null(int fd)
{
	struct stat mine, null;

	return !fstat(fd, &mine) && !stat("/dev/null", &null) && mine.st_rdev == null.st_rdev;
}

static void tell(int ready, const char *text)
{
	if (write(ready, text, strlen(text)) < 0)
		exit(1);
}

/* One daemon per socket, whoever else is started. */
static bool lock_device(const char *path)
{
	char name[4096];
	int fd;

	snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR | O_CREAT, 0600);
	return fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 4))
		exit(1);
	return fd;
}

static void misbehave(const char *how, int ready)
{
	if (!strcmp(how, "refuses")) {
		tell(ready, "error: the key of this device is damaged: remove it\n");
	} else if (!strcmp(how, "hangs")) {
		/* For as long as somebody waits. */
		poll(&(struct pollfd) { .fd = ready }, 1, -1);
	} else if (!strcmp(how, "dies")) {
		exit(1);
	} else if (!strcmp(how, "babbles")) {
		tell(ready, "hello?\n");
	} else if (!strcmp(how, "floods")) {
		char block[4096];

		memset(block, 'x', sizeof(block));
		while (write(ready, block, sizeof(block)) > 0)
			;
	} else if (!strcmp(how, "always-running")) {
		tell(ready, "error: running\n");
	} else {
		return;
	}
	exit(1);
}

int main(int argc, char **argv)
{
	const char *path = option(argc, argv, "--socket");
	const char *device = option(argc, argv, "--device");
	const char *ready_text = option(argc, argv, "--ready-fd");
	const char *home = getenv("TEESIM_HOME");
	struct fake_daemon_report report = { .pid = getpid() };
	int ready, listener;

	report.descriptors = count_descriptors();
	report.signals = count_signals_not_default();
	if (!path || !device || !ready_text || !home)
		return 2;
	ready = (int)strtol(ready_text, NULL, 10);
	alarm(GIVE_UP_SECONDS);
	misbehave(strrchr(home, '/') + 1, ready);
	if (!lock_device(path)) {
		tell(ready, "error: running\n");
		return 1;
	}
	/* Long enough for every other client to start a daemon of its own. */
	if (!strcmp(strrchr(home, '/') + 1, "slow"))
		usleep(200000);
	listener = listen_at(path);
	report.session = getsid(0);
	report.null_streams = is_dev_null(0) && is_dev_null(1) && is_dev_null(2);
	report.on_demand = flag(argc, argv, "--on-demand");
	snprintf(report.device, sizeof(report.device), "%s", device);
	if (!getcwd(report.directory, sizeof(report.directory)))
		return 1;
	tell(ready, "ready\n");
	close(ready);
	for (;;) {
		char word[16] = "";
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			return 1;
		report.parent = getppid();
		if (send(fd, &report, sizeof(report), MSG_NOSIGNAL) < 0)
			continue;
		if (recv(fd, word, sizeof(word) - 1, 0) > 0 && !strcmp(word, "stop")) {
			unlink(path);
			return 0;
		}
		close(fd);
	}
}
