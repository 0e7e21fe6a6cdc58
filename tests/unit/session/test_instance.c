/* The life cycle of TA instances, as the flags of ta_head say. */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon_fixture.h"
#include "fake_host.h"
#include "wire/result.h"

static struct daemon daemon_;
static int sock;

static void setup(void)
{
	daemon_start(&daemon_, NULL);
	for (enum fixture_ta ta = TA_PER_SESSION; ta <= TA_KEEP_CRASHED; ta++)
		daemon_add_ta(&daemon_, ta, FAKE_NORMAL);
	sock = client_hello(&daemon_, FAKE_NORMAL);
}

static void teardown(void)
{
	if (sock >= 0)
		close(sock);
	daemon_stop(&daemon_);
}

TestSuite(instance, .init = setup, .fini = teardown);

Test(instance, each_session_has_its_own_unless_single)
{
	struct message_opened first = client_open(sock, TA_PER_SESSION, NULL);
	struct message_opened second = client_open(sock, TA_PER_SESSION, NULL);

	cr_assert_eq(first.result, RESULT_SUCCESS);
	cr_assert_eq(second.result, RESULT_SUCCESS);
	cr_expect_neq(first.instance, second.instance);
	cr_expect_neq(first.session, second.session);
	client_close_session(sock, first.session);
	cr_expect(client_wait_instances(sock, 1, MESSAGE_INSTANCE_LIVE));
	client_close_session(sock, second.session);
	cr_expect(client_wait_instances(sock, 0, -1));
}

Test(instance, single_without_multi_session_is_busy)
{
	struct message_opened first = client_open(sock, TA_SINGLE, NULL);
	struct message_opened second = client_open(sock, TA_SINGLE, NULL);
	struct message_opened third;

	cr_assert_eq(first.result, RESULT_SUCCESS);
	cr_expect_eq(second.result, RESULT_BUSY);
	cr_expect_eq(second.origin, ORIGIN_TEE);
	client_close_session(sock, first.session);
	/* The instance is ending by now: this waits for its exit. */
	third = client_open(sock, TA_SINGLE, NULL);
	cr_expect_eq(third.result, RESULT_SUCCESS);
	cr_expect_neq(third.instance, first.instance);
}

Test(instance, single_without_multi_session_is_busy_while_it_starts)
{
	int slow;

	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_START_SLOW);
	slow = client_hello(&daemon_, FAKE_START_SLOW);
	client_ask_open(slow, 10, TA_SINGLE);
	client_ask_open(slow, 11, TA_SINGLE);
	cr_expect_eq(client_opened(slow, NULL).result, RESULT_BUSY);
	cr_expect_eq(client_opened(slow, NULL).result, RESULT_SUCCESS);
	close(slow);
}

Test(instance, multi_session_is_shared_by_clients)
{
	int other = client_hello(&daemon_, FAKE_NORMAL);
	struct message_opened first = client_open(sock, TA_SINGLE_MULTI, NULL);
	struct message_opened second = client_open(other, TA_SINGLE_MULTI, NULL);

	cr_assert_eq(first.result, RESULT_SUCCESS);
	cr_assert_eq(second.result, RESULT_SUCCESS);
	cr_expect_eq(first.instance, second.instance);
	cr_expect_neq(first.slot, second.slot);
	/* A session of another client is nobody's business. */
	client_close_session(other, first.session);
	cr_expect_eq(client_command(sock, first.session, 1), RESULT_SUCCESS);
	cr_expect_eq(client_command(other, first.session, 2), RESULT_TARGET_DEAD);
	close(other);
	client_close_session(sock, first.session);
	cr_expect(client_wait_instances(sock, 0, -1));
}

Test(instance, session_ended_a_moment_ago_is_not_busy)
{
	for (int i = 0; i < 20; i++) {
		struct message_opened opened = client_open(sock, TA_SINGLE, NULL);

		cr_assert_eq(opened.result, RESULT_SUCCESS);
		/* The host says so before the client learns it, as with a real close. */
		cr_assert_eq(client_command(sock, opened.session, FAKE_END_SESSION),
			     RESULT_SUCCESS);
	}
}

