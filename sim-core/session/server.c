#include "session/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session/client.h"
#include "session/crash_report.h"
#include "session/instance.h"
#include "wire/socket.h"

#define CONNECTIONS_PER_TURN 64
/* When a stop tells what it waits for, when it kills that, and when it waits no more. */
#define STOP_TELL_MS   1000
#define STOP_KILL_MS   1000
#define STOP_LEAVE_MS  2000
#define STOP_REPORT_MS 1000
/* What was killed goes at once, unless the machine has no time for it. */
#define STOP_LEAVES 5
/* A developer's next attempt comes sooner; what lies unused for longer is not worth its memory. */
#define IMAGES_KEPT_MS 60000

static int reserve_open(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Without a free descriptor a waiting connection could be neither taken nor refused, and the loop
 * would turn without end. */
static void turn_one_away(struct server *server)
{
	int sock;

	/* Once, until one got in again: whoever was turned away may well try without end. */
	if (!server->full)
		log_write(server->log, LOG_LEVEL_ERROR,
			  "no file descriptors left: clients are turned away (raise `ulimit -n`)");
	server->full = true;
	if (server->reserve_fd >= 0)
		close(server->reserve_fd);
	sock = accept4(server->sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (sock >= 0)
		close(sock);
	server->reserve_fd = reserve_open();
}

bool server_peer_allowed(struct server *server, int sock, struct ucred *peer)
{
	socklen_t size = sizeof(*peer);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, peer, &size) < 0)
		return false;
	if (peer->uid == geteuid() || peer->uid == 0)
		return true;
	log_write(server->log, LOG_LEVEL_ERROR, "refused a connection of user %u (process %d)",
		  peer->uid, (int)peer->pid);
	return false;
}

