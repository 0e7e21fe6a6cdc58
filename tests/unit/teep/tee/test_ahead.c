/* What the TEE begins before it knows, and keeps from request to request: that both change nothing
 * but the time. */
#include "tam_kit.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/resource.h>

#include "otrp/request_guess.h"
#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/otrp/jws.h"
#include "teep/pki/signature.h"

static struct kit kit;
static struct arena arena;

static void setup(void)
{
	kit_open(&kit, NULL);
}

static void teardown(void)
{
	arena_clear(&arena);
	kit_close(&kit);
}

/* What is RSA's is guessed further. */
static void rsa_open(void)
{
	static const struct kit_kinds kinds = { KEY_RSA, KEY_RSA, KEY_RSA, KEY_P256,
						KEY_RSA, 0,	  false };

	kit_close(&kit);
	kit_open(&kit, &kinds);
	kit_state(&kit, &kit.tam);
}

TestSuite(otrp_tee_ahead, .init = setup, .fini = teardown, .timeout = 300);

/* The state as it was kept, and as a TEE that has just started reads it. */
static void expect_same_lists(const char *when)
{
	char *kept = kit_dsi(&kit, &kit.tam), *read;

	kit_restart(&kit);
	read = kit_dsi(&kit, &kit.tam);
	cr_assert_str_eq(kept, read, "%s", when);
	free(kept);
	free(read);
}

static void command(enum otrp_message message, json_t *content, json_t *encrypted_ta)
{
	kit_expect(&kit,
		   &(struct kit_request) {
			   .message = message, .content = content, .encrypted_ta = encrypted_ta },
		   "pass", NULL);
}

static json_t *changed(const char *spid, const char *sdname, const char *what, const char *to)
{
	json_t *content = kit_sd_content(&kit.tam, spid, sdname);

	json_object_set_new(content, "changes", json_pack("{s:s}", what, to));
	return content;
}

Test(otrp_tee_ahead, lists_that_were_followed_are_those_of_the_store)
{
	static const char *const names[] = { "m", "a", "z", "mm", "\"quoted\\", "a\xc3\xa4" };
	uint8_t *package;
	size_t size;

	kit_state(&kit, &kit.tam);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		kit_create(&kit, &kit.tam, i % 2 ? "sp" : "another", names[i]);
	expect_same_lists("created");
	command(OTRP_UPDATE_SD, changed("sp", "a", "newsdname", "zz"), NULL);
	command(OTRP_UPDATE_SD, changed("another", "z", "newspid", "third"), NULL);
	expect_same_lists("renamed");
	package = kit_package(&kit, 1, &size);
	command(OTRP_INSTALL_TA, kit_ta_content(&kit.tam, "sp", "mm", KIT_TAID),
		kit_encrypted_ta(&kit, "sp", package, size, NULL, false));
	command(OTRP_UPDATE_SD, changed("sp", "mm", "newsdname", "b"), NULL);
	expect_same_lists("installed");
	command(OTRP_DELETE_TA, kit_ta_content(&kit.tam, "sp", "b", KIT_TAID), NULL);
	command(OTRP_DELETE_SD, kit_sd_content(&kit.tam, "third", "z"), NULL);
	command(OTRP_DELETE_SD, kit_sd_content(&kit.tam, NULL, "m"), NULL);
	expect_same_lists("deleted");
	OPENSSL_free(package);
}

Test(otrp_tee_ahead, lists_of_a_command_that_failed_are_as_before)
{
	json_t *content;

	kit_state(&kit, &kit.tam);
	kit_create(&kit, &kit.tam, "sp", "sd");
	/* Found out after the domain has another name already. */
	content = changed("sp", "sd", "newsdname", "other");
	json_object_set_new(json_object_get(content, "changes"), "deloldspcert",
			    json_pack("[s]", "0000000000000000000000000000000000000000000000000000"
					     "000000000000"));
	kit_expect(&kit, &(struct kit_request) { .message = OTRP_UPDATE_SD, .content = content },
		   "ERR_SPCERT_INVALID", NULL);
	expect_same_lists("failed");
}

