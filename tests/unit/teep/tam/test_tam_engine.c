/* Sessions of the TAM with real TEEs, from nothing to what is wanted and back. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "scene.h"
#include "teep/otrp/encoding.h"
#include "teep/otrp/jws.h"
#include "teep/tam/deployment.h"
#include "teep/tam/dsi.h"
#include "teep/tam/event_log.h"
#include "teep/tam/message_log.h"

TestSuite(tam_engine, .init = scene_begin, .fini = scene_end);

#define INSTALLED(version) SCENE_SD "/" SCENE_TA ":" version

Test(tam_engine, device_that_is_to_have_nothing_gets_nothing)
{
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	cr_expect_eq(scene_session().state, SESSION_DONE);
	cr_expect_eq(scene_known(0).status, DEVICE_TRUSTED);
	cr_expect_str_eq(scene_known(0).tee_name, "simtee-0");
}

Test(tam_engine, row24_from_nothing_to_an_installed_ta_to_an_update_to_nothing)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA");
	scene_converged(0, INSTALLED("1"));

	scene_publish(SCENE_TA, 2);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState UpdateTA");
	scene_converged(0, INSTALLED("2"));

	cr_assert_eq(catalogue_retire(scene.database, SCENE_TA, 1), 0);
	cr_assert_eq(catalogue_retire(scene.database, SCENE_TA, 2), 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState DeleteTA DeleteSD");
	scene_converged(0, "");
}

Test(tam_engine, personalisation_goes_along_and_is_renewed_alone)
{
	scene_publish(SCENE_TA, 1);
	cr_assert_eq(catalogue_personalise(scene.database, SCENE_TA, 1, span_of_text("first")), 0);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA");
	scene_converged(0, INSTALLED("1"));
	cr_assert_eq(catalogue_personalise(scene.database, SCENE_TA, 1, span_of_text("second")), 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState UpdateTA");
	scene_converged(0, INSTALLED("1"));
}

Test(tam_engine, several_tas_and_domains_in_one_session)
{
	scene_publish(SCENE_TA, 1);
	scene_publish(SCENE_OTHER, 1);
	scene_want(SCENE_TA, 0);
	scene_want_in("zz", SCENE_OTHER, 0, false);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA CreateSD InstallTA");
	scene_converged(0, INSTALLED("1") " zz/" SCENE_OTHER ":1");
}

Test(tam_engine, several_devices_each_get_theirs)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	for (unsigned n = 0; n < 3; n++)
		cr_assert(scene_run(n, NULL, NULL));
	for (unsigned n = 0; n < 3; n++)
		scene_converged(n, INSTALLED("1"));
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM device"), 3);
}

/* ---- Keys and algorithms --------------------------------------------------------------------- */

static void kinds_round(void)
{
	scene_begin();
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("1"));
	scene_end();
}

Test(tam_kinds, row42_every_kind_of_key_on_every_side)
{
	static const enum key_kind kinds[] = { KEY_RSA, KEY_P256, KEY_P384 };

	for (int tam = 0; tam < 3; tam++)
		for (int tee = 0; tee < 2; tee++) {
			scene_kinds = (struct scene_kinds) { kinds[tam], kinds[tee],
							     kinds[(tam + tee) % 2],
							     kinds[(tam + tee) % 3], false };
			kinds_round();
		}
}

/* A TEE that verifies one algorithm alone says so; nobody can have signed that. */
static char *cannot(const char *request, const char *algorithm)
{
	char *answer = scene_answer(3, request), *tid, *payload, *text = NULL, *whole = NULL;
	json_t *object = json_loads(request, 0, NULL), *jws, *inner;
	struct arena arena = { 0 };
	struct span octets;

	jws = json_object_iter_value(json_object_iter(object));
	cr_assert_eq(base64_decode(json_span(json_object_get(jws, "payload")), BASE64_JOSE, &arena,
				   &octets),
		     0);
	inner = json_loadb((const char *)octets.data, octets.size, 0, NULL);
	tid = (char *)json_string_value(
		json_object_get(json_object_iter_value(json_object_iter(inner)), "tid"));
	cr_assert(asprintf(&text,
			   "{\"GetDeviceTEEStateTBSResponse\":{\"ver\":\"1.0\",\"status\":\"fail\","
			   "\"rid\":\"\",\"tid\":\"%s\",\"reason\":{\"error-code\":"
			   "\"ERR_UNSUPPORTED_CRYPTO_ALG\"},\"supportedsigalgs\":[\"%s\"]}}",
			   tid, algorithm) > 0);
	payload = base64url_encode(text, strlen(text));
	cr_assert(asprintf(&whole,
			   "{\"GetDeviceStateResponse\":[{\"GetDeviceTEEStateResponse\":{"
			   "\"payload\":\"%s\",\"protected\":\"eyJhbGciOiJSUzI1NiJ9\","
			   "\"signature\":\"AAAA\"}}]}",
			   payload) > 0);
	free(payload);
	free(text);
	free(answer);
	json_decref(inner);
	json_decref(object);
	arena_clear(&arena);
	return whole;
}

