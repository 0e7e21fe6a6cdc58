/* What is asked of the TEE on the device itself: TA information, and the administrator's lists. */
#include "tam_kit.h"

#include <criterion/criterion.h>

#include "otrp/exchange.h"
#include <errno.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/pki/openssl_auto.h"

static struct kit kit;
static char err[512];

static void set_up(void)
{
	kit_open(&kit, NULL);
	kit_state(&kit, &kit.tam);
}

static void tear_down(void)
{
	kit_close(&kit);
}

TestSuite(otrp_tee_local, .init = set_up, .fini = tear_down);

static void install(const char *code)
{
	size_t size;
	uint8_t *package = kit_package(&kit, 1, &size);
	json_t *encrypted = kit_encrypted_ta(&kit, "sp", package, size, NULL, false);

	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_INSTALL_TA,
					   .content =
						   kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID),
					   .encrypted_ta = encrypted },
		   code, NULL);
	OPENSSL_free(package);
}

static EVP_PKEY *created_aik(void)
{
	struct arena arena = { 0 };
	struct kit_answer answer;
	struct span der;
	const uint8_t *at;
	EVP_PKEY *key;

	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_CREATE_SD,
					   .content =
						   kit_create_content(&kit, &kit.tam, "sp", "sd") },
		   "pass", &answer);
	cr_assert_eq(base64_decode(json_span(json_object_get(answer.content, "teespaik")),
				   BASE64_ANY, &arena, &der),
		     0);
	at = der.data;
	key = d2i_PUBKEY(NULL, &at, (long)der.size);
	cr_assert(key);
	kit_answer_clear(&answer);
	arena_clear(&arena);
	return key;
}

static int ask(const char *query, char **answer)
{
	return tee_ta_information(kit.tee, query, strlen(query), answer, err, sizeof(err));
}

#define QUERY "{\"TAQuery\":{\"spid\":\"sp\",\"taid\":\"" KIT_TAID "\"}}"

Test(otrp_tee_local, t33_ta_information_holds_under_the_key_that_the_client_knows)
{
	EVP_PKEY *aik = created_aik(), *forged = key_generate(KEY_P256);
	const struct jws_options options = { 0 };
	struct otrp_failure failure;
	struct arena arena = { 0 };
	json_t *object, *jws_object, *payload, *information;
	struct jws jws;
	char *answer;

	cr_assert_eq(ask(QUERY, &answer), -ENOENT);
	install("pass");
	cr_assert_eq(ask(QUERY, &answer), 0, "%s", err);
	object = json_loads(answer, 0, NULL);
	jws_object = json_object_get(object, "TAInformation");
	cr_assert(json_object_get(json_object_get(jws_object, "header"), "signer"));
	/* A hint alone: the client verifies by what it stored. */
	json_object_del(jws_object, "header");
	cr_assert_eq(jws_parse(jws_object, &options, &arena, &jws, &failure), 0);
	cr_assert(jws_verify(&jws, aik));
	cr_assert_not(jws_verify(&jws, forged));
	payload = json_loadb((const char *)jws.payload.data, jws.payload.size, 0, NULL);
	information = json_object_get(payload, "TAInformationTBS");
	cr_assert_str_eq(json_string_value(json_object_get(information, "taid")), KIT_TAID);
	cr_assert_str_eq(json_string_value(json_object_get(information, "tamid")), KIT_TAMID);
	cr_assert_eq(json_array_size(json_object_get(information, "tamcacerts")), 2);
	cr_assert_eq(json_object_size(information), 7);
	/* Nothing in it is of the device. */
	cr_assert_null(strstr(answer, kit.did));
	json_decref(payload);
	json_decref(object);
	arena_clear(&arena);
	free(answer);
	EVP_PKEY_free(aik);
	EVP_PKEY_free(forged);
}

Test(otrp_tee_local, t31_information_ends_with_the_domain)
{
	json_t *content = kit_sd_content(&kit.tam, "sp", "sd");
	char *answer;

	kit_create(&kit, &kit.tam, "sp", "sd");
	install("pass");
	json_object_set_new(content, "deleteta", json_true());
	kit_expect(&kit, &(struct kit_request) { .message = OTRP_DELETE_SD, .content = content },
		   "pass", NULL);
	cr_assert_eq(ask(QUERY, &answer), -ENOENT);
}

Test(otrp_tee_local, what_is_no_query_is_refused)
{
	char *answer;

	cr_assert_eq(ask("{}", &answer), -EBADMSG);
	cr_assert_eq(ask("{\"TAQuery\":{\"spid\":\"sp\"}}", &answer), -EBADMSG);
	cr_assert_eq(ask("{\"TAQuery\":{\"spid\":\"\",\"taid\":\"x\"}}", &answer), -EBADMSG);
	cr_assert_eq(ask("{\"TAQuery\":{\"spid\":\"sp2\",\"taid\":\"" KIT_TAID "\"}}", &answer),
		     -ENOENT);
}

