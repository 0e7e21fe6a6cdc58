#include "boot/manufacture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/boot.h"
#include "boot/boot_file.h"
#include "device/hardware_key.h"
#include "device/paths.h"
#include "device/seal.h"
#include "registry/atomic_file.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/signature.h"

/* Everything is written here first and takes the name `boot` when it is complete. */
#define UNFINISHED "boot.new"

struct work {
	const char *directory;
	const struct manufacture *order;
	char *err;
	size_t errlen;
};

static int complain(const struct work *work, int code, const char *what)
{
	if (code)
		snprintf(work->err, work->errlen, "%s: cannot make %s: %s", work->directory, what,
			 strerror(-code));
	return code;
}

static int file_write(const struct work *work, const char *name, const void *octets, size_t size,
		      mode_t mode)
{
	const struct atomic_file_part part = { octets, size };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" UNFINISHED "/%s", work->directory, name);
	return complain(work, atomic_file_write(path, &part, 1, mode, ATOMIC_FILE_REPLACE), name);
}

static int pem_write(const struct work *work, const char *name, STACK_OF(X509) * chain)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" UNFINISHED "/%s", work->directory, name);
	return complain(work, chain_write(path, chain), name);
}

static int efuse_burn(const struct work *work)
{
	uint8_t octets[HARDWARE_KEY_SIZE];
	struct atomic_file_part part = { octets, sizeof(octets) };
	char path[PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/huk", work->directory);
	if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets))
		return complain(work, -EIO, "the eFuse key");
	rc = atomic_file_write(path, &part, 1, 0600, ATOMIC_FILE_KEEP);
	explicit_bzero(octets, sizeof(octets));
	return rc == -EEXIST ? 0 : complain(work, rc, "the eFuse key");
}

static int sealed_write(const struct work *work, const char *name, const char *purpose,
			const void *data, size_t size)
{
	uint8_t *sealed = malloc(size + DEVICE_SEAL_OVERHEAD);
	struct device_seal_key key = { 0 };
	int rc = sealed ? device_seal_key_open(&key, work->directory, purpose) : -ENOMEM;

	if (rc == 0) {
		device_seal(&key, NULL, 0, data, size, sealed);
		device_seal_key_close(&key);
		rc = file_write(work, name, sealed, size + DEVICE_SEAL_OVERHEAD, 0600);
	} else {
		(void)complain(work, rc, name);
	}
	free(sealed);
	return rc;
}

/* A pair of the device's own: the key sealed, the chain beside it. */
static int identity_make(const struct work *work, enum certificate_role role, enum key_kind kind,
			 struct authority *authority, const char *tee, const char *name,
			 const char *purpose, STACK_OF(X509) * *chain)
{
	char key_name[32], chain_name[32], title[BOOT_NAME_SIZE + 16];
	PKEY_AUTO key = key_generate(kind);
	uint8_t *der = NULL;
	size_t size = 0;
	int rc;

	if (!key)
		return complain(work, -ENOMEM, name);
	snprintf(title, sizeof(title), "%s %.8s", tee, name);
	rc = authority_issue(authority, role, title, key, NULL, NULL, DAYS_DEVICE, chain, work->err,
			     work->errlen);
	if (rc)
		return rc;
	snprintf(key_name, sizeof(key_name), "%s.key.sealed", name);
	snprintf(chain_name, sizeof(chain_name), "%s.pem", name);
	rc = complain(work, key_der_encode(key, &der, &size), key_name);
	if (rc == 0)
		rc = sealed_write(work, key_name, purpose, der, size);
	key_der_free(der, size);
	return rc ? rc : pem_write(work, chain_name, *chain);
}

