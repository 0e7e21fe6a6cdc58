#include "teesim_agent.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_tee.h"

#define TAID "8aaaf200-2450-11e4-abe2-0002a5d5c51b"

static const char *const one[] = { "one", NULL };

static char directory[] = "/tmp/teesim-library-XXXXXX";
static char path[64];
static struct fake_tee fake;
static struct teesim_agent *agent;

static void open_directly(void)
{
	const char *const tees[] = { path };
	const struct teesim_agent_options options = { .tees = tees, .tee_count = 1 };

	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/tee", directory);
	fake_tee_start(&fake, path, one);
	cr_assert_eq(teesim_agent_open(&options, &agent), 0);
}

static void close_all(void)
{
	teesim_agent_close(agent);
	fake_tee_stop(&fake);
	cr_assert_eq(rmdir(directory), 0);
}

Test(agent_library, a_message_is_answered)
{
	char *answer;
	size_t size;

	open_directly();
	cr_assert_eq(teesim_agent_process_otrp_message(agent, "opaque", 6, &answer, &size), 0);
	cr_expect_str_eq(answer, "one:opaque");
	cr_expect_eq(size, 10);
	teesim_agent_free(answer);
	close_all();
}

Test(agent_library, no_answer_is_the_agents_own_and_a_status)
{
	char *answer;
	size_t size;

	open_directly();
	fake.shared->mood[0] = FAKE_REFUSES;
	cr_assert_eq(teesim_agent_process_otrp_message(agent, "opaque", 6, &answer, &size),
		     TEESIM_AGENT_TEE_FAIL);
	cr_expect_not_null(strstr(answer, "ERR_AGENT_TEE_FAIL"));
	cr_expect_eq(strlen(answer), size);
	cr_expect_str_not_empty(teesim_agent_reason());
	teesim_agent_free(answer);
	close_all();
}

Test(agent_library, ta_information_asks_for_what_it_was_given)
{
	char *information;

	open_directly();
	cr_assert_eq(teesim_agent_get_ta_information(agent, "a\"b\\c",
						     "8AAAF200-2450-11E4-ABE2-0002A5D5C51B",
						     &information),
		     0);
	cr_expect_str_eq(information,
			 "one:{\"TAQuery\":{\"spid\":\"a\\\"b\\\\c\",\"taid\":\"" TAID "\"}}");
	teesim_agent_free(information);
	cr_assert_eq(teesim_agent_get_ta_information(agent, "ü€𐍈", TAID, &information), 0);
	cr_expect_not_null(strstr(information, "\"ü€𐍈\""));
	teesim_agent_free(information);
	fake.shared->mood[0] = FAKE_KNOWS_NO_TA;
	cr_expect_eq(teesim_agent_get_ta_information(agent, "sp", TAID, &information), -ENOENT);
	cr_expect_str_eq(teesim_agent_reason(), "no such TA");
	cr_expect_null(information);
	close_all();
}

