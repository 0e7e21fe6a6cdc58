#include "session/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/spawn.h"

/* A host that is busy with a long command reads nothing: let much pile up. */
static const struct peer_bounds host_bounds = {
	.packets = 65536,
	.octets = 16U << 20,
	.descriptors = 32768,
};

/* When clients are told that it is busy. */
#define OVERLOAD_PACKETS     16384
#define OVERLOAD_DESCRIPTORS 4096

/* An ending process closes its descriptors a moment before it is gone, and may be kept from its
 * last steps on a machine with much to do. */
#define ENDING_MS     2000

#define WRAPPER_WORDS 16

static const char connection_closed[] = "it closed its connection to teesimd";

static void host_free(struct host *host)
{
	if (host->client_sock >= 0)
		close(host->client_sock);
	free(host);
}

static void host_handle_closed(struct host *host)
{
	if (--host->open_handles == 0)
		host_free(host);
}

static struct host *host_of_control(struct peer *peer)
{
	return (struct host *)((char *)peer - offsetof(struct host, control));
}

static int control_packet(struct peer *peer, const void *data, size_t size, struct packet_fds *fds)
{
	struct host *host = host_of_control(peer);
	struct message message;
	const char *why;
	int err;

	/* It is as good as dead, whatever it still says. */
	if (host->killed_because)
		return 0;
	err = message_parse(&message, MESSAGE_FROM_HOST, data, size, fds->count, &why);
	if (err < 0) {
		host_kill(host, "it sent teesimd a message that breaks the protocol");
		return 0;
	}
	if (!host->events)
		return 0;
	err = host->events->message(host, &message);
	if (err < 0)
		host_kill(host, "it sent teesimd a message out of turn");
	return 0;
}

static void ending_over(uv_timer_t *timer)
{
	struct host *host = timer->data;

	if (!host->exited)
		host_kill(host, connection_closed);
}

static void ending_due(uv_timer_t *timer)
{
	/* teesimd itself may have been kept from running: its end is heard first. */
	uv_timer_start(timer, ending_over, 1, 0);
}

/* Without its control connection a host is of no use. Usually it has ended, and the kernel tells
 * that next. */
static void control_gone(struct peer *peer, int err)
{
	struct host *host = host_of_control(peer);

	if (err == -ENOBUFS)
		host_kill(host, "it has not read its messages for too long");
	else if (!host->exited)
		uv_timer_start(&host->ending, ending_due, ENDING_MS, 0);
}

static void control_closed(struct peer *peer)
{
	host_handle_closed(host_of_control(peer));
}

static void control_sent(struct peer *peer)
{
	struct host *host = host_of_control(peer);

	if (host->events && host->events->sent)
		host->events->sent(host);
}

static const struct peer_events control_events = {
	.packet = control_packet,
	.gone = control_gone,
	.sent = control_sent,
	.closed = control_closed,
};

static void output_closed(struct log_pipe *pipe)
{
	host_handle_closed((struct host *)((char *)pipe - offsetof(struct host, output)));
}

static void watch_closed(uv_handle_t *handle)
{
	struct host *host = handle->data;

	close(host->pidfd);
	host_handle_closed(host);
}

static void ending_closed(uv_handle_t *handle)
{
	host_handle_closed(handle->data);
}

static void host_ended(struct host *host)
{
	/* Last words first: they tell what the exit status cannot. */
	peer_drain(&host->control);
	host->exited = true;
	/* It was on its way. */
	if (host->killed_because == connection_closed &&
	    (!WIFSIGNALED(host->status) || WTERMSIG(host->status) != SIGKILL))
		host->killed_because = NULL;
	uv_poll_stop(&host->watch);
	log_pipe_close(&host->output);
	peer_close(&host->control);
	if (host->events)
		host->events->exited(host);
	uv_close((uv_handle_t *)&host->watch, watch_closed);
	uv_close((uv_handle_t *)&host->ending, ending_closed);
}

static void watch_ready(uv_poll_t *poll, int status, int events)
{
	struct host *host = poll->data;
	pid_t pid;

	(void)status;
	(void)events;
	pid = waitpid(host->pid, &host->status, WNOHANG);
	if (pid == host->pid || (pid < 0 && errno == ECHILD))
		host_ended(host);
}

