/* AES-GCM, AES-CTR and SHA-256 of data of some sizes in a TA, against libcrypto alone. */
#include <errno.h>
#include <openssl/evp.h>

#include "crypto.h"
#include "figures.h"
#include "ta/crypto_commands.h"

static const uint8_t key[BENCH_CRYPTO_KEY_SIZE] = { 0x77 }, iv[16];
static EVP_CIPHER_CTX *gcm_context, *ctr_context;
static EVP_MD_CTX *hash_context;
static EVP_MD *hash;

static int gcm(void *context)
{
	const struct crypto_figure *figure = context;
	uint8_t tag[16];
	int written;

	for (uint32_t times = figure->times; times; times--)
		if (!EVP_EncryptInit_ex(gcm_context, NULL, NULL, NULL, iv) ||
		    !EVP_EncryptUpdate(gcm_context, crypto_out, &written, crypto_in,
				       (int)figure->size) ||
		    !EVP_EncryptFinal_ex(gcm_context, crypto_out + figure->size, &written) ||
		    EVP_CIPHER_CTX_ctrl(gcm_context, EVP_CTRL_AEAD_GET_TAG, 16, tag) <= 0)
			return -EIO;
	return 0;
}

static int ctr(void *context)
{
	const struct crypto_figure *figure = context;
	int written;

	for (uint32_t times = figure->times; times; times--)
		if (!EVP_EncryptUpdate(ctr_context, crypto_out, &written, crypto_in,
				       (int)figure->size))
			return -EIO;
	return 0;
}

static int sha256(void *context)
{
	const struct crypto_figure *figure = context;

	for (uint32_t times = figure->times; times; times--)
		if (!EVP_DigestInit_ex(hash_context, hash, NULL) ||
		    !EVP_DigestUpdate(hash_context, crypto_in, figure->size) ||
		    !EVP_DigestFinal_ex(hash_context, crypto_out, NULL))
			return -EIO;
	return 0;
}

static bool prepare(void)
{
	EVP_CIPHER *gcm_cipher = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	EVP_CIPHER *ctr_cipher = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);
	bool made;

	gcm_context = EVP_CIPHER_CTX_new();
	ctr_context = EVP_CIPHER_CTX_new();
	hash_context = EVP_MD_CTX_new();
	hash = EVP_MD_fetch(NULL, "SHA256", NULL);
	made = gcm_cipher && ctr_cipher && gcm_context && ctr_context && hash_context && hash &&
	       EVP_EncryptInit_ex(gcm_context, gcm_cipher, NULL, key, iv) &&
	       EVP_EncryptInit_ex(ctr_context, ctr_cipher, NULL, key, iv);
	EVP_CIPHER_free(gcm_cipher);
	EVP_CIPHER_free(ctr_cipher);
	return made;
}

static void clean(void)
{
	EVP_CIPHER_CTX_free(gcm_context);
	EVP_CIPHER_CTX_free(ctr_context);
	EVP_MD_CTX_free(hash_context);
	EVP_MD_free(hash);
}

#define FIGURE(kind, KIND, label, octets, suffix, text)                                    \
	{                                                                                  \
		.name = #kind suffix, .title = label ", " text ", in a TA",                \
		.command = BENCH_CRYPTO_##KIND, .size = (octets), .target = CRYPTO_TARGET, \
		.library = (kind), .library_name = "libcrypto",                            \
	}
#define FIGURES_OF(kind, KIND, label)                                  \
	FIGURE(kind, KIND, label, 1U << 10, "_1k", "1 KiB"),           \
		FIGURE(kind, KIND, label, 1U << 14, "_16k", "16 KiB"), \
		FIGURE(kind, KIND, label, BENCH_CRYPTO_SIZE_MAX, "_1m", "1 MiB")

void crypto_bulk_run(struct bench *bench)
{
	struct crypto_figure figures[] = {
		FIGURES_OF(gcm, GCM, "AES-GCM"),
		FIGURES_OF(ctr, CTR, "AES-CTR"),
		FIGURES_OF(sha256, SHA256, "SHA-256"),
	};

	if (prepare())
		crypto_measure(bench, figures, sizeof(figures) / sizeof(figures[0]));
	else
		harness_fail(bench, "crypto_bulk", "bulk cryptography", "libcrypto fails");
	clean();
}
