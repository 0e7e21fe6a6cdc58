/*
 * How long calls took: counted in buckets that grow with the duration, so that counting costs as
 * good as nothing, and shown as text. Runs in `teesim`.
 */
#ifndef TEESIM_CLI_LATENCY_H
#define TEESIM_CLI_LATENCY_H

#include <stdint.h>
#include <stdio.h>

/* Each doubling is cut in so many equal parts; the first one starts at 1 ns and has all below that,
 * too, the last ends after more than a minute. */
#define LATENCY_PARTS	16U
#define LATENCY_BUCKETS (LATENCY_PARTS * 37U)

struct latency {
	uint64_t bucket[LATENCY_BUCKETS];
	uint64_t count;
	double max_ns;
};

void latency_count(struct latency *latency, double ns);

/* Adds what `other` counted. */
void latency_add(struct latency *latency, const struct latency *other);

/* The duration that `part` (0 to 1) of the calls did not exceed, as exactly as a bucket says; 0
 * when there were none. */
double latency_quantile(const struct latency *latency, double part);

/* Where a bucket starts, in nanoseconds. */
double latency_bucket_start(unsigned int bucket);

/* "1.02 µs"; returns `text`. */
#define LATENCY_TEXT_SIZE 24
char *latency_text(double ns, char text[LATENCY_TEXT_SIZE]);

/* A line for each half of a doubling: the share of both, and a bar for that of `latency`. */
void latency_histogram_print(const struct latency *latency, const struct latency *floor, FILE *to);

#endif
