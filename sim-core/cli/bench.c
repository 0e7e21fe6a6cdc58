/* `teesim bench`: how quick one's own pair of client and trusted application is on this machine. */
#include "cli/commands.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench_measure.h"
#include "cli/bench_parameter.h"
#include "cli/bench_print.h"
#include "wire/uuid.h"

#define SECONDS_DEFAULT 3.0
#define SECONDS_MAX	3600.0

static const char help[] =
	"usage: teesim bench --ta UUID --cmd N [OPTION…]\n"
	"\n"
	"Invokes command N of a trusted application over and over, and shows how long a call "
	"takes\n"
	"beside the floor: two processes that answer each other through shared memory and do "
	"nothing\n"
	"else.\n"
	"\n"
	"      --ta UUID           the trusted application\n"
	"      --cmd N             its command\n"
	"      --param SPEC        the next of up to four parameters:\n"
	"                            value:A[,B]  two numbers\n"
	"                            tmp:SIZE     a temporary memory reference\n"
	"                            shm:SIZE     memory that libteec allocated, shared\n"
	"                            reg:SIZE     the client's own memory, registered\n"
	"                          followed by :in, :out or :inout (values: in, memory: inout);\n"
	"                          sizes may end in K, M or G\n"
	"      --threads N         so many threads, each with a session of its own (default: 1)\n"
	"      --seconds S         for so long (default: 3)\n"
	"  -d, --device NAME       the device (default: as for any client)\n"
	"      --ta-path DIR[:DIR…]  look for trusted applications there first\n"
	"      --world-switch NS   on a fresh device, or device NAME while it is not running, "
	"whose\n"
	"                          ways into a TA and out each take NS nanoseconds longer\n"
	"      --json              for programs\n";

struct bench {
	struct bench_plan plan;
	unsigned int parameter_count;
	bool json;
	/* What to start a device with; NULL: nothing. */
	const char *world_switch;
	/* The device was started so, and is in use. */
	bool is_modelled;
	const char *device;
	const char *ta_path;
	bool has_ta;
	bool has_command;
};

/* The same once more, as the command of a `teesim run` whose device is as asked for. */
static int run_on_device(const struct bench *bench, int argc, char **argv)
{
	char **inner = calloc((size_t)argc + 16, sizeof(*inner));
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int n = 0, status;

	if (!inner || length < 0) {
		fprintf(stderr, "teesim bench: %s\n", strerror(errno));
		free(inner);
		return EXIT_REFUSED;
	}
	self[length] = '\0';
	inner[n++] = (char *)"run";
	inner[n++] = (char *)"--world-switch";
	inner[n++] = (char *)bench->world_switch;
	if (bench->device) {
		inner[n++] = (char *)"--device";
		inner[n++] = (char *)bench->device;
	}
	inner[n++] = (char *)"--";
	inner[n++] = self;
	inner[n++] = (char *)"bench";
	/* Said last, it holds: the device is there. */
	for (int i = 1; i < argc; i++)
		inner[n++] = argv[i];
	inner[n++] = (char *)"--modelled";
	inner[n++] = (char *)bench->world_switch;
	optind = 0;
	status = cmd_run(n, inner);
	free(inner);
	return status;
}

static int number_parse(const char *text, unsigned long most, const char *option,
			unsigned long *out)
{
	char *end;

	errno = 0;
	*out = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 0) : ULONG_MAX;
	if (*out == ULONG_MAX || errno || *end || *out > most) {
		fprintf(stderr, "teesim bench: %s is a number up to %lu, not \"%s\"\n", option,
			most, text);
		return -EINVAL;
	}
	return 0;
}

static int seconds_parse(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	if (end != text && !*end && *seconds > 0 && *seconds <= SECONDS_MAX)
		return 0;
	fprintf(stderr, "teesim bench: --seconds is a number up to %.0f, not \"%s\"\n", SECONDS_MAX,
		text);
	return -EINVAL;
}

static int parameter_add(struct bench *bench, const char *text)
{
	if (bench->parameter_count == BENCH_PARAMETERS) {
		fputs("teesim bench: a command has four parameters at most\n", stderr);
		return -EINVAL;
	}
	if (bench_parameter_parse(text, &bench->plan.parameters[bench->parameter_count]) < 0) {
		fprintf(stderr,
			"teesim bench: --param \"%s\" is none of value:A,B, tmp:SIZE, shm:SIZE and "
			"reg:SIZE, with :in, :out or :inout behind\n",
			text);
		return -EINVAL;
	}
	bench->parameter_count++;
	return 0;
}

