/*
 * Measures one command of a trusted application, and the floor beside it. Runs in `teesim`, as a
 * client of the device.
 */
#ifndef TEESIM_CLI_BENCH_MEASURE_H
#define TEESIM_CLI_BENCH_MEASURE_H

#include <stdint.h>

#include "cli/bench_parameter.h"
#include "cli/latency.h"
#include "wire/uuid.h"

#define BENCH_THREADS_MAX 256U

struct bench_plan {
	struct uuid ta;
	uint32_t command;
	struct bench_parameter parameters[BENCH_PARAMETERS];
	unsigned int threads;
	double seconds;
	/* What the device adds to each way into a TA and out, for those who read the result. */
	uint32_t world_switch_ns;
};

/* What was measured of the command, or of the floor. */
struct bench_side {
	struct latency latency;
	uint64_t elapsed_ns;
};

/* Returns 0, or a negative errno after a complaint on stderr. */
int bench_measure(const struct bench_plan *plan, struct bench_side *command,
		  struct bench_side *floor);

#endif
