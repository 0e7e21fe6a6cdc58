#include "session/tee_link.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/paths.h"
#include "sandbox/spawn.h"
#include "session/log_pipe.h"
#include "session/opening.h"
#include "session/peer.h"
#include "session/server.h"
#include "wire/socket.h"

/* How long it stays when nobody has asked it for anything. */
#define IDLE_MS 15000
/* An image takes some tens of milliseconds, and longer while a request is executed. */
#define PATIENCE_MS	     20000
#define CONNECTIONS_PER_TURN 16
#define NUMBER_SIZE	     24
/* The TEE has no more of them before it at a time; the others wait here. */
#define QUESTIONS_SENT_MAX 16
/* How often a TEE below the first one is started for one question. */
#define QUESTION_TRIES 2

struct tee_question {
	struct uuid uuid;
	struct ta_file_identity changes;
	struct opening_queue waiting;
	bool sent;	    /* as are all before it */
	unsigned int tries; /* a TEE that could know had ended */
	TAILQ_ENTRY(tee_question) in_queue;
};

/* A client that the TEE does not know of yet, in the order in which they came. */
struct tee_caller {
	int sock;
	unsigned int tries; /* processes that died before they took it */
	TAILQ_ENTRY(tee_caller) in_queue;
};

/* Lives from its start until it was reaped and all handles are closed. That of a TEE below the
 * first one, which was started by itself, has no link and no control socket: the first one has its
 * other end, and with that it ends. */
struct tee_process {
	struct tee_link *link; /* NULL once it was told to end */
	unsigned int below;    /* the number of that TEE; 0: all TEEs */
	struct server *server;
	pid_t pid; /* 0 once it was reaped */
	int pidfd;
	uv_poll_t watch;
	struct peer control;
	struct log_pipe output;
	unsigned int open_handles;
	LIST_ENTRY(tee_process) of_server;
};

static const struct peer_bounds control_bounds = { 4096, 1U << 20, 1024 };

static void process_let_go(struct tee_process *process, const char *why);

static void answer_clear(struct tee_answer *answer)
{
	if (answer->used && answer->fd >= 0)
		close(answer->fd);
	if (answer->used && answer->personal_fd >= 0)
		close(answer->personal_fd);
	answer->used = false;
}

static struct tee_answer *answer_find(struct tee_link *link, const struct uuid *uuid)
{
	for (unsigned int i = 0; i < TEE_ANSWERS_MAX; i++)
		if (link->answers[i].used && uuid_equal(&link->answers[i].uuid, uuid))
			return &link->answers[i];
	return NULL;
}

/* The places where a UUID can be. */
static struct uuid *misses_of(struct tee_link *link, const struct uuid *uuid)
{
	uint64_t half[2], hash;

	memcpy(half, uuid->octet, sizeof(half));
	hash = (half[0] ^ half[1]) * 0x9E3779B97F4A7C15U;
	/* What is highest depends on all of it. */
	return link->misses[(hash >> 32) * TEE_MISS_SETS >> 32];
}

static bool miss_known(struct tee_link *link, const struct uuid *uuid,
		       const struct ta_file_identity *changes)
{
	const struct uuid *set = misses_of(link, uuid);

	for (unsigned int i = 0; i < TEE_MISSES_IN_SET; i++)
		if (uuid_equal(&set[i], uuid))
			return ta_file_same(&link->misses_changes, changes);
	return false;
}

static void miss_keep(struct tee_link *link, const struct uuid *uuid,
		      const struct ta_file_identity *changes)
{
	static const struct uuid none;
	struct uuid *set = misses_of(link, uuid);

	if (!ta_file_same(&link->misses_changes, changes)) {
		memset(link->misses, 0, sizeof(link->misses));
		link->misses_changes = *changes;
	}
	/* All zeros stand for no UUID. */
	if (uuid_equal(uuid, &none) || miss_known(link, uuid, changes))
		return;
	memmove(set + 1, set, (TEE_MISSES_IN_SET - 1) * sizeof(*set));
	*set = *uuid;
}

