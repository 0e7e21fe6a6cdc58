/* Signatures in a TA, against libcrypto alone. */
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypto.h"
#include "figures.h"
#include "ta/crypto_commands.h"

/* RSA and ECDSA of a digest; the key is in the context, as it is in the TA's operation. */
static int digest_sign(void *context)
{
	const struct crypto_figure *figure = context;

	for (uint32_t times = figure->times; times; times--) {
		size_t room = 512;

		if (EVP_PKEY_sign(figure->context, crypto_out, &room, crypto_in, figure->size) <= 0)
			return -EIO;
	}
	return 0;
}

/* The library's one-shot takes a context of its own each time. */
static int message_sign(void *context)
{
	const struct crypto_figure *figure = context;

	for (uint32_t times = figure->times; times; times--) {
		EVP_MD_CTX *signer = EVP_MD_CTX_new();
		size_t room = 512;
		bool made = signer &&
			    EVP_DigestSignInit(signer, NULL, NULL, NULL, figure->context) == 1 &&
			    EVP_DigestSign(signer, crypto_out, &room, crypto_in, figure->size) == 1;

		EVP_MD_CTX_free(signer);
		if (!made)
			return -EIO;
	}
	return 0;
}

static EVP_PKEY_CTX *signer_of(EVP_PKEY *key, bool rsa)
{
	EVP_PKEY_CTX *signer = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;

	if (signer && EVP_PKEY_sign_init(signer) > 0 &&
	    EVP_PKEY_CTX_set_signature_md(signer, EVP_sha256()) > 0 &&
	    (!rsa || EVP_PKEY_CTX_set_rsa_padding(signer, RSA_PKCS1_PADDING) > 0))
		return signer;
	EVP_PKEY_CTX_free(signer);
	return NULL;
}

#define FIGURE(text_name, text, KIND, loop, library_context)                                  \
	{                                                                                     \
		.name = (text_name), .title = text " signature, in a TA",                     \
		.command = BENCH_CRYPTO_##KIND, .size = 32, .target = CRYPTO_TARGET,          \
		.library = (loop), .library_name = "libcrypto", .context = (library_context), \
	}

void crypto_signatures_run(struct bench *bench)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *p256 = EVP_EC_gen("P-256");
	EVP_PKEY *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY_CTX *rsa_signer = signer_of(rsa, true), *p256_signer = signer_of(p256, false);
	struct crypto_figure figures[] = {
		FIGURE("rsa2048_sign", "RSA-2048", RSA, digest_sign, rsa_signer),
		FIGURE("p256_sign", "ECDSA P-256", P256, digest_sign, p256_signer),
		FIGURE("ed25519_sign", "Ed25519", ED25519, message_sign, ed25519),
	};

	if (rsa_signer && p256_signer && ed25519)
		crypto_measure(bench, figures, sizeof(figures) / sizeof(figures[0]));
	else
		harness_fail(bench, "crypto_signatures", "signatures", "libcrypto fails");
	EVP_PKEY_CTX_free(rsa_signer);
	EVP_PKEY_CTX_free(p256_signer);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(ed25519);
}
