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
 *   boot/tee-1.img, …            the same of the second TEE, where there is one, and so on
 *   boot/tam-roots.pem           the TAM roots that it was made with
 *   boot/admin.pem               whose signature may change them
 *   boot.record                  what the last boot committed to, signed by the firmware
 *
 * The first half is the firmware's (firmware.h), which alone has the eFuse key; the second is each
 * TEE's, which gets its own key from the firmware. Nothing in the directory is trusted but the
 * eFuse key. The structs own their keys and certificates until they are cleared.
 */
#ifndef TEESIM_BOOT_BOOT_H
#define TEESIM_BOOT_BOOT_H

#include <openssl/x509.h>
#include <stdbool.h>
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

/* A device has at most so many TEEs: the first, and those below it. */
#define BOOT_TEES_MAX 8

struct boot_tee_image {
	char name[BOOT_NAME_SIZE];
	char version[BOOT_NAME_SIZE];
	STACK_OF(X509) * chain; /* leaf first */
	time_t made_at;
	bool unattested; /* nobody is told what the firmware says of transactions */
	uint8_t hash[32];
};

/* What the firmware knows. */
struct boot_firmware {
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /* leaf first */
	uint8_t hash[32];
	unsigned int tees;
	struct boot_tee_image tee[BOOT_TEES_MAX];
};

/*
 * The firmware's half: verify the images of the firmware and of all TEEs, release the firmware's
 * key, and commit to it all: `record` writes the boot record, else it must be the one of the last
 * boot. On anything but BOOT_OK there is one line in `err` and nothing in `firmware`.
 */
enum boot_result boot_firmware_start(const char *directory, bool record,
				     struct boot_firmware *firmware, char *err, size_t errlen);
void boot_firmware_clear(struct boot_firmware *firmware);

/* A TEE's private key out of its seal: PKCS #8, the caller's, to be wiped (key_der_free()). 0 or
 * -EBADMSG when it is not as it was made. */
int boot_tee_key(const char *directory, unsigned int tee, uint8_t **der, size_t *size);

/* What a TEE knows once it has started. */
struct boot {
	char tee_name[BOOT_NAME_SIZE];
	char tee_version[BOOT_NAME_SIZE];
	STACK_OF(X509) * tfw_chain; /* leaf first */
	EVP_PKEY *tee_key;
	STACK_OF(X509) * tee_chain;
	STACK_OF(X509) * tam_roots;
	X509 *admin;
	time_t made_at;	 /* no clock of the device may stand before that */
	bool unattested; /* as its image says */
	uint8_t tee_image_hash[32];
	uint8_t firmware_hash[32];
	/* Of all TEEs, as the boot record has them. */
	unsigned int tees;
	char names[BOOT_TEES_MAX][BOOT_NAME_SIZE];
};

/*
 * A TEE's half: see whether the boot record is signed by the firmware and is about this very TEE,
 * and take its own key, `size` octets as boot_tee_key() gives them. As above.
 */
enum boot_result boot_tee_start(const char *directory, unsigned int tee, const uint8_t *der,
				size_t size, struct boot *boot, char *err, size_t errlen);

/* Which TEE has that name, as its image says; nothing is verified. BOOT_TEES_MAX: none. */
unsigned int boot_tee_find(const char *directory, const char *name);

/* Both halves in one, for the first TEE. */
enum boot_result boot_device(const char *directory, struct boot *boot, char *err, size_t errlen);

/* The same without writing, and for all TEEs: the record must be the one of the last boot. `boot`
 * is the first one's. */
enum boot_result boot_verify(const char *directory, struct boot *boot, char *err, size_t errlen);

void boot_clear(struct boot *boot);

/* Keys are sealed for these purposes; BOOT_PURPOSE_TEE with a number behind it for further TEEs. */
#define BOOT_PURPOSE_CHECK "teesim eFuse check"
#define BOOT_PURPOSE_TFW   "teesim TFW key"
#define BOOT_PURPOSE_TEE   "teesim TEE key"
#define BOOT_PURPOSE_STORE "teesim security domains"

/* What belongs to a TEE: "tee", "tee-1", …; and a purpose of its own. Return `out`. */
char *boot_tee_stem(unsigned int tee, char out[16]);
char *boot_purpose(const char *purpose, unsigned int tee, char out[48]);

/* What an image begins with; lines "name", "version" and "made" (seconds) follow, in the firmware's
 * "tees" (how many) as well, a TEE's perhaps "attestation none", then an empty one. */
#define BOOT_IMAGE_MAGIC "teesim image 1\n"
#define BOOT_IMAGE_MAX	 (64U << 20)

#endif
