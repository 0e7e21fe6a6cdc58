#include "database_kit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "teep/otrp/ta_cms.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tam/catalogue.h"
#include "teep/tam/database_backend.h"
#include "teep/tam/device_table.h"
#include "teep/tam/vault.h"
#include "scratch_directory.h"
#include "test_keys.h"

struct kit kit;
static char err[512];
static char schema[64];

bool kit_is_postgresql(void)
{
	return getenv("TEESIM_TEST_DATABASE") != NULL;
}

struct tam_database *kit_open(void)
{
	const struct tam_database_options options = { .where = kit.where,
						      .create = true,
						      .vault = kit.vault };
	struct tam_database *database;

	cr_assert_eq(tam_database_open(&database, &options, err, sizeof(err)), 0, "%s", err);
	return database;
}

/* On the server itself, by a connection that the backend opens without looking at tables. */
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

void kit_begin(void)
{
	cr_assert(scratch_directory_make("tam-database", kit.directory, sizeof(kit.directory)));
	snprintf(kit.vault_path, sizeof(kit.vault_path), "%s/vault.key", kit.directory);
	cr_assert_eq(vault_make(kit.vault_path, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(vault_open(&kit.vault, kit.vault_path, err, sizeof(err)), 0, "%s", err);
	if (kit_is_postgresql()) {
		snprintf(schema, sizeof(schema), "t%d", getpid());
		on_server("CREATE SCHEMA %s");
		snprintf(kit.where, sizeof(kit.where), "%s&options=-csearch_path%%3D%s",
			 getenv("TEESIM_TEST_DATABASE"), schema);
	} else {
		snprintf(kit.where, sizeof(kit.where), "%s/tam.db", kit.directory);
	}
	kit.db = kit_open();
}

void kit_end(void)
{
	tam_database_close(kit.db);
	vault_close(kit.vault);
	arena_clear(&kit.arena);
	if (kit_is_postgresql())
		on_server("DROP SCHEMA %s CASCADE");
	cr_assert(scratch_directory_remove(kit.directory));
}

void kit_run(const char *sql)
{
	cr_assert_eq(tam_database_run(kit.db, sql, TAM_NO_VALUES, NULL), 0, "%s: %s", sql,
		     tam_database_error(kit.db));
}

int64_t kit_count(const char *sql)
{
	int64_t out = -1;

	cr_assert_eq(tam_database_integer(kit.db, &out, sql, TAM_NO_VALUES), 0, "%s: %s", sql,
		     tam_database_error(kit.db));
	return out;
}

struct span kit_certificate(int number, const char *name, EVP_PKEY **key)
{
	static EVP_PKEY *keys[16];
	static struct span made[16];

	cr_assert(number > 0 && number < 16);
	if (!keys[number]) {
		const struct certificate_request request = {
			.role = ROLE_SP,
			.name = name,
			.key = keys[number] = test_key(KEY_P256, number),
			.not_before = time(NULL) - 60,
			.not_after = time(NULL) + 86400,
		};
		X509_AUTO certificate = certificate_issue(&request, NULL, keys[number]);
		size_t size;
		uint8_t *der = certificate_encode(certificate, &size);

		cr_assert(arena_copy(&kit.arena, der, size, &made[number]));
		OPENSSL_free(der);
	}
	if (key)
		*key = keys[number];
	return made[number];
}

struct span kit_package(const char *taid, uint32_t version, const char *image, int signer)
{
	uint8_t header[TA_CMS_HEADER_SIZE], *der;
	EVP_PKEY *key;
	const struct span certificate = kit_certificate(signer, "Signer", &key);
	X509_AUTO parsed = certificate_parse(certificate.data, certificate.size);
	struct span out;
	struct uuid uuid;
	size_t size;

	cr_assert_eq(uuid_parse(taid, &uuid), 0);
	cr_assert(ta_cms_header(&uuid, version, "Demo TA", strlen(image), header));
	der = ta_cms_sign(header, image, strlen(image), parsed, key, &size);
	cr_assert_not_null(der);
	cr_assert(arena_copy(&kit.arena, der, size, &out));
	OPENSSL_free(der);
	return out;
}

const char *kit_did(int n)
{
	static char did[64][SHA256_TEXT_SIZE];
	static int turn;
	char *out = did[turn++ % 64];

	snprintf(out, SHA256_TEXT_SIZE, "%064x", n);
	return out;
}

void kit_device(int n)
{
	struct device device;
	const struct span certificate = kit_certificate(n, "Sim TEE", NULL);

	cr_assert_eq(device_table_register(kit.db, kit_did(n), certificate, (struct span) { 0 },
					   "simtee-0", &kit.arena, &device),
		     0, "%s", tam_database_error(kit.db));
}

void kit_sp(const char *spid, int number)
{
	struct sp_certificate certificate;
	const char *why;

	cr_assert_eq(sp_add(kit.db, spid, "An SP", &why), 0, "%s", tam_database_error(kit.db));
	cr_assert_eq(sp_certificate_add(kit.db, spid, kit_certificate(number, "Signer", NULL),
					&kit.arena, &certificate, &why),
		     0, "%s: %s", why, tam_database_error(kit.db));
}

void kit_ta(const char *spid, const char *taid, uint32_t version, int signer)
{
	struct ta_version added;
	const char *why;
	char image[64];

	snprintf(image, sizeof(image), "image of version %u", version);
	cr_assert_eq(catalogue_add(kit.db, spid, kit_package(taid, version, image, signer), NULL,
				   false, &kit.arena, &added, &why),
		     0, "%s: %s", why ? why : "-", tam_database_error(kit.db));
}
