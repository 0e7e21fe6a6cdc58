/*
 * Transient objects: sizes, attributes, copies, usage, handles, and broken rules.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines_extensions.h>

#include "api/object.h"
#include "groups.h"
#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

TestSuite(objects, .init = runtime_double_reset, .timeout = 500);

Test(objects, sizes_are_those_of_the_type)
{
	static const struct {
		uint32_t type, good[3], bad[4];
	} all[] = {
		{ TEE_TYPE_AES, { 128, 192, 256 }, { 0, 64, 129, 320 } },
		{ TEE_TYPE_DES, { 64, 56, 64 }, { 0, 128, 63, 65 } },
		{ TEE_TYPE_DES3, { 128, 192, 168 }, { 64, 256, 160, 0 } },
		{ TEE_TYPE_HMAC_SHA256, { 192, 200, 1024 }, { 184, 193, 1032, 0 } },
		{ TEE_TYPE_RSA_KEYPAIR, { 256, 1025, 4096 }, { 255, 0, 4097, 8192 } },
		{ TEE_TYPE_DH_KEYPAIR, { 256, 1024, 2048 }, { 248, 0, 2049, 4096 } },
		{ TEE_TYPE_DSA_KEYPAIR, { 512, 576, 3072 }, { 448, 513, 3136, 0 } },
		{ TEE_TYPE_GENERIC_SECRET, { 8, 0, 4096 }, { 4, 4104, 12, 5000 } },
		{ TEE_TYPE_ED25519_KEYPAIR, { 256, 256, 256 }, { 0, 255, 257, 512 } },
		{ TEE_TYPE_DATA, { 0 }, { 0, 8, 64, 128 } },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		TEE_ObjectHandle object;

		for (size_t j = 0; j < 3 && all[i].type != TEE_TYPE_DATA; j++) {
			cr_expect_eq(TEE_AllocateTransientObject(all[i].type, all[i].good[j],
								 &object),
				     TEE_SUCCESS, "0x%08x of %u", all[i].type, all[i].good[j]);
			TEE_FreeTransientObject(object);
		}
		for (size_t j = 0; j < 4; j++)
			cr_expect_eq(TEE_AllocateTransientObject(all[i].type, all[i].bad[j],
								 &object),
				     TEE_ERROR_NOT_SUPPORTED, "0x%08x of %u", all[i].type,
				     all[i].bad[j]);
	}
}

Test(objects, info_and_reset)
{
	TEE_ObjectHandle key = key_of_octets(TEE_TYPE_AES, 256, "0123456789abcdef", 16);
	TEE_ObjectInfo info;

	cr_assert_eq(TEE_GetObjectInfo1(key, &info), TEE_SUCCESS);
	cr_expect_eq(info.objectType, TEE_TYPE_AES);
	cr_expect_eq(info.objectSize, 128);
	cr_expect_eq(info.maxObjectSize, 256);
	cr_expect_eq(info.objectUsage, 0xFFFFFFFF);
	cr_expect_eq(info.handleFlags, TEE_HANDLE_FLAG_INITIALIZED);
	cr_assert_eq(TEE_RestrictObjectUsage1(key, TEE_USAGE_ENCRYPT | TEE_USAGE_MAC), TEE_SUCCESS);
	TEE_RestrictObjectUsage(key, TEE_USAGE_ENCRYPT | TEE_USAGE_SIGN);
	TEE_GetObjectInfo(key, &info);
	cr_expect_eq(info.objectUsage, TEE_USAGE_ENCRYPT);
	TEE_ResetTransientObject(key);
	TEE_GetObjectInfo(key, &info);
	cr_expect_eq(info.objectUsage, 0xFFFFFFFF);
	cr_expect_eq(info.objectSize, 0);
	cr_expect_eq(info.handleFlags, 0);
	TEE_CloseObject(key);
}

Test(objects, generated_keys_have_all_their_attributes)
{
	static const uint32_t rsa[] = { TEE_ATTR_RSA_MODULUS,	       TEE_ATTR_RSA_PUBLIC_EXPONENT,
					TEE_ATTR_RSA_PRIVATE_EXPONENT, TEE_ATTR_RSA_PRIME1,
					TEE_ATTR_RSA_PRIME2,	       TEE_ATTR_RSA_EXPONENT1,
					TEE_ATTR_RSA_EXPONENT2,	       TEE_ATTR_RSA_COEFFICIENT };
	TEE_ObjectHandle key = key_generated(TEE_TYPE_RSA_KEYPAIR, 512, 0);
	uint8_t octets[64];
	size_t size;
	uint32_t curve = 0, b = 1;

	for (size_t i = 0; i < 8; i++) {
		size = sizeof(octets);
		cr_expect_eq(TEE_GetObjectBufferAttribute(key, rsa[i], octets, &size), TEE_SUCCESS);
		cr_expect(size && octets[0]);
	}
	size = 0;
	cr_expect_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_RSA_MODULUS, NULL, &size),
		     TEE_ERROR_SHORT_BUFFER);
	cr_expect_eq(size, 64);
	cr_expect_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_DSA_PRIME, octets, &size),
		     TEE_ERROR_ITEM_NOT_FOUND);
	TEE_FreeTransientObject(key);
	for (int i = 0; i < 40; i++) {
		key = key_generated(TEE_TYPE_ECDSA_KEYPAIR, 521, TEE_ECC_CURVE_NIST_P521);
		cr_assert_eq(TEE_GetObjectValueAttribute(key, TEE_ATTR_ECC_CURVE, &curve, &b),
			     TEE_SUCCESS);
		cr_assert_eq(curve, TEE_ECC_CURVE_NIST_P521);
		/* Always as long as the field, which has a bit in its first octet. */
		size = sizeof(octets);
		cr_assert_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_ECC_PRIVATE_VALUE, NULL,
							  &size),
			     TEE_ERROR_SHORT_BUFFER);
		cr_assert_eq(size, 66);
		TEE_FreeTransientObject(key);
	}
	key = key_generated(TEE_TYPE_DES3, 192, 0);
	size = sizeof(octets);
	cr_assert_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_SECRET_VALUE, octets, &size),
		     TEE_SUCCESS);
	for (size_t i = 0; i < size; i++)
		cr_expect(__builtin_popcount(octets[i]) & 1, "parity of octet %zu", i);
}

