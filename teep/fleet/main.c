/*
 * teesim-fleet: many simulated devices and one TAM, for seeing how that goes.
 *
 * Runs as whoever calls it, in directories of its own.
 */
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/paths.h"
#include "device/tree.h"
#include "teep/fleet/audit.h"
#include "teep/fleet/factory.h"
#include "teep/fleet/jobs.h"
#include "teep/fleet/own_tam.h"

#define DEVICES_MAX 1000000U
#define PATIENCE    120U

static const char help[] =
	"usage: teesim fleet --devices N [OPTION…]\n"
	"\n"
	"Makes N devices, each with an eFuse key, key pairs and certificates of its own and a TEE\n"
	"that executes OTrP, and brings them over HTTP to a TAM: first from nothing to a TA, then\n"
	"to the TA's next version. Tells how many devices that is in a second, and, by the "
	"devices'\n"
	"own account and by the TAM's, whether one was lost or did something twice.\n"
	"\n"
	"Without --tam it makes a TAM of its own on 127.0.0.1, with authorities, a service\n"
	"provider and a TA, and removes all of it in the end.\n"
	"\n"
	"  --devices N        how many\n"
	"  --parallel P       workers, each with one device open at a time (default: 2 per CPU)\n"
	"  --key KIND         of the devices' key pairs: p256 (default), p384 or rsa\n"
	"  --database WHERE   for the TAM of its own: a file, or postgresql://…\n"
	"  --kill-tam         kill that TAM (SIGKILL) in the middle of each round, and start it "
	"anew\n"
	"  --tam URI          a TAM that runs: its OTrP address. Each device is brought to what "
	"that\n"
	"                     TAM wants of it; nothing is deployed\n"
	"  --pki DIR          with --tam: authorities that it trusts, to make devices with\n"
	"  --token FILE       with --tam: a token for its admin API, to have its account too\n"
	"  --ca FILE          with --tam: whom to believe its TLS certificate by, in PEM\n"
	"  --keep DIR         keep the devices there; with --tam, those that are there already "
	"are\n"
	"                     used again\n"
	"  --json             the result for machines\n"
	"\n"
	"Ends with 0 when every device has what it should, once; 1 when not; 130 after Ctrl-C.\n";

struct order {
	unsigned int devices, parallel;
	const char *key, *database, *tam, *pki, *token_file, *ca, *keep;
	bool kill_tam, json;
};

struct round {
	const char *name;
	double seconds;
	struct audit audit;
};

#define ROUNDS_MAX 2

