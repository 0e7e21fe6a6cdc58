/*
 * OCSP responses (RFC 6960): made by authorities ahead of time, stapled by the TAM, checked by the
 * TEE, which asks nobody.
 *
 * Used by `teesim pki` and the TAM (which make), and by the TEE (which checks). What is checked is
 * hostile.
 */
#ifndef TEESIM_TEEP_PKI_OCSP_H
#define TEESIM_TEEP_PKI_OCSP_H

#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct ocsp_statement {
	X509 *subject;
	X509 *issuer;
	int status; /* V_OCSP_CERTSTATUS_GOOD, _REVOKED or _UNKNOWN */
	time_t revoked_at;
	time_t this_update;
	time_t next_update; /* 0: none is stated */
	X509 *responder;    /* the issuer, or one that it delegates to */
	EVP_PKEY *responder_key;
};

/* The caller's DER (OPENSSL_free()), or NULL. */
uint8_t *ocsp_make(const struct ocsp_statement *statement, size_t *size);

/* How far clocks may be apart, in seconds, where nothing else is set. */
#define OCSP_SKEW_DEFAULT 300

/*
 * Check one response for the certificate. Returns 0 with the time at which it was produced, and
 * until when it speaks; -ENOENT when it is about another certificate; -EACCES when it does not say,
 * validly at `now`, that the certificate is good, with the reason in *why, a text that lives for
 * ever. The times are there, too, when it is stale, and 0 otherwise.
 */
int ocsp_check(const void *der, size_t size, X509 *subject, X509 *issuer, time_t now, time_t skew,
	       time_t *produced, time_t *next_update, const char **why);

/* What a response that holds says, and as long as which clock it goes on holding. */
struct ocsp_verdict {
	time_t produced, next_update;
	time_t from, until;
	bool denied; /* -EACCES because the response itself says revoked or unknown */
};

/* The same check, told in full. */
int ocsp_judge(const void *der, size_t size, X509 *subject, X509 *issuer, time_t now, time_t skew,
	       struct ocsp_verdict *verdict, const char **why);

#endif
