#include "harness.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "placement.h"

#define CALLS_USUAL    10000U
#define CALLS_QUICK    3000U
#define ROUND_MS_USUAL 10U
#define WARM_UP_USUAL  200U
/* However slow a call is. */
#define CALLS_AT_LEAST 3U

unsigned int harness_calls(const struct bench *bench)
{
	return bench->options.quick ? CALLS_QUICK : CALLS_USUAL;
}

void series_name(struct series *series, const char *what)
{
	snprintf(series->what, sizeof(series->what), "%s", what);
}

void series_add(struct series *series, double p50, double p99)
{
	assert(series->rounds < ROUNDS_MAX);
	series->p50[series->rounds] = p50;
	series->p99[series->rounds] = p99;
	series->rounds++;
}

void series_count(struct series *series, double ns)
{
	double position = ns < 1 ? 0 : log2(ns) * BUCKETS_PER_OCTAVE;
	unsigned int bucket = (unsigned int)position;

	series->bucket[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

double series_bucket_start(unsigned int bucket)
{
	return exp2((double)bucket / BUCKETS_PER_OCTAVE);
}

double series_p50(const struct series *series)
{
	return statistics_median(series->p50, series->rounds);
}

double series_value(const struct result *result, const struct series *series)
{
	return result->unit == UNIT_CALLS_PER_S ? statistics_mean(series->p50, series->rounds)
						: series_p50(series);
}

double series_p99(const struct series *series)
{
	return statistics_median(series->p99, series->rounds);
}

bool result_met(const struct result *result)
{
	switch (result->goal) {
	case GOAL_RATIO_AT_MOST:
		return result->ratio <= result->target;
	case GOAL_RATIO_AT_LEAST:
		return result->ratio >= result->target;
	case GOAL_VALUE_AT_MOST:
		return series_p50(&result->thing) <= result->target;
	default:
		return true;
	}
}

struct result *harness_result(struct bench *bench, const char *name, const char *title,
			      enum unit unit, enum goal goal, double target)
{
	struct result *result;

	assert(bench->count < RESULTS_MAX);
	result = &bench->results[bench->count++];
	memset(result, 0, sizeof(*result));
	snprintf(result->name, sizeof(result->name), "%s", name);
	snprintf(result->title, sizeof(result->title), "%s", title);
	result->unit = unit;
	result->goal = goal;
	result->target = target;
	return result;
}

void harness_finish(struct result *result)
{
	double ratios[ROUNDS_MAX];
	unsigned int rounds = 0;

	const struct series *thing = &result->thing;
	const struct series *yardstick = &result->yardstick;

	result->has_yardstick = yardstick->rounds > 0;
	/* What was done in all rounds is the sum of what was done in each. */
	if (result->unit == UNIT_CALLS_PER_S && result->has_yardstick) {
		result->ratio = statistics_mean(thing->p50, thing->rounds) /
				statistics_mean(yardstick->p50, yardstick->rounds);
		result->ratio_interval = statistics_mean_ratio_interval(thing->p50, yardstick->p50,
									yardstick->rounds);
		return;
	}
	for (unsigned int i = 0; i < yardstick->rounds && i < thing->rounds; i++)
		if (yardstick->p50[i] > 0)
			ratios[rounds++] = thing->p50[i] / yardstick->p50[i];
	result->ratio = statistics_median(ratios, rounds);
	result->ratio_interval = statistics_median_interval(ratios, rounds);
}

void harness_fail(struct bench *bench, const char *name, const char *title, const char *format, ...)
{
	struct result *result = harness_result(bench, name, title, UNIT_NS, GOAL_NONE, 0);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(result->failure, sizeof(result->failure), format, args);
	va_end(args);
}

static int nothing(void *context)
{
	(void)context;
	return 0;
}

/* What timing itself adds to a call. */
static double timing_cost(void)
{
	static double cost = -1;
	const struct subject empty = { .call = nothing };
	const volatile struct subject *subject = &empty;
	double samples[ROUNDS_MAX];

	if (cost >= 0)
		return cost;
	for (unsigned int i = 0; i < ROUNDS_MAX; i++) {
		uint64_t start = clock_ticks();

		(void)subject->call(NULL);
		samples[i] = clock_ns(clock_ticks() - start);
	}
	cost = statistics_median(samples, ROUNDS_MAX);
	return cost;
}

static int call_once(const struct subject *subject, uint64_t *ticks)
{
	uint64_t start = clock_ticks();
	int err = subject->call(subject->context);

	*ticks = clock_ticks() - start;
	if (subject->after)
		subject->after(subject->context);
	return err;
}

/* One round of one side. `samples` has room for all calls. */
static int round_run(const struct measurement *m, const struct subject *subject, double *samples,
		     struct series *series)
{
	uint64_t deadline, ticks;
	unsigned int count = 0;

	for (unsigned int i = 0; i < m->warm_up; i++) {
		int err = call_once(subject, &ticks);

		if (err < 0)
			return err;
	}
	deadline = wait_now_ns() + (uint64_t)m->round_ms * 1000000U;
	while (count < m->calls) {
		int err = call_once(subject, &ticks);
		double ns;

		if (err < 0)
			return err;
		ns = clock_ns(ticks) - timing_cost();
		samples[count++] = ns > 0 ? ns : 0;
		if ((count % 16 == 0 || ticks > 100000) && count >= CALLS_AT_LEAST &&
		    wait_now_ns() >= deadline)
			break;
	}
	for (unsigned int i = 0; i < count; i++)
		series_count(series, samples[i]);
	statistics_sort(samples, count);
	series_add(series, statistics_quantile(samples, count, 0.5),
		   statistics_quantile(samples, count, 0.99));
	return 0;
}

static int subject_renew(const struct subject *subject)
{
	return subject->renew ? subject->renew(subject->context) : 0;
}

/* Who comes first changes with each round. */
static int rounds_run(const struct bench *bench, const struct measurement *m, double *samples,
		      struct result *result)
{
	for (unsigned int i = 0; i < bench->options.rounds; i++) {
		int err = subject_renew(&m->thing);

		if (!err)
			err = subject_renew(&m->yardstick);
		for (unsigned int side = 0; side < 2; side++) {
			bool is_thing = side == (i & 1);
			const struct subject *subject = is_thing ? &m->thing : &m->yardstick;

			if (!subject->call)
				continue;
			if (!err)
				err = round_run(m, subject, samples,
						is_thing ? &result->thing : &result->yardstick);
			if (err < 0) {
				snprintf(result->failure, sizeof(result->failure), "%s: %s",
					 subject->what, strerror(-err));
				return err;
			}
		}
	}
	return 0;
}

struct result *harness_measure(struct bench *bench, const struct measurement *measurement)
{
	struct measurement m = *measurement;
	struct result *result = harness_result(bench, m.name, m.title, UNIT_NS, m.goal, m.target);
	double *samples;

	if (!m.calls)
		m.calls = harness_calls(bench);
	if (!m.round_ms)
		m.round_ms = ROUND_MS_USUAL;
	if (!m.warm_up && m.calls > WARM_UP_USUAL)
		m.warm_up = WARM_UP_USUAL;
	samples = calloc(m.calls, sizeof(*samples));
	if (!samples) {
		snprintf(result->failure, sizeof(result->failure), "out of memory");
		return result;
	}
	/* So that no page is met for the first time while time is taken. */
	memset(samples, 0xFF, m.calls * sizeof(*samples));
	(void)timing_cost();
	series_name(&result->thing, m.thing.what);
	if (m.yardstick.call)
		series_name(&result->yardstick, m.yardstick.what);
	if (!m.anywhere)
		placement_apart(bench->device);
	(void)rounds_run(bench, &m, samples, result);
	if (!m.anywhere)
		placement_free(bench->device);
	harness_finish(result);
	free(samples);
	return result;
}
