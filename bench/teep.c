/*
 * A TAM process, by what it spends on devices that come to it over HTTP: its processor time for
 * each session against the cryptography that a session makes unavoidable, done by libcrypto alone;
 * the same with many devices known; the memory of a connected device; and whole fleets, with the
 * TAM and all devices on this machine.
 *
 * A session here is: connect, GetDeviceState, CreateSD, InstallTA, done. Device, TAM and service
 * provider have keys of one kind; the anonymous keys are P-256, since each device makes one.
 */
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "figures.h"
#include "scratch.h"
#include "teep/fleet/own_tam.h"
#include "teep/otrp/encoding.h"
#include "teep/otrp/key_numbers.h"
#include "teep/pki/certificate.h"
#include "teep/pki/key.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tam/certificate_library.h"
#include "teep/tam/device_table.h"

/* ---- What has to be computed ------------------------------------------------------------------
 */

/*
 * What a TAM must do in one session. Signs: three requests. Verifies: the certificates of the TEE
 * and of the firmware with their authorities' keys, three answers with the TEE's, the firmware's
 * word with the firmware's; what one authority says of another need be verified once only, and the
 * packages are verified when they come into the catalogue. Decrypts: three answers, each of which
 * brings a point of its own when keys are on a curve. Encrypts: the content of two requests to the
 * TEE, the TA's key to the anonymous key. Parses: what has another key in it for each device, which
 * are two certificates and the anonymous key; a key that was just parsed is one that OpenSSL has
 * worked out nothing for yet.
 *
 * Not in it, since no octet on the wire asks for it: base64, JSON, the hash by which a message is
 * known again, what seals secrets in the database.
 */
#define SIGNS	    3U
#define AUTHORITIES 2U
#define ANSWERS	    3U
#define ENCRYPTS    2U
/* Octets: of the package; of what is encrypted for somebody, six times; and of what is signed or
 * verified, where the package is base64 in base64. */
#define PACKAGE	 22000U
#define CONTENT	 2048U
#define CONTENTS (ANSWERS + ENCRYPTS + 1U)
#define SIGNED	 (PACKAGE * 16U / 9U + 6U * 4096U)

struct bare {
	bool rsa;
	EVP_PKEY *key, *aik;
	EVP_PKEY_CTX *signer, *verifier, *decrypter;
	uint8_t digest[32], signature[512], wrapped[512];
	size_t signature_size, wrapped_size;
	uint8_t *certificate; /* owned */
	size_t certificate_size;
	struct key_numbers point; /* of the anonymous key */
	struct arena arena;
	EVP_KDF *kdf;
	uint8_t octets[SIGNED + 64];
};

static uint8_t *certificate_new(unsigned int number, EVP_PKEY *key, size_t *size);

static bool rsa_wrap(EVP_PKEY *recipient, uint8_t *out, size_t *size)
{
	PKEY_CTX_AUTO context = EVP_PKEY_CTX_new(recipient, NULL);
	const uint8_t key[32] = { 0 };

	return context && EVP_PKEY_encrypt_init(context) > 0 &&
	       EVP_PKEY_encrypt(context, out, size, key, sizeof(key)) > 0;
}

