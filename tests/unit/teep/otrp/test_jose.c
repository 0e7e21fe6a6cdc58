/* What our side of JOSE accepts and refuses; test_interop.c asks what others make of it. */
#include "teep/otrp/encoding.h"
#include "teep/otrp/jwe.h"
#include "teep/otrp/jws.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "teep/pki/openssl_auto.h"
#include "test_keys.h"

static const enum key_kind kinds[] = { KEY_RSA, KEY_P256, KEY_P384 };
static EVP_PKEY *keys[3], *other_keys[3];
static struct arena arena;
static struct otrp_failure failure;
static const struct jws_options strict, extended = { .extended = true };

static void set_up(void)
{
	for (int i = 0; i < 3; i++) {
		keys[i] = test_key(kinds[i], 1);
		other_keys[i] = test_key(kinds[i], 2);
	}
}

static void tear_down(void)
{
	for (int i = 0; i < 3; i++) {
		EVP_PKEY_free(keys[i]);
		EVP_PKEY_free(other_keys[i]);
	}
	arena_clear(&arena);
}

TestSuite(otrp_jose, .init = set_up, .fini = tear_down);

static int parse_text(const char *text, const struct jws_options *options, struct jws *out)
{
	json_t *object = json_loads(text, 0, NULL);
	int rc;

	cr_assert(object, "%s", text);
	failure.status = OTRP_PASS;
	rc = jws_parse(object, options, &arena, out, &failure);
	json_decref(object);
	return rc;
}

Test(otrp_jose, a_signature_of_each_key_holds_under_that_key_only)
{
	for (int i = 0; i < 3; i++) {
		json_t *object = jws_sign(span_of_text("{\"a\":1}"), keys[i], NULL);
		struct jws jws;

		cr_assert(object);
		cr_assert_eq(jws_parse(object, &extended, &arena, &jws, &failure), 0);
		cr_assert(span_is(jws.payload, "{\"a\":1}"));
		for (int j = 0; j < 3; j++) {
			cr_assert_eq(jws_verify(&jws, keys[j]), i == j);
			cr_assert_not(jws_verify(&jws, other_keys[j]));
		}
		json_decref(object);
	}
}

Test(otrp_jose, es384_is_an_extension)
{
	json_t *object = jws_sign(span_of_text("{}"), keys[2], NULL);
	struct jws jws;

	cr_assert_neq(jws_parse(object, &strict, &arena, &jws, &failure), 0);
	cr_assert_eq(failure.status, OTRP_UNSUPPORTED_CRYPTO_ALG);
	json_decref(object);
}

Test(otrp_jose, bits_anywhere_in_a_signed_message_counts)
{
	json_t *object = jws_sign(span_of_text("{\"payload\":\"of some length\"}"), keys[1], NULL);
	static const char *const names[] = { "payload", "protected", "signature" };
	struct jws jws;

	for (int i = 0; i < 3; i++) {
		const char *text = json_string_value(json_object_get(object, names[i]));
		const size_t size = strlen(text);

		for (size_t at = 0; at < size * 8; at += 7) {
			char *changed = strdup(text);
			json_t *copy = json_copy(object);

			changed[at / 8] = (char)(changed[at / 8] ^ 1 << at % 8);
			/* Where the bit makes it no text at all, nothing is left to refuse. */
			if (json_object_set_new(copy, names[i], json_string(changed)) == 0 &&
			    jws_parse(copy, &strict, &arena, &jws, &failure) == 0)
				cr_assert_not(jws_verify(&jws, keys[1]), "%s bit %zu", names[i],
					      at);
			json_decref(copy);
			free(changed);
		}
	}
	json_decref(object);
}

/* {"alg":…} and friends, in base64url. */
static char *encoded(const char *text)
{
	return base64url_encode(text, strlen(text));
}

static int parse_with(const char *protected, const char *header, const struct jws_options *options)
{
	char *text, *coded = encoded(protected);
	struct jws jws;
	int rc;

	cr_assert(asprintf(&text,
			   "{\"payload\":\"e30\",\"protected\":\"%s\",%s%s%s"
			   "\"signature\":\"AAAA\"}",
			   coded, header ? "\"header\":" : "", header ? header : "",
			   header ? "," : "") > 0);
	rc = parse_text(text, options, &jws);
	free(text);
	free(coded);
	return rc;
}

Test(otrp_jose, algorithms_that_are_not_listed_are_named_as_such)
{
	static const char *const algorithms[] = { "none",  "HS256", "PS256", "RS512",
						  "EdDSA", "rs256", "" };
	char protected[64];

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		snprintf(protected, sizeof(protected), "{\"alg\":\"%s\"}", algorithms[i]);
		cr_assert_neq(parse_with(protected, NULL, &extended), 0);
		cr_assert_eq(failure.status, OTRP_UNSUPPORTED_CRYPTO_ALG, "%s", algorithms[i]);
	}
}

