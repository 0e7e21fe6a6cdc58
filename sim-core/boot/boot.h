/*
 * The boot chain of a manufactured device: what must hold before its TEE may run.
 *
 *   huk                          the eFuse key (device/hardware_key.h)
 *   boot/efuse.check             tells a wrong eFuse key from a damaged file
 *   boot/secureboot.pem          the public key that images are signed with
 *   boot/firmware.img, .sig      the trusted firmware
 *   boot/tee.img, .sig           the TEE; the signature covers the TEE's certificate too
 *   boot/tfw.pem, tfw.key.sealed the firmware's chain, and its key, sealed by the eFuse key
 *   boot/tee.pem, tee.key.sealed the same of the TEE
 *   boot/tam-roots.pem           the TAM roots that it was made with
 *   boot/admin.pem               whose signature may change them
 *   boot.record                  what the last boot committed to, signed by the firmware
 *
 * Runs in the trusted OS, before it speaks OTrP. Nothing in the directory is trusted but the eFuse
 * key. A struct boot owns its keys and certificates until boot_clear().
 */
#ifndef TEESIM_BOOT_BOOT_H
#define TEESIM_BOOT_BOOT_H

#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Also exit statuses of `teesim device verify`, each for one thing that does not fit. */
enum boot_result {
	BOOT_OK = 0,
	BOOT_NOT_MANUFACTURED = 10, /* there is nothing to boot */
	BOOT_FILE = 11,		    /* a part is missing or can't be read */
	BOOT_FIRMWARE = 12,	    /* the firmware's signature does not hold */
	BOOT_EFUSE = 13,	    /* another eFuse key than the one that sealed the keys */
	BOOT_TFW_KEY = 14,	    /* the sealed firmware key was changed */
	BOOT_TFW_CERTIFICATE = 15,  /* it is not the key of the firmware's certificate */
	BOOT_TEE_IMAGE = 16,	    /* the signature over image and certificate does not hold */
	BOOT_TEE_KEY = 17,	    /* the sealed TEE key was changed */
	BOOT_TEE_CERTIFICATE = 18,  /* it is not the key of the TEE's certificate */
	BOOT_RECORD = 19,	    /* the boot record is not this boot's */
	BOOT_TRUST_ANCHORS = 20,    /* the preloaded roots can't be used */
};

#define BOOT_NAME_SIZE 64

struct boot {
	char tee_name[BOOT_NAME_SIZE];
	char tee_version[BOOT_NAME_SIZE];
	EVP_PKEY *tfw_key;
	STACK_OF(X509) * tfw_chain; /* leaf first */
	EVP_PKEY *tee_key;
	STACK_OF(X509) * tee_chain;
	STACK_OF(X509) * tam_roots;
	X509 *admin;
	time_t made_at; /* no clock of the device may stand before that */
	uint8_t tee_image_hash[32];
	uint8_t firmware_hash[32];
};

/*
 * The firmware's part: verify the images, release the firmware key, and write the boot record. The
 * TEE's part: verify the record against itself, and release the TEE's key. On anything but BOOT_OK
 * there is one line in `err` and nothing in `boot`.
 */
enum boot_result boot_device(const char *directory, struct boot *boot, char *err, size_t errlen);

/* The same without writing: the record must be the one of the last boot. */
enum boot_result boot_verify(const char *directory, struct boot *boot, char *err, size_t errlen);

void boot_clear(struct boot *boot);

/* Keys are sealed for these purposes. */
#define BOOT_PURPOSE_CHECK "teesim eFuse check"
#define BOOT_PURPOSE_TFW   "teesim TFW key"
#define BOOT_PURPOSE_TEE   "teesim TEE key"

/* What an image begins with; lines "name", "version" and "made" (seconds) follow, then an empty
 * one. */
#define BOOT_IMAGE_MAGIC "teesim image 1\n"
#define BOOT_IMAGE_MAX	 (64U << 20)

#endif
