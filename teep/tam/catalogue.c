#include "teep/tam/catalogue.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "teep/otrp/encoding.h"
#include "teep/otrp/ta_cms.h"
#include "teep/pki/fetched.h"
#include "teep/tam/vault.h"

/* What a value of personalisation data is sealed for. */
#define SEALED_AS "personalisation"

struct adding {
	const char *spid, *name;
	struct span cms;
	struct arena *arena;
	struct ta_version *version;
	const char *why;
};

static const char *hash_text(struct span octets, struct arena *arena)
{
	uint8_t hash[SHA256_SIZE];
	char *text = arena_take(arena, SHA256_TEXT_SIZE);

	if (!text || !sha256_make(octets.data, octets.size, hash))
		return NULL;
	return hex_encode(hash, sizeof(hash), text);
}

#define VERSION_COLUMNS                                                                          \
	"SELECT v.taid, v.version, t.spid, v.name, v.sha256, v.image_sha256, v.signer, v.size, " \
	"CASE WHEN v.personalisation > 0 THEN v.personalisation ELSE 0 END, v.bundled, "         \
	"v.created, v.retired FROM ta_version v "                                                \
	"JOIN ta t ON t.taid = v.taid "

static void read_version(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct ta_version *version = item;

	version->taid = tam_row_text(rows, 0, arena);
	version->version = tam_row_integer(rows, 1);
	version->spid = tam_row_text(rows, 2, arena);
	version->name = tam_row_text(rows, 3, arena);
	version->sha256 = tam_row_text(rows, 4, arena);
	version->image_sha256 = tam_row_text(rows, 5, arena);
	version->signer = tam_row_text(rows, 6, arena);
	version->size = tam_row_integer(rows, 7);
	version->personalisation = tam_row_integer(rows, 8);
	version->bundled = tam_row_integer(rows, 9) == TA_BUNDLED;
	version->sealed = tam_row_integer(rows, 9) == TA_SEALED;
	version->created = tam_row_integer(rows, 10);
	version->retired = tam_row_integer(rows, 11);
	version->was_there = false;
}

/* The package under the certificates that were vetted for the SP, some at a time: the parser takes
 * so many and no more. */
static int package_check(struct adding *adding, const struct sp_certificate *certificates,
			 size_t count)
{
	struct ta_version *version = adding->version;
	char uuid[UUID_TEXT_SIZE];
	struct span text;
	struct ta_cms cms;
	int rc = -EACCES;

	adding->why = "the SP has no certificate yet: add the signer's first";
	for (size_t from = 0; rc == -EACCES && from < count; from += SPAN_LIST_MAX) {
		struct span_list allowed = { 0 };

		for (size_t i = from; i < count && allowed.count < SPAN_LIST_MAX; i++)
			allowed.item[allowed.count++] = certificates[i].der;
		rc = ta_cms_parse(adding->cms, &allowed, adding->arena, &cms, &adding->why);
		if (!rc)
			version->signer = certificates[from + cms.signer].sha256;
	}
	if (rc)
		return rc == -EACCES ? -EKEYREJECTED : rc;
	if (!cms.version) {
		adding->why = "version 0 stands for the latest: a TA's first version is 1";
		return -EBADMSG;
	}
	text = span_of_text(uuid_format(&cms.uuid, uuid));
	if (!arena_copy(adding->arena, text.data, text.size, &text))
		return -ENOMEM;
	version->taid = span_text(text);
	version->version = cms.version;
	version->name = adding->name ? adding->name : span_text(cms.name);
	if (*version->name && !tam_name_fits(version->name)) {
		adding->why = "the TA's name has control characters or is too long";
		return -EBADMSG;
	}
	version->sha256 = hash_text(adding->cms, adding->arena);
	version->image_sha256 = hash_text(cms.image, adding->arena);
	version->size = (int64_t)adding->cms.size;
	version->created = tam_time_now();
	return version->sha256 && version->image_sha256 ? 0 : -ENOMEM;
}

