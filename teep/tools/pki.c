/* `teesim pki`: the authorities of TEEP's four hierarchies. */
#include <errno.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/atomic_file.h"
#include "teep/pki/authority.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tools/arguments.h"
#include "teep/tools/tools.h"

static const char help[] =
	"usage: teesim pki init DIR [--key KIND]\n"
	"       teesim pki ca DIR HIERARCHY NAME [--key KIND]\n"
	"       teesim pki tam DIR --id ID --out PREFIX [--name N] [--key KIND] [--ca NAME]\n"
	"                      [--days N] [--previous KEYFILE]\n"
	"       teesim pki sp --out PREFIX [--pki DIR] [--name N] [--key KIND] [--days N]\n"
	"       teesim pki ocsp DIR HIERARCHY CERTFILE --out FILE [--ca NAME] [--hours N]\n"
	"                      [--delegated]\n"
	"       teesim pki revoke DIR HIERARCHY CERTFILE [--ca NAME]\n"
	"       teesim pki crl DIR HIERARCHY --out FILE [--ca NAME] [--hours N]\n"
	"       teesim pki show CERTFILE\n"
	"\n"
	"Certification authorities for trying out TEEP, in the directory DIR.\n"
	"\n"
	"  init     a root and the intermediate \"ca\" for each hierarchy: firmware, tee, tam, "
	"sp;\n"
	"           what is missing where it was cut short before\n"
	"  ca       a further intermediate below a hierarchy's root\n"
	"  tam      a TAM's key and chain, PREFIX.key and PREFIX.pem. ID is an OID in dotted\n"
	"           decimals or a URI. It belongs to the key that got it first; to renew with\n"
	"           another key, give the old one by --previous\n"
	"  sp       a service provider's key and certificate, self-signed without --pki\n"
	"  ocsp     what the authority says of a certificate now, to staple: good, or revoked\n"
	"  revoke   say from now on that it is revoked\n"
	"  crl      the list of all that the authority revoked, for a TAM's revocation directory;\n"
	"           --ca root makes the one that intermediates are in\n"
	"  show     what a certificate file holds\n"
	"\n"
	"tam and sp use a PREFIX.key that is there without a PREFIX.pem, as after one that was "
	"cut\n"
	"short, and overwrite none.\n"
	"\n"
	"KIND is rsa, p256 or p384 (default: rsa).\n";

static char err[4608];

static bool kind_parse(const char *text, enum key_kind *kind)
{
	*kind = text ? key_kind_parse(text) : KEY_RSA;
	if (*kind == KEY_OTHER)
		(void)tool_refuse("--key: \"%s\" is none of rsa, p256, p384", text);
	return *kind != KEY_OTHER;
}

static int init(int argc, char **argv)
{
	const char *key = NULL, *directory;
	const struct argument table[] = { { "key", &key, NULL } };
	enum key_kind kinds[HIERARCHY_COUNT];
	int status = arguments_parse(argc, argv, help, table, 1, &directory, 1);

	if (status >= 0)
		return status;
	for (int i = 0; i < HIERARCHY_COUNT; i++)
		if (!kind_parse(key, &kinds[i]))
			return EXIT_USAGE;
	if (authorities_make(directory, kinds, err, sizeof(err)))
		return tool_refuse("%s", err);
	printf("%s: firmware, tee, tam and sp, each with a root and the intermediate \"ca\"\n",
	       directory);
	return EXIT_DONE;
}

static bool hierarchy_take(const char *text, enum hierarchy *out)
{
	*out = hierarchy_parse(text);
	if (*out == HIERARCHY_COUNT)
		(void)tool_refuse("\"%s\" is no hierarchy: firmware, tee, tam or sp", text);
	return *out != HIERARCHY_COUNT;
}

static int ca(int argc, char **argv)
{
	const char *key = NULL, *words[3];
	const struct argument table[] = { { "key", &key, NULL } };
	enum hierarchy hierarchy;
	enum key_kind kind;
	int status = arguments_parse(argc, argv, help, table, 1, words, 3);

	if (status >= 0)
		return status;
	if (!kind_parse(key, &kind) || !hierarchy_take(words[1], &hierarchy))
		return EXIT_USAGE;
	if (authority_add(words[0], hierarchy, words[2], kind, err, sizeof(err)))
		return tool_refuse("%s", err);
	printf("%s/%s/%s.pem\n", words[0], words[1], words[2]);
	return EXIT_DONE;
}