static bool bare_open(struct bare *bare, bool rsa)
{
	*bare = (struct bare) { .rsa = rsa,
				.signature_size = sizeof(bare->signature),
				.wrapped_size = sizeof(bare->wrapped) };
	bare->key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	bare->aik = EVP_EC_gen("P-256");
	bare->kdf = EVP_KDF_fetch(NULL, "SSKDF", NULL);
	bare->certificate = certificate_new(0, bare->key, &bare->certificate_size);
	if (!bare->certificate || !bare->kdf ||
	    key_numbers_of(bare->aik, &bare->arena, &bare->point))
		return false;
	bare->signer = EVP_PKEY_CTX_new(bare->key, NULL);
	bare->verifier = EVP_PKEY_CTX_new(bare->key, NULL);
	if (!bare->signer || !bare->verifier || EVP_PKEY_sign_init(bare->signer) <= 0 ||
	    EVP_PKEY_CTX_set_signature_md(bare->signer, EVP_sha256()) <= 0 ||
	    EVP_PKEY_verify_init(bare->verifier) <= 0 ||
	    EVP_PKEY_CTX_set_signature_md(bare->verifier, EVP_sha256()) <= 0 ||
	    EVP_PKEY_sign(bare->signer, bare->signature, &bare->signature_size, bare->digest,
			  sizeof(bare->digest)) <= 0)
		return false;
	if (!rsa)
		return true;
	bare->decrypter = EVP_PKEY_CTX_new(bare->key, NULL);
	return bare->decrypter && EVP_PKEY_decrypt_init(bare->decrypter) > 0 &&
	       rsa_wrap(bare->key, bare->wrapped, &bare->wrapped_size);
}

static void bare_close(struct bare *bare)
{
	EVP_PKEY_CTX_free(bare->signer);
	EVP_PKEY_CTX_free(bare->verifier);
	EVP_PKEY_CTX_free(bare->decrypter);
	EVP_PKEY_free(bare->key);
	EVP_PKEY_free(bare->aik);
	EVP_KDF_free(bare->kdf);
	OPENSSL_free(bare->certificate);
	arena_clear(&bare->arena);
}

static X509 *certificate_in(const struct bare *bare)
{
	return certificate_library_parse(span_of(bare->certificate, bare->certificate_size));
}

/* With the key of a certificate that came in this session. */
static bool verifies(const struct bare *bare, X509 *certificate, unsigned int times)
{
	PKEY_CTX_AUTO context = EVP_PKEY_CTX_new(X509_get0_pubkey(certificate), NULL);
	bool done = context && EVP_PKEY_verify_init(context) > 0 &&
		    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0;

	for (unsigned int i = 0; done && i < times; i++)
		done = EVP_PKEY_verify(context, bare->signature, bare->signature_size, bare->digest,
				       32) > 0;
	return done;
}

static bool encrypted(struct bare *bare, const EVP_CIPHER *cipher, int size)
{
	CIPHER_CTX_AUTO context = EVP_CIPHER_CTX_new();
	int n;

	return context &&
	       EVP_EncryptInit_ex(context, cipher, NULL, bare->digest, bare->digest) == 1 &&
	       EVP_EncryptUpdate(context, bare->octets, &n, bare->octets, size) == 1;
}

static bool octets_through(struct bare *bare)
{
	uint8_t digest[32];
	bool done = encrypted(bare, EVP_aes_256_cbc(), PACKAGE) &&
		    EVP_Digest(bare->octets, SIGNED, digest, NULL, EVP_sha256(), NULL) == 1;

	for (unsigned int i = 0; done && i < CONTENTS; i++)
		done = encrypted(bare, EVP_aes_128_cbc(), CONTENT) &&
		       HMAC(EVP_sha256(), bare->digest, 16, bare->octets, CONTENT, digest, NULL);
	return done;
}

/* The secret of both sides, what is derived from it, and a content key under that. */
static bool agree(const struct bare *bare, EVP_PKEY *mine, EVP_PKEY *peer)
{
	PKEY_CTX_AUTO context = EVP_PKEY_CTX_new(mine, NULL);
	CIPHER_CTX_AUTO cipher = EVP_CIPHER_CTX_new();
	EVP_KDF_CTX *kdf = EVP_KDF_CTX_new(bare->kdf);
	uint8_t secret[32], wrapping[16], wrapped[48];
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret, sizeof(secret)),
		OSSL_PARAM_construct_end(),
	};
	size_t size = sizeof(secret);
	int n;
	/* Whoever loaded the peer's point has checked it. */
	bool done = context && EVP_PKEY_derive_init(context) > 0 &&
		    EVP_PKEY_derive_set_peer_ex(context, peer, 0) > 0 &&
		    EVP_PKEY_derive(context, secret, &size) > 0 && kdf &&
		    EVP_KDF_derive(kdf, wrapping, sizeof(wrapping), parameters) > 0;

	EVP_KDF_CTX_free(kdf);
	if (!done || !cipher)
		return false;
	EVP_CIPHER_CTX_set_flags(cipher, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	return EVP_EncryptInit_ex(cipher, EVP_aes_128_wrap(), NULL, wrapping, NULL) == 1 &&
	       EVP_EncryptUpdate(cipher, wrapped, &n, bare->digest, 32) == 1;
}

