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
#include "teep/pki/fetched.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/ready_key.h"
#include "teep/pki/signature.h"

#define RECORD_MAGIC "teesim boot record 1\n"
#define RECORD_END   "end\n"
#define SECTION_SIZE 512
#define RECORD_SIZE  (SECTION_SIZE * (BOOT_TEES_MAX + 1))
#define PATH_SIZE    48

struct chain_of_trust {
	const char *directory;
	EVP_PKEY *secureboot;
	char *err;
	size_t errlen;
};

char *boot_tee_stem(unsigned int tee, char out[16])
{
	if (tee)
		snprintf(out, 16, "tee-%u", tee);
	else
		strcpy(out, "tee");
	return out;
}

char *boot_purpose(const char *purpose, unsigned int tee, char out[48])
{
	if (tee)
		snprintf(out, 48, "%s %u", purpose, tee);
	else
		snprintf(out, 48, "%s", purpose);
	return out;
}

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

/* Its signature has been checked. `tees` may be NULL: then there must be no such line. */
static bool image_parse(const struct boot_file *image, struct boot_tee_image *out,
			unsigned int *tees)
{
	const char *at = (const char *)image->octets;
	char made[24], count[8] = "1", attestation[8], *end;

	if (strncmp(at, BOOT_IMAGE_MAGIC, strlen(BOOT_IMAGE_MAGIC)) != 0)
		return false;
	at += strlen(BOOT_IMAGE_MAGIC);
	if (!line_take(&at, "name", out->name, sizeof(out->name)) ||
	    !line_take(&at, "version", out->version, sizeof(out->version)) ||
	    !line_take(&at, "made", made, sizeof(made)))
		return false;
	/* One that says nothing of it has one. */
	if (tees)
		(void)line_take(&at, "tees", count, sizeof(count));
	else
		out->unattested = line_take(&at, "attestation", attestation, sizeof(attestation)) &&
				  !strcmp(attestation, "none");
	out->made_at = (time_t)strtoll(made, &end, 10);
	if (*at != '\n' || *end || end == made || !out->name[0])
		return false;
	if (tees) {
		const unsigned long number = strtoul(count, &end, 10);

		if (*end || end == count || !number || number > BOOT_TEES_MAX)
			return false;
		*tees = (unsigned int)number;
	}
	return true;
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
	return sha256_make(image->octets, image->size, hash) ? BOOT_OK : BOOT_FILE;
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

/* The caller's, to be wiped. -EBADMSG when it was not sealed so. */
static int key_unseal(const char *directory, const char *name, const char *purpose, uint8_t **der,
		      size_t *size)
{
	BOOT_FILE_AUTO sealed = { 0 };
	struct device_seal_key by;
	char unused[PATH_MAX + 64];
	int rc;

	*der = NULL;
	if (boot_file_read(directory, name, &sealed, unused, sizeof(unused)) ||
	    sealed.size < DEVICE_SEAL_OVERHEAD || device_seal_key_open(&by, directory, purpose))
		return -EBADMSG;
	*size = sealed.size - DEVICE_SEAL_OVERHEAD;
	*der = OPENSSL_malloc(*size + 1);
	rc = *der ? device_seal_open(&by, NULL, 0, sealed.octets, sealed.size, *der) : -ENOMEM;
	device_seal_key_close(&by);
	if (rc) {
		key_der_free(*der, *size);
		*der = NULL;
	}
	return rc;
}

int boot_tee_key(const char *directory, unsigned int tee, uint8_t **der, size_t *size)
{
	char name[PATH_SIZE], stem[16], purpose[48];

	snprintf(name, sizeof(name), "boot/%s.key.sealed", boot_tee_stem(tee, stem));
	return key_unseal(directory, name, boot_purpose(BOOT_PURPOSE_TEE, tee, purpose), der, size);
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

static enum boot_result firmware_verify(const struct chain_of_trust *at,
					struct boot_firmware *firmware)
{
	struct boot_tee_image described;
	BOOT_FILE_AUTO image = { 0 };
	enum boot_result result;
	uint8_t *der = NULL;
	size_t size = 0;

	result = image_check(at, "firmware", NULL, 0, BOOT_FIRMWARE, &image, firmware->hash);
	if (result == BOOT_OK && !image_parse(&image, &described, &firmware->tees))
		result = refuse(at, BOOT_FIRMWARE, "boot/firmware.img is signed but is no image");
	if (result == BOOT_OK)
		result = efuse_check(at);
	if (result)
		return result;
	firmware->chain = chain_open(at, "boot/tfw.pem");
	if (!firmware->chain)
		return BOOT_FILE;
	if (key_unseal(at->directory, "boot/tfw.key.sealed", BOOT_PURPOSE_TFW, &der, &size) == 0)
		firmware->key = key_der_decode(der, size);
	key_der_free(der, size);
	if (!firmware->key)
		return refuse(at, BOOT_TFW_KEY,
			      "boot/tfw.key.sealed is not as it was made; the firmware has no key");
	ready_key_make(firmware->key);
	return key_fits(firmware->key, firmware->chain)
		       ? BOOT_OK
		       : refuse(at, BOOT_TFW_CERTIFICATE,
				"boot/tfw.pem is not the certificate of the firmware's key");
}

static enum boot_result tee_image_verify(const struct chain_of_trust *at, unsigned int tee,
					 struct boot_tee_image *out)
{
	BOOT_FILE_AUTO image = { 0 };
	char stem[16], name[PATH_SIZE];
	enum boot_result result;
	uint8_t *der;
	size_t size;

	snprintf(name, sizeof(name), "boot/%s.pem", boot_tee_stem(tee, stem));
	out->chain = chain_open(at, name);
	if (!out->chain)
		return BOOT_FILE;
	der = certificate_encode(sk_X509_value(out->chain, 0), &size);
	if (!der)
		return BOOT_FILE;
	result = image_check(at, stem, der, size, BOOT_TEE_IMAGE, &image, out->hash);
	OPENSSL_free(der);
	if (result)
		return result;
	return image_parse(&image, out, NULL)
		       ? BOOT_OK
		       : refuse(at, BOOT_TEE_IMAGE, "boot/%s.img is signed but is no TEE image",
				stem);
}

static void hex_put(char *out, const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		snprintf(out + 2 * i, 3, "%02x", octets[i]);
}

/* The digits at the beginning of the text. */
static bool hash_take(const char *text, uint8_t out[32])
{
	char digits[65];
	size_t size;

	snprintf(digits, sizeof(digits), "%.64s", text);
	return OPENSSL_hexstr2buf_ex(out, 32, &size, digits, '\0') == 1 && size == 32;
}

/* What a boot commits to of one TEE: its image, its name and its public key. */
static bool section_make(const struct boot_tee_image *tee, char out[SECTION_SIZE])
{
	char image[65], key[65];
	uint8_t hash[32], *der = NULL;
	const int size = i2d_PUBKEY(X509_get0_pubkey(sk_X509_value(tee->chain, 0)), &der);
	const bool hashed = size > 0 && sha256_make(der, (size_t)size, hash);

	OPENSSL_free(der);
	if (!hashed)
		return false;
	hex_put(image, tee->hash, 32);
	hex_put(key, hash, 32);
	return snprintf(out, SECTION_SIZE, "tee %s\nversion %s\nimage %s\nkey %s\n", tee->name,
			tee->version, image, key) < SECTION_SIZE;
}

/* The first TEE and those below it, in their order. */
static bool record_make(const struct boot_firmware *firmware, char out[RECORD_SIZE])
{
	char hash[65], section[SECTION_SIZE];
	size_t used;

	hex_put(hash, firmware->hash, 32);
	used = (size_t)snprintf(out, RECORD_SIZE, RECORD_MAGIC "firmware %s\n", hash);
	for (unsigned int i = 0; i < firmware->tees; i++) {
		if (!section_make(&firmware->tee[i], section) ||
		    used + strlen(section) + sizeof(RECORD_END) > RECORD_SIZE)
			return false;
		strcpy(out + used, section);
		used += strlen(section);
	}
	strcpy(out + used, RECORD_END);
	return true;
}

static enum boot_result record_write(const struct chain_of_trust *at,
				     const struct boot_firmware *firmware)
{
	char record[RECORD_SIZE], path[PATH_MAX];
	struct atomic_file_part parts[2];
	uint8_t *signature;
	size_t size;
	int rc;

	if (!record_make(firmware, record))
		return refuse(at, BOOT_RECORD, "the boot record can't be made");
	signature = signature_make(firmware->key, SIGNATURE_DER, record, strlen(record), &size);
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

/* The size of what is signed in a record; 0 when it is not signed by that firmware. */
static size_t record_verify(const struct boot_file *record, STACK_OF(X509) * chain)
{
	static const char end[] = "\n" RECORD_END;
	const uint8_t *found = memmem(record->octets, record->size, end, sizeof(end) - 1);
	size_t size;

	if (!found)
		return 0;
	size = (size_t)(found - record->octets) + sizeof(end) - 1;
	return signature_holds(X509_get0_pubkey(sk_X509_value(chain, 0)), SIGNATURE_DER,
			       record->octets, size, record->octets + size, record->size - size)
		       ? size
		       : 0;
}

/* Is it what this boot would write? */
static enum boot_result record_compare(const struct chain_of_trust *at,
				       const struct boot_firmware *firmware)
{
	BOOT_FILE_AUTO stored = { 0 };
	char expected[RECORD_SIZE];
	size_t size;

	if (boot_file_read(at->directory, "boot.record", &stored, at->err, at->errlen))
		return BOOT_RECORD;
	if (!record_make(firmware, expected))
		return refuse(at, BOOT_RECORD, "the boot record can't be made");
	size = record_verify(&stored, firmware->chain);
	return size == strlen(expected) && memcmp(stored.octets, expected, size) == 0
		       ? BOOT_OK
		       : refuse(at, BOOT_RECORD,
				"boot.record is not what the firmware signed for these images; "
				"starting the device writes it anew");
}

/* A TEE's own look: is the record signed by the firmware, and about this very TEE? */
static enum boot_result record_check(const struct chain_of_trust *at, unsigned int tee,
				     const struct boot_tee_image *image, struct boot *boot)
{
	static const char head[] = RECORD_MAGIC "firmware ";
	BOOT_FILE_AUTO stored = { 0 };
	char expected[SECTION_SIZE];
	const char *section, *own = NULL;

	if (boot_file_read(at->directory, "boot.record", &stored, at->err, at->errlen))
		return BOOT_RECORD;
	section = record_verify(&stored, boot->tfw_chain) ? (const char *)stored.octets : NULL;
	if (section && (strncmp(section, head, sizeof(head) - 1) != 0 ||
			!hash_take(section + sizeof(head) - 1, boot->firmware_hash)))
		section = NULL;
	/* A name can't hold a line feed, so sections begin where they seem to. */
	for (unsigned int i = 0; section && i < BOOT_TEES_MAX; i++) {
		const char *line;

		section = strstr(section, "\ntee ");
		line = section ? ++section : NULL;
		if (i == tee)
			own = section;
		if (line && line_take(&line, "tee", boot->names[i], BOOT_NAME_SIZE))
			boot->tees = i + 1;
	}
	if (!own || !section_make(image, expected) || strncmp(own, expected, strlen(expected)) != 0)
		return refuse(at, BOOT_RECORD,
			      "boot.record is not what the firmware signed for this TEE");
	return BOOT_OK;
}

static enum boot_result secureboot_open(struct chain_of_trust *at)
{
	BOOT_FILE_AUTO file = { 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/boot", at->directory);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return refuse(
			at, BOOT_NOT_MANUFACTURED,
			"was not manufactured: `teesim oem make-device` does that, or its first "
			"`teesim otrp` does it by itself");
	if (boot_file_read(at->directory, "boot/secureboot.pem", &file, at->err, at->errlen))
		return BOOT_FILE;
	at->secureboot = public_key_parse(&file);
	return at->secureboot ? BOOT_OK
			      : refuse(at, BOOT_FILE, "boot/secureboot.pem holds no public key");
}

enum boot_result boot_firmware_start(const char *directory, bool record,
				     struct boot_firmware *firmware, char *err, size_t errlen)
{
	struct chain_of_trust at = { directory, NULL, err, errlen };
	enum boot_result result;

	*firmware = (struct boot_firmware) { 0 };
	result = secureboot_open(&at);
	if (result == BOOT_OK)
		result = firmware_verify(&at, firmware);
	for (unsigned int i = 0; result == BOOT_OK && i < firmware->tees; i++)
		result = tee_image_verify(&at, i, &firmware->tee[i]);
	if (result == BOOT_OK)
		result = record ? record_write(&at, firmware) : record_compare(&at, firmware);
	EVP_PKEY_free(at.secureboot);
	if (result)
		boot_firmware_clear(firmware);
	return result;
}

void boot_firmware_clear(struct boot_firmware *firmware)
{
	EVP_PKEY_free(firmware->key);
	x509_stack_free(firmware->chain);
	for (unsigned int i = 0; i < BOOT_TEES_MAX; i++)
		x509_stack_free(firmware->tee[i].chain);
	*firmware = (struct boot_firmware) { 0 };
}

static enum boot_result key_take(const struct chain_of_trust *at, unsigned int tee,
				 const uint8_t *der, size_t size, struct boot *boot)
{
	char stem[16];

	boot->tee_key = der ? key_der_decode(der, size) : NULL;
	if (!boot->tee_key)
		return refuse(at, BOOT_TEE_KEY,
			      "boot/%s.key.sealed is not as it was made; the TEE has no key",
			      boot_tee_stem(tee, stem));
	ready_key_make(boot->tee_key);
	return key_fits(boot->tee_key, boot->tee_chain)
		       ? BOOT_OK
		       : refuse(at, BOOT_TEE_CERTIFICATE,
				"boot/%s.pem is not the certificate of the TEE's key",
				boot_tee_stem(tee, stem));
}

static enum boot_result anchors_open(const struct chain_of_trust *at, struct boot *boot)
{
	STACK_OF(X509) * admin;

	boot->tam_roots = chain_open(at, "boot/tam-roots.pem");
	if (!boot->tam_roots)
		return BOOT_TRUST_ANCHORS;
	admin = chain_open(at, "boot/admin.pem");
	boot->admin = sk_X509_shift(admin);
	x509_stack_free(admin);
	return boot->admin ? BOOT_OK : BOOT_TRUST_ANCHORS;
}

enum boot_result boot_tee_start(const char *directory, unsigned int tee, const uint8_t *der,
				size_t size, struct boot *boot, char *err, size_t errlen)
{
	struct chain_of_trust at = { directory, NULL, err, errlen };
	struct boot_tee_image image = { 0 };
	enum boot_result result;

	*boot = (struct boot) { 0 };
	result = secureboot_open(&at);
	if (result == BOOT_OK)
		result = tee_image_verify(&at, tee, &image);
	if (result == BOOT_OK) {
		memcpy(boot->tee_name, image.name, sizeof(boot->tee_name));
		memcpy(boot->tee_version, image.version, sizeof(boot->tee_version));
		memcpy(boot->tee_image_hash, image.hash, sizeof(image.hash));
		boot->made_at = image.made_at;
		boot->unattested = image.unattested;
		boot->tfw_chain = chain_open(&at, "boot/tfw.pem");
		result = boot->tfw_chain ? record_check(&at, tee, &image, boot) : BOOT_FILE;
	}
	boot->tee_chain = image.chain;
	if (result == BOOT_OK)
		result = key_take(&at, tee, der, size, boot);
	if (result == BOOT_OK)
		result = anchors_open(&at, boot);
	EVP_PKEY_free(at.secureboot);
	if (result)
		boot_clear(boot);
	return result;
}

static enum boot_result follow(const char *directory, struct boot *boot, bool record, char *err,
			       size_t errlen)
{
	struct boot_firmware firmware;
	struct boot further = { 0 };
	enum boot_result result = boot_firmware_start(directory, record, &firmware, err, errlen);

	*boot = (struct boot) { 0 };
	for (unsigned int i = 0; result == BOOT_OK && i < (record ? 1 : firmware.tees); i++) {
		struct boot *one = i ? &further : boot;
		uint8_t *der;
		size_t size = 0;

		(void)boot_tee_key(directory, i, &der, &size);
		result = boot_tee_start(directory, i, der, size, one, err, errlen);
		key_der_free(der, size);
		boot_clear(&further);
	}
	boot_firmware_clear(&firmware);
	if (result)
		boot_clear(boot);
	return result;
}

unsigned int boot_tee_find(const char *directory, const char *name)
{
	char path[PATH_SIZE], stem[16], unused[PATH_MAX + 64];
	struct boot_tee_image described;

	for (unsigned int i = 0; i < BOOT_TEES_MAX; i++) {
		BOOT_FILE_AUTO image = { 0 };

		snprintf(path, sizeof(path), "boot/%s.img", boot_tee_stem(i, stem));
		if (boot_file_read(directory, path, &image, unused, sizeof(unused)))
			break;
		if (image_parse(&image, &described, NULL) && !strcmp(described.name, name))
			return i;
	}
	return BOOT_TEES_MAX;
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
	EVP_PKEY_free(boot->tee_key);
	x509_stack_free(boot->tfw_chain);
	x509_stack_free(boot->tee_chain);
	x509_stack_free(boot->tam_roots);
	X509_free(boot->admin);
	*boot = (struct boot) { 0 };
}