Test(otrp_jose, headers_have_what_they_may_and_nothing_else)
{
	static const struct {
		const char *protected, *header;
	} bad[] = {
		{ "{}", "{\"alg\":\"RS256\"}" },
		{ "{\"alg\":\"RS256\"}", "{\"alg\":\"RS256\"}" },
		{ "{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", NULL },
		{ "{\"alg\":\"RS256\",\"b64\":false}", NULL },
		{ "{\"alg\":\"RS256\",\"jwk\":{}}", NULL },
		{ "{\"alg\":\"RS256\",\"jku\":\"http://x\"}", NULL },
		{ "{\"alg\":\"RS256\",\"zip\":\"DEF\"}", NULL },
		{ "{\"alg\":\"RS256\"}", "{\"x5u\":\"http://x\"}" },
		{ "{\"alg\":\"RS256\"}", "{\"crit\":[\"x\"]}" },
		{ "{\"alg\":\"RS256\",\"kid\":\"1\"}", "{\"kid\":\"1\"}" },
		{ "{\"alg\":\"RS256\"}", "{\"x5c\":\"AAAA\"}" },
		{ "{\"alg\":\"RS256\"}", "{\"x5c\":[]}" },
		{ "{\"alg\":\"RS256\"}", "{\"x5c\":[1]}" },
		{ "{\"alg\":\"RS256\"}", "{\"x5c\":[\"\"]}" },
		{ "{\"alg\":\"RS256\"}", "{\"x5c\":[\"?\"]}" },
		{ "{\"alg\":\"RS256\",\"alg\":\"ES256\"}", NULL },
		{ "[]", NULL },
		{ "{\"alg\":5}", NULL },
	};

	cr_assert_eq(parse_with("{\"alg\":\"RS256\",\"typ\":\"JOSE\"}",
				"{\"x5c\":[\"AAAA\"],\"kid\":\"1\"}", &strict),
		     0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_neq(parse_with(bad[i].protected, bad[i].header, &strict), 0, "%zu", i);
		cr_assert_eq(failure.status, OTRP_REQUEST_INVALID, "%zu", i);
	}
}

Test(otrp_jose, a_lone_signer_is_for_the_lenient)
{
	const struct jws_options lenient = { .lenient = true };

	cr_assert_neq(parse_with("{\"alg\":\"RS256\"}", "{\"signer\":\"AAAA\"}", &strict), 0);
	cr_assert_eq(parse_with("{\"alg\":\"RS256\"}", "{\"signer\":\"AAAA\"}", &lenient), 0);
}

Test(otrp_jose, more_certificates_than_a_chain_can_have_are_refused)
{
	char header[512] = "{\"x5c\":[\"AAAA\"";

	for (int i = 1; i < SPAN_LIST_MAX; i++)
		strcat(header, ",\"AAAA\"");
	strcat(header, "]}");
	cr_assert_eq(parse_with("{\"alg\":\"RS256\"}", header, &strict), 0);
	header[strlen(header) - 2] = '\0';
	strcat(header, ",\"AAAA\"]}");
	cr_assert_neq(parse_with("{\"alg\":\"RS256\"}", header, &strict), 0);
}

static json_t *encrypt_for(int i, enum jwe_encryption encryption, struct span *cek)
{
	json_t *object = jwe_encrypt(span_of_text("the content"), keys[i], encryption, &arena, cek);

	cr_assert(object);
	return object;
}

Test(otrp_jose, what_is_encrypted_for_each_key_is_read_by_that_key_with_the_same_content_key)
{
	for (int i = 0; i < 3; i++)
		for (int e = ENC_A128CBC_HS256; e <= ENC_A256CBC_HS512; e++) {
			struct span cek = { 0 }, found, plaintext;
			json_t *object = encrypt_for(i, (enum jwe_encryption)e, &cek);
			struct jwe jwe;

			cr_assert_eq(json_array_size(json_object_get(object, "recipients")), 1);
			cr_assert_eq(jwe_parse(object, &arena, &jwe, &failure), 0, "%s",
				     failure.why);
			cr_assert_eq(jwe_decrypt(&jwe, keys[i], &arena, &plaintext, &found), 0);
			cr_assert(span_is(plaintext, "the content"));
			cr_assert(span_equal(cek, found));
			cr_assert_eq(jwe_decrypt(&jwe, other_keys[i], &arena, &plaintext, NULL),
				     -EBADMSG);
			cr_assert_eq(jwe_decrypt(&jwe, keys[i == 0], &arena, &plaintext, NULL),
				     -ENOTSUP);
			json_decref(object);
		}
}

Test(otrp_jose, a_given_content_key_is_used_with_a_fresh_iv)
{
	struct span cek = { 0 };
	json_t *first = encrypt_for(1, ENC_A128CBC_HS256, &cek);
	const struct span kept = cek;
	json_t *second = encrypt_for(1, ENC_A128CBC_HS256, &cek);

	cr_assert(span_equal(kept, cek));
	cr_assert_str_neq(json_string_value(json_object_get(first, "iv")),
			  json_string_value(json_object_get(second, "iv")));
	json_decref(first);
	json_decref(second);
}