Test(objects, copy_takes_the_public_half_and_the_usage)
{
	TEE_ObjectHandle pair = key_generated(TEE_TYPE_ECDSA_KEYPAIR, 256, TEE_ECC_CURVE_NIST_P256);
	TEE_ObjectHandle half;
	TEE_ObjectInfo info;
	uint8_t octets[32];
	size_t size = 32;

	cr_assert_eq(TEE_RestrictObjectUsage1(pair, TEE_USAGE_VERIFY), TEE_SUCCESS);
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_ECDSA_PUBLIC_KEY, 256, &half),
		     TEE_SUCCESS);
	cr_assert_eq(TEE_CopyObjectAttributes1(half, pair), TEE_SUCCESS);
	cr_assert_eq(TEE_GetObjectInfo1(half, &info), TEE_SUCCESS);
	cr_expect_eq(info.objectUsage, TEE_USAGE_VERIFY);
	cr_expect_eq(info.objectSize, 256);
	cr_expect_eq(TEE_GetObjectBufferAttribute(half, TEE_ATTR_ECC_PUBLIC_VALUE_X, octets, &size),
		     TEE_SUCCESS);
}

Test(objects, points_off_the_curve_and_even_moduli_are_errors)
{
	static const uint8_t one[32] = { 1 }, even[64] = { 0x80 };
	TEE_Attribute attributes[3];
	TEE_ObjectHandle key;
	TEE_ObjectInfo info;

	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_ECDSA_PUBLIC_KEY, 256, &key),
		     TEE_SUCCESS);
	TEE_InitValueAttribute(&attributes[0], TEE_ATTR_ECC_CURVE, TEE_ECC_CURVE_NIST_P256, 0);
	TEE_InitRefAttribute(&attributes[1], TEE_ATTR_ECC_PUBLIC_VALUE_X, one, 32);
	TEE_InitRefAttribute(&attributes[2], TEE_ATTR_ECC_PUBLIC_VALUE_Y, one, 32);
	cr_expect_eq(TEE_PopulateTransientObject(key, attributes, 3), TEE_ERROR_BAD_PARAMETERS);
	TEE_InitValueAttribute(&attributes[0], TEE_ATTR_ECC_CURVE, 77, 0);
	cr_expect_eq(TEE_PopulateTransientObject(key, attributes, 3), TEE_ERROR_BAD_PARAMETERS);
	cr_assert_eq(TEE_GetObjectInfo1(key, &info), TEE_SUCCESS);
	cr_expect_eq(info.handleFlags, 0);
	TEE_FreeTransientObject(key);
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_RSA_PUBLIC_KEY, 512, &key), TEE_SUCCESS);
	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_RSA_MODULUS, even, 64);
	TEE_InitRefAttribute(&attributes[1], TEE_ATTR_RSA_PUBLIC_EXPONENT, "\x03", 1);
	cr_expect_eq(TEE_PopulateTransientObject(key, attributes, 2), TEE_ERROR_BAD_PARAMETERS);
}

