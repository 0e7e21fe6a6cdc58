/* What clients may ask and what it costs them to ask wrong. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon_fixture.h"
#include "fake_host.h"
#include "wire/memory.h"
#include "wire/result.h"

static struct daemon daemon_;
/* A client that does no wrong and must not notice what others do. */
static int witness;
static int sock;

static void setup(void)
{
	daemon_start(&daemon_, NULL);
	daemon_add_ta(&daemon_, TA_SINGLE_MULTI, FAKE_NORMAL);
	daemon_add_ta(&daemon_, TA_PER_SESSION, FAKE_START_HANGS);
	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_START_HANGS);
	witness = client_hello(&daemon_, FAKE_NORMAL);
	sock = client_hello(&daemon_, FAKE_NORMAL);
}

static void teardown(void)
{
	struct message_opened opened = client_open(witness, TA_SINGLE_MULTI, NULL);

	cr_expect_eq(opened.result, RESULT_SUCCESS, "the daemon goes on");
	close(sock);
	close(witness);
	daemon_stop(&daemon_);
}

TestSuite(request, .init = setup, .fini = teardown);

static void expect_cut_off(const void *message, size_t size, const char *why)
{
	client_send(sock, message, size);
	cr_expect(client_cut_off(sock));
	cr_expect(daemon_logged(&daemon_, why));
}

Test(request, first_must_be_hello)
{
	const struct message_bare status = { .header.type = MESSAGE_STATUS };

	close(sock);
	sock = client_connect(&daemon_);
	expect_cut_off(&status, sizeof(status), "a message before its greeting");
}

Test(request, hello_is_said_once)
{
	const struct message_hello hello = { .header.type = MESSAGE_HELLO,
					     .protocol = MESSAGE_PROTOCOL };

	expect_cut_off(&hello, sizeof(hello), "a message out of turn");
}

Test(request, hello_of_another_protocol_is_told_which_one_is_spoken)
{
	const struct message_hello hello = { .header.type = MESSAGE_HELLO,
					     .protocol = MESSAGE_PROTOCOL + 1 };
	struct message_answer answer;

	close(sock);
	sock = client_connect(&daemon_);
	client_send(sock, &hello, sizeof(hello));
	answer = client_answer(sock);
	cr_expect_eq(answer.result, RESULT_NOT_SUPPORTED);
	cr_expect_eq(answer.value, MESSAGE_PROTOCOL);
}

Test(request, of_unknown_type)
{
	const struct message_bare message = { .header.type = 12345 };

	expect_cut_off(&message, sizeof(message), "a message of unknown type");
}

Test(request, that_only_a_host_may_send)
{
	const struct message_session message = { .header.type = MESSAGE_SESSION_ENDED };

	expect_cut_off(&message, sizeof(message), "a message of unknown type");
}

Test(request, cut_short)
{
	const struct message_open_session message = { .header.type = MESSAGE_OPEN_SESSION };

	expect_cut_off(&message, sizeof(message) - 1, "a message of the wrong size");
}

Test(request, without_a_whole_header)
{
	expect_cut_off("abc", 3, "a message without a header");
}

Test(request, larger_than_any_message)
{
	static const char much[MESSAGE_SIZE_MAX + 1];

	client_send(sock, much, sizeof(much));
	cr_expect(client_cut_off(sock));
}

Test(request, with_a_descriptor_that_has_no_place)
{
	const struct message_bare message = { .header.type = MESSAGE_STATUS };

	client_send_fd(sock, &message, sizeof(message), 0);
	cr_expect(client_cut_off(sock));
	cr_expect(daemon_logged(&daemon_, "a wrong number of descriptors"));
}

Test(request, without_its_descriptor)
{
	const struct message_share_block message = { .header.type = MESSAGE_SHARE_BLOCK,
						     .flags = MESSAGE_BLOCK_INPUT,
						     .size = 1 };

	expect_cut_off(&message, sizeof(message), "a wrong number of descriptors");
}

Test(request, descriptors_of_bad_messages_are_closed)
{
	const struct message_bare message = { .header.type = 12345 };

	for (int i = 0; i < 2 * DAEMON_DESCRIPTORS; i++) {
		close(sock);
		sock = client_hello(&daemon_, FAKE_NORMAL);
		client_send_fd(sock, &message, sizeof(message), 0);
		cr_assert(client_cut_off(sock));
	}
}

