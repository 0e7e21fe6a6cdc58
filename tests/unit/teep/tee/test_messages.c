/* Messages that were changed, repeated, reordered, mislabelled, or never right. */
#include "tam_kit.h"

#include <criterion/criterion.h>
#include <openssl/rand.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"

static struct kit kit;

static void set_up(void)
{
	kit_open(&kit, NULL);
	kit_state(&kit, &kit.tam);
}

static void tear_down(void)
{
	kit_close(&kit);
}

TestSuite(otrp_tee_messages, .init = set_up, .fini = tear_down);

static void send_text(const char *text, const char *code, struct kit_answer *out)
{
	struct kit_answer answer;

	kit_send(&kit, &kit.tam, text, strlen(text), &answer);
	cr_assert_str_eq(answer.code, code, "%s, not %s", answer.code, code);
	if (out)
		*out = answer;
	else
		kit_answer_clear(&answer);
}

static void expect(enum otrp_message message, json_t *content, const char *code)
{
	kit_expect(&kit, &(struct kit_request) { .message = message, .content = content }, code,
		   NULL);
}

/* A right request of each kind; content and all. */
static char *right_request(enum otrp_message message)
{
	struct kit_request request = { .message = message };
	size_t size;
	uint8_t *package = kit_package(&kit, 2, &size);
	char *text;

	if (message == OTRP_CREATE_SD)
		request.content = kit_create_content(&kit, &kit.tam, "sp", "new");
	else if (message == OTRP_UPDATE_SD || message == OTRP_DELETE_SD)
		request.content = kit_sd_content(&kit.tam, "sp", "sd");
	else if (message != OTRP_GET_DEVICE_STATE)
		request.content = kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID);
	if (message == OTRP_UPDATE_SD)
		json_object_set_new(request.content, "changes",
				    json_pack("{s:s}", "newsdname", "x"));
	if (message == OTRP_INSTALL_TA || message == OTRP_UPDATE_TA)
		request.encrypted_ta = kit_encrypted_ta(&kit, "sp", package, size, NULL,
							message == OTRP_UPDATE_TA);
	text = kit_request(&kit, &request);
	OPENSSL_free(package);
	return text;
}

static void bits_flip(enum otrp_message message)
{
	static const char *const members[] = { "payload", "protected", "signature" };
	char *text = right_request(message);

	for (int i = 0; i < 3; i++) {
		json_t *object = json_loads(text, 0, NULL);
		json_t *jws = json_object_iter_value(json_object_iter(object));
		char *changed = strdup(json_string_value(json_object_get(jws, members[i])));
		char *whole;
		struct kit_answer answer;

		/* Another letter: what is signed stays text. */
		changed[strlen(changed) / 2] = changed[strlen(changed) / 2] == 'A' ? 'B' : 'A';
		json_object_set_new(jws, members[i], json_string(changed));
		whole = json_dumps(object, 0);
		kit_send(&kit, &kit.tam, whole, strlen(whole), &answer);
		cr_assert(!strcmp(answer.code, "ERR_REQUEST_INVALID") ||
				  (i == 1 && !strcmp(answer.code, "ERR_UNSUPPORTED_CRYPTO_ALG")),
			  "%s %s: %s", otrp_message_name(message), members[i], answer.code);
		cr_assert_null(answer.content);
		kit_answer_clear(&answer);
		free(whole);
		free(changed);
		json_decref(object);
	}
	free(text);
}

Test(otrp_tee_messages, t01_a_changed_bit_makes_any_request_invalid)
{
	char *before, *after;

	kit_create(&kit, &kit.tam, "sp", "sd");
	before = kit_dsi(&kit, &kit.tam);
	for (unsigned i = 0; i < OTRP_MESSAGE_COUNT; i++)
		bits_flip((enum otrp_message)i);
	after = kit_dsi(&kit, &kit.tam);
	cr_assert_str_eq(before, after);
	free(before);
	free(after);
}

