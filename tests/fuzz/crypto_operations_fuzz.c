/*
 * Any sequence of calls on objects and operations: each must end in success, an error code or a
 * panic. A panic ends the sequence, as it ends a TA.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>
#include <tee_api_defines_extensions.h>

#include "api/algorithms.h"
#include "api/object_types.h"
#include "runtime_double.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_options(void);

/* What a function held when it panicked is lost, with the process in a TA, here without it. */
const char *__lsan_default_options(void)
{
	return "detect_leaks=0";
}

#define SLOTS 4U
#define ROOM  96U

static struct {
	const uint8_t *at;
	size_t left;
	TEE_ObjectHandle object[SLOTS];
	TEE_OperationHandle operation[SLOTS];
	/* Of the call under way. */
	uint8_t *in, *out;
} script;

static uint8_t take(void)
{
	if (!script.left)
		return 0;
	script.left--;
	return *script.at++;
}

static uint32_t take_word(void)
{
	return (uint32_t)take() << 8 | take();
}

/* So many octets of the script in memory of their own, where one too many is noticed. */
static uint8_t *take_octets(size_t *size)
{
	uint8_t *octets;

	*size = take() % ROOM;
	if (*size > script.left)
		*size = script.left;
	octets = malloc(*size ? *size : 1);
	if (!octets)
		abort();
	memcpy(octets, script.at, *size);
	script.at += *size;
	script.left -= *size;
	return octets;
}

static const uint32_t types[] = {
	TEE_TYPE_AES,
	TEE_TYPE_DES,
	TEE_TYPE_DES3,
	TEE_TYPE_SM4,
	TEE_TYPE_HMAC_SHA256,
	TEE_TYPE_GENERIC_SECRET,
	TEE_TYPE_RSA_KEYPAIR,
	TEE_TYPE_RSA_PUBLIC_KEY,
	TEE_TYPE_DSA_KEYPAIR,
	TEE_TYPE_DH_KEYPAIR,
	TEE_TYPE_ECDSA_KEYPAIR,
	TEE_TYPE_ECDSA_PUBLIC_KEY,
	TEE_TYPE_ECDH_KEYPAIR,
	TEE_TYPE_ED25519_KEYPAIR,
	TEE_TYPE_X25519_KEYPAIR,
	TEE_TYPE_SM2_PKE_KEYPAIR,
	TEE_TYPE_SM2_KEP_KEYPAIR,
	TEE_TYPE_SM2_DSA_KEYPAIR,
	TEE_TYPE_HKDF_IKM,
	TEE_TYPE_CONCAT_KDF_Z,
	TEE_TYPE_PBKDF2_PASSWORD,
	TEE_TYPE_HKDF,
	TEE_TYPE_X448_KEYPAIR,
	TEE_TYPE_ED448_KEYPAIR,
	TEE_TYPE_ILLEGAL_VALUE,
};

static const uint32_t algorithms[] = {
	TEE_ALG_SHA256,
	TEE_ALG_SHAKE128,
	TEE_ALG_MD5SHA1,
	TEE_ALG_AES_ECB_NOPAD,
	TEE_ALG_AES_CBC_NOPAD,
	TEE_ALG_AES_CTR,
	TEE_ALG_AES_CTS,
	TEE_ALG_AES_XTS,
	TEE_ALG_DES_CBC_NOPAD,
	TEE_ALG_DES3_ECB_NOPAD,
	TEE_ALG_SM4_CBC_PKCS5,
	TEE_ALG_SM4_XTS,
	TEE_ALG_HMAC_SHA256,
	TEE_ALG_AES_CMAC,
	TEE_ALG_DES3_CMAC,
	TEE_ALG_AES_CBC_MAC_NOPAD,
	TEE_ALG_AES_CBC_MAC_PKCS5,
	TEE_ALG_AES_GCM,
	TEE_ALG_AES_CCM,
	TEE_ALG_RSA_NOPAD,
	TEE_ALG_RSAES_PKCS1_V1_5,
	TEE_ALG_RSAES_PKCS1_OAEP_MGF1_SHA1,
	TEE_ALG_RSASSA_PKCS1_V1_5_SHA1,
	TEE_ALG_RSASSA_PKCS1_V1_5,
	TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA1,
	TEE_ALG_DSA_SHA1,
	TEE_ALG_ECDSA_SHA256,
	TEE_ALG_ED25519,
	TEE_ALG_ED448,
	TEE_ALG_SM2_DSA_SM3,
	TEE_ALG_SM2_PKE,
	TEE_ALG_SM2_KEP,
	TEE_ALG_DH_DERIVE_SHARED_SECRET,
	TEE_ALG_ECDH_DERIVE_SHARED_SECRET,
	TEE_ALG_X25519,
	TEE_ALG_X448,
	TEE_ALG_HKDF,
	TEE_ALG_HKDF_SHA256_DERIVE_KEY,
	TEE_ALG_CONCAT_KDF_SHA1_DERIVE_KEY,
	TEE_ALG_PBKDF2_HMAC_SHA1_DERIVE_KEY,
	TEE_ALG_ILLEGAL_VALUE,
};

