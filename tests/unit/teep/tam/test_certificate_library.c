/* Certificates that are read with few algorithms. */
#include "teep/tam/certificate_library.h"

#include <criterion/criterion.h>

#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/signature.h"
#include "test_keys.h"

static uint8_t *der;
static size_t size;

static void tear_down(void)
{
	OPENSSL_free(der);
}

TestSuite(tam_certificate_library, .fini = tear_down);

static X509 *made(EVP_PKEY *key, EVP_PKEY *signer, const EVP_MD *digest)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	cr_assert(X509_set_version(certificate, X509_VERSION_3) &&
		  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7) &&
		  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"Sim", -1,
					     -1, 0) &&
		  X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
		  X509_gmtime_adj(X509_getm_notBefore(certificate), 0) &&
		  X509_gmtime_adj(X509_getm_notAfter(certificate), 1000) &&
		  X509_sign(certificate, signer, digest) > 0);
	der = certificate_encode(certificate, &size);
	cr_assert_not_null(der);
	return certificate;
}

static X509 *parsed(void)
{
	return certificate_library_parse(span_of(der, size));
}

/* All that is done with one: it is compared, verified, and verifies. */
static void same(X509 *original, EVP_PKEY *key, EVP_PKEY *signer)
{
	X509_AUTO certificate = parsed();
	uint8_t hash[2][CERTIFICATE_HASH_SIZE];
	uint8_t *signature;
	size_t signature_size;

	cr_assert_not_null(certificate);
	cr_expect_eq(X509_cmp(certificate, original), 0);
	cr_expect(certificate_hash(certificate, hash[0]) && certificate_hash(original, hash[1]));
	cr_expect_arr_eq(hash[0], hash[1], sizeof(hash[0]));
	cr_expect_eq(X509_verify(certificate, signer), 1);
	cr_expect_eq(X509_verify(certificate, key) == 1, key == signer);
	cr_expect_eq(EVP_PKEY_eq(X509_get0_pubkey(certificate), key), 1);
	cr_expect_eq(key_kind(X509_get0_pubkey(certificate)), key_kind(key));
	signature = signature_make(key, SIGNATURE_JOSE, "words", 5, &signature_size);
	if (key_kind(key) != KEY_OTHER)
		cr_expect(signature_holds(X509_get0_pubkey(certificate), SIGNATURE_JOSE, "words", 5,
					  signature, signature_size));
	OPENSSL_free(signature);
}

Test(tam_certificate_library, all_kinds_of_keys_are_what_they_are_elsewhere)
{
	static const enum key_kind kinds[] = { KEY_RSA, KEY_P256, KEY_P384 };

	for (size_t i = 0; i < 3; i++)
		for (size_t n = 0; n < 3; n++) {
			PKEY_AUTO key = test_key(kinds[i], 1);
			PKEY_AUTO signer = test_key(kinds[n], 2);
			X509_AUTO original = made(key, signer, EVP_sha256());

			same(original, key, signer);
			OPENSSL_free(der);
			der = NULL;
		}
}

Test(tam_certificate_library, what_is_odd_is_read_all_the_same)
{
	PKEY_AUTO odd = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	PKEY_AUTO plain = test_key(KEY_P256, 1);
	X509_AUTO original = made(odd, odd, NULL);
	X509_AUTO certificate = parsed();

	cr_assert_not_null(certificate);
	cr_expect_eq(EVP_PKEY_eq(X509_get0_pubkey(certificate), odd), 1);
	cr_expect_eq(X509_verify(certificate, odd), 1);
	X509_free(original);
	OPENSSL_free(der);
	original = made(plain, odd, NULL);
	same(original, plain, odd);
}

Test(tam_certificate_library, nothing_may_follow_or_be_missing)
{
	PKEY_AUTO key = test_key(KEY_P256, 1);
	X509_AUTO original = made(key, key, EVP_sha256());
	uint8_t *longer = OPENSSL_malloc(size + 1);

	memcpy(longer, der, size);
	longer[size] = 0;
	cr_expect_null(certificate_library_parse(span_of(longer, size + 1)));
	for (size_t n = 0; n < size; n++)
		cr_expect_null(certificate_library_parse(span_of(longer, n)));
	OPENSSL_free(longer);
}
