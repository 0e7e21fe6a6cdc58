/*
 * The TAM's database: SQLite in a file, or PostgreSQL where one machine is not enough. Everything
 * behind this header is written once for both.
 *
 * Runs in teesim-tam and in tools on the TAM's machine. It trusts the database to keep what it was
 * given, and whoever can write to it; secrets are sealed before they come here (vault.h). A handle
 * belongs to one thread. Functions return 0 or a negative errno, whose text tam_database_error()
 * has:
 *     -EAGAIN     another transaction was in the way, or the connection was lost; it can be tried
 *                 again, which tam_database_transaction() does
 *     -EEXIST     there is a row with that key already
 *     -ENOLINK    the row names one that is not there, or others name it
 *     -EILSEQ     a text is not UTF-8
 *     -ENOSPC, -ENOMEM, -EACCES, -EBADMSG (damaged), -EIO (all else)
 * A statement that fails inside a transaction dooms it: whatever follows fails alike.
 *
 * SQL is PostgreSQL's, as far as SQLite has the same; arguments are $1, $2, …; "FOR UPDATE" at the
 * end is left out for SQLite, where a transaction that writes is alone. Columns are BIGINT, TEXT
 * and octets; there is no boolean, and counts are cast to BIGINT where PostgreSQL makes them
 * numeric.
 */
#ifndef TEESIM_TEEP_TAM_DATABASE_H
#define TEESIM_TEEP_TAM_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "teep/otrp/arena.h"

struct tam_database;
struct vault;

struct tam_database_options {
	/* The path of an SQLite file, or a connection string: postgresql://… or postgres://… */
	const char *where;
	/* Make the file and the tables where there are none, and bring old tables up to date;
	 * otherwise -ENOENT, and -EPROTO for another version. */
	bool create;
	/*
	 * With SQLite, this thread's handle and those of other threads that say so may be one and
	 * the same behind their backs: they read and write one after the other, and fast. For
	 * threads that do many small things.
	 */
	bool shared;
	/* What seals secrets; borrowed, and must outlive the handle. NULL for a handle that neither
	 * seals nor unseals. -EKEYREJECTED when the database was made with another. */
	const struct vault *vault;
};

/* Whether it is a connection string, and not a path. */
bool database_is_postgresql(const char *where);

/*
 * Whether there is a database to go on with. A file that is gone, or that nothing was ever put
 * into, is none: made anew, it would be a TAM without anything and without a token. A PostgreSQL
 * database, whose existence somebody saw to, counts as there.
 */
bool tam_database_is_there(const char *where);

/* `err` receives one line for the user. */
int tam_database_open(struct tam_database **database, const struct tam_database_options *options,
		      char *err, size_t errlen);
/* Whatever is under way is undone. NULL does nothing. */
void tam_database_close(struct tam_database *database);

/* "sqlite" or "postgresql". */
const char *tam_database_kind(const struct tam_database *database);
const struct vault *tam_database_vault(const struct tam_database *database);
/* One line about the last failure, until the next call; never NULL. */
const char *tam_database_error(const struct tam_database *database);

/* Milliseconds since 1970: the unit of every time in the database. */
int64_t tam_time_now(void);
/* Milliseconds of a clock that is never set, for how long something takes. */
int64_t tam_time_steady(void);

/* ---- Transactions ---------------------------------------------------------------------------- */

enum tam_durability {
	/* Outlasts a loss of power once committed: what people have asked for. */
	TAM_DURABLE,
	/* Outlasts the death of every process, and after a loss of power is there as a whole or not
	 * at all: what a device can tell again. */
	TAM_RELAXED,
};

/*
 * Run `work` in a transaction and commit; on its failure, undo. On -EAGAIN all is undone and `work`
 * runs again, some ten times with growing pauses, while twenty seconds are not over: it must start
 * from what it reads. Inside another transaction `work` simply runs as a part of that, and -EAGAIN
 * goes up to it. -EIO after a connection was lost during commit: whether it was done is not known.
 */
int tam_database_transaction(struct tam_database *database, enum tam_durability durability,
			     int (*work)(struct tam_database *database, void *context),
			     void *context);

/* ---- Statements ------------------------------------------------------------------------------ */

