/*
 * Making OTrP messages: canonical JSON, encrypted, signed, in their envelope.
 *
 * Used by TEE and TAM. References to JSON values that are handed in stay the caller's, except where
 * a function says that it takes them.
 */
#ifndef TEESIM_TEEP_OTRP_COMPOSE_H
#define TEESIM_TEEP_OTRP_COMPOSE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "teep/otrp/jwe.h"
#include "teep/otrp/jws.h"

/*
 * {"<name><kind>": JWS of {"<name>TBS<kind>": tbs}}, as text. `kind` is "Request" or "Response";
 * `chain` may be NULL. Takes `tbs`. The caller's (free()), or NULL.
 */
char *otrp_compose(const char *name, const char *kind, json_t *tbs, EVP_PKEY *key,
		   STACK_OF(X509) * chain);

/* The same for a `tbs`, not empty, with one more member, whose value is text already: `member`
 * needs no escapes and comes before all others in the alphabet. */
char *otrp_compose_encrypted(const char *name, const char *kind, const char *member,
			     struct span encrypted, json_t *tbs, EVP_PKEY *key);

/* The JWE of a value's canonical form; takes `plain`. `cek` as for jwe_encrypt(). */
json_t *otrp_encrypt(json_t *plain, EVP_PKEY *recipient, enum jwe_encryption encryption,
		     struct arena *arena, struct span *cek);

/* A string in base64, as certificates, keys and hashes travel; NULL without memory. */
json_t *otrp_base64(const void *data, size_t size);

/* A string of a span that holds text. */
json_t *otrp_text(struct span text);

#endif
