#include "teep/agent/answer.h"
#include "teep/agent/router.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_tee.h"

/* payload {"T":{"tee":"one"}}, "two", "three" */
#define FOR_ONE	  "{\"XRequest\":{\"payload\":\"eyJUIjp7InRlZSI6Im9uZSJ9fQ\"}}"
#define FOR_TWO	  "{\"XRequest\":{\"payload\":\"eyJUIjp7InRlZSI6InR3byJ9fQ\"}}"
#define FOR_THREE "{\"XRequest\":{\"payload\":\"eyJUIjp7InRlZSI6InRocmVlIn19\"}}"
#define STATE	  "{\"GetDeviceStateRequest\":{\"payload\":\"e30\"}}"
#define GARBAGE	  "no JSON"
#define ERROR_OF(code)                                            \
	"{\"OTrPBrokerError\":{\"errcode\":\"ERR_AGENT_TEE_" code \
	"\",\"rid\":\"\",\"tid\":\"\",\"ver\":\"1.0\"}}"

static const char *const one_two[] = { "one", "two", NULL };
static const char *const one[] = { "one", NULL };
static const char *const three[] = { "three", NULL };

static char directory[] = "/tmp/teesim-router-XXXXXX";
static struct fake_tee fake, other;
static struct router *router;

static const char *path_of(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void open_with(const struct router_options *options)
{
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(router_open(&router, options), 0);
	cr_assert_eq(router_place_add(router, path_of("tee")), 0);
}

static void close_all(void)
{
	router_close(router);
	if (fake.shared)
		fake_tee_stop(&fake);
	if (other.shared)
		fake_tee_stop(&other);
	cr_assert_eq(rmdir(directory), 0);
}

struct outcome {
	bool done;
	int status;
	char text[256];
};

static void keep(void *context, const struct router_result *result)
{
	struct outcome *outcome = context;

	cr_assert_not(outcome->done, "told twice");
	outcome->done = true;
	outcome->status = result->status;
	snprintf(outcome->text, sizeof(outcome->text), "%.*s", (int)result->size,
		 result->octets ? result->octets : "");
}

static void turn(void)
{
	struct pollfd poller = { .fd = router_fd(router), .events = POLLIN };

	(void)poll(&poller, 1, router_wait_ms(router));
	router_run(router);
}

static struct router_job *submit(enum router_kind kind, const char *message,
				 struct outcome *outcome)
{
	struct router_job *job;

	*outcome = (struct outcome) { .done = false };
	cr_assert_eq(router_submit(router, kind, message, strlen(message), keep, outcome, &job), 0);
	cr_assert_eq(job == NULL, outcome->done);
	return job;
}

static void wait_for(const struct outcome *outcome)
{
	while (!outcome->done)
		turn();
}

static void expect_kind(enum router_kind kind, const char *message, int status, const char *text)
{
	struct outcome outcome;

	(void)submit(kind, message, &outcome);
	wait_for(&outcome);
	cr_expect_eq(outcome.status, status, "%s: %d", message, outcome.status);
	cr_expect_str_eq(outcome.text, text);
}

static void expect(const char *message, int status, const char *text)
{
	expect_kind(ROUTER_PROCESS, message, status, text);
}

/* One that looks elsewhere soon. */
static void short_turn(void)
{
	struct pollfd poller = { .fd = router_fd(router), .events = POLLIN };

	(void)poll(&poller, 1, 5);
	router_run(router);
}

/* Until the TEE has been asked that often. */
static void wait_asked(uint32_t count)
{
	while (fake.shared->asked < count)
		short_turn();
}

Test(agent_router, a_message_goes_to_the_tee_that_it_names)
{
	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one_two);
	expect(FOR_TWO, 0, "two:" FOR_TWO);
	expect(FOR_ONE, 0, "one:" FOR_ONE);
	expect(FOR_ONE, 0, "one:" FOR_ONE);
	cr_expect_eq(fake.shared->connected, 2, "one connection for each TEE");
	close_all();
}

