/*
 * Signatures and ciphertexts that must be refused, in the manner of the Wycheproof project:
 * published ones, changed in the ways that implementations are known to fall for. What is wrong
 * with them is an error code and never a panic.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <tee_api_defines_extensions.h>

#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

TestSuite(negative, .init = runtime_double_reset, .timeout = 500);

#define SIGNATURE_MAX 512U

struct signature {
	uint8_t at[SIGNATURE_MAX + 1];
	size_t size;
};

static void refused(TEE_OperationHandle verifying, const struct vector *digest,
		    const struct signature *signature, const char *what)
{
	cr_expect_eq(TEE_AsymmetricVerifyDigest(verifying, NULL, 0, digest->at, digest->size,
						signature->at, signature->size),
		     TEE_ERROR_SIGNATURE_INVALID, "%s", what);
}

static void accepted(TEE_OperationHandle verifying, const struct vector *digest,
		     const struct signature *signature, const char *what)
{
	cr_expect_eq(TEE_AsymmetricVerifyDigest(verifying, NULL, 0, digest->at, digest->size,
						signature->at, signature->size),
		     TEE_SUCCESS, "%s", what);
}

/* Two numbers of the same length, one behind the other. */
static struct signature pair_of(const struct vector *r, const struct vector *s)
{
	struct signature signature = { .size = r->size + s->size };

	memcpy(signature.at, r->at, r->size);
	memcpy(signature.at + r->size, s->at, s->size);
	return signature;
}

/* a + b or a - b, big-endian, of the same length; what does not fit is lost. */
static struct vector number_add(const struct vector *a, const struct vector *b, bool subtract)
{
	struct vector result = *a;
	int carry = 0;

	for (size_t i = a->size; i--;) {
		const int digit = a->at[i] + (subtract ? -b->at[i] : b->at[i]) + carry;

		result.at[i] = (uint8_t)digit;
		carry = digit < 0 ? -1 : digit > 255;
	}
	return result;
}

