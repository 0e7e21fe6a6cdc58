/* The TEE's sealed store, by itself: what it is anchored to, and what is remembered of sessions. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/seal.h"
#include "otrp/committer.h"
#include "otrp/domains.h"

static const uint8_t key[DEVICE_SEAL_KEY_SIZE] = { 1, 2, 3 };
static const struct store_options options = { .key = key };
static char directory[] = "/tmp/otrp-store.XXXXXX", err[512];
static struct store *store;
static struct arena arena;

static void run(const char *command)
{
	char text[512];

	snprintf(text, sizeof(text), "cd %s && %s", directory, command);
	cr_assert_eq(system(text), 0, "%s", text);
}

static int start(void)
{
	return store_open(&store, directory, &options, err, sizeof(err));
}

static void stop(void)
{
	store_close(store);
	store = NULL;
}

static void put(const char *value)
{
	cr_assert_eq(store_begin(store), 0);
	cr_assert_eq(store_put(store, span_of_text("Kkey"), span_of_text(value)), 0);
	cr_assert_eq(store_commit(store), 0);
}

static void set_up(void)
{
	cr_assert(mkdtemp(directory));
	cr_assert_eq(start(), 0, "%s", err);
}

static void tear_down(void)
{
	char command[64];

	stop();
	arena_clear(&arena);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_assert_eq(system(command), 0);
}

TestSuite(otrp_store, .init = set_up, .fini = tear_down);

static bool holds(const char *name, const char *value)
{
	struct span found;
	const int rc = store_get(store, span_of_text(name), &arena, &found);

	cr_assert(rc == 0 || rc == -ENOENT);
	return rc == 0 && span_is(found, value);
}

/* More than are put off at once, of which one replaces a value and one comes behind another. */
Test(otrp_store, what_is_put_late_is_there_after_the_commit)
{
	static const char *const names[] = { "Ka", "Kb", "Kc", "Kd", "Ke", "Kf" };

	put("old");
	cr_assert_eq(store_begin(store), 0);
	cr_assert_eq(store_put_late(store, span_of_text("Kkey"), span_of_text("new")), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert_eq(store_put_late(store, span_of_text(names[i]), span_of_text("value")),
			     0);
	cr_assert(holds("Kkey", "old"));
	cr_assert_not(holds("Ka", "value"));
	cr_assert_eq(store_commit(store), 0);
	for (int again = 0; again < 2; again++) {
		cr_assert(holds("Kkey", "new"));
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			cr_assert(holds(names[i], "value"), "%s", names[i]);
		stop();
		cr_assert_eq(start(), 0, "%s", err);
	}
}

Test(otrp_store, what_was_to_be_put_late_goes_with_its_transaction)
{
	put("old");
	cr_assert_eq(store_begin(store), 0);
	cr_assert_eq(store_put_late(store, span_of_text("Kkey"), span_of_text("new")), 0);
	store_rollback(store);
	cr_assert_eq(store_begin(store), 0);
	cr_assert_eq(store_put_late(store, span_of_text("Kother"), span_of_text("other")), 0);
	cr_assert_eq(store_commit(store), 0);
	cr_assert(holds("Kkey", "old"));
	cr_assert(holds("Kother", "other"));
}

/* As often changed as the counter says, and yet another one. */
Test(otrp_store, one_that_went_another_way_is_refused)
{
	put("first");
	stop();
	run("mkdir before this other && cp domains.* before");
	cr_assert_eq(start(), 0, "%s", err);
	put("one way");
	stop();
	run("mv domains.* this && cp before/* .");
	cr_assert_eq(start(), 0, "%s", err);
	put("another way");
	stop();
	run("cp domains.* other && cp this/domains.db* .");
	cr_assert_eq(start(), -EBADMSG);
	cr_assert(strstr(err, "domains.counter"), "%s", err);
	/* Each way with its own counter is whole. */
	run("rm domains.* && cp this/* .");
	cr_assert_eq(start(), 0, "%s", err);
}

Test(otrp_store, one_change_that_was_not_counted_is_taken_and_no_other)
{
	put("first");
	stop();
	run("mkdir old older && cp domains.counter older");
	cr_assert_eq(start(), 0, "%s", err);
	put("second");
	stop();
	run("cp domains.counter old && cp older/domains.counter .");
	cr_assert_eq(start(), 0, "%s", err);
	put("third");
	put("fourth");
	stop();
	run("cp old/domains.counter .");
	cr_assert_eq(start(), -ESTALE);
	cr_assert(strstr(err, "set back"), "%s", err);
}

Test(otrp_store, is_sealed_by_its_key)
{
	static const uint8_t another[DEVICE_SEAL_KEY_SIZE] = { 1, 2, 4 };
	const struct store_options wrong = { .key = another };

	put("first");
	stop();
	cr_assert_eq(store_open(&store, directory, &wrong, err, sizeof(err)), -EBADMSG);
	cr_assert_eq(start(), 0, "%s", err);
}

static int count(void *context, const struct tam_session *session)
{
	(void)session;
	++*(int *)context;
	return 0;
}

static int sessions(const char *tid)
{
	int found = 0;

	cr_assert_eq(session_each(store, &arena, span_of_text(tid), count, &found), 0);
	return found;
}

static void session(const char *tid, uint64_t requests)
{
	struct tam_memory memory = { .requests = requests };
	struct tam_session one = { .tamid = span_of_text("tam") };

	cr_assert_eq(store_begin(store), 0);
	cr_assert_eq(session_put(store, &arena, span_of_text(tid), &memory, &one), 0);
	cr_assert_eq(store_commit(store), 0);
}

/* Its older place is another's by and by, which must not take it along. */
Test(otrp_store, a_session_whose_id_is_used_again_begins_anew)
{
	session("again", 0);
	session("again", 1);
	session("other", SESSIONS_REMEMBERED);
	cr_assert_eq(sessions("again"), 1);
	cr_assert_eq(sessions("other"), 1);
	session("third", SESSIONS_REMEMBERED + 1);
	cr_assert_eq(sessions("again"), 0);
	cr_assert_eq(sessions("other"), 1);
	cr_assert_eq(sessions("third"), 1);
}

/* Whoever has come to it, the thread or the caller, each commit has happened when it has ended. */
Test(otrp_store, a_thread_commits_as_the_caller_does)
{
	struct committer *committer;
	struct span value;
	char text[16];

	cr_assert_eq(committer_open(&committer, store), 0);
	committer_start(committer);
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "value%d", i);
		cr_assert_eq(store_begin(store), 0);
		cr_assert_eq(store_put(store, span_of_text("Kkey"), span_of_text(text)), 0);
		committer_begin(committer);
		if (i % 2)
			usleep(100);
		cr_assert_eq(committer_end(committer), 0);
		if (i % 20)
			continue;
		committer_close(committer);
		stop();
		cr_assert_eq(start(), 0, "%s", err);
		cr_assert_eq(store_get(store, span_of_text("Kkey"), &arena, &value), 0);
		cr_assert(span_is(value, text));
		cr_assert_eq(committer_open(&committer, store), 0);
		/* The last ones without a thread. */
		if (i < 160)
			committer_start(committer);
	}
	committer_close(committer);
}
