#include "boot/firmware.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/hardware_key.h"
#include "teep/pki/key.h"
#include "teep/pki/signature.h"
#include "wire/child.h"
#include "wire/lookout.h"
#include "wire/socket.h"

/* A key of 8192 bits in PKCS #8 is half as long; a line of text fits as well. */
#define OCTETS_MAX 12288U

/* More than a signature takes. */
#define LOOKOUT_US 1000U

enum request_kind {
	REQUEST_KEY, /* octets: enum firmware_key, in one */
	REQUEST_SIGN,
};

struct request {
	uint32_t kind;
	uint32_t size;
	uint8_t octets[FIRMWARE_SIGNED_MAX];
};

/* The first one comes unasked: `result` is an enum boot_result, and the octets its line of text. */
struct answer {
	int32_t result;
	uint32_t size;
	uint8_t octets[OCTETS_MAX];
};

struct firmware {
	/* In this process; else a socket. */
	struct boot_firmware own;
	char *directory;
	struct firmware_service service;
	int sock; /* -1: in this process */
	struct lookout lookout;
	pid_t pid;  /* 0: not started by us */
	pid_t peer; /* 0: not known */
	enum turn_place place;
	/* A signature that was begun. */
	bool signing;
	uint8_t to_sign[FIRMWARE_SIGNED_MAX];
	size_t to_sign_size;
};

static int store_key_make(const char *directory, unsigned int tee, uint8_t **octets, size_t *size)
{
	char purpose[48];
	int rc;

	*size = FIRMWARE_STORE_KEY_SIZE;
	*octets = OPENSSL_malloc(*size);
	if (!*octets)
		return -ENOMEM;
	rc = hardware_key_derive(directory, boot_purpose(BOOT_PURPOSE_STORE, tee, purpose), *octets,
				 *size);
	if (rc) {
		key_der_free(*octets, *size);
		*octets = NULL;
	}
	return rc;
}

static int key_give(struct firmware_service *service, enum firmware_key which, uint8_t **octets,
		    size_t *size)
{
	*octets = NULL;
	*size = 0;
	if (!service->directory || service->given & 1U << which)
		return -EPERM;
	service->given |= 1U << which;
	return which == FIRMWARE_KEY_TEE
		       ? boot_tee_key(service->directory, service->tee, octets, size)
		       : store_key_make(service->directory, service->tee, octets, size);
}

static int sign(const struct boot_firmware *firmware, const void *data, size_t data_size,
		uint8_t **octets, size_t *size)
{
	*octets = signature_make(firmware->key, SIGNATURE_JOSE, data, data_size, size);
	return *octets ? 0 : -EIO;
}

int firmware_answer(struct firmware_service *service, int sock)
{
	struct answer answer = { 0 };
	struct request request;
	struct packet_fds fds;
	uint8_t *octets = NULL;
	size_t size = 0;
	const ssize_t n = socket_receive(sock, &request, sizeof(request), &fds, 0);
	int rc;

	packet_fds_close(&fds);
	if (n != (ssize_t)sizeof(request) || request.size > sizeof(request.octets))
		return -EPIPE;
	switch (request.kind) {
	case REQUEST_KEY:
		answer.result = request.size != 1 || request.octets[0] > FIRMWARE_KEY_STORE
					? -EINVAL
					: key_give(service, (enum firmware_key)request.octets[0],
						   &octets, &size);
		break;
	case REQUEST_SIGN:
		answer.result =
			sign(service->firmware, request.octets, request.size, &octets, &size);
		break;
	default:
		return -EPIPE;
	}
	if (size > sizeof(answer.octets))
		answer.result = -EMSGSIZE;
	if (answer.result == 0 && octets) {
		answer.size = (uint32_t)size;
		memcpy(answer.octets, octets, size);
	}
	key_der_free(octets, size);
	rc = socket_send(sock, &answer, offsetof(struct answer, octets) + answer.size, NULL, 0);
	OPENSSL_cleanse(&answer, sizeof(answer));
	return rc ? -EPIPE : 0;
}

int firmware_tell(int sock, enum boot_result result, const char *err)
{
	struct answer answer = { .result = (int32_t)result };

	if (result) {
		answer.size = (uint32_t)strlen(err);
		memcpy(answer.octets, err, answer.size);
	}
	return socket_send(sock, &answer, offsetof(struct answer, octets) + answer.size, NULL, 0);
}

static int ask(const struct firmware *firmware, enum request_kind kind, const void *octets,
	       size_t size)
{
	struct request request = { .kind = kind, .size = (uint32_t)size };

	memcpy(request.octets, octets, size);
	return socket_send(firmware->sock, &request, sizeof(request), NULL, 0) ? -EIO : 0;
}

static int hear(const struct firmware *firmware, struct answer *answer)
{
	struct packet_fds fds;
	const ssize_t n = socket_receive(firmware->sock, answer, sizeof(*answer), &fds, 0);

	packet_fds_close(&fds);
	return n < (ssize_t)offsetof(struct answer, octets) ||
			       (size_t)n != offsetof(struct answer, octets) + answer->size
		       ? -EIO
		       : 0;
}