Test(instance, opens_that_come_while_it_ends_get_a_new_one)
{
	struct message_opened first, second;
	int slow;

	daemon_add_ta(&daemon_, TA_SINGLE_MULTI, FAKE_DESTROY_SLOW);
	slow = client_hello(&daemon_, FAKE_DESTROY_SLOW);
	first = client_open(slow, TA_SINGLE_MULTI, NULL);
	cr_assert_eq(first.result, RESULT_SUCCESS);
	client_close_session(slow, first.session);
	cr_assert(client_wait_instances(sock, 1, MESSAGE_INSTANCE_ENDING));
	client_ask_open(slow, 10, TA_SINGLE_MULTI);
	client_ask_open(slow, 11, TA_SINGLE_MULTI);
	second = client_opened(slow, NULL);
	cr_expect_eq(second.result, RESULT_SUCCESS);
	cr_expect_neq(second.instance, first.instance);
	cr_expect_eq(client_opened(slow, NULL).instance, second.instance);
	close(slow);
}

Test(instance, slow_start_blocks_nobody_else)
{
	int slow;

	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_START_HANGS);
	slow = client_hello(&daemon_, FAKE_START_HANGS);
	client_ask_open(slow, 10, TA_SINGLE);
	cr_expect_eq(client_open(sock, TA_PER_SESSION, NULL).result, RESULT_SUCCESS);
	/* That has not been given up yet. */
	cr_expect(client_quiet(slow, 50));
	close(slow);
}

Test(instance, keep_alive_outlives_its_sessions)
{
	struct message_opened first = client_open(sock, TA_KEEP_ALIVE, NULL);
	struct message_opened second;

	client_close_session(sock, first.session);
	cr_expect(client_wait_instances(sock, 1, MESSAGE_INSTANCE_LIVE));
	second = client_open(sock, TA_KEEP_ALIVE, NULL);
	cr_expect_eq(second.instance, first.instance);
	cr_expect_neq(second.session, first.session);
}

Test(instance, kept_alive_is_replaced_when_the_file_has_changed)
{
	struct message_opened first = client_open(sock, TA_KEEP_ALIVE, NULL);
	struct message_opened second, third;

	daemon_add_ta(&daemon_, TA_KEEP_ALIVE, FAKE_NORMAL);
	second = client_open(sock, TA_KEEP_ALIVE, NULL);
	cr_expect_eq(second.instance, first.instance, "sessions keep it");
	cr_expect(daemon_logged(&daemon_, "keeps running as it was loaded"));
	client_close_session(sock, first.session);
	client_close_session(sock, second.session);
	third = client_open(sock, TA_KEEP_ALIVE, NULL);
	cr_expect_eq(third.result, RESULT_SUCCESS);
	cr_expect_neq(third.instance, first.instance);
	cr_expect(daemon_logged(&daemon_, "the file has changed; loading it anew"));
}

Test(instance, crashed_is_replaced_by_the_next_open)
{
	struct channel *channel;
	struct message_opened first = client_open(sock, TA_KEEP_ALIVE, &channel);

	cr_expect_eq(atomic_load(&channel->keeper.dead), 0);
	cr_expect_eq(client_command(sock, first.session, FAKE_PANIC), RESULT_TARGET_DEAD);
	cr_expect_neq(atomic_load(&channel->keeper.dead), 0);
	munmap(channel, CHANNEL_HEADER_SIZE);
	cr_expect_eq(client_command(sock, first.session, 1), RESULT_TARGET_DEAD);
	cr_expect_eq(client_open(sock, TA_KEEP_ALIVE, NULL).result, RESULT_SUCCESS);
}

Test(instance, keep_crashed_stays_dead)
{
	struct message_opened first = client_open(sock, TA_KEEP_CRASHED, NULL);
	struct message_opened second;

	cr_expect_eq(client_command(sock, first.session, FAKE_PANIC), RESULT_TARGET_DEAD);
	second = client_open(sock, TA_KEEP_CRASHED, NULL);
	cr_expect_eq(second.result, RESULT_TARGET_DEAD);
	cr_expect_eq(second.origin, ORIGIN_TEE);
	cr_expect(client_wait_instances(sock, 1, MESSAGE_INSTANCE_CRASHED));
}