/* The TA's row, made or locked; how it stands to what is there. */
static int place_take(struct tam_database *database, struct adding *adding, int64_t *newest)
{
	const struct ta_version *version = adding->version;
	TAM_ROWS_AUTO *rows = NULL;
	int rc = tam_database_run(database,
				  "INSERT INTO ta(taid, spid, name, newest) VALUES($1, $2, $3, 0) "
				  "ON CONFLICT DO NOTHING",
				  TAM_VALUES(tam_text(version->taid), tam_text(adding->spid),
					     tam_text(version->name)),
				  NULL);

	if (!rc)
		rc = tam_database_query(database, &rows,
					"SELECT spid, newest FROM ta WHERE taid = $1 FOR UPDATE",
					TAM_VALUES(tam_text(version->taid)));
	if (rc)
		return rc;
	rc = tam_rows_next(rows);
	if (rc <= 0)
		return rc < 0 ? rc : -EAGAIN;
	*newest = tam_row_integer(rows, 1);
	if (!span_equal(tam_row_octets(rows, 0), span_of_text(adding->spid))) {
		adding->why = "that TA is another service provider's";
		return -EPERM;
	}
	return 0;
}

/* What of a version that is there is not as it is to be; NULL where all is. */
static const char *difference(const struct adding *adding, const struct ta_version *there)
{
	const struct ta_version *version = adding->version;

	if (there->sealed != version->sealed)
		return "that version is there already, and delivered in another way";
	if (strcmp(there->image_sha256, version->image_sha256) != 0)
		return "that version is there already, with another image";
	if (there->retired)
		return "that version is there already, and retired: it is never delivered again, "
		       "and a higher one takes its place";
	if (there->bundled != version->bundled)
		return there->bundled ? "that version is there already, and client apps bring it"
				      : "that version is there already, and the TAM brings it, not "
					"client apps";
	if (adding->name && strcmp(there->name, adding->name) != 0)
		return "that version is there already, under another name";
	return NULL;
}

/* A version beside those that are there. */
static int version_insert(struct tam_database *database, struct adding *adding, int64_t newest)
{
	struct ta_version *version = adding->version, there;
	int rc = catalogue_get(database, version->taid, version->version, adding->arena, &there);

	if (!rc) {
		adding->why = difference(adding, &there);
		if (adding->why)
			return -EEXIST;
		*version = there;
		version->was_there = true;
		return 0;
	}
	if (rc != -ENOENT)
		return rc;
	if (version->version < newest) {
		adding->why = "a newer version is there already, and versions are never lowered";
		return -ESTALE;
	}
	rc = tam_database_run(
		database,
		"INSERT INTO ta_version(taid, version, name, sha256, image_sha256, signer, size, "
		"bundled, created, retired, personalisation, cms) "
		"VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10)",
		TAM_VALUES(tam_text(version->taid), tam_integer(version->version),
			   tam_text(version->name), tam_text(version->sha256),
			   tam_text(version->image_sha256), tam_text(version->signer),
			   tam_integer(version->size),
			   tam_integer(version->sealed	  ? TA_SEALED
				       : version->bundled ? TA_BUNDLED
							  : TA_FROM_CATALOGUE),
			   tam_integer(version->created), tam_octets(adding->cms)),
		NULL);
	if (rc)
		return rc;
	return tam_database_run(database,
				"UPDATE ta SET name = CASE WHEN CAST($2 AS TEXT) = '' THEN name "
				"ELSE CAST($2 AS TEXT) END, newest = $3 WHERE taid = $1",
				TAM_VALUES(tam_text(version->taid), tam_text(version->name),
					   tam_integer(version->version)),
				NULL);
}

static int add(struct tam_database *database, void *context)
{
	struct adding *adding = context;
	struct sp_certificate *certificates;
	int64_t newest, one;
	size_t count;
	int rc;

	adding->why = NULL;
	rc = tam_database_integer(database, &one, "SELECT 1 FROM sp WHERE spid = $1 FOR UPDATE",
				  TAM_VALUES(tam_text(adding->spid)));
	if (rc == -ENOENT)
		adding->why = "there is no such service provider";
	if (!rc)
		rc = sp_certificate_list(database, adding->spid, adding->arena, &certificates,
					 &count);
	if (!rc)
		rc = package_check(adding, certificates, count);
	if (!rc) {
		adding->why = NULL;
		rc = place_take(database, adding, &newest);
	}
	if (rc)
		return rc;
	return version_insert(database, adding, newest);
}

