#include "teep/agent/rate.h"

#define REQUEST 1000U

void rate_start(struct rate_bucket *bucket, const struct rate_limit *limit, uint64_t now_ms)
{
	bucket->filled_ms = now_ms;
	bucket->level = (uint64_t)limit->burst * REQUEST;
}

bool rate_take(struct rate_bucket *bucket, const struct rate_limit *limit, uint64_t now_ms)
{
	const uint64_t full = (uint64_t)limit->burst * REQUEST;
	const uint64_t passed = now_ms - bucket->filled_ms;

	if (!limit->per_second)
		return true;
	bucket->filled_ms = now_ms;
	/* A request per second is a thousandth per millisecond. */
	if (passed > full / limit->per_second)
		bucket->level = full;
	else
		bucket->level += passed * limit->per_second;
	if (bucket->level > full)
		bucket->level = full;
	if (bucket->level < REQUEST)
		return false;
	bucket->level -= REQUEST;
	return true;
}
