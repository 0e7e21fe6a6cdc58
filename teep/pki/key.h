/*
 * The key pairs that TEEP's roles may have: RSA of at least 2048 bits, and EC on P-256 and P-384.
 *
 * Used by manufacturing tools, TEE and TAM. Keys are OpenSSL's; whoever gets one frees it.
 */
#ifndef TEESIM_TEEP_PKI_KEY_H
#define TEESIM_TEEP_PKI_KEY_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

enum key_kind {
	KEY_OTHER, /* whatever has no place here: smaller, or of another algorithm or curve */
	KEY_RSA,
	KEY_P256,
	KEY_P384,
};

/* What may and what may not be used; parameters that are merely odd make a key KEY_OTHER. */
enum key_kind key_kind(const EVP_PKEY *key);

/* "rsa", "p256", "p384"; "other". */
const char *key_kind_name(enum key_kind kind);

/* KEY_OTHER for a name that is none. */
enum key_kind key_kind_parse(const char *name);

/* A fresh pair (RSA: 2048 bits); NULL when OpenSSL fails. */
EVP_PKEY *key_generate(enum key_kind kind);

/* Read an unencrypted PEM private key that is closed to others. NULL with one line in `err`. */
EVP_PKEY *key_read(const char *path, char *err, size_t errlen);

/* Write one with mode 0600, never over another file. 0 or -errno. */
int key_write(const char *path, const EVP_PKEY *key);

/* The public half as SubjectPublicKeyInfo, to be freed with OPENSSL_free(). 0 or -ENOMEM. */
int key_public_encode(const EVP_PKEY *key, uint8_t **der, size_t *size);

/* A public key as SubjectPublicKeyInfo, or as RSAPublicKey (PKCS #1): the caller's, or NULL for
 * anything else and for a key that can't be used. */
EVP_PKEY *key_public_decode(const uint8_t *der, size_t size);

/* PKCS#8 DER of a private key: the caller's, to be given to key_der_free(). 0 or -ENOMEM. */
int key_der_encode(const EVP_PKEY *key, uint8_t **der, size_t *size);
void key_der_free(uint8_t *der, size_t size);
EVP_PKEY *key_der_decode(const uint8_t *der, size_t size);

#endif
