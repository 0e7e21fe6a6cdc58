/* Device states, as TEEs tell them and as nobody should. */
#include <criterion/criterion.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/tam/dsi.h"
#include "test_keys.h"

static struct arena arena;
static struct otrp_failure failure;
static struct dsi dsi;

static void teardown(void)
{
	arena_clear(&arena);
}

TestSuite(tam_dsi, .fini = teardown);

static json_t *aik(const char *spid, enum key_kind kind, const char *type, bool pkcs1)
{
	EVP_PKEY *key = test_key(kind, 1);
	uint8_t *der = NULL;
	int size = pkcs1 ? i2d_PublicKey(key, &der) : i2d_PUBKEY(key, &der);
	json_t *value = json_pack("{s:s, s:o, s:s}", "spid", spid, "spaik",
				  otrp_base64(der, (size_t)size), "spaiktype", type);

	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return value;
}

static json_t *state(void)
{
	json_t *sds = json_pack("[{s:s, s:s, s:[{s:s, s:s}, {s:s}]}, {s:s, s:s, s:[]}]", "name",
				"sd1", "spid", "sp", "talist", "taid", "t1", "taname", "one",
				"taid", "t2", "name", "sd2", "spid", "sp", "talist");

	return json_pack("{s:s, s:s, s:s, s:[s], s:s, s:{s:s, s:o}, s:[o]}", "name", "tee-0", "ver",
			 "1.0", "cert", "AAAA", "cacert", "AQID", "dsigen", "42", "sdlist", "cnt",
			 "2", "sd", sds, "teeaiklist", aik("sp", KEY_RSA, "RSA", true));
}

/* Takes `tee` and `tfw`, which may be NULL. */
static int parse(json_t *tee, json_t *tfw)
{
	json_t *whole = json_pack("{s:{s:o}}", "dsi", "tee", tee);
	char *text;
	int rc;

	if (tfw)
		json_object_set_new(json_object_get(whole, "dsi"), "tfwdata", tfw);
	text = json_canonical(whole);
	rc = dsi_parse(span_of_text(text), &arena, &dsi, &failure);
	free(text);
	json_decref(whole);
	return rc;
}

Test(tam_dsi, everything_in_it_is_found)
{
	const struct dsi_sd *sd;
	EVP_PKEY *key;

	cr_assert_eq(parse(state(), json_pack("{s:s, s:s, s:s, s:s}", "tbs", "dGlk", "cert", "AAAA",
					      "sigalg", "ES256", "sig", "AAAA")),
		     0, "%s", failure.why);
	cr_expect(span_is(dsi.name, "tee-0"));
	cr_expect(dsi.has_generation && dsi.generation == 42);
	cr_expect_eq(dsi.sd_count, 2);
	sd = dsi_sd_find(&dsi, span_of_text("sp"), span_of_text("sd1"));
	cr_assert_not_null(sd);
	cr_expect_eq(sd->ta_count, 2);
	cr_expect(span_is(dsi_ta_find(sd, span_of_text("t1"))->taname, "one"));
	cr_expect_null(dsi_ta_find(sd, span_of_text("t3")));
	cr_expect_null(dsi_sd_find(&dsi, span_of_text("other"), span_of_text("sd1")));
	cr_expect(dsi.has_tfw && span_is(dsi.tfw_tbs, "tid") && dsi.tfw_algorithm == JWS_ES256);
	key = dsi_aik_key(&dsi, span_of_text("sp"));
	cr_expect(key && key_kind(key) == KEY_RSA);
	EVP_PKEY_free(key);
	cr_expect_null(dsi_aik_key(&dsi, span_of_text("other")));
}

Test(tam_dsi, hash_is_of_the_octets_as_they_came)
{
	const char *text = "{ \"dsi\": {\"tee\":{\"sdlist\":{},\"ver\":\"1\",\"name\":\"n\","
			   "\"cert\":\"AAAA\",\"future\":{}}}}";
	uint8_t hash[32];

	cr_assert_eq(dsi_parse(span_of_text(text), &arena, &dsi, &failure), 0, "%s", failure.why);
	EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL);
	cr_expect_arr_eq(dsi.hash, hash, sizeof(hash));
	cr_expect_not(dsi.has_generation || dsi.has_tfw);
}

