/* Clients that break the rules of the control connection, of shared memory and of the channel.
 * Whatever they do, they do it to themselves. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "raw_client.h"
#include "ta/villain.h"
#include "wire/memory.h"
#include "wire/result.h"

TestSuite(client, .init = fixture_setup, .fini = fixture_teardown, .timeout = 500);

static struct bystander bystander;

/*
 * The control connection.
 */

Test(client, sends_half_a_message_and_stops)
{
	const struct message_open_session open = {
		.header = { .type = MESSAGE_OPEN_SESSION, .request = 2 },
	};
	int silent, half, greeted;

	bystander_arrive(&bystander);
	/* One that never says a word, and keeps nobody from anything. */
	silent = raw_connect(false);
	half = raw_connect(false);
	raw_send(half, &open, sizeof(struct message_header) - 1, -1);
	cr_expect(raw_cut_off(half));
	greeted = raw_connect(true);
	raw_send(greeted, &open, sizeof(open) / 2, -1);
	cr_expect(raw_cut_off(greeted));
	cr_expect(fixture_logged("was disconnected", NULL));
	close(silent);
	close(half);
	close(greeted);
	bystander_leave(&bystander);
}

Test(client, sends_garbage)
{
	static uint8_t octets[4 * MESSAGE_SIZE_MAX];
	static const size_t sizes[] = {
		1, 4, 8, 12, 20, 32, 200, 5000, MESSAGE_SIZE_MAX, MESSAGE_SIZE_MAX + 1, 65536
	};

	bystander_arrive(&bystander);
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)fixture_random(256);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (int greeted = 0; greeted < 2; greeted++) {
			int sock = raw_connect(greeted);

			raw_send(sock, octets, sizes[i], -1);
			cr_expect(raw_cut_off(sock), "%zu octets", sizes[i]);
			close(sock);
		}
	}
	/* Every type that there is and is not, with a body that is too long for all but the texts.
	 */
	for (uint32_t type = 0; type < 128; type++) {
		const struct message_header header = { .type = type, .request = 9 };
		int sock = raw_connect(true);

		memcpy(octets, &header, sizeof(header));
		raw_send(sock, octets, 333, -1);
		cr_expect(raw_cut_off(sock), "type %u", type);
		close(sock);
	}
	bystander_leave(&bystander);
}

Test(client, sends_descriptors_nobody_asked_for)
{
	const struct message_bare status = { .header = { .type = MESSAGE_STATUS, .request = 1 } };
	struct packet_fds fds = { .count = SOCKET_FDS_MAX };
	int sock = raw_connect(true);

	bystander_arrive(&bystander);
	for (unsigned int i = 0; i < fds.count; i++)
		fds.fd[i] = STDERR_FILENO;
	cr_assert_eq(socket_send(sock, &status, sizeof(status), &fds, 0), 0);
	cr_expect(raw_cut_off(sock));
	close(sock);
	bystander_leave(&bystander);
}

/* That is for TAs, which have no network of their own. */
Test(client, asks_for_a_connection_to_the_network)
{
	struct {
		struct message_connect connect;
		char host[9];
	} message = { .connect = { .header = { .type = MESSAGE_CONNECT, .request = 2 },
				   .protocol = MESSAGE_CONNECT_TCP,
				   .port = 9,
				   .host_size = 9 },
		      .host = "127.0.0.1" };
	int sock = raw_connect(true);

	bystander_arrive(&bystander);
	raw_send(sock, &message, sizeof(message.connect) + sizeof(message.host), -1);
	cr_expect(raw_cut_off(sock));
	close(sock);
	sock = raw_connect(true);
	message.connect.header.type = MESSAGE_CONNECT_AGAIN;
	message.connect.protocol = MESSAGE_CONNECT_UDP;
	raw_send(sock, &message, sizeof(message.connect) + sizeof(message.host), sock);
	cr_expect(raw_cut_off(sock));
	close(sock);
	bystander_leave(&bystander);
}

/* Asks without end and never reads: costs teesimd a bounded amount, then the connection. */
Test(client, never_reads_its_answers)
{
	const struct message_bare status = { .header = { .type = MESSAGE_STATUS, .request = 1 } };
	int sock = raw_connect(true);
	uint64_t begin = fixture_now_ms();
	int err = 0;

	bystander_arrive(&bystander);
	while (err != -EPIPE && err != -ECONNRESET && fixture_now_ms() - begin < FIXTURE_HANG_MS) {
		err = socket_send(sock, &status, sizeof(status), NULL, MSG_DONTWAIT);
		if (err == -EAGAIN)
			usleep(1000);
	}
	cr_expect(err == -EPIPE || err == -ECONNRESET, "%d", err);
	cr_expect(fixture_logged("does not read its answers", NULL));
	close(sock);
	bystander_leave(&bystander);
}

