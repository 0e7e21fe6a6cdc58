#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/otrp/request.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define HASH "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define JWE                                                                                        \
	"{\"protected\":\"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0\",\"recipients\":[{\"header\":{\"alg\":" \
	"\"RSA1_5\"},\"encrypted_key\":\"AAAA\"}],\"iv\":\"AAAA\",\"ciphertext\":\"AAAA\","        \
	"\"tag\":\"AAAA\"}"
#define COMMAND                                                                                \
	"\"ver\":\"1.0\",\"rid\":\"r1\",\"tid\":\"t1\",\"tee\":\"simtee-0\",\"nextdsi\":true," \
	"\"dsihash\":\"" HASH "\",\"content\":" JWE
#define TA_INSTALL                                                                                \
	",\"encrypted_ta\":{\"key\":" JWE ",\"iv\":\"000102030405060708090a0b0c0d0e0f\",\"alg\":" \
	"\"AESCBC\",\"ciphertadata\":\"AAAA\",\"cipherpdata\":\"AAAA\"}"
#define TA_UPDATE                                                                         \
	",\"encrypted_ta\":{\"key\":" JWE ",\"iv\":\"000102030405060708090A0B0C0D0E0F\"," \
	"\"ciphernewtadata\":\"AAAA\",\"ciphernewpdata\":\"AAAA\"}"

static const char *const tbs_texts[OTRP_MESSAGE_COUNT] = {
	[OTRP_GET_DEVICE_STATE] =
		"{\"ver\":\"1.0\",\"rid\":\"r1\",\"tid\":\"t1\",\"ocspdat\":[\"AAAA\"],"
		"\"supportedsigalgs\":[\"RS256\",\"XY256\"]}",
	[OTRP_CREATE_SD] = "{" COMMAND ",\"ocspdat\":[\"AAAA\"]}",
	[OTRP_UPDATE_SD] = "{" COMMAND "}",
	[OTRP_DELETE_SD] = "{" COMMAND "}",
	[OTRP_INSTALL_TA] = "{" COMMAND TA_INSTALL "}",
	[OTRP_UPDATE_TA] = "{" COMMAND TA_UPDATE "}",
	[OTRP_DELETE_TA] = "{" COMMAND "}",
};

static const char *const content_texts[OTRP_MESSAGE_COUNT] = {
	[OTRP_CREATE_SD] =
		"{\"spid\":\"sp\",\"sdname\":\"sd\",\"spcert\":\"AAAA\",\"tamid\":\"1.2\","
		"\"did\":\"" HASH "\"}",
	[OTRP_UPDATE_SD] =
		"{\"tamid\":\"1.2\",\"spid\":\"sp\",\"sdname\":\"sd\",\"changes\":{\"newsdname\":"
		"\"n\",\"newspid\":\"p\",\"spcert\":[\"AAAA\"],\"deloldspcert\":["
		"\"000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\"],"
		"\"renewteespaik\":true}}",
	[OTRP_DELETE_SD] =
		"{\"tamid\":\"1.2\",\"sdname\":\"sd\",\"deleteta\":true,\"spid\":\"sp\"}",
	[OTRP_INSTALL_TA] =
		"{\"tamid\":\"1.2\",\"spid\":\"sp\",\"sdname\":\"sd\",\"spcert\":\"AAAA\","
		"\"taid\":\"3f6d2b9e-7c41-4f0e-8a52-0c1d2e3f4a5b\"}",
	[OTRP_UPDATE_TA] = "{\"tamid\":\"1.2\",\"spid\":\"sp\",\"sdname\":\"sd\","
			   "\"taid\":\"3f6d2b9e-7c41-4f0e-8a52-0c1d2e3f4a5b\"}",
	[OTRP_DELETE_TA] = "{\"tamid\":\"1.2\",\"sdname\":\"sd\","
			   "\"taid\":\"3f6d2b9e-7c41-4f0e-8a52-0c1d2e3f4a5b\"}",
};

static const char *const optional[] = {
	"supportedsigalgs", "alg",	 "cipherpdata", "ciphernewtadata", "ciphernewpdata",
	"deleteta",	    "newsdname", "newspid",	"deloldspcert",	   "renewteespaik"
};

static const struct otrp_options strict;
static struct otrp_options lenient = { .lenient = true };
static struct arena arena;
static struct otrp_failure failure;

static void tear_down(void)
{
	arena_clear(&arena);
}

TestSuite(otrp_request, .fini = tear_down);

