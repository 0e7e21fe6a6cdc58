/*
 * A copy of the TAM's database as it is at one moment, made while the TAM runs; and the way back.
 *
 * Used by `teesim tam backup` and `restore`. Of SQLite the copy is a database itself; of PostgreSQL
 * it is what pg_dump makes, of the tables' schema alone unless that is "public". Those programs are
 * run with the connection in their environment, where no other user sees a password. A copy has
 * what the database has: secrets in it are sealed (vault.h), the rest is open.
 */
#ifndef TEESIM_TEEP_TAM_DATABASE_COPY_H
#define TEESIM_TEEP_TAM_DATABASE_COPY_H

#include <stdbool.h>
#include <stddef.h>

/* `out` is made with mode 0600, must not be there, and is complete once it is. 0, or -errno with
 * one line in `err`. */
int database_copy(const char *where, const char *out, char *err, size_t errlen);

/* Back into PostgreSQL, where the tables must not be; all of it or nothing. (An SQLite copy needs
 * no more than its place.) The same. */
int database_restore(const char *in, const char *where, char *err, size_t errlen);

#endif
