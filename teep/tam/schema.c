#include "teep/tam/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "teep/tam/database_backend.h"
#include "teep/tam/vault.h"

/*
 * One list for each version, which makes it of the one before. What has been released is never
 * edited; TEXT, NUMBER, OCTETS, SERIAL and TABLE_END are the dialect's. What begins with SQLITE is
 * left out for others.
 *
 * No query of a session reads more rows than that session, its device and what is wanted of it
 * have: each look-up has an index, which the tests hold against the planner.
 */
#define SQLITE "SQLITE "

static const char *const version_1[] = {
	"CREATE TABLE property(name TEXT PRIMARY KEY, value OCTETS NOT NULL)TABLE_END",

	"CREATE TABLE sp(spid TEXT PRIMARY KEY, name TEXT NOT NULL, created NUMBER NOT NULL)"
	"TABLE_END",
	"CREATE TABLE sp_certificate("
	"spid TEXT NOT NULL REFERENCES sp ON DELETE CASCADE, sha256 TEXT NOT NULL,"
	"subject TEXT NOT NULL, not_before NUMBER NOT NULL, not_after NUMBER NOT NULL,"
	"created NUMBER NOT NULL, der OCTETS NOT NULL, PRIMARY KEY(spid, sha256))TABLE_END",
	"CREATE TABLE token(id SERIAL, hash OCTETS NOT NULL UNIQUE, name TEXT NOT NULL,"
	"role NUMBER NOT NULL, spid TEXT REFERENCES sp ON DELETE CASCADE,"
	"created NUMBER NOT NULL, last_used NUMBER NOT NULL)TABLE_END",

	/* A taid belongs to one SP for as long as any version of it is known. */
	"CREATE TABLE ta(taid TEXT PRIMARY KEY, spid TEXT NOT NULL REFERENCES sp,"
	"name TEXT NOT NULL, newest NUMBER NOT NULL)TABLE_END",
	"CREATE INDEX ta_spid ON ta(spid, taid)",
	"CREATE TABLE ta_version(taid TEXT NOT NULL REFERENCES ta, version NUMBER NOT NULL,"
	"name TEXT NOT NULL, sha256 TEXT NOT NULL, image_sha256 TEXT NOT NULL,"
	"signer TEXT NOT NULL, size NUMBER NOT NULL, bundled NUMBER NOT NULL,"
	"created NUMBER NOT NULL, retired NUMBER NOT NULL, personalisation NUMBER NOT NULL,"
	"personalisation_sealed OCTETS, cms OCTETS NOT NULL, PRIMARY KEY(taid, version))TABLE_END",
	"CREATE INDEX ta_version_signer ON ta_version(signer)",

	"CREATE TABLE device(did TEXT PRIMARY KEY, revision NUMBER NOT NULL,"
	"key_hash OCTETS NOT NULL UNIQUE, tee_name TEXT NOT NULL, tee_version TEXT NOT NULL,"
	"model TEXT NOT NULL, labels TEXT NOT NULL, status NUMBER NOT NULL, reason TEXT NOT NULL,"
	"signer_required NUMBER NOT NULL, algorithm TEXT NOT NULL, address TEXT NOT NULL,"
	"first_seen NUMBER NOT NULL, last_seen NUMBER NOT NULL, dsi_hash OCTETS,"
	"dsi_generation NUMBER NOT NULL, tee_certificate OCTETS NOT NULL,"
	"tee_chain OCTETS NOT NULL, firmware_certificate OCTETS, dsi OCTETS)TABLE_END",
	"CREATE INDEX device_status ON device(status)",
	"CREATE TABLE device_domain(did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
	"spid TEXT NOT NULL, sdname TEXT NOT NULL, certificates TEXT NOT NULL,"
	"updated NUMBER NOT NULL, PRIMARY KEY(did, spid, sdname))TABLE_END",
	"CREATE INDEX device_domain_spid ON device_domain(spid, did)",
	"CREATE TABLE device_ta(did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
	"spid TEXT NOT NULL, sdname TEXT NOT NULL, taid TEXT NOT NULL, name TEXT NOT NULL,"
	"version NUMBER NOT NULL, personalisation NUMBER NOT NULL, image_sha256 TEXT NOT NULL,"
	"state TEXT NOT NULL, updated NUMBER NOT NULL,"
	"PRIMARY KEY(did, spid, sdname, taid))TABLE_END",
	"CREATE INDEX device_ta_taid ON device_ta(taid)",
	"CREATE TABLE device_aik(did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
	"spid TEXT NOT NULL, type TEXT NOT NULL, key OCTETS NOT NULL, updated NUMBER NOT NULL,"
	"PRIMARY KEY(did, spid))TABLE_END",
	"CREATE TABLE requested_ta(did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
	"taid TEXT NOT NULL, at NUMBER NOT NULL, PRIMARY KEY(did, taid))TABLE_END",

	"CREATE TABLE device_group(name TEXT PRIMARY KEY, created NUMBER NOT NULL)TABLE_END",
	"CREATE TABLE group_member(name TEXT NOT NULL REFERENCES device_group ON DELETE CASCADE,"
	"did TEXT NOT NULL REFERENCES device ON DELETE CASCADE, PRIMARY KEY(name, did))TABLE_END",
	"CREATE INDEX group_member_did ON group_member(did)",

	"CREATE TABLE wanted(id SERIAL, scope NUMBER NOT NULL, scope_id TEXT NOT NULL,"
	"spid TEXT NOT NULL REFERENCES sp, sdname TEXT NOT NULL, taid TEXT NOT NULL,"
	"version NUMBER NOT NULL, present NUMBER NOT NULL, on_request NUMBER NOT NULL,"
	"created NUMBER NOT NULL,"
	"created_by TEXT NOT NULL, UNIQUE(scope, scope_id, spid, sdname, taid))TABLE_END",
	"CREATE INDEX wanted_spid ON wanted(spid)",
	"CREATE INDEX wanted_taid ON wanted(taid)",

	"CREATE TABLE deployment(id SERIAL, scope NUMBER NOT NULL, scope_id TEXT NOT NULL,"
	"spid TEXT NOT NULL, sdname TEXT NOT NULL, taid TEXT NOT NULL, version NUMBER NOT NULL,"
	"present NUMBER NOT NULL, on_request NUMBER NOT NULL, created NUMBER NOT NULL,"
	"created_by TEXT NOT NULL,"
	"replaced NUMBER NOT NULL)TABLE_END",
	"CREATE INDEX deployment_scope ON deployment(scope, scope_id, replaced)",
	"CREATE INDEX deployment_spid ON deployment(spid)",
	"CREATE TABLE deployment_device("
	"deployment NUMBER NOT NULL REFERENCES deployment ON DELETE CASCADE,"
	"did TEXT NOT NULL REFERENCES device ON DELETE CASCADE, state NUMBER NOT NULL,"
	"error TEXT NOT NULL, updated NUMBER NOT NULL, PRIMARY KEY(deployment, did))TABLE_END",
	"CREATE INDEX deployment_device_state ON deployment_device(deployment, state)",
	"CREATE INDEX deployment_device_did ON deployment_device(did, state)",

	"CREATE TABLE session(tid TEXT PRIMARY KEY, revision NUMBER NOT NULL,"
	"did TEXT NOT NULL, state NUMBER NOT NULL, rid TEXT NOT NULL, step TEXT NOT NULL,"
	"attempts NUMBER NOT NULL, started NUMBER NOT NULL, updated NUMBER NOT NULL,"
	"address TEXT NOT NULL, error TEXT NOT NULL, messages NUMBER NOT NULL, last_hash OCTETS,"
	"secret OCTETS, context OCTETS, last_answer OCTETS)TABLE_END",
	"CREATE INDEX session_did ON session(did, started)",
	"CREATE INDEX session_started ON session(started, tid)",
	"CREATE INDEX session_state ON session(state, updated)",

	"CREATE TABLE message(id SERIAL, tid TEXT NOT NULL, did TEXT NOT NULL,"
	"seq NUMBER NOT NULL, at NUMBER NOT NULL, response NUMBER NOT NULL, kind TEXT NOT NULL,"
	"size NUMBER NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL, decoded TEXT NOT NULL,"
	"wire OCTETS)TABLE_END",
	"CREATE INDEX message_tid ON message(tid, id)",
	"CREATE INDEX message_did ON message(did, id)",
	"CREATE INDEX message_at ON message(at)",

	"CREATE TABLE event(id SERIAL, at NUMBER NOT NULL, kind TEXT NOT NULL,"
	"subject TEXT NOT NULL, spid TEXT NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL)"
	"TABLE_END",
	"CREATE INDEX event_spid ON event(spid, id)",
	"CREATE INDEX event_kind ON event(kind, id)",
	NULL,
};

