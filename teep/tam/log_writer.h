/*
 * What sessions leave in the message log and the event log, written by one thread for all of a
 * process: rows of many sessions in one transaction, at most a tenth of a second after the state
 * that they tell of.
 *
 * Runs in teesim-tam, each of whose processes has one. The logs are for people: a process that is
 * killed, or a database that goes away at that moment, costs the last rows, and nothing that any
 * session goes by. What people do, and alarms, are written with their own transactions.
 */
#ifndef TEESIM_TEEP_TAM_LOG_WRITER_H
#define TEESIM_TEEP_TAM_LOG_WRITER_H

#include "teep/tam/event_log.h"
#include "teep/tam/message_log.h"

struct log_writer;

struct log_writer_options {
	struct tam_database_options
		database; /* for its own handle; what it points to outlives it */
	/* Told of rows that are lost, in its thread. */
	void (*lost)(size_t rows, const char *why);
};

/* NULL without memory. */
struct log_writer *log_writer_open(const struct log_writer_options *options);
/* Writes what there is first. NULL does nothing. */
void log_writer_close(struct log_writer *writer);

/* Take copies, from any thread. Rows of one thread keep their order. 0 or -ENOMEM. */
int log_writer_message(struct log_writer *writer, const struct message *message);
int log_writer_event(struct log_writer *writer, const struct event *event);

/* Whatever was handed over before is written, or lost, when this returns: for those who are about
 * to read. NULL does nothing. */
void log_writer_flush(struct log_writer *writer);

#endif