static void refused_again(const char *text)
{
	struct kit_answer answer;

	kit_send(&kit, &kit.tam, text, strlen(text), &answer);
	cr_assert(!strcmp(answer.code, "ERR_REQUEST_INVALID") ||
			  !strcmp(answer.code, "ERR_DEV_STATE_MISMATCH"),
		  "%s", answer.code);
	kit_answer_clear(&answer);
}

Test(otrp_tee_messages, t14_a_request_is_executed_once)
{
	static const enum otrp_message order[] = { OTRP_CREATE_SD, OTRP_INSTALL_TA, OTRP_UPDATE_TA,
						   OTRP_DELETE_TA, OTRP_UPDATE_SD };

	kit_create(&kit, &kit.tam, "sp", "sd");
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		char *text = right_request(order[i]), *before, *after;

		send_text(text, "pass", NULL);
		before = kit_dsi(&kit, &kit.tam);
		refused_again(text);
		kit_restart(&kit);
		refused_again(text);
		after = kit_dsi(&kit, &kit.tam);
		cr_assert_str_eq(before, after);
		free(before);
		free(after);
		free(text);
	}
}

Test(otrp_tee_messages, t15_an_install_does_not_pass_again_after_its_ta_was_deleted)
{
	char *text;

	kit_create(&kit, &kit.tam, "sp", "sd");
	text = right_request(OTRP_INSTALL_TA);
	send_text(text, "pass", NULL);
	expect(OTRP_DELETE_TA, kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID), "pass");
	refused_again(text);
	free(text);
}

Test(otrp_tee_messages, t15_not_even_when_the_replay_memory_has_forgotten_it)
{
	char *text = right_request(OTRP_CREATE_SD);

	send_text(text, "pass", NULL);
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, "sp", "new"), "pass");
	for (int i = 0; i < 260; i++)
		kit_state(&kit, &kit.tam);
	/* The state is what it was, the count is not. */
	send_text(text, "ERR_DEV_STATE_MISMATCH", NULL);
	free(text);
}

Test(otrp_tee_messages, t16_old_updates_do_not_pass_again)
{
	char *first, *second;

	kit_create(&kit, &kit.tam, "sp", "sd");
	first = right_request(OTRP_INSTALL_TA);
	send_text(first, "pass", NULL);
	second = right_request(OTRP_UPDATE_TA);
	send_text(second, "pass", NULL);
	free(first);
	first = right_request(OTRP_UPDATE_TA);
	send_text(first, "pass", NULL);
	refused_again(second);
	refused_again(first);
	free(first);
	free(second);
}

Test(otrp_tee_messages, t17_of_two_requests_on_one_state_the_first_passes)
{
	json_t *a = kit_create_content(&kit, &kit.tam, "sp", "a");
	json_t *b = kit_create_content(&kit, &kit.tam, "sp", "b");
	char *first = kit_request(&kit, &(struct kit_request) { .message = OTRP_CREATE_SD,
								.content = a });
	char *second = kit_request(&kit, &(struct kit_request) { .message = OTRP_CREATE_SD,
								 .content = b });

	send_text(first, "pass", NULL);
	send_text(second, "ERR_DEV_STATE_MISMATCH", NULL);
	kit_state(&kit, &kit.tam);
	kit_create(&kit, &kit.tam, "sp", "b");
	free(first);
	free(second);
}

Test(otrp_tee_messages, t18_swapped_requests_leave_a_consistent_state)
{
	json_t *content = kit_sd_content(&kit.tam, "sp", "new");
	char *create = right_request(OTRP_CREATE_SD);
	char *erase = kit_request(&kit, &(struct kit_request) { .message = OTRP_DELETE_SD,
								.content = content });

	send_text(erase, "ERR_SD_NOT_FOUND", NULL);
	/* That answer told a state anew, which the other request does not know. */
	send_text(create, "ERR_DEV_STATE_MISMATCH", NULL);
	kit_create(&kit, &kit.tam, "sp", "new");
	free(create);
	free(erase);
}

