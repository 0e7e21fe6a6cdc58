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
	/* teesimd's first, then those of the TEEs below this one, then clients. */
	struct pollfd polled[1 + BOOT_TEES_MAX + TEE_CLIENTS_MAX];
	unsigned int clients; /* where they begin */
	unsigned int count;
	/* How many clients those below have. */
	uint32_t elsewhere[BOOT_TEES_MAX];
	bool lost; /* one of those below has ended */
	/* Where the client goes that is being answered; 0: it stays. */
	unsigned int moves_to;
	char err[512];
};

/* What an answer says; `text` is allocated, or NULL. */
struct outcome {
	int rc;
	char *text;
};

static struct outcome names(struct service *service, struct span in)
{
	json_t *array = json_array();
	const char *name;
	char *text;

	(void)in;
	for (unsigned int i = 0; (name = tee_name_of(service->tee, i)); i++)
		(void)json_array_append_new(array, json_string(name));
	text = array ? json_canonical(array) : NULL;
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
	const char *name;

	if (span_is(in, tee_name(service->tee)))
		return (struct outcome) { 0, NULL };
	for (unsigned int i = 1; i < service->clients && (name = tee_name_of(service->tee, i)); i++)
		if (span_is(in, name)) {
			if (service->polled[i].fd < 0) {
				snprintf(service->err, sizeof(service->err),
					 "that TEE has ended; it starts again when nobody is "
					 "connected to the others");
				return (struct outcome) { -EIO, NULL };
			}
			service->moves_to = i;
			return (struct outcome) { 0, NULL };
		}
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

static int fds_add(struct packet_fds *fds, const void *octets, size_t size)
{
	const int fd = size ? tee_octets_make(octets, size) : -1;

	if (fd >= 0)
		fds->fd[fds->count++] = fd;
	return !size || fd >= 0 ? 0 : fd;
}

/* Sends a packet whose octets are `octets`, which may be none, and `personal`, which are as many as
 * it says. Never waits: who has no room for one answer has asked twice. */
static int packet_send(int sock, struct tee_image_packet *packet, size_t packet_size,
		       const void *octets, size_t size, const void *personal)
{
	struct packet_fds fds = { 0 };
	int rc;

	if (size > TEE_OCTETS_MAX)
		return -EMSGSIZE;
	packet->head.magic = TEE_PACKET_MAGIC;
	packet->head.size = (uint32_t)size;
	rc = fds_add(&fds, octets, size);
	if (rc == 0)
		rc = fds_add(&fds, personal, packet->record.personal_size);
	if (rc == 0)
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
	rc = packet_send(sock, &packet, sizeof(packet.head), text, text ? strlen(text) : 0, NULL);
	free(outcome->text);
	return rc;
}

/* The client's connection is that TEE's from now on. */
static int client_move(struct service *service, int sock, unsigned int to)
{
	const struct tee_packet packet = { TEE_PACKET_MAGIC, TEE_CONNECTION, 0, 0 };
	const struct packet_fds fds = { .fd = { sock }, .count = 1 };

	service->moves_to = 0;
	if (socket_send(service->polled[to].fd, &packet, sizeof(packet), &fds, MSG_DONTWAIT) == 0)
		service->elsewhere[to]++;
	return -EPIPE;
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
	rc = answer_send(service, sock, packet.head.kind, &outcome);
	if (service->moves_to)
		rc = client_move(service, sock, service->moves_to);
	return rc;
}

static int connections_tell(struct service *service)
{
	struct tee_packet packet = { TEE_PACKET_MAGIC, TEE_CONNECTIONS, 0,
				     service->count - service->clients };

	for (unsigned int i = 1; i < service->clients; i++)
		packet.size += service->elsewhere[i];
	return socket_send(service->polled[0].fd, &packet, sizeof(packet), NULL, 0);
}

/* From here on it is lost with this process. */
static int connection_add(struct service *service, struct packet_fds *fds)
{
	const struct tee_packet taken = { TEE_PACKET_MAGIC, TEE_TAKEN, 0, 0 };
	const int sock = packet_fds_take(fds, 0);
	int rc;

	if (service->count == service->clients + TEE_CLIENTS_MAX)
		close(sock);
	else
		service->polled[service->count++] =
			(struct pollfd) { .fd = sock, .events = POLLIN };
	rc = socket_send(service->polled[0].fd, &taken, sizeof(taken), NULL, 0);
	return rc ? rc : connections_tell(service);
}

/* A packet from a TEE below this one; -EAGAIN with MSG_DONTWAIT and none. */
static int below_receive(struct service *service, unsigned int below, int flags,
			 struct tee_image_packet *out, struct packet_fds *fds)
{
	struct tee_image_packet raw;
	const ssize_t n = socket_receive(service->polled[below].fd, &raw, sizeof(raw), fds, flags);
	int rc = n == -EAGAIN ? -EAGAIN
		 : n <= 0     ? -EPIPE
			      : tee_packet_parse(&raw, (size_t)n, fds->count, out);