/* Until now every SP deployed wherever it liked; those that there are go on so until an admin takes
 * it back. */
static const char *const version_2[] = {
	"CREATE TABLE sp_grant(spid TEXT NOT NULL REFERENCES sp ON DELETE CASCADE,"
	"group_name TEXT NOT NULL, created NUMBER NOT NULL, PRIMARY KEY(spid, group_name))"
	"TABLE_END",
	"CREATE INDEX sp_grant_group ON sp_grant(group_name)",
	"INSERT INTO sp_grant(spid, group_name, created) SELECT spid, '', created FROM sp",
	NULL,
};

/* ta_version.bundled: 0 the TAM delivers it, 1 client apps bring it, 2 its SP encrypts it for each
 * device. */
static const char *const version_3[] = {
	"CREATE TABLE sealed_delivery(id SERIAL,"
	"did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
	"spid TEXT NOT NULL REFERENCES sp ON DELETE CASCADE, taid TEXT NOT NULL REFERENCES ta,"
	"version NUMBER NOT NULL, name TEXT NOT NULL, aik_hash OCTETS NOT NULL,"
	"size NUMBER NOT NULL, personalisation NUMBER NOT NULL, created NUMBER NOT NULL,"
	"created_by TEXT NOT NULL, installed NUMBER NOT NULL, error TEXT NOT NULL,"
	"encrypted OCTETS, UNIQUE(did, taid))TABLE_END",
	"CREATE INDEX sealed_delivery_spid ON sealed_delivery(spid)",
	"CREATE INDEX sealed_delivery_taid ON sealed_delivery(taid)",
	NULL,
};

