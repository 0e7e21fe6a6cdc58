#include "teep/fleet/factory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/manufacture.h"
#include "device/paths.h"
#include "teep/pki/openssl_auto.h"

#define TEE_NAME    "simtee-0"
#define TEE_VERSION "1.0"

struct factory {
	struct authority firmware, tee;
	EVP_PKEY *secureboot;
	STACK_OF(X509) * tam_roots;
	enum key_kind kind;
};

static int secureboot_open(struct factory *factory, const char *pki, char *err, size_t errlen)
{
	char path[PATH_MAX];
	int rc = 0;

	snprintf(path, sizeof(path), "%s/secureboot.key", pki);
	if (access(path, F_OK) < 0) {
		PKEY_AUTO fresh = key_generate(KEY_P256);

		rc = fresh ? key_write(path, fresh) : -ENOMEM;
	}
	if (rc) {
		snprintf(err, errlen, "%s: %s", path, strerror(-rc));
		return rc;
	}
	factory->secureboot = key_read(path, err, errlen);
	return factory->secureboot ? 0 : -EINVAL;
}

int factory_open(struct factory **out, const char *pki, enum key_kind kind, char *err,
		 size_t errlen)
{
	struct factory *factory = calloc(1, sizeof(*factory));
	char roots[PATH_MAX];
	int rc;

	if (!factory)
		return -ENOMEM;
	factory->kind = kind;
	snprintf(roots, sizeof(roots), "%s/tam/root.pem", pki);
	rc = authority_open(&factory->firmware, pki, HIERARCHY_FIRMWARE, AUTHORITY_FIRST, err,
			    errlen);
	if (rc == 0)
		rc = authority_open(&factory->tee, pki, HIERARCHY_TEE, AUTHORITY_FIRST, err,
				    errlen);
	if (rc == 0)
		rc = secureboot_open(factory, pki, err, errlen);
	if (rc == 0) {
		factory->tam_roots = chain_read(roots, err, errlen);
		rc = factory->tam_roots ? 0 : -EINVAL;
	}
	if (rc) {
		factory_close(factory);
		return rc;
	}
	*out = factory;
	return 0;
}

void factory_close(struct factory *factory)
{
	if (!factory)
		return;
	authority_close(&factory->firmware);
	authority_close(&factory->tee);
	EVP_PKEY_free(factory->secureboot);
	x509_stack_free(factory->tam_roots);
	free(factory);
}

int factory_make(struct factory *factory, const char *directory, char *err, size_t errlen)
{
	const struct authority *firmware = &factory->firmware;
	const struct manufacture manufacture = {
		.tee_name = TEE_NAME,
		.tee_version = TEE_VERSION,
		.secureboot_key = factory->secureboot,
		.firmware_authority = &factory->firmware,
		.tee_authority = &factory->tee,
		.tam_roots = factory->tam_roots,
		/* Whoever holds the firmware's root administers these devices. */
		.admin = sk_X509_value(firmware->chain, sk_X509_num(firmware->chain) - 1),
		.tfw_kind = factory->kind,
		.tee_kind = factory->kind,
	};
	const int rc = paths_make_dir(directory);

	if (rc) {
		snprintf(err, errlen, "%s: %s", directory, strerror(-rc));
		return rc;
	}
	return manufacture_device(directory, &manufacture, err, errlen);
}
