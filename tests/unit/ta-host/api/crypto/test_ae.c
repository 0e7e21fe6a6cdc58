/*
 * Authenticated encryption.
 */
/* The functions that nonces of any length are compared with are the library's old ones. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <openssl/aes.h>
#include <openssl/modes.h>
#include <string.h>

#include <tee_api_defines_extensions.h>

#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

TestSuite(ae, .init = runtime_double_reset);

#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define GCM_PLAIN                                                          \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"

static const struct ae_vector {
	const char *name;
	uint32_t algorithm;
	const char *key, *nonce, *aad, *plain, *sealed, *tag;
} vectors[] = {
	{ "GCM test case 1", TEE_ALG_AES_GCM, "00000000000000000000000000000000",
	  "000000000000000000000000", "", "", "", "58e2fccefa7e3061367f1d57a4e7455a" },
	{ "GCM test case 2", TEE_ALG_AES_GCM, "00000000000000000000000000000000",
	  "000000000000000000000000", "", "00000000000000000000000000000000",
	  "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf" },
	{ "GCM test case 4", TEE_ALG_AES_GCM, GCM_KEY, "cafebabefacedbaddecaf888", GCM_AAD,
	  GCM_PLAIN,
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
	  "5bc94fbc3221a5db94fae95ae7121a47" },
	{ "GCM test case 5", TEE_ALG_AES_GCM, GCM_KEY, "cafebabefacedbad", GCM_AAD, GCM_PLAIN,
	  "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c7423"
	  "73806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598",
	  "3612d2e79e3b0785561be14aaca2fccb" },
	{ "SP 800-38C example 1", TEE_ALG_AES_CCM, "404142434445464748494a4b4c4d4e4f",
	  "10111213141516", "0001020304050607", "20212223", "7162015b", "4dac255d" },
	{ "SP 800-38C example 2", TEE_ALG_AES_CCM, "404142434445464748494a4b4c4d4e4f",
	  "1011121314151617", "000102030405060708090a0b0c0d0e0f",
	  "202122232425262728292a2b2c2d2e2f", "d2a1f0e051ea5f62081a7792073d593d", "1fc64fbfaccd" },
	{ "SP 800-38C example 3", TEE_ALG_AES_CCM, "404142434445464748494a4b4c4d4e4f",
	  "101112131415161718191a1b", "000102030405060708090a0b0c0d0e0f10111213",
	  "202122232425262728292a2b2c2d2e2f3031323334353637",
	  "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5", "484392fbc1b09951" },
	{ "RFC 3610 packet 1", TEE_ALG_AES_CCM, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf",
	  "00000003020100a0a1a2a3a4a5", "0001020304050607",
	  "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
	  "588c979a61c663d2f066d0c2c0f989806d5f6b61dac384", "17e8d12cfdf926e0" },
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static TEE_OperationHandle prepare(const struct ae_vector *v, uint32_t mode)
{
	const struct vector key = vector_of(v->key);

	return operation_for(v->algorithm, mode, 128, key_of_octets(TEE_TYPE_AES, 128, key.at, 16));
}

/* AAD and payload each in two pieces. Returns what the last function does. */
static TEE_Result pass(TEE_OperationHandle operation, const struct ae_vector *v, bool seal,
		       size_t aad_cut, size_t cut, uint8_t *out, size_t *out_size, uint8_t *tag)
{
	const struct vector nonce = vector_of(v->nonce), aad = vector_of(v->aad);
	const struct vector in = vector_of(seal ? v->plain : v->sealed);
	size_t tag_size = vector_of(v->tag).size, size = *out_size, more;
	TEE_Result result;

	cr_assert_eq(TEE_AEInit(operation, nonce.at, nonce.size, (uint32_t)tag_size * 8, aad.size,
				in.size),
		     TEE_SUCCESS);
	TEE_AEUpdateAAD(operation, aad.at, aad_cut);
	TEE_AEUpdateAAD(operation, aad.at + aad_cut, aad.size - aad_cut);
	cr_assert_eq(TEE_AEUpdate(operation, in.at, cut, out, &size), TEE_SUCCESS);
	more = *out_size - size;
	if (seal)
		result = TEE_AEEncryptFinal(operation, in.at + cut, in.size - cut, out + size,
					    &more, tag, &tag_size);
	else
		result = TEE_AEDecryptFinal(operation, in.at + cut, in.size - cut, out + size,
					    &more, tag, tag_size);
	*out_size = size + more;
	return result;
}

