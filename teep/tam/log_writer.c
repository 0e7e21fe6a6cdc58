#include "teep/tam/log_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_MS 100
/* Octets that wait; with more, they are written at once. */
#define BATCH_SIZE (512U << 10)
/* With more than these the writer does not keep up, and rows are lost. */
#define QUEUE_SIZE (16U << 20)

struct entry {
	struct entry *next;
	size_t size;
	bool is_event;
	union {
		struct message message;
		struct event event;
	};
	char texts[];
};

struct log_writer {
	struct log_writer_options options;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake, settled;
	struct entry *first, **last;
	size_t size, dropped;
	uint64_t given, done; /* rows */
	bool urgent, stopping;
	/* Of the thread alone. */
	struct tam_database *database;
};

static int write_entries(struct tam_database *database, void *context)
{
	int rc = 0;

	for (const struct entry *entry = context; rc == 0 && entry; entry = entry->next) {
		const struct event *event = &entry->event;
		struct message message;

		if (entry->is_event) {
			rc = event_log_add(database, event->kind, event->subject, event->spid,
					   event->who, event->text);
		} else {
			message = entry->message;
			rc = message_log_add(database, &message);
		}
	}
	return rc;
}

static void batch_write(struct log_writer *writer, struct entry *first, size_t dropped)
{
	char error[256] = "they came faster than they could be written";
	struct entry *next;
	int rc = 0;

	if (!writer->database)
		rc = tam_database_open(&writer->database, &writer->options.database, error,
				       sizeof(error));
	if (rc == 0)
		rc = tam_database_transaction(writer->database, TAM_RELAXED, write_entries, first);
	if (rc && writer->database)
		(void)snprintf(error, sizeof(error), "%s", tam_database_error(writer->database));
	for (; first; first = next) {
		next = first->next;
		dropped += rc != 0;
		free(first);
	}
	if (dropped && writer->options.lost)
		writer->options.lost(dropped, error);
}

static void wait_a_little(struct log_writer *writer)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += WAIT_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (!writer->urgent && !writer->stopping && writer->size < BATCH_SIZE)
		if (pthread_cond_timedwait(&writer->wake, &writer->mutex, &until))
			break;
}

static void *writer_run(void *context)
{
	struct log_writer *writer = context;
	struct entry *first;
	size_t dropped;
	uint64_t upto;

	(void)pthread_mutex_lock(&writer->mutex);
	for (;;) {
		while (!writer->first && !writer->stopping)
			(void)pthread_cond_wait(&writer->wake, &writer->mutex);
		if (!writer->first)
			break;
		wait_a_little(writer);
		first = writer->first;
		dropped = writer->dropped;
		upto = writer->given;
		writer->first = NULL;
		writer->last = &writer->first;
		writer->size = writer->dropped = 0;
		writer->urgent = false;
		(void)pthread_mutex_unlock(&writer->mutex);
		batch_write(writer, first, dropped);
		(void)pthread_mutex_lock(&writer->mutex);
		writer->done = upto;
		(void)pthread_cond_broadcast(&writer->settled);
	}
	(void)pthread_mutex_unlock(&writer->mutex);
	tam_database_close(writer->database);
	return NULL;
}

struct log_writer *log_writer_open(const struct log_writer_options *options)
{
	struct log_writer *writer = calloc(1, sizeof(*writer));
	pthread_condattr_t monotonic;

	if (!writer)
		return NULL;
	writer->options = *options;
	writer->last = &writer->first;
	(void)pthread_mutex_init(&writer->mutex, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&writer->wake, &monotonic);
	(void)pthread_cond_init(&writer->settled, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	if (pthread_create(&writer->thread, NULL, writer_run, writer) == 0)
		return writer;
	(void)pthread_cond_destroy(&writer->wake);
	(void)pthread_cond_destroy(&writer->settled);
	(void)pthread_mutex_destroy(&writer->mutex);
	free(writer);
	return NULL;
}

void log_writer_close(struct log_writer *writer)
{
	if (!writer)
		return;
	(void)pthread_mutex_lock(&writer->mutex);
	writer->stopping = true;
	(void)pthread_cond_signal(&writer->wake);
	(void)pthread_mutex_unlock(&writer->mutex);
	(void)pthread_join(writer->thread, NULL);
	(void)pthread_cond_destroy(&writer->wake);
	(void)pthread_cond_destroy(&writer->settled);
	(void)pthread_mutex_destroy(&writer->mutex);
	free(writer);
}

static struct entry *entry_new(size_t texts)
{
	struct entry *entry = malloc(sizeof(*entry) + texts);

	if (entry)
		*entry = (struct entry) { .size = sizeof(*entry) + texts };
	return entry;
}

/* NULL is "". */
static const char *text_keep(char **at, const char *text)
{
	char *copy = *at;

	*at = stpcpy(copy, text ? text : "") + 1;
	return copy;
}

static size_t room_of(const char *text)
{
	return (text ? strlen(text) : 0) + 1;
}

static void entry_give(struct log_writer *writer, struct entry *entry)
{
	(void)pthread_mutex_lock(&writer->mutex);
	if (writer->size + entry->size > QUEUE_SIZE) {
		writer->dropped++;
		free(entry);
	} else {
		if (!writer->first || writer->size + entry->size >= BATCH_SIZE)
			(void)pthread_cond_signal(&writer->wake);
		writer->size += entry->size;
		writer->given++;
		*writer->last = entry;
		writer->last = &entry->next;
	}
	(void)pthread_mutex_unlock(&writer->mutex);
}

int log_writer_message(struct log_writer *writer, const struct message *message)
{
	struct entry *entry = entry_new(room_of(message->tid) + room_of(message->did) +
					room_of(message->kind) + room_of(message->decoded) +
					room_of(message->status) + room_of(message->error));
	char *at;

	if (!entry)
		return -ENOMEM;
	at = entry->texts;
	entry->message = *message;
	entry->message.tid = text_keep(&at, message->tid);
	entry->message.did = text_keep(&at, message->did);
	entry->message.kind = text_keep(&at, message->kind);
	entry->message.decoded = text_keep(&at, message->decoded);
	entry->message.status = text_keep(&at, message->status);
	entry->message.error = text_keep(&at, message->error);
	if (!entry->message.at)
		entry->message.at = tam_time_now();
	entry_give(writer, entry);
	return 0;
}

int log_writer_event(struct log_writer *writer, const struct event *event)
{
	struct entry *entry =
		entry_new(room_of(event->kind) + room_of(event->subject) + room_of(event->spid) +
			  room_of(event->who) + room_of(event->text));
	char *at;

	if (!entry)
		return -ENOMEM;
	at = entry->texts;
	entry->is_event = true;
	entry->event = *event;
	entry->event.kind = text_keep(&at, event->kind);
	entry->event.subject = text_keep(&at, event->subject);
	entry->event.spid = text_keep(&at, event->spid);
	entry->event.who = text_keep(&at, event->who);
	entry->event.text = text_keep(&at, event->text);
	entry_give(writer, entry);
	return 0;
}

void log_writer_flush(struct log_writer *writer)
{
	uint64_t upto;

	if (!writer)
		return;
	(void)pthread_mutex_lock(&writer->mutex);
	upto = writer->given;
	while (writer->done < upto) {
		writer->urgent = true;
		(void)pthread_cond_signal(&writer->wake);
		(void)pthread_cond_wait(&writer->settled, &writer->mutex);
	}
	(void)pthread_mutex_unlock(&writer->mutex);
}