Test(agent_library, what_cannot_be_asked_is_refused_at_once)
{
	/* No UTF-8: cut short, longer than need be, a surrogate, beyond the last character. */
	static const char *const bad[] = { "\xff",
					   "a\xc3",
					   "\x80",
					   "\xc0\xaf",
					   "\xe0\x80\xaf",
					   "\xed\xa0\x80",
					   "\xf4\x90\x80\x80",
					   "\xf0\x9f\x92" };
	char *text;
	size_t size;

	open_directly();
	cr_expect_eq(teesim_agent_process_otrp_message(agent, "", 0, &text, &size), -EMSGSIZE);
	cr_expect_eq(teesim_agent_process_otrp_message(agent, "", (16U << 20) + 1, &text, &size),
		     -EMSGSIZE);
	cr_expect_eq(teesim_agent_get_ta_information(agent, "", TAID, &text), -EINVAL);
	cr_expect_eq(teesim_agent_get_ta_information(agent, "a\nb", TAID, &text), -EINVAL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(teesim_agent_get_ta_information(agent, bad[i], TAID, &text), -EINVAL,
			     "spid %zu", i);
	cr_expect_eq(teesim_agent_get_ta_information(agent, "a", "none", &text), -EINVAL);
	cr_expect_eq(teesim_agent_offer_ta(agent, TAID, "", 0, NULL, NULL, NULL, NULL), -EMSGSIZE);
	cr_expect_eq(teesim_agent_request_ta(agent, TAID, NULL, NULL, NULL, NULL), -EOPNOTSUPP);
	cr_expect_eq(fake.shared->asked, 0);
	close_all();
}

Test(agent_library, options_that_contradict_each_other_are_refused)
{
	const char *const tees[] = { "/x" };
	const struct teesim_agent_options options = { .tees = tees, .tee_count = 1, .device = "d" };

	cr_expect_eq(teesim_agent_open(&options, &agent), -EINVAL);
	cr_expect_null(agent);
}

Test(agent_library, tees_are_as_many_as_are_counted)
{
	const char *const tees[] = { "/x", NULL };
	const struct teesim_agent_options none = { .tee_count = 1 };
	const struct teesim_agent_options few = { .tees = tees, .tee_count = 2 };

	cr_expect_eq(teesim_agent_open(&none, &agent), -EINVAL);
	cr_expect_null(agent);
	cr_expect_eq(teesim_agent_open(&few, &agent), -EINVAL);
	cr_expect_null(agent);
}

Test(agent_library, a_path_that_is_too_long_for_a_socket_is_told_at_once)
{
	/* One octet less is as long as can be. */
	char longest[109];
	const char *const tees[] = { longest };
	const struct teesim_agent_options named = { .socket = longest };
	const struct teesim_agent_options tee = { .tees = tees, .tee_count = 1 };
	const struct teesim_agent_options none = { .device = NULL };

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	cr_expect_eq(teesim_agent_open(&named, &agent), -ENAMETOOLONG);
	cr_expect_null(agent);
	cr_expect_eq(teesim_agent_open(&tee, &agent), -ENAMETOOLONG);
	cr_assert_eq(setenv("TEESIM_AGENT_SOCKET", longest, 1), 0);
	cr_expect_eq(teesim_agent_open(&none, &agent), -ENAMETOOLONG);
	longest[sizeof(longest) - 2] = '\0';
	cr_expect_eq(teesim_agent_open(&named, &agent), 0);
	teesim_agent_close(agent);
	cr_expect_eq(teesim_agent_open(&tee, &agent), 0);
	teesim_agent_close(agent);
}

Test(agent_library, an_agent_that_is_not_there_is_not_started_where_its_socket_is_named)
{
	const struct teesim_agent_options options = { .socket = "/nonexistent/agent" };
	char *answer;
	size_t size;

	cr_assert_eq(teesim_agent_open(&options, &agent), 0);
	cr_expect_eq(teesim_agent_process_otrp_message(agent, "x", 1, &answer, &size),
		     -ECONNREFUSED);
	cr_expect_null(answer);
	teesim_agent_close(agent);
}

static void *ask_often(void *context)
{
	char message[32], expected[64], *answer;
	size_t size;

	for (unsigned int i = 0; i < 20; i++) {
		const int length = snprintf(message, sizeof(message), "%p-%u", context, i);

		if (teesim_agent_process_otrp_message(agent, message, (size_t)length, &answer,
						      &size) != 0)
			return "failed";
		snprintf(expected, sizeof(expected), "one:%s", message);
		if (strcmp(answer, expected) != 0)
			return "another's answer";
		teesim_agent_free(answer);
	}
	return NULL;
}

Test(agent_library, threads_get_their_own_answers)
{
	pthread_t threads[4];
	int marks[4];
	void *failure;

	open_directly();
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, ask_often, &marks[i]), 0);
	for (int i = 0; i < 4; i++) {
		cr_assert_eq(pthread_join(threads[i], &failure), 0);
		cr_expect_null(failure, "%s", (char *)failure);
	}
	cr_expect_eq(fake.shared->asked, 80);
	close_all();
}