Test(client, names_what_belongs_to_others)
{
	struct raw_session own, foreign;
	int sock = raw_connect(true), other = raw_connect(true);
	struct message_close_session close_session = { .header.type = MESSAGE_CLOSE_SESSION };
	struct message_grow_arena grow = { .header = { .type = MESSAGE_GROW_ARENA, .request = 4 },
					   .size = 1 << 20 };
	struct message_release_block release = { .header.type = MESSAGE_RELEASE_BLOCK };
	struct message_answer answer;
	int fd = block_create("test", 4096);

	raw_session_open(&own, sock, VILLAIN_SHARED);
	raw_session_open(&foreign, other, VILLAIN_SHARED);
	cr_assert_eq(raw_share(&foreign, 1, 4096, MESSAGE_BLOCK_INPUT | MESSAGE_BLOCK_OUTPUT, fd),
		     RESULT_SUCCESS);
	for (uint32_t id = 0; id < 100; id++) {
		if (id == own.id)
			continue;
		close_session.session = id;
		raw_send(sock, &close_session, sizeof(close_session), -1);
		grow.session = id;
		raw_send(sock, &grow, sizeof(grow), -1);
		raw_receive(sock, MESSAGE_ANSWER, &answer, sizeof(answer), NULL);
		cr_expect_eq(answer.result, RESULT_TARGET_DEAD);
		release.block = id;
		raw_send(sock, &release, sizeof(release), -1);
	}
	cr_expect(raw_session_works(&own));
	cr_expect(raw_session_works(&foreign));
	/* The other's block is not found under this client's number, and is still there. */
	for (int mine = 1; mine >= 0; mine--) {
		struct channel_operation operation = {
			.op = CHANNEL_INVOKE,
			.cmd = VILLAIN_SUM,
			.types = CHANNEL_TYPE_VALUE_INOUT | CHANNEL_TYPE_MEMREF_INPUT << 4,
			.slot[1].size = 4096,
			.memref[1] = { .place = CHANNEL_PLACE_BLOCK, .block = 1 },
		};

		cr_expect_eq(raw_call(mine ? &own : &foreign, &operation),
			     mine ? RESULT_BAD_PARAMETERS : RESULT_SUCCESS);
	}
	raw_session_unmap(&own);
	raw_session_unmap(&foreign);
	close(fd);
	close(sock);
	close(other);
}

/*
 * Shared memory.
 */

static const uint32_t both_ways = MESSAGE_BLOCK_INPUT | MESSAGE_BLOCK_OUTPUT;

Test(client, shares_what_is_no_sealed_memory)
{
	struct raw_session session;
	int sock = raw_connect(true), pair[2], fd;

	bystander_arrive(&bystander);
	raw_session_open(&session, sock, VILLAIN_ALONE);
	cr_expect_eq(raw_share(&session, 1, 4096, both_ways, STDERR_FILENO), RESULT_BAD_PARAMETERS);
	fd = open("/proc/self/exe", O_RDONLY);
	cr_expect_eq(raw_share(&session, 1, 4096, both_ways, fd), RESULT_BAD_PARAMETERS);
	close(fd);
	fd = open("/dev/zero", O_RDWR);
	cr_expect_eq(raw_share(&session, 1, 4096, both_ways, fd), RESULT_BAD_PARAMETERS);
	close(fd);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	cr_expect_eq(raw_share(&session, 1, 4096, both_ways, pair[0]), RESULT_BAD_PARAMETERS);
	close(pair[0]);
	close(pair[1]);
	/* The daemon's own socket, to keep it alive in a cycle. */
	cr_expect_eq(raw_share(&session, 1, 4096, both_ways, sock), RESULT_BAD_PARAMETERS);
	fd = block_create_unsealed("test", 4096);
	cr_expect_eq(raw_share(&session, 1, 4096, both_ways, fd), RESULT_BAD_PARAMETERS);
	/* Truncated after all that. */
	cr_expect_eq(ftruncate(fd, 0), 0);
	close(fd);
	fd = block_create_unsealed("test", 4096);
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	cr_expect_eq(raw_share(&session, 1, 4096, both_ways, fd), RESULT_BAD_PARAMETERS);
	close(fd);
	fd = block_create("test", 4096);
	cr_expect_eq(raw_share(&session, 1, 8192, both_ways, fd), RESULT_BAD_PARAMETERS);
	cr_expect_eq(raw_share(&session, 1, 1ULL << 40, both_ways, fd), RESULT_BAD_PARAMETERS);
	/* What the TA may only read needs the seal that keeps it from writing. */
	cr_expect_eq(raw_share(&session, 1, 4096, MESSAGE_BLOCK_INPUT, fd), RESULT_BAD_PARAMETERS);
	/* Now one that is right: and no size can be taken from it any more. */
	cr_expect_eq(raw_share(&session, 1, 4096, both_ways, fd), RESULT_SUCCESS);
	cr_expect_eq(ftruncate(fd, 0), -1);
	cr_expect_eq(errno, EPERM);
	cr_expect(raw_session_works(&session));
	close(fd);
	raw_session_unmap(&session);
	close(sock);
	bystander_leave(&bystander);
}

