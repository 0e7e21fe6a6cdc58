#include "teep/tam/device_table.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "teep/pki/certificate.h"
#include "teep/pki/fetched.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tam/deployment.h"
#include "teep/tam/parsed_pool.h"

#define REQUESTED_MAX 64

static const char *const status_name[] = {
	[DEVICE_UNKNOWN] = "unknown",
	[DEVICE_TRUSTED] = "trusted",
	[DEVICE_REFUSED] = "refused",
	[DEVICE_SUSPENDED] = "suspended",
};

const char *device_status_name(enum device_status status)
{
	return status_name[status];
}

int device_status_parse(const char *name)
{
	for (int i = 0; i < (int)(sizeof(status_name) / sizeof(status_name[0])); i++)
		if (!strcmp(name, status_name[i]))
			return i;
	return -1;
}

/* ---- Who they are ---------------------------------------------------------------------------- */

#define LIST_COLUMNS                                                                         \
	"SELECT d.did, d.revision, d.tee_name, d.tee_version, d.model, d.labels, d.status, " \
	"d.reason, d.signer_required, d.algorithm, d.address, d.first_seen, d.last_seen, "   \
	"d.dsi_generation"
#define ALL_COLUMNS                                                                           \
	LIST_COLUMNS ", d.dsi_hash, d.tee_certificate, d.tee_chain, d.firmware_certificate, " \
		     "d.dsi FROM device d "

static void read_listed(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct device *device = item;

	*device = (struct device) {
		.did = tam_row_text(rows, 0, arena),
		.revision = tam_row_integer(rows, 1),
		.tee_name = tam_row_text(rows, 2, arena),
		.tee_version = tam_row_text(rows, 3, arena),
		.model = tam_row_text(rows, 4, arena),
		.labels = tam_row_text(rows, 5, arena),
		.status = (enum device_status)tam_row_integer(rows, 6),
		.reason = tam_row_text(rows, 7, arena),
		.signer_required = tam_row_integer(rows, 8),
		.algorithm = tam_row_text(rows, 9, arena),
		.address = tam_row_text(rows, 10, arena),
		.first_seen = tam_row_integer(rows, 11),
		.last_seen = tam_row_integer(rows, 12),
		.dsi_generation = tam_row_integer(rows, 13),
	};
	device->status_stored = device->status;
	device->has_status_stored = true;
}

static void read_device(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct device *device = item;

	read_listed(rows, arena, item);
	device->dsi_hash = tam_row_copy(rows, 14, arena);
	device->tee_certificate = tam_row_copy(rows, 15, arena);
	device->tee_chain = tam_row_copy(rows, 16, arena);
	device->firmware_certificate = tam_row_copy(rows, 17, arena);
	device->dsi = tam_row_copy(rows, 18, arena);
}

int device_table_get(struct tam_database *database, const char *did, struct arena *arena,
		     struct device *out)
{
	return tam_database_read_one(database, arena, read_device, out,
				     ALL_COLUMNS "WHERE d.did = $1", TAM_VALUES(tam_text(did)));
}

/* SHA-256 of the public key: two certificates for one key are two names for one device. */
static int key_hash(struct span der, uint8_t out[CERTIFICATE_HASH_SIZE])
{
	X509_AUTO certificate = pool_certificate(der);
	uint8_t *spki = NULL;
	int n, rc;

	if (!certificate)
		return -EBADMSG;
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
	if (n <= 0)
		return -ENOMEM;
	rc = sha256_make(spki, (size_t)n, out) ? 0 : -ENOMEM;
	OPENSSL_free(spki);
	return rc;
}

