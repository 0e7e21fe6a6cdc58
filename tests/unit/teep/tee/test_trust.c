/* Whom the TEE believes: chains, revocation, clock, identifiers, and what one TAM sees of another.
 */
#include "tam_kit.h"

#include <criterion/criterion.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/pki/ocsp.h"
#include "teep/pki/openssl_auto.h"

#define DAY 86400

static struct kit kit;

static void set_up(void)
{
	kit_open(&kit, NULL);
}

static void tear_down(void)
{
	kit_close(&kit);
}

TestSuite(otrp_tee_trust, .init = set_up, .fini = tear_down);

static void query(const char *code)
{
	struct kit_answer answer;

	kit_expect(&kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE }, code, &answer);
	/* Who is not trusted learns the code and no more. */
	if (strcmp(code, "pass") != 0) {
		cr_assert_null(answer.content);
		cr_assert_null(json_object_get(answer.tbs, "did"));
		cr_assert_null(json_object_get(answer.tbs, "edsi"));
		cr_assert_eq(json_object_size(answer.tbs), 5);
	}
	kit_answer_clear(&answer);
}

/* A certificate by hand; `chain` gets it in front of what is there. */
static X509 *issue(enum certificate_role role, EVP_PKEY *key, const char *tamid, time_t from,
		   time_t to, X509 *issuer, EVP_PKEY *issuer_key)
{
	const struct certificate_request request = { .role = role,
						     .name = "Hand Made",
						     .key = key,
						     .tamid = tamid,
						     .not_before = from,
						     .not_after = to };
	X509 *certificate = certificate_issue(&request, issuer, issuer_key);

	cr_assert(certificate);
	return certificate;
}

static json_t *response(X509 *subject, X509 *issuer, EVP_PKEY *key, int status, time_t from,
			time_t to, X509 *responder)
{
	const struct ocsp_statement statement = {
		.subject = subject,
		.issuer = issuer,
		.status = status,
		.revoked_at = from,
		.this_update = from,
		.next_update = to,
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

static X509 *ca(void)
{
	return sk_X509_value(kit.tam_ca.chain, 0);
}

/* Replaces the TAM's leaf, with a response for it. */
static void leaf_set(X509 *leaf)
{
	const time_t now = time(NULL);

	X509_free(sk_X509_shift(kit.tam.chain));
	sk_X509_unshift(kit.tam.chain, leaf);
	json_array_set_new(kit.tam.ocspdat, 0,
			   response(leaf, ca(), kit.tam_ca.key, V_OCSP_CERTSTATUS_GOOD, now,
				    now + DAY, NULL));
}

Test(otrp_tee_trust, t02_an_unknown_root_is_not_trusted)
{
	struct kit other;

	kit_open(&other, NULL);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE, .tam = &other.tam },
		   "ERR_TAM_NOT_TRUSTED", NULL);
	kit_close(&other);
}

Test(otrp_tee_trust, t03_a_self_signed_certificate_is_not_trusted)
{
	const time_t now = time(NULL);

	leaf_set(issue(ROLE_TAM, kit.tam.key, KIT_TAMID, now - DAY, now + DAY, NULL, NULL));
	query("ERR_TAM_NOT_TRUSTED");
}

Test(otrp_tee_trust, t03_an_authority_is_no_tam)
{
	const time_t now = time(NULL);

	leaf_set(issue(ROLE_INTERMEDIATE, kit.tam.key, KIT_TAMID, now - DAY, now + DAY, ca(),
		       kit.tam_ca.key));
	query("ERR_TAM_NOT_TRUSTED");
}

Test(otrp_tee_trust, t03_a_missing_intermediate_breaks_the_chain)
{
	X509_free(sk_X509_delete(kit.tam.chain, 1));
	query("ERR_TAM_NOT_TRUSTED");
}

