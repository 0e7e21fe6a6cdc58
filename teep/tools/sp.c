/* `teesim sp`: TA packages as service providers sign them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/atomic_file.h"
#include "registry/elf_image.h"
#include "teep/otrp/ta_cms.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tools/arguments.h"
#include "teep/tools/sp_delivery.h"
#include "teep/tools/tools.h"

static const char help[] =
	"usage: teesim sp package IMAGE --out FILE --version N [--name NAME]\n"
	"                 [--key KEYFILE --cert CERTFILE]\n"
	"       teesim sp verify PACKAGE --cert CERTFILE\n"
	"       " SP_DELIVERY_HELP "\n"
	"  package   IMAGE (a TA in ELF) with its header, signed as CMS. Without --key the header\n"
	"            and the image alone, to sign elsewhere:\n"
	"            openssl cms -sign -binary -nodetach -md sha256 -outform DER\n"
	"                -in FILE -signer CERTFILE -inkey KEYFILE -out PACKAGE\n"
	"  verify    whether a package is one that CERTFILE signed, and what is in "
	"it\n" SP_DELIVERY_HELP_MORE;

static char err[4608];

static int write_out(const char *path, const void *a, size_t a_size, const void *b, size_t b_size)
{
	const struct atomic_file_part parts[] = { { a, a_size }, { b, b_size } };
	const int rc = atomic_file_write(path, parts, 2, 0644, ATOMIC_FILE_REPLACE);

	return rc ? tool_refuse("%s: %s", path, strerror(-rc)) : EXIT_DONE;
}

static int sign(const uint8_t header[TA_CMS_HEADER_SIZE], const unsigned char *image, size_t size,
		const char *key_path, const char *certificate_path, const char *out)
{
	X509_STACK_AUTO chain = chain_read(certificate_path, err, sizeof(err));
	PKEY_AUTO key = chain ? key_read(key_path, err, sizeof(err)) : NULL;
	size_t package_size;
	uint8_t *package;
	int rc;

	if (!key)
		return tool_refuse("%s", err);
	if (X509_check_private_key(sk_X509_value(chain, 0), key) != 1)
		return tool_refuse("%s is not the key of %s", key_path, certificate_path);
	package = ta_cms_sign(header, image, size, sk_X509_value(chain, 0), key, &package_size);
	if (!package)
		return tool_refuse("%s: can't be signed", out);
	rc = write_out(out, package, package_size, "", 0);
	OPENSSL_free(package);
	return rc;
}

/* With the octets that a terminal might take for something else as question marks. */
static int name_refuse(const char *name, bool own)
{
	char shown[2 * TA_CMS_NAME_MAX];

	snprintf(shown, sizeof(shown), "%s", name);
	for (char *c = shown; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return tool_refuse("%s\"%s\" is no name of a TA: at most %d letters, digits, signs and "
			   "spaces of ASCII%s",
			   own ? "the TA's description " : "--name: ", shown, TA_CMS_NAME_MAX,
			   own ? "; give another by --name" : "");
}

static int package(int argc, char **argv)
{
	const char *out = NULL, *version_text = NULL, *name = NULL, *key = NULL, *cert = NULL,
		   *path;
	const struct argument table[] = {
		{ "out", &out, NULL },	 { "version", &version_text, NULL },
		{ "name", &name, NULL }, { "key", &key, NULL },
		{ "cert", &cert, NULL },
	};
	uint8_t header[TA_CMS_HEADER_SIZE];
	struct elf_image elf;
	unsigned char *image;
	long version;
	size_t size;
	int rc, status = arguments_parse(argc, argv, help, table, 5, &path, 1);

	if (status >= 0)
		return status;
	if (!argument_number("version", version_text, 0, 0, INT32_MAX, &version))
		return EXIT_USAGE;
	if (!key != !cert) {
		(void)tool_refuse("--key and --cert belong together");
		return EXIT_USAGE;
	}
	image = input_read(path, &size);
	if (!image)
		return EXIT_REFUSED;
	if (elf_image_parse(image, size, &elf, err, sizeof(err)))
		rc = tool_refuse("%s: %s", path, err);
	else if (!elf.is_ta)
		rc = tool_refuse("%s: is no TA", path);
	else if (!ta_cms_header(&elf.ta.uuid, (uint32_t)version, name ? name : elf.ta.description,
				size, header))
		rc = name_refuse(name ? name : elf.ta.description, !name);
	else if (key)
		rc = sign(header, image, size, key, cert, out);
	else
		rc = write_out(out, header, sizeof(header), image, size);
	free(image);
	return rc;
}

static int verify(int argc, char **argv)
{
	const char *cert = NULL, *path, *why;
	const struct argument table[] = { { "cert", &cert, NULL } };
	struct span_list allowed = { .count = 1 };
	X509_STACK_AUTO chain = NULL;
	char uuid[UUID_TEXT_SIZE];
	struct arena arena = { 0 };
	unsigned char *octets;
	struct ta_cms cms;
	uint8_t *der;
	size_t size;
	int rc = EXIT_DONE, status = arguments_parse(argc, argv, help, table, 1, &path, 1);

	if (status >= 0)
		return status;
	chain = cert ? chain_read(cert, err, sizeof(err)) : NULL;
	if (!chain)
		return tool_refuse("%s", cert ? err : "--cert is missing");
	octets = input_read(path, &size);
	if (!octets)
		return EXIT_REFUSED;
	der = certificate_encode(sk_X509_value(chain, 0), &allowed.item[0].size);
	allowed.item[0].data = der;
	if (ta_cms_parse(span_of(octets, size), &allowed, &arena, &cms, &why))
		rc = tool_refuse("%s: %s", path, why);
	else
		printf("%s  version %u  %.*s, %zu octets\n", uuid_format(&cms.uuid, uuid),
		       cms.version, (int)cms.name.size, span_text(cms.name), cms.image.size);
	arena_clear(&arena);
	OPENSSL_free(der);
	free(octets);
	return rc;
}

int tool_sp(int argc, char **argv)
{
	static const struct subcommand table[] = {
		{ "package", package },
		{ "verify", verify },
		{ "encrypt", sp_encrypt },
		{ "inspect", sp_inspect },
	};

	return subcommand_run(argc, argv, help, table, sizeof(table) / sizeof(table[0]));
}