static int add(struct tam_database *database, void *context)
{
	const struct device *device = context;
	uint8_t hash[CERTIFICATE_HASH_SIZE];
	int64_t changed = 0;
	int rc = key_hash(device->tee_certificate, hash);

	if (!rc)
		rc = tam_database_run(
			database,
			"INSERT INTO device(did, revision, key_hash, tee_name, tee_version, model, "
			"labels, status, reason, signer_required, algorithm, address, first_seen, "
			"last_seen, dsi_hash, dsi_generation, tee_certificate, tee_chain, "
			"firmware_certificate, dsi) VALUES($1, 1, $2, $3, $4, '', '{}', $5, $6, "
			"$7, "
			"$8, $9, $10, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING",
			TAM_VALUES(
				tam_text(device->did), tam_octets(span_of(hash, sizeof(hash))),
				tam_text(device->tee_name), tam_text(device->tee_version),
				tam_integer(device->status), tam_text(device->reason),
				tam_integer(device->signer_required), tam_text(device->algorithm),
				tam_text(device->address), tam_integer(device->last_seen),
				tam_octets(device->dsi_hash), tam_integer(device->dsi_generation),
				tam_octets(device->tee_certificate), tam_octets(device->tee_chain),
				tam_octets(device->firmware_certificate), tam_octets(device->dsi)),
			&changed);
	if (rc)
		return rc;
	return changed ? deployment_enlist_new(database, device->did) : -EEXIST;
}

int device_table_add(struct tam_database *database, struct device *device)
{
	int rc;

	if (!device->tee_chain.data)
		device->tee_chain = span_of("", 0);
	rc = tam_database_transaction(database, TAM_RELAXED, add, device);
	if (!rc)
		device->revision = 1;
	return rc;
}

int device_table_key_free(struct tam_database *database, struct span certificate)
{
	uint8_t hash[CERTIFICATE_HASH_SIZE];
	int64_t one;
	int rc = key_hash(certificate, hash);

	if (!rc)
		rc = tam_database_integer(database, &one,
					  "SELECT 1 FROM device WHERE key_hash = $1",
					  TAM_VALUES(tam_octets(span_of(hash, sizeof(hash)))));
	return rc == -ENOENT ? 0 : rc ? rc : -EEXIST;
}

int device_table_register(struct tam_database *database, const char *did, struct span certificate,
			  struct span chain, const char *tee_name, struct arena *arena,
			  struct device *out)
{
	struct device device = {
		.did = did,
		.tee_name = tee_name,
		.tee_version = "",
		.reason = "",
		.algorithm = "",
		.address = "",
		.last_seen = tam_time_now(),
		.dsi_generation = -1,
		.tee_certificate = certificate,
		.tee_chain = chain,
	};
	int rc = device_table_get(database, did, arena, out);

	/* Those known already cost one look-up. */
	if (rc == -ENOENT) {
		rc = device_table_add(database, &device);
		if (rc == 0 || rc == -EEXIST)
			rc = device_table_get(database, did, arena, out);
		/* Somebody has the key, and it is not this did. */
		if (rc == -ENOENT)
			return -EEXIST;
	}
	return rc ? rc : span_equal(out->tee_certificate, certificate) ? 0 : -EEXIST;
}

#define STORE(more)                                                                         \
	"UPDATE device SET revision = revision + 1, tee_name = $3, tee_version = $4, "      \
	"reason = CASE WHEN status = 3 THEN reason ELSE $5 END, signer_required = $6, "     \
	"algorithm = $7, address = $8, last_seen = $9, dsi_hash = $10, "                    \
	"dsi_generation = $11, tee_chain = $12, firmware_certificate = $13, dsi = $14" more \
	" WHERE did = $1 AND revision = $2"

/* An index has the status: it is left alone where nothing changes. */
static int store(struct tam_database *database, void *context)
{
	const struct device *device = context;
	const bool same = device->has_status_stored && device->status_stored == device->status;
	const struct tam_value values[] = {
		tam_text(device->did),
		tam_integer(device->revision),
		tam_text(device->tee_name),
		tam_text(device->tee_version),
		tam_text(device->reason),
		tam_integer(device->signer_required),
		tam_text(device->algorithm),
		tam_text(device->address),
		tam_integer(device->last_seen),
		tam_octets(device->dsi_hash),
		tam_integer(device->dsi_generation),
		tam_octets(device->tee_chain),
		tam_octets(device->firmware_certificate),
		tam_octets(device->dsi),
		tam_integer(device->status),
	};
	int64_t changed;
	const int rc = same ? tam_database_run(database, STORE(""), values, 14, &changed)
			    : tam_database_run(
				      database,
				      STORE(", status = CASE WHEN status = 3 THEN 3 ELSE $15 END"),
				      values, 15, &changed);

	return rc ? rc : changed ? 0 : -ESTALE;
}

