/*
 * What a device's administrator lets its TEE trust: TAM roots, and which TAs may be installed.
 * A document of ours, since OTrP has none:
 *
 *   {"TrustList": JWS of {"TrustListTBS": {"version": "7", "tamroots": [base64 DER…],
 *                                          "tas": [UUID…]}}}
 *
 * `tas` may be absent: then any TA may be installed. And the question of a client application,
 * {"TAQuery": {"spid": …, "taid": …}}, which is OTrP's.
 *
 * Parsed in the TEE's parser process; made by `teesim admin`.
 */
#ifndef TEESIM_TEEP_OTRP_TRUST_LIST_H
#define TEESIM_TEEP_OTRP_TRUST_LIST_H

#include "teep/otrp/jws.h"
#include "teep/otrp/record.h"

/* The envelope: the signature is not verified. 0 or otrp_fail()'s value. */
int trust_list_envelope_parse(struct span octets, struct arena *arena, struct jws *out,
			      struct otrp_failure *failure);

#define TRUST_LIST_TA_SIZE 36U /* a UUID's text */

struct trust_list {
	struct span version;	/* 8 octets, a number in the machine's own order */
	struct span_list roots; /* DER */
	uint32_t has_tas;
	struct span tas; /* texts of UUIDs, one after the other, nothing between them */
};

int trust_list_parse(struct span payload, struct arena *arena, struct trust_list *out,
		     struct otrp_failure *failure);

struct ta_query {
	struct span spid, taid;
};

int ta_query_parse(struct span octets, struct arena *arena, struct ta_query *out,
		   struct otrp_failure *failure);

/* How they cross to the TEE, and how the list is kept. */
#define JWS_LAYOUT_COUNT	4
#define TRUST_LIST_LAYOUT_COUNT 4
#define TA_QUERY_LAYOUT_COUNT	2
extern const struct record_member jws_layout[JWS_LAYOUT_COUNT];
extern const struct record_member trust_list_layout[TRUST_LIST_LAYOUT_COUNT];
extern const struct record_member ta_query_layout[TA_QUERY_LAYOUT_COUNT];

#endif
