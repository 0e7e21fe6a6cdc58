/* What both backends must do alike. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "database_kit.h"
#include "teep/tam/database_backend.h"
#include "teep/tam/deployment.h"
#include "teep/tam/device_table.h"
#include "teep/tam/message_log.h"
#include "teep/tam/schema.h"
#include "teep/tam/session_table.h"
#include "teep/tam/sp_grant.h"
#include "teep/tam/vault.h"

TestSuite(tam_database, .init = kit_begin, .fini = kit_end);

static char err[512];

static void table_make(void)
{
	kit_run(kit_is_postgresql() ? "CREATE TABLE t(id BIGINT PRIMARY KEY, name TEXT, data BYTEA)"
				    : "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, data "
				      "BLOB) STRICT");
}

Test(tam_database, values_come_back_as_they_were)
{
	static const char odd[] = "'; DROP TABLE t; -- \" % _ \\ \n\t ü€𐍈";
	uint8_t octets[256];
	TAM_ROWS_AUTO *rows = NULL;

	table_make();
	for (int i = 0; i < 256; i++)
		octets[i] = (uint8_t)i;
	cr_assert_eq(tam_database_run(kit.db, "INSERT INTO t(id, name, data) VALUES($1, $2, $3)",
				      TAM_VALUES(tam_integer(INT64_MIN), tam_text(odd),
						 tam_octets(span_of(octets, sizeof(octets)))),
				      NULL),
		     0);
	cr_assert_eq(tam_database_run(kit.db, "INSERT INTO t(data, name, id) VALUES($3, $2, $1)",
				      TAM_VALUES(tam_integer(INT64_MAX), tam_text(""),
						 tam_octets(span_of("", 0))),
				      NULL),
		     0);
	cr_assert_eq(tam_database_run(kit.db, "INSERT INTO t(id, name, data) VALUES($1, $2, $3)",
				      TAM_VALUES(tam_integer(0), tam_null(),
						 tam_octets((struct span) { 0 })),
				      NULL),
		     0);
	cr_assert_eq(tam_database_query(kit.db, &rows, "SELECT id, name, data FROM t ORDER BY id",
					TAM_NO_VALUES),
		     0);
	cr_assert_eq(tam_rows_next(rows), 1);
	cr_assert_eq(tam_row_integer(rows, 0), INT64_MIN);
	cr_assert_str_eq(tam_row_text(rows, 1, &kit.arena), odd);
	cr_assert(span_equal(tam_row_octets(rows, 2), span_of(octets, sizeof(octets))));
	cr_assert_eq(tam_rows_next(rows), 1);
	cr_assert(tam_row_is_null(rows, 1));
	cr_assert_null(tam_row_octets(rows, 2).data);
	cr_assert_str_eq(tam_row_text(rows, 1, &kit.arena), "");
	cr_assert_eq(tam_rows_next(rows), 1);
	cr_assert_eq(tam_row_integer(rows, 0), INT64_MAX);
	cr_assert(!tam_row_is_null(rows, 1));
	cr_assert_not_null(tam_row_octets(rows, 2).data, "no octets are not NULL");
	cr_assert_eq(tam_row_octets(rows, 2).size, 0);
	cr_assert_eq(tam_rows_next(rows), 0);
	cr_assert_eq(tam_rows_next(rows), 0);
}

Test(tam_database, text_that_is_not_utf8_is_refused)
{
	static const char *const bad[] = { "\xff",
					   "\xc3",
					   "\xc0\x80",
					   "\xed\xa0\x80",
					   "a\x80",
					   "\xf5\x80\x80\x80",
					   "\xf0\x80\x80\x80",
					   "\xe2\x82" };
	const struct tam_value zero = { .type = TAM_VALUE_TEXT, .octets = span_of("a\0b", 3) };

	table_make();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(tam_database_run(kit.db, "INSERT INTO t(id, name) VALUES(1, $1)",
					      TAM_VALUES(tam_text(bad[i])), NULL),
			     -EILSEQ);
	cr_assert_eq(tam_database_run(kit.db, "INSERT INTO t(id, name) VALUES(1, $1)", &zero, 1,
				      NULL),
		     -EILSEQ);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM t"), 0);
}

static int fail_after_insert(struct tam_database *db, void *context)
{
	const int rc = tam_database_run(db, "INSERT INTO t(id) VALUES(1)", TAM_NO_VALUES, NULL);

	return rc ? rc : *(int *)context;
}

Test(tam_database, work_that_fails_leaves_nothing)
{
	int rc = -EDOM;

	table_make();
	cr_assert_eq(tam_database_transaction(kit.db, TAM_DURABLE, fail_after_insert, &rc), -EDOM);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM t"), 0);
	rc = 0;
	cr_assert_eq(tam_database_transaction(kit.db, TAM_RELAXED, fail_after_insert, &rc), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM t"), 1);
}

static int stubborn(struct tam_database *db, void *context)
{
	(void)context;
	cr_assert_eq(tam_database_run(db, "INSERT INTO t(id) VALUES(1)", TAM_NO_VALUES, NULL), 0);
	cr_assert_eq(tam_database_run(db, "INSERT INTO t(id) VALUES(1)", TAM_NO_VALUES, NULL),
		     -EEXIST);
	/* It goes on as if nothing were. */
	cr_assert_eq(tam_database_run(db, "INSERT INTO t(id) VALUES(2)", TAM_NO_VALUES, NULL),
		     -EEXIST);
	return 0;
}

