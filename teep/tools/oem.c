/* `teesim oem`: making devices as their manufacturer does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/boot.h"
#include "boot/manufacture.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tools/arguments.h"
#include "teep/tools/tools.h"

static const char help[] =
	"usage: teesim oem make-device DEVICE --pki DIR [OPTION…]\n"
	"\n"
	"Makes a device with an eFuse key, signed firmware and TEE images, keys and certificates\n"
	"of its own, and the roots of the TAMs that it will trust. DEVICE is a name, or a "
	"directory\n"
	"when there is a slash in it; DIR is one of `teesim pki init`.\n"
	"\n"
	"  --tee-name NAME          how requests name the TEE (default: simtee-0)\n"
	"  --tees N|NAME,…          several TEEs: how many, or their names (default: 1)\n"
	"  --tee-version V          (default: 1.0)\n"
	"  --no-attestation         TAMs are told nothing that the firmware has signed\n"
	"  --tee-image FILE         the TEE vendor's image\n"
	"  --firmware-image FILE    the SoC vendor's\n"
	"  --secure-boot-key FILE   what images are signed with (default: DIR/secureboot.key, "
	"made\n"
	"                           when it is not there, and shared by all devices)\n"
	"  --admin FILE             the certificate of who may change what the device trusts\n"
	"                           (default: DIR/admin.pem, made with DIR/admin.key)\n"
	"  --tam-roots FILE         in PEM (default: DIR/tam/root.pem)\n"
	"  --firmware-ca NAME, --tee-ca NAME   the intermediates to issue from (default: ca)\n"
	"  --tee-key KIND, --tfw-key KIND      rsa, p256 or p384 (default: rsa)\n";

static char err[4608];

struct order {
	const char *device, *pki, *tee_name, *tee_version, *tee_image, *firmware_image;
	const char *secureboot, *admin, *roots, *firmware_ca, *tee_ca, *tee_key, *tfw_key;
	const char *tees;
	bool unattested;
};

/* A key in a file that is made when it is not there. */
static EVP_PKEY *key_open(const char *path)
{
	EVP_PKEY *key;

	if (access(path, F_OK) < 0) {
		PKEY_AUTO fresh = key_generate(KEY_P256);
		const int rc = fresh ? key_write(path, fresh) : -1;

		if (rc) {
			(void)tool_refuse("%s: %s", path, strerror(-rc));
			return NULL;
		}
	}
	key = key_read(path, err, sizeof(err));
	if (!key)
		(void)tool_refuse("%s", err);
	return key;
}

/* DIR/admin.pem, self-signed by DIR/admin.key. */
static bool admin_make(const char *pki, const char *path)
{
	X509_STACK_AUTO chain = sk_X509_new_null();
	PKEY_AUTO key = NULL;
	X509 *certificate;
	char key_path[4096];

	snprintf(key_path, sizeof(key_path), "%s/admin.key", pki);
	key = key_open(key_path);
	if (!key)
		return false;
	certificate = certificate_issue(
		&(struct certificate_request) { .role = ROLE_ADMIN,
						.name = "teesim device administrator",
						.key = key,
						.not_before = time(NULL) - 3600,
						.not_after = time(NULL) + 86400L * DAYS_DEVICE },
		NULL, NULL);
	if (!certificate || !chain || !sk_X509_push(chain, certificate)) {
		X509_free(certificate);
		return false;
	}
	return chain_write(path, chain) == 0;
}

static bool kind_take(const char *option, const char *text, enum key_kind *kind)
{
	*kind = text ? key_kind_parse(text) : KEY_RSA;
	if (*kind == KEY_OTHER)
		(void)tool_refuse("--%s: \"%s\" is none of rsa, p256, p384", option, text);
	return *kind != KEY_OTHER;
}

/* How many TEEs, or their names: the first one and those below it. `text` outlives the order. */
static bool tees_take(char *text, const char *first, struct manufacture *manufacture)
{
	static char names[BOOT_TEES_MAX][BOOT_NAME_SIZE];
	char *save, *end;
	const unsigned long count = strtoul(text, &end, 10);

	if (*end == '\0' && end != text) {
		/* As the first one is called, with other numbers behind. */
		size_t stem = strlen(first);

		while (stem && first[stem - 1] >= '0' && first[stem - 1] <= '9')
			stem--;
		if (!count || count > BOOT_TEES_MAX) {
			(void)tool_refuse("--tees: %s is not 1 to %d", text, BOOT_TEES_MAX);
			return false;
		}
		for (unsigned int i = 1; i < count; i++) {
			snprintf(names[i], sizeof(names[i]), "%.*s%u", (int)stem, first, i);
			manufacture->further[manufacture->further_count++] = names[i];
		}
		return true;
	}
	manufacture->tee_name = strtok_r(text, ",", &save);
	for (const char *name; (name = strtok_r(NULL, ",", &save));) {
		if (manufacture->further_count == BOOT_TEES_MAX - 1) {
			(void)tool_refuse("--tees: there are more than %d names", BOOT_TEES_MAX);
			return false;
		}
		manufacture->further[manufacture->further_count++] = name;
	}
	return manufacture->tee_name != NULL;
}

static int order_execute(const struct order *order, const char *directory,
			 struct manufacture *manufacture)
{
	struct authority firmware = { 0 }, tee = { 0 };
	struct boot boot;
	int rc = EXIT_DONE;

