#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "wire/channel_client.h"
#include "wire/channel_host.h"
#include "wire/memory.h"
#include "wire/result.h"

#define SESSIONS 12
/* A client waits for a last answer for longer than this. */
#define SOON_NS 1000000000U

struct session {
	int fd;
	struct channel_client client;
	struct channel_host host;
};

static int bell_fd = -1;
static struct doorbell *bell;
static struct channel_listener listener;
static struct session session[SESSIONS];
static pthread_t server;
static bool serving;
static _Atomic uint32_t served;

TestSuite(channel, .timeout = 500);

static void bell_make(long spin_us)
{
	bell_fd = block_create("bell", sizeof(struct doorbell));
	cr_assert_geq(bell_fd, 0);
	bell = block_map(bell_fd, sizeof(struct doorbell), true);
	cr_assert_neq(bell, MAP_FAILED);
	cr_assert_eq(channel_listener_init(&listener, bell_fd, spin_us), 0);
}

static void client_make(struct session *s, uint32_t slot, long spin_us)
{
	s->fd = block_create("channel", CHANNEL_SIZE);
	cr_assert_geq(s->fd, 0);
	cr_assert_eq(channel_client_map(&s->client, s->fd, bell_fd, slot, spin_us), 0);
}

static void session_make(struct session *s, uint32_t slot, long spin_us)
{
	client_make(s, slot, spin_us);
	cr_assert_eq(channel_listener_add(&listener, &s->host, s->fd, slot), 0);
}

/* What the server does with one call: every output is a function of the inputs. */
static void serve(struct channel_host *host)
{
	union channel_slot out[CHANNEL_PARAMS] = { 0 };
	struct channel_call call;

	if (!channel_host_take(host, &call))
		return;
	atomic_fetch_add(&served, 1);
	if (!call.op) {
		channel_host_reply(host, &call, RESULT_BAD_PARAMETERS, ORIGIN_TEE, out);
		return;
	}
	for (unsigned int i = 0; i < CHANNEL_PARAMS; i++) {
		uint32_t type = channel_type_of(call.types, i);

		out[i].value.a = call.cmd + i;
		out[i].value.b = channel_type_is_input(type) ? call.slot[i].value.b + 1 : 7;
	}
	channel_host_reply(host, &call, call.cmd, ORIGIN_TRUSTED_APP, out);
}

static _Atomic bool server_over;

/* Ends on a control event, if it is meant. */
static void *server_run(void *unused)
{
	struct channel_host *host;

	(void)unused;
	for (;;) {
		if (channel_listener_next(&listener, &host) == CHANNEL_EVENT_REQUEST)
			serve(host);
		else if (atomic_load(&server_over))
			return NULL;
	}
}

static void server_start(void)
{
	cr_assert_eq(pthread_create(&server, NULL, server_run, NULL), 0);
	serving = true;
}

static void all_end(void)
{
	if (serving) {
		atomic_store(&server_over, true);
		doorbell_ring_control(bell);
		/* It may sleep though somebody wrote that it does not. */
		futex_wake_all(&bell->rings);
		pthread_join(server, NULL);
	}
	for (unsigned int i = 0; i < SESSIONS; i++) {
		if (session[i].host.channel)
			channel_listener_remove(&listener, &session[i].host);
		if (session[i].client.channel) {
			channel_client_unmap(&session[i].client);
			close(session[i].fd);
		}
	}
	channel_listener_fini(&listener);
	munmap(bell, sizeof(*bell));
	close(bell_fd);
}

static const uint32_t all_values = CHANNEL_TYPE_VALUE_INPUT | CHANNEL_TYPE_VALUE_OUTPUT << 4 |
				   CHANNEL_TYPE_VALUE_INOUT << 8 | CHANNEL_TYPE_NONE << 12;

/* One call with a value of each kind; checks all that comes back. */
static int call_and_check(struct channel_client *client, uint32_t cmd)
{
	struct channel_operation operation = { .op = CHANNEL_INVOKE,
					       .cmd = cmd,
					       .types = all_values };
	int err;

	for (unsigned int i = 0; i < CHANNEL_PARAMS; i++) {
		operation.slot[i].value.a = 1000;
		operation.slot[i].value.b = 2000 + cmd;
	}
	err = channel_client_call(client, &operation, NULL, NULL);
	if (err < 0)
		return err;
	if (operation.result != cmd || operation.origin != ORIGIN_TRUSTED_APP)
		return -EBADMSG;
	if (operation.slot[0].value.a != 1000 || operation.slot[0].value.b != 2000 + cmd)
		return -EBADMSG;
	if (operation.slot[1].value.a != cmd + 1 || operation.slot[1].value.b != 7)
		return -EBADMSG;
	if (operation.slot[2].value.a != cmd + 2 || operation.slot[2].value.b != 2001 + cmd)
		return -EBADMSG;
	return operation.slot[3].value.a == 1000 ? 0 : -EBADMSG;
}

