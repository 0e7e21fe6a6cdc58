/* TAs that the service provider encrypts for each device: the TAM passes on what it can't read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "scene.h"
#include "teep/tam/deployment.h"
#include "teep/tam/sealed_delivery.h"

TestSuite(tam_sealed, .init = scene_begin, .fini = scene_end);

#define INSTALLED(version) SCENE_SD "/" SCENE_TA ":" version

static const char *why;
static struct sealed_delivery delivered;
static struct deployment deployment;

static void announce(int64_t version)
{
	struct ta_version added;

	cr_assert_eq(catalogue_announce(scene.database, SCENE_SPID, SCENE_TA, version, "Sealed",
					&scene.arena, &added, &why),
		     0, "%s: %s", why, tam_database_error(scene.database));
	cr_expect(added.sealed && !added.bundled);
}

static void deploy(bool on_request)
{
	struct wanted what = { .scope = SCOPE_ALL,
			       .spid = SCENE_SPID,
			       .sdname = SCENE_SD,
			       .taid = SCENE_TA,
			       .present = true,
			       .on_request = on_request };

	cr_assert_eq(deployment_start(scene.database, &what, &scene.arena, &deployment, &why), 0);
}

/* What the TAM tells its SP of the key in a device; as the SP reads it. */
static struct aik_statement statement(unsigned n)
{
	const struct tam_key *key = tam_keys_at(scene.keys, 0);
	const struct device known = scene_known(n);
	struct aik_statement what = { .tamid = span_of_text(SCENE_TAMID),
				      .did = span_of_text(known.did),
				      .tee = span_of_text(known.tee_name),
				      .spid = span_of_text(SCENE_SPID),
				      .time = time(NULL) };
	struct otrp_failure failure;
	struct device_aik *aiks;
	size_t count;
	char *text;

	cr_assert_eq(device_table_aiks(scene.database, known.did, &scene.arena, &aiks, &count), 0);
	cr_assert_eq(count, 1, "there is no key yet");
	what.aik = aiks[0].key;
	what.ecc = strcmp(aiks[0].type, "ECC") == 0;
	text = aik_statement_make(&what, key->key, key->chain);
	cr_assert_not_null(text);
	cr_assert_eq(aik_statement_parse(span_of_text(text), &scene.arena, &what, &failure), 0,
		     "%s", failure.why);
	cr_assert_eq(aik_statement_verify(&what, key->chain, time(NULL), &failure), 0, "%s",
		     failure.why);
	free(text);
	return what;
}

static struct ta_delivery encrypt(const struct aik_statement *key, uint32_t version,
				  const char *personal)
{
	char *text = ta_delivery_make(key, SCENE_TA, version, span_of_text("Sealed"),
				      scene_package(SCENE_TA, version), span_of_text(personal));
	struct otrp_failure failure;
	struct ta_delivery out;

	cr_assert_not_null(text);
	cr_assert_eq(ta_delivery_parse(span_of_text(text), &scene.arena, &out, &failure), 0, "%s",
		     failure.why);
	free(text);
	return out;
}

static int deliver_it(const struct ta_delivery *delivery)
{
	return sealed_delivery_add(scene.database, delivery, delivery->encrypted.size, SCENE_TAMID,
				   "bank", &scene.arena, &delivered, &why);
}

static void deliver(unsigned n, uint32_t version, const char *personal)
{
	const struct aik_statement key = statement(n);
	const struct ta_delivery delivery = encrypt(&key, version, personal);

	cr_assert_eq(deliver_it(&delivery), 0, "%s: %s", why, tam_database_error(scene.database));
}

/* What its deployment says of a device: "state: error". */
static const char *said(unsigned n)
{
	static char text[256];
	struct deployment_device *list;
	const char *did;
	size_t count;

	(void)scene_known(n);
	did = scene.devices[n].did;
	cr_assert_eq(deployment_devices(scene.database, deployment.id, -1, NULL, 10, &scene.arena,
					&list, &count),
		     0);
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].did, did) == 0)
			snprintf(text, sizeof(text), "%s: %s", deployment_state_name(list[i].state),
				 list[i].error);
	return text;
}

