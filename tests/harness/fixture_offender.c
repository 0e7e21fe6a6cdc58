/*
 * Does on purpose, by name, one of the things that the harness must not let pass. Run only by the
 * tests of the harness.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Outlives us in a session of its own, as a daemon does. */
static int leave_process(void)
{
	if (fork() == 0) {
		setsid();
		if (fork() == 0)
			pause();
		_exit(0);
	}
	return 0;
}

static int leave_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", getenv("XDG_RUNTIME_DIR"));
	return bind(fd, (struct sockaddr *)&address, sizeof(address));
}

static int leave_file(void)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/forgotten", getenv("TMPDIR"));
	file = fopen(path, "w");
	return file ? fclose(file) : 1;
}

static int lose_memory(void)
{
	char *volatile block = malloc(16);

	if (!block)
		return 1;
	/* cppcheck-suppress memleak ; that is the offence */
	block = NULL;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): that is the offence */
	return 0;
}

/* The error is in a child that is another program by then, and whose status is not looked at. */
static int lose_memory_in_child(char *self)
{
	if (fork() == 0)
		execl(self, self, "lose-memory", NULL);
	wait(NULL);
	return 0;
}

/* As above, but the child goes on for a while after us. */
static int lose_memory_later(char *self)
{
	if (fork() == 0) {
		sleep(1);
		execl(self, self, "lose-memory", NULL);
	}
	return 0;
}

static int do_nothing(void *unused)
{
	(void)unused;
	return 0;
}

/* Valgrind knows no such way to make a process, and ends the one that asks for it. */
static int end_valgrind_in_child(void)
{
	static char stack[65536] __attribute__((aligned(16)));

	if (fork() == 0) {
		clone(do_nothing, stack + sizeof(stack), CLONE_VM | CLONE_NEWUSER | SIGCHLD, NULL);
		_exit(0);
	}
	wait(NULL);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "nothing"))
		return 0;
	if (!strcmp(what, "fail"))
		return 3;
	if (!strcmp(what, "crash"))
		return raise(SIGKILL);
	if (!strcmp(what, "leave-process"))
		return leave_process();
	if (!strcmp(what, "leave-socket"))
		return leave_socket();
	if (!strcmp(what, "leave-file"))
		return leave_file();
	if (!strcmp(what, "lose-memory"))
		return lose_memory();
	if (!strcmp(what, "lose-memory-in-child"))
		return lose_memory_in_child(argv[0]);
	if (!strcmp(what, "lose-memory-later"))
		return lose_memory_later(argv[0]);
	if (!strcmp(what, "end-valgrind-in-child"))
		return end_valgrind_in_child();
	fprintf(stderr, "fixture_offender: unknown offence \"%s\"\n", what);
	return 2;
}