static bool is_signed_by(const char *request, const char *protected)
{
	json_t *object = json_loads(request, 0, NULL);
	const json_t *jws = json_object_iter_value(json_object_iter(object));
	const bool is =
		strcmp(json_string_value(json_object_get(jws, "protected")), protected) == 0;

	json_decref(object);
	return is;
}

#define RS256 "eyJhbGciOiJSUzI1NiJ9"
#define ES256 "eyJhbGciOiJFUzI1NiJ9"

static const char *only;

static bool picky_tee(unsigned number, bool request, char **message)
{
	static char *answer;

	if (request && !is_signed_by(*message, only)) {
		free(answer);
		answer = cannot(*message, strcmp(only, ES256) == 0 ? "ES256" : "PS512");
	} else if (!request && answer) {
		free(*message);
		*message = answer;
		answer = NULL;
	}
	(void)number;
	return true;
}

Test(tam_kinds, row40_tee_that_verifies_only_ecc_is_asked_again_with_an_ec_key)
{
	scene_kinds = (struct scene_kinds) { KEY_RSA, KEY_P256, KEY_P256, KEY_P256, true };
	scene_begin();
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	only = ES256;
	cr_assert(scene_run(0, NULL, picky_tee));
	cr_expect_str_eq(scene.trail, "GetDeviceState GetDeviceState CreateSD InstallTA");
	cr_expect_str_eq(scene_known(0).algorithm, "ES256");
	scene_converged(0, INSTALLED("1"));
	only = "nothing";
	cr_assert(scene_run(0, NULL, picky_tee));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	scene_end();
}

static unsigned with_chain;

/* The TEE has asked for certificates in each request, from the first command on. */
static bool wants_certificates(unsigned number, bool request, char **message)
{
	if (number == 3)
		cr_assert_eq(tam_database_run(scene.database,
					      "UPDATE device SET signer_required = 1, "
					      "revision = revision + 1",
					      TAM_NO_VALUES, NULL),
			     0);
	if (request && strstr(*message, "\"x5c\""))
		with_chain++;
	return true;
}

Test(tam_engine, d14_tee_that_wants_certificates_each_time_gets_them)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, wants_certificates));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA");
	/* GetDeviceState always has them, CreateSD did not, InstallTA did. */
	cr_expect_eq(with_chain, 2);
	scene_converged(0, INSTALLED("1"));
}

/* ---- What client apps ask for ---------------------------------------------------------------- */

static const char *const asked[] = { "8AAAF200-2450-11E4-ABE2-0002A5D5C51B", "nonsense" };

