#include "cli/bench_print.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static double rate(const struct bench_side *side)
{
	return (double)side->latency.count * 1e9 / (double)side->elapsed_ns;
}

static json_t *side_json(const struct bench_side *side)
{
	json_t *histogram = json_array();

	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++)
		if (side->latency.bucket[i])
			json_array_append_new(histogram,
					      json_pack("{s:f, s:I}", "from_ns",
							latency_bucket_start(i), "calls",
							(json_int_t)side->latency.bucket[i]));
	return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:o}", "calls",
			 (json_int_t)side->latency.count, "calls_per_second", rate(side), "p50_ns",
			 latency_quantile(&side->latency, 0.5), "p90_ns",
			 latency_quantile(&side->latency, 0.9), "p99_ns",
			 latency_quantile(&side->latency, 0.99), "max_ns", side->latency.max_ns,
			 "histogram", histogram);
}

void bench_print_json(const struct bench_plan *plan, const struct bench_side *command,
		      const struct bench_side *floor)
{
	char uuid[UUID_TEXT_SIZE];
	json_t *root =
		json_pack("{s:s, s:I, s:i, s:f, s:I, s:o, s:o}", "ta", uuid_format(&plan->ta, uuid),
			  "command", (json_int_t)plan->command, "threads", (int)plan->threads,
			  "seconds", (double)command->elapsed_ns / 1e9, "world_switch_ns",
			  (json_int_t)plan->world_switch_ns, "invoke", side_json(command), "floor",
			  side_json(floor));

	json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(root);
}

static void print_row(const char *name, const struct bench_side *side)
{
	static const double parts[] = { 0.5, 0.9, 0.99 };

	printf("  %-8s", name);
	for (unsigned int i = 0; i < 4; i++) {
		char text[LATENCY_TEXT_SIZE];

		latency_text(i < 3 ? latency_quantile(&side->latency, parts[i])
				   : side->latency.max_ns,
			     text);
		printf("%*s", strstr(text, "µ") ? 12 : 11, text);
	}
	printf("%15.0f\n", rate(side));
}

void bench_print_text(const struct bench_plan *plan, const struct bench_side *command,
		      const struct bench_side *floor)
{
	double of_floor = latency_quantile(&floor->latency, 0.5);
	char uuid[UUID_TEXT_SIZE];

	printf("TA %s, command %u, %u thread%s, %.1f s, %llu calls\n", uuid_format(&plan->ta, uuid),
	       plan->command, plan->threads, plan->threads == 1 ? "" : "s",
	       (double)command->elapsed_ns / 1e9, (unsigned long long)command->latency.count);
	if (plan->world_switch_ns)
		printf("each way into the TA, and each way out, made to take %u ns longer\n",
		       plan->world_switch_ns);
	printf("\n  %-8s%11s%11s%11s%11s%15s\n", "", "p50", "p90", "p99", "max", "calls/s");
	print_row("invoke", command);
	print_row("floor", floor);
	printf("  %-8s%11.2f%48.2f\n\n", "ratio",
	       of_floor > 0 ? latency_quantile(&command->latency, 0.5) / of_floor : 0,
	       rate(floor) > 0 ? rate(command) / rate(floor) : 0);
	printf("     from   invoke    floor\n");
	latency_histogram_print(&command->latency, &floor->latency, stdout);
}
