/* The table of results that a person reads. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdbool.h>

#include "harness.h"

/* A figure as a person writes it: "312 ns", "1.21 M/s", "5.4 MiB". Returns `text`. */
const char *table_value(enum unit unit, double value, char *text, size_t size);

/* "<= 1.25x" and the like; empty where there is no target. Returns `text`. */
const char *table_target(const struct result *result, char *text, size_t size);

/* Is standard output a terminal that shows colours? */
bool table_colours(void);

void table_head(void);
void table_row(const struct result *result);

#endif
