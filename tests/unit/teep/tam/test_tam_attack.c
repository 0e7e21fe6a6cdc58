/* The agent as an attacker, and as one that loses things: the TAM's side of each. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "scene.h"
#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tam/message_log.h"
#include "teep/tam/session_memory.h"
#include "test_keys.h"

TestSuite(tam_attack, .init = scene_begin, .fini = scene_end);

#define INSTALLED(version) SCENE_SD "/" SCENE_TA ":" version

static char *kept; /* a message, for later */

static void keep(const char *message)
{
	free(kept);
	kept = strdup(message);
}

static void forget(void)
{
	free(kept);
	kept = NULL;
}

static bool is(const char *message, const char *name)
{
	return strncmp(message + 2, name, strlen(name)) == 0;
}

/* ---- Everything at every step ---------------------------------------------------------------- */

static unsigned victim;

static bool loses(unsigned number, bool request, char **message)
{
	(void)request;
	(void)message;
	return number != victim;
}

/* The middle of the message, in one of its members. */
static void damage(char *message)
{
	char *at = message + strlen(message) / 2;

	*at = *at == 'A' ? 'B' : 'A';
}

/* It can still be read. */
static void spoil_signature(char *message)
{
	char *at = strstr(message, "\"signature\":\"");

	cr_assert_not_null(at);
	at += 20;
	*at = *at == 'A' ? 'B' : 'A';
}

static bool damages(unsigned number, bool request, char **message)
{
	(void)request;
	if (number == victim)
		damage(*message);
	return true;
}

static bool truncates(unsigned number, bool request, char **message)
{
	(void)request;
	if (number == victim)
		strcpy(*message, "{\"OTrPBrokerError\":{\"ver\":\"1.0\",\"rid\":\"\",\"tid\":\"\","
				 "\"errcode\":\"ERR_AGENT_TEE_BUSY\"}}");
	return true;
}

/* The same message once more in the place of the next: the one before is what arrives. */
static bool repeats(unsigned number, bool request, char **message)
{
	static char *before[2];

	if (number == victim && before[request]) {
		free(*message);
		*message = strdup(before[request]);
	}
	free(before[request]);
	before[request] = strdup(*message);
	return true;
}

/*
 * For each message of the session that installs, of that which updates and of that which deletes:
 * the agent does its worst with it, and an honest session afterwards brings about what is wanted.
 */
static void at_every_step(scene_agent agent, unsigned most)
{
	for (victim = 0; victim < most; victim++) {
		scene_publish(SCENE_TA, 2 * victim + 1);
		scene_want(SCENE_TA, 0);
		(void)scene_run(0, NULL, agent);
		cr_assert(scene_run(0, NULL, NULL));
		cr_assert_neq(strstr(scene_installed(0), SCENE_TA), NULL, "step %u", victim);

		scene_publish(SCENE_TA, 2 * victim + 2);
		(void)scene_run(0, NULL, agent);
		cr_assert(scene_run(0, NULL, NULL));
		cr_assert_str_eq(scene_installed(0), scene_stored(0), "step %u", victim);

		scene_want_nothing();
		(void)scene_run(0, NULL, agent);
		cr_assert(scene_run(0, NULL, NULL));
		scene_converged(0, "");
	}
}

Test(tam_attack, any_message_may_be_lost)
{
	at_every_step(loses, 6);
}

Test(tam_attack, any_message_may_be_damaged)
{
	at_every_step(damages, 6);
}

Test(tam_attack, agent_may_say_that_nobody_is_there_in_place_of_any_answer)
{
	at_every_step(truncates, 6);
}

Test(tam_attack, any_message_may_come_in_place_of_the_next)
{
	at_every_step(repeats, 6);
}

/* ---- Replay ---------------------------------------------------------------------------------- */

/* What makes something reaches the TEE twice, and the second answer is what the TAM sees. */
static bool doubles(unsigned number, bool request, char **message)
{
	(void)number;
	if (request && (is(*message, "CreateSD") || is(*message, "InstallTA")))
		free(scene_answer(0, *message));
	return true;
}

Test(tam_attack, t14_command_that_is_replayed_at_once_is_executed_once)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, doubles));
	/* The states name neither certificates nor versions: both are told once more. */
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD GetDeviceState UpdateSD InstallTA "
				      "GetDeviceState UpdateTA");
	cr_expect_eq(scene_session().state, SESSION_DONE);
	scene_converged(0, INSTALLED("1"));
}

