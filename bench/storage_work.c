#include "storage_work.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "scratch.h"
#include "ta/bench_ta.h"
#include "ta/storage_commands.h"

struct trusted {
	struct client client;
	unsigned int command;
	unsigned int times;
};

static int trusted_call(void *context)
{
	struct trusted *trusted = context;
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_NONE,
								    TEEC_NONE, TEEC_NONE) };

	operation.params[0].value.a = trusted->times;
	return TEEC_InvokeCommand(&trusted->client.session, trusted->command, &operation, NULL) ==
			       TEEC_SUCCESS
		       ? 0
		       : -EIO;
}

enum statement {
	BEGIN,
	COMMIT,
	OBJECT_INSERT,
	OBJECT_SIZE,
	OBJECT_GROW,
	OBJECT_DELETE,
	BLOCK_PUT,
	BLOCK_GET,
	BLOCKS_DELETE,
	STATEMENTS,
};

static const char *const statement_text[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[OBJECT_INSERT] = "INSERT INTO object(name, size) VALUES(?1, 0)",
	[OBJECT_SIZE] = "SELECT size FROM object WHERE id = ?1",
	[OBJECT_GROW] = "UPDATE object SET size = max(size, ?2) WHERE id = ?1",
	[OBJECT_DELETE] = "DELETE FROM object WHERE id = ?1",
	[BLOCK_PUT] = "INSERT OR REPLACE INTO block(object, number, data) VALUES(?1, ?2, ?3)",
	[BLOCK_GET] = "SELECT data FROM block WHERE object = ?1 AND number = ?2",
	[BLOCKS_DELETE] = "DELETE FROM block WHERE object = ?1",
};

struct plain {
	sqlite3 *database;
	sqlite3_stmt *statement[STATEMENTS];
	unsigned int command;
	unsigned int times;
	unsigned int state;
	sqlite3_int64 large;
};

static uint8_t buffer[BENCH_STORAGE_PIECE];

/* Runs a statement that gives nothing back. */
static bool run(struct plain *plain, enum statement which, sqlite3_int64 first,
		sqlite3_int64 second, const void *data, size_t size)
{
	sqlite3_stmt *statement = plain->statement[which];
	int code;

	(void)sqlite3_bind_int64(statement, 1, first);
	(void)sqlite3_bind_int64(statement, 2, second);
	if (data)
		(void)sqlite3_bind_blob(statement, which == OBJECT_INSERT ? 1 : 3, data, (int)size,
					SQLITE_STATIC);
	code = sqlite3_step(statement);
	(void)sqlite3_reset(statement);
	return code == SQLITE_DONE;
}

/* One call of an API: all of it in one transaction. */
static bool data_write(struct plain *plain, sqlite3_int64 object, unsigned int block, size_t size)
{
	bool good = run(plain, BEGIN, 0, 0, NULL, 0);

	for (size_t at = 0; at < size && good; at += BENCH_STORAGE_BLOCK)
		good = run(plain, BLOCK_PUT, object,
			   block + (sqlite3_int64)(at / BENCH_STORAGE_BLOCK), buffer + at,
			   size - at < BENCH_STORAGE_BLOCK ? size - at : BENCH_STORAGE_BLOCK);
	return good &&
	       run(plain, OBJECT_GROW, object,
		   (sqlite3_int64)block * BENCH_STORAGE_BLOCK + (sqlite3_int64)size, NULL, 0) &&
	       run(plain, COMMIT, 0, 0, NULL, 0);
}

static bool data_read(struct plain *plain, sqlite3_int64 object, unsigned int block, size_t size)
{
	sqlite3_stmt *statement = plain->statement[OBJECT_SIZE];
	const bool several = size > BENCH_STORAGE_BLOCK;
	bool good;

	if (several && !run(plain, BEGIN, 0, 0, NULL, 0))
		return false;
	/* Where the data ends is where reading does. */
	(void)sqlite3_bind_int64(statement, 1, object);
	good = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int64(statement, 0) > 0;
	(void)sqlite3_reset(statement);
	statement = plain->statement[BLOCK_GET];
	for (size_t at = 0; at < size && good; at += BENCH_STORAGE_BLOCK) {
		(void)sqlite3_bind_int64(statement, 1, object);
		(void)sqlite3_bind_int64(statement, 2,
					 block + (sqlite3_int64)(at / BENCH_STORAGE_BLOCK));
		good = sqlite3_step(statement) == SQLITE_ROW &&
		       sqlite3_column_bytes(statement, 0) == BENCH_STORAGE_BLOCK;
		if (good)
			memcpy(buffer + at, sqlite3_column_blob(statement, 0), BENCH_STORAGE_BLOCK);
		(void)sqlite3_reset(statement);
	}
	return good && (!several || run(plain, COMMIT, 0, 0, NULL, 0));
}

static bool small_round(struct plain *plain)
{
	sqlite3_int64 object;

	if (!run(plain, BEGIN, 0, 0, NULL, 0) || !run(plain, OBJECT_INSERT, 0, 0, "small", 5))
		return false;
	object = sqlite3_last_insert_rowid(plain->database);
	return run(plain, COMMIT, 0, 0, NULL, 0) &&
	       data_write(plain, object, 0, BENCH_STORAGE_SMALL_SIZE) &&
	       run(plain, BEGIN, 0, 0, NULL, 0) && run(plain, OBJECT_DELETE, object, 0, NULL, 0) &&
	       run(plain, BLOCKS_DELETE, object, 0, NULL, 0) && run(plain, COMMIT, 0, 0, NULL, 0);
}

