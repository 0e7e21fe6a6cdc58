/*
 * The same input through the API and through the `openssl` command: random lengths, random cuts,
 * and RSA in both directions.
 */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines_extensions.h>
#include <unistd.h>

#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

#define LENGTH_MAX 5000U
#define ROUNDS	   12

/* Files for the command, in a directory that goes with the test. */
static char directory[] = "/tmp/teesim-differential-XXXXXX";
static uint32_t seed;

static void setup(void)
{
	runtime_double_reset();
	seed = 1;
	cr_assert(mkdtemp(directory));
}

static void cleanup(void)
{
	static const char *const names[] = { "in", "out", "key" };
	char path[64];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	cr_assert_eq(rmdir(directory), 0);
}

TestSuite(differential, .init = setup, .fini = cleanup, .timeout = 500);

static uint32_t chance(uint32_t below)
{
	seed = seed * 1103515245U + 12345U;
	return (seed >> 8) % below;
}

static void file_write(const char *name, const void *at, size_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "wb");
	cr_assert(file && fwrite(at, 1, size, file) == size && fclose(file) == 0);
}

/* Runs `openssl ARGUMENTS` in the directory; its output, and whether it ended well. */
__attribute__((format(printf, 3, 4))) static bool command(uint8_t *out, size_t *size,
							  const char *arguments, ...)
{
	char text[1200], whole[1400];
	va_list list;
	FILE *pipe;

	va_start(list, arguments);
	vsnprintf(text, sizeof(text), arguments, list);
	va_end(list);
	snprintf(whole, sizeof(whole), "cd %s && " TEESIM_OPENSSL " %s 2>/dev/null", directory,
		 text);
	pipe = popen(whole, "r");
	cr_assert(pipe);
	*size = fread(out, 1, *size, pipe);
	return pclose(pipe) == 0;
}

static const char *hex(const uint8_t *at, size_t size)
{
	static char texts[2][2 * 64 + 1];
	static unsigned int next;
	char *text = texts[next++ % 2];

	text[0] = '\0';
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", at[i]);
	return text;
}

Test(differential, digests)
{
	static const struct {
		uint32_t algorithm;
		const char *name;
		size_t size;
	} all[] = {
		{ TEE_ALG_MD5, "md5", 0 },
		{ TEE_ALG_SHA1, "sha1", 0 },
		{ TEE_ALG_SHA256, "sha256", 0 },
		{ TEE_ALG_SHA512, "sha512", 0 },
		{ TEE_ALG_SHA3_256, "sha3-256", 0 },
		{ TEE_ALG_SM3, "sm3", 0 },
		{ TEE_ALG_SHAKE128, "shake128", 777 },
		{ TEE_ALG_SHAKE256, "shake256", 1000 },
	};

	for (int round = 0; round < ROUNDS * 4; round++) {
		const size_t i = (size_t)round % (sizeof(all) / sizeof(all[0]));
		TEE_OperationHandle operation = operation_new(all[i].algorithm, TEE_MODE_DIGEST, 0);
		uint8_t in[LENGTH_MAX], ours[1024], theirs[1024];
		const size_t length = chance(LENGTH_MAX);
		size_t size = sizeof(ours), their_size = sizeof(theirs), at = 0;
		char option[32] = "";

		pattern_fill(in, length, seed);
		file_write("in", in, length);
		while (at < length) {
			size_t piece = 1 + chance(700);

			if (piece > length - at)
				piece = length - at;
			TEE_DigestUpdate(operation, in + at, piece);
			at += piece;
		}
		if (all[i].size) {
			/* The output in pieces, too. */
			size_t piece;

			snprintf(option, sizeof(option), "-xoflen %zu", all[i].size);
			for (size = 0; size < all[i].size; size += piece) {
				piece = 1 + chance(200);
				if (piece > all[i].size - size)
					piece = all[i].size - size;
				cr_assert_eq(TEE_DigestExtract(operation, ours + size, &piece),
					     TEE_SUCCESS);
			}
		} else {
			cr_assert_eq(TEE_DigestDoFinal(operation, NULL, 0, ours, &size),
				     TEE_SUCCESS);
		}
		cr_assert(command(theirs, &their_size, "dgst -%s %s -binary in", all[i].name,
				  option));
		cr_assert(size == their_size && memcmp(ours, theirs, size) == 0, "%s of %zu",
			  all[i].name, length);
		TEE_FreeOperation(operation);
	}
}

