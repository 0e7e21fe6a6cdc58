/* Certification authorities on disk. */
#include "teep/pki/authority.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
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
