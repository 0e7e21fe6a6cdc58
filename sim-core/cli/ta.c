/* `teesim ta`, and those of its commands that work on one file: sign, verify, inspect. */
#include "cli/commands.h"
#include "cli/ta_commands.h"
#include "cli/ta_file.h"
#include "registry/atomic_file.h"
#include "registry/ta_refusal.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage_error(const char *help)
{
	fprintf(stderr, "%s", help);
	return EXIT_USAGE;
}

static const char sign_help[] =
	"usage: teesim ta sign --in FILE --out FILE [--uuid UUID] [--version N] [--key FILE]\n"
	"\n"
	"Puts the TA image in FILE (ELF, package, or OP-TEE image) into a signed package.\n"
	"\n"
	"  -i, --in FILE      the TA to sign\n"
	"  -o, --out FILE     where the package goes, usually UUID.ta\n"
	"  -u, --uuid UUID    refuse to sign any other TA than this one\n"
	"  -v, --version N    the TA's version, 0 to 4294967295 (default: as in FILE, else 0)\n"
	"  -k, --key FILE     the secret key (default: your development key, made on first use)\n";

static bool number_parse(const char *text, uint32_t *out)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || value > UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

static int sign_file(const char *in, const char *out, const struct uuid *uuid,
		     const uint32_t *version, const char *key_path)
{
	char err[512], inside[UUID_TEXT_SIZE], fingerprint[PUBLIC_KEY_FINGERPRINT_SIZE];
	uint8_t header[TA_PACKAGE_HEADER_SIZE];
	struct atomic_file_part parts[2];
	struct signing_key key;
	struct ta_dirs dirs;
	struct ta_file file;
	int rc, status = EXIT_REFUSED;
	uint32_t number;

	if (!ta_dirs_find(NULL, &dirs) || !ta_file_open(in, &file))
		return EXIT_REFUSED;
	uuid_format(&file.elf.ta.uuid, inside);
	if (uuid && !uuid_equal(uuid, &file.elf.ta.uuid)) {
		fprintf(stderr, "teesim: %s: holds TA %s, not the one that --uuid names\n", in,
			inside);
		goto out_file;
	}
	rc = key_path ? signing_key_load(key_path, &key, err, sizeof(err))
		      : signing_key_open_development(dirs.keys, &key, err, sizeof(err));
	if (rc) {
		fprintf(stderr, "teesim: %s\n", err);
		goto out_file;
	}
	number = version ? *version : file.package.has_version ? file.package.version : 0;
	ta_package_sign(&file.elf.ta.uuid, number, file.package.image, file.package.image_size,
			&key, header);
	parts[0] = (struct atomic_file_part) { header, sizeof(header) };
	parts[1] = (struct atomic_file_part) { file.package.image, file.package.image_size };
	rc = atomic_file_write(out, parts, 2, 0644, ATOMIC_FILE_REPLACE);
	if (rc) {
		fprintf(stderr, "teesim: cannot write %s: %s\n", out, strerror(-rc));
		goto out_key;
	}
	printf("%s: TA %s, version %" PRIu32 ", signed by %s\n", out, inside, number,
	       public_key_fingerprint(key.public_key.bytes, fingerprint));
	status = EXIT_OK;
out_key:
	signing_key_close(&key);
out_file:
	ta_file_close(&file);
	return status;
}