Test(tam_engine, ta_on_request_comes_when_a_client_app_asks)
{
	const struct tam_hints hints = { .taids = asked, .taid_count = 2 };

	scene_publish(SCENE_TA, 1);
	scene_want_in(SCENE_SD, SCENE_TA, 0, true);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	cr_assert(scene_run(0, &hints, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA");
	scene_converged(0, INSTALLED("1"));
}

Test(tam_engine, ta_that_nobody_offers_does_not_come_by_asking)
{
	const struct tam_hints hints = { .taids = asked, .taid_count = 2 };

	scene_publish(SCENE_TA, 1);
	cr_assert(scene_run(0, &hints, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
}

/* The one key in a document that the TAM signed. */
static EVP_PKEY *aik_of(const char *text, const char *taid)
{
	const struct jws_options options = { .extended = true };
	json_t *object = json_loads(text, 0, NULL), *payload, *aik;
	struct otrp_failure failure;
	struct arena arena = { 0 };
	struct span der;
	struct jws jws;
	X509 *leaf;
	EVP_PKEY *key;

	cr_assert_eq(jws_parse(json_object_get(object, "TAMSPAIK"), &options, &arena, &jws,
			       &failure),
		     0, "%s", failure.why);
	leaf = certificate_parse(jws.x5c.item[0].data, jws.x5c.item[0].size);
	cr_expect(jws_verify(&jws, X509_get0_pubkey(leaf)));
	X509_free(leaf);
	payload = json_loadb((const char *)jws.payload.data, jws.payload.size, 0, NULL);
	aik = json_object_get(json_object_get(payload, "TAMSPAIKTBS"), "aiks");
	cr_assert_eq(json_array_size(aik), 1);
	aik = json_array_get(aik, 0);
	cr_expect_str_eq(json_string_value(json_object_get(aik, "spid")), SCENE_SPID);
	cr_expect_str_eq(json_string_value(json_array_get(json_object_get(aik, "taids"), 0)), taid);
	cr_assert_eq(base64_decode(json_span(json_object_get(aik, "spaik")), BASE64_ANY, &arena,
				   &der),
		     0);
	key = aik_parse(der);
	json_decref(payload);
	json_decref(object);
	arena_clear(&arena);
	return key;
}

Test(tam_engine, client_app_gets_the_anonymous_key_signed_by_the_tam)
{
	const struct tam_hints hints = { .taids = asked, .taid_count = 1 };
	char *text = NULL, *request;
	EVP_PKEY *key;

	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, &hints, NULL));
	cr_assert_eq(tam_aik(scene.worker, scene.tid, &text), 0);
	key = aik_of(text, SCENE_TA);
	cr_expect(key && key_kind(key) == KEY_P256);
	EVP_PKEY_free(key);
	free(text);
	/* For ten minutes. */
	cr_assert_eq(tam_database_run(scene.database,
				      "UPDATE session SET updated = updated - "
				      "601000",
				      TAM_NO_VALUES, NULL),
		     0);
	cr_expect_eq(tam_aik(scene.worker, scene.tid, &text), -ENOENT);
	cr_assert_eq(tam_database_run(scene.database,
				      "UPDATE session SET updated = updated + "
				      "601000",
				      TAM_NO_VALUES, NULL),
		     0);
	cr_expect_eq(tam_aik(scene.worker, "another", &text), -ENOENT);
	cr_expect_null(text);
	/* Of a session that is under way there is none. */
	request = scene_connect(NULL);
	cr_expect_eq(tam_aik(scene.worker, scene.tid, &text), 0);
	free(text);
	free(request);
	/* Nor when nothing of any SP was done or asked for. */
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_eq(tam_aik(scene.worker, scene.tid, &text), -ENOENT);
}

static void authorise(uint32_t version, bool bundled)
{
	struct ta_version added;
	const char *why = "";

	cr_assert_eq(catalogue_add(scene.database, SCENE_SPID, scene_package(SCENE_TA, version),
				   NULL, bundled, &scene.arena, &added, &why),
		     0, "%s", why);
}

/* A package as it was authorised: two signatures are never the same octets. */
static struct span authorised(uint32_t version)
{
	struct ta_version added;
	const char *why = "";
	const struct span package = scene_package(SCENE_TA, version);

	cr_assert_eq(catalogue_add(scene.database, SCENE_SPID, package, NULL, true, &scene.arena,
				   &added, &why),
		     0, "%s", why);
	return package;
}

Test(tam_engine, row17_bundled_package_is_installed_where_its_hash_is_authorised)
{
	const struct span package = authorised(1);
	struct tam_hints hints = { asked, 1, package.data, package.size };

	scene.tam.bundled = true;
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState", "without the package there is none");
	cr_assert(scene_run(0, &hints, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA");
	scene_converged(0, INSTALLED("1"));
}

Test(tam_engine, row17_bundled_package_that_is_not_authorised_is_refused)
{
	const struct span package = scene_package(SCENE_TA, 1);
	struct tam_hints hints = { asked, 1, package.data, package.size };
	char *request;

	authorise(1, false);
	scene.tam.bundled = true;
	cr_expect_eq(tam_connect(scene.worker, NULL, &hints, &request), -EACCES);
	hints.taid_count = 0;
	cr_expect_eq(tam_connect(scene.worker, NULL, &hints, &request), -EACCES);
	scene.tam.bundled = false;
	hints.taid_count = 1;
	cr_expect_eq(tam_connect(scene.worker, NULL, &hints, &request), -EACCES);
	cr_expect_null(request);
}

/* ---- Devices --------------------------------------------------------------------------------- */

Test(tam_engine, suspended_device_gets_nothing)
{
	scene_publish(SCENE_TA, 1);
	cr_assert(scene_run(0, NULL, NULL));
	cr_assert_eq(device_table_set_status(scene.database, scene_known(0).did, DEVICE_SUSPENDED,
					     "lost"),
		     0);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	cr_expect_eq(scene_known(0).status, DEVICE_SUSPENDED);
	cr_assert_eq(
		device_table_set_status(scene.database, scene_known(0).did, DEVICE_TRUSTED, ""), 0);
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("1"));
}

static void policy(const char *text)
{
	static char tee[160], firmware[160], err[256];
	const struct device_trust_options options = { .tee_roots = tee,
						      .firmware_roots = firmware,
						      .policy = span_of_text(text) };

	snprintf(tee, sizeof(tee), "%s/tee/root.pem", scene.authorities);
	snprintf(firmware, sizeof(firmware), "%s/firmware/ca.pem", scene.authorities);
	device_trust_close(scene.trust);
	cr_assert_eq(device_trust_open(&scene.trust, &options, err, sizeof(err)), 0, "%s", err);
	scene.tam.trust = scene.trust;
}

Test(tam_engine, row1_device_that_the_policy_excludes_is_refused_with_the_reason)
{
	struct wanted what = { .scope = SCOPE_ALL,
			       .spid = SCENE_SPID,
			       .sdname = SCENE_SD,
			       .taid = SCENE_TA,
			       .present = true };
	struct deployment deployment;
	const char *why;

	scene_publish(SCENE_TA, 1);
	cr_assert_eq(deployment_start(scene.database, &what, &scene.arena, &deployment, &why), 0);
	policy("{\"tees\": [{\"name\": \"simtee-*\", \"min_version\": \"2.0\"}]}");
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	cr_expect_eq(scene_known(0).status, DEVICE_REFUSED);
	cr_expect(strstr(scene_known(0).reason, "2.0"), "%s", scene_known(0).reason);
	cr_assert_eq(deployment_get(scene.database, deployment.id, &scene.arena, &deployment), 0);
	cr_expect_eq(deployment.failed, 1);
	policy("{}");
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_eq(scene_known(0).status, DEVICE_TRUSTED);
	cr_assert_eq(deployment_get(scene.database, deployment.id, &scene.arena, &deployment), 0);
	cr_expect_eq(deployment.done, 1);
	scene_converged(0, INSTALLED("1"));
}

Test(tam_engine, t23_device_of_another_make_is_not_even_known)
{
	char err[256], path[160];
	const struct device_trust_options options = { .tee_roots = path };

	snprintf(path, sizeof(path), "%s/tam/root.pem", scene.authorities);
	device_trust_close(scene.trust);
	cr_assert_eq(device_trust_open(&scene.trust, &options, err, sizeof(err)), 0, "%s", err);
	scene.tam.trust = scene.trust;
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	cr_expect(strstr(scene_session().error, "certificate"), "%s", scene_session().error);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM device"), 0);
}

/* The whole device as a directory: what an attacker copies. */
static void device_copy(unsigned from, unsigned to)
{
	char command[512];

	snprintf(command, sizeof(command), "cp -r %s %s/device%u", scene.devices[from].directory,
		 scene.directory, to);
	cr_assert_eq(system(command), 0);
}

Test(tam_engine, row5_copy_of_a_device_is_refused_once_it_differs)
{
	scene_publish(SCENE_TA, 1);
	scene_publish(SCENE_OTHER, 1);
	cr_assert(scene_run(0, NULL, NULL));
	scene_want(SCENE_TA, 0);
	device_copy(0, 1);
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("1"));
	/* The copy has an old state, with nothing in it, so it passes for one that was reset; it
	 * gets its own, and from then on one of the two is behind. */
	cr_assert(scene_run(1, NULL, NULL));
	scene_want(SCENE_OTHER, 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_assert(scene_run(1, NULL, NULL));
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	cr_expect(strstr(scene_session().error, "copy"), "%s", scene_session().error);
	cr_expect_eq(scene_known(0).status, DEVICE_REFUSED);
	/* A person decides which of the two is the device. */
	cr_assert_eq(
		device_table_set_status(scene.database, scene_known(0).did, DEVICE_TRUSTED, ""), 0);
	cr_assert(scene_run(1, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState UpdateSD UpdateTA InstallTA");
	cr_expect_eq(scene_known(0).status, DEVICE_TRUSTED);
}

Test(tam_engine, device_that_was_reset_gets_everything_again)
{
	char command[512];

	scene_publish(SCENE_TA, 1);
	cr_assert(scene_run(0, NULL, NULL));
	scene_want(SCENE_TA, 0);
	device_copy(0, 1);
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("1"));
	tee_close(scene.devices[0].tee);
	scene.devices[0].tee = NULL;
	snprintf(command, sizeof(command), "rm -rf %s && mv %s/device1 %s",
		 scene.devices[0].directory, scene.directory, scene.devices[0].directory);
	cr_assert_eq(system(command), 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState GetDeviceState CreateSD InstallTA");
	scene_converged(0, INSTALLED("1"));
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM event WHERE text LIKE '%was reset%'"), 1);
}

Test(tam_engine, row52_renewed_certificate_of_the_tam_keeps_its_domains)
{
	struct tam_keys_options options = { .count = 1 };
	struct tam_key_source *source = &options.source[0];
	static char paths[4][160], err[256];
	static const char *ocsp[] = { paths[2], paths[3] };
	EVP_PKEY *old;
	struct authority authority;
	STACK_OF(X509) * chain;
	EVP_PKEY *fresh = key_generate(KEY_P256);
	uint8_t *der;
	size_t size;
	FILE *file;

	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	snprintf(paths[0], 160, "%s/tam.key", scene.directory);
	old = key_read(paths[0], err, sizeof(err));
	cr_assert_eq(authority_open(&authority, scene.authorities, HIERARCHY_TAM, "ca", err,
				    sizeof(err)),
		     0);
	cr_assert_eq(authority_issue(&authority, ROLE_TAM, "Sim TAM", fresh, SCENE_TAMID, old, 100,
				     &chain, err, sizeof(err)),
		     0, "%s", err);
	cr_assert_eq(authority_ocsp(&authority, sk_X509_value(chain, 0), false, 1, &der, &size, err,
				    sizeof(err)),
		     0);
	authority_close(&authority);
	snprintf(paths[0], 160, "%s/new.key", scene.directory);
	snprintf(paths[1], 160, "%s/new.pem", scene.directory);
	snprintf(paths[2], 160, "%s/new.ocsp", scene.directory);
	snprintf(paths[3], 160, "%s/ca.ocsp", scene.directory);
	cr_assert_eq(key_write(paths[0], fresh), 0);
	cr_assert_eq(chain_write(paths[1], chain), 0);
	file = fopen(paths[2], "w");
	fwrite(der, 1, size, file);
	fclose(file);
	OPENSSL_free(der);
	sk_X509_pop_free(chain, X509_free);
	EVP_PKEY_free(fresh);
	EVP_PKEY_free(old);
	*source = (struct tam_key_source) {
		.key = paths[0], .chain = paths[1], .ocsp = ocsp, .ocsp_count = 2
	};
	tam_keys_close(scene.keys);
	cr_assert_eq(tam_keys_open(&scene.keys, &options, err, sizeof(err)), 0, "%s", err);
	scene.tam.keys = scene.keys;
	scene_publish(SCENE_TA, 2);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState UpdateTA");
	scene_converged(0, INSTALLED("2"));
}

Test(tam_engine, tam_that_lost_its_database_takes_over_what_it_made)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_assert_eq(device_table_remove(scene.database, scene_known(0).did), 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState UpdateSD UpdateTA");
	scene_converged(0, INSTALLED("1"));
}

Test(tam_engine, tam_that_lost_its_database_deletes_nothing_by_itself)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_assert_eq(device_table_remove(scene.database, scene_known(0).did), 0);
	scene_want_nothing();
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	cr_expect_str_eq(scene_installed(0), INSTALLED("1"));
}

/* ---- What is written ------------------------------------------------------------------------- */

Test(tam_engine, messages_are_logged_decoded_and_without_secrets)
{
	static const char *const kinds[] = {
		"GetDeviceStateRequest", "GetDeviceStateResponse", "CreateSDRequest",
		"CreateSDResponse",	 "InstallTARequest",	   "InstallTAResponse",
	};
	struct message_filter filter = { .tid = scene.tid, .after = 0, .limit = 100 };
	struct message *list;
	size_t count;

	scene_publish(SCENE_TA, 1);
	cr_assert_eq(catalogue_personalise(scene.database, SCENE_TA, 1,
					   span_of_text("secret of the bank")),
		     0);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_assert_eq(message_log_list(scene.database, &filter, &scene.arena, &list, &count), 0);
	cr_assert_eq(count, 6);
	for (size_t i = 0; i < count; i++) {
		json_t *decoded = json_loads(list[i].decoded, 0, NULL);

		cr_expect_str_eq(list[i].kind, kinds[i]);
		cr_expect_eq(list[i].seq, (int64_t)i + 1);
		cr_expect(decoded, "%s", list[i].decoded);
		cr_expect_null(strstr(list[i].decoded, "secret of the bank"));
		json_decref(decoded);
	}
	cr_expect(strstr(list[1].decoded, "\"dsigen\":\"0\""), "%s", list[1].decoded);
	cr_expect(strstr(list[2].decoded, SCENE_SD));
	cr_expect(strstr(list[2].decoded, "certificate of Sim Bank"), "%s", list[2].decoded);
	cr_expect(strstr(list[5].decoded, SCENE_TA));
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM session WHERE secret IS NOT NULL"), 0);
}

static unsigned events;

static void listen(void *context, const struct tam_event *event)
{
	(void)context;
	cr_expect(event->text && event->tid && event->did);
	events++;
}

Test(tam_engine, who_listens_is_told_what_happens)
{
	scene.tam.event = listen;
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_geq(events, 6);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM event WHERE kind = 'ta'"), 1);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM event WHERE kind = 'device'"), 1);
}

/* The device's part of a session up to the end. */
static void go_on(char *request)
{
	while (request) {
		char *answer = scene_answer(0, request);

		free(request);
		request = scene_post(answer);
		free(answer);
	}
}

/* `answer` belongs to no session that is open: it begins one, which ends well. */
static void begins_a_session(char *answer)
{
	char *next = scene_post(answer);

	free(answer);
	cr_assert_not_null(next);
	cr_expect_str_eq(scene.trail, "GetDeviceState GetDeviceState");
	go_on(next);
	cr_expect_eq(scene_session().state, SESSION_DONE);
}

/* What changes one of the tid's digits in the answer; the caller's. */
static char *with_another_tid(const char *answer, size_t digit)
{
	json_t *state = json_loads(answer, 0, NULL), *entry, *jws, *payload;
	char *text, *tid;
	struct span octets;

	entry = json_array_get(json_object_get(state, "GetDeviceStateResponse"), 0);
	jws = json_object_get(entry, "GetDeviceTEEStateResponse");
	cr_assert_eq(base64_decode(span_of_text(json_string_value(json_object_get(jws, "payload"))),
				   BASE64_JOSE, &scene.arena, &octets),
		     0);
	payload = json_loadb((const char *)octets.data, octets.size, 0, NULL);
	entry = json_object_iter_value(json_object_iter(payload));
	tid = strdup(json_string_value(json_object_get(entry, "tid")));
	cr_assert_lt(digit, strlen(tid));
	tid[digit] = tid[digit] == '0' ? '1' : '0';
	json_object_set_new(entry, "tid", json_string(tid));
	text = json_dumps(payload, JSON_COMPACT);
	free(tid);
	tid = base64url_encode(text, strlen(text));
	json_object_set_new(jws, "payload", json_string(tid));
	free(text);
	free(tid);
	json_decref(payload);
	text = json_dumps(state, JSON_COMPACT);
	json_decref(state);
	return text;
}

Test(tam_engine, d28_answer_to_nothing_that_was_asked_begins_a_session)
{
	/* A digit of each part of the tid: whoever does not have the vault's key makes none. */
	static const size_t digits[] = { 0, 20, 27, 59 };

	for (size_t i = 0; i < sizeof(digits) / sizeof(digits[0]); i++) {
		char *request = scene_connect(NULL), *answer = scene_answer(0, request);

		begins_a_session(with_another_tid(answer, digits[i]));
		free(answer);
		free(request);
	}
}

Test(tam_engine, who_only_asks_leaves_no_session_and_the_answer_makes_it_once)
{
	char *request = scene_connect(NULL), *answer, *next;

	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM session"), 0);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM message WHERE seq = 1"), 1);
	answer = scene_answer(0, request);
	free(request);
	next = scene_post(answer);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM session"), 1);
	cr_expect_eq(scene_session().messages, 3);
	/* What is done is not done again, neither with what is in hand nor without. */
	go_on(next);
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA");
	cr_expect_null(scene_post(answer));
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM session"), 1);
	free(answer);
	scene_converged(0, INSTALLED("1"));
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM message"), 6 + 2);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM message m WHERE tid NOT IN "
				 "(SELECT tid FROM session)"),
		     0);
}

