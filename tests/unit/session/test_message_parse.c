/* Every message that teesimd accepts has its exact form; the daemon's tests show what follows. */
#include <criterion/criterion.h>
#include <string.h>

#include "session/message_parse.h"

static struct message message;
static const char *why;

static int parse(enum message_sender sender, const void *data, size_t size, unsigned int fds)
{
	return message_parse(&message, sender, data, size, fds, &why);
}

struct hello {
	struct message_hello fixed;
	char text[64];
};

static struct hello hello_with(const char *directory, const char *ta_path)
{
	struct hello hello = { .fixed = { .header = { .type = MESSAGE_HELLO },
					  .client_directory_size = (uint32_t)strlen(directory),
					  .ta_path_size = (uint32_t)strlen(ta_path) } };

	memcpy(hello.text, directory, strlen(directory));
	memcpy(hello.text + strlen(directory), ta_path, strlen(ta_path));
	return hello;
}

Test(message_parse, hello_gives_both_texts)
{
	struct hello hello = hello_with("/usr/bin", "ta:/opt");

	cr_assert_eq(parse(MESSAGE_FROM_CLIENT, &hello, sizeof(hello.fixed) + 15, 0), 0);
	cr_expect_eq(message.client_directory.size, 8);
	cr_expect_arr_eq(message.client_directory.octets, "/usr/bin", 8);
	cr_expect_eq(message.ta_path.size, 7);
	cr_expect_arr_eq(message.ta_path.octets, "ta:/opt", 7);
}

Test(message_parse, hello_whose_sizes_do_not_add_up)
{
	struct hello hello = hello_with("/usr/bin", "ta:/opt");

	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &hello, sizeof(hello.fixed) + 14, 0), 0);
	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &hello, sizeof(hello.fixed) + 16, 0), 0);
	/* The sum of these wraps around in 32 bits. */
	hello.fixed.client_directory_size = 0xFFFFFFFF;
	hello.fixed.ta_path_size = 16;
	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &hello, sizeof(hello.fixed) + 15, 0), 0);
}

Test(message_parse, hello_with_a_relative_directory_or_a_zero)
{
	struct hello hello = hello_with("usr/bin", "");

	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &hello, sizeof(hello.fixed) + 7, 0), 0);
	hello = hello_with("/usr/bin", "ta");
	hello.text[9] = '\0';
	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &hello, sizeof(hello.fixed) + 10, 0), 0);
}

Test(message_parse, block_flags_and_sizes_that_mean_nothing)
{
	struct message_share_block share = { .header.type = MESSAGE_SHARE_BLOCK,
					     .flags = MESSAGE_BLOCK_INPUT,
					     .size = 1 };

	cr_expect_eq(parse(MESSAGE_FROM_CLIENT, &share, sizeof(share), 1), 0);
	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &share, sizeof(share), 2), 0);
	share.flags = 0;
	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &share, sizeof(share), 1), 0);
	share.flags = 4;
	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &share, sizeof(share), 1), 0);
	share.flags = MESSAGE_BLOCK_OUTPUT;
	share.size = 0;
	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &share, sizeof(share), 1), 0);
	share.size = UINT64_MAX;
	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &share, sizeof(share), 1), 0);
}

Test(message_parse, each_side_has_its_own_messages)
{
	const struct message_bare status = { .header.type = MESSAGE_STATUS };
	const struct message_session ended = { .header.type = MESSAGE_SESSION_ENDED };

	cr_expect_eq(parse(MESSAGE_FROM_CLIENT, &status, sizeof(status), 0), 0);
	cr_expect_lt(parse(MESSAGE_FROM_HOST, &status, sizeof(status), 0), 0);
	cr_expect_eq(parse(MESSAGE_FROM_HOST, &ended, sizeof(ended), 0), 0);
	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &ended, sizeof(ended), 0), 0);
}