static void calls_in_order(long spin_us, uint32_t count)
{
	bell_make(spin_us);
	session_make(&session[0], 0, spin_us);
	server_start();
	for (uint32_t cmd = 0; cmd < count; cmd++)
		cr_assert_eq(call_and_check(&session[0].client, cmd), 0, "call %u", cmd);
	cr_expect_eq(served, count);
	all_end();
}

Test(channel, calls_and_outputs_are_right_when_both_sides_spin)
{
	calls_in_order(1000, 2000);
}

Test(channel, calls_and_outputs_are_right_when_both_sides_park)
{
	calls_in_order(0, 2000);
}

Test(channel, calls_and_outputs_are_right_with_the_default_policy)
{
	calls_in_order(-1, 2000);
}

Test(channel, pauses_between_calls_find_the_host_asleep_and_wake_it)
{
	bell_make(-1);
	session_make(&session[0], 0, -1);
	server_start();
	for (uint32_t cmd = 0; cmd < 20; cmd++) {
		cr_assert_eq(call_and_check(&session[0].client, cmd), 0);
		/* An idle host goes to sleep. */
		while (!atomic_load(&bell->parked))
			usleep(1000);
	}
	all_end();
}

static void *call_many(void *context)
{
	struct session *s = context;

	for (uint32_t cmd = 0; cmd < 500; cmd++) {
		int err = call_and_check(&s->client, cmd);

		if (err < 0)
			return (void *)(intptr_t)err;
	}
	return NULL;
}

static void many_sessions(long spin_us)
{
	static const uint32_t slots[SESSIONS] = { 0,   1,   2,	  63,	64,    127,
						  128, 300, 4095, 4096, 20000, DOORBELL_SLOTS - 1 };
	pthread_t thread[SESSIONS];

	bell_make(spin_us);
	for (unsigned int i = 0; i < SESSIONS; i++)
		session_make(&session[i], slots[i], spin_us);
	server_start();
	for (unsigned int i = 0; i < SESSIONS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, call_many, &session[i]), 0);
	for (unsigned int i = 0; i < SESSIONS; i++) {
		void *err;

		pthread_join(thread[i], &err);
		cr_expect_null(err, "session %u: %s", i, strerror((int)-(intptr_t)err));
	}
	cr_expect_eq(served, SESSIONS * 500);
	all_end();
}

Test(channel, many_sessions_share_one_host_that_spins)
{
	many_sessions(-1);
}

Test(channel, many_sessions_share_one_host_that_parks)
{
	many_sessions(0);
}

/* Puts a request into the channel without waiting for its answer. */
static void post(struct session *s)
{
	struct channel *channel = s->client.channel;

	channel->request.op = CHANNEL_INVOKE;
	channel->request.types = 0;
	atomic_fetch_add(&channel->request.seq, 1);
	if (!atomic_load(&channel->host.watching))
		doorbell_ring_slot(bell, s->client.slot);
}

Test(channel, nobody_is_served_twice_before_all_who_asked_were)
{
	unsigned int count[SESSIONS] = { 0 };

	bell_make(-1);
	for (unsigned int i = 0; i < SESSIONS; i++)
		session_make(&session[i], i, -1);
	for (unsigned int i = 0; i < SESSIONS; i++)
		post(&session[i]);
	/* Everybody asks again as soon as they were answered. */
	for (unsigned int turn = 0; turn < 5 * SESSIONS; turn++) {
		struct channel_host *host;

		cr_assert_eq(channel_listener_next(&listener, &host), CHANNEL_EVENT_REQUEST);
		serve(host);
		count[host->slot]++;
		post(&session[host->slot]);
	}
	for (unsigned int i = 0; i < SESSIONS; i++)
		cr_expect_eq(count[i], 5, "session %u was served %u times of 60", i, count[i]);
	all_end();
}

Test(channel, session_that_rings_all_the_time_does_not_shut_out_the_watched)
{
	unsigned int others = 0;

	bell_make(-1);
	for (unsigned int i = 0; i < 3; i++) {
		session_make(&session[i], i, -1);
		post(&session[i]);
	}
	for (unsigned int turn = 0; turn < 60; turn++) {
		struct channel_host *host;

		cr_assert_eq(channel_listener_next(&listener, &host), CHANNEL_EVENT_REQUEST);
		serve(host);
		others += host->slot != 0;
		post(&session[host->slot]);
		doorbell_ring_slot(bell, 0);
	}
	cr_expect_eq(others, 40, "%u", others);
	all_end();
}

