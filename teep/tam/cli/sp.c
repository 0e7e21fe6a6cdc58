/* `teesim tam sp`: service providers, and the certificates vetted for each. */
#include <stdlib.h>
#include <string.h>

#include "teep/tam/cli/commands.h"

static const char help[] =
	"usage: teesim tam sp list\n"
	"       teesim tam sp add SPID [--name NAME] [--cert FILE]\n"
	"       teesim tam sp show SPID\n"
	"       teesim tam sp rename SPID NAME\n"
	"       teesim tam sp remove SPID\n"
	"       teesim tam sp certify SPID FILE\n"
	"       teesim tam sp uncertify SPID SHA256\n"
	"       teesim tam sp allow|forbid SPID GROUP\n"
	"       teesim tam sp allow|forbid SPID --all\n"
	"\n"
	"  certify    vet a certificate (PEM or DER): TAs of the SP have to be signed with one\n"
	"  uncertify  take it back; not while a TA that is not retired is signed with "
	"it\n"
	"  allow      let the SP's own people deploy to a group of devices, or to all of them;\n"
	"             without that, whoever has a token of the SP can't deploy\n"
	"  forbid     take it back; what was deployed stays until it is removed\n" CLIENT_HELP;

static const struct column columns[] = {
	{ "SP", "spid", FORM_TEXT },	     { "NAME", "name", FORM_TEXT },
	{ "TAS", "tas", FORM_NUMBER },	     { "CERTIFICATES", "certificates", FORM_COUNT },
	{ "CREATED", "created", FORM_TIME },
};

static const struct column certificate_columns[] = {
	{ "CERTIFICATE", "sha256", FORM_SHORT },
	{ "SUBJECT", "subject", FORM_TEXT },
	{ "UNTIL", "not_after", FORM_TIME },
	{ "STATE", "state", FORM_STATE },
};

static int list(int argc, char **argv)
{
	static const struct columns all =
		COLUMNS_OF(columns, "no service providers; add one: teesim tam sp add SPID");
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const int status = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, NULL, 0);

	return status >= 0 ? status : command_list(&options, "/sps", &all);
}

/* PEM is told by its first line. */
static int certify_octets(const struct client_options *options, const char *spid, const char *path,
			  const unsigned char *octets, size_t size)
{
	char *target = client_path("/sps/%/certificates", (const char *[]) { spid }, 1);
	json_t *answer = NULL;
	int rc = EXIT_REFUSED;

	if (target)
		rc = command_upload(options, "POST", target,
				    memmem(octets, size, "-----BEGIN", 10)
					    ? "application/x-pem-file"
					    : "application/pkix-cert",
				    path, octets, size, &answer);
	if (!rc && answer) {
		char *subject = table_text(answer, &certificate_columns[1]);
		char *hash = table_text(answer, &certificate_columns[0]);

		printf("%s: TAs may be signed by %s (%s)\n", spid, subject, hash);
		free(subject);
		free(hash);
	}
	json_decref(answer);
	free(target);
	return rc;
}

static int certify_file(const struct client_options *options, const char *spid, const char *path)
{
	size_t size;
	unsigned char *octets = input_read(path, &size);
	const int rc = octets ? certify_octets(options, spid, path, octets, size) : EXIT_REFUSED;

	free(octets);
	return rc;
}

static int add(int argc, char **argv)
{
	struct client_options options = { 0 }, quiet;
	const char *name = NULL, *cert = NULL, *spid;
	unsigned char *octets;
	size_t size = 0;
	const struct argument table[] = { CLIENT_ARGUMENTS(options),
					  { "name", &name, NULL },
					  { "cert", &cert, NULL } };
	int status = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 2, &spid, 1);

	if (status >= 0)
		return status;
	/* Before anything is done: no SP is left without what was meant to be its certificate. */
	octets = cert ? input_read(cert, &size) : NULL;
	if (cert && !octets)
		return EXIT_REFUSED;
	quiet = options;
	status =
		command_change(&quiet, "POST", "/sps",
			       json_pack("{s:s, s:s*}", "spid", spid, "name", name), "added", spid);
	if (!status && cert)
		status = certify_octets(&options, spid, cert, octets, size);
	free(octets);
	return status;
}