void tee_link_forget(struct tee_link *link)
{
	for (unsigned int i = 0; i < TEE_ANSWERS_MAX; i++)
		if (link->answers[i].used && link->answers[i].fd >= 0)
			answer_clear(&link->answers[i]);
}

bool tee_link_has_images(const struct tee_link *link)
{
	for (unsigned int i = 0; i < TEE_ANSWERS_MAX; i++)
		if (link->answers[i].used && link->answers[i].fd >= 0)
			return true;
	return false;
}

/* The oldest image goes where there are as many as there may be. */
static void images_bound(struct tee_link *link)
{
	struct tee_answer *oldest = NULL;
	unsigned int count = 0;

	for (unsigned int i = 0; i < TEE_ANSWERS_MAX; i++) {
		struct tee_answer *answer = &link->answers[(link->next + i) % TEE_ANSWERS_MAX];

		if (!answer->used || answer->fd < 0)
			continue;
		count++;
		if (!oldest)
			oldest = answer;
	}
	if (count >= TEE_ANSWER_IMAGES_MAX)
		answer_clear(oldest);
}

/* Takes over `fd`. */
static struct tee_answer *answer_keep(struct tee_link *link, const struct tee_question *question,
				      int error, int fd)
{
	struct tee_answer *answer = answer_find(link, &question->uuid);

	if (!answer) {
		answer = &link->answers[link->next];
		link->next = (link->next + 1) % TEE_ANSWERS_MAX;
	}
	answer_clear(answer);
	if (fd >= 0)
		images_bound(link);
	*answer = (struct tee_answer) {
		.uuid = question->uuid,
		.changes = question->changes,
		.error = error,
		.fd = fd,
		.personal_fd = -1,
		.used = true,
	};
	return answer;
}

static void question_send(struct tee_process *process, struct tee_question *question)
{
	struct tee_image_packet packet = { .head = { TEE_PACKET_MAGIC, TEE_IMAGE, 0, 0 } };

	memcpy(packet.uuid, question->uuid.octet, sizeof(packet.uuid));
	question->sent = true;
	peer_send(&process->control, &packet, sizeof(packet), NULL);
}

/* The TEE gets the next ones. */
static void questions_send(struct tee_link *link)
{
	struct tee_question *question = TAILQ_FIRST(&link->questions);

	for (int i = 0; i < QUESTIONS_SENT_MAX && question && link->process && !link->failing;
	     i++) {
		if (!question->sent)
			question_send(link->process, question);
		question = TAILQ_NEXT(question, in_queue);
	}
}

/* Those who waited look again, and find the answer. */
static void question_end(struct tee_link *link, struct tee_question *question)
{
	const struct uuid uuid = question->uuid;
	struct tee_answer *answer;

	TAILQ_REMOVE(&link->questions, question, in_queue);
	questions_send(link);
	if (TAILQ_EMPTY(&link->questions))
		uv_timer_stop(&link->patience);
	else
		uv_timer_again(&link->patience);
	opening_advance_all(&question->waiting);
	free(question);
	/* Only what is so is remembered. */
	answer = answer_find(link, &uuid);
	if (answer && answer->error)
		answer_clear(answer);
}

static void questions_fail(struct tee_link *link, const char *why)
{
	struct tee_question *question, *next, *last = TAILQ_LAST(&link->questions, tee_questions);

	link->failing = true;
	/* Not those that are asked meanwhile, of another process. */
	for (question = TAILQ_FIRST(&link->questions); question; question = next) {
		struct tee_answer *answer = answer_keep(link, question, -EIO, -1);

		next = question == last ? NULL : TAILQ_NEXT(question, in_queue);
		snprintf(answer->reason, sizeof(answer->reason), "%s", why);
		question_end(link, question);
	}
	link->failing = false;
	questions_send(link);
}

static struct tee_process *process_get(struct tee_link *link);