Test(channel, request_from_before_the_host_knew_the_session_is_answered)
{
	struct channel_host *host;

	bell_make(-1);
	client_make(&session[0], 5, -1);
	post(&session[0]);
	/* As if the host had looked at the bit and known of no such session. */
	memset((void *)bell, 0, sizeof(*bell));
	listener.rings_seen = 0;
	cr_assert_eq(channel_listener_add(&listener, &session[0].host, session[0].fd, 5), 0);
	cr_assert_eq(channel_listener_next(&listener, &host), CHANNEL_EVENT_REQUEST);
	cr_expect_eq(host, &session[0].host);
	all_end();
}

Test(channel, control_message_is_noticed_among_requests)
{
	struct channel_host *host;

	bell_make(-1);
	session_make(&session[0], 0, -1);
	post(&session[0]);
	doorbell_ring_control(bell);
	cr_expect_eq(channel_listener_next(&listener, &host), CHANNEL_EVENT_CONTROL);
	cr_expect_eq(channel_listener_next(&listener, &host), CHANNEL_EVENT_REQUEST);
	all_end();
}

Test(channel, removed_session_is_looked_at_no_more)
{
	struct channel_host *host;

	bell_make(-1);
	session_make(&session[0], 0, -1);
	session_make(&session[1], 1, -1);
	post(&session[0]);
	cr_assert_eq(channel_listener_next(&listener, &host), CHANNEL_EVENT_REQUEST);
	serve(host);
	channel_listener_remove(&listener, &session[0].host);
	post(&session[0]);
	doorbell_ring_slot(bell, 0);
	post(&session[1]);
	cr_assert_eq(channel_listener_next(&listener, &host), CHANNEL_EVENT_REQUEST);
	cr_expect_eq(host, &session[1].host);
	all_end();
}

Test(channel, slot_is_given_once_and_only_within_bounds)
{
	struct channel_client client;
	struct channel_host second;

	bell_make(-1);
	session_make(&session[0], 0, -1);
	cr_expect_eq(channel_listener_add(&listener, &second, session[0].fd, 0), -EEXIST);
	cr_expect_lt(channel_listener_add(&listener, &second, session[0].fd, DOORBELL_SLOTS), 0);
	cr_expect_eq(channel_client_map(&client, session[0].fd, bell_fd, DOORBELL_SLOTS, -1),
		     -EPROTO);
	all_end();
}

Test(channel, what_is_not_sealed_or_too_small_is_not_mapped)
{
	int unsealed = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int small = block_create("test", 4096);
	struct channel_client client;
	struct channel_host host;

	bell_make(-1);
	session_make(&session[0], 0, -1);
	cr_assert_eq(ftruncate(unsealed, CHANNEL_SIZE), 0);
	cr_expect_eq(channel_client_map(&client, unsealed, bell_fd, 0, -1), -EPERM);
	cr_expect_eq(channel_client_map(&client, small, bell_fd, 0, -1), -ERANGE);
	cr_expect_eq(channel_client_map(&client, session[0].fd, unsealed, 0, -1), -EPERM);
	cr_expect_eq(channel_client_map(&client, session[0].fd, small, 0, -1), -ERANGE);
	cr_expect_eq(channel_listener_add(&listener, &host, unsealed, 1), -EPERM);
	cr_expect_eq(channel_listener_add(&listener, &host, small, 1), -ERANGE);
	cr_expect_eq(channel_client_replace_arena(&session[0].client, small, 8192), -ERANGE);
	cr_expect_eq(channel_host_offer_arena(&session[0].host, unsealed, 4096, 0), -EPERM);
	/* The arenas are as they were. */
	session[0].client.arena[0] = 1;
	cr_expect_eq(session[0].host.arena[0], 1);
	close(unsealed);
	close(small);
	all_end();
}

Test(channel, larger_arena_is_shared_by_both_sides)
{
	const size_t size = 1 << 20;
	int fd = block_create("arena", size);

	bell_make(-1);
	session_make(&session[0], 0, -1);
	for (int round = 0; round < 2; round++) {
		cr_assert_eq(channel_client_replace_arena(&session[0].client, fd, size), 0);
		cr_assert_eq(channel_host_offer_arena(&session[0].host, fd, size, 0), 0);
		cr_assert(channel_host_take_arena(&session[0].host, size));
	}
	session[0].client.arena[size - 1] = 42;
	cr_expect_eq(session[0].host.arena[size - 1], 42);
	close(fd);
	all_end();
}

