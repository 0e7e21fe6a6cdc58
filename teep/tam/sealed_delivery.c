#include "teep/tam/sealed_delivery.h"

#include <errno.h>
#include <stdlib.h>

#include "teep/tam/catalogue.h"

const char *sealed_delivery_state(const struct sealed_delivery *delivery)
{
	if (delivery->installed)
		return delivery->there ? "installed" : "gone";
	if (delivery->stale || !delivery->held)
		return "stale";
	return *delivery->error ? "failed" : "waiting";
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* A device that told no key (its domain is gone) may still tell the same: it is not stale then. */
#define COLUMNS                                                                               \
	"SELECT s.id, s.did, s.spid, s.taid, s.version, s.name, s.size, s.personalisation, "  \
	"CASE WHEN s.encrypted IS NULL THEN 0 ELSE 1 END, s.error, s.created, s.created_by, " \
	"s.installed, s.aik_hash, a.key, CASE WHEN EXISTS(SELECT 1 FROM device_ta t WHERE "   \
	"t.did = s.did AND t.spid = s.spid AND t.taid = s.taid AND t.personalisation = "      \
	"CASE WHEN s.version = 0 THEN -s.id ELSE s.id END AND (s.version = 0 OR "             \
	"t.version = 0 OR t.version = s.version)) THEN 1 ELSE 0 END FROM sealed_delivery s "  \
	"LEFT JOIN device_aik a ON a.did = s.did AND a.spid = s.spid "

static void read_delivery(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct sealed_delivery *delivery = item;
	const struct span key = tam_row_octets(rows, 14);
	uint8_t hash[OTRP_HASH_SIZE];

	delivery->id = tam_row_integer(rows, 0);
	delivery->did = tam_row_text(rows, 1, arena);
	delivery->spid = tam_row_text(rows, 2, arena);
	delivery->taid = tam_row_text(rows, 3, arena);
	delivery->version = tam_row_integer(rows, 4);
	delivery->name = tam_row_text(rows, 5, arena);
	delivery->size = tam_row_integer(rows, 6);
	delivery->personalisation = tam_row_integer(rows, 7);
	delivery->held = tam_row_integer(rows, 8);
	delivery->error = tam_row_text(rows, 9, arena);
	delivery->created = tam_row_integer(rows, 10);
	delivery->created_by = tam_row_text(rows, 11, arena);
	delivery->installed = tam_row_integer(rows, 12);
	delivery->there = tam_row_integer(rows, 15);
	delivery->stale = key.data && ta_delivery_aik_hash(key, hash) &&
			  !span_equal(tam_row_octets(rows, 13), span_of(hash, sizeof(hash)));
}

int sealed_delivery_get(struct tam_database *database, int64_t id, struct arena *arena,
			struct sealed_delivery *out)
{
	return tam_database_read_one(database, arena, read_delivery, out, COLUMNS "WHERE s.id = $1",
				     TAM_VALUES(tam_integer(id)));
}

int sealed_delivery_list(struct tam_database *database, const struct sealed_filter *filter,
			 struct arena *arena, struct sealed_delivery **list, size_t *count)
{
	return tam_database_read_all(
		database, arena, read_delivery, sizeof(**list), list, count,
		COLUMNS "WHERE s.id > $1 AND "
			"(CAST($3 AS TEXT) IS NULL OR s.spid = CAST($3 AS TEXT)) AND "
			"(CAST($4 AS TEXT) IS NULL OR s.did = CAST($4 AS TEXT)) AND "
			"(CAST($5 AS TEXT) IS NULL OR s.taid = CAST($5 AS TEXT)) "
			"ORDER BY s.id LIMIT $2",
		TAM_VALUES(tam_integer(filter->after), tam_integer(filter->limit),
			   tam_text(filter->spid), tam_text(filter->did), tam_text(filter->taid)));
}

/* ---- Taking ---------------------------------------------------------------------------------- */

struct adding {
	const struct ta_delivery *delivery;
	size_t size;
	const char *tamid, *created_by;
	struct arena *arena;
	struct sealed_delivery *out;
	const char *why;
};

static void read_key(struct tam_rows *rows, struct arena *arena, void *item)
{
	*(struct span *)item = tam_row_copy(rows, 0, arena);
}

/* That it is for the key that the device has. */
static int key_check(struct tam_database *database, struct adding *adding)
{
	const struct ta_delivery *delivery = adding->delivery;
	uint8_t hash[OTRP_HASH_SIZE];
	struct span key;
	int64_t one;
	int rc;

	adding->why = "there is no such device";
	rc = tam_database_integer(database, &one, "SELECT 1 FROM device WHERE did = $1",
				  TAM_VALUES(tam_text(span_text(delivery->did))));
	if (rc)
		return rc;
	rc = tam_database_read_one(database, adding->arena, read_key, &key,
				   "SELECT key FROM device_aik WHERE did = $1 AND spid = $2",
				   TAM_VALUES(tam_text(span_text(delivery->did)),
					      tam_text(span_text(delivery->spid))));
	adding->why = "the device has no key of the service provider: it makes one with the "
		      "provider's first domain, so deploy the TA to it first";
	if (rc)
		return rc == -ENOENT ? -ESTALE : rc;
	adding->why = "the device has another key of the service provider by now: fetch it, and "
		      "encrypt the package again";
	return ta_delivery_aik_hash(key, hash) &&
			       span_equal(span_of(hash, sizeof(hash)), delivery->aik_hash)
		       ? 0
		       : -ESTALE;
}

/* Data alone are of a TA that the TAM delivers, or authorises. */
static int data_check(struct tam_database *database, struct adding *adding)
{
	const struct ta_delivery *delivery = adding->delivery;
	int64_t kind;
	const int rc = tam_database_integer(
		database, &kind,
		"SELECT v.bundled FROM ta_version v JOIN ta t ON t.taid = v.taid WHERE "
		"v.taid = $1 AND t.spid = $2 AND v.retired = 0 ORDER BY v.version DESC LIMIT 1",
		TAM_VALUES(tam_text(span_text(delivery->taid)),
			   tam_text(span_text(delivery->spid))));

	adding->why = "the TAM has no such TA of the service provider, whose data these could be";
	if (!rc && kind == TA_SEALED)
		adding->why = "its provider encrypts that TA for each device itself: then package "
			      "and data go together";
	return rc ? rc : kind == TA_SEALED ? -ENOENT : 0;
}

static int version_check(struct tam_database *database, struct adding *adding)
{
	const struct ta_delivery *delivery = adding->delivery;
	struct ta_version version;
	int64_t before;
	int rc = catalogue_get(database, span_text(delivery->taid), delivery->version,
			       adding->arena, &version);

	adding->why = "the service provider has announced no such version of the TA: teesim tam ta "
		      "announce";
	if (rc)
		return rc;
	if (!span_is(delivery->spid, version.spid) || version.retired)
		return -ENOENT;
	adding->why =
		"the TAM has that version's package itself: a version is delivered in one way";
	if (!version.sealed)
		return -ENOENT;
	rc = tam_database_integer(
		database, &before,
		"SELECT version FROM sealed_delivery WHERE did = $1 AND taid = $2 FOR UPDATE",
		TAM_VALUES(tam_text(span_text(delivery->did)),
			   tam_text(span_text(delivery->taid))));
	adding->why = "a newer version was delivered to the device, and versions are never lowered";
	if (rc == 0 && before > delivery->version)
		return -ESTALE;
	return rc == -ENOENT ? 0 : rc;
}

/* Without the one that it takes the place of. */
static int room_check(struct tam_database *database, struct adding *adding)
{
	const struct ta_delivery *delivery = adding->delivery;
	int64_t octets;
	const int rc = tam_database_integer(
		database, &octets,
		"SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM sealed_delivery WHERE "
		"spid = $1 AND encrypted IS NOT NULL AND NOT (did = $2 AND taid = $3)",
		TAM_VALUES(tam_text(span_text(delivery->spid)), tam_text(span_text(delivery->did)),
			   tam_text(span_text(delivery->taid))));

	adding->why = "1 GiB of the service provider waits for devices already";
	return rc ? rc : octets + (int64_t)adding->size > SEALED_OF_SP_MAX ? -EFBIG : 0;
}

/* The device's deployments of the TA go on with its next contact. */
static int deployments_tell(struct tam_database *database, const struct ta_delivery *delivery)
{
	return tam_database_run(
		database,
		"UPDATE deployment_device SET state = 0, error = $4, updated = $5 WHERE did = $1 "
		"AND "
		"state IN (0, 3) AND deployment IN (SELECT id FROM deployment WHERE taid = $2 AND "
		"spid = $3 AND replaced = 0 AND present = 1)",
		TAM_VALUES(
			tam_text(span_text(delivery->did)), tam_text(span_text(delivery->taid)),
			tam_text(span_text(delivery->spid)),
			tam_text(
				delivery->version
					? "the provider's package is here, and waits for the device"
					: "the provider's data are here, and wait for the device"),
			tam_integer(tam_time_now())),
		NULL);
}

static int add(struct tam_database *database, void *context)
{
	struct adding *adding = context;
	const struct ta_delivery *delivery = adding->delivery;
	int64_t id;
	int rc;

	adding->why = "it is for another TAM";
	if (!span_is(delivery->tamid, adding->tamid))
		return -EBADMSG;
	/* One after the other of each SP: what waits of it is counted. */
	rc = tam_database_integer(database, &id, "SELECT 1 FROM sp WHERE spid = $1 FOR UPDATE",
				  TAM_VALUES(tam_text(span_text(delivery->spid))));
	if (!rc || rc == -ENOENT)
		rc = key_check(database, adding);
	if (!rc)
		rc = delivery->version ? version_check(database, adding)
				       : data_check(database, adding);
	if (!rc)
		rc = room_check(database, adding);
	if (rc)
		return rc;
	adding->why = NULL;
	/* A new id each time: what a device has is that very delivery. */
	rc = tam_database_run(database, "DELETE FROM sealed_delivery WHERE did = $1 AND taid = $2",
			      TAM_VALUES(tam_text(span_text(delivery->did)),
					 tam_text(span_text(delivery->taid))),
			      NULL);
	if (!rc)
		rc = tam_database_integer(
			database, &id,
			"INSERT INTO sealed_delivery(did, spid, taid, version, name, aik_hash, "
			"size, "
			"personalisation, created, created_by, installed, error, encrypted) "
			"VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '', $11) RETURNING id",
			TAM_VALUES(
				tam_text(span_text(delivery->did)),
				tam_text(span_text(delivery->spid)),
				tam_text(span_text(delivery->taid)), tam_integer(delivery->version),
				tam_text(delivery->name.data ? span_text(delivery->name) : ""),
				tam_octets(delivery->aik_hash), tam_integer((int64_t)adding->size),
				tam_integer(delivery->personalisation_size ? 1 : 0),
				tam_integer(tam_time_now()), tam_text(adding->created_by),
				tam_octets(delivery->encrypted)));
	if (!rc)
		rc = deployments_tell(database, delivery);
	return rc ? rc : sealed_delivery_get(database, id, adding->arena, adding->out);
}

int sealed_delivery_add(struct tam_database *database, const struct ta_delivery *delivery,
			size_t size, const char *tamid, const char *created_by, struct arena *arena,
			struct sealed_delivery *out, const char **why)
{
	struct adding adding = { .delivery = delivery,
				 .size = size,
				 .tamid = tamid,
				 .created_by = created_by,
				 .arena = arena,
				 .out = out };
	const int rc = tam_database_transaction(database, TAM_DURABLE, add, &adding);

	*why = NULL;
	if (rc == -EBADMSG || rc == -ENOENT || rc == -ESTALE || rc == -EFBIG)
		*why = adding.why;
	return rc;
}

int sealed_delivery_remove(struct tam_database *database, int64_t id)
{
	int64_t changed;
	const int rc = tam_database_run(database, "DELETE FROM sealed_delivery WHERE id = $1",
					TAM_VALUES(tam_integer(id)), &changed);

	return rc ? rc : changed ? 0 : -ENOENT;
}

int sealed_delivery_retire(struct tam_database *database, const char *taid, int64_t version)
{
	return tam_database_run(database,
				"DELETE FROM sealed_delivery WHERE taid = $1 AND version = $2 AND "
				"installed = 0",
				TAM_VALUES(tam_text(taid), tam_integer(version)), NULL);
}

/* ---- For the engine -------------------------------------------------------------------------- */

struct known {
	int64_t id, version;
	const char *spid, *taid;
	struct span aik_hash;
	bool held;
};

static void read_known(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct known *known = item;

	known->id = tam_row_integer(rows, 0);
	known->version = tam_row_integer(rows, 1);
	known->spid = tam_row_text(rows, 2, arena);
	known->taid = tam_row_text(rows, 3, arena);
	known->aik_hash = tam_row_copy(rows, 4, arena);
	known->held = tam_row_integer(rows, 5);
}

static enum sealed_state state_of(const struct known *known, const struct dsi *dsi)
{
	uint8_t hash[OTRP_HASH_SIZE];

	for (size_t i = 0; i < dsi->aik_count; i++) {
		if (!span_is(dsi->aiks[i].spid, known->spid))
			continue;
		if (!ta_delivery_aik_hash(dsi->aiks[i].der, hash) ||
		    !span_equal(span_of(hash, sizeof(hash)), known->aik_hash))
			return SEALED_STALE;
		return known->held ? SEALED_READY : SEALED_NONE;
	}
	/* With the first domain comes the key, and then it is known. */
	return SEALED_NONE;
}

int sealed_delivery_resolve(struct tam_database *database, const char *did, const struct dsi *dsi,
			    struct arena *arena, struct wanted_decision *wanted, size_t count)
{
	struct known *list;
	size_t known_count, sealed = 0;
	int rc;

	for (size_t i = 0; i < count; i++)
		sealed += wanted[i].sealed || wanted[i].sealed_data;
	if (!sealed)
		return 0;
	rc = tam_database_read_all(
		database, arena, read_known, sizeof(*list), &list, &known_count,
		"SELECT id, version, spid, taid, aik_hash, CASE WHEN encrypted IS NULL THEN 0 ELSE "
		"1 END FROM sealed_delivery WHERE did = $1",
		TAM_VALUES(tam_text(did)));
	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < known_count; n++)
			if (list[n].version == (wanted[i].sealed ? wanted[i].version : 0) &&
			    strcmp(list[n].taid, wanted[i].taid) == 0 &&
			    strcmp(list[n].spid, wanted[i].spid) == 0) {
				wanted[i].personalisation =
					wanted[i].sealed ? list[n].id : -list[n].id;
				wanted[i].delivery = state_of(&list[n], dsi);
			}
	return 0;
}

int sealed_delivery_octets(struct tam_database *database, int64_t id, struct arena *arena,
			   struct span *octets)
{
	return tam_database_read_one(database, arena, read_key, octets,
				     "SELECT encrypted FROM sealed_delivery WHERE id = $1 AND "
				     "encrypted IS NOT NULL",
				     TAM_VALUES(tam_integer(id)));
}

int sealed_delivery_note(struct tam_database *database, int64_t id, bool kept, const char *error)
{
	return tam_database_run(database,
				"UPDATE sealed_delivery SET installed = $2, error = $3, encrypted "
				"= CASE WHEN $4 <> "
				"0 THEN encrypted END WHERE id = $1 AND installed = 0",
				TAM_VALUES(tam_integer(id), tam_integer(error ? 0 : tam_time_now()),
					   tam_text(error ? error : ""), tam_integer(kept)),
				NULL);
}
