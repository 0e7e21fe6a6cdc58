#include "storage/database.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/paths.h"

/* Written in the file's header, so that no other program takes it for its own. */
#define APPLICATION_ID "0x7465651"
#define SCHEMA	       "CREATE TABLE row(id INTEGER PRIMARY KEY, data BLOB NOT NULL)"
/* How long somebody else may hold the file: readers of the command line. */
#define BUSY_MS 20000
/* So much of the file is read in place, and the rest as files are. */
#define MAPPED "1073741824"

enum statement {
	STATEMENT_BEGIN,
	STATEMENT_BEGIN_READ,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_GET,
	STATEMENT_SCAN,
	STATEMENT_PUT,
	STATEMENT_REMOVE,
	STATEMENT_REMOVE_SOME,
	STATEMENT_NEXT,
	STATEMENTS,
};

static const char *const statement_text[STATEMENTS] = {
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_BEGIN_READ] = "BEGIN",
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_ROLLBACK] = "ROLLBACK",
	[STATEMENT_GET] = "SELECT data FROM row WHERE id = ?1",
	[STATEMENT_SCAN] = "SELECT data, id FROM row WHERE id >= ?1 AND id <= ?2 ORDER BY id",
	[STATEMENT_PUT] = "INSERT OR REPLACE INTO row(id, data) VALUES(?1, ?2)",
	[STATEMENT_REMOVE] = "DELETE FROM row WHERE id >= ?1 AND id <= ?2",
	[STATEMENT_REMOVE_SOME] = ("DELETE FROM row WHERE id IN (SELECT id FROM row WHERE id >= ?1 "
				   "AND id <= ?2 ORDER BY id LIMIT ?3)"),
	[STATEMENT_NEXT] = "SELECT id FROM row WHERE id >= ?1 AND id <= ?2 ORDER BY id LIMIT 1",
};

struct database {
	sqlite3 *handle;
	sqlite3_stmt *statement[STATEMENTS];
	/* What a read has open: ended by the next use. */
	sqlite3_stmt *reading;
	/* The file never becomes smaller. */
	sqlite3_int64 file_size;
	/* There is a scan, and the row at which it stands. */
	bool scanning;
	int64_t scanned;
};

static int error_of(struct database *database, int code)
{
	switch (code & 0xFF) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR:
	case SQLITE_MISMATCH:
		return -EBADMSG;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	default:
		if (database->handle) {
			const int err = sqlite3_system_errno(database->handle);

			if (err == ENOSPC || err == EDQUOT || err == EFBIG)
				return -ENOSPC;
		}
		/* A file that ends too early. */
		if (code == SQLITE_IOERR_SHORT_READ || code == SQLITE_IOERR_CORRUPTFS)
			return -EBADMSG;
		return -EIO;
	}
}

static void reading_end(struct database *database)
{
	if (database->reading)
		(void)sqlite3_reset(database->reading);
	database->reading = NULL;
}

void database_scan_end(struct database *database)
{
	if (database->scanning)
		(void)sqlite3_reset(database->statement[STATEMENT_SCAN]);
	database->scanning = false;
}

static int complain(struct database *database, int code, const char *path, char *err, size_t errlen)
{
	snprintf(err, errlen, "%s: %s", path,
		 database->handle ? sqlite3_errmsg(database->handle) : sqlite3_errstr(code));
	return error_of(database, code);
}

static int execute(struct database *database, const char *text)
{
	return sqlite3_exec(database->handle, text, NULL, NULL, NULL);
}

/* Is there our table, and nothing beside it that could act on its own? */
static int schema_check(struct database *database, bool *empty)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(database->handle, "SELECT sql FROM sqlite_schema", -1,
				      &statement, NULL);
	int entries = 0;

	while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);

		entries++;
		code = text && !strcmp(text, SCHEMA) ? SQLITE_OK : SQLITE_CORRUPT;
	}
	(void)sqlite3_finalize(statement);
	if (code != SQLITE_DONE)
		return code;
	*empty = !entries;
	return entries <= 1 ? SQLITE_OK : SQLITE_CORRUPT;
}

