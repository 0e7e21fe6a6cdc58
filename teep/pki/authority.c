#include "teep/pki/authority.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/ocsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/paths.h"
#include "registry/atomic_file.h"
#include "teep/pki/fetched.h"
#include "teep/pki/ocsp.h"
#include "teep/pki/openssl_auto.h"

#define PATH_SIZE   4096
#define DAY_SECONDS 86400
/* Clocks of those who check may be a little behind. */
#define BACKDATED 3600

static const char *const hierarchy_names[HIERARCHY_COUNT] = {
	[HIERARCHY_FIRMWARE] = "firmware",
	[HIERARCHY_TEE] = "tee",
	[HIERARCHY_TAM] = "tam",
	[HIERARCHY_SP] = "sp",
};

static const char *hierarchy_name(enum hierarchy hierarchy)
{
	return hierarchy < HIERARCHY_COUNT ? hierarchy_names[hierarchy] : "?";
}

enum hierarchy hierarchy_parse(const char *name)
{
	unsigned i = 0;

	while (i < HIERARCHY_COUNT && strcmp(name, hierarchy_names[i]) != 0)
		i++;
	return (enum hierarchy)i;
}

static int complain(int code, char *err, size_t errlen, const char *what, const char *path)
{
	if (code < 0)
		snprintf(err, errlen, "%s %s: %s", what, path, strerror(-code));
	return code;
}

static bool name_valid(const char *name)
{
	return paths_device_name_valid(name);
}

static time_t lifetime_end(int days)
{
	return time(NULL) + (time_t)days * DAY_SECONDS;
}

static X509 *issue(enum certificate_role role, const char *name, EVP_PKEY *key, const char *tamid,
		   int days, X509 *issuer, EVP_PKEY *issuer_key)
{
	const struct certificate_request request = {
		.role = role,
		.name = name,
		.key = key,
		.tamid = tamid,
		.not_before = time(NULL) - BACKDATED,
		.not_after = lifetime_end(days),
	};

	return certificate_issue(&request, issuer, issuer_key);
}

/*
 * The key of a pair that is to be made. It is written before its chain, so that a certificate has
 * one; a key that stands there alone is of somebody who was killed between the two, and is used.
 * NULL, with a line in `err`, when there is such a pair.
 */
