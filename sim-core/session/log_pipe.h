/*
 * What a TA host prints, line by line, into the device's log.
 *
 * Runs in teesimd. The writer is hostile: it may print without end, without line feeds, or never.
 * A bounded chunk is taken per turn of the loop, and a line that is too long is cut in parts.
 * Owns the pipe's reading end.
 */
#ifndef TEESIM_SESSION_LOG_PIPE_H
#define TEESIM_SESSION_LOG_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "device/log.h"

#define LOG_PIPE_LINE 1024

struct log_pipe {
	uv_poll_t poll;
	int fd;
	struct log *log;
	/* Whose lines they are: "hello". */
	char source[64];
	char line[LOG_PIPE_LINE];
	size_t length;
	void (*closed)(struct log_pipe *pipe);
	bool closing;
};

/* Takes over `fd`, on failure too. Returns 0 or -errno. */
int log_pipe_init(struct log_pipe *pipe, uv_loop_t *loop, int fd, struct log *log,
		  void (*closed)(struct log_pipe *pipe));

/* Takes what the pipe still holds and ends; `closed` follows from the loop. */
void log_pipe_close(struct log_pipe *pipe);

#endif
