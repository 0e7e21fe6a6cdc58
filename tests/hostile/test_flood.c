/* Clients that ask a busy TA host for more than anybody can keep: it costs them time, teesimd a
 * bounded amount of memory and descriptors, and nobody else anything. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"
#include "raw_client.h"
#include "ta/villain.h"
#include "wire/memory.h"
#include "wire/result.h"

TestSuite(flood, .init = fixture_setup, .fini = fixture_teardown, .timeout = 500);

/* More than what may wait for a host, were it all kept. */
#define MESSAGES 140000
/* Who can't send for so long is being held. */
#define HELD_MS	   300
#define GROWTH_KIB 8192
#define GROWTH_FDS 2048

static const uint32_t both_ways = MESSAGE_BLOCK_INPUT | MESSAGE_BLOCK_OUTPUT;

static struct bystander bystander;

/*
 * What teesimd has.
 */

static long daemon_private_kib(void)
{
	char path[64], line[256];
	long kib = -1;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)fixture_daemon());
	status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "RssAnon:", 8))
			kib = strtol(line + 8, NULL, 10);
	if (status)
		fclose(status);
	cr_assert_gt(kib, 0);
	return kib;
}

static long daemon_descriptors(void)
{
	char path[64];
	long count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)fixture_daemon());
	dir = opendir(path);
	cr_assert(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/*
 * The instance that has no time, and somebody who works with another.
 */

static struct {
	struct raw_session session;
	int sock, fd;
	uint8_t *memory;
	pthread_t thread;
	uint32_t result;
	long kib, descriptors;
} busy;

static void *keep_busy(void *unused)
{
	struct channel_operation operation = {
		.op = CHANNEL_INVOKE,
		.cmd = VILLAIN_HOLD,
		.types = CHANNEL_TYPE_VALUE_INOUT | CHANNEL_TYPE_MEMREF_INPUT << 4,
		.slot[1].size = 4096,
		.memref[1] = { .place = CHANNEL_PLACE_BLOCK, .block = 1 },
	};

	(void)unused;
	busy.result = raw_call(&busy.session, &operation);
	return NULL;
}

static void busy_begin(void)
{
	bystander_arrive(&bystander);
	busy.sock = raw_connect(true);
	busy.fd = block_create("test", 4096);
	busy.memory = block_map(busy.fd, 4096, true);
	busy.memory[0] = 0;
	raw_session_open(&busy.session, busy.sock, VILLAIN_SHARED);
	cr_assert_eq(raw_share(&busy.session, 1, 4096, both_ways, busy.fd), RESULT_SUCCESS);
	cr_assert_eq(pthread_create(&busy.thread, NULL, keep_busy, NULL), 0);
	while (atomic_load(&busy.session.client.channel->progress.taken) != 2)
		usleep(1000);
	busy.kib = daemon_private_kib();
	busy.descriptors = daemon_descriptors();
}

static bool costs_are_low(void)
{
#ifndef TEESIM_SANITIZE
	if (daemon_private_kib() - busy.kib >= GROWTH_KIB)
		return false;
#endif
	return daemon_descriptors() - busy.descriptors < GROWTH_FDS;
}

/* Called while it is busy, and whoever floods has sent all that he can. teesimd may still have to
 * look at it. */
static void costs_check(void)
{
	uint64_t begin = fixture_now_ms();
	bool low;

	bystander_check(&bystander);
	while (!(low = costs_are_low()) && fixture_now_ms() - begin < FIXTURE_HANG_MS)
		usleep(10000);
	cr_expect(low, "%ld KiB and %ld descriptors more", daemon_private_kib() - busy.kib,
		  daemon_descriptors() - busy.descriptors);
}

/* The host comes back, finds what it is still to do, and is none the worse. */
static void busy_end(void)
{
	struct raw_session late;

	busy.memory[0] = 1;
	pthread_join(busy.thread, NULL);
	cr_expect_eq(busy.result, RESULT_SUCCESS);
	cr_expect(raw_session_works(&busy.session));
	raw_session_open(&late, busy.sock, VILLAIN_SHARED);
	cr_expect(raw_session_works(&late));
	raw_session_unmap(&late);
	raw_session_unmap(&busy.session);
	munmap(busy.memory, 4096);
	close(busy.fd);
	close(busy.sock);
	cr_expect(fixture_not_logged("was killed"));
	cr_expect(fixture_not_logged("disconnected"));
	bystander_leave(&bystander);
}

/*
 * Floods.
 */

/* Reads what has come. */
static void answers_drop(int sock)
{
	uint8_t octets[MESSAGE_SIZE_MAX];
	struct packet_fds fds;

	while (socket_receive(sock, octets, sizeof(octets), &fds, MSG_DONTWAIT) > 0)
		packet_fds_close(&fds);
}

/* Returns false once teesimd takes no more. */
static bool send_on(int sock, const void *message, size_t size, int fd)
{
	const struct packet_fds fds = { .fd = { fd }, .count = fd >= 0 };
	struct pollfd poller = { .fd = sock, .events = POLLOUT };
	int err;

	while ((err = socket_send(sock, message, size, &fds, MSG_DONTWAIT)) == -EAGAIN) {
		answers_drop(sock);
		if (poll(&poller, 1, HELD_MS) == 0)
			return false;
	}
	cr_assert_eq(err, 0, "%d", err);
	return true;
}

static bool share_on(const struct raw_session *session, uint32_t number, int fd)
{
	const struct message_share_block share = {
		.header = { .type = MESSAGE_SHARE_BLOCK, .request = number },
		.session = session->id,
		.block = number,
		.flags = both_ways,
		.size = 4096,
	};

	return send_on(session->sock, &share, sizeof(share), fd);
}

static bool release_on(int sock, uint32_t number)
{
	const struct message_release_block release = { .header.type = MESSAGE_RELEASE_BLOCK,
						       .block = number };

	return send_on(sock, &release, sizeof(release), -1);
}

/* A client of the busy instance, which has its session from before. */
static void flooder_begin(struct raw_session *session)
{
	raw_session_open(session, raw_connect(true), VILLAIN_SHARED);
}

/* In the end it is served as any other. */
static void flooder_end(struct raw_session *session)
{
	cr_expect(raw_session_works(session));
	raw_session_unmap(session);
	close(session->sock);
}

Test(flood, of_blocks_shared_and_released)
{
	struct raw_session session;
	int fd = block_create("test", 4096);

	flooder_begin(&session);
	busy_begin();
	for (uint32_t i = 1; i <= MESSAGES / 2; i++) {
		if (!share_on(&session, i, fd) || !release_on(session.sock, i))
			break;
		if (i % 64 == 0)
			answers_drop(session.sock);
		if (i % 10000 == 0)
			costs_check();
	}
	costs_check();
	busy_end();
	flooder_end(&session);
	close(fd);
}

Test(flood, of_blocks_shared_and_kept)
{
	struct raw_session session;
	int fd = block_create("test", 4096);
	bool held = false;

	flooder_begin(&session);
	busy_begin();
	for (uint32_t i = 1; i <= MESSAGES && !held; i++)
		held = !share_on(&session, i, fd);
	cr_expect(held);
	costs_check();
	busy_end();
	flooder_end(&session);
	close(fd);
}

Test(flood, of_larger_arenas)
{
	struct raw_session session;
	bool held = false;

	flooder_begin(&session);
	busy_begin();
	for (uint32_t i = 1; i <= MESSAGES && !held; i++) {
		const struct message_grow_arena grow = {
			.header = { .type = MESSAGE_GROW_ARENA, .request = i },
			.session = session.id,
			.size = 1 << 20,
		};

		held = !send_on(session.sock, &grow, sizeof(grow), -1);
	}
	cr_expect(held);
	costs_check();
	/* Goes while it is held. */
	raw_session_unmap(&session);
	close(session.sock);
	busy_end();
}

static bool open_and_close_on(int sock, uint32_t number)
{
	const TEEC_UUID uuid = fixture_uuid(VILLAIN_SHARED);
	const struct message_open_session open = {
		.header = { .type = MESSAGE_OPEN_SESSION, .request = number },
		.ta = uuid_from_fields(uuid.timeLow, uuid.timeMid, uuid.timeHiAndVersion,
				       uuid.clockSeqAndNode),
	};
	struct message_close_session close_session = { .header.type = MESSAGE_CLOSE_SESSION };
	struct pollfd poller = { .fd = sock, .events = POLLIN };
	struct message_opened opened;
	struct packet_fds fds;

	raw_send(sock, &open, sizeof(open), -1);
	if (poll(&poller, 1, HELD_MS) == 0)
		return false;
	raw_receive(sock, MESSAGE_OPENED, &opened, sizeof(opened), &fds);
	packet_fds_close(&fds);
	cr_assert_eq(opened.result, RESULT_SUCCESS, "0x%x", opened.result);
	close_session.session = opened.session;
	raw_send(sock, &close_session, sizeof(close_session), -1);
	return true;
}

Test(flood, of_sessions_opened_and_closed)
{
	int sock = raw_connect(true);

	busy_begin();
	for (uint32_t i = 1; i <= MESSAGES / 4; i++) {
		if (!open_and_close_on(sock, i))
			break;
		if (i % 10000 == 0)
			costs_check();
	}
	costs_check();
	busy_end();
	close(sock);
}

/* Whoever is gone leaves nothing that still waits. */
Test(flood, of_clients_that_share_and_go)
{
	int fd = block_create("test", 4096);

	busy_begin();
	for (unsigned int i = 0; i < 300; i++) {
		struct raw_session session;
		uint32_t number = 1;

		raw_session_map(&session, raw_connect(true), VILLAIN_SHARED);
		while (number <= 200 && share_on(&session, number, fd))
			number++;
		cr_expect_eq(number, 201);
		raw_session_unmap(&session);
		close(session.sock);
		/* More of them at a time are many clients, who would be told so. */
		if (i % 10 == 9)
			costs_check();
	}
	costs_check();
	busy_end();
	close(fd);
}

/* Reads all that teesimd has answered by now; returns how often it said that the TA is busy. */
static unsigned int refusals_count(int sock)
{
	const struct message_bare status = { .header = { .type = MESSAGE_STATUS, .request = 77 } };
	union {
		struct message_header header;
		struct message_answer answer;
		uint8_t octets[MESSAGE_SIZE_MAX];
	} packet;
	unsigned int count = 0;
	struct packet_fds fds;

	raw_send(sock, &status, sizeof(status), -1);
	do {
		cr_assert_gt(socket_receive(sock, &packet, sizeof(packet), &fds, 0), 0);
		packet_fds_close(&fds);
		count +=
			packet.header.type == MESSAGE_ANSWER && packet.answer.result == RESULT_BUSY;
	} while (packet.header.type != MESSAGE_STATUS_DEVICE);
	return count;
}

/* So many that none of them asks for too much: from some number on they are told. */
Test(flood, of_many_clients_at_a_time)
{
	enum {
		CLIENTS = 60,
		BLOCKS = 200
	};
	static struct raw_session session[CLIENTS];
	int fd = block_create("test", 4096);
	unsigned int refusals = 0;

	for (unsigned int i = 0; i < CLIENTS; i++)
		flooder_begin(&session[i]);
	busy_begin();
	for (unsigned int i = 0; i < CLIENTS; i++) {
		for (uint32_t number = 1; number <= BLOCKS; number++)
			cr_assert(share_on(&session[i], number, fd));
		refusals += refusals_count(session[i].sock);
	}
	cr_expect(refusals > 0 && refusals < CLIENTS * BLOCKS, "%u", refusals);
	bystander_check(&bystander);
#ifndef TEESIM_SANITIZE
	cr_expect_lt(daemon_private_kib() - busy.kib, GROWTH_KIB);
#endif
	busy_end();
	for (unsigned int i = 0; i < CLIENTS; i++)
		flooder_end(&session[i]);
	close(fd);
}
