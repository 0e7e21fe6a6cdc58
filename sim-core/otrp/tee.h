/*
 * The TEE that speaks OTrP: from the octets of a request to the octets of its answer.
 *
 * Runs in a process of its own that the agent's side reaches, or in a test: no network, no daemon.
 * It trusts the device's eFuse key and its roots, and nobody who sends. One request at a time; each
 * is one atomic, durable change of the device, or none.
 */
#ifndef TEESIM_OTRP_TEE_H
#define TEESIM_OTRP_TEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "boot/boot.h"
#include "device/clock.h"
#include "otrp/tee_socket.h"
#include "teep/pki/key.h"

struct tee;

struct tee_options {
	const char *parser;	/* the parser's program; NULL parses in this process */
	const char *firmware;	/* tee-firmware; NULL has the firmware in this process */
	int firmware_sock;	/* to the firmware that started this process; 0: none did */
	unsigned int tee;	/* which of the device's TEEs: 0 is the first */
	bool lenient;		/* accept what the drafts' samples have and their text has not */
	bool extended;		/* ES384 */
	bool without_dsigen;	/* for TAMs that hash a DSI without our count */
	enum key_kind aik_kind; /* of new anonymous keys: KEY_RSA, which 0 means too, or KEY_P256 */
	struct device_clock clock; /* all zero: the machine's */
	time_t clock_offset;	   /* seconds that the TEE's clock is ahead of that */
	time_t skew;		   /* how far others' clocks may be off; 0 for OCSP_SKEW_DEFAULT */
	uint64_t store_max;	   /* octets; 0 for a gigabyte */
	bool durable;		   /* a change outlasts a loss of power, not only of processes */
	uint32_t message_max;	   /* octets; 0 for 16 MiB */
};

/*
 * Boot the device in `directory` and start its TEE. A directory that was never manufactured is made
 * so with authorities of its own. On anything but BOOT_OK there is one line in `err`;
 * *store_error is then a -errno where it was the store (store_open()), else 0.
 */
enum boot_result tee_open(struct tee **out, const char *directory,
			  const struct tee_options *options, int *store_error, char *err,
			  size_t errlen);

/* A thread for what can be done at the same time. Without it all is done in order. In a process
 * that confines itself: once it reaches no more files than it is to, and before its filter. */
void tee_threads_start(struct tee *tee);

void tee_close(struct tee *tee);

/* Its parser is gone: it can't take any message any more. */
bool tee_is_broken(const struct tee *tee);

/*
 * Execute one request. The answer is the caller's (free()): one object in JSON, signed, whatever
 * the request was. Returns 0, or -errno when not even an answer could be signed.
 */
int tee_process(struct tee *tee, const void *request, size_t size, char **answer);

/* What can be put off until nobody asks for anything, and makes later answers faster. */
void tee_rest(struct tee *tee);

/*
 * Take over a list that the device's administrator signed (teep/otrp/trust_list.h): which TAM roots
 * the TEE trusts from now on, in the place of those it was made with, and which TAs may be
 * installed. Its version must be above that of the last one. Returns 0 or, with one line in `err`,
 * -EBADMSG for what is no list, -EACCES for another's signature, -ESTALE for an old version,
 * -EALREADY for the last one's, or another -errno.
 */
int tee_trust_update(struct tee *tee, const void *list, size_t size, char *err, size_t errlen);

/*
 * GetTAInformation: answer a client application's {"TAQuery":…} with {"TAInformation": JWS}, signed
 * by the SP's anonymous key, which tells nothing about the device. The answer is the caller's.
 * Returns 0, -ENOENT when no such SP has that TA, -EBADMSG for what is no query, or another -errno,
 * with one line in `err`.
 */
int tee_ta_information(struct tee *tee, const void *query, size_t size, char **answer, char *err,
		       size_t errlen);

/*
 * Note that a client application wants a TA (tee_socket.h: TEE_REQUEST_TA): every TAM that asks for
 * the device state is told so, as `requestedtalist`, until the TA is installed. The last 16 are
 * kept. Returns 0 or, with one line in `err`, -EPROTO for what is no such request, -EEXIST when
 * there is such a TA, -EPERM when the device's administrator does not allow it, or another -errno.
 */
int tee_request_ta(struct tee *tee, const void *octets, size_t size, char *err, size_t errlen);

/* Its name, as requests have it; and those of all TEEs of the device, NULL behind the last. */
const char *tee_name(const struct tee *tee);
const char *tee_name_of(const struct tee *tee, unsigned int number);

/* Is it the one that has all others below it? */
bool tee_is_first(const struct tee *tee);

/*
 * The image of an installed TA by its UUID's text, checked against what was installed: the caller's
 * (free()). `record` (may be NULL) is filled. Returns 0, -ENOENT, -EBADMSG when it is not what was
 * installed, or another -errno.
 */
int tee_ta_image(struct tee *tee, const char *taid, uint8_t **image, size_t *size,
		 struct tee_image_record *record);

/* The TA's personalisation data: the caller's (free()). Returns 0, -ENOENT when there is none, or
 * another -errno. */
int tee_ta_personal(struct tee *tee, const char *taid, uint8_t **octets, size_t *size);

/*
 * All installed TAs, for the machine's user: a JSON array of {taid, name, version, tamid, spid,
 * sdname, signer, storage}, signer being the certificate's common name and storage the number of
 * the TA's domain in trusted storage, in hexadecimal. The caller's (free()), or NULL.
 */
char *tee_ta_list(struct tee *tee);

#endif
