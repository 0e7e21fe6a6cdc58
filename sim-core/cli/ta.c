/* `teesim ta`, and those of its commands that are about signatures: sign and verify. */
#include "cli/commands.h"
#include "cli/ta_commands.h"
#include "cli/ta_file.h"
#include "cli/ta_options.h"
#include "registry/atomic_file.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
			return ta_usage_error(sign_help);
		}
	}
	if (!in || !out || optind != argc)
		return ta_usage_error(sign_help);
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

static int cmd_ta_verify(int argc, char **argv)
{
	struct ta_options options;
	char uuid[UUID_TEXT_SIZE];
	struct ta_examined ta;
	const char *path;
	int status;

	status = ta_options_parse(argc, argv, verify_help, "d", 1, &options);
	if (status >= 0)
		return status;
	path = argv[optind];
	if (!ta_examine(path, options.device, &ta))
		return EXIT_REFUSED;
	if (ta.signature == TA_SIGNED_TRUSTED)
		printf("%s: TA %s, version %" PRIu32 ", signed by %s (%s), trusted\n", path,
		       uuid_format(&ta.file.elf.ta.uuid, uuid), ta.file.package.version,
		       ta.signer.fingerprint, ta.signer.name);
	else
		ta_signature_complain(path, &ta);
	ta_file_close(&ta.file);
	return ta.signature == TA_SIGNED_TRUSTED ? EXIT_OK : EXIT_REFUSED;
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
	static char name[32];

	if (argc < 2)
		return ta_usage_error(ta_help);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		fputs(ta_help, stdout);
		return EXIT_OK;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0) {
			snprintf(name, sizeof(name), "teesim ta %s", commands[i].name);
			argv[1] = name;
			return commands[i].run(argc - 1, argv + 1);
		}
	fprintf(stderr, "teesim: no command \"ta %s\"; `teesim ta --help` lists them\n", argv[1]);
	return EXIT_USAGE;
}