static void offer(size_t size, size_t client_has)
{
	int fd = block_create("arena", size);

	cr_assert_eq(channel_host_offer_arena(&session[0].host, fd, size, client_has), 0);
	close(fd);
}

Test(channel, arena_that_was_offered_waits_until_it_is_named)
{
	struct channel_host *host = &session[0].host;

	bell_make(-1);
	session_make(&session[0], 0, -1);
	offer(1 << 17, CHANNEL_ARENA_SIZE);
	/* The client may as well go on with the one that it has. */
	session[0].client.arena[7] = 1;
	cr_expect_eq(host->arena_size, CHANNEL_ARENA_SIZE);
	cr_expect_eq(host->arena[7], 1);
	cr_expect_not(channel_host_take_arena(host, 1 << 18));
	cr_expect_not(channel_host_take_arena(host, 0));
	/* It wants yet another, still with its first. */
	offer(1 << 18, CHANNEL_ARENA_SIZE);
	cr_expect_not(channel_host_take_arena(host, 1 << 17));
	cr_expect_eq(host->arena[7], 1);
	/* It has that one, though it has not used it, when it wants the next. */
	offer(1 << 19, 1 << 18);
	cr_expect_eq(host->arena_size, 1 << 18);
	cr_expect(channel_host_take_arena(host, 1 << 19));
	cr_expect_eq(host->arena_size, 1 << 19);
	host->arena[(1 << 19) - 1] = 1;
	/* There is none any more. */
	cr_expect_not(channel_host_take_arena(host, 1 << 18));
	cr_expect_not(channel_host_take_arena(host, 1 << 19));
	all_end();
}

/* The host's defence against clients. */

Test(channel, types_that_are_none_are_taken_as_no_operation)
{
	static const uint32_t bad[] = { 4,	 8,	     0xF,	 0x40,	    0x8000,
					0x10000, 0xFFFFFFFF, 0x80000000, 0x00010001 };
	bell_make(-1);
	session_make(&session[0], 0, -1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct channel *channel = session[0].client.channel;
		struct channel_call call;

		channel->request.op = CHANNEL_INVOKE;
		channel->request.types = bad[i];
		atomic_fetch_add(&channel->request.seq, 1);
		cr_assert(channel_host_take(&session[0].host, &call));
		cr_expect_eq(call.op, 0, "types %#x were taken", bad[i]);
		cr_expect_eq(call.types, 0);
		channel_host_reply(&session[0].host, &call, 0, 0,
				   (union channel_slot[CHANNEL_PARAMS]) { 0 });
	}
	all_end();
}

Test(channel, any_request_number_is_answered_with_itself)
{
	static const uint32_t numbers[] = { 0xFFFFFFFF, 0, 5, 4, 0x80000000 };
	struct channel *channel;
	struct channel_call call;

	bell_make(-1);
	session_make(&session[0], 0, -1);
	channel = session[0].client.channel;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		channel->request.op = CHANNEL_INVOKE;
		channel->request.types = 0;
		atomic_store(&channel->request.seq, numbers[i]);
		cr_assert(channel_host_take(&session[0].host, &call));
		cr_expect_eq(call.seq, numbers[i]);
		/* While it runs, the client pulls the number away. */
		atomic_store(&channel->request.seq, 77);
		channel_host_reply(&session[0].host, &call, 0, 0,
				   (union channel_slot[CHANNEL_PARAMS]) { 0 });
		cr_expect_eq(atomic_load(&channel->reply.seq), numbers[i]);
	}
	all_end();
}

Test(channel, what_was_taken_does_not_change_with_the_channel)
{
	struct channel_request *request;
	struct channel_call call;

	bell_make(-1);
	session_make(&session[0], 0, -1);
	request = &session[0].client.channel->request;
	request->op = CHANNEL_INVOKE;
	request->types = CHANNEL_TYPE_MEMREF_INOUT;
	request->slot[0].size = 16;
	request->memref[0].place = CHANNEL_PLACE_ARENA;
	request->memref[0].offset = 64;
	atomic_fetch_add(&request->seq, 1);
	cr_assert(channel_host_take(&session[0].host, &call));
	memset((char *)request + sizeof(request->seq), 0xFF,
	       sizeof(*request) - sizeof(request->seq));
	cr_expect_eq(call.op, CHANNEL_INVOKE);
	cr_expect_eq(call.types, CHANNEL_TYPE_MEMREF_INOUT);
	cr_expect_eq(call.slot[0].size, 16);
	cr_expect_eq(call.memref[0].place, CHANNEL_PLACE_ARENA);
	cr_expect_eq(call.memref[0].offset, 64);
	all_end();
}

