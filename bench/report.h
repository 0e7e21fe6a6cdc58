/* The results as one page for a browser: a table, and the distributions with the floor among them.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "record.h"

/* Writes it, complete in itself. Returns 0, or -errno with a line in `why`. */
int report_write(const char *path, const struct bench *bench, const struct machine *machine,
		 char *why, size_t size);

#endif