static bool keeps_install(unsigned number, bool request, char **message)
{
	(void)number;
	if (request && (is(*message, "InstallTA") || is(*message, "UpdateTA")))
		keep(*message);
	return true;
}

Test(tam_attack, t15_install_that_is_replayed_after_the_deletion_brings_nothing_back)
{
	char *answer;

	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, keeps_install));
	scene_want_nothing();
	cr_assert(scene_run(0, NULL, NULL));
	answer = scene_answer(0, kept);
	cr_expect_str_eq(scene_installed(0), "");
	/* Nor does the TAM make anything of that answer: its session is over. */
	cr_expect_null(scene_post(answer));
	free(answer);
	forget();
	scene_converged(0, "");
}

Test(tam_attack, t16_old_update_that_is_replayed_lowers_no_version)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	scene_publish(SCENE_TA, 2);
	cr_assert(scene_run(0, NULL, keeps_install));
	scene_publish(SCENE_TA, 3);
	cr_assert(scene_run(0, NULL, NULL));
	free(scene_answer(0, kept));
	forget();
	scene_converged(0, INSTALLED("3"));
}

Test(tam_attack, t16_fresh_message_with_an_old_version_is_not_even_sent)
{
	scene_publish(SCENE_TA, 1);
	scene_publish(SCENE_TA, 2);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	scene_want(SCENE_TA, 1);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	cr_expect(strstr(scene_session().error, "never lowered"), "%s", scene_session().error);
	cr_expect_str_eq(scene_installed(0), INSTALLED("2"));
}

/* The answer is posted twice: the TAM acts once and says the same again. */
Test(tam_attack, message_that_is_posted_again_is_answered_with_the_same_octets)
{
	char *request, *answer, *next, *again;

	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	request = scene_connect(NULL);
	for (unsigned i = 0; i < 3; i++) {
		answer = scene_answer(0, request);
		next = scene_post(answer);
		again = scene_post(answer);
		if (next)
			cr_expect_str_eq(next, again);
		else
			cr_expect_null(again);
		free(again);
		free(answer);
		free(request);
		request = next;
	}
	cr_expect_null(request);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM message"), 6);
	scene_converged(0, INSTALLED("1"));
}

/* Too large to be kept but in the process that gave it: otherwise the device is asked what it has,
 * and gets it by a new command, whether or not the one whose way is not known arrives after all. */
static void large_command_lost(bool arrives_late)
{
	char *request, *answer, *large, *again;

	scene.padding = 200000;
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	request = scene_connect(NULL);
	answer = scene_answer(0, request);
	free(request);
	request = scene_post(answer);
	free(answer);
	cr_assert(is(request, "CreateSD"));
	answer = scene_answer(0, request);
	large = scene_post(answer);
	cr_assert(is(large, "InstallTA"));
	cr_assert_gt(strlen(large), SESSION_ANSWER_MAX);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM session WHERE last_answer IS NOT NULL"), 0);
	/* The process that gave it has it in hand. */
	again = scene_post(answer);
	cr_expect_str_eq(again, large);
	free(again);
	session_memory_expire(scene.tam.memory, INT64_MAX);
	again = scene_post(answer);
	cr_assert(is(again, "GetDeviceState"), "%.40s", again);
	/* This one is kept: it comes again as it was. */
	free(request);
	request = scene_post(answer);
	cr_expect_str_eq(request, again);
	free(answer);
	if (arrives_late)
		free(scene_answer(0, large));
	free(large);
	free(again);
	while (request) {
		answer = scene_answer(0, request);
		free(request);
		request = scene_post(answer);
		free(answer);
	}
	cr_expect_str_eq(scene.trail,
			 arrives_late
				 ? "GetDeviceState CreateSD InstallTA InstallTA GetDeviceState "
				   "GetDeviceState UpdateTA"
				 : "GetDeviceState CreateSD InstallTA InstallTA GetDeviceState "
				   "GetDeviceState InstallTA");
	cr_expect_eq(scene_session().state, SESSION_DONE);
	scene_converged(0, INSTALLED("1"));
}

Test(tam_attack, large_command_whose_way_is_not_known_is_not_kept_and_made_anew)
{
	large_command_lost(false);
}