Test(agent_router, a_tee_that_is_not_there_is_unknown)
{
	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one_two);
	expect(FOR_THREE, ANSWER_TEE_UNKNOWN, ERROR_OF("UNKNOWN"));
	cr_expect_eq(fake.shared->asked, 0);
	close_all();
}

Test(agent_router, what_cannot_be_read_is_for_the_first_tee_to_refuse)
{
	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one_two);
	expect(GARBAGE, 0, "one:" GARBAGE);
	close_all();
}

Test(agent_router, the_device_state_is_that_of_all_tees)
{
	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one_two);
	fake_tee_start(&other, path_of("other"), three);
	cr_assert_eq(router_place_add(router, path_of("other")), 0);
	fake.shared->mood[0] = fake.shared->mood[1] = other.shared->mood[0] = FAKE_WRAPS;
	expect(STATE, 0,
	       "{\"GetDeviceStateResponse\":[{\"GetDeviceTEEStateResponse\":\"one\"},"
	       "{\"GetDeviceTEEStateResponse\":\"two\"},{\"GetDeviceTEEStateResponse\":\"three\"}]"
	       "}");
	expect(FOR_THREE, 0, "{\"GetDeviceTEEStateResponse\":\"three\"}");
	close_all();
}

Test(agent_router, a_tee_that_fails_is_missing_from_the_device_state)
{
	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one_two);
	fake.shared->mood[0] = FAKE_REFUSES;
	fake.shared->mood[1] = FAKE_WRAPS;
	expect(STATE, 0, "{\"GetDeviceStateResponse\":[{\"GetDeviceTEEStateResponse\":\"two\"}]}");
	fake.shared->mood[1] = FAKE_REFUSES;
	expect(STATE, ANSWER_TEE_FAIL, ERROR_OF("FAIL"));
	close_all();
}

Test(agent_router, nobody_there_is_a_failure_and_no_unknown_tee)
{
	open_with(NULL);
	expect(FOR_ONE, ANSWER_TEE_FAIL, ERROR_OF("FAIL"));
	expect(STATE, ANSWER_TEE_FAIL, ERROR_OF("FAIL"));
	expect(GARBAGE, ANSWER_TEE_FAIL, ERROR_OF("FAIL"));
	fake_tee_start(&fake, path_of("tee"), one);
	expect(FOR_ONE, 0, "one:" FOR_ONE);
	/* With another TEE away, it might be that one's name. */
	cr_assert_eq(router_place_add(router, path_of("other")), 0);
	expect(FOR_THREE, ANSWER_TEE_FAIL, ERROR_OF("FAIL"));
	expect(FOR_ONE, 0, "one:" FOR_ONE);
	close_all();
}

Test(agent_router, a_tee_that_dies_over_a_message_is_not_asked_again)
{
	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one);
	fake.shared->mood[0] = FAKE_DIES;
	expect(FOR_ONE, ANSWER_TEE_FAIL, ERROR_OF("FAIL"));
	cr_expect_eq(fake.shared->asked, 1);
	fake.shared->mood[0] = FAKE_ANSWERS;
	fake_tee_restart(&fake, one);
	expect(FOR_ONE, 0, "one:" FOR_ONE);
	close_all();
}

Test(agent_router, a_tee_that_comes_back_may_have_another_name)
{
	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one_two);
	expect(FOR_TWO, 0, "two:" FOR_TWO);
	fake_tee_restart(&fake, three);
	/* The end of its connection is seen, sooner or later. */
	while (router_wait_ms(router) == -1 && fake.shared->connected < 3) {
		struct outcome outcome;

		turn();
		(void)submit(ROUTER_PROCESS, FOR_THREE, &outcome);
		wait_for(&outcome);
	}
	expect(FOR_THREE, 0, "three:" FOR_THREE);
	expect(FOR_TWO, ANSWER_TEE_UNKNOWN, ERROR_OF("UNKNOWN"));
	close_all();
}