/*
 * What each message of a session writes is in as few pages as can be. Tables whose rows are short
 * and found by their primary key alone are one tree instead of two; an index has no column that
 * changes with every message, nor rows that nobody looks for.
 */
#define IN_ONE_TREE(name, columns)                                                                \
	SQLITE "CREATE TABLE new_" name "(" columns ") STRICT, WITHOUT ROWID",                    \
		SQLITE "INSERT INTO new_" name " SELECT * FROM " name, SQLITE "DROP TABLE " name, \
		SQLITE "ALTER TABLE new_" name " RENAME TO " name

static const char *const version_4[] = {
	IN_ONE_TREE("device_domain",
		    "did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
		    "spid TEXT NOT NULL, sdname TEXT NOT NULL, certificates TEXT NOT NULL,"
		    "updated NUMBER NOT NULL, PRIMARY KEY(did, spid, sdname)"),
	SQLITE "CREATE INDEX device_domain_spid ON device_domain(spid, did)",
	IN_ONE_TREE("device_ta",
		    "did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
		    "spid TEXT NOT NULL, sdname TEXT NOT NULL, taid TEXT NOT NULL,"
		    "name TEXT NOT NULL, version NUMBER NOT NULL, personalisation NUMBER NOT NULL,"
		    "image_sha256 TEXT NOT NULL, state TEXT NOT NULL, updated NUMBER NOT NULL,"
		    "PRIMARY KEY(did, spid, sdname, taid)"),
	SQLITE "CREATE INDEX device_ta_taid ON device_ta(taid)",
	IN_ONE_TREE("device_aik", "did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
				  "spid TEXT NOT NULL, type TEXT NOT NULL, key OCTETS NOT NULL,"
				  "updated NUMBER NOT NULL, PRIMARY KEY(did, spid)"),
	IN_ONE_TREE("requested_ta", "did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
				    "taid TEXT NOT NULL, at NUMBER NOT NULL,"
				    "PRIMARY KEY(did, taid)"),
	"DROP INDEX deployment_device_did",
	IN_ONE_TREE("deployment_device",
		    "deployment NUMBER NOT NULL REFERENCES deployment ON DELETE CASCADE,"
		    "did TEXT NOT NULL REFERENCES device ON DELETE CASCADE, state NUMBER NOT NULL,"
		    "error TEXT NOT NULL, updated NUMBER NOT NULL, PRIMARY KEY(deployment, did)"),
	SQLITE "CREATE INDEX deployment_device_state ON deployment_device(deployment, state)",
	"CREATE INDEX deployment_device_did ON deployment_device(did)",

	"DROP INDEX session_did",
	"CREATE INDEX session_did ON session(did, started) WHERE did <> ''",
	"DROP INDEX session_state",
	"CREATE INDEX session_open ON session(started) WHERE state = 0",

	"ALTER TABLE message DROP COLUMN wire",
	NULL,
};

