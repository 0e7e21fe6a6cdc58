/* `teesim bench`: how quick one's own pair of client and trusted application is on this machine. */
#include "cli/commands.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tee_client_api.h>

#include "cli/bench_parameter.h"
#include "cli/latency.h"
#include "clock.h"
#include "pingpong.h"
#include "wire/result.h"
#include "wire/uuid.h"
#include "wire/wait.h"

#define THREADS_MAX	256U
#define SECONDS_DEFAULT 3.0
#define SECONDS_MAX	3600.0
/* The command and the floor take turns, so that whatever else the machine does meets both. */
#define TURNS	   4U
#define WARM_UP_NS 50000000U
/* The floor gets a fourth of the command's time. */
#define FLOOR_SHARE 4.0

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
	struct uuid ta;
	uint32_t command;
	struct bench_parameter parameters[BENCH_PARAMETERS];
	unsigned int parameter_count;
	unsigned int threads;
	double seconds;
	bool json;
	/* What to start a device with, and what the one in use was started with; NULL: nothing. */
	const char *world_switch;
	const char *modelled;
	const char *device;
	const char *ta_path;
	bool has_ta;
	bool has_command;
};

/* A thread that calls; of the floor, or of the command. */
struct caller {
	const struct bench *bench;
	TEEC_Context *context;
	TEEC_Session session;
	struct bench_operation operation;
	bool is_open;
	struct pingpong pingpong;
	/* Where the floor's calls are made; -1: anywhere. */
	int cpu;
	/* For the turn under way. */
	int (*call)(struct caller *caller);
	pthread_barrier_t *start;
	const _Atomic bool *stop;
	struct latency turn;
	/* What went wrong. */
	TEEC_Result result;
	uint32_t origin;
};

/* What was measured of one of the two. */
struct side {
	struct latency latency;
	uint64_t elapsed_ns;
};

static int call_command(struct caller *caller)
{
	TEEC_Operation operation = caller->operation.operation;

	caller->result = TEEC_InvokeCommand(&caller->session, caller->bench->command, &operation,
					    &caller->origin);
	return caller->result == TEEC_SUCCESS ? 0 : -EIO;
}

static int call_floor(struct caller *caller)
{
	return pingpong_call(&caller->pingpong);
}

static void stay_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
}

/* The `n`th of the CPUs that we may run on; -1 when there are not so many. */
static int cpu_find(unsigned int n)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus) && n-- == 0)
			return cpu;
	return -1;
}

static void *caller_run(void *arg)
{
	struct caller *caller = arg;
	uint64_t until = wait_now_ns() + WARM_UP_NS;
	int err = 0;

	if (caller->call == call_floor && caller->cpu >= 0)
		stay_on(caller->cpu);
	while (!err && wait_now_ns() < until)
		err = caller->call(caller);
	pthread_barrier_wait(caller->start);
	while (!err && !atomic_load_explicit(caller->stop, memory_order_relaxed)) {
		uint64_t from = clock_ticks();

		err = caller->call(caller);
		if (!err)
			latency_count(&caller->turn, clock_ns(clock_ticks() - from));
	}
	return NULL;
}

