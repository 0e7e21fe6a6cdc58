/* A parser that was taken over by what a stranger sent, and says what the stranger wants: nothing
 * comes of it. Each test shows first that the lie is told. */
#include "tam_kit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/ocsp.h>
#include <stdlib.h>

#include "lying_job.h"
#include "otrp/parser.h"
#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/otrp/ta_cms.h"
#include "teep/pki/ocsp.h"
#include "teep/pki/openssl_auto.h"

#define DAY 86400

static struct kit kit;
static struct parser *liar;
static struct arena arena;

static void set_up(void)
{
	const struct otrp_options options = { 0 };

	cr_assert_eq(parser_open(&liar, LYING_PARSER, &options), 0);
	kit_open(&kit, NULL);
	kit.options.parser = LYING_PARSER;
	kit_restart(&kit);
}

static void tear_down(void)
{
	kit_close(&kit);
	parser_close(liar);
	arena_clear(&arena);
}

TestSuite(otrp_tee_lies, .init = set_up, .fini = tear_down);

static X509 *issue(enum certificate_role role, const char *name, EVP_PKEY *key, const char *tamid,
		   X509 *issuer, EVP_PKEY *issuer_key)
{
	const time_t now = time(NULL);
	const struct certificate_request request = { .role = role,
						     .name = name,
						     .key = key,
						     .tamid = tamid,
						     .not_before = now - DAY,
						     .not_after = now + DAY };
	X509 *certificate = certificate_issue(&request, issuer, issuer_key);

	cr_assert(certificate);
	return certificate;
}

static struct span der_of(X509 *certificate)
{
	size_t size;
	uint8_t *der = certificate_encode(certificate, &size);
	struct span span;

	cr_assert(arena_copy(&arena, der, size, &span));
	OPENSSL_free(der);
	return span;
}

static json_t *response(X509 *subject, X509 *issuer, EVP_PKEY *key, X509 *responder)
{
	const time_t now = time(NULL);
	const struct ocsp_statement statement = {
		.subject = subject,
		.issuer = issuer,
		.status = V_OCSP_CERTSTATUS_GOOD,
		.this_update = now,
		.next_update = now + DAY,
		.responder = responder ? responder : issuer,
		.responder_key = key,
	};
	size_t size;
	uint8_t *der = ocsp_make(&statement, &size);
	json_t *text;

	cr_assert(der);
	text = otrp_base64(der, size);
	OPENSSL_free(der);
	return text;
}

static void query(const struct kit_tam *tam, const char *code)
{
	kit_expect(&kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE, .tam = tam },
		   code, NULL);
}

Test(otrp_tee_lies, the_honest_are_served_all_the_same)
{
	query(&kit.tam, "pass");
	kit_create(&kit, &kit.tam, "sp", "sd");
}

/* An authority of its own, and a TAM with the victim's identifier below it. */
static void stranger_make(struct kit_tam *tam)
{
	EVP_PKEY *ca_key = key_generate(KEY_P256);
	X509 *ca = issue(ROLE_ROOT, LIE_WORD " CA", ca_key, NULL, NULL, NULL);
	X509 *leaf;

	*tam = (struct kit_tam) { .key = key_generate(KEY_P256), .tamid = KIT_TAMID };
	leaf = issue(ROLE_TAM, LIE_WORD, tam->key, KIT_TAMID, ca, ca_key);
	tam->chain = sk_X509_new_null();
	sk_X509_push(tam->chain, leaf);
	sk_X509_push(tam->chain, ca);
	tam->ocspdat = json_pack("[o]", response(leaf, ca, ca_key, NULL));
	EVP_PKEY_free(ca_key);
}