Test(tam_database, a_statement_that_fails_dooms_its_transaction)
{
	table_make();
	cr_assert_eq(tam_database_transaction(kit.db, TAM_DURABLE, stubborn, NULL), -EEXIST);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM t"), 0);
}

static int nested(struct tam_database *db, void *context)
{
	int inner = 0;
	int rc = tam_database_transaction(db, TAM_DURABLE, fail_after_insert, &inner);

	(void)context;
	return rc ? rc : -ECANCELED;
}

Test(tam_database, a_transaction_inside_another_is_part_of_it)
{
	table_make();
	cr_assert_eq(tam_database_transaction(kit.db, TAM_DURABLE, nested, NULL), -ECANCELED);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM t"), 0);
}

static int third_time(struct tam_database *db, void *context)
{
	int *times = context;

	cr_assert_eq(tam_database_run(db, "INSERT INTO t(id) VALUES(7)", TAM_NO_VALUES, NULL), 0);
	return ++*times < 3 ? -EAGAIN : 0;
}

static int never(struct tam_database *db, void *context)
{
	(void)db;
	++*(int *)context;
	return -EAGAIN;
}

Test(tam_database, conflicts_are_tried_again_and_not_for_ever)
{
	int times = 0;

	table_make();
	cr_assert_eq(tam_database_transaction(kit.db, TAM_DURABLE, third_time, &times), 0);
	cr_assert_eq(times, 3);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM t"), 1);
	times = 0;
	cr_assert_eq(tam_database_transaction(kit.db, TAM_DURABLE, never, &times), -EAGAIN);
	cr_assert(times > 3 && times < 100);
}

Test(tam_database, constraints_have_their_errors)
{
	int64_t changed = -1;

	cr_assert_eq(tam_database_run(kit.db,
				      "INSERT INTO ta(taid, spid, name, newest) VALUES('x', "
				      "'nobody', '', 0)",
				      TAM_NO_VALUES, NULL),
		     -ENOLINK);
	kit_run("INSERT INTO sp(spid, name, created) VALUES('a', '', 0)");
	cr_assert_eq(tam_database_run(kit.db,
				      "INSERT INTO sp(spid, name, created) VALUES('a', '', 0)",
				      TAM_NO_VALUES, NULL),
		     -EEXIST);
	cr_assert_eq(tam_database_run(kit.db, "DELETE FROM sp WHERE spid = 'b'", TAM_NO_VALUES,
				      &changed),
		     0);
	cr_assert_eq(changed, 0);
	cr_assert_neq(tam_database_run(kit.db, "SELECT nonsense FROM nowhere", TAM_NO_VALUES, NULL),
		      0);
	cr_assert(strlen(tam_database_error(kit.db)) > 5);
	cr_assert_null(strchr(tam_database_error(kit.db), '\n'));
}