static void nap(double seconds)
{
	struct timespec left = { .tv_sec = (time_t)seconds };

	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* Lets all callers call for so long. Returns 0, or -EAGAIN when there are no threads to be had;
 * what a call said is in its caller. */
static int turn_run(struct caller *callers, unsigned int count, int (*call)(struct caller *caller),
		    double seconds, struct side *side)
{
	pthread_t thread[THREADS_MAX];
	pthread_barrier_t start;
	_Atomic bool stop = false;
	unsigned int started;
	uint64_t from;

	pthread_barrier_init(&start, NULL, count + 1);
	for (started = 0; started < count; started++) {
		struct caller *caller = &callers[started];

		memset(&caller->turn, 0, sizeof(caller->turn));
		caller->call = call;
		caller->start = &start;
		caller->stop = &stop;
		/* Those that were started wait for the others, for good: the program ends. */
		if (pthread_create(&thread[started], NULL, caller_run, caller) != 0)
			return -EAGAIN;
	}
	pthread_barrier_wait(&start);
	from = wait_now_ns();
	nap(seconds);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	side->elapsed_ns += wait_now_ns() - from;
	for (unsigned int i = 0; i < started; i++)
		latency_add(&side->latency, &callers[i].turn);
	pthread_barrier_destroy(&start);
	return 0;
}

static const char *origin_text(uint32_t origin)
{
	switch (origin) {
	case TEEC_ORIGIN_TRUSTED_APP:
		return "the trusted application";
	case TEEC_ORIGIN_TEE:
		return "the TEE";
	case TEEC_ORIGIN_COMMS:
		return "the way to the TEE";
	default:
		return "libteec";
	}
}

static void complain(const char *what, TEEC_Result result, uint32_t origin)
{
	const char *name = result_name(result);

	fprintf(stderr, "teesim bench: %s: 0x%08x%s%s%s from %s; 'teesim log' may tell more\n",
		what, result, name ? " (TEEC_ERROR_" : "", name ? name : "", name ? ")" : "",
		origin_text(origin));
}

static int session_open(struct caller *caller)
{
	uint32_t origin = TEEC_ORIGIN_API;
	TEEC_UUID uuid = { 0 };
	TEEC_Result result;

	uuid_to_fields(&caller->bench->ta, &uuid.timeLow, &uuid.timeMid, &uuid.timeHiAndVersion,
		       uuid.clockSeqAndNode);
	result = TEEC_OpenSession(caller->context, &caller->session, &uuid, TEEC_LOGIN_PUBLIC, NULL,
				  NULL, &origin);
	if (result != TEEC_SUCCESS) {
		complain("no session with the trusted application", result, origin);
		return -EIO;
	}
	caller->is_open = true;
	result = bench_operation_prepare(&caller->operation, caller->context,
					 caller->bench->parameters);
	if (result != TEEC_SUCCESS) {
		complain("no memory for the parameters", result, TEEC_ORIGIN_API);
		return -ENOMEM;
	}
	/* What is wrong with the command shows here, and not in the middle. */
	if (call_command(caller) < 0) {
		complain("the command does not succeed", caller->result, caller->origin);
		return -EIO;
	}
	return 0;
}

static int turns_run(const struct bench *bench, struct caller *callers, struct side *command,
		     struct side *floor)
{
	double each = bench->seconds / TURNS;
	int err = 0;

	for (unsigned int i = 0; i < TURNS && !err; i++) {
		err = turn_run(callers, bench->threads, call_floor, each / FLOOR_SHARE, floor);
		if (!err)
			err = turn_run(callers, bench->threads, call_command, each, command);
		for (unsigned int c = 0; c < bench->threads && !err; c++)
			if (callers[c].result != TEEC_SUCCESS) {
				complain("a call failed", callers[c].result, callers[c].origin);
				return -EIO;
			}
	}
	if (err)
		fprintf(stderr, "teesim bench: %s\n", strerror(-err));
	return err;
}

static double rate(const struct side *side)
{
	return (double)side->latency.count * 1e9 / (double)side->elapsed_ns;
}

static json_t *side_json(const struct side *side)
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

static void print_json(const struct bench *bench, const struct side *command,
		       const struct side *floor)
{
	char uuid[UUID_TEXT_SIZE];
	json_t *root =
		json_pack("{s:s, s:I, s:i, s:f, s:I, s:o, s:o}", "ta",
			  uuid_format(&bench->ta, uuid), "command", (json_int_t)bench->command,
			  "threads", (int)bench->threads, "seconds",
			  (double)command->elapsed_ns / 1e9, "world_switch_ns",
			  (json_int_t)(bench->modelled ? strtol(bench->modelled, NULL, 10) : 0),
			  "invoke", side_json(command), "floor", side_json(floor));

	json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(root);
}

static void print_row(const char *name, const struct side *side)
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

static void print_text(const struct bench *bench, const struct side *command,
		       const struct side *floor)
{
	double of_floor = latency_quantile(&floor->latency, 0.5);
	char uuid[UUID_TEXT_SIZE];

	printf("TA %s, command %u, %u thread%s, %.1f s, %llu calls\n",
	       uuid_format(&bench->ta, uuid), bench->command, bench->threads,
	       bench->threads == 1 ? "" : "s", (double)command->elapsed_ns / 1e9,
	       (unsigned long long)command->latency.count);
	if (bench->modelled)
		printf("each way into the TA, and each way out, made to take %s ns longer\n",
		       bench->modelled);
	printf("\n  %-8s%11s%11s%11s%11s%15s\n", "", "p50", "p90", "p99", "max", "calls/s");
	print_row("invoke", command);
	print_row("floor", floor);
	printf("  %-8s%11.2f%48.2f\n\n", "ratio",
	       of_floor > 0 ? latency_quantile(&command->latency, 0.5) / of_floor : 0,
	       rate(floor) > 0 ? rate(command) / rate(floor) : 0);
	printf("     from   invoke    floor\n");
	latency_histogram_print(&command->latency, &floor->latency, stdout);
}

static int measure(const struct bench *bench, struct caller *callers, TEEC_Context *context)
{
	static struct side command, floor;
	int err = 0;

	for (unsigned int i = 0; i < bench->threads && !err; i++) {
		callers[i].bench = bench;
		callers[i].context = context;
		err = session_open(&callers[i]);
	}
	if (!err)
		err = turns_run(bench, callers, &command, &floor);
	if (!err && bench->json)
		print_json(bench, &command, &floor);
	else if (!err)
		print_text(bench, &command, &floor);
	for (unsigned int i = 0; i < bench->threads; i++) {
		bench_operation_release(&callers[i].operation);
		if (callers[i].is_open)
			TEEC_CloseSession(&callers[i].session);
	}
	return err;
}

static int bench_run(const struct bench *bench)
{
	struct caller *callers = calloc(bench->threads, sizeof(*callers));
	unsigned int pairs = 0;
	TEEC_Context context;
	TEEC_Result result;
	int err = callers ? 0 : -ENOMEM;

	clock_calibrate();
	/* Each side of the floor has a CPU of its own where there are enough: it is what the
	 * machine can do at best. Started before there are threads or connections to be shared. */
	while (!err && pairs < bench->threads) {
		bool apart = cpu_find(2 * bench->threads - 1) >= 0;

		callers[pairs].cpu = apart ? cpu_find(2 * pairs) : -1;
		err = pingpong_start(&callers[pairs].pingpong, wait_spin_from_environment(),
				     apart ? cpu_find(2 * pairs + 1) : -1);
		if (!err)
			pairs++;
	}
	if (err) {
		fprintf(stderr, "teesim bench: no process for the floor: %s\n", strerror(-err));
	} else {
		result = TEEC_InitializeContext(NULL, &context);
		err = result == TEEC_SUCCESS ? measure(bench, callers, &context) : -EIO;
		if (result == TEEC_SUCCESS)
			TEEC_FinalizeContext(&context);
		else
			complain("no TEE", result, TEEC_ORIGIN_API);
	}
	while (pairs > 0)
		pingpong_stop(&callers[--pairs].pingpong);
	free(callers);
	return err ? EXIT_REFUSED : EXIT_OK;
}

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
	if (bench_parameter_parse(text, &bench->parameters[bench->parameter_count]) < 0) {
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
		err = uuid_parse(value, &bench->ta);
		if (err < 0)
			fprintf(stderr, "teesim bench: \"%s\" is no UUID\n", value);
		return err;
	case 'c':
		bench->has_command = true;
		err = number_parse(value, UINT32_MAX, "--cmd", &number);
		bench->command = (uint32_t)number;
		return err;
	case 'p':
		return parameter_add(bench, value);
	case 'n':
		err = number_parse(value, THREADS_MAX, "--threads", &number);
		bench->threads = number ? (unsigned int)number : 1;
		return err;
	case 's':
		return seconds_parse(value, &bench->seconds);
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
		bench->modelled = value;
		return 0;
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

	if (bench->device && !bench->modelled &&
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
	struct bench bench = { .threads = 1, .seconds = SECONDS_DEFAULT };
	int status = options_parse(argc, argv, &bench);
	int err;

	if (status != EXIT_OK)
		return status;
	if (bench.world_switch && !bench.modelled)
		return run_on_device(&bench, argc, argv);
	err = environment_set(&bench);
	if (err < 0) {
		fprintf(stderr, "teesim bench: %s\n", strerror(-err));
		return EXIT_REFUSED;
	}
	return bench_run(&bench);
}
