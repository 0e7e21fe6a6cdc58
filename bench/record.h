/*
 * A run's results for machines: written as JSON, and read back to be compared with a later run.
 */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <stddef.h>

#include "harness.h"

/* Of what machine the figures are. */
struct machine {
	char processor[96];
	char kernel[96];
	unsigned int cpus;
	/* Load averages over a minute, before and after. */
	double load_before;
	double load_after;
};

void machine_describe(struct machine *machine);

/* Returns 0, or -errno with a line in `why`. */
int record_write(const char *path, const struct bench *bench, const struct machine *machine,
		 char *why, size_t size);

/* What is kept of an older figure. */
struct old_result {
	char name[48];
	unsigned int rounds;
	double p50[ROUNDS_MAX];
	/* Rounds of the yardstick; 0 where there was none. */
	unsigned int yardstick_rounds;
	double yardstick_p50[ROUNDS_MAX];
};

struct old_run {
	unsigned int count;
	struct old_result result[RESULTS_MAX];
};

/* Reads what record_write() has written, by this or an earlier version. Returns 0, or -errno with a
 * line in `why`. */
int record_parse(const char *path, struct old_run *run, char *why, size_t size);

#endif
