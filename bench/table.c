#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RED   "\033[31m"
#define GREEN "\033[32m"
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

bool table_colours(void)
{
	const char *term = getenv("TERM");
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

struct scale {
	double from;
	const char *unit;
};

/* The value in the largest unit of which it holds one; three digits of it. */
static const char *scaled(const struct scale *scale, size_t count, double value, char *text,
			  size_t size)
{
	while (count > 1 && value < scale->from) {
		scale++;
		count--;
	}
	value /= scale->from;
	(void)snprintf(text, size, "%.*f %s",
		       value < 10    ? 2
		       : value < 100 ? 1
				     : 0,
		       value, scale->unit);
	return text;
}

const char *table_value(enum unit unit, double value, char *text, size_t size)
{
	static const struct scale ns[] = {
		{ 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" }, { 1, "ns" }
	};
	static const struct scale rate[] = { { 1e6, "M/s" }, { 1e3, "k/s" }, { 1, "/s" } };
	static const struct scale octets[] = { { 1048576, "MiB" }, { 1024, "KiB" }, { 1, "B" } };

	switch (unit) {
	case UNIT_NS:
		return scaled(ns, 4, value, text, size);
	case UNIT_CALLS_PER_S:
		return scaled(rate, 3, value, text, size);
	case UNIT_OCTETS:
		return scaled(octets, 3, value, text, size);
	default:
		(void)snprintf(text, size, value == (double)(long)value ? "%.0f" : "%.4f", value);
		return text;
	}
}

const char *table_target(const struct result *result, char *text, size_t size)
{
	char value[32];

	switch (result->goal) {
	case GOAL_RATIO_AT_MOST:
		(void)snprintf(text, size, "<= %gx", result->target);
		break;
	case GOAL_RATIO_AT_LEAST:
		(void)snprintf(text, size, ">= %gx", result->target);
		break;
	case GOAL_VALUE_AT_MOST:
		(void)snprintf(text, size, "<= %s",
			       table_value(result->unit, result->target, value, sizeof(value)));
		break;
	default:
		text[0] = '\0';
	}
	return text;
}

void table_head(void)
{
	const char *bold = table_colours() ? BOLD : "";
	const char *plain = table_colours() ? PLAIN : "";

	printf("%s%-42s %9s %9s  %-30s %-19s %-10s%s\n", bold, "figure", "p50", "p99", "yardstick",
	       "ratio (95 %)", "target", plain);
	(void)fflush(stdout);
}

void table_row(const struct result *result)
{
	const char *red = table_colours() ? RED : "";
	const char *green = table_colours() ? GREEN : "";
	const char *plain = table_colours() ? PLAIN : "";
	char p50[32], p99[32] = "", yard[32], yardstick[96] = "", ratio[48] = "", target[48];

	if (result->failure[0]) {
		printf("%-42s %snot measured: %s%s\n", result->title, red, result->failure, plain);
		return;
	}
	table_value(result->unit, series_value(result, &result->thing), p50, sizeof(p50));
	if (result->unit == UNIT_NS)
		table_value(result->unit, series_p99(&result->thing), p99, sizeof(p99));
	if (result->has_yardstick) {
		table_value(result->unit, series_value(result, &result->yardstick), yard,
			    sizeof(yard));
		(void)snprintf(yardstick, sizeof(yardstick), "%s %s", result->yardstick.what, yard);
		(void)snprintf(ratio, sizeof(ratio), "%.2fx (%.2f-%.2f)", result->ratio,
			       result->ratio_interval.low, result->ratio_interval.high);
	}
	printf("%-42s %9s %9s  %-30s %-19s %-10s", result->title, p50, p99, yardstick, ratio,
	       table_target(result, target, sizeof(target)));
	if (result->goal != GOAL_NONE)
		printf(" %s%s%s", result_met(result) ? green : red,
		       result_met(result) ? "ok" : "MISSED", plain);
	printf("\n");
	(void)fflush(stdout);
}