Test(message_parse, last_words_are_of_a_known_kind)
{
	struct message_death death = { .header.type = MESSAGE_DEATH,
				       .kind = MESSAGE_DEATH_SANDBOX,
				       .frames = MESSAGE_DEATH_FRAMES };

	cr_expect_eq(parse(MESSAGE_FROM_HOST, &death, sizeof(death), 0), 0);
	death.frames++;
	cr_expect_lt(parse(MESSAGE_FROM_HOST, &death, sizeof(death), 0), 0);
	death.frames = 0;
	death.modules = MESSAGE_DEATH_MODULES + 1;
	cr_expect_lt(parse(MESSAGE_FROM_HOST, &death, sizeof(death), 0), 0);
	death.modules = MESSAGE_DEATH_MODULES;
	cr_expect_eq(parse(MESSAGE_FROM_HOST, &death, sizeof(death), 0), 0);
	death.module[MESSAGE_DEATH_MODULES - 1].build_id_size = MESSAGE_BUILD_ID_SIZE + 1;
	cr_expect_lt(parse(MESSAGE_FROM_HOST, &death, sizeof(death), 0), 0);
	death.module[MESSAGE_DEATH_MODULES - 1].build_id_size = MESSAGE_BUILD_ID_SIZE;
	death.module[1].kind = MESSAGE_MODULE_TA_LIBRARY + 1;
	cr_expect_lt(parse(MESSAGE_FROM_HOST, &death, sizeof(death), 0), 0);
	death.module[1].kind = MESSAGE_MODULE_TA;
	memset(death.module[1].name, 'x', sizeof(death.module[1].name));
	cr_expect_lt(parse(MESSAGE_FROM_HOST, &death, sizeof(death), 0), 0);
	death.module[1].name[0] = '\0';
	memset(death.reason, 'x', sizeof(death.reason));
	cr_expect_lt(parse(MESSAGE_FROM_HOST, &death, sizeof(death), 0), 0);
	death.reason[5] = '\0';
	cr_expect_eq(parse(MESSAGE_FROM_HOST, &death, sizeof(death), 0), 0);
	death.kind = 0;
	cr_expect_lt(parse(MESSAGE_FROM_HOST, &death, sizeof(death), 0), 0);
}

Test(message_parse, started_brings_its_text)
{
	struct {
		struct message_started fixed;
		char text[4];
	} started = { .fixed = { .header.type = MESSAGE_STARTED, .text_size = 3 }, .text = "why" };

	cr_assert_eq(parse(MESSAGE_FROM_HOST, &started, sizeof(started.fixed) + 3, 0), 0);
	cr_expect_eq(message.text.size, 3);
	cr_expect_arr_eq(message.text.octets, "why", 3);
	cr_expect_lt(parse(MESSAGE_FROM_HOST, &started, sizeof(started.fixed) + 4, 0), 0);
	cr_expect_str_eq(why, "a text that does not add up");
}

struct connect_to {
	struct message_connect fixed;
	char host[300];
};

static struct connect_to connect_to(uint32_t type, const char *host)
{
	struct connect_to connect = { .fixed = { .header.type = type,
						 .protocol = MESSAGE_CONNECT_UDP,
						 .port = 1,
						 .host_size = (uint32_t)strlen(host) } };

	strcpy(connect.host, host);
	return connect;
}

static int connect_parse(const struct connect_to *connect, unsigned int descriptors)
{
	return parse(MESSAGE_FROM_CLIENT, connect,
		     sizeof(connect->fixed) + connect->fixed.host_size, descriptors);
}

Test(message_parse, connect_brings_its_host)
{
	struct connect_to connect = connect_to(MESSAGE_CONNECT, "localhost");

	cr_assert_eq(connect_parse(&connect, 0), 0);
	cr_expect_eq(message.host.size, 9);
	cr_expect_arr_eq(message.host.octets, "localhost", 9);
	cr_expect_lt(connect_parse(&connect, 1), 0);
	connect = connect_to(MESSAGE_CONNECT_AGAIN, "localhost");
	cr_expect_eq(connect_parse(&connect, 1), 0);
	cr_expect_lt(connect_parse(&connect, 0), 0);
	connect.fixed.protocol = MESSAGE_CONNECT_TCP;
	cr_expect_lt(connect_parse(&connect, 1), 0);
}

Test(message_parse, connect_to_what_cannot_be)
{
	struct connect_to good = connect_to(MESSAGE_CONNECT, "localhost"), bad;

	bad = good;
	bad.fixed.protocol = 3;
	cr_expect_lt(connect_parse(&bad, 0), 0);
	bad = good;
	bad.fixed.ip_version = 5;
	cr_expect_lt(connect_parse(&bad, 0), 0);
	bad = good;
	bad.fixed.port = 0;
	cr_expect_lt(connect_parse(&bad, 0), 0);
	bad.fixed.port = 65536;
	cr_expect_lt(connect_parse(&bad, 0), 0);
	bad = connect_to(MESSAGE_CONNECT, "");
	cr_expect_lt(connect_parse(&bad, 0), 0);
	bad = good;
	memset(bad.host, 'a', 256);
	bad.fixed.host_size = 255;
	cr_expect_eq(connect_parse(&bad, 0), 0);
	bad.fixed.host_size = 256;
	cr_expect_lt(connect_parse(&bad, 0), 0);
	bad = good;
	bad.host[3] = '\0';
	cr_expect_lt(connect_parse(&bad, 0), 0);
	bad = good;
	bad.fixed.host_size = 8;
	cr_expect_lt(parse(MESSAGE_FROM_CLIENT, &bad, sizeof(bad.fixed) + 9, 0), 0);
}