Test(request, number_that_is_in_use)
{
	close(sock);
	sock = client_hello(&daemon_, FAKE_START_HANGS);
	client_ask_open(sock, 5, TA_PER_SESSION);
	client_ask_open(sock, 5, TA_PER_SESSION);
	cr_expect(client_cut_off(sock));
}

Test(request, client_that_does_not_read_is_dropped)
{
	const struct message_bare message = { .header.type = MESSAGE_STATUS };
	int err = 0;

	for (int i = 0; i < 100000 && !err; i++)
		err = socket_send(sock, &message, sizeof(message), NULL, 0);
	cr_expect_lt(err, 0, "the connection was cut");
	cr_expect(daemon_logged(&daemon_, "it does not read its answers"));
}

Test(request, cancelled_open_is_answered_at_once)
{
	const struct message_cancel cancel = { .header.type = MESSAGE_CANCEL, .target = 5 };
	struct message_opened opened;

	close(sock);
	sock = client_hello(&daemon_, FAKE_START_HANGS);
	client_ask_open(sock, 5, TA_SINGLE);
	cr_expect(client_quiet(sock, 50));
	client_send(sock, &cancel, sizeof(cancel));
	opened = client_opened(sock, NULL);
	cr_expect_eq(opened.header.request, 5);
	cr_expect_eq(opened.result, RESULT_CANCEL);
	cr_expect_eq(opened.origin, ORIGIN_TEE);
	/* Harmless when it comes late. */
	client_send(sock, &cancel, sizeof(cancel));
	/* The host that nobody waits for is given up in the end. */
	cr_expect(client_wait_instances(sock, 0, -1));
	cr_expect(daemon_logged(&daemon_, "nobody waits for it to start"));
}

Test(request, block_is_mapped_once_per_instance)
{
	uint32_t session = client_open(sock, TA_SINGLE_MULTI, NULL).session;
	const struct message_release_block release = { .header.type = MESSAGE_RELEASE_BLOCK,
						       .block = FAKE_REFUSE };

	cr_expect_eq(client_command(sock, session, 1), RESULT_SUCCESS);
	/* The same number for other memory. */
	cr_expect_eq(client_command(sock, session, 1), RESULT_BAD_STATE);
	cr_expect_eq(client_command(sock, session, FAKE_REFUSE), RESULT_OUT_OF_MEMORY);
	/* Refused, so it is not known; and one that is not known may be released. */
	client_send(sock, &release, sizeof(release));
	cr_expect_eq(client_command(sock, session, FAKE_REFUSE), RESULT_OUT_OF_MEMORY);
}

Test(request, block_number_is_free_after_release)
{
	uint32_t session = client_open(sock, TA_SINGLE_MULTI, NULL).session;
	const struct message_release_block release = { .header.type = MESSAGE_RELEASE_BLOCK,
						       .block = 1 };

	for (int i = 0; i < 3; i++) {
		cr_expect_eq(client_command(sock, session, 1), RESULT_SUCCESS);
		client_send(sock, &release, sizeof(release));
	}
}

Test(request, cancelled_sharing_is_answered_at_once)
{
	uint32_t session = client_open(sock, TA_SINGLE_MULTI, NULL).session;
	const struct message_cancel cancel = { .header.type = MESSAGE_CANCEL, .target = 6 };
	struct message_answer answer;

	client_ask_share(sock, 6, session, FAKE_SILENCE);
	cr_expect(client_quiet(sock, 50));
	client_send(sock, &cancel, sizeof(cancel));
	answer = client_answer(sock);
	cr_expect_eq(answer.header.request, 6);
	cr_expect_eq(answer.result, RESULT_CANCEL);
}

Test(request, release_ends_a_sharing_that_is_under_way)
{
	uint32_t session = client_open(sock, TA_SINGLE_MULTI, NULL).session;
	const struct message_release_block release = { .header.type = MESSAGE_RELEASE_BLOCK,
						       .block = FAKE_SILENCE };

	client_ask_share(sock, 6, session, FAKE_SILENCE);
	client_send(sock, &release, sizeof(release));
	cr_expect_eq(client_answer(sock).result, RESULT_CANCEL);
}

static uint32_t share(uint32_t session, int fd, uint32_t flags, uint64_t size)
{
	const struct message_share_block message = {
		.header = { .type = MESSAGE_SHARE_BLOCK, .request = 6 },
		.session = session,
		.block = 2,
		.flags = flags,
		.size = size,
	};
	uint32_t result;

	client_send_fd(sock, &message, sizeof(message), fd);
	close(fd);
	result = client_answer(sock).result;
	return result;
}

