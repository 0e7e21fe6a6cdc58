/* Connections that the first TEE hands on to one below it, whatever becomes of either. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "otrp/tee_service.h"
#include "otrp/tee_socket.h"
#include "wire/socket.h"

#define BELOW "below"
/* It is there at once, unless it never comes. */
#define PATIENCE_MS 60000

/*
 * The TEE itself, which the service does not ask for anything here.
 */
static int nothing;
static struct tee *const tee = (struct tee *)&nothing;

const char *tee_name(const struct tee *unused)
{
	(void)unused;
	return "first";
}

const char *tee_name_of(const struct tee *unused, unsigned int number)
{
	(void)unused;
	return number == 0 ? "first" : number == 1 ? BELOW : NULL;
}

bool tee_is_first(const struct tee *unused)
{
	(void)unused;
	return true;
}

bool tee_is_broken(const struct tee *unused)
{
	(void)unused;
	return false;
}

void tee_rest(struct tee *unused)
{
	(void)unused;
}

int tee_process(struct tee *unused, const void *request, size_t size, char **answer)
{
	(void)unused, (void)request, (void)size, (void)answer;
	return -ENOSYS;
}

int tee_trust_update(struct tee *unused, const void *list, size_t size, char *err, size_t errlen)
{
	(void)unused, (void)list, (void)size, (void)err, (void)errlen;
	return -ENOSYS;
}

int tee_ta_information(struct tee *unused, const void *query, size_t size, char **answer, char *err,
		       size_t errlen)
{
	(void)unused, (void)query, (void)size, (void)answer, (void)err, (void)errlen;
	return -ENOSYS;
}

int tee_request_ta(struct tee *unused, const void *octets, size_t size, char *err, size_t errlen)
{
	(void)unused, (void)octets, (void)size, (void)err, (void)errlen;
	return -ENOSYS;
}

int tee_ta_image(struct tee *unused, const char *taid, uint8_t **image, size_t *size,
		 struct tee_image_record *record)
{
	(void)unused, (void)taid, (void)image, (void)size, (void)record;
	return -ENOENT;
}

int tee_ta_personal(struct tee *unused, const char *taid, uint8_t **octets, size_t *size)
{
	(void)unused, (void)taid, (void)octets, (void)size;
	return -ENOENT;
}

char *tee_ta_list(struct tee *unused)
{
	(void)unused;
	return NULL;
}

/*
 * teesimd, the TEE below, and clients.
 */
static int control = -1, below = -1, service_end[2];
static pthread_t service;

static void *serve(void *unused)
{
	const int rc = tee_serve(tee, NULL, service_end[0], service_end[1]);

	cr_assert_eq(rc, 0, "%s", strerror(-rc));
	close(service_end[0]);
	return unused;
}

static void pair_make(int pair[2])
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

static void set_up(void)
{
	int one[2], two[2];

	signal(SIGPIPE, SIG_IGN);
	pair_make(one);
	pair_make(two);
	control = one[0];
	below = two[0];
	service_end[0] = one[1];
	service_end[1] = two[1];
	cr_assert_eq(pthread_create(&service, NULL, serve, NULL), 0);
}

static void tear_down(void)
{
	close(control);
	pthread_join(service, NULL);
	if (below >= 0)
		close(below);
}

TestSuite(otrp_tee_service, .init = set_up, .fini = tear_down);

static void tell(int sock, uint32_t kind, uint32_t status, uint32_t size, int fd)
{
	const struct tee_packet packet = { TEE_PACKET_MAGIC, kind, status, size };
	const struct packet_fds fds = { .fd = { fd }, .count = fd >= 0 };

	cr_assert_eq(socket_send(sock, &packet, sizeof(packet), &fds, 0), 0);
}

/* The next packet, whose kind it has to be. Returns its descriptor, or -1. */
static int hear(int sock, uint32_t kind, struct tee_packet *packet)
{
	struct pollfd poller = { .fd = sock, .events = POLLIN };
	struct packet_fds fds;

	cr_assert_eq(poll(&poller, 1, PATIENCE_MS), 1, "no packet of kind %u", kind);
	cr_assert_eq(socket_receive(sock, packet, sizeof(*packet), &fds, 0),
		     (ssize_t)sizeof(*packet), "none of kind %u", kind);
	cr_assert_eq(packet->kind, kind, "%u, and not %u", packet->kind, kind);
	return fds.count ? fds.fd[0] : -1;
}

/* teesimd is told until there are so many. */
static void connections_are(uint32_t count)
{
	struct tee_packet packet;

	do
		cr_assert_eq(hear(control, TEE_CONNECTIONS, &packet), -1);
	while (packet.size != count);
}

/* A client that has asked for the TEE below; returns its end. */
static int client_move(uint32_t count)
{
	struct tee_packet packet;
	int pair[2], name;

	pair_make(pair);
	tell(control, TEE_CONNECTION, 0, 0, pair[1]);
	close(pair[1]);
	cr_assert_eq(hear(control, TEE_TAKEN, &packet), -1);
	connections_are(count);
	name = tee_octets_make(BELOW, strlen(BELOW));
	tell(pair[0], TEE_SELECT, 0, strlen(BELOW), name);
	close(name);
	return pair[0];
}

