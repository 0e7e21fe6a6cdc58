/*
 * Sessions between TAM and devices, so that any TAM process can take any message of any of them.
 *
 * Runs in teesim-tam. A message is worked on without a transaction: read the session, do the
 * cryptography, and store what came of it with session_table_store(), which one of several that
 * started from the same `revision` can do. So each answer of a device counts once, whichever
 * processes got it. Secrets are sealed. Results live in the caller's arena.
 */
#ifndef TEESIM_TEEP_TAM_SESSION_TABLE_H
#define TEESIM_TEEP_TAM_SESSION_TABLE_H

#include "teep/otrp/arena.h"
#include "teep/tam/database.h"

enum session_state {
	SESSION_OPEN,
	SESSION_DONE,
	SESSION_FAILED,
	SESSION_LOST, /* nothing came for too long */
};

const char *session_state_name(enum session_state state);
/* -1 for none. */
int session_state_parse(const char *name);

struct session {
	const char *tid;
	int64_t revision;
	const char *did; /* "" until the device is known */
	enum session_state state;
	/* Filled in when read: what they are in the table. */
	const char *did_stored;
	enum session_state state_stored;
	const char *rid;     /* of the request that is outstanding, "" for none */
	const char *step;    /* what that is, for people: "InstallTA" */
	struct span secret;  /* sealed at rest: the content key, and what else the engine keeps */
	struct span context; /* the engine's own, in the clear; up to 1 MiB */
	/* SHA-256 of the last message that was worked on, and what was answered then: a client that
	 * lost the answer gets the same again. Absent answer: too large to keep. */
	struct span last_hash, last_answer;
	int64_t attempts; /* since the last step forward */
	int64_t started, updated;
	const char *address, *error;
	int64_t messages;	/* filled in when read alone or in a list */
	int64_t messages_added; /* to be counted with what is stored */
};

#define SESSION_CONTEXT_MAX (1u << 20)
/* Longer answers are not kept here: to write and to free their pages costs more than the rest of
 * the session. The process that gave one has it in hand (session_memory.h). */
#define SESSION_ANSWER_MAX (32u << 10)

/*
 * How people name a session: by the first digits of its tid. The whole of it lets whoever knows it
 * fetch keys (tam_aik()), and is told to nobody but the device.
 */
#define SESSION_HANDLE_SIZE 17
const char *session_handle(const char *tid, char out[SESSION_HANDLE_SIZE]);

/* Fills in revision, started and updated. -EEXIST for a tid that was used. */
int session_table_add(struct tam_database *database, struct session *session);
/* -ENOENT. */
int session_table_get(struct tam_database *database, const char *tid, struct arena *arena,
		      struct session *out);
/* The same for a message with that hash: last_answer is absent unless it is what was answered to
 * this very message, since it is long. */
int session_table_take(struct tam_database *database, const char *tid, struct span hash,
		       struct arena *arena, struct session *out);
/* The same as session_table_get() by what people call it; what follows a handle is not looked at.
 * -ENOTUNIQ where several begin so. */
int session_table_find(struct tam_database *database, const char *handle, struct arena *arena,
		       struct session *out);
/* Everything but tid and started. -ESTALE: another process stored first; nothing changed. */
int session_table_store(struct tam_database *database, struct session *session);
/* Open sessions that were not touched since `before` become LOST, at most `limit` at once; their
 * devices' deployments go back to waiting. */
int session_table_expire(struct tam_database *database, int64_t before, int64_t limit,
			 int64_t *expired);
/* When the newest session began that has `kept` newer ones; 0 where there are no more than those.
 */
int session_table_beyond(struct tam_database *database, int64_t kept, int64_t *started);
/* Ended ones older than `before`, with their messages, at most `limit`. */
int session_table_trim(struct tam_database *database, int64_t before, int64_t limit,
		       int64_t *removed);

struct session_filter {
	const char *did, *spid; /* NULL: any; spid as in device_filter */
	int state;		/* -1: any */
	const char *after;	/* tid of the last one seen: newest first */
	int64_t limit;
};
/* Without secret, context, last_hash and last_answer. */
int session_table_list(struct tam_database *database, const struct session_filter *filter,
		       struct arena *arena, struct session **list, size_t *count);
int session_table_count(struct tam_database *database, int64_t *open, int64_t *total);

#endif