static int option_take(struct bench *bench, int option, const char *value)
{
	unsigned long number = 0;
	int err = 0;

	switch (option) {
	case 'u':
		bench->has_ta = true;
		err = uuid_parse(value, &bench->plan.ta);
		if (err < 0)
			fprintf(stderr, "teesim bench: \"%s\" is no UUID\n", value);
		return err;
	case 'c':
		bench->has_command = true;
		err = number_parse(value, UINT32_MAX, "--cmd", &number);
		bench->plan.command = (uint32_t)number;
		return err;
	case 'p':
		return parameter_add(bench, value);
	case 'n':
		err = number_parse(value, BENCH_THREADS_MAX, "--threads", &number);
		if (!err && !number) {
			fputs("teesim bench: --threads takes one at least\n", stderr);
			err = -EINVAL;
		}
		bench->plan.threads = (unsigned int)number;
		return err;
	case 's':
		return seconds_parse(value, &bench->plan.seconds);
	case 'd':
		bench->device = value;
		return 0;
	case 't':
		bench->ta_path = value;
		return 0;
	case 'W':
		bench->world_switch = value;
		return number_parse(value, 1000000000UL, "--world-switch", &number);
	case 'M':
		bench->is_modelled = true;
		err = number_parse(value, 1000000000UL, "--modelled", &number);
		bench->plan.world_switch_ns = (uint32_t)number;
		return err;
	case 'j':
		bench->json = true;
		return 0;
	default:
		fputs("`teesim bench --help` tells what there is\n", stderr);
		return -EINVAL;
	}
}

static int options_parse(int argc, char **argv, struct bench *bench)
{
	static const struct option options[] = {
		{ "ta", required_argument, NULL, 'u' },
		{ "cmd", required_argument, NULL, 'c' },
		{ "param", required_argument, NULL, 'p' },
		{ "threads", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 's' },
		{ "device", required_argument, NULL, 'd' },
		{ "ta-path", required_argument, NULL, 't' },
		{ "world-switch", required_argument, NULL, 'W' },
		/* Not for people: from run_on_device(). */
		{ "modelled", required_argument, NULL, 'M' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			exit(EXIT_OK);
		}
		if (option_take(bench, c, optarg) < 0)
			return EXIT_USAGE;
	}
	if (argv[optind]) {
		fprintf(stderr, "teesim bench: what is \"%s\"? `teesim bench --help` tells more\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	if (bench->has_ta && bench->has_command)
		return EXIT_OK;
	fputs("teesim bench: say which trusted application (--ta UUID) and which command (--cmd "
	      "N)\n",
	      stderr);
	return EXIT_USAGE;
}

static int environment_set(const struct bench *bench)
{
	const char *before = getenv("TEESIM_TA_PATH");
	char *joined;
	int failed;

	if (bench->device && !bench->is_modelled &&
	    (setenv("TEESIM_DEVICE", bench->device, 1) < 0 || unsetenv("TEESIM_SOCKET") < 0))
		return -errno;
	if (!bench->ta_path)
		return 0;
	if (asprintf(&joined, "%s%s%s", bench->ta_path, before ? ":" : "", before ? before : "") <
	    0)
		return -ENOMEM;
	failed = setenv("TEESIM_TA_PATH", joined, 1);
	free(joined);
	return failed ? -errno : 0;
}

int cmd_bench(int argc, char **argv)
{
	struct bench bench = { .plan = { .threads = 1, .seconds = SECONDS_DEFAULT } };
	static struct bench_side command, floor;
	int status = options_parse(argc, argv, &bench);
	int err;

	if (status != EXIT_OK)
		return status;
	if (bench.world_switch && !bench.is_modelled)
		return run_on_device(&bench, argc, argv);
	err = environment_set(&bench);
	if (err < 0) {
		fprintf(stderr, "teesim bench: %s\n", strerror(-err));
		return EXIT_REFUSED;
	}
	if (bench_measure(&bench.plan, &command, &floor) < 0)
		return EXIT_REFUSED;
	if (bench.json)
		bench_print_json(&bench.plan, &command, &floor);
	else
		bench_print_text(&bench.plan, &command, &floor);
	return EXIT_OK;
}