Test(agent_router, a_connection_that_ends_unasked_is_made_again)
{
	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one);
	fake.shared->mood[0] = FAKE_LEAVES_FIRST;
	expect(FOR_ONE, 0, "one:" FOR_ONE);
	cr_expect_eq(fake.shared->connected, 2);
	close_all();
}

Test(agent_router, an_answer_of_another_kind_is_none)
{
	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one);
	fake.shared->mood[0] = FAKE_TALKS_RUBBISH;
	expect(FOR_ONE, ANSWER_TEE_FAIL, ERROR_OF("FAIL"));
	close_all();
}

Test(agent_router, a_tee_that_hangs_holds_up_no_other)
{
	struct router_options options = { .answer_timeout_ms = 1500 };
	struct outcome hanging, other_one;

	/* On a machine that has no time for it, the other may take as long. */
	for (int i = 0; i < 3; i++, options.answer_timeout_ms *= 4) {
		open_with(&options);
		fake_tee_start(&fake, path_of("tee"), one_two);
		fake.shared->mood[0] = FAKE_HANGS;
		(void)submit(ROUTER_PROCESS, FOR_ONE, &hanging);
		(void)submit(ROUTER_PROCESS, FOR_TWO, &other_one);
		wait_for(&other_one);
		wait_for(&hanging);
		cr_expect_eq(hanging.status, ANSWER_TEE_FAIL);
		close_all();
		if (other_one.status == 0)
			break;
		strcpy(strrchr(directory, '-'), "-XXXXXX");
	}
	cr_expect_eq(other_one.status, 0);
	cr_expect_str_eq(other_one.text, "two:" FOR_TWO);
}

Test(agent_router, who_waits_too_long_for_a_turn_is_told_to_try_again)
{
	struct router_options options = { .queue_timeout_ms = 1500 };
	struct outcome first;

	/* Until the first one's turn comes in time. */
	for (int i = 0;; i++, options.queue_timeout_ms *= 4) {
		open_with(&options);
		fake_tee_start(&fake, path_of("tee"), one);
		fake.shared->mood[0] = FAKE_WAITS;
		(void)submit(ROUTER_PROCESS, FOR_ONE, &first);
		while (!fake.shared->asked && !first.done)
			short_turn();
		if (!first.done)
			break;
		cr_assert_lt(i, 3);
		close_all();
		strcpy(strrchr(directory, '-'), "-XXXXXX");
	}
	expect(FOR_ONE, ANSWER_TEE_BUSY, ERROR_OF("BUSY"));
	cr_expect_not(first.done, "what a TEE has begun is waited for");
	fake.shared->released = 1;
	wait_for(&first);
	cr_expect_eq(first.status, 0);
	close_all();
}

Test(agent_router, a_queue_that_is_full_takes_no_more)
{
	const struct router_options options = { .queue_max = 2 };
	struct outcome begun, queued[2];

	open_with(&options);
	fake_tee_start(&fake, path_of("tee"), one);
	fake.shared->mood[0] = FAKE_WAITS;
	(void)submit(ROUTER_PROCESS, FOR_ONE, &begun);
	wait_asked(1);
	(void)submit(ROUTER_PROCESS, FOR_ONE, &queued[0]);
	(void)submit(ROUTER_PROCESS, GARBAGE, &queued[1]);
	expect(FOR_ONE, ANSWER_TEE_BUSY, ERROR_OF("BUSY"));
	fake.shared->released = 3;
	wait_for(&queued[1]);
	cr_expect(begun.done && queued[0].done, "the oldest first");
	cr_expect_str_eq(queued[1].text, "one:" GARBAGE);
	cr_expect_eq(router_busy(router), 0);
	close_all();
}