/* Takes all waiting connections, up to a bound. */
static void server_accept(struct server *server)
{
	for (int i = 0; i < CONNECTIONS_PER_TURN; i++) {
		int sock = accept4(server->sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		struct ucred peer;
		int err;

		if (sock < 0 && (errno == EMFILE || errno == ENFILE))
			turn_one_away(server);
		if (sock < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (sock < 0)
			return;
		if (!server_peer_allowed(server, sock, &peer)) {
			close(sock);
			continue;
		}
		server->full = false;
		err = client_create(server, sock, &peer);
		if (err < 0)
			log_write(server->log, LOG_LEVEL_ERROR, "a client was turned away: %s",
				  strerror(-err));
	}
}

static void listener_ready(uv_poll_t *poll, int status, int events)
{
	(void)events;
	if (status == 0)
		server_accept(poll->data);
}

static void idle_over(uv_timer_t *timer)
{
	struct server *server = timer->data;

	/* Somebody may be at the door already. */
	server_accept(server);
	if (!server->applications && !server->tee.connections)
		server_stop(server, "no client for some time", NULL);
}

void server_clients_changed(struct server *server)
{
	if (server->stopping || !server->options->idle_seconds)
		return;
	if (server->applications || server->tee.connections)
		uv_timer_stop(&server->idle);
	else
		uv_timer_start(&server->idle, idle_over, 1000ULL * server->options->idle_seconds,
			       0);
}

static void images_over(uv_timer_t *timer)
{
	struct server *server = timer->data;

	ta_cache_clear(&server->images);
	tee_link_forget(&server->tee);
}

void server_images_used(struct server *server)
{
	if (!server->stopping &&
	    (!ta_cache_is_empty(&server->images) || tee_link_has_images(&server->tee)))
		uv_timer_start(&server->images_unused, images_over, IMAGES_KEPT_MS, 0);
}

/* Sessions take descriptors: as many as the system allows. */
static void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* The namespaces that all TA hosts share. What they lack must be known before TAs are taken. */
static int cage_prepare(struct server *server, char *err, size_t errlen)
{
	const uint32_t wanted = SANDBOX_FULL & SANDBOX_SPAWN_FEATURES;
	const struct sandbox_report *report = &server->cage.report;
	int code;

	code = sandbox_cage_create(&server->cage);
	if (code < 0) {
		snprintf(err, errlen, "cannot try what the sandbox can have: %s", strerror(-code));
		return code;
	}
	if (!server->options->require_full_sandbox || sandbox_report_has(report, wanted))
		return 0;
	snprintf(err, errlen, "--require-sandbox=full: `teesim doctor` tells what is missing");
	for (int i = 0; i < SANDBOX_FEATURE_COUNT; i++) {
		char reason[256];

		if (!(wanted & SANDBOX_BIT(i)) || report->have & SANDBOX_BIT(i))
			continue;
		(void)sandbox_feature_reason(report, (enum sandbox_feature)i, reason,
					     sizeof(reason));
		snprintf(err, errlen, "--require-sandbox=full: %s; `teesim doctor` tells more",
			 reason);
		break;
	}
	return -EPERM;
}

int server_init(struct server *server, uv_loop_t *loop, const struct server_options *options,
		struct device *device, struct log *log, char *err, size_t errlen)
{
	int err_code, sock;

	memset(server, 0, sizeof(*server));
	server->loop = loop;
	server->options = options;
	server->device = device;
	server->log = log;
	server->started_ms = uv_now(loop);
	server->sock = -1;
	server->reserve_fd = -1;
	for (int i = 0; i < CAGE_NAMESPACES; i++)
		server->cage.fd[i] = -1;
	descriptors_raise();
	err_code = cage_prepare(server, err, errlen);
	if (err_code < 0)
		return err_code;
	sock = socket_listen(options->socket_path, SERVER_BACKLOG);
	if (sock < 0) {
		snprintf(err, errlen, "cannot listen on %s: %s", options->socket_path,
			 socket_place_reason(sock));
		return sock;
	}
	server->sock = sock;
	server->reserve_fd = reserve_open();
	uv_poll_init(loop, &server->listener, sock);
	uv_timer_init(loop, &server->idle);
	uv_timer_init(loop, &server->last_call);
	uv_timer_init(loop, &server->images_unused);
	server->listener.data = server->idle.data = server;
	server->last_call.data = server->images_unused.data = server;
	uv_poll_start(&server->listener, UV_READABLE, listener_ready);
	server->listening = true;
	spare_init(&server->spare, server, options->spare_host);
	err_code = tee_link_init(&server->tee, server);
	/* Only who speaks OTrP misses it. */
	if (err_code < 0)
		log_write(log, LOG_LEVEL_ERROR, "cannot listen for OTrP on %s: %s",
			  server->tee.path, socket_place_reason(err_code));
	server_clients_changed(server);
	return 0;
}

static void stop_leave(uv_timer_t *timer)
{
	struct server *server = timer->data;
	const bool processes = server->instances.count || !LIST_EMPTY(&server->tee_processes);

	/* What is known of a crash is not to be lost; each report has its own patience. */
	if (!LIST_EMPTY(&server->crash_reports) &&
	    (!server->stopping_at_once || crash_reports_hurry(server))) {
		uv_timer_start(timer, stop_leave, STOP_REPORT_MS, 0);
		return;
	}
	if (processes && ++server->leaves < STOP_LEAVES) {
		uv_timer_start(timer, stop_leave, STOP_LEAVE_MS, 0);
		return;
	}
	log_write(server->log, LOG_LEVEL_ERROR, "device %s: ends without waiting for %s",
		  server->device->name,
		  processes ? "processes that were killed and do not go"
			    : "the address of a machine that a TA named");
	server->left_early = true;
	uv_stop(server->loop);
}

static void stop_kill(uv_timer_t *timer)
{
	struct server *server = timer->data;
	struct instance *instance;
	size_t at = 0;

	while ((instance = id_map_next(&server->instances, &at)))
		instance_kill(instance, "did not end in time when teesimd stopped");
	tee_link_kill(&server->tee);
	uv_timer_start(timer, stop_leave, STOP_LEAVE_MS, 0);
}

static void stop_kill_due(uv_timer_t *timer)
{
	/* teesimd itself may have been kept from running: who has ended meanwhile comes first. */
	uv_timer_start(timer, stop_kill, 1, 0);
}

static void stop_tell(uv_timer_t *timer)
{
	struct server *server = timer->data;
	struct client *asker = id_map_get(&server->clients, server->asker);

	if (asker)
		client_tell_instances(asker);
	uv_timer_start(timer, stop_kill_due, STOP_KILL_MS, 0);
}

/* What TAs need goes last. */
void server_instances_changed(struct server *server)
{
	struct instance *instance;
	size_t at;

	if (!server->stopping)
		return;
	for (at = 0; (instance = id_map_next(&server->instances, &at));)
		if (instance->image.kind == IMAGE_TA)
			return;
	for (at = 0; (instance = id_map_next(&server->instances, &at));)
		instance_end(instance);
}

static void listener_closed(uv_handle_t *handle)
{
	struct server *server = handle->data;

	close(server->sock);
	server->sock = -1;
}

/* In both, a removal moves others into the places before; what that hides is met in the next round.
 */
static void applications_end(struct server *server, const struct client *but)
{
	struct client *client;

	for (bool ended = true; ended;) {
		ended = false;
		for (size_t at = 0; (client = id_map_next(&server->clients, &at));) {
			if (client == but || client->ta)
				continue;
			client_end(client);
			ended = true;
		}
	}
}

static void tas_end(struct server *server)
{
	struct instance *instance;

	for (bool ended = true; ended;) {
		ended = false;
		for (size_t at = 0; (instance = id_map_next(&server->instances, &at));) {
			if (instance->image.kind != IMAGE_TA || instance->state == INSTANCE_ENDING)
				continue;
			instance_end(instance);
			ended = true;
		}
	}
}

void server_stop(struct server *server, const char *reason, struct client *asker)
{
	if (server->stopping) {
		log_write(server->log, LOG_LEVEL_INFO, "device %s: stopping at once: %s",
			  server->device->name, reason);
		server->stopping_at_once = true;
		stop_kill(&server->last_call);
		return;
	}
	server->stopping = true;
	log_write(server->log, LOG_LEVEL_INFO, "device %s: stopping: %s", server->device->name,
		  reason);
	/* From here on a client that finds no daemon starts a new one, which waits for our lock. */
	(void)unlink(server->options->socket_path);
	server->listening = false;
	uv_close((uv_handle_t *)&server->listener, listener_closed);
	uv_close((uv_handle_t *)&server->idle, NULL);
	uv_close((uv_handle_t *)&server->images_unused, NULL);
	spare_stop(&server->spare);
	tee_link_stop(&server->tee);
	/* TAs may need other TAs and the services until they are destroyed. */
	applications_end(server, asker);
	if (asker) {
		server->asker = asker->id;
		client_detain(asker);
	}
	tas_end(server);
	server_instances_changed(server);
	uv_timer_start(&server->last_call, stop_tell, STOP_TELL_MS, 0);
	uv_unref((uv_handle_t *)&server->last_call);
}

void server_fini(struct server *server)
{
	if (server->reserve_fd >= 0)
		close(server->reserve_fd);
	ta_cache_clear(&server->images);
	tee_link_fini(&server->tee);
	sandbox_cage_destroy(&server->cage);
	id_map_free(&server->clients);
	id_map_free(&server->sessions);
	id_map_free(&server->instances);
	id_map_free(&server->tas);
}
