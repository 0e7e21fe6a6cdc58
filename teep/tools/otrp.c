/* `teesim otrp`: a device's TEE, asked by hand. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otrp/tee.h"
#include "teep/tools/arguments.h"
#include "teep/tools/running_tee.h"
#include "teep/tools/tools.h"

static const char help[] =
	"usage: teesim otrp exec [FILE] [--device DEVICE] [OPTION…]\n"
	"       teesim otrp ta-information [FILE] [--device DEVICE]\n"
	"       teesim otrp list [--device DEVICE]\n"
	"       teesim otrp request-ta UUID [NAME] [--device DEVICE]\n"
	"       teesim otrp tees [--device DEVICE]\n"
	"\n"
	"Has the device's TEE execute the OTrP request in FILE (default: standard input), and "
	"prints\n"
	"the answer. When the device does not run, it is booted for this: then it ends with the "
	"status\n"
	"of `teesim device verify` when it does not boot. It ends with 0 whatever the TEE "
	"answers.\n"
	"\n"
	"ta-information answers a client application's {\"TAQuery\":{\"spid\":…,\"taid\":…}}.\n"
	"list prints the TAs that TAMs installed, as a JSON array.\n"
	"request-ta has the TEE tell TAMs, until one installs it, that an application wants a TA.\n"
	"\n"
	"tees prints the names of the device's TEEs, as a JSON array.\n"
	"\n"
	"  --device DEVICE     a name, or a directory when there is a slash in it\n"
	"  --tee NAME          one of the device's TEEs (default: the first)\n"
	"  --alg-ext           also ES384\n"
	"  --lenient           accept what the drafts' samples have and their text has not\n"
	"  --no-dsigen         leave our change count out of the device state\n"
	"  --aik KIND          rsa (default) or p256: new anonymous keys of SPs\n"
	"  --clock-offset S    seconds that the TEE's clock is ahead\n"
	"\n"
	"These last five are for a device that does not run.\n";

/* Takes over `request`. */
static int execute(const char *directory, const struct tee_options *options, unsigned char *request,
		   size_t size)
{
	char err[PATH_MAX + 512], *answer;
	enum boot_result result;
	struct tee *tee;
	int store_error, rc;

	result = tee_open(&tee, directory, options, &store_error, err, sizeof(err));
	if (result) {
		free(request);
		(void)tool_refuse("%s", err);
		return (int)result;
	}
	rc = tee_process(tee, request, size, &answer);
	if (rc == 0) {
		puts(answer);
		free(answer);
	}
	tee_close(tee);
	free(request);
	return rc ? tool_refuse("the TEE can't even sign: %s", strerror(-rc)) : EXIT_DONE;
}

static int exec_request(int argc, char **argv)
{
	const char *device = NULL, *name = NULL, *aik = NULL, *offset_text = NULL, *path = "-";
	struct tee_options options = { 0 };
	bool extended = false, lenient = false, without_dsigen = false;
	const struct argument table[] = {
		{ "device", &device, NULL },
		{ "tee", &name, NULL },
		{ "alg-ext", NULL, &extended },
		{ "lenient", NULL, &lenient },
		{ "no-dsigen", NULL, &without_dsigen },
		{ "clock-offset", &offset_text, NULL },
		{ "aik", &aik, NULL },
	};
	char directory[PATH_MAX], parser[PATH_MAX];
	struct tee_client *client;
	unsigned char *request;
	size_t size;
	long offset;
	int runs;
	int status = arguments_parse(argc, argv, help, table, sizeof(table) / sizeof(table[0]),
				     &path, 1);

	if (status >= 0)
		return status;
	options.extended = extended;
	options.lenient = lenient;
	options.without_dsigen = without_dsigen;
	options.aik_kind = aik ? key_kind_parse(aik) : KEY_RSA;
	if (options.aik_kind != KEY_RSA && options.aik_kind != KEY_P256) {
		(void)tool_refuse("--aik: \"%s\" is neither rsa nor p256", aik);
		return EXIT_USAGE;
	}
	if (!argument_number("clock-offset", offset_text, 0, INT32_MIN, INT32_MAX, &offset))
		return EXIT_USAGE;
	options.clock_offset = offset;
	if (!parser_find(parser))
		return tool_refuse("%s is missing: build or install it", parser);
	options.parser = parser;
	request = input_read(path, &size);
	if (!request)
		return EXIT_REFUSED;
	/* What was asked for may differ from how the TEE of a running device is. */
	runs = extended || lenient || without_dsigen || aik || offset_text
		       ? 0
		       : running_tee_open(device, name, &client);
	if (runs > 0)
		status = running_tee_ask(client, TEE_PROCESS, request, size);
	else if (runs < 0)
		status = -runs;
	else if (device_directory(device, directory, sizeof(directory)) &&
		 tee_number(directory, name, &options.tee))
		return execute(directory, &options, request, size);
	else
		status = EXIT_USAGE;
	free(request);
	return status;
}

