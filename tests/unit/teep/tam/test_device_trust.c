/* Which devices a TAM serves: roots, revocation, firmware, rules. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "teep/pki/authority.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/signature.h"
#include "teep/tam/device_trust.h"
#include "teep/tam/trust_policy.h"
#include "test_keys.h"

static char directory[] = "/tmp/tam-trust-XXXXXX";
static char pki[128], other_pki[128], tee_roots[128], firmware_roots[128], revocation[128];
static char err[512], reason[DEVICE_REASON_SIZE];
static struct device_trust *trust;
static EVP_PKEY *tee_key, *tfw_key;
static STACK_OF(X509) * tee_chain, *tfw_chain;
static struct arena arena;
static struct dsi dsi;
static X509 *leaf;

#define TID span_of_text("transaction-1")

static void run(const char *format, const char *a, const char *b)
{
	char command[512];

	snprintf(command, sizeof(command), format, a, b);
	cr_assert_eq(system(command), 0, "%s", command);
}

static void authorities(const char *path)
{
	static const enum key_kind kinds[HIERARCHY_COUNT] = { KEY_P256, KEY_P256, KEY_P256,
							      KEY_P256 };

	cr_assert_eq(authorities_make(path, kinds, err, sizeof(err)), 0, "%s", err);
}

static STACK_OF(X509) * issued(const char *path, enum hierarchy hierarchy, const char *ca,
			       enum certificate_role role, EVP_PKEY *key)
{
	struct authority authority;
	STACK_OF(X509) * chain;

	cr_assert_eq(authority_open(&authority, path, hierarchy, ca, err, sizeof(err)), 0, "%s",
		     err);
	cr_assert_eq(authority_issue(&authority, role, "Sim", key, NULL, NULL, 100, &chain, err,
				     sizeof(err)),
		     0, "%s", err);
	authority_close(&authority);
	return chain;
}

static struct span der_of(X509 *certificate)
{
	struct span out;
	size_t size;
	uint8_t *der = certificate_encode(certificate, &size);

	cr_assert(der && arena_copy(&arena, der, size, &out));
	OPENSSL_free(der);
	return out;
}

/* The state that a device with these chains tells. */
static void tell(STACK_OF(X509) * tee, STACK_OF(X509) * tfw)
{
	size_t size;
	uint8_t *signature;

	dsi = (struct dsi) { .name = span_of_text("simtee-0"), .version = span_of_text("1.2") };
	dsi.cert = der_of(sk_X509_value(tee, 0));
	for (int i = 1; i < sk_X509_num(tee); i++)
		dsi.cacert.item[dsi.cacert.count++] = der_of(sk_X509_value(tee, i));
	if (!tfw)
		return;
	signature = signature_make(tfw_key, SIGNATURE_JOSE, TID.data, TID.size, &size);
	dsi.has_tfw = true;
	dsi.tfw_tbs = TID;
	dsi.tfw_cert = der_of(sk_X509_value(tfw, 0));
	dsi.tfw_algorithm = JWS_ES256;
	cr_assert(arena_copy(&arena, signature, size, &dsi.tfw_sig));
	OPENSSL_free(signature);
}

static void open_with(const char *policy)
{
	const struct device_trust_options options = {
		.tee_roots = tee_roots,
		.firmware_roots = firmware_roots,
		.revocation = revocation,
		.policy = policy ? span_of_text(policy) : (struct span) { 0 },
	};

	device_trust_close(trust);
	trust = NULL;
	cr_assert_eq(device_trust_open(&trust, &options, err, sizeof(err)), 0, "%s", err);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(directory));
	snprintf(pki, sizeof(pki), "%s/pki", directory);
	snprintf(other_pki, sizeof(other_pki), "%s/other", directory);
	snprintf(tee_roots, sizeof(tee_roots), "%s/tee-roots", directory);
	snprintf(firmware_roots, sizeof(firmware_roots), "%s/firmware-roots", directory);
	snprintf(revocation, sizeof(revocation), "%s/revocation", directory);
	authorities(pki);
	mkdir(tee_roots, 0755);
	mkdir(firmware_roots, 0755);
	mkdir(revocation, 0755);
	run("cp %s/tee/root.pem %s/", pki, tee_roots);
	run("cp %s/firmware/ca.pem %s/", pki, firmware_roots);
	tee_key = test_key(KEY_P256, 1);
	tfw_key = test_key(KEY_P256, 2);
	tee_chain = issued(pki, HIERARCHY_TEE, "ca", ROLE_TEE, tee_key);
	tfw_chain = issued(pki, HIERARCHY_FIRMWARE, "ca", ROLE_TFW, tfw_key);
	tell(tee_chain, tfw_chain);
	open_with(NULL);
}

