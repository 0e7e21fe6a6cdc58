/* Paths to roots, where authorities' signatures are verified once. */
#include "teep/pki/chain.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "test_keys.h"

#define DAY 86400L

static EVP_PKEY *root_key, *authority_key, *leaf_key, *other_key;
static X509 *root, *authority, *leaf;
static STACK_OF(X509) * roots, *others;
static struct chain_memory memory;
static const char *why;
static time_t now;

static X509 *issued(enum certificate_role role, const char *name, EVP_PKEY *key, long days,
		    X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *certificate =
		certificate_issue(&(struct certificate_request) { .role = role,
								  .name = name,
								  .key = key,
								  .not_before = now - DAY,
								  .not_after = now + days * DAY },
				  issuer, issuer_key);

	cr_assert_not_null(certificate);
	return certificate;
}

static void set_up(void)
{
	now = time(NULL);
	root_key = test_key(KEY_P256, 1);
	authority_key = test_key(KEY_P256, 2);
	leaf_key = test_key(KEY_P256, 3);
	other_key = test_key(KEY_P256, 4);
	root = issued(ROLE_ROOT, "root", root_key, 1000, NULL, NULL);
	authority = issued(ROLE_INTERMEDIATE, "authority", authority_key, 100, root, root_key);
	leaf = issued(ROLE_TEE, "leaf", leaf_key, 10, authority, authority_key);
	roots = sk_X509_new_null();
	others = sk_X509_new_null();
	cr_assert(roots && others && sk_X509_push(roots, root) && sk_X509_push(others, authority));
	chain_memory_open(&memory);
}

static void tear_down(void)
{
	chain_memory_close(&memory);
	sk_X509_free(roots);
	sk_X509_free(others);
	X509_free(root);
	X509_free(authority);
	X509_free(leaf);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(authority_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(other_key);
}

TestSuite(pki_chain, .init = set_up, .fini = tear_down);

static int verify(X509 *certificate, time_t when)
{
	return chain_verify_with(&memory, certificate, others, roots, when, NULL, &why);
}

static unsigned known(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < CHAIN_MEMORY_SIZE; i++)
		count += memory.signatures[i].certificate != NULL;
	return count;
}

Test(pki_chain, the_signature_of_an_authority_is_remembered_and_that_of_a_leaf_is_not)
{
	X509_STACK_AUTO path = NULL;

	cr_expect_eq(verify(leaf, now), 0, "%s", why);
	cr_expect_eq(known(), 1);
	cr_expect_eq(memory.signatures[0].certificate, authority);
	cr_expect_eq(memory.signatures[0].issuer, root);
	cr_expect_eq(chain_verify_with(&memory, leaf, others, roots, now, &path, &why), 0);
	cr_expect_eq(sk_X509_num(path), 3);
	cr_expect_eq(known(), 1);
}

Test(pki_chain, a_leaf_that_a_known_authority_did_not_sign_is_refused)
{
	X509_AUTO forged = issued(ROLE_TEE, "leaf", leaf_key, 10, authority, other_key);

	cr_expect_eq(verify(forged, now), -EACCES);
	cr_expect_eq(known(), 0);
	cr_expect_eq(verify(leaf, now), 0, "%s", why);
	cr_expect_eq(verify(forged, now), -EACCES);
	cr_expect_not_null(strstr(why, "signature"), "%s", why);
}

Test(pki_chain, what_is_known_of_an_authority_says_nothing_of_another_by_its_name)
{
	X509_AUTO forged =
		issued(ROLE_INTERMEDIATE, "authority", authority_key, 100, root, other_key);

	cr_expect_eq(verify(leaf, now), 0, "%s", why);
	(void)sk_X509_set(others, 0, forged);
	cr_expect_eq(verify(leaf, now), -EACCES);
	cr_expect_not_null(strstr(why, "signature"), "%s", why);
}

Test(pki_chain, times_are_looked_at_each_time)
{
	X509_AUTO long_lived = issued(ROLE_TEE, "leaf", leaf_key, 2000, authority, authority_key);

	cr_expect_eq(verify(leaf, now), 0, "%s", why);
	cr_expect_eq(verify(leaf, now + 11 * DAY), -EACCES);
	cr_expect_not_null(strstr(why, "expired"), "%s", why);
	cr_expect_eq(verify(leaf, now - 2 * DAY), -EACCES);
	cr_expect_not_null(strstr(why, "not yet valid"), "%s", why);
	/* The authority's, and the root's. */
	cr_expect_eq(verify(long_lived, now + 99 * DAY), 0, "%s", why);
	cr_expect_eq(verify(long_lived, now + 101 * DAY), -EACCES);
	cr_expect_not_null(strstr(why, "expired"), "%s", why);
	cr_expect_eq(verify(long_lived, now + 1001 * DAY), -EACCES);
}

Test(pki_chain, a_root_that_is_trusted_no_more_is_none_for_a_known_authority)
{
	cr_expect_eq(verify(leaf, now), 0, "%s", why);
	(void)sk_X509_pop(roots);
	cr_expect_eq(verify(leaf, now), -EACCES);
}

Test(pki_chain, more_authorities_than_there_is_room_for_are_verified_all_the_same)
{
	X509 *made[CHAIN_MEMORY_SIZE + 2];

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		made[i] =
			issued(ROLE_INTERMEDIATE, "authority", authority_key, 100, root, root_key);
		(void)sk_X509_set(others, 0, made[i]);
		cr_expect_eq(verify(leaf, now), 0, "%s", why);
		cr_expect_eq(verify(leaf, now), 0, "%s", why);
	}
	cr_expect_eq(known(), CHAIN_MEMORY_SIZE);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		X509_free(made[i]);
}
