/*
 * The trusted firmware of a device that runs: the one that has the eFuse key and its own signing
 * key, and does for its TEEs what takes them.
 *
 * As the program tee-firmware (firmware_main.c) it is a process of its own: it boots the device,
 * gives each TEE its own keys once, and from then on has nothing left but its signing key. TEEs
 * reach it over a socket, this is their end of it. Tests and tools have it in their own process
 * instead, behind the same functions. A TEE trusts its firmware; the firmware gives a TEE nothing
 * that is another's.
 */
#ifndef TEESIM_BOOT_FIRMWARE_H
#define TEESIM_BOOT_FIRMWARE_H

#include "boot/boot.h"
#include "wire/turn.h"

struct firmware;

/*
 * Boots the device in `directory` for its TEE number `tee`: with the firmware in this process, or,
 * where `program` names tee-firmware, in one of its own. On anything but BOOT_OK there is one line
 * in `err`.
 */
enum boot_result firmware_open(struct firmware **out, const char *program, const char *directory,
			       unsigned int tee, char *err, size_t errlen);

/* The firmware that has booted and started this process, at the other end of `sock`, which is taken
 * over. 0 or -ENOMEM. */
int firmware_attach(struct firmware **out, int sock, unsigned int tee);

/* Harmless for NULL. A firmware that was started by firmware_open() ends. */
void firmware_close(struct firmware *firmware);

enum firmware_key {
	FIRMWARE_KEY_TEE,   /* the TEE's private key: PKCS #8 */
	FIRMWARE_KEY_STORE, /* what its store is sealed under: FIRMWARE_STORE_KEY_SIZE octets */
};

#define FIRMWARE_STORE_KEY_SIZE 64U

/* A key of this TEE, each once: the caller's, to be wiped (key_der_free()). 0; -EBADMSG when it is
 * not as it was made; -EPERM a second time; -EIO when there is no firmware any more. */
int firmware_key(struct firmware *firmware, enum firmware_key which, uint8_t **octets,
		 size_t *size);

/* What firmware signs: a transaction's id. */
#define FIRMWARE_SIGNED_MAX 128U

/*
 * The firmware's signature, in JOSE's form, over at most FIRMWARE_SIGNED_MAX octets. It is made
 * while the caller does other work; only one at a time. A signature that nobody fetches is dropped
 * at the next beginning. The result is the caller's (OPENSSL_free()). 0 or -errno.
 */
int firmware_sign_begin(struct firmware *firmware, const void *octets, size_t size);
int firmware_sign_end(struct firmware *firmware, uint8_t **signature, size_t *size);

/* Where it computes what is begun from now on, if it is another process. */
void firmware_place(struct firmware *firmware, enum turn_place place);

/* For tee-firmware: tells the program that opened it how the boot went, `err` where it did not. 0
 * or -errno. */
int firmware_tell(int sock, enum boot_result result, const char *err);

/* The same: what one TEE may ask. */
struct firmware_service {
	const struct boot_firmware *firmware;
	const char *directory; /* NULL: keys are no longer given out */
	unsigned int tee;
	unsigned int given; /* bits of enum firmware_key */
};

/* Answers one request on `sock`. 0, or -EPIPE when the TEE is gone or makes no sense. */
int firmware_answer(struct firmware_service *service, int sock);

/* The descriptor on which a TEE finds its firmware, and on which tee-firmware finds the TEE that
 * opened it. */
#define FIRMWARE_SOCKET 4

#endif
