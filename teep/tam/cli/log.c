/* `teesim tam log` and `teesim tam session`. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/terminal.h"
#include "teep/tam/cli/commands.h"

static const char help[] =
	"usage: teesim tam log [--device DID] [--last N] [--follow] [--decoded]\n"
	"\n"
	"Messages of all sessions, oldest first.\n"
	"\n"
	"  --last N   so many of the newest (default: 20)\n"
	"  --follow   go on as new ones come\n"
	"  --decoded  with what each message says\n" CLIENT_HELP;

static const char session_help[] = "usage: teesim tam session list [--device DID] [--state STATE]\n"
				   "       teesim tam session show TID [--decoded]\n"
				   "\n"
				   "STATE is open, done, failed or lost.\n" CLIENT_HELP;

#define FOLLOW_NS 500000000

/* ---- Messages -------------------------------------------------------------------------------- */

static void indented(const json_t *value)
{
	char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	char *save, *line = text ? strtok_r(text, "\n", &save) : NULL;

	for (; line; line = strtok_r(NULL, "\n", &save))
		printf("    %s\n", line);
	free(text);
}

static void time_print(double at)
{
	const time_t whole = (time_t)at;
	char text[32] = "";
	struct tm parts;

	if (localtime_r(&whole, &parts))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
	printf("%s.%03d", text, (int)((at - (double)whole) * 1000));
}

static void message_print(const json_t *message, bool with_device, bool decoded)
{
	static const struct column parts[] = {
		{ "", "did", FORM_SHORT },  { "", "kind", FORM_TEXT }, { "", "status", FORM_TEXT },
		{ "", "error", FORM_TEXT }, { "", "size", FORM_TEXT },
	};
	const char *direction = json_string_value(json_object_get(message, "direction"));
	const bool request = direction && !strcmp(direction, "request");
	char *text[5];

	for (int i = 0; i < 5; i++)
		text[i] = table_text(message, &parts[i]);
	time_print(json_number_value(json_object_get(message, "at")));
	if (with_device)
		printf("  %-13s", *text[0] ? text[0] : "-");
	printf("  %s %s  %s octets", request ? "→" : "←", text[1], text[4]);
	if (*text[2])
		printf("  %s%s%s", table_colour(text[2], stdout), text[2],
		       *table_colour(text[2], stdout) ? table_plain(stdout) : "");
	if (*text[3])
		printf("  %s", text[3]);
	putchar('\n');
	if (decoded && json_object_size(json_object_get(message, "decoded")))
		indented(json_object_get(message, "decoded"));
	for (int i = 0; i < 5; i++)
		free(text[i]);
}

/* `next` of the answer becomes `after` of the next question. */
static void after_take(const json_t *answer, char after[40])
{
	const json_t *next = json_object_get(answer, "next");

	if (json_is_string(next))
		snprintf(after, 40, "%s", json_string_value(next));
	else if (json_is_integer(next))
		snprintf(after, 40, "%lld", json_integer_value(next));
}

static char *log_path(const char *device, long limit, const char *after)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%ld", limit);
	if (device && *after)
		return client_path("/log?did=%&limit=%&after=%",
				   (const char *[]) { device, digits, after }, 3);
	if (device)
		return client_path("/log?did=%&limit=%", (const char *[]) { device, digits }, 2);
	if (*after)
		return client_path("/log?limit=%&after=%", (const char *[]) { digits, after }, 2);
	return client_path("/log?limit=%", (const char *[]) { digits }, 1);
}

static int page_show(struct client *client, const struct client_options *options,
		     const char *device, long limit, char after[40], bool decoded, size_t *count)
{
	char *path = log_path(device, limit, after);
	json_t *answer = NULL, *message;
	size_t i;
	int rc = path ? client_call(client, "GET", path, NULL, &answer) : EXIT_REFUSED;

	free(path);
	*count = json_array_size(json_object_get(answer, "items"));
	json_array_foreach(json_object_get(answer, "items"), i, message) {
		if (options->json) {
			/* One in each line, so that a program can read them as they come. */
			(void)json_dumpf(message, stdout, JSON_COMPACT);
			putchar('\n');
		} else {
			message_print(message, true, decoded);
		}
	}
	if (!rc)
		after_take(answer, after);
	json_decref(answer);
	(void)fflush(stdout);
	return rc;
}

