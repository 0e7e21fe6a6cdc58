/*
 * Rows in an SQLite database: one table, from number to octets. What the octets mean, and that they
 * are sealed, is no concern of this module; it trusts the file only to be read without harm.
 *
 * Runs in tee-services and in the command line. Functions return 0 or a negative errno: -ENOSPC
 * when disk or limit are full, -EBADMSG when the file is damaged, -EIO, -ENOMEM, -EBUSY.
 */
#ifndef TEESIM_STORAGE_DATABASE_H
#define TEESIM_STORAGE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct database;

struct database_options {
	/* Make it where there is none; otherwise -ENOENT. */
	bool create;
	bool read_only;
	/* Each commitment outlasts a loss of power, not only the death of processes. */
	bool durable;
};

/* `err` receives one line for the user about what is wrong with the file. */
int database_open(struct database **database, const char *path,
		  const struct database_options *options, char *err, size_t errlen);
/* Whatever is under way is undone. NULL does nothing. */
void database_close(struct database *database);

/* With `write`, nobody else writes until its end; without, what is read is of one moment. */
int database_begin(struct database *database, bool write);
int database_commit(struct database *database);
/* Harmless when nothing is under way. */
void database_rollback(struct database *database);

/* The row's octets, which are there until the database's next use. -ENOENT: there is no such row.
 */
int database_get(struct database *database, int64_t id, const uint8_t **data, size_t *size);
/* Rows in the order of their numbers, from `first` to `last`: database_scan_to() gives one, as
 * database_get() does, and leaves out those before it. Within a transaction that changes nothing;
 * other rows can be read meanwhile. */
void database_scan(struct database *database, int64_t first, int64_t last);
int database_scan_to(struct database *database, int64_t id, const uint8_t **data, size_t *size);
/* Harmless when there is no scan. */
void database_scan_end(struct database *database);
int database_put(struct database *database, int64_t id, const void *data, size_t size);
/* Of `first` up to `last` at most `limit` rows; `*removed`, unless NULL, is how many. */
int database_remove(struct database *database, int64_t first, int64_t last, int64_t limit,
		    int64_t *removed);
/* The first row from `first` on, up to `last`. -ENOENT: none. */
int database_next(struct database *database, int64_t first, int64_t last, int64_t *id);

/* Makes all that was committed outlast a loss of power, and the journal empty. */
int database_sync(struct database *database);

/* The database does not grow beyond so many octets: for tests of what happens then. */
int database_limit(struct database *database, uint64_t octets);

#endif