Test(tam_dsi, keys_of_either_kind_and_form_are_taken)
{
	static const struct {
		enum key_kind kind;
		const char *type;
		bool pkcs1, fits;
	} cases[] = {
		{ KEY_RSA, "RSA", true, true },	   { KEY_RSA, "RSA", false, true },
		{ KEY_P256, "ECC", false, true },  { KEY_P384, "ECC", false, true },
		{ KEY_RSA, "ECC", true, false },   { KEY_P256, "RSA", false, false },
		{ KEY_P256, "DSA", false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *tee = state();

		json_object_set_new(
			tee, "teeaiklist",
			json_pack("[o]", aik("sp", cases[i].kind, cases[i].type, cases[i].pkcs1)));
		cr_expect_eq(parse(tee, NULL) == 0, cases[i].fits, "case %zu", i);
	}
}

Test(tam_dsi, tas_that_apps_asked_for_are_hints_and_bad_ones_no_harm)
{
	json_t *tee = state();

	json_object_set_new(tee, "requestedtalist",
			    json_pack("[{s:s}, i, {s:s}, {s:s, s:s}]", "taid", "r1", 7, "taid", "",
				      "taid", "r2", "taname", "two"));
	cr_assert_eq(parse(tee, NULL), 0, "%s", failure.why);
	cr_assert_eq(dsi.requested_count, 2);
	cr_expect(span_is(dsi.requested[0], "r1") && span_is(dsi.requested[1], "r2"));
}

static void refused(const char *member, json_t *value)
{
	json_t *tee = state();

	if (value)
		json_object_set_new(tee, member, value);
	else
		json_object_del(tee, member);
	cr_expect_lt(parse(tee, NULL), 0, "%s", member);
}

Test(tam_dsi, what_can_not_be_is_refused)
{
	refused("name", NULL);
	refused("name", json_string("a\nb"));
	refused("ver", json_integer(1));
	refused("cert", NULL);
	refused("cert", json_string(""));
	refused("cacert", json_integer(1));
	refused("sdlist", NULL);
	refused("dsigen", json_string("-1"));
	refused("dsigen", json_string("01"));
	refused("dsigen", json_string("9999999999999999999"));
	refused("sdlist", json_pack("{s:s, s:[]}", "cnt", "1", "sd"));
	refused("sdlist", json_pack("{s:s}", "sd", "x"));
	refused("sdlist", json_pack("{s:[{s:s}]}", "sd", "name", "n"));
	refused("teeaiklist",
		json_pack("[{s:s, s:s, s:s}]", "spid", "sp", "spaik", "AAAA", "spaiktype", "RSA"));
}

Test(tam_dsi, two_domains_or_keys_of_one_name_are_refused)
{
	refused("sdlist",
		json_pack("{s:[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]}", "sd", "name", "a", "spid",
			  "s", "name", "b", "spid", "s", "name", "a", "spid", "s"));
	refused("teeaiklist", json_pack("[o, o]", aik("sp", KEY_P256, "ECC", false),
					aik("sp", KEY_P256, "ECC", false)));
}

/* Before anybody has vouched for the state, so before any of them is decoded. */
Test(tam_dsi, more_keys_than_a_tee_has_are_refused_unread)
{
	json_t *tee = state(), *aiks = json_array();

	for (int i = 0; i < 1025; i++)
		json_array_append_new(aiks, json_object());
	json_object_set_new(tee, "teeaiklist", aiks);
	cr_expect_neq(parse(tee, NULL), 0);
	cr_expect(strstr(failure.why, "more keys"), "%s", failure.why);
}

Test(tam_dsi, firmware_data_that_is_half_there_is_refused)
{
	cr_expect_lt(parse(state(), json_pack("{s:s}", "tbs", "dGlk")), 0);
	cr_expect_lt(parse(state(), json_string("x")), 0);
}

Test(tam_dsi, many_domains_are_read_in_no_long_time)
{
	json_t *tee = state(), *sds = json_array();
	char name[16];

	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "sd%d", i);
		json_array_append_new(sds, json_pack("{s:s, s:s}", "name", name, "spid", "s"));
	}
	json_object_set_new(tee, "sdlist", json_pack("{s:o}", "sd", sds));
	cr_assert_eq(parse(tee, NULL), 0);
	cr_expect_eq(dsi.sd_count, 20000);
}
