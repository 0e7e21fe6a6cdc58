/* `teesim admin`: what a device trusts, changed by its administrator. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	"       teesim admin apply LIST [--device DEVICE]\n"
	"\n"
	"  make-list   a list of the TAM roots that devices trust from then on, in the place of "
	"those\n"
	"              they were made with, signed by their administrator. With --tas, only those\n"
	"              TAs may be installed. N must grow from list to list\n"
	"  apply       give the list to a device, which refuses one that is not its "
	"administrator's,\n"
	"              or not newer than the last\n";

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

static int apply(int argc, char **argv)
{
	const char *device = NULL, *name = NULL, *path;
	const struct argument table[] = { { "device", &device, NULL }, { "tee", &name, NULL } };
	char directory[PATH_MAX], parser[PATH_MAX];
	struct tee_options options = { .parser = parser };
	enum boot_result result;
	unsigned char *list;
	struct tee_client *client;
	struct tee *tee;
	int store_error, rc;
	size_t size;
	int status = arguments_parse(argc, argv, help, table, 2, &path, 1);

	if (status >= 0)
		return status;
	list = input_read(path, &size);
	if (!list)
		return EXIT_REFUSED;
	rc = running_tee_open(device, name, &client);
	if (rc) {
		status = rc < 0 ? EXIT_REFUSED
				: running_tee_ask(client, TEE_TRUST_UPDATE, list, size);
		free(list);
		return status;
	}
	if (!device_directory(device, directory, sizeof(directory)) ||
	    !tee_number(directory, name, &options.tee)) {
		free(list);
		return EXIT_USAGE;
	}
	if (!parser_find(parser)) {
		free(list);
		return tool_refuse("%s is missing: build or install it", parser);
	}
	result = tee_open(&tee, directory, &options, &store_error, err, sizeof(err));
	rc = result ? -1 : tee_trust_update(tee, list, size, err, sizeof(err));
	free(list);
	if (result == BOOT_OK)
		tee_close(tee);
	if (rc)
		(void)tool_refuse("%s", err);
	return result ? (int)result : rc ? EXIT_REFUSED : EXIT_DONE;
}

int tool_admin(int argc, char **argv)
{
	static const struct subcommand table[] = { { "make-list", make_list }, { "apply", apply } };

	return subcommand_run(argc, argv, help, table, 2);
}