static _Atomic bool scribbling;

/* A client that writes nonsense over all of its header, all the time. */
static void *scribble(void *context)
{
	volatile unsigned char *octet = context;
	uint32_t random = 1;

	while (scribbling) {
		random = random * 1664525 + 1013904223;
		octet[random >> 8 & (CHANNEL_HEADER_SIZE - 1)] = (unsigned char)(random >> 20);
	}
	return NULL;
}

Test(channel, client_that_scribbles_does_not_keep_others_from_being_served)
{
	pthread_t scribbler;

	bell_make(-1);
	session_make(&session[0], 0, -1);
	session_make(&session[1], 1, -1);
	scribbling = true;
	cr_assert_eq(pthread_create(&scribbler, NULL, scribble, session[0].client.channel), 0);
	server_start();
	for (uint32_t cmd = 0; cmd < 300; cmd++)
		cr_assert_eq(call_and_check(&session[1].client, cmd), 0, "call %u", cmd);
	scribbling = false;
	pthread_join(scribbler, NULL);
	all_end();
}

static _Atomic bool meddling;

/* Takes every ring away again. */
static void *meddle(void *unused)
{
	(void)unused;
	while (meddling) {
		for (unsigned int i = 0; i < 8; i++)
			atomic_store(&bell->summary[i], 0);
		atomic_store(&bell->pending[0], 0);
		atomic_store(&bell->parked, 0);
		usleep(50);
	}
	return NULL;
}

Test(channel, calls_are_answered_though_somebody_clears_the_doorbell)
{
	pthread_t meddler;

	bell_make(0);
	session_make(&session[0], 0, 0);
	meddling = true;
	cr_assert_eq(pthread_create(&meddler, NULL, meddle, NULL), 0);
	server_start();
	for (uint32_t cmd = 0; cmd < 200; cmd++)
		cr_assert_eq(call_and_check(&session[0].client, cmd), 0, "call %u", cmd);
	meddling = false;
	pthread_join(meddler, NULL);
	all_end();
}

Test(channel, lost_ring_is_made_up_for)
{
	pthread_t client;
	void *err;

	bell_make(0);
	session_make(&session[0], 0, 0);
	cr_assert_eq(pthread_create(&client, NULL, call_many, &session[0]), 0);
	/* The first call's ring is gone before the host is there. */
	usleep(500);
	memset((void *)bell, 0, sizeof(*bell));
	server_start();
	pthread_join(client, &err);
	cr_expect_null(err);
	all_end();
}

Test(channel, control_word_that_is_always_set_does_not_shut_out_requests)
{
	struct channel_host *host = NULL;
	unsigned int events = 0;

	bell_make(0);
	session_make(&session[0], 0, 0);
	for (uint32_t seq = 1; seq <= 10; seq++) {
		atomic_store(&session[0].client.channel->request.seq, seq);
		doorbell_ring_slot(bell, 0);
		do {
			doorbell_ring_control(bell);
			cr_assert_leq(++events, 2 * seq);
		} while (channel_listener_next(&listener, &host) == CHANNEL_EVENT_CONTROL);
		cr_expect_eq(host, &session[0].host);
		serve(host);
	}
	/* Nor the other way round. */
	atomic_store(&session[0].client.channel->request.seq, 11);
	doorbell_ring_slot(bell, 0);
	doorbell_ring_control(bell);
	events = 0;
	while (channel_listener_next(&listener, &host) != CHANNEL_EVENT_CONTROL)
		cr_assert_leq(++events, 1);
	all_end();
}

/* Rings without leaving word, as somebody who is meddled with seems to. */
static void *ring_for_nothing(void *silent)
{
	while (meddling) {
		if (silent)
			futex_wake_all(&bell->rings);
		else
			doorbell_ring(bell);
		usleep(silent ? 1000 : 10);
	}
	return NULL;
}

Test(channel, messages_are_looked_for_though_somebody_clears_the_doorbell)
{
	for (int silent = 0; silent < 2; silent++) {
		struct channel_host *host;
		pthread_t ringer;

		bell_make(0);
		meddling = true;
		cr_assert_eq(pthread_create(&ringer, NULL, ring_for_nothing, silent ? bell : NULL),
			     0);
		session_make(&session[0], 0, 0);
		cr_assert_eq(channel_listener_next(&listener, &host), CHANNEL_EVENT_CONTROL);
		/* Nor did anybody ring for this. */
		atomic_store(&session[0].client.channel->request.seq, 1);
		while (channel_listener_next(&listener, &host) == CHANNEL_EVENT_CONTROL)
			;
		cr_expect_eq(host, &session[0].host);
		meddling = false;
		pthread_join(ringer, NULL);
		all_end();
	}
}