static int information(int argc, char **argv)
{
	const char *device = NULL, *name = NULL, *path = "-";
	const struct argument table[] = { { "device", &device, NULL }, { "tee", &name, NULL } };
	char directory[PATH_MAX], parser[PATH_MAX], err[PATH_MAX + 512], *answer = NULL;
	struct tee_options options = { .parser = parser };
	struct tee_client *client;
	enum boot_result result;
	unsigned char *query;
	struct tee *tee;
	int store_error, rc = 0;
	size_t size;
	int status = arguments_parse(argc, argv, help, table, 2, &path, 1);

	if (status >= 0)
		return status;
	if (!parser_find(parser))
		return tool_refuse("%s is missing: build or install it", parser);
	query = input_read(path, &size);
	if (!query)
		return EXIT_REFUSED;
	rc = running_tee_open(device, name, &client);
	if (rc) {
		status = rc < 0 ? -rc : running_tee_ask(client, TEE_TA_INFORMATION, query, size);
		free(query);
		return status;
	}
	if (!device_directory(device, directory, sizeof(directory)) ||
	    !tee_number(directory, name, &options.tee)) {
		free(query);
		return EXIT_USAGE;
	}
	result = tee_open(&tee, directory, &options, &store_error, err, sizeof(err));
	if (result == BOOT_OK) {
		rc = tee_ta_information(tee, query, size, &answer, err, sizeof(err));
		tee_close(tee);
	}
	if (answer)
		puts(answer);
	else
		(void)tool_refuse("%s", err);
	free(answer);
	free(query);
	return result ? (int)result : rc ? EXIT_REFUSED : EXIT_DONE;
}

/* The exit status, after a message. */
static int tee_start(const char *device, const char *name, struct tee **tee)
{
	char directory[PATH_MAX], parser[PATH_MAX], err[PATH_MAX + 512];
	struct tee_options options = { .parser = parser };
	enum boot_result result;
	int store_error;

	if (!parser_find(parser))
		return tool_refuse("%s is missing: build or install it", parser);
	if (!device_directory(device, directory, sizeof(directory)) ||
	    !tee_number(directory, name, &options.tee))
		return EXIT_USAGE;
	result = tee_open(tee, directory, &options, &store_error, err, sizeof(err));
	if (result)
		(void)tool_refuse("%s", err);
	return (int)result;
}

static int list(int argc, char **argv)
{
	const char *device = NULL, *name = NULL;
	const struct argument table[] = { { "device", &device, NULL }, { "tee", &name, NULL } };
	struct tee_client *client;
	struct tee *tee = NULL;
	char *text;
	int runs, status = arguments_parse(argc, argv, help, table, 2, NULL, 0);

	if (status >= 0)
		return status;
	runs = running_tee_open(device, name, &client);
	if (runs)
		return runs < 0 ? -runs : running_tee_ask(client, TEE_TA_LIST, NULL, 0);
	status = tee_start(device, name, &tee);
	if (status)
		return status;
	text = tee_ta_list(tee);
	tee_close(tee);
	if (!text)
		return tool_refuse("the store can't be read");
	puts(text);
	free(text);
	return EXIT_DONE;
}

static int request_ta(int argc, char **argv)
{
	const char *device = NULL, *name = NULL, *words[2] = { NULL, NULL };
	const struct argument table[] = { { "device", &device, NULL }, { "tee", &name, NULL } };
	struct tee_client *client;
	char text[128], err[512];
	struct tee *tee = NULL;
	int rc, status = arguments_parse(argc, argv, help, table, 2, words, 2);
	int size;

	if (status >= 0)
		return status;
	size = snprintf(text, sizeof(text), "%s%s%s", words[0], words[1] ? " " : "",
			words[1] ? words[1] : "");
	if (size >= (int)sizeof(text))
		return tool_refuse("the name is longer than 64 characters");
	rc = running_tee_open(device, name, &client);
	if (rc)
		return rc < 0 ? -rc : running_tee_ask(client, TEE_REQUEST_TA, text, (size_t)size);
	status = tee_start(device, name, &tee);
	if (status)
		return status;
	rc = tee_request_ta(tee, text, (size_t)size, err, sizeof(err));
	tee_close(tee);
	return rc ? tool_refuse("%s", err) : EXIT_DONE;
}

static int tees(int argc, char **argv)
{
	const char *device = NULL, *name;
	const struct argument table[] = { { "device", &device, NULL } };
	struct tee_client *client;
	struct tee *tee = NULL;
	int status = arguments_parse(argc, argv, help, table, 1, NULL, 0);

	if (status >= 0)
		return status;
	if (running_tee_open(device, NULL, &client) > 0)
		return running_tee_ask(client, TEE_NAMES, NULL, 0);
	status = tee_start(device, NULL, &tee);
	if (status)
		return status;
	/* Names hold no character that JSON would want to be written otherwise, but these. */
	for (unsigned int i = 0; (name = tee_name_of(tee, i)); i++) {
		fputs(i ? ",\"" : "[\"", stdout);
		for (; *name; name++)
			printf(*name == '"' || *name == '\\' ? "\\%c" : "%c", *name);
		putchar('"');
	}
	puts("]");
	tee_close(tee);
	return EXIT_DONE;
}

int tool_otrp(int argc, char **argv)
{
	static const struct subcommand table[] = {
		{ "exec", exec_request }, { "ta-information", information },
		{ "list", list },	  { "request-ta", request_ta },
		{ "tees", tees },
	};

	return subcommand_run(argc, argv, help, table, sizeof(table) / sizeof(table[0]));
}
