/* The TAM's database in a file of SQLite: its journal is a WAL, so readers don't wait for writers
 * in other processes. */
#include "teep/tam/database_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "device/paths.h"

/* Written in the file's header, so that no other program takes it for its own. */
#define APPLICATION_ID "0x7465746d"
/* How long writers wait for each other before the transaction is given up. */
#define BUSY_MS	   10000
#define FOR_UPDATE " FOR UPDATE"

/*
 * The file, opened. Connections of threads that agree to it use one together, one at a time: what
 * one of them has read or written is in memory for the next, while several would forget all that
 * they know at each other's commits.
 */
struct file {
	struct file *next; /* of those that are shared */
	unsigned users;
	char *where;
	pthread_mutex_t mutex; /* of what follows */
	sqlite3 *handle;
	sqlite3_stmt *begin, *commit; /* every message has one of each */
	enum tam_durability durability;
	int64_t busy_since;
	bool impatient; /* who finds it busy asks again himself */
};

struct connection {
	struct file *file;
	unsigned held; /* statements that have begun, and the transaction, want the file */
	bool has_turn;
};

static struct file *files;
static pthread_mutex_t files_mutex = PTHREAD_MUTEX_INITIALIZER;

/* One writes at a time: threads of one process queue here, where the next is woken at once, and
 * processes ask again and again. Taken before the file is, so that readers have it meanwhile. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

struct statement {
	sqlite3_stmt *statement;
	/* Where $1, $2, … are: SQLite numbers them in the order in which they stand in the text. */
	int place[TAM_MAX_VALUES];
	bool begun; /* the file is held for it */
};

static int error_of(const struct file *file, int code)
{
	switch (code & 0xFF) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EAGAIN;
	case SQLITE_CONSTRAINT:
		if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
		    code == SQLITE_CONSTRAINT_ROWID)
			return -EEXIST;
		return code == SQLITE_CONSTRAINT_FOREIGNKEY ? -ENOLINK : -EIO;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		return -EBADMSG;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	default:
		if (file->handle) {
			const int err = sqlite3_system_errno(file->handle);

			if (err == ENOSPC || err == EDQUOT || err == EFBIG)
				return -ENOSPC;
		}
		return -EIO;
	}
}

static int complain(const struct file *file, int code, char *error)
{
	snprintf(error, TAM_ERROR_SIZE, "%s", sqlite3_errmsg(file->handle));
	return error_of(file, code);
}

static int mutex_take(pthread_mutex_t *mutex, const char *why, char *error)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += BUSY_MS / 1000;
	if (pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until) == 0)
		return 0;
	snprintf(error, TAM_ERROR_SIZE, "%s", why);
	return -EAGAIN;
}

static int hold(struct connection *connection, char *error)
{
	int rc = connection->held ? 0
				  : mutex_take(&connection->file->mutex,
					       "another thread reads for too long", error);

	connection->held += rc == 0;
	return rc;
}

static void release(struct connection *connection)
{
	if (--connection->held == 0)
		pthread_mutex_unlock(&connection->file->mutex);
}

/* Short pauses of random length: many writers with short transactions all get their turn. */
static void busy_pause(int times)
{
	struct timespec pause = { 0 };
	uint16_t random = 0;

	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	pause.tv_nsec = 200000 + random % 32768 * (times < 10 ? 30 : 150);
	nanosleep(&pause, NULL);
}

static int wait_while_busy(void *context, int times)
{
	struct file *file = context;

	if (file->impatient)
		return 0;
	if (times == 0)
		file->busy_since = tam_time_now();
	else if (tam_time_now() - file->busy_since > BUSY_MS)
		return 0;
	busy_pause(times);
	return 1;
}