/* PREFIX.key and PREFIX.pem. The key is written first; one that stands there alone is of somebody
 * who was killed between the two, and is used. */
struct pair {
	const char *prefix;
	EVP_PKEY *key;
	bool written; /* the key */
	char path[4096];
};

static const char *pair_path(struct pair *pair, const char *suffix)
{
	snprintf(pair->path, sizeof(pair->path), "%s.%s", pair->prefix, suffix);
	return pair->path;
}

static void pair_clear(struct pair *pair)
{
	EVP_PKEY_free(pair->key);
}

#define PAIR_AUTO __attribute__((cleanup(pair_clear))) struct pair

/* Nothing is written yet. */
static int pair_begin(struct pair *pair, const char *prefix, enum key_kind kind)
{
	pair->prefix = prefix;
	if (!prefix[0])
		return tool_refuse("--out: the name is empty");
	pair->written = access(pair_path(pair, "key"), F_OK) == 0;
	if (pair->written && access(pair_path(pair, "pem"), F_OK) == 0)
		return tool_refuse("%s: %s", pair_path(pair, "key"), strerror(EEXIST));
	pair->key = pair->written ? key_read(pair_path(pair, "key"), err, sizeof(err))
				  : key_generate(kind);
	if (!pair->key)
		return tool_refuse("%s", pair->written ? err : "OpenSSL makes no key");
	return key_kind(pair->key) == kind ? EXIT_DONE
					   : tool_refuse("%s: %s, and is of another kind",
							 pair_path(pair, "key"), strerror(EEXIST));
}

static int pair_key_write(struct pair *pair)
{
	const int rc = pair->written ? 0 : key_write(pair_path(pair, "key"), pair->key);

	return rc ? tool_refuse("%s: %s", pair->path, strerror(-rc)) : EXIT_DONE;
}

static int pair_chain_write(struct pair *pair, STACK_OF(X509) * chain)
{
	const int rc = chain_write(pair_path(pair, "pem"), chain);

	if (rc)
		return tool_refuse("%s: %s", pair->path, strerror(-rc));
	printf("%s.key, %s.pem\n", pair->prefix, pair->prefix);
	return EXIT_DONE;
}

struct leaf {
	const char *directory, *id, *out, *name, *key, *ca, *days, *previous;
};

/* The certificate is written last, and the identifier claimed before by a key that is in its file:
 * whoever is killed, or fails, on the way there does the same once more. */
static int leaf_keep(const struct authority *authority, const struct leaf *leaf, struct pair *pair,
		     EVP_PKEY *previous, STACK_OF(X509) * chain)
{
	int rc = pair_key_write(pair);

	if (rc)
		return rc;
	if (leaf->id)
		rc = authority_claim(authority, sk_X509_value(chain, 0), previous, err,
				     sizeof(err));
	/* Somebody was faster. */
	if (rc == -EPERM && !pair->written)
		(void)unlink(pair_path(pair, "key"));
	return rc ? tool_refuse("%s", err) : pair_chain_write(pair, chain);
}

static int leaf_make(const struct leaf *leaf, enum certificate_role role, enum hierarchy hierarchy,
		     int days_otherwise)
{
	struct authority authority;
	X509_STACK_AUTO chain = NULL;
	PKEY_AUTO previous = NULL;
	PAIR_AUTO pair = { 0 };
	enum key_kind kind;
	long days;
	int rc;

	if (!kind_parse(leaf->key, &kind) ||
	    !argument_number("days", leaf->days, days_otherwise, 1, 36500, &days))
		return EXIT_USAGE;
	if (leaf->previous) {
		previous = key_read(leaf->previous, err, sizeof(err));
		if (!previous)
			return tool_refuse("%s", err);
	}
	rc = pair_begin(&pair, leaf->out, kind);
	if (rc)
		return rc;
	if (authority_open(&authority, leaf->directory, hierarchy,
			   leaf->ca ? leaf->ca : AUTHORITY_FIRST, err, sizeof(err)))
		return tool_refuse("%s", err);
	rc = authority_issue(&authority, role, leaf->name, pair.key, leaf->id, previous, (int)days,
			     &chain, err, sizeof(err));
	rc = rc ? tool_refuse("%s", err) : leaf_keep(&authority, leaf, &pair, previous, chain);
	authority_close(&authority);
	return rc;
}