Test(otrp_tee_trust, t03_an_intermediate_must_be_an_authority)
{
	const time_t now = time(NULL);
	EVP_PKEY *key = key_generate(KEY_P256);
	/* A TAM that issues: its leaf's key signs another certificate. */
	X509 *false_ca = issue(ROLE_TAM, key, "1.2.3", now - DAY, now + DAY, ca(), kit.tam_ca.key);
	X509 *leaf = issue(ROLE_TAM, kit.tam.key, KIT_TAMID, now - DAY, now + DAY, false_ca, key);

	X509_free(sk_X509_shift(kit.tam.chain));
	sk_X509_unshift(kit.tam.chain, false_ca);
	sk_X509_unshift(kit.tam.chain, leaf);
	json_array_insert_new(kit.tam.ocspdat, 0,
			      response(leaf, false_ca, key, V_OCSP_CERTSTATUS_GOOD, now, now + DAY,
				       NULL));
	query("ERR_TAM_NOT_TRUSTED");
	EVP_PKEY_free(key);
}

Test(otrp_tee_trust, t04_validity_is_judged_by_the_tees_clock)
{
	const time_t now = time(NULL);

	leaf_set(issue(ROLE_TAM, kit.tam.key, KIT_TAMID, now + 3 * DAY, now + 5 * DAY, ca(),
		       kit.tam_ca.key));
	json_array_set_new(kit.tam.ocspdat, 0,
			   response(sk_X509_value(kit.tam.chain, 0), ca(), kit.tam_ca.key,
				    V_OCSP_CERTSTATUS_GOOD, now - DAY, now + 9 * DAY, NULL));
	json_array_set_new(kit.tam.ocspdat, 1, json_string("AAAA"));
	query("ERR_TAM_NOT_TRUSTED");
	{
		struct authority root;
		char err[256];

		cr_assert_eq(authority_open(&root, kit.authorities, HIERARCHY_TAM, "root", err,
					    sizeof(err)),
			     0);
		json_array_set_new(kit.tam.ocspdat, 1,
				   response(ca(), sk_X509_value(root.chain, 0), root.key,
					    V_OCSP_CERTSTATUS_GOOD, now - DAY, now + 9 * DAY,
					    NULL));
		authority_close(&root);
	}
	query("ERR_TAM_NOT_TRUSTED");
	kit.options.clock_offset = 4 * DAY;
	kit_restart(&kit);
	query("pass");
	kit.options.clock_offset = 6 * DAY;
	kit_restart(&kit);
	query("ERR_TAM_NOT_TRUSTED");
	/* Back within validity, above the floor. */
	kit.options.clock_offset = 4 * DAY;
	kit_restart(&kit);
	query("pass");
}

Test(otrp_tee_trust, t05_an_expired_intermediate_breaks_the_chain)
{
	const time_t now = time(NULL);
	EVP_PKEY *key = key_generate(KEY_P256);
	struct authority root;
	X509 *old_ca, *leaf;
	char err[256];

	cr_assert_eq(
		authority_open(&root, kit.authorities, HIERARCHY_TAM, "root", err, sizeof(err)), 0);
	old_ca = issue(ROLE_INTERMEDIATE, key, NULL, now - 9 * DAY, now - DAY,
		       sk_X509_value(root.chain, 0), root.key);
	leaf = issue(ROLE_TAM, kit.tam.key, KIT_TAMID, now - DAY, now + DAY, old_ca, key);
	X509_free(sk_X509_shift(kit.tam.chain));
	X509_free(sk_X509_shift(kit.tam.chain));
	sk_X509_unshift(kit.tam.chain, old_ca);
	sk_X509_unshift(kit.tam.chain, leaf);
	json_array_clear(kit.tam.ocspdat);
	json_array_append_new(kit.tam.ocspdat, response(leaf, old_ca, key, V_OCSP_CERTSTATUS_GOOD,
							now, now + DAY, NULL));
	json_array_append_new(kit.tam.ocspdat,
			      response(old_ca, sk_X509_value(root.chain, 0), root.key,
				       V_OCSP_CERTSTATUS_GOOD, now, now + DAY, NULL));
	query("ERR_TAM_NOT_TRUSTED");
	authority_close(&root);
	EVP_PKEY_free(key);
}

