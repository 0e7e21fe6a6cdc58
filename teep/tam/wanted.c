#include "teep/tam/wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "teep/otrp/encoding.h"
#include "teep/tam/catalogue.h"
#include "teep/tam/deployment.h"
#include "wire/uuid.h"

static const char *const scope_name[] = {
	[SCOPE_ALL] = "all",
	[SCOPE_GROUP] = "group",
	[SCOPE_DEVICE] = "device",
};

const char *wanted_scope_name(enum wanted_scope scope)
{
	return scope_name[scope];
}

int wanted_scope_parse(const char *name)
{
	for (int i = 0; i < (int)(sizeof(scope_name) / sizeof(scope_name[0])); i++)
		if (!strcmp(name, scope_name[i]))
			return i;
	return -1;
}

struct setting {
	struct wanted *entry;
	const char *why;
};

static int lower_case_did(const char *did)
{
	uint8_t octets[SHA256_SIZE];
	char digits[SHA256_TEXT_SIZE];

	return hex_decode(span_of_text(did), octets, sizeof(octets)) == 0 &&
	       strcmp(hex_encode(octets, sizeof(octets), digits), did) == 0;
}

static const char *form_check(const struct wanted *entry)
{
	char text[UUID_TEXT_SIZE];
	struct uuid uuid;

	if (!tam_name_fits(entry->spid) || !tam_name_fits(entry->sdname))
		return "an SP's id and a domain's name have 1 to 255 octets and no control "
		       "characters";
	if (*entry->taid &&
	    (uuid_parse(entry->taid, &uuid) || strcmp(uuid_format(&uuid, text), entry->taid) != 0))
		return "a TA's id is a UUID in lower case";
	if (entry->version < 0 || entry->version > UINT32_MAX || (entry->version && !*entry->taid))
		return "there is no such version";
	if (entry->scope == SCOPE_DEVICE && !lower_case_did(entry->scope_id))
		return "a device's id is 64 hexadecimal digits in lower case";
	if (entry->scope == SCOPE_ALL && *entry->scope_id)
		return "the scope of all devices has no id";
	return NULL;
}

static int look_up(struct tam_database *database, struct setting *setting)
{
	const struct wanted *entry = setting->entry;
	int64_t one;
	int rc;

	setting->why = "there is no such service provider";
	rc = tam_database_integer(database, &one, "SELECT 1 FROM sp WHERE spid = $1 FOR UPDATE",
				  TAM_VALUES(tam_text(entry->spid)));
	if (!rc) {
		setting->why = "there is no such group";
		rc = deployment_lock(database, entry->scope, entry->scope_id);
	}
	if (!rc && *entry->taid) {
		setting->why = "the service provider has no such TA";
		rc = tam_database_integer(database, &one,
					  "SELECT 1 FROM ta WHERE taid = $1 AND spid = $2",
					  TAM_VALUES(tam_text(entry->taid), tam_text(entry->spid)));
	}
	if (!rc && entry->version && entry->present) {
		setting->why = "there is no such version of the TA, or it is retired";
		rc = tam_database_integer(
			database, &one,
			"SELECT 1 FROM ta_version WHERE taid = $1 AND version = $2 AND retired = 0",
			TAM_VALUES(tam_text(entry->taid), tam_integer(entry->version)));
	}
	return rc;
}

static int set(struct tam_database *database, void *context)
{
	struct setting *setting = context;
	struct wanted *entry = setting->entry;
	int rc = look_up(database, setting);

	if (rc)
		return rc;
	setting->why = NULL;
	entry->created = tam_time_now();
	rc = tam_database_integer(
		database, &entry->id,
		"INSERT INTO wanted(scope, scope_id, spid, sdname, taid, version, present, "
		"created, created_by, on_request) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
		"ON CONFLICT(scope, scope_id, spid, sdname, taid) DO UPDATE SET "
		"version = excluded.version, present = excluded.present, "
		"on_request = excluded.on_request, created = excluded.created, created_by = "
		"excluded.created_by RETURNING id",
		TAM_VALUES(tam_integer(entry->scope), tam_text(entry->scope_id),
			   tam_text(entry->spid), tam_text(entry->sdname), tam_text(entry->taid),
			   tam_integer(entry->version), tam_integer(entry->present),
			   tam_integer(entry->created), tam_text(entry->created_by),
			   tam_integer(entry->on_request)));
	return rc ? rc : deployment_end(database, entry);
}