Test(differential, ciphers)
{
	static const struct {
		uint32_t algorithm, type, bits;
		const char *name;
		size_t iv, block;
	} all[] = {
		{ TEE_ALG_AES_ECB_NOPAD, TEE_TYPE_AES, 256, "aes-256-ecb", 0, 16 },
		{ TEE_ALG_AES_CBC_NOPAD, TEE_TYPE_AES, 192, "aes-192-cbc", 16, 16 },
		{ TEE_ALG_AES_CTR, TEE_TYPE_AES, 128, "aes-128-ctr", 16, 1 },
		{ TEE_ALG_DES3_CBC_NOPAD, TEE_TYPE_DES3, 192, "des-ede3-cbc", 8, 8 },
		{ TEE_ALG_DES3_ECB_NOPAD, TEE_TYPE_DES3, 128, "des-ede", 0, 8 },
		{ TEE_ALG_SM4_CTR, TEE_TYPE_SM4, 128, "sm4-ctr", 16, 1 },
		{ TEE_ALG_SM4_CBC_NOPAD, TEE_TYPE_SM4, 128, "sm4-cbc", 16, 16 },
	};

	for (int round = 0; round < ROUNDS * 4; round++) {
		const size_t i = (size_t)round % (sizeof(all) / sizeof(all[0]));
		const size_t length = chance(LENGTH_MAX) / all[i].block * all[i].block;
		const bool decrypt = round & 1;
		uint8_t key[32], iv[16], in[LENGTH_MAX], ours[LENGTH_MAX], theirs[LENGTH_MAX];
		size_t at = 0, done = 0, size, their_size = sizeof(theirs);
		TEE_OperationHandle operation;
		char iv_option[64] = "";

		pattern_fill(key, sizeof(key), seed);
		pattern_fill(iv, sizeof(iv), seed + 1);
		pattern_fill(in, length, seed + 2);
		file_write("in", in, length);
		operation = operation_for(
			all[i].algorithm, decrypt ? TEE_MODE_DECRYPT : TEE_MODE_ENCRYPT,
			all[i].bits, key_of_octets(all[i].type, all[i].bits, key, all[i].bits / 8));
		TEE_CipherInit(operation, all[i].iv ? iv : NULL, all[i].iv);
		while (at < length) {
			size_t piece = 1 + chance(600);

			if (piece > length - at)
				piece = length - at;
			size = sizeof(ours) - done;
			cr_assert_eq(TEE_CipherUpdate(operation, in + at, piece, ours + done,
						      &size),
				     TEE_SUCCESS);
			at += piece;
			done += size;
		}
		size = sizeof(ours) - done;
		cr_assert_eq(TEE_CipherDoFinal(operation, NULL, 0, ours + done, &size),
			     TEE_SUCCESS);
		done += size;
		if (all[i].iv)
			snprintf(iv_option, sizeof(iv_option), "-iv %s", hex(iv, all[i].iv));
		cr_assert(command(theirs, &their_size, "enc -%s -%s -nopad -K %s %s -in in",
				  all[i].name, decrypt ? "d" : "e", hex(key, all[i].bits / 8),
				  iv_option));
		cr_assert(done == their_size && memcmp(ours, theirs, done) == 0, "%s of %zu",
			  all[i].name, length);
		TEE_FreeOperation(operation);
	}
}

Test(differential, macs)
{
	static const struct {
		uint32_t algorithm, type, bits;
		const char *options;
	} all[] = {
		{ TEE_ALG_HMAC_SHA1, TEE_TYPE_HMAC_SHA1, 160, "-digest SHA1 HMAC" },
		{ TEE_ALG_HMAC_SHA384, TEE_TYPE_HMAC_SHA384, 512, "-digest SHA384 HMAC" },
		{ TEE_ALG_HMAC_SHA3_512, TEE_TYPE_HMAC_SHA3_512, 256, "-digest SHA3-512 HMAC" },
		{ TEE_ALG_HMAC_SM3, TEE_TYPE_HMAC_SM3, 256, "-digest SM3 HMAC" },
		{ TEE_ALG_AES_CMAC, TEE_TYPE_AES, 256, "-cipher AES-256-CBC CMAC" },
		{ TEE_ALG_DES3_CMAC, TEE_TYPE_DES3, 192, "-cipher DES-EDE3-CBC CMAC" },
	};

	for (int round = 0; round < ROUNDS * 2; round++) {
		const size_t i = (size_t)round % (sizeof(all) / sizeof(all[0]));
		const size_t length = chance(LENGTH_MAX);
		uint8_t key[64], in[LENGTH_MAX], ours[64], theirs[64];
		size_t at = 0, size = sizeof(ours), their_size = sizeof(theirs);
		TEE_OperationHandle operation;

		pattern_fill(key, sizeof(key), seed);
		pattern_fill(in, length, seed + 2);
		file_write("in", in, length);
		operation = operation_for(all[i].algorithm, TEE_MODE_MAC, all[i].bits,
					  key_of_octets(all[i].type, all[i].bits, key,
							all[i].bits / 8));
		TEE_MACInit(operation, NULL, 0);
		while (at < length) {
			size_t piece = 1 + chance(300);

			if (piece > length - at)
				piece = length - at;
			TEE_MACUpdate(operation, in + at, piece);
			at += piece;
		}
		cr_assert_eq(TEE_MACComputeFinal(operation, NULL, 0, ours, &size), TEE_SUCCESS);
		cr_assert(command(theirs, &their_size, "mac -binary -macopt hexkey:%s -in in %s",
				  hex(key, all[i].bits / 8), all[i].options));
		cr_assert(size == their_size && memcmp(ours, theirs, size) == 0, "%s of %zu",
			  all[i].options, length);
		TEE_FreeOperation(operation);
	}
}

