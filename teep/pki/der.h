/*
 * Framing of DER: where an element ends. Strict: definite lengths in their shortest form, tags of
 * one octet, nothing beyond the end.
 *
 * Used by TEE and TAM where octets must be cut up before anybody has vouched for them, and where
 * that is all there is to do; what they mean is for OpenSSL to say, elsewhere.
 */
#ifndef TEESIM_TEEP_PKI_DER_H
#define TEESIM_TEEP_PKI_DER_H

#include "teep/otrp/span.h"

enum der_tag {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0 = 0xa0, /* [0], constructed */
};

/* One element off the front of *rest. `whole` (may be NULL) is all of it, `content` what it holds;
 * both borrow. Returns false, with nothing taken, when there is none of that tag. */
bool der_take(struct span *rest, enum der_tag tag, struct span *content, struct span *whole);

/* The only element in `octets`. */
bool der_only(struct span octets, enum der_tag tag, struct span *content);

#endif