/* The log of the store takes no more. */
Test(otrp_tee_ahead, lists_of_a_commit_that_failed_are_as_before)
{
	const struct rlimit none = { 4096, RLIM_INFINITY }, all = { RLIM_INFINITY, RLIM_INFINITY };
	char *text, *before, *after;
	struct kit_answer answer;

	kit_state(&kit, &kit.tam);
	kit_create(&kit, &kit.tam, "sp", "sd");
	for (int i = 0; i < 2; i++) {
		const bool renames = i == 1;

		before = kit_dsi(&kit, &kit.tam);
		text = kit_request(
			&kit, &(struct kit_request) {
				      .message = renames ? OTRP_UPDATE_SD : OTRP_CREATE_SD,
				      .content = renames ? changed("sp", "sd", "newspid", "lost")
							 : kit_create_content(&kit, &kit.tam, "sp",
									      "lost") });
		signal(SIGXFSZ, SIG_IGN);
		cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
		kit_send(&kit, &kit.tam, text, strlen(text), &answer);
		cr_assert_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
		cr_assert_str_eq(answer.code, "ERR_TEE_FAIL");
		kit_answer_clear(&answer);
		free(text);
		after = kit_dsi(&kit, &kit.tam);
		cr_assert_str_eq(before, after);
		free(before);
		free(after);
		expect_same_lists(renames ? "renamed" : "created");
	}
}

/* The firmware may have been begun with another id, or with none. */
Test(otrp_tee_ahead, the_firmware_signs_the_id_of_each_request)
{
	static const char *const ids[] = { "t1", "t2", "t2", "another", "\"tid\":\"no" };
	struct kit_answer answer;
	X509 *certificate;
	EVP_PKEY *key;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const json_t *word;
		struct span der, signature, signed_id;

		kit_expect(&kit,
			   &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE,
						   .more = json_pack("{s:s}", "tid", ids[i]) },
			   "pass", &answer);
		word = json_object_get(json_object_get(answer.content, "dsi"), "tfwdata");
		cr_assert_eq(base64_decode(json_span(json_object_get(word, "cert")), BASE64_ANY,
					   &arena, &der),
			     0);
		cr_assert_eq(base64_decode(json_span(json_object_get(word, "sig")), BASE64_ANY,
					   &arena, &signature),
			     0);
		cr_assert_eq(base64_decode(json_span(json_object_get(word, "tbs")), BASE64_ANY,
					   &arena, &signed_id),
			     0);
		cr_assert(span_is(signed_id, ids[i]));
		certificate = certificate_parse(der.data, der.size);
		key = X509_get0_pubkey(certificate);
		cr_assert(signature_holds(key, SIGNATURE_JOSE, ids[i], strlen(ids[i]),
					  signature.data, signature.size),
			  "%s", ids[i]);
		X509_free(certificate);
		kit_answer_clear(&answer);
	}
}

/* Nothing is found early in a request that is written otherwise. */
Test(otrp_tee_ahead, a_request_with_spaces_is_as_good)
{
	char *text = kit_request(&kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE });
	json_t *object = json_loads(text, 0, NULL);
	char *spaced = json_dumps(object, JSON_INDENT(4));
	struct request_guess guess;
	struct kit_answer answer;

	request_guess_make(span_of_text(spaced), &guess);
	cr_assert_null(guess.payload.data);
	kit_send(&kit, &kit.tam, spaced, strlen(spaced), &answer);
	cr_assert_str_eq(answer.code, "pass");
	kit_answer_clear(&answer);
	free(spaced);
	free(text);
	json_decref(object);
}

Test(otrp_tee_ahead, guesses_stay_within_the_octets)
{
	static const char *const odd[] = {
		"",
		"{",
		"\"payload\":\"",
		"\"payload\":\"\"",
		"\"payload\":\"A\"",
		"{\"GetDeviceStateRequest\":\"payload\":\"====\"",
		"\"payload\":\"InRpZCI6Ig\"", /* "tid":" and no more */
		"\"payload\":\"InRpZCI6IiI\"",
	};
	struct request_guess_end end;
	struct request_guess guess;
	char *own;

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		/* With nothing behind it that may be read. */
		own = malloc(strlen(odd[i]) ? strlen(odd[i]) : 1);
		memcpy(own, odd[i], strlen(odd[i]));
		request_guess_make(span_of(own, strlen(odd[i])), &guess);
		request_guess_end_read(&guess, &arena, &end);
		cr_assert_null(end.tid.data, "%s", odd[i]);
		cr_assert_null(request_guess_encrypted_key(&guess, &arena).data, "%s", odd[i]);
		free(own);
	}
}

Test(otrp_tee_ahead, a_request_is_guessed_as_it_is)
{
	char *text = kit_request(&kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE });
	struct request_guess_end end;
	struct request_guess guess;

	request_guess_make(span_of_text(text), &guess);
	cr_assert(guess.query);
	request_guess_end_read(&guess, &arena, &end);
	cr_assert(span_is(end.tid, "t1"));
	free(text);
}