/* The client's defence against hosts. */

struct delayed_reply {
	struct channel *channel;
	uint32_t seq;
	bool wake;
};

static void *reply_later(void *context)
{
	struct delayed_reply *reply = context;

	usleep(20000);
	atomic_store(&reply->channel->reply.seq, reply->seq);
	if (reply->wake)
		futex_wake_all(&reply->channel->reply.seq);
	return NULL;
}

Test(channel, reply_to_another_number_is_a_broken_protocol)
{
	static const uint32_t numbers[] = { 2, 0xFFFFFFFF, 0x80000001 };

	bell_make(0);
	for (unsigned int i = 0; i < 3; i++) {
		struct channel_operation operation = { .op = CHANNEL_INVOKE };
		struct delayed_reply reply = { .seq = numbers[i], .wake = i != 1 };
		pthread_t host;

		client_make(&session[i], i, 0);
		reply.channel = session[i].client.channel;
		cr_assert_eq(pthread_create(&host, NULL, reply_later, &reply), 0);
		cr_expect_eq(channel_client_call(&session[i].client, &operation, NULL, NULL),
			     -EPROTO);
		pthread_join(host, NULL);
	}
	all_end();
}

Test(channel, host_cannot_change_inputs_or_what_is_no_output)
{
	struct channel_operation operation = { .op = CHANNEL_INVOKE,
					       .types = CHANNEL_TYPE_VALUE_INPUT |
							CHANNEL_TYPE_MEMREF_INPUT << 4 };
	struct channel *channel;
	struct delayed_reply reply = { .seq = 1, .wake = true };
	pthread_t host;

	bell_make(0);
	client_make(&session[0], 0, 0);
	channel = session[0].client.channel;
	reply.channel = channel;
	memset((char *)&channel->reply + 4, 0xFF, sizeof(channel->reply) - 4);
	cr_assert_eq(pthread_create(&host, NULL, reply_later, &reply), 0);
	cr_assert_eq(channel_client_call(&session[0].client, &operation, NULL, NULL), 0);
	pthread_join(host, NULL);
	for (unsigned int i = 0; i < CHANNEL_PARAMS; i++)
		cr_expect_eq(operation.slot[i].size, 0);
	all_end();
}

static void *die_later(void *context)
{
	struct channel *channel = context;

	usleep(20000);
	atomic_store(&channel->keeper.dead, 1);
	futex_wake_all(&channel->reply.seq);
	return NULL;
}

Test(channel, death_of_the_host_ends_the_wait_and_every_later_call)
{
	struct channel_operation operation = { .op = CHANNEL_INVOKE };
	pthread_t keeper;

	bell_make(-1);
	client_make(&session[0], 0, -1);
	cr_assert_eq(pthread_create(&keeper, NULL, die_later, session[0].client.channel), 0);
	cr_expect_eq(channel_client_call(&session[0].client, &operation, NULL, NULL), -EOWNERDEAD);
	pthread_join(keeper, NULL);
	cr_expect_eq(channel_client_call(&session[0].client, &operation, NULL, NULL), -EOWNERDEAD);
	all_end();
}

struct last_answer {
	struct channel *channel;
	/* From the end to the answer. */
	uint64_t took_ns;
};

/* Says that the session has ended, and then answers after all. */
static void *end_then_answer(void *context)
{
	struct last_answer *last = context;
	struct channel *channel = last->channel;
	uint64_t since;

	usleep(20000);
	since = wait_now_ns();
	atomic_store(&channel->keeper.dead, CHANNEL_END_SAID);
	usleep(200000);
	channel->reply.result = 0x1234;
	atomic_store(&channel->reply.seq, 1);
	last->took_ns = wait_now_ns() - since;
	futex_wake_all(&channel->reply.seq);
	return NULL;
}

Test(channel, last_answer_of_a_session_that_has_ended_is_waited_for)
{
	struct last_answer last = { .took_ns = UINT64_MAX };

	/* What comes too late on a machine that has no time says nothing. */
	for (int i = 0; i < 20 && last.took_ns > SOON_NS; i++) {
		struct channel_operation operation = { .op = CHANNEL_OPEN };
		pthread_t keeper;
		int err;

		bell_make(-1);
		client_make(&session[0], 0, -1);
		last.channel = session[0].client.channel;
		cr_assert_eq(pthread_create(&keeper, NULL, end_then_answer, &last), 0);
		err = channel_client_call(&session[0].client, &operation, NULL, NULL);
		pthread_join(keeper, NULL);
		if (last.took_ns <= SOON_NS) {
			cr_expect_eq(err, 0);
			cr_expect_eq(operation.result, 0x1234);
		}
		all_end();
	}
	cr_expect_leq(last.took_ns, SOON_NS);
}

