/*
 * Breaks the rule of rules.h whose index is in value 0. Everything that a rule needs is made first.
 */
#include <string.h>
#include <tee_internal_api.h>

#include "rules.h"

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
}

static void check(TEE_Result result)
{
	if (result != TEE_SUCCESS)
		TEE_Panic(result);
}

/* `bits` 0: without a key. */
static TEE_ObjectHandle object_new(uint32_t type, uint32_t max_bits, uint32_t bits)
{
	TEE_ObjectHandle object;
	TEE_Attribute curve;

	TEE_InitValueAttribute(&curve, TEE_ATTR_ECC_CURVE, TEE_ECC_CURVE_NIST_P256, 0);
	check(TEE_AllocateTransientObject(type, max_bits, &object));
	if (bits)
		check(TEE_GenerateKey(
			object, bits, &curve,
			type == TEE_TYPE_ECDSA_KEYPAIR || type == TEE_TYPE_ECDH_KEYPAIR ? 1 : 0));
	return object;
}

static TEE_OperationHandle operation_new(uint32_t algorithm, uint32_t mode, uint32_t bits,
					 TEE_ObjectHandle key)
{
	TEE_OperationHandle operation;

	check(TEE_AllocateOperation(&operation, algorithm, mode, bits));
	if (key != TEE_HANDLE_NULL)
		check(TEE_SetOperationKey(operation, key));
	return operation;
}

static void rule_break(uint32_t rule)
{
	static const uint8_t text[64] = "sixteen octets, and some more";
	TEE_ObjectHandle aes = object_new(TEE_TYPE_AES, 128, 128);
	TEE_ObjectHandle other = object_new(TEE_TYPE_AES, 128, 128);
	TEE_ObjectHandle large = object_new(TEE_TYPE_AES, 256, 256);
	TEE_ObjectHandle empty = object_new(TEE_TYPE_AES, 128, 0);
	TEE_ObjectHandle another_empty = object_new(TEE_TYPE_AES, 128, 0);
	TEE_ObjectHandle hmac_key = object_new(TEE_TYPE_HMAC_SHA256, 256, 256);
	TEE_ObjectHandle pair = object_new(TEE_TYPE_ECDSA_KEYPAIR, 256, 256);
	TEE_ObjectHandle secret = object_new(TEE_TYPE_GENERIC_SECRET, 256, 0);
	TEE_OperationHandle hash =
		operation_new(TEE_ALG_SHA256, TEE_MODE_DIGEST, 0, TEE_HANDLE_NULL);
	TEE_OperationHandle ctr =
		operation_new(TEE_ALG_AES_CTR, TEE_MODE_ENCRYPT, 128, TEE_HANDLE_NULL);
	TEE_OperationHandle xts =
		operation_new(TEE_ALG_AES_XTS, TEE_MODE_ENCRYPT, 256, TEE_HANDLE_NULL);
	TEE_OperationHandle keyed_ctr = operation_new(TEE_ALG_AES_CTR, TEE_MODE_ENCRYPT, 128, aes);
	TEE_OperationHandle keyed_ecb =
		operation_new(TEE_ALG_AES_ECB_NOPAD, TEE_MODE_ENCRYPT, 128, aes);
	TEE_OperationHandle keyed_gcm = operation_new(TEE_ALG_AES_GCM, TEE_MODE_ENCRYPT, 128, aes);
	TEE_OperationHandle keyed_ccm = operation_new(TEE_ALG_AES_CCM, TEE_MODE_ENCRYPT, 128, aes);
	TEE_OperationHandle keyed_hmac =
		operation_new(TEE_ALG_HMAC_SHA256, TEE_MODE_MAC, 256, hmac_key);
	TEE_OperationHandle ecdsa =
		operation_new(TEE_ALG_ECDSA_SHA256, TEE_MODE_SIGN, 256, TEE_HANDLE_NULL);
	TEE_OperationHandle ecdh = operation_new(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, TEE_MODE_DERIVE,
						 256, object_new(TEE_TYPE_ECDH_KEYPAIR, 256, 256));
	TEE_Attribute attribute, twice[2], off_curve[2];
	TEE_OperationInfoMultiple *multiple = TEE_Malloc(256, 0);
	uint8_t out[64];
	size_t size = sizeof(out);
	TEE_ObjectInfo info;

	TEE_InitRefAttribute(&attribute, TEE_ATTR_SECRET_VALUE, text, 16);
	twice[0] = twice[1] = attribute;
	TEE_InitRefAttribute(&off_curve[0], TEE_ATTR_ECC_PUBLIC_VALUE_X, text, 32);
	TEE_InitRefAttribute(&off_curve[1], TEE_ATTR_ECC_PUBLIC_VALUE_Y, text, 32);
#define RULE_BREAK(wanted, ...) \
	if (!rule--) {          \
		__VA_ARGS__;    \
		return;         \
	}
	RULES(RULE_BREAK)
#undef RULE_BREAK
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	rule_break(params[0].value.a);
	return TEE_SUCCESS;
}
