#include "teep/agent/daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "otrp/tee_client.h"
#include "wire/launch.h"
#include "wire/socket.h"

#define BACKLOG	       64
#define CLIENTS_MAX    512U
#define FORGET_EACH_MS 30000U

static void daemon_end(struct daemon *daemon);

/* ---- The place in the file system ------------------------------------------------------------ */

/* Is it what an agent leaves that is killed? Anything else is somebody's. */
static bool lock_is_ours(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_size == 0 && st->st_uid == geteuid();
}

/* Whoever holds the lock file may replace the socket beside it. Returns the descriptor, -EALREADY,
 * -EEXIST for what is no lock file, or another -errno. */
static int lock_take(const char *path)
{
	for (;;) {
		const int fd =
			open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
		struct stat ours, there;

		if (fd < 0)
			return errno == ELOOP || errno == EISDIR || errno == ENXIO ? -EEXIST
										   : -errno;
		if (fstat(fd, &ours) < 0 || !lock_is_ours(&ours)) {
			close(fd);
			return -EEXIST;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			const int rc = errno == EWOULDBLOCK ? -EALREADY : -errno;

			close(fd);
			return rc;
		}
		/* One that ended meanwhile has removed the file that we opened. */
		if (lstat(path, &there) == 0 && ours.st_ino == there.st_ino &&
		    ours.st_dev == there.st_dev)
			return fd;
		close(fd);
	}
}

static int place_take(struct daemon *daemon, char *err, size_t errlen)
{
	const char *path = daemon->options->socket;
	int rc;

	if ((size_t)snprintf(daemon->lock_path, sizeof(daemon->lock_path), "%s.lock", path) >=
	    sizeof(daemon->lock_path)) {
		(void)snprintf(err, errlen, "%.200s…: %s", path, strerror(ENAMETOOLONG));
		return -ENAMETOOLONG;
	}
	daemon->lock_fd = rc = lock_take(daemon->lock_path);
	if (rc == -EALREADY)
		(void)snprintf(err, errlen, "running");
	else if (rc < 0)
		(void)snprintf(err, errlen, "%s: %s", daemon->lock_path,
			       rc == -EEXIST ? "what is there is no agent's lock, and is left alone"
					     : strerror(-rc));
	if (rc < 0)
		return rc;
	daemon->listen_fd = rc = socket_listen(path, BACKLOG);
	if (rc < 0)
		(void)snprintf(err, errlen, "%s: %s", path, socket_place_reason(rc));
	return rc < 0 ? rc : 0;
}

static void place_leave(struct daemon *daemon)
{
	/* daemon_end() has removed the socket; what is there now is another's. */
	if (daemon->listen_fd >= 0)
		close(daemon->listen_fd);
	if (daemon->lock_fd >= 0) {
		(void)unlink(daemon->lock_path);
		close(daemon->lock_fd);
	}
}

/* ---- The device, which has to be there for its TEE to be ------------------------------------- */

static void device_lost(uv_handle_t *handle)
{
	struct daemon *daemon = handle->data;

	close(daemon->device_fd);
	daemon->device_fd = -1;
	daemon_look(daemon);
}

static void device_ready(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	/* teesimd says nothing here: this is its end. */
	(void)uv_poll_stop(poll);
	uv_close((uv_handle_t *)poll, device_lost);
}

static void start_work(uv_work_t *work)
{
	struct daemon *daemon = work->data;
	const struct launch_options options = { .device = daemon->options->device };

	daemon->device_fd = launch_connect(&options, daemon->start_err, sizeof(daemon->start_err));
}

static void start_done(uv_work_t *work, int status)
{
	struct daemon *daemon = work->data;
	const int rc = status < 0 ? status : daemon->device_fd;

	daemon->starting = false;
	if (rc < 0) {
		daemon->device_fd = -1;
		fprintf(stderr, "teesim-agent: %s\n", daemon->start_err);
	} else if (daemon->ending) {
		close(daemon->device_fd);
		daemon->device_fd = -1;
	} else {
		daemon->device.data = daemon;
		(void)uv_poll_init(&daemon->loop, &daemon->device, daemon->device_fd);
		(void)uv_poll_start(&daemon->device, UV_READABLE | UV_DISCONNECT, device_ready);
	}
	clients_resume(daemon, rc);
	daemon_look(daemon);
}

bool daemon_device_ready(struct daemon *daemon)
{
	if (daemon->options->tee_count || daemon->device_fd >= 0)
		return true;
	if (!daemon->starting) {
		daemon->starting = true;
		daemon->start.data = daemon;
		(void)uv_queue_work(&daemon->loop, &daemon->start, start_work, start_done);
	}
	return false;
}

/* ---- The loop -------------------------------------------------------------------------------- */

static void routing_due(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;

	router_run(daemon->router);
	daemon_submit_soon(daemon);
}

static void routing_ready(uv_poll_t *poll, int status, int events)
{
	struct daemon *daemon = poll->data;

	(void)status;
	(void)events;
	router_run(daemon->router);
	daemon_submit_soon(daemon);
}

void daemon_submit_soon(struct daemon *daemon)
{
	const int wait = daemon->ending ? -1 : router_wait_ms(daemon->router);

	if (wait < 0)
		(void)uv_timer_stop(&daemon->routing_timer);
	else
		(void)uv_timer_start(&daemon->routing_timer, routing_due, (uint64_t)wait, 0);
}

static void idle_over(uv_timer_t *timer)
{
	daemon_end(timer->data);
}

static void forget_due(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;

	peers_forget(&daemon->peers, uv_now(&daemon->loop));
}

