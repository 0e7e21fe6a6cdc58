#include "teep/tam/database.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "teep/tam/database_backend.h"
#include "teep/tam/schema.h"
#include "teep/tam/vault.h"
#include "wire/utf8.h"

#define TRIES_MAX 12
/* No try begins so long after the first: nobody is there, or each takes long. */
#define TRIES_MS 20000
/* Of the statement cache; a power of two, well above the number of texts in the program. */
#define BUCKETS 256

struct tam_rows {
	struct tam_database *database;
	char *sql;
	void *statement; /* NULL: to be prepared */
	bool open, ended, no_memory;
	struct tam_rows *next;
};

struct tam_database {
	const struct tam_backend *backend;
	void *connection;
	const struct vault *vault;
	bool in_transaction, announced;
	int doomed; /* the failure that the transaction met */
	struct tam_rows *cache[BUCKETS];
	char error[TAM_ERROR_SIZE];
};

const char *tam_database_kind(const struct tam_database *database)
{
	return database->backend->name;
}

const struct vault *tam_database_vault(const struct tam_database *database)
{
	return database->vault;
}

const char *tam_database_error(const struct tam_database *database)
{
	return database->error[0] ? database->error : "no failure";
}

const struct tam_dialect *tam_database_dialect(const struct tam_database *database)
{
	return &database->backend->dialect;
}

int64_t tam_time_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t tam_time_steady(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool database_is_postgresql(const char *where)
{
	return strncmp(where, "postgresql://", 13) == 0 || strncmp(where, "postgres://", 11) == 0;
}

bool tam_database_is_there(const char *where)
{
	struct stat st;

	if (database_is_postgresql(where))
		return true;
	return stat(where, &st) < 0 ? errno != ENOENT : st.st_size > 0;
}

int tam_database_open(struct tam_database **out, const struct tam_database_options *options,
		      char *err, size_t errlen)
{
	struct tam_database *database = calloc(1, sizeof(*database));
	int rc;

	*out = NULL;
	if (!database)
		return -ENOMEM;
	database->backend = database_is_postgresql(options->where) ? &tam_backend_postgresql
								   : &tam_backend_sqlite;
	database->vault = options->vault;
	rc = database->backend->open(&database->connection, options, database->error);
	if (rc)
		snprintf(err, errlen, "%s", database->error);
	else
		rc = schema_apply(database, options->create, err, errlen);
	if (rc) {
		tam_database_close(database);
		return rc;
	}
	*out = database;
	return 0;
}

static void cache_forget(struct tam_database *database)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct tam_rows *rows = database->cache[i]; rows; rows = rows->next) {
			if (rows->statement)
				database->backend->unprepare(database->connection, rows->statement);
			rows->statement = NULL;
			rows->open = false;
		}
}

void tam_database_close(struct tam_database *database)
{
	if (!database)
		return;
	if (database->connection) {
		if (database->in_transaction)
			database->backend->rollback(database->connection);
		cache_forget(database);
		database->backend->close(database->connection);
	}
	for (size_t i = 0; i < BUCKETS; i++)
		while (database->cache[i]) {
			struct tam_rows *rows = database->cache[i];

			database->cache[i] = rows->next;
			free(rows->sql);
			free(rows);
		}
	free(database);
}

/* ---- Transactions ---------------------------------------------------------------------------- */

bool tam_database_announced(struct tam_database *database)
{
	const bool already = database->announced;

	database->announced = true;
	return already;
}

/* Between 1 and some 2^tries milliseconds, so that those who met do not meet again. */
static void pause_before_retry(unsigned int tries)
{
	uint32_t random = 0;
	struct timespec pause = { 0 };

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint32_t)tam_time_now();
	pause.tv_nsec = 1000000L + (long)(random % (1000000u << (tries < 8 ? tries : 8)));
	nanosleep(&pause, NULL);
}

/* A connection that is gone is made anew, with nothing prepared on it. */
static int connection_revive(struct tam_database *database)
{
	const int rc = database->backend->revive(database->connection, database->error);

	if (rc == 1)
		cache_forget(database);
	return rc < 0 ? rc : 0;
}

static int attempt(struct tam_database *database, enum tam_durability durability,
		   int (*work)(struct tam_database *, void *), void *context)
{
	int rc = connection_revive(database);

	if (rc)
		return rc;
	rc = database->backend->begin(database->connection, durability, database->error);
	if (rc)
		return rc == -ECONNRESET ? -EAGAIN : rc;
	database->in_transaction = true;
	database->announced = false;
	database->doomed = 0;
	rc = work(database, context);
	if (!rc)
		rc = database->doomed;
	if (!rc) {
		rc = database->backend->commit(database->connection, database->error);
		if (rc == -ECONNRESET)
			rc = -EIO;
	}
	if (rc)
		database->backend->rollback(database->connection);
	database->in_transaction = false;
	return rc;
}

