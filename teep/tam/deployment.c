#include "teep/tam/deployment.h"

#include <errno.h>
#include <string.h>

#include "teep/tam/database_backend.h"
#include "teep/tam/device_table.h"

static const char *const state_name[] = {
	[DEPLOYMENT_WAITING] = "waiting",
	[DEPLOYMENT_RUNNING] = "running",
	[DEPLOYMENT_DONE] = "done",
	[DEPLOYMENT_FAILED] = "failed",
};

const char *deployment_state_name(enum deployment_state state)
{
	return state_name[state];
}

int deployment_state_parse(const char *name)
{
	for (int i = 0; i < (int)(sizeof(state_name) / sizeof(state_name[0])); i++)
		if (!strcmp(name, state_name[i]))
			return i;
	return -1;
}

struct starting {
	struct wanted *what;
	const char *why;
	int64_t id;
};

/* Those known that are in the scope. */
static int enlist_all(struct tam_database *database, const struct starting *starting)
{
	static const char *const sql[] = {
		[SCOPE_ALL] = "INSERT INTO deployment_device(deployment, did, state, error, "
			      "updated) SELECT CAST($1 AS BIGINT), did, 0, '', CAST($2 AS BIGINT) "
			      "FROM device WHERE CAST($3 AS TEXT) = ''",
		[SCOPE_GROUP] = "INSERT INTO deployment_device(deployment, did, state, error, "
				"updated) SELECT CAST($1 AS BIGINT), did, 0, '', "
				"CAST($2 AS BIGINT) FROM group_member WHERE name = $3",
		[SCOPE_DEVICE] = "INSERT INTO deployment_device(deployment, did, state, error, "
				 "updated) SELECT CAST($1 AS BIGINT), did, 0, '', "
				 "CAST($2 AS BIGINT) FROM device WHERE did = $3",
	};

	return tam_database_run(database, sql[starting->what->scope],
				TAM_VALUES(tam_integer(starting->id), tam_integer(tam_time_now()),
					   tam_text(starting->what->scope_id)),
				NULL);
}

int deployment_lock(struct tam_database *database, enum wanted_scope scope, const char *scope_id)
{
	const char *alone = tam_database_dialect(database)->enlist_alone;
	int64_t one;

	if (scope == SCOPE_GROUP)
		return tam_database_integer(database, &one,
					    "SELECT 1 FROM device_group WHERE name = $1 FOR UPDATE",
					    TAM_VALUES(tam_text(scope_id)));
	return alone ? tam_database_integer(database, &one, alone, TAM_NO_VALUES) : 0;
}

int deployment_end(struct tam_database *database, const struct wanted *what)
{
	const struct tam_value values[] = { tam_integer(what->scope), tam_text(what->scope_id),
					    tam_text(what->spid), tam_text(what->sdname),
					    tam_text(what->taid) };
	int rc = tam_database_run(
		database,
		"DELETE FROM deployment_device WHERE state IN (0, 1) AND deployment IN "
		"(SELECT id FROM deployment WHERE scope = $1 AND scope_id = $2 AND replaced = 0 "
		"AND spid = $3 AND sdname = $4 AND taid = $5)",
		values, 5, NULL);

	if (rc)
		return rc;
	return tam_database_run(
		database,
		"UPDATE deployment SET replaced = 1 WHERE scope = $1 AND scope_id = $2 AND "
		"replaced = 0 AND spid = $3 AND sdname = $4 AND taid = $5",
		values, 5, NULL);
}

/*
 * Devices that have it already, as far as is known of them, need not come by for it: what plan.c
 * would find nothing to do for. Whoever has lost it meanwhile gets it again all the same.
 * p is the deployment, t what the device has.
 */
#define TA_THERE                                                                 \
	"EXISTS (SELECT 1 FROM device_ta t WHERE t.did = deployment_device.did " \
	"AND t.spid = p.spid AND t.sdname = p.sdname AND t.taid = p.taid)"
#define DELIVERY_OF_T \
	"FROM sealed_delivery s WHERE s.did = t.did AND s.spid = t.spid AND s.taid = t.taid AND "