struct fleet {
	const struct order *order;
	char directory[JOBS_PATH_SIZE - 64];
	char devices[JOBS_PATH_SIZE - 32], own_pki[JOBS_PATH_SIZE - 32];
	char token[256];
	struct own_tam own;
	struct jobs jobs;
	struct crew crew;
	double make_seconds;
	struct round rounds[ROUNDS_MAX];
	unsigned int round_count;
	bool killed; /* the TAM, in this round */
	char err[JOBS_PATH_SIZE + 512];
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

/* ---- The rounds -------------------------------------------------------------------------------
 */

/* In the middle of a round, when that was asked for. */
static void tam_kill(void *context, unsigned int done)
{
	struct fleet *fleet = context;

	if (fleet->killed || done < fleet->order->devices / 2)
		return;
	fleet->killed = true;
	own_tam_kill(&fleet->own);
	if (own_tam_start(&fleet->own, fleet->err, sizeof(fleet->err)))
		fprintf(stderr, "teesim fleet: %s\n", fleet->err);
}

static int contact_round(struct fleet *fleet, const char *name, const char *what,
			 const struct expectation *expectation, long long deployment)
{
	struct crew_job job = jobs_contact(&fleet->jobs, what);
	struct round *round = &fleet->rounds[fleet->round_count];
	struct admin *admin;
	int rc;

	fleet->killed = false;
	if (fleet->order->kill_tam) {
		job.watch = tam_kill;
		job.watch_context = fleet;
	}
	rc = crew_run(&fleet->crew, &job, &interrupted);
	if (rc && rc != -EIO)
		return rc;
	fleet->round_count++;
	round->name = name;
	round->seconds = crew_seconds(&fleet->crew);
	audit_devices(&fleet->crew, expectation, &round->audit);
	if (!fleet->token[0])
		return 0;
	admin = admin_open(fleet->jobs.tam, fleet->token, fleet->order->ca);
	rc = admin ? audit_tam(&fleet->crew, admin, deployment, &round->audit, fleet->err,
			       sizeof(fleet->err))
		   : -ENOMEM;
	admin_close(admin);
	return rc;
}

static int own_rounds(struct fleet *fleet)
{
	const struct expectation first = { .version = 1, .installed = 1 };
	const struct expectation second = { .version = 2, .updated = 1 };
	long long deployment = 0;
	int rc = own_tam_deploy(&fleet->own, 1, &deployment, fleet->err, sizeof(fleet->err));

	if (rc == 0)
		rc = contact_round(fleet, "install", "installed", &first, deployment);
	if (rc == 0)
		rc = own_tam_deploy(&fleet->own, 2, &deployment, fleet->err, sizeof(fleet->err));
	if (rc == 0)
		rc = contact_round(fleet, "update", "updated", &second, deployment);
	return rc;
}

static int devices_make(struct fleet *fleet)
{
	const struct crew_job job = jobs_make(&fleet->jobs);
	struct factory *factory;
	int rc;

	/* What the factory lacks is made here, once, and what is wrong with it is said once. */
	rc = factory_open(&factory, fleet->jobs.pki, fleet->jobs.kind, fleet->err,
			  sizeof(fleet->err));
	if (rc)
		return rc;
	factory_close(factory);
	rc = crew_run(&fleet->crew, &job, &interrupted);
	fleet->make_seconds = crew_seconds(&fleet->crew);
	for (unsigned int i = 0; rc == -EIO && i < fleet->order->devices; i++) {
		if (fleet->crew.turns[i].state == TURN_FAILED) {
			snprintf(fleet->err, sizeof(fleet->err), "%s", fleet->crew.turns[i].why);
			break;
		}
	}
	return rc;
}

/* ---- Where everything is ----------------------------------------------------------------------
 */

static int token_read(struct fleet *fleet, const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file || !fgets(fleet->token, sizeof(fleet->token), file)) {
		snprintf(fleet->err, sizeof(fleet->err), "%s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return -EIO;
	}
	fclose(file);
	fleet->token[strcspn(fleet->token, "\n")] = '\0';
	return 0;
}

static int place_make(struct fleet *fleet)
{
	const char *keep = fleet->order->keep, *scratch = getenv("TMPDIR");
	int rc;

	snprintf(fleet->directory, sizeof(fleet->directory), "%s/teesim-fleet.XXXXXX",
		 scratch && scratch[0] ? scratch : "/tmp");
	if (!keep && !mkdtemp(fleet->directory)) {
		snprintf(fleet->err, sizeof(fleet->err), "%s: %s", fleet->directory,
			 strerror(errno));
		return -errno;
	}
	if (keep)
		snprintf(fleet->directory, sizeof(fleet->directory), "%s", keep);
	snprintf(fleet->devices, sizeof(fleet->devices), "%s/devices", fleet->directory);
	snprintf(fleet->own_pki, sizeof(fleet->own_pki), "%s/own/pki", fleet->directory);
	rc = paths_make_dir(fleet->devices);
	if (rc)
		snprintf(fleet->err, sizeof(fleet->err), "%s: %s", fleet->devices, strerror(-rc));
	return rc;
}

static int own_tam_ready(struct fleet *fleet)
{
	char directory[JOBS_PATH_SIZE];
	int rc;

	snprintf(directory, sizeof(directory), "%s/own", fleet->directory);
	if (access(directory, F_OK) == 0) {
		snprintf(fleet->err, sizeof(fleet->err),
			 "%s has the TAM of an earlier run, which its devices know: give another "
			 "directory, or the TAM that these are for (--tam)",
			 fleet->directory);
		return -EEXIST;
	}
	rc = own_tam_make(&fleet->own, NULL, directory, fleet->order->database, fleet->order->key,
			  fleet->err, sizeof(fleet->err));
	if (rc == 0)
		rc = own_tam_start(&fleet->own, fleet->err, sizeof(fleet->err));
	if (rc)
		return rc;
	fleet->jobs.pki = fleet->own_pki;
	fleet->jobs.tam = fleet->own.uri;
	fleet->jobs.taid = OWN_TAM_TAID;
	snprintf(fleet->token, sizeof(fleet->token), "%s", fleet->own.token);
	return 0;
}

static int fleet_run(struct fleet *fleet)
{
	const struct order *order = fleet->order;
	int rc = place_make(fleet);

	if (rc)
		return rc;
	fleet->jobs = (struct jobs) {
		.directory = fleet->devices,
		.pki = order->pki,
		.kind = key_kind_parse(order->key),
		.tam = order->tam,
		.ca_file = order->ca,
		.patience = PATIENCE,
	};
	rc = crew_open(&fleet->crew, order->parallel, order->devices, !order->json);
	if (rc == 0 && order->token_file)
		rc = token_read(fleet, order->token_file);
	if (rc == 0 && !order->tam)
		rc = own_tam_ready(fleet);
	if (rc == 0)
		rc = devices_make(fleet);
	if (rc == 0)
		rc = order->tam ? contact_round(fleet, "contact", "served", NULL, 0)
				: own_rounds(fleet);
	return rc;
}

/* ---- The result -------------------------------------------------------------------------------
 */

static bool fleet_passed(const struct fleet *fleet)
{
	for (unsigned int i = 0; i < fleet->round_count; i++)
		if (!audit_passed(&fleet->rounds[i].audit))
			return false;
	return fleet->round_count > 0;
}

static void tell(const struct fleet *fleet)
{
	const unsigned int devices = fleet->order->devices;

	printf("%u devices made in %.1f s: %.0f/s\n", devices, fleet->make_seconds,
	       devices / fleet->make_seconds);
	for (unsigned int i = 0; i < fleet->round_count; i++) {
		const struct round *round = &fleet->rounds[i];
		const struct audit *audit = &round->audit;

		printf("%s: %u devices in %.1f s: %.0f/s; %u lost, %u twice, %u failed",
		       round->name, audit->done, round->seconds, audit->done / round->seconds,
		       audit->lost, audit->twice, audit->failed);
		if (audit->retries)
			printf("; %u retries, after which %u devices were told again",
			       audit->retries, audit->repeated);
		putchar('\n');
		if (audit->tam_devices >= 0)
			printf("  the TAM knows %ld devices", audit->tam_devices);
		if (audit->tam_done >= 0)
			printf(", of which %ld are done and %ld failed", audit->tam_done,
			       audit->tam_failed);
		if (audit->tam_devices >= 0)
			putchar('\n');
		if (audit->first[0])
			printf("  the first that is wrong: %s\n", audit->first);
	}
}

static json_t *round_json(const struct round *round)
{
	const struct audit *audit = &round->audit;

	return json_pack(
		"{s:s, s:f, s:f, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:s}",
		"name", round->name, "seconds", round->seconds, "devices_per_second",
		audit->done / round->seconds, "done", (int)audit->done, "failed",
		(int)audit->failed, "lost", (int)audit->lost, "twice", (int)audit->twice,
		"repeated", (int)audit->repeated, "retries", (int)audit->retries, "installed",
		(int)audit->installed, "updated", (int)audit->updated, "tam_devices",
		(json_int_t)audit->tam_devices, "tam_done", (json_int_t)audit->tam_done,
		"tam_failed", (json_int_t)audit->tam_failed, "first_wrong", audit->first);
}

static void tell_json(const struct fleet *fleet)
{
	json_t *rounds = json_array(), *whole;

	for (unsigned int i = 0; i < fleet->round_count; i++)
		json_array_append_new(rounds, round_json(&fleet->rounds[i]));
	whole = json_pack("{s:i, s:i, s:s, s:f, s:o, s:I, s:b}", "devices",
			  (int)fleet->order->devices, "parallel", (int)fleet->order->parallel,
			  "key", fleet->order->key, "make_seconds", fleet->make_seconds, "rounds",
			  rounds, "tam_memory", (json_int_t)own_tam_memory(&fleet->own), "passed",
			  fleet_passed(fleet));
	json_dumpf(whole, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(whole);
}

static void fleet_end(struct fleet *fleet)
{
	own_tam_stop(&fleet->own);
	crew_close(&fleet->crew);
	if (!fleet->order->keep && fleet->directory[0])
		(void)tree_remove(fleet->directory);
}

/* ---- The command line -------------------------------------------------------------------------
 */

static bool number_parse(const char *name, const char *text, unsigned long max, unsigned int *out)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || text[0] == '-' || value < 1 || value > max) {
		fprintf(stderr, "teesim fleet: --%s: \"%s\" is no number from 1 to %lu\n", name,
			text, max);
		return false;
	}
	*out = (unsigned int)value;
	return true;
}

