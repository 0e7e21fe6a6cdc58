/*
 * Key derivation: published vectors, both sides of an agreement, and peers that must be refused.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <tee_api_defines_extensions.h>

#include "groups.h"
#include "keys.h"
#include "runtime_double.h"
#include "vectors.h"

TestSuite(derivation, .init = runtime_double_reset);

static size_t derive(TEE_OperationHandle operation, const TEE_Attribute *params, uint32_t count,
		     uint32_t max_bits, uint8_t *out)
{
	TEE_ObjectHandle derived;
	size_t size = 512;

	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_GENERIC_SECRET, max_bits, &derived),
		     TEE_SUCCESS);
	TEE_DeriveKey(operation, params, count, derived);
	cr_assert_eq(TEE_GetObjectBufferAttribute(derived, TEE_ATTR_SECRET_VALUE, out, &size),
		     TEE_SUCCESS);
	TEE_FreeTransientObject(derived);
	return size;
}

static TEE_OperationHandle secret_operation(uint32_t algorithm, uint32_t type, uint32_t attribute,
					    const char *secret)
{
	const struct key_part parts[] = { { attribute, secret, 0 }, { 0 } };

	return operation_for(algorithm, TEE_MODE_DERIVE, 4096, key_of_parts(type, 4096, parts));
}

/* RFC 5869, A.1 and A.4; the second with SHA-1. */
Test(derivation, hkdf_under_both_identifiers)
{
	static const char material[] = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";
	static const char wanted[] =
		"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
		"34007208d5b887185865";
	static const char wanted_sha1[] =
		"085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2"
		"c22e422478d305f3f896";
	const struct vector salt = vector_of("000102030405060708090a0b0c");
	const struct vector info = vector_of("f0f1f2f3f4f5f6f7f8f9");
	TEE_OperationHandle operation;
	TEE_Attribute params[4];
	uint8_t out[512];

	operation = secret_operation(TEE_ALG_HKDF_SHA256_DERIVE_KEY, TEE_TYPE_HKDF_IKM,
				     TEE_ATTR_HKDF_IKM, material);
	TEE_InitRefAttribute(&params[0], __OPTEE_TEE_ATTR_HKDF_SALT, salt.at, salt.size);
	TEE_InitRefAttribute(&params[1], __OPTEE_TEE_ATTR_HKDF_INFO, info.at, info.size);
	TEE_InitValueAttribute(&params[2], TEE_ATTR_HKDF_OKM_LENGTH, 42, 0);
	vector_expect(out, derive(operation, params, 3, 512, out), wanted, "OP-TEE's identifier");
	TEE_FreeOperation(operation);

	operation = secret_operation(TEE_ALG_HKDF, TEE_TYPE_HKDF, TEE_ATTR_SECRET_VALUE, material);
	TEE_InitRefAttribute(&params[0], TEE_ATTR_HKDF_SALT, salt.at, salt.size);
	TEE_InitRefAttribute(&params[1], TEE_ATTR_HKDF_INFO, info.at, info.size);
	TEE_InitValueAttribute(&params[2], TEE_ATTR_KDF_KEY_SIZE, 42, 0);
	TEE_InitValueAttribute(&params[3], TEE_ATTR_HKDF_HASH_ALGORITHM, TEE_ALG_SHA256, 0);
	vector_expect(out, derive(operation, params, 4, 512, out), wanted, "the API's identifier");
	TEE_FreeOperation(operation);

	operation = secret_operation(TEE_ALG_HKDF_SHA1_DERIVE_KEY, TEE_TYPE_HKDF_IKM,
				     TEE_ATTR_HKDF_IKM, "0b0b0b0b0b0b0b0b0b0b0b");
	vector_expect(out, derive(operation, params, 3, 512, out), wanted_sha1, "SHA-1");
	TEE_FreeOperation(operation);
}

