/* Keys that are ready do what others do. */
#include "teep/pki/ready_key.h"

#include <criterion/criterion.h>
#include <openssl/rand.h>
#include <pthread.h>
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
		cr_assert(ready_key_is(key));
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

/* Takes one context and gives it back. */
static EVP_PKEY_CTX *kept_one(EVP_PKEY *key, enum ready_use use)
{
	EVP_PKEY_CTX *context = ready_key_take(key, use);

	cr_assert(context);
	ready_key_give(key, use, context);
	return context;
}

/* What is kept goes with its key; a copy has nothing of it. */
Test(pki_ready_key, belongs_to_one_key)
{
	PKEY_AUTO key = key_generate(KEY_RSA);
	EVP_PKEY *copy;

	cr_assert_not(ready_key_is(key));
	ready_key_make(key);
	ready_key_make(key);
	ready_key_make(NULL);
	copy = EVP_PKEY_dup(key);
	cr_assert_not(ready_key_is(copy));
	ready_key_make(copy);
	cr_assert_neq(kept_one(copy, READY_SIGN), kept_one(key, READY_SIGN));
	cr_assert_eq(kept_one(key, READY_SIGN), kept_one(key, READY_SIGN));
	EVP_PKEY_free(copy);
	signatures_hold(key, key, "after its copy is gone");
}

/* However many are taken at once, no two are the same, and each may be given back. */
Test(pki_ready_key, each_taker_has_one_of_its_own)
{
	PKEY_AUTO key = key_generate(KEY_P256);
	EVP_PKEY_CTX *taken[9];

	ready_key_make(key);
	for (int turn = 0; turn < 2; turn++) {
		for (int i = 0; i < 9; i++) {
			taken[i] = ready_key_take(key, READY_SIGN);
			cr_assert(taken[i]);
			for (int j = 0; j < i; j++)
				cr_assert_neq(taken[i], taken[j]);
		}
		for (int i = 0; i < 9; i++)
			ready_key_give(key, READY_SIGN, taken[i]);
	}
	ready_key_give(key, READY_SIGN, NULL);
	signatures_hold(key, key, "after nine at once");
}

static void *thread_run(void *key)
{
	for (int i = 0; i < 20; i++)
		signatures_hold(key, key, "beside another");
	return NULL;
}

Test(pki_ready_key, threads_use_one_key)
{
	PKEY_AUTO key = key_generate(KEY_P256);
	pthread_t threads[6];

	ready_key_make(key);
	for (int i = 0; i < 6; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, thread_run, key), 0);
	for (int i = 0; i < 6; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
}

Test(pki_ready_key, a_use_that_does_not_fit_is_refused)
{
	PKEY_AUTO curve = key_generate(KEY_P384);
	PKEY_AUTO rsa = key_generate(KEY_RSA);

	for (int ready = 0; ready < 2; ready++) {
		cr_assert_null(ready_key_take(curve, READY_ENCRYPT));
		cr_assert_null(ready_key_take(curve, READY_DECRYPT));
		cr_assert_null(ready_key_take(rsa, READY_DERIVE));
		ready_key_make(curve);
		ready_key_make(rsa);
	}
}