static int settings_apply(struct database *database, const struct database_options *options)
{
	int code;

	(void)sqlite3_busy_timeout(database->handle, BUSY_MS);
	(void)sqlite3_extended_result_codes(database->handle, 1);
	(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	code = execute(database, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
				 "PRAGMA cache_size = -4096; PRAGMA mmap_size = " MAPPED);
	if (code == SQLITE_OK && !options->read_only)
		code = execute(database, "PRAGMA journal_mode = WAL");
	if (code == SQLITE_OK)
		code = execute(database, options->durable ? "PRAGMA synchronous = FULL"
							  : "PRAGMA synchronous = OFF");
	return code;
}

int database_open(struct database **out, const char *path, const struct database_options *options,
		  char *err, size_t errlen)
{
	struct database *database = calloc(1, sizeof(*database));
	char followed[PATH_MAX];
	bool empty = false;
	int code, flags;

	*out = NULL;
	if (!database)
		return -ENOMEM;
	code = paths_follow(path, followed, sizeof(followed));
	if (!code && access(path, F_OK) < 0 && (errno != ENOENT || !options->create))
		code = -errno;
	if (code < 0) {
		snprintf(err, errlen, "%s: %s", path, strerror(-code));
		free(database);
		return code;
	}
	/* Closed to others from the first moment; what SQLite puts beside it takes after it. */
	if (options->create) {
		const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0) {
			code = -errno;
			snprintf(err, errlen, "%s: %s", path, strerror(errno));
			free(database);
			return code;
		}
		close(fd);
	}
	/* A reader takes part in the writer's journal, and so must be able to write that. */
	flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
		SQLITE_OPEN_PRIVATECACHE | (options->create ? SQLITE_OPEN_CREATE : 0);
	code = sqlite3_open_v2(followed, &database->handle, flags, NULL);
	if (code == SQLITE_OK)
		code = settings_apply(database, options);
	if (code == SQLITE_OK)
		code = schema_check(database, &empty);
	if (code == SQLITE_OK && empty)
		code = options->create ? execute(database, "PRAGMA application_id = " APPLICATION_ID
							   ";" SCHEMA)
				       : SQLITE_CORRUPT;
	if (code == SQLITE_OK && options->read_only)
		code = execute(database, "PRAGMA query_only = ON");
	for (int i = 0; code == SQLITE_OK && i < STATEMENTS; i++)
		code = sqlite3_prepare_v3(database->handle, statement_text[i], -1,
					  SQLITE_PREPARE_PERSISTENT, &database->statement[i], NULL);
	if (code != SQLITE_OK) {
		code = complain(database, code, path, err, errlen);
		database_close(database);
		return code;
	}
	*out = database;
	return 0;
}

void database_close(struct database *database)
{
	if (!database)
		return;
	reading_end(database);
	for (int i = 0; i < STATEMENTS; i++)
		(void)sqlite3_finalize(database->statement[i]);
	(void)sqlite3_close(database->handle);
	free(database);
}

/* Runs a statement that answers with no row. */
static int run(struct database *database, enum statement which)
{
	sqlite3_stmt *statement = database->statement[which];
	int code = sqlite3_step(statement);
	int err = error_of(database, code);

	(void)sqlite3_reset(statement);
	return err;
}

/* Somebody may have cut the file short, and what is mapped beyond its end is not to be touched. */
static int file_whole(struct database *database)
{
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;

	if (sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
		    SQLITE_OK ||
	    file->pMethods->xFileSize(file, &size) != SQLITE_OK)
		return -EIO;
	if (size < database->file_size)
		return -EBADMSG;
	database->file_size = size;
	return 0;
}

int database_begin(struct database *database, bool write)
{
	int err = file_whole(database);

	reading_end(database);
	return err < 0 ? err : run(database, write ? STATEMENT_BEGIN : STATEMENT_BEGIN_READ);
}

int database_commit(struct database *database)
{
	reading_end(database);
	return run(database, STATEMENT_COMMIT);
}

static bool database_in_transaction(const struct database *database)
{
	return !sqlite3_get_autocommit(database->handle);
}

void database_rollback(struct database *database)
{
	reading_end(database);
	/* SQLite itself gives up a transaction that met some kinds of failure. */
	if (database_in_transaction(database))
		(void)run(database, STATEMENT_ROLLBACK);
}

