/*
 * The messages of sessions, each with what it says, for people.
 *
 * Runs in teesim-tam. Whoever writes gives a decoded form without secrets; the octets themselves
 * are not kept, since most of them are base64 of what only one end can read. The table is kept up
 * to what message_log_trim() leaves. Results live in the caller's arena.
 */
#ifndef TEESIM_TEEP_TAM_MESSAGE_LOG_H
#define TEESIM_TEEP_TAM_MESSAGE_LOG_H

#include "teep/otrp/arena.h"
#include "teep/tam/database.h"

#define MESSAGE_DECODED_MAX (64u << 10)

struct message {
	int64_t id;
	const char *tid, *did; /* did "" when not known */
	int64_t seq;	       /* within the session, from 1 on */
	bool counted;	       /* whoever stores the session counts it, and gives seq */
	int64_t at;
	bool response;	     /* from the device; else to it */
	const char *kind;    /* "InstallTARequest" */
	int64_t size;	     /* octets on the wire */
	const char *decoded; /* a JSON object; "" for none */
	const char *status;  /* "pass", "fail" or "" */
	const char *error;   /* "" for none */
};

/* Fills in seq unless it is counted and, unless it is set, at. Messages are numbered with the
 * session's change; seq has a gap only where log_writer.h has lost some. */
int message_log_add(struct tam_database *database, struct message *message);

struct message_filter {
	const char *tid, *did; /* NULL: any */
	const char *spid;      /* as in device_filter */
	int64_t after;	       /* id; -1: the last `limit` of all */
	int64_t limit;
};
/* Oldest first. Who goes on from the last id misses none (log_order.h). */
int message_log_list(struct tam_database *database, const struct message_filter *filter,
		     struct arena *arena, struct message **list, size_t *count);

/* Keep at most so many of the newest, and none older than `before`; in many short transactions. */
int message_log_trim(struct tam_database *database, int64_t keep, int64_t before, int64_t *removed);

#endif