int wanted_set(struct tam_database *database, struct wanted *entry, const char **why)
{
	struct setting setting = { .entry = entry };
	int rc;

	if (!entry->scope_id)
		entry->scope_id = "";
	if (!entry->taid)
		entry->taid = "";
	if (!entry->created_by)
		entry->created_by = "";
	*why = form_check(entry);
	if (*why)
		return -EINVAL;
	rc = tam_database_transaction(database, TAM_DURABLE, set, &setting);
	if (rc == -ENOENT)
		*why = setting.why;
	return rc;
}

#define COLUMNS                                                                              \
	"SELECT w.id, w.scope, w.scope_id, w.spid, w.sdname, w.taid, w.version, w.present, " \
	"w.created, w.created_by, w.on_request FROM "

static void read_wanted(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct wanted *entry = item;

	entry->id = tam_row_integer(rows, 0);
	entry->scope = (enum wanted_scope)tam_row_integer(rows, 1);
	entry->scope_id = tam_row_text(rows, 2, arena);
	entry->spid = tam_row_text(rows, 3, arena);
	entry->sdname = tam_row_text(rows, 4, arena);
	entry->taid = tam_row_text(rows, 5, arena);
	entry->version = tam_row_integer(rows, 6);
	entry->present = tam_row_integer(rows, 7);
	entry->created = tam_row_integer(rows, 8);
	entry->created_by = tam_row_text(rows, 9, arena);
	entry->on_request = tam_row_integer(rows, 10);
}

struct removal {
	int64_t id;
	const char *spid;
};

static int remove_entry(struct tam_database *database, void *context)
{
	const struct removal *removal = context;
	ARENA_AUTO arena = { 0 };
	struct wanted entry;
	int64_t changed = 0;
	int rc = tam_database_read_one(database, &arena, read_wanted, &entry,
				       COLUMNS "wanted w WHERE w.id = $1",
				       TAM_VALUES(tam_integer(removal->id)));

	if (!rc && removal->spid && strcmp(entry.spid, removal->spid) != 0)
		rc = -ENOENT;
	/* In the order of set(): what an entry is for does not change. */
	if (!rc)
		rc = deployment_lock(database, entry.scope, entry.scope_id);
	if (!rc)
		rc = tam_database_run(database, "DELETE FROM wanted WHERE id = $1",
				      TAM_VALUES(tam_integer(removal->id)), &changed);
	if (rc)
		return rc;
	return changed ? deployment_end(database, &entry) : -ENOENT;
}

int wanted_remove(struct tam_database *database, int64_t id, const char *spid)
{
	struct removal removal = { .id = id, .spid = spid };

	return tam_database_transaction(database, TAM_DURABLE, remove_entry, &removal);
}

int wanted_list(struct tam_database *database, const struct wanted_filter *filter,
		struct arena *arena, struct wanted **list, size_t *count)
{
	return tam_database_read_all(
		database, arena, read_wanted, sizeof(**list), list, count,
		COLUMNS "wanted w WHERE w.id > $1 AND "
			"(CAST($3 AS TEXT) IS NULL OR w.spid = CAST($3 AS TEXT)) AND "
			"(CAST($4 AS TEXT) IS NULL OR w.scope_id = CAST($4 AS TEXT)) AND "
			"(CAST($5 AS TEXT) IS NULL OR w.taid = CAST($5 AS TEXT)) AND "
			"($6 < 0 OR w.scope = $6) ORDER BY w.id LIMIT $2",
		TAM_VALUES(tam_integer(filter->after), tam_integer(filter->limit),
			   tam_text(filter->spid), tam_text(filter->scope_id),
			   tam_text(filter->taid), tam_integer(filter->scope)));
}

/* Every entry whose scope the device $1 is in: one look-up for each scope. */
#define ENTRIES_OF_DEVICE                                                           \
	"(SELECT * FROM wanted WHERE scope = 0 AND scope_id = '' "                  \
	"UNION ALL SELECT wanted.* FROM group_member JOIN wanted ON scope = 1 AND " \
	"scope_id = name WHERE did = $1 "                                           \
	"UNION ALL SELECT * FROM wanted WHERE scope = 2 AND scope_id = $1) w "
#define NEAREST_FIRST "ORDER BY w.spid, w.sdname, w.taid, w.scope DESC, w.created DESC, w.id DESC"

int wanted_entries_for_device(struct tam_database *database, const char *did, struct arena *arena,
			      struct wanted **list, size_t *count)
{
	return tam_database_read_all(database, arena, read_wanted, sizeof(**list), list, count,
				     COLUMNS ENTRIES_OF_DEVICE NEAREST_FIRST,
				     TAM_VALUES(tam_text(did)));
}

/* One of a device's entries, with what is known of the version that it comes to. */
struct candidate {
	struct wanted_decision decision;
	struct wanted entry;
};

