#include "boot/boot.h"

#include <errno.h>
#include <limits.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/boot_file.h"
#include "device/seal.h"
#include "registry/atomic_file.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/signature.h"

#define RECORD_MAGIC "teesim boot record 1\n"
#define RECORD_SIZE  1024

struct chain_of_trust {
	const char *directory;
	struct boot *boot;
	EVP_PKEY *secureboot;
	char *err;
	size_t errlen;
};

static enum boot_result refuse(const struct chain_of_trust *at, enum boot_result result,
			       const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum boot_result refuse(const struct chain_of_trust *at, enum boot_result result,
			       const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	snprintf(at->err, at->errlen, "%.2000s: %s", at->directory, text);
	return result;
}

static EVP_PKEY *public_key_parse(const struct boot_file *file)
{
	BIO_AUTO bio = BIO_new_mem_buf(file->octets, (int)file->size);

	return bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
}

/* A line "WORD value\n" at *at. Moves on behind it. */
static bool line_take(const char **at, const char *word, char *out, size_t size)
{
	const size_t length = strlen(word);
	const char *end = strchr(*at, '\n');

	if (strncmp(*at, word, length) != 0 || (*at)[length] != ' ' || !end ||
	    (size_t)(end - *at) - length - 1 >= size)
		return false;
	memcpy(out, *at + length + 1, (size_t)(end - *at) - length - 1);
	out[(size_t)(end - *at) - length - 1] = '\0';
	for (const char *c = out; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	*at = end + 1;
	return true;
}

/* Its signature has been checked. */
static bool image_parse(const struct boot_file *image, struct boot *boot)
{
	const char *at = (const char *)image->octets;
	char made[24], *end;

	if (strncmp(at, BOOT_IMAGE_MAGIC, strlen(BOOT_IMAGE_MAGIC)) != 0)
		return false;
	at += strlen(BOOT_IMAGE_MAGIC);
	if (!line_take(&at, "name", boot->tee_name, sizeof(boot->tee_name)) ||
	    !line_take(&at, "version", boot->tee_version, sizeof(boot->tee_version)) ||
	    !line_take(&at, "made", made, sizeof(made)) || *at != '\n')
		return false;
	boot->made_at = (time_t)strtoll(made, &end, 10);
	return *end == '\0' && end != made && boot->tee_name[0];
}

static enum boot_result image_check(const struct chain_of_trust *at, const char *name,
				    const void *certificate, size_t certificate_size,
				    enum boot_result on_failure, struct boot_file *image,
				    uint8_t hash[32])
{
	char image_name[32], signature_name[32];
	BOOT_FILE_AUTO signature = { 0 };
	uint8_t *octets;
	size_t size;
	bool holds;

	snprintf(image_name, sizeof(image_name), "boot/%s.img", name);
	snprintf(signature_name, sizeof(signature_name), "boot/%s.sig", name);
	if (boot_file_read(at->directory, image_name, image, at->err, at->errlen) ||
	    boot_file_read(at->directory, signature_name, &signature, at->err, at->errlen))
		return BOOT_FILE;
	octets = boot_signed_octets(image->octets, image->size, certificate, certificate_size,
				    &size);
	holds = octets && signature_holds(at->secureboot, SIGNATURE_DER, octets, size,
					  signature.octets, signature.size);
	free(octets);
	if (!holds)
		return refuse(at, on_failure,
			      "the signature of %s does not hold under the secure boot key; the "
			      "device does not boot",
			      image_name);
	return EVP_Digest(image->octets, image->size, hash, NULL, EVP_sha256(), NULL) == 1
		       ? BOOT_OK
		       : BOOT_FILE;
}

static enum boot_result efuse_check(const struct chain_of_trust *at)
{
	BOOT_FILE_AUTO stored = { 0 };
	uint8_t octets[DEVICE_SEAL_OVERHEAD + 16];
	struct device_seal_key key;
	int rc;

	if (boot_file_read(at->directory, "boot/efuse.check", &stored, at->err, at->errlen))
		return BOOT_FILE;
	rc = device_seal_key_open(&key, at->directory, BOOT_PURPOSE_CHECK);
	if (rc)
		return refuse(at, BOOT_EFUSE, "the eFuse key (huk) can't be read: %s",
			      strerror(-rc));
	rc = stored.size > sizeof(octets)
		     ? -EBADMSG
		     : device_seal_open(&key, NULL, 0, stored.octets, stored.size, octets);
	device_seal_key_close(&key);
	return rc ? refuse(at, BOOT_EFUSE,
			   "the eFuse key (huk) is not the one that this device was made with")
		  : BOOT_OK;
}

/* NULL when it was not sealed so. */
static EVP_PKEY *key_unseal(const struct chain_of_trust *at, const char *name, const char *purpose)
{
	BOOT_FILE_AUTO sealed = { 0 };
	BOOT_FILE_AUTO plain = { 0 };
	EVP_PKEY *key = NULL;
	struct device_seal_key by;

	if (boot_file_read(at->directory, name, &sealed, at->err, at->errlen) ||
	    sealed.size < DEVICE_SEAL_OVERHEAD || device_seal_key_open(&by, at->directory, purpose))
		return NULL;
	plain.size = sealed.size - DEVICE_SEAL_OVERHEAD;
	plain.octets = malloc(plain.size + 1);
	if (plain.octets &&
	    device_seal_open(&by, NULL, 0, sealed.octets, sealed.size, plain.octets) == 0)
		key = key_der_decode(plain.octets, plain.size);
	device_seal_key_close(&by);
	return key;
}

static STACK_OF(X509) * chain_open(const struct chain_of_trust *at, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", at->directory, name);
	return chain_read(path, at->err, at->errlen);
}

static bool key_fits(EVP_PKEY *key, STACK_OF(X509) * chain)
{
	return X509_check_private_key(sk_X509_value(chain, 0), key) == 1;
}

static enum boot_result firmware_start(struct chain_of_trust *at)
{
	BOOT_FILE_AUTO image = { 0 };
	struct boot *boot = at->boot;
	enum boot_result result;

	result = image_check(at, "firmware", NULL, 0, BOOT_FIRMWARE, &image, boot->firmware_hash);
	if (result == BOOT_OK)
		result = efuse_check(at);
	if (result)
		return result;
	boot->tfw_chain = chain_open(at, "boot/tfw.pem");
	if (!boot->tfw_chain)
		return BOOT_FILE;
	boot->tfw_key = key_unseal(at, "boot/tfw.key.sealed", BOOT_PURPOSE_TFW);
	if (!boot->tfw_key)
		return refuse(at, BOOT_TFW_KEY,
			      "boot/tfw.key.sealed is not as it was made; the firmware has no key");
	return key_fits(boot->tfw_key, boot->tfw_chain)
		       ? BOOT_OK
		       : refuse(at, BOOT_TFW_CERTIFICATE,
				"boot/tfw.pem is not the certificate of the firmware's key");
}

static enum boot_result tee_image_verify(struct chain_of_trust *at)
{
	BOOT_FILE_AUTO image = { 0 };
	struct boot *boot = at->boot;
	enum boot_result result;
	uint8_t *der;
	size_t size;

	boot->tee_chain = chain_open(at, "boot/tee.pem");
	if (!boot->tee_chain)
		return BOOT_FILE;
	der = certificate_encode(sk_X509_value(boot->tee_chain, 0), &size);
	if (!der)
		return BOOT_FILE;
	result = image_check(at, "tee", der, size, BOOT_TEE_IMAGE, &image, boot->tee_image_hash);
	OPENSSL_free(der);
	if (result)
		return result;
	return image_parse(&image, boot)
		       ? BOOT_OK
		       : refuse(at, BOOT_TEE_IMAGE, "boot/tee.img is signed but is no TEE image");
}

static void hex_put(char *out, const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		snprintf(out + 2 * i, 3, "%02x", octets[i]);
}

/* What this boot commits to: both images, and the TEE's name and public key. */
static bool record_make(const struct boot *boot, char out[RECORD_SIZE])
{
	char firmware[65], image[65], key[65];
	uint8_t hash[32], *der = NULL;
	const int size = i2d_PUBKEY(X509_get0_pubkey(sk_X509_value(boot->tee_chain, 0)), &der);
	const bool hashed =
		size > 0 && EVP_Digest(der, (size_t)size, hash, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	if (!hashed)
		return false;
	hex_put(firmware, boot->firmware_hash, 32);
	hex_put(image, boot->tee_image_hash, 32);
	hex_put(key, hash, 32);
	return snprintf(out, RECORD_SIZE,
			RECORD_MAGIC "firmware %s\ntee %s\nversion %s\nimage %s\nkey %s\n",
			firmware, boot->tee_name, boot->tee_version, image, key) < RECORD_SIZE;
}

static enum boot_result record_write(const struct chain_of_trust *at)
{
	char record[RECORD_SIZE], path[PATH_MAX];
	struct atomic_file_part parts[2];
	uint8_t *signature;
	size_t size;
	int rc;

	if (!record_make(at->boot, record))
		return refuse(at, BOOT_RECORD, "the boot record can't be made");
	signature = signature_make(at->boot->tfw_key, SIGNATURE_DER, record, strlen(record), &size);
	if (!signature)
		return refuse(at, BOOT_RECORD, "the boot record can't be signed");
	parts[0] = (struct atomic_file_part) { record, strlen(record) };
	parts[1] = (struct atomic_file_part) { signature, size };
	snprintf(path, sizeof(path), "%s/boot.record", at->directory);
	rc = atomic_file_write(path, parts, 2, 0600, ATOMIC_FILE_REPLACE);
	OPENSSL_free(signature);
	return rc ? refuse(at, BOOT_RECORD, "boot.record can't be written: %s", strerror(-rc))
		  : BOOT_OK;
}

/* The TEE's own look: is the record signed by the firmware, and about this very TEE? */
static enum boot_result record_check(const struct chain_of_trust *at)
{
	BOOT_FILE_AUTO stored = { 0 };
	char expected[RECORD_SIZE];
	size_t size;

	if (boot_file_read(at->directory, "boot.record", &stored, at->err, at->errlen))
		return BOOT_RECORD;
	if (!record_make(at->boot, expected))
		return refuse(at, BOOT_RECORD, "the boot record can't be made");
	size = strlen(expected);
	if (stored.size <= size || memcmp(stored.octets, expected, size) != 0 ||
	    !signature_holds(X509_get0_pubkey(sk_X509_value(at->boot->tfw_chain, 0)), SIGNATURE_DER,
			     stored.octets, size, stored.octets + size, stored.size - size))
		return refuse(at, BOOT_RECORD,
			      "boot.record is not what the firmware signed for this TEE");
	return BOOT_OK;
}

static enum boot_result tee_start(const struct chain_of_trust *at)
{
	struct boot *boot = at->boot;

	boot->tee_key = key_unseal(at, "boot/tee.key.sealed", BOOT_PURPOSE_TEE);
	if (!boot->tee_key)
		return refuse(at, BOOT_TEE_KEY,
			      "boot/tee.key.sealed is not as it was made; the TEE has no key");
	if (!key_fits(boot->tee_key, boot->tee_chain))
		return refuse(at, BOOT_TEE_CERTIFICATE,
			      "boot/tee.pem is not the certificate of the TEE's key");
	boot->tam_roots = chain_open(at, "boot/tam-roots.pem");
	if (boot->tam_roots) {
		STACK_OF(X509) *admin = chain_open(at, "boot/admin.pem");

		boot->admin = sk_X509_shift(admin);
		x509_stack_free(admin);
	}
	return boot->tam_roots && boot->admin ? BOOT_OK : BOOT_TRUST_ANCHORS;
}

static enum boot_result chain_follow(struct chain_of_trust *at, bool write)
{
	BOOT_FILE_AUTO file = { 0 };
	enum boot_result result;

	if (boot_file_read(at->directory, "boot/secureboot.pem", &file, at->err, at->errlen))
		return BOOT_FILE;
	at->secureboot = public_key_parse(&file);
	if (!at->secureboot)
		return refuse(at, BOOT_FILE, "boot/secureboot.pem holds no public key");
	result = firmware_start(at);
	if (result == BOOT_OK)
		result = tee_image_verify(at);
	if (result == BOOT_OK && write)
		result = record_write(at);
	if (result == BOOT_OK)
		result = record_check(at);
	return result == BOOT_OK ? tee_start(at) : result;
}

static enum boot_result follow(const char *directory, struct boot *boot, bool write, char *err,
			       size_t errlen)
{
	struct chain_of_trust at = { directory, boot, NULL, err, errlen };
	char path[PATH_MAX];
	enum boot_result result;

	*boot = (struct boot) { 0 };
	snprintf(path, sizeof(path), "%s/boot", directory);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return refuse(&at, BOOT_NOT_MANUFACTURED,
			      "was not manufactured: `teesim oem make-device` does that");
	result = chain_follow(&at, write);
	EVP_PKEY_free(at.secureboot);
	if (result)
		boot_clear(boot);
	return result;
}

enum boot_result boot_device(const char *directory, struct boot *boot, char *err, size_t errlen)
{
	return follow(directory, boot, true, err, errlen);
}

enum boot_result boot_verify(const char *directory, struct boot *boot, char *err, size_t errlen)
{
	return follow(directory, boot, false, err, errlen);
}

void boot_clear(struct boot *boot)
{
	EVP_PKEY_free(boot->tfw_key);
	EVP_PKEY_free(boot->tee_key);
	x509_stack_free(boot->tfw_chain);
	x509_stack_free(boot->tee_chain);
	x509_stack_free(boot->tam_roots);
	X509_free(boot->admin);
	*boot = (struct boot) { 0 };
}
