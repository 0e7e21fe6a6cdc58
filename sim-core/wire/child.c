#include "wire/child.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

static int spawn(char *const argv[], int sock, int number, pid_t *pid)
{
	char *environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int rc;

	posix_spawn_file_actions_init(&actions);
	rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&actions, 0, 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&actions, sock, number);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(&actions, number + 1);
	if (rc == 0)
		rc = posix_spawn(pid, argv[0], &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

int child_start(char *const argv[], int number, pid_t *pid)
{
	int ends[2], high, rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	/* dup2 of a descriptor onto itself would leave it to be closed. */
	high = fcntl(ends[1], F_DUPFD_CLOEXEC, number + 1);
	rc = high < 0 ? -errno : spawn(argv, high, number, pid);
	if (high >= 0)
		close(high);
	close(ends[1]);
	if (rc == 0)
		return ends[0];
	close(ends[0]);
	return rc;
}
