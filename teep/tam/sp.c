#include "teep/tam/sp.h"

#include <errno.h>
#include <openssl/x509.h>
#include <string.h>

#include "teep/otrp/encoding.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"

bool tam_name_fits(const char *name)
{
	const unsigned char *octets = (const unsigned char *)name;
	size_t size = 0;

	/* C1 controls, from U+0080 on, are controls too. */
	for (; octets[size]; size++)
		if (octets[size] < 0x20 || octets[size] == 0x7F || size >= TAM_NAME_MAX ||
		    (octets[size] == 0xC2 && octets[size + 1] >= 0x80 && octets[size + 1] < 0xA0))
			return false;
	return size > 0;
}

bool tam_path_name_fits(const char *name)
{
	return tam_name_fits(name) && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

struct sp_change {
	const char *spid, *name, *sha256;
	struct sp_certificate *certificate;
};

static int exists(struct tam_database *database, const char *sql, const struct tam_value *values,
		  size_t count)
{
	int64_t one;

	return tam_database_integer(database, &one, sql, values, count);
}

static int add(struct tam_database *database, void *context)
{
	const struct sp_change *change = context;
	int64_t changed;
	int rc = tam_database_run(database,
				  "INSERT INTO sp(spid, name, created) VALUES($1, $2, $3) "
				  "ON CONFLICT DO NOTHING",
				  TAM_VALUES(tam_text(change->spid), tam_text(change->name),
					     tam_integer(tam_time_now())),
				  &changed);

	return rc ? rc : changed ? 0 : -EEXIST;
}

int sp_add(struct tam_database *database, const char *spid, const char *name, const char **why)
{
	struct sp_change change = { .spid = spid, .name = name ? name : "" };

	*why = NULL;
	if (!tam_path_name_fits(spid))
		*why = "an SP's id has 1 to 255 octets and no control characters, and is neither "
		       "'.' nor '..'";
	else if (*change.name && !tam_name_fits(change.name))
		*why = "an SP's name has at most 255 octets and no control characters";
	return *why ? -EINVAL : tam_database_transaction(database, TAM_DURABLE, add, &change);
}

#define SP_COLUMNS \
	"SELECT spid, name, created, (SELECT COUNT(*) FROM ta WHERE ta.spid = sp.spid) FROM sp "

static void read_sp(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct sp *sp = item;

	sp->spid = tam_row_text(rows, 0, arena);
	sp->name = tam_row_text(rows, 1, arena);
	sp->created = tam_row_integer(rows, 2);
	sp->tas = tam_row_integer(rows, 3);
}

int sp_get(struct tam_database *database, const char *spid, struct arena *arena, struct sp *out)
{
	return tam_database_read_one(database, arena, read_sp, out, SP_COLUMNS "WHERE spid = $1",
				     TAM_VALUES(tam_text(spid)));
}

int sp_rename(struct tam_database *database, const char *spid, const char *name, const char **why)
{
	int64_t changed;
	int rc;

	*why = NULL;
	if (*name && !tam_name_fits(name)) {
		*why = "an SP's name has at most 255 octets and no control characters";
		return -EINVAL;
	}
	rc = tam_database_run(database, "UPDATE sp SET name = $2 WHERE spid = $1",
			      TAM_VALUES(tam_text(spid), tam_text(name)), &changed);
	return rc ? rc : changed ? 0 : -ENOENT;
}

static int remove_sp(struct tam_database *database, void *context)
{
	const struct sp_change *change = context;
	const struct tam_value spid = tam_text(change->spid);
	int64_t changed;
	int rc = exists(database, "SELECT 1 FROM sp WHERE spid = $1 FOR UPDATE", &spid, 1);

	if (rc)
		return rc;
	rc = exists(database,
		    "SELECT 1 FROM ta WHERE spid = $1 UNION ALL "
		    "SELECT 1 FROM wanted WHERE spid = $1 LIMIT 1",
		    &spid, 1);
	if (rc != -ENOENT)
		return rc ? rc : -EBUSY;
	return tam_database_run(database, "DELETE FROM sp WHERE spid = $1", &spid, 1, &changed);
}

int sp_remove(struct tam_database *database, const char *spid)
{
	struct sp_change change = { .spid = spid };
	const int rc = tam_database_transaction(database, TAM_DURABLE, remove_sp, &change);

	return rc == -ENOLINK ? -EBUSY : rc;
}

int sp_list(struct tam_database *database, const char *after, int64_t limit, struct arena *arena,
	    struct sp **list, size_t *count)
{
	return tam_database_read_all(database, arena, read_sp, sizeof(**list), list, count,
				     SP_COLUMNS "WHERE spid > $1 ORDER BY spid LIMIT $2",
				     TAM_VALUES(tam_text(after ? after : ""), tam_integer(limit)));
}

/* ---- Certificates ---------------------------------------------------------------------------- */

static int64_t time_of(const ASN1_TIME *time)
{
	return (int64_t)certificate_time(time) * 1000;
}

static int certificate_read(struct span der, struct arena *arena, struct sp_certificate *out,
			    const char **why)
{
	X509_AUTO certificate = certificate_parse(der.data, der.size);
	uint8_t hash[CERTIFICATE_HASH_SIZE];
	char *digits = arena_take(arena, SHA256_TEXT_SIZE);
	char *subject = arena_take(arena, TAM_NAME_MAX + 1);

	if (!digits || !subject)
		return -ENOMEM;
	if (!certificate) {
		*why = "it is no X.509 certificate";
		return -EBADMSG;
	}
	if (!certificate_fits(certificate, ROLE_SP)) {
		*why = "its key is neither RSA of 2048 bits or more, nor on P-256 or P-384";
		return -EBADMSG;
	}
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0) {
		*why = "it has expired";
		return -EBADMSG;
	}
	if (!certificate_hash(certificate, hash))
		return -ENOMEM;
	*out = (struct sp_certificate) {
		.sha256 = hex_encode(hash, sizeof(hash), digits),
		.subject = certificate_name(certificate, subject, TAM_NAME_MAX + 1),
		.not_before = time_of(X509_get0_notBefore(certificate)),
		.not_after = time_of(X509_get0_notAfter(certificate)),
		.created = tam_time_now(),
		.der = der,
	};
	return 0;
}