Test(ae, published_vectors_in_every_cut)
{
	for (size_t i = 0; i < VECTORS; i++) {
		const struct ae_vector *v = &vectors[i];
		TEE_OperationHandle seal = prepare(v, TEE_MODE_ENCRYPT);
		TEE_OperationHandle open = prepare(v, TEE_MODE_DECRYPT);
		const size_t aad_size = vector_of(v->aad).size;
		const size_t length = vector_of(v->plain).size;
		uint8_t out[VECTOR_MAX], tag[16];
		size_t size;

		for (size_t cut = 0; cut <= length; cut++) {
			const size_t aad_cut = aad_size ? cut % (aad_size + 1) : 0;

			size = sizeof(out);
			cr_assert_eq(pass(seal, v, true, aad_cut, cut, out, &size, tag),
				     TEE_SUCCESS);
			vector_expect(out, size, v->sealed, v->name);
			vector_expect(tag, vector_of(v->tag).size, v->tag, v->name);
			size = sizeof(out);
			cr_assert_eq(pass(open, v, false, aad_cut, cut, out, &size, tag),
				     TEE_SUCCESS);
			vector_expect(out, size, v->plain, v->name);
		}
		TEE_FreeOperation(seal);
		TEE_FreeOperation(open);
	}
}

Test(ae, every_wrong_bit_of_a_tag_is_an_error_and_gives_nothing_out)
{
	for (size_t i = 0; i < VECTORS; i++) {
		const struct ae_vector *v = &vectors[i];
		TEE_OperationHandle open = prepare(v, TEE_MODE_DECRYPT);
		struct vector tag = vector_of(v->tag);

		for (size_t bit = 0; bit < tag.size * 8; bit++) {
			uint8_t out[VECTOR_MAX];
			size_t size = sizeof(out);

			tag.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			cr_assert_eq(pass(open, v, false, 0, 0, out, &size, tag.at),
				     TEE_ERROR_MAC_INVALID);
			cr_assert_eq(size, 0);
			tag.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		TEE_FreeOperation(open);
	}
}

Test(ae, tag_lengths_are_those_of_the_specification)
{
	TEE_OperationHandle gcm = prepare(&vectors[0], TEE_MODE_ENCRYPT);
	TEE_OperationHandle ccm = prepare(&vectors[4], TEE_MODE_ENCRYPT);

	for (uint32_t bits = 0; bits <= 136; bits++) {
		const bool in_gcm = bits >= 96 && bits <= 128 && bits % 8 == 0;
		const bool in_ccm = bits >= 32 && bits <= 128 && bits % 16 == 0;

		cr_expect_eq(TEE_AEInit(gcm, "0123456789ab", 12, bits, 0, 0),
			     in_gcm ? TEE_SUCCESS : TEE_ERROR_NOT_SUPPORTED, "GCM %u", bits);
		cr_expect_eq(TEE_AEInit(ccm, "0123456789ab", 12, bits, 0, 0),
			     in_ccm ? TEE_SUCCESS : TEE_ERROR_NOT_SUPPORTED, "CCM %u", bits);
	}
}

/* The library's lower functions, which take nonces of any length, loaded beside the API. */
static void sealed_by_library(const uint8_t *key, const uint8_t *nonce, size_t nonce_size,
			      const uint8_t *plain, size_t size, uint8_t *sealed, uint8_t tag[16])
{
	static AES_KEY expanded;
	static GCM128_CONTEXT *gcm;
	void *library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
	__typeof__(CRYPTO_gcm128_new) *create;
	__typeof__(CRYPTO_gcm128_setiv) *start;
	block128_f block;
	__typeof__(CRYPTO_gcm128_encrypt) *encrypt;
	__typeof__(CRYPTO_gcm128_tag) *finish;
	__typeof__(CRYPTO_gcm128_release) *release;
	__typeof__(AES_set_encrypt_key) *expand;

	cr_assert(library);
	*(void **)&create = dlsym(library, "CRYPTO_gcm128_new");
	*(void **)&start = dlsym(library, "CRYPTO_gcm128_setiv");
	*(void **)&encrypt = dlsym(library, "CRYPTO_gcm128_encrypt");
	*(void **)&finish = dlsym(library, "CRYPTO_gcm128_tag");
	*(void **)&release = dlsym(library, "CRYPTO_gcm128_release");
	*(void **)&block = dlsym(library, "AES_encrypt");
	*(void **)&expand = dlsym(library, "AES_set_encrypt_key");
	cr_assert(create && start && encrypt && finish && release && expand);
	cr_assert_eq(expand(key, 256, &expanded), 0);
	gcm = create(&expanded, block);
	cr_assert(gcm);
	start(gcm, nonce, nonce_size);
	cr_assert_eq(encrypt(gcm, plain, sealed, size), 0);
	finish(gcm, tag, 16);
	release(gcm);
	dlclose(library);
}

Test(ae, nonces_of_gcm_can_have_any_length)
{
	static const size_t sizes[] = {
		1, 11, 12, 13, 16, 60, 127, 128, 129, 144, 257, 1000, 4099
	};
	static uint8_t nonce[5000], plain[300];
	uint8_t key[32];

	pattern_fill(key, sizeof(key), 1);
	pattern_fill(nonce, sizeof(nonce), 2);
	pattern_fill(plain, sizeof(plain), 3);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		TEE_OperationHandle seal =
			operation_for(TEE_ALG_AES_GCM, TEE_MODE_ENCRYPT, 256,
				      key_of_octets(TEE_TYPE_AES, 256, key, sizeof(key)));
		TEE_OperationHandle open =
			operation_for(TEE_ALG_AES_GCM, TEE_MODE_DECRYPT, 256,
				      key_of_octets(TEE_TYPE_AES, 256, key, sizeof(key)));
		uint8_t ours[300], theirs[300], opened[300], our_tag[16], their_tag[16];
		size_t size = sizeof(ours), tag_size = sizeof(our_tag);

		sealed_by_library(key, nonce, sizes[i], plain, sizeof(plain), theirs, their_tag);
		cr_assert_eq(TEE_AEInit(seal, nonce, sizes[i], 128, 0, 0), TEE_SUCCESS);
		cr_assert_eq(TEE_AEEncryptFinal(seal, plain, sizeof(plain), ours, &size, our_tag,
						&tag_size),
			     TEE_SUCCESS);
		cr_expect_eq(memcmp(ours, theirs, sizeof(ours)), 0, "nonce of %zu", sizes[i]);
		cr_expect_eq(memcmp(our_tag, their_tag, 16), 0, "nonce of %zu", sizes[i]);
		/* Not another nonce: its last octet counts. */
		for (unsigned int wrong = 0; wrong < 2; wrong++) {
			nonce[sizes[i] - 1] ^= (uint8_t)wrong;
			size = sizeof(opened);
			cr_assert_eq(TEE_AEInit(open, nonce, sizes[i], 128, 0, 0), TEE_SUCCESS);
			cr_expect_eq(TEE_AEDecryptFinal(open, ours, sizeof(ours), opened, &size,
							our_tag, 16),
				     wrong ? TEE_ERROR_MAC_INVALID : TEE_SUCCESS);
			nonce[sizes[i] - 1] ^= (uint8_t)wrong;
		}
		TEE_FreeOperation(seal);
		TEE_FreeOperation(open);
	}
}

