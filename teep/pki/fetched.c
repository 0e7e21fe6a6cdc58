#include "teep/pki/fetched.h"

#include <pthread.h>

static struct {
	const EVP_MD *digest[FETCHED_DIGEST_COUNT];
	const EVP_CIPHER *cipher[FETCHED_CIPHER_COUNT];
	EVP_MAC *hmac;
} fetched;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static const EVP_MD *digest_fetch(const EVP_MD *named)
{
	const EVP_MD *found = EVP_MD_fetch(NULL, EVP_MD_get0_name(named), NULL);

	return found ? found : named;
}

static const EVP_CIPHER *cipher_fetch(const EVP_CIPHER *named)
{
	const EVP_CIPHER *found = EVP_CIPHER_fetch(NULL, EVP_CIPHER_get0_name(named), NULL);

	return found ? found : named;
}

static void fetch(void)
{
	fetched.digest[FETCHED_SHA256] = digest_fetch(EVP_sha256());
	fetched.digest[FETCHED_SHA384] = digest_fetch(EVP_sha384());
	fetched.digest[FETCHED_SHA512] = digest_fetch(EVP_sha512());
	fetched.cipher[FETCHED_AES_128_CBC] = cipher_fetch(EVP_aes_128_cbc());
	fetched.cipher[FETCHED_AES_256_CBC] = cipher_fetch(EVP_aes_256_cbc());
	fetched.cipher[FETCHED_AES_128_WRAP] = cipher_fetch(EVP_aes_128_wrap());
	fetched.cipher[FETCHED_AES_256_WRAP] = cipher_fetch(EVP_aes_256_wrap());
	fetched.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

const EVP_MD *fetched_digest(enum fetched_digest which)
{
	(void)pthread_once(&once, fetch);
	return fetched.digest[which];
}

const EVP_CIPHER *fetched_cipher(enum fetched_cipher which)
{
	(void)pthread_once(&once, fetch);
	return fetched.cipher[which];
}

EVP_MAC *fetched_hmac(void)
{
	(void)pthread_once(&once, fetch);
	return fetched.hmac;
}

bool sha256_make(const void *data, size_t size, uint8_t out[32])
{
	return EVP_Digest(data, size, out, NULL, fetched_digest(FETCHED_SHA256), NULL) == 1;
}