/* A key that the command makes and keeps in its file `key`. */
static TEE_ObjectHandle rsa_key(uint32_t bits)
{
	static const uint32_t ids[] = { TEE_ATTR_RSA_MODULUS,	       TEE_ATTR_RSA_PUBLIC_EXPONENT,
					TEE_ATTR_RSA_PRIVATE_EXPONENT, TEE_ATTR_RSA_PRIME1,
					TEE_ATTR_RSA_PRIME2,	       TEE_ATTR_RSA_EXPONENT1,
					TEE_ATTR_RSA_EXPONENT2,	       TEE_ATTR_RSA_COEFFICIENT };
	struct key_part parts[9] = { 0 };
	uint8_t text[8192];
	size_t size = sizeof(text) - 1, count = 0;
	char *line, *rest;

	cr_assert(command(text, &size,
			  "genrsa -traditional -out key %u && " TEESIM_OPENSSL
			  " asn1parse -in key | sed -n 's/.*INTEGER *://p' | tr A-F a-f",
			  bits));
	text[size] = '\0';
	/* The first number is the version. */
	line = strtok_r((char *)text, "\n", &rest);
	while (line && count < 8) {
		line = strtok_r(NULL, "\n", &rest);
		parts[count].id = ids[count];
		parts[count++].text = line;
	}
	return key_of_parts(TEE_TYPE_RSA_KEYPAIR, bits, parts);
}

Test(differential, rsa_signatures_both_ways)
{
	static const struct {
		uint32_t algorithm;
		const char *options;
		size_t size;
	} all[] = {
		{ TEE_ALG_RSASSA_PKCS1_V1_5_SHA256, "-pkeyopt digest:sha256", 32 },
		{ TEE_ALG_RSASSA_PKCS1_V1_5_SHA3_384, "-pkeyopt digest:sha3-384", 48 },
		{ TEE_ALG_RSASSA_PKCS1_V1_5, "", 30 },
		{ TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA1,
		  "-pkeyopt digest:sha1 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:20",
		  20 },
		{ TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA512,
		  "-pkeyopt digest:sha512 -pkeyopt rsa_padding_mode:pss -pkeyopt "
		  "rsa_pss_saltlen:64",
		  64 },
	};
	/* Not a multiple of 8: the encoded message of PSS is then an octet shorter than a block. */
	const uint32_t bits = 1537;
	TEE_ObjectHandle key = rsa_key(bits);

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		TEE_OperationHandle sign = operation_new(all[i].algorithm, TEE_MODE_SIGN, bits);
		TEE_OperationHandle verify = operation_new(all[i].algorithm, TEE_MODE_VERIFY, bits);
		uint8_t digest[64], signature[200], said[256];
		size_t size = sizeof(signature), said_size = sizeof(said);

		pattern_fill(digest, sizeof(digest), (uint32_t)i);
		file_write("in", digest, all[i].size);
		cr_assert_eq(TEE_SetOperationKey(sign, key), TEE_SUCCESS);
		cr_assert_eq(TEE_SetOperationKey(verify, key), TEE_SUCCESS);
		cr_assert_eq(TEE_AsymmetricSignDigest(sign, NULL, 0, digest, all[i].size, signature,
						      &size),
			     TEE_SUCCESS);
		file_write("out", signature, size);
		cr_expect(command(said, &said_size,
				  "pkeyutl -verify -inkey key -in in -sigfile out %s",
				  all[i].options),
			  "openssl takes ours: %s", all[i].options);
		size = sizeof(signature);
		cr_assert(command(signature, &size, "pkeyutl -sign -inkey key -in in %s",
				  all[i].options));
		cr_expect_eq(TEE_AsymmetricVerifyDigest(verify, NULL, 0, digest, all[i].size,
							signature, size),
			     TEE_SUCCESS, "we take openssl's: %s", all[i].options);
		TEE_FreeOperation(sign);
		TEE_FreeOperation(verify);
	}
}

