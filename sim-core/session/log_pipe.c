#include "session/log_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 4096
/* What a pipe can hold, and more than that at the end is a writer that outlived its host. */
#define LAST_CHUNKS 256

static void line_end(struct log_pipe *pipe)
{
	if (pipe->length)
		log_relay(pipe->log, pipe->source, pipe->line, pipe->length);
	pipe->length = 0;
}

static void lines_split(struct log_pipe *pipe, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n') {
			line_end(pipe);
			continue;
		}
		if (data[i] == '\r' && (i + 1 == size || data[i + 1] == '\n'))
			continue;
		pipe->line[pipe->length++] = data[i];
		if (pipe->length == sizeof(pipe->line))
			line_end(pipe);
	}
}

/* Returns false when there is nothing more for now, or for ever. */
static bool chunk_read(struct log_pipe *pipe, bool *end)
{
	char chunk[CHUNK];
	ssize_t n;

	do {
		n = read(pipe->fd, chunk, sizeof(chunk));
	} while (n < 0 && errno == EINTR);
	*end = n == 0 || (n < 0 && errno != EAGAIN);
	if (n <= 0)
		return false;
	lines_split(pipe, chunk, (size_t)n);
	return true;
}

static void pipe_ready(uv_poll_t *poll, int status, int events)
{
	struct log_pipe *pipe = poll->data;
	bool end = status < 0;

	(void)events;
	if (!end)
		(void)chunk_read(pipe, &end);
	/* A host that closed its output may well live on. */
	if (end)
		uv_poll_stop(poll);
}

int log_pipe_init(struct log_pipe *pipe, uv_loop_t *loop, int fd, struct log *log,
		  void (*closed)(struct log_pipe *pipe))
{
	int err;

	memset(pipe, 0, sizeof(*pipe));
	pipe->fd = fd;
	pipe->log = log;
	pipe->closed = closed;
	strcpy(pipe->source, "?");
	err = fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : uv_poll_init(loop, &pipe->poll, fd);
	if (err < 0) {
		close(fd);
		return err;
	}
	pipe->poll.data = pipe;
	uv_poll_start(&pipe->poll, UV_READABLE, pipe_ready);
	return 0;
}

static void pipe_closed(uv_handle_t *handle)
{
	struct log_pipe *pipe = handle->data;

	close(pipe->fd);
	pipe->fd = -1;
	pipe->closed(pipe);
}

void log_pipe_close(struct log_pipe *pipe)
{
	bool end;

	if (pipe->closing)
		return;
	pipe->closing = true;
	for (int i = 0; i < LAST_CHUNKS && chunk_read(pipe, &end); i++)
		;
	line_end(pipe);
	uv_poll_stop(&pipe->poll);
	uv_close((uv_handle_t *)&pipe->poll, pipe_closed);
}