static EVP_PKEY *pair_key(const char *directory, const char *name, enum key_kind kind, char *err,
			  size_t errlen)
{
	char path[PATH_SIZE];
	EVP_PKEY *key;
	int rc;

	snprintf(path, sizeof(path), "%s/%s.pem", directory, name);
	if (access(path, F_OK) == 0) {
		(void)snprintf(err, errlen, "%s is there already; nothing was changed", path);
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/%s.key", directory, name);
	if (access(path, F_OK) == 0) {
		key = key_read(path, err, errlen);
		if (!key || key_kind(key) == kind)
			return key;
		EVP_PKEY_free(key);
		(void)snprintf(err, errlen, "%s is there already; nothing was changed", path);
		return NULL;
	}
	key = key_generate(kind);
	rc = complain(key ? key_write(path, key) : -ENOMEM, err, errlen, "cannot write", path);
	if (rc) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static int pair_chain_write(const char *directory, const char *name, STACK_OF(X509) * chain,
			    char *err, size_t errlen)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s.pem", directory, name);
	return complain(chain_write(path, chain), err, errlen, "cannot write", path);
}

/* Below `issuer`, or a root without one. */
static int authority_make(const char *directory, const char *name, const char *title,
			  enum key_kind kind, const struct authority *issuer, char *err,
			  size_t errlen)
{
	PKEY_AUTO key = pair_key(directory, name, kind, err, errlen);
	X509_STACK_AUTO chain = sk_X509_new_null();
	X509 *certificate = NULL;
	int rc;

	if (!key)
		return -EEXIST;
	if (chain)
		certificate = issue(issuer ? ROLE_INTERMEDIATE : ROLE_ROOT, title, key, NULL,
				    DAYS_ROOT, issuer ? sk_X509_value(issuer->chain, 0) : NULL,
				    issuer ? issuer->key : NULL);
	if (!certificate || !sk_X509_push(chain, certificate)) {
		X509_free(certificate);
		return complain(-ENOMEM, err, errlen, "cannot make", title);
	}
	rc = 0;
	for (int i = 0; issuer && i < sk_X509_num(issuer->chain); i++)
		if (!X509_add_cert(chain, sk_X509_value(issuer->chain, i), X509_ADD_FLAG_UP_REF))
			rc = -ENOMEM;
	return rc ? rc : pair_chain_write(directory, name, chain, err, errlen);
}

static bool chain_there(const char *directory, enum hierarchy hierarchy, const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s/%s.pem", directory, hierarchy_name(hierarchy), name);
	return access(path, F_OK) == 0;
}

/* What is missing of it. */
static int hierarchy_make(const char *directory, enum hierarchy hierarchy, enum key_kind kind,
			  char *err, size_t errlen)
{
	static const char *const below[] = { "issued", "revoked", "identifiers" };
	char path[PATH_SIZE], title[96];
	int rc;

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", directory, hierarchy_name(hierarchy),
			 below[i]);
		rc = complain(paths_make_dir(path), err, errlen, "cannot make", path);
		if (rc)
			return rc;
	}
	snprintf(path, sizeof(path), "%s/%s", directory, hierarchy_name(hierarchy));
	snprintf(title, sizeof(title), "teesim %s root", hierarchy_name(hierarchy));
	if (!chain_there(directory, hierarchy, "root"))
		rc = authority_make(path, "root", title, kind, NULL, err, errlen);
	if (rc == 0 && !chain_there(directory, hierarchy, AUTHORITY_FIRST))
		rc = authority_add(directory, hierarchy, AUTHORITY_FIRST, kind, err, errlen);
	return rc;
}

static bool directory_named(const char *directory, char *err, size_t errlen)
{
	if (!directory[0])
		snprintf(err, errlen, "the name of the authorities' directory is empty");
	return directory[0];
}

/* What is there of a hierarchy, which has to be as it is asked for: how many of its two. */
static int hierarchy_look(const char *directory, enum hierarchy hierarchy, enum key_kind kind,
			  char *err, size_t errlen)
{
	const bool root = chain_there(directory, hierarchy, "root");
	const bool first = chain_there(directory, hierarchy, AUTHORITY_FIRST);
	struct authority authority;
	bool fits;
	int rc;

	if (!root && !first)
		return 0;
	rc = root ? authority_open(&authority, directory, hierarchy, "root", err, errlen) : 0;
	if (rc)
		return rc;
	fits = root && key_kind(authority.key) == kind;
	if (root)
		authority_close(&authority);
	if (fits)
		return 1 + first;
	snprintf(err, errlen, "%s/%s/%s.pem is there already%s; nothing was changed", directory,
		 hierarchy_name(hierarchy), root ? "root" : AUTHORITY_FIRST,
		 root ? ", and of another kind" : "");
	return -EEXIST;
}

int authorities_make(const char *directory, const enum key_kind kinds[HIERARCHY_COUNT], char *err,
		     size_t errlen)
{
	int there = 0, rc = 0;

	if (!directory_named(directory, err, errlen))
		return -EINVAL;
	for (unsigned i = 0; rc >= 0 && i < HIERARCHY_COUNT; i++) {
		rc = hierarchy_look(directory, (enum hierarchy)i, kinds[i], err, errlen);
		there += rc;
	}
	if (rc < 0)
		return rc;
	if (there == 2 * HIERARCHY_COUNT) {
		snprintf(err, errlen, "%s has its authorities already; nothing was changed",
			 directory);
		return -EEXIST;
	}
	rc = 0;
	for (unsigned i = 0; rc == 0 && i < HIERARCHY_COUNT; i++)
		rc = hierarchy_make(directory, (enum hierarchy)i, kinds[i], err, errlen);
	return rc;
}

