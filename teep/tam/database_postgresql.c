/* The TAM's database in PostgreSQL, by libpq; values go both ways in binary. */
#include "teep/tam/database_backend.h"

#include <endian.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of pg_type, which never change. */
enum {
	OID_ANY = 0,
	OID_OCTETS = 17,
	OID_INTEGER = 20,
	OID_TEXT = 25,
};

struct connection {
	PGconn *handle;
	/* Statements are named by number. */
	unsigned int statements;
	bool broken, silent; /* the latter: it did not answer in time, and is broken */
};

struct statement {
	char name[16];
	char *sql;
	bool prepared;
	PGresult *result;
	int row, rows;
};

/* SQLSTATE, by class where the class is enough. */
static int error_of(const char *state)
{
	static const struct {
		const char *state;
		int err;
	} table[] = {
		{ "40", -EAGAIN },	  /* serialization failure, deadlock */
		{ "55P03", -EAGAIN },	  /* a lock was not to be had in time */
		{ "57P", -ECONNRESET },	  /* the server goes down, or comes up */
		{ "08", -ECONNRESET },	  /* the connection */
		{ "25P03", -ECONNRESET }, /* it was idle for too long */
		{ "23505", -EEXIST },	  { "23503", -ENOLINK }, { "22021", -EILSEQ },
		{ "53100", -ENOSPC },	  { "53200", -ENOMEM },	 { "42501", -EACCES },
		{ "28", -EACCES },	  { "XX001", -EBADMSG }, { "XX002", -EBADMSG },
	};

	for (size_t i = 0; state && i < sizeof(table) / sizeof(table[0]); i++)
		if (!strncmp(state, table[i].state, strlen(table[i].state)))
			return table[i].err;
	return -EIO;
}