Test(tam_attack, large_command_that_arrives_after_all_is_executed_once)
{
	large_command_lost(true);
}

/* ---- Sessions side by side ------------------------------------------------------------------- */

/* Up to the first command, which is the caller's. */
static char *first_command(void)
{
	char *request = scene_connect(NULL), *answer = scene_answer(0, request);
	char *command = scene_post(answer);

	free(answer);
	free(request);
	return command;
}

/* Goes on from a request to the end. */
static void finish(char *request)
{
	for (unsigned rounds = 0; request; rounds++) {
		char *answer = scene_answer(0, request);

		cr_assert_lt(rounds, 20, "%s", scene.trail);
		free(request);
		request = scene_post(answer);
		free(answer);
	}
}

Test(tam_attack, t17_two_sessions_on_one_state_both_end_well)
{
	char *a, *b;

	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	a = first_command();
	b = first_command();
	cr_assert(is(a, "CreateSD") && is(b, "CreateSD"));
	finish(a);
	cr_expect_eq(scene_session().state, SESSION_DONE);
	scene.trail[0] = '\0';
	finish(b);
	cr_expect_eq(scene_session().state, SESSION_DONE);
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	scene_converged(0, INSTALLED("1"));
}

Test(tam_attack, t17_two_sessions_in_turns_both_end_well)
{
	char *request[2], *answer;
	unsigned rounds = 0;

	scene_publish(SCENE_TA, 1);
	scene_publish(SCENE_OTHER, 1);
	scene_want(SCENE_TA, 0);
	scene_want(SCENE_OTHER, 0);
	request[0] = scene_connect(NULL);
	request[1] = scene_connect(NULL);
	while (request[0] || request[1]) {
		for (unsigned i = 0; i < 2; i++) {
			if (!request[i])
				continue;
			answer = scene_answer(0, request[i]);
			free(request[i]);
			request[i] = scene_post(answer);
			free(answer);
		}
		cr_assert_lt(rounds++, 30, "%s", scene.trail);
	}
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("1") " " SCENE_SD "/" SCENE_OTHER ":1");
}

Test(tam_attack, t18_swapped_order_leaves_a_state_that_fits)
{
	char *a, *b, *answer_a, *answer_b, *next_a, *next_b;

	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	a = first_command();
	b = first_command();
	answer_b = scene_answer(0, b);
	answer_a = scene_answer(0, a);
	next_a = scene_post(answer_a);
	next_b = scene_post(answer_b);
	cr_expect(next_a && next_b);
	finish(next_b);
	finish(next_a);
	free(a);
	free(b);
	free(answer_a);
	free(answer_b);
	scene_converged(0, INSTALLED("1"));
}

/* ---- Other devices --------------------------------------------------------------------------- */

static bool to_another_device(unsigned number, bool request, char **message)
{
	static bool done;
	char *answer;

	(void)number;
	if (request && !done && is(*message, "CreateSD")) {
		keep(*message);
		return true;
	}
	if (!request && kept && !done) {
		answer = scene_answer(1, kept);
		free(*message);
		*message = answer;
		done = true;
	}
	return true;
}

Test(tam_attack, t20_answer_of_another_device_to_a_command_is_none)
{
	scene_publish(SCENE_TA, 1);
	cr_assert(scene_run(1, NULL, NULL));
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, to_another_device));
	forget();
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD GetDeviceState UpdateSD InstallTA");
	scene_converged(0, INSTALLED("1"));
	cr_expect_str_eq(scene_installed(1), "");
}

/* The state of another device, asked for by the same request. */
static bool other_state(unsigned number, bool request, char **message)
{
	char *answer;

	if (request)
		keep(*message);
	if (!request && number > 1 && is(*message, "GetDeviceState")) {
		answer = scene_answer(1, kept);
		free(*message);
		*message = answer;
	}
	/* The first command's answer is spoilt, so that the state is asked for again. */
	if (!request && number == 3)
		spoil_signature(*message);
	return true;
}

Test(tam_attack, t21_state_of_another_device_does_not_enter_the_session)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	(void)scene_run(0, NULL, other_state);
	forget();
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM device"), 1);
	cr_expect_str_eq(scene_installed(1), "");
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("1"));
}