int authority_open(struct authority *authority, const char *directory, enum hierarchy hierarchy,
		   const char *name, char *err, size_t errlen)
{
	char path[PATH_SIZE];

	*authority = (struct authority) { .hierarchy = hierarchy };
	if (!directory_named(directory, err, errlen))
		return -EINVAL;
	if (!name_valid(name) ||
	    snprintf(authority->directory, sizeof(authority->directory), "%s/%s", directory,
		     hierarchy_name(hierarchy)) >= (int)sizeof(authority->directory)) {
		snprintf(err, errlen, "%s: no name for an authority", name);
		return -EINVAL;
	}
	snprintf(authority->name, sizeof(authority->name), "%s", name);
	snprintf(path, sizeof(path), "%s/%s.pem", authority->directory, name);
	authority->chain = chain_read(path, err, errlen);
	snprintf(path, sizeof(path), "%s/%s.key", authority->directory, name);
	authority->key = authority->chain ? key_read(path, err, errlen) : NULL;
	if (!authority->key) {
		authority_close(authority);
		return -ENOENT;
	}
	return 0;
}

void authority_close(struct authority *authority)
{
	EVP_PKEY_free(authority->key);
	x509_stack_free(authority->chain);
	authority->key = NULL;
	authority->chain = NULL;
}

int authority_add(const char *directory, enum hierarchy hierarchy, const char *name,
		  enum key_kind kind, char *err, size_t errlen)
{
	struct authority root;
	char title[160];
	int rc;

	if (!name_valid(name)) {
		snprintf(err, errlen, "%s: no name for an authority", name);
		return -EINVAL;
	}
	rc = authority_open(&root, directory, hierarchy, "root", err, errlen);
	if (rc)
		return rc;
	snprintf(title, sizeof(title), "teesim %s %s", hierarchy_name(hierarchy), name);
	rc = authority_make(root.directory, name, title, kind, &root, err, errlen);
	authority_close(&root);
	return rc;
}

static void hex(const uint8_t *octets, size_t size, char *out)
{
	for (size_t i = 0; i < size; i++)
		snprintf(out + 2 * i, 3, "%02x", octets[i]);
}

static bool key_fingerprint(EVP_PKEY *key, char out[65])
{
	uint8_t *der = NULL, digest[32];
	const int size = i2d_PUBKEY(key, &der);
	const bool made = size > 0 && sha256_make(der, (size_t)size, digest);

	OPENSSL_free(der);
	if (made)
		hex(digest, sizeof(digest), out);
	return made;
}

static int text_write(const char *path, const char *text, enum atomic_file_mode how)
{
	const struct atomic_file_part part = { text, strlen(text) };

	return atomic_file_write(path, &part, 1, 0644, how);
}

static bool text_read(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return false;
	n = fread(out, 1, size - 1, file);
	out[n] = '\0';
	(void)fclose(file);
	return true;
}

/* What there is of an identifier, for a key. */
struct claim {
	char path[PATH_SIZE];
	char mine[65]; /* what the file says once the key has it */
	bool held;     /* it has it already */
};

/* -EPERM, with a line in `err`, when it is neither free nor of `key` or `previous`. */
static int claim_look(const struct authority *authority, const char *tamid, EVP_PKEY *key,
		      EVP_PKEY *previous, struct claim *claim, char *err, size_t errlen)
{
	char name[65], holder[65] = "", old[65] = "";
	uint8_t digest[32];

	if (!sha256_make(tamid, strlen(tamid), digest) || !key_fingerprint(key, claim->mine) ||
	    (previous && !key_fingerprint(previous, old)))
		return complain(-ENOMEM, err, errlen, "cannot claim", tamid);
	hex(digest, sizeof(digest), name);
	snprintf(claim->path, sizeof(claim->path), "%s/identifiers/%s", authority->directory, name);
	if (!text_read(claim->path, holder, sizeof(holder)))
		return errno == ENOENT ? 0
				       : complain(-EIO, err, errlen, "cannot read", claim->path);
	claim->held = strcmp(holder, claim->mine) == 0;
	if (claim->held || strcmp(holder, old) == 0)
		return 0;
	snprintf(err, errlen,
		 "the TAM identifier %s belongs to another key: renew it with --previous "
		 "and that key's file",
		 tamid);
	return -EPERM;
}

