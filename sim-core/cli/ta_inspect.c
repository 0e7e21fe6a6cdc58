/* `teesim ta inspect`. */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/ta_commands.h"
#include "cli/ta_file.h"
#include "cli/ta_options.h"
#include "registry/ta_refusal.h"

static const char inspect_help[] =
	"usage: teesim ta inspect FILE [--json] [--device NAME]\n"
	"\n"
	"Tells what the TA in FILE is, what it needs, and who signed it.\n"
	"\n"
	"  -j, --json          as one JSON object\n"
	"  -d, --device NAME   the device whose keys count (default: $TEESIM_DEVICE, else "
	"default)\n";

/* Names come out of the file, which may hold anything. */
static json_t *name_json(const char *name)
{
	char text[256];

	text_printable(text, sizeof(text), name, strlen(name));
	return json_string(text);
}

static json_t *inspection_json(const struct ta_file *file, enum ta_signature signature,
			       const struct ta_signer *signer)
{
	const struct ta_properties *ta = &file->elf.ta;
	json_t *root = json_object(), *flags = json_array(), *entries = json_array();
	json_t *needed = json_array(), *undefined = json_array();
	char uuid[UUID_TEXT_SIZE];
	const char *symbol;
	size_t cursor = 0;

	for (unsigned bit = 0; bit < 32; bit++)
		if ((ta->flags & 1U << bit) && ta_flag_name(bit))
			json_array_append_new(flags, json_string(ta_flag_name(bit)));
	for (unsigned i = 0; i < TA_ENTRY_COUNT; i++)
		if (ta->entry_points & 1U << i)
			json_array_append_new(
				entries, json_string(ta_entry_point_name((enum ta_entry_point)i)));
	for (unsigned i = 0; i < file->elf.needed_count; i++)
		json_array_append_new(needed, name_json(file->elf.needed[i]));
	while ((symbol = elf_image_next_undefined(&file->elf, &cursor, NULL)))
		json_array_append_new(undefined, name_json(symbol));

	json_object_set_new(root, "uuid", json_string(uuid_format(&ta->uuid, uuid)));
	json_object_set_new(root, "kind", json_string(file->elf.is_library ? "library" : "ta"));
	json_object_set_new(root, "description", json_string(ta->description));
	json_object_set_new(root, "version", json_string(ta->version));
	json_object_set_new(root, "form", json_string(ta_form_name(file->package.form)));
	if (file->package.has_version)
		json_object_set_new(root, "package_version", json_integer(file->package.version));
	json_object_set_new(root, "flags", flags);
	json_object_set_new(root, "flags_value", json_integer(ta->flags));
	json_object_set_new(root, "stack_size", json_integer(ta->stack_size));
	json_object_set_new(root, "data_size", json_integer((json_int_t)ta->data_size));
	json_object_set_new(root, "entry_points", entries);
	json_object_set_new(root, "needed", needed);
	json_object_set_new(root, "undefined", undefined);
	json_object_set_new(root, "signature", json_string(ta_signature_name(signature)));
	if (file->package.is_signed) {
		json_object_set_new(root, "signer", json_string(signer->fingerprint));
		json_object_set_new(root, "signer_name", json_string(signer->name));
	}
	return root;
}

static const char *or_unset(const char *text)
{
	return text[0] ? text : "(not stated)";
}

static void print_inspection(const struct ta_file *file, enum ta_signature signature,
			     const struct ta_signer *signer)
{
	const struct ta_properties *ta = &file->elf.ta;
	char text[256];
	const char *symbol;
	size_t cursor = 0;
	bool weak;

	printf("uuid          %s\n", uuid_format(&ta->uuid, text));
	if (file->elf.is_library)
		printf("kind          a shared library for TAs\n");
	printf("description   %s\n", or_unset(ta->description));
	printf("version       %s\n", or_unset(ta->version));
	printf("form          %s", ta_form_name(file->package.form));
	if (file->package.has_version)
		printf(", version %" PRIu32, file->package.version);
	printf("\nsignature     %s", ta_signature_name(signature));
	if (file->package.is_signed)
		printf(", by %s %s", signer->fingerprint, signer->name);
	printf("\nflags        ");
	for (unsigned bit = 0; bit < 32; bit++)
		if ((ta->flags & 1U << bit) && ta_flag_name(bit))
			printf(" %s", ta_flag_name(bit));
		else if (ta->flags & 1U << bit)
			printf(" bit%u", bit);
	printf("\nstack         %" PRIu32 " bytes\n", ta->stack_size);
	printf("data          %" PRIu64 " bytes\n", ta->data_size);
	printf("entry points ");
	for (unsigned i = 0; i < TA_ENTRY_COUNT; i++)
		if (ta->entry_points & 1U << i)
			printf(" %s", ta_entry_point_name((enum ta_entry_point)i));
	printf("\nneeds        ");
	for (unsigned i = 0; i < file->elf.needed_count; i++) {
		text_printable(text, sizeof(text), file->elf.needed[i],
			       strlen(file->elf.needed[i]));
		printf(" %s", text);
	}
	printf("\nundefined    ");
	while ((symbol = elf_image_next_undefined(&file->elf, &cursor, &weak))) {
		text_printable(text, sizeof(text), symbol, strlen(symbol));
		printf(" %s%s", text, weak ? "(weak)" : "");
	}
	printf("\n");
}

int cmd_ta_inspect(int argc, char **argv)
{
	struct ta_options options;
	struct ta_examined ta;
	int status;

	status = ta_options_parse(argc, argv, inspect_help, "dj", 1, &options);
	if (status >= 0)
		return status;
	if (!ta_examine(argv[optind], options.device, &ta))
		return EXIT_REFUSED;
	if (options.json) {
		json_t *root = inspection_json(&ta.file, ta.signature, &ta.signer);

		json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(root);
	} else {
		print_inspection(&ta.file, ta.signature, &ta.signer);
	}
	ta_file_close(&ta.file);
	return EXIT_OK;
}