/* A key pair on a curve, that the command makes and keeps in its file `key`. */
static TEE_ObjectHandle ec_key(const char *curve, uint32_t id, uint32_t bits)
{
	const size_t half = (bits + 7) / 8;
	char hexadecimal[3][2 * 66 + 1];
	uint8_t key[1024];
	size_t size = sizeof(key), at = 0;
	struct key_part parts[5] = {
		{ TEE_ATTR_ECC_CURVE, NULL, id },
		{ TEE_ATTR_ECC_PRIVATE_VALUE, hexadecimal[0], 0 },
		{ TEE_ATTR_ECC_PUBLIC_VALUE_X, hexadecimal[1], 0 },
		{ TEE_ATTR_ECC_PUBLIC_VALUE_Y, hexadecimal[2], 0 },
	};

	cr_assert(command(key, &size,
			  "ecparam -name %s -genkey -noout -out key && " TEESIM_OPENSSL
			  " ec -in key -outform DER",
			  curve));
	/* Version 1, then the private half; the point ends it. */
	while (at + 2 < size && !(key[at] == 4 && key[at + 1] == half))
		at++;
	cr_assert(at + 2 + half < size && key[size - 2 * half - 1] == 4);
	for (size_t i = 0; i < half; i++) {
		snprintf(hexadecimal[0] + 2 * i, 3, "%02x", key[at + 2 + i]);
		snprintf(hexadecimal[1] + 2 * i, 3, "%02x", key[size - 2 * half + i]);
		snprintf(hexadecimal[2] + 2 * i, 3, "%02x", key[size - half + i]);
	}
	return key_of_parts(TEE_TYPE_ECDSA_KEYPAIR, bits, parts);
}

/* r and s as the command writes them, and back. */
static size_t der_of(const uint8_t *signature, size_t half, uint8_t *der)
{
	uint8_t body[2 * 70];
	size_t size = 0;

	for (size_t i = 0; i < 2; i++) {
		const uint8_t *number = signature + i * half;
		size_t left = half, pad;

		for (; left > 1 && !*number; left--)
			number++;
		pad = *number >> 7;
		body[size++] = 2;
		body[size++] = (uint8_t)(left + pad);
		if (pad)
			body[size++] = 0;
		memcpy(body + size, number, left);
		size += left;
	}
	der[0] = 0x30;
	der[1] = 0x81;
	der[2] = (uint8_t)size;
	memcpy(der + (size < 128 ? 2 : 3), body, size);
	if (size < 128)
		der[1] = (uint8_t)size;
	return size + (size < 128 ? 2 : 3);
}

static void der_read(const uint8_t *der, size_t half, uint8_t *signature)
{
	const uint8_t *at = der + (der[1] & 0x80 ? 3 : 2);

	memset(signature, 0, 2 * half);
	for (size_t i = 0; i < 2; i++) {
		size_t size = at[1];
		const uint8_t *number = at + 2;

		at += 2 + size;
		for (; size > half; size--)
			number++;
		memcpy(signature + (i + 1) * half - size, number, size);
	}
}

