#include "teep/tam/log_order.h"

#include "teep/tam/database_backend.h"

int log_order_write(struct tam_database *database)
{
	const char *announce = tam_database_dialect(database)->log_announce;
	int64_t unused;

	if (!announce || tam_database_announced(database))
		return 0;
	return tam_database_integer(database, &unused, announce, TAM_NO_VALUES);
}

int log_order_settled(struct tam_database *database, enum log_table table, int64_t *through)
{
	const struct tam_dialect *dialect = tam_database_dialect(database);
	int64_t given;
	int rc;

	*through = INT64_MAX;
	if (!dialect->log_announce)
		return 0;
	/* First what has been given, then who has not ended: whoever got one of those numbers is on
	 * record by now, or is done, and what is read next shows it. */
	rc = tam_database_integer(database, &given, dialect->log_given[table], TAM_NO_VALUES);
	return rc ? rc
		  : tam_database_integer(database, through, dialect->log_settled[table],
					 TAM_VALUES(tam_integer(given)));
}
