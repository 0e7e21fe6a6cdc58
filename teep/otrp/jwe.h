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
#include "teep/otrp/key_numbers.h"

struct jwe {
	uint32_t algorithm;  /* enum jwe_algorithm; JWE_NONE for one that is not in the list */
	uint32_t encryption; /* enum jwe_encryption; ENC_NONE likewise */
	struct span protected_text; /* base64url, which the tag covers as it is */
	struct span encrypted_key, iv, ciphertext, tag;
	struct key_numbers epk; /* KEY_OTHER: there is none, or none that can be used */
	struct span apu, apv;
};

/* How `type`.`member` crosses (record.h): entries of a layout. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type and the name of a member */
#define JWE_LAYOUT_COUNT 14
#define JWE_LAYOUT(type, member, most)                                                             \
	{ RECORD_NUMBER, offsetof(type, member.algorithm), JWE_NONE, JWE_ECDH_ES_A256KW },         \
		{ RECORD_NUMBER, offsetof(type, member.encryption), ENC_NONE, ENC_A256CBC_HS512 }, \
		{ RECORD_SPAN, offsetof(type, member.protected_text), 0, most },                   \
		{ RECORD_SPAN, offsetof(type, member.encrypted_key), 0, most },                    \
		{ RECORD_SPAN, offsetof(type, member.iv), 0, most },                               \
		{ RECORD_SPAN, offsetof(type, member.ciphertext), 0, most },                       \
		{ RECORD_SPAN, offsetof(type, member.tag), 0, most },                              \
		{ RECORD_SPAN, offsetof(type, member.apu), 0, most },                              \
		{ RECORD_SPAN, offsetof(type, member.apv), 0, most },                              \
		KEY_NUMBERS_LAYOUT(type, member.epk)
/* NOLINTEND(bugprone-macro-parentheses) */

/* Check the form, and decode all of it. Unknown algorithms are left to jwe_decrypt(). Returns 0 or
 * otrp_fail()'s value.
 */
int jwe_parse(const json_t *object, struct arena *arena, struct jwe *out,
	      struct otrp_failure *failure);

/*
 * Choose the content key of `size` octets out of an RSA1_5 block: what the block holds, or else
 * what is in `key` beforehand, without a branch that tells which (RFC 7516 section 11.5). `rsa` is
 * an RSA key. -ENOMEM alone is an error.
 */
int jwe_rsa_unwrap(EVP_PKEY *rsa, struct span block, uint8_t *key, size_t size);

/*
 * Decrypt into the arena, with the content key in `cek` (may be NULL). A key that can't be
 * unwrapped, or that has a wrong length, goes on as a random one and fails at the tag, so that both
 * failures are one to whoever sends (RFC 7516 section 11.5). Returns 0, -ENOTSUP for an algorithm
 * that is not in the list or not for this key, -EBADMSG, or -ENOMEM.
 */
int jwe_decrypt(const struct jwe *jwe, EVP_PKEY *key, struct arena *arena, struct span *plaintext,
		struct span *cek);

/*
 * The same in two steps. The first looks at the algorithms, the block and what an agreement has,
 * and fails by -ENOTSUP or -ENOMEM; the second takes the key that it gave.
 */
int jwe_unwrap(const struct jwe *jwe, EVP_PKEY *key, struct arena *arena, struct span *cek);
int jwe_decrypt_by(const struct jwe *jwe, struct span cek, struct arena *arena,
		   struct span *plaintext);

/*
 * Encrypt for the holder of `recipient`. `cek` may name the content key to use; with NULL data it
 * is filled in with a fresh one from the arena. Returns the caller's reference, or NULL.
 */
json_t *jwe_encrypt(struct span plaintext, EVP_PKEY *recipient, enum jwe_encryption encryption,
		    struct arena *arena, struct span *cek);

/*
 * The same in two steps, as canonical text: what is in it for the recipient, which can be made
 * before it is known what will be encrypted, and all of it. `cek` as above. Spans are of the arena.
 * 0 or -ENOMEM, which stands for keys that can't be used as well.
 */
int jwe_wrap(EVP_PKEY *recipient, enum jwe_encryption encryption, struct arena *arena,
	     struct span *cek, struct span *entry);
int jwe_text(struct span plaintext, enum jwe_encryption encryption, struct span cek,
	     struct span entry, struct arena *arena, struct span *out);

#endif