Test(otrp_tee_trust, t06_ocsp_responses_are_held_to_all_they_must_say)
{
	X509 *leaf = sk_X509_value(kit.tam.chain, 0);
	const time_t now = time(NULL);
	EVP_PKEY *key = key_generate(KEY_P256);
	X509 *stranger = issue(ROLE_OCSP, key, NULL, now - DAY, now + DAY, NULL, NULL);
	X509 *delegate = issue(ROLE_OCSP, key, NULL, now - DAY, now + DAY, ca(), kit.tam_ca.key);
	X509 *plain = issue(ROLE_TFW, key, NULL, now - DAY, now + DAY, ca(), kit.tam_ca.key);
	X509 *expired = issue(ROLE_OCSP, key, NULL, now - 2 * DAY, now - DAY, ca(), kit.tam_ca.key);
	X509 *another = issue(ROLE_TAM, key, "1.2.3", now - DAY, now + DAY, ca(), kit.tam_ca.key);
	const struct {
		const char *what;
		json_t *response;
		const char *code;
	} cases[] = {
		{ "revoked",
		  response(leaf, ca(), kit.tam_ca.key, V_OCSP_CERTSTATUS_REVOKED, now, now + DAY,
			   NULL),
		  "ERR_TAM_NOT_TRUSTED" },
		{ "unknown",
		  response(leaf, ca(), kit.tam_ca.key, V_OCSP_CERTSTATUS_UNKNOWN, now, now + DAY,
			   NULL),
		  "ERR_TAM_NOT_TRUSTED" },
		{ "stale",
		  response(leaf, ca(), kit.tam_ca.key, V_OCSP_CERTSTATUS_GOOD, now - 2 * DAY,
			   now - DAY, NULL),
		  "ERR_TAM_NOT_TRUSTED" },
		{ "without an end",
		  response(leaf, ca(), kit.tam_ca.key, V_OCSP_CERTSTATUS_GOOD, now, 0, NULL),
		  "ERR_TAM_NOT_TRUSTED" },
		{ "from the future",
		  response(leaf, ca(), kit.tam_ca.key, V_OCSP_CERTSTATUS_GOOD, now + DAY,
			   now + 2 * DAY, NULL),
		  "ERR_TAM_NOT_TRUSTED" },
		{ "for another certificate",
		  response(another, ca(), kit.tam_ca.key, V_OCSP_CERTSTATUS_GOOD, now, now + DAY,
			   NULL),
		  "ERR_TAM_NOT_TRUSTED" },
		{ "by a stranger",
		  response(leaf, ca(), key, V_OCSP_CERTSTATUS_GOOD, now, now + DAY, stranger),
		  "ERR_TAM_NOT_TRUSTED" },
		{ "by a delegate that may not",
		  response(leaf, ca(), key, V_OCSP_CERTSTATUS_GOOD, now, now + DAY, plain),
		  "ERR_TAM_NOT_TRUSTED" },
		{ "by a delegate whose time is over",
		  response(leaf, ca(), key, V_OCSP_CERTSTATUS_GOOD, now, now + DAY, expired),
		  "ERR_TAM_NOT_TRUSTED" },
		{ "garbage", json_string("AAAA"), "ERR_TAM_NOT_TRUSTED" },
		{ "by a delegate",
		  response(leaf, ca(), key, V_OCSP_CERTSTATUS_GOOD, now, now + DAY, delegate),
		  "pass" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_array_set_new(kit.tam.ocspdat, 0, cases[i].response);
		query(cases[i].code);
	}
	json_array_clear(kit.tam.ocspdat);
	query("ERR_TAM_NOT_TRUSTED");
	X509_free(stranger);
	X509_free(delegate);
	X509_free(plain);
	X509_free(expired);
	X509_free(another);
	EVP_PKEY_free(key);
}

Test(otrp_tee_trust, t06_a_revoked_intermediate_is_not_trusted)
{
	const time_t now = time(NULL);
	struct authority root;
	char err[256];

	cr_assert_eq(
		authority_open(&root, kit.authorities, HIERARCHY_TAM, "root", err, sizeof(err)), 0);
	json_array_set_new(kit.tam.ocspdat, 1,
			   response(ca(), sk_X509_value(root.chain, 0), root.key,
				    V_OCSP_CERTSTATUS_REVOKED, now, now + DAY, NULL));
	query("ERR_TAM_NOT_TRUSTED");
	authority_close(&root);
}

static void create(const char *code)
{
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_CREATE_SD,
					   .content =
						   kit_create_content(&kit, &kit.tam, "sp", "sd") },
		   code, NULL);
}

