/* Keys and their encodings. */
#include "teep/pki/key.h"

#include <criterion/criterion.h>
#include <openssl/x509.h>
#include <string.h>

#include "teep/pki/openssl_auto.h"

/* What we write ourselves is what OpenSSL writes, octet for octet, and reads. */
Test(pki_key, encodings_are_those_of_openssl)
{
	static const enum key_kind kinds[] = { KEY_P256, KEY_P384, KEY_RSA };

	for (int i = 0; i < 24; i++) {
		const enum key_kind kind = i < 22 ? KEY_P256 : kinds[i - 21];
		PKEY_AUTO key = key_generate(kind);
		PKEY_AUTO again = NULL;
		PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
		uint8_t *ours, *theirs = NULL;
		size_t size;
		int n = i2d_PKCS8_PRIV_KEY_INFO(info, &theirs);

		cr_assert_eq(key_der_encode(key, &ours, &size), 0);
		cr_assert_eq((size_t)n, size);
		cr_assert_eq(memcmp(ours, theirs, size), 0, "private, key %d", i);
		again = key_der_decode(ours, size);
		cr_assert(again && EVP_PKEY_eq(again, key) == 1);
		key_der_free(ours, size);
		OPENSSL_free(theirs);
		PKCS8_PRIV_KEY_INFO_free(info);
		theirs = NULL;
		n = i2d_PUBKEY(key, &theirs);
		cr_assert_eq(key_public_encode(key, &ours, &size), 0);
		cr_assert_eq((size_t)n, size);
		cr_assert_eq(memcmp(ours, theirs, size), 0, "public, key %d", i);
		OPENSSL_free(ours);
		OPENSSL_free(theirs);
	}
}