/* RFC 7518, appendix C. */
Test(derivation, concat_kdf)
{
	const struct vector info =
		vector_of("00000007 4131323847434d 00000005 416c696365 00000003 426f62 00000080");
	TEE_OperationHandle operation = secret_operation(
		TEE_ALG_CONCAT_KDF_SHA256_DERIVE_KEY, TEE_TYPE_CONCAT_KDF_Z, TEE_ATTR_CONCAT_KDF_Z,
		"9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4");
	TEE_Attribute params[2];
	uint8_t out[512];

	TEE_InitRefAttribute(&params[0], TEE_ATTR_CONCAT_KDF_OTHER_INFO, info.at, info.size);
	TEE_InitValueAttribute(&params[1], TEE_ATTR_CONCAT_KDF_DKM_LENGTH, 16, 0);
	vector_expect(out, derive(operation, params, 2, 512, out),
		      "56aa8deaf8236d205c2228cd71a7101a", "JWA");
}

/* RFC 6070. */
Test(derivation, pbkdf2)
{
	TEE_OperationHandle operation =
		secret_operation(TEE_ALG_PBKDF2_HMAC_SHA1_DERIVE_KEY, TEE_TYPE_PBKDF2_PASSWORD,
				 TEE_ATTR_PBKDF2_PASSWORD, "70617373776f7264");
	TEE_Attribute params[3];
	uint8_t out[512];

	TEE_InitRefAttribute(&params[0], TEE_ATTR_PBKDF2_SALT, "salt", 4);
	TEE_InitValueAttribute(&params[1], TEE_ATTR_PBKDF2_ITERATION_COUNT, 1, 0);
	TEE_InitValueAttribute(&params[2], TEE_ATTR_PBKDF2_DKM_LENGTH, 20, 0);
	vector_expect(out, derive(operation, params, 3, 512, out),
		      "0c60c80f961f0e71f3a9b524af6012062fe037a6", "once");
	TEE_InitValueAttribute(&params[1], TEE_ATTR_PBKDF2_ITERATION_COUNT, 4096, 0);
	vector_expect(out, derive(operation, params, 3, 512, out),
		      "4b007901b765489abead49d926f721d065a429c1", "4096 times");
}