static const char *const *const migration[SCHEMA_VERSION] = { version_1, version_2, version_3,
							      version_4 };

/* The dialect's words in the place of ours; NULL without memory. */
static char *translate(const char *text, const struct tam_dialect *dialect)
{
	const struct {
		const char *word, *with;
	} words[] = {
		{ "TEXT", dialect->text },	 { "NUMBER", dialect->integer },
		{ "OCTETS", dialect->octets },	 { "SERIAL", dialect->serial },
		{ "TABLE_END", dialect->table },
	};
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	while (to && *text) {
		size_t i, step = 1;

		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (!strncmp(text, words[i].word, strlen(words[i].word)))
				break;
		if (i < sizeof(words) / sizeof(words[0])) {
			step = strlen(words[i].word);
			fputs(words[i].with, to);
		} else {
			fputc(*text, to);
		}
		text += step;
	}
	if (to && fclose(to)) {
		free(out);
		return NULL;
	}
	return out;
}

static const char CHECK[] = "the vault of this database";

struct apply {
	bool create;
	char *err;
	size_t errlen;
};

static int version_read(struct tam_database *database, int64_t *version)
{
	ARENA_AUTO arena = { 0 };
	TAM_ROWS_AUTO *rows = NULL;
	int64_t tables;
	char digits[24] = "";
	struct span value;
	int rc = tam_database_integer(database, &tables, tam_database_dialect(database)->has_table,
				      TAM_VALUES(tam_text("property")));

	*version = 0;
	if (rc || !tables)
		return rc;
	rc = tam_database_query(database, &rows,
				"SELECT value FROM property WHERE name = 'schema version'",
				TAM_NO_VALUES);
	if (rc)
		return rc;
	rc = tam_rows_next(rows);
	if (rc <= 0)
		return rc;
	value = tam_row_octets(rows, 0);
	snprintf(digits, sizeof(digits), "%.*s", (int)(value.size < 20 ? value.size : 20),
		 (const char *)value.data);
	*version = strtoll(digits, NULL, 10);
	return *version > 0 ? 0 : -EBADMSG;
}