int catalogue_add(struct tam_database *database, const char *spid, struct span cms,
		  const char *name, bool bundled, struct arena *arena, struct ta_version *out,
		  const char **why)
{
	struct adding adding = { .spid = spid,
				 .name = name && *name ? name : NULL,
				 .cms = cms,
				 .arena = arena,
				 .version = out };
	int rc;

	*why = NULL;
	*out = (struct ta_version) { .spid = spid, .bundled = bundled };
	if (cms.size > CATALOGUE_PACKAGE_MAX) {
		*why = "a package has at most 16 MiB";
		return -EFBIG;
	}
	rc = tam_database_transaction(database, TAM_DURABLE, add, &adding);
	if (rc)
		*why = adding.why;
	return rc;
}

static const char *announcement_check(const struct ta_version *version)
{
	char text[UUID_TEXT_SIZE];
	struct uuid uuid;

	if (uuid_parse(version->taid, &uuid) ||
	    strcmp(uuid_format(&uuid, text), version->taid) != 0)
		return "a TA's id is a UUID in lower case";
	if (version->version < 1 || version->version > UINT32_MAX)
		return "there is no such version: a TA's first version is 1";
	if (*version->name && !tam_name_fits(version->name))
		return "the TA's name has control characters or is too long";
	return NULL;
}

static int announce(struct tam_database *database, void *context)
{
	struct adding *adding = context;
	int64_t newest, one;
	int rc = tam_database_integer(database, &one, "SELECT 1 FROM sp WHERE spid = $1 FOR UPDATE",
				      TAM_VALUES(tam_text(adding->spid)));

	adding->why = rc == -ENOENT ? "there is no such service provider" : NULL;
	if (!rc)
		rc = place_take(database, adding, &newest);
	return rc ? rc : version_insert(database, adding, newest);
}

int catalogue_announce(struct tam_database *database, const char *spid, const char *taid,
		       int64_t version, const char *name, struct arena *arena,
		       struct ta_version *out, const char **why)
{
	struct adding adding = { .spid = spid,
				 .name = name && *name ? name : NULL,
				 .cms = span_of("", 0),
				 .arena = arena,
				 .version = out };
	int rc;

	*out = (struct ta_version) { .taid = taid,
				     .version = version,
				     .spid = spid,
				     .name = name ? name : "",
				     .sha256 = "",
				     .image_sha256 = "",
				     .signer = "",
				     .sealed = true,
				     .created = tam_time_now() };
	*why = announcement_check(out);
	if (*why)
		return -EINVAL;
	rc = tam_database_transaction(database, TAM_DURABLE, announce, &adding);
	if (rc)
		*why = adding.why;
	return rc;
}

int catalogue_get(struct tam_database *database, const char *taid, int64_t version,
		  struct arena *arena, struct ta_version *out)
{
	if (version)
		return tam_database_read_one(database, arena, read_version, out,
					     VERSION_COLUMNS "WHERE v.taid = $1 AND v.version = $2",
					     TAM_VALUES(tam_text(taid), tam_integer(version)));
	return tam_database_read_one(database, arena, read_version, out,
				     VERSION_COLUMNS "WHERE v.taid = $1 AND v.retired = 0 "
						     "ORDER BY v.version DESC LIMIT 1",
				     TAM_VALUES(tam_text(taid)));
}

static void read_octets(struct tam_rows *rows, struct arena *arena, void *item)
{
	*(struct span *)item = tam_row_copy(rows, 0, arena);
}

int catalogue_package(struct tam_database *database, const char *taid, int64_t version,
		      struct arena *arena, struct span *cms)
{
	return tam_database_read_one(database, arena, read_octets, cms,
				     "SELECT cms FROM ta_version WHERE taid = $1 AND version = $2 "
				     "AND bundled <> $3",
				     TAM_VALUES(tam_text(taid), tam_integer(version),
						tam_integer(TA_SEALED)));
}

int catalogue_retire(struct tam_database *database, const char *taid, int64_t version)
{
	int64_t changed;
	const int rc = tam_database_run(
		database,
		"UPDATE ta_version SET retired = CASE WHEN retired = 0 THEN $3 ELSE retired END "
		"WHERE taid = $1 AND version = $2",
		TAM_VALUES(tam_text(taid), tam_integer(version), tam_integer(tam_time_now())),
		&changed);

	return rc ? rc : changed ? 0 : -ENOENT;
}

/* A sealed value belongs to one version of one TA. */
static void owner_of(const char *taid, int64_t version, char out[64])
{
	snprintf(out, 64, "%.40s/%lld", taid, (long long)version);
}

