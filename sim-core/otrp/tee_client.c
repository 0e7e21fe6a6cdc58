#include "otrp/tee_client.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "device/paths.h"
#include "wire/launch.h"
#include "wire/socket.h"

#define PATIENCE_MS 10000

struct tee_client {
	int sock; /* -1: of no more use */
	/* teesimd's, which keeps it from ending; -1 none. */
	int daemon;
};

int tee_client_path(const char *device, char *path, size_t size, char *err, size_t errlen)
{
	const char *named = device ? NULL : secure_getenv("TEESIM_SOCKET");
	char sock[4096];
	int rc = 0;

	if (named && named[0])
		rc = snprintf(sock, sizeof(sock), "%s", named) < (int)sizeof(sock) ? 0
										   : -ENAMETOOLONG;
	else
		rc = paths_socket(device ? device : paths_default_device(), sock, sizeof(sock), err,
				  errlen);
	if (rc == -ENAMETOOLONG && named)
		snprintf(err, errlen, "TEESIM_SOCKET: the path is too long");
	if (rc)
		return rc;
	rc = paths_otrp_socket(sock, path, size);
	if (rc)
		snprintf(err, errlen, "%s: the path is too long", sock);
	return rc;
}

int tee_client_open(struct tee_client **out, const char *path, char *err, size_t errlen)
{
	struct tee_client *client = malloc(sizeof(*client));
	char own[4096];
	int rc = 0;

	*out = NULL;
	if (!client) {
		snprintf(err, errlen, "out of memory");
		return -ENOMEM;
	}
	*client = (struct tee_client) { -1, -1 };
	if (!path) {
		rc = tee_client_path(NULL, own, sizeof(own), err, errlen);
		if (rc == 0)
			client->daemon = rc = launch_connect(NULL, err, errlen);
		path = own;
	}
	if (rc >= 0)
		client->sock = rc = launch_connect_path(path, PATIENCE_MS, err, errlen);
	if (rc < 0) {
		tee_client_close(client);
		return rc;
	}
	*out = client;
	return 0;
}

void tee_client_close(struct tee_client *client)
{
	if (!client)
		return;
	if (client->sock >= 0)
		close(client->sock);
	if (client->daemon >= 0)
		close(client->daemon);
	free(client);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int request_send(const struct tee_client *client, uint32_t kind, const void *in,
			size_t in_size)
{
	const struct tee_packet packet = { TEE_PACKET_MAGIC, kind, 0, (uint32_t)in_size };
	struct packet_fds fds = { .count = in_size != 0 };
	int rc;

	if (in_size) {
		fds.fd[0] = tee_octets_make(in, in_size);
		if (fds.fd[0] < 0)
			return fds.fd[0];
	}
	rc = socket_send(client->sock, &packet, sizeof(packet), &fds, 0);
	packet_fds_close(&fds);
	return rc == -EPIPE ? -ECONNRESET : rc;
}

static int answer_wait(const struct tee_client *client, int timeout_ms)
{
	const int64_t end = now_ms() + timeout_ms;
	struct pollfd poller = { .fd = client->sock, .events = POLLIN };
	int rc, left = timeout_ms;

	while ((rc = poll(&poller, 1, left)) < 0 && errno == EINTR) {
		const int64_t rest = end - now_ms();

		if (timeout_ms >= 0)
			left = rest > 0 ? (int)rest : 0;
	}
	return rc < 0 ? -errno : rc == 0 ? -ETIMEDOUT : 0;
}

static int octets_take(int fd, size_t size, char **out)
{
	const void *octets;
	int rc = 0;

	if (size)
		rc = tee_octets_map(fd, size, &octets);
	if (rc)
		return rc;
	*out = malloc(size + 1);
	if (*out) {
		if (size)
			memcpy(*out, octets, size);
		(*out)[size] = '\0';
	}
	if (size)
		(void)munmap((void *)octets, size);
	return *out ? 0 : -ENOMEM;
}

static int answer_receive(const struct tee_client *client, uint32_t kind, char **out,
			  size_t *out_size)
{
	struct tee_image_packet packet, raw;
	struct packet_fds fds;
	const ssize_t n = socket_receive(client->sock, &raw, sizeof(raw), &fds, 0);
	int rc;

	if (n <= 0)
		return n == 0 ? -ECONNRESET : n == -ECONNRESET ? -ECONNRESET : -EPROTO;
	rc = tee_packet_parse(&raw, (size_t)n, fds.count, &packet);
	if (rc == 0 && packet.head.kind != kind)
		rc = -EPROTO;
	if (rc == 0)
		rc = octets_take(fds.fd[0], packet.head.size, out);
	packet_fds_close(&fds);
	if (rc == 0)
		*out_size = packet.head.size;
	return rc ? rc : -(int)packet.head.status;
}

int tee_client_call(struct tee_client *client, uint32_t kind, const void *in, size_t in_size,
		    char **out, size_t *out_size, int timeout_ms)
{
	int rc;

	*out = NULL;
	*out_size = 0;
	if (kind < TEE_NAMES || kind > TEE_CLIENT_KIND_LAST || in_size > TEE_OCTETS_MAX)
		return -EINVAL;
	if (client->sock < 0)
		return -ECONNRESET;
	rc = request_send(client, kind, in, in_size);
	if (rc == 0)
		rc = answer_wait(client, timeout_ms);
	if (rc == 0)
		rc = answer_receive(client, kind, out, out_size);
	/* An answer that comes late must not be taken for another's. */
	if (rc && !*out) {
		close(client->sock);
		client->sock = -1;
	}
	return rc;
}