	if (authority_open(&firmware, order->pki, HIERARCHY_FIRMWARE,
			   order->firmware_ca ? order->firmware_ca : AUTHORITY_FIRST, err,
			   sizeof(err)) ||
	    authority_open(&tee, order->pki, HIERARCHY_TEE,
			   order->tee_ca ? order->tee_ca : AUTHORITY_FIRST, err, sizeof(err))) {
		rc = tool_refuse("%s", err);
	} else {
		manufacture->firmware_authority = &firmware;
		manufacture->tee_authority = &tee;
		/* It leaves the factory once it has booted: then there is a record. */
		if (manufacture_device(directory, manufacture, err, sizeof(err)) ||
		    boot_device(directory, &boot, err, sizeof(err)))
			rc = tool_refuse("%s", err);
		else
			boot_clear(&boot);
	}
	manufacture->firmware_authority = manufacture->tee_authority = NULL;
	authority_close(&firmware);
	authority_close(&tee);
	if (rc == EXIT_DONE)
		printf("%s: %s\n", manufacture->tee_name, directory);
	for (unsigned int i = 0; rc == EXIT_DONE && i < manufacture->further_count; i++)
		printf("    %s\n", manufacture->further[i]);
	return rc;
}

static int order_take(const struct order *order)
{
	char directory[4096], secureboot_path[4096], admin_path[4096], roots_path[4096];
	X509_STACK_AUTO admin = NULL;
	X509_STACK_AUTO roots = NULL;
	PKEY_AUTO secureboot = NULL;
	struct manufacture manufacture = {
		.tee_name = order->tee_name,
		.tee_version = order->tee_version,
		.unattested = order->unattested,
	};
	unsigned char *tee_image = NULL, *firmware_image = NULL;
	char *tees = NULL;
	int rc;

	if (!device_directory(order->device, directory, sizeof(directory)) ||
	    !kind_take("tee-key", order->tee_key, &manufacture.tee_kind) ||
	    !kind_take("tfw-key", order->tfw_key, &manufacture.tfw_kind))
		return EXIT_USAGE;
	if (!order->pki[0])
		return tool_refuse("--pki: the name of the directory is empty");
	snprintf(secureboot_path, sizeof(secureboot_path), "%s/secureboot.key", order->pki);
	snprintf(admin_path, sizeof(admin_path), "%s/admin.pem", order->pki);
	snprintf(roots_path, sizeof(roots_path), "%s/tam/root.pem", order->pki);
	if (access(roots_path, F_OK) < 0)
		return tool_refuse("%s: has no authorities: `teesim pki init %s` makes them",
				   order->pki, order->pki);
	secureboot = key_open(order->secureboot ? order->secureboot : secureboot_path);
	if (!secureboot)
		return EXIT_REFUSED;
	if (!order->admin && access(admin_path, F_OK) < 0 && !admin_make(order->pki, admin_path))
		return tool_refuse("%s can't be made", admin_path);
	admin = chain_read(order->admin ? order->admin : admin_path, err, sizeof(err));
	roots = admin ? chain_read(order->roots ? order->roots : roots_path, err, sizeof(err))
		      : NULL;
	if (!roots)
		return tool_refuse("%s", err);
	if (order->tee_image)
		tee_image = input_read(order->tee_image, &manufacture.tee_image_size);
	if (order->firmware_image)
		firmware_image =
			input_read(order->firmware_image, &manufacture.firmware_image_size);
	manufacture.tee_image = tee_image;
	manufacture.firmware_image = firmware_image;
	manufacture.secureboot_key = secureboot;
	manufacture.tam_roots = roots;
	manufacture.admin = sk_X509_value(admin, 0);
	tees = order->tees ? strdup(order->tees) : NULL;
	if (tees && !tees_take(tees, order->tee_name, &manufacture))
		rc = EXIT_USAGE;
	else if ((order->tee_image && !tee_image) || (order->firmware_image && !firmware_image))
		rc = EXIT_REFUSED;
	else
		rc = order_execute(order, directory, &manufacture);
	free(tees);
	free(tee_image);
	free(firmware_image);
	return rc;
}

static int make_device(int argc, char **argv)
{
	struct order order = { .tee_name = "simtee-0", .tee_version = "1.0" };
	const struct argument table[] = {
		{ "pki", &order.pki, NULL },
		{ "tee-name", &order.tee_name, NULL },
		{ "tee-version", &order.tee_version, NULL },
		{ "tee-image", &order.tee_image, NULL },
		{ "firmware-image", &order.firmware_image, NULL },
		{ "secure-boot-key", &order.secureboot, NULL },
		{ "admin", &order.admin, NULL },
		{ "tam-roots", &order.roots, NULL },
		{ "firmware-ca", &order.firmware_ca, NULL },
		{ "tee-ca", &order.tee_ca, NULL },
		{ "tee-key", &order.tee_key, NULL },
		{ "tfw-key", &order.tfw_key, NULL },
		{ "tees", &order.tees, NULL },
		{ "no-attestation", NULL, &order.unattested },
	};
	int status = arguments_parse(argc, argv, help, table, sizeof(table) / sizeof(table[0]),
				     &order.device, 1);

	if (status >= 0)
		return status;
	return order_take(&order);
}

int tool_oem(int argc, char **argv)
{
	static const struct subcommand table[] = { { "make-device", make_device } };

	return subcommand_run(argc, argv, help, table, 1);
}
