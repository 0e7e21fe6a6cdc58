/*
 * The seven requests, composed: what a step of a plan is on the wire, and what it says for people.
 *
 * Used by the TAM. Keys, certificates and packages are the TAM's own; nothing here is hostile.
 */
#ifndef TEESIM_TEEP_TAM_COMMAND_H
#define TEESIM_TEEP_TAM_COMMAND_H

#include "teep/tam/key.h"
#include "teep/tam/plan.h"

/* Who asks, and with which words around it. */
struct command_frame {
	const struct tam_key *key;
	const struct span_list *ocsp;
	const char *tamid;
	const char *rid, *tid;
	/* GetDeviceState has its own, always. */
	bool with_certificates; /* the TEE wants chain and OCSP responses in each request */
	const char *tee;	/* its routing name */
	struct span dsihash;	/* 32 octets */
	EVP_PKEY *recipient;	/* the TEE's public key */
};

struct command {
	char *text;		     /* the caller's (free()) */
	struct json_writing decoded; /* without secrets and in short; the caller's */
	struct span cek;	     /* the content's key, in the arena */
};

/* GetDeviceState. `algorithms`: what the TAM can verify, 1 << enum jws_algorithm. 0 or -ENOMEM. */
int command_query(const struct command_frame *frame, uint32_t algorithms, struct command *out);

/* What a step needs besides. */
struct command_goods {
	struct span did;	     /* 32 octets */
	bool name_spid;		     /* the domain's name alone says not which */
	EVP_PKEY *aik;		     /* the SP's public key: InstallTA, UpdateTA */
	struct span package;	     /* absent: none is sent */
	struct span personalisation; /* the same */
	/* What the SP encrypted itself (ta_delivery.h), in the place of those three; absent: it did
	 * not. */
	struct span delivery;
};

/* Any other. 0 or -ENOMEM. */
int command_make(const struct command_frame *frame, const struct plan_step *step,
		 const struct command_goods *goods, struct arena *arena, struct command *out);

/* A fresh, unguessable identifier: 32 hexadecimal digits. False when there is no randomness. */
#define COMMAND_ID_SIZE 33
bool command_id_make(char out[COMMAND_ID_SIZE]);

#endif