#define TA_AS_WANTED                                                                              \
	"EXISTS (SELECT 1 FROM device_ta t JOIN ta_version v ON v.taid = t.taid AND v.version "   \
	"= t.version WHERE t.did = deployment_device.did AND t.spid = p.spid AND t.sdname = "     \
	"p.sdname AND t.taid = p.taid AND v.retired = 0 AND (t.image_sha256 = '' OR "             \
	"t.image_sha256 = v.image_sha256) AND (v.personalisation <= 0 OR v.personalisation = "    \
	"t.personalisation OR EXISTS (SELECT 1 " DELIVERY_OF_T "-s.id = t.personalisation)) AND " \
	"v.version = CASE WHEN p.version > 0 THEN p.version ELSE (SELECT MAX(l.version) FROM "    \
	"ta_version l WHERE l.taid = t.taid AND l.retired = 0) END AND NOT EXISTS (SELECT "       \
	"1 " DELIVERY_OF_T                                                                        \
	"(s.version = 0 OR v.bundled = 2) AND CASE WHEN s.version = 0 THEN -s.id "                \
	"ELSE s.id END <> t.personalisation))"
#define DOMAIN_THERE                                                                 \
	"EXISTS (SELECT 1 FROM device_domain t WHERE t.did = deployment_device.did " \
	"AND t.spid = p.spid AND t.sdname = p.sdname)"
#define AS_WANTED                                                                                \
	"CASE WHEN p.taid <> '' AND p.present <> 0 THEN " TA_AS_WANTED " WHEN p.taid <> '' "     \
	"THEN NOT " TA_THERE " WHEN p.present <> 0 THEN " DOMAIN_THERE " ELSE NOT " DOMAIN_THERE \
	" END"
#define STATE_KNOWN                                                           \
	"EXISTS (SELECT 1 FROM device d WHERE d.did = deployment_device.did " \
	"AND d.status = 1 AND d.dsi IS NOT NULL)"
#define RECOGNISE                                                                                \
	"UPDATE deployment_device SET state = 2, updated = $2, error = 'already so when it was " \
	"asked for' WHERE state = 0 AND " STATE_KNOWN " AND EXISTS (SELECT 1 FROM deployment p " \
	"WHERE p.id = deployment_device.deployment AND " AS_WANTED ") AND "

_Static_assert(DEVICE_TRUSTED == 1, "as in RECOGNISE");

static int start(struct tam_database *database, void *context)
{
	struct starting *starting = context;
	struct wanted *what = starting->what;
	int rc = wanted_set(database, what, &starting->why);

	if (rc)
		return rc;
	rc = tam_database_integer(
		database, &starting->id,
		"INSERT INTO deployment(scope, scope_id, spid, sdname, taid, version, present, "
		"created, created_by, replaced, on_request) "
		"VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10) RETURNING id",
		TAM_VALUES(tam_integer(what->scope), tam_text(what->scope_id), tam_text(what->spid),
			   tam_text(what->sdname), tam_text(what->taid), tam_integer(what->version),
			   tam_integer(what->present), tam_integer(what->created),
			   tam_text(what->created_by), tam_integer(what->on_request)));
	if (!rc)
		rc = enlist_all(database, starting);
	return rc ? rc
		  : tam_database_run(database, RECOGNISE "deployment = $1",
				     TAM_VALUES(tam_integer(starting->id),
						tam_integer(tam_time_now())),
				     NULL);
}

int deployment_start(struct tam_database *database, struct wanted *what, struct arena *arena,
		     struct deployment *out, const char **why)
{
	struct starting starting = { .what = what };
	const int rc = tam_database_transaction(database, TAM_DURABLE, start, &starting);

	*why = rc ? starting.why : NULL;
	return rc ? rc : deployment_get(database, starting.id, arena, out);
}

#define COUNT_OF(state) \
	"(SELECT COUNT(*) FROM deployment_device WHERE deployment = d.id AND state = " state ")"
#define COLUMNS                                                                                 \
	"SELECT d.id, d.scope, d.scope_id, d.spid, d.sdname, d.taid, d.version, d.present, "    \
	"d.created, d.created_by, d.replaced, " COUNT_OF("0") ", " COUNT_OF("1") ", " COUNT_OF( \
		"2") ", " COUNT_OF("3") ", d.on_request FROM deployment d "

static void read_deployment(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct deployment *deployment = item;

	deployment->id = tam_row_integer(rows, 0);
	deployment->what = (struct wanted) {
		.scope = (enum wanted_scope)tam_row_integer(rows, 1),
		.scope_id = tam_row_text(rows, 2, arena),
		.spid = tam_row_text(rows, 3, arena),
		.sdname = tam_row_text(rows, 4, arena),
		.taid = tam_row_text(rows, 5, arena),
		.version = tam_row_integer(rows, 6),
		.present = tam_row_integer(rows, 7),
		.created = tam_row_integer(rows, 8),
		.created_by = tam_row_text(rows, 9, arena),
		.on_request = tam_row_integer(rows, 15),
	};
	deployment->replaced = tam_row_integer(rows, 10);
	deployment->waiting = tam_row_integer(rows, 11);
	deployment->running = tam_row_integer(rows, 12);
	deployment->done = tam_row_integer(rows, 13);
	deployment->failed = tam_row_integer(rows, 14);
}