static const char *state(void)
{
	cr_assert_eq(sealed_delivery_get(scene.database, delivered.id, &scene.arena, &delivered),
		     0);
	return sealed_delivery_state(&delivered);
}

static void trail_is(const char *trail)
{
	cr_assert(scene_run(0, NULL, NULL));
	cr_assert_str_eq(scene.trail, trail);
}

static void personal_is(unsigned n, const char *text)
{
	uint8_t *octets;
	size_t size;

	cr_assert_eq(tee_ta_personal(scene_device(n)->tee, SCENE_TA, &octets, &size), 0);
	cr_assert(span_is(span_of(octets, size), text), "%.*s", (int)size, octets);
	free(octets);
}

#define WAITS "waiting: waits for the provider's package for this device"
#define STALE "failed: the provider's package is for a key that the device does not have any more"
#define HELD  "SELECT COUNT(*) FROM sealed_delivery WHERE encrypted IS NOT NULL"
#define HERE  "waiting: the provider's package is here, and waits for the device"

Test(tam_sealed, from_the_first_domain_to_an_update_and_back)
{
	announce(1);
	deploy(false);
	trail_is("GetDeviceState CreateSD");
	cr_expect_str_eq(said(0), WAITS);
	cr_expect_eq(scene_session().state, SESSION_DONE);
	/* It goes on waiting, and the domain stays. */
	trail_is("GetDeviceState");

	deliver(0, 1, "first");
	cr_expect_str_eq(said(0), HERE);
	cr_expect_str_eq(state(), "waiting");
	trail_is("GetDeviceState InstallTA");
	cr_expect_str_eq(said(0), "done: ");
	cr_expect_str_eq(state(), "installed");
	cr_expect_eq(scene_count(HELD), 0, "it is kept though the device has it");
	personal_is(0, "first");
	scene_converged(0, INSTALLED("1"));

	/* Other data with the same image, and whoever asks again does not count it as done. */
	deliver(0, 1, "second");
	deploy(false);
	cr_expect_str_eq(said(0), "waiting: ");
	trail_is("GetDeviceState UpdateTA");
	personal_is(0, "second");
	scene_converged(0, INSTALLED("1"));

	announce(2);
	deploy(false);
	trail_is("GetDeviceState");
	cr_expect_str_eq(said(0), WAITS);
	deliver(0, 2, "third");
	trail_is("GetDeviceState UpdateTA");
	cr_expect_str_eq(said(0), "done: ");
	personal_is(0, "third");
	scene_converged(0, INSTALLED("2"));

	scene_want_nothing();
	trail_is("GetDeviceState DeleteTA DeleteSD");
	scene_converged(0, "");
}

/* Data alone, for a TA that the TAM has. */
static struct ta_delivery encrypt_data(unsigned n, const char *personal)
{
	const struct aik_statement key = statement(n);
	char *text = ta_delivery_make(&key, SCENE_TA, 0, (struct span) { 0 }, (struct span) { 0 },
				      span_of_text(personal));
	struct otrp_failure failure;
	struct ta_delivery out;

	cr_assert_not_null(text);
	cr_assert_eq(ta_delivery_parse(span_of_text(text), &scene.arena, &out, &failure), 0, "%s",
		     failure.why);
	cr_expect(out.version == 0 && out.package_size == 0 && out.personalisation_size != 0);
	free(text);
	return out;
}

static void deliver_data(unsigned n, const char *personal)
{
	const struct ta_delivery delivery = encrypt_data(n, personal);

	cr_assert_eq(deliver_it(&delivery), 0, "%s: %s", why, tam_database_error(scene.database));
}