/* One at a time looks and claims. A descriptor, or -errno. */
static int identifiers_lock(const struct authority *authority, char *err, size_t errlen)
{
	char path[PATH_SIZE];
	int fd, rc;

	snprintf(path, sizeof(path), "%s/identifiers", authority->directory);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = fd < 0 || flock(fd, LOCK_EX) < 0 ? -errno : 0;
	if (rc && fd >= 0)
		(void)close(fd);
	return rc ? complain(rc, err, errlen, "cannot lock", path) : fd;
}

int authority_claim(const struct authority *authority, X509 *certificate, EVP_PKEY *previous,
		    char *err, size_t errlen)
{
	struct claim claim = { 0 };
	char tamid[TAMID_SIZE];
	int lock, rc;

	if (!certificate_tamid(certificate, tamid))
		return complain(-EINVAL, err, errlen, "cannot claim", "the TAM's identifier");
	lock = identifiers_lock(authority, err, errlen);
	if (lock < 0)
		return lock;
	rc = claim_look(authority, tamid, X509_get0_pubkey(certificate), previous, &claim, err,
			errlen);
	if (rc == 0 && !claim.held)
		rc = complain(text_write(claim.path, claim.mine, ATOMIC_FILE_REPLACE), err, errlen,
			      "cannot write", claim.path);
	(void)close(lock);
	return rc;
}

static void serial_text(X509 *certificate, char out[65])
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	const int size = ASN1_STRING_length(serial);

	out[0] = '\0';
	if (size > 0 && size <= 32)
		hex(ASN1_STRING_get0_data(serial), (size_t)size, out);
}

static int certificate_record(const struct authority *authority, X509 *certificate, char *err,
			      size_t errlen)
{
	STACK_OF(X509) *alone = sk_X509_new_null();
	char path[PATH_SIZE], serial[65];
	int rc = -ENOMEM;

	serial_text(certificate, serial);
	snprintf(path, sizeof(path), "%s/issued/%s.pem", authority->directory, serial);
	if (alone && sk_X509_push(alone, certificate))
		rc = chain_write(path, alone);
	sk_X509_free(alone);
	return complain(rc, err, errlen, "cannot write", path);
}

int authority_issue(struct authority *authority, enum certificate_role role, const char *name,
		    EVP_PKEY *key, const char *tamid, EVP_PKEY *previous, int days,
		    STACK_OF(X509) * *chain, char *err, size_t errlen)
{
	X509_STACK_AUTO made = sk_X509_new_null();
	struct claim claim = { 0 };
	X509 *certificate;
	int rc = 0;

	if (tamid && !certificate_tamid_valid(tamid)) {
		snprintf(err, errlen,
			 "\"%s\" is no TAM identifier: dotted decimals or a URI; the numbers of "
			 "an OID are neither left out nor begin with 0",
			 tamid);
		return -EINVAL;
	}
	if (tamid)
		rc = claim_look(authority, tamid, key, previous, &claim, err, errlen);
	if (rc)
		return rc;
	certificate = made ? issue(role, name, key, tamid, days, sk_X509_value(authority->chain, 0),
				   authority->key)
			   : NULL;
	if (!certificate || !sk_X509_push(made, certificate)) {
		X509_free(certificate);
		snprintf(err, errlen, "cannot issue a certificate for %s", name);
		return -EINVAL;
	}
	for (int i = 0; i < sk_X509_num(authority->chain); i++)
		if (!X509_add_cert(made, sk_X509_value(authority->chain, i), X509_ADD_FLAG_UP_REF))
			return complain(-ENOMEM, err, errlen, "cannot issue", name);
	rc = certificate_record(authority, certificate, err, errlen);
	if (rc == 0) {
		*chain = made;
		made = NULL;
	}
	return rc;
}

