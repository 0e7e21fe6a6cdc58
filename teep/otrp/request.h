/*
 * OTrP requests, parsed: the envelope that anybody may have made, the object in it that is signed,
 * and the content that was encrypted.
 *
 * Used by the TEE's parser process; the TEE itself sees the structs only. Nothing here verifies or
 * decrypts. Spans point into the arena that was given.
 */
#ifndef TEESIM_TEEP_OTRP_REQUEST_H
#define TEESIM_TEEP_OTRP_REQUEST_H

#include "teep/otrp/jwe.h"
#include "teep/otrp/jws.h"
#include "teep/otrp/member.h"
#include "teep/otrp/record.h"

enum otrp_message {
	OTRP_GET_DEVICE_STATE,
	OTRP_CREATE_SD,
	OTRP_UPDATE_SD,
	OTRP_DELETE_SD,
	OTRP_INSTALL_TA,
	OTRP_UPDATE_TA,
	OTRP_DELETE_TA,
	OTRP_MESSAGE_COUNT,
};

/* "GetDeviceState", "CreateSD", … */
const char *otrp_message_name(enum otrp_message message);

/* What the answer's names begin with: the same, but "GetDeviceTEEState". */
const char *otrp_answer_name(enum otrp_message message);

#define OTRP_VERSION	      "1.0"
#define OTRP_MESSAGE_SIZE_MAX (16U << 20)

struct otrp_options {
	bool lenient;	      /* accept what the drafts' samples have and their text has not */
	bool extended;	      /* ES384 */
	uint32_t message_max; /* octets; 0 for OTRP_MESSAGE_SIZE_MAX */
	bool payload_later;   /* of an envelope: the payload's text is all that is wanted of it */
};

struct otrp_envelope {
	uint32_t message; /* enum otrp_message */
	struct jws jws;
};

/*
 * Size, encoding, JSON, one member whose name is that of a request, JWS. After
 * OTRP_UNSUPPORTED_CRYPTO_ALG the payload is there nevertheless, for its identifiers.
 */
int otrp_envelope_parse(struct span octets, const struct otrp_options *options, struct arena *arena,
			struct otrp_envelope *out, struct otrp_failure *failure);

struct otrp_request {
	uint32_t message;	  /* OTRP_MESSAGE_COUNT when the payload has no such name */
	struct span rid, tid;	  /* absent when they are not what identifiers may be */
	struct span_list ocspdat; /* DER; empty when it is no list of base64 */
	/* What is wrong with the members; it counts only once the sender is authenticated. */
	uint32_t refusal; /* enum otrp_status */
	struct span refusal_why;
	/* From here on: valid when there is no refusal. */
	uint32_t has_algorithms;
	uint32_t algorithms; /* 1 << enum jws_algorithm: what the TAM accepts */
	uint32_t nextdsi;
	struct span tee;
	struct span dsihash;
	struct jwe content;
	struct jwe ta_key;	 /* of encrypted_ta */
	struct span ta_key_bare; /* in its place, lenient: an RSA1_5 block */
	struct span ta_iv, ta_data, ta_personal;
};

/* The signed object: that it is one, that it is of a version that we know. */
int otrp_request_parse(struct span payload, const struct otrp_options *options, struct arena *arena,
		       struct otrp_request *out, struct otrp_failure *failure);

/* The members of encrypted_ta, which must be an object, for out->message. */
int otrp_encrypted_ta_take(const json_t *object, const struct otrp_options *options,
			   struct arena *arena, struct otrp_request *out,
			   struct otrp_failure *failure);

struct otrp_content {
	struct span tamid, spid, sdname, taid;
	struct span did;	 /* 32 octets */
	struct span_list spcert; /* DER */
	uint32_t delete_tas;
	/* UpdateSD's changes */
	struct span newsdname, newspid;
	struct span_list deloldspcert; /* SHA-256, 32 octets each */
	uint32_t renew_aik;
};

int otrp_content_parse(struct span plaintext, enum otrp_message message,
		       const struct otrp_options *options, struct arena *arena,
		       struct otrp_content *out, struct otrp_failure *failure);

/* How the structs cross the boundary (record.h). */
#define OTRP_ENVELOPE_LAYOUT_COUNT 6
#define OTRP_REQUEST_LAYOUT_COUNT  (15 + 2 * JWE_LAYOUT_COUNT)
#define OTRP_CONTENT_LAYOUT_COUNT  11
extern const struct record_member otrp_envelope_layout[OTRP_ENVELOPE_LAYOUT_COUNT];
extern const struct record_member otrp_request_layout[OTRP_REQUEST_LAYOUT_COUNT];
extern const struct record_member otrp_content_layout[OTRP_CONTENT_LAYOUT_COUNT];

#endif