static void caller_end(struct tee_link *link, struct tee_caller *caller)
{
	TAILQ_REMOVE(&link->callers, caller, in_queue);
	close(caller->sock);
	free(caller);
}

/* Keeps the connection until it is known that it has arrived. */
static void caller_hand_over(struct tee_link *link, struct tee_caller *caller)
{
	const struct tee_packet packet = { TEE_PACKET_MAGIC, TEE_CONNECTION, 0, 0 };
	struct packet_fds fds = { .count = 1 };
	struct tee_process *process = process_get(link);

	fds.fd[0] = process ? fcntl(caller->sock, F_DUPFD_CLOEXEC, 0) : -1;
	if (fds.fd[0] < 0)
		caller_end(link, caller);
	else
		peer_send(&process->control, &packet, sizeof(packet), &fds);
}

/* To the next process, unless it was theirs that two died over. */
static void callers_try_again(struct tee_link *link)
{
	struct tee_caller *caller, *next;

	for (caller = TAILQ_FIRST(&link->callers); caller; caller = next) {
		next = TAILQ_NEXT(caller, in_queue);
		if (link->server->stopping || ++caller->tries > 1)
			caller_end(link, caller);
		else
			caller_hand_over(link, caller);
	}
}

static void connection_hand_over(struct tee_link *link, int sock)
{
	struct tee_caller *caller = calloc(1, sizeof(*caller));

	if (!caller) {
		close(sock);
		return;
	}
	caller->sock = sock;
	TAILQ_INSERT_TAIL(&link->callers, caller, in_queue);
	caller_hand_over(link, caller);
}

static void process_kill(const struct tee_process *process)
{
	if (process->pid)
		kill(process->pid, SIGKILL);
}

static void idle_over(uv_timer_t *timer)
{
	struct tee_link *link = timer->data;

	if (link->process && !link->connections && TAILQ_EMPTY(&link->questions) &&
	    TAILQ_EMPTY(&link->callers))
		process_let_go(link->process, NULL);
}

static void idle_begin(struct tee_link *link)
{
	if (link->process && !link->connections && !link->server->stopping)
		uv_timer_start(&link->idle, idle_over, IDLE_MS, 0);
}

static void patience_over(uv_timer_t *timer)
{
	struct tee_link *link = timer->data;
	struct tee_process *process = link->process;

	uv_timer_stop(timer);
	if (!process)
		return;
	process_kill(process);
	process_let_go(process, "the TEE did not answer in time and was killed");
}

static void connections_set(struct tee_link *link, uint32_t count)
{
	link->connections = count;
	if (count)
		uv_timer_stop(&link->idle);
	else
		idle_begin(link);
	server_clients_changed(link->server);
}

static struct tee_process *process_of(struct peer *peer)
{
	return (struct tee_process *)((char *)peer - offsetof(struct tee_process, control));
}

static void reason_take(struct tee_answer *answer, int fd, size_t size)
{
	const void *octets;
	size_t length = size < sizeof(answer->reason) ? size : sizeof(answer->reason) - 1;

	snprintf(answer->reason, sizeof(answer->reason), "%s", strerror(-answer->error));
	if (fd < 0 || tee_octets_map(fd, size, &octets))
		return;
	memcpy(answer->reason, octets, length);
	answer->reason[length] = '\0';
	(void)munmap((void *)octets, size);
}

/* Answers come in the order of the questions. Takes over the descriptor of the image, and where
 * that succeeds the other one as well. */
static int image_came(struct tee_link *link, const struct tee_image_packet *packet, int fd,
		      struct packet_fds *fds)
{
	struct tee_question *question = TAILQ_FIRST(&link->questions);
	const int error = -(int)packet->head.status;
	struct tee_answer *answer;

