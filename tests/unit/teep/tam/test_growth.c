/*
 * What one device's session costs does not grow with the number of devices: none of its queries
 * goes through a table from end to end. SQLite counts such steps for each statement.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "database_kit.h"
#include "teep/tam/catalogue.h"
#include "teep/tam/deployment.h"
#include "teep/tam/device_table.h"
#include "teep/tam/event_log.h"
#include "teep/tam/group.h"
#include "teep/tam/message_log.h"
#include "teep/tam/session_table.h"
#include "teep/tam/token.h"

#define MANY "500"

TestSuite(tam_growth, .init = kit_begin, .fini = kit_end);

static sqlite3 *opened;

static int handle_note(sqlite3 *handle, char **error, const struct sqlite3_api_routines *routines)
{
	(void)error;
	(void)routines;
	opened = handle;
	return SQLITE_OK;
}

#define NUMBERS "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n LIMIT " MANY ") "

static void fill(void)
{
	static const char *const sql[] = {
		"INSERT INTO device(did, revision, key_hash, tee_name, tee_version, model, labels, "
		"status, reason, signer_required, algorithm, address, first_seen, last_seen, "
		"dsi_generation, tee_certificate, tee_chain) " NUMBERS
		"SELECT printf('%064d', i), 1, CAST(i AS BLOB), '', '', '', '{}', 1, '', 0, '', "
		"'', "
		"0, 0, 0, x'', x'' FROM n",
		"INSERT INTO device_domain(did, spid, sdname, certificates, updated) " NUMBERS
		"SELECT printf('%064d', i), 'a', 'sd', '', 0 FROM n",
		"INSERT INTO device_ta(did, spid, sdname, taid, name, version, personalisation, "
		"image_sha256, state, updated) " NUMBERS "SELECT printf('%064d', i), 'a', 'sd', "
		"'" TA_1 "', '', 1, 0, '', 'installed', 0 FROM n",
		"INSERT INTO device_aik(did, spid, type, key, updated) " NUMBERS
		"SELECT printf('%064d', i), 'a', 'RSA', x'', 0 FROM n",
		"INSERT INTO requested_ta(did, taid, at) " NUMBERS
		"SELECT printf('%064d', i), '" TA_1 "', 0 FROM n",
		"INSERT INTO group_member(name, did) " NUMBERS "SELECT 'lab', printf('%064d', i) "
		"FROM n",
		"INSERT INTO wanted(scope, scope_id, spid, sdname, taid, version, present, "
		"on_request, "
		"created, created_by) " NUMBERS "SELECT 2, printf('%064d', i), 'a', 'sd', '" TA_1
		"', 0, 1, 0, 0, '' FROM n",
		"INSERT INTO deployment(scope, scope_id, spid, sdname, taid, version, present, "
		"on_request, created, created_by, replaced) " NUMBERS
		"SELECT 2, printf('%064d', i), "
		"'a', 'sd', '" TA_1 "', 0, 1, 0, 0, '', 0 FROM n",
		"INSERT INTO deployment_device(deployment, did, state, error, updated) " NUMBERS
		"SELECT 1, printf('%064d', i), 0, '', 0 FROM n",
		"INSERT INTO session(tid, revision, did, state, rid, step, attempts, started, "
		"updated, address, error, messages) " NUMBERS "SELECT 't' || i, 1, "
		"printf('%064d', i), 1, '', '', 0, i, i, '', '', 0 FROM n",
		"INSERT INTO message(tid, did, seq, at, response, kind, size, status, error, "
		"decoded) " NUMBERS
		"SELECT 't' || i, printf('%064d', i), 1, 0, 0, '', 0, '', '', '' FROM n",
		"INSERT INTO token(hash, name, role, created, last_used) " NUMBERS
		"SELECT CAST(i AS BLOB), 'x', 1, 0, 0 FROM n",
	};

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++)
		kit_run(sql[i]);
	kit_run("INSERT INTO wanted(scope, scope_id, spid, sdname, taid, version, present, "
		"on_request, created, created_by) VALUES(0, '', 'a', 'sd', '" TA_1
		"', 0, 1, 0, 0, '')");
	kit_run("INSERT INTO deployment(scope, scope_id, spid, sdname, taid, version, present, "
		"on_request, created, created_by, replaced) VALUES(1, 'lab', 'a', 'sd', '" TA_1
		"', 0, 1, 0, 0, '', 0)");
	kit_run("ANALYZE");
}

#define WELL(call) cr_assert_eq(call, 0, "%s: %s", #call, tam_database_error(db))

static void one_session(struct tam_database *db)
{
	struct session session = { .tid = "new" }, *sessions;
	struct message message = { .tid = "new", .did = kit_did(1) }, *messages;
	const struct message_filter of_session = { .tid = "new", .limit = 10 };
	const struct message_filter of_device = { .did = kit_did(1), .after = -1, .limit = 10 };
	const struct session_filter recent = { .did = kit_did(1), .state = -1, .limit = 20 };
	const struct device_ta ta = { .spid = "a", .sdname = "sd", .taid = TA_1, .version = 1 };
	const struct device_domain domain = { .spid = "a", .sdname = "sd" };
	const struct device_content content = { &domain, 1, &ta, 1, NULL, 0 };
	const struct wanted entry = {
		.scope_id = "", .spid = "a", .sdname = "sd", .taid = TA_1, .created = 1
	};
	struct arena *arena = &kit.arena;
	struct sp_certificate *certificates;
	struct wanted_decision *decisions;
	struct device_domain *domains;
	struct ta_version version;
	struct deployment deployment;
	struct device_ta *tas;
	struct device_aik *aiks;
	struct wanted *entries;
	struct device device;
	struct token token;
	struct span octets;
	const char **names;
	int64_t n;
	size_t count;

	WELL(session_table_add(db, &session));
	WELL(message_log_add(db, &message));
	WELL(session_table_get(db, "new", arena, &session));
	WELL(session_table_take(db, "new", span_of("hash", 4), arena, &session));
	WELL(device_table_register(db, kit_did(1), kit_certificate(1, "TEE", NULL),
				   (struct span) { 0 }, "simtee", arena, &device));
	WELL(device_table_store(db, &device));
	WELL(device_table_get(db, kit_did(1), arena, &device));
	WELL(device_table_store_content(db, kit_did(1), NULL, &content));
	WELL(device_table_check(db, kit_did(1), device.revision));
	cr_assert_eq(device_table_key_free(db, kit_certificate(1, "TEE", NULL)), -EEXIST);
	WELL(device_table_request_ta(db, kit_did(1), TA_1));
	WELL(device_table_requested(db, kit_did(1), arena, &names, &count));
	WELL(device_table_domains(db, kit_did(1), arena, &domains, &count));
	WELL(device_table_tas(db, kit_did(1), arena, &tas, &count));
	WELL(device_table_aiks(db, kit_did(1), arena, &aiks, &count));
	WELL(device_table_visible(db, kit_did(1), "a"));
	WELL(wanted_for_device(db, kit_did(1), arena, &decisions, &count));
	cr_assert_eq(count, 1);
	WELL(wanted_entries_for_device(db, kit_did(1), arena, &entries, &count));
	WELL(sp_certificate_list(db, "a", arena, &certificates, &count));
	WELL(catalogue_get(db, TA_1, 0, arena, &version));
	WELL(catalogue_package(db, TA_1, 1, arena, &octets));
	WELL(deployment_enlist(db, kit_did(1), SCOPE_GROUP, "lab"));
	WELL(deployment_run(db, kit_did(1), &n));
	cr_assert_eq(n, 1);
	WELL(deployment_progress(db, kit_did(1), &entry, DEPLOYMENT_DONE, NULL));
	WELL(deployment_return(db, kit_did(1)));
	WELL(deployment_progress(db, kit_did(1), NULL, DEPLOYMENT_FAILED, NULL));
	WELL(deployment_get(db, 2, arena, &deployment));
	WELL(session_table_store(db, &session));
	WELL(session_table_list(db, &recent, arena, &sessions, &count));
	WELL(session_table_expire(db, 1, 10, &n));
	WELL(session_table_trim(db, 1, 10, &n));
	WELL(message_log_list(db, &of_session, arena, &messages, &count));
	WELL(message_log_list(db, &of_device, arena, &messages, &count));
	WELL(message_log_trim(db, 1000000, 0, &n));
	WELL(event_log_add(db, "device", "d", NULL, NULL, "x"));
	WELL(event_log_trim(db, 1000000));
	WELL(group_of_device(db, kit_did(1), arena, &names, &count));
	WELL(group_join(db, "lab", kit_did(1)));
	WELL(group_leave(db, "lab", kit_did(1)));
	cr_assert_eq(token_check(db, "tam_nonsense", arena, &token), -ENOENT);
}

Test(tam_growth, no_query_of_a_session_goes_through_a_table)
{
	struct tam_database *db;
	size_t seen = 0;

	if (kit_is_postgresql())
		return;
	kit_sp("a", 9);
	kit_ta("a", TA_1, 1, 9);
	cr_assert_eq(group_add(kit.db, "lab"), 0);
	fill();
	kit_device(1);
	cr_assert_eq(sqlite3_auto_extension((void (*)(void))handle_note), SQLITE_OK);
	db = kit_open();
	sqlite3_reset_auto_extension();
	cr_assert_not_null(opened);
	one_session(db);
	for (sqlite3_stmt *at = NULL; (at = sqlite3_next_stmt(opened, at)) != NULL; seen++) {
		const int steps = sqlite3_stmt_status(at, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0);

		/* When the database is opened; its length is the number of tables. */
		if (!strstr(sqlite3_sql(at), "sqlite_schema"))
			cr_assert_leq(steps, 8, "%d rows for: %s", steps, sqlite3_sql(at));
	}
	cr_assert_gt(seen, 30);
	tam_database_close(db);
}
