/* Keys that are ready do what others do. */
#include "teep/pki/ready_key.h"

#include <criterion/criterion.h>
#include <openssl/rand.h>
#include <string.h>

#include "teep/otrp/jwe.h"
#include "teep/pki/key.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/signature.h"

static const enum key_kind kinds[] = { KEY_RSA, KEY_P256, KEY_P384 };
static const char text[] = "what is signed";

/* A signature by `signer` holds for `verifier`, in both forms, and none that was changed does,
 * which leaves the next one alone. */
static void signatures_hold(EVP_PKEY *signer, EVP_PKEY *verifier, const char *who)
{
	for (int form = SIGNATURE_DER; form <= SIGNATURE_JOSE; form++) {
		for (int turn = 0; turn < 3; turn++) {
			size_t size;
			uint8_t *made = signature_make(signer, (enum signature_form)form, text,
						       sizeof(text), &size);

			cr_assert(made, "%s", who);
			cr_assert(signature_holds(verifier, (enum signature_form)form, text,
						  sizeof(text), made, size),
				  "%s, form %d", who, form);
			cr_assert_not(signature_holds(verifier, (enum signature_form)form, text,
						      sizeof(text) - 1, made, size));
			made[size - 1] ^= 1;
			cr_assert_not(signature_holds(verifier, (enum signature_form)form, text,
						      sizeof(text), made, size));
			OPENSSL_free(made);
		}
	}
}

Test(pki_ready_key, signs_and_verifies_as_any_other)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		PKEY_AUTO key = key_generate(kinds[i]);
		PKEY_AUTO plain = EVP_PKEY_dup(key);

		ready_key_make(key);
		cr_assert(ready_key_context(key, READY_SIGN));
		signatures_hold(key, plain, "made by a ready key");
		signatures_hold(plain, key, "seen by a ready key");
		signatures_hold(key, key, "both");
	}
}

/* X.509 and CMS may have another digest than the key's own. */
Test(pki_ready_key, other_digests_are_verified_too)
{
	PKEY_AUTO key = key_generate(KEY_RSA);
	MD_CTX_AUTO context = EVP_MD_CTX_new();
	uint8_t signature[SIGNATURE_SIZE_MAX];
	size_t size = sizeof(signature);

	cr_assert_eq(EVP_DigestSignInit(context, NULL, EVP_sha384(), NULL, key), 1);
	cr_assert_eq(EVP_DigestSign(context, signature, &size, (const uint8_t *)text, sizeof(text)),
		     1);
	ready_key_make(key);
	cr_assert(signature_holds_by(key, METHOD_RSA_SHA384, text, sizeof(text), signature, size));
	cr_assert_not(
		signature_holds_by(key, METHOD_RSA_SHA256, text, sizeof(text), signature, size));
	cr_assert_not(
		signature_holds_by(key, METHOD_ECDSA_SHA256, text, sizeof(text), signature, size));
}

Test(pki_ready_key, content_keys_come_back)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		PKEY_AUTO key = key_generate(kinds[i]);
		PKEY_AUTO plain = EVP_PKEY_dup(key);
		struct {
			EVP_PKEY *to, *by;
		} pairs[] = { { key, plain }, { plain, key }, { key, key } };

		ready_key_make(key);
		for (size_t n = 0; n < 2 * sizeof(pairs) / sizeof(pairs[0]); n++) {
			const size_t pair = n % (sizeof(pairs) / sizeof(pairs[0]));
			struct arena arena = { 0 };
			struct otrp_failure failure = { 0 };
			struct span cek = { 0 }, plaintext;
			struct jwe parsed;
			json_t *made = jwe_encrypt(span_of(text, sizeof(text)), pairs[pair].to,
						   ENC_A128CBC_HS256, &arena, &cek);

			cr_assert(made);
			cr_assert_eq(jwe_parse(made, &arena, &parsed, &failure), 0);
			cr_assert_eq(jwe_decrypt(&parsed, pairs[pair].by, &arena, &plaintext, NULL),
				     0);
			cr_assert(span_equal(plaintext, span_of(text, sizeof(text))));
			json_decref(made);
			arena_clear(&arena);
		}
	}
}

/* What is kept goes with its key; a copy has nothing of it. */
Test(pki_ready_key, belongs_to_one_key)
{
	PKEY_AUTO key = key_generate(KEY_RSA);
	EVP_PKEY *copy;

	cr_assert_null(ready_key_context(key, READY_SIGN));
	ready_key_make(key);
	ready_key_make(key);
	ready_key_make(NULL);
	copy = EVP_PKEY_dup(key);
	cr_assert_null(ready_key_context(copy, READY_SIGN));
	ready_key_make(copy);
	cr_assert_neq(ready_key_context(copy, READY_SIGN), ready_key_context(key, READY_SIGN));
	cr_assert_eq(ready_key_context(key, READY_SIGN), ready_key_context(key, READY_SIGN));
	EVP_PKEY_free(copy);
	signatures_hold(key, key, "after its copy is gone");
}

Test(pki_ready_key, keys_on_curves_wrap_nothing)
{
	PKEY_AUTO key = key_generate(KEY_P256);

	ready_key_make(key);
	cr_assert_null(ready_key_context(key, READY_ENCRYPT));
	cr_assert_null(ready_key_context(key, READY_DECRYPT));
}
