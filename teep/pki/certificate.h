/*
 * X.509 certificates of TEEP's roles: issued by one profile, read by one profile.
 *
 * Used by manufacturing tools (which issue), TEE and TAM (which read). Every certificate that comes
 * from outside is hostile. Certificates are OpenSSL's; whoever gets one frees it.
 *
 * The profile: version 3, SHA-256 or stronger; authorities with critical basicConstraints and
 * keyCertSign; leaves are no authorities. TAM and TEE sign and unwrap with one key, so theirs may
 * do both; TFW and SP only sign.
 */
#ifndef TEESIM_TEEP_PKI_CERTIFICATE_H
#define TEESIM_TEEP_PKI_CERTIFICATE_H

#include <stdbool.h>
#include <time.h>

#include <openssl/x509.h>

#include "teep/pki/key.h"

enum certificate_role {
	ROLE_ROOT,
	ROLE_INTERMEDIATE,
	ROLE_OCSP, /* a responder that its issuer delegates to */
	ROLE_TFW,
	ROLE_TEE,
	ROLE_TAM,
	ROLE_SP,
	ROLE_ADMIN, /* signs the device's lists */
};

struct certificate_request {
	enum certificate_role role;
	const char *name;  /* the subject's common name */
	EVP_PKEY *key;	   /* the subject's; the private half only where it signs itself */
	const char *tamid; /* TAM: dotted decimals or a URI */
	time_t not_before, not_after;
};

/* Issue; without `issuer` the certificate is self-signed. NULL when OpenSSL fails, or for a TAM
 * identifier that is not valid. */
X509 *certificate_issue(const struct certificate_request *request, X509 *issuer,
			EVP_PKEY *issuer_key);

/* Exactly one certificate, with nothing behind it; NULL for anything else. */
X509 *certificate_parse(const void *der, size_t size);

/* The caller's octets (OPENSSL_free()), or NULL. */
uint8_t *certificate_encode(X509 *certificate, size_t *size);

#define CERTIFICATE_HASH_SIZE 32

/* SHA-256 of the DER. */
bool certificate_hash(const X509 *certificate, uint8_t out[CERTIFICATE_HASH_SIZE]);

/* A key of a kind that we know, and a leaf by its constraints and key usage. */
bool certificate_fits(X509 *certificate, enum certificate_role role);

#define TAMID_SIZE 256

/* Whether a TAM may be called so: dotted decimals or a URI, which certificate_tamid() reads from
 * its certificate as they are given here. */
bool certificate_tamid_valid(const char *tamid);

/*
 * The TAM's identifier: its one registeredID as dotted decimals, else its one URI. Returns false
 * when there is none, or more than one candidate.
 */
bool certificate_tamid(X509 *certificate, char out[TAMID_SIZE]);

/* The subject's common name, printable, in UTF-8 whatever it is in there, as much of it as `size`
 * octets hold; "?" when there is none. */
const char *certificate_name(const X509 *certificate, char *out, size_t size);

/* A time of a certificate, CRL or OCSP response; 0 where there is none that can be read. */
time_t certificate_time(const ASN1_TIME *time);

/* PEM files. A chain is leaf first. NULL with one line in `err`. */
STACK_OF(X509) * chain_read(const char *path, char *err, size_t errlen);

/* Write the certificates to one PEM file. 0 or -errno. */
int chain_write(const char *path, STACK_OF(X509) * chain);

#endif
