/* `teesim otrp`: a device's TEE, asked by hand. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otrp/tee.h"
#include "teep/tools/arguments.h"
#include "teep/tools/tools.h"

static const char help[] =
	"usage: teesim otrp exec [FILE] [--device DEVICE] [OPTION…]\n"
	"       teesim otrp ta-information [FILE] [--device DEVICE]\n"
	"       teesim otrp list [--device DEVICE]\n"
	"\n"
	"Boots the device, has its TEE execute the OTrP request in FILE (default: standard "
	"input),\n"
	"and prints the answer. Ends with the status of `teesim device verify` when the device\n"
	"does not boot, and with 0 whatever the TEE answers.\n"
	"\n"
	"ta-information answers a client application's {\"TAQuery\":{\"spid\":…,\"taid\":…}}.\n"
	"list prints the TAs that TAMs installed, as a JSON array.\n"
	"\n"
	"  --device DEVICE     a name, or a directory when there is a slash in it\n"
	"  --alg-ext           also ES384\n"
	"  --lenient           accept what the drafts' samples have and their text has not\n"
	"  --no-dsigen         leave our change count out of the device state\n"
	"  --aik KIND          rsa (default) or p256: new anonymous keys of SPs\n"
	"  --clock-offset S    seconds that the TEE's clock is ahead\n";

static int execute(const char *directory, const struct tee_options *options, const char *path)
{
	char err[PATH_MAX + 512], *answer;
	enum boot_result result;
	unsigned char *request;
	struct tee *tee;
	int store_error, rc;
	size_t size;

	request = input_read(path, &size);
	if (!request)
		return EXIT_REFUSED;
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
	const char *device = NULL, *aik = NULL, *offset_text = NULL, *path = "-";
	struct tee_options options = { 0 };
	bool extended = false, lenient = false, without_dsigen = false;
	const struct argument table[] = {
		{ "device", &device, NULL },
		{ "alg-ext", NULL, &extended },
		{ "lenient", NULL, &lenient },
		{ "no-dsigen", NULL, &without_dsigen },
		{ "clock-offset", &offset_text, NULL },
		{ "aik", &aik, NULL },
	};
	char directory[PATH_MAX], parser[PATH_MAX];
	long offset;
	int status = arguments_parse(argc, argv, help, table, sizeof(table) / sizeof(table[0]),
				     &path, 0, 1);

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
	if (!argument_number("clock-offset", offset_text, 0, INT32_MIN, INT32_MAX, &offset) ||
	    !device_directory(device, directory, sizeof(directory)))
		return EXIT_USAGE;
	options.clock_offset = offset;
	if (!parser_find(parser))
		return tool_refuse("%s is missing: build or install it", parser);
	options.parser = parser;
	return execute(directory, &options, path);
}

static int information(int argc, char **argv)
{
	const char *device = NULL, *path = "-";
	const struct argument table[] = { { "device", &device, NULL } };
	char directory[PATH_MAX], parser[PATH_MAX], err[PATH_MAX + 512], *answer = NULL;
	struct tee_options options = { .parser = parser };
	enum boot_result result;
	unsigned char *query;
	struct tee *tee;
	int store_error, rc = 0;
	size_t size;
	int status = arguments_parse(argc, argv, help, table, 1, &path, 0, 1);

	if (status >= 0)
		return status;
	if (!device_directory(device, directory, sizeof(directory)))
		return EXIT_USAGE;
	if (!parser_find(parser))
		return tool_refuse("%s is missing: build or install it", parser);
	query = input_read(path, &size);
	if (!query)
		return EXIT_REFUSED;
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

/* Statuses that teesimd knows (session/domain_image.c). */
#define STATUS_NO_SUCH_TA 3
#define IMAGE_FD	  3

/* The TEE without a parser: nothing from outside is read. */
static enum boot_result tee_start(const char *device, struct tee **tee)
{
	char directory[PATH_MAX], err[PATH_MAX + 512];
	const struct tee_options options = { 0 };
	enum boot_result result;
	int store_error;

	if (!device_directory(device, directory, sizeof(directory)))
		return BOOT_FILE;
	result = tee_open(tee, directory, &options, &store_error, err, sizeof(err));
	if (result)
		(void)tool_refuse("%s", err);
	return result;
}

static bool image_write(const uint8_t *image, size_t size)
{
	while (size) {
		const ssize_t n = write(IMAGE_FD, image, size);

		if (n <= 0)
			return false;
		image += n;
		size -= (size_t)n;
	}
	return true;
}

/* For teesimd alone: a TA's image to descriptor 3. */
static int release(int argc, char **argv)
{
	const char *device = NULL, *uuid;
	const struct argument table[] = { { "device", &device, NULL } };
	uint8_t *image = NULL;
	struct tee *tee;
	size_t size;
	int rc, status = arguments_parse(argc, argv, help, table, 1, &uuid, 1, 1);

	if (status >= 0)
		return status;
	status = (int)tee_start(device, &tee);
	if (status)
		return status;
	rc = tee_ta_image(tee, uuid, &image, &size);
	tee_close(tee);
	if (rc == -ENOENT)
		return STATUS_NO_SUCH_TA;
	if (rc == 0 && !image_write(image, size))
		rc = -errno;
	free(image);
	return rc ? tool_refuse("TA %s: %s", uuid,
				rc == -EBADMSG ? "is not what was installed" : strerror(-rc))
		  : EXIT_DONE;
}

static int list(int argc, char **argv)
{
	const char *device = NULL;
	const struct argument table[] = { { "device", &device, NULL } };
	struct tee *tee;
	char *text;
	int status = arguments_parse(argc, argv, help, table, 1, NULL, 0, 0);

	if (status >= 0)
		return status;
	status = (int)tee_start(device, &tee);
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

int tool_otrp(int argc, char **argv)
{
	static const struct subcommand table[] = {
		{ "exec", exec_request },
		{ "ta-information", information },
		{ "list", list },
		{ "release", release },
	};

	return subcommand_run(argc, argv, help, table, sizeof(table) / sizeof(table[0]));
}
