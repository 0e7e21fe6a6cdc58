/*
 * How a TA died, in one line for the developer and in a few more: its last words where it had any,
 * else what the kernel says.
 *
 * Runs in teesimd. The last words were checked for their form and may say anything.
 */
#ifndef TEESIM_SESSION_OBITUARY_H
#define TEESIM_SESSION_OBITUARY_H

#include <stddef.h>

#include "wire/message.h"

struct obituary {
	/* NULL when it had none. */
	const struct message_death *last_words;
	/* As waitpid() gives it. */
	int status;
	/* Why teesimd killed it, or NULL. */
	const char *killed_because;
};

/* Writes "panicked with code 0xffff0006 (TEE_ERROR_BAD_PARAMETERS) in command 3". */
void obituary_write(const struct obituary *obituary, char *text, size_t size);

/* Writes what else there is to tell but the backtrace, a line each: the cause in words, the
 * address, the rule that was broken, the command. */
#define OBITUARY_DETAILS_SIZE 1024
void obituary_details_write(const struct obituary *obituary, char *text, size_t size);

#endif