Test(client, shares_a_number_twice)
{
	struct raw_session session;
	int sock = raw_connect(true), fd, larger;

	raw_session_open(&session, sock, VILLAIN_ALONE);
	fd = block_create("test", 4096);
	larger = block_create("test", 1 << 20);
	cr_expect_eq(raw_share(&session, 1, 4096, both_ways, fd), RESULT_SUCCESS);
	cr_expect_eq(raw_share(&session, 1, 4096, both_ways, fd), RESULT_SUCCESS);
	cr_expect_eq(raw_share(&session, 1, 1 << 20, both_ways, larger), RESULT_BAD_STATE);
	cr_expect_eq(raw_share(&session, 1, 4096, both_ways, larger), RESULT_BAD_STATE);
	cr_expect(raw_session_works(&session));
	/* The first one is what the TA sees. */
	for (int large = 0; large < 2; large++) {
		struct channel_operation operation = {
			.op = CHANNEL_INVOKE,
			.cmd = VILLAIN_SUM,
			.types = CHANNEL_TYPE_VALUE_INOUT | CHANNEL_TYPE_MEMREF_INPUT << 4,
			.slot[1].size = large ? 1 << 20 : 4096,
			.memref[1] = { .place = CHANNEL_PLACE_BLOCK, .block = 1 },
		};

		cr_expect_eq(raw_call(&session, &operation),
			     large ? RESULT_BAD_PARAMETERS : RESULT_SUCCESS);
	}
	close(fd);
	close(larger);
	raw_session_unmap(&session);
	close(sock);
}

struct releasing {
	struct raw_session session;
	uint8_t *memory;
};

static void *release_once_it_reads(void *arg)
{
	const struct message_release_block release = { .header.type = MESSAGE_RELEASE_BLOCK,
						       .block = 1 };
	const struct releasing *releasing = arg;

	/* The opening was the first that it took. */
	while (atomic_load(&releasing->session.client.channel->progress.taken) != 2)
		usleep(1000);
	raw_send(releasing->session.sock, &release, sizeof(release), -1);
	usleep(100000);
	*(volatile uint8_t *)releasing->memory = 1;
	return NULL;
}

/* The block goes while the TA reads it: the TA is asked to unmap it between two commands. */
Test(client, releases_a_block_in_use)
{
	struct channel_operation operation = {
		.op = CHANNEL_INVOKE,
		.cmd = VILLAIN_HOLD,
		.types = CHANNEL_TYPE_VALUE_INOUT | CHANNEL_TYPE_MEMREF_INPUT << 4,
		.slot[1].size = 4096,
		.memref[1] = { .place = CHANNEL_PLACE_BLOCK, .block = 1 },
	};
	int sock = raw_connect(true), fd = block_create("test", 4096);
	struct releasing releasing = { .memory = block_map(fd, 4096, true) };
	const uint64_t begin = fixture_now_ms();
	pthread_t thread;
	uint32_t result;

	raw_session_open(&releasing.session, sock, VILLAIN_ALONE);
	cr_assert_eq(raw_share(&releasing.session, 1, 4096, both_ways, fd), RESULT_SUCCESS);
	cr_assert_eq(pthread_create(&thread, NULL, release_once_it_reads, &releasing), 0);
	cr_expect_eq(raw_call(&releasing.session, &operation), RESULT_SUCCESS);
	cr_expect_eq(operation.slot[0].value.a, 1);
	pthread_join(thread, NULL);
	/* teesimd may not have come to it yet. */
	do {
		operation.slot[0].value.a = 0;
		result = raw_call(&releasing.session, &operation);
	} while (result == RESULT_SUCCESS && fixture_now_ms() - begin < FIXTURE_HANG_MS);
	cr_expect_eq(result, RESULT_BAD_PARAMETERS);
	cr_expect(raw_session_works(&releasing.session));
	munmap(releasing.memory, 4096);
	close(fd);
	raw_session_unmap(&releasing.session);
	close(sock);
}