static void *end_later(void *context)
{
	struct channel *channel = context;

	usleep(20000);
	atomic_store(&channel->keeper.dead, CHANNEL_END_SAID);
	return NULL;
}

Test(channel, last_answer_of_a_session_that_has_ended_is_not_waited_for_for_ever)
{
	struct channel_operation operation = { .op = CHANNEL_OPEN };
	pthread_t keeper;

	bell_make(-1);
	client_make(&session[0], 0, -1);
	cr_assert_eq(pthread_create(&keeper, NULL, end_later, session[0].client.channel), 0);
	cr_expect_eq(channel_client_call(&session[0].client, &operation, NULL, NULL), -EOWNERDEAD);
	pthread_join(keeper, NULL);
	all_end();
}

static int end_at_third_tick(void *context)
{
	unsigned int *ticks = context;

	return ++*ticks == 3 ? -ECONNRESET : 0;
}

Test(channel, owner_is_asked_while_nothing_comes_and_may_end_the_wait)
{
	struct channel_operation operation = { .op = CHANNEL_INVOKE };
	unsigned int ticks = 0;

	bell_make(-1);
	client_make(&session[0], 0, -1);
	cr_expect_eq(channel_client_call(&session[0].client, &operation, end_at_third_tick, &ticks),
		     -ECONNRESET);
	cr_expect_eq(ticks, 3);
	all_end();
}

static void ignore_alarm(int number)
{
	(void)number;
}

Test(channel, owner_is_asked_even_under_a_storm_of_signals)
{
	const struct itimerval every_half_millisecond = { .it_interval.tv_usec = 500,
							  .it_value.tv_usec = 500 };
	const struct itimerval never = { 0 };
	struct channel_operation operation = { .op = CHANNEL_INVOKE };
	struct sigaction action = { .sa_handler = ignore_alarm };
	unsigned int ticks = 0;

	bell_make(0);
	client_make(&session[0], 0, 0);
	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &every_half_millisecond, NULL), 0);
	cr_expect_eq(channel_client_call(&session[0].client, &operation, end_at_third_tick, &ticks),
		     -ECONNRESET);
	cr_assert_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	all_end();
}

static void *cancel_later(void *context)
{
	struct session *s = context;

	usleep(20000);
	channel_client_cancel(s->client.channel, 1);
	return NULL;
}

Test(channel, cancellation_reaches_the_call_it_names_and_no_other)
{
	struct channel_call call = { .seq = 1 };
	pthread_t canceller;

	bell_make(-1);
	session_make(&session[0], 0, -1);
	cr_expect(!channel_host_cancelled(&session[0].host, &call));
	cr_assert_eq(pthread_create(&canceller, NULL, cancel_later, &session[0]), 0);
	(void)futex_wait(&session[0].host.channel->client.cancel, 0, NULL);
	pthread_join(canceller, NULL);
	cr_expect(channel_host_cancelled(&session[0].host, &call));
	call.seq = 2;
	cr_expect(!channel_host_cancelled(&session[0].host, &call));
	all_end();
}

/* Waits for the call of thread `arg` to end in -ECANCELED while the host looks elsewhere. */
static void *call_and_expect_cancel(void *arg)
{
	struct session *s = arg;
	struct channel_operation op = { .op = CHANNEL_INVOKE, .cmd = 5 };

	return (void *)(intptr_t)channel_client_call(&s->client, &op, NULL, NULL);
}

Test(channel, operation_that_the_host_has_not_taken_up_is_withdrawn_at_once)
{
	struct channel_operation next = { .op = CHANNEL_INVOKE, .cmd = 6 };
	struct channel_call call;
	union channel_slot out[CHANNEL_PARAMS] = { 0 };
	pthread_t caller;
	void *status;

	bell_make(0);
	session_make(&session[0], 3, 0);
	cr_assert_eq(pthread_create(&caller, NULL, call_and_expect_cancel, &session[0]), 0);
	while (!atomic_load(&session[0].client.channel->client.parked))
		usleep(100);
	channel_client_withdraw(&session[0].client, 1);
	pthread_join(caller, &status);
	cr_expect_eq((intptr_t)status, -ECANCELED);
	cr_expect(session[0].client.owed);

	/* The host comes to it at last, and sees that nobody wants it any more. */
	cr_assert(channel_host_take(&session[0].host, &call));
	cr_expect(channel_host_cancelled(&session[0].host, &call));
	channel_host_reply(&session[0].host, &call, RESULT_CANCEL, ORIGIN_TEE, out);

	/* The reply that was owed is not taken for that of the next operation. */
	server_start();
	cr_expect_eq(channel_client_call(&session[0].client, &next, NULL, NULL), 0);
	cr_expect_eq(next.result, 6);
	all_end();
}