static void handle_end(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Told to end once more when nobody handles that any longer, it would leave its files. */
static void signals_block(void)
{
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGTERM);
	sigaddset(&both, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &both, NULL);
}

void daemon_look(struct daemon *daemon)
{
	const bool busy = daemon->client_count || daemon->session_count || daemon->starting;

	if (daemon->ending) {
		/* Poll handles of clients close themselves; the rest is the daemon's own. */
		if (!busy) {
			signals_block();
			uv_walk(&daemon->loop, handle_end, NULL);
		}
		return;
	}
	if (busy || !daemon->options->idle_seconds)
		(void)uv_timer_stop(&daemon->idle_timer);
	else if (!daemon->options->tee_count && daemon->device_fd < 0)
		/* The device has ended, and so has what its agent is for. */
		daemon_end(daemon);
	else if (!uv_is_active((uv_handle_t *)&daemon->idle_timer))
		(void)uv_timer_start(&daemon->idle_timer, idle_over,
				     daemon->options->idle_seconds * 1000UL, 0);
}

static void connection_take(struct daemon *daemon, int fd)
{
	struct peer *peer = NULL;

	if (daemon->client_count < CLIENTS_MAX)
		peer = peer_connect(&daemon->peers, fd, uv_now(&daemon->loop));
	if (peer && client_add(daemon, fd, peer, NULL)) {
		daemon_look(daemon);
		return;
	}
	if (peer)
		peer_disconnect(peer);
	close(fd);
}

static void connection_ready(uv_poll_t *poll, int status, int events)
{
	struct daemon *daemon = poll->data;
	int fd;

	(void)status;
	(void)events;
	/* Some at a time, so that those who are connected have their turn. */
	for (int i = 0; i < BACKLOG; i++) {
		fd = accept4(daemon->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		connection_take(daemon, fd);
	}
}

static void signal_came(uv_signal_t *handle, int number)
{
	(void)number;
	daemon_end(handle->data);
}

static void daemon_end(struct daemon *daemon)
{
	struct client *client;

	if (daemon->ending)
		return;
	daemon->ending = true;
	(void)unlink(daemon->options->socket);
	(void)uv_poll_stop(&daemon->listener);
	(void)uv_timer_stop(&daemon->routing_timer);
	while ((client = LIST_FIRST(&daemon->clients)) != NULL)
		client_close(client);
	sessions_end(daemon);
	daemon_look(daemon);
}

static void loop_prepare(struct daemon *daemon)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	uv_loop_t *loop = &daemon->loop;

	(void)uv_loop_init(loop);
	daemon->listener.data = daemon->routing.data = daemon->routing_timer.data =
		daemon->idle_timer.data = daemon->forget_timer.data = daemon;
	(void)uv_poll_init(loop, &daemon->listener, daemon->listen_fd);
	(void)uv_poll_start(&daemon->listener, UV_READABLE, connection_ready);
	(void)uv_poll_init(loop, &daemon->routing, router_fd(daemon->router));
	(void)uv_poll_start(&daemon->routing, UV_READABLE, routing_ready);
	(void)uv_timer_init(loop, &daemon->routing_timer);
	(void)uv_timer_init(loop, &daemon->idle_timer);
	(void)uv_timer_init(loop, &daemon->forget_timer);
	(void)uv_timer_start(&daemon->forget_timer, forget_due, FORGET_EACH_MS, FORGET_EACH_MS);
	uv_unref((uv_handle_t *)&daemon->forget_timer);
	for (int i = 0; i < 2; i++) {
		daemon->signals[i].data = daemon;
		(void)uv_signal_init(loop, &daemon->signals[i]);
		(void)uv_signal_start(&daemon->signals[i], signal_came, numbers[i]);
	}
}

static int tees_prepare(struct daemon *daemon, char *err, size_t errlen)
{
	const struct daemon_options *options = daemon->options;
	char path[PATH_MAX];
	int rc = router_open(&daemon->router, &options->router);

	for (unsigned int i = 0; rc == 0 && i < options->tee_count; i++) {
		rc = router_place_add(daemon->router, options->tees[i]);
		if (rc)
			(void)snprintf(err, errlen, "--tee %s: %s", options->tees[i],
				       rc == -ENOSPC ? "too many TEEs" : strerror(-rc));
	}
	if (rc || options->tee_count)
		return rc;
	rc = tee_client_path(options->device, path, sizeof(path), err, errlen);
	return rc ? rc : router_place_add(daemon->router, path);
}

int daemon_run(const struct daemon_options *options, int ready, char *err, size_t errlen)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int rc;

	if (!daemon) {
		(void)snprintf(err, errlen, "out of memory");
		return -ENOMEM;
	}
	daemon->options = options;
	daemon->listen_fd = daemon->lock_fd = daemon->device_fd = -1;
	daemon->peers.limits = options->limits;
	LIST_INIT(&daemon->clients);
	TAILQ_INIT(&daemon->waiting);
	TAILQ_INIT(&daemon->sessions);
	rc = tees_prepare(daemon, err, errlen);
	if (rc == 0)
		rc = place_take(daemon, err, errlen);
	if (rc == 0) {
		loop_prepare(daemon);
		(void)daemon_device_ready(daemon);
		if (ready >= 0) {
			(void)!write(ready, "ready\n", 6);
			close(ready);
		}
		(void)uv_run(&daemon->loop, UV_RUN_DEFAULT);
		(void)uv_loop_close(&daemon->loop);
	}
	if (daemon->device_fd >= 0)
		close(daemon->device_fd);
	place_leave(daemon);
	router_close(daemon->router);
	peers_clear(&daemon->peers);
	free(daemon);
	return rc;
}
