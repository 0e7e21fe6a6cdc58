#include "teep/agent/daemon/config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TAID "8aaaf200-2450-11e4-abe2-0002a5d5c51b"

static struct agent_config config;
static char err[256];

static int parse(const char *text)
{
	return agent_config_parse(text, strlen(text), TAID, &config, err, sizeof(err));
}

Test(agent_config, a_ta_of_its_own_tam_comes_before_the_tam_of_all)
{
	cr_assert_eq(parse("tam http://one/\nta 8AAAF200-2450-11E4-ABE2-0002A5D5C51B http://two/\n"
			   "tam http://three/\n"),
		     0);
	cr_assert_str_eq(config.uri, "http://two/");
	cr_assert_eq(parse("ta 93a9f9ae-bf04-45de-b535-ca4563542003 http://two/\ntam http://one/"),
		     0);
	cr_assert_str_eq(config.uri, "http://one/");
}

Test(agent_config, comments_and_blanks_say_nothing)
{
	cr_assert_eq(parse("\n  # tam x\n\t\n\r\n"), 0);
	cr_assert_str_empty(config.uri);
	cr_assert_eq(parse(""), 0);
	cr_assert_eq(parse("  ca-file   /etc/x.pem \r\nplain-anywhere"), 0);
	cr_assert_str_eq(config.ca_file, "/etc/x.pem");
	cr_assert(config.plain_anywhere);
}

Test(agent_config, a_comment_may_stand_behind_a_value)
{
	cr_assert_eq(parse("plain-anywhere # yes\ntam http://one/#x\t#the one\n"
			   "ca-file /a b/c#d.pem   # whom\r\n"),
		     0, "%s", err);
	cr_expect(config.plain_anywhere);
	cr_expect_str_eq(config.uri, "http://one/#x");
	cr_expect_str_eq(config.ca_file, "/a b/c#d.pem");
	cr_expect_eq(parse("tam # none"), -EBADMSG);
	cr_expect_eq(parse("ca-file #/x"), -EBADMSG);
}

Test(agent_config, what_is_documented_is_understood)
{
	static char text[1 << 16];
	FILE *file = fopen(DOCUMENTATION, "r");
	const size_t size = fread(text, 1, sizeof(text) - 1, file);
	char *begin, *end;

	fclose(file);
	text[size] = '\0';
	begin = strstr(text, "\n```\ntam https://tam.example/tam\n");
	cr_assert_not_null(begin);
	begin += strlen("\n```\n");
	end = strstr(begin, "```\n");
	cr_assert_not_null(end);
	cr_assert_eq(agent_config_parse(begin, (size_t)(end - begin), TAID, &config, err,
					sizeof(err)),
		     0, "%s", err);
	cr_expect_str_eq(config.uri, "https://other.example/tam");
	cr_expect_str_eq(config.ca_file, "/etc/ssl/tam-ca.pem");
	cr_expect(config.plain_anywhere);
}

Test(agent_config, what_is_not_understood_is_named_by_its_line)
{
	static const char *const bad[] = { "x",
					   "tam",
					   "tam ftp://x",
					   "ta x http://x",
					   "ca-file x.pem",
					   "tam http://x y",
					   "plain-anywhere now" };
	char text[128] = "# first\n";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(text + 8, bad[i]);
		cr_assert_eq(parse(text), -EBADMSG, "%s", bad[i]);
		cr_assert_not_null(strstr(err, "line 2"));
	}
	cr_assert_eq(agent_config_parse("a\0b", 3, TAID, &config, err, sizeof(err)), -EBADMSG);
}

Test(agent_config, a_file_that_is_not_there_says_nothing)
{
	cr_assert_eq(agent_config_read("/nonexistent/x", TAID, &config, err, sizeof(err)), 0);
	cr_assert_str_empty(config.uri);
	cr_assert_lt(agent_config_read("/", TAID, &config, err, sizeof(err)), 0);
}
