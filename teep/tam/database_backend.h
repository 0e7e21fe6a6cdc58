/*
 * What SQLite and PostgreSQL each do behind database.h. A backend keeps no state but the
 * connection: the cache of statements, retries and transactions are database.c's.
 */
#ifndef TEESIM_TEEP_TAM_DATABASE_BACKEND_H
#define TEESIM_TEEP_TAM_DATABASE_BACKEND_H

#include "teep/tam/database.h"

#define TAM_ERROR_SIZE 512

/* Words that differ. */
struct tam_dialect {
	const char *octets, *integer, *text; /* types; text is ordered by its octets */
	const char *serial; /* the type of a primary key that counts by itself, never twice */
	const char *table;  /* behind a table's closing parenthesis */
	/* How many tables have the name $1. */
	const char *has_table;
	/* Until the transaction's end nobody else changes tables; NULL: so it is in any case. */
	const char *lock;
	/*
	 * For log_order.c; NULL where writers wait for each other. Of each log_table: until its end
	 * this transaction may bring rows with numbers not given yet; the last number that was
	 * given; up to where all that have numbers up to $1 have ended.
	 */
	const char *log_announce, *log_given[2], *log_settled[2];
	/*
	 * For deployment.c; NULL where writers wait for each other. Until its end this transaction
	 * brings in devices, as others do; it alone brings in any.
	 */
	const char *enlist, *enlist_alone;
};

struct tam_backend {
	const char *name;
	struct tam_dialect dialect;
	/* `error` (TAM_ERROR_SIZE octets) is where this and all that follows put their reasons. */
	int (*open)(void **connection, const struct tam_database_options *options, char *error);
	void (*close)(void *connection);
	/* Statements without arguments and rows, several in one text. */
	int (*execute)(void *connection, const char *sql, char *error);
	int (*begin)(void *connection, enum tam_durability durability, char *error);
	int (*commit)(void *connection, char *error);
	void (*rollback)(void *connection);
	int (*prepare)(void *connection, const char *sql, void **statement, char *error);
	void (*unprepare)(void *connection, void *statement);
	/* Arguments are borrowed until finish(), which follows in any case. */
	int (*start)(void *connection, void *statement, const struct tam_value *values,
		     size_t count, char *error);
	/* 1, 0 or a negative errno. */
	int (*next)(void *connection, void *statement, char *error);
	void (*finish)(void *connection, void *statement);
	/* After the last row. */
	int64_t (*changed)(void *connection, void *statement);
	bool (*is_null)(void *statement, int column);
	int64_t (*integer)(void *statement, int column);
	struct span (*octets)(void *statement, int column);
	/* Connect anew when the connection is gone. Every statement is void then: returns 1. */
	int (*revive)(void *connection, char *error);
};

extern const struct tam_backend tam_backend_sqlite;
extern const struct tam_backend tam_backend_postgresql;

/* How long a server of PostgreSQL may take for an answer before its connection counts as lost, in
 * milliseconds: more than it takes before it gives up itself. Less in tests. */
extern unsigned int tam_postgresql_patience_ms;

const struct tam_dialect *tam_database_dialect(const struct tam_database *database);
/* For log_order.c: whether log_announce ran in this transaction; from now on it did. */
bool tam_database_announced(struct tam_database *database);
/* For schema.c alone: statements that are not prepared. */
int tam_database_execute(struct tam_database *database, const char *sql);

#endif