/* r and s of any scheme that has two numbers below `order`. */
static void two_numbers_changed(TEE_OperationHandle verifying, const struct vector *digest,
				const struct vector *r, const struct vector *s,
				const struct vector *order, bool on_curve)
{
	struct vector zero = { .size = r->size }, one = { .size = r->size }, ones = *r, other;
	struct vector changed = *digest;
	struct signature signature = pair_of(r, s);

	one.at[one.size - 1] = 1;
	memset(ones.at, 0xFF, ones.size);
	accepted(verifying, digest, &signature, "as published");
	/* On a curve, that belongs to the opposite point, which has the same x. */
	other = number_add(order, s, true);
	signature = pair_of(r, &other);
	if (on_curve)
		accepted(verifying, digest, &signature, "order - s");
	else
		refused(verifying, digest, &signature, "order - s");

	const struct {
		const char *what;
		const struct vector *r, *s;
	} wrong[] = {
		{ "s and r", s, r },
		{ "r = 0", &zero, s },
		{ "s = 0", r, &zero },
		{ "both 0", &zero, &zero },
		{ "r = order", order, s },
		{ "s = order", r, order },
		{ "both the order", order, order },
		{ "r = 1", &one, s },
		{ "s = 1", r, &one },
		{ "both 1", &one, &one },
		{ "r all ones", &ones, s },
		{ "s all ones", r, &ones },
		{ "order and 1", order, &one },
		{ "0 and 1", &zero, &one },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		signature = pair_of(wrong[i].r, wrong[i].s);
		refused(verifying, digest, &signature, wrong[i].what);
	}
	other = number_add(order, r, true);
	signature = pair_of(&other, s);
	refused(verifying, digest, &signature, "order - r");
	other = number_add(s, order, false);
	if (memcmp(other.at, s->at, s->size) > 0) {
		signature = pair_of(r, &other);
		refused(verifying, digest, &signature, "s + order");
	}
	signature = pair_of(r, s);
	signature.size--;
	refused(verifying, digest, &signature, "an octet less");
	signature.size += 2;
	refused(verifying, digest, &signature, "an octet more");
	signature.size = r->size;
	refused(verifying, digest, &signature, "r alone");
	signature.size = 0;
	refused(verifying, digest, &signature, "nothing");
	signature = pair_of(r, s);
	changed.at[0] ^= 0x80;
	refused(verifying, &changed, &signature, "another digest");
	for (size_t bit = 0; bit < 8 * signature.size; bit += 13) {
		signature.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refused(verifying, digest, &signature, "another bit");
		signature.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* RFC 6979, A.2.3 to A.2.7: "sample", and the order of each curve. */
static const struct {
	uint32_t algorithm, curve, bits;
	const char *x, *y, *digest, *r, *s, *order;
} ecdsa_vectors[] = {
	{ TEE_ALG_ECDSA_SHA1, TEE_ECC_CURVE_NIST_P192, 192,
	  "ac2c77f529f91689fea0ea5efec7f210d8eea0b9e047ed56",
	  "3bc723e57670bd4887ebc732c523063d0a7c957bc97c1c43",
	  "8151325dcdbae9e0ff95f9f9658432dbedfdb209",
	  "98c6bd12b23eaf5e2a2045132086be3eb8ebd62abf6698ff",
	  "57a22b07dea9530f8de9471b1dc6624472e8e2844bc25b64",
	  "ffffffffffffffffffffffff99def836146bc9b1b4d22831" },
	{ TEE_ALG_ECDSA_SHA224, TEE_ECC_CURVE_NIST_P224, 224,
	  "00cf08da5ad719e42707fa431292dea11244d64fc51610d94b130d6c",
	  "eeab6f3debe455e3dbf85416f7030cbd94f34f2d6f232c69f3c1385a",
	  "9003e374bc726550c2c289447fd0533160f875709386dfa377bfd41c",
	  "1cdfe6662dde1e4a1ec4cdedf6a1f5a2fb7fbd9145c12113e6abfd3e",
	  "a6694fd7718a21053f225d3f46197ca699d45006c06f871808f43ebc",
	  "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d" },
	{ TEE_ALG_ECDSA_SHA256, TEE_ECC_CURVE_NIST_P256, 256,
	  "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
	  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
	  "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
	  "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
	  "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
	  "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551" },
	{ TEE_ALG_ECDSA_SHA384, TEE_ECC_CURVE_NIST_P384, 384,
	  "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a25451"
	  "5480bc13",
	  "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd25"
	  "33264720",
	  "9a9083505bc92276aec4be312696ef7bf3bf603f4bbd381196a029f340585312313bca4a9b5b890efee42c77"
	  "b1ee25fe",
	  "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e"
	  "80fabe46",
	  "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a"
	  "38628ac8",
	  "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196a"
	  "ccc52973" },
	{ TEE_ALG_ECDSA_SHA512, TEE_ECC_CURVE_NIST_P521, 521,
	  "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7"
	  "f20fb633155d38ffa16d2bd761dcac474b9a2f5023a4",
	  "00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b"
	  "22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5",
	  "39a5e04aaff7455d9850c605364f514c11324ce64016960d23d5dc57d3ffd8f49a739468ab8049bf18eef820"
	  "cdb1ad6c9015f838556bc7fad4138b23fdf986c7",
	  "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606a"
	  "dd152b534931d7d4e8455cc91f9b15bf05ec36e377fa",
	  "00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8"
	  "c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a",
	  "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc"
	  "0148f709a5d03bb5c9b8899c47aebb6fb71e91386409" },
};

Test(negative, ecdsa_on_every_curve)
{
	for (size_t i = 0; i < sizeof(ecdsa_vectors) / sizeof(ecdsa_vectors[0]); i++) {
		const struct key_part parts[] = {
			{ TEE_ATTR_ECC_CURVE, NULL, ecdsa_vectors[i].curve },
			{ TEE_ATTR_ECC_PUBLIC_VALUE_X, ecdsa_vectors[i].x, 0 },
			{ TEE_ATTR_ECC_PUBLIC_VALUE_Y, ecdsa_vectors[i].y, 0 },
			{ 0 },
		};
		const struct vector digest = vector_of(ecdsa_vectors[i].digest);
		const struct vector r = vector_of(ecdsa_vectors[i].r);
		const struct vector s = vector_of(ecdsa_vectors[i].s);
		const struct vector order = vector_of(ecdsa_vectors[i].order);
		TEE_OperationHandle verifying = operation_for(
			ecdsa_vectors[i].algorithm, TEE_MODE_VERIFY, ecdsa_vectors[i].bits,
			key_of_parts(TEE_TYPE_ECDSA_PUBLIC_KEY, ecdsa_vectors[i].bits, parts));

		two_numbers_changed(verifying, &digest, &r, &s, &order, true);
		TEE_FreeOperation(verifying);
	}
}

/* RFC 6979, A.2.1. */
#define DSA_Q "996f967f6c8e388d9e28d01e205fba957a5698b1"

Test(negative, dsa)
{
	static const struct key_part parts[] = {
		{ TEE_ATTR_DSA_PRIME,
		  "86f5ca03dcfeb225063ff830a0c769b9dd9d6153ad91d7ce27f787c43278b447"
		  "e6533b86b18bed6e8a48b784a14c252c5be0dbf60b86d6385bd2f12fb763ed88"
		  "73abfd3f5ba2e0a8c0a59082eac056935e529daf7c610467899c77adedfc846c"
		  "881870b7b19b2b58f9be0521a17002e3bdd6b86685ee90b3d9a1b02b782b1779",
		  0 },
		{ TEE_ATTR_DSA_SUBPRIME, DSA_Q, 0 },
		{ TEE_ATTR_DSA_BASE,
		  "07b0f92546150b62514bb771e2a0c0ce387f03bda6c56b505209ff25fd3c133d"
		  "89bbcd97e904e09114d9a7defdeadfc9078ea544d2e401aeecc40bb9fbbf78fd"
		  "87995a10a1c27cb7789b594ba7efb5c4326a9fe59a070e136db77175464adca4"
		  "17be5dce2f40d10a46a3a3943f26ab7fd9c0398ff8c76ee0a56826a8a88f1dbd",
		  0 },
		{ TEE_ATTR_DSA_PUBLIC_VALUE,
		  "5df5e01ded31d0297e274e1691c192fe5868fef9e19a84776454b100cf16f653"
		  "92195a38b90523e2542ee61871c0440cb87c322fc4b4d2ec5e1e7ec766e1be8d"
		  "4ce935437dc11c3c8fd426338933ebfe739cb3465f4d3668c5e473508253b1e6"
		  "82f65cbdc4fae93c2ea212390e54905a86e2223170b44eaa7da5dd9ffcfb7f3b",
		  0 },
		{ 0 },
	};
	const struct vector digest = vector_of("8151325dcdbae9e0ff95f9f9658432dbedfdb209");
	const struct vector r = vector_of("2e1a0c2562b2912caaf89186fb0f42001585da55");
	const struct vector s = vector_of("29efb6b0aff2d7a68eb70ca313022253b9a88df5");
	const struct vector order = vector_of(DSA_Q);
	TEE_OperationHandle verifying =
		operation_for(TEE_ALG_DSA_SHA1, TEE_MODE_VERIFY, 1024,
			      key_of_parts(TEE_TYPE_DSA_PUBLIC_KEY, 1024, parts));

	two_numbers_changed(verifying, &digest, &r, &s, &order, false);
	TEE_FreeOperation(verifying);
}

#define RSA_BITS 1024U
#define RSA_SIZE (RSA_BITS / 8)

/* What PKCS#1 puts before a SHA-256 digest, its parameters (NULL) included. */
static const uint8_t info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
static const uint8_t info_bare[] = { 0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
				     0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04, 0x20 };

/* The signature that a signer would make who has a strange idea of the block. */
static struct signature block_sign(TEE_OperationHandle raw, const uint8_t block[RSA_SIZE])
{
	struct signature signature = { .size = RSA_SIZE };
	uint8_t out[RSA_SIZE];
	size_t size = sizeof(out);

	cr_assert_eq(TEE_AsymmetricDecrypt(raw, NULL, 0, block, RSA_SIZE, out, &size), TEE_SUCCESS);
	/* Bare numbers come without leading zeros. */
	memcpy(signature.at + RSA_SIZE - size, out, size);
	return signature;
}

/* 00 TYPE FILL... 00 INFO DIGEST REST..., `rest` octets of it. */
static void block_make(uint8_t block[RSA_SIZE], uint8_t type, uint8_t fill, const uint8_t *prefix,
		       size_t prefix_size, const struct vector *digest, size_t rest)
{
	const size_t at = RSA_SIZE - rest - digest->size - prefix_size;

	memset(block, fill, RSA_SIZE);
	block[0] = 0;
	block[1] = type;
	block[at - 1] = 0;
	memcpy(block + at, prefix, prefix_size);
	memcpy(block + at + prefix_size, digest->at, digest->size);
	memset(block + RSA_SIZE - rest, 0x5A, rest);
}

Test(negative, rsa_pkcs1_signatures_of_strange_blocks)
{
	TEE_ObjectHandle key = key_generated(TEE_TYPE_RSA_KEYPAIR, RSA_BITS, 0);
	TEE_OperationHandle raw = operation_new(TEE_ALG_RSA_NOPAD, TEE_MODE_DECRYPT, RSA_BITS);
	TEE_OperationHandle verifying =
		operation_new(TEE_ALG_RSASSA_PKCS1_V1_5_SHA256, TEE_MODE_VERIFY, RSA_BITS);
	struct vector digest = { .size = 32 }, modulus = { .size = RSA_SIZE }, number;
	struct signature signature;
	uint8_t block[RSA_SIZE];
	size_t size = RSA_SIZE;

	pattern_fill(digest.at, digest.size, 5);
	cr_assert_eq(TEE_SetOperationKey(raw, key), TEE_SUCCESS);
	cr_assert_eq(TEE_SetOperationKey(verifying, key), TEE_SUCCESS);
	block_make(block, 1, 0xFF, info, sizeof(info), &digest, 0);
	signature = block_sign(raw, block);
	accepted(verifying, &digest, &signature, "as it should be");

	/* The number plus the modulus is the same number, in another form. */
	cr_assert_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_RSA_MODULUS, modulus.at, &size),
		     TEE_SUCCESS);
	number.size = RSA_SIZE;
	memcpy(number.at, signature.at, RSA_SIZE);
	number = number_add(&number, &modulus, false);
	if (memcmp(number.at, signature.at, RSA_SIZE) > 0) {
		memcpy(signature.at, number.at, RSA_SIZE);
		refused(verifying, &digest, &signature, "plus the modulus");
	}
	memcpy(signature.at, modulus.at, RSA_SIZE);
	refused(verifying, &digest, &signature, "the modulus itself");
	memset(signature.at, 0, RSA_SIZE);
	refused(verifying, &digest, &signature, "0");
	signature.at[RSA_SIZE - 1] = 1;
	refused(verifying, &digest, &signature, "1");

	block_make(block, 2, 0xFF, info, sizeof(info), &digest, 0);
	signature = block_sign(raw, block);
	refused(verifying, &digest, &signature, "the block of an encryption");
	block_make(block, 1, 0xFE, info, sizeof(info), &digest, 0);
	signature = block_sign(raw, block);
	refused(verifying, &digest, &signature, "other padding");
	block_make(block, 1, 0x00, info, sizeof(info), &digest, 0);
	signature = block_sign(raw, block);
	refused(verifying, &digest, &signature, "no padding");
	for (size_t rest = 1; rest < 70; rest += 17) {
		block_make(block, 1, 0xFF, info, sizeof(info), &digest, rest);
		signature = block_sign(raw, block);
		refused(verifying, &digest, &signature, "something behind the digest");
	}
	block_make(block, 1, 0xFF, info_bare, sizeof(info_bare), &digest, 0);
	signature = block_sign(raw, block);
	refused(verifying, &digest, &signature, "parameters left out");
	block_make(block, 1, 0xFF, info, 0, &digest, 0);
	signature = block_sign(raw, block);
	refused(verifying, &digest, &signature, "the bare digest");
	for (size_t i = 0; i < sizeof(info); i++) {
		block_make(block, 1, 0xFF, info, sizeof(info), &digest, 0);
		block[RSA_SIZE - digest.size - sizeof(info) + i] ^= 1;
		signature = block_sign(raw, block);
		refused(verifying, &digest, &signature, "another algorithm or encoding");
	}
	TEE_FreeOperation(raw);
	TEE_FreeOperation(verifying);
	TEE_FreeTransientObject(key);
}