/*
 * The channel.
 */

Test(client, asks_for_operations_that_there_are_not)
{
	static const uint32_t ops[] = { 0, 4, 5, 0x80000002, 0xffffffff };
	static const uint32_t types[] = { 4, 8, 0xf, 0x10000, 0xffffffff, 0x8888, 0x4567 };
	static const uint32_t places[] = { 3, 4, 0xffffffff };
	struct raw_session session;
	int sock = raw_connect(true);

	bystander_arrive(&bystander);
	raw_session_map(&session, sock, VILLAIN_SHARED);
	/* Nothing is open yet. */
	cr_expect_not(raw_session_works(&session));
	raw_session_unmap(&session);
	raw_session_open(&session, sock, VILLAIN_SHARED);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct channel_operation operation = { .op = ops[i] };

		cr_expect_eq(raw_call(&session, &operation), RESULT_BAD_PARAMETERS);
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct channel_operation operation = { .op = CHANNEL_INVOKE,
						       .cmd = VILLAIN_COUNT,
						       .types = types[i] };

		cr_expect_eq(raw_call(&session, &operation), RESULT_BAD_PARAMETERS, "0x%x",
			     types[i]);
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct channel_operation operation = {
			.op = CHANNEL_INVOKE,
			.cmd = VILLAIN_SUM,
			.types = CHANNEL_TYPE_VALUE_INOUT | CHANNEL_TYPE_MEMREF_INPUT << 4,
			.memref[1] = { .place = places[i] },
		};

		cr_expect_eq(raw_call(&session, &operation), RESULT_BAD_PARAMETERS);
	}
	cr_expect(raw_session_works(&session));
	raw_session_unmap(&session);
	close(sock);
	bystander_leave(&bystander);
}

static const uint64_t hostile_numbers[] = {
	1,
	4095,
	4096,
	4097,
	CHANNEL_ARENA_SIZE - 1,
	CHANNEL_ARENA_SIZE,
	CHANNEL_ARENA_SIZE + 1,
	1 << 20,
	(1 << 20) + 1,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	1ULL << 32,
	1ULL << 47,
	1ULL << 63,
	UINT64_MAX - 4096,
	UINT64_MAX - 1,
	UINT64_MAX,
};

#define NUMBERS (sizeof(hostile_numbers) / sizeof(hostile_numbers[0]))

/* Every pair of offset and size: right ones are served, others refused before the TA sees them. */
static void bounds_try(struct raw_session *session, uint32_t place, uint64_t limit)
{
	const uint32_t block = place == CHANNEL_PLACE_ARENA ? (uint32_t)limit : 1;

	for (size_t i = 0; i < NUMBERS * NUMBERS; i++) {
		const uint64_t offset = hostile_numbers[i / NUMBERS] - 1;
		const uint64_t size = hostile_numbers[i % NUMBERS];
		struct channel_operation operation = {
			.op = CHANNEL_INVOKE,
			.cmd = VILLAIN_SUM,
			.types = CHANNEL_TYPE_VALUE_INOUT | CHANNEL_TYPE_MEMREF_INPUT << 4,
			.slot[1].size = size,
			.memref[1] = { .place = place, .block = block, .offset = offset },
		};
		const bool inside = offset <= limit && size <= limit - offset;

		cr_expect_eq(raw_call(session, &operation),
			     inside ? RESULT_SUCCESS : RESULT_BAD_PARAMETERS,
			     "place %u offset 0x%lx size 0x%lx", place, (unsigned long)offset,
			     (unsigned long)size);
	}
}

static void arena_grow(const struct raw_session *session, uint32_t has, uint64_t size,
		       uint32_t result)
{
	const struct message_grow_arena grow = {
		.header = { .type = MESSAGE_GROW_ARENA, .request = 4 },
		.session = session->id,
		.has = has,
		.size = size,
	};
	struct message_answer answer;
	struct packet_fds fds;

	raw_send(session->sock, &grow, sizeof(grow), -1);
	raw_receive(session->sock, MESSAGE_ANSWER, &answer, sizeof(answer), &fds);
	cr_assert_eq(answer.result, result);
	packet_fds_close(&fds);
}