static int take(struct answer *answer, uint8_t **octets, size_t *size)
{
	int rc = answer->result;

	*size = answer->size;
	*octets = NULL;
	if (rc == 0) {
		*octets = OPENSSL_malloc(answer->size ? answer->size : 1);
		if (*octets)
			memcpy(*octets, answer->octets, answer->size);
		else
			rc = -ENOMEM;
	}
	OPENSSL_cleanse(answer, sizeof(*answer));
	return rc;
}

static int program_start(struct firmware *firmware, const char *program, const char *directory)
{
	char number[16];
	char *argv[] = { (char *)program, "serve", (char *)directory, number, NULL };
	int sock;

	snprintf(number, sizeof(number), "%u", firmware->service.tee);
	sock = child_start(argv, FIRMWARE_SOCKET, &firmware->pid);
	if (sock < 0) {
		firmware->pid = 0;
		return sock;
	}
	firmware->sock = sock;
	firmware->peer = firmware->pid;
	return 0;
}

/* How the boot went, in its own words. */
static enum boot_result booted(const struct firmware *firmware, char *err, size_t errlen)
{
	struct answer answer;

	if (hear(firmware, &answer)) {
		snprintf(err, errlen, "the firmware's process ended");
		return BOOT_FILE;
	}
	if (answer.result)
		snprintf(err, errlen, "%.*s", (int)answer.size, (const char *)answer.octets);
	return (enum boot_result)answer.result;
}

enum boot_result firmware_open(struct firmware **out, const char *program, const char *directory,
			       unsigned int tee, char *err, size_t errlen)
{
	struct firmware *firmware = calloc(1, sizeof(*firmware));
	enum boot_result result = BOOT_FILE;
	int rc;

	snprintf(err, errlen, "out of memory");
	if (!firmware)
		return BOOT_FILE;
	firmware->sock = -1;
	lookout_init(&firmware->lookout, LOOKOUT_US);
	firmware->directory = strdup(directory);
	firmware->service =
		(struct firmware_service) { &firmware->own, firmware->directory, tee, 0 };
	if (firmware->directory && program) {
		rc = program_start(firmware, program, directory);
		if (rc)
			snprintf(err, errlen, "%s: %s", program, strerror(-rc));
		else
			result = booted(firmware, err, errlen);
	} else if (firmware->directory) {
		result = boot_firmware_start(directory, true, &firmware->own, err, errlen);
	}
	if (result == BOOT_OK && !program && tee >= firmware->own.tees) {
		snprintf(err, errlen, "%s: has no TEE %u", directory, tee);
		result = BOOT_FILE;
	}
	if (result) {
		firmware_close(firmware);
		return result;
	}
	*out = firmware;
	return BOOT_OK;
}

int firmware_attach(struct firmware **out, int sock, unsigned int tee)
{
	struct firmware *firmware = calloc(1, sizeof(*firmware));

	if (!firmware) {
		close(sock);
		return -ENOMEM;
	}
	firmware->sock = sock;
	firmware->peer = socket_peer(sock);
	lookout_init(&firmware->lookout, LOOKOUT_US);
	firmware->service.tee = tee;
	*out = firmware;
	return 0;
}

void firmware_close(struct firmware *firmware)
{
	if (!firmware)
		return;
	if (firmware->sock >= 0)
		close(firmware->sock);
	while (firmware->pid && waitpid(firmware->pid, NULL, 0) < 0 && errno == EINTR)
		;
	boot_firmware_clear(&firmware->own);
	free(firmware->directory);
	free(firmware);
}

/* What was begun and not fetched stands before other answers. */
static void signature_drop(struct firmware *firmware)
{
	struct answer unused;

	if (firmware->signing && firmware->sock >= 0)
		(void)hear(firmware, &unused);
	firmware->signing = false;
}

int firmware_key(struct firmware *firmware, enum firmware_key which, uint8_t **octets, size_t *size)
{
	const uint8_t number = (uint8_t)which;
	struct answer answer;
	int rc;

	signature_drop(firmware);
	if (firmware->sock < 0)
		return key_give(&firmware->service, which, octets, size);
	*octets = NULL;
	*size = 0;
	rc = ask(firmware, REQUEST_KEY, &number, 1);
	if (rc == 0)
		rc = hear(firmware, &answer);
	return rc ? rc : take(&answer, octets, size);
}

void firmware_place(struct firmware *firmware, enum turn_place place)
{
	if (firmware->place == TURN_ANYWHERE && place == TURN_ANYWHERE)
		return;
	firmware->place = place;
	turn_place(firmware->peer, place);
}

int firmware_sign_begin(struct firmware *firmware, const void *octets, size_t size)
{
	int rc = 0;

	signature_drop(firmware);
	if (size > sizeof(firmware->to_sign))
		return -EINVAL;
	memcpy(firmware->to_sign, octets, size);
	firmware->to_sign_size = size;
	if (firmware->sock >= 0)
		rc = ask(firmware, REQUEST_SIGN, octets, size);
	firmware->signing = rc == 0;
	return rc;
}

int firmware_sign_end(struct firmware *firmware, uint8_t **signature, size_t *size)
{
	struct answer answer;

	*signature = NULL;
	if (!firmware->signing)
		return -EINVAL;
	firmware->signing = false;
	if (firmware->sock < 0)
		return sign(&firmware->own, firmware->to_sign, firmware->to_sign_size, signature,
			    size);
	lookout_wait(&firmware->lookout, firmware->sock);
	return hear(firmware, &answer) ? -EIO : take(&answer, signature, size);
}
