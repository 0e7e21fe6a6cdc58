/* `teesim tam token`: who may use the admin API. */
#include <stdlib.h>

#include "teep/tam/cli/commands.h"

static const char help[] =
	"usage: teesim tam token list\n"
	"       teesim tam token add NAME --role viewer|operator|admin [--sp SPID]\n"
	"       teesim tam token remove ID\n"
	"\n"
	"  add  prints the token, this once and never again. With --sp it sees and changes what\n"
	"       is that SP's, and nothing else\n" CLIENT_HELP;

static int list(int argc, char **argv)
{
	static const struct column columns[] = {
		{ "ID", "id", FORM_NUMBER },	     { "NAME", "name", FORM_TEXT },
		{ "ROLE", "role", FORM_TEXT },	     { "SP", "spid", FORM_TEXT },
		{ "CREATED", "created", FORM_TIME }, { "LAST USED", "last_used", FORM_TIME },
	};
	static const struct columns all = COLUMNS_OF(columns, "no tokens");
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, NULL, 0);

	return rc >= 0 ? rc : command_list(&options, "/tokens", &all);
}

static int add(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *role = NULL, *sp = NULL, *name;
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "role", &role, NULL },
					  { "sp", &sp, NULL } };
	struct client *client;
	json_t *answer = NULL;
	const char *token;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 2, &name, 1);

	if (rc >= 0)
		return rc;
	rc = client_open(&client, &options);
	if (!rc)
		rc = client_send(client, "POST", "/tokens",
				 json_pack("{s:s, s:s, s:s*}", "name", name, "role", role, "spid",
					   sp),
				 &answer);
	client_close(client);
	token = json_string_value(json_object_get(answer, "token"));
	if (!rc && options.json)
		rc = json_print(answer);
	else if (!rc && token)
		puts(token);
	json_decref(answer);
	return rc;
}

static int remove_it(int argc, char **argv)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const char *id;
	char *path;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, &id, 1);

	if (rc >= 0)
		return rc;
	path = client_path("/tokens/%", &id, 1);
	rc = path ? command_change(&options, "DELETE", path, NULL, "is no longer good", id)
		  : EXIT_REFUSED;
	free(path);
	return rc;
}

int command_token(int argc, char **argv)
{
	static const struct subcommand table[] = { { "list", list },
						   { "add", add },
						   { "remove", remove_it } };

	return subcommand_run(argc, argv, help, table, 3);
}