Test(otrp_tee_trust, t07_a_response_that_ends_during_the_session_ends_it)
{
	const time_t now = time(NULL);

	kit.options.skew = 1;
	kit_restart(&kit);
	json_array_set_new(kit.tam.ocspdat, 0,
			   response(sk_X509_value(kit.tam.chain, 0), ca(), kit.tam_ca.key,
				    V_OCSP_CERTSTATUS_GOOD, now, now + 60, NULL));
	query("pass");
	kit.options.clock_offset = 120;
	kit_restart(&kit);
	create("ERR_TAM_NOT_TRUSTED");
	kit.options.clock_offset = 0;
	kit_restart(&kit);
	create("pass");
}

Test(otrp_tee_trust, t08_a_clock_below_what_was_once_believed_trusts_nobody)
{
	query("pass");
	kit.options.clock_offset = -DAY;
	kit_restart(&kit);
	query("ERR_TAM_NOT_TRUSTED");
	kit.options.clock_offset = 0;
	kit_restart(&kit);
	query("pass");
}

Test(otrp_tee_trust, t09_a_renewed_tam_owns_what_it_owned)
{
	struct kit_tam renewed;

	query("pass");
	create("pass");
	kit_tam_make(&kit, &renewed, KIT_TAMID, KEY_P256, kit.tam.key);
	kit_state(&kit, &renewed);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_DELETE_SD,
					   .tam = &renewed,
					   .content = kit_sd_content(&renewed, "sp", "sd") },
		   "pass", NULL);
	kit_tam_clear(&renewed);
}

Test(otrp_tee_trust, t10_another_tams_identifier_in_the_content_is_not_authorized)
{
	struct kit_tam other;
	json_t *content;

	query("pass");
	create("pass");
	kit_tam_make(&kit, &other, "1.3.6.1.4.1.55555.7.2", KEY_P256, NULL);
	kit_state(&kit, &other);
	content = kit_sd_content(&kit.tam, "sp", "sd");
	kit_expect(&kit,
		   &(struct kit_request) {
			   .message = OTRP_DELETE_SD, .tam = &other, .content = content },
		   "ERR_TAM_NOT_AUTHORIZED", NULL);
	kit_tam_clear(&other);
}

/* The answer but for what differs in any two answers. */
static char *answer_shape(struct kit_tam *tam, enum otrp_message message, json_t *content,
			  json_t *encrypted)
{
	struct kit_answer answer;
	char *text;

	kit_expect(&kit,
		   &(struct kit_request) { .message = message,
					   .tam = tam,
					   .content = content,
					   .encrypted_ta = encrypted },
		   "ERR_SD_NOT_FOUND", &answer);
	json_object_del(json_object_get(answer.content, "dsi"), "tfwdata");
	text = json_dumps(answer.content, JSON_SORT_KEYS);
	kit_answer_clear(&answer);
	return text;
}