Test(channel, operation_that_waits_for_an_owed_reply_is_withdrawn_alone)
{
	struct channel_operation next = { .op = CHANNEL_INVOKE, .cmd = 6 };
	union channel_slot out[CHANNEL_PARAMS] = { 0 };
	struct channel_call call;
	pthread_t caller;
	void *status;

	bell_make(0);
	session_make(&session[0], 3, 0);
	for (uint32_t seq = 1; seq <= 2; seq++) {
		atomic_store(&session[0].client.channel->client.parked, 0);
		cr_assert_eq(pthread_create(&caller, NULL, call_and_expect_cancel, &session[0]), 0);
		while (!atomic_load(&session[0].client.channel->client.parked))
			usleep(100);
		channel_client_withdraw(&session[0].client, seq);
		pthread_join(caller, &status);
		cr_expect_eq((intptr_t)status, -ECANCELED);
	}

	/* The first is still not to be begun, and the second was never sent. */
	cr_assert(channel_host_take(&session[0].host, &call));
	cr_expect_eq(call.seq, 1);
	cr_expect(channel_host_cancelled(&session[0].host, &call));
	channel_host_reply(&session[0].host, &call, RESULT_CANCEL, ORIGIN_TEE, out);
	cr_expect(!channel_host_take(&session[0].host, &call));

	/* The next one has the number of the second, and is not taken for it. */
	server_start();
	cr_expect_eq(channel_client_call(&session[0].client, &next, NULL, NULL), 0);
	cr_expect_eq(next.result, 6);
	all_end();
}

Test(channel, number_that_was_withdrawn_is_no_other_operations)
{
	struct channel_operation next = { .op = CHANNEL_INVOKE, .cmd = 6 };

	bell_make(0);
	session_make(&session[0], 0, 0);
	server_start();
	/* What it was for never came to be sent. */
	channel_client_withdraw(&session[0].client, 1);
	channel_client_skip(&session[0].client);
	channel_client_withdraw(&session[0].client, 1);
	for (uint32_t seq = 2; seq < 5; seq++) {
		cr_expect_eq(channel_client_call(&session[0].client, &next, NULL, NULL), 0);
		cr_expect_eq(next.result, 6);
		cr_expect_eq(session[0].client.seq, seq);
		channel_client_withdraw(&session[0].client, 1);
		channel_client_withdraw(&session[0].client, seq);
	}
	all_end();
}

Test(channel, withdrawal_that_comes_late_takes_no_later_ones_place)
{
	struct channel_operation next = { .op = CHANNEL_INVOKE, .cmd = 6 };
	unsigned int ticks = 0;

	bell_make(0);
	client_make(&session[0], 0, 0);
	/* After one that was never sent. */
	channel_client_skip(&session[0].client);
	cr_expect(channel_client_withdraw(&session[0].client, 2));
	cr_expect_not(channel_client_withdraw(&session[0].client, 1));
	cr_expect_eq(channel_client_call(&session[0].client, &next, end_at_third_tick, &ticks),
		     -ECANCELED);

	/* After one that is owed a reply. */
	cr_expect(session[0].client.owed);
	cr_expect(channel_client_withdraw(&session[0].client, 3));
	cr_expect_not(channel_client_withdraw(&session[0].client, 2));
	cr_expect_eq(channel_client_call(&session[0].client, &next, end_at_third_tick, &ticks),
		     -ECANCELED);
	cr_expect_eq(ticks, 0);
	all_end();
}

Test(channel, operation_that_the_host_works_on_is_not_withdrawn)
{
	union channel_slot out[CHANNEL_PARAMS] = { 0 };
	struct channel_call call;
	pthread_t caller;
	void *status;

	bell_make(0);
	session_make(&session[0], 3, 0);
	cr_assert_eq(pthread_create(&caller, NULL, call_and_expect_cancel, &session[0]), 0);
	while (!atomic_load(&session[0].client.channel->client.parked))
		usleep(100);
	cr_assert(channel_host_take(&session[0].host, &call));
	channel_client_withdraw(&session[0].client, 1);
	cr_expect(channel_host_cancelled(&session[0].host, &call));
	channel_host_reply(&session[0].host, &call, 5, ORIGIN_TRUSTED_APP, out);
	pthread_join(caller, &status);
	cr_expect_eq((intptr_t)status, 0);
	all_end();
}