int deployment_get(struct tam_database *database, int64_t id, struct arena *arena,
		   struct deployment *out)
{
	return tam_database_read_one(database, arena, read_deployment, out,
				     COLUMNS "WHERE d.id = $1", TAM_VALUES(tam_integer(id)));
}

enum deployment_state deployment_state(const struct deployment *deployment)
{
	if (deployment->waiting || deployment->running)
		return DEPLOYMENT_RUNNING;
	return deployment->failed ? DEPLOYMENT_FAILED : DEPLOYMENT_DONE;
}

int deployment_list(struct tam_database *database, const char *spid, int64_t before, int64_t limit,
		    struct arena *arena, struct deployment **list, size_t *count)
{
	return tam_database_read_all(
		database, arena, read_deployment, sizeof(**list), list, count,
		COLUMNS "WHERE ($1 = 0 OR d.id < $1) AND (CAST($3 AS TEXT) IS NULL OR "
			"d.spid = CAST($3 AS TEXT)) ORDER BY d.id DESC LIMIT $2",
		TAM_VALUES(tam_integer(before), tam_integer(limit), tam_text(spid)));
}

static void read_device(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct deployment_device *device = item;

	device->did = tam_row_text(rows, 0, arena);
	device->tee_name = tam_row_text(rows, 1, arena);
	device->state = (enum deployment_state)tam_row_integer(rows, 2);
	device->error = tam_row_text(rows, 3, arena);
	device->updated = tam_row_integer(rows, 4);
}

int deployment_devices(struct tam_database *database, int64_t id, int state, const char *after,
		       int64_t limit, struct arena *arena, struct deployment_device **list,
		       size_t *count)
{
	return tam_database_read_all(
		database, arena, read_device, sizeof(**list), list, count,
		"SELECT p.did, d.tee_name, p.state, p.error, p.updated FROM deployment_device p "
		"JOIN device d ON d.did = p.did WHERE p.deployment = $1 AND p.did > $2 AND "
		"($4 < 0 OR p.state = $4) ORDER BY p.did LIMIT $3",
		TAM_VALUES(tam_integer(id), tam_text(after ? after : ""), tam_integer(limit),
			   tam_integer(state)));
}

/* What each state may follow, as bits. Done is done: a later session is another matter. */
static const int64_t follows[] = {
	[DEPLOYMENT_WAITING] = 1 << DEPLOYMENT_RUNNING,
	[DEPLOYMENT_RUNNING] = 1 << DEPLOYMENT_WAITING | 1 << DEPLOYMENT_FAILED,
	[DEPLOYMENT_DONE] =
		1 << DEPLOYMENT_WAITING | 1 << DEPLOYMENT_RUNNING | 1 << DEPLOYMENT_FAILED,
	[DEPLOYMENT_FAILED] = 1 << DEPLOYMENT_WAITING | 1 << DEPLOYMENT_RUNNING,
};

#define PROGRESS                                                                            \
	"UPDATE deployment_device SET state = $2, error = $3, updated = $4 WHERE did = $1 " \
	"AND state IN ($5, $6, $7)"
/* An entry that was set once more meanwhile is another, with a deployment of its own. */
#define OF_ENTRY                                                                             \
	" AND EXISTS (SELECT 1 FROM deployment p WHERE p.id = deployment_device.deployment " \
	"AND p.replaced = 0 AND p.scope = $8 AND p.scope_id = $9 AND p.spid = $10 AND "      \
	"p.sdname = $11 AND p.taid = $12 AND p.created = $13)"

int deployment_progress(struct tam_database *database, const char *did, const struct wanted *entry,
			enum deployment_state state, const char *error)
{
	static const struct wanted none;
	const struct wanted *of = entry ? entry : &none;
	const int64_t from = follows[state];
	const struct tam_value values[] = {
		tam_text(did),
		tam_integer(state),
		tam_text(error ? error : ""),
		tam_integer(tam_time_now()),
		tam_integer(from & 1 << DEPLOYMENT_WAITING ? DEPLOYMENT_WAITING : -1),
		tam_integer(from & 1 << DEPLOYMENT_RUNNING ? DEPLOYMENT_RUNNING : -1),
		tam_integer(from & 1 << DEPLOYMENT_FAILED ? DEPLOYMENT_FAILED : -1),
		tam_integer(of->scope),
		tam_text(of->scope_id),
		tam_text(of->spid),
		tam_text(of->sdname),
		tam_text(of->taid),
		tam_integer(of->created),
	};