Test(tam_sealed, data_alone_follow_the_package_of_the_tam)
{
	struct ta_delivery delivery;

	scene_publish(SCENE_TA, 1);
	deploy(false);
	trail_is("GetDeviceState CreateSD InstallTA");
	deliver_data(0, "first");
	cr_expect_str_eq(state(), "waiting");
	trail_is("GetDeviceState UpdateTA");
	personal_is(0, "first");
	cr_expect_str_eq(state(), "installed");
	cr_expect_eq(scene_count(HELD), 0);
	scene_converged(0, INSTALLED("1"));
	/* A new version keeps them, and others replace them. */
	scene_publish(SCENE_TA, 2);
	trail_is("GetDeviceState UpdateTA");
	personal_is(0, "first");
	cr_expect_str_eq(state(), "installed");
	scene_publish(SCENE_TA, 3);
	deliver_data(0, "second");
	trail_is("GetDeviceState UpdateTA UpdateTA");
	personal_is(0, "second");
	scene_converged(0, INSTALLED("3"));
	/* Whoever encrypts the package encrypts the data with it. */
	announce(4);
	delivery = encrypt_data(0, "third");
	cr_expect_eq(deliver_it(&delivery), -ENOENT);
	cr_expect_not_null(strstr(why, "go together"));
	delivery.taid = span_of_text(SCENE_OTHER);
	cr_expect_eq(deliver_it(&delivery), -ENOENT);
	cr_expect_not_null(strstr(why, "no such TA"));
}

Test(tam_sealed, data_alone_are_waited_for_where_the_device_lost_them)
{
	scene_publish(SCENE_TA, 1);
	deploy(false);
	trail_is("GetDeviceState CreateSD InstallTA");
	deliver_data(0, "data");
	trail_is("GetDeviceState UpdateTA");
	scene_want_nothing();
	trail_is("GetDeviceState DeleteTA DeleteSD");
	cr_expect_str_eq(state(), "gone");
	deploy(false);
	trail_is("GetDeviceState CreateSD InstallTA");
	cr_expect_not_null(strstr(said(0), "they have to be encrypted again"), "%s", said(0));
	cr_expect_str_eq(state(), "gone");
	deliver_data(0, "again");
	trail_is("GetDeviceState UpdateTA");
	personal_is(0, "again");
	scene_converged(0, INSTALLED("1"));
}

/* Whether a deployment that starts now finds nothing to do. */
static bool deployed_already(void)
{
	struct deployment_device *list;
	size_t count;

	deploy(false);
	cr_assert_eq(deployment_devices(scene.database, deployment.id, -1, "", 10, &scene.arena,
					&list, &count),
		     0);
	cr_assert_eq(count, 1);
	return list[0].state == DEPLOYMENT_DONE;
}

Test(tam_sealed, device_whose_data_wait_has_not_all_that_is_asked_for)
{
	scene_publish(SCENE_TA, 1);
	deploy(false);
	trail_is("GetDeviceState CreateSD InstallTA");
	cr_expect(deployed_already());
	deliver_data(0, "first");
	cr_expect_not(deployed_already());
	trail_is("GetDeviceState UpdateTA");
	cr_expect(deployed_already());
	/* Those of the catalogue count no more. */
	cr_assert_eq(catalogue_personalise(scene.database, SCENE_TA, 1, span_of_text("other")), 0);
	cr_expect(deployed_already());
	trail_is("GetDeviceState");
	personal_is(0, "first");
}

Test(tam_sealed, state_is_what_the_device_has)
{
	announce(1);
	deploy(false);
	trail_is("GetDeviceState CreateSD");
	deliver(0, 1, "data");
	trail_is("GetDeviceState InstallTA");
	cr_expect_str_eq(state(), "installed");
	scene_publish(SCENE_TA, 2);
	trail_is("GetDeviceState UpdateTA");
	cr_expect_str_eq(state(), "gone", "another version is there");
	deploy(false);
	scene_want_nothing();
	trail_is("GetDeviceState DeleteTA DeleteSD");
	cr_expect_str_eq(state(), "gone");
}

