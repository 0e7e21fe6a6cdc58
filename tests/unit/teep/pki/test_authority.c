/* Certification authorities on disk. */
#include "teep/pki/authority.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "teep/pki/openssl_auto.h"
#include "test_keys.h"

static const enum key_kind kinds[HIERARCHY_COUNT] = { KEY_P256, KEY_P256, KEY_P256, KEY_P256 };
static char directory[] = "/tmp/authorities-XXXXXX";
static char err[512];

static void set_up(void)
{
	cr_assert(mkdtemp(directory));
	cr_assert_eq(authorities_make(directory, kinds, err, sizeof(err)), 0, "%s", err);
}

static void tear_down(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_assert_eq(system(command), 0);
}

TestSuite(pki_authority, .init = set_up, .fini = tear_down);

static void file_remove(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	cr_assert_eq(unlink(path), 0, "%s", path);
}

static EVP_PKEY *key_of(const char *name)
{
	struct authority authority;
	EVP_PKEY *key;

	cr_assert_eq(authority_open(&authority, directory, HIERARCHY_TAM, name, err, sizeof(err)),
		     0, "%s", err);
	key = authority.key;
	EVP_PKEY_up_ref(key);
	authority_close(&authority);
	return key;
}

static int add(const char *name, enum key_kind kind)
{
	return authority_add(directory, HIERARCHY_TAM, name, kind, err, sizeof(err));
}

Test(pki_authority, one_that_was_cut_short_between_key_and_certificate_is_made_after_all)
{
	EVP_PKEY *before, *after;

	cr_assert_eq(add("ca2", KEY_P256), 0, "%s", err);
	before = key_of("ca2");
	file_remove("tam/ca2.pem");
	cr_assert_eq(add("ca2", KEY_P256), 0, "%s", err);
	after = key_of("ca2");
	cr_assert_eq(EVP_PKEY_eq(before, after), 1);
	EVP_PKEY_free(before);
	EVP_PKEY_free(after);
}

Test(pki_authority, what_is_there_is_not_made_again)
{
	cr_assert_eq(add("ca2", KEY_P256), 0, "%s", err);
	cr_assert_neq(add("ca2", KEY_P256), 0);
	/* A key of another kind is not what was asked for. */
	file_remove("tam/ca2.pem");
	cr_assert_neq(add("ca2", KEY_P384), 0);
	cr_assert_eq(add("ca2", KEY_P256), 0, "%s", err);
}

Test(pki_authority, a_delegate_that_was_cut_short_is_made_after_all)
{
	struct authority authority;
	const char *const files[] = { "tam/ca-ocsp.pem", NULL };
	EVP_PKEY *key = test_key(KEY_P256, 1);
	STACK_OF(X509) * chain;
	uint8_t *der;
	size_t size;

	cr_assert_eq(authority_open(&authority, directory, HIERARCHY_TAM, "ca", err, sizeof(err)),
		     0);
	cr_assert_eq(authority_issue(&authority, ROLE_TAM, "tam", key, "1.2.3", NULL, 9, &chain,
				     err, sizeof(err)),
		     0, "%s", err);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(authority_ocsp(&authority, sk_X509_value(chain, 0), true, 1, &der,
					    &size, err, sizeof(err)),
			     0, "%s", err);
		OPENSSL_free(der);
		if (files[i])
			file_remove(files[i]);
	}
	x509_stack_free(chain);
	authority_close(&authority);
	EVP_PKEY_free(key);
}

static void opened(struct authority *authority, enum hierarchy hierarchy)
{
	cr_assert_eq(authority_open(authority, directory, hierarchy, "ca", err, sizeof(err)), 0,
		     "%s", err);
}

/* NULL when it is not issued. */
static STACK_OF(X509) *
	issued(struct authority *authority, const char *tamid, EVP_PKEY *key, EVP_PKEY *previous)
{
	STACK_OF(X509) *chain = NULL;
	const int rc = authority_issue(authority, ROLE_TAM, "tam", key, tamid, previous, 9, &chain,
				       err, sizeof(err));

	cr_assert_eq(rc == 0, chain != NULL);
	return chain;
}

static int claimed(struct authority *authority, STACK_OF(X509) * chain, EVP_PKEY *previous)
{
	return authority_claim(authority, sk_X509_value(chain, 0), previous, err, sizeof(err));
}

Test(pki_authority, an_identifier_is_of_the_key_that_claimed_it)
{
	EVP_PKEY *first = test_key(KEY_P256, 1), *second = test_key(KEY_P256, 2);
	STACK_OF(X509) * ones, *others, *renewed;
	struct authority authority;

	opened(&authority, HIERARCHY_TAM);
	/* A certificate that never reached its file keeps nobody out. */
	others = issued(&authority, "urn:tam", second, NULL);
	ones = issued(&authority, "urn:tam", first, NULL);
	cr_assert_eq(claimed(&authority, ones, NULL), 0, "%s", err);
	cr_assert_eq(claimed(&authority, ones, NULL), 0, "%s", err);
	/* Who looked before and comes late. */
	cr_assert_eq(claimed(&authority, others, NULL), -EPERM);
	cr_assert_null(issued(&authority, "urn:tam", second, NULL));
	cr_assert(strstr(err, "belongs to another key"), "%s", err);

	renewed = issued(&authority, "urn:tam", second, first);
	cr_assert(renewed, "%s", err);
	/* Not before the claim: it may be tried again. */
	x509_stack_free(issued(&authority, "urn:tam", first, NULL));
	cr_assert_eq(claimed(&authority, renewed, first), 0, "%s", err);
	cr_assert_null(issued(&authority, "urn:tam", first, NULL));
	x509_stack_free(issued(&authority, "urn:tam", second, NULL));

	x509_stack_free(ones);
	x509_stack_free(others);
	x509_stack_free(renewed);
	authority_close(&authority);
	EVP_PKEY_free(first);
	EVP_PKEY_free(second);
}