Test(negative, pss_signatures_of_strange_blocks)
{
	TEE_ObjectHandle key = key_generated(TEE_TYPE_RSA_KEYPAIR, RSA_BITS, 0);
	TEE_OperationHandle raw = operation_new(TEE_ALG_RSA_NOPAD, TEE_MODE_DECRYPT, RSA_BITS);
	TEE_OperationHandle open = operation_new(TEE_ALG_RSA_NOPAD, TEE_MODE_ENCRYPT, RSA_BITS);
	TEE_OperationHandle signing =
		operation_new(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA256, TEE_MODE_SIGN, RSA_BITS);
	TEE_OperationHandle verifying =
		operation_new(TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA256, TEE_MODE_VERIFY, RSA_BITS);
	struct vector digest = { .size = 32 };
	struct signature signature = { .size = RSA_SIZE }, strange;
	uint8_t block[RSA_SIZE] = { 0 }, opened[RSA_SIZE];
	size_t size = RSA_SIZE;
	TEE_Attribute salt;

	pattern_fill(digest.at, digest.size, 6);
	cr_assert_eq(TEE_SetOperationKey(raw, key), TEE_SUCCESS);
	cr_assert_eq(TEE_SetOperationKey(open, key), TEE_SUCCESS);
	cr_assert_eq(TEE_SetOperationKey(signing, key), TEE_SUCCESS);
	cr_assert_eq(TEE_SetOperationKey(verifying, key), TEE_SUCCESS);
	cr_assert_eq(TEE_AsymmetricSignDigest(signing, NULL, 0, digest.at, digest.size,
					      signature.at, &signature.size),
		     TEE_SUCCESS);
	accepted(verifying, &digest, &signature, "as it should be");
	cr_assert_eq(TEE_AsymmetricEncrypt(open, NULL, 0, signature.at, RSA_SIZE, opened, &size),
		     TEE_SUCCESS);
	memcpy(block + RSA_SIZE - size, opened, size);
	/* Its trailer, its hash, its masked salt and the bit that must be 0. */
	for (size_t bit = 0; bit < RSA_BITS; bit += bit < 16 ? 1 : 31) {
		const size_t at = RSA_SIZE - 1 - bit / 8;

		block[at] ^= (uint8_t)(1 << bit % 8);
		if (block[0] < 0x80) {
			strange = block_sign(raw, block);
			refused(verifying, &digest, &strange, "another block");
		}
		block[at] ^= (uint8_t)(1 << bit % 8);
	}
	/* Of another length than was expected, the salt is not looked for. */
	TEE_InitValueAttribute(&salt, TEE_ATTR_RSA_PSS_SALT_LENGTH, 20, 0);
	cr_assert_eq(TEE_AsymmetricSignDigest(signing, &salt, 1, digest.at, digest.size,
					      signature.at, &signature.size),
		     TEE_SUCCESS);
	refused(verifying, &digest, &signature, "a salt of 20 in place of 32");
	cr_expect_eq(TEE_AsymmetricVerifyDigest(verifying, &salt, 1, digest.at, digest.size,
						signature.at, signature.size),
		     TEE_SUCCESS);
	TEE_FreeOperation(raw);
	TEE_FreeOperation(open);
	TEE_FreeOperation(signing);
	TEE_FreeOperation(verifying);
	TEE_FreeTransientObject(key);
}

