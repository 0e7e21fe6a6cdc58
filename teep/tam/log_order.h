/*
 * In which order followers see a log: a table whose rows are numbered by `id` as they are written,
 * and read from behind the last one seen.
 *
 * Runs in teesim-tam. On PostgreSQL transactions run side by side, and a row may be committed after
 * one with a higher number: who went on from that would never see it. So each transaction tells,
 * before its first row, which numbers are given already, and readers stop before what such a
 * transaction may still bring. Nobody waits for anybody. On SQLite one writes at a time, and
 * numbers are in the order of the commits by themselves.
 */
#ifndef TEESIM_TEEP_TAM_LOG_ORDER_H
#define TEESIM_TEEP_TAM_LOG_ORDER_H

#include "teep/tam/database.h"

enum log_table {
	LOG_EVENT,
	LOG_MESSAGE,
};

/* Inside a transaction, before its first row of any log. 0 or -errno. */
int log_order_write(struct tam_database *database);

/*
 * Every row with a number up to *through is there now or never will be. Call it before the query
 * that reads them, outside transactions that have written rows. 0 or -errno.
 */
int log_order_settled(struct tam_database *database, enum log_table table, int64_t *through);

#endif