/* Whether the authority's records say so: V_OCSP_CERTSTATUS_…, and since when. */
static int authority_status(const struct authority *authority, X509 *certificate,
			    time_t *revoked_at)
{
	X509 *self = sk_X509_value(authority->chain, 0);
	char path[PATH_SIZE], serial[65], text[32];

	if (X509_check_issued(self, certificate) != X509_V_OK ||
	    X509_verify(certificate, authority->key) != 1)
		return V_OCSP_CERTSTATUS_UNKNOWN;
	serial_text(certificate, serial);
	snprintf(path, sizeof(path), "%s/revoked/%s", authority->directory, serial);
	if (!text_read(path, text, sizeof(text)))
		return V_OCSP_CERTSTATUS_GOOD;
	*revoked_at = (time_t)strtoll(text, NULL, 10);
	return V_OCSP_CERTSTATUS_REVOKED;
}

static int foreign(const struct authority *authority, char *err, size_t errlen)
{
	snprintf(err, errlen, "the certificate was not issued by %s/%s", authority->directory,
		 authority->name);
	return -ENOENT;
}

int authority_revoke(struct authority *authority, X509 *certificate, char *err, size_t errlen)
{
	char path[PATH_SIZE], serial[65], text[32];
	int rc;

	if (authority_status(authority, certificate, &(time_t) { 0 }) == V_OCSP_CERTSTATUS_UNKNOWN)
		return foreign(authority, err, errlen);
	serial_text(certificate, serial);
	snprintf(path, sizeof(path), "%s/revoked/%s", authority->directory, serial);
	snprintf(text, sizeof(text), "%lld\n", (long long)time(NULL));
	rc = text_write(path, text, ATOMIC_FILE_KEEP);
	return rc == -EEXIST ? 0 : complain(rc, err, errlen, "cannot write", path);
}

/* The delegate's pair, made when it is first asked for. */
static int responder_open(const struct authority *authority, EVP_PKEY **key,
			  STACK_OF(X509) * *chain, char *err, size_t errlen)
{
	char path[PATH_SIZE], name[96], title[192];
	X509 *certificate;
	int rc;

	snprintf(name, sizeof(name), "%s-ocsp", authority->name);
	snprintf(path, sizeof(path), "%s/%s.pem", authority->directory, name);
	if (access(path, R_OK) < 0) {
		PKEY_AUTO fresh =
			pair_key(authority->directory, name, key_kind(authority->key), err, errlen);
		X509_STACK_AUTO alone = sk_X509_new_null();

		snprintf(title, sizeof(title), "teesim %s %s OCSP responder",
			 hierarchy_name(authority->hierarchy), authority->name);
		if (!fresh)
			return -EEXIST;
		certificate = issue(ROLE_OCSP, title, fresh, NULL, DAYS_RESPONDER,
				    sk_X509_value(authority->chain, 0), authority->key);
		if (!certificate || !alone || !sk_X509_push(alone, certificate)) {
			X509_free(certificate);
			return complain(-ENOMEM, err, errlen, "cannot make", title);
		}
		rc = pair_chain_write(authority->directory, name, alone, err, errlen);
		if (rc)
			return rc;
	}
	*chain = chain_read(path, err, errlen);
	snprintf(path, sizeof(path), "%s/%s.key", authority->directory, name);
	*key = *chain ? key_read(path, err, errlen) : NULL;
	return *key ? 0 : -EIO;
}