	if (!question || memcmp(question->uuid.octet, packet->uuid, sizeof(packet->uuid)) != 0 ||
	    (!error && fd < 0)) {
		if (fd >= 0)
			close(fd);
		return -EPROTO;
	}
	if (error == -ENOENT) {
		miss_keep(link, &question->uuid, &question->changes);
		answer = answer_find(link, &question->uuid);
		if (answer)
			answer_clear(answer);
		if (fd >= 0)
			close(fd);
		question_end(link, question);
		return 0;
	}
	answer = answer_keep(link, question, error, error ? -1 : fd);
	answer->record = packet->record;
	if (packet->record.personal_size)
		answer->personal_fd = packet_fds_take(fds, 1);
	if (error) {
		reason_take(answer, fd, packet->head.size);
		if (fd >= 0)
			close(fd);
	}
	question_end(link, question);
	server_images_used(link->server);
	return 0;
}

/* A TEE that could know was started again meanwhile. False: too often. */
static bool question_again(struct tee_process *process, const struct tee_image_packet *packet)
{
	struct tee_link *link = process->link;
	struct tee_question *question = TAILQ_FIRST(&link->questions);

	if (packet->head.status != EAGAIN || !question ||
	    memcmp(question->uuid.octet, packet->uuid, sizeof(packet->uuid)) != 0 ||
	    ++question->tries > QUESTION_TRIES)
		return false;
	/* Answers come in the order of the questions. */
	TAILQ_REMOVE(&link->questions, question, in_queue);
	TAILQ_INSERT_TAIL(&link->questions, question, in_queue);
	question->sent = false;
	uv_timer_again(&link->patience);
	questions_send(link);
	return true;
}

static int below_start(struct tee_link *link, unsigned int below);

/* One below the first has ended, and somebody wants it. */
static void below_lost(struct tee_process *process, unsigned int below)
{
	struct tee_packet packet = { TEE_PACKET_MAGIC, TEE_BELOW, 0, below };
	struct packet_fds fds = { .count = 1 };

	log_write(process->server->log, LOG_LEVEL_ERROR,
		  "TEE %u of this device has ended; it is started again", below);
	fds.fd[0] = below_start(process->link, below);
	if (fds.fd[0] < 0) {
		packet.status = (uint32_t)-fds.fd[0];
		fds.count = 0;
	}
	peer_send(&process->control, &packet, sizeof(packet), &fds);
}

static int control_packet(struct peer *peer, const void *data, size_t size, struct packet_fds *fds)
{
	struct tee_process *process = process_of(peer);
	struct tee_link *link = process->link;
	struct tee_image_packet packet;
	const void *octets;
	int rc = tee_packet_parse(data, size, fds->count, &packet);

	if (rc || !link)
		return rc;
	switch (packet.head.kind) {
	case TEE_CONNECTIONS:
		connections_set(link, packet.head.size);
		return 0;
	case TEE_TAKEN:
		if (TAILQ_EMPTY(&link->callers))
			return -EPROTO;
		caller_end(link, TAILQ_FIRST(&link->callers));
		/* How many it has comes behind, and it must not be ended until then. */
		uv_timer_stop(&link->idle);
		return 0;
	case TEE_LOST:
		below_lost(process, packet.head.size);
		return 0;
	case TEE_IMAGE:
		if (question_again(process, &packet))
			return 0;
		/* Sealed, and of the size that it says. */
		if (packet.head.size && tee_octets_map(fds->fd[0], packet.head.size, &octets))
			return -EPROTO;
		if (packet.head.size)
			(void)munmap((void *)octets, packet.head.size);
		if (packet.record.personal_size) {
			if (tee_octets_map(fds->fd[1], packet.record.personal_size, &octets))
				return -EPROTO;
			(void)munmap((void *)octets, packet.record.personal_size);
		}
		rc = image_came(link, &packet, packet.head.size ? packet_fds_take(fds, 0) : -1,
				fds);
		idle_begin(link);
		return rc;
	default:
		return -EPROTO;
	}
}

static void handle_closed(struct tee_process *process)
{
	if (--process->open_handles)
		return;
	LIST_REMOVE(process, of_server);
	free(process);
}