static int cmd_ta_sign(int argc, char **argv)
{
	static const struct option options[] = {
		{ "in", required_argument, NULL, 'i' },
		{ "out", required_argument, NULL, 'o' },
		{ "uuid", required_argument, NULL, 'u' },
		{ "key", required_argument, NULL, 'k' },
		{ "version", required_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *in = NULL, *out = NULL, *key = NULL;
	bool has_uuid = false, has_version = false;
	struct uuid uuid;
	uint32_t version;
	int c;

	while ((c = getopt_long(argc, argv, "i:o:u:v:k:h", options, NULL)) != -1) {
		switch (c) {
		case 'i':
			in = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 'k':
			key = optarg;
			break;
		case 'u':
			if (uuid_parse(optarg, &uuid)) {
				fprintf(stderr, "teesim: not a UUID: %s\n", optarg);
				return EXIT_USAGE;
			}
			has_uuid = true;
			break;
		case 'v':
			if (!number_parse(optarg, &version)) {
				fprintf(stderr, "teesim: not a version number: %s\n", optarg);
				return EXIT_USAGE;
			}
			has_version = true;
			break;
		case 'h':
			fputs(sign_help, stdout);
			return EXIT_OK;
		default:
			return usage_error(sign_help);
		}
	}
	if (!in || !out || optind != argc)
		return usage_error(sign_help);
	return sign_file(in, out, has_uuid ? &uuid : NULL, has_version ? &version : NULL, key);
}

static const char verify_help[] =
	"usage: teesim ta verify FILE [--device NAME]\n"
	"\n"
	"Checks the package in FILE: status 0 when it is signed by a key that is trusted, which "
	"is\n"
	"your development key and what lies in keys/trusted/ and the device's trusted/.\n"
	"\n"
	"  -d, --device NAME   the device whose keys count (default: $TEESIM_DEVICE, else "
	"default)\n";

static int verify_file(const char *path, const char *device)
{
	char uuid[UUID_TEXT_SIZE];
	enum ta_signature signature;
	struct ta_signer signer;
	struct ta_trust trust;
	struct ta_dirs dirs;
	struct ta_file file;

	if (!ta_dirs_find(device, &dirs) || !ta_dirs_trust(&dirs, &trust))
		return EXIT_REFUSED;
	if (!ta_file_open(path, &file)) {
		ta_trust_clear(&trust);
		return EXIT_REFUSED;
	}
	signature = ta_signature_check(&file.package, &trust, &signer);
	uuid_format(&file.elf.ta.uuid, uuid);
	if (signature == TA_SIGNED_TRUSTED)
		printf("%s: TA %s, version %" PRIu32 ", signed by %s (%s), trusted\n", path, uuid,
		       file.package.version, signer.fingerprint, signer.name);
	else if (signature == TA_SIGNED_UNKNOWN_SIGNER)
		fprintf(stderr,
			"teesim: %s: TA %s, signed by %s, which is not trusted here: put the "
			"signer's "
			".pub file into %s/trusted/\n",
			path, uuid, signer.fingerprint, dirs.keys);
	else
		fprintf(stderr,
			"teesim: %s: TA %s, not signed: sign it with `teesim ta sign --in %s --out "
			"FILE`\n",
			path, uuid, path);
	ta_file_close(&file);
	ta_trust_clear(&trust);
	return signature == TA_SIGNED_TRUSTED ? EXIT_OK : EXIT_REFUSED;
}

static int cmd_ta_verify(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *device = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
		if (c == 'd') {
			device = optarg;
		} else if (c == 'h') {
			fputs(verify_help, stdout);
			return EXIT_OK;
		} else {
			return usage_error(verify_help);
		}
	}
	return optind + 1 == argc ? verify_file(argv[optind], device) : usage_error(verify_help);
}

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

static int inspect_file(const char *path, const char *device, bool as_json)
{
	enum ta_signature signature;
	struct ta_signer signer;
	struct ta_trust trust;
	struct ta_dirs dirs;
	struct ta_file file;

	if (!ta_dirs_find(device, &dirs) || !ta_dirs_trust(&dirs, &trust))
		return EXIT_REFUSED;
	if (!ta_file_open(path, &file)) {
		ta_trust_clear(&trust);
		return EXIT_REFUSED;
	}
	signature = ta_signature_check(&file.package, &trust, &signer);
	if (as_json) {
		json_t *root = inspection_json(&file, signature, &signer);

		json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(root);
	} else {
		print_inspection(&file, signature, &signer);
	}
	ta_file_close(&file);
	ta_trust_clear(&trust);
	return EXIT_OK;
}

static int cmd_ta_inspect(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "device", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *device = NULL;
	bool as_json = false;
	int c;

	while ((c = getopt_long(argc, argv, "jd:h", options, NULL)) != -1) {
		if (c == 'j') {
			as_json = true;
		} else if (c == 'd') {
			device = optarg;
		} else if (c == 'h') {
			fputs(inspect_help, stdout);
			return EXIT_OK;
		} else {
			return usage_error(inspect_help);
		}
	}
	return optind + 1 == argc ? inspect_file(argv[optind], device, as_json)
				  : usage_error(inspect_help);
}

static const char ta_help[] = "usage: teesim ta COMMAND [ARGUMENT…]\n"
			      "\n"
			      "  sign      put a TA into a signed package\n"
			      "  verify    check a package's signature\n"
			      "  inspect   tell what a TA is, what it needs, and who signed it\n"
			      "  list      all TAs that are found, where, and why one is refused\n"
			      "  install   copy a TA to a device\n"
			      "  remove    take an installed TA away\n"
			      "\n"
			      "`teesim ta COMMAND --help` tells more.\n";

int cmd_ta(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "sign", cmd_ta_sign },       { "verify", cmd_ta_verify },
		{ "inspect", cmd_ta_inspect }, { "list", cmd_ta_list },
		{ "install", cmd_ta_install }, { "remove", cmd_ta_remove },
	};

	if (argc < 2)
		return usage_error(ta_help);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		fputs(ta_help, stdout);
		return EXIT_OK;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "teesim: no command \"ta %s\"; `teesim ta --help` lists them\n", argv[1]);
	return EXIT_USAGE;
}