static int version_write(struct tam_database *database, int64_t version)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, version);
	return tam_database_run(database,
				"INSERT INTO property(name, value) VALUES('schema version', $1) "
				"ON CONFLICT(name) DO UPDATE SET value = excluded.value",
				TAM_VALUES(tam_octets(span_of_text(digits))), NULL);
}

static int migrate(struct tam_database *database, int64_t from)
{
	const bool is_sqlite = strcmp(tam_database_kind(database), "sqlite") == 0;
	int rc = 0;

	for (int64_t i = from; i < SCHEMA_VERSION; i++)
		for (const char *const *at = migration[i]; !rc && *at; at++) {
			const bool sqlite_only = strncmp(*at, SQLITE, strlen(SQLITE)) == 0;
			char *text;

			if (sqlite_only && !is_sqlite)
				continue;
			text = translate(*at + (sqlite_only ? strlen(SQLITE) : 0),
					 tam_database_dialect(database));
			rc = text ? tam_database_execute(database, text) : -ENOMEM;
			free(text);
		}
	return rc ? rc : version_write(database, SCHEMA_VERSION);
}

/* The first vault that is used stays the one: another would find nothing that it can open. */
static int vault_check(struct tam_database *database)
{
	const struct vault *vault = tam_database_vault(database);
	ARENA_AUTO arena = { 0 };
	TAM_ROWS_AUTO *rows = NULL;
	struct span sealed, plain;
	int rc;

	if (!vault)
		return 0;
	rc = tam_database_query(database, &rows,
				"SELECT value FROM property WHERE name = 'vault check'",
				TAM_NO_VALUES);
	if (rc)
		return rc;
	rc = tam_rows_next(rows);
	if (rc < 0)
		return rc;
	if (rc > 0) {
		rc = vault_unseal(vault, "vault check", NULL, tam_row_octets(rows, 0), &arena,
				  &plain);
		return rc == -EBADMSG ? -EKEYREJECTED : rc;
	}
	rc = vault_seal(vault, "vault check", NULL, span_of_text(CHECK), &arena, &sealed);
	if (rc)
		return rc;
	return tam_database_run(database,
				"INSERT INTO property(name, value) VALUES('vault check', $1)",
				TAM_VALUES(tam_octets(sealed)), NULL);
}

static int apply(struct tam_database *database, void *context)
{
	struct apply *apply = context;
	const char *lock = tam_database_dialect(database)->lock;
	int64_t version;
	int rc = lock ? tam_database_execute(database, lock) : 0;

	if (!rc)
		rc = version_read(database, &version);
	if (rc)
		return rc;
	if (version > SCHEMA_VERSION || (version && version < SCHEMA_VERSION && !apply->create)) {
		snprintf(apply->err, apply->errlen,
			 "the database has tables of version %" PRId64 ", and this TAM of %d: %s",
			 version, SCHEMA_VERSION,
			 version > SCHEMA_VERSION ? "it needs a newer teesim"
						  : "run `teesim tam init` once more");
		return -EPROTO;
	}
	if (!version && !apply->create) {
		snprintf(apply->err, apply->errlen,
			 "the database has no tables of a TAM: make them with `teesim tam init`");
		return -ENOENT;
	}
	if (version < SCHEMA_VERSION)
		rc = migrate(database, version);
	if (rc)
		return rc;
	rc = vault_check(database);
	if (rc == -EKEYREJECTED)
		snprintf(apply->err, apply->errlen,
			 "the database was made with another secret: its file is not the one that "
			 "`teesim tam init` made for it");
	return rc;
}

int schema_apply(struct tam_database *database, bool create, char *err, size_t errlen)
{
	struct apply context = { .create = create, .err = err, .errlen = errlen };
	int rc;

	err[0] = '\0';
	rc = tam_database_transaction(database, TAM_DURABLE, apply, &context);
	if (rc && !err[0])
		snprintf(err, errlen, "the tables: %s", tam_database_error(database));
	return rc;
}