static bool order_fits(const struct order *order)
{
	const char *why = NULL;

	if (!order->devices)
		why = "--devices is missing";
	else if (key_kind_parse(order->key) == KEY_OTHER)
		why = "--key is none of p256, p384, rsa";
	else if (order->tam && !order->pki)
		why = "--tam needs --pki, the authorities to make devices with";
	else if (order->tam && (order->database || order->kill_tam))
		why = "--database and --kill-tam are for a TAM of its own, without --tam";
	else if (!order->tam && (order->pki || order->token_file || order->ca))
		why = "--pki, --token and --ca go with --tam";
	if (why)
		fprintf(stderr, "teesim fleet: %s; `teesim fleet --help` tells more\n", why);
	return !why;
}

/* Returns -1 to go on, or the exit status. */
static int order_parse(int argc, char **argv, struct order *order)
{
	enum {
		DEVICES = 256,
		PARALLEL,
		KEY,
		DATABASE,
		KILL,
		TAM,
		PKI,
		TOKEN,
		CA,
		KEEP,
		JSON
	};
	static const struct option options[] = {
		{ "devices", required_argument, NULL, DEVICES },
		{ "parallel", required_argument, NULL, PARALLEL },
		{ "key", required_argument, NULL, KEY },
		{ "database", required_argument, NULL, DATABASE },
		{ "kill-tam", no_argument, NULL, KILL },
		{ "tam", required_argument, NULL, TAM },
		{ "pki", required_argument, NULL, PKI },
		{ "token", required_argument, NULL, TOKEN },
		{ "ca", required_argument, NULL, CA },
		{ "keep", required_argument, NULL, KEEP },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static char name[] = "teesim fleet";
	int key;

	argv[0] = name;
	while ((key = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (key) {
		case DEVICES:
			if (!number_parse("devices", optarg, DEVICES_MAX, &order->devices))
				return 2;
			break;
		case PARALLEL:
			if (!number_parse("parallel", optarg, CREW_WORKERS_MAX, &order->parallel))
				return 2;
			break;
		case KEY:
			order->key = optarg;
			break;
		case DATABASE:
			order->database = optarg;
			break;
		case KILL:
			order->kill_tam = true;
			break;
		case TAM:
			order->tam = optarg;
			break;
		case PKI:
			order->pki = optarg;
			break;
		case TOKEN:
			order->token_file = optarg;
			break;
		case CA:
			order->ca = optarg;
			break;
		case KEEP:
			order->keep = optarg;
			break;
		case JSON:
			order->json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			fputs("`teesim fleet --help` tells what there is\n", stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "teesim fleet: what is \"%s\"? `teesim fleet --help` tells more\n",
			argv[optind]);
		return 2;
	}
	return order_fits(order) ? -1 : 2;
}

int main(int argc, char **argv)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct order order = { .key = "p256", .parallel = (unsigned int)(cpus > 0 ? 2 * cpus : 2) };
	const struct sigaction action = { .sa_handler = on_signal };
	static struct fleet fleet;
	int status, rc;

	if (order.parallel > CREW_WORKERS_MAX)
		order.parallel = CREW_WORKERS_MAX;
	status = order_parse(argc, argv, &order);
	if (status >= 0)
		return status;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return 1;
	fleet.order = &order;
	rc = fleet_run(&fleet);
	if (rc == 0) {
		if (order.json)
			tell_json(&fleet);
		else
			tell(&fleet);
		status = fleet_passed(&fleet) ? 0 : 1;
	} else if (interrupted) {
		fprintf(stderr, "teesim fleet: interrupted; the devices are %s\n",
			order.keep ? "kept" : "removed");
		status = 128 + interrupted;
	} else {
		fprintf(stderr, "teesim fleet: %s\n", fleet.err[0] ? fleet.err : strerror(-rc));
		status = 1;
	}
	fleet_end(&fleet);
	curl_global_cleanup();
	return status;
}
