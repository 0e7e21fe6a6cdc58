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
static void *host_main(void *arg)
{
	const struct instance_options options = { .report = &report,
						  .unconfined = unconfined,
						  .thread = arg };
	int err;

	err = death_watch(arg);
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

/* The one option, for teesimd alone: `--sandbox-leave-out=MASK`. */
static bool options_parse(int argc, char **argv, uint32_t *leave_out)
{
	static const char name[] = "--sandbox-leave-out=";
	unsigned long mask;
	char *end;

	*leave_out = 0;
	if (argc == 1)
		return true;
	if (argc != 2 || strncmp(argv[1], name, sizeof(name) - 1) != 0)
		return false;
	mask = strtoul(argv[1] + sizeof(name) - 1, &end, 0);
	*leave_out = (uint32_t)mask;
	return !*end && mask <= SANDBOX_ALL_FEATURES;
}

int main(int argc, char **argv)
{
	struct sandbox_limits limits = { 0 };
	struct stack_thread thread;
	int err;

	if (!options_parse(argc, argv, &limits.leave_out)) {
		fputs("ta-host: this program is started by teesimd; see 'teesim --help'\n", stderr);
		return 2;
	}
	/* A TA's printf() goes to the log line by line. */
	(void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	unconfined = limits.leave_out & SANDBOX_BIT(SANDBOX_SECCOMP);
	sandbox_enter_process(&limits, &report);
	if (unconfined)
		sandbox_report_set(&report, SANDBOX_SECCOMP, ECANCELED);
	err = stack_thread_start(&thread, TA_STACK, host_main, &thread);
	if (err < 0) {
		fprintf(stderr, "ta-host: no thread for the TA: %s\n", strerror(-err));
		return EXIT_FAILURE;
	}
	(void)stack_thread_join(&thread);
	return EXIT_FAILURE;
}
