/* `teesim tam ta`: the catalogue. */
#include <stdlib.h>

#include "teep/tam/cli/commands.h"

static const char help[] =
	"usage: teesim tam ta list [--sp SPID] [--search TEXT]\n"
	"       teesim tam ta add PACKAGE --sp SPID [--name NAME] [--bundled]\n"
	"       teesim tam ta show TAID\n"
	"       teesim tam ta get TAID VERSION --out FILE\n"
	"       teesim tam ta retire TAID VERSION\n"
	"       teesim tam ta personalise TAID VERSION FILE\n"
	"       teesim tam ta unpersonalise TAID VERSION\n"
	"       teesim tam ta announce TAID VERSION [--sp SPID] [--name NAME]\n"
	"       teesim tam ta deliver DELIVERY\n"
	"       teesim tam ta deliveries [--sp SPID] [--device DID] [--ta TAID]\n"
	"       teesim tam ta withdraw ID\n"
	"\n"
	"  add          a package as `teesim sp package` or `openssl cms -sign` makes it; its\n"
	"               signer has to be vetted for the SP. --bundled: client apps bring it, and\n"
	"               the TAM authorises it\n"
	"  retire       never deliver that version again\n"
	"  personalise  data that goes to each device with that version\n"
	"  announce     a version that its provider encrypts for each device itself\n"
	"  deliver      what it encrypted for one (`teesim sp encrypt`)\n"
	"  deliveries   what was delivered, and what became of it; withdraw takes one "
	"back\n" CLIENT_HELP;

static const struct column columns[] = {
	{ "TA", "taid", FORM_TEXT },	       { "NAME", "name", FORM_TEXT },
	{ "SP", "spid", FORM_TEXT },	       { "LATEST", "latest", FORM_NUMBER },
	{ "DEVICES", "devices", FORM_NUMBER },
};

static const struct column version_columns[] = {
	{ "VERSION", "version", FORM_NUMBER },	 { "SIZE", "size", FORM_NUMBER },
	{ "DATA", "personalisation", FORM_YES }, { "BUNDLED", "bundled", FORM_YES },
	{ "SEALED", "sealed", FORM_YES },	 { "ADDED", "created", FORM_TIME },
	{ "RETIRED", "retired", FORM_TIME },	 { "SIGNER", "signer", FORM_SHORT },
	{ "PACKAGE", "sha256", FORM_SHORT },
};

static int list(int argc, char **argv)
{
	static const struct columns all =
		COLUMNS_OF(columns, "no TAs; add one: teesim tam ta add PACKAGE --sp SPID");
	struct client_options options = { 0 };
	const char *sp = NULL, *search = NULL;
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "sp", &sp, NULL },
					  { "search", &search, NULL } };
	char *path;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 2, NULL, 0);

	if (rc >= 0)
		return rc;
	path = client_path(sp && search ? "/tas?spid=%&q=%"
			   : sp		? "/tas?spid=%"
			   : search	? "/tas?q=%"
					: "/tas",
			   (const char *[]) { sp ? sp : search, search }, 2);
	rc = path ? command_list(&options, path, &all) : EXIT_REFUSED;
	free(path);
	return rc;
}

static int add(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *sp = NULL, *name = NULL, *file;
	bool bundled = false;
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "sp", &sp, NULL },
					  { "name", &name, NULL },
					  { "bundled", NULL, &bundled } };
	static const struct column told[] = { { "", "taid", FORM_TEXT },
					      { "", "version", FORM_NUMBER },
					      { "", "name", FORM_TEXT } };
	unsigned char *octets;
	json_t *answer = NULL;
	size_t size;
	char *path;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 3, &file, 1);

	if (rc >= 0)
		return rc;
	octets = input_read(file, &size);
	path = client_path(name ? "/tas?spid=%&bundled=%&name=%" : "/tas?spid=%&bundled=%",
			   (const char *[]) { sp, bundled ? "true" : "false", name }, 3);
	rc = octets && path ? command_upload(&options, "POST", path, "application/octet-stream",
					     file, octets, size, &answer)
			    : EXIT_REFUSED;
	if (!rc && answer) {
		char *text[3];

		for (int i = 0; i < 3; i++)
			text[i] = table_text(answer, &told[i]);
		printf("%s: version %s of %s%s\n", text[0], text[1], text[2],
		       json_is_true(json_object_get(answer, "bundled"))
			       ? ", which client apps bring"
			       : "");
		for (int i = 0; i < 3; i++)
			free(text[i]);
	}
	json_decref(answer);
	free(path);
	free(octets);
	return rc;
}

static int show(int argc, char **argv)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const char *taid;
	json_t *answer;
	char *path;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, &taid, 1);

	if (rc >= 0)
		return rc;
	path = client_path("/tas/%", &taid, 1);
	rc = path ? command_get(&options, path, &answer) : EXIT_REFUSED;
	free(path);
	if (rc || !answer)
		return rc;
	table_print_one(answer, columns, 5);
	putchar('\n');
	table_print(json_object_get(answer, "versions"), version_columns,
		    sizeof(version_columns) / sizeof(version_columns[0]), "no versions");
	json_decref(answer);
	return rc;
}

static int get(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *out = NULL, *words[2];
	const struct argument table[] = { CLIENT_ARGUMENTS(options), { "out", &out, NULL } };
	struct client *client;
	char *path;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 1, words, 2);

	if (rc >= 0)
		return rc;
	path = client_path("/tas/%/%/package", words, 2);
	rc = path ? client_open(&client, &options) : EXIT_REFUSED;
	if (path && !rc)
		rc = client_download(client, path, out);
	if (path)
		client_close(client);
	free(path);
	return rc;
}

static int change(int argc, char **argv, const char *method, const char *format, const char *done)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const char *words[2];
	char *path;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, words, 2);

	if (rc >= 0)
		return rc;
	path = client_path(format, words, 2);
	rc = path ? command_change(&options, method, path, NULL, done, words[0]) : EXIT_REFUSED;
	free(path);
	return rc;
}

static int retire(int argc, char **argv)
{
	return change(argc, argv, "POST", "/tas/%/%/retire", "that version is retired");
}

static int unpersonalise(int argc, char **argv)
{
	return change(argc, argv, "DELETE", "/tas/%/%/personalisation",
		      "that version has no personalisation data any more");
}

static int personalise(int argc, char **argv)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const char *words[3];
	unsigned char *octets;
	json_t *answer = NULL;
	size_t size;
	char *path;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, words, 3);

	if (rc >= 0)
		return rc;
	octets = input_read(words[2], &size);
	path = client_path("/tas/%/%/personalisation", words, 2);
	rc = octets && path ? command_upload(&options, "PUT", path, "application/octet-stream",
					     words[2], octets, size, &answer)
			    : EXIT_REFUSED;
	if (!rc && !options.json)
		printf("%s: version %s has personalisation data of %zu octets\n", words[0],
		       words[1], size);
	json_decref(answer);
	free(path);
	free(octets);
	return rc;
}

int command_ta(int argc, char **argv)
{
	static const struct subcommand table[] = {
		{ "list", list },
		{ "add", add },
		{ "show", show },
		{ "get", get },
		{ "retire", retire },
		{ "personalise", personalise },
		{ "unpersonalise", unpersonalise },
		{ "announce", command_ta_announce },
		{ "deliver", command_ta_deliver },
		{ "deliveries", command_ta_deliveries },
		{ "withdraw", command_ta_withdraw },
	};

	return subcommand_run(argc, argv, help, table, sizeof(table) / sizeof(table[0]));
}
