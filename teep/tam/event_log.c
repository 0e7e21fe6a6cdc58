#include "teep/tam/event_log.h"

#include "teep/tam/log_order.h"

static int add(struct tam_database *database, void *context)
{
	const struct event *event = context;
	int rc = log_order_write(database);

	return rc ? rc
		  : tam_database_run(database,
				     "INSERT INTO event(at, kind, subject, spid, who, text) "
				     "VALUES($1, $2, $3, $4, $5, $6)",
				     TAM_VALUES(tam_integer(tam_time_now()), tam_text(event->kind),
						tam_text(event->subject), tam_text(event->spid),
						tam_text(event->who), tam_text(event->text)),
				     NULL);
}

int event_log_add(struct tam_database *database, const char *kind, const char *subject,
		  const char *spid, const char *who, const char *text)
{
	struct event event = { .kind = kind,
			       .subject = subject,
			       .spid = spid ? spid : "",
			       .who = who ? who : "",
			       .text = text };

	return tam_database_transaction(database, TAM_DURABLE, add, &event);
}

static void read_event(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct event *event = item;

	event->id = tam_row_integer(rows, 0);
	event->at = tam_row_integer(rows, 1);
	event->kind = tam_row_text(rows, 2, arena);
	event->subject = tam_row_text(rows, 3, arena);
	event->spid = tam_row_text(rows, 4, arena);
	event->who = tam_row_text(rows, 5, arena);
	event->text = tam_row_text(rows, 6, arena);
}

#define COLUMNS "SELECT id, at, kind, subject, spid, who, text FROM event "
#define FITS                                                         \
	"(CAST($3 AS TEXT) IS NULL OR spid = CAST($3 AS TEXT)) AND " \
	"(CAST($4 AS TEXT) IS NULL OR kind = CAST($4 AS TEXT)) "

int event_log_list(struct tam_database *database, const char *spid, const char *kind, int64_t after,
		   int64_t limit, struct arena *arena, struct event **list, size_t *count)
{
	int64_t through;
	int rc = log_order_settled(database, LOG_EVENT, &through);
	const struct tam_value values[] = { tam_integer(after), tam_integer(limit), tam_text(spid),
					    tam_text(kind), tam_integer(through) };

	if (rc)
		return rc;
	if (after < 0)
		return tam_database_read_all(database, arena, read_event, sizeof(**list), list,
					     count,
					     "SELECT * FROM (" COLUMNS
					     "WHERE id > $1 AND id <= $5 AND " FITS
					     "ORDER BY id DESC LIMIT $2) newest ORDER BY id",
					     values, 5);
	return tam_database_read_all(database, arena, read_event, sizeof(**list), list, count,
				     COLUMNS "WHERE id > $1 AND id <= $5 AND " FITS
					     "ORDER BY id LIMIT $2",
				     values, 5);
}

int event_log_trim(struct tam_database *database, int64_t keep)
{
	return tam_database_run(database,
				"DELETE FROM event WHERE (who = '' AND id <= (SELECT MAX(id) FROM "
				"event) - $1) OR id <= (SELECT id FROM event WHERE who <> '' "
				"ORDER BY id DESC LIMIT 1 OFFSET $1)",
				TAM_VALUES(tam_integer(keep)), NULL);
}
