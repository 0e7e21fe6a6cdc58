/* RAND_set_rand_method() is what makes random.h the only source. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "api/library.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines.h>

#include "api/lazy_library.h"
#include "api/random.h"
#include "runtime.h"

static void *memory_allocate(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static void memory_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

static void *memory_reallocate(void *memory, size_t size, const char *file, int line)
{
	size_t held = memory ? malloc_usable_size(memory) : 0;
	void *moved;

	if (!size) {
		memory_free(memory, file, line);
		return NULL;
	}
	if (held >= size)
		return memory;
	moved = malloc(size);
	if (!moved)
		return NULL;
	if (held)
		memcpy(moved, memory, held);
	memory_free(memory, file, line);
	return moved;
}

static int random_bytes(unsigned char *buffer, int size)
{
	if (size < 0)
		return 0;
	random_fill(buffer, (size_t)size);
	return 1;
}

static int random_seed(const void *buffer, int size)
{
	(void)buffer;
	(void)size;
	return 1;
}

static int random_add(const void *buffer, int size, double entropy)
{
	(void)entropy;
	return random_seed(buffer, size);
}

static int random_status(void)
{
	return 1;
}

static const RAND_METHOD random_method = {
	.seed = random_seed,
	.bytes = random_bytes,
	.add = random_add,
	.pseudorand = random_bytes,
	.status = random_status,
};

static bool initialised;

void library_init(void)
{
	const uint64_t options = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
				 OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;

	const char *why;

	if (initialised)
		return;
	initialised = true;
	why = lazy_library_open();
	if (why)
		runtime_panic(TEE_ERROR_GENERIC, why);
	/* Refused only when the library has memory already; it is then not wiped, but correct. */
	if (!CRYPTO_set_mem_functions(memory_allocate, memory_reallocate, memory_free))
		runtime_log("ta-host: libcrypto was used before its memory could be guarded");
	if (!OPENSSL_init_crypto(options, NULL) || !RAND_set_rand_method(&random_method))
		runtime_panic(TEE_ERROR_GENERIC, "libcrypto can't be initialised");
}

static const struct digest_row {
	uint32_t algorithm;
	const char *name;
	int nid;
	uint16_t size;
} digest_rows[DIGESTS] = {
	[DIGEST_MD5] = { TEE_ALG_MD5, "MD5", NID_md5, 16 },
	[DIGEST_SHA1] = { TEE_ALG_SHA1, "SHA1", NID_sha1, 20 },
	[DIGEST_SHA224] = { TEE_ALG_SHA224, "SHA2-224", NID_sha224, 28 },
	[DIGEST_SHA256] = { TEE_ALG_SHA256, "SHA2-256", NID_sha256, 32 },
	[DIGEST_SHA384] = { TEE_ALG_SHA384, "SHA2-384", NID_sha384, 48 },
	[DIGEST_SHA512] = { TEE_ALG_SHA512, "SHA2-512", NID_sha512, 64 },
	[DIGEST_SHA3_224] = { TEE_ALG_SHA3_224, "SHA3-224", NID_sha3_224, 28 },
	[DIGEST_SHA3_256] = { TEE_ALG_SHA3_256, "SHA3-256", NID_sha3_256, 32 },
	[DIGEST_SHA3_384] = { TEE_ALG_SHA3_384, "SHA3-384", NID_sha3_384, 48 },
	[DIGEST_SHA3_512] = { TEE_ALG_SHA3_512, "SHA3-512", NID_sha3_512, 64 },
	[DIGEST_SM3] = { TEE_ALG_SM3, "SM3", NID_sm3, 32 },
	[DIGEST_MD5SHA1] = { TEE_ALG_MD5SHA1, "MD5-SHA1", NID_md5_sha1, 36 },
};

const EVP_MD *library_digest(enum digest digest)
{
	static EVP_MD *fetched[DIGESTS];

	if (digest == DIGEST_NONE)
		return NULL;
	if (!fetched[digest]) {
		library_init();
		fetched[digest] = EVP_MD_fetch(NULL, digest_rows[digest].name, NULL);
	}
	return fetched[digest];
}

size_t library_digest_size(enum digest digest)
{
	return digest_rows[digest].size;
}

int library_digest_nid(enum digest digest)
{
	return digest_rows[digest].nid;
}

enum digest library_digest_of(uint32_t algorithm)
{
	for (unsigned int i = DIGEST_NONE + 1; i < DIGESTS; i++)
		if (digest_rows[i].algorithm == algorithm)
			return (enum digest)i;
	return DIGEST_NONE;
}

