#include "cli/admin.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/launch.h"
#include "wire/message.h"
#include "wire/result.h"
#include "wire/socket.h"
#include "wire/wait.h"

/* A daemon that is alive answers these at once. */
#define ANSWER_TIMEOUT_MS 10000

/* One message, with a terminating zero after its last octet. */
union packet {
	struct message_header header;
	struct message_answer answer;
	struct message_status_instance instance;
	struct message_status_device device;
	char bytes[MESSAGE_SIZE_MAX + 1];
};

static int wait_readable(int sock, int timeout_ms)
{
	struct pollfd poller = { .fd = sock, .events = POLLIN };
	int rc;

	do {
		rc = poll(&poller, 1, timeout_ms);
	} while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return -errno;
	return rc ? 0 : -ETIMEDOUT;
}

/* The next message. Returns its size or -errno, -ECONNRESET at the end of the connection. */
static ssize_t packet_receive(int sock, union packet *packet)
{
	struct packet_fds fds;
	int rc = wait_readable(sock, ANSWER_TIMEOUT_MS);
	ssize_t n;

	if (rc < 0)
		return rc;
	n = socket_receive(sock, packet->bytes, MESSAGE_SIZE_MAX, &fds, 0);
	if (n < 0)
		return n;
	packet_fds_close(&fds);
	if (n == 0)
		return -ECONNRESET;
	if ((size_t)n < sizeof(struct message_header))
		return -EPROTO;
	packet->bytes[n] = '\0';
	return n;
}

static int fail(int rc, char *err, size_t errlen)
{
	if (rc == -ECONNRESET)
		snprintf(err, errlen, "teesimd closed the connection; see 'teesim log'");
	else if (rc == -ETIMEDOUT)
		snprintf(err, errlen, "teesimd does not answer; end it with 'kill PID'");
	else if (rc == -EPROTO)
		snprintf(err, errlen,
			 "teesimd is of another version than this teesim; stop it with the teesim "
			 "that started it");
	else
		snprintf(err, errlen, "cannot talk to teesimd: %s", strerror(-rc));
	return rc;
}

static int greet(int sock)
{
	const struct message_hello hello = { .header = { MESSAGE_HELLO, 1 },
					     .protocol = MESSAGE_PROTOCOL };
	union packet packet;
	ssize_t n;
	int rc = socket_send(sock, &hello, sizeof(hello), NULL, 0);

	if (rc < 0)
		return rc;
	n = packet_receive(sock, &packet);
	if (n < 0)
		return (int)n;
	if ((size_t)n != sizeof(packet.answer) || packet.header.type != MESSAGE_ANSWER ||
	    packet.answer.result != RESULT_SUCCESS)
		return -EPROTO;
	return 0;
}

int admin_connect(const char *device, char *err, size_t errlen)
{
	const struct launch_options options = { .device = device, .no_start = true };
	int sock = launch_connect(&options, err, errlen);
	int rc;

	if (sock < 0)
		return sock;
	rc = greet(sock);
	if (rc < 0) {
		close(sock);
		return fail(rc, err, errlen);
	}
	return sock;
}

/* Copies the tail of `named` octets that has to follow a fixed part of `fixed` octets. */
static int tail_copy(const union packet *packet, size_t size, size_t fixed, uint32_t named,
		     char *out, size_t capacity)
{
	if (size < fixed || size - fixed != named || named >= capacity)
		return -EPROTO;
	memcpy(out, packet->bytes + fixed, named);
	out[named] = '\0';
	return 0;
}

static int instance_parse(const union packet *packet, size_t size, struct admin_status *status)
{
	const struct message_status_instance *message = &packet->instance;
	struct admin_instance *grown, *instance;
	int rc;

	if (size < sizeof(*message))
		return -EPROTO;
	grown = reallocarray(status->instances, status->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	status->instances = grown;
	instance = &grown[status->count];
	rc = tail_copy(packet, size, sizeof(*message), message->path_size, instance->path,
		       sizeof(instance->path));
	if (rc < 0)
		return rc;
	instance->ta = message->ta;
	instance->number = message->instance;
	instance->pid = message->pid;
	instance->state = message->state;
	instance->sessions = message->sessions;
	status->count++;
	return 0;
}

static int device_parse(const union packet *packet, size_t size, struct admin_status *status)
{
	const struct message_status_device *message = &packet->device;

	if (size < sizeof(*message))
		return -EPROTO;
	status->pid = message->pid;
	status->uptime_ms = message->uptime_ms;
	status->contexts = message->contexts ? message->contexts - 1 : 0;
	status->sandbox_missing = message->sandbox_missing;
	return tail_copy(packet, size, sizeof(*message), message->name_size, status->device,
			 sizeof(status->device));
}

static int status_receive(int sock, struct admin_status *status)
{
	union packet packet;

	for (;;) {
		ssize_t n = packet_receive(sock, &packet);
		int rc;

		if (n < 0)
			return (int)n;
		if (packet.header.type == MESSAGE_STATUS_DEVICE)
			return device_parse(&packet, (size_t)n, status);
		if (packet.header.type != MESSAGE_STATUS_INSTANCE)
			return -EPROTO;
		rc = instance_parse(&packet, (size_t)n, status);
		if (rc < 0)
			return rc;
	}
}

int admin_status(int sock, struct admin_status *status, char *err, size_t errlen)
{
	const struct message_bare request = { { MESSAGE_STATUS, 2 } };
	int rc;

	memset(status, 0, sizeof(*status));
	rc = socket_send(sock, &request, sizeof(request), NULL, 0);
	if (rc == 0)
		rc = status_receive(sock, status);
	if (rc < 0) {
		admin_status_free(status);
		return fail(rc, err, errlen);
	}
	return 0;
}

void admin_status_free(struct admin_status *status)
{
	free(status->instances);
	memset(status, 0, sizeof(*status));
}

/* One message of a daemon that ends. Returns 0, or -ECONNRESET when it has, or another -errno. */
static int end_heed(int sock, void (*waits)(const struct admin_instance *instance))
{
	struct admin_status status = { 0 };
	union packet packet;
	const ssize_t n = packet_receive(sock, &packet);

	if (n < 0)
		return (int)n;
	if (packet.header.type == MESSAGE_STATUS_INSTANCE &&
	    instance_parse(&packet, (size_t)n, &status) == 0)
		waits(&status.instances[0]);
	admin_status_free(&status);
	return 0;
}

int admin_stop(int sock, unsigned int timeout_ms,
	       void (*waits)(const struct admin_instance *instance), char *err, size_t errlen)
{
	const struct message_bare request = { { MESSAGE_STOP, 3 } };
	uint64_t deadline = wait_now_ns() + timeout_ms * 1000000ULL;
	int rc = socket_send(sock, &request, sizeof(request), NULL, 0);

	if (rc < 0)
		return fail(rc, err, errlen);
	/* The daemon keeps the connection until its process ends. */
	for (;;) {
		uint64_t now = wait_now_ns();

		if (now >= deadline) {
			snprintf(err, errlen, "teesimd (process %d) did not end within %u ms",
				 (int)socket_peer(sock), timeout_ms);
			return -ETIMEDOUT;
		}
		if (wait_readable(sock, (int)((deadline - now) / 1000000) + 1) < 0)
			continue;
		rc = end_heed(sock, waits);
		if (rc == -ECONNRESET)
			return 0;
		if (rc < 0)
			return fail(rc, err, errlen);
	}
}
