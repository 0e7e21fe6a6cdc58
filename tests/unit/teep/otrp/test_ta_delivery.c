/* What the TAM tells a service provider of its key, and what that encrypts for it. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "teep/otrp/encoding.h"
#include "teep/otrp/encrypted_ta.h"
#include "teep/otrp/jwe.h"
#include "teep/otrp/ta_delivery.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "test_keys.h"

#define TAMID "1.2.3.4"
#define TAID  "3f6d2b9e-7c41-4f0e-8a52-0c1d2e3f4a5b"
#define DID   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct arena arena;
static struct otrp_failure failure;
static EVP_PKEY *device_key;

static X509 *tam_certificate(EVP_PKEY *key, const char *tamid)
{
	const struct certificate_request request = { .role = ROLE_TAM,
						     .name = "TAM",
						     .key = key,
						     .tamid = tamid,
						     .not_before = time(NULL) - 60,
						     .not_after = time(NULL) + 600 };

	return certificate_issue(&request, NULL, NULL);
}

/* A statement about a key of that kind, as text and parsed. */
static char *statement_make(enum key_kind kind, EVP_PKEY *tam, STACK_OF(X509) * chain,
			    struct aik_statement *out)
{
	struct aik_statement what = { .tamid = span_of_text(TAMID),
				      .did = span_of_text(DID),
				      .tee = span_of_text("simtee-0"),
				      .spid = span_of_text("com.bank"),
				      .ecc = kind != KEY_RSA,
				      .time = 1800000000 };
	uint8_t *der;
	char *text;
	size_t size;

	EVP_PKEY_free(device_key);
	device_key = test_key(kind, 2);
	cr_assert_eq(key_public_encode(device_key, &der, &size), 0);
	what.aik = span_of(der, size);
	text = aik_statement_make(&what, tam, chain);
	OPENSSL_free(der);
	cr_assert_not_null(text);
	cr_assert_eq(aik_statement_parse(span_of_text(text), &arena, out, &failure), 0, "%s",
		     failure.why);
	return text;
}

struct tam {
	EVP_PKEY *key;
	STACK_OF(X509) * chain;
};

static struct tam tam_make(enum key_kind kind, const char *tamid)
{
	struct tam tam = { test_key(kind, 1), sk_X509_new_null() };

	sk_X509_push(tam.chain, tam_certificate(tam.key, tamid));
	return tam;
}

static void tam_free(struct tam *tam)
{
	EVP_PKEY_free(tam->key);
	x509_stack_free(tam->chain);
}

static void clear(void)
{
	arena_clear(&arena);
	EVP_PKEY_free(device_key);
	device_key = NULL;
}

TestSuite(ta_delivery, .fini = clear);

Test(ta_delivery, statement_is_believed_by_the_root_alone)
{
	static const enum key_kind kinds[] = { KEY_RSA, KEY_P256, KEY_P384 };

	for (size_t i = 0; i < 3; i++) {
		struct tam tam = tam_make(kinds[i], TAMID), other = tam_make(kinds[i], TAMID);
		struct aik_statement key;
		char *text = statement_make(KEY_P256, tam.key, tam.chain, &key);

		cr_expect(span_is(key.spid, "com.bank") && span_is(key.did, DID) && key.ecc &&
			  key.time == 1800000000 && span_is(key.tee, "simtee-0"));
		cr_expect_eq(aik_statement_verify(&key, tam.chain, time(NULL), &failure), 0, "%s",
			     failure.why);
		cr_expect(aik_statement_verify(&key, other.chain, time(NULL), &failure));
		cr_expect(aik_statement_verify(&key, tam.chain, time(NULL) + 1000, &failure),
			  "an expired certificate");
		key.jws.signature = span_of("x", 1);
		cr_expect(aik_statement_verify(&key, tam.chain, time(NULL), &failure));
		free(text);
		tam_free(&tam);
		tam_free(&other);
	}
}

Test(ta_delivery, statement_of_another_tam_or_of_nobody_is_refused)
{
	struct tam other = tam_make(KEY_P256, "1.2.3.5"), tam = tam_make(KEY_P256, TAMID);
	struct aik_statement key;

	free(statement_make(KEY_P256, other.key, other.chain, &key));
	cr_expect(aik_statement_verify(&key, other.chain, time(NULL), &failure));
	cr_expect_eq(failure.status, OTRP_TAM_NOT_AUTHORIZED);
	free(statement_make(KEY_P256, tam.key, NULL, &key));
	cr_expect(aik_statement_verify(&key, tam.chain, time(NULL), &failure));
	/* Another's signature under the TAM's certificate. */
	free(statement_make(KEY_P256, other.key, tam.chain, &key));
	cr_expect(aik_statement_verify(&key, tam.chain, time(NULL), &failure));
	tam_free(&other);
	tam_free(&tam);
}

/* The delivery of a statement about a key of that kind. */
static json_t *delivery_make(enum key_kind kind)
{
	struct tam tam = tam_make(KEY_P256, TAMID);
	struct aik_statement key;
	json_t *object;
	char *text;

	free(statement_make(kind, tam.key, tam.chain, &key));
	tam_free(&tam);
	text = ta_delivery_make(&key, TAID, 7, span_of_text("PIN"), span_of_text("the package"),
				span_of_text("the data"));
	cr_assert_not_null(text);
	cr_assert_null(strstr(text, "the "));
	object = json_loads(text, 0, NULL);
	free(text);
	return object;
}

/* The text is parsed in place of the object, whose reference is taken. */
static int parse(json_t *object, struct ta_delivery *out)
{
	char *text = json_canonical(object);
	const int rc = ta_delivery_parse(span_of_text(text), &arena, out, &failure);

	free(text);
	json_decref(object);
	return rc;
}

