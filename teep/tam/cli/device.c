/* `teesim tam device` and `teesim tam group`. */
#include <stdlib.h>
#include <string.h>

#include "teep/tam/cli/commands.h"

static const char help[] =
	"usage: teesim tam device list [--search TEXT] [--group NAME] [--status STATUS]\n"
	"       teesim tam device show DID\n"
	"       teesim tam device suspend DID\n"
	"       teesim tam device trust DID\n"
	"       teesim tam device label DID [--model TEXT] [NAME=VALUE…]\n"
	"       teesim tam device forget DID\n"
	"       teesim tam device aik DID [--sp SPID] --out FILE\n"
	"\n"
	"DID may be the beginning of one, as long as one device alone has it.\n"
	"\n"
	"  suspend  send it nothing until it is trusted again\n"
	"  trust    let it come back; it is validated anew\n"
	"  label    labels in the place of those that it has\n"
	"  forget   all that is known of it; it comes back at its next contact\n"
	"  aik      a service provider's key in it, signed by the TAM, for `teesim sp encrypt`\n"
	"\n"
	"STATUS is unknown, trusted, refused or suspended.\n" CLIENT_HELP;

static const char group_help[] = "usage: teesim tam group list\n"
				 "       teesim tam group add NAME\n"
				 "       teesim tam group remove NAME\n"
				 "       teesim tam group show NAME\n"
				 "       teesim tam group join NAME DID…\n"
				 "       teesim tam group leave NAME DID…\n" CLIENT_HELP;

#define DIDS_MAX 64

static const struct column columns[] = {
	{ "DEVICE", "did", FORM_SHORT },	 { "TEE", "tee.name", FORM_TEXT },
	{ "VERSION", "tee.version", FORM_TEXT }, { "MODEL", "model", FORM_TEXT },
	{ "STATUS", "status", FORM_STATE },	 { "GROUPS", "groups", FORM_TEXT },
	{ "LAST SEEN", "last_seen", FORM_TIME },
};

static const struct column one_columns[] = {
	{ "device", "did", FORM_TEXT },
	{ "TEE", "tee.name", FORM_TEXT },
	{ "version", "tee.version", FORM_TEXT },
	{ "model", "model", FORM_TEXT },
	{ "labels", "labels", FORM_TEXT },
	{ "status", "status", FORM_STATE },
	{ "reason", "reason", FORM_TEXT },
	{ "groups", "groups", FORM_TEXT },
	{ "first seen", "first_seen", FORM_TIME },
	{ "last seen", "last_seen", FORM_TIME },
	{ "certificate", "certificate.subject", FORM_TEXT },
	{ "firmware", "firmware.subject", FORM_TEXT },
	{ "algorithm", "algorithm", FORM_TEXT },
};

static const struct column ta_columns[] = {
	{ "TA", "taid", FORM_TEXT },	      { "NAME", "name", FORM_TEXT },
	{ "VERSION", "version", FORM_KNOWN }, { "STATE", "state", FORM_STATE },
	{ "SINCE", "updated", FORM_TIME },
};

static const struct columns all = COLUMNS_OF(columns, "no devices");

int device_complete(struct client *client, const char *text, char did[65])
{
	char *path = client_path("/devices?q=%", &text, 1);
	json_t *items = NULL, *item;
	size_t i, found = 0;
	int rc;

	if (strlen(text) == 64) {
		strcpy(did, text);
		free(path);
		return EXIT_DONE;
	}
	rc = path ? client_list(client, path, &items) : EXIT_REFUSED;
	free(path);
	if (rc)
		return rc;
	json_array_foreach(items, i, item) {
		const char *one = json_string_value(json_object_get(item, "did"));

		if (one && strlen(one) == 64 && *text && !strncmp(one, text, strlen(text))) {
			strcpy(did, one);
			found++;
		}
	}
	json_decref(items);
	if (found == 1)
		return EXIT_DONE;
	return found ? tool_refuse("%s: %zu devices begin with that; say more of it", text, found)
		     : tool_refuse("%s: no such device", text);
}

