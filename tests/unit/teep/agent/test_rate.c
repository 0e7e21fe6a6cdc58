#include "teep/agent/rate.h"

#include <criterion/criterion.h>

static const struct rate_limit limit = { .per_second = 10, .burst = 3 };

static unsigned int taken(struct rate_bucket *bucket, uint64_t now)
{
	unsigned int count = 0;

	while (count < 100 && rate_take(bucket, &limit, now))
		count++;
	return count;
}

Test(agent_rate, a_burst_then_what_time_brings)
{
	struct rate_bucket bucket;

	rate_start(&bucket, &limit, 5000);
	cr_assert_eq(taken(&bucket, 5000), 3);
	cr_assert_eq(taken(&bucket, 5099), 0);
	cr_assert_eq(taken(&bucket, 5100), 1);
	cr_assert_eq(taken(&bucket, 5300), 2);
}

Test(agent_rate, a_pause_fills_it_and_no_more)
{
	struct rate_bucket bucket;

	rate_start(&bucket, &limit, 0);
	cr_assert_eq(taken(&bucket, UINT64_MAX), 3);
}

Test(agent_rate, nought_is_no_limit)
{
	const struct rate_limit none = { .per_second = 0, .burst = 1 };
	struct rate_bucket bucket;

	rate_start(&bucket, &none, 0);
	for (int i = 0; i < 1000; i++)
		cr_assert(rate_take(&bucket, &none, 0));
}