Test(tam_attack, t21_state_from_an_earlier_session_does_not_enter_a_new_one)
{
	char *old = scene_connect(NULL), *answer = scene_answer(0, old), *fresh, *next;

	free(scene_post(answer));
	fresh = scene_connect(NULL);
	/* The old one's session is over; the new one waits for its own. */
	next = scene_post(answer);
	cr_expect_null(next);
	finish(fresh);
	cr_expect_eq(scene_session().state, SESSION_DONE);
	free(answer);
	free(old);
}

/* ---- The firmware's word --------------------------------------------------------------------- */

Test(tam_attack, t22_firmware_vouches_for_this_transaction_or_the_device_is_refused)
{
	static char tee[160], firmware[160], err[256];
	const struct device_trust_options options = { .tee_roots = tee,
						      .firmware_roots = firmware,
						      .policy = span_of_text(
							      "{\"require_tfw\": true}") };

	snprintf(tee, sizeof(tee), "%s/tee/root.pem", scene.authorities);
	snprintf(firmware, sizeof(firmware), "%s/tee/ca.pem", scene.authorities);
	device_trust_close(scene.trust);
	cr_assert_eq(device_trust_open(&scene.trust, &options, err, sizeof(err)), 0, "%s", err);
	scene.tam.trust = scene.trust;
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_eq(scene_known(0).status, DEVICE_REFUSED);
	cr_expect(strstr(scene_known(0).reason, "firmware"), "%s", scene_known(0).reason);
}

/* ---- Lost answers ---------------------------------------------------------------------------- */

static const char *lost;

static bool loses_answer_to(unsigned number, bool request, char **message)
{
	(void)number;
	return request || !is(*message, lost);
}

Test(tam_attack, t34_lost_answer_to_a_command_that_was_executed)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	lost = "CreateSD";
	cr_expect_not(scene_run(0, NULL, loses_answer_to));
	lost = "InstallTA";
	cr_expect_not(scene_run(0, NULL, loses_answer_to));
	cr_expect_str_eq(scene.trail, "GetDeviceState UpdateSD InstallTA");
	cr_assert(scene_run(0, NULL, NULL));
	/* The state names no version: the same is sent once more, as an update. */
	cr_expect_str_eq(scene.trail, "GetDeviceState UpdateTA");
	scene_converged(0, INSTALLED("1"));
	lost = "UpdateTA";
	scene_publish(SCENE_TA, 2);
	cr_expect_not(scene_run(0, NULL, loses_answer_to));
	cr_expect_str_eq(scene_installed(0), INSTALLED("2"));
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("2"));
	lost = "DeleteTA";
	scene_want_nothing();
	cr_expect_not(scene_run(0, NULL, loses_answer_to));
	lost = "DeleteSD";
	cr_expect_not(scene_run(0, NULL, loses_answer_to));
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	scene_converged(0, "");
}

/* That the state shows the TA says nothing of its version. */
static bool spoils_install(unsigned number, bool request, char **message)
{
	(void)number;
	if (!request && is(*message, "InstallTAResponse"))
		spoil_signature(*message);
	return true;
}

Test(tam_attack, ta_whose_installation_was_not_confirmed_is_sent_as_an_update)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, spoils_install));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA GetDeviceState UpdateTA");
	scene_converged(0, INSTALLED("1"));
}

static bool spoils_domain(unsigned number, bool request, char **message)
{
	(void)number;
	if (!request && is(*message, "CreateSDResponse")) {
		spoil_signature(*message);
		scene_want_nothing();
	}
	return true;
}

/* It is not wanted any more when the TAM finds that it made it after all. */
Test(tam_attack, domain_whose_making_was_not_confirmed_is_still_the_tam_s)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, spoils_domain));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD GetDeviceState DeleteSD");
	scene_converged(0, "");
}

/* The TEE is ended after it has executed, and starts again. */
static bool restarts(unsigned number, bool request, char **message)
{
	(void)message;
	if (!request && number % 2)
		scene_restart(0);
	return true;
}

Test(tam_attack, t34_tee_that_starts_again_goes_on)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, restarts));
	scene_converged(0, INSTALLED("1"));
}

/* ---- The array of states --------------------------------------------------------------------- */

static enum {
	EMPTIES,
	ADDS_FOREIGN,
	ADDS_NONSENSE,
	TWICE
} array_attack;

