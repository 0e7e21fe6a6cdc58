#include "teep/pki/ready_key.h"

#include <openssl/crypto.h>
#include <openssl/rsa.h>
#include <pthread.h>

#include "teep/pki/key.h"

struct ready {
	/* A context holds its key, so these have a copy: the key itself could never be freed. */
	EVP_PKEY *copy;
	EVP_MD *digest;
	EVP_PKEY_CTX *context[READY_USE_COUNT];
};

static void ready_free(struct ready *ready)
{
	if (!ready)
		return;
	for (unsigned int i = 0; i < READY_USE_COUNT; i++)
		EVP_PKEY_CTX_free(ready->context[i]);
	EVP_MD_free(ready->digest);
	EVP_PKEY_free(ready->copy);
	OPENSSL_free(ready);
}

/* OpenSSL's own: a key's end, and its copies, which are not ready. */
static void key_freed(void *key, void *ready, CRYPTO_EX_DATA *data, int index, long number,
		      void *pointer)
{
	(void)key;
	(void)data;
	(void)index;
	(void)number;
	(void)pointer;
	ready_free(ready);
}

static int key_copied(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **ready, int index,
		      long number, void *pointer)
{
	(void)to;
	(void)from;
	(void)index;
	(void)number;
	(void)pointer;
	*ready = NULL;
	return 1;
}

static int place = -1;
static pthread_once_t placed = PTHREAD_ONCE_INIT;

static void place_take(void)
{
	place = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_EVP_PKEY, 0, NULL, NULL, key_copied,
					key_freed);
}

static struct ready *ready_of(const EVP_PKEY *key)
{
	(void)pthread_once(&placed, place_take);
	return key && place >= 0 ? EVP_PKEY_get_ex_data(key, place) : NULL;
}

static const EVP_MD *digest_of(const EVP_PKEY *key)
{
	return key_kind(key) == KEY_P384 ? EVP_sha384() : EVP_sha256();
}

void ready_key_make(EVP_PKEY *key)
{
	struct ready *ready;

	if (!key || ready_of(key) || place < 0)
		return;
	ready = OPENSSL_zalloc(sizeof(*ready));
	if (!ready)
		return;
	ready->copy = EVP_PKEY_dup(key);
	ready->digest = EVP_MD_fetch(NULL, EVP_MD_get0_name(digest_of(key)), NULL);
	if (!ready->copy || !ready->digest || EVP_PKEY_set_ex_data(key, place, ready) != 1)
		ready_free(ready);
}

static bool context_prepare(EVP_PKEY_CTX *context, const EVP_MD *digest, enum ready_use use)
{
	const bool rsa = key_kind(EVP_PKEY_CTX_get0_pkey(context)) == KEY_RSA;

	switch (use) {
	case READY_SIGN:
		return EVP_PKEY_sign_init(context) > 0 &&
		       EVP_PKEY_CTX_set_signature_md(context, digest) > 0;
	case READY_VERIFY:
		return EVP_PKEY_verify_init(context) > 0 &&
		       EVP_PKEY_CTX_set_signature_md(context, digest) > 0;
	case READY_ENCRYPT:
		return rsa && EVP_PKEY_encrypt_init(context) > 0 &&
		       EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
	case READY_DECRYPT:
		return rsa && EVP_PKEY_decrypt_init(context) > 0 &&
		       EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) > 0;
	case READY_USE_COUNT:
		break;
	}
	return false;
}

static EVP_PKEY_CTX *context_make(EVP_PKEY *key, const EVP_MD *digest, enum ready_use use)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);

	if (context && context_prepare(context, digest, use))
		return context;
	EVP_PKEY_CTX_free(context);
	return NULL;
}

EVP_PKEY_CTX *ready_key_context(const EVP_PKEY *key, enum ready_use use)
{
	struct ready *ready = ready_of(key);

	if (!ready || use >= READY_USE_COUNT)
		return NULL;
	if (!ready->context[use])
		ready->context[use] = context_make(ready->copy, ready->digest, use);
	return ready->context[use];
}

EVP_PKEY_CTX *ready_key_borrow(EVP_PKEY *key, enum ready_use use, EVP_PKEY_CTX **fresh)
{
	EVP_PKEY_CTX *context = ready_key_context(key, use);

	*fresh = context ? NULL : context_make(key, digest_of(key), use);
	return context ? context : *fresh;
}

const EVP_MD *ready_key_digest(const EVP_PKEY *key)
{
	const struct ready *ready = ready_of(key);

	return ready ? ready->digest : NULL;
}