static void look_alike(struct kit_tam *tam, enum otrp_message message, bool with_ta)
{
	char *theirs, *nobodys;
	json_t *contents[2];
	size_t size;
	uint8_t *package = kit_package(&kit, 1, &size);

	for (int i = 0; i < 2; i++) {
		contents[i] = with_ta ? kit_ta_content(tam, "sp", i ? "none" : "sd", KIT_TAID)
				      : kit_sd_content(tam, "sp", i ? "none" : "sd");
		if (message == OTRP_UPDATE_SD)
			json_object_set_new(contents[i], "changes",
					    json_pack("{s:s}", "newsdname", "x"));
	}
	theirs = answer_shape(tam, message, contents[0],
			      message == OTRP_INSTALL_TA || message == OTRP_UPDATE_TA
				      ? kit_encrypted_ta(&kit, "sp", package, size, NULL,
							 message == OTRP_UPDATE_TA)
				      : NULL);
	nobodys = answer_shape(tam, message, contents[1],
			       message == OTRP_INSTALL_TA || message == OTRP_UPDATE_TA
				       ? kit_encrypted_ta(&kit, "sp", package, size, NULL,
							  message == OTRP_UPDATE_TA)
				       : NULL);
	cr_assert_str_eq(theirs, nobodys);
	free(theirs);
	free(nobodys);
	OPENSSL_free(package);
}

Test(otrp_tee_trust, t11_t12_another_tams_domain_is_as_if_it_were_not)
{
	struct kit_tam other;
	char *state;

	query("pass");
	create("pass");
	kit_tam_make(&kit, &other, "https://tam.example/two", KEY_P256, NULL);
	kit_state(&kit, &other);
	state = kit_dsi(&kit, &other);
	cr_assert(strstr(state, "\"cnt\":\"0\",\"sd\":[]"));
	cr_assert(strstr(state, "\"teeaiklist\":[]"));
	free(state);
	look_alike(&other, OTRP_UPDATE_SD, false);
	look_alike(&other, OTRP_DELETE_SD, false);
	look_alike(&other, OTRP_INSTALL_TA, true);
	look_alike(&other, OTRP_UPDATE_TA, true);
	look_alike(&other, OTRP_DELETE_TA, true);
	/* The same names are free for it. */
	kit_create(&kit, &other, "sp", "sd");
	kit_tam_clear(&other);
}

Test(otrp_tee_trust, another_tams_changes_do_not_disturb)
{
	struct kit_tam other;

	kit_tam_make(&kit, &other, "1.3.6.1.4.1.55555.7.2", KEY_P256, NULL);
	query("pass");
	kit_state(&kit, &other);
	kit_create(&kit, &other, "sp", "sd");
	create("pass");
	kit_create(&kit, &other, "sp", "sd2");
	kit_tam_clear(&other);
}

static void names_set(X509 *leaf, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, value);

	cr_assert(extension);
	cr_assert(X509_add_ext(leaf, extension, -1));
	cr_assert_gt(X509_sign(leaf, kit.tam_ca.key, EVP_sha256()), 0);
	X509_EXTENSION_free(extension);
}

Test(otrp_tee_trust, t13_a_tam_has_exactly_one_identifier)
{
	static const struct {
		const char *names, *code;
	} cases[] = {
		{ "RID:1.2.3,RID:1.2.4", "ERR_TAM_NOT_TRUSTED" },
		{ "DNS:tam.example", "ERR_TAM_NOT_TRUSTED" },
		{ "URI:https://a,URI:https://b", "ERR_TAM_NOT_TRUSTED" },
		{ "RID:1.2.3,URI:https://a,URI:https://b", "pass" },
		{ "URI:https://a,DNS:tam.example", "pass" },
	};
	const time_t now = time(NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		X509 *leaf = issue(ROLE_TAM, kit.tam.key, NULL, now - DAY, now + DAY, ca(),
				   kit.tam_ca.key);

		names_set(leaf, cases[i].names);
		leaf_set(leaf);
		query(cases[i].code);
	}
	leaf_set(issue(ROLE_TAM, kit.tam.key, NULL, now - DAY, now + DAY, ca(), kit.tam_ca.key));
	query("ERR_TAM_NOT_TRUSTED");
}