static int file_execute(const struct file *file, const char *sql, char *error)
{
	const int code = sqlite3_exec(file->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : complain(file, code, error);
}

static int execute(void *context, const char *sql, char *error)
{
	struct connection *connection = context;
	int rc = hold(connection, error);

	if (rc)
		return rc;
	rc = file_execute(connection->file, sql, error);
	release(connection);
	return rc;
}

/* One that was prepared, and has no rows. */
static int execute_prepared(const struct file *file, sqlite3_stmt *statement, char *error)
{
	const int code = sqlite3_step(statement);
	const int rc = code == SQLITE_DONE ? 0 : complain(file, code, error);

	(void)sqlite3_reset(statement);
	return rc;
}

/* Gone with its last user; out of the list already. */
static void file_close(struct file *file)
{
	(void)sqlite3_finalize(file->begin);
	(void)sqlite3_finalize(file->commit);
	(void)sqlite3_close(file->handle);
	(void)pthread_mutex_destroy(&file->mutex);
	free(file->where);
	free(file);
}

static void file_leave(struct file *file)
{
	bool last;

	(void)pthread_mutex_lock(&files_mutex);
	last = --file->users == 0;
	for (struct file **at = &files; last && *at; at = &(*at)->next)
		if (*at == file) {
			*at = file->next;
			break;
		}
	(void)pthread_mutex_unlock(&files_mutex);
	if (last)
		file_close(file);
}

static void close_connection(void *context)
{
	struct connection *connection = context;

	if (connection->held)
		pthread_mutex_unlock(&connection->file->mutex);
	file_leave(connection->file);
	free(connection);
}

/*
 * Closed to others from the first moment; what SQLite puts beside it takes after it. A file that is
 * there is not touched: to open and close it would let go of the locks that other handles of this
 * process have on it.
 */
static int file_make(const char *path)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	close(fd);
	return 0;
}

static int keep_prepared(const struct file *file, const char *sql, sqlite3_stmt **out, char *error)
{
	const int code =
		sqlite3_prepare_v3(file->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);

	return code == SQLITE_OK ? 0 : complain(file, code, error);
}

