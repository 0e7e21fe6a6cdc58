/* Certificates, read. */
#include "teep/pki/certificate.h"

#include <criterion/criterion.h>
#include <openssl/x509.h>
#include <string.h>

#include "teep/pki/openssl_auto.h"

/* The name of one whose common name is these octets. */
static const char *name_of(int type, const void *octets, size_t length, char *out, size_t size)
{
	X509_AUTO certificate = X509_new();

	memset(out, 'x', size);
	if (octets)
		cr_assert_eq(X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate),
							NID_commonName, type, octets, (int)length,
							-1, 0),
			     1);
	return certificate_name(certificate, out, size);
}

#define NAME(type, octets) name_of(type, octets, sizeof(octets) - 1, name, sizeof(name))

Test(pki_certificate, a_name_is_utf_8_whatever_it_was)
{
	char name[128];

	cr_assert_str_eq(NAME(V_ASN1_UTF8STRING, "M\xc3\xbcller"), "M\xc3\xbcller");
	cr_assert_str_eq(NAME(V_ASN1_T61STRING, "M\xfcller"), "M\xc3\xbcller");
	cr_assert_str_eq(NAME(V_ASN1_PRINTABLESTRING, "Miller"), "Miller");
	cr_assert_str_eq(NAME(V_ASN1_BMPSTRING, "\0M\x20\xac"), "M\xe2\x82\xac");
	/* Half a pair, and what is no UTF-8. */
	cr_assert_str_eq(NAME(V_ASN1_BMPSTRING, "\xd8\x00"), "?");
	cr_assert_str_eq(NAME(V_ASN1_UTF8STRING, "\xc3("), "?");
	cr_assert_str_eq(name_of(0, NULL, 0, name, sizeof(name)), "?");
}

Test(pki_certificate, a_name_does_no_more_than_be_read)
{
	char name[128];

	cr_assert_str_eq(NAME(V_ASN1_UTF8STRING, "a\x1b[31m\x7f"), "a?[31m?");
	cr_assert_str_eq(NAME(V_ASN1_UTF8STRING, "a\0b"), "a?b");
	cr_assert_str_eq(NAME(V_ASN1_T61STRING, "a\x9b"
						"1m"),
			 "a??1m");
}

Test(pki_certificate, a_name_is_cut_between_characters)
{
	static const char text[] = "a\xe2\x82\xac\xe2\x82\xac";
	char name[9];

	for (size_t size = 1; size <= sizeof(name); size++) {
		static const size_t fits[] = { 0, 1, 1, 1, 4, 4, 4, 7, 7 };

		name_of(V_ASN1_UTF8STRING, text, strlen(text), name, size);
		cr_assert_eq(strlen(name), fits[size - 1], "%zu", size);
		cr_assert_eq(memcmp(name, text, strlen(name)), 0);
	}
}
