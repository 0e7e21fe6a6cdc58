/*
 * The smallest ta-host: all of the sandbox and the loader and nothing else. Receives an image,
 * loads it, runs its constructors in the last phase and logs what the fixture notes. Ends with 0.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader/loader.h"
#include "loader/stack.h"
#include "sandbox/sandbox.h"
#include "wire/socket.h"

static struct loaded_ta ta;
static struct stack_thread thread;
static atomic_int narrowed;

__attribute__((visibility("default"))) void fixture_note(char what);
void fixture_note(char what)
{
	if (write(1, &what, 1) != 1)
		_exit(6);
	/* What a TA would do that goes wrong, asked for by the test through the environment. */
	if (what == '1' && getenv("THEN_FAULT"))
		*(volatile char *)thread.region = 1;
	if (what == '1' && getenv("THEN_ABORT"))
		abort();
}

static void aborted(int sig)
{
	_exit(64 + sig);
}

static void *ta_run(void *arg)
{
	char *argv[] = { "ta", NULL };

	while (!atomic_load(&narrowed))
		sched_yield();
	loader_run_constructors(&ta, 1, argv, environ);
	return ta.create() == TEE_SUCCESS ? arg : NULL;
}

int main(void)
{
	struct sandbox_report report = { 0 };
	struct packet_fds fds = { 0 };
	char err[256], octet;

	sandbox_enter_process(NULL, &report);
	signal(SIGABRT, aborted);
	signal(SIGSEGV, SIG_DFL);
	if (sandbox_enter_load(&report))
		return 1;
	if (socket_receive(3, &octet, 1, &fds, 0) != 1 || fds.count != 1)
		return 2;
	if (loader_open(fds.fd[0], "/x/caged.ta", &ta, err, sizeof(err))) {
		dprintf(2, "%s\n", err);
		return 3;
	}
	packet_fds_close(&fds);
	if (stack_thread_start(&thread, 0, ta_run, &thread) || sandbox_enter_run(&report))
		return 4;
	atomic_store(&narrowed, 1);
	octet = stack_thread_join(&thread) ? '.' : '!';
	if (write(1, &octet, 1) != 1)
		return 5;
	_exit(0);
}
