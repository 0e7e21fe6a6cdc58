/*
 * The TA instance that this process is: from the message that names its image to the end of its
 * last session. Runs on the TA's thread.
 */
#ifndef TEESIM_TA_HOST_INSTANCE_H
#define TEESIM_TA_HOST_INSTANCE_H

#include "sandbox/report.h"

struct stack_thread;

struct instance_options {
	/* What has been entered of the sandbox so far. */
	struct sandbox_report *report;
	/* No sandbox: under a debugger or Valgrind. The image is loaded by its path, so that they
	 * find it. */
	bool unconfined;
	/* The one that all this runs on. */
	struct stack_thread *thread;
};

/* Waits for the instance's image, loads and serves it. Never returns. */
__attribute__((noreturn)) void instance_run(const struct instance_options *options);

#endif