Test(tam_sealed, each_device_gets_its_own)
{
	struct aik_statement key;
	struct ta_delivery delivery;

	announce(1);
	deploy(false);
	for (unsigned n = 0; n < 2; n++)
		cr_assert(scene_run(n, NULL, NULL));
	deliver(0, 1, "of the first");
	cr_assert(scene_run(1, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	cr_expect_str_eq(said(1), WAITS);
	/* The first one's, given out for the second's. */
	key = statement(0);
	delivery = encrypt(&key, 1, "mixed up");
	delivery.did = span_of_text(scene.devices[1].did);
	cr_expect_eq(deliver_it(&delivery), -ESTALE);
	deliver(1, 1, "of the second");
	for (unsigned n = 0; n < 2; n++)
		scene_run(n, NULL, NULL);
	personal_is(0, "of the first");
	personal_is(1, "of the second");
}

/* An RSA key in the TEE, and P-256; an RSA key of the TAM. */
Test(tam_sealed_kinds, every_kind_of_key)
{
	static const enum key_kind kinds[] = { KEY_RSA, KEY_P256 };

	for (int aik = 0; aik < 2; aik++) {
		scene_kinds = (struct scene_kinds) { kinds[1 - aik], KEY_P256, kinds[aik], KEY_P256,
						     false };
		scene_begin();
		announce(1);
		deploy(false);
		trail_is("GetDeviceState CreateSD");
		deliver(0, 1, "data");
		trail_is("GetDeviceState InstallTA");
		personal_is(0, "data");
		scene_converged(0, INSTALLED("1"));
		scene_end();
	}
}

/* The first request that carries the TA; its answer is lost. */
static bool answer_lost(unsigned number, bool request, char **message)
{
	(void)number;
	return request || !strstr(*message, "InstallTA");
}

Test(tam_sealed, answer_that_was_lost_is_made_sure_of)
{
	announce(1);
	deploy(false);
	trail_is("GetDeviceState CreateSD");
	deliver(0, 1, "data");
	cr_assert_not(scene_run(0, NULL, answer_lost));
	cr_expect_str_eq(state(), "waiting");
	trail_is("GetDeviceState UpdateTA");
	cr_expect_str_eq(state(), "installed");
	cr_expect_eq(scene_count(HELD), 0);
	scene_converged(0, INSTALLED("1"));
}

Test(tam_sealed, key_that_changed_asks_for_another_package)
{
	announce(1);
	deploy(false);
	trail_is("GetDeviceState CreateSD");
	deliver(0, 1, "old");
	/* The domain goes and comes back, with another key. */
	scene_want_nothing();
	trail_is("GetDeviceState DeleteSD");
	deploy(false);
	trail_is("GetDeviceState CreateSD");
	cr_expect_eq(strncmp(said(0), STALE, strlen(STALE)), 0, "%s", said(0));
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	cr_expect_str_eq(state(), "stale");
	cr_expect_eq(scene_count(HELD), 0, "what nobody can decrypt is kept");
	trail_is("GetDeviceState");
	cr_expect_eq(strncmp(said(0), STALE, strlen(STALE)), 0, "%s", said(0));
	deliver(0, 1, "new");
	cr_expect_str_eq(said(0), HERE);
	trail_is("GetDeviceState InstallTA");
	personal_is(0, "new");
	scene_converged(0, INSTALLED("1"));
}

Test(tam_sealed, ciphertext_that_was_changed_fails_with_the_words_of_the_tee)
{
	struct aik_statement key;
	struct ta_delivery delivery;
	char *text;

	announce(1);
	deploy(false);
	trail_is("GetDeviceState CreateSD");
	key = statement(0);
	delivery = encrypt(&key, 1, "data");
	text = strstr((char *)delivery.encrypted.data, "\"ciphertadata\":\"");
	text += strlen("\"ciphertadata\":\"") + 200;
	*text = *text == 'A' ? 'B' : 'A';
	cr_assert_eq(deliver_it(&delivery), 0, "%s", why);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_not_null(strstr(said(0), "failed: ERR_TA_INVALID"), "%s", said(0));
	cr_expect_str_eq(state(), "failed");
	cr_expect_not_null(strstr(delivered.error, "ERR_TA_INVALID"));
	cr_expect_str_eq(scene_installed(0), "");
	/* A good one takes its place. */
	deliver(0, 1, "data");
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("1"));
}

Test(tam_sealed, what_does_not_fit_is_refused)
{
	struct aik_statement key;
	struct ta_delivery delivery;
	struct ta_version version;

	cr_expect_eq(catalogue_announce(scene.database, "nobody", SCENE_TA, 1, NULL, &scene.arena,
					&version, &why),
		     -ENOENT);
	cr_expect_eq(catalogue_announce(scene.database, SCENE_SPID, "A-TA", 1, NULL, &scene.arena,
					&version, &why),
		     -EINVAL);
	cr_expect_eq(catalogue_announce(scene.database, SCENE_SPID, SCENE_TA, 0, NULL, &scene.arena,
					&version, &why),
		     -EINVAL);
	announce(1);
	announce(1);
	cr_expect_eq(catalogue_add(scene.database, SCENE_SPID, scene_package(SCENE_TA, 1), NULL,
				   false, &scene.arena, &version, &why),
		     -EEXIST);
	cr_expect_eq(catalogue_personalise(scene.database, SCENE_TA, 1, span_of_text("x")),
		     -ENOENT);
	cr_expect_eq(catalogue_package(scene.database, SCENE_TA, 1, &scene.arena, &delivery.did),
		     -ENOENT);
	deploy(false);
	trail_is("GetDeviceState CreateSD");
	scene_publish(SCENE_OTHER, 1);
	cr_assert(scene_run(1, NULL, NULL));
	key = statement(0);

	delivery = encrypt(&key, 1, "data");
	delivery.tamid = span_of_text("1.2.3");
	cr_expect_eq(deliver_it(&delivery), -EBADMSG);
	delivery = encrypt(&key, 1, "data");
	delivery.did =
		span_of_text("0000000000000000000000000000000000000000000000000000000000000000");
	cr_expect_eq(deliver_it(&delivery), -ENOENT);
	delivery = encrypt(&key, 1, "data");
	delivery.spid = span_of_text("somebody.else");
	cr_expect_eq(deliver_it(&delivery), -ESTALE, "it has no key of that one");
	delivery = encrypt(&key, 2, "data");
	cr_expect_eq(deliver_it(&delivery), -ENOENT, "not announced");
	delivery = encrypt(&key, 1, "data");
	delivery.taid = span_of_text(SCENE_OTHER);
	cr_expect_eq(deliver_it(&delivery), -ENOENT, "the TAM has it itself");

	announce(2);
	deliver(0, 2, "data");
	delivery = encrypt(&key, 1, "data");
	cr_expect_eq(deliver_it(&delivery), -ESTALE, "lower than what was delivered");
	cr_assert_eq(catalogue_retire(scene.database, SCENE_TA, 2), 0);
	cr_assert_eq(sealed_delivery_retire(scene.database, SCENE_TA, 2), 0);
	cr_expect_eq(scene_count(HELD), 0);
	delivery = encrypt(&key, 2, "data");
	cr_expect_eq(deliver_it(&delivery), -ENOENT, "retired");
}

Test(tam_sealed, goes_with_its_device_and_when_it_is_taken_back)
{
	struct sealed_filter filter = { .spid = SCENE_SPID, .limit = 10 };
	struct sealed_delivery *list;
	size_t count;

	announce(1);
	deploy(false);
	for (unsigned n = 0; n < 2; n++)
		cr_assert(scene_run(n, NULL, NULL));
	deliver(0, 1, "a");
	deliver(1, 1, "b");
	cr_assert_eq(sealed_delivery_list(scene.database, &filter, &scene.arena, &list, &count), 0);
	cr_assert_eq(count, 2);
	filter.did = scene.devices[1].did;
	cr_assert_eq(sealed_delivery_list(scene.database, &filter, &scene.arena, &list, &count), 0);
	cr_assert_eq(count, 1);
	cr_expect(list[0].id == delivered.id && list[0].personalisation && list[0].held);
	cr_assert_eq(sealed_delivery_remove(scene.database, delivered.id), 0);
	cr_assert_eq(sealed_delivery_remove(scene.database, delivered.id), -ENOENT);
	cr_assert(scene_run(1, NULL, NULL));
	cr_expect_str_eq(said(1), WAITS);
	cr_assert_eq(device_table_remove(scene.database, scene.devices[0].did), 0);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM sealed_delivery"), 0);
}

Test(tam_sealed, offered_one_gets_its_domain_once_it_is_asked_for)
{
	static const char *const asked[] = { SCENE_TA };
	const struct tam_hints hints = { .taids = asked, .taid_count = 1 };

	announce(1);
	deploy(true);
	trail_is("GetDeviceState");
	cr_assert(scene_run(0, &hints, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD");
	deliver(0, 1, "data");
	trail_is("GetDeviceState InstallTA");
	scene_converged(0, INSTALLED("1"));
}

/* From the TAM's own package to one that it does not see. */
Test(tam_sealed, version_of_the_catalogue_is_followed_by_one_that_is_encrypted)
{
	scene_publish(SCENE_TA, 1);
	deploy(false);
	trail_is("GetDeviceState CreateSD InstallTA");
	announce(2);
	trail_is("GetDeviceState");
	deliver(0, 2, "data");
	trail_is("GetDeviceState UpdateTA");
	scene_converged(0, INSTALLED("2"));
	scene_publish(SCENE_TA, 3);
	trail_is("GetDeviceState UpdateTA");
	scene_converged(0, INSTALLED("3"));
}

/* Half of what may wait, and one more octet, by its own account. */
#define HALF ((size_t)SEALED_OF_SP_MAX / 2 + 1)

struct second {
	struct tam_database *database;
	struct ta_delivery delivery;
	pthread_t thread;
	struct arena arena;
	int rc;
};

static void *second_delivers(void *context)
{
	struct second *second = context;
	struct sealed_delivery out;
	const char *reason;

	second->rc = sealed_delivery_add(second->database, &second->delivery, HALF, SCENE_TAMID,
					 "bank", &second->arena, &out, &reason);
	return NULL;
}

struct first {
	struct ta_delivery delivery;
	struct second *second;
};

/* The other comes while this one is not committed, and has a good while to get past it. */
static int first_delivers(struct tam_database *database, void *context)
{
	struct first *first = context;
	struct sealed_delivery out;
	const int rc = sealed_delivery_add(database, &first->delivery, HALF, SCENE_TAMID, "bank",
					   &scene.arena, &out, &why);

	if (!first->second->thread)
		cr_assert_eq(pthread_create(&first->second->thread, NULL, second_delivers,
					    first->second),
			     0);
	usleep(300000);
	return rc;
}

Test(tam_sealed, what_waits_is_bounded_when_two_deliver_at_once)
{
	struct second second = { .database = scene_database() };
	struct first first = { .second = &second };
	struct aik_statement key;

	announce(1);
	deploy(false);
	for (unsigned n = 0; n < 2; n++)
		cr_assert(scene_run(n, NULL, NULL));
	key = statement(0);
	first.delivery = encrypt(&key, 1, "a");
	key = statement(1);
	second.delivery = encrypt(&key, 1, "b");
	cr_assert_eq(tam_database_transaction(scene.database, TAM_DURABLE, first_delivers, &first),
		     0);
	pthread_join(second.thread, NULL);
	cr_expect_eq(second.rc, -EFBIG);
	cr_expect_eq(scene_count(HELD), 1);
	/* The same once more takes its own place. */
	cr_expect_eq(tam_database_transaction(scene.database, TAM_DURABLE, first_delivers, &first),
		     0);
	cr_expect_eq(scene_count(HELD), 1);
	arena_clear(&second.arena);
	tam_database_close(second.database);
}