static bool attacks_array(unsigned number, bool request, char **message)
{
	char *other, *whole = NULL;

	if (request)
		keep(*message);
	if (request || number > 1 || !is(*message, "GetDeviceStateResponse"))
		return true;
	other = scene_answer(1, kept);
	(*message)[strlen(*message) - 2] = '\0'; /* without ]} */
	switch (array_attack) {
	case EMPTIES:
		whole = strdup("{\"GetDeviceStateResponse\":[]}");
		break;
	case ADDS_FOREIGN:
		(void)!asprintf(&whole, "%s,%s", *message, strchr(other, '[') + 1);
		break;
	case ADDS_NONSENSE:
		(void)!asprintf(&whole,
				"{\"GetDeviceStateResponse\":[7,{\"GetDeviceTEEStateResponse\":"
				"{}},%s]}",
				strchr(*message, '[') + 1);
		break;
	case TWICE:
		(void)!asprintf(&whole, "%s,%s]}", *message, strchr(*message, '[') + 1);
		break;
	}
	free(other);
	free(*message);
	*message = whole;
	return true;
}

Test(tam_attack, t40_empty_array_leads_to_a_new_question)
{
	array_attack = EMPTIES;
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, attacks_array));
	forget();
	cr_expect_str_eq(scene.trail, "GetDeviceState GetDeviceState CreateSD InstallTA");
	scene_converged(0, INSTALLED("1"));
}

Test(tam_attack, t40_entries_that_are_none_do_no_harm)
{
	array_attack = ADDS_NONSENSE;
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, attacks_array));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA");
	array_attack = TWICE;
	scene_publish(SCENE_TA, 2);
	cr_assert(scene_run(0, NULL, attacks_array));
	cr_expect_str_eq(scene.trail, "GetDeviceState UpdateTA");
	forget();
	scene_converged(0, INSTALLED("2"));
}

/* A genuine device that the agent adds is one more TEE; it reaches only the one in front. */
Test(tam_attack, t40_foreign_entry_harms_nobody)
{
	array_attack = ADDS_FOREIGN;
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	(void)scene_run(0, NULL, attacks_array);
	forget();
	cr_expect_str_eq(scene_installed(0), INSTALLED("1"));
	cr_expect_str_eq(scene_installed(1), "");
	scene_converged(0, INSTALLED("1"));
	cr_assert(scene_run(1, NULL, NULL));
	scene_converged(1, INSTALLED("1"));
}

/* ---- What never helps ------------------------------------------------------------------------ */

static bool always_damages(unsigned number, bool request, char **message)
{
	(void)number;
	if (!request)
		spoil_signature(*message);
	return true;
}

Test(tam_attack, agent_that_spoils_everything_ends_the_session)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	(void)scene_run(0, NULL, always_damages);
	cr_expect_eq(scene.rounds, 5);
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	/* A session that no device is known of is named by what fetches no keys. */
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM event WHERE kind = 'alarm' AND "
				 "LENGTH(subject) = 16"),
		     1);
	cr_expect_str_eq(scene_installed(0), "");
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("1"));
}

/* Signed by nobody in particular, in the name of a TEE whose certificate everybody may have: what
 * is in it is not even looked at. */