/* RFC 7748, 6.1 and 6.2. */
Test(derivation, x25519_and_x448)
{
	static const struct key_part bob[] = {
		{ TEE_ATTR_X25519_PUBLIC_VALUE,
		  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", 0 },
		{ TEE_ATTR_X25519_PRIVATE_VALUE,
		  "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", 0 },
		{ 0 },
	};
	static const struct key_part bob448[] = {
		{ TEE_ATTR_X448_PUBLIC_VALUE,
		  "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972"
		  "fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
		  0 },
		{ TEE_ATTR_X448_PRIVATE_VALUE,
		  "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120"
		  "bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
		  0 },
		{ 0 },
	};
	struct vector alice =
		vector_of("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
	TEE_OperationHandle operation =
		operation_for(TEE_ALG_X25519, TEE_MODE_DERIVE, 256,
			      key_of_parts(TEE_TYPE_X25519_KEYPAIR, 256, bob));
	TEE_Attribute param;
	uint8_t out[512];

	TEE_InitRefAttribute(&param, TEE_ATTR_X25519_PUBLIC_VALUE, alice.at, alice.size);
	vector_expect(out, derive(operation, &param, 1, 512, out),
		      "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", "X25519");
	TEE_FreeOperation(operation);
	operation = operation_for(TEE_ALG_X448, TEE_MODE_DERIVE, 448,
				  key_of_parts(TEE_TYPE_X448_KEYPAIR, 448, bob448));
	alice = vector_of("9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bb"
			  "c836647241d953d40c5b12da88120d53177f80e532c41fa0");
	TEE_InitRefAttribute(&param, TEE_ATTR_X448_PUBLIC_VALUE, alice.at, alice.size);
	vector_expect(out, derive(operation, &param, 1, 512, out),
		      "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56"
		      "fd2464c335543936521c24403085d59a449a5037514a879d",
		      "X448");
}

static void both_sides(uint32_t algorithm, uint32_t type, uint32_t bits, uint32_t curve,
		       size_t secret_size)
{
	TEE_ObjectHandle keys[2];
	uint8_t secrets[2][512];

	for (int i = 0; i < 2; i++)
		keys[i] = key_generated(type, bits, curve);
	for (int i = 0; i < 2; i++) {
		TEE_OperationHandle operation = operation_new(algorithm, TEE_MODE_DERIVE, bits);
		uint8_t x[66], y[66];
		size_t x_size = sizeof(x), y_size = sizeof(y);
		TEE_Attribute params[2];

		cr_assert_eq(TEE_SetOperationKey(operation, keys[i]), TEE_SUCCESS);
		cr_assert_eq(TEE_GetObjectBufferAttribute(keys[!i], TEE_ATTR_ECC_PUBLIC_VALUE_X, x,
							  &x_size),
			     TEE_SUCCESS);
		cr_assert_eq(TEE_GetObjectBufferAttribute(keys[!i], TEE_ATTR_ECC_PUBLIC_VALUE_Y, y,
							  &y_size),
			     TEE_SUCCESS);
		TEE_InitRefAttribute(&params[0], TEE_ATTR_ECC_PUBLIC_VALUE_X, x, x_size);
		TEE_InitRefAttribute(&params[1], TEE_ATTR_ECC_PUBLIC_VALUE_Y, y, y_size);
		cr_assert_eq(derive(operation, params, 2, 1024, secrets[i]), secret_size);
		TEE_FreeOperation(operation);
	}
	TEE_FreeTransientObject(keys[0]);
	TEE_FreeTransientObject(keys[1]);
	cr_assert_eq(memcmp(secrets[0], secrets[1], secret_size), 0);
}

Test(derivation, both_sides_of_ecdh_agree_on_every_curve)
{
	both_sides(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, TEE_TYPE_ECDH_KEYPAIR, 192,
		   TEE_ECC_CURVE_NIST_P192, 24);
	both_sides(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, TEE_TYPE_ECDH_KEYPAIR, 224,
		   TEE_ECC_CURVE_NIST_P224, 28);
	both_sides(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, TEE_TYPE_ECDH_KEYPAIR, 256,
		   TEE_ECC_CURVE_NIST_P256, 32);
	both_sides(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, TEE_TYPE_ECDH_KEYPAIR, 384,
		   TEE_ECC_CURVE_NIST_P384, 48);
	both_sides(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, TEE_TYPE_ECDH_KEYPAIR, 521,
		   TEE_ECC_CURVE_NIST_P521, 66);
	both_sides(__OPTEE_ALG_ECDH_P256, TEE_TYPE_ECDH_KEYPAIR, 256, TEE_ECC_CURVE_NIST_P256, 32);
}

/* RFC 5903, 8.1: P-256. */
Test(derivation, ecdh_published_vector)
{
	static const struct key_part initiator[] = {
		{ TEE_ATTR_ECC_CURVE, NULL, TEE_ECC_CURVE_NIST_P256 },
		{ TEE_ATTR_ECC_PRIVATE_VALUE,
		  "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433", 0 },
		{ TEE_ATTR_ECC_PUBLIC_VALUE_X,
		  "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180", 0 },
		{ TEE_ATTR_ECC_PUBLIC_VALUE_Y,
		  "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3", 0 },
		{ 0 },
	};
	const struct vector x =
		vector_of("d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63");
	const struct vector y =
		vector_of("56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab");
	TEE_OperationHandle operation =
		operation_for(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, TEE_MODE_DERIVE, 256,
			      key_of_parts(TEE_TYPE_ECDH_KEYPAIR, 256, initiator));
	TEE_Attribute params[2];
	uint8_t out[512];

	TEE_InitRefAttribute(&params[0], TEE_ATTR_ECC_PUBLIC_VALUE_X, x.at, x.size);
	TEE_InitRefAttribute(&params[1], TEE_ATTR_ECC_PUBLIC_VALUE_Y, y.at, y.size);
	vector_expect(out, derive(operation, params, 2, 512, out),
		      "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de", "secret");
}

static TEE_ObjectHandle dh_key(uint32_t bits, const char *prime, uint32_t x_bits)
{
	const struct vector p = vector_of(prime);
	TEE_Attribute params[3];
	TEE_ObjectHandle key;

	TEE_InitRefAttribute(&params[0], TEE_ATTR_DH_PRIME, p.at, p.size);
	TEE_InitRefAttribute(&params[1], TEE_ATTR_DH_BASE, "\x05", 1);
	TEE_InitValueAttribute(&params[2], TEE_ATTR_DH_X_BITS, x_bits, 0);
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_DH_KEYPAIR, bits, &key), TEE_SUCCESS);
	cr_assert_eq(TEE_GenerateKey(key, bits, params, x_bits ? 3 : 2), TEE_SUCCESS);
	return key;
}

