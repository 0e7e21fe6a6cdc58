/*
 * The trusted application of the signing service: one key pair, made once on each device and kept
 * in trusted storage, whose private half never comes out.
 */
#include <tee_internal_api.h>
#include <trace.h>

#include <signer_ta.h>

#define CURVE_BITS  256
#define FIELD_SIZE  32
#define DIGEST_SIZE 32

/* Of the key in trusted storage; no other trusted application sees it. */
static const char key_id[] = { 's', 'i', 'g', 'n', 'e', 'r' };

struct service {
	TEE_ObjectHandle key;
	TEE_OperationHandle sign;
	TEE_OperationHandle verify;
	TEE_OperationHandle digest;
};

/* A new key pair, in trusted storage from the first moment on. */
static TEE_Result key_make(TEE_ObjectHandle *key)
{
	TEE_ObjectHandle fresh = TEE_HANDLE_NULL;
	TEE_Attribute curve;
	TEE_Result result;

	TEE_InitValueAttribute(&curve, TEE_ATTR_ECC_CURVE, TEE_ECC_CURVE_NIST_P256, 0);
	result = TEE_AllocateTransientObject(TEE_TYPE_ECDSA_KEYPAIR, CURVE_BITS, &fresh);
	if (result == TEE_SUCCESS)
		result = TEE_GenerateKey(fresh, CURVE_BITS, &curve, 1);
	/* From here on nobody gets the private half out of it, this code included. */
	if (result == TEE_SUCCESS)
		result = TEE_RestrictObjectUsage1(fresh, TEE_USAGE_SIGN | TEE_USAGE_VERIFY);
	if (result == TEE_SUCCESS)
		result = TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, key_id, sizeof(key_id),
						    TEE_DATA_FLAG_ACCESS_READ, fresh, NULL, 0, key);
	TEE_FreeTransientObject(fresh);
	if (result == TEE_SUCCESS)
		IMSG("a new key was made");
	return result;
}

static TEE_Result service_start(struct service *service)
{
	TEE_Result result = TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, key_id, sizeof(key_id),
						     TEE_DATA_FLAG_ACCESS_READ, &service->key);

	if (result == TEE_ERROR_ITEM_NOT_FOUND)
		result = key_make(&service->key);
	if (result == TEE_SUCCESS)
		result = TEE_AllocateOperation(&service->sign, TEE_ALG_ECDSA_SHA256, TEE_MODE_SIGN,
					       CURVE_BITS);
	if (result == TEE_SUCCESS)
		result = TEE_SetOperationKey(service->sign, service->key);
	if (result == TEE_SUCCESS)
		result = TEE_AllocateOperation(&service->verify, TEE_ALG_ECDSA_SHA256,
					       TEE_MODE_VERIFY, CURVE_BITS);
	if (result == TEE_SUCCESS)
		result = TEE_SetOperationKey(service->verify, service->key);
	if (result == TEE_SUCCESS)
		result =
			TEE_AllocateOperation(&service->digest, TEE_ALG_SHA256, TEE_MODE_DIGEST, 0);
	return result;
}

static TEE_Result public_key(struct service *service, uint32_t param_types,
			     TEE_Param params[TEE_NUM_PARAMS])
{
	size_t size = FIELD_SIZE;
	TEE_Result result;
	uint8_t *point;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	if (params[0].memref.size < SIGNER_POINT_SIZE) {
		params[0].memref.size = SIGNER_POINT_SIZE;
		return TEE_ERROR_SHORT_BUFFER;
	}
	params[0].memref.size = SIGNER_POINT_SIZE;
	point = params[0].memref.buffer;
	point[0] = 0x04;
	result = TEE_GetObjectBufferAttribute(service->key, TEE_ATTR_ECC_PUBLIC_VALUE_X, point + 1,
					      &size);
	if (result != TEE_SUCCESS)
		return result;
	size = FIELD_SIZE;
	return TEE_GetObjectBufferAttribute(service->key, TEE_ATTR_ECC_PUBLIC_VALUE_Y,
					    point + 1 + FIELD_SIZE, &size);
}

/* The message is read once, whatever the client does to it meanwhile. */
static TEE_Result digest(struct service *service, const TEE_Param *message,
			 uint8_t hash[DIGEST_SIZE])
{
	size_t size = DIGEST_SIZE;

	return TEE_DigestDoFinal(service->digest, message->memref.buffer, message->memref.size,
				 hash, &size);
}

static TEE_Result sign(struct service *service, uint32_t param_types,
		       TEE_Param params[TEE_NUM_PARAMS])
{
	uint8_t hash[DIGEST_SIZE];
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT,
					   TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = digest(service, &params[0], hash);
	if (result == TEE_SUCCESS)
		result = TEE_AsymmetricSignDigest(service->sign, NULL, 0, hash, sizeof(hash),
						  params[1].memref.buffer, &params[1].memref.size);
	if (result == TEE_SUCCESS)
		IMSG("signed %u bytes", (unsigned int)params[0].memref.size);
	return result;
}

static TEE_Result verify(struct service *service, uint32_t param_types,
			 TEE_Param params[TEE_NUM_PARAMS])
{
	uint8_t hash[DIGEST_SIZE];
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_MEMREF_INPUT,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = digest(service, &params[0], hash);
	if (result != TEE_SUCCESS)
		return result;
	return TEE_AsymmetricVerifyDigest(service->verify, NULL, 0, hash, sizeof(hash),
					  params[1].memref.buffer, params[1].memref.size);
}

static void service_stop(struct service *service)
{
	TEE_FreeOperation(service->sign);
	TEE_FreeOperation(service->verify);
	TEE_FreeOperation(service->digest);
	TEE_CloseObject(service->key);
	TEE_Free(service);
}

TEE_Result TA_CreateEntryPoint(void)
{
	struct service *service = TEE_Malloc(sizeof(*service), TEE_MALLOC_FILL_ZERO);
	TEE_Result result;

	if (!service)
		return TEE_ERROR_OUT_OF_MEMORY;
	result = service_start(service);
	if (result != TEE_SUCCESS) {
		service_stop(service);
		return result;
	}
	TEE_SetInstanceData(service);
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
	service_stop(TEE_GetInstanceData());
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	(void)params;
	(void)session;
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	struct service *service = TEE_GetInstanceData();

	(void)session;
	switch (command) {
	case SIGNER_CMD_PUBLIC_KEY:
		return public_key(service, param_types, params);
	case SIGNER_CMD_SIGN:
		return sign(service, param_types, params);
	case SIGNER_CMD_VERIFY:
		return verify(service, param_types, params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