static void read_candidate(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct candidate *candidate = item;
	struct wanted_decision *decision = &candidate->decision;

	decision->spid = tam_row_text(rows, 0, arena);
	decision->sdname = tam_row_text(rows, 1, arena);
	decision->taid = tam_row_text(rows, 2, arena);
	decision->present = tam_row_integer(rows, 3);
	decision->excluded = !decision->present;
	decision->version = tam_row_integer(rows, 4);
	decision->personalisation = tam_row_integer(rows, 5);
	decision->image_sha256 = tam_row_text(rows, 6, arena);
	decision->signer = tam_row_text(rows, 7, arena);
	decision->bundled = tam_row_integer(rows, 8) == TA_BUNDLED;
	decision->sealed = tam_row_integer(rows, 8) == TA_SEALED;
	decision->sealed_data = !decision->sealed && tam_row_integer(rows, 10);
	decision->delivery = SEALED_NONE;
	decision->on_request = tam_row_integer(rows, 9);
	/* Nothing that could be delivered. */
	if (*decision->taid && !decision->version)
		decision->present = false;
	decision->wider = NULL;
	candidate->entry = (struct wanted) {
		.id = tam_row_integer(rows, 13),
		.scope = (enum wanted_scope)tam_row_integer(rows, 11),
		.scope_id = tam_row_text(rows, 14, arena),
		.spid = decision->spid,
		.sdname = decision->sdname,
		.taid = decision->taid,
		.created = tam_row_integer(rows, 12),
	};
}

static int same_order(const struct candidate *a, const struct candidate *b)
{
	int order = strcmp(a->decision.spid, b->decision.spid);

	if (!order)
		order = strcmp(a->decision.sdname, b->decision.sdname);
	return order ? order : strcmp(a->decision.taid, b->decision.taid);
}

/* As NEAREST_FIRST has it. */
static int nearest_order(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	const int order = same_order(a, b);

	if (order)
		return order;
	if (a->entry.scope != b->entry.scope)
		return a->entry.scope < b->entry.scope ? 1 : -1;
	if (a->entry.created != b->entry.created)
		return a->entry.created < b->entry.created ? 1 : -1;
	return a->entry.id < b->entry.id ? 1 : -1;
}

/* Put in order here: asked to do that, SQLite would make tables of its own each time. */
#define CANDIDATES                                                                          \
	"SELECT w.spid, w.sdname, w.taid, w.present, COALESCE(v.version, 0), "              \
	"CASE WHEN v.personalisation > 0 THEN v.personalisation ELSE 0 END, "               \
	"v.image_sha256, v.signer, COALESCE(v.bundled, 0), w.on_request, "                  \
	"(SELECT COUNT(*) FROM sealed_delivery s WHERE s.did = $1 AND s.taid = w.taid AND " \
	"s.spid = w.spid AND s.version = 0), w.scope, w.created, w.id, w.scope_id FROM "
#define VERSION_OF_W                                                                    \
	" LEFT JOIN ta_version v ON v.taid = w.taid AND v.retired = 0 AND v.version = " \
	"CASE WHEN w.version = 0 THEN (SELECT MAX(version) FROM ta_version l WHERE "    \
	"l.taid = w.taid AND l.retired = 0) ELSE w.version END "

int wanted_for_device(struct tam_database *database, const char *did, struct arena *arena,
		      struct wanted_decision **list, size_t *count)
{
	const struct wanted_decision **end = NULL;
	struct candidate *all;
	size_t entries;
	int rc = tam_database_read_all(
		database, arena, read_candidate, sizeof(*all), &all, &entries,
		CANDIDATES
		"wanted w" VERSION_OF_W
		"WHERE w.scope = 0 AND w.scope_id = '' UNION ALL " CANDIDATES
		"group_member m JOIN wanted w ON w.scope = 1 AND w.scope_id = m.name" VERSION_OF_W
		"WHERE m.did = $1 UNION ALL " CANDIDATES "wanted w" VERSION_OF_W
		"WHERE w.scope = 2 AND w.scope_id = $1",
		TAM_VALUES(tam_text(did)));

	if (!rc)
		*list = arena_take(arena, entries * sizeof(**list));
	if (rc || !*list)
		return rc ? rc : -ENOMEM;
	if (entries > 1)
		qsort(all, entries, sizeof(*all), nearest_order);
	*count = 0;
	/* The first of each domain and TA is the nearest. */
	for (size_t i = 0; i < entries; i++) {
		struct wanted_decision *decision = &all[i].decision;

		decision->entry = &all[i].entry;
		if (!i || same_order(&all[i - 1], &all[i]) != 0) {
			(*list)[*count] = *decision;
			decision = &(*list)[(*count)++];
		} else {
			*end = decision;
		}
		end = &decision->wider;
	}
	return 0;
}