/* The administrator of the kit's devices is the firmware's authority. */
static char *list_make(const char *version, X509 *root, json_t *tas, EVP_PKEY *key)
{
	struct authority admin;
	json_t *list, *payload, *jws, *whole;
	char *text, *out;
	size_t size;
	uint8_t *der = certificate_encode(root, &size);

	cr_assert_eq(authority_open(&admin, kit.authorities, HIERARCHY_FIRMWARE, "ca", err,
				    sizeof(err)),
		     0);
	list = json_pack("{s:s, s:[o]}", "version", version, "tamroots", otrp_base64(der, size));
	if (tas)
		json_object_set_new(list, "tas", tas);
	payload = json_pack("{s:o}", "TrustListTBS", list);
	text = json_canonical(payload);
	jws = jws_sign(span_of_text(text), key ? key : admin.key, NULL);
	whole = json_pack("{s:o}", "TrustList", jws);
	out = json_canonical(whole);
	json_decref(whole);
	json_decref(payload);
	free(text);
	OPENSSL_free(der);
	authority_close(&admin);
	return out;
}

static int apply(const char *version, X509 *root, json_t *tas, EVP_PKEY *key)
{
	char *text = list_make(version, root, tas, key);
	const int rc = tee_trust_update(kit.tee, text, strlen(text), err, sizeof(err));

	free(text);
	return rc;
}

static X509 *own_root(void)
{
	return sk_X509_value(kit.tam_ca.chain, sk_X509_num(kit.tam_ca.chain) - 1);
}

static void query(const char *code)
{
	kit_expect(&kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE }, code, NULL);
}

Test(otrp_tee_local, the_administrators_list_takes_the_place_of_the_roots)
{
	struct kit other;
	X509 *others_root;

	kit_open(&other, NULL);
	others_root = sk_X509_value(other.tam_ca.chain, sk_X509_num(other.tam_ca.chain) - 1);
	query("pass");
	cr_assert_eq(apply("1", others_root, NULL, NULL), 0, "%s", err);
	query("ERR_TAM_NOT_TRUSTED");
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE, .tam = &other.tam },
		   "pass", NULL);
	kit_restart(&kit);
	query("ERR_TAM_NOT_TRUSTED");
	/* Not back to an older list, nor to another of the same version. */
	cr_assert_eq(apply("1", own_root(), NULL, NULL), -EALREADY);
	cr_assert_eq(apply("7", own_root(), NULL, NULL), 0, "%s", err);
	query("pass");
	cr_assert_eq(apply("6", others_root, NULL, NULL), -ESTALE);
	query("pass");
	kit_close(&other);
}

static void create(const char *sdname, const char *code)
{
	kit_expect(&kit,
		   &(struct kit_request) {
			   .message = OTRP_CREATE_SD,
			   .content = kit_create_content(&kit, &kit.tam, "sp", sdname) },
		   code, NULL);
}

/* The TEE keeps what it judged when the session began. */
Test(otrp_tee_local, a_session_ends_with_the_trust_that_it_began_with)
{
	struct kit other;

	kit_open(&other, NULL);
	query("pass");
	create("a", "pass");
	cr_assert_eq(apply("1",
			   sk_X509_value(other.tam_ca.chain, sk_X509_num(other.tam_ca.chain) - 1),
			   NULL, NULL),
		     0, "%s", err);
	create("b", "ERR_TAM_NOT_TRUSTED");
	cr_assert_eq(apply("2", own_root(), NULL, NULL), 0, "%s", err);
	create("c", "pass");
	kit.tee->options.clock_offset = 3 * 86400;
	create("d", "ERR_TAM_NOT_TRUSTED");
	kit.tee->options.clock_offset = -86400;
	create("e", "ERR_TAM_NOT_TRUSTED");
	kit.tee->options.clock_offset = 0;
	create("f", "pass");
	kit_close(&other);
}

Test(otrp_tee_local, a_list_is_the_administrators_or_nobodys)
{
	EVP_PKEY *key = key_generate(KEY_P256);

	cr_assert_eq(apply("1", own_root(), NULL, key), -EACCES);
	cr_assert_eq(tee_trust_update(kit.tee, "{}", 2, err, sizeof(err)), -EBADMSG);
	cr_assert_eq(apply("0", own_root(), NULL, NULL), -EBADMSG);
	cr_assert_eq(apply("x", own_root(), NULL, NULL), -EBADMSG);
	/* A leaf is no root. */
	cr_assert_eq(apply("1", sk_X509_value(kit.tam.chain, 0), NULL, NULL), -EBADMSG);
	EVP_PKEY_free(key);
}