Test(otrp_tee_lies, a_stranger_whom_the_parser_calls_a_good_tam_is_not_trusted)
{
	struct otrp_failure failure = { 0 };
	const int64_t now = time(NULL);
	struct parser_tam told;
	struct parser_job job;
	struct kit_tam tam;

	stranger_make(&tam);
	job = (struct parser_job) { .input = der_of(sk_X509_value(tam.chain, 0)),
				    .now = span_of(&now, sizeof(now)) };
	job.roots.count = 1;
	job.roots.item[0] = der_of(sk_X509_value(kit.tam_ca.chain, 0));
	cr_assert_eq(parser_tam(liar, &job, &arena, &told, &failure), 0, "%s", failure.why);
	cr_assert(span_is(told.tamid, KIT_TAMID));
	query(&tam, "ERR_TAM_NOT_TRUSTED");
	/* Nor with the right root behind it. */
	sk_X509_push(tam.chain, sk_X509_value(kit.tam_ca.chain, 1));
	X509_up_ref(sk_X509_value(kit.tam_ca.chain, 1));
	query(&tam, "ERR_TAM_NOT_TRUSTED");
	/* Nor as what a real TAM, who is no authority, has signed, whom the parser calls one. */
	X509_free(sk_X509_shift(tam.chain));
	sk_X509_unshift(tam.chain, issue(ROLE_TAM, LIE_WORD, tam.key, KIT_TAMID,
					 sk_X509_value(kit.tam.chain, 0), kit.tam.key));
	query(&tam, "ERR_TAM_NOT_TRUSTED");
	kit_tam_clear(&tam);
}

Test(otrp_tee_lies, a_response_by_a_delegate_of_nobody_is_none)
{
	EVP_PKEY *key = key_generate(KEY_P256);
	X509 *delegate = issue(ROLE_OCSP, LIE_WORD, key, NULL, NULL, NULL);
	struct otrp_failure failure = { 0 };
	struct parser_certificate told;

	cr_assert_eq(parser_certificate(liar, der_of(delegate), &arena, &told, &failure), 0);
	cr_assert(told.authority);
	json_array_set_new(kit.tam.ocspdat, 0,
			   response(sk_X509_value(kit.tam.chain, 0),
				    sk_X509_value(kit.tam_ca.chain, 0), key, delegate));
	query(&kit.tam, "ERR_TAM_NOT_TRUSTED");
	X509_free(delegate);
	EVP_PKEY_free(key);
}

Test(otrp_tee_lies, another_payload_under_a_good_signature_is_refused)
{
	char *text = kit_request(&kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE });
	json_t *object = json_loads(text, 0, NULL);
	json_t *jws = json_object_iter_value(json_object_iter(object));
	struct otrp_failure failure = { 0 };
	struct parser_pending pending;
	struct otrp_envelope told;
	struct kit_answer answer;
	char *changed;

	/* Where no signature reaches. */
	json_object_set_new(json_object_get(jws, "header"), "kid", json_string(LIE_WORD));
	changed = json_dumps(object, 0);
	parser_envelope_begin(liar, span_of_text(changed), &arena, &pending);
	cr_assert_eq(parser_envelope_end(&pending, &arena, &told, &failure), 0);
	cr_assert(span_is(told.jws.payload_text, LIE_PAYLOAD));
	kit_send(&kit, &kit.tam, changed, strlen(changed), &answer);
	cr_assert_str_eq(answer.code, "ERR_REQUEST_INVALID");
	kit_answer_clear(&answer);
	free(changed);
	free(text);
	json_decref(object);
}