int device_table_store(struct tam_database *database, struct device *device)
{
	int rc;

	if (!device->tee_chain.data)
		device->tee_chain = span_of("", 0);
	rc = tam_database_transaction(database, TAM_RELAXED, store, device);
	if (!rc)
		device->revision++;
	return rc;
}

int device_table_check(struct tam_database *database, const char *did, int64_t revision)
{
	int64_t one;
	const int rc = tam_database_integer(database, &one,
					    "SELECT 1 FROM device WHERE did = $1 AND revision = $2",
					    TAM_VALUES(tam_text(did), tam_integer(revision)));

	return rc == -ENOENT ? -ESTALE : rc;
}

int device_table_set_status(struct tam_database *database, const char *did,
			    enum device_status status, const char *reason)
{
	int64_t changed;
	int rc;

	/* To be believed again, it has to show itself again. */
	if (status == DEVICE_TRUSTED)
		status = DEVICE_UNKNOWN;
	rc = tam_database_run(
		database,
		"UPDATE device SET status = $2, reason = $3, revision = revision + 1, "
		"dsi = NULL, dsi_hash = NULL WHERE did = $1",
		TAM_VALUES(tam_text(did), tam_integer(status), tam_text(reason ? reason : "")),
		&changed);
	return rc ? rc : changed ? 0 : -ENOENT;
}

int device_table_describe(struct tam_database *database, const char *did, const char *model,
			  const char *labels)
{
	int64_t changed;
	const int rc =
		tam_database_run(database,
				 "UPDATE device SET model = COALESCE(CAST($2 AS TEXT), model), "
				 "labels = COALESCE(CAST($3 AS TEXT), labels) WHERE did = $1",
				 TAM_VALUES(tam_text(did), tam_text(model), tam_text(labels)),
				 &changed);

	return rc ? rc : changed ? 0 : -ENOENT;
}

static int remove_device(struct tam_database *database, void *context)
{
	const char *did = context;
	int64_t changed;
	int rc = tam_database_run(database, "DELETE FROM wanted WHERE scope = $1 AND scope_id = $2",
				  TAM_VALUES(tam_integer(SCOPE_DEVICE), tam_text(did)), NULL);

	if (!rc)
		rc = tam_database_run(database,
				      "UPDATE deployment SET replaced = 1 WHERE scope = $1 AND "
				      "scope_id = $2 AND replaced = 0",
				      TAM_VALUES(tam_integer(SCOPE_DEVICE), tam_text(did)), NULL);
	if (!rc)
		rc = tam_database_run(database, "DELETE FROM device WHERE did = $1",
				      TAM_VALUES(tam_text(did)), &changed);
	return rc ? rc : changed ? 0 : -ENOENT;
}

int device_table_remove(struct tam_database *database, const char *did)
{
	return tam_database_transaction(database, TAM_DURABLE, remove_device, (void *)did);
}

/* ---- What they have -------------------------------------------------------------------------- */

static void read_domain(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct device_domain *domain = item;

	domain->spid = tam_row_text(rows, 0, arena);
	domain->sdname = tam_row_text(rows, 1, arena);
	domain->certificates = tam_row_text(rows, 2, arena);
	domain->updated = tam_row_integer(rows, 3);
}

int device_table_domains(struct tam_database *database, const char *did, struct arena *arena,
			 struct device_domain **list, size_t *count)
{
	return tam_database_read_all(database, arena, read_domain, sizeof(**list), list, count,
				     "SELECT spid, sdname, certificates, updated FROM "
				     "device_domain WHERE did = $1 ORDER BY spid, sdname",
				     TAM_VALUES(tam_text(did)));
}