Test(pki_authority, an_identifier_is_written_in_one_way)
{
	static const char *const bad[] = {
		"1.3.6.1.4.1.55555.7.01",
		"1.3.6.1.4.1.55555..1",
		"1..7",
		"1.2.",
		".1.2",
		"01.2.3",
		"1.2.3.00",
		"3.1.2",
		"1.40.1",
		"no identifier",
		"",
		"urn:t\xc3\xa4m",
		"urn:t\n",
	};
	static const char *const good[] = {
		"1.3.6.1.4.1.55555.7.1",
		"0.1.0.7",
		"2.25.340282366920938463463374607431768211455",
		"urn:tam",
		"https://tam.example/01",
	};
	EVP_PKEY *key = test_key(KEY_P256, 1);
	STACK_OF(X509) * chain;
	struct authority authority;
	char long_uri[TAMID_SIZE + 1], read[TAMID_SIZE];

	opened(&authority, HIERARCHY_TAM);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_null(issued(&authority, bad[i], key, NULL), "%s", bad[i]);
		cr_assert(strstr(err, "is no TAM identifier"), "%s: %s", bad[i], err);
	}
	memset(long_uri, 'x', sizeof(long_uri) - 1);
	memcpy(long_uri, "urn:", 4);
	long_uri[TAMID_SIZE] = '\0';
	cr_assert_null(issued(&authority, long_uri, key, NULL));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		chain = issued(&authority, good[i], key, NULL);
		cr_assert(chain, "%s", err);
		cr_assert(certificate_tamid(sk_X509_value(chain, 0), read));
		cr_assert_str_eq(read, good[i]);
		x509_stack_free(chain);
	}
	authority_close(&authority);
	EVP_PKEY_free(key);
}

Test(pki_authority, nothing_is_said_of_what_another_authority_issued)
{
	struct authority tam, tee;
	STACK_OF(X509) * chain;
	EVP_PKEY *key = test_key(KEY_P256, 1);
	uint8_t *der = NULL;
	size_t size;

	opened(&tam, HIERARCHY_TAM);
	opened(&tee, HIERARCHY_TEE);
	chain = issued(&tam, "1.2.3", key, NULL);
	for (int delegated = 0; delegated < 2; delegated++) {
		cr_assert_eq(authority_ocsp(&tee, sk_X509_value(chain, 0), delegated, 1, &der,
					    &size, err, sizeof(err)),
			     -ENOENT);
		cr_assert(strstr(err, "was not issued by"), "%s", err);
		cr_assert_null(der);
	}
	x509_stack_free(chain);
	authority_close(&tam);
	authority_close(&tee);
	EVP_PKEY_free(key);
}

static int make_again(const enum key_kind as[HIERARCHY_COUNT])
{
	return authorities_make(directory, as, err, sizeof(err));
}

Test(pki_authority, authorities_that_were_cut_short_are_completed)
{
	/* In the order in which they are made, the last one first. */
	static const char *const files[] = { "sp/ca.pem",   "sp/ca.key",  "sp/root.pem",
					     "sp/root.key", "tam/ca.pem", "tam/ca.key",
					     "tam/root.pem" };
	static const enum key_kind others[HIERARCHY_COUNT] = { KEY_P384, KEY_P384, KEY_P384,
							       KEY_P384 };
	EVP_PKEY *before = key_of("root"), *after;

	cr_assert_eq(make_again(kinds), -EEXIST);
	for (size_t last = 0; last < sizeof(files) / sizeof(files[0]); last++) {
		for (size_t i = 0; i <= last; i++)
			file_remove(files[i]);
		cr_assert_eq(make_again(others), -EEXIST);
		cr_assert_eq(make_again(kinds), 0, "without %s: %s", files[last], err);
		cr_assert_eq(make_again(kinds), -EEXIST);
	}
	after = key_of("root");
	cr_assert_eq(EVP_PKEY_eq(before, after), 1, "a root that was there is another");
	EVP_PKEY_free(before);
	EVP_PKEY_free(after);
	/* What nobody left who was killed is left alone. */
	file_remove("tam/root.pem");
	cr_assert_eq(make_again(kinds), -EEXIST);
}

Test(pki_authority, a_directory_without_a_name_is_none)
{
	struct authority authority;
	const pid_t child = fork();
	int status;

	/* Where it is taken for the root of all, that is to be another one. */
	if (child == 0)
		_exit(geteuid() == 0 && (chroot(directory) < 0 || chdir("/") < 0) ? 2
		      : authorities_make("", kinds, err, sizeof(err)) == -EINVAL &&
				      strstr(err, "is empty")
			      ? 0
			      : 1);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0, "status %d", status);
	cr_assert_eq(authority_open(&authority, "", HIERARCHY_TAM, "ca", err, sizeof(err)),
		     -EINVAL);
	cr_assert_eq(authority_add("", HIERARCHY_TAM, "ca", KEY_P256, err, sizeof(err)), -EINVAL);
}
