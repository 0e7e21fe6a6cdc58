#include "teep/pki/ready_key.h"

#include <openssl/crypto.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdatomic.h>

#include "teep/pki/fetched.h"

/* So many of each use are kept; where more threads use a key at once, the others make theirs anew.
 */
#define KEPT 4

struct ready {
	/* A context holds its key, so these have a copy: the key itself could never be freed. */
	EVP_PKEY *copy;
	_Atomic(EVP_PKEY_CTX *) kept[READY_USE_COUNT][KEPT];
};

static void ready_free(struct ready *ready)
{
	if (!ready)
		return;
	for (unsigned int i = 0; i < READY_USE_COUNT * KEPT; i++)
		EVP_PKEY_CTX_free(atomic_load(&ready->kept[i / KEPT][i % KEPT]));
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

void ready_key_make(EVP_PKEY *key)
{
	struct ready *ready;

	if (!key || ready_of(key) || place < 0)
		return;
	ready = OPENSSL_zalloc(sizeof(*ready));
	if (!ready)
		return;
	ready->copy = EVP_PKEY_dup(key);
	if (!ready->copy || EVP_PKEY_set_ex_data(key, place, ready) != 1)
		ready_free(ready);
}

bool ready_key_is(const EVP_PKEY *key)
{
	return ready_of(key);
}

/* What is signed comes as a digest; RSA puts the digest's name before it, ECDSA nothing. */
static bool digest_set(EVP_PKEY_CTX *context, bool rsa)
{
	return !rsa || EVP_PKEY_CTX_set_signature_md(context, fetched_digest(FETCHED_SHA256)) > 0;
}

static bool context_prepare(EVP_PKEY_CTX *context, enum ready_use use)
{
	const enum key_kind kind = key_kind(EVP_PKEY_CTX_get0_pkey(context));
	const bool rsa = kind == KEY_RSA;

	switch (use) {
	case READY_SIGN:
		return EVP_PKEY_sign_init(context) > 0 && digest_set(context, rsa);
	case READY_VERIFY:
		return EVP_PKEY_verify_init(context) > 0 && digest_set(context, rsa);
	case READY_ENCRYPT:
		return rsa && EVP_PKEY_encrypt_init(context) > 0 &&
		       EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
	case READY_DECRYPT:
		return rsa && EVP_PKEY_decrypt_init(context) > 0 &&
		       EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) > 0;
	case READY_DERIVE:
		return (kind == KEY_P256 || kind == KEY_P384) && EVP_PKEY_derive_init(context) > 0;
	case READY_USE_COUNT:
		break;
	}
	return false;
}

static EVP_PKEY_CTX *context_make(EVP_PKEY *key, enum ready_use use)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);

	if (context && context_prepare(context, use))
		return context;
	EVP_PKEY_CTX_free(context);
	return NULL;
}

EVP_PKEY_CTX *ready_key_take(EVP_PKEY *key, enum ready_use use)
{
	struct ready *ready = ready_of(key);
	EVP_PKEY_CTX *context = NULL;

	for (unsigned int i = 0; ready && i < KEPT && !context; i++)
		if (atomic_load(&ready->kept[use][i]))
			context = atomic_exchange(&ready->kept[use][i], NULL);
	return context ? context : context_make(ready ? ready->copy : key, use);
}

void ready_key_give(const EVP_PKEY *key, enum ready_use use, EVP_PKEY_CTX *context)
{
	struct ready *ready = context ? ready_of(key) : NULL;
	EVP_PKEY_CTX *none = NULL;

	for (unsigned int i = 0; ready && i < KEPT; i++, none = NULL)
		if (atomic_compare_exchange_strong(&ready->kept[use][i], &none, context))
			return;
	EVP_PKEY_CTX_free(context);
}