static void read_ta(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct device_ta *ta = item;

	ta->spid = tam_row_text(rows, 0, arena);
	ta->sdname = tam_row_text(rows, 1, arena);
	ta->taid = tam_row_text(rows, 2, arena);
	ta->name = tam_row_text(rows, 3, arena);
	ta->version = tam_row_integer(rows, 4);
	ta->personalisation = tam_row_integer(rows, 5);
	ta->image_sha256 = tam_row_text(rows, 6, arena);
	ta->state = tam_row_text(rows, 7, arena);
	ta->updated = tam_row_integer(rows, 8);
}

int device_table_tas(struct tam_database *database, const char *did, struct arena *arena,
		     struct device_ta **list, size_t *count)
{
	return tam_database_read_all(database, arena, read_ta, sizeof(**list), list, count,
				     "SELECT spid, sdname, taid, name, version, personalisation, "
				     "image_sha256, state, updated FROM device_ta WHERE did = $1 "
				     "ORDER BY spid, sdname, taid",
				     TAM_VALUES(tam_text(did)));
}

static void read_aik(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct device_aik *aik = item;

	aik->spid = tam_row_text(rows, 0, arena);
	aik->type = tam_row_text(rows, 1, arena);
	aik->key = tam_row_copy(rows, 2, arena);
	aik->updated = tam_row_integer(rows, 3);
}

int device_table_aiks(struct tam_database *database, const char *did, struct arena *arena,
		      struct device_aik **list, size_t *count)
{
	return tam_database_read_all(database, arena, read_aik, sizeof(**list), list, count,
				     "SELECT spid, type, key, updated FROM device_aik WHERE did = "
				     "$1 ORDER BY spid",
				     TAM_VALUES(tam_text(did)));
}

/* What the caller does not know stays as it was. */
static int ta_put(struct tam_database *database, const char *did, const struct device_ta *ta)
{
	return tam_database_run(
		database,
		"INSERT INTO device_ta(did, spid, sdname, taid, name, version, personalisation, "
		"image_sha256, state, updated) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
		"ON CONFLICT(did, spid, sdname, taid) DO UPDATE SET "
		"name = CASE WHEN excluded.name = '' THEN device_ta.name ELSE excluded.name END, "
		"version = CASE WHEN excluded.version = 0 THEN device_ta.version "
		"ELSE excluded.version END, "
		"personalisation = CASE WHEN excluded.personalisation = 0 THEN "
		"device_ta.personalisation ELSE excluded.personalisation END, "
		"image_sha256 = CASE WHEN excluded.image_sha256 = '' THEN device_ta.image_sha256 "
		"ELSE excluded.image_sha256 END, state = excluded.state, "
		"updated = excluded.updated",
		TAM_VALUES(tam_text(did), tam_text(ta->spid), tam_text(ta->sdname),
			   tam_text(ta->taid), tam_text(ta->name ? ta->name : ""),
			   tam_integer(ta->version), tam_integer(ta->personalisation),
			   tam_text(ta->image_sha256 ? ta->image_sha256 : ""),
			   tam_text(ta->state && *ta->state ? ta->state : "installed"),
			   tam_integer(tam_time_now())),
		NULL);
}

static int ta_drop(struct tam_database *database, const char *did, const void *item)
{
	const struct device_ta *ta = item;

	return tam_database_run(
		database,
		"DELETE FROM device_ta WHERE did = $1 AND spid = $2 AND sdname = $3 "
		"AND taid = $4",
		TAM_VALUES(tam_text(did), tam_text(ta->spid), tam_text(ta->sdname),
			   tam_text(ta->taid)),
		NULL);
}

static int ta_keep(struct tam_database *database, const char *did, const void *there,
		   const void *told)
{
	const struct device_ta *old = there, *new = told;

	if (old && (!new->name || !*new->name || !strcmp(old->name, new->name)) &&
	    (!new->version || old->version == new->version) &&
	    (!new->personalisation || old->personalisation == new->personalisation) &&
	    (!new->image_sha256 || !*new->image_sha256 ||
	     !strcmp(old->image_sha256, new->image_sha256)) &&
	    !strcmp(old->state, new->state &&*new->state ? new->state : "installed"))
		return 0;
	return ta_put(database, did, new);
}

