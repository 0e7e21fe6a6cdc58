#include "otrp/tee_service.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "otrp/tee_socket.h"
#include "teep/otrp/compose.h"
#include "wire/socket.h"
#include "wire/uuid.h"

struct service {
	struct tee *tee;
	const char *why_not;
	/* teesimd's first. */
	struct pollfd polled[1 + TEE_CLIENTS_MAX];
	unsigned int count;
	char err[512];
};

/* What an answer says; `text` is allocated, or NULL. */
struct outcome {
	int rc;
	char *text;
};

static struct outcome names(struct service *service, struct span in)
{
	json_t *array = json_pack("[s]", tee_name(service->tee));
	char *text = array ? json_canonical(array) : NULL;

	(void)in;
	json_decref(array);
	return (struct outcome) { text ? 0 : -ENOMEM, text };
}

static struct outcome process(struct service *service, struct span in)
{
	struct outcome outcome = { 0 };

	outcome.rc = tee_process(service->tee, in.data, in.size, &outcome.text);
	return outcome;
}

static struct outcome ta_information(struct service *service, struct span in)
{
	struct outcome outcome = { 0 };

	outcome.rc = tee_ta_information(service->tee, in.data, in.size, &outcome.text, service->err,
					sizeof(service->err));
	return outcome;
}

static struct outcome ta_list(struct service *service, struct span in)
{
	char *text = tee_ta_list(service->tee);

	(void)in;
	return (struct outcome) { text ? 0 : -EIO, text };
}

static struct outcome trust_update(struct service *service, struct span in)
{
	return (struct outcome) { tee_trust_update(service->tee, in.data, in.size, service->err,
						   sizeof(service->err)),
				  NULL };
}

static struct outcome select_tee(struct service *service, struct span in)
{
	if (span_is(in, tee_name(service->tee)))
		return (struct outcome) { 0, NULL };
	snprintf(service->err, sizeof(service->err), "this device has no TEE of that name");
	return (struct outcome) { -ENOENT, NULL };
}

static struct outcome request_ta(struct service *service, struct span in)
{
	return (struct outcome) { tee_request_ta(service->tee, in.data, in.size, service->err,
						 sizeof(service->err)),
				  NULL };
}

static struct outcome (*const handlers[])(struct service *service, struct span in) = {
	[TEE_NAMES] = names,
	[TEE_PROCESS] = process,
	[TEE_TA_INFORMATION] = ta_information,
	[TEE_TA_LIST] = ta_list,
	[TEE_TRUST_UPDATE] = trust_update,
	[TEE_SELECT] = select_tee,
	[TEE_REQUEST_TA] = request_ta,
};

/* Sends a packet whose octets are `octets`, which may be none. Never waits: who has no room for one
 * answer has asked twice. */
static int packet_send(int sock, struct tee_image_packet *packet, size_t packet_size,
		       const void *octets, size_t size)
{
	struct packet_fds fds = { 0 };
	int rc;

	if (size > TEE_OCTETS_MAX)
		return -EMSGSIZE;
	packet->head.magic = TEE_PACKET_MAGIC;
	packet->head.size = (uint32_t)size;
	if (size) {
		fds.fd[0] = tee_octets_make(octets, size);
		if (fds.fd[0] < 0)
			return fds.fd[0];
		fds.count = 1;
	}
	rc = socket_send(sock, packet, packet_size, &fds, MSG_DONTWAIT);
	packet_fds_close(&fds);
	return rc;
}

static int answer_send(struct service *service, int sock, uint32_t kind, struct outcome *outcome)
{
	struct tee_image_packet packet = { .head = { .kind = kind,
						     .status = (uint32_t)-outcome->rc } };
	const char *text = outcome->rc ? service->err : outcome->text;
	int rc;

	if (outcome->rc && !service->err[0])
		snprintf(service->err, sizeof(service->err), "%s", strerror(-outcome->rc));
	rc = packet_send(sock, &packet, sizeof(packet.head), text, text ? strlen(text) : 0);
	free(outcome->text);
	return rc;
}