static const uint32_t ids[] = {
	TEE_ATTR_SECRET_VALUE,
	TEE_ATTR_RSA_MODULUS,
	TEE_ATTR_RSA_PUBLIC_EXPONENT,
	TEE_ATTR_RSA_PRIVATE_EXPONENT,
	TEE_ATTR_RSA_PRIME1,
	TEE_ATTR_RSA_PRIME2,
	TEE_ATTR_RSA_EXPONENT1,
	TEE_ATTR_RSA_EXPONENT2,
	TEE_ATTR_RSA_COEFFICIENT,
	TEE_ATTR_DSA_PRIME,
	TEE_ATTR_DSA_SUBPRIME,
	TEE_ATTR_DSA_BASE,
	TEE_ATTR_DSA_PUBLIC_VALUE,
	TEE_ATTR_DSA_PRIVATE_VALUE,
	TEE_ATTR_DH_PRIME,
	TEE_ATTR_DH_BASE,
	TEE_ATTR_DH_SUBPRIME,
	TEE_ATTR_DH_X_BITS,
	TEE_ATTR_DH_PUBLIC_VALUE,
	TEE_ATTR_DH_PRIVATE_VALUE,
	TEE_ATTR_ECC_CURVE,
	TEE_ATTR_ECC_PUBLIC_VALUE_X,
	TEE_ATTR_ECC_PUBLIC_VALUE_Y,
	TEE_ATTR_ECC_PRIVATE_VALUE,
	TEE_ATTR_ECC_EPHEMERAL_PUBLIC_VALUE_X,
	TEE_ATTR_ECC_EPHEMERAL_PUBLIC_VALUE_Y,
	TEE_ATTR_SM2_ID_INITIATOR,
	TEE_ATTR_SM2_ID_RESPONDER,
	TEE_ATTR_SM2_KEP_USER,
	TEE_ATTR_SM2_KEP_CONFIRMATION_IN,
	TEE_ATTR_SM2_KEP_CONFIRMATION_OUT,
	TEE_ATTR_ED25519_PUBLIC_VALUE,
	TEE_ATTR_ED25519_PRIVATE_VALUE,
	TEE_ATTR_X25519_PUBLIC_VALUE,
	TEE_ATTR_X25519_PRIVATE_VALUE,
	TEE_ATTR_X448_PUBLIC_VALUE,
	TEE_ATTR_EDDSA_CTX,
	TEE_ATTR_EDDSA_PREHASH,
	TEE_ATTR_RSA_PSS_SALT_LENGTH,
	TEE_ATTR_RSA_OAEP_LABEL,
	TEE_ATTR_RSA_OAEP_MGF_HASH,
	TEE_ATTR_HKDF_IKM,
	TEE_ATTR_HKDF_SALT,
	TEE_ATTR_HKDF_INFO,
	TEE_ATTR_HKDF_HASH_ALGORITHM,
	TEE_ATTR_HKDF_OKM_LENGTH,
	TEE_ATTR_KDF_KEY_SIZE,
	TEE_ATTR_CONCAT_KDF_Z,
	TEE_ATTR_CONCAT_KDF_OTHER_INFO,
	TEE_ATTR_CONCAT_KDF_DKM_LENGTH,
	TEE_ATTR_PBKDF2_PASSWORD,
	TEE_ATTR_PBKDF2_SALT,
	TEE_ATTR_PBKDF2_ITERATION_COUNT,
	TEE_ATTR_PBKDF2_DKM_LENGTH,
};

