/* Where signed objects begin and end, before anybody knows what they mean. */
#include "teep/pki/der.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "teep/otrp/key_numbers.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/signed_object.h"
#include "test_keys.h"

#define OCTETS(text)                                      \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

Test(pki_framing, an_element_has_one_form)
{
	static const struct {
		struct span octets;
		bool good;
	} cases[] = {
		{ OCTETS("\x30\x00"), true },
		{ OCTETS("\x30\x01x"), true },
		{ OCTETS("\x30\x02x"), false },
		{ OCTETS("\x30"), false },
		{ OCTETS(""), false },
		{ OCTETS("\x31\x00"), false },
		{ OCTETS("\x30\x80\x00\x00"), false },	  /* indefinite */
		{ OCTETS("\x30\x81\x01x"), false },	  /* not the shortest */
		{ OCTETS("\x30\x82\x00\x01x"), false },	  /* the same */
		{ OCTETS("\x30\x85\0\0\0\0\1x"), false }, /* longer than anything */
		{ OCTETS("\x30\x84\xff\xff\xff\xff"), false },
		{ OCTETS("\x30\x82\x01"), false },
		{ OCTETS("\x30\xff"), false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span rest = cases[i].octets, content;

		cr_assert_eq(der_take(&rest, DER_SEQUENCE, &content, NULL), cases[i].good, "%zu",
			     i);
		cr_assert_eq(rest.size, cases[i].good ? 0 : cases[i].octets.size);
	}
}

static X509 *certificate_make(enum key_kind kind, EVP_PKEY **key)
{
	struct certificate_request request = {
		.role = ROLE_ROOT, .name = "A", .not_before = 1000000000, .not_after = 2000000000
	};
	X509 *certificate;

	*key = request.key = test_key(kind, 1);
	certificate = certificate_issue(&request, NULL, NULL);
	cr_assert(certificate);
	return certificate;
}

Test(pki_framing, the_signature_of_a_certificate_holds_by_its_key_in_numbers)
{
	static const enum key_kind kinds[] = { KEY_RSA, KEY_P256, KEY_P384 };

	for (int i = 0; i < 3; i++) {
		struct signed_object object;
		struct key_numbers numbers;
		struct arena arena = { 0 };
		EVP_PKEY *key, *loaded;
		X509 *certificate = certificate_make(kinds[i], &key);
		size_t size;
		uint8_t *der = certificate_encode(certificate, &size);

		cr_assert_eq(signed_certificate_parse(span_of(der, size), &object), 0);
		cr_assert_eq(key_numbers_of(key, &arena, &numbers), 0);
		cr_assert_eq(numbers.kind, kinds[i]);
		loaded = key_numbers_load(&numbers);
		cr_assert_eq(EVP_PKEY_eq(loaded, key), 1);
		cr_assert(signed_object_holds(&object, loaded));
		((uint8_t *)object.body.data)[object.body.size / 2] ^= 1;
		cr_assert_not(signed_object_holds(&object, loaded));
		/* Nothing may stand behind it, nor be missing. */
		cr_assert_eq(signed_certificate_parse(span_of(der, size - 1), &object), -EBADMSG);
		EVP_PKEY_free(loaded);
		EVP_PKEY_free(key);
		X509_free(certificate);
		OPENSSL_free(der);
		arena_clear(&arena);
	}
}

Test(pki_framing, weak_methods_are_none)
{
	EVP_PKEY *key;
	X509 *certificate = certificate_make(KEY_RSA, &key);
	struct signed_object object;
	size_t size;
	uint8_t *der;

	cr_assert_gt(X509_sign(certificate, key, EVP_sha1()), 0);
	der = certificate_encode(certificate, &size);
	cr_assert_eq(signed_certificate_parse(span_of(der, size), &object), 0);
	cr_assert_eq(object.method, METHOD_NONE);
	cr_assert_not(signed_object_holds(&object, key));
	OPENSSL_free(der);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void no_key(const struct key_numbers *numbers, const char *why)
{
	cr_assert_null(key_numbers_load(numbers), "%s", why);
}

Test(pki_framing, numbers_that_are_no_key_are_none)
{
	uint8_t octets[1100], one = 1, even = 4, three = 3;
	struct key_numbers rsa = { .kind = KEY_RSA,
				   .modulus = span_of(octets, 256),
				   .exponent = span_of(&three, 1) };
	struct key_numbers point = { .kind = KEY_P256,
				     .x = span_of(octets, 32),
				     .y = span_of(octets, 32) };
	struct key_numbers bad;

	memset(octets, 0xff, sizeof(octets));
	EVP_PKEY_free(key_numbers_load(&rsa));
	bad = rsa;
	bad.modulus.size = 255;
	no_key(&bad, "a short modulus");
	bad.modulus.size = 1025;
	no_key(&bad, "a long modulus");
	bad = rsa;
	bad.exponent = span_of(&one, 1);
	no_key(&bad, "an exponent of one");
	bad.exponent = span_of(&even, 1);
	no_key(&bad, "an even exponent");
	bad.exponent = span_of(octets, 9);
	no_key(&bad, "a long exponent");
	bad.exponent = span_of(octets, 0);
	no_key(&bad, "no exponent");
	bad = rsa;
	octets[255] = 0xfe;
	no_key(&bad, "an even modulus");
	no_key(&point, "a point beside the curve");
	point.x.size = 31;
	no_key(&point, "half a point");
	point.kind = KEY_OTHER;
	no_key(&point, "of no kind");
}
