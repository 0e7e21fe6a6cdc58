/*
 * Stands in for ta-host's instance.c, so that the API's functions run inside a test. Tests set
 * what the functions read, and read what they did.
 */
#ifndef TEESIM_TEST_RUNTIME_DOUBLE_H
#define TEESIM_TEST_RUNTIME_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime.h"
#include "service.h"

struct runtime_double {
	/* What runtime_panic() was last told, and how often runtime_log() was called. */
	TEE_Result panic_code;
	char panic_reason[160];
	char last_log[256];
	unsigned int logs;
	/* Answers. */
	bool cancel_requested;
	enum runtime_sharing sharing;
	bool shared_writable;
	bool mapped;
	/* What service_call() returns, and whether it answers in value 0. */
	TEE_Result service_result;
	bool service_answers;
	typeof(((TEE_Param *)NULL)->value) service_answer;
	/* Arguments of the last service_call(). */
	struct service *service;
	uint32_t service_command, service_types;
	TEE_Param service_params[TEE_NUM_PARAMS];
	/* Arguments of the last runtime_mapped(), and of the last runtime_sleep(). */
	bool asked_read, asked_write;
	uint64_t sleep_deadline_ns;
	bool sleep_cancellable;
};

extern struct runtime_double runtime_double;

/* Everything as it is at the start of an operation of a TA of no properties. */
void runtime_double_reset(void);

/* Runs `function`; true when it panicked, with code and reason in runtime_double. What the function
 * held at that point is lost, as in a TA. */
bool runtime_double_panics(void (*function)(void));

#endif