Test(differential, ecdsa_both_ways)
{
	static const struct {
		const char *curve;
		uint32_t id, bits, algorithm;
		size_t size;
	} all[] = {
		{ "prime192v1", TEE_ECC_CURVE_NIST_P192, 192, TEE_ALG_ECDSA_SHA1, 20 },
		{ "secp224r1", TEE_ECC_CURVE_NIST_P224, 224, TEE_ALG_ECDSA_SHA224, 28 },
		{ "prime256v1", TEE_ECC_CURVE_NIST_P256, 256, TEE_ALG_ECDSA_SHA256, 32 },
		{ "secp384r1", TEE_ECC_CURVE_NIST_P384, 384, TEE_ALG_ECDSA_SHA384, 48 },
		{ "secp521r1", TEE_ECC_CURVE_NIST_P521, 521, TEE_ALG_ECDSA_SHA512, 64 },
		/* A digest that is longer than the curve's order is cut. */
		{ "prime192v1", TEE_ECC_CURVE_NIST_P192, 192, TEE_ALG_ECDSA_SHA512, 64 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const size_t half = (all[i].bits + 7) / 8;
		TEE_ObjectHandle key = ec_key(all[i].curve, all[i].id, all[i].bits);
		TEE_OperationHandle sign =
			operation_new(all[i].algorithm, TEE_MODE_SIGN, all[i].bits);
		TEE_OperationHandle verify =
			operation_new(all[i].algorithm, TEE_MODE_VERIFY, all[i].bits);
		uint8_t digest[64], signature[132], der[150], said[256];
		size_t size = sizeof(signature), said_size = sizeof(said);

		pattern_fill(digest, sizeof(digest), (uint32_t)i);
		file_write("in", digest, all[i].size);
		cr_assert_eq(TEE_SetOperationKey(sign, key), TEE_SUCCESS);
		cr_assert_eq(TEE_SetOperationKey(verify, key), TEE_SUCCESS);
		cr_assert_eq(TEE_AsymmetricSignDigest(sign, NULL, 0, digest, all[i].size, signature,
						      &size),
			     TEE_SUCCESS);
		file_write("out", der, der_of(signature, half, der));
		cr_expect(command(said, &said_size,
				  "pkeyutl -verify -inkey key -in in -sigfile out"),
			  "openssl takes ours: %s", all[i].curve);
		size = sizeof(der);
		cr_assert(command(der, &size, "pkeyutl -sign -inkey key -in in"));
		der_read(der, half, signature);
		cr_expect_eq(TEE_AsymmetricVerifyDigest(verify, NULL, 0, digest, all[i].size,
							signature, 2 * half),
			     TEE_SUCCESS, "we take openssl's: %s", all[i].curve);
		TEE_FreeOperation(sign);
		TEE_FreeOperation(verify);
		TEE_FreeTransientObject(key);
	}
}

Test(differential, rsa_encryption_both_ways)
{
	static const uint32_t sha1 = TEE_ALG_SHA1;
	static const struct {
		uint32_t algorithm;
		const char *options;
		bool labelled;
	} all[] = {
		{ TEE_ALG_RSAES_PKCS1_V1_5, "", false },
		{ TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA256,
		  "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256", false },
		{ TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA384,
		  "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha384 "
		  "-pkeyopt rsa_mgf1_md:sha1 -pkeyopt rsa_oaep_label:6c6162656c",
		  true },
	};
	const uint32_t bits = 1032;
	TEE_ObjectHandle key = rsa_key(bits);

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		TEE_OperationHandle seal = operation_new(all[i].algorithm, TEE_MODE_ENCRYPT, bits);
		TEE_OperationHandle open = operation_new(all[i].algorithm, TEE_MODE_DECRYPT, bits);
		uint8_t sealed[129], plain[129];
		size_t size = sizeof(sealed), plain_size = sizeof(plain);
		TEE_Attribute params[2];

		TEE_InitRefAttribute(&params[0], TEE_ATTR_RSA_OAEP_LABEL, "label", 5);
		TEE_InitRefAttribute(&params[1], TEE_ATTR_RSA_OAEP_MGF_HASH, &sha1, sizeof(sha1));
		cr_assert_eq(TEE_SetOperationKey(seal, key), TEE_SUCCESS);
		cr_assert_eq(TEE_SetOperationKey(open, key), TEE_SUCCESS);
		cr_assert_eq(TEE_AsymmetricEncrypt(seal, params, all[i].labelled ? 2 : 0,
						   "a secret", 8, sealed, &size),
			     TEE_SUCCESS);
		file_write("in", sealed, size);
		cr_expect(command(plain, &plain_size, "pkeyutl -decrypt -inkey key -in in %s",
				  all[i].options));
		cr_expect(plain_size == 8 && memcmp(plain, "a secret", 8) == 0, "%s",
			  all[i].options);
		file_write("in", "another one", 11);
		size = sizeof(sealed);
		cr_assert(command(sealed, &size, "pkeyutl -encrypt -inkey key -in in %s",
				  all[i].options));
		plain_size = sizeof(plain);
		cr_expect_eq(TEE_AsymmetricDecrypt(open, params, all[i].labelled ? 2 : 0, sealed,
						   size, plain, &plain_size),
			     TEE_SUCCESS);
		cr_expect(plain_size == 11 && memcmp(plain, "another one", 11) == 0, "%s",
			  all[i].options);
		TEE_FreeOperation(seal);
		TEE_FreeOperation(open);
	}
}
