/* What the TAM makes of what is posted to it, well-formed and not. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/tam/response.h"
#include "test_keys.h"

static struct arena arena;
static EVP_PKEY *key;
static struct otrp_failure failure;
static struct responses responses;

static void setup(void)
{
	key = test_key(KEY_P256, 1);
}

static void teardown(void)
{
	EVP_PKEY_free(key);
	arena_clear(&arena);
}

TestSuite(tam_response, .init = setup, .fini = teardown);

static int parse(const char *text)
{
	const struct otrp_options options = { 0 };

	return responses_parse(span_of_text(text), &options, &arena, &responses, &failure);
}

static json_t *jwe(void)
{
	struct span cek = { 0 };

	return jwe_encrypt(span_of_text("{}"), key, ENC_A128CBC_HS256, &arena, &cek);
}

/* A signed answer; takes the members. */
static json_t *answer(const char *name, const char *tbs_name, json_t *tbs)
{
	char full[64];
	json_t *payload = json_object(), *message = json_object();
	char *text;

	json_object_set_new(payload, tbs_name, tbs);
	text = json_canonical(payload);
	snprintf(full, sizeof(full), "%s", name);
	json_object_set_new(message, full, jws_sign(span_of_text(text), key, NULL));
	json_decref(payload);
	free(text);
	return message;
}

static json_t *tbs(const char *status)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "ver", "1.0", "status", status, "rid", "r1", "tid",
			 "t1");
}

static json_t *state_answer(void)
{
	json_t *object = tbs("pass");

	json_object_set_new(object, "signerreq", json_false());
	json_object_set_new(object, "edsi", jwe());
	return answer("GetDeviceTEEStateResponse", "GetDeviceTEEStateTBSResponse", object);
}

static int parse_json(json_t *message)
{
	char *text = json_canonical(message);
	int rc = parse(text);

	free(text);
	json_decref(message);
	return rc;
}

Test(tam_response, answer_to_each_command_is_read)
{
	for (unsigned i = OTRP_CREATE_SD; i < OTRP_MESSAGE_COUNT; i++) {
		char name[64], tbs_name[64];
		json_t *object = tbs("pass");

		json_object_set_new(object, "content", jwe());
		json_object_set_new(object, "unknown", json_integer(1));
		snprintf(name, sizeof(name), "%sResponse", otrp_answer_name(i));
		snprintf(tbs_name, sizeof(tbs_name), "%sTBSResponse", otrp_answer_name(i));
		cr_assert_eq(parse_json(answer(name, tbs_name, object)), 0, "%s", failure.why);
		cr_expect_eq(responses.count, 1);
		cr_expect_eq(responses.item[0].kind, RESPONSE_OF_TEE);
		cr_expect_eq(responses.item[0].message, i);
		cr_expect(responses.item[0].passed && responses.item[0].encrypted);
		cr_expect(span_is(responses.item[0].tid, "t1"));
	}
}

Test(tam_response, entries_of_the_array_are_each_on_their_own)
{
	json_t *array = json_array();

	json_array_append_new(array, json_pack("{s:s}", "GetDeviceTEEStateResponse", "nonsense"));
	json_array_append_new(array, state_answer());
	json_array_append_new(array, json_pack("{s:{s:s}}", "OTrPBrokerError", "errcode",
					       "ERR_AGENT_TEE_BUSY"));
	json_array_append_new(array, json_integer(3));
	cr_assert_eq(parse_json(json_pack("{s:o}", "GetDeviceStateResponse", array)), 0);
	cr_assert_eq(responses.count, 4);
	cr_expect_eq(responses.item[0].kind, RESPONSE_UNREADABLE);
	cr_expect_eq(responses.item[1].kind, RESPONSE_OF_TEE);
	cr_expect_eq(responses.item[1].message, OTRP_GET_DEVICE_STATE);
	cr_expect_eq(responses.item[2].kind, RESPONSE_OF_AGENT);
	cr_expect_eq(responses.item[2].status, OTRP_AGENT_TEE_BUSY);
	cr_expect_eq(responses.item[3].kind, RESPONSE_UNREADABLE);
}

Test(tam_response, empty_array_is_an_answer_without_entries)
{
	cr_assert_eq(parse("{\"GetDeviceStateResponse\":[]}"), 0);
	cr_expect_eq(responses.count, 0);
}

Test(tam_response, more_entries_than_a_device_has_are_refused)
{
	json_t *array = json_array();

	for (unsigned i = 0; i <= RESPONSES_MAX; i++)
		json_array_append_new(array, json_integer(0));
	cr_expect_lt(parse_json(json_pack("{s:o}", "GetDeviceStateResponse", array)), 0);
}

Test(tam_response, envelope_around_another_answer_is_refused)
{
	json_t *object = tbs("pass");

	json_object_set_new(object, "content", jwe());
	cr_expect_lt(parse_json(answer("CreateSDResponse", "DeleteSDTBSResponse", object)), 0);
}

Test(tam_response, answer_that_passed_has_its_content)
{
	cr_expect_lt(parse_json(answer("CreateSDResponse", "CreateSDTBSResponse", tbs("pass"))), 0);
	cr_expect_lt(parse_json(answer("GetDeviceTEEStateResponse", "GetDeviceTEEStateTBSResponse",
				       tbs("pass"))),
		     0);
}