Test(otrp_jose, the_flattened_form_is_read_too)
{
	struct span cek = { 0 }, plaintext;
	json_t *object = encrypt_for(0, ENC_A128CBC_HS256, &cek), *recipient;
	struct jwe jwe;

	recipient = json_incref(json_array_get(json_object_get(object, "recipients"), 0));
	json_object_del(object, "recipients");
	json_object_update(object, recipient);
	cr_assert_eq(jwe_parse(object, &arena, &jwe, &failure), 0, "%s", failure.why);
	cr_assert_eq(jwe_decrypt(&jwe, keys[0], &arena, &plaintext, NULL), 0);
	json_decref(recipient);
	json_decref(object);
}

Test(otrp_jose, jwe_members_that_have_no_place_are_refused)
{
	static const char *const bad[] = {
		"{\"protected\":\"e30\",\"iv\":\"\",\"ciphertext\":\"\",\"tag\":\"\"}",
		"{\"protected\":{\"enc\":\"A128CBC-HS256\"},\"encrypted_key\":\"\",\"iv\":\"\","
		"\"ciphertext\":\"\",\"tag\":\"\"}",
		"{\"protected\":\"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0\",\"recipients\":[],\"iv\":\"\","
		"\"ciphertext\":\"\",\"tag\":\"\"}",
		"{\"protected\":\"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0\",\"recipients\":[{\"encrypted_"
		"key\":\"\",\"header\":{\"alg\":\"RSA1_5\"}},{\"encrypted_key\":\"\"}],\"iv\":\"\","
		"\"ciphertext\":\"\",\"tag\":\"\"}",
		"{\"protected\":\"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0\",\"recipients\":[{\"encrypted_"
		"key\":\"\",\"header\":{\"alg\":\"RSA1_5\"}}],\"iv\":\"\",\"ciphertext\":\"\","
		"\"tag\":\"\",\"aad\":\"\"}",
		"{\"protected\":\"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0\",\"recipients\":[{\"encrypted_"
		"key\":\"\",\"header\":{\"alg\":\"RSA1_5\",\"zip\":\"DEF\"}}],\"iv\":\"\","
		"\"ciphertext\":\"\",\"tag\":\"\"}",
		"{\"protected\":\"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0\",\"recipients\":[{\"encrypted_"
		"key\":\"\",\"header\":{\"alg\":\"RSA1_5\",\"enc\":\"A128CBC-HS256\"}}],\"iv\":"
		"\"\","
		"\"ciphertext\":\"\",\"tag\":\"\"}",
		"{\"protected\":\"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0\",\"recipients\":[{\"encrypted_"
		"key\":\"\",\"header\":{}}],\"iv\":\"\",\"ciphertext\":\"\",\"tag\":\"\"}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *object = json_loads(bad[i], 0, NULL);
		struct jwe jwe;

		cr_assert(object, "%zu", i);
		cr_assert_neq(jwe_parse(object, &arena, &jwe, &failure), 0, "%zu", i);
		cr_assert_eq(failure.status, OTRP_REQUEST_INVALID);
		json_decref(object);
	}
}

/* Whatever stands in the block, the failure is the one of a wrong tag (RFC 7516 section 11.5). */
Test(otrp_jose, an_rsa_block_that_can_not_be_unwrapped_fails_like_a_wrong_tag)
{
	struct span cek = { 0 }, plaintext;
	json_t *object = encrypt_for(0, ENC_A128CBC_HS256, &cek);
	struct jwe jwe, wrong;
	uint8_t block[256];

	cr_assert_eq(jwe_parse(object, &arena, &jwe, &failure), 0);
	for (int i = 0; i < 20; i++) {
		arc4random_buf(block, sizeof(block));
		block[0] &= 0x3f;
		wrong = jwe;
		wrong.encrypted_key = span_of(block, sizeof(block));
		cr_assert_eq(jwe_decrypt(&wrong, keys[0], &arena, &plaintext, NULL), -EBADMSG);
	}
	json_decref(object);
}

Test(otrp_jose, a_content_key_of_a_wrong_length_fails_like_a_wrong_tag)
{
	static const size_t sizes[] = { 0, 1, 16, 31, 33, 64, 245 };
	struct span cek = { 0 }, plaintext;
	json_t *object = encrypt_for(0, ENC_A128CBC_HS256, &cek);
	struct jwe jwe;

	cr_assert_eq(jwe_parse(object, &arena, &jwe, &failure), 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		PKEY_CTX_AUTO context = EVP_PKEY_CTX_new(keys[0], NULL);
		uint8_t key[256] = { 0 }, block[256];
		size_t size = sizeof(block);

		memcpy(key, cek.data, cek.size);
		cr_assert(EVP_PKEY_encrypt_init(context) > 0);
		cr_assert(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0);
		cr_assert(EVP_PKEY_encrypt(context, block, &size, key, sizes[i]) > 0);
		jwe.encrypted_key = span_of(block, size);
		cr_assert_eq(jwe_decrypt(&jwe, keys[0], &arena, &plaintext, NULL), -EBADMSG, "%zu",
			     sizes[i]);
	}
	json_decref(object);
}