Test(tam_database, two_queries_are_read_side_by_side)
{
	TAM_ROWS_AUTO *outer = NULL;
	int64_t seen = 0;

	table_make();
	kit_run("INSERT INTO t(id) VALUES(1), (2), (3)");
	cr_assert_eq(tam_database_query(kit.db, &outer, "SELECT id FROM t ORDER BY id",
					TAM_NO_VALUES),
		     0);
	while (tam_rows_next(outer) == 1)
		seen += tam_row_integer(outer, 0) * kit_count("SELECT COUNT(*) FROM t");
	cr_assert_eq(seen, 18);
}

Test(tam_database, what_was_committed_is_there_for_the_next_handle)
{
	struct tam_database *other = kit_open();
	int64_t count;

	kit_run("INSERT INTO sp(spid, name, created) VALUES('a', '', 0)");
	cr_assert_eq(tam_database_integer(other, &count, "SELECT COUNT(*) FROM sp", TAM_NO_VALUES),
		     0);
	cr_assert_eq(count, 1);
	tam_database_close(other);
}

static int open_without_create(const char *where, const struct vault *vault)
{
	const struct tam_database_options options = { .where = where, .vault = vault };
	struct tam_database *database;
	const int rc = tam_database_open(&database, &options, err, sizeof(err));

	tam_database_close(database);
	return rc;
}

Test(tam_database, another_vault_is_noticed)
{
	struct vault *other;
	char path[128];

	snprintf(path, sizeof(path), "%s/other.key", kit.directory);
	cr_assert_eq(vault_make(path, err, sizeof(err)), 0);
	cr_assert_eq(vault_open(&other, path, err, sizeof(err)), 0);
	cr_assert_eq(open_without_create(kit.where, other), -EKEYREJECTED);
	cr_assert_not_null(strstr(err, "another secret"), "%s", err);
	cr_assert_eq(open_without_create(kit.where, kit.vault), 0, "%s", err);
	cr_assert_eq(open_without_create(kit.where, NULL), 0, "%s", err);
	vault_close(other);
}

Test(tam_database, tables_of_another_version_are_left_alone)
{
	kit_run(kit_is_postgresql()
			? "UPDATE property SET value = '\\x3939' WHERE name = 'schema version'"
			: "UPDATE property SET value = x'3939' WHERE name = 'schema version'");
	cr_assert_eq(open_without_create(kit.where, NULL), -EPROTO);
	cr_assert_not_null(strstr(err, "newer teesim"), "%s", err);
}

