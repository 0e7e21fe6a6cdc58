/*
 * Tries something in a child process that has narrowed itself as ta-host does.
 */
#ifndef TEST_SANDBOX_ATTEMPT_H
#define TEST_SANDBOX_ATTEMPT_H

#include <stdbool.h>

enum attempt_phase {
	ATTEMPT_PROCESS,
	ATTEMPT_LOAD,
	ATTEMPT_RUN,
};

/* How it went. */
struct outcome {
	/* What the attempt returned, if it returned. */
	int value;
	/* The signal that ended the child, or 0. */
	int signal;
	/* The child closed descriptors, lowered limits and so on without complaint. */
	bool entered;
	/* What it wrote to its log. */
	char log[256];
};

/* Runs `attempt` in a child that has entered `phase`; 0 to 255 come back as `value`. What it needs
 * beforehand is made by `prepare`, which runs before the first phase and may be NULL. */
struct outcome attempt_run(enum attempt_phase phase, int (*attempt)(void), int (*prepare)(void));

/* Attaches the descriptor `fd` to the octet that waits for the next child; it stays the caller's.
 */
void attempt_attach(int fd);

/* Descriptor 3 of the child is one end of a socket pair; this octet waits in it. */
#define ATTEMPT_CONTROL_OCTET 0x5A

#endif
