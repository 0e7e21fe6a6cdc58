#include "statistics.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define RESAMPLES 1000

static int compare(const void *left, const void *right)
{
	double l = *(const double *)left;
	double r = *(const double *)right;

	return (l > r) - (l < r);
}

void statistics_sort(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
}

double statistics_quantile(const double *values, size_t count, double part)
{
	double position;
	size_t below;

	if (!count)
		return 0;
	position = part * (double)(count - 1);
	below = (size_t)position;
	if (below + 1 >= count)
		return values[count - 1];
	return values[below] + (position - (double)below) * (values[below + 1] - values[below]);
}

static double quantile_of_copy(const double *values, size_t count, double part)
{
	double sorted[ROUNDS_MAX];

	if (count > ROUNDS_MAX)
		count = ROUNDS_MAX;
	memcpy(sorted, values, count * sizeof(*values));
	statistics_sort(sorted, count);
	return statistics_quantile(sorted, count, part);
}

double statistics_median(const double *values, size_t count)
{
	return quantile_of_copy(values, count, 0.5);
}

double statistics_mean(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return count ? sum / (double)count : 0;
}

double statistics_spread(const double *values, size_t count)
{
	double median = statistics_median(values, count);

	if (median == 0)
		return 0;
	return (quantile_of_copy(values, count, 0.75) - quantile_of_copy(values, count, 0.25)) /
	       median;
}

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static double resampled_median(const double *values, size_t count, uint64_t *state)
{
	double sample[ROUNDS_MAX] = { 0 };

	for (size_t i = 0; i < count; i++)
		sample[i] = values[random_next(state) % count];
	statistics_sort(sample, count);
	return statistics_quantile(sample, count, 0.5);
}

struct interval statistics_median_interval(const double *values, size_t count)
{
	static double medians[RESAMPLES];
	uint64_t state = 0x9E3779B97F4A7C15U;

	if (!count)
		return (struct interval) { 0 };
	for (size_t i = 0; i < RESAMPLES; i++)
		medians[i] = resampled_median(values, count, &state);
	statistics_sort(medians, RESAMPLES);
	return (struct interval) { .low = statistics_quantile(medians, RESAMPLES, 0.025),
				   .high = statistics_quantile(medians, RESAMPLES, 0.975) };
}

static double resampled_mean_ratio(const double *over, const double *under, size_t count,
				   uint64_t *state)
{
	double over_sum = 0, under_sum = 0;

	for (size_t i = 0; i < count; i++) {
		size_t drawn = random_next(state) % count;

		over_sum += over[drawn];
		under_sum += under[drawn];
	}
	return under_sum > 0 ? over_sum / under_sum : 0;
}

struct interval statistics_mean_ratio_interval(const double *over, const double *under,
					       size_t count)
{
	static double ratios[RESAMPLES];
	uint64_t state = 0x9E3779B97F4A7C15U;

	if (!count)
		return (struct interval) { 0 };
	for (size_t i = 0; i < RESAMPLES; i++)
		ratios[i] = resampled_mean_ratio(over, under, count, &state);
	statistics_sort(ratios, RESAMPLES);
	return (struct interval) { .low = statistics_quantile(ratios, RESAMPLES, 0.025),
				   .high = statistics_quantile(ratios, RESAMPLES, 0.975) };
}

struct interval statistics_change_interval(const double *before, size_t before_count,
					   const double *now, size_t now_count)
{
	static double changes[RESAMPLES];
	uint64_t state = 0x9E3779B97F4A7C15U;
	size_t used = 0;

	if (!before_count || !now_count)
		return (struct interval) { 0 };
	for (size_t i = 0; i < RESAMPLES; i++) {
		double old = resampled_median(before, before_count, &state);
		double new = resampled_median(now, now_count, &state);

		if (old > 0)
			changes[used++] = new / old;
	}
	statistics_sort(changes, used);
	return (struct interval) { .low = statistics_quantile(changes, used, 0.025),
				   .high = statistics_quantile(changes, used, 0.975) };
}
