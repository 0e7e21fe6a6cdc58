/* An operation allocated, keyed, used for 64 octets and freed, against the library's own context.
 */
#include <errno.h>
#include <openssl/evp.h>

#include "crypto.h"
#include "figures.h"
#include "ta/crypto_commands.h"

static int cycle(void *context)
{
	static const uint8_t key[BENCH_CRYPTO_KEY_SIZE], iv[16];
	const struct crypto_figure *figure = context;

	for (uint32_t times = figure->times; times; times--) {
		EVP_CIPHER_CTX *library = EVP_CIPHER_CTX_new();
		int written;
		bool made = library &&
			    EVP_EncryptInit_ex(library, figure->context, NULL, key, iv) &&
			    EVP_EncryptUpdate(library, crypto_out, &written, crypto_in,
					      (int)figure->size);

		EVP_CIPHER_CTX_free(library);
		if (!made)
			return -EIO;
	}
	return 0;
}

void crypto_short_run(struct bench *bench)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	struct crypto_figure figure = {
		.name = "short_operation",
		.title = "allocate, key, AES of 64 octets, free",
		.command = BENCH_CRYPTO_SHORT,
		.size = BENCH_CRYPTO_SHORT_SIZE,
		.target = 2,
		.library = cycle,
		.library_name = "libcrypto",
		.context = cipher,
	};

	if (cipher)
		crypto_measure(bench, &figure, 1);
	else
		harness_fail(bench, figure.name, figure.title, "libcrypto fails");
	EVP_CIPHER_free(cipher);
}
