/* `teesim tam ta announce`, `deliver`, `deliveries`, `withdraw` and `teesim tam device aik`: TAs
 * that service providers encrypt themselves. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "registry/atomic_file.h"
#include "teep/tam/cli/commands.h"

static const char announce_help[] =
	"usage: teesim tam ta announce TAID VERSION [--sp SPID] [--name NAME]\n"
	"\n"
	"A version that its provider encrypts for each device itself, so that the TAM never has\n"
	"it. Deployed, it gives devices the provider's domain and waits for their packages:\n"
	"    teesim tam device aik DID --sp SPID --out FILE\n"
	"    teesim sp encrypt PACKAGE --aik FILE … --out DELIVERY\n"
	"    teesim tam ta deliver DELIVERY\n"
	"--sp is needed with a token that is not the provider's own.\n" CLIENT_HELP;

static const char deliver_help[] =
	"usage: teesim tam ta deliver DELIVERY\n"
	"\n"
	"What `teesim sp encrypt` made for a device, which gets it at its next contact if that\n"
	"version is wanted there, or, of data alone, once it has the TA. It takes the place of\n"
	"an earlier one.\n" CLIENT_HELP;

static const char deliveries_help[] =
	"usage: teesim tam ta deliveries [--sp SPID] [--device DID] [--ta TAID]\n"
	"       teesim tam ta withdraw ID\n"
	"\n"
	"STATE is waiting (for the device's contact), installed, gone (the device had it, and has\n"
	"it no longer), failed, or stale: the device has another key than it was encrypted for,\n"
	"so it has to be encrypted again. Without VERSION: personalisation data "
	"alone.\n" CLIENT_HELP;

static const char aik_help[] =
	"usage: teesim tam device aik DID [--sp SPID] --out FILE\n"
	"\n"
	"The key of a service provider in a device, signed by the TAM, for `teesim sp encrypt`.\n"
	"The device has one once it has a domain of the provider. --sp: a token of a provider\n"
	"needs none.\n" CLIENT_HELP;

static const struct column columns[] = {
	{ "ID", "id", FORM_NUMBER },
	{ "DEVICE", "did", FORM_SHORT },
	{ "TA", "taid", FORM_TEXT },
	{ "VERSION", "version", FORM_KNOWN },
	{ "DATA", "personalisation", FORM_YES },
	{ "STATE", "state", FORM_STATE },
	{ "DELIVERED", "created", FORM_TIME },
	{ "WHY", "error", FORM_TEXT },
};

int command_ta_announce(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *sp = NULL, *name = NULL, *words[2];
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "sp", &sp, NULL },
					  { "name", &name, NULL } };
	json_t *body;
	char *path;
	int rc = arguments_parse(argc, argv, announce_help, table, CLIENT_ARGUMENT_COUNT + 2, words,
				 2);

	if (rc >= 0)
		return rc;
	path = client_path("/tas/%/%/announce", words, 2);
	body = json_object();
	if (sp)
		(void)json_object_set_new(body, "spid", json_string(sp));
	if (name)
		(void)json_object_set_new(body, "name", json_string(name));
	if (path)
		rc = command_change(&options, "POST", path, body,
				    "announced; its provider encrypts that version for each device",
				    words[0]);
	else
		json_decref(body);
	free(path);
	return path ? rc : EXIT_REFUSED;
}

int command_ta_deliver(int argc, char **argv)
{
	static const struct column told[] = { { "", "taid", FORM_TEXT },
					      { "", "version", FORM_NUMBER },
					      { "", "did", FORM_SHORT } };
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	unsigned char *octets;
	json_t *answer = NULL;
	const char *file;
	char *text[3];
	size_t size;
	int rc = arguments_parse(argc, argv, deliver_help, table, CLIENT_ARGUMENT_COUNT, &file, 1);

	if (rc >= 0)
		return rc;
	octets = input_read(file, &size);
	rc = octets ? command_upload(&options, "POST", "/deliveries", "application/json", file,
				     octets, size, &answer)
		    : EXIT_REFUSED;
	if (!rc && answer) {
		for (int i = 0; i < 3; i++)
			text[i] = table_text(answer, &told[i]);
		if (text[1] && strcmp(text[1], "0") == 0)
			printf("%s: personalisation data wait for device %s\n", text[0], text[2]);
		else
			printf("%s: version %s waits for device %s\n", text[0], text[1], text[2]);
		for (int i = 0; i < 3; i++)
			free(text[i]);
	}
	json_decref(answer);
	free(octets);
	return rc;
}

static int list(const struct client_options *options, const char *sp, const char *did,
		const char *taid)
{
	static const struct columns all = COLUMNS_OF(columns, "no deliveries");
	const struct {
		const char *name, *value;
	} filters[] = { { "spid", sp }, { "did", did }, { "taid", taid } };
	char format[64] = "/deliveries", joint = '?';
	const char *words[3];
	size_t count = 0;
	char *path;
	int rc;

	for (size_t i = 0; i < 3; i++)
		if (filters[i].value) {
			snprintf(format + strlen(format), sizeof(format) - strlen(format),
				 "%c%s=%%", joint, filters[i].name);
			joint = '&';
			words[count++] = filters[i].value;
		}
	path = client_path(format, words, count);
	rc = path ? command_list(options, path, &all) : EXIT_REFUSED;
	free(path);
	return rc;
}

static int did_complete(const struct client_options *options, const char *text, char did[65])
{
	struct client *client;
	int rc = client_open(&client, options);

	if (!rc)
		rc = device_complete(client, text, did);
	client_close(client);
	return rc;
}

int command_ta_deliveries(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *sp = NULL, *device = NULL, *taid = NULL;
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "sp", &sp, NULL },
					  { "device", &device, NULL },
					  { "ta", &taid, NULL } };
	char did[65] = "";
	int rc = arguments_parse(argc, argv, deliveries_help, table, CLIENT_ARGUMENT_COUNT + 3,
				 NULL, 0);

	if (rc >= 0)
		return rc;
	rc = device ? did_complete(&options, device, did) : EXIT_DONE;
	return rc ? rc : list(&options, sp, device ? did : NULL, taid);
}

int command_ta_withdraw(int argc, char **argv)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const char *id;
	char *path;
	int rc = arguments_parse(argc, argv, deliveries_help, table, CLIENT_ARGUMENT_COUNT, &id, 1);

	if (rc >= 0)
		return rc;
	path = client_path("/deliveries/%", &id, 1);
	rc = path ? command_change(&options, "DELETE", path, NULL, "taken back", id) : EXIT_REFUSED;
	free(path);
	return rc;
}

/* The statement as the TAM made it, member for member. */
static int aik_fetch(const struct client_options *options, const char *device, const char *sp,
		     const char *out)
{
	const char *words[2] = { device, sp };
	json_t *answer = NULL;
	struct client *client;
	char did[65] = "", *path = NULL, *text = NULL;
	int rc = client_open(&client, options);

	if (!rc)
		rc = device_complete(client, device, did);
	words[0] = did;
	if (!rc) {
		path = client_path(sp ? "/devices/%/aik?spid=%" : "/devices/%/aik", words,
				   sp ? 2 : 1);
		rc = path ? client_call(client, "GET", path, NULL, &answer) : EXIT_REFUSED;
	}
	if (!rc) {
		text = json_dumps(answer, JSON_COMPACT | JSON_SORT_KEYS);
		rc = text ? -atomic_file_write(
				    out, &(const struct atomic_file_part) { text, strlen(text) }, 1,
				    0644, ATOMIC_FILE_REPLACE)
			  : ENOMEM;
		if (rc)
			rc = tool_refuse("%s: %s", out, strerror(rc));
		else if (!options->json)
			printf("%s: the key in device %.12s…, for teesim sp encrypt --aik %s\n",
			       out, did, out);
	}
	free(text);
	free(path);
	json_decref(answer);
	client_close(client);
	return rc;
}

int command_device_aik(int argc, char **argv)
{
	struct client_options options = { 0 };
	const char *sp = NULL, *out = NULL, *device;
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "sp", &sp, NULL },
					  { "out", &out, NULL } };
	const int rc =
		arguments_parse(argc, argv, aik_help, table, CLIENT_ARGUMENT_COUNT + 2, &device, 1);

	if (rc >= 0)
		return rc;
	return aik_fetch(&options, device, sp, out);
}