static int parse_tbs(enum otrp_message message, const json_t *tbs,
		     const struct otrp_options *options, struct otrp_request *out)
{
	char name[64], *text;
	json_t *payload;
	int rc;

	snprintf(name, sizeof(name), "%sTBSRequest", otrp_message_name(message));
	payload = json_pack("{s:O}", name, tbs);
	text = json_canonical(payload);
	failure = (struct otrp_failure) { 0 };
	rc = otrp_request_parse(span_of_text(text), options, &arena, out, &failure);
	free(text);
	json_decref(payload);
	return rc;
}

static json_t *load(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, 0, &error);

	cr_assert(value, "%s: %s", error.text, text);
	return value;
}

Test(otrp_request, every_command_with_all_its_members_is_read)
{
	for (unsigned i = 0; i < OTRP_MESSAGE_COUNT; i++) {
		json_t *tbs = load(tbs_texts[i]);
		struct otrp_request request;

		cr_assert_eq(parse_tbs((enum otrp_message)i, tbs, &strict, &request), 0);
		cr_assert_eq(request.refusal, OTRP_PASS, "%s", span_text(request.refusal_why));
		cr_assert_eq(request.message, i);
		cr_assert(span_is(request.rid, "r1") && span_is(request.tid, "t1"));
		if (i == OTRP_GET_DEVICE_STATE) {
			cr_assert_eq(request.ocspdat.count, 1);
			cr_assert(request.algorithms & 1U << JWS_RS256);
			cr_assert_not(request.algorithms & 1U << JWS_ES256);
		} else {
			cr_assert(span_is(request.tee, "simtee-0"));
			cr_assert_eq(request.nextdsi, 1);
			cr_assert_eq(request.dsihash.data[31], 0x1f);
			cr_assert_eq(request.content.algorithm, JWE_RSA1_5);
		}
		if (i == OTRP_INSTALL_TA || i == OTRP_UPDATE_TA) {
			cr_assert_eq(request.ta_iv.data[15], 0x0f);
			cr_assert_eq(request.ta_data.size, 3);
			cr_assert_eq(request.ta_personal.size, 3);
		}
		json_decref(tbs);
	}
}

/* Calls `judge` with the object less each member, with each member of a wrong type, and with a
 * member that is not defined; does the same for the objects in it. */
static void vary(json_t *root, json_t *object,
		 void (*judge)(json_t *root, const char *name, bool may_pass))
{
	json_t *all = json_copy(object), *kept;
	const char *copy;

	json_object_foreach(all, copy, kept) {
		bool may_miss = false;

		for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
			may_miss |= !strcmp(copy, optional[i]);
		json_object_del(object, copy);
		judge(root, copy,
		      may_miss || !strcmp(copy, "ocspdat") || !strcmp(copy, "spcert") ||
			      !strcmp(copy, "spid") || !strcmp(copy, "header"));
		json_object_set_new(object, copy, json_integer(7));
		judge(root, copy, false);
		json_object_set_new(object, copy, json_null());
		judge(root, copy, false);
		json_object_set_new(object, copy, json_array());
		judge(root, copy, json_is_array(kept));
		json_object_set(object, copy, kept);
		if (json_is_object(kept))
			vary(root, kept, judge);
	}
	json_decref(all);
	json_object_set_new(object, "undefined", json_string("x"));
	judge(root, "undefined", false);
	json_object_del(object, "undefined");
}

static enum otrp_message varied;
static unsigned refused;

static void judge_request(json_t *root, const char *name, bool may_pass)
{
	struct otrp_request request;
	const int rc = parse_tbs(varied, root, &strict, &request);

	refused += rc || request.refusal;
	if (!may_pass)
		cr_assert(rc || request.refusal, "%s: %s passed", otrp_message_name(varied), name);
}

Test(otrp_request, a_missing_undefined_or_mistyped_member_is_refused)
{
	for (unsigned i = 0; i < OTRP_MESSAGE_COUNT; i++) {
		json_t *tbs = load(tbs_texts[i]);

		varied = (enum otrp_message)i;
		vary(tbs, tbs, judge_request);
		json_decref(tbs);
	}
	cr_assert_gt(refused, 100);
}

static void judge_content(json_t *root, const char *name, bool may_pass)
{
	struct otrp_content content;
	char *text = json_canonical(root);
	const int rc =
		otrp_content_parse(span_of_text(text), varied, &strict, &arena, &content, &failure);

	refused += rc != 0;
	if (!may_pass)
		cr_assert(rc, "%s: %s passed", otrp_message_name(varied), name);
	free(text);
}

Test(otrp_request, contents_are_held_to_the_same)
{
	for (unsigned i = OTRP_CREATE_SD; i < OTRP_MESSAGE_COUNT; i++) {
		json_t *content = load(content_texts[i]);

		varied = (enum otrp_message)i;
		refused = 0;
		judge_content(content, "nothing", true);
		cr_assert_eq(refused, 0, "%s: %s", otrp_message_name(varied), failure.why);
		vary(content, content, judge_content);
		cr_assert_gt(refused, 10);
		json_decref(content);
	}
}

