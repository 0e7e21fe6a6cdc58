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

_Static_assert(TEE_NUMBER_MAX == BOOT_TEES_MAX - 1, "as packets have them");

#define CONTROL_PER_TURN 32

/* Nobody has asked for so long. */
#define REST_MS 5

/* A line on why a TA can't be had. */
#define REASON_SIZE 768

static const char has_ended[] = "that TEE has ended and is started again; see `teesim log`";

struct service {
	struct tee *tee;
	const char *why_not;
	/* teesimd's first, then those of the TEEs below this one, then clients. */
	struct pollfd polled[1 + BOOT_TEES_MAX + TEE_CLIENTS_MAX];
	/* Beside each client: the TEE below that it has selected and that has not taken it yet; 0:
	 * none. And the number with which it was sent there; 0: it was not. */
	unsigned int waits_for[1 + BOOT_TEES_MAX + TEE_CLIENTS_MAX];
	uint64_t sent[1 + BOOT_TEES_MAX + TEE_CLIENTS_MAX];
	/* How many clients were sent to those below, and how many of them these have taken. */
	uint64_t sendings[BOOT_TEES_MAX], taken[BOOT_TEES_MAX];
	unsigned int clients; /* where they begin */
	unsigned int count;
	/* How many clients those below have. */
	uint32_t elsewhere[BOOT_TEES_MAX];
	/* teesimd was told that this one has ended and is wanted. */
	bool wanted[BOOT_TEES_MAX];
	bool tired; /* something was asked since the TEE's last rest */
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

/* It has ended: has teesimd start it again. */
static int below_want(struct service *service, unsigned int below)
{
	const struct tee_packet packet = { TEE_PACKET_MAGIC, TEE_LOST, 0, below };

	if (service->wanted[below])
		return 0;
	service->wanted[below] = true;
	return socket_send(service->polled[0].fd, &packet, sizeof(packet), NULL, 0);
}

/* One that has ended, or does not keep to what is agreed, is no reason for the others to end. Those
 * that it has not taken wait for it to start again. */
static int below_lose(struct service *service, unsigned int below)
{
	bool wanted = false;

	close(service->polled[below].fd);
	service->polled[below].fd = -1;
	service->polled[below].revents = 0;
	service->elsewhere[below] = 0;
	service->sendings[below] = service->taken[below] = 0;
	for (unsigned int i = service->clients; i < service->count; i++) {
		if (service->waits_for[i] != below)
			continue;
		service->sent[i] = 0;
		wanted = true;
	}
	return wanted ? below_want(service, below) : 0;
}

/* Sends the client's connection to the TEE that it waits for. It stays here as well until that has
 * taken it: who ends before leaves it to the next. */
static int client_send(struct service *service, unsigned int client)
{
	const struct tee_packet packet = { TEE_PACKET_MAGIC, TEE_CONNECTION, 0, 0 };
	const struct packet_fds fds = { .fd = { service->polled[client].fd }, .count = 1 };
	const unsigned int to = service->waits_for[client];
	int rc;

	if (service->polled[to].fd < 0)
		return below_want(service, to);
	rc = socket_send(service->polled[to].fd, &packet, sizeof(packet), &fds, MSG_DONTWAIT);
	if (rc == 0)
		service->sent[client] = ++service->sendings[to];
	return rc == -EPIPE ? below_lose(service, to) : rc;
}

/* It hears nothing until then, and is not heard here. */
static int client_select(struct service *service, unsigned int client, unsigned int to)
{
	service->waits_for[client] = to;
	service->sent[client] = 0;
	service->polled[client].events = 0;
	return client_send(service, client);
}

/* Takes out the clients whose descriptor is -1. */
static void clients_compact(struct service *service)
{
	unsigned int kept = service->clients;

	for (unsigned int i = service->clients; i < service->count; i++) {
		if (service->polled[i].fd < 0)
			continue;
		service->waits_for[kept] = service->waits_for[i];
		service->sent[kept] = service->sent[i];
		service->polled[kept++] = service->polled[i];
	}
	service->count = kept;
}

static void client_close(struct service *service, unsigned int client)
{
	close(service->polled[client].fd);
	service->polled[client].fd = -1;
}

/* That TEE has the connection that was sent to it first, and it is no longer this one's. -EPROTO:
 * none was. */
static int below_taken(struct service *service, unsigned int below)
{
	struct outcome outcome = { 0 };

	if (service->taken[below] == service->sendings[below])
		return -EPROTO;
	service->taken[below]++;
	for (unsigned int i = service->clients; i < service->count; i++) {
		if (service->waits_for[i] != below || service->sent[i] != service->taken[below])
			continue;
		(void)answer_send(service, service->polled[i].fd, TEE_SELECT, &outcome);
		client_close(service, i);
		clients_compact(service);
		return 0;
	}
	/* Whoever waited has hung up. */
	return 0;
}

static int client_request(struct service *service, unsigned int client)
{
	const int sock = service->polled[client].fd;
	struct tee_image_packet raw, packet;
	struct packet_fds fds;
	struct outcome outcome;
	struct span in = { 0 };
	const void *octets = NULL;
	ssize_t n = socket_receive(sock, &raw, sizeof(raw), &fds, MSG_DONTWAIT);
	unsigned int to;
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
	service->tired = true;
	to = service->moves_to;
	service->moves_to = 0;
	if (to)
		return client_select(service, client, to);
	return answer_send(service, sock, packet.head.kind, &outcome);
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

	if (service->count == service->clients + TEE_CLIENTS_MAX) {
		close(sock);
	} else {
		service->waits_for[service->count] = 0;
		service->polled[service->count++] =
			(struct pollfd) { .fd = sock, .events = POLLIN };
	}
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

	if (rc == 0 && out->head.kind == TEE_CONNECTIONS)
		service->elsewhere[below] = out->head.size;
	else if (rc == 0 && out->head.kind == TEE_TAKEN)
		rc = below_taken(service, below);
	if (rc)
		packet_fds_close(fds);
	return rc;
}

/* Why a TEE can't tell whether it has a TA, for people. */
static void reason_set(char why[REASON_SIZE], const char *name, const char *reason)
{
	snprintf(why, REASON_SIZE, "%s: %s", name, reason);
}

/* Of the TEE itself. */
static void own_reason(const struct service *service, int error, char why[REASON_SIZE])
{
	reason_set(why, tee_name(service->tee),
		   error == -EBADMSG ? "it is not what was installed" : strerror(-error));
}

/* Of one below, by its answer. */
static void below_reason(const struct service *service, unsigned int below,
			 const struct tee_packet *answer, const struct packet_fds *fds,
			 char why[REASON_SIZE])
{
	const char *name = tee_name_of(service->tee, below);
	const void *octets;

	reason_set(why, name, strerror((int)answer->status));
	if (!answer->size || tee_octets_map(fds->fd[0], answer->size, &octets))
		return;
	snprintf(why, REASON_SIZE, "%s: %.*s", name, (int)answer->size, (const char *)octets);
	(void)munmap((void *)octets, answer->size);
}

/* The TEE is there again, or can't be; who waits for it goes on. Takes over the descriptor. */
static int below_came(struct service *service, const struct tee_packet *packet,
		      struct packet_fds *fds)
{
	const unsigned int below = packet->size;
	const int sock = packet->status ? -1 : packet_fds_take(fds, 0);