static int ta_order(const void *a, const void *b)
{
	const struct device_ta *left = a, *right = b;
	int order = strcmp(left->spid, right->spid);

	if (!order)
		order = strcmp(left->sdname, right->sdname);
	return order ? order : strcmp(left->taid, right->taid);
}

static int domain_drop(struct tam_database *database, const char *did, const void *item)
{
	const struct device_domain *domain = item;

	return tam_database_run(
		database, "DELETE FROM device_domain WHERE did = $1 AND spid = $2 AND sdname = $3",
		TAM_VALUES(tam_text(did), tam_text(domain->spid), tam_text(domain->sdname)), NULL);
}

static int domain_put(struct tam_database *database, const char *did, const char *spid,
		      const char *sdname, const char *certificates)
{
	return tam_database_run(
		database,
		"INSERT INTO device_domain(did, spid, sdname, certificates, updated) "
		"VALUES($1, $2, $3, $4, $5) ON CONFLICT(did, spid, sdname) DO UPDATE SET "
		"certificates = excluded.certificates, updated = excluded.updated",
		TAM_VALUES(tam_text(did), tam_text(spid), tam_text(sdname), tam_text(certificates),
			   tam_integer(tam_time_now())),
		NULL);
}

static int domain_keep(struct tam_database *database, const char *did, const void *there,
		       const void *told)
{
	const struct device_domain *old = there, *new = told;

	/* A DSI does not tell certificates. */
	if (old && (!new->certificates || !strcmp(old->certificates, new->certificates)))
		return 0;
	return domain_put(database, did, new->spid, new->sdname,
			  new->certificates ? new->certificates : "");
}

static int domain_order(const void *a, const void *b)
{
	const struct device_domain *left = a, *right = b;
	const int order = strcmp(left->spid, right->spid);

	return order ? order : strcmp(left->sdname, right->sdname);
}

static int aik_drop(struct tam_database *database, const char *did, const void *item)
{
	const struct device_aik *aik = item;

	return tam_database_run(database, "DELETE FROM device_aik WHERE did = $1 AND spid = $2",
				TAM_VALUES(tam_text(did), tam_text(aik->spid)), NULL);
}

static int aik_keep(struct tam_database *database, const char *did, const void *there,
		    const void *told)
{
	const struct device_aik *old = there, *new = told;

	if (old && !strcmp(old->type, new->type) && span_equal(old->key, new->key))
		return 0;
	return tam_database_run(database,
				"INSERT INTO device_aik(did, spid, type, key, updated) "
				"VALUES($1, $2, $3, $4, $5) ON CONFLICT(did, spid) DO UPDATE SET "
				"type = excluded.type, key = excluded.key, "
				"updated = excluded.updated",
				TAM_VALUES(tam_text(did), tam_text(new->spid), tam_text(new->type),
					   tam_octets(new->key), tam_integer(tam_time_now())),
				NULL);
}

static int aik_order(const void *a, const void *b)
{
	return strcmp(((const struct device_aik *)a)->spid, ((const struct device_aik *)b)->spid);
}

struct kind {
	size_t size;
	int (*order)(const void *a, const void *b);
	int (*drop)(struct tam_database *database, const char *did, const void *there);
	int (*keep)(struct tam_database *database, const char *did, const void *there,
		    const void *told);
};

/* In the order of the walk. */
static int sorted(const void *list, size_t count, const struct kind *kind, struct arena *arena,
		  const void **out)
{
	void *copy;

	*out = list;
	if (count < 2)
		return 0;
	copy = arena_take(arena, count * kind->size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, list, count * kind->size);
	qsort(copy, count, kind->size, kind->order);
	*out = copy;
	return 0;
}

/* Both in one order: one walk along them, and only what differs is written. */
static int merge(struct tam_database *database, const char *did, const struct kind *kind,
		 const void *there, size_t there_count, const void *told, size_t told_count,
		 struct arena *arena)
{
	const uint8_t *old, *new, *old_end, *new_end;
	const void *lists[2];
	int rc = sorted(there, there_count, kind, arena, &lists[0]);

