#include <criterion/criterion.h>
#include <errno.h>
#include <time.h>

#include "device/clock.h"

#define NS_PER_S 1000000000ULL

static struct device_clock parsed(const char *text)
{
	struct device_clock clock;
	const char *why = "";

	cr_assert_eq(device_clock_parse(text, &clock, &why), 0, "%s: %s", text, why);
	return clock;
}

Test(clock, instant_is_read_in_utc)
{
	cr_expect_eq(parsed("1970-01-01").start_ns, 0);
	cr_expect_eq(parsed("1970-01-02T00:00:01Z").start_ns, 86401 * NS_PER_S);
	cr_expect_eq(parsed("2030-01-01T00:00:00Z").start_ns, 1893456000 * NS_PER_S);
	cr_expect_eq(parsed("2028-02-29").start_ns, 1835395200 * NS_PER_S);
	cr_expect_eq(parsed("2106-02-07T06:28:15Z").start_ns, 0xFFFFFFFFULL * NS_PER_S);
}

Test(clock, now_is_the_machines_time)
{
	const uint64_t before = (uint64_t)time(NULL);
	const struct device_clock clock = parsed("now,10");

	cr_expect_geq(clock.start_ns / NS_PER_S, before);
	cr_expect_leq(clock.start_ns / NS_PER_S, (uint64_t)time(NULL) + 1);
}

Test(clock, rate_is_a_decimal_number)
{
	cr_expect_eq(parsed("now").rate, 1000000);
	cr_expect_eq(parsed("now,1").rate, 1000000);
	cr_expect_eq(parsed("2030-01-01T00:00:00Z,60").rate, 60000000);
	cr_expect_eq(parsed("now,0.5").rate, 500000);
	cr_expect_eq(parsed("now,1.000001").rate, 1000001);
	cr_expect_eq(parsed("now,1000000").rate, 1000000000000);
}

Test(clock, anything_else_is_refused)
{
	static const char *const texts[] = { "",
					     "2030",
					     "2030-01",
					     "2030-1-1",
					     "2030-13-01",
					     "2030-00-01",
					     "2030-02-30",
					     "2029-02-29",
					     "1969-12-31",
					     "2106-02-08",
					     "2030-01-01T00:00:00",
					     "2030-01-01T24:00:00Z",
					     "2030-01-1",
					     "2030-01-01T00:00:60Z",
					     "2030-01-01 00:00:00Z",
					     "nowadays",
					     "now,",
					     "now,0",
					     "now,-1",
					     "now,0.0001",
					     "now,1.0000001",
					     "now,1e3",
					     "now,.5",
					     "now,5.",
					     "now,1,1",
					     "now,10000000",
					     "now,1000001",
					     "99999-01-01" };
	struct device_clock clock;
	const char *why;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		why = NULL;
		cr_expect_eq(device_clock_parse(texts[i], &clock, &why), -EINVAL, "%s", texts[i]);
		cr_expect_not_null(why);
	}
}

Test(clock, goes_at_its_rate)
{
	struct device_clock clock = parsed("2030-01-01,2");

	/* As if it had been set ten seconds ago. */
	clock.host_start_ns -= 10 * NS_PER_S;
	cr_expect_geq(device_clock_now_ns(&clock), (1893456000 + 20) * NS_PER_S);
	cr_expect_lt(device_clock_now_ns(&clock), (1893456000 + 80) * NS_PER_S);
	cr_expect_geq(device_clock_system_ns(&clock), clock.host_start_ns + 20 * NS_PER_S);
}

Test(clock, machines_own_is_taken_as_it_is)
{
	const struct device_clock clock = { 0 };

	cr_expect_leq((uint64_t)time(NULL), device_clock_now_ns(&clock) / NS_PER_S);
	cr_expect_eq(device_clock_host_ns(&clock, 123), 123);
}

Test(clock, durations_are_rounded_up_and_bounded)
{
	struct device_clock clock = parsed("now,1000");

	cr_expect_eq(device_clock_host_ns(&clock, 3600 * NS_PER_S), 3600 * NS_PER_S / 1000 + 1);
	clock = parsed("now,0.001");
	cr_expect_eq(device_clock_host_ns(&clock, NS_PER_S), 1000 * NS_PER_S + 1);
	cr_expect_eq(device_clock_host_ns(&clock, UINT64_MAX), UINT64_MAX / 2);
}
