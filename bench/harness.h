/*
 * Runs measurements: a thing and what it is held against, in turns, so that whatever else the
 * machine does meets both alike.
 *
 * One process, one thread, except where a figure makes more of its own.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "statistics.h"

#define ROUNDS_MAX  256U
#define RESULTS_MAX 64U

/* Durations are counted in buckets, so many to each doubling; the first holds all below 1 ns. */
#define BUCKETS_PER_OCTAVE 16U
#define BUCKETS		   (BUCKETS_PER_OCTAVE * 34U)

enum unit {
	UNIT_NS,
	UNIT_CALLS_PER_S,
	UNIT_COUNT,
	UNIT_OCTETS,
};

enum goal {
	GOAL_NONE, /* told for what it is */
	GOAL_RATIO_AT_MOST,
	GOAL_RATIO_AT_LEAST,
	GOAL_VALUE_AT_MOST,
};

/* What was measured of one thing. */
struct series {
	char what[64];
	unsigned int rounds;
	/* Of each round; figures with one value a round have it twice. */
	double p50[ROUNDS_MAX];
	double p99[ROUNDS_MAX];
	uint64_t bucket[BUCKETS];
};

struct result {
	char name[48];
	char title[96];
	enum unit unit;
	enum goal goal;
	double target;
	struct series thing;
	bool has_yardstick;
	struct series yardstick;
	/* Median over the rounds of thing / yardstick, and where it may lie; of calls in a second
	 * it is that of the sums. */
	double ratio;
	struct interval ratio_interval;
	/* Why there is nothing to tell; empty when there is. */
	char failure[192];
	/* A word on how it was measured; may be empty. */
	char note[192];
};

struct options {
	unsigned int rounds;
	/* Fewer calls in each round. */
	bool quick;
	const char *filter;
};

struct device;

struct bench {
	struct options options;
	/* The simulated device under measurement; NULL where it could not be started. */
	struct device *device;
	struct result *results;
	unsigned int count;
};

/* One of the two sides of a comparison. `call` is what is timed; it returns 0, or a negative errno
 * that ends the figure. `after`, where it is set, follows each call untimed. */
struct subject {
	const char *what;
	int (*call)(void *context);
	void (*after)(void *context);
	/* Before each round, untimed: takes other memory to share than in the round before. */
	int (*renew)(void *context);
	void *context;
};

/* A figure that is one kind of call against another. */
struct measurement {
	const char *name;
	const char *title;
	enum goal goal;
	double target;
	struct subject thing;
	/* No `call`: there is none. */
	struct subject yardstick;
	/* Calls in a round at most, and for how long at most; 0: what suits short calls. */
	unsigned int calls;
	unsigned int round_ms;
	/* Before the timed calls of each round. */
	unsigned int warm_up;
	/* Wherever the scheduler likes, for what is more than a word and its answer. */
	bool anywhere;
};

/* One figure: the functions that fills in its results. */
struct figure {
	const char *name;
	void (*run)(struct bench *bench);
};

/* Measures, and adds a result. */
struct result *harness_measure(struct bench *bench, const struct measurement *measurement);

/* Adds an empty result, for figures that measure in their own way; they add to its series, then
 * call harness_finish(). */
struct result *harness_result(struct bench *bench, const char *name, const char *title,
			      enum unit unit, enum goal goal, double target);
void harness_finish(struct result *result);

/* A result that says why it has no figures. */
void harness_fail(struct bench *bench, const char *name, const char *title, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

void series_name(struct series *series, const char *what);
void series_add(struct series *series, double p50, double p99);
/* Counts a duration. */
void series_count(struct series *series, double ns);
/* Of calls in a second it is the mean. */
double series_value(const struct result *result, const struct series *series);
double series_p50(const struct series *series);
double series_p99(const struct series *series);
/* The shortest duration that belongs to a bucket. */
double series_bucket_start(unsigned int bucket);

/* Is the target met? True where there is none. */
bool result_met(const struct result *result);

/* Calls in a round for something that takes about a microsecond. */
unsigned int harness_calls(const struct bench *bench);

#endif
