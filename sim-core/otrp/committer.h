/*
 * A thread that commits a transaction of the store while the caller makes the answer to it, which
 * must not leave before.
 *
 * Runs in the TEE's OTrP process, and is confined as that is. The store is the thread's from
 * committer_begin() to committer_end(), and the caller's at all other times. Where the thread has
 * not come to it by then, or there is none (with one CPU it would be of no use), the caller
 * commits.
 */
#ifndef TEESIM_OTRP_COMMITTER_H
#define TEESIM_OTRP_COMMITTER_H

#include "otrp/store.h"

struct committer;

/* The store stays the caller's, and outlives it. There is no thread yet. 0 or -ENOMEM. */
int committer_open(struct committer **out, struct store *store);
void committer_close(struct committer *committer);

/* Starts the thread, which runs when this returns; can't be had is no failure. It inherits what
 * files the caller may reach, so that comes before; a filter of all threads comes behind. */
void committer_start(struct committer *committer);

void committer_begin(struct committer *committer);

/* What store_commit() returned. */
int committer_end(struct committer *committer);

#endif