	if (!rc)
		rc = sorted(told, told_count, kind, arena, &lists[1]);
	if (rc)
		return rc;
	old = lists[0];
	new = lists[1];
	old_end = there_count ? old + there_count * kind->size : old;
	new_end = told_count ? new + told_count * kind->size : new;
	while (!rc && (old < old_end || new < new_end)) {
		const int order = old == old_end ? 1 : new == new_end ? -1 : kind->order(old, new);

		rc = order < 0 ? kind->drop(database, did, old)
			       : kind->keep(database, did, order ? NULL : old, new);
		if (order <= 0)
			old += kind->size;
		if (order >= 0)
			new += kind->size;
	}
	return rc;
}

struct storing {
	const char *did;
	const struct device_content *there, *content;
};

/* The device's row is held, so that nobody else changes them meanwhile. */
static int content_read(struct tam_database *database, const char *did, struct arena *arena,
			struct device_content *out)
{
	struct device_domain *domains;
	struct device_ta *tas;
	struct device_aik *aiks;
	int64_t one;
	int rc = tam_database_integer(database, &one,
				      "SELECT 1 FROM device WHERE did = $1 FOR UPDATE",
				      TAM_VALUES(tam_text(did)));

	if (!rc)
		rc = device_table_domains(database, did, arena, &domains, &out->domain_count);
	if (!rc)
		rc = device_table_tas(database, did, arena, &tas, &out->ta_count);
	if (!rc)
		rc = device_table_aiks(database, did, arena, &aiks, &out->aik_count);
	if (rc)
		return rc;
	out->domains = domains;
	out->tas = tas;
	out->aiks = aiks;
	return 0;
}

static int store_content(struct tam_database *database, void *context)
{
	static const struct kind domain = { sizeof(struct device_domain), domain_order, domain_drop,
					    domain_keep };
	static const struct kind ta = { sizeof(struct device_ta), ta_order, ta_drop, ta_keep };
	static const struct kind aik = { sizeof(struct device_aik), aik_order, aik_drop, aik_keep };
	const struct storing *storing = context;
	const struct device_content *content = storing->content, *there = storing->there;
	const char *did = storing->did;
	struct device_content rows = { 0 };
	ARENA_AUTO arena = { 0 };
	int rc = 0;

	if (!there) {
		rc = content_read(database, did, &arena, &rows);
		there = &rows;
	}
	if (!rc)
		rc = merge(database, did, &domain, there->domains, there->domain_count,
			   content->domains, content->domain_count, &arena);
	if (!rc)
		rc = merge(database, did, &ta, there->tas, there->ta_count, content->tas,
			   content->ta_count, &arena);
	if (!rc)
		rc = merge(database, did, &aik, there->aiks, there->aik_count, content->aiks,
			   content->aik_count, &arena);
	return rc;
}

int device_table_store_content(struct tam_database *database, const char *did,
			       const struct device_content *there,
			       const struct device_content *content)
{
	struct storing storing = { .did = did, .there = there, .content = content };

	return tam_database_transaction(database, TAM_RELAXED, store_content, &storing);
}

/* ---- What apps asked for --------------------------------------------------------------------- */

struct request {
	const char *did, *taid;
};

static int request_ta(struct tam_database *database, void *context)
{
	const struct request *request = context;
	const struct tam_value values[] = { tam_text(request->did), tam_text(request->taid),
					    tam_integer(tam_time_now()) };
	int rc = tam_database_run(database,
				  "INSERT INTO requested_ta(did, taid, at) VALUES($1, $2, $3) "
				  "ON CONFLICT(did, taid) DO UPDATE SET at = excluded.at",
				  values, 3, NULL);

	if (rc)
		return rc;
	return tam_database_run(database,
				"DELETE FROM requested_ta WHERE did = $1 AND taid NOT IN (SELECT "
				"taid FROM requested_ta WHERE did = $1 ORDER BY at DESC, taid "
				"LIMIT $2)",
				TAM_VALUES(tam_text(request->did), tam_integer(REQUESTED_MAX)),
				NULL);
}

