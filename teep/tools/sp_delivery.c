#include "teep/tools/sp_delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/atomic_file.h"
#include "teep/otrp/ta_cms.h"
#include "teep/otrp/ta_delivery.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tools/arguments.h"
#include "wire/uuid.h"

#define PERSONALISATION_MAX (1U << 20)

static const char help[] = "usage: " SP_DELIVERY_HELP "\n" SP_DELIVERY_HELP_MORE;

static char err[4608];

/* A file that is wiped once it is no longer needed. */
struct file {
	const char *path;
	unsigned char *octets;
	size_t size;
};

static void file_wipe(struct file *file)
{
	if (file->octets)
		explicit_bzero(file->octets, file->size);
	free(file->octets);
}

#define FILE_AUTO __attribute__((cleanup(file_wipe))) struct file

static bool file_read(struct file *file, const char *path)
{
	file->path = path;
	file->octets = input_read(path, &file->size);
	return file->octets;
}

static struct span file_span(const struct file *file)
{
	return span_of(file->octets, file->size);
}

/* EXIT_DONE when the TAM said that, and it is the right one. */
static int statement_check(const char *path, const struct aik_statement *statement,
			   const char *root, const char *tamid)
{
	X509_STACK_AUTO roots = chain_read(root, err, sizeof(err));
	struct otrp_failure failure;

	if (!roots)
		return tool_refuse("%s", err);
	if (aik_statement_verify(statement, roots, time(NULL), &failure))
		return tool_refuse("%s: %s", path, failure.why);
	if (tamid && !span_is(statement->tamid, tamid))
		return tool_refuse("%s: it is of the TAM %s, not of %s", path,
				   span_text(statement->tamid), tamid);
	return EXIT_DONE;
}

static int package_check(const struct file *file, const char *certificate, struct arena *arena,
			 struct ta_cms *out)
{
	X509_STACK_AUTO chain = chain_read(certificate, err, sizeof(err));
	struct span_list allowed = { .count = 1 };
	const char *why = "";
	uint8_t *der;
	int rc;

	if (!chain)
		return tool_refuse("%s", err);
	der = certificate_encode(sk_X509_value(chain, 0), &allowed.item[0].size);
	allowed.item[0].data = der;
	rc = der ? ta_cms_parse(file_span(file), &allowed, arena, out, &why) : -1;
	OPENSSL_free(der);
	if (!der)
		return tool_refuse("%s: can't be read", certificate);
	if (rc)
		return tool_refuse("%s: %s", file->path,
				   strncmp(why, "is not signed", 13) ? why
								     : "is not signed by --cert");
	if (!out->version)
		return tool_refuse("%s: version 0 stands for the latest: a TA's first version is 1",
				   file->path);
	return EXIT_DONE;
}

static struct span file_span_or_none(const struct file *file)
{
	return file->octets ? file_span(file) : (struct span) { 0 };
}

/* Version 0 and no package: data alone. */
static int delivery_write(const char *out, const struct aik_statement *key,
			  const struct ta_cms *cms, const struct file *package,
			  const struct file *personal)
{
	const char *path = package->octets ? package->path : personal->path;
	char taid[UUID_TEXT_SIZE], version[32] = "", *text;
	int rc;

	uuid_format(&cms->uuid, taid);
	text = ta_delivery_make(key, taid, cms->version, cms->name, file_span_or_none(package),
				file_span_or_none(personal));
	if (!text)
		return tool_refuse("%s: can't be encrypted", path);
	if (strlen(text) > TA_DELIVERY_SIZE_MAX) {
		free(text);
		return tool_refuse("%s: encrypted it has more than %u MiB, which is all that a "
				   "message has room for",
				   path, TA_DELIVERY_SIZE_MAX >> 20);
	}
	rc = atomic_file_write(out, &(const struct atomic_file_part) { text, strlen(text) }, 1,
			       0600, ATOMIC_FILE_REPLACE);
	free(text);
	if (rc)
		return tool_refuse("%s: %s", out, strerror(-rc));
	(void)snprintf(version, sizeof(version), " version %u", cms->version);
	printf("%s: %s%s%s%s, for %s on device %.12s… alone; give it to the TAM: teesim tam "
	       "ta deliver %s\n",
	       out, package->octets ? "" : "personalisation data of ", taid,
	       package->octets ? version : "",
	       package->octets && personal->octets ? " and its personalisation data" : "",
	       span_text(key->spid), span_text(key->did), out);
	return EXIT_DONE;
}

/* Which TA the data are of, when there is no package that says so. */
static int data_only(const char *taid, const char *cert, const char *data, struct ta_cms *out)
{
	if (cert || !data)
		return tool_refuse(cert ? "--cert is for a package, and --ta in the place of one"
					: "--ta is for --personalisation alone: of what?");
	if (uuid_parse(taid, &out->uuid))
		return tool_refuse("--ta: \"%s\" is no UUID", taid);
	return EXIT_DONE;
}