	if (rc)
		packet_fds_close(fds);
	else if (out->head.kind == TEE_CONNECTIONS)
		service->elsewhere[below] = out->head.size;
	return rc;
}

/* One that has ended, or does not keep to what is agreed, is no reason for the others to end. */
static void below_lose(struct service *service, unsigned int below)
{
	close(service->polled[below].fd);
	service->polled[below].fd = -1;
	service->polled[below].revents = 0;
	service->elsewhere[below] = 0;
	service->lost = true;
}

/* Hands the question on, and the answer back. 1: that TEE has no such TA, or can't tell: then
 * *error is why. -EPIPE: teesimd is gone. */
static int image_ask_below(struct service *service, unsigned int below,
			   const struct tee_image_packet *question, int *error)
{
	struct tee_image_packet packet = { 0 };
	struct packet_fds fds;
	bool news = false;
	int rc = service->polled[below].fd < 0 ? 0
					       : socket_send(service->polled[below].fd, question,
							     sizeof(*question), NULL, 0);

	if (service->polled[below].fd < 0) {
		*error = -EIO;
		return 1;
	}
	while (rc == 0 && packet.head.kind != TEE_IMAGE) {
		rc = below_receive(service, below, 0, &packet, &fds);
		if (rc == 0 && packet.head.kind != TEE_IMAGE) {
			packet_fds_close(&fds);
			news = true;
		}
	}
	if (rc) {
		below_lose(service, below);
		*error = -EIO;
		return connections_tell(service) ? -EPIPE : 1;
	}
	if (packet.head.status) {
		if (packet.head.status != ENOENT)
			*error = -(int)packet.head.status;
		rc = 1;
	} else {
		rc = socket_send(service->polled[0].fd, &packet, sizeof(packet), &fds, 0);
	}
	packet_fds_close(&fds);
	if (news && connections_tell(service))
		rc = -EPIPE;
	return rc;
}

static int image_tell(struct service *service, const struct tee_image_packet *question)
{
	struct tee_image_packet packet = *question;
	char uuid[UUID_TEXT_SIZE];
	uint8_t *image = NULL, *personal = NULL;
	size_t size = 0, personal_size = 0;
	struct uuid ta;
	const char *why;
	int rc = -EIO, error = -ENOENT;

	memcpy(ta.octet, question->uuid, sizeof(ta.octet));
	if (service->tee)
		rc = tee_ta_image(service->tee, uuid_format(&ta, uuid), &image, &size,
				  &packet.record);
	if (rc && service->tee) {
		if (rc != -ENOENT)
			error = rc;
		for (unsigned int i = 1; i < service->clients; i++) {
			const int below = image_ask_below(service, i, question, &error);

			if (below <= 0)
				return below;
		}
		/* Nobody has it, and all could tell; or why one could not. */
		rc = error;
	}
	if (rc == 0) {
		rc = tee_ta_personal(service->tee, uuid, &personal, &personal_size);
		if (rc == -ENOENT)
			rc = 0;
		packet.record.personal_size = rc == 0 ? (uint32_t)personal_size : 0;
	}
	packet.head.status = (uint32_t)-rc;
	if (rc == 0 || rc == -ENOENT) {
		rc = packet_send(service->polled[0].fd, &packet, sizeof(packet), image,
				 rc == 0 ? size : 0, personal);
	} else {
		why = !service->tee    ? service->why_not
		      : rc == -EBADMSG ? "it is not what was installed"
				       : strerror(-rc);
		rc = packet_send(service->polled[0].fd, &packet, sizeof(packet), why, strlen(why),
				 NULL);
	}
	free(image);
	free(personal);
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
	unsigned int kept = service->clients;
	const unsigned int were = service->count;

	for (unsigned int i = service->clients; i < were; i++) {
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

/* News of those below. */
static int below_heed(struct service *service)
{
	struct tee_image_packet packet;
	struct packet_fds fds;
	int rc = 0;

	for (unsigned int i = 1; rc == 0 && i < service->clients; i++) {
		if (!service->polled[i].revents)
			continue;
		while ((rc = below_receive(service, i, MSG_DONTWAIT, &packet, &fds)) == 0)
			packet_fds_close(&fds);
		if (rc != -EAGAIN)
			below_lose(service, i);
		rc = connections_tell(service);
	}
	return rc;
}

/* With the firmware's process and all TEEs it starts anew when it is wanted. */
static bool better_anew(const struct service *service)
{
	uint32_t connected = service->count - service->clients;

	for (unsigned int i = 1; i < service->clients; i++)
		connected += service->elsewhere[i];
	return (service->tee && tee_is_broken(service->tee)) || (service->lost && !connected);
}

int tee_serve(struct tee *tee, const char *why_not, int control, int below)
{
	static struct service service;
	int rc = 0;

	service = (struct service) { .tee = tee, .why_not = why_not };
	service.polled[service.count++] = (struct pollfd) { .fd = control, .events = POLLIN };
	for (unsigned int i = 1; tee && tee_is_first(tee) && tee_name_of(tee, i); i++)
		service.polled[service.count++] =
			(struct pollfd) { .fd = below++, .events = POLLIN };
	service.clients = service.count;
	while (rc == 0) {
		if (poll(service.polled, service.count, -1) < 0) {
			rc = errno == EINTR ? 0 : -errno;
			continue;
		}
		rc = turn(&service);
		if (rc == 0)
			rc = below_heed(&service);
		/* TAs that are opened come before the next requests. */
		while (rc == 0 && service.polled[0].revents) {
			service.polled[0].revents = 0;
			rc = control_request(&service);
			if (rc == 0)
				(void)poll(service.polled, 1, 0);
		}
		if (rc == 0 && better_anew(&service))
			break;
	}
	for (unsigned int i = service.clients; i < service.count; i++)
		close(service.polled[i].fd);
	return rc == -EPIPE ? 0 : rc;
}
