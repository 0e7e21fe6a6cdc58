/*
 * What the TEE remembers: sealed, checked as a whole, changed in transactions, never set back.
 *
 *   domains.db       SQLite: one table of keys and sealed values
 *   domains.counter  stands for a counter in hardware: how often the store has changed, and
 *                    the mark of the state that it then had
 *
 * Runs in the TEE's OTrP process, which has the database for itself. Every value is sealed to the
 * device and bound to its key; a keyed sum over all of them and the number of changes are sealed
 * too, so that a row that was taken away or put back is noticed, and so is an older copy of the
 * whole. Keys are not secret.
 */
#ifndef TEESIM_OTRP_STORE_H
#define TEESIM_OTRP_STORE_H

#include "teep/otrp/arena.h"

struct store;

/* How far a store is from its counter; all zero for none. */
struct store_gap {
	uint64_t behind; /* changes that the store lacks */
	uint64_t ahead;	 /* changes that the counter lacks: it was set back, or lost */
};

struct store_options {
	uint64_t size_max; /* of the database, in octets; 0 for a gigabyte */
	bool durable;	   /* a commit outlasts a loss of power, not only of processes */
	/* What it is sealed under, DEVICE_SEAL_KEY_SIZE octets; NULL: derived from the hardware key
	 * in the directory. */
	const uint8_t *key;
	/* Where this is not NULL, a store that is whole, but not what its counter says, is opened
	 * all the same; it gets by how many changes. The next transaction takes both to where
	 * neither was; without one it stays refused. */
	struct store_gap *gap;
};

/*
 * Open the store in `directory`, which is a device's, made when there is none. Returns 0 or, with
 * one line in `err`, -EBADMSG when it was tampered with, -ESTALE when it is older than the counter,
 * or more than one change newer, -EBUSY when somebody else has it, or another -errno.
 */
int store_open(struct store **out, const char *directory, const struct store_options *options,
	       char *err, size_t errlen);

/* An unfinished transaction is undone. */
void store_close(struct store *store);

/*
 * Changes are made between begin and commit; when a commit has returned 0, killing the process
 * takes nothing of it back. After any error but -ENOENT roll back. -ENOSPC: the store is full. -EIO
 * of a beginning: the counter can't be written, and nothing may change until it can.
 */
int store_begin(struct store *store);
int store_commit(struct store *store);
void store_rollback(struct store *store);

/* 0, -ENOENT, -EBADMSG, -ENOMEM or -EIO. */
int store_get(struct store *store, struct span key, struct arena *arena, struct span *value);
int store_put(struct store *store, struct span key, struct span value);
int store_delete(struct store *store, struct span key);

/* The same as store_put(), but done by store_commit(), which then fails as this would. Until then
 * the old value, if there is one, is there, and both spans must stay as they are. Not for a key
 * that the same transaction changes otherwise. */
int store_put_late(struct store *store, struct span key, struct span value);

/* Each key that begins with `prefix`, in order, until `each` returns something else than 0, which
 * is then returned. `each` must not change the store. With `values` false, none is unsealed. */
int store_scan(struct store *store, struct span prefix, bool values,
	       int (*each)(void *context, struct span key, struct span value), void *context);

/* A key of a kind and parts that hold no zero octet; all in the arena. Data is NULL without
 * memory. A prefix of it has fewer parts. */
struct span store_key(struct arena *arena, char kind, unsigned count, const struct span *parts);

#endif
