/*
 * Sessions that this process has in hand: what it worked out for their last message, so that the
 * next one need not be read from the database and understood again.
 *
 * Runs in the TAM, shared by its threads. What is remembered proves nothing: whoever goes on from
 * it stores the outcome under the revisions that it had, which the database refuses when another
 * process was quicker; then everything is read. It owns what it is given. Where there is too much
 * of it, the oldest go first.
 */
#ifndef TEESIM_TEEP_TAM_SESSION_MEMORY_H
#define TEESIM_TEEP_TAM_SESSION_MEMORY_H

#include "teep/otrp/span.h"

struct conversation;
struct session_memory;

/* `octets`: what all sessions together may take. NULL without memory. */
struct session_memory *session_memory_open(size_t octets);
void session_memory_close(struct session_memory *memory);

/* Takes over `conversation`, which is stored and takes about that much; NULL for `memory` just
 * closes it. */
void session_memory_put(struct session_memory *memory, struct conversation *conversation,
			size_t octets);

/* The session, the caller's now, for a message with that hash; NULL where it is not there, or where
 * that message is the one that came last. */
struct conversation *session_memory_take(struct session_memory *memory, const char *tid,
					 struct span hash);

/* What was answered to the last message of the session, stored with that revision, where it was too
 * long for the database; the caller's. NULL where it is not there. */
char *session_memory_answer(struct session_memory *memory, const char *tid, int64_t revision);

/* Those that came before that moment of the monotonic clock, in seconds, are let go. */
void session_memory_expire(struct session_memory *memory, int64_t before);

#endif