Test(otrp_tee_local, a_ta_that_the_administrator_does_not_allow_is_not_installed)
{
	kit_create(&kit, &kit.tam, "sp", "sd");
	cr_assert_eq(apply("1", own_root(), json_array(), NULL), 0, "%s", err);
	install("ERR_TA_INVALID");
	cr_assert_eq(apply("2", own_root(), json_pack("[s]", KIT_TAID), NULL), 0, "%s", err);
	install("pass");
}

static int want(const char *text)
{
	return tee_request_ta(kit.tee, text, strlen(text), err, sizeof(err));
}

/* The list as this TAM is told it; "[]" for none. */
static char *wanted(struct kit_tam *tam)
{
	char *text = kit_dsi(&kit, tam), *list;
	json_t *state = json_loads(text, 0, NULL);
	json_t *tee = json_object_get(json_object_get(state, "dsi"), "tee");
	json_t *array = json_object_get(tee, "requestedtalist");

	list = array ? json_dumps(array, JSON_COMPACT | JSON_SORT_KEYS) : strdup("[]");
	json_decref(state);
	free(text);
	return list;
}

static void wanted_is(const char *expected)
{
	char *list = wanted(&kit.tam);

	cr_assert_str_eq(list, expected);
	free(list);
}

Test(otrp_tee_local, what_an_application_wants_is_told_until_it_is_there)
{
	wanted_is("[]");
	cr_assert_eq(want(KIT_TAID " Bank PIN"), 0, "%s", err);
	cr_assert_eq(want("8aaaf200-2450-11e4-abe2-0002a5d5c5ff"), 0, "%s", err);
	kit_restart(&kit);
	wanted_is("[{\"taid\":\"" KIT_TAID "\",\"taname\":\"Bank PIN\"},"
		  "{\"taid\":\"8aaaf200-2450-11e4-abe2-0002a5d5c5ff\"}]");
	kit_create(&kit, &kit.tam, "sp", "sd");
	install("pass");
	wanted_is("[{\"taid\":\"8aaaf200-2450-11e4-abe2-0002a5d5c5ff\"}]");
	cr_assert_eq(want(KIT_TAID), -EEXIST);
}

/* The hash is over what was told, so that a request that comes in between changes nothing. */
Test(otrp_tee_local, an_application_that_wants_something_ends_no_session)
{
	kit_state(&kit, &kit.tam);
	cr_assert_eq(want(KIT_TAID), 0, "%s", err);
	/* On the state before, and answered with the state that has it: the next one fits that. */
	kit_create(&kit, &kit.tam, "sp", "sd");
	cr_assert_eq(want("8aaaf200-2450-11e4-abe2-0002a5d5c5ff"), 0, "%s", err);
	kit_create(&kit, &kit.tam, "sp", "sd2");
	install("pass");
	wanted_is("[{\"taid\":\"8aaaf200-2450-11e4-abe2-0002a5d5c5ff\"}]");
}

Test(otrp_tee_local, the_last_sixteen_wishes_are_kept_and_each_once)
{
	char text[64], *list;

	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "8aaaf200-2450-11e4-abe2-0002a5d5c5%02x", i % 20);
		cr_assert_eq(want(text), 0, "%s", err);
	}
	list = wanted(&kit.tam);
	cr_assert(strstr(list, "[{\"taid\":\"8aaaf200-2450-11e4-abe2-0002a5d5c504\"}"), "%s", list);
	cr_assert(strstr(list, "c513\"}]"), "%s", list);
	free(list);
}

Test(otrp_tee_local, what_is_no_wish_or_not_allowed_is_refused)
{
	static const char *const bad[] = {
		"",
		"8aaaf200-2450-11e4-abe2-0002a5d5c51",
		"8AAAF200-2450-11e4-abe2-0002a5d5c51b",
		"8aaaf200 2450-11e4-abe2-0002a5d5c51b",
		KIT_TAID " ",
		KIT_TAID "x",
		KIT_TAID " a\nb",
		KIT_TAID " \xc3\xa4",
		KIT_TAID " 12345678901234567890123456789012345678901234567890123456789012345",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(want(bad[i]), -EPROTO, "%s", bad[i]);
	cr_assert_eq(apply("1", own_root(), json_array(), NULL), 0, "%s", err);
	cr_assert_eq(want(KIT_TAID), -EPERM);
	wanted_is("[]");
}
