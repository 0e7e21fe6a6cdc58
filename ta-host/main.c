/*
 * ta-host: one process, one TA instance. Started by teesimd alone, with its control socket as
 * descriptor 3 and the log as descriptors 1 and 2.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "death.h"
#include "instance.h"
#include "loader/stack.h"
#include "sandbox/sandbox.h"

/* What a TA declares is sized for a C library much smaller than this one: it gets more. */
#define TA_STACK (8U * 1024U * 1024U)

static struct sandbox_report report;
static bool unconfined;

/* Runs on the TA's thread. */
static void *host_main(void *unused)
{
	const struct instance_options options = { .report = &report, .unconfined = unconfined };
	int err;

	(void)unused;
	err = death_watch();
	if (err < 0) {
		fprintf(stderr, "ta-host: no crash handler: %s\n", strerror(-err));
		exit(EXIT_FAILURE);
	}
	if (!unconfined) {
		err = sandbox_enter_load(&report);
		if (err < 0) {
			fprintf(stderr, "ta-host: no seccomp: %s\n", strerror(-err));
			exit(EXIT_FAILURE);
		}
	}
	instance_run(&options);
}

int main(int argc, char **argv)
{
	struct stack_thread thread;
	int err;

	/* A TA's printf() goes to the log line by line. */
	(void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	unconfined = argc == 2 && strcmp(argv[1], "--unconfined") == 0;
	if (argc > 1 && !unconfined) {
		fputs("ta-host: this program is started by teesimd; see 'teesim --help'\n", stderr);
		return 2;
	}
	if (unconfined)
		sandbox_report_set_all(&report, SANDBOX_ALL_FEATURES & ~SANDBOX_SPAWN_FEATURES,
				       ECANCELED);
	else
		sandbox_enter_process(NULL, &report);
	err = stack_thread_start(&thread, TA_STACK, host_main, NULL);
	if (err < 0) {
		fprintf(stderr, "ta-host: no thread for the TA: %s\n", strerror(-err));
		return EXIT_FAILURE;
	}
	(void)stack_thread_join(&thread);
	return EXIT_FAILURE;
}