Test(tam_engine, answer_that_comes_too_late_begins_a_session)
{
	char *request = scene_connect(NULL), *answer = scene_answer(0, request);

	scene.tam.session_seconds = 5;
	scene.tam.clock_offset = 7;
	begins_a_session(answer);
	free(request);
	/* Another process's clock may be behind a little, and not much. */
	request = scene_connect(NULL);
	scene.tam.clock_offset = -20;
	answer = scene_answer(0, request);
	cr_expect_null(scene_post(answer));
	free(answer);
	free(request);
	request = scene_connect(NULL);
	scene.tam.clock_offset = -100;
	begins_a_session(scene_answer(0, request));
	free(request);
}

Test(tam_engine, session_that_is_not_heard_of_is_over_and_its_device_may_come_back)
{
	char *request = scene_connect(NULL), *answer = scene_answer(0, request), *next;

	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	free(request);
	request = scene_post(answer);
	free(answer);
	answer = scene_answer(0, request);
	free(request);
	scene.tam.session_seconds = 1;
	cr_assert_eq(tam_database_run(scene.database,
				      "UPDATE session SET started = started - 5000, "
				      "updated = updated - 5000",
				      TAM_NO_VALUES, NULL),
		     0);
	cr_expect_eq(tam_expire(scene.worker), 1);
	cr_expect_eq(tam_expire(scene.worker), 0);
	next = scene_post(answer);
	free(answer);
	go_on(next);
	cr_expect_eq(scene_session().state, SESSION_DONE);
	scene_converged(0, INSTALLED("1"));
}