static void teardown(void)
{
	device_trust_close(trust);
	x509_stack_free(tee_chain);
	x509_stack_free(tfw_chain);
	EVP_PKEY_free(tee_key);
	EVP_PKEY_free(tfw_key);
	arena_clear(&arena);
	run("rm -rf %s%s", directory, "");
}

TestSuite(tam_device_trust, .init = setup, .fini = teardown);

static int certificate_at(time_t now)
{
	int rc = device_trust_certificate(trust, &dsi, now, &leaf, reason);

	if (rc == 0)
		X509_free(leaf);
	return rc;
}

static int certificate(void)
{
	return certificate_at(time(NULL));
}

static int judge(void)
{
	return device_trust_judge(trust, &dsi, TID, time(NULL), reason);
}

static void says(const char *part)
{
	cr_expect(strstr(reason, part), "\"%s\" is not in: %s", part, reason);
}

Test(tam_device_trust, genuine_device_is_served)
{
	cr_expect_eq(certificate(), 0, "%s", reason);
	cr_expect_eq(judge(), 0, "%s", reason);
}

Test(tam_device_trust, t23_root_that_nobody_knows_is_refused)
{
	STACK_OF(X509) * stranger;

	authorities(other_pki);
	stranger = issued(other_pki, HIERARCHY_TEE, "ca", ROLE_TEE, tee_key);
	tell(stranger, tfw_chain);
	cr_expect_eq(certificate(), -EACCES);
	says("TEE's certificate");
	x509_stack_free(stranger);
}

Test(tam_device_trust, t23_expired_certificate_is_refused)
{
	cr_expect_eq(certificate_at(time(NULL) + 200L * 86400), -EACCES);
	says("expired");
	cr_expect_eq(certificate_at(time(NULL) - 86400), -EACCES);
	says("not yet valid");
}

static int watched;

static void watch(void *context, const struct revocation_source *source)
{
	watched++;
	cr_expect(source->is_list);
	cr_expect_str_eq(source->file, context);
	cr_expect_not_null(strstr(source->subject, "tee ca"), "%s", source->subject);
	cr_expect(source->since <= time(NULL) && source->until > time(NULL));
}