Test(request, block_without_its_seals_is_refused)
{
	uint32_t session = client_open(sock, TA_SINGLE_MULTI, NULL).session;
	const uint32_t both = MESSAGE_BLOCK_INPUT | MESSAGE_BLOCK_OUTPUT;
	int fd;

	cr_expect_eq(share(session, open("/dev/null", O_RDWR), both, 1), RESULT_BAD_PARAMETERS);
	cr_expect_eq(share(session, block_create_unsealed("test", 4096), both, 1),
		     RESULT_BAD_PARAMETERS);
	cr_expect_eq(share(session, block_create("test", 4096), both, 4097), RESULT_BAD_PARAMETERS);
	cr_expect_eq(share(session, block_create("test", 4096), MESSAGE_BLOCK_INPUT, 1),
		     RESULT_BAD_PARAMETERS, "the TA could write what it may only read");
	fd = block_create_unsealed("test", 4096);
	cr_assert_eq(block_seal_read_only(fd), 0);
	cr_expect_eq(share(session, fd, MESSAGE_BLOCK_INPUT, 1), RESULT_SUCCESS);
}

static struct message_answer grow(uint32_t session, uint64_t size, struct packet_fds *fds)
{
	const struct message_grow_arena message = {
		.header = { .type = MESSAGE_GROW_ARENA, .request = 7 },
		.session = session,
		.size = size,
	};
	struct message_answer answer;

	client_send(sock, &message, sizeof(message));
	client_receive(sock, MESSAGE_ANSWER, &answer, sizeof(answer), fds);
	return answer;
}

Test(request, arena_grows_by_powers_of_two_up_to_a_limit)
{
	uint32_t session = client_open(sock, TA_SINGLE_MULTI, NULL).session;
	struct message_answer answer;
	struct packet_fds fds;

	answer = grow(session, 1000000, &fds);
	cr_assert_eq(answer.result, RESULT_SUCCESS);
	cr_expect_eq(answer.value, 1 << 20);
	cr_assert_eq(fds.count, 1);
	cr_expect_eq(block_check(fds.fd[0], 1 << 20, false), 0);
	packet_fds_close(&fds);
	answer = grow(session, CHANNEL_ARENA_MAX + 1, &fds);
	cr_expect_eq(answer.result, RESULT_OUT_OF_MEMORY);
	cr_expect_eq(fds.count, 0);
	cr_expect_eq(grow(session + 100, 1, &fds).result, RESULT_TARGET_DEAD);
}

static struct message_opened open_as(uint32_t login, uint32_t data)
{
	struct message_open_session message = {
		.header = { .type = MESSAGE_OPEN_SESSION, .request = 8 },
		.login = login,
		.connection_data = data,
	};

	cr_assert_eq(uuid_parse("7e5e51d0-2450-41e4-abe2-0002a5d5c503", &message.ta), 0);
	client_send(sock, &message, sizeof(message));
	return client_opened(sock, NULL);
}

Test(request, login_methods)
{
	struct message_opened opened;

	cr_expect_eq(open_as(LOGIN_PUBLIC, 0).result, RESULT_SUCCESS);
	cr_expect_eq(open_as(LOGIN_USER, 0).result, RESULT_SUCCESS);
	cr_expect_eq(open_as(LOGIN_GROUP, getegid()).result, RESULT_SUCCESS);
	opened = open_as(LOGIN_GROUP, 0x7ffffff1);
	cr_expect_eq(opened.result, RESULT_GENERIC);
	cr_expect_eq(opened.origin, ORIGIN_COMMS);
	opened = open_as(LOGIN_APPLICATION, 0);
	cr_expect_eq(opened.result, RESULT_BAD_PARAMETERS);
	cr_expect_eq(opened.origin, ORIGIN_COMMS);
}

Test(request, status_tells_device_and_instances)
{
	struct message_opened opened = client_open(sock, TA_SINGLE_MULTI, NULL);
	struct device_status status;

	client_status(sock, &status);
	cr_expect_eq(status.device.pid, daemon_.pid);
	cr_expect_eq(status.device.contexts, 2);
	cr_assert_eq(status.device.instances, 1);
	cr_expect_eq(status.device.name_size, 7);
	cr_expect_eq(status.instance[0].instance, opened.instance);
	cr_expect_eq(status.instance[0].sessions, 1);
	cr_expect_eq(status.instance[0].flags, 0xc);
	cr_expect_eq(status.instance[0].state, MESSAGE_INSTANCE_LIVE);
	cr_expect_gt(status.instance[0].pid, 1);
}