/* libpq's texts have several lines. */
static void one_line(char *text)
{
	size_t size;

	for (char *at = text; *at; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	size = strlen(text);
	while (size && text[size - 1] == ' ')
		text[--size] = '\0';
}

/* The server gives up after a minute: so who waits longer waits for nobody. */
unsigned int tam_postgresql_patience_ms = 65000;

/* Whether something came before that moment, if only the connection's end. */
static bool comes_before(const PGconn *handle, int64_t until)
{
	struct pollfd socket = { .fd = PQsocket(handle), .events = POLLIN };
	int64_t left;
	int n = 0;

	do {
		left = until - tam_time_steady();
		n = poll(&socket, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n != 0;
}

/*
 * The answer to what was sent, the last one where there are several; as PQexec() would wait for it,
 * but not for ever. NULL: the connection knows why, or it is silent.
 */
static PGresult *answer_wait(struct connection *connection, int sent)
{
	const int64_t until = tam_time_steady() + tam_postgresql_patience_ms;
	PGresult *last = NULL, *result;

	while (sent) {
		while (PQisBusy(connection->handle)) {
			connection->silent = !comes_before(connection->handle, until);
			if (connection->silent) {
				PQclear(last);
				return NULL;
			}
			if (!PQconsumeInput(connection->handle))
				break;
		}
		result = PQgetResult(connection->handle);
		if (!result)
			break;
		PQclear(last);
		last = result;
	}
	return last;
}

static PGresult *query(struct connection *connection, const char *sql)
{
	return answer_wait(connection, PQsendQuery(connection->handle, sql));
}

static int complain(struct connection *connection, const PGresult *result, char *error)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;

	snprintf(error, TAM_ERROR_SIZE, "%s",
		 connection->silent ? "the database does not answer"
		 : text		    ? text
				    : PQerrorMessage(connection->handle));
	one_line(error);
	if (connection->silent || PQstatus(connection->handle) != CONNECTION_OK) {
		connection->broken = true;
		return -ECONNRESET;
	}
	return error_of(state);
}

static int execute(void *context, const char *sql, char *error)
{
	struct connection *connection = context;
	PGresult *result = query(connection, sql);
	const ExecStatusType status = PQresultStatus(result);
	int rc = 0;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		rc = complain(connection, result, error);
	PQclear(result);
	return rc;
}

static void close_connection(void *context)
{
	struct connection *connection = context;

	PQfinish(connection->handle);
	free(connection);
}

static void notice_ignore(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

/* A transaction whose process stands still holds nobody up for ever. */
static int settings_apply(struct connection *connection, char *error)
{
	(void)PQsetNoticeReceiver(connection->handle, notice_ignore, NULL);
	if (PQsetClientEncoding(connection->handle, "UTF8"))
		return complain(connection, NULL, error);
	return execute(connection,
		       "SET lock_timeout = '10s'; SET statement_timeout = '60s';"
		       "SET idle_in_transaction_session_timeout = '60s';"
		       "SET default_transaction_isolation = 'read committed'",
		       error);
}

static int open_connection(void **out, const struct tam_database_options *options, char *error)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	/* What stands before the connection string is what it says unless that says otherwise: a
	 * server that can't be reached any more is given up after 20 seconds. */
	const char *const names[] = { "connect_timeout",	   "tcp_user_timeout",
				      "keepalives_idle",	   "keepalives_interval",
				      "keepalives_count",	   "dbname",
				      "fallback_application_name", NULL };
	const char *const values[] = { "10", "20000",	     "10",	   "5",
				       "2",  options->where, "teesim-tam", NULL };
	int rc;

	if (!connection)
		return -ENOMEM;
	connection->handle = PQconnectdbParams(names, values, 1);
	if (!connection->handle) {
		free(connection);
		return -ENOMEM;
	}
	rc = PQstatus(connection->handle) == CONNECTION_OK ? settings_apply(connection, error)
							   : -ECONNREFUSED;
	if (rc) {
		if (rc == -ECONNREFUSED) {
			snprintf(error, TAM_ERROR_SIZE, "%s", PQerrorMessage(connection->handle));
			one_line(error);
		}
		close_connection(connection);
		return rc;
	}
	*out = connection;
	return 0;
}

static int begin(void *context, enum tam_durability durability, char *error)
{
	return execute(context,
		       durability == TAM_DURABLE ? "BEGIN"
						 : "BEGIN; SET LOCAL synchronous_commit TO OFF",
		       error);
}

static int commit(void *context, char *error)
{
	struct connection *connection = context;
	PGresult *result = query(connection, "COMMIT");
	int rc = 0;

	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		rc = complain(connection, result, error);
	} else if (strcmp(PQcmdStatus(result), "COMMIT") != 0) {
		/* It had failed before. */
		snprintf(error, TAM_ERROR_SIZE, "the transaction was rolled back");
		rc = -EIO;
	}
	PQclear(result);
	return rc;
}

static void rollback(void *context)
{
	struct connection *connection = context;

	if (!connection->silent && PQstatus(connection->handle) == CONNECTION_OK &&
	    PQtransactionStatus(connection->handle) != PQTRANS_IDLE)
		PQclear(query(connection, "ROLLBACK"));
}

/* The server learns of it with the first arguments, whose types it needs. */
static int prepare(void *context, const char *sql, void **out, char *error)
{
	struct connection *connection = context;
	struct statement *statement = calloc(1, sizeof(*statement));

	(void)error;
	if (!statement)
		return -ENOMEM;
	snprintf(statement->name, sizeof(statement->name), "s%u", connection->statements++);
	statement->sql = strdup(sql);
	if (!statement->sql) {
		free(statement);
		return -ENOMEM;
	}
	*out = statement;
	return 0;
}

/* The connection's end ends it on the server. */
static void unprepare(void *context, void *prepared)
{
	struct statement *statement = prepared;

	(void)context;
	PQclear(statement->result);
	free(statement->sql);
	free(statement);
}

static int prepare_on_server(struct connection *connection, struct statement *statement,
			     const struct tam_value *values, size_t count, char *error)
{
	static const Oid types[] = { [TAM_VALUE_NULL] = OID_ANY,
				     [TAM_VALUE_INTEGER] = OID_INTEGER,
				     [TAM_VALUE_TEXT] = OID_TEXT,
				     [TAM_VALUE_OCTETS] = OID_OCTETS };
	Oid type[TAM_MAX_VALUES];
	PGresult *result;
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		type[i] = types[values[i].type];
	result = answer_wait(connection, PQsendPrepare(connection->handle, statement->name,
						       statement->sql, (int)count, type));
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		rc = complain(connection, result, error);
	PQclear(result);
	statement->prepared = !rc;
	return rc;
}

static int start(void *context, void *prepared, const struct tam_value *values, size_t count,
		 char *error)
{
	struct connection *connection = context;
	struct statement *statement = prepared;
	const char *value[TAM_MAX_VALUES];
	int size[TAM_MAX_VALUES], format[TAM_MAX_VALUES];
	uint64_t number[TAM_MAX_VALUES];
	ExecStatusType status;
	int rc;

	if (!statement->prepared) {
		rc = prepare_on_server(connection, statement, values, count, error);
		if (rc)
			return rc;
	}
	for (size_t i = 0; i < count; i++) {
		number[i] = htobe64((uint64_t)values[i].integer);
		format[i] = 1;
		switch (values[i].type) {
		case TAM_VALUE_NULL:
			value[i] = NULL;
			size[i] = 0;
			break;
		case TAM_VALUE_INTEGER:
			value[i] = (const char *)&number[i];
			size[i] = sizeof(number[i]);
			break;
		default:
			if (values[i].octets.size > INT32_MAX / 2)
				return -ENOSPC;
			value[i] = values[i].octets.size ? (const char *)values[i].octets.data : "";
			size[i] = (int)values[i].octets.size;
		}
	}
	statement->result =
		answer_wait(connection, PQsendQueryPrepared(connection->handle, statement->name,
							    (int)count, value, size, format, 1));
	status = PQresultStatus(statement->result);
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		return complain(connection, statement->result, error);
	statement->row = -1;
	statement->rows = PQntuples(statement->result);
	return 0;
}

static int next(void *context, void *prepared, char *error)
{
	struct statement *statement = prepared;

	(void)context;
	(void)error;
	return ++statement->row < statement->rows;
}

static void finish(void *context, void *prepared)
{
	struct statement *statement = prepared;

	(void)context;
	PQclear(statement->result);
	statement->result = NULL;
}

static int64_t changed(void *context, void *prepared)
{
	struct statement *statement = prepared;

	(void)context;
	return strtoll(PQcmdTuples(statement->result), NULL, 10);
}

static bool is_null(void *prepared, int column)
{
	struct statement *statement = prepared;

	return PQgetisnull(statement->result, statement->row, column);
}

static int64_t integer(void *prepared, int column)
{
	struct statement *statement = prepared;
	const char *value = PQgetvalue(statement->result, statement->row, column);
	uint64_t wide;
	uint32_t narrow;

	switch (PQgetlength(statement->result, statement->row, column)) {
	case sizeof(wide):
		memcpy(&wide, value, sizeof(wide));
		return (int64_t)be64toh(wide);
	case sizeof(narrow):
		/* A literal of the statement's text. */
		memcpy(&narrow, value, sizeof(narrow));
		return (int32_t)be32toh(narrow);
	default:
		return 0;
	}
}

static struct span octets(void *prepared, int column)
{
	struct statement *statement = prepared;

	if (is_null(prepared, column))
		return (struct span) { 0 };
	return span_of(PQgetvalue(statement->result, statement->row, column),
		       (size_t)PQgetlength(statement->result, statement->row, column));
}

static int revive(void *context, char *error)
{
	struct connection *connection = context;
	int rc;

	if (!connection->broken && PQstatus(connection->handle) == CONNECTION_OK)
		return 0;
	connection->silent = false;
	PQreset(connection->handle);
	if (PQstatus(connection->handle) != CONNECTION_OK) {
		(void)complain(connection, NULL, error);
		return -EAGAIN;
	}
	rc = settings_apply(connection, error);
	if (rc)
		return -EAGAIN;
	connection->broken = false;
	return 1;
}

/*
 * A transaction that is about to write rows of a log holds a shared advisory lock under the log's
 * table and the last number given before (its low 31 bits: all that are held are near each other),
 * where everybody sees it in pg_locks. The lock goes after the commit has become visible.
 */
#define LOG_LAST       "CASE WHEN is_called THEN last_value ELSE last_value - 1 END"
#define LOG_KEY(table) "CAST(CAST(CAST('" table "' AS regclass) AS oid) AS BIGINT) - 2147483648"
#define LOG_LOCK(table)                                      \
	"SELECT pg_advisory_xact_lock_shared(CAST(" LOG_KEY( \
		table) " AS INTEGER), CAST(MOD(" LOG_LAST    \
		       ", 2147483648) AS INTEGER)) AS l FROM " table "_id_seq"
#define LOG_GIVEN(table) "SELECT " LOG_LAST " FROM " table "_id_seq"
/* How far each is behind $1; those that are before it came later. */
#define LOG_SETTLED(table)                                                                    \
	"SELECT $1 - COALESCE(MAX(behind), 0) FROM (SELECT MOD(MOD($1, 2147483648) - "        \
	"CAST(objid AS BIGINT) + 2147483648, 2147483648) AS behind FROM pg_catalog.pg_locks " \
	"WHERE locktype = 'advisory' AND objsubid = 2 AND database = (SELECT oid FROM "       \
	"pg_catalog.pg_database WHERE datname = current_database()) AND "                     \
	"MOD(CAST(classid AS BIGINT) + 2147483648, 4294967296) = "                            \
	"CAST(CAST(CAST('" table "' AS regclass) AS oid) AS BIGINT)) l WHERE behind < 1073741824"

/* The same class of locks; no log's table has this one's number. */
#define ENLIST_LOCK(how)                                           \
	"SELECT COUNT(l.*) FROM (SELECT pg_advisory_xact_lock" how \
	"(CAST(" LOG_KEY("deployment") " AS INTEGER), 0) AS l) l"

const struct tam_backend tam_backend_postgresql = {
	.name = "postgresql",
	.dialect = { .octets = "BYTEA",
		     .serial = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
		     .integer = "BIGINT",
		     .text = "TEXT COLLATE \"C\"",
		     .table = "",
		     .has_table = "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE oid = "
				  "to_regclass($1)",
		     .lock = "SELECT pg_advisory_xact_lock(8387232470236228973)",
		     .log_announce = "SELECT COUNT(l.*) FROM (" LOG_LOCK(
			     "event") " UNION ALL " LOG_LOCK("message") ") l",
		     .log_given = { LOG_GIVEN("event"), LOG_GIVEN("message") },
		     .log_settled = { LOG_SETTLED("event"), LOG_SETTLED("message") },
		     .enlist = ENLIST_LOCK("_shared"),
		     .enlist_alone = ENLIST_LOCK("") },
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
