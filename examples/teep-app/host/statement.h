/*
 * What a client application is told in signed form, checked before it is believed: by the TAM, whom
 * it knows by the root of his certificate, and by the TEE, whose key the TAM vouched for.
 *
 * A JWS names an algorithm and a key itself. Neither is believed: the key comes from the caller.
 */
#ifndef STATEMENT_H
#define STATEMENT_H

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/*
 * The service provider's anonymous key on this device, out of {"TAMSPAIK": JWS}, for the TA: signed
 * by a TAM whose certificate leads to `root`. `tam` gets that certificate. NULL with one line in
 * `why`. The caller frees both.
 */
EVP_PKEY *statement_key(const char *text, X509 *root, const char *spid, const char *taid,
			X509 **tam, const char **why);

/*
 * {"TAInformation": JWS}, signed by that key: what it says, the caller's (json_decref()). NULL with
 * one line in `why`.
 */
json_t *statement_information(const char *text, EVP_PKEY *key, const char **why);

/* A certificate in base64, as in those statements. NULL when it is none. */
X509 *statement_certificate(const json_t *base64);

#endif
