#include "teep/tam/sp_grant.h"

#include <errno.h>
#include <string.h>

/* What stands for all devices in the place of a group: no group has that name. */
#define ALL ""

struct grant {
	const char *spid, *group;
};

static int exists(struct tam_database *database, const char *sql, const struct tam_value *values,
		  size_t count)
{
	int64_t one;

	return tam_database_integer(database, &one, sql, values, count);
}

static int add(struct tam_database *database, void *context)
{
	const struct grant *grant = context;
	int rc = exists(database, "SELECT 1 FROM sp WHERE spid = $1 FOR UPDATE",
			TAM_VALUES(tam_text(grant->spid)));

	if (!rc && *grant->group)
		rc = exists(database, "SELECT 1 FROM device_group WHERE name = $1 FOR UPDATE",
			    TAM_VALUES(tam_text(grant->group)));
	return rc ? rc
		  : tam_database_run(database,
				     "INSERT INTO sp_grant(spid, group_name, created) "
				     "VALUES($1, $2, $3) ON CONFLICT DO NOTHING",
				     TAM_VALUES(tam_text(grant->spid), tam_text(grant->group),
						tam_integer(tam_time_now())),
				     NULL);
}

int sp_grant_add(struct tam_database *database, const char *spid, const char *group)
{
	struct grant grant = { spid, group ? group : ALL };

	return tam_database_transaction(database, TAM_DURABLE, add, &grant);
}

int sp_grant_remove(struct tam_database *database, const char *spid, const char *group)
{
	int64_t changed;
	const int rc = tam_database_run(database,
					"DELETE FROM sp_grant WHERE spid = $1 AND group_name = $2",
					TAM_VALUES(tam_text(spid), tam_text(group ? group : ALL)),
					&changed);

	return rc ? rc : changed ? 0 : -ENOENT;
}

static void read_group(struct tam_rows *rows, struct arena *arena, void *item)
{
	*(const char **)item = tam_row_text(rows, 0, arena);
}

int sp_grant_list(struct tam_database *database, const char *spid, struct arena *arena,
		  struct sp_grants *out)
{
	int rc;

	*out = (struct sp_grants) { 0 };
	rc = tam_database_read_all(
		database, arena, read_group, sizeof(*out->groups), &out->groups, &out->count,
		"SELECT group_name FROM sp_grant WHERE spid = $1 ORDER BY group_name",
		TAM_VALUES(tam_text(spid)));
	/* It comes before every name. */
	if (!rc && out->count && strcmp(out->groups[0], ALL) == 0) {
		out->all = true;
		out->groups++;
		out->count--;
	}
	return rc;
}

int sp_grant_check(struct tam_database *database, const struct wanted *what)
{
	static const char *const sql[] = {
		[SCOPE_ALL] = "SELECT 1 FROM sp_grant WHERE spid = $1 AND group_name = $2",
		[SCOPE_GROUP] = "SELECT 1 FROM sp_grant WHERE spid = $1 AND group_name IN ('', $2) "
				"LIMIT 1",
		[SCOPE_DEVICE] = "SELECT 1 FROM sp_grant g WHERE g.spid = $1 AND (g.group_name = "
				 "'' OR EXISTS (SELECT 1 FROM group_member m WHERE m.did = $2 AND "
				 "m.name = g.group_name)) LIMIT 1",
	};
	const int rc = exists(database, sql[what->scope],
			      TAM_VALUES(tam_text(what->spid),
					 tam_text(what->scope_id ? what->scope_id : "")));

	return rc == -ENOENT ? -EACCES : rc;
}
