/*
 * The statistics that a noisy machine calls for: medians, and how far they can be trusted.
 */
#ifndef BENCH_STATISTICS_H
#define BENCH_STATISTICS_H

#include <stddef.h>

struct interval {
	double low;
	double high;
};

/* Sorts in place. */
void statistics_sort(double *values, size_t count);

/* The value below which `part` (0 to 1) of them lie. `values` are sorted; 0 when there are none. */
double statistics_quantile(const double *values, size_t count, double part);

/* The same of values in any order, which stay as they are. */
double statistics_median(const double *values, size_t count);

double statistics_mean(const double *values, size_t count);

/* Half of the values lie within this much of each other, as a part of their median. */
double statistics_spread(const double *values, size_t count);

/* Where the median lies, with 95 % confidence, by resampling. The same values give the same answer
 * each time. */
struct interval statistics_median_interval(const double *values, size_t count);

/* The same for the mean of `over` divided by that of `under`, which have the same count. */
struct interval statistics_mean_ratio_interval(const double *over, const double *under,
					       size_t count);

/* The same for the median of `now` over the median of `before`. */
struct interval statistics_change_interval(const double *before, size_t before_count,
					   const double *now, size_t now_count);

#endif