Test(tam_response, failure_in_the_clear_says_why_and_what_would_do)
{
	json_t *object = tbs("fail");

	json_object_set_new(object, "reason",
			    json_pack("{s:s, s:s}", "error-code", "ERR_UNSUPPORTED_CRYPTO_ALG",
				      "error-message", "no such algorithm"));
	json_object_set_new(object, "supportedsigalgs", json_pack("[s, s]", "ES256", "XY99"));
	cr_assert_eq(parse_json(answer("GetDeviceTEEStateResponse", "GetDeviceTEEStateTBSResponse",
				       object)),
		     0, "%s", failure.why);
	cr_expect_eq(responses.item[0].status, OTRP_UNSUPPORTED_CRYPTO_ALG);
	cr_expect(responses.item[0].has_algorithms);
	cr_expect(responses.item[0].algorithms & 1U << JWS_ES256);
	cr_expect(span_is(responses.item[0].reason, "no such algorithm"));
}

Test(tam_response, failures_without_identifiers_are_read)
{
	json_t *object = tbs("fail");

	json_object_set_new(object, "rid", json_string(""));
	json_object_set_new(object, "tid", json_string(""));
	json_object_set_new(object, "reason", json_string("ERR_SD_ALREADY_EXIST"));
	cr_assert_eq(parse_json(answer("CreateSDResponse", "CreateSDTBSResponse", object)), 0, "%s",
		     failure.why);
	cr_expect_null(responses.item[0].tid.data);
	cr_expect_eq(responses.item[0].status, OTRP_SD_ALREADY_EXISTS);
}

Test(tam_response, words_with_control_characters_are_not_passed_on)
{
	json_t *object = tbs("fail");

	json_object_set_new(object, "reason",
			    json_pack("{s:s, s:s}", "error-code", "ERR_TEE_FAIL", "error-message",
				      "\x1b[2Jboo"));
	cr_assert_eq(parse_json(answer("CreateSDResponse", "CreateSDTBSResponse", object)), 0);
	cr_expect_null(responses.item[0].reason.data);
}

Test(tam_response, agent_may_say_what_agents_say_in_either_shape)
{
	cr_assert_eq(parse("{\"OTrPBrokerError\":{\"ver\":\"1.0\",\"rid\":\"\",\"tid\":\"t1\","
			   "\"errcode\":\"ERR_AGENT_TEE_UNKNOWN\"}}"),
		     0);
	cr_expect_eq(responses.item[0].kind, RESPONSE_OF_AGENT);
	cr_expect_eq(responses.item[0].status, OTRP_AGENT_TEE_UNKNOWN);
	cr_assert_eq(parse("{\"status\":{\"result\":\"fail\",\"error-code\":"
			   "\"ERR_AGENT_TEE_FAIL\",\"error-message\":\"gone\"}}"),
		     0);
	cr_expect_eq(responses.item[0].status, OTRP_AGENT_TEE_FAIL);
}

Test(tam_response, agent_may_not_say_what_a_tee_says)
{
	cr_expect_lt(parse("{\"OTrPBrokerError\":{\"errcode\":\"ERR_TA_NOT_FOUND\"}}"), 0);
	cr_expect_lt(parse("{\"status\":{\"error-code\":\"pass\"}}"), 0);
	cr_expect_lt(parse("{\"status\":\"fail\"}"), 0);
}

Test(tam_response, what_is_no_answer_is_refused)
{
	static const char *const texts[] = {
		"",
		"null",
		"[]",
		"{}",
		"{\"CreateSDRequest\":{}}",
		"{\"CreateSDResponse\":{}}",
		"{\"CreateSDResponse\":{},\"DeleteSDResponse\":{}}",
		"{\"GetDeviceStateResponse\":{}}",
		"{\"GetDeviceStateResponse\":[],\"x\":1}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_lt(parse(texts[i]), 0, "%s", texts[i]);
}

#define DID "\"did\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\""

Test(tam_response, content_gives_device_reason_and_state_in_canonical_form)
{
	struct response_content content;
	const char *text = "{" DID ",\"dsi\":{\"b\":1,\"a\":[true]},\"more\":0}";

	cr_assert_eq(response_content_parse(span_of_text(text), &arena, &content, &failure), 0);
	cr_expect_eq(content.status, OTRP_PASS);
	cr_expect_eq(content.did.data[31], 31);
	cr_expect(span_is(content.dsi, "{\"dsi\":{\"a\":[true],\"b\":1}}"));
	text = "{" DID ",\"reason\":{\"error-code\":\"ERR_TA_INVALID\"}}";
	cr_assert_eq(response_content_parse(span_of_text(text), &arena, &content, &failure), 0);
	cr_expect_eq(content.status, OTRP_TA_INVALID);
	cr_expect_null(content.dsi.data);
}

Test(tam_response, content_without_a_device_is_refused)
{
	struct response_content content;
	static const char *const texts[] = {
		"{}",
		"{\"did\":\"AAEC\"}",
		"{\"did\":7}",
		"{" DID ",\"dsi\":7}",
		"{" DID ",\"reason\":{}}",
		"{" DID ",\"teespaik\":\"*\"}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_lt(response_content_parse(span_of_text(texts[i]), &arena, &content,
						    &failure),
			     0, "%s", texts[i]);
}