/* A call with two references to arenas of these sizes. */
static uint32_t arenas_name(struct raw_session *session, uint32_t first, uint32_t second)
{
	struct channel_operation operation = {
		.op = CHANNEL_INVOKE,
		.cmd = VILLAIN_SUM,
		.types = CHANNEL_TYPE_VALUE_INOUT | CHANNEL_TYPE_MEMREF_INPUT << 4 |
			 CHANNEL_TYPE_MEMREF_INPUT << 8,
		.slot[1].size = 64,
		.slot[2].size = 64,
		.memref[1] = { .place = CHANNEL_PLACE_ARENA, .block = first },
		.memref[2] = { .place = CHANNEL_PLACE_ARENA, .block = second },
	};

	return raw_call(session, &operation);
}

Test(client, names_arenas_that_it_has_no_more_or_never_had)
{
	struct raw_session session;
	int sock = raw_connect(true);

	raw_session_open(&session, sock, VILLAIN_ALONE);
	for (uint32_t has = 0; has <= 1U << 17; has += 1U << 16) {
		const uint32_t first = CHANNEL_ARENA_SIZE << has / CHANNEL_ARENA_SIZE;
		const uint32_t next = first * 2;

		/* Neither the offer nor a lie in it takes away what is there. */
		arena_grow(&session, first, next, RESULT_SUCCESS);
		arena_grow(&session, has + 1, next, RESULT_SUCCESS);
		cr_expect_eq(arenas_name(&session, first, first), RESULT_SUCCESS);
		/* Two at a time: the TA would lose the first under its hands. */
		cr_expect_eq(arenas_name(&session, first, next), RESULT_BAD_PARAMETERS);
		cr_expect_eq(arenas_name(&session, next, first), RESULT_BAD_PARAMETERS);
		/* By now it is the only one. */
		cr_expect_eq(arenas_name(&session, next, next), RESULT_SUCCESS);
		for (size_t i = 0; i < NUMBERS; i++)
			if (hostile_numbers[i] != next)
				cr_expect_eq(arenas_name(&session, (uint32_t)hostile_numbers[i],
							 (uint32_t)hostile_numbers[i]),
					     RESULT_BAD_PARAMETERS);
		cr_expect_eq(arenas_name(&session, first, first), RESULT_BAD_PARAMETERS);
	}
	cr_expect(raw_session_works(&session));
	raw_session_unmap(&session);
	close(sock);
}

Test(client, reaches_beyond_its_memory)
{
	struct raw_session session;
	int sock = raw_connect(true), fd = block_create("test", 4096);

	raw_session_open(&session, sock, VILLAIN_ALONE);
	bounds_try(&session, CHANNEL_PLACE_NULL, 0);
	bounds_try(&session, CHANNEL_PLACE_ARENA, CHANNEL_ARENA_SIZE);
	cr_assert_eq(raw_share(&session, 1, 4096, both_ways, fd), RESULT_SUCCESS);
	bounds_try(&session, CHANNEL_PLACE_BLOCK, 4096);
	/* The same once the arena has grown, by requests that grow it and some that can't. */
	arena_grow(&session, CHANNEL_ARENA_SIZE, 1 << 20, RESULT_SUCCESS);
	bounds_try(&session, CHANNEL_PLACE_ARENA, 1 << 20);
	for (size_t i = 0; i < NUMBERS; i++)
		if (hostile_numbers[i] > CHANNEL_ARENA_MAX)
			arena_grow(&session, 1 << 20, hostile_numbers[i], RESULT_OUT_OF_MEMORY);
	cr_expect(raw_session_works(&session));
	close(fd);
	raw_session_unmap(&session);
	close(sock);
}

/* The other hand of a client that rewrites its channel while the host reads it. */
static struct {
	struct channel *channel;
	_Atomic bool stop;
} rewriter;

static void *rewrite(void *unused)
{
	struct channel_request *request = &rewriter.channel->request;
	uint32_t turn = 0;

	(void)unused;
	while (!atomic_load_explicit(&rewriter.stop, memory_order_relaxed)) {
		const uint64_t number = hostile_numbers[turn++ % NUMBERS];

		((volatile struct channel_request *)request)->slot[1].size = number;
		((volatile struct channel_request *)request)->memref[1].offset = number;
		((volatile struct channel_request *)request)->types = turn & 1 ? 0x53 : 0x33;
		((volatile struct channel_request *)request)->memref[1].place = turn % 3;
	}
	return NULL;
}