int device_table_request_ta(struct tam_database *database, const char *did, const char *taid)
{
	struct request request = { .did = did, .taid = taid };
	const int rc = tam_database_transaction(database, TAM_RELAXED, request_ta, &request);

	return rc == -ENOLINK ? -ENOENT : rc;
}

static void read_name(struct tam_rows *rows, struct arena *arena, void *item)
{
	*(const char **)item = tam_row_text(rows, 0, arena);
}

int device_table_requested(struct tam_database *database, const char *did, struct arena *arena,
			   const char ***taids, size_t *count)
{
	return tam_database_read_all(
		database, arena, read_name, sizeof(**taids), taids, count,
		"SELECT taid FROM requested_ta WHERE did = $1 ORDER BY at DESC, taid",
		TAM_VALUES(tam_text(did)));
}

/* ---- Lists ----------------------------------------------------------------------------------- */

#define FITS                                                                                      \
	"(CAST($3 AS TEXT) IS NULL OR lower(d.did || ' ' || d.tee_name || ' ' || d.model || ' ' " \
	"|| d.labels) LIKE lower(CAST($3 AS TEXT)) ESCAPE '!') AND "                              \
	"(CAST($4 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM group_member m WHERE m.did = d.did "  \
	"AND m.name = CAST($4 AS TEXT))) AND "                                                    \
	"(CAST($5 AS TEXT) IS NULL OR " TAM_DEVICE_OF_SP(                                         \
		"d.did", "CAST($5 AS TEXT)") ") AND "                                             \
					     "($6 < 0 OR d.status = $6) "

int device_table_list(struct tam_database *database, const struct device_filter *filter,
		      struct arena *arena, struct device **list, size_t *count, int64_t *total)
{
	const char *pattern = tam_like_pattern(filter->q, arena);
	const struct tam_value values[] = {
		tam_text(filter->after ? filter->after : ""),
		tam_integer(filter->limit),
		tam_text(pattern),
		tam_text(filter->group),
		tam_text(filter->spid),
		tam_integer(filter->status),
	};
	int rc;

	if (filter->q && !pattern)
		return -ENOMEM;
	rc = tam_database_read_all(database, arena, read_listed, sizeof(**list), list, count,
				   LIST_COLUMNS " FROM device d WHERE d.did > $1 AND " FITS
						"ORDER BY d.did LIMIT $2",
				   values, 6);
	if (rc || !total)
		return rc;
	if (!filter->q && !filter->group && !filter->spid && filter->status < 0)
		return tam_database_integer(database, total, "SELECT COUNT(*) FROM device",
					    TAM_NO_VALUES);
	return tam_database_integer(
		database, total, "SELECT COUNT(*) FROM device d WHERE '' = $1 AND $2 = 0 AND " FITS,
		(const struct tam_value[]) { tam_text(""), tam_integer(0), values[2], values[3],
					     values[4], values[5] },
		6);
}

int device_table_visible(struct tam_database *database, const char *did, const char *spid)
{
	int64_t one;

	return tam_database_integer(database, &one,
				    "SELECT 1 FROM device d WHERE d.did = $1 AND " TAM_DEVICE_OF_SP(
					    "d.did", "CAST($2 AS TEXT)"),
				    TAM_VALUES(tam_text(did), tam_text(spid)));
}

static void read_count(struct tam_rows *rows, struct arena *arena, void *item)
{
	int64_t *pair = item;

	(void)arena;
	pair[0] = tam_row_integer(rows, 0);
	pair[1] = tam_row_integer(rows, 1);
}

int device_table_count(struct tam_database *database, int64_t counts[4])
{
	ARENA_AUTO arena = { 0 };
	int64_t(*pairs)[2];
	size_t n;
	int rc = tam_database_read_all(database, &arena, read_count, sizeof(*pairs), &pairs, &n,
				       "SELECT status, COUNT(*) FROM device GROUP BY status",
				       TAM_NO_VALUES);

	for (int i = 0; i < 4; i++)
		counts[i] = 0;
	for (size_t i = 0; !rc && i < n; i++)
		if (pairs[i][0] >= 0 && pairs[i][0] < 4)
			counts[pairs[i][0]] = pairs[i][1];
	return rc;
}