static int image_write(const struct work *work, const char *name, const char *head,
		       const void *payload, size_t payload_size, X509 *certificate)
{
	const size_t head_size = strlen(head), image_size = head_size + payload_size;
	uint8_t *image = malloc(image_size), *octets = NULL, *signature = NULL, *der = NULL;
	size_t size = 0, signature_size = 0, der_size = 0;
	char file[32];
	int rc = -ENOMEM;

	if (!image || image_size > BOOT_IMAGE_MAX)
		goto out;
	memcpy(image, head, head_size);
	if (payload_size)
		memcpy(image + head_size, payload, payload_size);
	if (certificate)
		der = certificate_encode(certificate, &der_size);
	octets = boot_signed_octets(image, image_size, der, der_size, &size);
	if (octets)
		signature = signature_make(work->order->secureboot_key, SIGNATURE_DER, octets, size,
					   &signature_size);
	if (!signature || (certificate && !der))
		goto out;
	snprintf(file, sizeof(file), "%s.img", name);
	rc = file_write(work, file, image, image_size, 0644);
	snprintf(file, sizeof(file), "%s.sig", name);
	if (rc == 0)
		rc = file_write(work, file, signature, signature_size, 0644);
out:
	free(image);
	free(octets);
	OPENSSL_free(signature);
	OPENSSL_free(der);
	return rc == -ENOMEM ? complain(work, rc, name) : rc;
}

static int secureboot_write(const struct work *work)
{
	BIO_AUTO bio = BIO_new(BIO_s_mem());
	char *text;
	long size;

	if (!bio || !PEM_write_bio_PUBKEY(bio, work->order->secureboot_key))
		return complain(work, -ENOMEM, "secureboot.pem");
	size = BIO_get_mem_data(bio, &text);
	return file_write(work, "secureboot.pem", text, (size_t)size, 0644);
}

static int firmware_write(const struct work *work)
{
	const struct manufacture *order = work->order;
	char head[128];

	snprintf(head, sizeof(head),
		 BOOT_IMAGE_MAGIC "name firmware\nversion 1\nmade %lld\ntees %u\n\n",
		 (long long)time(NULL), 1 + order->further_count);
	return image_write(work, "firmware", head, order->firmware_image,
			   order->firmware_image_size, NULL);
}

/* Key, certificate, and an image of its own. */
static int tee_make(const struct work *work, unsigned int tee)
{
	const struct manufacture *order = work->order;
	const char *name = tee ? order->further[tee - 1] : order->tee_name;
	char stem[16], purpose[48], head[256];
	X509_STACK_AUTO chain = NULL;
	int rc;

	rc = identity_make(work, ROLE_TEE, order->tee_kind, order->tee_authority, name,
			   boot_tee_stem(tee, stem), boot_purpose(BOOT_PURPOSE_TEE, tee, purpose),
			   &chain);
	if (rc)
		return rc;
	snprintf(head, sizeof(head), BOOT_IMAGE_MAGIC "name %s\nversion %s\nmade %lld\n%s\n", name,
		 order->tee_version, (long long)time(NULL),
		 order->unattested ? "attestation none\n" : "");
	return image_write(work, stem, head, order->tee_image, order->tee_image_size,
			   sk_X509_value(chain, 0));
}

static int parts_write(const struct work *work)
{
	const struct manufacture *order = work->order;
	static const uint8_t known[16] = "eFuse key holds";
	X509_STACK_AUTO tfw = NULL;
	STACK_OF(X509) *admin = sk_X509_new_null();
	int rc;

	rc = efuse_burn(work);
	if (rc == 0)
		rc = sealed_write(work, "efuse.check", BOOT_PURPOSE_CHECK, known, sizeof(known));
	if (rc == 0)
		rc = identity_make(work, ROLE_TFW, order->tfw_kind, order->firmware_authority,
				   order->tee_name, "tfw", BOOT_PURPOSE_TFW, &tfw);
	if (rc == 0)
		rc = secureboot_write(work);
	if (rc == 0)
		rc = firmware_write(work);
	for (unsigned int i = 0; rc == 0 && i <= order->further_count; i++)
		rc = tee_make(work, i);
	if (rc == 0)
		rc = pem_write(work, "tam-roots.pem", order->tam_roots);
	if (rc == 0 && (!admin || !sk_X509_push(admin, order->admin)))
		rc = complain(work, -ENOMEM, "admin.pem");
	if (rc == 0)
		rc = pem_write(work, "admin.pem", admin);
	sk_X509_free(admin);
	return rc;
}

static bool name_valid(const char *text)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	return text[0] && strlen(text) < BOOT_NAME_SIZE;
}

