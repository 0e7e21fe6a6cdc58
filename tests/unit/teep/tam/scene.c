#include "scene.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/manufacture.h"
#include "tam_kit.h"
#include "teep/otrp/ta_cms.h"
#include "teep/pki/ocsp.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tam/database_backend.h"
#include "teep/tam/database_copy.h"
#include "teep/tam/deployment.h"
#include "teep/tam/session_memory.h"
#include "teep/tam/sp.h"
#include "scratch_directory.h"
#include "test_keys.h"

struct scene scene;
struct scene_kinds scene_kinds = { KEY_P256, KEY_P256, KEY_P256, KEY_P256, false };

static char err[512];
static char schema[64];

#define DONE(call) cr_assert_eq((call), 0, #call ": %s", err)

/* ---- The world ------------------------------------------------------------------------------- */

static void file_write(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	cr_assert(file && fwrite(data, 1, size, file) == size);
	fclose(file);
}

static void ocsp_write(const char *name, const char *ca, X509 *subject, char path[160])
{
	struct authority authority;
	uint8_t *der;
	size_t size;

	DONE(authority_open(&authority, scene.authorities, HIERARCHY_TAM, ca, err, sizeof(err)));
	DONE(authority_ocsp(&authority, subject, false, 1, &der, &size, err, sizeof(err)));
	snprintf(path, 160, "%s/%s.ocsp", scene.directory, name);
	file_write(path, der, size);
	OPENSSL_free(der);
	authority_close(&authority);
}

/* A pair of the TAM's in files, with what is stapled for it. */
static void tam_pair(const char *name, enum key_kind kind, EVP_PKEY *previous,
		     struct tam_key_source *out, EVP_PKEY **key_out)
{
	static char paths[2][4][160];
	static const char *ocsp[2][2];
	static unsigned turn;
	char(*path)[160] = paths[turn % 2];
	const char **list = ocsp[turn++ % 2];
	struct authority authority;
	STACK_OF(X509) * chain;
	EVP_PKEY *key = test_key(kind, 1);

	DONE(authority_open(&authority, scene.authorities, HIERARCHY_TAM, "ca", err, sizeof(err)));
	DONE(authority_issue(&authority, ROLE_TAM, "Sim TAM", key, SCENE_TAMID, previous, 100,
			     &chain, err, sizeof(err)));
	authority_close(&authority);
	snprintf(path[0], 160, "%s/%s.key", scene.directory, name);
	snprintf(path[1], 160, "%s/%s.pem", scene.directory, name);
	DONE(key_write(path[0], key));
	DONE(chain_write(path[1], chain));
	ocsp_write(name, "ca", sk_X509_value(chain, 0), path[2]);
	ocsp_write("ca", "root", sk_X509_value(chain, 1), path[3]);
	list[0] = path[2];
	list[1] = path[3];
	*out = (struct tam_key_source) {
		.key = path[0], .chain = path[1], .ocsp = list, .ocsp_count = 2
	};
	x509_stack_free(chain);
	*key_out = key;
}

static void keys_open(void)
{
	struct tam_keys_options options = { 0 };
	EVP_PKEY *first, *second = NULL;

	tam_pair("tam", scene_kinds.tam, NULL, &options.source[options.count++], &first);
	if (scene_kinds.second_tam_key)
		tam_pair("tam2", KEY_P256, first, &options.source[options.count++], &second);
	DONE(tam_keys_open(&scene.keys, &options, err, sizeof(err)));
	EVP_PKEY_free(first);
	EVP_PKEY_free(second);
}

static void trust_open(void)
{
	char tee[160], firmware[160];
	const struct device_trust_options options = { .tee_roots = tee,
						      .firmware_roots = firmware };

	snprintf(tee, sizeof(tee), "%s/tee/root.pem", scene.authorities);
	snprintf(firmware, sizeof(firmware), "%s/firmware/ca.pem", scene.authorities);
	DONE(device_trust_open(&scene.trust, &options, err, sizeof(err)));
}

static void on_server(const char *format)
{
	const struct tam_database_options options = { .where = getenv("TEESIM_TEST_DATABASE") };
	char sql[160], error[TAM_ERROR_SIZE] = "";
	void *connection;

	snprintf(sql, sizeof(sql), format, schema);
	cr_assert_eq(tam_backend_postgresql.open(&connection, &options, error), 0, "%s", error);
	cr_assert_eq(tam_backend_postgresql.execute(connection, sql, error), 0, "%s", error);
	tam_backend_postgresql.close(connection);
}

