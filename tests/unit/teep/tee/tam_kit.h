/*
 * The other side of a TEE under test: a device in a directory of its own, authorities, a TAM that
 * makes any request, right or wrong, and reads any answer.
 */
#ifndef TEESIM_TESTS_TEEP_TAM_KIT_H
#define TEESIM_TESTS_TEEP_TAM_KIT_H

#include <jansson.h>

#include "otrp/tee.h"
#include "teep/otrp/request.h"
#include "teep/pki/authority.h"

#define KIT_TAMID "1.3.6.1.4.1.55555.7.1"

struct kit_tam {
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /* leaf, intermediate, root */
	json_t *ocspdat;
	char tamid[TAMID_SIZE];
	char dsihash[64];
};

struct kit {
	char directory[64]; /* everything is below */
	char device[80];
	char authorities[80];
	struct tee_options options;
	struct tee *tee;
	struct authority tam_ca;
	struct kit_tam tam;
	X509 *tee_certificate; /* as the last device state told */
	char did[64];
	EVP_PKEY *sp_key;
	X509 *sp_certificate;
	unsigned requests;
};

/* The last two are P-256 where they are 0. */
struct kit_kinds {
	enum key_kind tee, tam, sp, aik;
	enum key_kind firmware, authorities;
	bool unattested;
};

/* All on P-256, parsing in this process, where `kinds` is NULL. */
void kit_open(struct kit *kit, const struct kit_kinds *kinds);
void kit_close(struct kit *kit);

/* The TEE ends and starts again on the same device. */
void kit_restart(struct kit *kit);

/* A further TAM of the same authority. */
void kit_tam_make(struct kit *kit, struct kit_tam *tam, const char *tamid, enum key_kind kind,
		  EVP_PKEY *previous);
void kit_tam_clear(struct kit_tam *tam);

/* How a request differs from one that is right; all zero: in nothing. */
struct kit_request {
	enum otrp_message message;
	json_t *content;      /* taken */
	json_t *encrypted_ta; /* taken */
	json_t *more;	      /* taken: set in the TBS object, null to remove */
	const struct kit_tam *tam;
	EVP_PKEY *signer;     /* in place of the TAM's */
	STACK_OF(X509) * x5c; /* in place of the TAM's chain */
	EVP_PKEY *recipient;  /* in place of the TEE's */
	const char *tbs_name; /* in place of the message's */
	bool without_x5c, without_dsi;
};

/* The octets of the request; the caller's. */
char *kit_request(struct kit *kit, const struct kit_request *request);

struct kit_answer {
	char code[40];	 /* "pass" or "ERR_…" */
	json_t *tbs;	 /* what was signed */
	json_t *content; /* what was encrypted: content or DSI; NULL where nothing was */
};

/* Sends octets and takes the answer apart, which must be signed by the TEE. A DSI in it becomes
 * what the TAM knows. */
void kit_send(struct kit *kit, struct kit_tam *tam, const void *octets, size_t size,
	      struct kit_answer *answer);
void kit_answer_clear(struct kit_answer *answer);

/* Makes, sends, and requires the code. `answer` may be NULL. */
void kit_expect(struct kit *kit, const struct kit_request *request, const char *code,
		struct kit_answer *answer);

/* GetDeviceState that must pass. */
void kit_state(struct kit *kit, struct kit_tam *tam);

/* The contents of right requests. */
json_t *kit_create_content(struct kit *kit, const struct kit_tam *tam, const char *spid,
			   const char *sdname);
json_t *kit_sd_content(const struct kit_tam *tam, const char *spid, const char *sdname);
json_t *kit_ta_content(const struct kit_tam *tam, const char *spid, const char *sdname,
		       const char *taid);

/* A domain that must be made. */
void kit_create(struct kit *kit, struct kit_tam *tam, const char *spid, const char *sdname);

#define KIT_TAID "8aaaf200-2450-11e4-abe2-0002a5d5c51b"

/* A package of the fixture TA, signed by the kit's SP. The caller's. */
uint8_t *kit_package(struct kit *kit, uint32_t version, size_t *size);

/* encrypted_ta for an SP's key as the TEE's last state told it. */
json_t *kit_encrypted_ta(struct kit *kit, const char *spid, const void *package, size_t size,
			 const char *personal, bool update);

/* The DSI of this TAM as text; the caller's. */
char *kit_dsi(struct kit *kit, struct kit_tam *tam);

#endif