static char *state_in_a_name(const char *request, EVP_PKEY *recipient)
{
	X509_STACK_AUTO chain = NULL;
	EVP_PKEY *key = test_key(KEY_P256, 5);
	char path[160], error[256], *answer, *whole = NULL;
	uint8_t *leaf, *root;
	size_t leaf_size, root_size;
	struct span payload, cek = { 0 };
	json_t *object = json_loads(request, 0, NULL), *jws, *signed_part, *tbs, *tee;

	jws = json_object_iter_value(json_object_iter(object));
	cr_assert_eq(base64_decode(json_span(json_object_get(jws, "payload")), BASE64_JOSE,
				   &scene.arena, &payload),
		     0);
	signed_part = json_loadb((const char *)payload.data, payload.size, 0, NULL);
	tbs = json_object_iter_value(json_object_iter(signed_part));
	snprintf(path, sizeof(path), "%s/boot/tee.pem", scene_device(0)->directory);
	chain = chain_read(path, error, sizeof(error));
	cr_assert_not_null(chain, "%s", error);
	leaf = certificate_encode(sk_X509_value(chain, 0), &leaf_size);
	root = certificate_encode(sk_X509_value(chain, 1), &root_size);
	tee = json_pack("{s:s, s:s, s:o, s:[o], s:s, s:{}, s:[{s:s, s:s, s:s}]}", "name",
			"simtee-0", "ver", "1.0", "cert", otrp_base64(leaf, leaf_size), "cacert",
			otrp_base64(root, root_size), "dsigen", "7", "sdlist", "teeaiklist", "spid",
			SCENE_SPID, "spaik", "bm8ga2V5", "spaiktype", "ECC");
	answer = otrp_compose("GetDeviceTEEState", "Response",
			      json_pack("{s:s, s:s, s:O, s:O, s:b, s:o}", "ver", "1.0", "status",
					"pass", "rid", json_object_get(tbs, "rid"), "tid",
					json_object_get(tbs, "tid"), "signerreq", 0, "edsi",
					otrp_encrypt(json_pack("{s:{s:o}}", "dsi", "tee", tee),
						     recipient, ENC_A128CBC_HS256, &scene.arena,
						     &cek)),
			      key, NULL);
	cr_assert_not_null(answer);
	cr_assert(asprintf(&whole, "{\"GetDeviceStateResponse\":[%s]}", answer) > 0);
	free(answer);
	OPENSSL_free(leaf);
	OPENSSL_free(root);
	EVP_PKEY_free(key);
	json_decref(signed_part);
	json_decref(object);
	return whole;
}

Test(tam_attack, keys_in_a_state_that_nobody_signed_are_not_looked_at)
{
	char *request = scene_connect(NULL), *answer, *next;
	struct message_filter filter = { .limit = 10 };
	struct message *list;
	size_t count;

	(void)scene_device(0);
	answer = state_in_a_name(request, tam_keys_at(scene.keys, 0)->key);
	next = scene_post(answer);
	cr_assert_eq(message_log_list(scene.database, &filter, &scene.arena, &list, &count), 0);
	cr_assert_geq(count, 2);
	cr_expect_str_eq(list[1].error, "the signature does not hold under the TEE's certificate");
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM device"), 0);
	free(next);
	free(answer);
	free(request);
}

static bool always_busy(unsigned number, bool request, char **message)
{
	(void)number;
	if (!request) {
		free(*message);
		*message = strdup("{\"OTrPBrokerError\":{\"ver\":\"1.0\",\"rid\":\"\",\"tid\":\"\","
				  "\"errcode\":\"ERR_AGENT_TEE_BUSY\"}}");
	}
	return true;
}

Test(tam_attack, agent_that_is_always_busy_ends_the_session)
{
	cr_assert(scene_run(0, NULL, always_busy));
	cr_expect_eq(scene.rounds, 2);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM device"), 0);
}

/* What the agent says is no statement of the TEE's: nothing of it is believed. */
static bool forges_failure(unsigned number, bool request, char **message)
{
	(void)number;
	if (!request && is(*message, "InstallTAResponse")) {
		free(*message);
		*message = strdup("{\"status\":{\"result\":\"fail\",\"error-code\":"
				  "\"ERR_AGENT_TEE_FAIL\",\"error-message\":\"no\"}}");
	}
	return true;
}

Test(tam_attack, failure_that_the_agent_makes_up_changes_nothing)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, forges_failure));
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("1"));
}

/* ---- What TEEs refuse ------------------------------------------------------------------------ */

Test(tam_attack, certificate_that_the_tam_believed_registered_is_registered_again)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	/* The TAM's picture is wrong: it knows of a certificate that is not there. */
	cr_assert_eq(
		tam_database_run(scene.database,
				 "UPDATE device_domain SET certificates = "
				 "'0000000000000000000000000000000000000000000000000000000000000"
				 "000'",
				 TAM_NO_VALUES, NULL),
		0);
	scene_publish(SCENE_TA, 2);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState UpdateSD UpdateSD UpdateTA");
	scene_converged(0, INSTALLED("2"));
}

Test(tam_attack, tee_without_room_fails_the_one_ta_and_the_rest_goes_on)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	scene_device(0);
	tee_close(scene.devices[0].tee);
	scene.devices[0].tee = NULL;
	scene.devices[0].options.store_max = 16384;
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	cr_expect(strstr(scene_session().error, "ERR_TEE_RESOURCE_FULL"), "%s",
		  scene_session().error);
	cr_expect_str_eq(scene_installed(0), "");
}