Test(objects, handles_fit_32_bits_and_are_not_reused_at_once)
{
	TEE_ObjectHandle first, second;

	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_AES, 128, &first), TEE_SUCCESS);
	cr_assert((uintptr_t)first && (uintptr_t)first <= UINT32_MAX);
	TEE_FreeTransientObject(first);
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_AES, 128, &second), TEE_SUCCESS);
	cr_assert_neq(first, second);
	for (int i = 0; i < 3000; i++) {
		TEE_ObjectHandle more;

		cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_AES, 128, &more), TEE_SUCCESS);
		cr_assert((uintptr_t)more <= UINT32_MAX);
	}
}

Test(objects, encoded_attributes_come_back_and_rubbish_does_not)
{
	TEE_ObjectHandle handles[] = {
		key_generated(TEE_TYPE_RSA_KEYPAIR, 512, 0),
		key_generated(TEE_TYPE_ECDH_KEYPAIR, 256, TEE_ECC_CURVE_NIST_P256),
		key_generated(TEE_TYPE_AES, 192, 0),
		key_generated(TEE_TYPE_X448_KEYPAIR, 448, 0),
	};

	for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
		struct object *object = object_of(handles[i], "test");
		const size_t size = object_encoded_size(object);
		uint8_t *encoded = malloc(size), *again = malloc(size);
		struct object *copy = object_new(object->type, object->max_size);

		object_encode(object, encoded);
		cr_assert_eq(object_parse(copy, encoded, size), 0);
		cr_assert_eq(object_encoded_size(copy), size);
		object_encode(copy, again);
		cr_assert_eq(memcmp(encoded, again, size), 0);
		for (size_t cut = 0; cut < size; cut++) {
			int err;

			object_clear(copy);
			err = object_parse(copy, encoded, cut);
			/* Three numbers of an RSA key make a whole one. */
			if (err == 0)
				cr_assert(i == 0 && object_encoded_size(copy) == cut);
			else
				cr_assert_eq(err, -EINVAL, "%zu of %zu", cut, size);
		}
		object_free(copy);
		free(encoded);
		free(again);
	}
}

static TEE_ObjectHandle subject, other;
static TEE_Attribute attributes[8];
static uint32_t count;

static void populate(void)
{
	(void)TEE_PopulateTransientObject(subject, attributes, count);
}

static void get_info(void)
{
	TEE_ObjectInfo info;

	(void)TEE_GetObjectInfo1(subject, &info);
}

static void get_secret(void)
{
	uint8_t octets[64];
	size_t size = sizeof(octets);

	(void)TEE_GetObjectBufferAttribute(subject, TEE_ATTR_SECRET_VALUE, octets, &size);
}

static void generate_too_big(void)
{
	(void)TEE_GenerateKey(subject, 256, NULL, 0);
}

static void generate_no_size(void)
{
	(void)TEE_GenerateKey(subject, 100, NULL, 0);
}

static void copy_other(void)
{
	(void)TEE_CopyObjectAttributes1(subject, other);
}

static void free_it(void)
{
	TEE_FreeTransientObject(subject);
}

Test(objects, broken_rules_panic)
{
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_AES, 128, &subject), TEE_SUCCESS);
	cr_expect(runtime_double_panics(get_secret));
	cr_expect(runtime_double_panics(generate_too_big));
	cr_expect(runtime_double_panics(generate_no_size));
	count = 0;
	cr_expect(runtime_double_panics(populate), "nothing where a secret is needed");
	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_RSA_MODULUS, "0123456789abcdef", 16);
	count = 1;
	cr_expect(runtime_double_panics(populate), "not of the type");
	TEE_InitRefAttribute(&attributes[0], TEE_ATTR_SECRET_VALUE, "0123456789abcdef01234567", 24);
	cr_expect(runtime_double_panics(populate), "too big");
	TEE_ResetTransientObject(subject);
	attributes[0].content.ref.length = 16;
	attributes[1] = attributes[0];
	count = 2;
	cr_expect(runtime_double_panics(populate), "twice");
	count = 1;
	populate();
	cr_expect(runtime_double_panics(populate), "holds a key");
	cr_assert_eq(TEE_RestrictObjectUsage1(subject, ~(uint32_t)TEE_USAGE_EXTRACTABLE),
		     TEE_SUCCESS);
	cr_expect(runtime_double_panics(get_secret), "not extractable");
	other = subject;
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_DES, 64, &subject), TEE_SUCCESS);
	cr_expect(runtime_double_panics(copy_other), "of another type");
	free_it();
	cr_expect(runtime_double_panics(free_it), "freed before");
	cr_expect(runtime_double_panics(get_info), "freed before");
	subject = (TEE_ObjectHandle)(uintptr_t)0x12345678;
	cr_expect(runtime_double_panics(get_info), "never a handle");
}