Test(derivation, both_sides_of_dh_agree_from_256_bits_on)
{
	static const struct {
		uint32_t bits, x_bits;
		const char *prime;
	} all[] = { { 256, 0, DH_256_PRIME },
		    { 256, 160, DH_256_PRIME },
		    { 512, 0, DH_512_PRIME } };

	for (size_t i = 0; i < 3; i++) {
		TEE_ObjectHandle keys[2] = { dh_key(all[i].bits, all[i].prime, all[i].x_bits),
					     dh_key(all[i].bits, all[i].prime, all[i].x_bits) };
		uint8_t secrets[2][512];
		size_t sizes[2];

		for (int j = 0; j < 2; j++) {
			TEE_OperationHandle operation = operation_new(
				TEE_ALG_DH_DERIVE_SHARED_SECRET, TEE_MODE_DERIVE, all[i].bits);
			uint8_t y[64], x[64];
			size_t y_size = sizeof(y), x_size = sizeof(x);
			TEE_Attribute param;

			cr_assert_eq(TEE_SetOperationKey(operation, keys[j]), TEE_SUCCESS);
			cr_assert_eq(TEE_GetObjectBufferAttribute(
					     keys[!j], TEE_ATTR_DH_PUBLIC_VALUE, y, &y_size),
				     TEE_SUCCESS);
			cr_assert_eq(TEE_GetObjectBufferAttribute(
					     keys[j], TEE_ATTR_DH_PRIVATE_VALUE, x, &x_size),
				     TEE_SUCCESS);
			if (all[i].x_bits) {
				cr_assert_eq(x_size, all[i].x_bits / 8);
				cr_assert(x[0] & 0x80);
			}
			TEE_InitRefAttribute(&param, TEE_ATTR_DH_PUBLIC_VALUE, y, y_size);
			sizes[j] = derive(operation, &param, 1, 4096, secrets[j]);
			TEE_FreeOperation(operation);
		}
		cr_assert_eq(sizes[0], sizes[1]);
		cr_assert_eq(memcmp(secrets[0], secrets[1], sizes[0]), 0);
	}
}

#define ID "31323334353637383132333435363738"