static int list(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *search = NULL, *group = NULL, *status = NULL;
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "search", &search, NULL },
					  { "group", &group, NULL },
					  { "status", &status, NULL } };
	const char *words[3];
	char format[64] = "/devices", joint = '?';
	size_t count = 0;
	char *path;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 3, NULL, 0);
	const struct {
		const char *name, *value;
	} filters[] = { { "q", search }, { "group", group }, { "status", status } };

	if (rc >= 0)
		return rc;
	for (size_t i = 0; i < 3; i++)
		if (filters[i].value) {
			snprintf(format + strlen(format), sizeof(format) - strlen(format),
				 "%c%s=%%", joint, filters[i].name);
			joint = '&';
			words[count++] = filters[i].value;
		}
	path = client_path(format, words, count);
	rc = path ? command_list(&options, path, &all) : EXIT_REFUSED;
	free(path);
	return rc;
}

static void show_domains(const json_t *device)
{
	const json_t *domain;
	size_t i;

	json_array_foreach(json_object_get(device, "security_domains"), i, domain) {
		static const struct column name[] = { { "", "name", FORM_TEXT },
						      { "", "spid", FORM_TEXT } };
		char *sd = table_text(domain, &name[0]), *sp = table_text(domain, &name[1]);

		printf("\nsecurity domain %s of %s\n", sd, sp);
		table_print(json_object_get(domain, "tas"), ta_columns, 5, "no TAs");
		free(sd);
		free(sp);
	}
}

static int show(int argc, char **argv)
{
	static const struct column session_columns[] = {
		{ "SESSION", "tid", FORM_TEXT },     { "STATE", "state", FORM_STATE },
		{ "STARTED", "started", FORM_TIME }, { "MESSAGES", "messages", FORM_NUMBER },
		{ "ERROR", "error", FORM_TEXT },
	};
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	struct client *client = NULL;
	json_t *answer = NULL;
	const char *word, *full;
	char did[65], *path = NULL;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, &word, 1);

	if (rc >= 0)
		return rc;
	rc = client_open(&client, &options);
	if (!rc)
		rc = device_complete(client, word, did);
	if (!rc) {
		full = did;
		path = client_path("/devices/%", &full, 1);
		rc = path ? client_call(client, "GET", path, NULL, &answer) : EXIT_REFUSED;
	}
	if (!rc && options.json) {
		rc = json_print(answer);
	} else if (!rc) {
		table_print_one(answer, one_columns, sizeof(one_columns) / sizeof(one_columns[0]));
		show_domains(answer);
		putchar('\n');
		table_print(json_object_get(answer, "sessions"), session_columns, 5,
			    "no sessions yet");
	}
	json_decref(answer);
	free(path);
	client_close(client);
	return rc;
}

/* The body's reference is taken. */
static int change(const struct client_options *options, const char *word, const char *method,
		  json_t *body, const char *done)
{
	struct client *client;
	json_t *answer = NULL;
	const char *full;
	char did[65], *path = NULL;
	int rc = client_open(&client, options);

	if (!rc)
		rc = device_complete(client, word, did);
	if (!rc) {
		full = did;
		path = client_path("/devices/%", &full, 1);
		if (!path)
			rc = EXIT_REFUSED;
		else if (body)
			rc = client_send(client, method, path, json_incref(body), &answer);
		else
			rc = client_call(client, method, path, NULL, &answer);
	}
	if (!rc && options->json)
		rc = json_print(answer);
	else if (!rc)
		printf("%s: %s\n", did, done);
	json_decref(answer);
	json_decref(body);
	free(path);
	client_close(client);
	return rc;
}

static int status_set(int argc, char **argv, const char *to, const char *done)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const char *word;
	const int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, &word, 1);

	if (rc >= 0)
		return rc;
	return change(&options, word, to ? "PATCH" : "DELETE",
		      to ? json_pack("{s:s}", "status", to) : NULL, done);
}

static int suspend(int argc, char **argv)
{
	return status_set(argc, argv, "suspended", "suspended");
}

static int trust(int argc, char **argv)
{
	return status_set(argc, argv, "trusted", "is validated anew at its next contact");
}

static int forget(int argc, char **argv)
{
	return status_set(argc, argv, NULL, "forgotten");
}