Test(otrp_tee_messages, an_answer_without_state_voids_the_hash)
{
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_CREATE_SD,
					   .content = kit_create_content(&kit, &kit.tam, "sp", "a"),
					   .without_dsi = true },
		   "pass", NULL);
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, "sp", "a"), "ERR_DEV_STATE_MISMATCH");
	kit_state(&kit, &kit.tam);
	expect(OTRP_DELETE_SD, kit_sd_content(&kit.tam, "sp", "a"), "pass");
}

Test(otrp_tee_messages, t24_envelope_and_payload_have_one_name)
{
	for (unsigned i = OTRP_CREATE_SD; i < OTRP_MESSAGE_COUNT; i++) {
		json_t *content = kit_sd_content(&kit.tam, "sp", "sd");

		kit_expect(&kit,
			   &(struct kit_request) { .message = (enum otrp_message)i,
						   .content = content,
						   .tbs_name = i == OTRP_DELETE_SD ? "CreateSD"
										   : "DeleteSD" },
			   "ERR_REQUEST_INVALID", NULL);
	}
}

/* The request with another protected header, signed with what that asks for or not at all. */
static void protected_set(const char *header, const char *signature, const char *code)
{
	char *text = right_request(OTRP_CREATE_SD),
	     *coded = base64url_encode(header, strlen(header));
	json_t *object = json_loads(text, 0, NULL);
	json_t *jws = json_object_iter_value(json_object_iter(object));
	struct kit_answer answer;
	char *whole;

	json_object_set_new(jws, "protected", json_string(coded));
	if (signature)
		json_object_set_new(jws, "signature", json_string(signature));
	whole = json_dumps(object, 0);
	send_text(whole, code, &answer);
	cr_assert_null(answer.content);
	if (!strcmp(code, "ERR_UNSUPPORTED_CRYPTO_ALG"))
		cr_assert_gt(json_array_size(json_object_get(answer.tbs, "supportedsigalgs")), 1);
	kit_answer_clear(&answer);
	free(whole);
	free(coded);
	free(text);
	json_decref(object);
}

Test(otrp_tee_messages, t25_only_listed_algorithms_that_fit_the_key_are_tried)
{
	protected_set("{\"alg\":\"none\"}", "", "ERR_UNSUPPORTED_CRYPTO_ALG");
	protected_set("{\"alg\":\"HS256\"}", NULL, "ERR_UNSUPPORTED_CRYPTO_ALG");
	protected_set("{\"alg\":\"PS256\"}", NULL, "ERR_UNSUPPORTED_CRYPTO_ALG");
	protected_set("{\"alg\":\"RS256\"}", NULL, "ERR_REQUEST_INVALID");
	protected_set("{}", NULL, "ERR_REQUEST_INVALID");
	protected_set("{\"alg\":\"ES256\",\"crit\":[\"alg\"]}", NULL, "ERR_REQUEST_INVALID");
}

Test(otrp_tee_messages, t38_another_version_is_told)
{
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE,
					   .more = json_pack("{s:s}", "ver", "2.0") },
		   "ERR_UNSUPPORTED_MSG_VERSION", NULL);
}

Test(otrp_tee_messages, t37_members_are_defined_present_and_of_their_type)
{
	static const char *const names[] = { "rid", "tid", "tee", "nextdsi", "dsihash", "content" };
	char *before = kit_dsi(&kit, &kit.tam), *after;

	for (size_t i = 0; i < 6; i++)
		for (int wrong = 0; wrong < 2; wrong++) {
			json_t *more = json_pack("{s:O}", "ocspdat", kit.tam.ocspdat);

			json_object_set_new(more, names[i], wrong ? json_integer(5) : json_null());
			kit_expect(&kit,
				   &(struct kit_request) { .message = OTRP_CREATE_SD,
							   .content = kit_create_content(
								   &kit, &kit.tam, "sp", "sd"),
							   .more = more },
				   "ERR_REQUEST_INVALID", NULL);
		}
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_CREATE_SD,
					   .content =
						   kit_create_content(&kit, &kit.tam, "sp", "sd"),
					   .more = json_pack("{s:s}", "undefined", "x") },
		   "ERR_REQUEST_INVALID", NULL);
	after = kit_dsi(&kit, &kit.tam);
	cr_assert_str_eq(before, after);
	free(before);
	free(after);
}