/* GM/T 0003.5, annex B. */
Test(derivation, sm2_exchange_and_its_confirmations)
{
	static const char *const private_halves[] = {
		"81eb26e941bb5af16df116495f90695272ae2cd63d6c4ae1678418be48230029",
		"785129917d45a9ea5437a59356b82338eaadda6ceb199088f14ae10defa229b5",
		"d4de15474db74d06491c440d305e012400990f3e390c7e87153c12db2ea60bb3",
		"7e07124814b309489125eaed101113164ebf0f3458c5bd88335c1f9d596243d6",
	};
	static const char *const points[][2] = {
		{ "160e12897df4edb61dd812feb96748fbd3ccf4ffe26aa6f6db9540af49c94232",
		  "4a7dad08bb9a459531694beb20aa489d6649975e1bfcf8c4741b78b4b223007f" },
		{ "6ae848c57c53c7b1b5fa99eb2286af078ba64c64591b8b566f7357d576f16dfb",
		  "ee489d771621a27b36c5c7992062e9cd09a9264386f3fbea54dff69305621c4d" },
		{ "64ced1bdbc99d590049b434d0fd73428cf608a5db8fe5ce07f15026940bae40e",
		  "376629c7ab21e7db260922499ddb118f07ce8eaae3e7720afef6a5cc062070c0" },
		{ "acc27688a6f7b706098bc91ff3ad1bff7dc2802cdb14ccccdb0a90471f9bd707",
		  "2fedac0494b2ffc4d6853876c79b8f301c6573ad0aa50f39fc87181e1a1b46fe" },
	};
	static const char *const confirmations[] = {
		"18c7894b3816df16cf07b05c5ec0bef5d655d58f779cc1b400a4f3884644db88",
		"d3a0fe15dee185ceae907a6b595cc32a266ed7b3367e9983a896dc32fa20f8eb",
	};
	TEE_ObjectHandle keys[4];

	for (int i = 0; i < 4; i++) {
		const struct key_part parts[] = {
			{ TEE_ATTR_ECC_PRIVATE_VALUE, private_halves[i], 0 },
			{ TEE_ATTR_ECC_PUBLIC_VALUE_X, points[i][0], 0 },
			{ TEE_ATTR_ECC_PUBLIC_VALUE_Y, points[i][1], 0 },
			{ 0 },
		};

		keys[i] = key_of_parts(TEE_TYPE_SM2_KEP_KEYPAIR, 256, parts);
	}
	for (uint32_t side = 0; side < 2; side++) {
		TEE_OperationHandle operation =
			operation_new(TEE_ALG_SM2_KEP, TEE_MODE_DERIVE, 512);
		const struct vector x = vector_of(points[!side][0]);
		const struct vector y = vector_of(points[!side][1]);
		const struct vector ephemeral_x = vector_of(points[2 + !side][0]);
		const struct vector ephemeral_y = vector_of(points[2 + !side][1]);
		const struct vector in = vector_of(confirmations[!side]), id = vector_of(ID);
		TEE_Attribute params[9];
		uint8_t out[512], confirmation[32];

		cr_assert_eq(TEE_SetOperationKey2(operation, keys[side], keys[2 + side]),
			     TEE_SUCCESS);
		TEE_InitValueAttribute(&params[0], TEE_ATTR_SM2_KEP_USER, side, 0);
		TEE_InitRefAttribute(&params[1], TEE_ATTR_ECC_PUBLIC_VALUE_X, x.at, 32);
		TEE_InitRefAttribute(&params[2], TEE_ATTR_ECC_PUBLIC_VALUE_Y, y.at, 32);
		TEE_InitRefAttribute(&params[3], TEE_ATTR_ECC_EPHEMERAL_PUBLIC_VALUE_X,
				     ephemeral_x.at, 32);
		TEE_InitRefAttribute(&params[4], TEE_ATTR_ECC_EPHEMERAL_PUBLIC_VALUE_Y,
				     ephemeral_y.at, 32);
		TEE_InitRefAttribute(&params[5], TEE_ATTR_SM2_ID_INITIATOR, id.at, id.size);
		TEE_InitRefAttribute(&params[6], TEE_ATTR_SM2_ID_RESPONDER, id.at, id.size);
		TEE_InitRefAttribute(&params[7], TEE_ATTR_SM2_KEP_CONFIRMATION_IN, in.at, in.size);
		TEE_InitRefAttribute(&params[8], TEE_ATTR_SM2_KEP_CONFIRMATION_OUT, confirmation,
				     sizeof(confirmation));
		vector_expect(out, derive(operation, params, 9, 128, out),
			      "6c89347354de2484c60b4ab1fde4c6e5", side ? "B" : "A");
		vector_expect(confirmation, 32, confirmations[side], "confirmation");
		TEE_FreeOperation(operation);
	}
}

