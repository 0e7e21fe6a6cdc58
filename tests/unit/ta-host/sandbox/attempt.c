#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandbox.h"
#include "wire/socket.h"

#define NOT_ENTERED 250

static struct packet_fds attached;

void attempt_attach(int fd)
{
	attached.fd[attached.count++] = fd;
}

static void child_run(enum attempt_phase phase, int (*attempt)(void), int (*prepare)(void), int log,
		      int control)
{
	struct sandbox_report report = { 0 };
	uint32_t wanted = SANDBOX_ALL_FEATURES & ~SANDBOX_SPAWN_FEATURES;

	if (dup2(log, 1) < 0 || dup2(log, 2) < 0 || dup2(control, 3) < 0)
		_exit(NOT_ENTERED);
	if (prepare && prepare())
		_exit(NOT_ENTERED);
	sandbox_enter_process(NULL, &report);
	if (phase < ATTEMPT_LOAD)
		wanted &= ~SANDBOX_BIT(SANDBOX_SECCOMP);
	else if (sandbox_enter_load(&report))
		_exit(NOT_ENTERED);
	if (phase >= ATTEMPT_RUN && sandbox_enter_run(&report))
		_exit(NOT_ENTERED);
	/* An older kernel may lack these two; the rest must be there for the test to mean a thing.
	 */
	wanted &= ~(SANDBOX_BIT(SANDBOX_LANDLOCK_NET) | SANDBOX_BIT(SANDBOX_LANDLOCK_SCOPE));
	if (!sandbox_report_has(&report, wanted))
		_exit(NOT_ENTERED);
	_exit(attempt());
}

struct outcome attempt_run(enum attempt_phase phase, int (*attempt)(void), int (*prepare)(void))
{
	struct outcome outcome = { .value = -1 };
	char octet = ATTEMPT_CONTROL_OCTET;
	int log[2], control[2], status;
	size_t at = 0;
	ssize_t got;
	pid_t pid;

	if (pipe2(log, O_CLOEXEC) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, control) < 0 ||
	    socket_send(control[0], &octet, 1, &attached, 0))
		abort();
	attached.count = 0;
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid) {
		const struct rlimit no_core = { 0, 0 };

		setrlimit(RLIMIT_CORE, &no_core);
		child_run(phase, attempt, prepare, log[1], control[1]);
	}
	close(log[1]);
	close(control[1]);
	while ((got = read(log[0], outcome.log + at, sizeof(outcome.log) - 1 - at)) > 0)
		at += (size_t)got;
	close(log[0]);
	close(control[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status)) {
		outcome.signal = WTERMSIG(status);
		outcome.entered = true;
	} else {
		outcome.value = WEXITSTATUS(status);
		outcome.entered = outcome.value != NOT_ENTERED;
	}
	return outcome;
}
