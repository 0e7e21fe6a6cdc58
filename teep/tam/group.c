#include "teep/tam/device_table.h"
#include "teep/tam/group.h"

#include <errno.h>
#include <string.h>

#include "teep/tam/deployment.h"

static bool group_name_fits(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";
	const size_t size = strlen(name);

	return size <= 64 && strspn(name, letters) == size && tam_path_name_fits(name);
}

int group_add(struct tam_database *database, const char *name)
{
	int64_t changed;
	int rc;

	if (!group_name_fits(name))
		return -EINVAL;
	rc = tam_database_run(database,
			      "INSERT INTO device_group(name, created) VALUES($1, $2) "
			      "ON CONFLICT DO NOTHING",
			      TAM_VALUES(tam_text(name), tam_integer(tam_time_now())), &changed);
	return rc ? rc : changed ? 0 : -EEXIST;
}

struct member {
	const char *name, *did;
};

static int lock(struct tam_database *database, const char *name)
{
	int64_t one;

	return tam_database_integer(database, &one,
				    "SELECT 1 FROM device_group WHERE name = $1 FOR UPDATE",
				    TAM_VALUES(tam_text(name)));
}

static int remove_group(struct tam_database *database, void *context)
{
	const struct member *member = context;
	int64_t one;
	int rc = lock(database, member->name);

	if (rc)
		return rc;
	rc = tam_database_integer(database, &one,
				  "SELECT 1 FROM wanted WHERE scope = $1 AND scope_id = $2 LIMIT 1",
				  TAM_VALUES(tam_integer(SCOPE_GROUP), tam_text(member->name)));
	if (rc != -ENOENT)
		return rc ? rc : -EBUSY;
	/* One that is made later by that name is another. */
	rc = tam_database_run(database, "DELETE FROM sp_grant WHERE group_name = $1",
			      TAM_VALUES(tam_text(member->name)), NULL);
	return rc ? rc
		  : tam_database_run(database, "DELETE FROM device_group WHERE name = $1",
				     TAM_VALUES(tam_text(member->name)), NULL);
}

int group_remove(struct tam_database *database, const char *name)
{
	struct member member = { .name = name };

	return tam_database_transaction(database, TAM_DURABLE, remove_group, &member);
}

static void read_group(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct device_group *group = item;

	group->name = tam_row_text(rows, 0, arena);
	group->devices = tam_row_integer(rows, 1);
}

/* Whether group q is open to SP $1. */
#define OPEN "EXISTS (SELECT 1 FROM sp_grant o WHERE o.spid = $1 AND o.group_name IN ('', q.name))"

int group_list(struct tam_database *database, const char *spid, struct arena *arena,
	       struct device_group **list, size_t *count)
{
	if (!spid)
		return tam_database_read_all(
			database, arena, read_group, sizeof(**list), list, count,
			"SELECT name, (SELECT COUNT(*) FROM group_member WHERE group_member.name = "
			"device_group.name) FROM device_group ORDER BY name",
			TAM_NO_VALUES);
	return tam_database_read_all(
		database, arena, read_group, sizeof(**list), list, count,
		"SELECT l.name, l.devices FROM (SELECT q.name, CASE WHEN " OPEN
		" THEN 1 ELSE 0 END AS is_open, (SELECT COUNT(*) FROM group_member m WHERE "
		"m.name = q.name AND (" OPEN " OR " TAM_DEVICE_OF_SP(
			"m.did", "$1") ")) AS devices FROM device_group q) l WHERE l.is_open = 1 "
				       "OR l.devices > 0 ORDER BY l.name",
		TAM_VALUES(tam_text(spid)));
}

int group_find(struct tam_database *database, const char *name, const char *spid,
	       struct arena *arena)
{
	struct device_group *list;
	int64_t one;
	size_t count;
	int rc;

	if (!spid)
		return tam_database_integer(database, &one,
					    "SELECT 1 FROM device_group WHERE name = $1",
					    TAM_VALUES(tam_text(name)));
	rc = group_list(database, spid, arena, &list, &count);
	for (size_t i = 0; !rc && i < count; i++)
		if (!strcmp(list[i].name, name))
			return 0;
	return rc ? rc : -ENOENT;
}

static int join(struct tam_database *database, void *context)
{
	const struct member *member = context;
	int64_t one, changed;
	int rc = lock(database, member->name);

	if (!rc)
		rc = tam_database_integer(database, &one, "SELECT 1 FROM device WHERE did = $1",
					  TAM_VALUES(tam_text(member->did)));
	if (!rc)
		rc = tam_database_run(database,
				      "INSERT INTO group_member(name, did) VALUES($1, $2) "
				      "ON CONFLICT DO NOTHING",
				      TAM_VALUES(tam_text(member->name), tam_text(member->did)),
				      &changed);
	if (rc || !changed)
		return rc;
	return deployment_enlist(database, member->did, SCOPE_GROUP, member->name);
}

int group_join(struct tam_database *database, const char *name, const char *did)
{
	struct member member = { .name = name, .did = did };

	return tam_database_transaction(database, TAM_DURABLE, join, &member);
}

static int leave(struct tam_database *database, void *context)
{
	const struct member *member = context;
	int64_t one;
	int rc = lock(database, member->name);

	if (!rc)
		rc = tam_database_integer(database, &one, "SELECT 1 FROM device WHERE did = $1",
					  TAM_VALUES(tam_text(member->did)));
	if (!rc)
		rc = tam_database_run(database,
				      "DELETE FROM group_member WHERE name = $1 AND did = $2",
				      TAM_VALUES(tam_text(member->name), tam_text(member->did)),
				      NULL);
	return rc ? rc : deployment_withdraw(database, member->did, SCOPE_GROUP, member->name);
}

int group_leave(struct tam_database *database, const char *name, const char *did)
{
	struct member member = { .name = name, .did = did };

	return tam_database_transaction(database, TAM_DURABLE, leave, &member);
}

static void read_name(struct tam_rows *rows, struct arena *arena, void *item)
{
	*(const char **)item = tam_row_text(rows, 0, arena);
}

int group_of_device(struct tam_database *database, const char *did, struct arena *arena,
		    const char ***names, size_t *count)
{
	return tam_database_read_all(database, arena, read_name, sizeof(**names), names, count,
				     "SELECT name FROM group_member WHERE did = $1 ORDER BY name",
				     TAM_VALUES(tam_text(did)));
}