Test(otrp_tee_ahead, a_command_is_guessed_as_it_is)
{
	struct request_guess_end end;
	struct request_guess query, guess;
	struct span key;
	char *first, *text;

	rsa_open();
	first = kit_request(&kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE });
	text = kit_request(&kit, &(struct kit_request) { .message = OTRP_CREATE_SD,
							 .content = kit_create_content(
								 &kit, &kit.tam, "sp", "sd") });
	request_guess_make(span_of_text(first), &query);
	request_guess_make(span_of_text(text), &guess);
	cr_assert_not(guess.query);
	cr_assert(span_equal(guess.header, query.header));
	cr_assert(span_is(guess.protected_text, "eyJhbGciOiJSUzI1NiJ9"));
	cr_assert(guess.signature_text.data);
	request_guess_end_read(&guess, &arena, &end);
	cr_assert(end.tid.data);
	cr_assert(end.nextdsi);
	key = request_guess_encrypted_key(&guess, &arena);
	cr_assert_eq(key.size, 256);
	free(first);
	free(text);
}

/* The signature of another request, and then its own. */
Test(otrp_tee_ahead, a_session_does_not_vouch_for_what_it_did_not_sign)
{
	char *good, *forged, *from, *to;
	struct kit_answer answer;

	rsa_open();
	good = kit_request(&kit, &(struct kit_request) { .message = OTRP_CREATE_SD,
							 .content = kit_create_content(
								 &kit, &kit.tam, "sp", "sd") });
	forged =
		kit_request(&kit, &(struct kit_request) { .message = OTRP_CREATE_SD,
							  .content = kit_create_content(
								  &kit, &kit.tam, "sp", "other") });
	from = strstr(good, "\"signature\":\"");
	to = strstr(forged, "\"signature\":\"");
	cr_assert_eq(strlen(from), strlen(to));
	strcpy(to, from);
	for (int i = 0; i < 2; i++) {
		char *text = i ? good : forged;

		kit_send(&kit, &kit.tam, text, strlen(text), &answer);
		cr_assert_str_eq(answer.code, i ? "pass" : "ERR_REQUEST_INVALID");
		kit_answer_clear(&answer);
	}
	free(good);
	free(forged);
}

/* Signed, and with another block first that looks like the content's: in the place of an id. */
Test(otrp_tee_ahead, a_block_that_was_guessed_wrongly_is_not_used)
{
	static const char decoy[] = "{\"aaa\":{\"encrypted_key\":\"AAAAAAAA\"},";
	char *text, *payload, *moved, *message = NULL;
	struct span decoded;
	struct request_guess guess;
	json_t *object, *jws;
	const char *name;
	struct kit_answer answer;

	rsa_open();
	text = kit_request(&kit, &(struct kit_request) { .message = OTRP_CREATE_SD,
							 .content = kit_create_content(
								 &kit, &kit.tam, "sp", "sd") });
	request_guess_make(span_of_text(text), &guess);
	cr_assert_eq(base64_decode(guess.payload, BASE64_JOSE, &arena, &decoded), 0);
	/* Before the one member that there may be. */
	cr_assert_gt(asprintf(&payload, "%s%.*s", decoy, (int)decoded.size - 1,
			      (const char *)decoded.data + 1),
		     0);
	object = json_loads(text, 0, NULL);
	name = json_object_iter_key(json_object_iter(object));
	jws = jws_sign(span_of_text(payload), kit.tam.key, kit.tam.chain);
	moved = jws ? json_dumps(jws, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
	cr_assert_not_null(moved);
	cr_assert_gt(asprintf(&message, "{\"%s\":%s}", name, moved), 0);
	request_guess_make(span_of_text(message), &guess);
	cr_assert_eq(request_guess_encrypted_key(&guess, &arena).size, 6);
	kit_send(&kit, &kit.tam, message, strlen(message), &answer);
	cr_assert_str_eq(answer.code, "ERR_REQUEST_INVALID");
	kit_answer_clear(&answer);
	kit_send(&kit, &kit.tam, text, strlen(text), &answer);
	cr_assert_str_eq(answer.code, "pass");
	kit_answer_clear(&answer);
	free(message);
	free(moved);
	free(payload);
	free(text);
	json_decref(jws);
	json_decref(object);
}
