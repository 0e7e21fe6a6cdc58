/* `teesim tam deploy` and `teesim tam wanted`. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "teep/tam/cli/commands.h"

static const char help[] =
	"usage: teesim tam deploy TAID (--all|--group NAME|--device DID) [--version N]\n"
	"                        [--domain NAME] [--sp SPID] [--on-request] [--remove] [--wait]\n"
	"                        [--timeout SECONDS]\n"
	"       teesim tam deploy list\n"
	"       teesim tam deploy show ID\n"
	"       teesim tam deploy watch ID [--timeout SECONDS]\n"
	"\n"
	"Sets what the devices should have, and follows them there. A device gets it at its next\n"
	"contact with the TAM; those that come into the scope later do as well.\n"
	"\n"
	"  --version N    that one; otherwise the latest, also of versions that come later\n"
	"  --domain NAME  the security domain it goes into (default: main); with --remove the one\n"
	"                 that it is wanted in, where that is a single one\n"
	"  --sp SPID      whose it is; found by the TA otherwise\n"
	"  --on-request   only where a client app asks for it; updates come by themselves then\n"
	"  --remove       take it away\n"
	"  --wait         show how it goes until it is done; fails when a device failed\n"
	"  --timeout      wait no longer than that\n" CLIENT_HELP;

static const char wanted_help[] =
	"usage: teesim tam wanted list [--sp SPID] [--ta TAID]\n"
	"       teesim tam wanted remove ID\n"
	"\n"
	"What devices should have, by scope: the nearest decides, a device before a group before\n"
	"all. `teesim tam deploy` adds to it.\n"
	"\n"
	"  remove  no longer wanted: it is deleted from the devices\n" CLIENT_HELP;

#define POLL_NS 400000000
/* The page has the same. */
#define DOMAIN "main"

static const struct column columns[] = {
	{ "ID", "id", FORM_NUMBER },
	{ "STATE", "state", FORM_STATE },
	{ "WHAT", "asked", FORM_TEXT },
	{ "TA", "what.taid", FORM_TEXT },
	{ "VERSION", "what.version", FORM_WANTED },
	{ "DOMAIN", "what.sdname", FORM_TEXT },
	{ "SCOPE", "what.scope", FORM_TEXT },
	{ "OF", "what.scope_id", FORM_SHORT },
	{ "DEVICES", "devices.total", FORM_NUMBER },
	{ "DONE", "devices.done", FORM_NUMBER },
	{ "FAILED", "devices.failed", FORM_NUMBER },
	{ "BY", "by", FORM_TEXT },
	{ "STARTED", "created", FORM_TIME },
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

static const struct column device_columns[] = {
	{ "DEVICE", "did", FORM_SHORT },  { "TEE", "tee", FORM_TEXT },
	{ "STATE", "state", FORM_STATE }, { "ERROR", "error", FORM_TEXT },
	{ "NOTE", "note", FORM_TEXT },	  { "SINCE", "updated", FORM_TIME },
};

/* As people read it: what it asks for, and that another took its place. */
static void deployment_put(json_t *deployment)
{
	const json_t *what = json_object_get(deployment, "what");

	(void)json_object_set_new(
		deployment, "asked",
		json_string(!json_is_true(json_object_get(what, "present"))	? "remove"
			    : json_is_true(json_object_get(what, "on_request")) ? "offer"
										: "install"));
	if (json_is_true(json_object_get(deployment, "replaced")))
		(void)json_object_set_new(deployment, "state", json_string("replaced"));
}

/* ---- Watching -------------------------------------------------------------------------------- */

struct counts {
	json_int_t total, waiting, running, done, failed;
};

static json_int_t count_of(const json_t *deployment, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(deployment, "devices"), name));
}

static struct counts counts_of(const json_t *deployment)
{
	return (struct counts) {
		.total = count_of(deployment, "total"),
		.waiting = count_of(deployment, "waiting"),
		.running = count_of(deployment, "running"),
		.done = count_of(deployment, "done"),
		.failed = count_of(deployment, "failed"),
	};
}

/* A bar that is drawn again in its place on a terminal; elsewhere a line for each change. */
static void progress_show(const struct counts *counts, const struct counts *before, bool bar)
{
	char text[128];

	snprintf(text, sizeof(text), "%lld of %lld done, %lld running, %lld waiting, %lld failed",
		 counts->done, counts->total, counts->running, counts->waiting, counts->failed);
	if (bar) {
		const json_int_t ended = counts->done + counts->failed;
		const int filled = counts->total ? (int)(30 * ended / counts->total) : 30;
		const struct terminal_colours colours = terminal_colours(stderr);

		fprintf(stderr, "\r\033[K%s", colours.green);
		for (int i = 0; i < 30; i++)
			fputs(i < filled ? "█" : "░", stderr);
		fprintf(stderr, "%s  %s", colours.plain, text);
	} else if (memcmp(counts, before, sizeof(*counts)) != 0) {
		fprintf(stderr, "%s\n", text);
	}
	(void)fflush(stderr);
}