	return entry ? tam_database_run(database, PROGRESS OF_ENTRY, values, 13, NULL)
		     : tam_database_run(database, PROGRESS, values, 7, NULL);
}

int deployment_run(struct tam_database *database, const char *did, int64_t *open)
{
	return tam_database_run(
		database,
		"UPDATE deployment_device SET state = 1, error = '', updated = $2 WHERE did = $1 "
		"AND (state IN (0, 1) OR state = 3 AND EXISTS (SELECT 1 FROM deployment p WHERE "
		"p.id = deployment_device.deployment AND p.replaced = 0))",
		TAM_VALUES(tam_text(did), tam_integer(tam_time_now())), open);
}

/* Whether p is what is wanted of the device $1. */
#define STANDS                                                                                 \
	"SELECT 1 FROM deployment p JOIN wanted w ON w.scope = p.scope AND w.scope_id = "      \
	"p.scope_id AND w.spid = p.spid AND w.sdname = p.sdname AND w.taid = p.taid AND "      \
	"w.created = p.created WHERE p.id = deployment_device.deployment AND p.replaced = 0 "  \
	"AND (p.scope <> 1 OR EXISTS (SELECT 1 FROM group_member m WHERE m.name = p.scope_id " \
	"AND m.did = $1))"

_Static_assert(SCOPE_GROUP == 1, "as in STANDS");

int deployment_return(struct tam_database *database, const char *did)
{
	int64_t changed;
	const int rc = tam_database_run(
		database,
		"UPDATE deployment_device SET state = 0, error = '', updated = $2 WHERE did = $1 "
		"AND state = 1",
		TAM_VALUES(tam_text(did), tam_integer(tam_time_now())), &changed);

	/* One that ended while the session made it run anew has nobody else to leave it out. */
	return rc || !changed ? rc
			      : tam_database_run(database,
						 "DELETE FROM deployment_device WHERE did = $1 AND "
						 "state = 0 AND NOT EXISTS (" STANDS ")",
						 TAM_VALUES(tam_text(did)), NULL);
}

static int recognise(struct tam_database *database, const char *did)
{
	return tam_database_run(database, RECOGNISE "did = $1",
				TAM_VALUES(tam_text(did), tam_integer(tam_time_now())), NULL);
}

#define ENLIST                                                                          \
	"INSERT INTO deployment_device(deployment, did, state, error, updated) SELECT " \
	"id, CAST($1 AS TEXT), 0, '', CAST($2 AS BIGINT) FROM deployment WHERE "        \
	"replaced = 0 AND "

int deployment_enlist(struct tam_database *database, const char *did, enum wanted_scope scope,
		      const char *scope_id)
{
	int64_t changed;
	const int rc =
		tam_database_run(database,
				 ENLIST "scope = $3 AND scope_id = $4 ON CONFLICT DO NOTHING",
				 TAM_VALUES(tam_text(did), tam_integer(tam_time_now()),
					    tam_integer(scope), tam_text(scope_id)),
				 &changed);

	return rc || !changed ? rc : recognise(database, did);
}

int deployment_enlist_new(struct tam_database *database, const char *did)
{
	const char *together = tam_database_dialect(database)->enlist;
	int64_t unused;
	const int rc =
		together ? tam_database_integer(database, &unused, together, TAM_NO_VALUES) : 0;

	return rc ? rc
		  : tam_database_run(database,
				     ENLIST
				     "(scope = 0 AND scope_id = '' OR scope = 2 AND scope_id = $1) "
				     "ON CONFLICT DO NOTHING",
				     TAM_VALUES(tam_text(did), tam_integer(tam_time_now())), NULL);
}

int deployment_withdraw(struct tam_database *database, const char *did, enum wanted_scope scope,
			const char *scope_id)
{
	return tam_database_run(
		database,
		"DELETE FROM deployment_device WHERE did = $1 AND state <> 2 AND deployment IN "
		"(SELECT id FROM deployment WHERE scope = $2 AND scope_id = $3 AND replaced = 0)",
		TAM_VALUES(tam_text(did), tam_integer(scope), tam_text(scope_id)), NULL);
}