static bool all_round(struct plain *plain)
{
	bool good = true;

	for (unsigned int at = 0; at < BENCH_STORAGE_ALL && good; at += BENCH_STORAGE_PIECE) {
		const unsigned int block = at / BENCH_STORAGE_BLOCK;

		good = plain->command == BENCH_STORAGE_WRITE_ALL
			       ? data_write(plain, plain->large, block, BENCH_STORAGE_PIECE)
			       : data_read(plain, plain->large, block, BENCH_STORAGE_PIECE);
	}
	return good;
}

static bool large_prepare(struct plain *plain)
{
	bool good;

	if (plain->large)
		return true;
	good = run(plain, BEGIN, 0, 0, NULL, 0) && run(plain, OBJECT_INSERT, 0, 0, "large", 5) &&
	       run(plain, COMMIT, 0, 0, NULL, 0);
	plain->large = sqlite3_last_insert_rowid(plain->database);
	for (unsigned int block = 0; block < BENCH_STORAGE_BLOCKS && good;
	     block += BENCH_STORAGE_PIECE / BENCH_STORAGE_BLOCK)
		good = data_write(plain, plain->large, block, BENCH_STORAGE_PIECE);
	return good;
}

static int plain_call(void *context)
{
	struct plain *plain = context;
	bool good = plain->command == BENCH_STORAGE_SMALL || large_prepare(plain);

	for (unsigned int i = 0; i < plain->times && good; i++) {
		const unsigned int place = bench_storage_next(&plain->state);

		switch (plain->command) {
		case BENCH_STORAGE_SMALL:
			good = small_round(plain);
			break;
		case BENCH_STORAGE_READ:
			good = data_read(plain, plain->large, place % BENCH_STORAGE_NEAR_BLOCKS,
					 BENCH_STORAGE_BLOCK);
			break;
		case BENCH_STORAGE_RANDOM:
			good = data_write(plain, plain->large, place % BENCH_STORAGE_BLOCKS,
					  BENCH_STORAGE_BLOCK);
			break;
		default:
			good = all_round(plain);
			break;
		}
	}
	return good ? 0 : -EIO;
}

static void plain_path(const char *suffix, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/plain.sqlite%s", scratch_directory(), suffix);
}

static void plain_close(struct plain *plain)
{
	static const char *const files[] = { "", "-wal", "-shm" };
	char path[PATH_MAX];

	for (int i = 0; i < STATEMENTS; i++)
		(void)sqlite3_finalize(plain->statement[i]);
	(void)sqlite3_close(plain->database);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		plain_path(files[i], path);
		(void)remove(path);
	}
}

static int plain_open(struct plain *plain, bool durable)
{
	char path[PATH_MAX];
	int code;

	plain_path("", path);
	code = sqlite3_open(path, &plain->database);
	if (code == SQLITE_OK)
		code = sqlite3_exec(plain->database,
				    "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
				    "PRAGMA cache_size = -4096;"
				    "CREATE TABLE object(id INTEGER PRIMARY KEY, name BLOB UNIQUE, "
				    "size INTEGER);"
				    "CREATE TABLE block(object INTEGER, number INTEGER, data BLOB,"
				    " PRIMARY KEY(object, number))",
				    NULL, NULL, NULL);
	if (code == SQLITE_OK && durable)
		code = sqlite3_exec(plain->database, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
	for (int i = 0; i < STATEMENTS && code == SQLITE_OK; i++)
		code = sqlite3_prepare_v2(plain->database, statement_text[i], -1,
					  &plain->statement[i], NULL);
	return code == SQLITE_OK ? 0 : -EIO;
}

void storage_measure(struct bench *bench, const char *name, const char *title, double target,
		     unsigned int command, unsigned int times, unsigned int calls, bool durable)
{
	struct trusted trusted = { .command = command, .times = times };
	struct plain plain = { .command = command, .times = times };
	struct measurement m = {
		.name = name,
		.title = title,
		.goal = target > 0 ? GOAL_RATIO_AT_MOST : GOAL_NONE,
		.target = target,
		.thing = { .what = "trusted storage", .call = trusted_call, .context = &trusted },
		.yardstick = { .what = "plain SQLite", .call = plain_call, .context = &plain },
		.calls = calls,
		.round_ms = 200,
		.warm_up = 1,
		.anywhere = true,
	};
	struct result *result;
	char why[128];

	if (client_open(&trusted.client, BENCH_TA_STORAGE, why, sizeof(why)) < 0) {
		harness_fail(bench, name, title, "%s", why);
		return;
	}
	if (plain_open(&plain, durable) < 0) {
		harness_fail(bench, name, title, "SQLite: %s", sqlite3_errmsg(plain.database));
	} else {
		result = harness_measure(bench, &m);
		snprintf(result->note, sizeof(result->note),
			 "%u times in each command; both in WAL mode, %s fsync", times,
			 durable ? "each call with" : "without");
	}
	plain_close(&plain);
	client_close(&trusted.client);
}
