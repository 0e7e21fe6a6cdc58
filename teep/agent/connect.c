#include "teep/agent/connect.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "teep/agent/protocol.h"
#include "wire/launch.h"

#define PATIENCE_MS 30000
#define RETRY_MS    20

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* The program of that name beside teesimd. Returns 0 or -errno with one line in `err`. */
static int agent_program_find(const char *name, char *path, size_t size, char *err, size_t errlen)
{
	const int rc = launch_daemon_path(path, size, err, errlen);
	char *slash = rc ? NULL : strrchr(path, '/');
	const size_t used = slash ? (size_t)(slash + 1 - path) : 0;

	if (rc)
		return rc;
	if (!slash || used + strlen(name) >= size) {
		snprintf(err, errlen, "no path for %s", name);
		return -ENOENT;
	}
	strcpy(slash + 1, name);
	if (access(path, X_OK) == 0)
		return 0;
	snprintf(err, errlen, "%s is missing: build or install it", path);
	return -ENOENT;
}

/* Returns a connected descriptor, or -errno: -ECONNREFUSED and -ENOENT when nobody listens. */
static int socket_connect(const char *path)
{
	const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int rc, fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* For connect(), which waits in the queue of one that has much to do. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	do {
		rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
	} while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return fd;
	rc = errno == EAGAIN ? -ETIMEDOUT : -errno;
	close(fd);
	return rc;
}

/* One that ends for lack of work may close a connection that it has not looked at. */
static int greet(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	struct agent_message message = { 0 };
	int rc = agent_send(fd, AGENT_STATUS, 0, NULL, 0);

	if (rc == 0) {
		do {
			rc = poll(&poller, 1, PATIENCE_MS);
		} while (rc < 0 && errno == EINTR);
		rc = rc == 0 ? -ETIMEDOUT : rc < 0 ? -errno : agent_receive(fd, &message);
	}
	if (rc < 0)
		return rc;
	rc = message.kind == AGENT_STATUS ? 0 : -EPROTO;
	agent_message_clear(&message);
	return rc;
}

static int attempt(const char *path)
{
	const int fd = socket_connect(path);
	const int rc = fd < 0 ? fd : greet(fd);

	if (rc < 0 && fd >= 0)
		close(fd);
	return rc < 0 ? rc : fd;
}

static bool nobody_there(int rc)
{
	return rc == -ENOENT || rc == -ECONNREFUSED || rc == -ECONNRESET;
}

static int agent_start(const char *device, const char *path, char *err, size_t errlen)
{
	static const char ready_fd[] = { '0' + LAUNCH_READY_FD, '\0' };
	char program[PATH_MAX];
	/* Without a device's name it finds the same one as we did, by the same environment. */
	const char *argv[] = { program,	     "serve",  "--socket",    path,
			       "--ready-fd", ready_fd, "--on-demand", device ? "--device" : NULL,
			       device,	     NULL };
	const int rc = agent_program_find("teesim-agent", program, sizeof(program), err, errlen);

	return rc ? rc : launch_daemon(program, (char *const *)argv, PATIENCE_MS, err, errlen);
}

int agent_connect(const char *device, const char *named, char *err, size_t errlen)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };
	const char *no_start = secure_getenv("TEESIM_NO_START");
	const uint64_t end = now_ms() + PATIENCE_MS;
	bool may_start = !named && !(no_start && strcmp(no_start, "1") == 0);
	char path[PATH_MAX];
	int rc;

	if (named)
		rc = (size_t)snprintf(path, sizeof(path), "%s", named) < sizeof(path)
			     ? 0
			     : -ENAMETOOLONG;
	else
		rc = agent_path(device, path, sizeof(path), err, errlen);
	if (rc < 0)
		return rc;
	for (;;) {
		rc = attempt(path);
		if (!nobody_there(rc) || now_ms() >= end)
			break;
		if (rc == -ECONNRESET) {
			(void)nanosleep(&pause, NULL);
			continue;
		}
		if (!may_start) {
			rc = -ECONNREFUSED;
			break;
		}
		rc = agent_start(device, path, err, errlen);
		if (rc < 0 && rc != -EALREADY)
			return rc;
		/* Another's, which is about to listen, or about to end. */
		if (rc == -EALREADY)
			(void)nanosleep(&pause, NULL);
	}
	if (rc == -ECONNREFUSED)
		snprintf(err, errlen, "no agent runs at %s: start it with 'teesim agent serve'",
			 path);
	else if (rc < 0)
		snprintf(err, errlen, "the agent at %s: %s", path, strerror(-rc));
	return rc;
}