static int tam(int argc, char **argv)
{
	struct leaf leaf = { .name = "TAM" };
	const struct argument table[] = {
		{ "id", &leaf.id, NULL },
		{ "out", &leaf.out, NULL },
		{ "name", &leaf.name, NULL },
		{ "key", &leaf.key, NULL },
		{ "ca", &leaf.ca, NULL },
		{ "days", &leaf.days, NULL },
		{ "previous", &leaf.previous, NULL },
	};
	int status = arguments_parse(argc, argv, help, table, sizeof(table) / sizeof(table[0]),
				     &leaf.directory, 1);

	if (status >= 0)
		return status;
	return leaf_make(&leaf, ROLE_TAM, HIERARCHY_TAM, DAYS_TAM);
}

static int sp_alone(const struct leaf *leaf)
{
	X509_STACK_AUTO chain = sk_X509_new_null();
	struct certificate_request request = { .role = ROLE_SP, .name = leaf->name };
	PAIR_AUTO pair = { 0 };
	enum key_kind kind;
	X509 *certificate;
	long days;
	int rc;

	if (!kind_parse(leaf->key, &kind) ||
	    !argument_number("days", leaf->days, DAYS_TAM, 1, 36500, &days))
		return EXIT_USAGE;
	rc = pair_begin(&pair, leaf->out, kind);
	if (rc)
		return rc;
	request.key = pair.key;
	request.not_before = time(NULL) - 3600;
	request.not_after = time(NULL) + days * 86400;
	certificate = certificate_issue(&request, NULL, NULL);
	if (!certificate || !chain || !sk_X509_push(chain, certificate)) {
		X509_free(certificate);
		return tool_refuse("OpenSSL makes no certificate");
	}
	rc = pair_key_write(&pair);
	return rc ? rc : pair_chain_write(&pair, chain);
}

static int sp(int argc, char **argv)
{
	struct leaf leaf = { .name = "Service Provider" };
	const struct argument table[] = {
		{ "pki", &leaf.directory, NULL }, { "out", &leaf.out, NULL },
		{ "name", &leaf.name, NULL },	  { "key", &leaf.key, NULL },
		{ "days", &leaf.days, NULL },
	};
	int status =
		arguments_parse(argc, argv, help, table, sizeof(table) / sizeof(table[0]), NULL, 0);

	if (status >= 0)
		return status;
	return leaf.directory ? leaf_make(&leaf, ROLE_SP, HIERARCHY_SP, DAYS_TAM) : sp_alone(&leaf);
}

static int authority_take(struct authority *authority, const char *const words[3], const char *name,
			  STACK_OF(X509) * *chain)
{
	enum hierarchy hierarchy;

	if (!hierarchy_take(words[1], &hierarchy))
		return EXIT_USAGE;
	*chain = chain_read(words[2], err, sizeof(err));
	if (!*chain || authority_open(authority, words[0], hierarchy, name ? name : AUTHORITY_FIRST,
				      err, sizeof(err)))
		return tool_refuse("%s", err);
	return EXIT_DONE;
}

static int ocsp(int argc, char **argv)
{
	const char *out = NULL, *name = NULL, *hours_text = NULL, *words[3];
	bool delegated = false;
	const struct argument table[] = {
		{ "out", &out, NULL },
		{ "ca", &name, NULL },
		{ "hours", &hours_text, NULL },
		{ "delegated", NULL, &delegated },
	};
	struct authority authority = { 0 };
	struct atomic_file_part part;
	X509_STACK_AUTO chain = NULL;
	uint8_t *der = NULL;
	size_t size = 0;
	long hours;
	int rc, status = arguments_parse(argc, argv, help, table, 4, words, 3);

	if (status >= 0)
		return status;
	if (!argument_number("hours", hours_text, 24, 1, 100000, &hours))
		return EXIT_USAGE;
	status = authority_take(&authority, words, name, &chain);
	if (status)
		return status;
	rc = authority_ocsp(&authority, sk_X509_value(chain, 0), delegated, (int)hours, &der, &size,
			    err, sizeof(err));
	authority_close(&authority);
	if (rc)
		return tool_refuse("%s", err);
	part = (struct atomic_file_part) { der, size };
	rc = atomic_file_write(out, &part, 1, 0644, ATOMIC_FILE_REPLACE);
	OPENSSL_free(der);
	return rc ? tool_refuse("%s: %s", out, strerror(-rc)) : EXIT_DONE;
}

