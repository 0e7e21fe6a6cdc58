/* The logs of sessions, written in batches. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database_kit.h"
#include "teep/tam/log_writer.h"

TestSuite(tam_log_writer, .init = kit_begin, .fini = kit_end);

#define THREADS 4
#define ROWS	200

static struct log_writer *writer;
static size_t lost_rows;

static void lost(size_t rows, const char *why)
{
	cr_assert(why[0]);
	lost_rows += rows;
}

static void writer_begin(const char *where)
{
	const struct log_writer_options options = {
		.database = { .where = where, .vault = kit.vault, .shared = true }, .lost = lost
	};

	writer = log_writer_open(&options);
	cr_assert_not_null(writer);
}

/* A message and an event, in memory that is gone when they are written. */
static void say(const char *tid, int number)
{
	char *kind = strdup(tid);
	struct message message = { .tid = kind, .kind = kind, .seq = number, .counted = true };
	const struct event event = { .kind = kind, .subject = kind, .text = kind };

	cr_assert_eq(log_writer_message(writer, &message), 0);
	cr_assert_eq(log_writer_event(writer, &event), 0);
	memset(kind, 'x', strlen(kind));
	free(kind);
}

static void *say_much(void *context)
{
	const char *tid = context;

	for (int i = 1; i <= ROWS; i++)
		say(tid, i);
	return NULL;
}

static void all_there(const char *tid, size_t rows)
{
	const struct message_filter filter = { .tid = tid, .limit = 1000 };
	struct message *messages;
	struct event *events;
	size_t count;

	cr_assert_eq(message_log_list(kit.db, &filter, &kit.arena, &messages, &count), 0);
	cr_assert_eq(count, rows);
	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(messages[i].seq, (int64_t)i + 1, "in the order that it was said");
		cr_assert_str_eq(messages[i].kind, tid);
		cr_assert_str_eq(messages[i].decoded, "");
		cr_assert_gt(messages[i].at, 0);
	}
	cr_assert_eq(event_log_list(kit.db, NULL, tid, 0, 1000, &kit.arena, &events, &count), 0);
	cr_assert_eq(count, rows);
}

Test(tam_log_writer, what_all_threads_say_is_there_once_and_in_order_when_it_is_asked_for)
{
	static char tids[THREADS][4] = { "a", "b", "c", "d" };
	pthread_t threads[THREADS];

	writer_begin(kit.where);
	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, say_much, tids[i]), 0);
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	log_writer_flush(writer);
	for (int i = 0; i < THREADS; i++)
		all_there(tids[i], ROWS);
	log_writer_flush(writer);
	say("late", 1);
	log_writer_close(writer);
	all_there("late", 1);
	cr_assert_eq(lost_rows, 0);
	log_writer_flush(NULL);
	log_writer_close(NULL);
}

Test(tam_log_writer, a_database_that_is_not_there_holds_nobody_up)
{
	writer_begin("/nowhere/tam.db");
	say("a", 1);
	log_writer_flush(writer);
	cr_assert_eq(lost_rows, 2);
	say("a", 2);
	log_writer_close(writer);
	cr_assert_eq(lost_rows, 4);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM message"), 0);
}
