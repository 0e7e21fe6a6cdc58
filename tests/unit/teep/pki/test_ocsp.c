/* Who may speak for an issuer, and with what signature. What responses must say, the TEE's tests
 * show. */
#include "teep/pki/ocsp.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "test_keys.h"

#define DAY 86400

static EVP_PKEY *ca_key, *key;
static X509 *ca, *leaf, *delegate;
static time_t now;

static X509 *issue(enum certificate_role role, EVP_PKEY *subject, X509 *issuer)
{
	const struct certificate_request request = { .role = role,
						     .name = role == ROLE_ROOT ? "A" : "B",
						     .key = subject,
						     .not_before = now - DAY,
						     .not_after = now + DAY };
	X509 *certificate = certificate_issue(&request, issuer, ca_key);

	cr_assert(certificate);
	return certificate;
}

static void set_up(void)
{
	now = time(NULL);
	ca_key = test_key(KEY_RSA, 1);
	key = test_key(KEY_P256, 1);
	ca = issue(ROLE_ROOT, ca_key, NULL);
	leaf = issue(ROLE_TFW, key, ca);
	delegate = issue(ROLE_OCSP, key, ca);
}

static void tear_down(void)
{
	X509_free(ca);
	X509_free(leaf);
	X509_free(delegate);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
}

TestSuite(pki_ocsp, .init = set_up, .fini = tear_down);

/* Signed by the method that is asked for, which ocsp_make() would not do. */
static int check(X509 *responder, EVP_PKEY *responder_key, const EVP_MD *method)
{
	OCSP_BASIC_AUTO basic = OCSP_BASICRESP_new();
	OCSP_CERTID_AUTO id = OCSP_cert_to_id(EVP_sha1(), leaf, ca);
	ASN1_GENERALIZEDTIME *from = ASN1_GENERALIZEDTIME_set(NULL, now);
	ASN1_GENERALIZEDTIME *to = ASN1_GENERALIZEDTIME_set(NULL, now + DAY);
	OCSP_RESPONSE_AUTO response = NULL;
	struct ocsp_verdict verdict;
	uint8_t *der = NULL;
	const char *why;
	int size, rc;

	cr_assert(OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, from, to));
	cr_assert(OCSP_basic_sign(basic, responder, responder_key, method, NULL, 0));
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	size = i2d_OCSP_RESPONSE(response, &der);
	cr_assert_gt(size, 0);
	rc = ocsp_judge(der, (size_t)size, leaf, ca, now, 300, &verdict, &why);
	if (rc == 0) {
		cr_assert_leq(verdict.from, now);
		cr_assert_geq(verdict.until, now);
	}
	OPENSSL_free(der);
	ASN1_GENERALIZEDTIME_free(from);
	ASN1_GENERALIZEDTIME_free(to);
	return rc;
}

Test(pki_ocsp, the_issuer_and_its_delegate_speak_for_it)
{
	cr_assert_eq(check(ca, ca_key, EVP_sha256()), 0);
	cr_assert_eq(check(delegate, key, EVP_sha256()), 0);
	cr_assert_eq(check(delegate, key, EVP_sha512()), 0);
}

Test(pki_ocsp, a_weak_signature_of_theirs_says_nothing)
{
	cr_assert_eq(check(ca, ca_key, EVP_sha1()), -EACCES);
	cr_assert_eq(check(delegate, key, EVP_sha1()), -EACCES);
	cr_assert_eq(check(delegate, key, EVP_sha224()), -EACCES);
}

Test(pki_ocsp, a_delegate_by_a_weak_signature_is_none)
{
	cr_assert_gt(X509_sign(delegate, ca_key, EVP_sha1()), 0);
	cr_assert_eq(check(delegate, key, EVP_sha256()), -EACCES);
}
