#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "table.h"

/* Less is not worth a word, however sure it is. */
#define CHANGE_LEAST 0.03
/* Where there are too few rounds to know the noise. */
#define CHANGE_LEAST_ONCE 0.25
#define ROUNDS_TO_JUDGE	  5U

static const struct old_result *old_find(const struct old_run *old, const char *name)
{
	for (unsigned int i = 0; i < old->count; i++)
		if (!strcmp(old->result[i].name, name))
			return &old->result[i];
	return NULL;
}

static unsigned int ratios(const double *thing, unsigned int thing_rounds, const double *yardstick,
			   unsigned int yardstick_rounds, double out[ROUNDS_MAX])
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < thing_rounds && i < yardstick_rounds; i++)
		if (yardstick[i] > 0)
			out[count++] = thing[i] / yardstick[i];
	return count;
}

static void result_compare(const struct result *result, const struct old_result *old)
{
	bool more_is_better = result->unit == UNIT_CALLS_PER_S;
	double before[ROUNDS_MAX], now[ROUNDS_MAX];
	unsigned int before_count, now_count;
	char before_text[32], now_text[32];
	struct interval change;
	double b, n;
	bool moved;

	if (result->has_yardstick && old->yardstick_rounds) {
		before_count = ratios(old->p50, old->rounds, old->yardstick_p50,
				      old->yardstick_rounds, before);
		now_count = ratios(result->thing.p50, result->thing.rounds, result->yardstick.p50,
				   result->yardstick.rounds, now);
		b = statistics_median(before, before_count);
		n = statistics_median(now, now_count);
		snprintf(before_text, sizeof(before_text), "%.2fx", b);
		snprintf(now_text, sizeof(now_text), "%.2fx", n);
	} else {
		before_count = old->rounds;
		now_count = result->thing.rounds;
		memcpy(before, old->p50, sizeof(before));
		memcpy(now, result->thing.p50, sizeof(now));
		b = statistics_median(before, before_count);
		n = statistics_median(now, now_count);
		table_value(result->unit, b, before_text, sizeof(before_text));
		table_value(result->unit, n, now_text, sizeof(now_text));
	}
	if (b <= 0) {
		printf("%-42s %10s -> %-10s %s\n", result->title, before_text, now_text,
		       n > 0 ? "MOVED from nothing" : "same");
		return;
	}
	if (before_count < ROUNDS_TO_JUDGE || now_count < ROUNDS_TO_JUDGE) {
		moved = fabs(n / b - 1) > CHANGE_LEAST_ONCE;
		printf("%-42s %10s -> %-10s %+6.1f %% (measured once) %s\n", result->title,
		       before_text, now_text, (n / b - 1) * 100,
		       !moved			   ? "same"
		       : (n > b) == more_is_better ? "BETTER"
						   : "WORSE");
		return;
	}
	change = statistics_change_interval(before, before_count, now, now_count);
	moved = fabs(n / b - 1) > CHANGE_LEAST && (change.low > 1 || change.high < 1);
	printf("%-42s %10s -> %-10s %+6.1f %% (%+.1f to %+.1f) %s\n", result->title, before_text,
	       now_text, (n / b - 1) * 100, (change.low - 1) * 100, (change.high - 1) * 100,
	       !moved			   ? "within noise"
	       : (n > b) == more_is_better ? "BETTER"
					   : "WORSE");
}

void compare_print(const struct bench *bench, const struct old_run *old)
{
	printf("\nsince the older run:\n");
	for (unsigned int i = 0; i < bench->count; i++) {
		const struct result *result = &bench->results[i];
		const struct old_result *before = old_find(old, result->name);

		if (before && !result->failure[0])
			result_compare(result, before);
	}
}