static int settings_apply(struct file *file, char *error)
{
	int rc;

	(void)sqlite3_busy_handler(file->handle, wait_while_busy, file);
	(void)sqlite3_extended_result_codes(file->handle, 1);
	(void)sqlite3_db_config(file->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(file->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(file->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	(void)sqlite3_db_config(file->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	/* Several who open a new file at once may find each other in the way here. */
	for (int tries = 0; tries < 100; tries++) {
		rc = file_execute(file, "PRAGMA journal_mode = WAL", error);
		if (rc != -EAGAIN)
			break;
		(void)wait_while_busy(file, 10);
	}
	if (!rc)
		rc = file_execute(
			file,
			"PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"
			"PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;"
			/* Secrets come here sealed: pages that are let go need not be wiped. */
			"PRAGMA secure_delete = FAST; PRAGMA wal_autocheckpoint = 8000;"
			"PRAGMA synchronous = FULL; PRAGMA application_id = " APPLICATION_ID,
			error);
	file->durability = TAM_DURABLE;
	if (!rc)
		rc = keep_prepared(file, "BEGIN IMMEDIATE", &file->begin, error);
	if (!rc)
		rc = keep_prepared(file, "COMMIT", &file->commit, error);
	return rc;
}

static int file_open(struct file **out, const char *where, bool create, char *error)
{
	struct file *file = calloc(1, sizeof(*file));
	char reason[TAM_ERROR_SIZE - 128] = "", followed[PATH_MAX];
	int code, rc;

	if (!file)
		return -ENOMEM;
	file->users = 1;
	(void)pthread_mutex_init(&file->mutex, NULL);
	rc = create ? file_make(where) : access(where, F_OK) < 0 ? -errno : 0;
	if (!rc)
		rc = paths_follow(where, followed, sizeof(followed));
	if (rc) {
		snprintf(error, TAM_ERROR_SIZE, "%.300s: %s", where, strerror(-rc));
		file_close(file);
		return rc;
	}
	code = sqlite3_open_v2(followed, &file->handle,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
				       SQLITE_OPEN_PRIVATECACHE,
			       NULL);
	rc = code == SQLITE_OK ? settings_apply(file, error) : complain(file, code, error);
	if (rc) {
		snprintf(reason, sizeof(reason), "%s", error);
		snprintf(error, TAM_ERROR_SIZE, "%.100s: %s", where, reason);
		file_close(file);
		return rc;
	}
	*out = file;
	return 0;
}

/* One that others have as well. */
static int file_join(struct file **out, const char *where, bool create, char *error)
{
	struct file *file;
	int rc = 0;

	(void)pthread_mutex_lock(&files_mutex);
	for (file = files; file; file = file->next)
		if (strcmp(file->where, where) == 0)
			break;
	if (file) {
		file->users++;
	} else {
		rc = file_open(&file, where, create, error);
		if (rc == 0)
			file->where = strdup(where);
		if (rc == 0 && !file->where) {
			file_close(file);
			rc = -ENOMEM;
		}
		if (rc == 0) {
			file->next = files;
			files = file;
		}
	}
	(void)pthread_mutex_unlock(&files_mutex);
	*out = file;
	return rc;
}

static int open_connection(void **out, const struct tam_database_options *options, char *error)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int rc;

	if (!connection)
		return -ENOMEM;
	rc = options->shared ? file_join(&connection->file, options->where, options->create, error)
			     : file_open(&connection->file, options->where, options->create, error);
	if (rc) {
		free(connection);
		return rc;
	}
	*out = connection;
	return 0;
}

static int turn_take(struct connection *connection, char *error)
{
	const int rc = mutex_take(&turn, "another thread writes for too long", error);

	connection->has_turn = rc == 0;
	return rc;
}

static void turn_give(struct connection *connection)
{
	if (connection->has_turn)
		pthread_mutex_unlock(&turn);
	connection->has_turn = false;
}

static int durability_set(struct file *file, enum tam_durability durability, char *error)
{
	int rc = 0;

	if (file->durability != durability)
		rc = file_execute(file,
				  durability == TAM_DURABLE ? "PRAGMA synchronous = FULL"
							    : "PRAGMA synchronous = NORMAL",
				  error);
	if (!rc)
		file->durability = durability;
	return rc;
}

/* -EAGAIN at once when another process writes. */
static int begin_once(struct connection *connection, enum tam_durability durability, char *error)
{
	struct file *file = connection->file;
	int rc = hold(connection, error);

	if (rc)
		return rc;
	rc = durability_set(file, durability, error);
	file->impatient = true;
	if (!rc)
		rc = execute_prepared(file, file->begin, error);
	file->impatient = false;
	if (rc)
		release(connection);
	return rc;
}

/* Who has rows open here could wait for the one whose turn it is, who waits for him: then one of
 * them gives up. Nobody does. */
static int begin(void *context, enum tam_durability durability, char *error)
{
	struct connection *connection = context;
	int rc, times = 0;
	int64_t since;

	rc = turn_take(connection, error);
	if (rc)
		return rc;
	since = tam_time_now();
	while ((rc = begin_once(connection, durability, error)) == -EAGAIN &&
	       tam_time_now() - since <= BUSY_MS)
		busy_pause(times++);
	if (rc)
		turn_give(connection);
	return rc;
}

static void rollback(void *context)
{
	struct connection *connection = context;
	sqlite3 *handle = connection->file->handle;

	/* SQLite itself gives up a transaction that met some kinds of failure. */
	if (!sqlite3_get_autocommit(handle))
		(void)sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	turn_give(connection);
	release(connection);
}

static int commit(void *context, char *error)
{
	struct connection *connection = context;
	const struct file *file = connection->file;
	const int rc = execute_prepared(file, file->commit, error);

	if (!rc) {
		turn_give(connection);
		release(connection);
	}
	return rc;
}

static int prepare(void *context, const char *sql, void **out, char *error)
{
	struct connection *connection = context;
	struct statement *statement = calloc(1, sizeof(*statement));
	size_t size = strlen(sql);
	const char *rest;
	int code, rc;

	if (!statement)
		return -ENOMEM;
	rc = hold(connection, error);
	if (rc) {
		free(statement);
		return rc;
	}
	if (size > strlen(FOR_UPDATE) && !strcmp(sql + size - strlen(FOR_UPDATE), FOR_UPDATE))
		size -= strlen(FOR_UPDATE);
	code = sqlite3_prepare_v3(connection->file->handle, sql, (int)size,
				  SQLITE_PREPARE_PERSISTENT, &statement->statement, &rest);
	if (code != SQLITE_OK)
		rc = complain(connection->file, code, error);
	else if (!statement->statement)
		rc = -EIO;
	release(connection);
	if (rc) {
		free(statement);
		return rc;
	}
	for (int i = 0; i < TAM_MAX_VALUES; i++) {
		char name[8];

		snprintf(name, sizeof(name), "$%d", i + 1);
		statement->place[i] = sqlite3_bind_parameter_index(statement->statement, name);
	}
	*out = statement;
	return 0;
}

static void unprepare(void *context, void *prepared)
{
	struct connection *connection = context;
	struct statement *statement = prepared;
	char error[TAM_ERROR_SIZE];

	while (hold(connection, error))
		;
	(void)sqlite3_finalize(statement->statement);
	release(connection);
	free(statement);
}

static int bind(sqlite3_stmt *statement, int place, const struct tam_value *value)
{
	switch (value->type) {
	case TAM_VALUE_INTEGER:
		return sqlite3_bind_int64(statement, place, value->integer);
	case TAM_VALUE_TEXT:
		return sqlite3_bind_text64(statement, place, (const char *)value->octets.data,
					   value->octets.size, SQLITE_STATIC, SQLITE_UTF8);
	case TAM_VALUE_OCTETS:
		/* A pointer to nothing at all would be NULL. */
		return sqlite3_bind_blob64(statement, place,
					   value->octets.size ? (const void *)value->octets.data
							      : "",
					   value->octets.size, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(statement, place);
	}
}

static int start(void *context, void *prepared, const struct tam_value *values, size_t count,
		 char *error)
{
	struct connection *connection = context;
	struct statement *statement = prepared;
	const int rc = hold(connection, error);
	int code = SQLITE_OK;

	if (rc)
		return rc;
	statement->begun = true;
	for (size_t i = 0; i < count && code == SQLITE_OK; i++)
		if (statement->place[i])
			code = bind(statement->statement, statement->place[i], &values[i]);
	return code == SQLITE_OK ? 0 : complain(connection->file, code, error);
}

static int next(void *context, void *prepared, char *error)
{
	const struct connection *connection = context;
	struct statement *statement = prepared;
	const int code = sqlite3_step(statement->statement);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : complain(connection->file, code, error);
}

static void finish(void *context, void *prepared)
{
	struct statement *statement = prepared;

	if (!statement->begun)
		return;
	(void)sqlite3_reset(statement->statement);
	(void)sqlite3_clear_bindings(statement->statement);
	statement->begun = false;
	release(context);
}

static int64_t changed(void *context, void *prepared)
{
	const struct connection *connection = context;

	(void)prepared;
	return sqlite3_changes64(connection->file->handle);
}

static bool is_null(void *prepared, int column)
{
	struct statement *statement = prepared;

	return sqlite3_column_type(statement->statement, column) == SQLITE_NULL;
}

static int64_t integer(void *prepared, int column)
{
	struct statement *statement = prepared;

	return sqlite3_column_int64(statement->statement, column);
}

static struct span octets(void *prepared, int column)
{
	struct statement *statement = prepared;
	const void *data;

	if (is_null(prepared, column))
		return (struct span) { 0 };
	data = sqlite3_column_blob(statement->statement, column);
	return span_of(data ? data : "",
		       (size_t)sqlite3_column_bytes(statement->statement, column));
}

static int revive(void *context, char *error)
{
	(void)context;
	(void)error;
	return 0;
}

const struct tam_backend tam_backend_sqlite = {
	.name = "sqlite",
	.dialect = { .octets = "BLOB",
		     .serial = "INTEGER PRIMARY KEY AUTOINCREMENT",
		     .integer = "INTEGER",
		     .text = "TEXT",
		     .table = " STRICT",
		     .has_table = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND "
				  "name = $1",
		     .lock = NULL },
	.open = open_connection,
	.close = close_connection,
	.execute = execute,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.prepare = prepare,
	.unprepare = unprepare,
	.start = start,
	.next = next,
	.finish = finish,
	.changed = changed,
	.is_null = is_null,
	.integer = integer,
	.octets = octets,
	.revive = revive,
};