int sp_encrypt(int argc, char **argv)
{
	const char *cert = NULL, *aik = NULL, *root = NULL, *tamid = NULL, *data = NULL,
		   *out = NULL, *taid = NULL, *path = NULL;
	const struct argument table[] = {
		{ "cert", &cert, NULL },
		{ "aik", &aik, NULL },
		{ "tam-root", &root, NULL },
		{ "tam-id", &tamid, NULL },
		{ "personalisation", &data, NULL },
		{ "ta", &taid, NULL },
		{ "out", &out, NULL },
	};
	FILE_AUTO package = { 0 };
	FILE_AUTO personal = { 0 };
	FILE_AUTO statement = { 0 };
	ARENA_AUTO arena = { 0 };
	struct otrp_failure failure;
	struct aik_statement key;
	struct ta_cms cms = { 0 };
	int rc = arguments_parse(argc, argv, help, table, 7, &path, 1);

	if (rc >= 0)
		return rc;
	if (!path == !taid)
		return tool_refuse("what is encrypted? A package, or with --ta the personalisation "
				   "data of a TA alone");
	if ((path && !file_read(&package, path)) || !file_read(&statement, aik) ||
	    (data && !file_read(&personal, data)))
		return EXIT_REFUSED;
	if (data && (!personal.size || personal.size > PERSONALISATION_MAX))
		return tool_refuse("%s: personalisation data have 1 octet to %u MiB", data,
				   PERSONALISATION_MAX >> 20);
	rc = path ? package_check(&package, cert, &arena, &cms) : data_only(taid, cert, data, &cms);
	if (rc)
		return rc;
	if (aik_statement_parse(file_span(&statement), &arena, &key, &failure))
		return tool_refuse("%s: %s", aik, failure.why);
	rc = statement_check(aik, &key, root, tamid);
	return rc ? rc : delivery_write(out, &key, &cms, &package, &personal);
}

static void row(const char *name, struct span text)
{
	printf("%-16s %.*s\n", name, (int)text.size, span_text(text));
}

static void statement_print(const struct aik_statement *key, const char *trusted)
{
	char when[32] = "?";
	const time_t at = (time_t)key->time;
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	printf("%-16s key of a service provider in a device\n", "what");
	row("provider", key->spid);
	row("device", key->did);
	row("TEE", key->tee);
	row("TAM", key->tamid);
	printf("%-16s %s\n%-16s %s\n%-16s %s\n", "key", key->ecc ? "ECC" : "RSA", "told", when,
	       "signature", trusted);
}

static void delivery_print(const struct ta_delivery *delivery)
{
	printf("%-16s %s encrypted for one device\n", "what",
	       delivery->package_size ? "TA that is" : "personalisation data that are");
	row("TA", delivery->taid);
	if (delivery->name.data)
		row("name", delivery->name);
	if (delivery->version)
		printf("%-16s %lld\n", "version", (long long)delivery->version);
	row("provider", delivery->spid);
	row("device", delivery->did);
	row("TAM", delivery->tamid);
	printf("%-16s %s\n", "key wrapped by",
	       jwe_algorithm_name((enum jwe_algorithm)delivery->key_algorithm));
	if (delivery->package_size)
		printf("%-16s %zu octets\n", "package", delivery->package_size);
	if (delivery->personalisation_size)
		printf("%-16s %zu octets\n", "personalisation", delivery->personalisation_size);
	else
		printf("%-16s none\n", "personalisation");
}

int sp_inspect(int argc, char **argv)
{
	const char *root = NULL, *tamid = NULL, *path;
	const struct argument table[] = { { "tam-root", &root, NULL }, { "tam-id", &tamid, NULL } };
	const char *trusted = "not verified: --tam-root says by whom it has to be";
	struct otrp_failure failure, other;
	struct ta_delivery delivery;
	struct aik_statement key;
	FILE_AUTO file = { 0 };
	ARENA_AUTO arena = { 0 };
	int rc = arguments_parse(argc, argv, help, table, 2, &path, 1);

	if (rc >= 0)
		return rc;
	if (!file_read(&file, path))
		return EXIT_REFUSED;
	if (ta_delivery_parse(file_span(&file), &arena, &delivery, &failure) == 0) {
		delivery_print(&delivery);
		return EXIT_DONE;
	}
	if (aik_statement_parse(file_span(&file), &arena, &key, &other))
		return tool_refuse(
			"%s: it is neither a key that `teesim tam device aik` fetched (%s) "
			"nor a delivery of `teesim sp encrypt` (%s)",
			path, other.why, failure.why);
	if (root) {
		rc = statement_check(path, &key, root, tamid);
		if (rc)
			return rc;
		trusted = "the TAM's";
	}
	statement_print(&key, trusted);
	return EXIT_DONE;
}
