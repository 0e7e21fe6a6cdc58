/*
 * The TAM's tables, and how a database of an older version becomes one of this version.
 *
 * Runs where the database is opened. Trusts the database.
 */
#ifndef TEESIM_TEEP_TAM_SCHEMA_H
#define TEESIM_TEEP_TAM_SCHEMA_H

#include "teep/tam/database.h"

/* The version that this program reads and writes. */
#define SCHEMA_VERSION 4

/*
 * See that the tables are there and of this version. With `create`, make or migrate them, in one
 * transaction that several processes may try at once. -ENOENT without tables, -EPROTO for another
 * version, with one line in `err`.
 */
int schema_apply(struct tam_database *database, bool create, char *err, size_t errlen);

#endif
