/*
 * How often one may ask: a bucket that fills with time and that each request takes a measure from.
 *
 * Runs in the agent. The owner of a bucket says what time it is, in milliseconds that never go
 * back.
 */
#ifndef TEESIM_AGENT_RATE_H
#define TEESIM_AGENT_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	uint32_t per_second; /* 0: no limit */
	uint32_t burst;	     /* how many at once after a pause; at least 1 */
};

struct rate_bucket {
	uint64_t filled_ms; /* up to when the time is counted in `level` */
	uint64_t level;	    /* thousandths of a request */
};

/* A full one. */
void rate_start(struct rate_bucket *bucket, const struct rate_limit *limit, uint64_t now_ms);

/* Whether one more request is within the limit; it is then counted. */
bool rate_take(struct rate_bucket *bucket, const struct rate_limit *limit, uint64_t now_ms);

#endif