/* What version 4 made otherwise, as it was before; with what is in it. */
static void version_3_make(void)
{
	static const char *const both[] = {
		"ALTER TABLE message ADD COLUMN wire %s",
		"DROP INDEX session_did",
		"DROP INDEX session_open",
		"CREATE INDEX session_did ON session(did, started)",
		"CREATE INDEX session_state ON session(state, updated)",
		"DROP INDEX deployment_device_did",
		"CREATE INDEX deployment_device_did ON deployment_device(did, state)",
	};
	static const struct {
		const char *name, *columns;
	} trees[] = {
		{ "device_domain", "did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
				   "spid TEXT NOT NULL, sdname TEXT NOT NULL, certificates TEXT "
				   "NOT NULL, updated INTEGER NOT NULL,"
				   "PRIMARY KEY(did, spid, sdname)" },
		{ "device_ta",
		  "did TEXT NOT NULL REFERENCES device ON DELETE CASCADE, spid TEXT NOT NULL,"
		  "sdname TEXT NOT NULL, taid TEXT NOT NULL, name TEXT NOT NULL,"
		  "version INTEGER NOT NULL, personalisation INTEGER NOT NULL,"
		  "image_sha256 TEXT NOT NULL, state TEXT NOT NULL, updated INTEGER NOT NULL,"
		  "PRIMARY KEY(did, spid, sdname, taid)" },
		{ "device_aik", "did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
				"spid TEXT NOT NULL, type TEXT NOT NULL, key BLOB NOT NULL,"
				"updated INTEGER NOT NULL, PRIMARY KEY(did, spid)" },
		{ "requested_ta", "did TEXT NOT NULL REFERENCES device ON DELETE CASCADE,"
				  "taid TEXT NOT NULL, at INTEGER NOT NULL,"
				  "PRIMARY KEY(did, taid)" },
		{ "deployment_device",
		  "deployment INTEGER NOT NULL REFERENCES deployment ON DELETE CASCADE,"
		  "did TEXT NOT NULL REFERENCES device ON DELETE CASCADE, state INTEGER NOT NULL,"
		  "error TEXT NOT NULL, updated INTEGER NOT NULL, PRIMARY KEY(deployment, did)" },
	};
	char sql[800];

	for (size_t i = 0; !kit_is_postgresql() && i < sizeof(trees) / sizeof(trees[0]); i++) {
		snprintf(sql, sizeof(sql), "CREATE TABLE old(%s) STRICT", trees[i].columns);
		kit_run(sql);
		snprintf(sql, sizeof(sql), "INSERT INTO old SELECT * FROM %s", trees[i].name);
		kit_run(sql);
		snprintf(sql, sizeof(sql), "DROP TABLE %s", trees[i].name);
		kit_run(sql);
		snprintf(sql, sizeof(sql), "ALTER TABLE old RENAME TO %s", trees[i].name);
		kit_run(sql);
	}
	if (!kit_is_postgresql()) {
		kit_run("CREATE INDEX device_domain_spid ON device_domain(spid, did)");
		kit_run("CREATE INDEX device_ta_taid ON device_ta(taid)");
		kit_run("CREATE INDEX deployment_device_state ON deployment_device(deployment, "
			"state)");
		kit_run("CREATE INDEX deployment_device_did ON deployment_device(did)");
	}
	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		snprintf(sql, sizeof(sql), both[i], kit_is_postgresql() ? "BYTEA" : "BLOB");
		kit_run(sql);
	}
}

static void version_set(char digit)
{
	char sql[128];

	snprintf(sql, sizeof(sql),
		 "UPDATE property SET value = %s3%c' WHERE name = 'schema version'",
		 kit_is_postgresql() ? "'\\x" : "x'", digit);
	kit_run(sql);
}

static void brought_up_to_date(void)
{
	cr_assert_eq(open_without_create(kit.where, kit.vault), -EPROTO);
	cr_assert_not_null(strstr(err, "teesim tam init"), "%s", err);
	tam_database_close(kit.db);
	kit.db = kit_open();
	cr_assert_eq(open_without_create(kit.where, kit.vault), 0);
}

/* As it was before SPs had to be allowed to deploy: nobody who could is stopped by an update. */
Test(tam_database, tables_of_the_first_version_are_brought_up_to_date)
{
	const char *why;
	struct wanted what = {
		.scope = SCOPE_ALL, .scope_id = "", .spid = "old", .sdname = "d", .taid = TA_1
	};

	kit_sp("old", 9);
	cr_assert_eq(sp_grant_check(kit.db, &what), -EACCES);
	version_3_make();
	kit_run("DROP TABLE sp_grant");
	kit_run("DROP TABLE sealed_delivery");
	version_set('1');
	brought_up_to_date();
	cr_assert_eq(sp_grant_check(kit.db, &what), 0);
	/* Those that come later have to be allowed. */
	cr_assert_eq(sp_add(kit.db, "new", "", &why), 0);
	what.spid = "new";
	cr_assert_eq(sp_grant_check(kit.db, &what), -EACCES);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM sealed_delivery"), 0);
}

