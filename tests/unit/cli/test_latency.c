#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "cli/latency.h"

static struct latency latency, other;

Test(latency, buckets_start_where_the_one_before_ends_and_are_narrow)
{
	cr_expect_eq(latency_bucket_start(0), 1);
	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++) {
		double start = latency_bucket_start(i), end = latency_bucket_start(i + 1);

		cr_assert_lt(start, end);
		cr_assert_leq(end / start, 1 + 1.0 / LATENCY_PARTS + 1e-9);
	}
	cr_expect_gt(latency_bucket_start(LATENCY_BUCKETS), 60e9);
}

Test(latency, a_duration_is_counted_in_the_bucket_that_holds_it)
{
	for (int step = 0; step < 100; step++) {
		double ns = pow(1.28, step);
		unsigned int i = 0;

		memset(&latency, 0, sizeof(latency));
		latency_count(&latency, ns);
		while (!latency.bucket[i])
			i++;
		cr_assert_leq(latency_bucket_start(i), ns);
		cr_assert_gt(latency_bucket_start(i + 1), ns);
	}
}

Test(latency, the_shortest_and_the_longest_have_a_bucket)
{
	latency_count(&latency, 0);
	latency_count(&latency, 0.3);
	latency_count(&latency, 1e15);
	cr_expect_eq(latency.bucket[0], 2);
	cr_expect_eq(latency.bucket[LATENCY_BUCKETS - 1], 1);
	cr_expect_eq(latency.max_ns, 1e15);
}

static void expect_near(double value, double wanted)
{
	cr_expect_lt(fabs(value - wanted) / wanted, 1.0 / LATENCY_PARTS, "%f, not %f", value,
		     wanted);
}

Test(latency, quantiles_of_what_two_threads_counted)
{
	cr_expect_eq(latency_quantile(&latency, 0.5), 0);
	for (int i = 1; i <= 500; i++)
		latency_count(&latency, i);
	for (int i = 501; i <= 1000; i++)
		latency_count(&other, i);
	latency_add(&latency, &other);
	cr_expect_eq(latency.count, 1000);
	expect_near(latency_quantile(&latency, 0.5), 500);
	expect_near(latency_quantile(&latency, 0.9), 900);
	expect_near(latency_quantile(&latency, 0.99), 990);
	cr_expect_leq(latency_quantile(&latency, 1), latency.max_ns);
	cr_expect_eq(latency.max_ns, 1000);
}

Test(latency, durations_in_units_that_people_read)
{
	static const struct {
		double ns;
		const char *text;
	} cases[] = {
		{ 7, "7.0 ns" },      { 591, "591 ns" },   { 1024, "1.02 µs" },
		{ 15120, "15.1 µs" }, { 999e3, "999 µs" }, { 8.9e6, "8.90 ms" },
		{ 2e9, "2.00 s" },
	};
	char text[LATENCY_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(latency_text(cases[i].ns, text), cases[i].text);
}

Test(latency, histogram_has_a_line_for_each_half_of_a_doubling_that_something_fell_in)
{
	char text[2048] = "";
	FILE *file = fmemopen(text, sizeof(text) - 1, "w");

	for (int i = 0; i < 3; i++)
		latency_count(&latency, 1100);
	latency_count(&latency, 2100);
	latency_count(&other, 1600);
	latency_histogram_print(&latency, &other, file);
	fclose(file);
	cr_expect_not_null(strstr(text, "  1.02 µs   75.0 %           ██"), "%s", text);
	cr_expect_not_null(strstr(text, "  1.54 µs           100.0 %  \n"), "%s", text);
	cr_expect_not_null(strstr(text, "  2.05 µs   25.0 %           █"), "%s", text);
	cr_expect_null(strstr(text, "3.07"));
	cr_expect_null(strstr(text, "768 ns"));
}