static int label(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *model = NULL, *words[1 + DIDS_MAX] = { NULL };
	const struct argument table[] = { CLIENT_ARGUMENTS(options), { "model", &model, NULL } };
	json_t *labels = NULL, *body;
	const int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 1, words,
				       1 + DIDS_MAX);

	if (rc >= 0)
		return rc;
	for (size_t i = 1; i <= DIDS_MAX && words[i]; i++) {
		const char *equals = strchr(words[i], '=');
		char *name = equals ? strndup(words[i], (size_t)(equals - words[i])) : NULL;

		if (!name || !*name) {
			free(name);
			json_decref(labels);
			(void)tool_refuse("label: \"%s\" is no label: NAME=VALUE is one", words[i]);
			return EXIT_USAGE;
		}
		if (!labels)
			labels = json_object();
		(void)json_object_set_new(labels, name, json_string(equals + 1));
		free(name);
	}
	if (!labels && !model) {
		(void)tool_refuse("label: nothing to change: --model TEXT, or labels NAME=VALUE");
		return EXIT_USAGE;
	}
	body = json_object();
	if (labels)
		(void)json_object_set_new(body, "labels", labels);
	if (model)
		(void)json_object_set_new(body, "model", json_string(model));
	return change(&options, words[0], "PATCH", body, "labelled");
}

int command_device(int argc, char **argv)
{
	static const struct subcommand table[] = {
		{ "list", list },
		{ "show", show },
		{ "suspend", suspend },
		{ "trust", trust },
		{ "label", label },
		{ "forget", forget },
		{ "aik", command_device_aik },
	};

	return subcommand_run(argc, argv, help, table, sizeof(table) / sizeof(table[0]));
}

/* ---- Groups ---------------------------------------------------------------------------------- */

static int group_list(int argc, char **argv)
{
	static const struct column group_columns[] = { { "GROUP", "name", FORM_TEXT },
						       { "DEVICES", "devices", FORM_NUMBER } };
	static const struct columns groups = COLUMNS_OF(group_columns, "no groups");
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const int rc =
		arguments_parse(argc, argv, group_help, table, CLIENT_ARGUMENT_COUNT, NULL, 0);

	return rc >= 0 ? rc : command_list(&options, "/groups", &groups);
}

static int group_one(int argc, char **argv, struct client_options *options, const char **name)
{
	const struct argument table[] = { CLIENT_ARGUMENTS(*options) };

	return arguments_parse(argc, argv, group_help, table, CLIENT_ARGUMENT_COUNT, name, 1);
}

static int group_add(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *name;
	const int rc = group_one(argc, argv, &options, &name);

	return rc >= 0 ? rc
		       : command_change(&options, "POST", "/groups",
					json_pack("{s:s}", "name", name), "added", name);
}

static int group_remove(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *name;
	char *path;
	int rc = group_one(argc, argv, &options, &name);

	if (rc >= 0)
		return rc;
	path = client_path("/groups/%", &name, 1);
	rc = path ? command_change(&options, "DELETE", path, NULL, "removed", name) : EXIT_REFUSED;
	free(path);
	return rc;
}

static int group_show(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *name;
	char *path;
	int rc = group_one(argc, argv, &options, &name);

	if (rc >= 0)
		return rc;
	path = client_path("/groups/%/devices", &name, 1);
	rc = path ? command_list(&options, path, &all) : EXIT_REFUSED;
	free(path);
	return rc;
}

static int members_change(int argc, char **argv, const char *method, const char *done)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const char *words[1 + DIDS_MAX] = { NULL };
	struct client *client;
	size_t changed = 0;
	int rc = arguments_parse(argc, argv, group_help, table, CLIENT_ARGUMENT_COUNT, words,
				 1 + DIDS_MAX);

	if (rc >= 0)
		return rc;
	rc = client_open(&client, &options);
	for (size_t i = 1; !rc && i <= DIDS_MAX && words[i]; i++, changed++) {
		const char *parts[2] = { words[0], NULL };
		char did[65], *path;

		rc = device_complete(client, words[i], did);
		if (rc)
			break;
		parts[1] = did;
		path = client_path("/groups/%/devices/%", parts, 2);
		rc = path ? client_call(client, method, path, NULL, NULL) : EXIT_REFUSED;
		free(path);
	}
	if (!rc && options.json)
		puts("{}");
	else if (!rc)
		printf("%s: %zu %s %s\n", words[0], changed, changed == 1 ? "device" : "devices",
		       done);
	client_close(client);
	return rc;
}

static int group_join(int argc, char **argv)
{
	return members_change(argc, argv, "PUT", "joined");
}

static int group_leave(int argc, char **argv)
{
	return members_change(argc, argv, "DELETE", "left");
}

int command_group(int argc, char **argv)
{
	static const struct subcommand table[] = {
		{ "list", group_list }, { "add", group_add },	{ "remove", group_remove },
		{ "show", group_show }, { "join", group_join }, { "leave", group_leave },
	};

	return subcommand_run(argc, argv, group_help, table, sizeof(table) / sizeof(table[0]));
}