Test(tam_device_trust, t23_revoked_device_is_refused)
{
	struct authority authority;
	uint8_t *der;
	size_t size;
	FILE *file;
	char path[256];

	cr_assert_eq(authority_open(&authority, pki, HIERARCHY_TEE, "ca", err, sizeof(err)), 0);
	cr_assert_eq(authority_revoke(&authority, sk_X509_value(tee_chain, 0), err, sizeof(err)), 0,
		     "%s", err);
	cr_assert_eq(authority_crl(&authority, 1, &der, &size, err, sizeof(err)), 0, "%s", err);
	authority_close(&authority);
	cr_expect_eq(certificate(), 0);
	snprintf(path, sizeof(path), "%s/ca.crl", revocation);
	file = fopen(path, "w");
	fwrite(der, 1, size, file);
	fclose(file);
	OPENSSL_free(der);
	cr_assert_eq(device_trust_refresh(trust, NULL, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(certificate(), -EACCES);
	says("revoked");
	/* Whoever watches what ends is told of it. */
	watched = 0;
	device_trust_revocation_each(trust, watch, path);
	cr_expect_eq(watched, 1);
	/* A stale list revokes what it revokes. */
	cr_expect_eq(certificate_at(time(NULL) + 86400), -EACCES);
	says("revoked");
}

Test(tam_device_trust, row78_revoked_intermediate_of_the_tees_is_refused)
{
	struct authority root;
	uint8_t *der;
	size_t size;
	FILE *file;
	char path[256];
	bool changed;

	cr_assert_eq(authority_open(&root, pki, HIERARCHY_TEE, "root", err, sizeof(err)), 0);
	cr_assert_eq(authority_revoke(&root, sk_X509_value(tee_chain, 1), err, sizeof(err)), 0,
		     "%s", err);
	cr_assert_eq(authority_crl(&root, 1, &der, &size, err, sizeof(err)), 0, "%s", err);
	authority_close(&root);
	snprintf(path, sizeof(path), "%s/root.crl", revocation);
	file = fopen(path, "w");
	fwrite(der, 1, size, file);
	fclose(file);
	OPENSSL_free(der);
	cr_assert_eq(device_trust_refresh(trust, &changed, err, sizeof(err)), 0, "%s", err);
	cr_expect(changed);
	cr_expect_eq(certificate(), -EACCES);
	says("teesim tee ca");
	cr_assert_eq(device_trust_refresh(trust, &changed, err, sizeof(err)), 0);
	cr_expect_not(changed);
}

Test(tam_device_trust, ocsp_response_that_says_revoked_is_enough)
{
	struct authority root;
	uint8_t *der;
	size_t size;
	FILE *file;
	char path[256];

	cr_assert_eq(authority_open(&root, pki, HIERARCHY_TEE, "root", err, sizeof(err)), 0);
	cr_assert_eq(authority_revoke(&root, sk_X509_value(tee_chain, 1), err, sizeof(err)), 0);
	cr_assert_eq(authority_ocsp(&root, sk_X509_value(tee_chain, 1), false, 1, &der, &size, err,
				    sizeof(err)),
		     0);
	authority_close(&root);
	snprintf(path, sizeof(path), "%s/ca.ocsp", revocation);
	file = fopen(path, "w");
	fwrite(der, 1, size, file);
	fclose(file);
	OPENSSL_free(der);
	open_with(NULL);
	cr_expect_eq(certificate(), -EACCES);
	says("revoked");
}

static void response_put(const char *name, int hours)
{
	struct authority root;
	uint8_t *der;
	size_t size;
	FILE *file;
	char path[256];

	cr_assert_eq(authority_open(&root, pki, HIERARCHY_TEE, "root", err, sizeof(err)), 0);
	cr_assert_eq(authority_ocsp(&root, sk_X509_value(tee_chain, 1), false, hours, &der, &size,
				    err, sizeof(err)),
		     0, "%s", err);
	authority_close(&root);
	snprintf(path, sizeof(path), "%s/%s.ocsp", revocation, name);
	file = fopen(path, "w");
	fwrite(der, 1, size, file);
	fclose(file);
	OPENSSL_free(der);
}

Test(tam_device_trust, stale_ocsp_response_beside_a_fresh_one_refuses_nobody)
{
	bool changed;

	response_put("old", 1);
	open_with(NULL);
	cr_expect_eq(certificate_at(time(NULL) + 7200), -EACCES);
	says("stale");
	response_put("new", 5);
	cr_assert_eq(device_trust_refresh(trust, &changed, err, sizeof(err)), 0, "%s", err);
	cr_expect(changed);
	cr_expect_eq(certificate_at(time(NULL) + 7200), 0, "%s", reason);
}

/* The database takes whole characters only. */
Test(tam_device_trust, reason_is_cut_between_two_characters)
{
	char name[400];

	for (size_t lead = 0; lead < 3; lead++) {
		size_t size;

		memset(name, 'x', lead);
		for (size = lead; size + 3 < sizeof(name); size += 3)
			memcpy(name + size, "\u20ac", 3);
		name[size] = '\0';
		dsi.name = span_of_text(name);
		open_with("{\"tees\": [{\"name\": \"*\", \"allow\": false}]}");
		cr_expect_eq(device_trust_judge(trust, &dsi, TID, time(NULL), reason), -EACCES);
		size = strlen(reason);
		cr_expect_gt(size, DEVICE_REASON_SIZE - 4);
		cr_expect_eq(memcmp(reason + size - 3, "\u20ac", 3), 0, "%s", reason);
		device_trust_close(trust);
		trust = NULL;
	}
}

Test(tam_device_trust, policy_may_ask_for_a_fresh_word_on_each_certificate)
{
	struct authority authority;
	static const char *const names[] = { "root", "ca" };
	uint8_t *der;
	size_t size;
	FILE *file;
	char path[256];

	open_with("{\"require_revocation\": true}");
	cr_expect_eq(certificate(), -EACCES);
	says("no fresh revocation list");
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(authority_open(&authority, pki, HIERARCHY_TEE, names[i], err,
					    sizeof(err)),
			     0);
		cr_assert_eq(authority_crl(&authority, 1, &der, &size, err, sizeof(err)), 0);
		authority_close(&authority);
		snprintf(path, sizeof(path), "%s/%s.crl", revocation, names[i]);
		file = fopen(path, "w");
		fwrite(der, 1, size, file);
		fclose(file);
		OPENSSL_free(der);
	}
	open_with("{\"require_revocation\": true}");
	cr_expect_eq(certificate(), 0, "%s", reason);
	cr_expect_eq(certificate_at(time(NULL) + 7200), -EACCES);
	says("no fresh revocation list");
}

Test(tam_device_trust, row25_two_makes_of_devices_are_served_side_by_side)
{
	STACK_OF(X509) * other;

	authorities(other_pki);
	other = issued(other_pki, HIERARCHY_TEE, "ca", ROLE_TEE, tee_key);
	run("cp %s/tee/root.pem %s/second.pem", other_pki, tee_roots);
	open_with(NULL);
	cr_expect_eq(certificate(), 0, "%s", reason);
	tell(other, tfw_chain);
	cr_expect_eq(certificate(), 0, "%s", reason);
	x509_stack_free(other);
}

Test(tam_device_trust, row43_device_of_a_new_factory_needs_nothing_new_in_the_tam)
{
	STACK_OF(X509) * made;

	cr_assert_eq(authority_add(pki, HIERARCHY_TEE, "factory2", KEY_P256, err, sizeof(err)), 0);
	made = issued(pki, HIERARCHY_TEE, "factory2", ROLE_TEE, tee_key);
	tell(made, tfw_chain);
	cr_expect_eq(certificate(), 0, "%s", reason);
	x509_stack_free(made);
}

Test(tam_device_trust, certificate_for_another_use_is_refused)
{
	STACK_OF(X509) *wrong = issued(pki, HIERARCHY_TEE, "ca", ROLE_TFW, tee_key);

	tell(wrong, tfw_chain);
	cr_expect_eq(certificate(), -EACCES);
	says("use");
	x509_stack_free(wrong);
}

Test(tam_device_trust, t22_firmware_signed_another_transaction)
{
	dsi.tfw_tbs = span_of_text("transaction-2");
	cr_expect_eq(judge(), -EACCES);
	says("another transaction");
}

Test(tam_device_trust, t22_firmware_signature_by_another_key)
{
	size_t size;
	uint8_t *signature = signature_make(tee_key, SIGNATURE_JOSE, TID.data, TID.size, &size);

	cr_assert(arena_copy(&arena, signature, size, &dsi.tfw_sig));
	OPENSSL_free(signature);
	cr_expect_eq(judge(), -EACCES);
	says("signature does not hold");
}

Test(tam_device_trust, t22_firmware_of_a_root_that_nobody_knows)
{
	STACK_OF(X509) * stranger;

	authorities(other_pki);
	stranger = issued(other_pki, HIERARCHY_FIRMWARE, "ca", ROLE_TFW, tfw_key);
	tell(tee_chain, stranger);
	cr_expect_eq(judge(), -EACCES);
	says("firmware's certificate");
	x509_stack_free(stranger);
}

Test(tam_device_trust, t22_algorithm_that_is_not_the_keys)
{
	dsi.tfw_algorithm = JWS_RS256;
	cr_expect_eq(judge(), -EACCES);
	dsi.tfw_algorithm = JWS_NONE;
	cr_expect_eq(judge(), -EACCES);
	says("algorithm");
}

Test(tam_device_trust, t22_absent_firmware_passes_or_not_as_the_policy_says)
{
	tell(tee_chain, NULL);
	cr_expect_eq(judge(), 0, "%s", reason);
	open_with("{\"require_tfw\": true}");
	cr_expect_eq(judge(), -EACCES);
	says("does not vouch");
	open_with("{\"require_tfw\": true, \"tees\": [{\"name\": \"simtee-*\", "
		  "\"require_tfw\": false}]}");
	cr_expect_eq(judge(), 0, "%s", reason);
}

Test(tam_device_trust, row1_names_and_versions_decide)
{
	static const struct {
		const char *policy;
		const char *why; /* NULL: served */
	} cases[] = {
		{ "{}", NULL },
		{ "{\"others\": \"deny\"}", "does not allow" },
		{ "{\"others\": \"deny\", \"tees\": [{\"name\": \"simtee-?\"}]}", NULL },
		{ "{\"tees\": [{\"name\": \"simtee-0\", \"allow\": false}]}", "does not allow" },
		{ "{\"tees\": [{\"name\": \"x\", \"allow\": false}, {\"name\": \"*\"}]}", NULL },
		{ "{\"tees\": [{\"name\": \"*\", \"min_version\": \"1.2\"}]}", NULL },
		{ "{\"tees\": [{\"name\": \"*\", \"min_version\": \"1.10\"}]}", "below 1.10" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_with(cases[i].policy);
		cr_expect_eq(judge(), cases[i].why ? -EACCES : 0, "%s", cases[i].policy);
		if (cases[i].why)
			says(cases[i].why);
	}
}

Test(tam_device_trust, firmware_roots_may_be_narrowed)
{
	uint8_t hash[CERTIFICATE_HASH_SIZE];
	char digits[2 * CERTIFICATE_HASH_SIZE + 1] = "", policy[256];

	cr_assert(certificate_hash(sk_X509_value(tfw_chain, 2), hash));
	for (size_t i = 0; i < sizeof(hash); i++)
		sprintf(digits + 2 * i, "%02x", hash[i]);
	snprintf(policy, sizeof(policy), "{\"firmware_roots\": [\"%s\"]}", digits);
	open_with(policy);
	cr_expect_eq(judge(), 0, "%s", reason);
	open_with("{\"firmware_roots\": []}");
	cr_expect_eq(judge(), -EACCES);
	says("root");
}

Test(tam_device_trust, policy_that_is_misspelt_is_refused)
{
	static const char *const policies[] = {
		"",
		"[]",
		"{\"require_twf\": true}",
		"{\"others\": \"maybe\"}",
		"{\"tees\": {}}",
		"{\"tees\": [{}]}",
		"{\"tees\": [1]}",
		"{\"tees\": [{\"name\": \"*\", \"alow\": true}]}",
		"{\"firmware_roots\": [\"12\"]}",
		"{\"require_tfw\": \"yes\"}",
	};
	struct trust_policy policy;

	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		cr_expect_eq(trust_policy_parse(span_of_text(policies[i]), &policy, err,
						sizeof(err)),
			     -EBADMSG, "%s", policies[i]);
		cr_expect(strncmp(err, "policy", 6) == 0);
	}
}

Test(tam_device_trust, file_that_is_no_certificate_is_named)
{
	struct device_trust *none;
	const struct device_trust_options options = { .tee_roots = tee_roots };

	run("echo nonsense > %s/bad.pem%s", tee_roots, "");
	cr_expect_lt(device_trust_open(&none, &options, err, sizeof(err)), 0);
	cr_expect(strstr(err, "bad.pem"), "%s", err);
	cr_expect_lt(device_trust_refresh(trust, NULL, err, sizeof(err)), 0);
	cr_expect_eq(certificate(), 0, "%s", reason);
}