Test(tam_engine, what_is_no_message_is_refused_and_too_many_octets_too)
{
	char tid[TAM_TID_SIZE], *next;

	cr_expect_eq(tam_process(scene.worker, NULL, "{", 1, &next, tid), -EBADMSG);
	cr_expect_eq(tam_process(scene.worker, NULL, "", 0, &next, tid), -EBADMSG);
	scene.tam.message_max = 100;
	cr_expect_eq(tam_process(scene.worker, NULL, tid, 101, &next, tid), -EMSGSIZE);
	cr_expect_null(next);
}

/* ---- Several TEEs ---------------------------------------------------------------------------- */

static char *routed; /* the request that is under way */

/* Whom it is for: "simtee-1" stands in what is signed. */
static bool is_for(const char *request, const char *tee)
{
	json_t *object = json_loads(request, 0, NULL);
	const json_t *jws = json_object_iter_value(json_object_iter(object));
	struct arena arena = { 0 };
	struct span payload;
	bool is;

	cr_assert_eq(base64_decode(json_span(json_object_get(jws, "payload")), BASE64_JOSE, &arena,
				   &payload),
		     0);
	is = strstr(span_text(payload), tee) != NULL;
	json_decref(object);
	arena_clear(&arena);
	return is;
}

/* One device with two TEEs: both tell their state, and each gets what is for it. */
static bool two_tees(unsigned number, bool request, char **message)
{
	char *other, *whole = NULL;

	(void)number;
	if (request) {
		free(routed);
		routed = strdup(*message);
		return true;
	}
	if (strncmp(*message, "{\"GetDeviceStateResponse", 24) == 0) {
		other = scene_answer(1, routed);
		(*message)[strlen(*message) - 2] = '\0';
		cr_assert(asprintf(&whole, "%s,%s", *message, strchr(other, '[') + 1) > 0);
		free(other);
	} else if (is_for(routed, "simtee-1")) {
		whole = scene_answer(1, routed);
	}
	if (whole) {
		free(*message);
		*message = whole;
	}
	return true;
}