int tam_database_transaction(struct tam_database *database, enum tam_durability durability,
			     int (*work)(struct tam_database *database, void *context),
			     void *context)
{
	int64_t until;
	int rc = -EAGAIN;

	if (database->in_transaction)
		return work(database, context);
	until = tam_time_steady() + TRIES_MS;
	for (unsigned int tries = 0; rc == -EAGAIN && tries < TRIES_MAX; tries++) {
		if (tries && tam_time_steady() >= until)
			break;
		if (tries)
			pause_before_retry(tries);
		rc = attempt(database, durability, work, context);
	}
	return rc;
}

/* ---- Statements ------------------------------------------------------------------------------ */

/* The octet behind those that are ASCII, but for some of the last; none of them is a zero. */
static const uint8_t *ascii_end(const uint8_t *at, const uint8_t *end)
{
	const uint64_t ones = 0x0101010101010101U, highs = ones << 7;
	uint64_t eight;

	for (; end - at >= (ptrdiff_t)sizeof(eight); at += sizeof(eight)) {
		memcpy(&eight, at, sizeof(eight));
		if ((eight | (eight - ones)) & highs)
			break;
	}
	return at;
}

static bool utf8_holds(struct span text)
{
	const uint8_t *end = text.data + text.size, *at = ascii_end(text.data, end);

	while (at < end) {
		const size_t size = utf8_size(at, (size_t)(end - at));

		if (size == 0 || !*at)
			return false;
		at += size;
		if (size > 1)
			at = ascii_end(at, end);
	}
	return true;
}

static int fail(struct tam_database *database, int rc)
{
	/* Inside a transaction the connection's loss is one more reason to start again. */
	if (rc == -ECONNRESET)
		rc = -EAGAIN;
	if (database->in_transaction)
		database->doomed = rc;
	return rc;
}

/* Texts are long; their lengths and some octets of each tell most of them apart. */
static uint32_t hash_of(const char *sql)
{
	const size_t size = strlen(sql);
	uint32_t hash = 2166136261u ^ (uint32_t)size;

	for (size_t i = 1; i <= 16; i++)
		hash = (hash ^ (uint8_t)sql[size * i / 17]) * 16777619u;
	return hash;
}

static struct tam_rows *cache_find(struct tam_database *database, const char *sql)
{
	struct tam_rows **bucket = &database->cache[hash_of(sql) % BUCKETS], *rows;

	for (rows = *bucket; rows; rows = rows->next)
		if (!strcmp(rows->sql, sql))
			return rows;
	rows = calloc(1, sizeof(*rows));
	if (!rows)
		return NULL;
	rows->sql = strdup(sql);
	if (!rows->sql) {
		free(rows);
		return NULL;
	}
	rows->database = database;
	rows->next = *bucket;
	*bucket = rows;
	return rows;
}

static int start(struct tam_database *database, struct tam_rows **out, const char *sql,
		 const struct tam_value *values, size_t count)
{
	const struct tam_backend *backend = database->backend;
	struct tam_rows *rows;
	int rc;

	*out = NULL;
	if (database->doomed && database->in_transaction)
		return database->doomed;
	database->error[0] = '\0';
	assert(count <= TAM_MAX_VALUES);
	for (size_t i = 0; i < count; i++)
		if (values[i].type == TAM_VALUE_TEXT && !utf8_holds(values[i].octets)) {
			snprintf(database->error, TAM_ERROR_SIZE, "a text is not UTF-8");
			return fail(database, -EILSEQ);
		}
	rows = cache_find(database, sql);
	if (!rows)
		return fail(database, -ENOMEM);
	assert(!rows->open);
	if (!rows->statement) {
		rc = backend->prepare(database->connection, sql, &rows->statement, database->error);
		if (rc)
			return fail(database, rc);
	}
	rc = backend->start(database->connection, rows->statement, values, count, database->error);
	if (rc) {
		backend->finish(database->connection, rows->statement);
		return fail(database, rc);
	}
	rows->open = true;
	rows->no_memory = rows->ended = false;
	*out = rows;
	return 0;
}

int tam_database_query(struct tam_database *database, struct tam_rows **rows, const char *sql,
		       const struct tam_value *values, size_t count)
{
	const int64_t until = tam_time_steady() + TRIES_MS;
	int rc = start(database, rows, sql, values, count);

	/* What only reads can be tried again at once. */
	for (unsigned int tries = 1; rc == -EAGAIN && !database->in_transaction &&
				     tries < TRIES_MAX && tam_time_steady() < until;
	     tries++) {
		pause_before_retry(tries);
		rc = connection_revive(database);
		if (!rc)
			rc = start(database, rows, sql, values, count);
	}
	return rc;
}

