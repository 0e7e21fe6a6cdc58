/* Those commands of `teesim ta` that work on directories: list, install, remove. */
#include "cli/commands.h"
#include "cli/ta_commands.h"
#include "cli/ta_file.h"
#include "cli/ta_options.h"
#include "device/paths.h"
#include "registry/atomic_file.h"
#include "registry/ta_directory.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char list_help[] =
	"usage: teesim ta list [--device NAME] [--client-dir DIR] [--require-signed] [--json]\n"
	"\n"
	"Lists the TAs that a client would find: those in $TEESIM_TA_PATH, in the client's "
	"directory\n"
	"and its res/, and those installed on the device.\n"
	"\n"
	"  -d, --device NAME      the device (default: $TEESIM_DEVICE, else default)\n"
	"  -c, --client-dir DIR   where the client program lies\n"
	"  -s, --require-signed   as a device sees it that accepts signed TAs only\n"
	"  -j, --json             as a JSON array\n"
	"\n"
	"Ends with 1 where the device does not tell what TAMs have installed on it.\n";

static json_t *entry_json(const struct ta_list *list, const struct ta_list_entry *entry)
{
	const struct ta_image *image = &entry->image;
	json_t *object = json_object();
	char uuid[UUID_TEXT_SIZE];

	json_object_set_new(object, "uuid", json_string(uuid_format(&image->location.uuid, uuid)));
	json_object_set_new(object, "path", json_string(image->location.path));
	json_object_set_new(object, "place", json_string(ta_place_name(image->location.place)));
	json_object_set_new(object, "form", json_string(ta_form_name(image->form)));
	json_object_set_new(object, "signature", json_string(ta_signature_name(image->signature)));
	json_object_set_new(object, "description", json_string(image->properties.description));
	json_object_set_new(object, "accepted", json_boolean(entry->refusal == TA_ACCEPTED));
	if (entry->refusal != TA_ACCEPTED) {
		json_object_set_new(object, "refusal",
				    json_string(ta_refusal_name(entry->refusal)));
		json_object_set_new(object, "reason", json_string(entry->reason));
	}
	if (entry->shadowed_by >= 0)
		json_object_set_new(
			object, "shadowed_by",
			json_string(list->entries[entry->shadowed_by].image.location.path));
	return object;
}

static void print_entry(const struct ta_list *list, const struct ta_list_entry *entry)
{
	const struct ta_image *image = &entry->image;
	char uuid[UUID_TEXT_SIZE];

	printf("%s  %s\n", uuid_format(&image->location.uuid, uuid), image->location.path);
	printf("    found in %s", ta_place_name(image->location.place));
	if (entry->refusal != TA_ACCEPTED)
		printf("; refused (%s): %s\n", ta_refusal_name(entry->refusal), entry->reason);
	else
		printf("; %s, %s; %s\n", ta_form_name(image->form),
		       ta_signature_name(image->signature),
		       image->is_library ? "a shared library for TAs"
					 : image->properties.description);
	if (entry->shadowed_by >= 0)
		printf("    not used: %s comes first\n",
		       list->entries[entry->shadowed_by].image.location.path);
}

bool ta_domain_list(const char *device_dir, json_t **list)
{
	char path[PATH_MAX];
	struct stat st;
	FILE *output;

	*list = NULL;
	if (snprintf(path, sizeof(path), "%s/domains.tas", device_dir) >= (int)sizeof(path) ||
	    stat(path, &st) < 0 || !st.st_size)
		return true;
	output = teep_output("otrp", "list", device_dir);
	if (!output)
		return false;
	*list = json_loadf(output, 0, NULL);
	return teep_output_close(output) && *list;
}

static const char *member_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "?";
}

/* Those that no file of the developer's hides come last, where a client finds them. */
static void print_domain_tas(const json_t *array)
{
	json_t *ta;
	size_t i;

	json_array_foreach(array, i, ta)
		printf("%s  version %lld\n    found in security domain %s of %s, TAM %s; signed by "
		       "%s; %s\n",
		       member_text(ta, "taid"),
		       (long long)json_integer_value(json_object_get(ta, "version")),
		       member_text(ta, "sdname"), member_text(ta, "spid"), member_text(ta, "tamid"),
		       member_text(ta, "signer"), member_text(ta, "name"));
}

