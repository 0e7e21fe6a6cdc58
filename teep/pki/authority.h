/*
 * A directory of certification authorities: the four hierarchies of TEEP, for manufacture and
 * tests.
 *
 *   H/root.key, H/root.pem        the root of hierarchy H: firmware, tee, tam or sp
 *   H/NAME.key, H/NAME.pem        an intermediate, with its chain; the first is called "ca"
 *   H/NAME-ocsp.key, .pem         a responder that intermediate NAME delegates to
 *   H/issued/SERIAL.pem           what was issued
 *   H/revoked/SERIAL              what was revoked; the file's text is the time
 *   tam/identifiers/HASH          who holds a TAM identifier
 *
 * Runs in offline tools. It trusts the directory as its user's own; private keys have mode 0600.
 * Functions return 0 or -errno with one line in `err`.
 */
#ifndef TEESIM_TEEP_PKI_AUTHORITY_H
#define TEESIM_TEEP_PKI_AUTHORITY_H

#include <openssl/x509.h>

#include "teep/pki/certificate.h"

enum hierarchy {
	HIERARCHY_FIRMWARE,
	HIERARCHY_TEE,
	HIERARCHY_TAM,
	HIERARCHY_SP,
	HIERARCHY_COUNT,
};

enum hierarchy hierarchy_parse(const char *name); /* HIERARCHY_COUNT for none */

#define AUTHORITY_FIRST "ca"

/* Days that certificates are good for, where nothing else is asked. */
#define DAYS_ROOT      (30 * 365)
#define DAYS_DEVICE    (30 * 365)
#define DAYS_TAM       (3 * 365)
#define DAYS_RESPONDER 90

struct authority {
	char directory[4096 - 256]; /* of the hierarchy */
	char name[64];
	enum hierarchy hierarchy;
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /* the authority itself first, its root last */
};

/* Make a directory with all four hierarchies, each with a root and the intermediate "ca"; or what
 * is missing of one that was cut short. What is there stays as it is; -EEXIST when all is there, or
 * something of another kind. */
int authorities_make(const char *directory, const enum key_kind kinds[HIERARCHY_COUNT], char *err,
		     size_t errlen);

/* Open an intermediate, or "root". */
int authority_open(struct authority *authority, const char *directory, enum hierarchy hierarchy,
		   const char *name, char *err, size_t errlen);
void authority_close(struct authority *authority);

/* A further intermediate below the root of an opened one. */
int authority_add(const char *directory, enum hierarchy hierarchy, const char *name,
		  enum key_kind kind, char *err, size_t errlen);

/*
 * Issue a leaf for the public half of `key`; the chain, leaf first and root last, is the caller's.
 * A TAM's identifier belongs to whoever claimed it first: `previous`, the private key that holds
 * it, must be given for a certificate of another key; else -EPERM. Nothing is claimed yet.
 */
int authority_issue(struct authority *authority, enum certificate_role role, const char *name,
		    EVP_PKEY *key, const char *tamid, EVP_PKEY *previous, int days,
		    STACK_OF(X509) * *chain, char *err, size_t errlen);

/*
 * Claim the identifier in a TAM's certificate for the certificate's key, or move it there from
 * `previous`; -EPERM when it is another's. Once the key is where it can't be lost: from then on it
 * alone renews. Harmless when it has the identifier already.
 */
int authority_claim(const struct authority *authority, X509 *certificate, EVP_PKEY *previous,
		    char *err, size_t errlen);

/* -ENOENT, also of authority_ocsp(), for a certificate that this authority did not issue. */
int authority_revoke(struct authority *authority, X509 *certificate, char *err, size_t errlen);

/* A statement on a certificate that this authority issued, valid from now for `hours`; by its
 * delegate when `delegated`. DER, the caller's (OPENSSL_free()). */
int authority_ocsp(struct authority *authority, X509 *certificate, bool delegated, int hours,
		   uint8_t **der, size_t *size, char *err, size_t errlen);

/* The list of all that it revoked (CRL), valid from now for `hours`. DER, the caller's
 * (OPENSSL_free()). */
int authority_crl(struct authority *authority, int hours, uint8_t **der, size_t *size, char *err,
		  size_t errlen);

#endif