Test(instance, all_sessions_of_a_dead_one_are_told)
{
	struct channel *channel[3];
	struct message_opened opened[3];

	for (int i = 0; i < 3; i++)
		opened[i] = client_open(sock, TA_SINGLE_MULTI, &channel[i]);
	/* Without last words, and no answer: found out by the process's end alone. */
	cr_expect_eq(client_command(sock, opened[1].session, FAKE_ABORT), RESULT_TARGET_DEAD);
	for (int i = 0; i < 3; i++) {
		cr_expect_neq(atomic_load(&channel[i]->keeper.dead), 0);
		munmap(channel[i], CHANNEL_HEADER_SIZE);
	}
}

Test(instance, one_that_is_killed_harms_no_other)
{
	struct message_opened victim = client_open(sock, TA_PER_SESSION, NULL);
	struct message_opened other = client_open(sock, TA_PER_SESSION, NULL);
	struct device_status status;

	client_status(sock, &status);
	cr_assert_eq(status.instances, 2);
	for (int i = 0; i < 2; i++)
		if (status.instance[i].instance == victim.instance)
			kill(status.instance[i].pid, SIGKILL);
	cr_expect(client_wait_instances(sock, 1, MESSAGE_INSTANCE_LIVE));
	cr_expect_eq(client_command(sock, other.session, 1), RESULT_SUCCESS);
	cr_expect_eq(client_command(sock, victim.session, 1), RESULT_TARGET_DEAD);
	cr_expect(daemon_logged(&daemon_, "was killed by signal 9 (SIGKILL)"));
}

Test(instance, that_does_not_end_is_killed)
{
	struct message_opened first;
	int hanging;

	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_DESTROY_HANGS);
	hanging = client_hello(&daemon_, FAKE_DESTROY_HANGS);
	first = client_open(hanging, TA_SINGLE, NULL);
	client_close_session(hanging, first.session);
	cr_expect_eq(client_open(hanging, TA_SINGLE, NULL).result, RESULT_SUCCESS);
	cr_expect(daemon_logged(&daemon_, "it did not end within 5 s"));
	close(hanging);
}

Test(instance, client_that_goes_away_ends_its_sessions)
{
	struct message_opened first = client_open(sock, TA_SINGLE_MULTI, NULL);
	int other = client_hello(&daemon_, FAKE_NORMAL);
	struct channel *channel;
	struct device_status status;

	client_open(other, TA_SINGLE_MULTI, &channel);
	client_open(other, TA_PER_SESSION, NULL);
	/* As if an operation were under way. */
	atomic_store(&channel->request.seq, 41);
	close(other);
	cr_expect(client_wait_instances(sock, 1, MESSAGE_INSTANCE_LIVE));
	cr_expect_eq(atomic_load(&channel->client.cancel), 41);
	munmap(channel, CHANNEL_HEADER_SIZE);
	for (int i = 0; i < 3000; i++) {
		client_status(sock, &status);
		if (status.instance[0].sessions == 1)
			break;
		usleep(10000);
	}
	cr_expect_eq(status.instance[0].sessions, 1);
	cr_expect_eq(status.instance[0].instance, first.instance);
	cr_expect_eq(status.device.contexts, 1);
}

Test(instance, thousands_of_sessions_keep_no_descriptor)
{
	enum {
		MANY = 3000
	};
	static uint32_t session[MANY];

	for (int i = 0; i < MANY; i++) {
		struct message_opened opened = client_open(sock, TA_SINGLE_MULTI, NULL);

		cr_assert_eq(opened.result, RESULT_SUCCESS);
		cr_assert_eq(opened.slot, i);
		session[i] = opened.session;
		/* Descriptors that the host has not taken up yet count. */
		if (i % 32 == 0)
			cr_assert_eq(client_command(sock, opened.session, 0x100000 + (uint32_t)i),
				     RESULT_SUCCESS);
	}
	for (int i = 0; i < MANY; i++)
		client_close_session(sock, session[i]);
	cr_expect(client_wait_instances(sock, 0, -1));
}
