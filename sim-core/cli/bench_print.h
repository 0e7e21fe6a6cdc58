/* What `teesim bench` found, for people and for programs. Runs in `teesim`; writes to stdout. */
#ifndef TEESIM_CLI_BENCH_PRINT_H
#define TEESIM_CLI_BENCH_PRINT_H

#include "cli/bench_measure.h"

void bench_print_text(const struct bench_plan *plan, const struct bench_side *command,
		      const struct bench_side *floor);
void bench_print_json(const struct bench_plan *plan, const struct bench_side *command,
		      const struct bench_side *floor);

#endif