int command_log(int argc, char **argv)
{
	static const struct timespec pause = { .tv_nsec = FOLLOW_NS };
	struct client_options options = { 0 };
	const char *device = NULL, *last_text = NULL;
	bool follow = false, decoded = false;
	const struct argument table[] = {
		CLIENT_ARGUMENTS(options),     { "device", &device, NULL },
		{ "last", &last_text, NULL },  { "follow", NULL, &follow },
		{ "decoded", NULL, &decoded },
	};
	struct client *client;
	char after[40] = "", did[65];
	size_t count;
	long last;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 4, NULL, 0, 0);

	if (rc >= 0)
		return rc;
	if (!argument_number("last", last_text, 20, 1, 1000, &last))
		return EXIT_USAGE;
	rc = client_open(&client, &options);
	if (!rc && device) {
		rc = device_complete(client, device, did);
		device = did;
	}
	if (!rc)
		rc = page_show(client, &options, device, last, after, decoded, &count);
	while (!rc && follow && !ferror(stdout)) {
		/* A full page is followed by the next at once. */
		if (count < 1000)
			nanosleep(&pause, NULL);
		rc = page_show(client, &options, device, 1000, after, decoded, &count);
	}
	client_close(client);
	return rc;
}

/* ---- Sessions -------------------------------------------------------------------------------- */

static const struct column columns[] = {
	{ "SESSION", "tid", FORM_TEXT },	 { "DEVICE", "did", FORM_SHORT },
	{ "STATE", "state", FORM_STATE },	 { "STARTED", "started", FORM_TIME },
	{ "MESSAGES", "messages", FORM_NUMBER }, { "FROM", "address", FORM_TEXT },
	{ "ERROR", "error", FORM_TEXT },
};

static int session_list(int argc, char **argv)
{
	static const struct columns all = COLUMNS_OF(columns, "no sessions");
	struct client_options options = { 0 };
	const char *device = NULL, *state = NULL;
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "device", &device, NULL },
					  { "state", &state, NULL } };
	struct client *client;
	char did[65], *path;
	int rc = arguments_parse(argc, argv, session_help, table, CLIENT_ARGUMENT_COUNT + 2, NULL,
				 0, 0);

	if (rc >= 0)
		return rc;
	if (device) {
		rc = client_open(&client, &options);
		if (!rc)
			rc = device_complete(client, device, did);
		client_close(client);
		if (rc)
			return rc;
		device = did;
	}
	path = client_path(device && state ? "/sessions?did=%&state=%"
			   : device	   ? "/sessions?did=%"
			   : state	   ? "/sessions?state=%"
					   : "/sessions",
			   (const char *[]) { device ? device : state, state }, 2);
	rc = path ? command_list(&options, path, &all) : EXIT_REFUSED;
	free(path);
	return rc;
}

static int session_show(int argc, char **argv)
{
	struct client_options options = { 0 };
	bool decoded = false;
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "decoded", NULL, &decoded } };
	const char *tid;
	json_t *answer, *message;
	size_t i;
	char *path;
	int rc = arguments_parse(argc, argv, session_help, table, CLIENT_ARGUMENT_COUNT + 1, &tid,
				 1, 1);

	if (rc >= 0)
		return rc;
	path = client_path("/sessions/%", &tid, 1);
	rc = path ? command_get(&options, path, &answer) : EXIT_REFUSED;
	free(path);
	if (rc || !answer)
		return rc;
	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++)
		if (columns[c].member[0] != 'm')
			table_print_one(answer, &columns[c], 1);
	putchar('\n');
	json_array_foreach(json_object_get(answer, "messages"), i, message)
		message_print(message, false, decoded);
	json_decref(answer);
	return rc;
}

int command_session(int argc, char **argv)
{
	static const struct subcommand table[] = { { "list", session_list },
						   { "show", session_show } };

	return subcommand_run(argc, argv, session_help, table, 2);
}