Test(tam_engine, d27_two_tees_of_one_device_are_served_in_one_session)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, two_tees));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA CreateSD InstallTA");
	cr_expect_eq(scene_session().state, SESSION_DONE);
	cr_expect_str_eq(scene_installed(0), INSTALLED("1"));
	cr_expect_str_eq(scene_installed(1), INSTALLED("1"));
	cr_assert(scene_run(0, NULL, two_tees));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	free(routed);
	routed = NULL;
	scene_converged(0, INSTALLED("1"));
	scene_converged(1, INSTALLED("1"));
}

/* ---- What changes while a session is under way ----------------------------------------------- */

static bool suspends(unsigned number, bool request, char **message)
{
	(void)request;
	(void)message;
	if (number == 3)
		cr_assert_eq(device_table_set_status(scene.database, scene_known(0).did,
						     DEVICE_SUSPENDED, "stolen"),
			     0);
	return true;
}

Test(tam_engine, device_that_is_suspended_meanwhile_gets_nothing_more)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, suspends));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD");
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	cr_expect_eq(scene_known(0).status, DEVICE_SUSPENDED);
	cr_expect_str_eq(scene_installed(0), "");
}

static bool removes(unsigned number, bool request, char **message)
{
	(void)request;
	(void)message;
	if (number == 3)
		cr_assert_eq(device_table_remove(scene.database, scene_known(0).did), 0);
	return true;
}