static TEE_OperationHandle ready;
static TEE_ObjectHandle target;
static TEE_Attribute bad_params[2];
static uint32_t bad_count;

static void derive_badly(void)
{
	TEE_DeriveKey(ready, bad_params, bad_count, target);
}

Test(derivation, peers_off_the_curve_and_of_small_order_panic)
{
	static const uint8_t zeros[64], one[] = { 1 };
	const struct vector p = vector_of(DH_256_PRIME);
	struct vector less = p;
	uint8_t x[32], y[32];
	size_t x_size = 32, y_size = 32;
	TEE_ObjectHandle key = key_generated(TEE_TYPE_ECDH_KEYPAIR, 256, TEE_ECC_CURVE_NIST_P256);

	cr_assert_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_ECC_PUBLIC_VALUE_X, x, &x_size),
		     TEE_SUCCESS);
	cr_assert_eq(TEE_GetObjectBufferAttribute(key, TEE_ATTR_ECC_PUBLIC_VALUE_Y, y, &y_size),
		     TEE_SUCCESS);
	cr_assert_eq(TEE_AllocateTransientObject(TEE_TYPE_GENERIC_SECRET, 512, &target),
		     TEE_SUCCESS);
	ready = operation_for(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, TEE_MODE_DERIVE, 256, key);
	y[31] ^= 1;
	TEE_InitRefAttribute(&bad_params[0], TEE_ATTR_ECC_PUBLIC_VALUE_X, x, 32);
	TEE_InitRefAttribute(&bad_params[1], TEE_ATTR_ECC_PUBLIC_VALUE_Y, y, 32);
	bad_count = 2;
	cr_assert(runtime_double_panics(derive_badly));
	cr_assert_str_eq(runtime_double.panic_reason,
			 "TEE_DeriveKey: the peer's public value is not on the curve");
	TEE_InitRefAttribute(&bad_params[0], TEE_ATTR_ECC_PUBLIC_VALUE_X, zeros, 32);
	TEE_InitRefAttribute(&bad_params[1], TEE_ATTR_ECC_PUBLIC_VALUE_Y, zeros, 32);
	cr_assert(runtime_double_panics(derive_badly));
	bad_count = 1;
	cr_assert(runtime_double_panics(derive_badly));

	ready = operation_for(TEE_ALG_X25519, TEE_MODE_DERIVE, 256,
			      key_generated(TEE_TYPE_X25519_KEYPAIR, 256, 0));
	TEE_InitRefAttribute(&bad_params[0], TEE_ATTR_X25519_PUBLIC_VALUE, zeros, 32);
	cr_assert(runtime_double_panics(derive_badly));

	ready = operation_for(TEE_ALG_DH_DERIVE_SHARED_SECRET, TEE_MODE_DERIVE, 256,
			      dh_key(256, DH_256_PRIME, 0));
	TEE_InitRefAttribute(&bad_params[0], TEE_ATTR_DH_PUBLIC_VALUE, one, 1);
	cr_assert(runtime_double_panics(derive_badly));
	less.at[less.size - 1] ^= 1;
	TEE_InitRefAttribute(&bad_params[0], TEE_ATTR_DH_PUBLIC_VALUE, less.at, less.size);
	cr_assert(runtime_double_panics(derive_badly));
	TEE_InitRefAttribute(&bad_params[0], TEE_ATTR_DH_PUBLIC_VALUE, zeros, 1);
	cr_assert(runtime_double_panics(derive_badly));
}
