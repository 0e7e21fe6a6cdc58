/*
 * JSON Web Encryption in OTrP's form: general JSON serialisation with one recipient (RFC 7516
 * section 7.2.1); the flattened form is read too.
 *
 * Used by TEE and TAM. The object that is parsed is hostile; so are its parts when they are
 * decrypted.
 */
#ifndef TEESIM_TEEP_OTRP_JWE_H
#define TEESIM_TEEP_OTRP_JWE_H

#include <openssl/evp.h>

#include "teep/otrp/algorithm.h"
#include "teep/otrp/json.h"

struct jwe {
	uint32_t algorithm;  /* enum jwe_algorithm; JWE_NONE for one that is not in the list */
	uint32_t encryption; /* enum jwe_encryption; ENC_NONE likewise */
	struct span protected_text, encrypted_key, iv, ciphertext, tag; /* base64url */
	struct span header; /* the recipient's unprotected header as JSON */
};

/* Check the form. Unknown algorithms are left to jwe_decrypt(). Returns 0 or otrp_fail()'s value.
 */
int jwe_parse(const json_t *object, struct arena *arena, struct jwe *out,
	      struct otrp_failure *failure);

/*
 * Decrypt into the arena, with the content key in `cek` (may be NULL). A key that can't be
 * unwrapped, or that has a wrong length, goes on as a random one and fails at the tag, so that both
 * failures are one to whoever sends (RFC 7516 section 11.5). Returns 0, -ENOTSUP for an algorithm
 * that is not in the list or not for this key, -EBADMSG, or -ENOMEM.
 */
int jwe_decrypt(const struct jwe *jwe, EVP_PKEY *key, struct arena *arena, struct span *plaintext,
		struct span *cek);

/*
 * Encrypt for the holder of `recipient`. `cek` may name the content key to use; with NULL data it
 * is filled in with a fresh one from the arena. Returns the caller's reference, or NULL.
 */
json_t *jwe_encrypt(struct span plaintext, EVP_PKEY *recipient, enum jwe_encryption encryption,
		    struct arena *arena, struct span *cek);

#endif