static bool names_valid(const struct manufacture *manufacture)
{
	if (!name_valid(manufacture->tee_name) || !name_valid(manufacture->tee_version) ||
	    manufacture->further_count >= BOOT_TEES_MAX)
		return false;
	for (unsigned int i = 0; i < manufacture->further_count; i++) {
		if (!name_valid(manufacture->further[i]) ||
		    !strcmp(manufacture->further[i], manufacture->tee_name))
			return false;
		for (unsigned int n = 0; n < i; n++)
			if (!strcmp(manufacture->further[i], manufacture->further[n]))
				return false;
	}
	return true;
}

int manufacture_device(const char *directory, const struct manufacture *manufacture, char *err,
		       size_t errlen)
{
	const struct work work = { directory, manufacture, err, errlen };
	char unfinished[PATH_MAX], finished[PATH_MAX];
	int rc;

	if (!names_valid(manufacture)) {
		snprintf(err, errlen,
			 "TEE names and version: 1 to %d printable octets, at most %d TEEs, each "
			 "with a name of its own",
			 BOOT_NAME_SIZE - 1, BOOT_TEES_MAX);
		return -EINVAL;
	}
	if (snprintf(unfinished, sizeof(unfinished), "%s/" UNFINISHED, directory) >=
		    (int)sizeof(unfinished) ||
	    snprintf(finished, sizeof(finished), "%s/boot", directory) >= (int)sizeof(finished))
		return complain(&work, -ENAMETOOLONG, "the device");
	if (access(finished, F_OK) == 0) {
		snprintf(err, errlen, "%s: was manufactured before; remove the device first",
			 directory);
		return -EEXIST;
	}
	rc = complain(&work, paths_make_dir(unfinished), "the device");
	if (rc == 0)
		rc = parts_write(&work);
	if (rc == 0 && rename(unfinished, finished) < 0)
		rc = complain(&work, -errno, "the device");
	return rc;
}

static int throwaway(const char *directory, const char *authorities, char *err, size_t errlen)
{
	struct authority firmware = { 0 }, tee = { 0 }, tam = { 0 };
	PKEY_AUTO secureboot = key_generate(KEY_P256);
	STACK_OF(X509) *roots = sk_X509_new_null();
	X509 *root;
	int rc;

	rc = authority_open(&firmware, authorities, HIERARCHY_FIRMWARE, AUTHORITY_FIRST, err,
			    errlen);
	if (rc == 0)
		rc = authority_open(&tee, authorities, HIERARCHY_TEE, AUTHORITY_FIRST, err, errlen);
	if (rc == 0)
		rc = authority_open(&tam, authorities, HIERARCHY_TAM, "root", err, errlen);
	root = rc ? NULL : sk_X509_value(tam.chain, 0);
	if (rc == 0 && (!secureboot || !roots || !sk_X509_push(roots, root)))
		rc = -ENOMEM;
	if (rc == 0) {
		const struct manufacture manufacture = {
			.tee_name = "simtee-0",
			.tee_version = "1.0",
			.secureboot_key = secureboot,
			.firmware_authority = &firmware,
			.tee_authority = &tee,
			.tam_roots = roots,
			/* Whoever holds the firmware's root administers such a device. */
			.admin = sk_X509_value(firmware.chain, sk_X509_num(firmware.chain) - 1),
			.tfw_kind = KEY_P256,
			.tee_kind = KEY_P256,
		};

		rc = manufacture_device(directory, &manufacture, err, errlen);
	}
	sk_X509_free(roots);
	authority_close(&firmware);
	authority_close(&tee);
	authority_close(&tam);
	return rc;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int manufacture_throwaway(const char *directory, char *err, size_t errlen)
{
	static const enum key_kind kinds[HIERARCHY_COUNT] = { KEY_P256, KEY_P256, KEY_P256,
							      KEY_P256 };
	char authorities[PATH_MAX - 64], root[PATH_MAX];
	int rc = 0;

	if (snprintf(authorities, sizeof(authorities), "%s/authorities", directory) >=
	    (int)sizeof(authorities))
		return -ENAMETOOLONG;
	/* The last that is made. */
	snprintf(root, sizeof(root), "%s/sp/ca.pem", authorities);
	if (access(root, F_OK) < 0) {
		/* What somebody left who was killed over it has issued nothing. */
		(void)nftw(authorities, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
		rc = authorities_make(authorities, kinds, err, errlen);
	}
	return rc ? rc : throwaway(directory, authorities, err, errlen);
}