struct tam_database *scene_database(void)
{
	const struct tam_database_options options = { .where = scene.where,
						      .create = true,
						      .vault = scene.vault };
	struct tam_database *database;

	DONE(tam_database_open(&database, &options, err, sizeof(err)));
	return database;
}

static void database_make(void)
{
	const char *server = getenv("TEESIM_TEST_DATABASE");

	strcpy(scene.vault_path, scene.directory);
	strcat(scene.vault_path, "/vault.key");
	DONE(vault_make(scene.vault_path, err, sizeof(err)));
	DONE(vault_open(&scene.vault, scene.vault_path, err, sizeof(err)));
	if (server) {
		snprintf(schema, sizeof(schema), "s%d", getpid());
		on_server("CREATE SCHEMA %s");
		snprintf(scene.where, sizeof(scene.where), "%s&options=-csearch_path%%3D%s", server,
			 schema);
	} else {
		strcpy(scene.where, scene.directory);
		strcat(scene.where, "/tam.db");
	}
	scene.database = scene_database();
}

void scene_restore(const char *copy)
{
	char command[1200];

	tam_worker_close(scene.worker);
	tam_database_close(scene.database);
	if (schema[0]) {
		on_server("DROP SCHEMA %s CASCADE");
		DONE(database_restore(copy, scene.where, err, sizeof(err)));
	} else {
		snprintf(command, sizeof(command), "rm '%s'* && cp '%s' '%s'", scene.where, copy,
			 scene.where);
		cr_assert_eq(system(command), 0);
	}
	scene.database = scene_database();
	scene.worker = tam_worker_open(&scene.tam, scene.database);
	cr_assert_not_null(scene.worker);
}

static void sp_make(void)
{
	struct certificate_request request = {
		.role = ROLE_SP,
		.name = "Sim Bank",
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + 86400,
	};
	struct sp_certificate added;
	const char *why;
	uint8_t *der;
	size_t size;

	request.key = scene.sp_key = test_key(scene_kinds.sp, 2);
	scene.sp_certificate = certificate_issue(&request, NULL, NULL);
	der = certificate_encode(scene.sp_certificate, &size);
	DONE(sp_add(scene.database, SCENE_SPID, "Bank", &why));
	DONE(sp_certificate_add(scene.database, SCENE_SPID, span_of(der, size), &scene.arena,
				&added, &why));
	OPENSSL_free(der);
}

void scene_begin(void)
{
	static const enum key_kind all[HIERARCHY_COUNT] = { KEY_P256, KEY_P256, KEY_P256,
							    KEY_P256 };

	memset(&scene, 0, sizeof(scene));
	cr_assert(scratch_directory_make("tam-scene", scene.directory, sizeof(scene.directory)));
	strcpy(scene.authorities, scene.directory);
	strcat(scene.authorities, "/authorities");
	DONE(authorities_make(scene.authorities, all, err, sizeof(err)));
	database_make();
	keys_open();
	trust_open();
	sp_make();
	scene.tam = (struct tam) { .keys = scene.keys,
				   .trust = scene.trust,
				   .extended = scene_kinds.tam == KEY_P384 ||
					       scene_kinds.tee == KEY_P384 };
	scene.tam.memory = session_memory_open(1 << 20);
	scene.worker = tam_worker_open(&scene.tam, scene.database);
	cr_assert_not_null(scene.worker);
}

void scene_end(void)
{
	for (unsigned i = 0; i < SCENE_DEVICES; i++)
		if (scene.devices[i].tee)
			tee_close(scene.devices[i].tee);
	tam_worker_close(scene.worker);
	session_memory_close(scene.tam.memory);
	tam_database_close(scene.database);
	tam_keys_close(scene.keys);
	device_trust_close(scene.trust);
	vault_close(scene.vault);
	EVP_PKEY_free(scene.sp_key);
	X509_free(scene.sp_certificate);
	arena_clear(&scene.arena);
	if (schema[0])
		on_server("DROP SCHEMA %s CASCADE");
	cr_assert(scratch_directory_remove(scene.directory));
}

/* ---- Devices --------------------------------------------------------------------------------- */