static void control_gone(struct peer *peer, int err)
{
	struct tee_process *process = process_of(peer);

	if (err == -EPROTO)
		process_kill(process);
	process_let_go(process, err == -EPROTO ? "the TEE broke the protocol and was killed"
					       : "the TEE's process ended; the log says why");
}

static void control_closed(struct peer *peer)
{
	handle_closed(process_of(peer));
}

static const struct peer_events control_events = {
	.packet = control_packet,
	.gone = control_gone,
	.closed = control_closed,
};

static void output_closed(struct log_pipe *pipe)
{
	handle_closed((struct tee_process *)((char *)pipe - offsetof(struct tee_process, output)));
}

static void watch_closed(uv_handle_t *handle)
{
	struct tee_process *process = handle->data;

	close(process->pidfd);
	handle_closed(process);
}

/* It ends by itself when nobody is at the other end. */
static void process_let_go(struct tee_process *process, const char *why)
{
	struct tee_link *link = process->link;

	peer_close(&process->control);
	if (!link)
		return;
	process->link = NULL;
	link->process = NULL;
	uv_timer_stop(&link->idle);
	connections_set(link, 0);
	if (why && !link->server->stopping)
		log_write(link->server->log, LOG_LEVEL_ERROR, "%s", why);
	questions_fail(link, why ? why : "the TEE has ended");
	callers_try_again(link);
}

static void watch_ready(uv_poll_t *poll, int status, int events)
{
	struct tee_process *process = poll->data;
	char why[128] = "the TEE's process ended";
	int how = 0;

	(void)status;
	(void)events;
	if (waitpid(process->pid, &how, WNOHANG) == 0)
		return;
	if (WIFEXITED(how) && WEXITSTATUS(how))
		snprintf(why, sizeof(why), "the TEE's process failed with status %d",
			 WEXITSTATUS(how));
	if (WIFSIGNALED(how))
		snprintf(why, sizeof(why), "the TEE's process was ended by signal %d (SIG%s)",
			 WTERMSIG(how), sigabbrev_np(WTERMSIG(how)));
	process->pid = 0;
	uv_poll_stop(&process->watch);
	if (!process->below)
		peer_drain(&process->control);
	log_pipe_close(&process->output);
	if (!process->below)
		process_let_go(process, why);
	uv_close((uv_handle_t *)&process->watch, watch_closed);
}

static int process_spawn(struct tee_process *process, const int control, const int output)
{
	const struct server *server = process->server;
	const struct device_clock *clock = &server->options->clock;
	char start[NUMBER_SIZE], instant[NUMBER_SIZE], rate[NUMBER_SIZE], below[NUMBER_SIZE];
	char *argv[] = {
		(char *)server->options->tee_path,
		process->below ? "again" : "start",
		(char *)server->device->path,
		start,
		instant,
		rate,
		(char *)(server->options->durable ? "durable" : "fast"),
		process->below ? below : NULL,
		NULL,
	};
	const struct sandbox_spawn_options spawn = {
		.path = server->options->tee_path,
		.argv = argv,
		.control_fd = control,
		.log_fd = output,
	};
	struct sandbox_report unused = { 0 };
	struct sandbox_child child;
	int err;

	snprintf(below, sizeof(below), "%u", process->below);
	snprintf(start, sizeof(start), "%" PRIu64, clock->host_start_ns);
	snprintf(instant, sizeof(instant), "%" PRIu64, clock->start_ns);
	snprintf(rate, sizeof(rate), "%" PRIu64, clock->rate);
	err = sandbox_spawn(&spawn, &child, &unused);
	if (!err && child.pidfd < 0) {
		kill(child.pid, SIGKILL);
		(void)waitpid(child.pid, NULL, 0);
		err = -ENOSYS;
	}
	if (!err) {
		process->pid = child.pid;
		process->pidfd = child.pidfd;
	}
	return err;
}

/* Its handles are open from here on; it is freed when they are closed. `control`: -1 for one below
 * the first. */