int authority_ocsp(struct authority *authority, X509 *certificate, bool delegated, int hours,
		   uint8_t **der, size_t *size, char *err, size_t errlen)
{
	const time_t now = time(NULL);
	struct ocsp_statement statement = {
		.subject = certificate,
		.issuer = sk_X509_value(authority->chain, 0),
		.this_update = now,
		.next_update = now + (time_t)hours * 3600,
		.responder = sk_X509_value(authority->chain, 0),
		.responder_key = authority->key,
	};
	X509_STACK_AUTO responder_chain = NULL;
	PKEY_AUTO responder_key = NULL;
	int rc;

	statement.status = authority_status(authority, certificate, &statement.revoked_at);
	if (statement.status == V_OCSP_CERTSTATUS_UNKNOWN)
		return foreign(authority, err, errlen);
	if (delegated) {
		rc = responder_open(authority, &responder_key, &responder_chain, err, errlen);
		if (rc)
			return rc;
		statement.responder = sk_X509_value(responder_chain, 0);
		statement.responder_key = responder_key;
	}
	*der = ocsp_make(&statement, size);
	return *der ? 0 : complain(-ENOMEM, err, errlen, "cannot make", "an OCSP response");
}

/* Serials are long random numbers, so those that another authority of the hierarchy gave do no harm
 * in this one's list. */
static int revoked_add(const struct authority *authority, X509_CRL *list, const char *serial)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *number = NULL;
	ASN1_TIME *since = NULL;
	BIGNUM *value = NULL;
	char path[PATH_SIZE], text[32] = "0";
	int rc = -ENOMEM;

	if (snprintf(path, sizeof(path), "%s/revoked/%s", authority->directory, serial) <
	    (int)sizeof(path))
		(void)text_read(path, text, sizeof(text));
	since = ASN1_TIME_set(NULL, (time_t)strtoll(text, NULL, 10));
	if (BN_hex2bn(&value, serial))
		number = BN_to_ASN1_INTEGER(value, NULL);
	if (entry && since && number && X509_REVOKED_set_serialNumber(entry, number) == 1 &&
	    X509_REVOKED_set_revocationDate(entry, since) == 1 &&
	    X509_CRL_add0_revoked(list, entry) == 1) {
		entry = NULL;
		rc = 0;
	}
	X509_REVOKED_free(entry);
	ASN1_TIME_free(since);
	ASN1_INTEGER_free(number);
	BN_free(value);
	return rc;
}

static int revoked_collect(const struct authority *authority, X509_CRL *list)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *directory;
	int rc = 0;

	snprintf(path, sizeof(path), "%s/revoked", authority->directory);
	directory = opendir(path);
	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	while (rc == 0 && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			rc = revoked_add(authority, list, entry->d_name);
	(void)closedir(directory);
	return rc;
}

int authority_crl(struct authority *authority, int hours, uint8_t **der, size_t *size, char *err,
		  size_t errlen)
{
	X509 *self = sk_X509_value(authority->chain, 0);
	const time_t now = time(NULL);
	X509_CRL *list = X509_CRL_new();
	/* A minute back: clocks differ. */
	ASN1_TIME *from = ASN1_TIME_set(NULL, now - 60);
	ASN1_TIME *until = ASN1_TIME_set(NULL, now + (time_t)hours * 3600);
	const EVP_MD *digest = key_kind(authority->key) == KEY_P384 ? EVP_sha384() : EVP_sha256();
	int n = -1, rc = -ENOMEM;

	*der = NULL;
	if (list && from && until && X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
	    X509_CRL_set_issuer_name(list, X509_get_subject_name(self)) == 1 &&
	    X509_CRL_set1_lastUpdate(list, from) == 1 && X509_CRL_set1_nextUpdate(list, until) == 1)
		rc = revoked_collect(authority, list);
	if (rc == 0 && X509_CRL_sort(list) == 1 && X509_CRL_sign(list, authority->key, digest) > 0)
		n = i2d_X509_CRL(list, der);
	X509_CRL_free(list);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	*size = n > 0 ? (size_t)n : 0;
	return complain(rc	? rc
			: n > 0 ? 0
				: -ENOMEM,
			err, errlen, "cannot make a list of", authority->directory);
}