static void device_make(struct scene_device *device, const char *name)
{
	struct authority firmware, tee, tam;
	EVP_PKEY *secureboot = key_generate(KEY_P256);
	STACK_OF(X509) *roots = sk_X509_new_null();
	struct manufacture order = {
		.tee_name = name,
		.tee_version = "1.0",
		.tee_image = "image",
		.tee_image_size = 5,
		.secureboot_key = secureboot,
		.firmware_authority = &firmware,
		.tee_authority = &tee,
		.tam_roots = roots,
		.tfw_kind = KEY_P256,
		.tee_kind = scene_kinds.tee,
	};

	DONE(authority_open(&firmware, scene.authorities, HIERARCHY_FIRMWARE, "ca", err,
			    sizeof(err)));
	DONE(authority_open(&tee, scene.authorities, HIERARCHY_TEE, "ca", err, sizeof(err)));
	DONE(authority_open(&tam, scene.authorities, HIERARCHY_TAM, "root", err, sizeof(err)));
	sk_X509_push(roots, sk_X509_value(tam.chain, 0));
	order.admin = sk_X509_value(firmware.chain, 0);
	DONE(manufacture_device(device->directory, &order, err, sizeof(err)));
	sk_X509_free(roots);
	EVP_PKEY_free(secureboot);
	authority_close(&firmware);
	authority_close(&tee);
	authority_close(&tam);
}

static void device_start(struct scene_device *device)
{
	int store_error;

	cr_assert_eq(tee_open(&device->tee, device->directory, &device->options, &store_error, err,
			      sizeof(err)),
		     BOOT_OK, "%s", err);
}

struct scene_device *scene_device(unsigned n)
{
	struct scene_device *device = &scene.devices[n];
	char name[16];

	if (device->tee)
		return device;
	strcpy(device->directory, scene.directory);
	sprintf(device->directory + strlen(device->directory), "/device%u", n);
	device->options.aik_kind = scene_kinds.aik;
	device->options.extended = scene.tam.extended;
	sprintf(name, "simtee-%u", n);
	if (access(device->directory, F_OK) != 0)
		device_make(device, name);
	device_start(device);
	return device;
}

void scene_restart(unsigned n)
{
	tee_close(scene.devices[n].tee);
	device_start(&scene.devices[n]);
}

/* ---- The service provider -------------------------------------------------------------------- */

struct span scene_package(const char *taid, uint32_t version)
{
	static uint8_t image[1 << 20];
	uint8_t header[TA_CMS_HEADER_SIZE], *der;
	FILE *file = fopen(strcmp(taid, SCENE_TA) == 0 ? KIT_TA_IMAGE : KIT_OTHER_IMAGE, "r");
	struct uuid uuid;
	struct span out;
	size_t size;

	cr_assert_not_null(file);
	size = fread(image, 1, sizeof(image), file);
	fclose(file);
	cr_assert(size > 0 && size + scene.padding < sizeof(image));
	memset(image + size, 'x', scene.padding);
	size += scene.padding;
	cr_assert_eq(uuid_parse(taid, &uuid), 0);
	cr_assert(ta_cms_header(&uuid, version, "fixture", size, header));
	der = ta_cms_sign(header, image, size, scene.sp_certificate, scene.sp_key, &size);
	cr_assert(der && arena_copy(&scene.arena, der, size, &out));
	OPENSSL_free(der);
	return out;
}

void scene_publish(const char *taid, uint32_t version)
{
	struct ta_version added;
	const char *why = "";

	cr_assert_eq(catalogue_add(scene.database, SCENE_SPID, scene_package(taid, version), NULL,
				   false, &scene.arena, &added, &why),
		     0, "%s: %s", why, tam_database_error(scene.database));
}

void scene_want_in(const char *sdname, const char *taid, int64_t version, bool on_request)
{
	struct wanted entry = { .scope = SCOPE_ALL,
				.scope_id = "",
				.spid = SCENE_SPID,
				.sdname = sdname,
				.taid = taid,
				.version = version < 0 ? 0 : version,
				.present = version >= 0,
				.on_request = on_request,
				.created_by = "test" };
	const char *why = "";

	cr_assert_eq(wanted_set(scene.database, &entry, &why), 0, "%s: %s", why,
		     tam_database_error(scene.database));
}

void scene_want(const char *taid, int64_t version)
{
	scene_want_in(SCENE_SD, taid, version, false);
}

void scene_want_nothing(void)
{
	cr_assert_eq(tam_database_run(scene.database, "DELETE FROM wanted", TAM_NO_VALUES, NULL),
		     0);
}

/* ---- Sessions -------------------------------------------------------------------------------- */

char *scene_answer(unsigned n, const char *request)
{
	char *answer, *whole = NULL;

	cr_assert_eq(tee_process(scene_device(n)->tee, request, strlen(request), &answer), 0);
	if (strncmp(answer, "{\"GetDeviceTEEStateResponse\"", 28) != 0)
		return answer;
	cr_assert(asprintf(&whole, "{\"GetDeviceStateResponse\":[%s]}", answer) > 0);
	free(answer);
	return whole;
}

