#include "cli/latency.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Durations are counted in these parts of a nanosecond. */
#define FRACTION 16.0
/* log2 of LATENCY_PARTS. */
#define PARTS_SHIFT 4
/* A line of the histogram. */
#define LINE_BUCKETS (LATENCY_PARTS / 2)
#define LINES	     (LATENCY_BUCKETS / LINE_BUCKETS)
#define BAR_WIDTH    40U

static unsigned int bucket_of(double ns)
{
	uint64_t value = ns < 1 ? LATENCY_PARTS : (uint64_t)(ns * FRACTION);
	unsigned int doubling = 63U - (unsigned int)__builtin_clzll(value) - PARTS_SHIFT;
	unsigned int bucket =
		doubling * LATENCY_PARTS + (unsigned int)(value >> doubling) % LATENCY_PARTS;
	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

double latency_bucket_start(unsigned int bucket)
{
	unsigned int doubling = bucket / LATENCY_PARTS;
	uint64_t value = (uint64_t)(LATENCY_PARTS + bucket % LATENCY_PARTS) << doubling;

	return (double)value / FRACTION;
}

void latency_count(struct latency *latency, double ns)
{
	latency->bucket[bucket_of(ns)]++;
	latency->count++;
	if (ns > latency->max_ns)
		latency->max_ns = ns;
}

void latency_add(struct latency *latency, const struct latency *other)
{
	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++)
		latency->bucket[i] += other->bucket[i];
	latency->count += other->count;
	if (other->max_ns > latency->max_ns)
		latency->max_ns = other->max_ns;
}

double latency_quantile(const struct latency *latency, double part)
{
	double wanted = part * (double)latency->count;
	uint64_t seen = 0;

	for (unsigned int i = 0; i < LATENCY_BUCKETS && latency->count; i++) {
		double middle = (latency_bucket_start(i) + latency_bucket_start(i + 1)) / 2;

		seen += latency->bucket[i];
		if (latency->bucket[i] && (double)seen >= wanted)
			return middle < latency->max_ns ? middle : latency->max_ns;
	}
	return latency->max_ns;
}

char *latency_text(double ns, char text[LATENCY_TEXT_SIZE])
{
	static const struct {
		double ns;
		const char *name;
	} units[] = { { 1, "ns" }, { 1e3, "µs" }, { 1e6, "ms" }, { 1e9, "s" } };
	size_t unit = 0;
	double value;

	while (unit < 3 && ns >= units[unit + 1].ns)
		unit++;
	value = ns / units[unit].ns;
	snprintf(text, LATENCY_TEXT_SIZE, "%.*f %s",
		 value < 10 && unit ? 2
		 : value < 100	    ? 1
				    : 0,
		 value, units[unit].name);
	return text;
}

static uint64_t line_count(const struct latency *latency, unsigned int line)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < LINE_BUCKETS; i++)
		count += latency->bucket[line * LINE_BUCKETS + i];
	return count;
}

static double line_share(const struct latency *latency, unsigned int line)
{
	return latency->count ? 100.0 * (double)line_count(latency, line) / (double)latency->count
			      : 0;
}

static void share_print(FILE *to, double share)
{
	if (share == 0)
		fprintf(to, "         ");
	else if (share < 0.001)
		fprintf(to, " <0.001 %%");
	else
		fprintf(to, " %6.*f %%", share < 1 ? 3 : 1, share);
}

/* "µ" is two octets and one column. */
static void duration_print(FILE *to, double ns)
{
	char text[LATENCY_TEXT_SIZE];

	latency_text(ns, text);
	fprintf(to, "%*s", strstr(text, "µ") ? 10 : 9, text);
}

void latency_histogram_print(const struct latency *latency, const struct latency *floor, FILE *to)
{
	unsigned int first = LINES, last = 0;
	double most = 0;

	for (unsigned int line = 0; line < LINES; line++) {
		double share = line_share(latency, line);

		if (!share && !line_count(floor, line))
			continue;
		first = line < first ? line : first;
		last = line;
		most = share > most ? share : most;
	}
	for (unsigned int line = first; line <= last && line < LINES; line++) {
		double share = line_share(latency, line);
		unsigned int bar = most > 0 ? (unsigned int)(share / most * BAR_WIDTH + 0.5) : 0;

		fprintf(to, "  ");
		duration_print(to, latency_bucket_start(line * LINE_BUCKETS));
		share_print(to, share);
		share_print(to, line_share(floor, line));
		fprintf(to, "  ");
		for (unsigned int i = 0; i < bar; i++)
			fputs("█", to);
		fputs(share > 0 && !bar ? "▏\n" : "\n", to);
	}
}
