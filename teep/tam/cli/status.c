/* `teesim tam status` and `teesim tam certificates`. */
#include <stdlib.h>
#include <string.h>

#include "cli/terminal.h"
#include "teep/tam/cli/commands.h"

static const char help[] = "usage: teesim tam status\n"
			   "\n"
			   "How the TAM is, and who the token says that one is.\n" CLIENT_HELP;

static const char certificates_help[] =
	"usage: teesim tam certificates\n"
	"\n"
	"The TAM's own certificates and OCSP responses, its TLS certificate, authorities that it\n"
	"trusts, what revokes, certificates of service providers, and of the devices those that\n"
	"end within 30 days; the first to end first. Status 1 when one has expired.\n" CLIENT_HELP;

static const struct column columns[] = {
	{ "TAM", "tamid", FORM_TEXT },
	{ "version", "version", FORM_TEXT },
	{ "since", "started", FORM_TIME },
	{ "database", "database", FORM_TEXT },
	{ "you are", "name", FORM_TEXT },
	{ "with role", "role", FORM_TEXT },
	{ "for the SP", "spid", FORM_TEXT },
	{ "devices", "devices.total", FORM_TEXT },
	{ "  trusted", "devices.trusted", FORM_TEXT },
	{ "  refused", "devices.refused", FORM_TEXT },
	{ "  suspended", "devices.suspended", FORM_TEXT },
	{ "SPs", "sps", FORM_TEXT },
	{ "TAs", "tas", FORM_TEXT },
	{ "groups", "groups", FORM_TEXT },
	{ "open sessions", "sessions.open", FORM_TEXT },
	{ "deployments under way", "deployments.running", FORM_TEXT },
};

int command_status(int argc, char **argv)
{
	const struct terminal_colours colours = terminal_colours(stdout);
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const json_t *certificates;
	json_t *answer;
	json_int_t soon, expired;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, NULL, 0);

	if (rc >= 0)
		return rc;
	rc = command_get(&options, "/status", &answer);
	if (rc || !answer)
		return rc;
	table_print_one(answer, columns, sizeof(columns) / sizeof(columns[0]));
	if (json_is_true(json_object_get(answer, "hold_deletions")))
		printf("\n%srestored from a copy%s: nothing is deleted from devices until `teesim "
		       "tam "
		       "restore --finish`\n",
		       colours.yellow, colours.plain);
	certificates = json_object_get(answer, "certificates");
	soon = json_integer_value(json_object_get(certificates, "soon"));
	expired = json_integer_value(json_object_get(certificates, "expired"));
	if (soon || expired)
		printf("\n%s%lld expired, %lld about to expire%s: `teesim tam certificates` tells "
		       "which\n",
		       expired ? colours.red : colours.yellow, expired, soon, colours.plain);
	json_decref(answer);
	return rc;
}

int command_certificates(int argc, char **argv)
{
	static const struct column of[] = {
		{ "STATE", "state", FORM_STATE }, { "UNTIL", "not_after", FORM_TIME },
		{ "WHAT", "what", FORM_TEXT },	  { "SUBJECT", "subject", FORM_TEXT },
		{ "SP", "spid", FORM_TEXT },	  { "DEVICE", "did", FORM_SHORT },
		{ "FILE", "file", FORM_TEXT },	  { "CERTIFICATE", "sha256", FORM_SHORT },
	};
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	struct client *client;
	json_t *answer = NULL, *items = NULL, *one;
	size_t i;
	int rc = arguments_parse(argc, argv, certificates_help, table, CLIENT_ARGUMENT_COUNT, NULL,
				 0);

	if (rc >= 0)
		return rc;
	rc = client_open(&client, &options);
	if (!rc)
		rc = client_call(client, "GET", "/certificates", NULL, &answer);
	client_close(client);
	if (rc)
		return rc;
	items = json_object_get(answer, "items");
	if (options.json)
		rc = json_print(items);
	else
		table_print(items, of, sizeof(of) / sizeof(of[0]), "no certificates");
	json_array_foreach(items, i, one) {
		const char *state = json_string_value(json_object_get(one, "state"));

		if (state && !strcmp(state, "expired"))
			rc = EXIT_REFUSED;
	}
	json_decref(answer);
	return rc;
}