static void append_domain_tas(json_t *out, const json_t *array)
{
	json_t *ta;
	size_t i;

	json_array_foreach(array, i, ta) {
		json_object_set(ta, "uuid", json_object_get(ta, "taid"));
		json_object_del(ta, "taid");
		json_object_set_new(ta, "place", json_string("security domain"));
		json_object_set_new(ta, "accepted", json_true());
		json_array_append(out, ta);
	}
}

static int list_tas(const char *device, const char *client_dir, const struct ta_policy *policy,
		    bool as_json)
{
	struct ta_list list = { 0 };
	struct ta_search search;
	struct ta_trust trust;
	struct ta_dirs dirs;
	json_t *domains;
	bool told;
	int rc;

	if (!ta_dirs_find(device, &dirs) || !ta_dirs_trust(&dirs, &trust))
		return EXIT_REFUSED;
	rc = ta_search_init(&search, getenv("TEESIM_TA_PATH"), client_dir, dirs.device);
	if (rc == 0) {
		rc = ta_list(&search, policy, &trust, &list);
		ta_search_clear(&search);
	}
	ta_trust_clear(&trust);
	if (rc) {
		fprintf(stderr, "teesim: %s\n",
			rc == -E2BIG ? "too many directories in TEESIM_TA_PATH" : strerror(-rc));
		return EXIT_REFUSED;
	}
	told = ta_domain_list(dirs.device, &domains);
	if (as_json) {
		json_t *array = json_array();

		for (size_t i = 0; i < list.count; i++)
			json_array_append_new(array, entry_json(&list, &list.entries[i]));
		append_domain_tas(array, domains);
		json_dumpf(array, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(array);
	} else {
		for (size_t i = 0; i < list.count; i++)
			print_entry(&list, &list.entries[i]);
		print_domain_tas(domains);
		if (told && list.count + json_array_size(domains) == 0)
			fputs("teesim: no TA found: name their directory in TEESIM_TA_PATH, or "
			      "install one with `teesim ta install FILE`\n",
			      stderr);
	}
	json_decref(domains);
	ta_list_clear(&list);
	return told ? EXIT_OK : EXIT_REFUSED;
}

int cmd_ta_list(int argc, char **argv)
{
	struct ta_policy policy = { .kind = TA_KIND_EITHER };
	struct ta_options options;
	int status = ta_options_parse(argc, argv, list_help, "dcsj", 0, &options);

	if (status >= 0)
		return status;
	policy.require_signed = options.require_signed;
	return list_tas(options.device, options.client_dir, &policy, options.json);
}

static const char install_help[] =
	"usage: teesim ta install FILE [--device NAME] [--require-signed]\n"
	"\n"
	"Copies the TA in FILE to a device, where every client finds it. One that is not signed "
	"is\n"
	"signed with your development key on its way.\n"
	"\n"
	"  -d, --device NAME      the device (default: $TEESIM_DEVICE, else default)\n"
	"  -s, --require-signed   refuse one that is not signed\n";

static int install_parts(const struct ta_dirs *dirs, const char *uuid,
			 const struct atomic_file_part *parts)
{
	char path[PATH_MAX];
	int rc;

	if (snprintf(path, sizeof(path), "%s/ta", dirs->device) >= (int)sizeof(path))
		rc = -ENAMETOOLONG;
	else
		rc = paths_make_dir(path);
	if (rc == 0 &&
	    snprintf(path, sizeof(path), "%s/ta/%s.ta", dirs->device, uuid) >= (int)sizeof(path))
		rc = -ENAMETOOLONG;
	if (rc == 0)
		rc = atomic_file_write(path, parts, 2, 0644, ATOMIC_FILE_REPLACE);
	if (rc)
		fprintf(stderr, "teesim: cannot write %s: %s\n", path, strerror(-rc));
	else
		printf("%s\n", path);
	return rc;
}

/* In front of `image`, the header that it has or, if it has none, one by the development key. */
static int make_header(const struct ta_dirs *dirs, const struct ta_file *file, const char *path,
		       uint8_t header[TA_PACKAGE_HEADER_SIZE])
{
	struct signing_key key;
	char err[512];
	int rc;

	if (file->package.is_signed) {
		memcpy(header, file->bytes, TA_PACKAGE_HEADER_SIZE);
		return 0;
	}
	rc = signing_key_open_development(dirs->keys, &key, err, sizeof(err));
	if (rc) {
		fprintf(stderr, "teesim: %s\n", err);
		return rc;
	}
	ta_package_sign(&file->elf.ta.uuid, file->package.has_version ? file->package.version : 0,
			file->package.image, file->package.image_size, &key, header);
	signing_key_close(&key);
	fprintf(stderr, "teesim: %s: not signed; signed with your development key\n", path);
	return 0;
}

static int install_file(const char *path, const struct ta_options *options)
{
	uint8_t header[TA_PACKAGE_HEADER_SIZE];
	struct atomic_file_part parts[2];
	int status = EXIT_REFUSED;
	char uuid[UUID_TEXT_SIZE];
	struct ta_examined ta;

	if (!ta_examine(path, options->device, &ta))
		return EXIT_REFUSED;
	if (ta.signature == TA_SIGNED_UNKNOWN_SIGNER ||
	    (ta.signature == TA_UNSIGNED && options->require_signed)) {
		ta_signature_complain(path, &ta);
		goto out;
	}
	if (make_header(&ta.dirs, &ta.file, path, header))
		goto out;
	parts[0] = (struct atomic_file_part) { header, sizeof(header) };
	parts[1] = (struct atomic_file_part) { ta.file.package.image, ta.file.package.image_size };
	if (install_parts(&ta.dirs, uuid_format(&ta.file.elf.ta.uuid, uuid), parts) == 0)
		status = EXIT_OK;
out:
	ta_file_close(&ta.file);
	return status;
}

int cmd_ta_install(int argc, char **argv)
{
	struct ta_options options;
	int status = ta_options_parse(argc, argv, install_help, "ds", 1, &options);

	return status >= 0 ? status : install_file(argv[optind], &options);
}

static const char remove_help[] =
	"usage: teesim ta remove UUID [--device NAME]\n"
	"\n"
	"Takes an installed TA away from a device. Sessions that are open go on.\n"
	"\n"
	"  -d, --device NAME   the device (default: $TEESIM_DEVICE, else default)\n";

static int remove_ta(const struct uuid *uuid, const char *device)
{
	struct ta_location location;
	char text[UUID_TEXT_SIZE];
	struct ta_search search;
	struct ta_dirs dirs;
	unsigned cursor = 0, removed = 0;
	int status = EXIT_OK;

	if (!ta_dirs_find(device, &dirs))
		return EXIT_REFUSED;
	if (ta_search_init(&search, NULL, NULL, dirs.device)) {
		fputs("teesim: out of memory\n", stderr);
		return EXIT_REFUSED;
	}
	while (ta_find_next(&search, uuid, &cursor, &location)) {
		if (unlink(location.path) == 0) {
			printf("%s removed\n", location.path);
			removed++;
		} else {
			fprintf(stderr, "teesim: cannot remove %s: %s\n", location.path,
				strerror(errno));
			status = EXIT_REFUSED;
		}
	}
	ta_search_clear(&search);
	if (status == EXIT_OK && removed == 0) {
		fprintf(stderr, "teesim: TA %s is not installed in %s/ta\n",
			uuid_format(uuid, text), dirs.device);
		status = EXIT_REFUSED;
	}
	return status;
}

int cmd_ta_remove(int argc, char **argv)
{
	struct ta_options options;
	struct uuid uuid;
	int status = ta_options_parse(argc, argv, remove_help, "d", 1, &options);

	if (status >= 0)
		return status;
	if (uuid_parse(argv[optind], &uuid)) {
		fprintf(stderr, "teesim: not a UUID: %s\n", argv[optind]);
		return EXIT_USAGE;
	}
	return remove_ta(&uuid, options.device);
}
