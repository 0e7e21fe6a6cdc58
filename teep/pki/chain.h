/*
 * Whether a certificate leads to a trusted root, at a time that the caller states.
 *
 * Used by the TEE for TAMs, and by the TAM for devices. The certificates are hostile, the roots are
 * the caller's own.
 */
#ifndef TEESIM_TEEP_PKI_CHAIN_H
#define TEESIM_TEEP_PKI_CHAIN_H

#include <openssl/x509.h>
#include <time.h>

/*
 * Build and check the path (RFC 5280) from `leaf` through any of `others` to one of `roots`, all
 * valid at `now`. On success *path, if it is asked for, is the caller's: leaf first, root last.
 * Returns 0; -EACCES with the reason in *why, a text that lives for ever; or -ENOMEM.
 */
int chain_verify(X509 *leaf, STACK_OF(X509) * others, STACK_OF(X509) * roots, time_t now,
		 STACK_OF(X509) * *path, const char **why);

#endif
