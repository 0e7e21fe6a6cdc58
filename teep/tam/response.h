/*
 * What comes back from a device, parsed: the TEE's signed answers, what an agent says in its place,
 * and the encrypted content of an answer.
 *
 * Used by the TAM. All of it is hostile. Nothing here verifies or decrypts: what is parsed says
 * what it claims to be. Spans point into the arena that was given. Members that are not known are
 * passed over, as the protocol wants it of answers.
 */
#ifndef TEESIM_TEEP_TAM_RESPONSE_H
#define TEESIM_TEEP_TAM_RESPONSE_H

#include "teep/otrp/request.h"
#include "teep/tam/dsi.h"

enum response_kind {
	RESPONSE_OF_TEE,     /* signed, or so it says */
	RESPONSE_OF_AGENT,   /* never signed: that the TEE was not reached */
	RESPONSE_UNREADABLE, /* one entry of several that is no answer; `failure` says why */
};

struct response {
	enum response_kind kind;
	struct otrp_failure failure; /* RESPONSE_UNREADABLE */
	enum otrp_message message;   /* what it answers; RESPONSE_OF_TEE */
	struct jws jws;
	struct span rid, tid; /* absent where it has none: a failure before they were read */
	bool passed;
	/* OTRP_PASS; what the clear part says; OTRP_STATUS_COUNT for a code that is not known, or
	 * where only the encrypted part can tell. */
	enum otrp_status status;
	struct span reason;  /* text for people, absent where there is none */
	uint32_t signerreq;  /* GetDeviceState that passed */
	bool has_algorithms; /* the answer names what the TEE can verify */
	uint32_t algorithms; /* 1 << enum jws_algorithm */
	bool encrypted;	     /* there is a `content` or an `edsi` */
	struct jwe content;  /* valid when `encrypted` */
};

/* As many TEEs as one device may answer with. */
#define RESPONSES_MAX 16U

struct responses {
	uint32_t count;
	struct response item[RESPONSES_MAX];
};

/*
 * Parse what was posted: one answer, an agent's error in either shape, or GetDeviceStateResponse's
 * array, whose entries are each on its own. Returns 0 or otrp_fail()'s value.
 */
int responses_parse(struct span octets, const struct otrp_options *options, struct arena *arena,
		    struct responses *out, struct otrp_failure *failure);

struct response_content {
	struct span did; /* 32 octets */
	enum otrp_status status;
	struct span reason;
	struct span sdname; /* absent where there is none */
	struct span aik;    /* DER of the SP's public key, absent where there is none */
	struct span dsi;    /* {"dsi":…} in canonical form, as its hash is made; or absent */
	bool has_state;	    /* there is one, and it can be read */
	struct dsi state;
};

/* The decrypted content of an answer to any command but GetDeviceState. */
int response_content_parse(struct span plaintext, struct arena *arena, struct response_content *out,
			   struct otrp_failure *failure);

/* The same of text that was parsed before. */
int response_content_take(const json_t *object, struct arena *arena, struct response_content *out,
			  struct otrp_failure *failure);

#endif