static void deploys_print(const json_t *to)
{
	const json_t *groups = json_object_get(to, "groups"), *group;
	const char *before = "may deploy to: ";
	size_t i;

	if (json_is_true(json_object_get(to, "all"))) {
		puts("may deploy to: all devices");
		return;
	}
	json_array_foreach(groups, i, group) {
		printf("%sgroup %s", before, json_string_value(group));
		before = ", ";
	}
	puts(i ? "" : "may deploy to: nothing; see: teesim tam sp allow");
}

static int show(int argc, char **argv)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const char *spid;
	json_t *answer;
	char *path;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, &spid, 1);

	if (rc >= 0)
		return rc;
	path = client_path("/sps/%", &spid, 1);
	rc = path ? command_get(&options, path, &answer) : EXIT_REFUSED;
	free(path);
	if (rc || !answer)
		return rc;
	table_print_one(answer, columns, 5);
	deploys_print(json_object_get(answer, "deploys_to"));
	putchar('\n');
	table_print(json_object_get(answer, "certificates"), certificate_columns, 4,
		    "no certificate yet: teesim tam sp certify SPID FILE");
	json_decref(answer);
	return rc;
}

static int change(int argc, char **argv, const char *method, const char *format, size_t words_count,
		  const char *member, const char *done)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const char *words[2] = { NULL };
	char *path;
	int rc =
		arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, words, words_count);

	if (rc >= 0)
		return rc;
	path = client_path(format, words, words_count);
	rc = path ? command_change(&options, method, path,
				   member ? json_pack("{s:s}", member, words[1]) : NULL, done,
				   words[0])
		  : EXIT_REFUSED;
	free(path);
	return rc;
}

static int rename_it(int argc, char **argv)
{
	return change(argc, argv, "PATCH", "/sps/%", 2, "name", "renamed");
}

static int remove_it(int argc, char **argv)
{
	return change(argc, argv, "DELETE", "/sps/%", 1, NULL, "removed");
}

static int uncertify(int argc, char **argv)
{
	return change(argc, argv, "DELETE", "/sps/%/certificates/%", 2, NULL,
		      "that certificate signs nothing any more");
}

static int certify(int argc, char **argv)
{
	struct client_options options = { 0 };
	const struct argument table[] = { CLIENT_ARGUMENTS(options) };
	const char *words[2];
	const int status =
		arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT, words, 2);

	return status >= 0 ? status : certify_file(&options, words[0], words[1]);
}

static int open_to(int argc, char **argv, const char *method, const char *of_group,
		   const char *of_all)
{
	struct client_options options = { 0 };
	bool all = false;
	const struct argument table[] = { CLIENT_ARGUMENTS(options), { "all", NULL, &all } };
	const char *words[2] = { NULL };
	char *path;
	int rc = arguments_parse(argc, argv, help, table, CLIENT_ARGUMENT_COUNT + 1, words, 2);

	if (rc >= 0)
		return rc;
	if (all == (words[1] != NULL)) {
		fputs("teesim tam sp: name one group, or --all devices\n", stderr);
		return EXIT_USAGE;
	}
	path = client_path(all ? "/sps/%/all-devices" : "/sps/%/groups/%", words, all ? 1 : 2);
	rc = path ? command_change(&options, method, path, NULL, all ? of_all : of_group, words[0])
		  : EXIT_REFUSED;
	free(path);
	return rc;
}

static int allow(int argc, char **argv)
{
	return open_to(argc, argv, "PUT", "may deploy to that group", "may deploy to all devices");
}

static int forbid(int argc, char **argv)
{
	return open_to(argc, argv, "DELETE", "may no longer deploy to that group",
		       "may no longer deploy to all devices");
}

int command_sp(int argc, char **argv)
{
	static const struct subcommand table[] = {
		{ "list", list },	    { "add", add },	     { "show", show },
		{ "rename", rename_it },    { "remove", remove_it }, { "certify", certify },
		{ "uncertify", uncertify }, { "allow", allow },	     { "forbid", forbid },
	};

	return subcommand_run(argc, argv, help, table, sizeof(table) / sizeof(table[0]));
}