Test(otrp_request, what_is_mandatory_in_one_command_is_so_there)
{
	static const struct {
		enum otrp_message message;
		const char *text;
	} bad[] = {
		{ OTRP_CREATE_SD, "{\"spid\":\"sp\",\"sdname\":\"sd\",\"tamid\":\"1.2\",\"did\":"
				  "\"" HASH "\"}" },
		{ OTRP_UPDATE_SD, "{\"tamid\":\"1.2\",\"sdname\":\"sd\",\"changes\":{\"newspid\":"
				  "\"p\"}}" },
		{ OTRP_UPDATE_SD, "{\"tamid\":\"1.2\",\"spid\":\"p\",\"sdname\":\"sd\",\"changes\":"
				  "{}}" },
		{ OTRP_INSTALL_TA, "{\"tamid\":\"1.2\",\"sdname\":\"sd\",\"taid\":\"x\"}" },
		{ OTRP_DELETE_SD, "{\"tamid\":\"1.2\"}" },
	};
	struct otrp_content content;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_neq(otrp_content_parse(span_of_text(bad[i].text), bad[i].message, &strict,
						 &arena, &content, &failure),
			      0, "%zu", i);
}

Test(otrp_request, an_unknown_version_is_told_from_a_bad_request)
{
	json_t *tbs = load(tbs_texts[OTRP_DELETE_SD]);
	struct otrp_request request;

	json_object_set_new(tbs, "ver", json_string("2.0"));
	cr_assert_neq(parse_tbs(OTRP_DELETE_SD, tbs, &strict, &request), 0);
	cr_assert_eq(failure.status, OTRP_UNSUPPORTED_MSG_VERSION);
	cr_assert(span_is(request.rid, "r1"));
	json_decref(tbs);
}

Test(otrp_request, identifiers_and_names_are_bounded_and_printable)
{
	static const struct {
		const char *name;
		size_t most;
	} texts[] = { { "rid", 128 }, { "tid", 128 }, { "tee", 255 } };
	static const char *const bad[] = { "", "\n", "a\x7f", "\x1f" };
	char text[300];

	for (size_t i = 0; i < 3; i++) {
		json_t *tbs = load(tbs_texts[OTRP_DELETE_SD]);
		struct otrp_request request;

		for (size_t size = texts[i].most; size <= texts[i].most + 1; size++) {
			memset(text, 'x', size);
			json_object_set_new(tbs, texts[i].name, json_stringn(text, size));
			cr_assert_eq(parse_tbs(OTRP_DELETE_SD, tbs, &strict, &request), 0);
			cr_assert_eq(request.refusal,
				     size > texts[i].most ? OTRP_REQUEST_INVALID : OTRP_PASS,
				     "%s %zu", texts[i].name, size);
		}
		for (size_t j = 0; j < 4; j++) {
			json_object_set_new(tbs, texts[i].name, json_string(bad[j]));
			cr_assert_eq(parse_tbs(OTRP_DELETE_SD, tbs, &strict, &request), 0);
			cr_assert_eq(request.refusal, OTRP_REQUEST_INVALID);
		}
		json_object_set_new(tbs, texts[i].name, json_string("\xc3\xa4"));
		cr_assert_eq(parse_tbs(OTRP_DELETE_SD, tbs, &strict, &request), 0);
		cr_assert_eq(request.refusal, i < 2 ? OTRP_REQUEST_INVALID : OTRP_PASS);
		json_object_set_new(tbs, texts[i].name, json_string("\xc2\x85"));
		cr_assert_eq(parse_tbs(OTRP_DELETE_SD, tbs, &strict, &request), 0);
		cr_assert_eq(request.refusal, OTRP_REQUEST_INVALID);
		json_decref(tbs);
	}
}

Test(otrp_request, the_samples_spellings_are_for_the_lenient)
{
	json_t *tbs = load(tbs_texts[OTRP_DELETE_SD]);
	struct otrp_request request;

	json_object_set_new(tbs, "nextdsi", json_string("false"));
	cr_assert_eq(parse_tbs(OTRP_DELETE_SD, tbs, &strict, &request), 0);
	cr_assert_eq(request.refusal, OTRP_REQUEST_INVALID);
	cr_assert_eq(parse_tbs(OTRP_DELETE_SD, tbs, &lenient, &request), 0);
	cr_assert_eq(request.refusal, OTRP_PASS);
	cr_assert_eq(request.nextdsi, 0);
	json_decref(tbs);
	tbs = load(tbs_texts[OTRP_GET_DEVICE_STATE]);
	json_object_set_new(tbs, "ocspdat", json_string("AAAA"));
	cr_assert_eq(parse_tbs(OTRP_GET_DEVICE_STATE, tbs, &strict, &request), 0);
	cr_assert_eq(request.refusal, OTRP_REQUEST_INVALID);
	cr_assert_eq(parse_tbs(OTRP_GET_DEVICE_STATE, tbs, &lenient, &request), 0);
	cr_assert_eq(request.refusal, OTRP_PASS);
	cr_assert_eq(request.ocspdat.count, 1);
	json_decref(tbs);
}

