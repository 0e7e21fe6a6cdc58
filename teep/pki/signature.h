/*
 * Bare signatures with the keys of TEEP's roles, SHA-256 (P-384: SHA-384): of images and boot
 * records, and of transaction ids by the firmware.
 *
 * Used by manufacturing tools, TEE and TAM. Signatures are the caller's (OPENSSL_free()).
 */
#ifndef TEESIM_TEEP_PKI_SIGNATURE_H
#define TEESIM_TEEP_PKI_SIGNATURE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets, of the longest key. */
#define SIGNATURE_SIZE_MAX 1024U

enum signature_form {
	SIGNATURE_DER,	/* ECDSA as ASN.1, as everywhere in X.509 */
	SIGNATURE_JOSE, /* ECDSA as r and s of fixed size (RFC 7518 section 3.4) */
};

/* How X.509, OCSP and CMS objects may be signed: nothing below SHA-256, RSA by PKCS #1 v1.5. */
enum signature_method {
	METHOD_NONE,
	METHOD_RSA_SHA256,
	METHOD_RSA_SHA384,
	METHOD_RSA_SHA512,
	METHOD_ECDSA_SHA256,
	METHOD_ECDSA_SHA384,
	METHOD_ECDSA_SHA512,
};

/* RSA signs by PKCS #1 v1.5 in either form. NULL when OpenSSL fails. */
uint8_t *signature_make(EVP_PKEY *key, enum signature_form form, const void *data, size_t size,
			size_t *signature_size);

bool signature_holds(EVP_PKEY *key, enum signature_form form, const void *data, size_t size,
		     const void *signature, size_t signature_size);

/* By a stated method, ECDSA as ASN.1. False for a method that is not one of the key's. */
bool signature_holds_by(EVP_PKEY *key, enum signature_method method, const void *data, size_t size,
			const void *signature, size_t signature_size);

#endif