enum cipher_index {
	CIPHER_AES_128,
	CIPHER_AES_192,
	CIPHER_AES_256,
	CIPHER_DES3,
	CIPHER_SM4,
	CIPHERS
};

static const char *const cipher_names[CIPHERS][BLOCK_MODES] = {
	[CIPHER_AES_128] = { "AES-128-ECB", "AES-128-CBC", "AES-128-CTR", "AES-128-GCM" },
	[CIPHER_AES_192] = { "AES-192-ECB", "AES-192-CBC", "AES-192-CTR", "AES-192-GCM" },
	[CIPHER_AES_256] = { "AES-256-ECB", "AES-256-CBC", "AES-256-CTR", "AES-256-GCM" },
	[CIPHER_DES3] = { "DES-EDE3-ECB", "DES-EDE3-CBC" },
	[CIPHER_SM4] = { "SM4-ECB", "SM4-CBC", "SM4-CTR" },
};

static enum cipher_index cipher_index(enum block_cipher cipher, size_t key_size)
{
	if (cipher == BLOCK_SM4)
		return CIPHER_SM4;
	if (cipher != BLOCK_AES)
		return CIPHER_DES3;
	return key_size == 16 ? CIPHER_AES_128 : key_size == 24 ? CIPHER_AES_192 : CIPHER_AES_256;
}

const EVP_CIPHER *library_cipher(enum block_cipher cipher, enum block_mode mode, size_t key_size)
{
	static EVP_CIPHER *fetched[CIPHERS][BLOCK_MODES];
	const enum cipher_index index = cipher_index(cipher, key_size);

	if (!fetched[index][mode] && cipher_names[index][mode]) {
		library_init();
		fetched[index][mode] = EVP_CIPHER_fetch(NULL, cipher_names[index][mode], NULL);
	}
	return fetched[index][mode];
}

static EVP_CIPHER_CTX *spare_contexts[4];
static unsigned int spare_count;

EVP_CIPHER_CTX *library_context_take(void)
{
	library_init();
	return spare_count ? spare_contexts[--spare_count] : EVP_CIPHER_CTX_new();
}

void library_context_give(EVP_CIPHER_CTX *context)
{
	if (!context)
		return;
	if (spare_count == sizeof(spare_contexts) / sizeof(spare_contexts[0]) ||
	    !EVP_CIPHER_CTX_reset(context))
		EVP_CIPHER_CTX_free(context);
	else
		spare_contexts[spare_count++] = context;
}

size_t library_block_size(enum block_cipher cipher)
{
	return cipher == BLOCK_DES || cipher == BLOCK_DES3 ? 8 : 16;
}

size_t library_key_expand(enum block_cipher cipher, const uint8_t *key, size_t size,
			  uint8_t expanded[LIBRARY_KEY_MAX])
{
	if (cipher != BLOCK_DES && cipher != BLOCK_DES3) {
		memcpy(expanded, key, size);
		return size;
	}
	for (size_t i = 0; i < 24; i++)
		expanded[i] = key[i % size];
	return 24;
}

static const struct curve curves[] = {
	{ TEE_ECC_CURVE_NIST_P192, 192, NID_X9_62_prime192v1 },
	{ TEE_ECC_CURVE_NIST_P224, 224, NID_secp224r1 },
	{ TEE_ECC_CURVE_NIST_P256, 256, NID_X9_62_prime256v1 },
	{ TEE_ECC_CURVE_NIST_P384, 384, NID_secp384r1 },
	{ TEE_ECC_CURVE_NIST_P521, 521, NID_secp521r1 },
	{ TEE_ECC_CURVE_SM2, 256, NID_sm2 },
};

#define CURVES (sizeof(curves) / sizeof(curves[0]))

const struct curve *library_curve_find(uint32_t id)
{
	for (size_t i = 0; i < CURVES; i++)
		if (curves[i].id == id)
			return &curves[i];
	return NULL;
}

const EC_GROUP *library_curve_group(const struct curve *curve)
{
	static EC_GROUP *groups[CURVES];
	const size_t index = (size_t)(curve - curves);

	if (!groups[index]) {
		library_init();
		groups[index] = EC_GROUP_new_by_curve_name(curve->nid);
		if (!groups[index])
			runtime_panic(TEE_ERROR_OUT_OF_MEMORY, "no memory for an elliptic curve");
	}
	return groups[index];
}

bool library_overlap(const void *a, size_t a_size, const void *b, size_t b_size)
{
	const uintptr_t from_a = (uintptr_t)a, from_b = (uintptr_t)b;

	return a_size && b_size && from_a < from_b + b_size && from_b < from_a + a_size;
}