static void failed_show(struct client *client, const char *id)
{
	char *path = client_path("/deployments/%/devices?state=failed&limit=10", &id, 1);
	json_t *answer = NULL;

	if (path && !client_call(client, "GET", path, NULL, &answer) &&
	    json_array_size(json_object_get(answer, "items")))
		table_print(json_object_get(answer, "items"), device_columns, 6, "");
	json_decref(answer);
	free(path);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* It goes no further, whoever of its devices waited. */
static int replaced_tell(const json_t *deployment, const char *id)
{
	const struct counts counts = counts_of(deployment);

	return tool_refuse("deployment %s was replaced by a later deployment, or taken back; %lld "
			   "devices were done by then, %lld failed",
			   id, counts.done, counts.failed);
}

/* Until no device waits or runs. The last state is printed. */
static int watch(struct client *client, const char *id, long timeout, bool json)
{
	static const struct timespec pause = { .tv_nsec = POLL_NS };
	const bool bar = isatty(STDERR_FILENO);
	const double end = seconds() + (double)timeout;
	char *path = client_path("/deployments/%", &id, 1);
	struct counts before = { .total = -1 };
	json_t *answer = NULL;
	const char *state = "running";
	bool replaced = false;
	int rc = path ? EXIT_DONE : EXIT_REFUSED;

	while (!rc) {
		struct counts counts;

		json_decref(answer);
		answer = NULL;
		rc = client_call(client, "GET", path, NULL, &answer);
		state = json_string_value(json_object_get(answer, "state"));
		replaced = json_is_true(json_object_get(answer, "replaced"));
		if (rc || replaced || !state || strcmp(state, "running") != 0)
			break;
		counts = counts_of(answer);
		progress_show(&counts, &before, bar);
		before = counts;
		if (timeout && seconds() > end)
			rc = EXIT_TIMEOUT;
		else
			nanosleep(&pause, NULL);
	}
	if (bar && before.total >= 0)
		fputs("\r\033[K", stderr);
	if (rc == EXIT_TIMEOUT)
		(void)tool_refuse("deployment %s is not done after %ld s; `teesim tam deploy watch "
				  "%s` goes on",
				  id, timeout, id);
	if (answer && (!rc || rc == EXIT_TIMEOUT)) {
		const struct counts counts = counts_of(answer);

		if (replaced)
			rc = replaced_tell(answer, id);
		else if (!rc && state && !strcmp(state, "failed"))
			rc = EXIT_REFUSED;
		if (json)
			(void)json_print(answer);
		else if (!replaced && !counts.total)
			printf("deployment %s: no device is in its scope yet\n", id);
		else if (!replaced)
			printf("deployment %s: %s%s%s, %lld of %lld devices done, %lld failed\n",
			       id, table_colour(state ? state : "", stdout), state ? state : "?",
			       table_plain(stdout), counts.done, counts.total, counts.failed);
		if (!json && counts.failed && !replaced)
			failed_show(client, id);
	}
	json_decref(answer);
	free(path);
	return rc;
}

/* ---- Starting -------------------------------------------------------------------------------- */

struct deploy {
	const char *taid, *sp, *domain, *group, *device;
	long version;
	bool all, remove, on_request;
};

static int sp_of(struct client *client, const char *taid, char **spid)
{
	char *path = client_path("/tas/%", &taid, 1);
	json_t *answer = NULL;
	int rc = path ? client_call(client, "GET", path, NULL, &answer) : EXIT_REFUSED;
	const char *found = json_string_value(json_object_get(answer, "spid"));

	*spid = found ? strdup(found) : NULL;
	if (!rc && !*spid)
		rc = tool_refuse("%s: whose TA is that? say --sp SPID", taid);
	json_decref(answer);
	free(path);
	return rc;
}

/* The names that entries of wanted state have for the TA's domain, each once; of those that want
 * it there, if any does. The caller's. */
static json_t *domains_of(const json_t *entries)
{
	json_t *names = json_object(), *entry;
	bool present = true;
	size_t i;

	do {
		json_array_foreach(entries, i, entry) {
			const char *name = json_string_value(json_object_get(entry, "sdname"));

			if (name && json_is_true(json_object_get(entry, "present")) == present)
				(void)json_object_set_new(names, name, json_true());
		}
		present = !present;
	} while (!present && !json_object_size(names));
	return names;
}

/* Where it is to be removed from, as nobody said it; the caller's. */
static int domain_of(struct client *client, const char *taid, const char *spid, char **domain)
{
	char *path = client_path("/wanted?taid=%&spid=%", (const char *[]) { taid, spid }, 2);
	json_t *entries = NULL, *names, *value;
	int rc = path ? client_list(client, path, &entries) : EXIT_REFUSED;
	char *said = NULL;
	const char *name;
	size_t size;
	FILE *to;

	*domain = NULL;
	free(path);
	if (rc)
		return rc;
	names = domains_of(entries);
	to = open_memstream(&said, &size);
	json_object_foreach(names, name, value)
		if (to)
			fprintf(to, "%s%s", ftell(to) ? ", " : "", name);
	if (json_object_size(names) == 1)
		*domain = strdup(json_object_iter_key(json_object_iter(names)));
	if (to)
		fclose(to);
	if (said)
		table_defuse(said);
	if (!*domain && json_object_size(names) > 1)
		rc = tool_refuse("%s: wanted in several domains: %s; which one? --domain NAME says "
				 "it",
				 taid, said ? said : "?");
	else if (!*domain)
		rc = tool_refuse("%s: wanted in no domain; --domain NAME says which to remove it "
				 "from",
				 taid);
	free(said);
	json_decref(names);
	json_decref(entries);
	return rc;
}

static int start(struct client *client, const struct deploy *deploy, json_t **answer)
{
	char *found = NULL, *wanted = NULL, did[65] = "";
	const char *spid = deploy->sp;
	json_t *body;
	int rc = EXIT_DONE;

	*answer = NULL;
	if (!spid) {
		rc = sp_of(client, deploy->taid, &found);
		spid = found;
	}
	if (!rc && deploy->device)
		rc = device_complete(client, deploy->device, did);
	if (!rc && deploy->remove && !deploy->domain)
		rc = domain_of(client, deploy->taid, spid, &wanted);
	if (rc) {
		free(found);
		return rc;
	}
	body = json_pack("{s:s, s:s, s:s, s:s, s:b}", "scope",
			 deploy->all	 ? "all"
			 : deploy->group ? "group"
					 : "device",
			 "spid", spid, "sdname",
			 deploy->domain ? deploy->domain
			 : wanted	? wanted
					: DOMAIN,
			 "taid", deploy->taid, "present", !deploy->remove);
	if (body && !deploy->all)
		(void)json_object_set_new(body, "id",
					  json_string(deploy->group ? deploy->group : did));
	if (body && deploy->on_request)
		(void)json_object_set_new(body, "on_request", json_true());
	if (body && deploy->version)
		(void)json_object_set_new(body, "version", json_integer(deploy->version));
	rc = client_send(client, "POST", "/deployments", body, answer);
	free(wanted);
	free(found);
	return rc;
}

static int deploy_it(int argc, char **argv)
{
	struct client_options options = { 0 };
	struct deploy deploy = { 0 };
	const char *version = NULL, *timeout_text = NULL;
	bool wait = false;
	const struct argument table[] = {
		CLIENT_ARGUMENTS(options),
		{ "all", NULL, &deploy.all },
		{ "group", &deploy.group, NULL },
		{ "device", &deploy.device, NULL },
		{ "version", &version, NULL },
		{ "domain", &deploy.domain, NULL },
		{ "sp", &deploy.sp, NULL },
		{ "remove", NULL, &deploy.remove },
		{ "wait", NULL, &wait },
		{ "timeout", &timeout_text, NULL },
		{ "on-request", NULL, &deploy.on_request },
	};
	struct client *client;
	json_t *answer = NULL;
	char id[24] = "";
	long timeout;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 10, &deploy.taid,
				 1);

	if (rc >= 0)
		return rc;
	if (deploy.all + !!deploy.group + !!deploy.device != 1) {
		(void)tool_refuse("deploy: to which devices? One of --all, --group NAME and "
				  "--device DID says it");
		return EXIT_USAGE;
	}
	if (!argument_number("version", version, 0, 0, 4294967295, &deploy.version) ||
	    !argument_number("timeout", timeout_text, 0, 1, 10000000, &timeout))
		return EXIT_USAGE;
	rc = client_open(&client, &options);
	if (!rc)
		rc = start(client, &deploy, &answer);
	if (!rc) {
		const struct counts counts = counts_of(answer);

		snprintf(id, sizeof(id), "%lld", json_integer_value(json_object_get(answer, "id")));
		if (options.json && !wait)
			rc = json_print(answer);
		else if (!options.json)
			printf("deployment %s: %lld devices\n", id, counts.total);
		(void)fflush(stdout);
	}
	if (!rc && wait)
		rc = watch(client, id, timeout, options.json);
	json_decref(answer);
	client_close(client);
	return rc;
}

