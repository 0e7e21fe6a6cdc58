#include "otrp/parser_process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "otrp/parser_stream.h"
#include "wire/child.h"
#include "wire/lookout.h"
#include "wire/socket.h"
#include "wire/turn.h"

/* More than a job of a usual message takes. */
#define LOOKOUT_US 300U

struct waiting {
	int sock;
	pid_t child; /* -1: has not said its first word yet */
};

struct parser_process {
	pid_t pid;
	int control;
	unsigned int used; /* children that were not made up for */
	bool gone;
	/* Their sockets: a child ends with its own, which takes time that nobody has before. */
	int spent[PARSER_READY];
	/* Of children that wait, as many as have been received, the oldest first. */
	struct waiting ready[PARSER_READY];
	unsigned int ready_count;
	enum turn_place place;
	struct lookout lookout;
};

int parser_process_start(struct parser_process **out, const char *program)
{
	char *argv[] = { (char *)program, NULL };
	struct parser_process *process = calloc(1, sizeof(*process));

	if (!process)
		return -ENOMEM;
	process->control = child_start(argv, PARSER_SOCKET, &process->pid);
	if (process->control < 0) {
		const int rc = process->control;

		free(process);
		return rc;
	}
	process->place = TURN_ELSEWHERE;
	lookout_init(&process->lookout, LOOKOUT_US);
	*out = process;
	return 0;
}

void parser_process_here(struct parser_process *process, bool here)
{
	process->place = here ? TURN_HERE : TURN_ELSEWHERE;
}

void parser_process_stop(struct parser_process *process)
{
	parser_process_refill(process);
	while (process->ready_count)
		close(process->ready[--process->ready_count].sock);
	/* It ends when nobody is there to ask. */
	close(process->control);
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(process);
}

bool parser_process_is_gone(const struct parser_process *process)
{
	return process->gone;
}

unsigned int parser_process_left(const struct parser_process *process)
{
	return PARSER_READY - process->used;
}

static int answer_take(struct span octets, struct parser_answer *out)
{
	return otrp_record_parse(octets, parser_answer_layout, PARSER_ANSWER_LAYOUT_COUNT, out);
}

/* One more child's socket. 0, or an error, which is none where there need not be one. */
static int socket_take(struct parser_process *process, int flags)
{
	struct packet_fds fds;
	char word;

	if (socket_receive(process->control, &word, 1, &fds, flags) != 1 || fds.count != 1) {
		packet_fds_close(&fds);
		return -EIO;
	}
	process->ready[process->ready_count++] = (struct waiting) { fds.fd[0], -1 };
	return 0;
}

void parser_process_refill(struct parser_process *process)
{
	const char word = (char)process->used;

	for (unsigned int i = 0; i < process->used; i++) {
		if (process->spent[i] >= 0)
			close(process->spent[i]);
		process->spent[i] = -1;
	}
	if (!process->used)
		return;
	if (socket_send(process->control, &word, 1, NULL, 0) == 0)
		process->used = 0;
	else
		process->gone = true;
	/* What was made up for earlier. */
	while (process->ready_count < PARSER_READY && !socket_take(process, MSG_DONTWAIT))
		;
	/* A child whose word is read while it waits would look for its job in vain: better now. */
	for (unsigned int i = 0; i < process->ready_count; i++)
		if (process->ready[i].child < 0)
			process->ready[i].child =
				parser_stream_greeted(process->ready[i].sock, MSG_DONTWAIT);
}

/* Takes a child that waits: its socket, or -EIO. */
static int child_take(struct parser_process *process)
{
	struct waiting taken;

	if (process->used == PARSER_READY)
		parser_process_refill(process);
	if (process->used == PARSER_READY)
		return -EIO;
	if (!process->ready_count && socket_take(process, 0)) {
		process->gone = true;
		return -EIO;
	}
	taken = process->ready[0];
	memmove(process->ready, process->ready + 1,
		--process->ready_count * sizeof(process->ready[0]));
	process->spent[process->used++] = taken.sock;
	if (taken.child < 0)
		taken.child = parser_stream_greeted(taken.sock, 0);
	turn_place(taken.child, process->place);
	return taken.sock;
}

int parser_process_begin(struct parser_process *process, const struct parser_job *job,
			 struct arena *arena, int *sock)
{
	struct span question;
	int rc = otrp_record_encode(job, parser_job_layout, PARSER_JOB_LAYOUT_COUNT, arena,
				    &question);

	if (rc)
		return rc;
	*sock = child_take(process);
	if (*sock < 0)
		return *sock;
	rc = parser_stream_write(*sock, question);
	return rc == -EPIPE ? -EBADMSG : rc;
}

int parser_process_end(struct parser_process *process, int sock, struct arena *arena,
		       struct parser_answer *out)
{
	struct span answer;
	int rc;

	/* Here it can't do anything while we look. */
	if (process->place == TURN_ELSEWHERE)
		lookout_wait(&process->lookout, sock);
	rc = parser_stream_wait(sock, PARSER_PATIENCE_SECONDS * 1000);

	if (rc == 0)
		rc = parser_stream_read(sock, PARSER_SIZE_MAX, arena, &answer);
	if (rc == 0)
		rc = answer_take(answer, out);
	return rc == -EPIPE ? -EBADMSG : rc;
}