Test(client, rewrites_its_request_while_it_is_read)
{
	uint64_t end = fixture_now_ms() + 2000;
	struct raw_session session;
	uint32_t refused = 0, calls = 0;
	int sock = raw_connect(true);
	pthread_t thread;

	bystander_arrive(&bystander);
	raw_session_open(&session, sock, VILLAIN_SHARED);
	rewriter.channel = session.client.channel;
	cr_assert_eq(pthread_create(&thread, NULL, rewrite, NULL), 0);
	/* On a machine with much to do it takes longer until there was some of each. */
	while (fixture_now_ms() < end ||
	       ((calls <= 100 || !refused) && fixture_now_ms() < end + FIXTURE_HANG_MS)) {
		struct channel_operation operation = {
			.op = CHANNEL_INVOKE,
			.cmd = VILLAIN_SUM,
			.types = CHANNEL_TYPE_VALUE_INOUT | CHANNEL_TYPE_MEMREF_INPUT << 4,
			.slot[1].size = 64,
			.memref[1] = { .place = CHANNEL_PLACE_ARENA, .block = CHANNEL_ARENA_SIZE },
		};
		uint32_t result = raw_call(&session, &operation);

		cr_assert_neq(result, 1, "the TA died after %u calls", calls);
		refused += result == RESULT_BAD_PARAMETERS;
		calls++;
	}
	atomic_store(&rewriter.stop, true);
	pthread_join(thread, NULL);
	cr_expect(calls > 100 && refused, "%u calls, %u refused", calls, refused);
	cr_expect(raw_session_works(&session));
	raw_session_unmap(&session);
	close(sock);
	bystander_leave(&bystander);
}

Test(client, jumps_ahead_with_its_numbers)
{
	struct raw_session session, honest;
	int sock = raw_connect(true);
	struct channel *channel;

	raw_session_open(&session, sock, VILLAIN_SHARED);
	raw_session_open(&honest, sock, VILLAIN_SHARED);
	channel = session.client.channel;
	for (uint32_t i = 0; i < 1000; i++) {
		atomic_store(&channel->request.seq, i * 0x9e3779b9U);
		doorbell_ring_slot(session.client.bell, session.client.slot);
	}
	/* Every number that differs from the last answered is a request. The host follows. */
	cr_expect(raw_session_works(&honest));
	atomic_store(&channel->request.seq, 4711);
	doorbell_ring_slot(session.client.bell, session.client.slot);
	cr_expect(raw_session_works(&honest));
	cr_expect(raw_session_works(&honest));
	session.client.seq = session.client.answered = 4711;
	cr_expect(raw_session_works(&session));
	raw_session_unmap(&session);
	raw_session_unmap(&honest);
	close(sock);
}

/* How a client can spoil the doorbell for the others on its instance. */
enum spoiling {
	SPOIL_RING,    /* rings for ever for everybody */
	SPOIL_CONTROL, /* says for ever that teesimd has something to say */
	SPOIL_SILENCE, /* takes back all that anybody rings */
	SPOIL_WAKE,    /* the same, and never lets the host sleep */
	SPOIL_NOISE,   /* all octets, at random */
	SPOIL_COUNT,
};

static struct {
	struct doorbell *bell;
	enum spoiling way;
	_Atomic bool stop;
} spoiler;

static void *spoil(void *unused)
{
	struct doorbell *bell = spoiler.bell;
	uint32_t turn = 1;

	(void)unused;
	while (!atomic_load_explicit(&spoiler.stop, memory_order_relaxed)) {
		switch (spoiler.way) {
		case SPOIL_RING:
			doorbell_ring_slot(bell, turn++ % DOORBELL_SLOTS);
			break;
		case SPOIL_CONTROL:
			doorbell_ring_control(bell);
			break;
		case SPOIL_WAKE:
			doorbell_ring(bell);
			/* fallthrough */
		case SPOIL_SILENCE:
			atomic_store(&bell->control, 0);
			atomic_store(&bell->parked, 0);
			atomic_store(&bell->pending[0], 0);
			atomic_store(&bell->summary[0], 0);
			break;
		default:
			turn = turn * 1664525 + 1013904223;
			((volatile uint32_t *)bell)[turn % (sizeof(*bell) / 4)] = turn;
			break;
		}
	}
	return NULL;
}

