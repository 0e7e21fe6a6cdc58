/*
 * Certificates and public keys, parsed once: OpenSSL takes longer to read one than to verify with
 * it, and a session shows the same ones in each message.
 *
 * Runs in the TAM; one pool for all threads. That something is in it says nothing about whether it
 * is to be trusted. Octets are hostile; they are known again by their SHA-256. The least recently
 * put goes when there is no room.
 */
#ifndef TEESIM_TEEP_TAM_PARSED_POOL_H
#define TEESIM_TEEP_TAM_PARSED_POOL_H

#include <openssl/x509.h>

#include "teep/otrp/span.h"

/* Exactly one certificate in DER: a reference that is the caller's. NULL for anything else. */
X509 *pool_certificate(struct span der);

/* A public key of a kind that can be used: SubjectPublicKeyInfo, or PKCS #1's RSAPublicKey. The
 * caller's reference; NULL for anything else. */
EVP_PKEY *pool_key(struct span der);

#endif