int catalogue_personalise(struct tam_database *database, const char *taid, int64_t version,
			  struct span data)
{
	const struct vault *vault = tam_database_vault(database);
	struct span sealed = { 0 };
	ARENA_AUTO arena = { 0 };
	char owner[64];
	int64_t changed;
	int rc;

	if (data.size > CATALOGUE_PERSONALISATION_MAX)
		return -EFBIG;
	if (!vault)
		return -ENOKEY;
	owner_of(taid, version, owner);
	rc = data.data ? vault_seal(vault, SEALED_AS, owner, data, &arena, &sealed) : 0;
	if (rc)
		return rc;
	/* A number means one value, so counting goes on while there is none: below zero. */
	rc = tam_database_run(
		database,
		"UPDATE ta_version SET personalisation_sealed = $3, personalisation = "
		"$4 * (abs(personalisation) + 1) WHERE taid = $1 AND version = $2 AND bundled <> "
		"$5",
		TAM_VALUES(tam_text(taid), tam_integer(version), tam_octets(sealed),
			   tam_integer(data.data ? 1 : -1), tam_integer(TA_SEALED)),
		&changed);
	return rc ? rc : changed ? 0 : -ENOENT;
}

int catalogue_personalisation(struct tam_database *database, const char *taid, int64_t version,
			      struct arena *arena, struct span *data)
{
	const struct vault *vault = tam_database_vault(database);
	struct span sealed;
	char owner[64];
	int rc;

	if (!vault)
		return -ENOKEY;
	rc = tam_database_read_one(
		database, arena, read_octets, &sealed,
		"SELECT personalisation_sealed FROM ta_version WHERE taid = $1 AND version = $2",
		TAM_VALUES(tam_text(taid), tam_integer(version)));
	if (!rc && !sealed.data)
		rc = -ENOENT;
	if (rc)
		return rc;
	owner_of(taid, version, owner);
	return vault_unseal(vault, SEALED_AS, owner, sealed, arena, data);
}

#define SUMMARY_COLUMNS                                                                       \
	"SELECT t.taid, t.name, t.spid, (SELECT COALESCE(MAX(version), 0) FROM ta_version v " \
	"WHERE v.taid = t.taid AND v.retired = 0), (SELECT COUNT(*) FROM device_ta d WHERE "  \
	"d.taid = t.taid) FROM ta t "

static void read_summary(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct ta_summary *summary = item;

	summary->taid = tam_row_text(rows, 0, arena);
	summary->name = tam_row_text(rows, 1, arena);
	summary->spid = tam_row_text(rows, 2, arena);
	summary->latest = tam_row_integer(rows, 3);
	summary->devices = tam_row_integer(rows, 4);
}

int catalogue_list(struct tam_database *database, const char *spid, const char *q,
		   const char *after, int64_t limit, struct arena *arena, struct ta_summary **list,
		   size_t *count)
{
	const char *pattern = tam_like_pattern(q, arena);

	if (q && !pattern)
		return -ENOMEM;
	return tam_database_read_all(
		database, arena, read_summary, sizeof(**list), list, count,
		SUMMARY_COLUMNS
		"WHERE t.taid > $1 AND (CAST($3 AS TEXT) IS NULL OR t.spid = CAST($3 AS TEXT)) AND "
		"(CAST($4 AS TEXT) IS NULL OR lower(t.taid || ' ' || t.name) LIKE "
		"lower(CAST($4 AS TEXT)) ESCAPE '!') ORDER BY t.taid LIMIT $2",
		TAM_VALUES(tam_text(after ? after : ""), tam_integer(limit), tam_text(spid),
			   tam_text(pattern)));
}

int catalogue_summary(struct tam_database *database, const char *taid, struct arena *arena,
		      struct ta_summary *out)
{
	return tam_database_read_one(database, arena, read_summary, out,
				     SUMMARY_COLUMNS "WHERE t.taid = $1",
				     TAM_VALUES(tam_text(taid)));
}

int catalogue_versions(struct tam_database *database, const char *taid, struct arena *arena,
		       struct ta_version **list, size_t *count)
{
	return tam_database_read_all(database, arena, read_version, sizeof(**list), list, count,
				     VERSION_COLUMNS "WHERE v.taid = $1 ORDER BY v.version DESC",
				     TAM_VALUES(tam_text(taid)));
}
