/* `teesim admin`: what a device trusts, changed by its administrator. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/boot.h"
#include "otrp/tee.h"
#include "registry/atomic_file.h"
#include "teep/otrp/compose.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tools/arguments.h"
#include "teep/tools/running_tee.h"
#include "teep/tools/tools.h"
#include "wire/uuid.h"

static const char help[] =
	"usage: teesim admin make-list --key KEYFILE --version N --tam-roots FILE --out FILE\n"
	"                              [--tas UUID,…]\n"
	"       teesim admin apply LIST [--device DEVICE] [--tee NAME]\n"
	"\n"
	"  make-list   a list of the TAM roots that devices trust from then on, in the place of "
	"those\n"
	"              they were made with, signed by their administrator. With --tas, only those\n"
	"              TAs may be installed. N must grow from list to list\n"
	"  apply       give the list to all TEEs of a device, or to the one that --tee names; they "
	"refuse\n"
	"              one that is not their administrator's, or not newer than the last. Where "
	"some took\n"
	"              it and others did not, the command fails, and can be repeated\n";

static char err[4608];

static json_t *roots_json(const char *path)
{
	X509_STACK_AUTO roots = chain_read(path, err, sizeof(err));
	json_t *array = json_array();

	for (int i = 0; i < sk_X509_num(roots); i++) {
		size_t size;
		uint8_t *der = certificate_encode(sk_X509_value(roots, i), &size);

		if (der)
			(void)json_array_append_new(array, otrp_base64(der, size));
		OPENSSL_free(der);
	}
	return array;
}

static json_t *tas_json(const char *text)
{
	char *copy = strdup(text), uuid_text[UUID_TEXT_SIZE], *save = NULL;
	json_t *array = json_array();

	for (char *word = copy ? strtok_r(copy, ",", &save) : NULL; word;
	     word = strtok_r(NULL, ",", &save)) {
		struct uuid uuid;

		if (uuid_parse(word, &uuid)) {
			(void)tool_refuse("--tas: \"%s\" is no UUID", word);
			json_decref(array);
			array = NULL;
			break;
		}
		(void)json_array_append_new(array, json_string(uuid_format(&uuid, uuid_text)));
	}
	free(copy);
	return array;
}

/* {"TrustList": JWS}; takes the list. */
static int list_write(json_t *list, EVP_PKEY *key, const char *out)
{
	json_t *payload = json_pack("{s:o}", "TrustListTBS", list), *jws = NULL, *whole = NULL;
	char *text = payload ? json_canonical(payload) : NULL, *signed_text = NULL;
	struct atomic_file_part part;
	int rc = -1;

	if (text)
		jws = jws_sign(span_of_text(text), key, NULL);
	if (jws)
		whole = json_pack("{s:O}", "TrustList", jws);
	if (whole)
		signed_text = json_canonical(whole);
	if (signed_text) {
		part = (struct atomic_file_part) { signed_text, strlen(signed_text) };
		rc = atomic_file_write(out, &part, 1, 0644, ATOMIC_FILE_REPLACE);
	}
	json_decref(whole);
	json_decref(jws);
	json_decref(payload);
	free(signed_text);
	free(text);
	return rc ? tool_refuse("%s can't be written", out) : EXIT_DONE;
}

static int make_list(int argc, char **argv)
{
	const char *key_path = NULL, *version_text = NULL, *roots_path = NULL, *out = NULL;
	const char *tas_text = NULL;
	const struct argument table[] = {
		{ "key", &key_path, NULL },	    { "version", &version_text, NULL },
		{ "tam-roots", &roots_path, NULL }, { "out", &out, NULL },
		{ "tas", &tas_text, NULL },
	};
	json_t *list, *roots, *tas = NULL;
	PKEY_AUTO key = NULL;
	char number[24];
	long version;
	int status = arguments_parse(argc, argv, help, table, 5, NULL, 0);

	if (status >= 0)
		return status;
	if (!argument_number("version", version_text, 0, 1, LONG_MAX, &version))
		return EXIT_USAGE;
	key = key_read(key_path, err, sizeof(err));
	if (!key)
		return tool_refuse("%s", err);
	if (tas_text) {
		tas = tas_json(tas_text);
		if (!tas)
			return EXIT_USAGE;
	}
	roots = roots_json(roots_path);
	if (json_array_size(roots) == 0) {
		json_decref(roots);
		json_decref(tas);
		return tool_refuse("%s", err);
	}
	snprintf(number, sizeof(number), "%ld", version);
	list = json_pack("{s:s, s:o}", "version", number, "tamroots", roots);
	if (tas)
		(void)json_object_set_new(list, "tas", tas);
	return list_write(list, key, out);
}

/* A list that goes to one TEE after the other of a device. */
struct application {
	const char *device;
	const unsigned char *list;
	size_t size;
	bool several; /* there is more than one: each is told of */
	unsigned int taken, there, refused;
};

static void taken_note(struct application *application, const char *name, int rc, const char *why)
{
	if (!application->several) {
		if (rc)
			(void)tool_refuse("%s", why);
	} else if (rc == 0) {
		printf("%s: has the list\n", name);
	} else if (rc == -EALREADY) {
		/* From a command that reached only some. */
		printf("%s: has a list of this version already\n", name);
		application->there++;
		return;
	} else {
		(void)tool_refuse("%s: %s", name, why);
	}
	if (rc)
		application->refused++;
	else
		application->taken++;
}