static int list(int argc, char **argv)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	struct client *client;
	json_t *items = NULL, *item;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, NULL, 0);
	size_t i;

	if (rc >= 0)
		return rc;
	rc = client_open(&client, &options);
	if (!rc)
		rc = client_list(client, "/deployments", &items);
	if (!rc && options.json) {
		rc = json_print(items);
	} else if (!rc) {
		json_array_foreach(items, i, item)
			deployment_put(item);
		table_print(items, columns, COLUMN_COUNT, "no deployments");
	}
	json_decref(items);
	client_close(client);
	return rc;
}

static int show(int argc, char **argv)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	struct client *client;
	json_t *answer = NULL, *devices = NULL;
	const char *id;
	char *path, *devices_path;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, &id, 1);

	if (rc >= 0)
		return rc;
	path = client_path("/deployments/%", &id, 1);
	devices_path = client_path("/deployments/%/devices", &id, 1);
	rc = path && devices_path ? client_open(&client, &options) : EXIT_REFUSED;
	if (path && devices_path) {
		if (!rc)
			rc = client_call(client, "GET", path, NULL, &answer);
		if (!rc)
			rc = client_list(client, devices_path, &devices);
		client_close(client);
	}
	if (!rc && options.json) {
		(void)json_object_set(answer, "items", devices);
		rc = json_print(answer);
	} else if (!rc) {
		deployment_put(answer);
		table_print_one(answer, columns, COLUMN_COUNT);
		putchar('\n');
		table_print(devices, device_columns, 6, "no device is in its scope yet");
	}
	json_decref(devices);
	json_decref(answer);
	free(devices_path);
	free(path);
	return rc;
}