Test(agent_router, what_is_cancelled_before_its_turn_reaches_no_tee)
{
	struct outcome first, second, third;
	struct router_job *job;

	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one);
	fake.shared->mood[0] = FAKE_WAITS;
	job = submit(ROUTER_PROCESS, FOR_ONE, &first);
	wait_asked(1);
	router_cancel(submit(ROUTER_PROCESS, FOR_ONE, &second));
	(void)submit(ROUTER_PROCESS, GARBAGE, &third);
	/* What has begun goes on, and its answer is nobody's. */
	router_cancel(job);
	cr_expect_eq(router_busy(router), 2);
	fake.shared->released = 2;
	wait_for(&third);
	cr_expect_str_eq(third.text, "one:" GARBAGE);
	cr_expect_not(first.done || second.done);
	cr_expect_eq(fake.shared->asked, 2);
	close_all();
}

Test(agent_router, ta_information_is_the_first_tees_that_knows)
{
	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one_two);
	fake.shared->mood[0] = FAKE_KNOWS_NO_TA;
	expect_kind(ROUTER_TA_INFORMATION, "{}", 0, "two:{}");
	fake.shared->mood[1] = FAKE_KNOWS_NO_TA;
	expect_kind(ROUTER_TA_INFORMATION, "{}", -ENOENT, "no such TA");
	close_all();
}

Test(agent_router, the_first_tee_is_told_what_is_wanted)
{
	open_with(NULL);
	fake_tee_start(&fake, path_of("tee"), one_two);
	expect_kind(ROUTER_REQUEST_TA, "a-uuid", 0, "one:a-uuid");
	fake.shared->mood[0] = FAKE_REFUSES;
	expect_kind(ROUTER_REQUEST_TA, "a-uuid", -EIO, "out of order");
	fake.shared->mood[0] = FAKE_DIES;
	expect_kind(ROUTER_REQUEST_TA, "a-uuid", ANSWER_TEE_FAIL, "");
	close_all();
}

Test(agent_router, sizes_are_bounded)
{
	const struct router_options options = { .message_max = 1000 };
	struct outcome outcome = { .done = false };
	static char message[1001];

	open_with(&options);
	cr_expect_eq(router_submit(router, ROUTER_PROCESS, message, 1001, keep, &outcome, NULL),
		     -EMSGSIZE);
	cr_expect_eq(router_submit(router, ROUTER_PROCESS, message, 0, keep, &outcome, NULL),
		     -EMSGSIZE);
	cr_expect_not(outcome.done);
	close_all();
}

Test(agent_router, all_messages_together_are_bounded)
{
	const struct router_options options = { .octets_max = sizeof(FOR_ONE) + 4 };
	struct outcome first, second;

	open_with(&options);
	fake_tee_start(&fake, path_of("tee"), one);
	fake.shared->mood[0] = FAKE_WAITS;
	(void)submit(ROUTER_PROCESS, FOR_ONE, &first);
	expect(FOR_ONE, ANSWER_TEE_BUSY, ERROR_OF("BUSY"));
	(void)submit(ROUTER_PROCESS, "x", &second);
	fake.shared->released = 2;
	wait_for(&second);
	cr_expect_eq(first.status, 0);
	cr_expect_eq(second.status, 0);
	fake.shared->mood[0] = FAKE_ANSWERS;
	expect(FOR_ONE, 0, "one:" FOR_ONE);
	close_all();
}

struct chain {
	unsigned int left;
};

static void ask_again(void *context, const struct router_result *result)
{
	struct chain *chain = context;

	cr_assert_eq(result->status, ANSWER_TEE_FAIL);
	if (--chain->left)
		cr_assert_eq(router_submit(router, ROUTER_PROCESS, "x", 1, ask_again, chain, NULL),
			     0);
}

Test(agent_router, who_is_told_may_ask_anew)
{
	struct chain chain = { 5 };

	open_with(NULL);
	cr_assert_eq(router_submit(router, ROUTER_PROCESS, "x", 1, ask_again, &chain, NULL), 0);
	while (chain.left)
		turn();
	cr_expect_eq(router_busy(router), 0);
	close_all();
}
