/*
 * What the tests of sandbox_spawn() start in the place of ta-host: looks around and tells.
 *
 *	spawn_target look | wait | end
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

static void namespace_tell(const char *name)
{
	char path[64], link[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	length = readlink(path, link, sizeof(link) - 1);
	link[length < 0 ? 0 : length] = '\0';
	printf("%s\n", link);
}

static void look(void)
{
	static const char *const names[] = { "user", "mnt", "pid", "net", "ipc", "uts" };
	struct sigaction action;
	sigset_t mask;
	DIR *root;
	struct dirent *entry;

	printf("stray-any %d\n",
	       sandbox_find_stray_descriptor((const int[]) { 0, 1, 2, 3 }, 4) >= 0);
	printf("pid %d\n", (int)getpid());
	printf("uid %u gid %u\n", getuid(), getgid());
	for (char **env = environ; *env; env++)
		printf("env %s\n", *env);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	printf("mask-has-usr1 %d\n", sigismember(&mask, SIGUSR1));
	sigaction(SIGPIPE, NULL, &action);
	printf("pipe-default %d\n", action.sa_handler == SIG_DFL);
	printf("leader %d\n", getsid(0) == getpid());
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		namespace_tell(names[i]);
	root = opendir("/");
	while (root && (entry = readdir(root)))
		printf("root %s\n", entry->d_name);
	if (root)
		closedir(root);
	printf("passwd %d\n", access("/etc/passwd", F_OK));
	printf("writable %d\n", open("/teesim-test", O_CREAT | O_WRONLY, 0600));
	unlink("/teesim-test");
}

int main(int argc, char **argv)
{
	char octet = 'x';

	if (argc != 2)
		return 2;
	if (!strcmp(argv[1], "look")) {
		look();
		fflush(stdout);
	}
	/* Told through the control socket: what was given as 3 is that. */
	if (send(3, &octet, 1, 0) != 1)
		return 3;
	if (!strcmp(argv[1], "wait"))
		pause();
	return 7;
}