static int add_certificate(struct tam_database *database, void *context)
{
	const struct sp_change *change = context;
	const struct sp_certificate *certificate = change->certificate;
	int64_t changed;
	int rc = exists(database, "SELECT 1 FROM sp WHERE spid = $1 FOR UPDATE",
			TAM_VALUES(tam_text(change->spid)));

	if (rc)
		return rc;
	rc = tam_database_run(
		database,
		"INSERT INTO sp_certificate(spid, sha256, subject, not_before, not_after, created, "
		"der) VALUES($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
		TAM_VALUES(tam_text(change->spid), tam_text(certificate->sha256),
			   tam_text(certificate->subject), tam_integer(certificate->not_before),
			   tam_integer(certificate->not_after), tam_integer(certificate->created),
			   tam_octets(certificate->der)),
		&changed);
	return rc ? rc : changed ? 0 : -EEXIST;
}

int sp_certificate_add(struct tam_database *database, const char *spid, struct span der,
		       struct arena *arena, struct sp_certificate *out, const char **why)
{
	struct sp_change change = { .spid = spid, .certificate = out };
	int rc;

	*why = NULL;
	rc = certificate_read(der, arena, out, why);
	if (rc)
		return rc;
	out->spid = spid;
	return tam_database_transaction(database, TAM_DURABLE, add_certificate, &change);
}

static int remove_certificate(struct tam_database *database, void *context)
{
	const struct sp_change *change = context;
	int64_t changed;
	/* Whoever adds a package locks the SP too. */
	int rc = exists(database, "SELECT 1 FROM sp WHERE spid = $1 FOR UPDATE",
			TAM_VALUES(tam_text(change->spid)));

	if (rc)
		return rc;
	rc = exists(database,
		    "SELECT 1 FROM ta_version JOIN ta ON ta.taid = ta_version.taid "
		    "WHERE signer = $2 AND spid = $1 AND retired = 0 LIMIT 1",
		    TAM_VALUES(tam_text(change->spid), tam_text(change->sha256)));
	if (rc != -ENOENT)
		return rc ? rc : -EBUSY;
	rc = tam_database_run(database,
			      "DELETE FROM sp_certificate WHERE spid = $1 AND sha256 = $2",
			      TAM_VALUES(tam_text(change->spid), tam_text(change->sha256)),
			      &changed);
	return rc ? rc : changed ? 0 : -ENOENT;
}

int sp_certificate_remove(struct tam_database *database, const char *spid, const char *sha256)
{
	struct sp_change change = { .spid = spid, .sha256 = sha256 };

	return tam_database_transaction(database, TAM_DURABLE, remove_certificate, &change);
}

static void read_certificate(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct sp_certificate *certificate = item;

	certificate->spid = tam_row_text(rows, 0, arena);
	certificate->sha256 = tam_row_text(rows, 1, arena);
	certificate->subject = tam_row_text(rows, 2, arena);
	certificate->not_before = tam_row_integer(rows, 3);
	certificate->not_after = tam_row_integer(rows, 4);
	certificate->created = tam_row_integer(rows, 5);
	certificate->der = tam_row_copy(rows, 6, arena);
}

#define CERTIFICATE_COLUMNS \
	"SELECT spid, sha256, subject, not_before, not_after, created, der FROM sp_certificate "

int sp_certificate_list(struct tam_database *database, const char *spid, struct arena *arena,
			struct sp_certificate **list, size_t *count)
{
	if (!spid)
		return tam_database_read_all(database, arena, read_certificate, sizeof(**list),
					     list, count,
					     CERTIFICATE_COLUMNS "ORDER BY spid, sha256",
					     TAM_NO_VALUES);
	return tam_database_read_all(database, arena, read_certificate, sizeof(**list), list, count,
				     CERTIFICATE_COLUMNS "WHERE spid = $1 ORDER BY sha256",
				     TAM_VALUES(tam_text(spid)));
}