static void process_connect(struct tee_process *process, int control, int output)
{
	uv_loop_t *loop = process->server->loop;

	process->open_handles = 2;
	/* All are descriptors that a loop can wait on, so none of it can fail. */
	if (control >= 0) {
		process->open_handles++;
		(void)peer_init(&process->control, loop, control, &control_bounds, &control_events);
	}
	(void)log_pipe_init(&process->output, loop, output, process->server->log, output_closed);
	snprintf(process->output.source, sizeof(process->output.source), "tee-otrp");
	uv_poll_init(loop, &process->watch, process->pidfd);
	process->watch.data = process;
	uv_poll_start(&process->watch, UV_READABLE, watch_ready);
	LIST_INSERT_HEAD(&process->server->tee_processes, process, of_server);
}

/* A new process, that of all TEEs or of one below the first. Returns our end of its control socket
 * and of its output, or -errno with a line in the log. */
static int process_start(struct tee_link *link, unsigned int below, struct tee_process **out,
			 int *log)
{
	int control[2] = { -1, -1 }, output[2] = { -1, -1 };
	struct tee_process *process = calloc(1, sizeof(*process));
	int err = process ? 0 : -ENOMEM;

	if (!err && (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0 ||
		     pipe2(output, O_CLOEXEC) < 0))
		err = -errno;
	if (!err) {
		process->server = link->server;
		process->below = below;
		err = process_spawn(process, control[1], output[1]);
	}
	for (int i = 1; i >= (err ? 0 : 1); i--) {
		if (control[i] >= 0)
			close(control[i]);
		if (output[i] >= 0)
			close(output[i]);
	}
	if (err) {
		free(process);
		log_write(link->server->log, LOG_LEVEL_ERROR,
			  "the TEE for OTrP, %s, cannot be started: %s; build or install it",
			  link->server->options->tee_path, strerror(-err));
		return err;
	}
	*out = process;
	*log = output[0];
	return control[0];
}

/* One that runs already, or a new one. NULL with a line in the log. */
static struct tee_process *process_get(struct tee_link *link)
{
	struct tee_process *process;
	int control, output;

	if (link->process)
		return link->process;
	if (link->server->stopping)
		return NULL;
	control = process_start(link, 0, &process, &output);
	/* NOLINTBEGIN(clang-analyzer-*): there is a process whenever there is its descriptor */
	if (control < 0)
		return NULL;
	process->link = link;
	/* NOLINTEND(clang-analyzer-*) */
	process_connect(process, control, output);
	link->process = process;
	idle_begin(link);
	return process;
}

/* Returns the end of its control socket that is the first one's, or -errno. */
static int below_start(struct tee_link *link, unsigned int below)
{
	struct tee_process *process;
	int output;
	const int control = process_start(link, below, &process, &output);

	if (control >= 0)
		process_connect(process, -1, output);
	return control;
}

