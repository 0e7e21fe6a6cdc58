/* `teesim tam log` and `teesim tam session`. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/terminal.h"
#include "teep/tam/cli/commands.h"

static const char help[] =
	"usage: teesim tam log [--kind KIND] [--last N] [--follow]\n"
	"       teesim tam log --messages [--device DID] [--last N] [--follow]\n"
	"\n"
	"What people and the TAM did, or the messages of all sessions; oldest first.\n"
	"\n"
	"  --kind KIND  of that kind: device, deployment, session, ta, sp, wanted, token, group,\n"
	"               alarm (what somebody has to look at), tam\n"
	"  --last N     so many of the newest (default: 20)\n"
	"  --follow     go on as new ones come; with --json one in each line\n"
	"\n"
	"`teesim tam session show` tells what the messages of one session say.\n" CLIENT_HELP;

static const char session_help[] = "usage: teesim tam session list [--device DID] [--state STATE]\n"
				   "       teesim tam session show TID [--decoded]\n"
				   "\n"
				   "STATE is open, done, failed or lost.\n" CLIENT_HELP;

#define FOLLOW_NS 500000000

/* ---- Messages -------------------------------------------------------------------------------- */

static void indented(const json_t *value)
{
	char *text = json_dumps(value, JSON_INDENT(2));
	char *save, *line = text ? strtok_r(text, "\n", &save) : NULL;

	for (; line; line = strtok_r(NULL, "\n", &save)) {
		table_defuse(line);
		printf("    %s\n", line);
	}
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
	printf("  %s %s", request ? "→" : "←", text[1]);
	if (*text[4] && strcmp(text[4], "-") != 0)
		printf("  %s octets", text[4]);
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

static void event_print(const json_t *event)
{
	static const struct column parts[] = {
		{ "", "kind", FORM_TEXT },
		{ "", "subject", FORM_SHORT },
		{ "", "text", FORM_TEXT },
		{ "", "who", FORM_TEXT },
	};
	char *text[4];

	for (int i = 0; i < 4; i++)
		text[i] = table_text(event, &parts[i]);
	time_print(json_number_value(json_object_get(event, "at")));
	printf("  %-10s  %-13s  %s%s%s%s\n", text[0], text[1], text[2], *text[3] ? " (" : "",
	       text[3], *text[3] ? ")" : "");
	for (int i = 0; i < 4; i++)
		free(text[i]);
}

struct reading {
	const char *path, *filter, *value; /* "did" or "kind", unless NULL */
	char after[40];			   /* "": what is last */
	bool messages, json;
	size_t count; /* of the last page */
};

static int page_show(struct client *client, struct reading *reading, long limit)
{
	char digits[24], format[64];
	const char *words[3];
	json_t *answer = NULL, *one;
	const json_t *next;
	size_t i, n = 0;
	char *path;
	int rc;

	snprintf(digits, sizeof(digits), "%ld", limit);
	snprintf(format, sizeof(format), "%s?limit=%%%s%s%s%s", reading->path,
		 reading->filter ? "&" : "", reading->filter ? reading->filter : "",
		 reading->filter ? "=%" : "", *reading->after ? "&after=%" : "");
	words[n++] = digits;
	if (reading->filter)
		words[n++] = reading->value;
	if (*reading->after)
		words[n++] = reading->after;
	path = client_path(format, words, n);
	rc = path ? client_call(client, "GET", path, NULL, &answer) : EXIT_REFUSED;
	free(path);
	reading->count = json_array_size(json_object_get(answer, "items"));
	json_array_foreach(json_object_get(answer, "items"), i, one) {
		if (reading->json) {
			/* One in each line, so that a program can read them as they come. */
			(void)json_dumpf(one, stdout, JSON_COMPACT);
			putchar('\n');
		} else if (reading->messages) {
			message_print(one, true, false);
		} else {
			event_print(one);
		}
	}
	next = json_object_get(answer, "next");
	if (json_is_string(next))
		snprintf(reading->after, sizeof(reading->after), "%s", json_string_value(next));
	else if (json_is_integer(next))
		snprintf(reading->after, sizeof(reading->after), "%lld", json_integer_value(next));
	json_decref(answer);
	/* Whoever reads has gone. */
	if (fflush(stdout))
		rc = EXIT_REFUSED;
	return rc;
}

int command_log(int argc, char **argv)
{
	static const struct timespec pause = { .tv_nsec = FOLLOW_NS };
	struct client_options options = { 0 };
	const char *device = NULL, *last_text = NULL, *kind = NULL;
	struct reading reading = { .path = "/log" };
	bool follow = false;
	const struct argument table[] = {
		CLIENT_ARGUMENTS(options),   { "device", &device, NULL },
		{ "kind", &kind, NULL },     { "last", &last_text, NULL },
		{ "follow", NULL, &follow }, { "messages", NULL, &reading.messages },
	};
	struct client *client;
	char did[65];
	long last;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 5, NULL, 0);

	if (rc >= 0)
		return rc;
	if (reading.messages ? !!kind : !!device) {
		(void)tool_refuse(kind ? "log: --kind chooses among events, and --messages has none"
				       : "log: --device goes with --messages");
		return EXIT_USAGE;
	}
	if (!argument_number("last", last_text, 20, 1, 1000, &last))
		return EXIT_USAGE;
	reading.json = options.json;
	rc = client_open(&client, &options);
	if (!rc && device) {
		rc = device_complete(client, device, did);
		reading.filter = "did";
		reading.value = did;
	} else if (kind) {
		reading.filter = "kind";
		reading.value = kind;
	}
	if (reading.messages)
		reading.path = "/messages";
	if (!rc)
		rc = page_show(client, &reading, last);
	while (!rc && follow) {
		/* A full page is followed by the next at once. */
		if (reading.count < 1000)
			nanosleep(&pause, NULL);
		rc = page_show(client, &reading, 1000);
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

static const struct column one_columns[] = {
	{ "session", "tid", FORM_TEXT },     { "device", "did", FORM_TEXT },
	{ "state", "state", FORM_STATE },    { "error", "error", FORM_TEXT },
	{ "started", "started", FORM_TIME }, { "last message", "updated", FORM_TIME },
	{ "from", "address", FORM_TEXT },
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
				 0);

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
				 1);

	if (rc >= 0)
		return rc;
	path = client_path("/sessions/%", &tid, 1);
	rc = path ? command_get(&options, path, &answer) : EXIT_REFUSED;
	free(path);
	if (rc || !answer)
		return rc;
	table_print_one(answer, one_columns, sizeof(one_columns) / sizeof(one_columns[0]));
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