static void end_now(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Splits the wrapper's command line at blanks. */
static void wrapper_split(char *text, char *words[WRAPPER_WORDS + 1])
{
	unsigned int count = 0;
	char *save;

	for (char *word = strtok_r(text, " \t", &save); word && count < WRAPPER_WORDS;
	     word = strtok_r(NULL, " \t", &save))
		words[count++] = word;
	words[count] = NULL;
}

static int process_start(struct host *host, const struct host_options *options, int control,
			 int client, int output)
{
	char leave_out[40], wrapper[1024], *words[WRAPPER_WORDS + 1];
	char *argv[] = { (char *)options->path, NULL, NULL };
	struct sandbox_spawn_options spawn = {
		.path = options->path,
		.argv = argv,
		.control_fd = control,
		.client_fd = client,
		.log_fd = output,
		.cage = options->cage,
		.env = options->env,
	};
	struct sandbox_report report = { 0 };
	struct sandbox_child child;
	int err;

	if (options->wrapper) {
		snprintf(wrapper, sizeof(wrapper), "%s", options->wrapper);
		wrapper_split(wrapper, words);
		spawn.wrapper = words;
		spawn.cage = NULL;
		snprintf(leave_out, sizeof(leave_out), "--sandbox-leave-out=0x%x",
			 SANDBOX_ALL_FEATURES & ~SANDBOX_SPAWN_FEATURES);
		argv[1] = leave_out;
	}
	err = sandbox_spawn(&spawn, &child, &report);
	if (err < 0)
		return err;
	host->pid = child.pid;
	host->pidfd = child.pidfd;
	host->sandbox_missing = report.missing;
	if (host->pidfd < 0) {
		end_now(child.pid);
		return -ENOSYS;
	}
	return 0;
}

static int host_connect(struct host *host, uv_loop_t *loop, int control, int output)
{
	int err = peer_init(&host->control, loop, control, &host_bounds, &control_events);

	if (err < 0) {
		close(output);
		return err;
	}
	host->open_handles++;
	err = log_pipe_init(&host->output, loop, output, host->log, output_closed);
	if (err < 0)
		return err;
	host->open_handles++;
	err = uv_poll_init(loop, &host->watch, host->pidfd);
	if (err < 0)
		return err;
	host->open_handles++;
	host->watch.data = host;
	uv_timer_init(loop, &host->ending);
	host->ending.data = host;
	host->open_handles++;
	return uv_poll_start(&host->watch, UV_READABLE, watch_ready);
}

/* Undoes what host_connect() got done before it failed. */
static void host_disconnect(struct host *host)
{
	unsigned int connected = host->open_handles;

	if (connected < 3)
		close(host->pidfd);
	if (connected == 0)
		host_free(host);
	if (connected > 0)
		peer_close(&host->control);
	if (connected > 1)
		log_pipe_close(&host->output);
	if (connected > 2) {
		uv_close((uv_handle_t *)&host->watch, watch_closed);
		uv_close((uv_handle_t *)&host->ending, ending_closed);
	}
}

int host_spawn(struct host **out, uv_loop_t *loop, const struct host_options *options,
	       struct log *log)
{
	int control[2] = { -1, -1 }, client[2] = { -1, -1 }, output[2] = { -1, -1 };
	struct host *host = calloc(1, sizeof(*host));
	int err = 0;

	if (!host)
		return -ENOMEM;
	host->log = log;
	host->pidfd = -1;
	host->client_sock = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, client) < 0 ||
	    pipe2(output, O_CLOEXEC) < 0)
		err = -errno;
	if (!err)
		err = process_start(host, options, control[1], client[1], output[1]);
	if (control[1] >= 0)
		close(control[1]);
	if (client[1] >= 0)
		close(client[1]);
	if (output[1] >= 0)
		close(output[1]);
	if (err < 0) {
		if (control[0] >= 0)
			close(control[0]);
		if (client[0] >= 0)
			close(client[0]);
		if (output[0] >= 0)
			close(output[0]);
		free(host);
		return err;
	}
	host->client_sock = client[0];
	err = host_connect(host, loop, control[0], output[0]);
	if (err < 0) {
		end_now(host->pid);
		host_disconnect(host);
		return err;
	}
	*out = host;
	return 0;
}

void host_assign(struct host *host, void *owner, const struct host_events *events,
		 const char *source)
{
	host->owner = owner;
	host->events = events;
	snprintf(host->output.source, sizeof(host->output.source), "%s", source);
}

bool host_overloaded(const struct host *host)
{
	return host->control.queued.packets >= OVERLOAD_PACKETS ||
	       host->control.queued.descriptors >= OVERLOAD_DESCRIPTORS;
}

void host_kill(struct host *host, const char *because)
{
	if (host->exited)
		return;
	if (!host->killed_because)
		host->killed_because = because;
	/* Not reaped yet, so the number is still its own. */
	kill(host->pid, SIGKILL);
}