static struct span opened(const json_t *object, const char *name, struct span key)
{
	CIPHER_CTX_AUTO context = EVP_CIPHER_CTX_new();
	struct span cipher;
	uint8_t iv[16], *out;
	int size, last;

	cr_assert_eq(hex_decode(json_span(json_object_get(object, "iv")), iv, sizeof(iv)), 0);
	cr_assert_eq(base64_decode(json_span(json_object_get(object, name)), BASE64_ANY, &arena,
				   &cipher),
		     0);
	out = arena_take(&arena, cipher.size);
	cr_assert(EVP_DecryptInit_ex(context, EVP_aes_256_cbc(), NULL, key.data, iv) == 1 &&
		  EVP_DecryptUpdate(context, out, &size, cipher.data, (int)cipher.size) == 1 &&
		  EVP_DecryptFinal_ex(context, out + size, &last) == 1);
	return span_of(out, (size_t)size + (size_t)last);
}

Test(ta_delivery, holder_of_the_key_opens_it_under_either_command)
{
	static const enum key_kind kinds[] = { KEY_RSA, KEY_P256 };

	for (size_t i = 0; i < 4; i++) {
		const bool update = i >= 2;
		struct ta_delivery delivery;
		struct span key;
		struct jwe jwe;
		json_t *object;

		cr_assert_eq(parse(delivery_make(kinds[i % 2]), &delivery), 0, "%s", failure.why);
		cr_expect(delivery.version == 7 && span_is(delivery.taid, TAID) &&
			  span_is(delivery.name, "PIN") && span_is(delivery.tamid, TAMID));
		cr_expect(delivery.package_size == 16 && delivery.personalisation_size == 16);
		object = encrypted_ta_take(delivery.encrypted, update);
		cr_assert_eq(json_object_size(object), 5);
		cr_assert_eq(jwe_parse(json_object_get(object, "key"), &arena, &jwe, &failure), 0);
		cr_assert_eq(jwe_decrypt(&jwe, device_key, &arena, &key, NULL), 0);
		cr_assert_eq(key.size, 32);
		cr_expect(span_is(opened(object, update ? "ciphernewtadata" : "ciphertadata", key),
				  "the package"));
		cr_expect(span_is(opened(object, update ? "ciphernewpdata" : "cipherpdata", key),
				  "the data"));
		json_decref(object);
	}
}

Test(ta_delivery, each_time_another_key_encrypts)
{
	struct ta_delivery a, b;

	cr_assert_eq(parse(delivery_make(KEY_P256), &a), 0);
	cr_assert_eq(parse(delivery_make(KEY_P256), &b), 0);
	cr_expect_not(span_equal(a.encrypted, b.encrypted));
}

/* One member other than it should be; NULL removes it. */
static void refused(const char *name, json_t *value, bool within)
{
	json_t *object = delivery_make(KEY_P256);
	json_t *inner = json_object_get(object, "SPTADELIVERY");
	struct ta_delivery delivery;

	if (within)
		inner = json_object_get(inner, "encrypted_ta");
	if (value)
		(void)json_object_set_new(inner, name, value);
	else
		cr_assert_eq(json_object_del(inner, name), 0);
	cr_expect(parse(object, &delivery), "%s", name);
}

Test(ta_delivery, what_has_another_form_is_refused)
{
	static const char *const needed[] = { "ver",	   "tamid", "did",     "spid",
					      "spaikhash", "taid",  "version", "encrypted_ta" };
	static const char *const texts[] = { "ver", "did", "spaikhash", "taid", "version" };
	struct ta_delivery delivery;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		refused(needed[i], NULL, false);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refused(texts[i], json_string("other"), false);
	refused("more", json_string("x"), false);
	refused("name", json_string("a\nb"), false);
	refused("version", json_integer(0), false);
	refused("version", json_integer(INT64_C(1) << 32), false);
	refused("taid", json_string("3F6D2B9E-7C41-4F0E-8A52-0C1D2E3F4A5B"), false);
	refused("did",
		json_string("00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"),
		false);
	refused("key", NULL, true);
	refused("iv", json_string("00"), true);
	refused("alg", json_string("AESGCM"), true);
	refused("ciphertadata", NULL, true);
	refused("ciphertadata", json_string("AAAA"), true);
	refused("cipherpdata", json_string("AAAA"), true);
	refused("ciphernewtadata", json_string("AAAA"), true);
	cr_expect(ta_delivery_parse(span_of_text("{}"), &arena, &delivery, &failure));
	cr_expect(ta_delivery_parse(span_of_text("{\"SPTADELIVERY\":1}"), &arena, &delivery,
				    &failure));
}

Test(ta_delivery, what_no_message_has_room_for_is_refused)
{
	char *text = malloc(TA_DELIVERY_SIZE_MAX + 1U);
	struct ta_delivery delivery;

	memset(text, ' ', TA_DELIVERY_SIZE_MAX + 1U);
	cr_expect(ta_delivery_parse(span_of(text, TA_DELIVERY_SIZE_MAX + 1U), &arena, &delivery,
				    &failure));
	cr_expect_not_null(strstr(failure.why, "11 MiB"));
	free(text);
}

Test(ta_delivery, statement_with_another_form_is_refused)
{
	static const char *const bad[] = { "{}", "[]", "{\"TAMDEVICEAIK\":{}}", "{\"TAMSPAIK\":{}}",
					   "x" };
	struct aik_statement key;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(aik_statement_parse(span_of_text(bad[i]), &arena, &key, &failure), "%s",
			  bad[i]);
}