Test(ae, aad_of_ccm_can_be_long)
{
	static uint8_t aad[70000];
	TEE_OperationHandle seal = prepare(&vectors[4], TEE_MODE_ENCRYPT);
	uint8_t out[4], tag[16];
	size_t size = 4, tag_size = 16;

	/* SP 800-38C, example 4: 524288 bits of 00 01 .. ff 00 01 .. */
	for (size_t i = 0; i < 65536; i++)
		aad[i] = (uint8_t)i;
	cr_assert_eq(TEE_AEInit(seal, vector_of("101112131415161718191a1b1c").at, 13, 112, 65536,
				32),
		     TEE_SUCCESS);
	TEE_AEUpdateAAD(seal, aad, 1);
	TEE_AEUpdateAAD(seal, aad + 1, 65535);
	{
		const struct vector plain = vector_of(
			"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f");
		uint8_t sealed[32];

		size = sizeof(sealed);
		cr_assert_eq(TEE_AEEncryptFinal(seal, plain.at, 32, sealed, &size, tag, &tag_size),
			     TEE_SUCCESS);
		vector_expect(sealed, size,
			      "69915dad1e84c6376a68c2967e4dab615ae0fd1faec44cc484828529463ccf72",
			      "payload");
		vector_expect(tag, tag_size, "b4ac6bec93e8598e7f0dadbcea5b", "tag");
	}
	(void)out;
}

static TEE_OperationHandle ready;

static void too_much_payload(void)
{
	uint8_t out[32];
	size_t size = sizeof(out);

	(void)TEE_AEUpdate(ready, "12345", 5, out, &size);
}

static void too_much_aad(void)
{
	TEE_AEUpdateAAD(ready, "12345", 5);
}

static void too_little(void)
{
	uint8_t out[32], tag[16];
	size_t size = sizeof(out), tag_size = sizeof(tag);

	(void)TEE_AEEncryptFinal(ready, "1", 1, out, &size, tag, &tag_size);
}

static void aad_after_payload(void)
{
	uint8_t out[32];
	size_t size = sizeof(out);

	(void)TEE_AEUpdate(ready, "1", 1, out, &size);
	TEE_AEUpdateAAD(ready, "1", 1);
}

static void decrypt_with_encryption(void)
{
	uint8_t out[32], tag[16] = { 0 };
	size_t size = sizeof(out);

	(void)TEE_AEDecryptFinal(ready, "1", 1, out, &size, tag, 16);
}

Test(ae, broken_rules_panic)
{
	ready = prepare(&vectors[4], TEE_MODE_ENCRYPT);
	cr_assert(runtime_double_panics(too_little));
	cr_assert_eq(TEE_AEInit(ready, "0123456789ab", 12, 128, 4, 4), TEE_SUCCESS);
	cr_assert(runtime_double_panics(too_much_aad));
	cr_assert(runtime_double_panics(too_little));
	TEE_AEUpdateAAD(ready, "1234", 4);
	cr_assert(runtime_double_panics(too_much_payload));
	cr_assert(runtime_double_panics(too_little));
	TEE_FreeOperation(ready);
	ready = prepare(&vectors[0], TEE_MODE_ENCRYPT);
	cr_assert_eq(TEE_AEInit(ready, "0123456789ab", 12, 128, 0, 0), TEE_SUCCESS);
	cr_assert(runtime_double_panics(decrypt_with_encryption));
	cr_assert(runtime_double_panics(aad_after_payload));
}