static void listener_ready(uv_poll_t *poll, int status, int events)
{
	struct tee_link *link = poll->data;

	(void)events;
	for (int i = 0; status == 0 && i < CONNECTIONS_PER_TURN; i++) {
		const int sock = accept4(link->sock, NULL, NULL, SOCK_CLOEXEC);
		struct ucred peer;

		if (sock < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (sock < 0)
			return;
		if (server_peer_allowed(link->server, sock, &peer))
			connection_hand_over(link, sock);
		else
			close(sock);
	}
}

int tee_link_init(struct tee_link *link, struct server *server)
{
	int err;

	TAILQ_INIT(&link->questions);
	TAILQ_INIT(&link->callers);
	link->server = server;
	link->sock = -1;
	uv_timer_init(server->loop, &link->idle);
	uv_timer_init(server->loop, &link->patience);
	uv_unref((uv_handle_t *)&link->idle);
	link->idle.data = link->patience.data = link->listener.data = link;
	err = paths_otrp_socket(server->options->socket_path, link->path, sizeof(link->path));
	if (err < 0)
		return err;
	link->sock = socket_listen(link->path, SERVER_BACKLOG);
	if (link->sock < 0)
		return link->sock;
	uv_poll_init(server->loop, &link->listener, link->sock);
	uv_poll_start(&link->listener, UV_READABLE, listener_ready);
	link->listening = true;
	return 0;
}

static void listener_closed(uv_handle_t *handle)
{
	struct tee_link *link = handle->data;

	close(link->sock);
	link->sock = -1;
}

void tee_link_stop(struct tee_link *link)
{
	if (link->listening) {
		(void)unlink(link->path);
		uv_close((uv_handle_t *)&link->listener, listener_closed);
	}
	link->listening = false;
	if (link->process)
		process_let_go(link->process, NULL);
	uv_close((uv_handle_t *)&link->idle, NULL);
	uv_close((uv_handle_t *)&link->patience, NULL);
}

void tee_link_kill(struct tee_link *link)
{
	struct tee_process *process;

	LIST_FOREACH(process, &link->server->tee_processes, of_server)
		process_kill(process);
}

size_t tee_link_processes(const struct tee_link *link, pid_t pids[TEE_PROCESSES_TOLD])
{
	const struct tee_process *process;
	size_t count = 0;

	LIST_FOREACH(process, &link->server->tee_processes, of_server)
		if (process->pid && count < TEE_PROCESSES_TOLD)
			pids[count++] = process->pid;
	return count;
}

void tee_link_fini(struct tee_link *link)
{
	for (unsigned int i = 0; i < TEE_ANSWERS_MAX; i++)
		answer_clear(&link->answers[i]);
}

static struct tee_question *question_find(struct tee_link *link, const struct uuid *uuid,
					  const struct ta_file_identity *changes)
{
	struct tee_question *question;

	TAILQ_FOREACH(question, &link->questions, in_queue)
		if (uuid_equal(&question->uuid, uuid) && ta_file_same(&question->changes, changes))
			return question;
	return NULL;
}

static struct tee_question *question_ask(struct tee_link *link, const struct uuid *uuid,
					 const struct ta_file_identity *changes)
{
	struct tee_question *question = calloc(1, sizeof(*question));
	struct tee_process *process = question ? process_get(link) : NULL;

	if (!process) {
		free(question);
		return NULL;
	}
	question->uuid = *uuid;
	question->changes = *changes;
	TAILQ_INIT(&question->waiting);
	if (TAILQ_EMPTY(&link->questions))
		uv_timer_start(&link->patience, patience_over, PATIENCE_MS, PATIENCE_MS);
	TAILQ_INSERT_TAIL(&link->questions, question, in_queue);
	questions_send(link);
	return question;
}

const struct tee_answer *tee_link_ask(struct tee_link *link, const struct uuid *uuid,
				      struct opening_queue **waiting)
{
	static struct tee_answer failed = { .fd = -1, .personal_fd = -1 };
	struct ta_file_identity changes = { 0 };
	const struct tee_answer *answer = answer_find(link, uuid);
	struct tee_question *question;
	char path[PATH_MAX + 16];

	/* Where nothing was ever installed nobody is asked. Looked at before the TEE is asked: an
	 * image that is replaced meanwhile is not taken for the new one. */
	snprintf(path, sizeof(path), "%s/" TEE_CHANGES_FILE, link->server->device->path);
	if (!ta_file_identify(path, &changes) || !changes.size) {
		failed.error = -ENOENT;
		return &failed;
	}
	if (answer && (answer->error || ta_file_same(&answer->changes, &changes)))
		return answer;
	if (miss_known(link, uuid, &changes)) {
		failed.error = -ENOENT;
		return &failed;
	}
	question = question_find(link, uuid, &changes);
	if (!question)
		question = question_ask(link, uuid, &changes);
	if (!question) {
		failed.error = -EIO;
		snprintf(failed.reason, sizeof(failed.reason), "the TEE can't be started");
		return &failed;
	}
	*waiting = &question->waiting;
	return NULL;
}