int tam_rows_next(struct tam_rows *rows)
{
	struct tam_database *database = rows->database;
	int rc;

	if (rows->no_memory)
		return fail(database, -ENOMEM);
	/* SQLite would begin once more. */
	if (!rows->open || rows->ended)
		return 0;
	rc = database->backend->next(database->connection, rows->statement, database->error);
	rows->ended = rc <= 0;
	return rc < 0 ? fail(database, rc) : rc;
}

void tam_rows_close(struct tam_rows *rows)
{
	if (!rows || !rows->open)
		return;
	rows->database->backend->finish(rows->database->connection, rows->statement);
	rows->open = false;
}

struct run {
	const char *sql;
	const struct tam_value *values;
	size_t count;
	int64_t changed;
};

static int run(struct tam_database *database, void *context)
{
	struct run *run = context;
	TAM_ROWS_AUTO *rows = NULL;
	int rc = start(database, &rows, run->sql, run->values, run->count);

	if (rc)
		return rc;
	while ((rc = tam_rows_next(rows)) > 0)
		;
	if (!rc)
		run->changed = database->backend->changed(database->connection, rows->statement);
	return rc;
}

int tam_database_run(struct tam_database *database, const char *sql, const struct tam_value *values,
		     size_t count, int64_t *changed)
{
	struct run work = { .sql = sql, .values = values, .count = count };
	const int rc = tam_database_transaction(database, TAM_DURABLE, run, &work);

	if (!rc && changed)
		*changed = work.changed;
	return rc;
}

int tam_database_execute(struct tam_database *database, const char *sql)
{
	const int rc = database->backend->execute(database->connection, sql, database->error);

	return rc ? fail(database, rc) : 0;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

bool tam_row_is_null(struct tam_rows *rows, int column)
{
	return rows->database->backend->is_null(rows->statement, column);
}

int64_t tam_row_integer(struct tam_rows *rows, int column)
{
	return rows->database->backend->integer(rows->statement, column);
}

struct span tam_row_octets(struct tam_rows *rows, int column)
{
	return rows->database->backend->octets(rows->statement, column);
}

struct span tam_row_copy(struct tam_rows *rows, int column, struct arena *arena)
{
	const struct span octets = tam_row_octets(rows, column);
	struct span copy = { 0 };

	if (octets.data && !arena_copy(arena, octets.data, octets.size, &copy))
		rows->no_memory = true;
	return copy;
}

const char *tam_row_text(struct tam_rows *rows, int column, struct arena *arena)
{
	const struct span copy = tam_row_copy(rows, column, arena);

	return copy.data ? span_text(copy) : "";
}

int tam_database_read_one(struct tam_database *database, struct arena *arena, tam_row_reader *read,
			  void *item, const char *sql, const struct tam_value *values, size_t count)
{
	TAM_ROWS_AUTO *rows = NULL;
	int rc = tam_database_query(database, &rows, sql, values, count);

	if (rc)
		return rc;
	rc = tam_rows_next(rows);
	if (rc <= 0)
		return rc < 0 ? rc : -ENOENT;
	read(rows, arena, item);
	return rows->no_memory ? fail(database, -ENOMEM) : 0;
}

int tam_database_read_all(struct tam_database *database, struct arena *arena, tam_row_reader *read,
			  size_t item_size, void *list, size_t *items, const char *sql,
			  const struct tam_value *values, size_t count)
{
	TAM_ROWS_AUTO *rows = NULL;
	uint8_t *array = NULL;
	size_t room = 0, used = 0;
	int rc = tam_database_query(database, &rows, sql, values, count);

	if (rc)
		return rc;
	while ((rc = tam_rows_next(rows)) > 0) {
		if (used == room) {
			uint8_t *more = arena_take(arena, (room ? 2 * room : 16) * item_size);

			if (!more)
				return fail(database, -ENOMEM);
			if (used)
				memcpy(more, array, used * item_size);
			array = more;
			room = room ? 2 * room : 16;
		}
		memset(array + used * item_size, 0, item_size);
		read(rows, arena, array + used * item_size);
		used++;
	}
	if (rc)
		return rc;
	memcpy(list, &array, sizeof(array));
	*items = used;
	return 0;
}

static void read_integer(struct tam_rows *rows, struct arena *arena, void *item)
{
	(void)arena;
	*(int64_t *)item = tam_row_integer(rows, 0);
}

int tam_database_integer(struct tam_database *database, int64_t *out, const char *sql,
			 const struct tam_value *values, size_t count)
{
	return tam_database_read_one(database, NULL, read_integer, out, sql, values, count);
}

const char *tam_like_pattern(const char *part, struct arena *arena)
{
	char *pattern = part ? arena_take(arena, 2 * strlen(part) + 2) : NULL;
	char *to = pattern;

	if (!pattern)
		return NULL;
	*to++ = '%';
	for (; *part; part++) {
		if (strchr("%_!", *part))
			*to++ = '!';
		*to++ = *part;
	}
	*to++ = '%';
	*to = '\0';
	return pattern;
}