Test(client, spoils_the_doorbell_for_others)
{
	struct raw_session hostile, honest, late;
	int sock = raw_connect(true), other = raw_connect(true);

	raw_session_open(&hostile, sock, VILLAIN_SHARED);
	raw_session_open(&honest, other, VILLAIN_SHARED);
	spoiler.bell = hostile.client.bell;
	for (spoiler.way = 0; spoiler.way < SPOIL_COUNT; spoiler.way++) {
		struct channel_operation closing = { .op = CHANNEL_CLOSE };
		uint64_t begin = fixture_now_ms();
		pthread_t thread;

		atomic_store(&spoiler.stop, false);
		cr_assert_eq(pthread_create(&thread, NULL, spoil, NULL), 0);
		for (int i = 0; i < 20; i++) {
			cr_expect(raw_session_works(&honest), "way %u call %d", spoiler.way, i);
			/* Some when the host has gone to sleep. */
			if (i % 5 == 0)
				usleep(20000);
		}
		/* A newcomer, whom teesimd has to announce. */
		raw_session_open(&late, other, VILLAIN_SHARED);
		cr_expect(raw_session_works(&late), "way %u", spoiler.way);
		cr_expect_eq(raw_call(&late, &closing), RESULT_SUCCESS);
		raw_session_unmap(&late);
		atomic_store(&spoiler.stop, true);
		pthread_join(thread, NULL);
		cr_expect_lt(fixture_now_ms() - begin, FIXTURE_HANG_MS, "way %u", spoiler.way);
	}
	cr_expect(raw_session_works(&hostile));
	raw_session_unmap(&hostile);
	raw_session_unmap(&honest);
	close(sock);
	close(other);
}

/* The page before the arena belongs to the client, too: all of it, at random, all the time. */
Test(client, scribbles_over_its_channel)
{
	struct raw_session hostile, honest;
	int sock = raw_connect(true);
	uint32_t random = 1;

	raw_session_open(&hostile, sock, VILLAIN_SHARED);
	raw_session_open(&honest, sock, VILLAIN_SHARED);
	for (uint32_t i = 0; i < 20000; i++) {
		volatile uint32_t *word = (volatile uint32_t *)hostile.client.channel;

		random = random * 1664525 + 1013904223;
		/* Never a command that stops the instance, which clients of this TA may give. */
		word[(random >> 8) % (CHANNEL_HEADER_SIZE / 4)] = random >> 4;
		hostile.client.channel->request.cmd = VILLAIN_COUNT;
		hostile.client.channel->request.op = CHANNEL_INVOKE;
		doorbell_ring_slot(hostile.client.bell, hostile.client.slot);
		if (i % 100 == 0)
			cr_assert(raw_session_works(&honest), "after %u", i);
	}
	raw_session_unmap(&hostile);
	raw_session_unmap(&honest);
	close(sock);
}

/*
 * Death.
 */

static uint32_t point_of_death;

/* Does a whole life's work, and dies at the given step of it. */
static void mortal(void *unused)
{
	TEEC_SharedMemory block = { .size = 4096, .flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT };
	TEEC_Operation operation = { 0 };
	static uint8_t large[1 << 20];
	TEEC_Context context;
	TEEC_Session session;
	uint32_t step = 0;

	(void)unused;
#define LIVE_ON()                                \
	do {                                     \
		if (step++ == point_of_death)    \
			kill(getpid(), SIGKILL); \
	} while (0)
	LIVE_ON();
	TEEC_InitializeContext(NULL, &context);
	LIVE_ON();
	fixture_open(&context, &session, VILLAIN_SHARED);
	LIVE_ON();
	TEEC_AllocateSharedMemory(&context, &block);
	LIVE_ON();
	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_MEMREF_WHOLE, TEEC_NONE, TEEC_NONE);
	operation.params[1].memref.parent = &block;
	TEEC_InvokeCommand(&session, VILLAIN_SUM, &operation, NULL);
	LIVE_ON();
	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, TEEC_MEMREF_TEMP_INOUT, TEEC_NONE, TEEC_NONE);
	operation.params[1].tmpref.buffer = large;
	operation.params[1].tmpref.size = sizeof(large);
	TEEC_InvokeCommand(&session, VILLAIN_SUM, &operation, NULL);
	LIVE_ON();
	TEEC_ReleaseSharedMemory(&block);
	LIVE_ON();
	TEEC_CloseSession(&session);
	LIVE_ON();
	TEEC_FinalizeContext(&context);
	LIVE_ON();
}

Test(client, dies_between_any_two_calls)
{
	bystander_arrive(&bystander);
	for (point_of_death = 0; point_of_death < 9; point_of_death++) {
		cr_expect_neq(fixture_reap(fixture_spawn(mortal, NULL)), -1);
		bystander_check(&bystander);
	}
	cr_expect(fixture_hosts_become(1));
	bystander_leave(&bystander);
}

/* Lives until somebody kills it. */
static void busy(void *unused)
{
	(void)unused;
	point_of_death = UINT32_MAX;
	for (;;)
		mortal(NULL);
}

