/*
 * What the TAM tells a service provider of its key in one device: the public key that TAs for the
 * SP are encrypted with there (`spaik`), signed by the TAM's key as client apps get it.
 *
 *     {"TAMDEVICEAIK": JWS of {"TAMDEVICEAIKTBS": {"ver", "tamid", "did", "tee", "spid", "spaik",
 *      "spaiktype", "time"}}}
 *
 * `did` is in lower-case hexadecimal digits, `time` in seconds since 1970, the rest as in a device
 * state. The TAM makes it; `teesim sp` reads it, to which it is hostile until it has been verified.
 */
#ifndef TEESIM_TEEP_OTRP_AIK_STATEMENT_H
#define TEESIM_TEEP_OTRP_AIK_STATEMENT_H

#include <openssl/x509.h>
#include <time.h>

#include "teep/otrp/jws.h"
#include "teep/otrp/member.h"

struct aik_statement {
	struct span tamid, did, tee, spid; /* texts */
	struct span aik;		   /* DER of a key that can be used */
	bool ecc;
	int64_t time;
	struct jws jws; /* around it; not verified by the parser */
};

/* `jws` is not looked at. The caller's text (free()), or NULL. */
char *aik_statement_make(const struct aik_statement *what, EVP_PKEY *key, STACK_OF(X509) * chain);

/* Spans point into the arena. Returns 0 or otrp_fail()'s value. */
int aik_statement_parse(struct span octets, struct arena *arena, struct aik_statement *out,
			struct otrp_failure *failure);

/*
 * That the TAM which it names signed it: by a certificate with that identifier, which leads to one
 * of the roots at that time. Returns 0 or otrp_fail()'s value.
 */
int aik_statement_verify(const struct aik_statement *statement, STACK_OF(X509) * roots, time_t now,
			 struct otrp_failure *failure);

/* Whether a text is a device's id: 64 lower-case hexadecimal digits. */
bool aik_did_valid(struct span did);

#endif