struct tam_value {
	enum {
		TAM_VALUE_NULL,
		TAM_VALUE_INTEGER,
		TAM_VALUE_TEXT,
		TAM_VALUE_OCTETS,
	} type;
	int64_t integer;
	struct span octets; /* of text as well; borrowed until the rows are closed */
};

#define TAM_MAX_VALUES 24

static inline struct tam_value tam_null(void)
{
	return (struct tam_value) { .type = TAM_VALUE_NULL };
}

static inline struct tam_value tam_integer(int64_t integer)
{
	return (struct tam_value) { .type = TAM_VALUE_INTEGER, .integer = integer };
}

/* NULL for NULL. */
static inline struct tam_value tam_text(const char *text)
{
	return text ? (struct tam_value) { .type = TAM_VALUE_TEXT, .octets = span_of_text(text) }
		    : tam_null();
}

/* NULL for a span without data. */
static inline struct tam_value tam_octets(struct span octets)
{
	return octets.data ? (struct tam_value) { .type = TAM_VALUE_OCTETS, .octets = octets }
			   : tam_null();
}

/* The arguments of a statement: TAM_VALUES(tam_text(did), tam_integer(7)), or TAM_NO_VALUES. */
#define TAM_VALUES(...)                             \
	(const struct tam_value[]) { __VA_ARGS__ }, \
		(sizeof((const struct tam_value[]) { __VA_ARGS__ }) / sizeof(struct tam_value))
#define TAM_NO_VALUES NULL, 0

/*
 * Run a statement that has no rows. `*changed`, unless NULL, is how many rows it touched.
 * Statements are prepared once per handle and text, so texts are literals and never have values in
 * them.
 */
int tam_database_run(struct tam_database *database, const char *sql, const struct tam_value *values,
		     size_t count, int64_t *changed);

/*
 * Run one that has rows (SELECT, or RETURNING). Rows are there until tam_rows_close(). Several may
 * be open; the same text must not be run again meanwhile.
 */
struct tam_rows;
int tam_database_query(struct tam_database *database, struct tam_rows **rows, const char *sql,
		       const struct tam_value *values, size_t count);

/* 1: there is a row; 0: there are no more; or a negative errno. */
int tam_rows_next(struct tam_rows *rows);
/* NULL does nothing. */
void tam_rows_close(struct tam_rows *rows);

static inline void tam_rows_release(struct tam_rows **rows)
{
	tam_rows_close(*rows);
}
#define TAM_ROWS_AUTO __attribute__((cleanup(tam_rows_release))) struct tam_rows

/* Columns of the row, from 0; borrowed until the next row. A NULL is 0, or a span without data. */
bool tam_row_is_null(struct tam_rows *rows, int column);
int64_t tam_row_integer(struct tam_rows *rows, int column);
struct span tam_row_octets(struct tam_rows *rows, int column);

/*
 * The same, copied into an arena, text with a zero behind it; what is NULL becomes "". Without
 * memory the result is empty, and the next tam_rows_next() gives -ENOMEM.
 */
const char *tam_row_text(struct tam_rows *rows, int column, struct arena *arena);
struct span tam_row_copy(struct tam_rows *rows, int column, struct arena *arena);

/* How a row becomes a struct. */
typedef void tam_row_reader(struct tam_rows *rows, struct arena *arena, void *item);

/* Run a query and read its one row (-ENOENT: there is none), or all, as an array in the arena. */
int tam_database_read_one(struct tam_database *database, struct arena *arena, tam_row_reader *read,
			  void *item, const char *sql, const struct tam_value *values,
			  size_t count);
int tam_database_read_all(struct tam_database *database, struct arena *arena, tam_row_reader *read,
			  size_t item_size, void *list, size_t *items, const char *sql,
			  const struct tam_value *values, size_t count);

/* For LIKE … ESCAPE '!': whatever has `part` in it. NULL for NULL, and without memory. */
const char *tam_like_pattern(const char *part, struct arena *arena);

/* The one row's one integer; -ENOENT when there is no row. */
int tam_database_integer(struct tam_database *database, int64_t *out, const char *sql,
			 const struct tam_value *values, size_t count);

#endif