Test(client, dies_at_any_moment, .timeout = 900)
{
	const int rounds = HOSTILE_ROUNDS(120);

	bystander_arrive(&bystander);
	for (int i = 0; i < rounds; i++) {
		pid_t pid = fixture_spawn(busy, NULL);

		/* Most of its calls are short, the way to the first is not. */
		usleep(fixture_random(25000));
		kill(pid, SIGKILL);
		cr_expect_neq(fixture_reap(pid), -1);
		bystander_check(&bystander);
	}
	cr_expect(fixture_hosts_become(1), "%u hosts are left", fixture_hosts(NULL, 0));
	bystander_leave(&bystander);
}

static void leaves_it_spinning(void *unused)
{
	TEEC_Context context;
	TEEC_Session session;

	(void)unused;
	TEEC_InitializeContext(NULL, &context);
	fixture_open(&context, &session, VILLAIN_SHARED);
	fixture_tell(&session, VILLAIN_SPIN, 0, 0);
}

Test(client, dies_while_its_ta_spins_for_ever)
{
	pid_t pid;

	bystander_arrive(&bystander);
	pid = fixture_spawn(leaves_it_spinning, NULL);
	cr_assert(fixture_host_spins(VILLAIN_SHARED));
	/* As long as it lives it may wait. */
	usleep(1000 * (FIXTURE_GRACE_MS + 200));
	cr_expect_eq(fixture_hosts(NULL, 0), 2);
	kill(pid, SIGKILL);
	cr_expect_neq(fixture_reap(pid), -1);
	cr_expect(fixture_hosts_become(1));
	cr_expect(fixture_logged("6b1d0e5a-77c3-4f0e-9d2a-0c4f7a5e1002", "was killed by teesimd",
				 "its clients are gone", NULL));
	bystander_leave(&bystander);
}

/* Cancellable waits end when their client does; that is no reason to kill anybody. */
static void leaves_it_sleeping(void *unused)
{
	TEEC_Context context;
	TEEC_Session session;

	(void)unused;
	TEEC_InitializeContext(NULL, &context);
	fixture_open(&context, &session, VILLAIN_SHARED);
	fixture_tell(&session, VILLAIN_SLEEP, FIXTURE_GRACE_MS / 2, 0);
}

Test(client, dies_while_its_ta_comes_back_in_time)
{
	/* In time for any machine. */
	static const char *const patient[] = { "--abandoned-ms", "100000", NULL };
	pid_t pid;

	fixture_daemon_stop();
	fixture_daemon_start(patient);
	pid = fixture_spawn(leaves_it_sleeping, NULL);
	cr_assert(fixture_hosts_become(1));
	usleep(50000);
	kill(pid, SIGKILL);
	cr_expect_neq(fixture_reap(pid), -1);
	cr_expect(fixture_hosts_become(0));
	cr_expect(fixture_not_logged("was killed"));
}

/*
 * Many.
 */

#define SESSIONS 10000

Test(client, opens_ten_thousand_sessions, .timeout = 500)
{
	TEEC_Session *sessions = calloc(SESSIONS, sizeof(*sessions));
	uint64_t begin, first = 0, last = 0;
	TEEC_Context context;

	cr_assert_eq(TEEC_InitializeContext(NULL, &context), TEEC_SUCCESS);
	begin = fixture_now_ms();
	for (unsigned int i = 0; i < SESSIONS; i++) {
		const struct outcome outcome = fixture_open(&context, &sessions[i], VILLAIN_SHARED);

		cr_assert_eq(outcome.result, TEEC_SUCCESS, "session %u: 0x%x", i, outcome.result);
		if (i == SESSIONS / 10)
			first = fixture_now_ms() - begin;
		if (i == SESSIONS * 9 / 10)
			last = fixture_now_ms();
	}
	last = fixture_now_ms() - last;
	/* The last thousand cost what the first did, give or take the machine's load. */
	cr_expect(last < 10 * first + 30000, "first %lu ms, last %lu ms", (unsigned long)first,
		  (unsigned long)last);
	for (unsigned int i = 0; i < SESSIONS; i += 97) {
		uint32_t a = i, b = 0;

		expect_outcome(fixture_invoke(&sessions[i], VILLAIN_COUNT, &a, &b), TEEC_SUCCESS,
			       TEEC_ORIGIN_TRUSTED_APP);
		cr_expect(a == 1 && b == ~i);
	}
	cr_expect_eq(fixture_hosts(NULL, 0), 1);
	/* Half of them in order, half by their context's end. */
	for (unsigned int i = 0; i < SESSIONS / 2; i++)
		TEEC_CloseSession(&sessions[i]);
	TEEC_FinalizeContext(&context);
	cr_expect(fixture_hosts_become(0));
	cr_expect(fixture_not_logged("was killed"));
	free(sessions);
}