/* What does not decrypt is one error, whatever is wrong with it. */
static void not_decrypted(TEE_OperationHandle opening, const uint8_t *sealed, size_t sealed_size,
			  const char *what)
{
	uint8_t plain[RSA_SIZE];
	size_t size = sizeof(plain);

	cr_expect_eq(TEE_AsymmetricDecrypt(opening, NULL, 0, sealed, sealed_size, plain, &size),
		     TEE_ERROR_CIPHERTEXT_INVALID, "%s", what);
}

Test(negative, rsa_ciphertexts_of_strange_blocks)
{
	TEE_ObjectHandle key = key_generated(TEE_TYPE_RSA_KEYPAIR, RSA_BITS, 0);
	TEE_OperationHandle raw = operation_new(TEE_ALG_RSA_NOPAD, TEE_MODE_ENCRYPT, RSA_BITS);
	TEE_OperationHandle pkcs1 =
		operation_new(TEE_ALG_RSAES_PKCS1_V1_5, TEE_MODE_DECRYPT, RSA_BITS);
	TEE_OperationHandle oaep =
		operation_new(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA256, TEE_MODE_DECRYPT, RSA_BITS);
	TEE_OperationHandle sealing =
		operation_new(TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA256, TEE_MODE_ENCRYPT, RSA_BITS);
	static const struct {
		const char *what;
		uint8_t first, type, fill;
		size_t zero;
	} blocks[] = {
		{ "the block of a signature", 0, 1, 0xFF, 100 },
		{ "no zero before the type", 1, 2, 0x77, 100 },
		{ "nothing ends the padding", 0, 2, 0x77, RSA_SIZE },
		{ "the padding is too short", 0, 2, 0x77, 9 },
		{ "no type", 0, 0, 0x77, 100 },
	};
	uint8_t block[RSA_SIZE], sealed[RSA_SIZE];
	TEE_Attribute label;
	size_t size;

	cr_assert_eq(TEE_SetOperationKey(raw, key), TEE_SUCCESS);
	cr_assert_eq(TEE_SetOperationKey(pkcs1, key), TEE_SUCCESS);
	cr_assert_eq(TEE_SetOperationKey(oaep, key), TEE_SUCCESS);
	cr_assert_eq(TEE_SetOperationKey(sealing, key), TEE_SUCCESS);
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		memset(block, blocks[i].fill, sizeof(block));
		block[0] = blocks[i].first;
		block[1] = blocks[i].type;
		if (blocks[i].zero < RSA_SIZE)
			block[blocks[i].zero] = 0;
		size = sizeof(sealed);
		cr_assert_eq(TEE_AsymmetricEncrypt(raw, NULL, 0, block, RSA_SIZE, sealed, &size),
			     TEE_SUCCESS);
		not_decrypted(pkcs1, sealed, size, blocks[i].what);
		not_decrypted(oaep, sealed, size, blocks[i].what);
	}
	TEE_InitRefAttribute(&label, TEE_ATTR_RSA_OAEP_LABEL, "label", 5);
	size = sizeof(sealed);
	cr_assert_eq(TEE_AsymmetricEncrypt(sealing, &label, 1, "a secret", 8, sealed, &size),
		     TEE_SUCCESS);
	not_decrypted(oaep, sealed, size, "another label");
	size = sizeof(sealed);
	cr_assert_eq(TEE_AsymmetricEncrypt(sealing, NULL, 0, "a secret", 8, sealed, &size),
		     TEE_SUCCESS);
	for (size_t bit = 0; bit < RSA_BITS - 8; bit += 53) {
		sealed[RSA_SIZE - 1 - bit / 8] ^= (uint8_t)(1 << bit % 8);
		not_decrypted(oaep, sealed, size, "another bit");
		sealed[RSA_SIZE - 1 - bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	TEE_FreeOperation(raw);
	TEE_FreeOperation(pkcs1);
	TEE_FreeOperation(oaep);
	TEE_FreeOperation(sealing);
	TEE_FreeTransientObject(key);
}

/* RFC 8032, 7.1, test 2; and the order of the group, least octet first. */
Test(negative, ed25519)
{
	static const struct key_part parts[] = {
		{ TEE_ATTR_ED25519_PUBLIC_VALUE,
		  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", 0 },
		{ 0 },
	};
	static const struct key_part zero_key[] = {
		{ TEE_ATTR_ED25519_PUBLIC_VALUE,
		  "0000000000000000000000000000000000000000000000000000000000000000", 0 },
		{ 0 },
	};
	const struct vector message = vector_of("72"), other = vector_of("73"), none = { 0 };
	const struct vector published =
		vector_of("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
			  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
	const struct vector order =
		vector_of("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
	TEE_OperationHandle verifying =
		operation_for(TEE_ALG_ED25519, TEE_MODE_VERIFY, 256,
			      key_of_parts(TEE_TYPE_ED25519_PUBLIC_KEY, 256, parts));
	struct signature signature = { .size = 64 };
	unsigned int carry = 0;

	memcpy(signature.at, published.at, 64);
	accepted(verifying, &message, &signature, "as published");
	refused(verifying, &other, &signature, "another message");
	refused(verifying, &none, &signature, "no message");
	/* S + L is the same scalar. Who takes it takes two signatures for one. */
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned int)signature.at[32 + i] + order.at[i];
		signature.at[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	refused(verifying, &message, &signature, "S + L");
	for (size_t bit = 0; bit < 512; bit += 7) {
		memcpy(signature.at, published.at, 64);
		signature.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refused(verifying, &message, &signature, "another bit");
	}
	memcpy(signature.at, published.at, 64);
	memset(signature.at + 32, 0, 32);
	refused(verifying, &message, &signature, "S = 0");
	memset(signature.at, 0, 32);
	refused(verifying, &message, &signature, "all 0");
	memset(signature.at, 0xFF, 64);
	refused(verifying, &message, &signature, "all ones");
	memcpy(signature.at, published.at, 64);
	for (signature.size = 0; signature.size <= 65; signature.size += signature.size ? 1 : 63)
		if (signature.size != 64)
			refused(verifying, &message, &signature, "another length");
	TEE_FreeOperation(verifying);
	verifying = operation_for(TEE_ALG_ED25519, TEE_MODE_VERIFY, 256,
				  key_of_parts(TEE_TYPE_ED25519_PUBLIC_KEY, 256, zero_key));
	signature.size = 64;
	refused(verifying, &message, &signature, "the key of somebody else");
	TEE_FreeOperation(verifying);
}