Test(otrp_tee_lies, a_package_that_the_parser_says_is_signed_is_not_installed)
{
	EVP_PKEY *key = key_generate(KEY_P256);
	X509 *stranger = issue(ROLE_SP, LIE_WORD, key, NULL, NULL, NULL);
	struct span_list allowed = { .count = 1, .item = { der_of(kit.sp_certificate) } };
	struct otrp_failure failure = { 0 };
	struct parser_pending pending;
	struct ta_cms_parts told;
	uint8_t *good, *bad;
	size_t size;
	struct ta_cms cms;
	struct arena own = { 0 };
	const char *why;
	uint8_t header[TA_CMS_HEADER_SIZE];
	json_t *encrypted;

	query(&kit.tam, "pass");
	kit_create(&kit, &kit.tam, "sp", "sd");
	good = kit_package(&kit, 1, &size);
	cr_assert_eq(ta_cms_parse(span_of(good, size), &allowed, &own, &cms, &why), 0, "%s", why);
	cr_assert(ta_cms_header(&cms.uuid, 1, "fixture", cms.image.size, header));
	bad = ta_cms_sign(header, cms.image.data, cms.image.size, stranger, key, &size);
	cr_assert(bad);
	parser_package_begin(liar, span_of(bad, size), &allowed, &own, &pending);
	cr_assert_eq(parser_package_end(&pending, &allowed, &own, &told, &failure), 0, "%s",
		     failure.why);
	cr_assert_eq(told.signer, 0);
	encrypted = kit_encrypted_ta(&kit, "sp", bad, size, NULL, false);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_INSTALL_TA,
					   .content =
						   kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID),
					   .encrypted_ta = encrypted },
		   "ERR_TA_INVALID", NULL);
	OPENSSL_free(good);
	OPENSSL_free(bad);
	X509_free(stranger);
	EVP_PKEY_free(key);
	arena_clear(&own);
}

/* What a parser could put together out of pieces that are genuine, each for itself. */
Test(otrp_tee_lies, pieces_of_packages_do_not_make_another)
{
	struct span_list allowed = { .count = 1, .item = { der_of(kit.sp_certificate) } };
	EVP_PKEY *key = X509_get0_pubkey(kit.sp_certificate);
	struct ta_cms_parts one, two, mixed;
	struct ta_cms cms;
	uint8_t *first, *second;
	size_t sizes[2];
	const char *why;

	first = kit_package(&kit, 1, &sizes[0]);
	second = kit_package(&kit, 2, &sizes[1]);
	cr_assert_eq(ta_cms_take(span_of(first, sizes[0]), &allowed, &arena, &one, &why), 0);
	cr_assert_eq(ta_cms_take(span_of(second, sizes[1]), &allowed, &arena, &two, &why), 0);
	cr_assert_eq(ta_cms_check(&one, key, &cms, &why), 0, "%s", why);
	cr_assert_eq(cms.version, 1);
	cr_assert_eq(ta_cms_check(&two, key, &cms, &why), 0, "%s", why);
	mixed = one;
	mixed.content = two.content;
	cr_assert_neq(ta_cms_check(&mixed, key, &cms, &why), 0);
	mixed = one;
	mixed.attributes = two.attributes;
	cr_assert_neq(ta_cms_check(&mixed, key, &cms, &why), 0);
	mixed = one;
	mixed.digest = 48;
	cr_assert_neq(ta_cms_check(&mixed, key, &cms, &why), 0);
	mixed = one;
	mixed.content.size--;
	cr_assert_neq(ta_cms_check(&mixed, key, &cms, &why), 0);
	cr_assert_neq(ta_cms_check(&one, X509_get0_pubkey(sk_X509_value(kit.tam.chain, 0)), &cms,
				   &why),
		      0);
	OPENSSL_free(first);
	OPENSSL_free(second);
}

Test(otrp_tee_lies, another_list_under_the_administrators_signature_is_refused)
{
	json_t *jws, *whole;
	struct otrp_failure failure = { 0 };
	EVP_PKEY *key = key_generate(KEY_P256);
	struct jws told;
	char err[256], *text;

	jws = jws_sign(span_of_text("{}"), key, NULL);
	json_object_set_new(jws, "header", json_pack("{s:s}", "kid", LIE_WORD));
	whole = json_pack("{s:o}", "TrustList", jws);
	text = json_canonical(whole);
	cr_assert_eq(parser_list_envelope(liar, span_of_text(text), &arena, &told, &failure), 0,
		     "%s", failure.why);
	cr_assert(span_is(told.payload_text, LIE_PAYLOAD));
	cr_assert_eq(tee_trust_update(kit.tee, text, strlen(text), err, sizeof(err)), -EACCES);
	json_decref(whole);
	free(text);
	EVP_PKEY_free(key);
}