static int revoke_one(int argc, char **argv)
{
	const char *name = NULL, *words[3];
	const struct argument table[] = { { "ca", &name, NULL } };
	struct authority authority = { 0 };
	X509_STACK_AUTO chain = NULL;
	int rc, status = arguments_parse(argc, argv, help, table, 1, words, 3);

	if (status >= 0)
		return status;
	status = authority_take(&authority, words, name, &chain);
	if (status)
		return status;
	rc = authority_revoke(&authority, sk_X509_value(chain, 0), err, sizeof(err));
	authority_close(&authority);
	return rc ? tool_refuse("%s", err) : EXIT_DONE;
}

static int crl(int argc, char **argv)
{
	const char *out = NULL, *name = NULL, *hours_text = NULL, *words[2];
	const struct argument table[] = {
		{ "out", &out, NULL },
		{ "ca", &name, NULL },
		{ "hours", &hours_text, NULL },
	};
	struct authority authority = { 0 };
	struct atomic_file_part part;
	enum hierarchy hierarchy;
	uint8_t *der = NULL;
	size_t size = 0;
	long hours;
	int rc, status = arguments_parse(argc, argv, help, table, 3, words, 2);

	if (status >= 0)
		return status;
	if (!argument_number("hours", hours_text, 24 * 30, 1, 100000, &hours))
		return EXIT_USAGE;
	if (!hierarchy_take(words[1], &hierarchy))
		return EXIT_USAGE;
	if (authority_open(&authority, words[0], hierarchy, name ? name : AUTHORITY_FIRST, err,
			   sizeof(err)))
		return tool_refuse("%s", err);
	rc = authority_crl(&authority, (int)hours, &der, &size, err, sizeof(err));
	authority_close(&authority);
	if (rc)
		return tool_refuse("%s", err);
	part = (struct atomic_file_part) { der, size };
	rc = atomic_file_write(out, &part, 1, 0644, ATOMIC_FILE_REPLACE);
	OPENSSL_free(der);
	return rc ? tool_refuse("%s: %s", out, strerror(-rc)) : EXIT_DONE;
}

static void show_one(X509 *certificate)
{
	char name[128], issuer[256], tamid[TAMID_SIZE];
	BIO_AUTO out = BIO_new_fp(stdout, BIO_NOCLOSE);

	printf("%s\n", certificate_name(certificate, name, sizeof(name)));
	X509_NAME_oneline(X509_get_issuer_name(certificate), issuer, sizeof(issuer));
	printf("    issued by %s\n    key: %s\n", issuer,
	       key_kind_name(key_kind(X509_get0_pubkey(certificate))));
	if (certificate_tamid(certificate, tamid))
		printf("    TAM identifier: %s\n", tamid);
	fputs("    valid to ", stdout);
	(void)fflush(stdout);
	if (out)
		ASN1_TIME_print(out, X509_get0_notAfter(certificate));
	putchar('\n');
}

static int show(int argc, char **argv)
{
	X509_STACK_AUTO chain = NULL;
	const char *path;
	int status = arguments_parse(argc, argv, help, NULL, 0, &path, 1);

	if (status >= 0)
		return status;
	chain = chain_read(path, err, sizeof(err));
	if (!chain)
		return tool_refuse("%s", err);
	for (int i = 0; i < sk_X509_num(chain); i++)
		show_one(sk_X509_value(chain, i));
	return EXIT_DONE;
}

int tool_pki(int argc, char **argv)
{
	static const struct subcommand table[] = {
		{ "init", init }, { "ca", ca },	    { "tam", tam },
		{ "sp", sp },	  { "ocsp", ocsp }, { "revoke", revoke_one },
		{ "crl", crl },	  { "show", show },
	};

	return subcommand_run(argc, argv, help, table, sizeof(table) / sizeof(table[0]));
}
