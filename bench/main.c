/*
 * teesim-bench: measures the simulator, beside what the machine can do at best.
 *
 * Runs as whoever calls it, on a device of its own that is gone afterwards.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "compare.h"
#include "device.h"
#include "figures.h"
#include "placement.h"
#include "record.h"
#include "report.h"
#include "scratch.h"
#include "table.h"

#define ROUNDS_USUAL 64U
#define ROUNDS_QUICK 16U

static const struct figure figures[] = {
#define FIGURE_LIST(figure_name) { #figure_name, figure_name##_run },
	FIGURES(FIGURE_LIST)
#undef FIGURE_LIST
};

#define FIGURE_COUNT (sizeof(figures) / sizeof(figures[0]))

struct request {
	struct options options;
	const char *json;
	const char *report;
	const char *compare;
	bool check;
	bool precedence;
};

static struct bench bench;
static struct result results[RESULTS_MAX];
static struct old_run old_run;

static const char usage[] =
	"usage: teesim-bench [OPTION...]\n"
	"\n"
	"  --filter NAME       only the figures with NAME in their name; --list names them\n"
	"  --rounds N          rounds of each figure, 1 to 256 (64)\n"
	"  --quick             few and short rounds: for a first look\n"
	"  --json FILE         also write the results for machines\n"
	"  --report FILE.html  also write one page with the distributions\n"
	"  --compare OLD.json  also say what moved since that run, beyond noise\n"
	"  --check             exit status 1 when a target is missed or a figure is not measured\n"
	"  --precedence        run before what else the machine does (as root): for a busy "
	"machine\n"
	"  --list              name the figures\n"
	"\n"
	"Each figure is measured in turns with its yardstick, in the same run; a value is the "
	"median\n"
	"of its rounds, a ratio the median of the rounds' ratios, with the interval that holds it\n"
	"with 95 % confidence. TEESIM_SPIN_US is heeded by both.\n";

static bool number_parse(const char *text, unsigned long max, unsigned int *out)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || text[0] == '-' || value < 1 || value > max)
		return false;
	*out = (unsigned int)value;
	return true;
}

static void figures_list(void)
{
	for (size_t i = 0; i < FIGURE_COUNT; i++)
		puts(figures[i].name);
}

/* Returns -1 to go on, or the exit status. */
static int options_parse(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{ "filter", required_argument, NULL, 'f' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "quick", no_argument, NULL, 'q' },
		{ "json", required_argument, NULL, 'j' },
		{ "report", required_argument, NULL, 'p' },
		{ "compare", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "precedence", no_argument, NULL, 'n' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int key;

	while ((key = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (key) {
		case 'f':
			request->options.filter = optarg;
			break;
		case 'r':
			if (!number_parse(optarg, ROUNDS_MAX, &request->options.rounds)) {
				fprintf(stderr,
					"teesim-bench: --rounds takes 1 to %u, not \"%s\"\n",
					ROUNDS_MAX, optarg);
				return 2;
			}
			break;
		case 'q':
			request->options.quick = true;
			break;
		case 'j':
			request->json = optarg;
			break;
		case 'p':
			request->report = optarg;
			break;
		case 'c':
			request->compare = optarg;
			break;
		case 'k':
			request->check = true;
			break;
		case 'n':
			request->precedence = true;
			break;
		case 'l':
			figures_list();
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs("teesim-bench: --help lists the options\n", stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "teesim-bench: \"%s\" is no option; --help lists them\n",
			argv[optind]);
		return 2;
	}
	if (!request->options.rounds)
		request->options.rounds = request->options.quick ? ROUNDS_QUICK : ROUNDS_USUAL;
	return -1;
}

static bool figure_wanted(const struct figure *figure, const char *filter)
{
	return !filter || strstr(figure->name, filter);
}

static void figures_run(void)
{
	table_head();
	for (size_t i = 0; i < FIGURE_COUNT; i++) {
		unsigned int before = bench.count;

		if (!figure_wanted(&figures[i], bench.options.filter))
			continue;
		figures[i].run(&bench);
		for (unsigned int j = before; j < bench.count; j++)
			table_row(&bench.results[j]);
	}
}

/* How much the yardsticks themselves changed from round to round. */
static double noise(void)
{
	double spreads[RESULTS_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < bench.count; i++)
		if (bench.results[i].has_yardstick && bench.results[i].unit == UNIT_NS)
			spreads[count++] = statistics_spread(bench.results[i].yardstick.p50,
							     bench.results[i].yardstick.rounds);
	return statistics_median(spreads, count);
}

static int results_tell(const struct request *request, struct machine *machine)
{
	double loads[1] = { 0 };
	unsigned int missed = 0, absent = 0, targets = 0;
	char why[256];
	int status = 0;

	(void)getloadavg(loads, 1);
	machine->load_after = loads[0];
	for (unsigned int i = 0; i < bench.count; i++) {
		const struct result *result = &bench.results[i];

		if (result->failure[0]) {
			absent++;
		} else if (result->goal != GOAL_NONE) {
			targets++;
			missed += !result_met(result);
		}
	}
	printf("\n%u of %u targets met", targets - missed, targets);
	if (absent)
		printf(", %u figures not measured", absent);
	printf("; %u rounds on %u CPUs (%s), load %.1f before and %.1f after,\n"
	       "yardsticks within %.0f %% of their median in half of the rounds\n",
	       bench.options.rounds, machine->cpus, machine->processor, machine->load_before,
	       machine->load_after, noise() * 100);
	if (request->compare)
		compare_print(&bench, &old_run);
	if (request->json && record_write(request->json, &bench, machine, why, sizeof(why)) < 0) {
		fprintf(stderr, "teesim-bench: %s\n", why);
		status = 1;
	}
	if (request->report &&
	    report_write(request->report, &bench, machine, why, sizeof(why)) < 0) {
		fprintf(stderr, "teesim-bench: %s\n", why);
		status = 1;
	}
	if (request->check && (missed || absent))
		status = 1;
	return status;
}

static int measure(void *context)
{
	const struct request *request = context;
	static struct device device;
	struct machine machine;
	char why[512];
	int status;

	machine_describe(&machine);
	clock_calibrate();
	bench.options = request->options;
	bench.results = results;
	if (request->precedence && !placement_take_precedence())
		fprintf(stderr, "teesim-bench: --precedence needs root; going on without\n");
	if (device_start(&device, scratch_directory(), "bench", -1, why, sizeof(why)) < 0) {
		fprintf(stderr, "teesim-bench: %s\n", why);
		return 1;
	}
	bench.device = &device;
	figures_run();
	device_stop(&device);
	status = bench.count ? results_tell(request, &machine) : 2;
	return status;
}

/* Can the file be written, or made? */
static bool output_possible(const char *path)
{
	char directory[PATH_MAX];

	if (!path || access(path, W_OK) == 0)
		return true;
	if (errno == ENOENT && strlen(path) < sizeof(directory)) {
		strcpy(directory, path);
		if (access(dirname(directory), W_OK) == 0)
			return true;
	}
	fprintf(stderr, "teesim-bench: %s cannot be written: %s\n", path, strerror(errno));
	return false;
}

/* What would be in vain, before the time is spent. */
static bool request_check(const struct request *request)
{
	unsigned int wanted = 0;
	char why[256];

	for (size_t i = 0; i < FIGURE_COUNT; i++)
		wanted += figure_wanted(&figures[i], request->options.filter);
	if (!wanted) {
		fprintf(stderr,
			"teesim-bench: no figure has \"%s\" in its name; --list names them\n",
			request->options.filter);
		return false;
	}
	if (request->compare && record_parse(request->compare, &old_run, why, sizeof(why)) < 0) {
		fprintf(stderr, "teesim-bench: %s\n", why);
		return false;
	}
	return output_possible(request->json) && output_possible(request->report);
}

int main(int argc, char **argv)
{
	struct request request = { 0 };
	int status = options_parse(argc, argv, &request);

	if (status >= 0)
		return status;
	return request_check(&request) ? scratch_run(measure, &request) : 2;
}