Test(tam_database, tables_of_the_second_version_are_brought_up_to_date)
{
	kit_sp("old", 9);
	version_3_make();
	kit_run("DROP TABLE sealed_delivery");
	version_set('2');
	brought_up_to_date();
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM sealed_delivery"), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM sp WHERE spid = 'old'"), 1);
}

/* What devices have, sessions and messages: all that is copied on the way. */
Test(tam_database, rows_of_the_third_version_are_kept)
{
	const struct device_domain domain = { .spid = "a", .sdname = "sd", .certificates = "c" };
	const struct device_ta ta = {
		.spid = "a", .sdname = "sd", .taid = TA_1, .name = "n", .version = 7
	};
	const struct device_aik aik = { .spid = "a", .type = "ECC", .key = span_of("k", 1) };
	const struct device_content content = { &domain, 1, &ta, 1, &aik, 1 };
	const struct message_filter last = { .tid = "t", .after = -1, .limit = 9 };
	struct wanted what = {
		.scope = SCOPE_ALL, .scope_id = "", .spid = "a", .sdname = "sd", .taid = TA_1
	};
	struct session session = { .tid = "t", .did = kit_did(1) };
	struct message message = { .tid = "t", .decoded = "{}" }, *messages;
	struct deployment deployment;
	struct device_domain *domains;
	struct device_ta *tas;
	struct device_aik *aiks;
	const char **names, *why;
	size_t count;
	int64_t n;

	kit_sp("a", 9);
	kit_ta("a", TA_1, 1, 9);
	kit_device(1);
	what.present = true;
	cr_assert_eq(deployment_start(kit.db, &what, &kit.arena, &deployment, &why), 0);
	cr_assert_eq(device_table_store_content(kit.db, kit_did(1), NULL, &content), 0);
	cr_assert_eq(device_table_request_ta(kit.db, kit_did(1), TA_1), 0);
	cr_assert_eq(session_table_add(kit.db, &session), 0);
	cr_assert_eq(message_log_add(kit.db, &message), 0);
	version_3_make();
	kit_run(kit_is_postgresql() ? "UPDATE message SET wire = '\\x00'"
				    : "UPDATE message SET wire = x'00'");
	version_set('3');
	brought_up_to_date();

	cr_assert_eq(device_table_domains(kit.db, kit_did(1), &kit.arena, &domains, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(domains[0].certificates, "c");
	cr_assert_eq(device_table_tas(kit.db, kit_did(1), &kit.arena, &tas, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(tas[0].name, "n");
	cr_assert_eq(tas[0].version, 7);
	cr_assert_eq(device_table_aiks(kit.db, kit_did(1), &kit.arena, &aiks, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert(span_equal(aiks[0].key, aik.key));
	cr_assert_eq(device_table_requested(kit.db, kit_did(1), &kit.arena, &names, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_eq(deployment_get(kit.db, deployment.id, &kit.arena, &deployment), 0);
	cr_assert_eq(deployment.waiting, 1);
	cr_assert_eq(message_log_list(kit.db, &last, &kit.arena, &messages, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(messages[0].decoded, "{}");
	/* Open sessions are found, and what hangs on a device goes with it. */
	cr_assert_eq(session_table_expire(kit.db, tam_time_now() + 1, 9, &n), 0);
	cr_assert_eq(n, 1);
	cr_assert_eq(device_table_remove(kit.db, kit_did(1)), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM device_ta"), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM deployment_device"), 0);
	kit_device(1);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM deployment_device"), 1);
}

Test(tam_database, a_database_without_tables_says_what_to_do)
{
	char where[600];

	if (kit_is_postgresql()) {
		snprintf(where, sizeof(where), "%s", getenv("TEESIM_TEST_DATABASE"));
	} else {
		FILE *file;

		snprintf(where, sizeof(where), "%s/empty.db", kit.directory);
		cr_assert_eq(open_without_create(where, NULL), -ENOENT);
		file = fopen(where, "w");
		cr_assert_not_null(file);
		fclose(file);
	}
	cr_assert_eq(open_without_create(where, NULL), -ENOENT);
	cr_assert_not_null(strstr(err, "teesim tam init"), "%s", err);
}

Test(tam_database, a_server_that_is_not_there_is_an_error_of_one_line)
{
	cr_assert_eq(open_without_create("postgresql:///x?host=/nonexistent", NULL), -ECONNREFUSED);
	cr_assert_not_null(strstr(err, "/nonexistent"));
	cr_assert_null(strchr(err, '\n'));
}

Test(tam_database, a_file_is_closed_to_others_and_garbage_is_refused)
{
	char path[600];
	struct stat st;
	FILE *file;

	if (kit_is_postgresql())
		return;
	cr_assert_eq(stat(kit.where, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s-wal", kit.where);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s/garbage.db", kit.directory);
	file = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is no database", file);
	fclose(file);
	cr_assert_eq(open_without_create(path, NULL), -EBADMSG);
	cr_assert_not_null(strstr(err, "garbage.db"), "%s", err);
}

/* ---- The vault ------------------------------------------------------------------------------- */

Test(tam_database, a_sealed_value_opens_only_where_it_belongs)
{
	const struct span secret = span_of_text("pin-retries 3");
	struct span sealed, plain, copy;

	cr_assert_eq(vault_seal(kit.vault, "a", "b", secret, &kit.arena, &sealed), 0);
	cr_assert_null(memmem(sealed.data, sealed.size, "retries", 7));
	cr_assert_eq(vault_unseal(kit.vault, "a", "b", sealed, &kit.arena, &plain), 0);
	cr_assert(span_equal(plain, secret));
	cr_assert_eq(vault_unseal(kit.vault, "a", "c", sealed, &kit.arena, &plain), -EBADMSG);
	cr_assert_eq(vault_unseal(kit.vault, "a", NULL, sealed, &kit.arena, &plain), -EBADMSG);
	cr_assert_eq(vault_unseal(kit.vault, "ab", "", sealed, &kit.arena, &plain), -EBADMSG);
	for (size_t i = 0; i < sealed.size; i++) {
		cr_assert(arena_copy(&kit.arena, sealed.data, sealed.size, &copy));
		((uint8_t *)copy.data)[i] ^= 1;
		cr_assert_eq(vault_unseal(kit.vault, "a", "b", copy, &kit.arena, &plain), -EBADMSG);
		copy.size = i;
		cr_assert_eq(vault_unseal(kit.vault, "a", "b", copy, &kit.arena, &plain), -EBADMSG);
	}
}

Test(tam_database, a_vault_that_others_can_read_is_refused)
{
	struct vault *vault;
	FILE *file;

	cr_assert_eq(chmod(kit.vault_path, 0640), 0);
	cr_assert_eq(vault_open(&vault, kit.vault_path, err, sizeof(err)), -EACCES);
	cr_assert_not_null(strstr(err, "chmod 600"));
	cr_assert_eq(chmod(kit.vault_path, 0600), 0);
	cr_assert_eq(vault_make(kit.vault_path, err, sizeof(err)), -EEXIST, "it is never replaced");
	file = fopen(kit.vault_path, "w");
	fputs("0123", file);
	fclose(file);
	cr_assert_eq(vault_open(&vault, kit.vault_path, err, sizeof(err)), -EBADMSG);
	cr_assert_eq(vault_open(&vault, "/nonexistent", err, sizeof(err)), -ENOENT);
}
