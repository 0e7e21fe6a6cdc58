/*
 * OpenSSL's keys as libjose takes them, and libjose's configuration without its words on stderr.
 *
 * Used by every program that signs, verifies, encrypts or decrypts OTrP. A private key in this form
 * lies in ordinary memory; it is made for one operation and wiped by jose_key_free().
 */
#ifndef TEESIM_TEEP_OTRP_JOSE_KEY_H
#define TEESIM_TEEP_OTRP_JOSE_KEY_H

#include <jansson.h>
#include <jose/cfg.h>
#include <openssl/evp.h>

/* The key as a JWK, with its private part if it has one; NULL on failure. */
json_t *jose_key_of(EVP_PKEY *key);

/* The public half alone. */
json_t *jose_key_public_of(EVP_PKEY *key);

/* Wipes the private members and drops the reference. */
void jose_key_free(json_t *jwk);

static inline void jose_key_auto_free(json_t **jwk)
{
	jose_key_free(*jwk);
}

#define JOSE_KEY_AUTO __attribute__((cleanup(jose_key_auto_free))) json_t *

#endif
