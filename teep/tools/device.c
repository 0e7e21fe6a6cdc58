/* `teesim device info|verify`: the chain of trust of a device. */
#include <limits.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "boot/boot.h"
#include "teep/pki/certificate.h"
#include "teep/tools/arguments.h"
#include "teep/tools/tools.h"

static const char help[] =
	"usage: teesim device info [DEVICE]\n"
	"       teesim device verify [DEVICE]\n"
	"\n"
	"  info     the chain of trust of a device: firmware, TEE, the TAM roots it was made with\n"
	"  verify   go through its boot, and end with 0, or with a status for what does not fit:\n"
	"           10 never manufactured   11 a file is missing or damaged\n"
	"           12 firmware image       13 another eFuse key\n"
	"           14 firmware key         15 firmware certificate\n"
	"           16 TEE image            17 TEE key\n"
	"           18 TEE certificate      19 boot record\n"
	"           20 trust anchors\n"
	"\n"
	"DEVICE is a name, or a directory when there is a slash in it (default: $TEESIM_DEVICE,\n"
	"else \"default\").\n";

static void chain_print(const char *title, STACK_OF(X509) * chain)
{
	char name[128];

	printf("%s\n", title);
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *certificate = sk_X509_value(chain, i);

		printf("    %-44s %s\n", certificate_name(certificate, name, sizeof(name)),
		       key_kind_name(key_kind(X509_get0_pubkey(certificate))));
	}
}

static void hash_print(const char *title, const uint8_t hash[32])
{
	printf("%s", title);
	for (int i = 0; i < 32; i++)
		printf("%02x", hash[i]);
	putchar('\n');
}

static void boot_print(const struct boot *boot)
{
	char name[128];
	uint8_t did[32];

	printf("TEE %s, version %s\n", boot->tee_name, boot->tee_version);
	if (certificate_hash(sk_X509_value(boot->tee_chain, 0), did))
		hash_print("    did       ", did);
	hash_print("    image     ", boot->tee_image_hash);
	hash_print("    firmware  ", boot->firmware_hash);
	chain_print("TEE certificate", boot->tee_chain);
	chain_print("firmware certificate", boot->tfw_chain);
	chain_print("TAM roots that it was made with", boot->tam_roots);
	printf("administrator\n    %s\n", certificate_name(boot->admin, name, sizeof(name)));
}

static int look(int argc, char **argv, bool print)
{
	char directory[PATH_MAX], err[PATH_MAX + 512];
	const char *device = NULL;
	enum boot_result result;
	struct boot boot;
	int status = arguments_parse(argc, argv, help, NULL, 0, &device, 0, 1);

	if (status >= 0)
		return status;
	if (!device_directory(device, directory, sizeof(directory)))
		return EXIT_USAGE;
	/* Looks, and mends nothing. */
	result = boot_verify(directory, &boot, err, sizeof(err));
	if (result) {
		(void)tool_refuse("%s", err);
		return (int)result;
	}
	if (print)
		boot_print(&boot);
	else
		printf("%s boots: firmware, eFuse, TEE image, certificate and record fit\n",
		       boot.tee_name);
	boot_clear(&boot);
	return EXIT_DONE;
}

static int info(int argc, char **argv)
{
	return look(argc, argv, true);
}

static int verify(int argc, char **argv)
{
	return look(argc, argv, false);
}

int tool_device(int argc, char **argv)
{
	static const struct subcommand table[] = { { "info", info }, { "verify", verify } };

	return subcommand_run(argc, argv, help, table, 2);
}