static int envelope(const char *text, struct otrp_envelope *out)
{
	failure = (struct otrp_failure) { 0 };
	return otrp_envelope_parse(span_of_text(text), &strict, &arena, out, &failure);
}

Test(otrp_request, an_envelope_has_one_known_name_and_a_jws)
{
	EVP_PKEY *key = key_generate(KEY_P256);
	char *text = otrp_compose("DeleteTA", "Request", json_object(), key, NULL);
	struct otrp_envelope out;

	cr_assert_eq(envelope(text, &out), 0, "%s", failure.why);
	cr_assert_eq(out.message, OTRP_DELETE_TA);
	cr_assert(span_is(out.jws.payload, "{\"DeleteTATBSRequest\":{}}"));
	cr_assert(jws_verify(&out.jws, key));
	free(text);
	cr_assert_neq(envelope("{\"DeleteTAResponse\":{}}", &out), 0);
	cr_assert_neq(envelope("{\"DeleteTARequest\":{},\"CreateSDRequest\":{}}", &out), 0);
	cr_assert_neq(envelope("{\"FactoryResetRequest\":{}}", &out), 0);
	cr_assert_neq(envelope("{}", &out), 0);
	cr_assert_neq(envelope("{\"DeleteTARequest\":[]}", &out), 0);
	cr_assert_neq(envelope("", &out), 0);
	EVP_PKEY_free(key);
}

Test(otrp_request, a_message_beyond_the_limit_is_refused_unread)
{
	const struct otrp_options small = { .message_max = 10 };
	struct otrp_envelope out;

	cr_assert_neq(otrp_envelope_parse(span_of_text("{\"a\":\"0123456789\"}"), &small, &arena,
					  &out, &failure),
		      0);
	cr_assert_str_eq(failure.why, "the message is too large");
}

Test(otrp_request, a_record_comes_back_as_it_went)
{
	for (unsigned i = 0; i < OTRP_MESSAGE_COUNT; i++) {
		json_t *tbs = load(tbs_texts[i]);
		struct otrp_request request, back;
		struct span octets;

		cr_assert_eq(parse_tbs((enum otrp_message)i, tbs, &strict, &request), 0);
		cr_assert_eq(otrp_record_encode(&request, otrp_request_layout,
						OTRP_REQUEST_LAYOUT_COUNT, &arena, &octets),
			     0);
		memset(&back, 0xa5, sizeof(back));
		cr_assert_eq(otrp_record_parse(octets, otrp_request_layout,
					       OTRP_REQUEST_LAYOUT_COUNT, &back),
			     0);
		cr_assert(span_equal(back.rid, request.rid));
		cr_assert(span_equal(back.ta_personal, request.ta_personal));
		cr_assert_eq(back.ta_personal.data == NULL, request.ta_personal.data == NULL);
		cr_assert_eq(back.ocspdat.count, request.ocspdat.count);
		cr_assert(span_equal(back.content.tag, request.content.tag));
		cr_assert_eq(back.nextdsi, request.nextdsi);
		/* Cut anywhere, it is none. */
		for (size_t size = 0; size < octets.size; size++)
			cr_assert_neq(otrp_record_parse(span_of(octets.data, size),
							otrp_request_layout,
							OTRP_REQUEST_LAYOUT_COUNT, &back),
				      0);
		json_decref(tbs);
	}
}

Test(otrp_request, a_record_out_of_bounds_is_refused)
{
	struct otrp_content content = { .delete_tas = 2 };
	struct span octets;

	cr_assert_eq(otrp_record_encode(&content, otrp_content_layout, OTRP_CONTENT_LAYOUT_COUNT,
					&arena, &octets),
		     0);
	cr_assert_neq(otrp_record_parse(octets, otrp_content_layout, OTRP_CONTENT_LAYOUT_COUNT,
					&content),
		      0);
	content = (struct otrp_content) { .did = span_of_text("short") };
	cr_assert_eq(otrp_record_encode(&content, otrp_content_layout, OTRP_CONTENT_LAYOUT_COUNT,
					&arena, &octets),
		     0);
	cr_assert_neq(otrp_record_parse(octets, otrp_content_layout, OTRP_CONTENT_LAYOUT_COUNT,
					&content),
		      0);
}