	if (!below || below >= service->clients || !service->wanted[below]) {
		if (sock >= 0)
			close(sock);
		return -EPROTO;
	}
	service->wanted[below] = false;
	service->polled[below] = (struct pollfd) { .fd = sock, .events = POLLIN };
	for (unsigned int i = service->clients; i < service->count; i++) {
		struct outcome outcome = { -EIO, NULL };
		int rc;

		if (service->waits_for[i] != below)
			continue;
		snprintf(service->err, sizeof(service->err),
			 "that TEE has ended and can't be started again; see `teesim log`");
		if (sock >= 0) {
			rc = client_send(service, i);
		} else {
			service->waits_for[i] = 0;
			service->polled[i].events = POLLIN;
			rc = answer_send(service, service->polled[i].fd, TEE_SELECT, &outcome);
		}
		if (rc)
			client_close(service, i);
	}
	clients_compact(service);
	return connections_tell(service);
}

/* Hands the question on, and the answer back. 1: that TEE has no such TA, or can't tell: then
 * *error is why, and `why` says it. -EPIPE: teesimd is gone. */
static int image_ask_below(struct service *service, unsigned int below,
			   const struct tee_image_packet *question, int *error,
			   char why[REASON_SIZE])
{
	struct tee_image_packet packet = { 0 };
	struct packet_fds fds;
	bool news = false;
	int rc = service->polled[below].fd < 0 ? 0
					       : socket_send(service->polled[below].fd, question,
							     sizeof(*question), NULL, 0);

	if (service->polled[below].fd < 0) {
		*error = -EAGAIN;
		reason_set(why, tee_name_of(service->tee, below), has_ended);
		return below_want(service, below) ? -EPIPE : 1;
	}
	while (rc == 0 && packet.head.kind != TEE_IMAGE) {
		rc = below_receive(service, below, 0, &packet, &fds);
		if (rc == 0 && packet.head.kind != TEE_IMAGE) {
			packet_fds_close(&fds);
			news = true;
		}
	}
	if (rc) {
		*error = -EAGAIN;
		reason_set(why, tee_name_of(service->tee, below), has_ended);
		return below_lose(service, below) || connections_tell(service) ||
				       below_want(service, below)
			       ? -EPIPE
			       : 1;
	}
	if (packet.head.status) {
		/* That another is to be asked again comes first. */
		if (packet.head.status != ENOENT && *error != -EAGAIN) {
			*error = -(int)packet.head.status;
			below_reason(service, below, &packet.head, &fds, why);
		}
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
	char why[REASON_SIZE];
	struct uuid ta;
	int rc = -EIO, error = -ENOENT;

	memcpy(ta.octet, question->uuid, sizeof(ta.octet));
	if (service->tee)
		rc = tee_ta_image(service->tee, uuid_format(&ta, uuid), &image, &size,
				  &packet.record);
	if (rc && service->tee) {
		if (rc != -ENOENT) {
			error = rc;
			own_reason(service, rc, why);
		}
		for (unsigned int i = 1; i < service->clients; i++) {
			const int below = image_ask_below(service, i, question, &error, why);

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
		if (rc)
			own_reason(service, rc, why);
		packet.record.personal_size = rc == 0 ? (uint32_t)personal_size : 0;
	}
	packet.head.status = (uint32_t)-rc;
	if (rc == 0 || rc == -ENOENT) {
		rc = packet_send(service->polled[0].fd, &packet, sizeof(packet), image,
				 rc == 0 ? size : 0, personal);
	} else {
		const char *text = service->tee ? why : service->why_not;

		rc = packet_send(service->polled[0].fd, &packet, sizeof(packet), text, strlen(text),
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
	else if (rc == 0 && packet.head.kind == TEE_BELOW)
		rc = below_came(service, &packet.head, &fds);
	else
		rc = rc ? rc : -EPROTO;
	packet_fds_close(&fds);
	return rc;
}

/* One request of each that has one. Those whose connection ended are taken out. */
static int turn(struct service *service)
{
	const unsigned int were = service->count;

	for (unsigned int i = service->clients; i < were; i++) {
		struct pollfd *polled = &service->polled[i];

		if (!polled->revents)
			continue;
		/* Who waits has hung up. */
		if (!service->waits_for[i] && client_request(service, i) == 0)
			continue;
		client_close(service, i);
	}
	clients_compact(service);
	return service->count == were ? 0 : connections_tell(service);
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
		rc = rc == -EAGAIN ? 0 : below_lose(service, i);
		if (rc == 0)
			rc = connections_tell(service);
	}
	return rc;
}

static void rest(struct service *service)
{
	if (service->tee)
		tee_rest(service->tee);
	service->tired = false;
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
		const int n = poll(service.polled, service.count, service.tired ? REST_MS : -1);

		if (n < 0) {
			rc = errno == EINTR ? 0 : -errno;
			continue;
		}
		if (n == 0)
			rest(&service);
		rc = turn(&service);
		if (rc == 0)
			rc = below_heed(&service);
		/* TAs that are opened come before the next requests, as long as it is not more and
		 * more of them. */
		for (int i = 0; rc == 0 && service.polled[0].revents && i < CONTROL_PER_TURN; i++) {
			service.polled[0].revents = 0;
			rc = control_request(&service);
			if (rc == 0)
				(void)poll(service.polled, 1, 0);
		}
		/* With the firmware's process and all TEEs it starts anew when it is wanted. */
		if (rc == 0 && tee && tee_is_broken(tee))
			break;
	}
	for (unsigned int i = service.clients; i < service.count; i++)
		close(service.polled[i].fd);
	return rc == -EPIPE ? 0 : rc;
}
