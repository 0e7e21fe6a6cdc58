/*
 * The algorithms that messages may use: an allow-list, and which key may go with which.
 *
 * Used by every program that reads or writes OTrP. What a message names decides nothing by itself.
 */
#ifndef TEESIM_TEEP_OTRP_ALGORITHM_H
#define TEESIM_TEEP_OTRP_ALGORITHM_H

#include "teep/otrp/span.h"
#include "teep/pki/key.h"

/* Of signatures. Also bits of a set: 1 << algorithm. */
enum jws_algorithm {
	JWS_NONE, /* not in the list */
	JWS_RS256,
	JWS_ES256,
	JWS_ES384, /* an extension of ours, for P-384 keys */
};

/* Of wrapping a content key. */
enum jwe_algorithm {
	JWE_NONE,
	JWE_RSA1_5,
	JWE_ECDH_ES_A128KW,
	JWE_ECDH_ES_A256KW,
};

/* Of content. */
enum jwe_encryption {
	ENC_NONE,
	ENC_A128CBC_HS256,
	ENC_A256CBC_HS512,
};

enum jws_algorithm jws_algorithm_parse(struct span name);
const char *jws_algorithm_name(enum jws_algorithm algorithm);
enum jwe_algorithm jwe_algorithm_parse(struct span name);
const char *jwe_algorithm_name(enum jwe_algorithm algorithm);
enum jwe_encryption jwe_encryption_parse(struct span name);
const char *jwe_encryption_name(enum jwe_encryption encryption);

/* Octets of the content key: MAC key and encryption key. */
size_t jwe_encryption_key_size(enum jwe_encryption encryption);

/* The one signature algorithm for a key; JWS_NONE for KEY_OTHER. */
enum jws_algorithm jws_algorithm_of(enum key_kind kind);

/* The wrapping algorithm that we choose for a recipient's key. */
enum jwe_algorithm jwe_algorithm_of(enum key_kind kind);

/* Whether a content key may be wrapped so for that key. */
bool jwe_algorithm_fits(enum jwe_algorithm algorithm, enum key_kind kind);

#endif