#define COUNT(array)	 (sizeof(array) / sizeof((array)[0]))

#define ATTRIBUTES_TAKEN 10U

/* What is taken is never given back before the sequence ends. */
static struct {
	TEE_Attribute at[ATTRIBUTES_TAKEN];
	uint8_t *octets[ATTRIBUTES_TAKEN];
	uint32_t count;
} list;

static void list_free(void)
{
	for (uint32_t i = 0; i < ATTRIBUTES_TAKEN; i++) {
		free(list.octets[i]);
		list.octets[i] = NULL;
	}
}

static void list_take(void)
{
	list_free();
	list.count = take() % (ATTRIBUTES_TAKEN + 1);
	for (uint32_t i = 0; i < list.count; i++) {
		const uint32_t id = ids[take() % COUNT(ids)];
		size_t size;

		if (id & TEE_ATTR_FLAG_VALUE) {
			/* Small enough for an iteration count. */
			TEE_InitValueAttribute(&list.at[i], id, take_word() % 2048, take());
		} else {
			list.octets[i] = take_octets(&size);
			TEE_InitRefAttribute(&list.at[i], id, list.octets[i], size);
		}
	}
}

static TEE_ObjectHandle *object_slot(void)
{
	return &script.object[take() % SLOTS];
}

static TEE_OperationHandle *operation_slot(void)
{
	return &script.operation[take() % SLOTS];
}

/* Of RSA, only what is quick to make. */
static void generate(TEE_ObjectHandle object)
{
	const uint32_t bits = take_word();
	TEE_ObjectInfo info;

	list_take();
	if (TEE_GetObjectInfo1(object, &info) != TEE_SUCCESS)
		return;
	if (info.objectType == TEE_TYPE_RSA_KEYPAIR && bits > 512)
		return;
	(void)TEE_GenerateKey(object, bits, list.at, list.count);
}

static void object_step(void)
{
	TEE_ObjectHandle *object = object_slot(), *other;
	uint8_t out[ROOM];
	size_t room = take() % (ROOM + 1);
	TEE_ObjectInfo info;
	uint32_t a, b;

	switch (take() % 9) {
	case 0:
	case 1:
		TEE_FreeTransientObject(*object);
		*object = TEE_HANDLE_NULL;
		(void)TEE_AllocateTransientObject(types[take() % COUNT(types)], take_word(),
						  object);
		break;
	case 2:
		list_take();
		(void)TEE_PopulateTransientObject(*object, list.at, list.count);
		break;
	case 3:
		generate(*object);
		break;
	case 4:
		other = object_slot();
		(void)TEE_CopyObjectAttributes1(*object, *other);
		break;
	case 5:
		(void)TEE_GetObjectBufferAttribute(*object, ids[take() % COUNT(ids)], out, &room);
		break;
	case 6:
		(void)TEE_GetObjectValueAttribute(*object, ids[take() % COUNT(ids)], &a, &b);
		break;
	case 7:
		(void)TEE_RestrictObjectUsage1(*object, take() | 0xFFFFFF00U);
		(void)TEE_GetObjectInfo1(*object, &info);
		break;
	default:
		TEE_ResetTransientObject(*object);
		break;
	}
}