/* To a key on a curve: with a fresh pair. */
static bool wrap(const struct bare *bare, EVP_PKEY *recipient)
{
	PKEY_AUTO fresh = key_generate(KEY_P256);

	return fresh && agree(bare, fresh, recipient);
}

static bool bare_unwrap(struct bare *bare)
{
	uint8_t out[512];
	size_t size = sizeof(out);

	if (!bare->rsa) {
		PKEY_AUTO point = key_numbers_load(&bare->point);

		return point && agree(bare, bare->key, point);
	}
	return EVP_PKEY_decrypt(bare->decrypter, out, &size, bare->wrapped, bare->wrapped_size) > 0;
}

static bool bare_wrap(const struct bare *bare, EVP_PKEY *recipient)
{
	uint8_t out[512];
	size_t size = sizeof(out);

	return bare->rsa ? rsa_wrap(recipient, out, &size) : wrap(bare, recipient);
}

static bool bare_session(struct bare *bare)
{
	X509_AUTO tee = certificate_in(bare);
	X509_AUTO firmware = certificate_in(bare);
	PKEY_AUTO aik = key_numbers_load(&bare->point);
	uint8_t out[512];
	size_t size;
	bool done = tee && firmware && aik && octets_through(bare) && wrap(bare, aik);

	for (unsigned int i = 0; done && i < SIGNS; i++) {
		size = sizeof(out);
		done = EVP_PKEY_sign(bare->signer, out, &size, bare->digest, 32) > 0;
	}
	for (unsigned int i = 0; done && i < AUTHORITIES; i++)
		done = EVP_PKEY_verify(bare->verifier, bare->signature, bare->signature_size,
				       bare->digest, 32) > 0;
	done = done && verifies(bare, tee, ANSWERS) && verifies(bare, firmware, 1);
	for (unsigned int i = 0; done && i < ANSWERS; i++)
		done = bare_unwrap(bare);
	for (unsigned int i = 0; done && i < ENCRYPTS; i++)
		done = bare_wrap(bare, X509_get0_pubkey(tee));
	return done;
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/*
 * The same in a thread of its own, over and over while a TAM is measured: both have the same
 * company and the same minutes of a machine that is not always equally fast.
 */
struct beside {
	bool rsa;
	pthread_t thread;
	atomic_bool over;
	unsigned int sessions;
	double seconds; /* of the thread's processor time; 0 when libcrypto failed */
};

static void *beside_run(void *context)
{
	struct beside *beside = context;
	struct bare bare;
	bool done = bare_open(&bare, beside->rsa);
	double began;

	for (unsigned int i = 0; done && i < 20; i++)
		done = bare_session(&bare);
	began = cpu_seconds();
	for (; done && !atomic_load(&beside->over); beside->sessions++)
		done = bare_session(&bare);
	beside->seconds = done ? cpu_seconds() - began : 0;
	bare_close(&bare);
	return NULL;
}

static bool beside_start(struct beside *beside, bool rsa)
{
	*beside = (struct beside) { .rsa = rsa };
	return pthread_create(&beside->thread, NULL, beside_run, beside) == 0;
}

/* Sessions in a second of processor time; 0 when there were none. */
static double beside_stop(struct beside *beside)
{
	atomic_store(&beside->over, true);
	(void)pthread_join(beside->thread, NULL);
	return beside->seconds > 0 ? beside->sessions / beside->seconds : 0;
}

/* ---- Fleets -----------------------------------------------------------------------------------
 */

static const char *programs(void)
{
	static char path[600];
	char self[400];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	snprintf(path, sizeof(path), "%s/../libexec/teesim", self);
	return path;
}

/* What a shell says to `command`, as JSON; NULL with a line in `why`. */
static json_t *ask(const char *command, char *why, size_t size)
{
	FILE *pipe = popen(command, "re");
	json_t *answer = pipe ? json_loadf(pipe, 0, NULL) : NULL;
	const int status = pipe ? pclose(pipe) : -1;

	if (!answer)
		snprintf(why, size, "teesim-fleet ended with status %d and no result",
			 WIFEXITED(status) ? WEXITSTATUS(status) : status);
	return answer;
}

static json_t *round_of(const json_t *fleet, size_t index)
{
	return json_array_get(json_object_get(fleet, "rounds"), index);
}

static double number_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

/* Why a fleet did not pass; NULL when it did. */
static const char *wrong(const json_t *fleet)
{
	const char *first;

	if (json_is_true(json_object_get(fleet, "passed")))
		return NULL;
	first = json_string_value(json_object_get(round_of(fleet, 0), "first_wrong"));
	if (!first || !first[0])
		first = json_string_value(json_object_get(round_of(fleet, 1), "first_wrong"));
	return first && first[0] ? first : "a device is lost";
}

struct fleet_figure {
	const char *name, *title;
	const char *options;
	bool postgresql;
};

static void fleet_measure(struct bench *bench, const struct fleet_figure *figure)
{
	const unsigned int devices = bench->options.quick ? 60 : 2000;
	char command[2048], why[160];
	struct result *result;
	json_t *fleet;

	if (figure->postgresql)
		snprintf(command, sizeof(command),
			 "'%s' sh -c 'exec \"%s/teesim-fleet\" --json --devices %u %s --database "
			 "\"$TEESIM_TEST_DATABASE\"'",
			 BENCH_WITH_POSTGRESQL, programs(), devices, figure->options);
	else
		snprintf(command, sizeof(command), "'%s/teesim-fleet' --json --devices %u %s",
			 programs(), devices, figure->options);
	fleet = ask(command, why, sizeof(why));
	if (!fleet || wrong(fleet)) {
		harness_fail(bench, figure->name, figure->title, "%s", fleet ? wrong(fleet) : why);
		json_decref(fleet);
		return;
	}
	result = harness_result(bench, figure->name, figure->title, UNIT_CALLS_PER_S, GOAL_NONE, 0);
	series_name(&result->thing, "devices");
	series_add(&result->thing, number_of(round_of(fleet, 0), "devices_per_second"),
		   number_of(round_of(fleet, 0), "devices_per_second"));
	snprintf(result->note, sizeof(result->note),
		 "%u devices, none lost, none twice; updated at %.0f/s; %.0f and %.0f retries; TAM "
		 "and devices share this machine",
		 devices, number_of(round_of(fleet, 1), "devices_per_second"),
		 number_of(round_of(fleet, 0), "retries"),
		 number_of(round_of(fleet, 1), "retries"));
	harness_finish(result);
	json_decref(fleet);
}

void teep_fleet_run(struct bench *bench)
{
	static const struct fleet_figure figures[] = {
		{ "teep_fleet", "a fleet from nothing to a TA, TAM on SQLite", "", false },
		{ "teep_fleet_postgresql", "the same, TAM on PostgreSQL (without fsync)", "",
		  true },
		{ "teep_fleet_killed", "the same on SQLite, TAM killed in the middle", "--kill-tam",
		  false },
	};

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		fleet_measure(bench, &figures[i]);
}

/* ---- One TAM process --------------------------------------------------------------------------
 */

struct service {
	struct own_tam tam;
	char directory[512], database[600];
	unsigned int turn;
};

/* A TAM of its own in the run's directory, with a TA that it wants on all devices. */
static bool service_open(struct service *service, const char *name, const char *key, char *why,
			 size_t size)
{
	long long deployment;

	snprintf(service->directory, sizeof(service->directory), "%s/%s", scratch_directory(),
		 name);
	snprintf(service->database, sizeof(service->database), "%s/tam/tam.db", service->directory);
	service->turn = 0;
	return own_tam_make(&service->tam, programs(), service->directory, NULL, key, why, size) ==
		       0 &&
	       own_tam_start(&service->tam, why, size) == 0 &&
	       own_tam_deploy(&service->tam, 1, &deployment, why, size) == 0;
}

static void service_close(struct service *service)
{
	own_tam_stop(&service->tam);
}

/* So many new devices come; the TAM's processor time for each, in seconds; 0 with a line in `why`
 * when one was not served. */
static double service_cost(struct service *service, unsigned int devices, const char *key,
			   char *why, size_t size)
{
	char command[2048], detail[160];
	double before;
	json_t *fleet;

	before = own_tam_cpu(&service->tam);
	snprintf(command, sizeof(command),
		 "'%s/teesim-fleet' --json --devices %u --key %s --tam %s --pki '%s/pki' --keep "
		 "'%s/fleet%u'",
		 programs(), devices, key, service->tam.uri, service->directory, service->directory,
		 service->turn);
	service->turn++;
	fleet = ask(command, detail, sizeof(detail));
	if (!fleet || wrong(fleet) ||
	    (unsigned int)number_of(round_of(fleet, 0), "installed") != devices) {
		snprintf(why, size, "%s",
			 fleet ? wrong(fleet) ? wrong(fleet) : "a TA is missing" : detail);
		json_decref(fleet);
		return 0;
	}
	json_decref(fleet);
	return (own_tam_cpu(&service->tam) - before) / devices;
}

#define WARM_DEVICES 10U

static void sessions_measure(struct bench *bench, const char *name, const char *title,
			     const char *key)
{
	const bool rsa = strcmp(key, "rsa") == 0;
	/* Each device makes two key pairs, which takes RSA half a second. */
	const unsigned int devices = (bench->options.quick ? 40 : 160) / (rsa ? 4 : 1),
			   rounds = bench->options.quick ? 1 : 4;
	struct result *result;
	struct service service = { 0 };
	char why[512];
	double cost, bare;
	struct beside beside;

	if (!service_open(&service, name, key, why, sizeof(why))) {
		harness_fail(bench, name, title, "%.180s", why);
		service_close(&service);
		return;
	}
	result = harness_result(bench, name, title, UNIT_CALLS_PER_S, GOAL_RATIO_AT_LEAST, 0.6);
	result->has_yardstick = true;
	series_name(&result->thing, "TAM");
	series_name(&result->yardstick, "libcrypto");
	/* Both sides are warm: what a process does once is no session's. */
	cost = service_cost(&service, WARM_DEVICES, key, why, sizeof(why));
	for (unsigned int i = 0; i < rounds && cost > 0; i++) {
		if (!beside_start(&beside, rsa))
			break;
		cost = service_cost(&service, devices, key, why, sizeof(why));
		bare = beside_stop(&beside);
		if (cost > 0 && bare > 0) {
			series_add(&result->thing, 1 / cost, 1 / cost);
			series_add(&result->yardstick, bare, bare);
		}
	}
	if (!result->thing.rounds)
		snprintf(result->failure, sizeof(result->failure), "%.180s", why);
	snprintf(result->note, sizeof(result->note),
		 "sessions in a second of the server's processor time, HTTP, database and log "
		 "included");
	harness_finish(result);
	service_close(&service);
}

void teep_sessions_run(struct bench *bench)
{
	sessions_measure(bench, "teep_sessions", "a TAM's sessions, RSA-2048", "rsa");
	sessions_measure(bench, "teep_sessions_p256", "a TAM's sessions, P-256", "p256");
}

/* ---- Many known devices -----------------------------------------------------------------------
 */

/* A TEE's certificate, self-signed; the caller's (OPENSSL_free()). */
static uint8_t *certificate_new(unsigned int number, EVP_PKEY *key, size_t *size)
{
	X509_AUTO certificate = NULL;
	char name[32];

	snprintf(name, sizeof(name), "TEE %u", number);
	if (!key)
		return NULL;
	certificate = certificate_issue(
		&(struct certificate_request) { .role = ROLE_TEE,
						.name = name,
						.key = key,
						.not_before = time(NULL) - 3600,
						.not_after = time(NULL) + 86400L * 365 },
		NULL, NULL);
	return certificate ? certificate_encode(certificate, size) : NULL;
}

/* Rows as a device leaves them that came once and has the TA. */
static int known_one(struct tam_database *database, unsigned int number)
{
	static const struct device_domain domain = { .spid = OWN_TAM_SPID,
						     .sdname = OWN_TAM_SD,
						     .certificates = "" };
	static const struct device_ta ta = { .spid = OWN_TAM_SPID,
					     .sdname = OWN_TAM_SD,
					     .taid = OWN_TAM_TAID,
					     .name = "fleet",
					     .version = 1,
					     .image_sha256 = "",
					     .state = "installed" };
	static const struct device_content content = {
		.domains = &domain, .domain_count = 1, .tas = &ta, .ta_count = 1
	};
	struct arena arena = { 0 };
	struct device device;
	PKEY_AUTO key = key_generate(KEY_P256);
	uint8_t hash[32], *der;
	char did[65];
	size_t size;
	int rc = -ENOMEM;

	der = certificate_new(number, key, &size);
	if (der && EVP_Digest(der, size, hash, NULL, EVP_sha256(), NULL) == 1)
		rc = device_table_register(database, hex_encode(hash, sizeof(hash), did),
					   span_of(der, size), span_of("", 0), "simtee-0", &arena,
					   &device);
	if (rc == 0)
		rc = device_table_store_content(database, did, NULL, &content);
	OPENSSL_free(der);
	arena_clear(&arena);
	return rc;
}

struct known {
	unsigned int from, to;
};

static int known_part(struct tam_database *database, void *context)
{
	const struct known *known = context;
	int rc = 0;

	for (unsigned int i = known->from; rc == 0 && i < known->to; i++)
		rc = known_one(database, i);
	return rc;
}

#define KNOWN_PART 500U

static int known_add(const struct service *service, unsigned int from, unsigned int to, char *why,
		     size_t size)
{
	const struct tam_database_options options = { .where = service->database };
	struct tam_database *database;
	int rc = tam_database_open(&database, &options, why, size);

	if (rc)
		return rc;
	for (unsigned int i = from; rc == 0 && i < to; i += KNOWN_PART) {
		struct known known = { i, i + KNOWN_PART < to ? i + KNOWN_PART : to };

		rc = tam_database_transaction(database, TAM_RELAXED, known_part, &known);
	}
	if (rc)
		snprintf(why, size, "%s: %s", strerror(-rc), tam_database_error(database));
	tam_database_close(database);
	return rc;
}

void teep_known_run(struct bench *bench)
{
	static const unsigned int counts[] = { 100, 1000, 10000 };
	const unsigned int devices = bench->options.quick ? 30 : 100,
			   kinds = bench->options.quick ? 2 : 3;
	double costs[3] = { 0 };
	struct service service;
	struct result *result;
	char why[512], name[48], title[96];
	bool done = service_open(&service, "teep_known", "p256", why, sizeof(why));

	for (unsigned int i = 0; done && i < kinds; i++) {
		done = known_add(&service, i ? counts[i - 1] : 0, counts[i], why, sizeof(why)) == 0;
		if (done)
			costs[i] = service_cost(&service, devices, "p256", why, sizeof(why));
		done = costs[i] > 0;
	}
	service_close(&service);
	for (unsigned int i = 1; i < kinds; i++) {
		snprintf(name, sizeof(name), "teep_known_%u", counts[i]);
		snprintf(title, sizeof(title), "a TAM's session with %u devices known", counts[i]);
		if (!done) {
			harness_fail(bench, name, title, "%.180s", why);
			continue;
		}
		result = harness_result(bench, name, title, UNIT_NS, GOAL_RATIO_AT_MOST, 1.5);
		result->has_yardstick = true;
		series_name(&result->thing, "many");
		series_name(&result->yardstick, "100");
		series_add(&result->thing, costs[i] * 1e9, costs[i] * 1e9);
		series_add(&result->yardstick, costs[0] * 1e9, costs[0] * 1e9);
		snprintf(result->note, sizeof(result->note),
			 "processor time of the server for each of %u new devices", devices);
		harness_finish(result);
	}
}

/* ---- Memory of a connected device -------------------------------------------------------------
 */

#define CONNECTED 500U

static size_t swallow(char *data, size_t unit, size_t count, void *context)
{
	(void)data;
	(void)context;
	return unit * count;
}

/* Each has begun a session, for a TA that it names, and holds its connection. How many did. */
static unsigned int connect_all(const struct service *service, CURL **devices, unsigned int count)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/otrp+json");
	unsigned int connected = 0;
	char uri[sizeof(service->tam.uri) + sizeof("?ta=" OWN_TAM_TAID)];
	long status;

	/* Without a name nothing would be kept of it until it answers. */
	(void)snprintf(uri, sizeof(uri), "%s?ta=" OWN_TAM_TAID, service->tam.uri);
	if (headers)
		(void)curl_slist_append(headers, "Content-Type:");
	for (unsigned int i = 0; i < count; i++) {
		CURL *curl = devices[i] = curl_easy_init();

		if (!curl)
			break;
		(void)curl_easy_setopt(curl, CURLOPT_URL, uri);
		(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
		(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
		(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
		if (curl_easy_perform(curl) == CURLE_OK &&
		    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
		    status == 200)
			connected++;
	}
	for (unsigned int i = 0; i < count; i++)
		if (devices[i])
			(void)curl_easy_setopt(devices[i], CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	return connected;
}

void teep_connected_run(struct bench *bench)
{
	static const char name[] = "teep_connected",
			  title[] = "memory of the TAM for a connected device";
	CURL *warm[20] = { NULL }, *devices[CONNECTED] = { NULL };
	struct rlimit files;
	struct result *result;
	struct service service;
	size_t before = 0, after = 0;
	unsigned int connected = 0;
	char why[512] = "not all devices could connect";

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (service_open(&service, name, "p256", why, sizeof(why))) {
		/* What stays once it has served anybody is not the devices'. */
		(void)connect_all(&service, warm, 20);
		before = own_tam_memory(&service.tam);
		connected = connect_all(&service, devices, CONNECTED);
		after = own_tam_memory(&service.tam);
	}
	for (unsigned int i = 0; i < CONNECTED; i++)
		curl_easy_cleanup(devices[i]);
	for (unsigned int i = 0; i < 20; i++)
		curl_easy_cleanup(warm[i]);
	service_close(&service);
	if (connected != CONNECTED || !before) {
		harness_fail(bench, name, title, "%.180s", why);
		return;
	}
	result = harness_result(bench, name, title, UNIT_OCTETS, GOAL_NONE, 0);
	series_add(&result->thing, (double)(after > before ? after - before : 0) / CONNECTED,
		   (double)(after > before ? after - before : 0) / CONNECTED);
	snprintf(result->note, sizeof(result->note),
		 "private memory, %u sessions begun, each with its connection open", CONNECTED);
	harness_finish(result);
}
