/* What is looked up once is what its name says, for every thread. */
#include "teep/pki/fetched.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

static const uint8_t of_abc[32] = {
	0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
	0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
	0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
};

static void *thread_run(void *unused)
{
	uint8_t hash[32];

	(void)unused;
	return sha256_make("abc", 3, hash) && memcmp(hash, of_abc, sizeof(hash)) == 0
		       ? (void *)of_abc
		       : NULL;
}

Test(pki_fetched, threads_have_the_same)
{
	pthread_t threads[8];
	void *right;

	for (int i = 0; i < 8; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, thread_run, NULL), 0);
	for (int i = 0; i < 8; i++) {
		cr_assert_eq(pthread_join(threads[i], &right), 0);
		cr_assert(right);
	}
}

Test(pki_fetched, is_what_its_name_says)
{
	static const struct {
		int key_octets;
		int mode;
	} ciphers[FETCHED_CIPHER_COUNT] = {
		[FETCHED_AES_128_CBC] = { 16, EVP_CIPH_CBC_MODE },
		[FETCHED_AES_256_CBC] = { 32, EVP_CIPH_CBC_MODE },
		[FETCHED_AES_128_WRAP] = { 16, EVP_CIPH_WRAP_MODE },
		[FETCHED_AES_256_WRAP] = { 32, EVP_CIPH_WRAP_MODE },
	};

	cr_assert_eq(EVP_MD_get_type(fetched_digest(FETCHED_SHA256)), NID_sha256);
	cr_assert_eq(EVP_MD_get_type(fetched_digest(FETCHED_SHA384)), NID_sha384);
	cr_assert_eq(EVP_MD_get_type(fetched_digest(FETCHED_SHA512)), NID_sha512);
	for (int i = 0; i < FETCHED_CIPHER_COUNT; i++) {
		const EVP_CIPHER *cipher = fetched_cipher((enum fetched_cipher)i);

		cr_assert_eq(EVP_CIPHER_get_key_length(cipher), ciphers[i].key_octets, "%d", i);
		cr_assert_eq(EVP_CIPHER_get_mode(cipher), ciphers[i].mode, "%d", i);
		/* One that is looked up has a provider; a name alone has none. */
		cr_assert(EVP_CIPHER_get0_provider(cipher), "%d", i);
	}
	cr_assert(EVP_MD_get0_provider(fetched_digest(FETCHED_SHA256)));
	cr_assert_str_eq(EVP_MAC_get0_name(fetched_hmac()), "HMAC");
}
