/*
 * JSON Web Signatures in the one form that OTrP uses: flattened JSON, one signature, certificates
 * in an unprotected header (RFC 7515 section 7.2.2).
 *
 * Used by TEE and TAM. The object that is parsed is hostile.
 */
#ifndef TEESIM_TEEP_OTRP_JWS_H
#define TEESIM_TEEP_OTRP_JWS_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "teep/otrp/algorithm.h"
#include "teep/otrp/json.h"

struct jws {
	uint32_t algorithm;			  /* enum jws_algorithm */
	struct span protected_text, payload_text; /* base64url, as signed */
	struct span payload, signature;
	struct span_list x5c; /* DER, leaf first; empty when there is none */
};

struct jws_options {
	bool lenient;	    /* also the header `signer`, as in the drafts' samples */
	bool extended;	    /* also ES384 */
	bool payload_later; /* the payload's text is all that is wanted of it */
};

/*
 * Check the form; nothing is verified. Returns 0 or otrp_fail()'s value, with
 * OTRP_UNSUPPORTED_CRYPTO_ALG where all but the algorithm is in order.
 */
int jws_parse(const json_t *object, const struct jws_options *options, struct arena *arena,
	      struct jws *out, struct otrp_failure *failure);

/* Whether the signature holds under a key whose kind is the one for the algorithm. */
bool jws_verify(const struct jws *jws, EVP_PKEY *key);

/*
 * Sign `payload` with the algorithm that goes with the key. `chain`, which may be NULL, becomes
 * x5c. Returns the caller's reference, or NULL.
 */
json_t *jws_sign(struct span payload, EVP_PKEY *key, STACK_OF(X509) * chain);

/*
 * A whole message {"<name>": JWS without x5c} as canonical text. `name` is one of OTrP's: it needs
 * no escapes and has JWS_NAME_MIN octets or more. The caller's (free()), or NULL.
 */
#define JWS_NAME_MIN 8U
char *jws_text(const char *name, struct span payload, EVP_PKEY *key);

#endif
