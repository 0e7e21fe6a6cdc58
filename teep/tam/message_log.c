#include "teep/tam/message_log.h"

#include <errno.h>
#include <string.h>

#include "teep/tam/device_table.h"
#include "teep/tam/log_order.h"

static int add(struct tam_database *database, void *context)
{
	struct message *message = context;
	int rc = 0;

	if (!message->counted)
		rc = tam_database_integer(database, &message->seq,
					  "UPDATE session SET messages = messages + 1 WHERE "
					  "tid = $1 RETURNING messages",
					  TAM_VALUES(tam_text(message->tid)));
	/* Of no session: what could not be understood. */
	if (rc == -ENOENT)
		message->seq = 0;
	else if (rc)
		return rc;
	rc = log_order_write(database);
	if (rc)
		return rc;
	return tam_database_run(
		database,
		"INSERT INTO message(tid, did, seq, at, response, kind, size, status, error, "
		"decoded) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		TAM_VALUES(tam_text(message->tid), tam_text(message->did),
			   tam_integer(message->seq), tam_integer(message->at),
			   tam_integer(message->response), tam_text(message->kind),
			   tam_integer(message->size), tam_text(message->status),
			   tam_text(message->error), tam_text(message->decoded)),
		NULL);
}

int message_log_add(struct tam_database *database, struct message *message)
{
	const char **const texts[] = { &message->tid,	 &message->did,	  &message->kind,
				       &message->status, &message->error, &message->decoded };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!*texts[i])
			*texts[i] = "";
	if (!message->at)
		message->at = tam_time_now();
	if (strlen(message->decoded) > MESSAGE_DECODED_MAX)
		message->decoded = "{\"note\":\"too long to be kept\"}";
	return tam_database_transaction(database, TAM_RELAXED, add, message);
}

static void read_message(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct message *message = item;

	message->id = tam_row_integer(rows, 0);
	message->tid = tam_row_text(rows, 1, arena);
	message->did = tam_row_text(rows, 2, arena);
	message->seq = tam_row_integer(rows, 3);
	message->at = tam_row_integer(rows, 4);
	message->response = tam_row_integer(rows, 5);
	message->kind = tam_row_text(rows, 6, arena);
	message->size = tam_row_integer(rows, 7);
	message->status = tam_row_text(rows, 8, arena);
	message->error = tam_row_text(rows, 9, arena);
	message->decoded = tam_row_text(rows, 10, arena);
}

#define COLUMNS                                                                          \
	"SELECT m.id, m.tid, m.did, m.seq, m.at, m.response, m.kind, m.size, m.status, " \
	"m.error, m.decoded FROM message m WHERE "                                       \
	"m.id > $1 AND m.id <= $4 AND (CAST($3 AS TEXT) IS NULL OR " TAM_DEVICE_OF_SP(   \
		"m.did", "CAST($3 AS TEXT)") ") "
#define LAST(where) "SELECT * FROM (" COLUMNS where "ORDER BY m.id DESC LIMIT $2) l ORDER BY id"
#define FROM(where) COLUMNS where "ORDER BY m.id LIMIT $2"

int message_log_list(struct tam_database *database, const struct message_filter *filter,
		     struct arena *arena, struct message **list, size_t *count)
{
	int64_t through = INT64_MAX;
	/* A session's own come one after the other. */
	int rc = filter->tid ? 0 : log_order_settled(database, LOG_MESSAGE, &through);
	const struct tam_value values[] = {
		tam_integer(filter->after),
		tam_integer(filter->limit),
		tam_text(filter->spid),
		tam_integer(through),
		tam_text(filter->tid ? filter->tid : filter->did),
		tam_text(filter->did),
	};
	const bool last = filter->after < 0;
	const char *sql = last ? LAST("") : FROM("");
	size_t n = 4;

	if (rc)
		return rc;
	/* Each with the index that fits it. */
	if (filter->tid && filter->did) {
		sql = last ? LAST("AND m.tid = $5 AND m.did = $6 ")
			   : FROM("AND m.tid = $5 AND m.did = $6 ");
		n = 6;
	} else if (filter->tid) {
		sql = last ? LAST("AND m.tid = $5 ") : FROM("AND m.tid = $5 ");
		n = 5;
	} else if (filter->did) {
		sql = last ? LAST("AND m.did = $5 ") : FROM("AND m.did = $5 ");
		n = 5;
	}
	return tam_database_read_all(database, arena, read_message, sizeof(**list), list, count,
				     sql, values, n);
}

/* Rows in one transaction: sessions write between two of them. */
#define TRIM_AT_ONCE 1000

struct trimming {
	const char *sql;
	int64_t bound, removed;
};

static int trim(struct tam_database *database, void *context)
{
	struct trimming *trimming = context;

	return tam_database_run(database, trimming->sql,
				TAM_VALUES(tam_integer(trimming->bound), tam_integer(TRIM_AT_ONCE)),
				&trimming->removed);
}

/* All that fit, piece by piece; what was removed is added to *removed. */
static int trim_all(struct tam_database *database, const char *sql, int64_t bound, int64_t *removed)
{
	for (;;) {
		struct trimming trimming = { .sql = sql, .bound = bound };
		const int rc = tam_database_transaction(database, TAM_RELAXED, trim, &trimming);

		if (rc)
			return rc;
		*removed += trimming.removed;
		if (trimming.removed < TRIM_AT_ONCE)
			return 0;
	}
}

int message_log_trim(struct tam_database *database, int64_t keep, int64_t before, int64_t *removed)
{
	int64_t last, all = 0;
	int rc = tam_database_integer(database, &last, "SELECT COALESCE(MAX(id), 0) FROM message",
				      TAM_NO_VALUES);

	if (!rc)
		rc = trim_all(database,
			      "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE "
			      "id <= $1 ORDER BY id LIMIT $2)",
			      last - keep, &all);
	if (!rc)
		rc = trim_all(database,
			      "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE "
			      "at < $1 ORDER BY at LIMIT $2)",
			      before, &all);
	if (removed)
		*removed = all;
	return rc;
}