Test(otrp_tee_messages, t37_contents_are_held_to_the_same)
{
	static const char *const names[] = { "spid", "sdname", "spcert", "tamid", "did" };

	for (size_t i = 0; i < 5; i++)
		for (int wrong = 0; wrong < 2; wrong++) {
			json_t *content = kit_create_content(&kit, &kit.tam, "sp", "sd");

			json_object_del(content, names[i]);
			if (wrong)
				json_object_set_new(content, names[i], json_true());
			expect(OTRP_CREATE_SD, content, "ERR_REQUEST_INVALID");
		}
}

Test(otrp_tee_messages, another_tees_name_is_refused)
{
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_CREATE_SD,
					   .content =
						   kit_create_content(&kit, &kit.tam, "sp", "sd"),
					   .more = json_pack("{s:s}", "tee", "simtee-1") },
		   "ERR_REQUEST_INVALID", NULL);
}

Test(otrp_tee_messages, a_session_without_certificates_uses_those_it_began_with)
{
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_CREATE_SD,
					   .content =
						   kit_create_content(&kit, &kit.tam, "sp", "sd"),
					   .without_x5c = true },
		   "pass", NULL);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_DELETE_SD,
					   .content = kit_sd_content(&kit.tam, "sp", "sd"),
					   .more = json_pack("{s:s}", "tid", "another"),
					   .without_x5c = true },
		   "ERR_REQUEST_INVALID", NULL);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE, .without_x5c = true },
		   "ERR_REQUEST_INVALID", NULL);
}

Test(otrp_tee_messages, a_tam_that_does_not_read_our_signatures_is_told)
{
	struct kit_answer answer;

	kit_expect(
		&kit,
		&(struct kit_request) { .message = OTRP_GET_DEVICE_STATE,
					.more = json_pack("{s:[s]}", "supportedsigalgs", "RS256") },
		"ERR_UNSUPPORTED_CRYPTO_ALG", &answer);
	cr_assert(json_is_array(json_object_get(answer.tbs, "supportedsigalgs")));
	kit_answer_clear(&answer);
}

Test(otrp_tee_messages, what_is_no_request_is_answered_all_the_same)
{
	static const char *const texts[] = {
		"",
		"{}",
		"null",
		"{\"CreateSDRequest\":{}}",
		"{\"FactoryResetTBSRequest\":{}}",
		"\xff\xfe",
		"[[[[[[[[[[[[[[[[[[[[[",
	};
	struct kit_answer answer;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		send_text(texts[i], "ERR_REQUEST_INVALID", &answer);
		cr_assert_str_eq(json_string_value(json_object_get(answer.tbs, "rid")), "");
		cr_assert_eq(json_object_size(answer.tbs), 5);
		kit_answer_clear(&answer);
	}
}

Test(otrp_tee_messages, failures_are_told_under_the_requests_own_key)
{
	struct arena arena = { 0 };
	struct span cek = { 0 }, found, plaintext;
	json_t *plain = kit_sd_content(&kit.tam, "sp", "sd"), *content;
	struct otrp_failure failure;
	struct kit_answer answer;
	struct jwe jwe;
	char *text;

	content = otrp_encrypt(plain, X509_get0_pubkey(kit.tee_certificate), ENC_A256CBC_HS512,
			       &arena, &cek);
	text = kit_request(
		&kit, &(struct kit_request) { .message = OTRP_DELETE_SD,
					      .content = json_object(),
					      .more = json_pack("{s:o}", "content", content) });
	send_text(text, "ERR_SD_NOT_FOUND", &answer);
	cr_assert_eq(jwe_parse(json_object_get(answer.tbs, "content"), &arena, &jwe, &failure), 0);
	cr_assert_eq(jwe_decrypt(&jwe, kit.tam.key, &arena, &plaintext, &found), 0);
	cr_assert(span_equal(found, cek));
	kit_answer_clear(&answer);
	arena_clear(&arena);
	free(text);
}