static int client_request(struct service *service, int sock)
{
	struct tee_image_packet raw, packet;
	struct packet_fds fds;
	struct outcome outcome;
	struct span in = { 0 };
	const void *octets = NULL;
	ssize_t n = socket_receive(sock, &raw, sizeof(raw), &fds, MSG_DONTWAIT);
	int rc;

	if (n == -EAGAIN)
		return 0;
	if (n <= 0)
		return n == 0 ? -EPIPE : (int)n;
	rc = tee_packet_parse(&raw, (size_t)n, fds.count, &packet);
	if (rc == 0 && (packet.head.kind > TEE_CLIENT_KIND_LAST || packet.head.status))
		rc = -EPROTO;
	if (rc == 0 && packet.head.size)
		rc = tee_octets_map(fds.fd[0], packet.head.size, &octets);
	packet_fds_close(&fds);
	if (rc)
		return rc;
	if (octets)
		in = span_of(octets, packet.head.size);
	else
		in = span_of("", 0);
	service->err[0] = '\0';
	if (service->tee) {
		outcome = handlers[packet.head.kind](service, in);
	} else {
		outcome = (struct outcome) { -EIO, NULL };
		snprintf(service->err, sizeof(service->err), "%s", service->why_not);
	}
	if (octets)
		(void)munmap((void *)octets, packet.head.size);
	return answer_send(service, sock, packet.head.kind, &outcome);
}

static int connections_tell(struct service *service)
{
	const struct tee_packet packet = { TEE_PACKET_MAGIC, TEE_CONNECTIONS, 0,
					   service->count - 1 };

	return socket_send(service->polled[0].fd, &packet, sizeof(packet), NULL, 0);
}

static int connection_add(struct service *service, struct packet_fds *fds)
{
	const int sock = packet_fds_take(fds, 0);

	if (service->count > TEE_CLIENTS_MAX)
		close(sock);
	else
		service->polled[service->count++] =
			(struct pollfd) { .fd = sock, .events = POLLIN };
	return connections_tell(service);
}

static int image_tell(struct service *service, const struct tee_image_packet *question)
{
	struct tee_image_packet packet = *question;
	char uuid[UUID_TEXT_SIZE];
	uint8_t *image = NULL;
	size_t size = 0;
	struct uuid ta;
	const char *why;
	int rc = -EIO;

	memcpy(ta.octet, question->uuid, sizeof(ta.octet));
	if (service->tee)
		rc = tee_ta_image(service->tee, uuid_format(&ta, uuid), &image, &size,
				  &packet.record);
	packet.head.status = (uint32_t)-rc;
	if (rc == 0 || rc == -ENOENT) {
		rc = packet_send(service->polled[0].fd, &packet, sizeof(packet), image, size);
	} else {
		why = !service->tee    ? service->why_not
		      : rc == -EBADMSG ? "it is not what was installed"
				       : strerror(-rc);
		rc = packet_send(service->polled[0].fd, &packet, sizeof(packet), why, strlen(why));
	}
	free(image);
	return rc;
}

/* Returns 0, or -EPIPE when teesimd is gone. */
static int control_request(struct service *service)
{
	struct tee_image_packet raw, packet;
	struct packet_fds fds;
	ssize_t n = socket_receive(service->polled[0].fd, &raw, sizeof(raw), &fds, MSG_DONTWAIT);
	int rc;

	if (n == -EAGAIN)
		return 0;
	if (n <= 0)
		return -EPIPE;
	rc = tee_packet_parse(&raw, (size_t)n, fds.count, &packet);
	if (rc == 0 && packet.head.kind == TEE_CONNECTION)
		rc = connection_add(service, &fds);
	else if (rc == 0 && packet.head.kind == TEE_IMAGE)
		rc = image_tell(service, &packet);
	else
		rc = rc ? rc : -EPROTO;
	packet_fds_close(&fds);
	return rc;
}

/* One request of each that has one. Those whose connection ended are taken out. */
static int turn(struct service *service)
{
	unsigned int kept = 1;
	const unsigned int were = service->count;

	for (unsigned int i = 1; i < were; i++) {
		struct pollfd *polled = &service->polled[i];

		if (polled->revents && client_request(service, polled->fd)) {
			close(polled->fd);
			continue;
		}
		service->polled[kept++] = *polled;
	}
	service->count = kept;
	return kept == were ? 0 : connections_tell(service);
}

int tee_serve(struct tee *tee, const char *why_not, int control)
{
	struct service service = { .tee = tee,
				   .why_not = why_not,
				   .polled = { { .fd = control, .events = POLLIN } },
				   .count = 1 };
	int rc = 0;

	while (rc == 0) {
		if (poll(service.polled, service.count, -1) < 0) {
			rc = errno == EINTR ? 0 : -errno;
			continue;
		}
		rc = turn(&service);
		/* TAs that are opened come before the next requests. */
		while (rc == 0 && service.polled[0].revents) {
			service.polled[0].revents = 0;
			rc = control_request(&service);
			if (rc == 0)
				(void)poll(service.polled, 1, 0);
		}
	}
	for (unsigned int i = 1; i < service.count; i++)
		close(service.polled[i].fd);
	return rc == -EPIPE ? 0 : rc;
}