Test(tam_engine, device_that_is_removed_meanwhile_begins_anew_next_time)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, removes));
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("1"));
}

static bool publishes(unsigned number, bool request, char **message)
{
	(void)request;
	(void)message;
	if (number == 5)
		scene_publish(SCENE_TA, 2);
	return true;
}

Test(tam_engine, version_that_is_published_meanwhile_comes_in_the_same_session)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, publishes));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA UpdateTA");
	scene_converged(0, INSTALLED("2"));
}

Test(tam_engine, deployment_follows_its_devices)
{
	struct wanted what = { .scope = SCOPE_ALL,
			       .spid = SCENE_SPID,
			       .sdname = SCENE_SD,
			       .taid = SCENE_TA,
			       .present = true };
	struct deployment deployment;
	const char *why;

	scene_publish(SCENE_TA, 1);
	cr_assert(scene_run(0, NULL, NULL));
	cr_assert(scene_run(1, NULL, NULL));
	cr_assert_eq(deployment_start(scene.database, &what, &scene.arena, &deployment, &why), 0);
	cr_expect_eq(deployment.waiting, 2);
	cr_assert(scene_run(0, NULL, NULL));
	cr_assert_eq(deployment_get(scene.database, deployment.id, &scene.arena, &deployment), 0);
	cr_expect(deployment.waiting == 1 && deployment.done == 1);
	cr_assert(scene_run(1, NULL, NULL));
	cr_assert(scene_run(2, NULL, NULL));
	cr_assert_eq(deployment_get(scene.database, deployment.id, &scene.arena, &deployment), 0);
	cr_expect_eq(deployment.done, 3);
	cr_expect_eq(deployment_state(&deployment), DEPLOYMENT_DONE);
	/* Asked for once more, nothing has to be waited for; after an update it has. */
	cr_assert_eq(deployment_start(scene.database, &what, &scene.arena, &deployment, &why), 0);
	cr_expect_eq(deployment.done, 3);
	scene_publish(SCENE_TA, 2);
	cr_assert_eq(deployment_start(scene.database, &what, &scene.arena, &deployment, &why), 0);
	cr_expect_eq(deployment.waiting, 3);
	cr_assert(scene_run(0, NULL, NULL));
	cr_assert_eq(deployment_start(scene.database, &what, &scene.arena, &deployment, &why), 0);
	cr_expect(deployment.done == 1 && deployment.waiting == 2);
	/* A device that lost it meanwhile gets it all the same. */
	scene_converged(0, INSTALLED("2"));
}