static void operation_step(void)
{
	TEE_OperationHandle *operation = operation_slot(), *other;
	TEE_OperationInfo info;
	uint32_t algorithm, mode;

	switch (take() % 6) {
	case 0:
	case 1:
		TEE_FreeOperation(*operation);
		*operation = TEE_HANDLE_NULL;
		algorithm = algorithms[take() % COUNT(algorithms)];
		mode = take() % 8;
		(void)TEE_AllocateOperation(operation, algorithm, mode, take_word());
		break;
	case 2:
		(void)TEE_SetOperationKey(*operation, *object_slot());
		break;
	case 3:
		(void)TEE_SetOperationKey2(*operation, *object_slot(), *object_slot());
		break;
	case 4:
		other = operation_slot();
		TEE_CopyOperation(*operation, *other);
		break;
	default:
		TEE_GetOperationInfo(*operation, &info);
		TEE_ResetOperation(*operation);
		break;
	}
}

static void call_free(void)
{
	free(script.in);
	free(script.out);
	script.in = script.out = NULL;
}

/* One call of the operation's own class, most of the time. */
static void call_step(void)
{
	TEE_OperationHandle operation = *operation_slot();
	size_t size, room = take() % (ROOM + 1), tag_room = take() % 20;
	uint8_t *in, *out, tag[20] = { 0 };

	script.in = in = take_octets(&size);
	script.out = out = malloc(room ? room : 1);
	if (!out)
		abort();
	switch (take() % 20) {
	case 0:
		TEE_DigestUpdate(operation, in, size);
		break;
	case 1:
		(void)TEE_DigestDoFinal(operation, in, size, out, &room);
		break;
	case 2:
		(void)TEE_DigestExtract(operation, out, &room);
		break;
	case 3:
		TEE_CipherInit(operation, in, size);
		break;
	case 4:
		(void)TEE_CipherUpdate(operation, in, size, out, &room);
		break;
	case 5:
		(void)TEE_CipherDoFinal(operation, in, size, out, &room);
		break;
	case 6:
		TEE_MACInit(operation, NULL, 0);
		break;
	case 7:
		TEE_MACUpdate(operation, in, size);
		break;
	case 8:
		(void)TEE_MACComputeFinal(operation, in, size, out, &room);
		break;
	case 9:
		(void)TEE_MACCompareFinal(operation, in, size, out, room);
		break;
	case 10:
		(void)TEE_AEInit(operation, in, size, take(), room, tag_room);
		break;
	case 11:
		TEE_AEUpdateAAD(operation, in, size);
		break;
	case 12:
		(void)TEE_AEUpdate(operation, in, size, out, &room);
		break;
	case 13:
		(void)TEE_AEEncryptFinal(operation, in, size, out, &room, tag, &tag_room);
		break;
	case 14:
		(void)TEE_AEDecryptFinal(operation, in, size, out, &room, tag, tag_room);
		break;
	case 15:
		list_take();
		(void)TEE_AsymmetricEncrypt(operation, list.at, list.count, in, size, out, &room);
		break;
	case 16:
		list_take();
		(void)TEE_AsymmetricDecrypt(operation, list.at, list.count, in, size, out, &room);
		break;
	case 17:
		list_take();
		(void)TEE_AsymmetricSignDigest(operation, list.at, list.count, in, size, out,
					       &room);
		break;
	case 18:
		list_take();
		(void)TEE_AsymmetricVerifyDigest(operation, list.at, list.count, in, size, out,
						 room);
		break;
	default:
		list_take();
		TEE_DeriveKey(operation, list.at, list.count, *object_slot());
		break;
	}
	call_free();
}

static void play(void)
{
	while (script.left) {
		switch (take() % 4) {
		case 0:
			object_step();
			break;
		case 1:
			operation_step();
			break;
		default:
			call_step();
			break;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&script, 0, sizeof(script));
	script.at = data;
	script.left = size;
	runtime_double_reset();
	(void)runtime_double_panics(play);
	call_free();
	list_free();
	for (unsigned int i = 0; i < SLOTS; i++) {
		TEE_FreeOperation(script.operation[i]);
		TEE_FreeTransientObject(script.object[i]);
	}
	return 0;
}