/* {"NameRequest":…: its name goes to the trail. */
static void trail_add(const char *message)
{
	const char *name = message + 2, *end = strstr(name, "Request\"");

	cr_assert_not_null(end, "%.80s", message);
	if (strlen(scene.trail) + 40 < sizeof(scene.trail))
		sprintf(scene.trail + strlen(scene.trail), "%s%.*s", scene.trail[0] ? " " : "",
			(int)(end - name), name);
}

static bool arrives(scene_agent agent, unsigned number, bool request, char **message)
{
	return !agent || agent(number, request, message);
}

static const struct tam_peer peer = { "127.0.0.1" };

char *scene_connect(const struct tam_hints *hints)
{
	char *request;
	const int rc = tam_connect(scene.worker, &peer, hints, &request);

	cr_assert_eq(rc, 0, "%d: %s", rc, tam_database_error(scene.database));
	scene.trail[0] = '\0';
	trail_add(request);
	return request;
}

char *scene_post(const char *answer)
{
	char *request;
	const int rc =
		tam_process(scene.worker, &peer, answer, strlen(answer), &request, scene.tid);

	cr_assert(rc == 0 || rc == -EBADMSG, "%d: %s", rc, tam_database_error(scene.database));
	if (request)
		trail_add(request);
	return request;
}

bool scene_run(unsigned n, const struct tam_hints *hints, scene_agent agent)
{
	char *request = scene_connect(hints), *answer;
	unsigned number = 0;

	for (scene.rounds = 1; request; scene.rounds++) {
		cr_assert_lt(scene.rounds, 60, "it never ends: %s", scene.trail);
		if (!arrives(agent, number++, true, &request)) {
			free(request);
			return false;
		}
		answer = scene_answer(n, request);
		free(request);
		if (!arrives(agent, number++, false, &answer)) {
			free(answer);
			return false;
		}
		request = scene_post(answer);
		free(answer);
	}
	return true;
}

void scene_converged(unsigned n, const char *installed)
{
	cr_assert(scene_run(n, NULL, NULL));
	cr_assert_str_eq(scene.trail, "GetDeviceState", "there was more to do: %s", scene.trail);
	cr_assert_str_eq(scene_installed(n), installed);
	cr_assert_str_eq(scene_stored(n), installed);
}

struct session scene_session(void)
{
	struct session session;

	cr_assert_eq(session_table_get(scene.database, scene.tid, &scene.arena, &session), 0);
	return session;
}

struct device scene_known(unsigned n)
{
	struct scene_device *device = scene_device(n);
	struct device known;
	X509_STACK_AUTO chain = NULL;
	char path[160];
	uint8_t hash[32];

	snprintf(path, sizeof(path), "%s/boot/tee.pem", device->directory);
	chain = chain_read(path, err, sizeof(err));
	cr_assert_not_null(chain, "%s", err);
	cr_assert(certificate_hash(sk_X509_value(chain, 0), hash));
	for (int i = 0; i < 32; i++)
		sprintf(device->did + 2 * i, "%02x", hash[i]);
	cr_assert_eq(device_table_get(scene.database, device->did, &scene.arena, &known), 0,
		     "the TAM does not know the device");
	return known;
}

const char *scene_stored(unsigned n)
{
	const struct device known = scene_known(n);
	struct device_ta *tas;
	size_t count;
	static char text[1024];

	text[0] = '\0';
	cr_assert_eq(device_table_tas(scene.database, known.did, &scene.arena, &tas, &count), 0);
	for (size_t i = 0; i < count; i++)
		sprintf(text + strlen(text), "%s%s/%s:%lld", i ? " " : "", tas[i].sdname,
			tas[i].taid, (long long)tas[i].version);
	return text;
}

const char *scene_installed(unsigned n)
{
	static char text[1024];
	char *list = tee_ta_list(scene_device(n)->tee);
	json_t *array = json_loads(list, 0, NULL), *ta;
	size_t i;

	text[0] = '\0';
	json_array_foreach(array, i, ta) {
		sprintf(text + strlen(text), "%s%s/%s:%lld", i ? " " : "",
			json_string_value(json_object_get(ta, "sdname")),
			json_string_value(json_object_get(ta, "taid")),
			(long long)json_integer_value(json_object_get(ta, "version")));
	}
	json_decref(array);
	free(list);
	return text;
}

int64_t scene_count(const char *sql)
{
	int64_t out = -1;

	cr_assert_eq(tam_database_integer(scene.database, &out, sql, TAM_NO_VALUES), 0, "%s: %s",
		     sql, tam_database_error(scene.database));
	return out;
}