static int watch_it(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *id, *timeout_text = NULL;
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "timeout", &timeout_text, NULL } };
	struct client *client;
	long timeout;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 1, &id, 1);

	if (rc >= 0)
		return rc;
	if (!argument_number("timeout", timeout_text, 0, 1, 10000000, &timeout))
		return EXIT_USAGE;
	rc = client_open(&client, &options);
	if (!rc)
		rc = watch(client, id, timeout, options.json);
	client_close(client);
	return rc;
}

int command_deploy(int argc, char **argv)
{
	static const struct subcommand table[] = {
		{ "list", list },
		{ "show", show },
		{ "watch", watch_it },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(argv[1], table[i].name) == 0)
			return table[i].run(argc - 1, argv + 1);
	return deploy_it(argc, argv);
}

/* ---- Wanted state ---------------------------------------------------------------------------- */

static int wanted_list(int argc, char **argv)
{
	static const struct column wanted_columns[] = {
		{ "ID", "id", FORM_NUMBER },
		{ "SCOPE", "scope", FORM_TEXT },
		{ "OF", "scope_id", FORM_SHORT },
		{ "SP", "spid", FORM_TEXT },
		{ "DOMAIN", "sdname", FORM_TEXT },
		{ "TA", "taid", FORM_TEXT },
		{ "VERSION", "version", FORM_WANTED },
		{ "PRESENT", "present", FORM_YES },
		{ "ON REQUEST", "on_request", FORM_YES },
		{ "SINCE", "created", FORM_TIME },
	};
	static const struct columns all = COLUMNS_OF(wanted_columns, "nothing is wanted");
	struct client_options options = { 0 };
	const char *sp = NULL, *ta = NULL;
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "sp", &sp, NULL },
					  { "ta", &ta, NULL } };
	char *path;
	int rc =
		arguments_parse(argc, argv, wanted_help, table, CLIENT_ARGUMENT_COUNT + 2, NULL, 0);

	if (rc >= 0)
		return rc;
	path = client_path(sp && ta ? "/wanted?spid=%&taid=%"
			   : sp	    ? "/wanted?spid=%"
			   : ta	    ? "/wanted?taid=%"
				    : "/wanted",
			   (const char *[]) { sp ? sp : ta, ta }, 2);
	rc = path ? command_list(&options, path, &all) : EXIT_REFUSED;
	free(path);
	return rc;
}

static int wanted_remove(int argc, char **argv)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const char *id;
	char *path;
	int rc = arguments_parse(argc, argv, wanted_help, table, CLIENT_ARGUMENT_COUNT, &id, 1);

	if (rc >= 0)
		return rc;
	path = client_path("/wanted/%", &id, 1);
	rc = path ? command_change(&options, "DELETE", path, NULL, "no longer wanted", id)
		  : EXIT_REFUSED;
	free(path);
	return rc;
}

int command_wanted(int argc, char **argv)
{
	static const struct subcommand table[] = { { "list", wanted_list },
						   { "remove", wanted_remove } };

	return subcommand_run(argc, argv, wanted_help, table, 2);
}