/* What arrives at the TEE below is that client's: what one says there, the other one hears. */
static void below_has(int client)
{
	struct tee_packet packet;
	const int sock = hear(below, TEE_CONNECTION, &packet);
	char text[8] = "";

	cr_assert_geq(sock, 0);
	if (client >= 0) {
		cr_assert_eq(send(sock, "here", 5, MSG_NOSIGNAL), 5);
		cr_assert_eq(recv(client, text, sizeof(text), 0), 5);
		cr_assert_str_eq(text, "here");
	}
	close(sock);
}

static bool client_answered(int client)
{
	struct pollfd poller = { .fd = client, .events = POLLIN };

	return poll(&poller, 1, 0) != 0;
}

static void client_is_moved(int client)
{
	struct tee_packet packet;

	cr_assert_eq(hear(client, TEE_SELECT, &packet), -1);
	cr_expect_eq(packet.status, 0);
}

Test(otrp_tee_service, who_hangs_up_while_it_is_handed_on_takes_nobody_elses_turn)
{
	const int gone = client_move(1);
	int stays, pair[2];
	struct tee_packet packet;

	below_has(gone);
	stays = client_move(2);
	below_has(stays);
	close(gone);
	connections_are(1);
	/* The TEE below has taken the one that is gone, and not yet the other one. */
	tell(below, TEE_TAKEN, 0, 0, -1);
	tell(below, TEE_CONNECTIONS, 0, 1, -1);
	connections_are(2);
	cr_expect_not(client_answered(stays));

	/* So that the other one does not end with it. */
	close(below);
	cr_assert_eq(hear(control, TEE_LOST, &packet), -1);
	cr_expect_eq(packet.size, 1);
	pair_make(pair);
	below = pair[0];
	tell(control, TEE_BELOW, 0, 1, pair[1]);
	close(pair[1]);
	below_has(stays);
	tell(below, TEE_TAKEN, 0, 0, -1);
	client_is_moved(stays);
	connections_are(0);
	close(stays);
}

Test(otrp_tee_service, all_who_are_handed_on_are_told_in_their_order)
{
	int client[5];

	for (uint32_t i = 0; i < 5; i++) {
		client[i] = client_move(i + 1);
		below_has(client[i]);
	}
	close(client[2]);
	connections_are(4);
	for (uint32_t i = 0; i < 5; i++) {
		tell(below, TEE_TAKEN, 0, 0, -1);
		tell(below, TEE_CONNECTIONS, 0, i + 1, -1);
		if (i == 2)
			continue;
		client_is_moved(client[i]);
		if (i < 4)
			cr_expect_not(client_answered(client[i + 1 == 2 ? 3 : i + 1]));
		close(client[i]);
	}
}

Test(otrp_tee_service, a_tee_below_that_takes_what_it_was_not_given_is_started_again)
{
	struct pollfd poller = { .fd = below, .events = POLLIN };
	const int first = client_move(1);
	struct tee_packet packet;

	below_has(first);
	tell(below, TEE_TAKEN, 0, 0, -1);
	client_is_moved(first);
	tell(below, TEE_TAKEN, 0, 0, -1);
	cr_assert_eq(poll(&poller, 1, PATIENCE_MS), 1);
	cr_expect_eq(recv(below, &packet, sizeof(packet), 0), 0);
	close(first);
}

/* Which one it is, why, and what to do: as that one says it. */
Test(otrp_tee_service, what_a_tee_below_can_not_do_is_told_with_its_name_and_reason)
{
	static const char why[] = "its store is an older copy; do this and that";
	struct tee_image_packet question = { .head = { TEE_PACKET_MAGIC, TEE_IMAGE, 0, 0 } },
				answer;
	struct packet_fds fds;
	const void *octets;

	cr_assert_eq(socket_send(control, &question, sizeof(question), NULL, 0), 0);
	cr_assert_eq(socket_receive(below, &answer, sizeof(answer), &fds, 0),
		     (ssize_t)sizeof(answer));
	answer.head.status = EIO;
	answer.head.size = sizeof(why) - 1;
	fds = (struct packet_fds) { .fd = { tee_octets_make(why, sizeof(why) - 1) }, .count = 1 };
	cr_assert_eq(socket_send(below, &answer, sizeof(answer), &fds, 0), 0);
	packet_fds_close(&fds);

	cr_assert_eq(socket_receive(control, &answer, sizeof(answer), &fds, 0),
		     (ssize_t)sizeof(answer));
	cr_expect_eq(answer.head.status, EIO);
	cr_assert_eq(fds.count, 1);
	cr_assert_eq(tee_octets_map(fds.fd[0], answer.head.size, &octets), 0);
	cr_expect_eq(answer.head.size, strlen(BELOW ": ") + strlen(why));
	cr_expect_eq(memcmp(octets, BELOW ": ", strlen(BELOW ": ")), 0);
	cr_expect_eq(memcmp((const char *)octets + strlen(BELOW ": "), why, strlen(why)), 0);
	munmap((void *)octets, answer.head.size);
	packet_fds_close(&fds);
}