/* The octets of the row at which the statement stands. */
static int row_take(struct database *database, sqlite3_stmt *statement, const uint8_t **data,
		    size_t *size)
{
	/* Overflow pages are read only now. */
	*data = sqlite3_column_blob(statement, 0);
	*size = (size_t)sqlite3_column_bytes(statement, 0);
	if (!*data && sqlite3_errcode(database->handle) == SQLITE_NOMEM)
		return -ENOMEM;
	return *data && *size ? 0 : -EBADMSG;
}

int database_get(struct database *database, int64_t id, const uint8_t **data, size_t *size)
{
	sqlite3_stmt *statement = database->statement[STATEMENT_GET];
	int code = database_in_transaction(database) ? 0 : file_whole(database);

	reading_end(database);
	if (code < 0)
		return code;
	(void)sqlite3_bind_int64(statement, 1, id);
	database->reading = statement;
	code = sqlite3_step(statement);
	if (code == SQLITE_DONE)
		return -ENOENT;
	if (code != SQLITE_ROW)
		return error_of(database, code);
	return row_take(database, statement, data, size);
}

void database_scan(struct database *database, int64_t first, int64_t last)
{
	sqlite3_stmt *statement = database->statement[STATEMENT_SCAN];

	database_scan_end(database);
	(void)sqlite3_bind_int64(statement, 1, first);
	(void)sqlite3_bind_int64(statement, 2, last);
	database->scanning = true;
	database->scanned = INT64_MIN;
}

int database_scan_to(struct database *database, int64_t id, const uint8_t **data, size_t *size)
{
	sqlite3_stmt *statement = database->statement[STATEMENT_SCAN];

	assert(database->scanning);
	while (database->scanned < id) {
		const int code = sqlite3_step(statement);

		if (code != SQLITE_ROW && code != SQLITE_DONE)
			return error_of(database, code);
		database->scanned =
			code == SQLITE_ROW ? sqlite3_column_int64(statement, 1) : INT64_MAX;
	}
	return database->scanned == id ? row_take(database, statement, data, size) : -ENOENT;
}

int database_put(struct database *database, int64_t id, const void *data, size_t size)
{
	sqlite3_stmt *statement = database->statement[STATEMENT_PUT];

	reading_end(database);
	(void)sqlite3_bind_int64(statement, 1, id);
	(void)sqlite3_bind_blob64(statement, 2, data, size, SQLITE_STATIC);
	return run(database, STATEMENT_PUT);
}

int database_remove(struct database *database, int64_t first, int64_t last, int64_t limit,
		    int64_t *removed)
{
	const enum statement which = limit ? STATEMENT_REMOVE_SOME : STATEMENT_REMOVE;
	sqlite3_stmt *statement = database->statement[which];
	int err;

	reading_end(database);
	(void)sqlite3_bind_int64(statement, 1, first);
	(void)sqlite3_bind_int64(statement, 2, last);
	if (limit)
		(void)sqlite3_bind_int64(statement, 3, limit);
	err = run(database, which);
	if (!err && removed)
		*removed = sqlite3_changes(database->handle);
	return err;
}

int database_next(struct database *database, int64_t first, int64_t last, int64_t *id)
{
	sqlite3_stmt *statement = database->statement[STATEMENT_NEXT];
	int code, err;

	reading_end(database);
	(void)sqlite3_bind_int64(statement, 1, first);
	(void)sqlite3_bind_int64(statement, 2, last);
	code = sqlite3_step(statement);
	err = code == SQLITE_DONE ? -ENOENT : error_of(database, code);
	if (code == SQLITE_ROW)
		*id = sqlite3_column_int64(statement, 0);
	(void)sqlite3_reset(statement);
	return err;
}

int database_sync(struct database *database)
{
	int code;

	reading_end(database);
	code = execute(database, "PRAGMA synchronous = FULL");
	if (code == SQLITE_OK)
		code = sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE,
						 NULL, NULL);
	return error_of(database, code);
}

int database_limit(struct database *database, uint64_t octets)
{
	char text[64];

	snprintf(text, sizeof(text), "PRAGMA max_page_count = %llu",
		 (unsigned long long)(octets / 4096));
	return error_of(database, execute(database, text));
}