/* To repeat the command is right where that reached some; where all have that version, nothing
 * changed. */
static int application_status(const struct application *application)
{
	if (application->refused)
		return EXIT_REFUSED;
	return application->taken || !application->there
		       ? EXIT_DONE
		       : tool_refuse("all have a list of this version: a new one needs a higher");
}

static void running_give(struct application *application, struct tee_client *client,
			 const char *name)
{
	char *why;
	size_t size;
	const int rc = running_tee_call(client, TEE_TRUST_UPDATE, application->list,
					application->size, &why, &size);

	taken_note(application, name, rc, why ? why : "the device's TEE ended; see `teesim log`");
	free(why);
}

/* To all TEEs of a device that runs; takes the client, which is the first one's. */
static int running_give_all(struct application *application, struct tee_client *client)
{
	char *text;
	size_t size;
	json_t *names;
	int rc = running_tee_call(client, TEE_NAMES, NULL, 0, &text, &size);

	names = rc ? NULL : json_loadb(text, size, 0, NULL);
	if (!names)
		rc = tool_refuse("%s", text ? text : "the device's TEE ended; see `teesim log`");
	free(text);
	if (!names)
		return rc;
	application->several = json_array_size(names) > 1;
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));

		rc = running_tee_open(application->device, name, &client);
		if (rc > 0)
			running_give(application, client, name);
		else if (rc == 0)
			taken_note(application, name, -ECONNREFUSED, "the device has stopped");
		else
			application->refused++;
	}
	json_decref(names);
	return application_status(application);
}

/* How many there are; one that is not made yet will have one. */
static unsigned int tees_count(const char *directory)
{
	char path[PATH_MAX + 32], stem[16];
	unsigned int count = 0;

	while (count < BOOT_TEES_MAX) {
		snprintf(path, sizeof(path), "%s/boot/%s.img", directory,
			 boot_tee_stem(count, stem));
		if (access(path, F_OK) < 0)
			break;
		count++;
	}
	return count ? count : 1;
}

/* As its boot record has it, also where it does not start. */
static void name_find(const char *directory, unsigned int number, char out[BOOT_NAME_SIZE])
{
	char unused[PATH_MAX + 512];
	struct boot boot;

	snprintf(out, BOOT_NAME_SIZE, "TEE %u", number);
	if (boot_verify(directory, &boot, unused, sizeof(unused)))
		return;
	if (number < boot.tees)
		snprintf(out, BOOT_NAME_SIZE, "%s", boot.names[number]);
	boot_clear(&boot);
}

/* To one of a device that does not run. BOOT_OK, or what hinders its start. */
static enum boot_result resting_give(struct application *application, const char *directory,
				     const struct tee_options *options)
{
	char name[BOOT_NAME_SIZE] = "";
	enum boot_result result;
	struct tee *tee;
	int store_error, rc;

	result = tee_open(&tee, directory, options, &store_error, err, sizeof(err));
	rc = result ? -EIO
		    : tee_trust_update(tee, application->list, application->size, err, sizeof(err));
	if (result == BOOT_OK)
		tee_close(tee);
	if (application->several)
		name_find(directory, options->tee, name);
	taken_note(application, name, rc, err);
	return result;
}

/* The first that does not start, where one does not, gives the status. */
static int resting_give_all(struct application *application, const char *name)
{
	char directory[PATH_MAX], parser[PATH_MAX];
	struct tee_options options = { .parser = parser };
	enum boot_result result, first = BOOT_OK;
	unsigned int count;
	int status;

	if (!device_directory(application->device, directory, sizeof(directory)) ||
	    !tee_number(directory, name, &options.tee))
		return EXIT_USAGE;
	if (!parser_find(parser))
		return tool_refuse("%s is missing: build or install it", parser);
	count = name ? options.tee + 1 : tees_count(directory);
	application->several = !name && count > 1;
	for (; options.tee < count; options.tee++) {
		result = resting_give(application, directory, &options);
		first = first ? first : result;
	}
	status = application_status(application);
	return first ? (int)first : status;
}

static int apply(int argc, char **argv)
{
	const char *name = NULL, *path;
	struct application application = { 0 };
	const struct argument table[] = { { "device", &application.device, NULL },
					  { "tee", &name, NULL } };
	struct tee_client *client;
	unsigned char *list;
	int runs, status = arguments_parse(argc, argv, help, table, 2, &path, 1);

	if (status >= 0)
		return status;
	application.list = list = input_read(path, &application.size);
	if (!list)
		return EXIT_REFUSED;
	runs = running_tee_open(application.device, name, &client);
	if (runs < 0) {
		status = -runs;
	} else if (runs == 0) {
		status = resting_give_all(&application, name);
	} else if (name) {
		running_give(&application, client, name);
		status = application_status(&application);
	} else {
		status = running_give_all(&application, client);
	}
	free(list);
	return status;
}

int tool_admin(int argc, char **argv)
{
	static const struct subcommand table[] = { { "make-list", make_list }, { "apply", apply } };

	return subcommand_run(argc, argv, help, table, 2);
}
