/* Calls what the client asks for, and hands back what comes of it. */
#include <string.h>
#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>

#include "commands.h"

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

#define OBJECT(value)	  ((TEE_ObjectHandle)(uintptr_t)(value))
#define ENUMERATOR(value) ((TEE_ObjectEnumHandle)(uintptr_t)(value))

/* IDs must be in the TA's own memory. Longer ones are cut by nobody. */
static uint8_t id[128];

static const void *private_id(const TEE_Param *param)
{
	if (param->memref.size > sizeof(id))
		TEE_Panic(1);
	memcpy(id, param->memref.buffer, param->memref.size);
	return id;
}

static TEE_Result create(TEE_Param params[], TEE_ObjectHandle *object)
{
	return TEE_CreatePersistentObject(params[1].value.a, private_id(&params[0]),
					  params[0].memref.size, params[1].value.b,
					  OBJECT(params[3].value.a), params[2].memref.buffer,
					  params[2].memref.size, object);
}

static TEE_Result key_make(TEE_Param params[])
{
	TEE_ObjectHandle key = TEE_HANDLE_NULL;
	TEE_Attribute secret;
	TEE_Result result = TEE_AllocateTransientObject(params[0].value.a, params[0].value.b, &key);

	if (result != TEE_SUCCESS)
		return result;
	TEE_InitRefAttribute(&secret, TEE_ATTR_SECRET_VALUE, params[1].memref.buffer,
			     params[1].memref.size);
	result = TEE_PopulateTransientObject(key, &secret, 1);
	params[2].value.a = (uint32_t)(uintptr_t)key;
	return result;
}

static TEE_Result key_generate(TEE_Param params[])
{
	TEE_ObjectHandle key = TEE_HANDLE_NULL;
	TEE_Attribute curve;
	bool named = params[0].value.a == TEE_TYPE_ECDSA_KEYPAIR;
	TEE_Result result = TEE_AllocateTransientObject(params[0].value.a, params[0].value.b, &key);

	if (result != TEE_SUCCESS)
		return result;
	TEE_InitValueAttribute(&curve, TEE_ATTR_ECC_CURVE, TEE_ECC_CURVE_NIST_P256, 0);
	params[1].value.a = (uint32_t)(uintptr_t)key;
	return TEE_GenerateKey(key, params[0].value.b, &curve, named);
}

static TEE_Result two_keys(TEE_Param params[])
{
	TEE_OperationHandle operation = TEE_HANDLE_NULL;
	TEE_Result result =
		TEE_AllocateOperation(&operation, TEE_ALG_AES_XTS, TEE_MODE_ENCRYPT, 512);

	if (result == TEE_SUCCESS)
		result = TEE_SetOperationKey2(operation, OBJECT(params[0].value.a),
					      OBJECT(params[0].value.b));
	TEE_FreeOperation(operation);
	return result;
}

static TEE_Result key_use(TEE_ObjectHandle key)
{
	TEE_OperationHandle operation = TEE_HANDLE_NULL;
	TEE_Result result =
		TEE_AllocateOperation(&operation, TEE_ALG_HMAC_SHA256, TEE_MODE_MAC, 256);

	if (result == TEE_SUCCESS)
		result = TEE_SetOperationKey(operation, key);
	TEE_FreeOperation(operation);
	return result;
}

static TEE_Result small_rounds(TEE_Param params[])
{
	const void *name = private_id(&params[0]);
	static uint8_t data[4096];
	TEE_Result result = TEE_SUCCESS;

	for (uint32_t i = 0; i < params[1].value.a && result == TEE_SUCCESS; i++) {
		TEE_ObjectHandle object;

		result = TEE_CreatePersistentObject(
			TEE_STORAGE_PRIVATE, name, params[0].memref.size,
			TEE_DATA_FLAG_ACCESS_WRITE_META | TEE_DATA_FLAG_ACCESS_WRITE,
			TEE_HANDLE_NULL, NULL, 0, &object);
		if (result == TEE_SUCCESS)
			result = TEE_WriteObjectData(object, data, params[1].value.b);
		if (result == TEE_SUCCESS)
			result = TEE_CloseAndDeletePersistentObject1(object);
	}
	return result;
}

/* What a hostile TA would do: its own calls of the service that keeps the objects. */
static TEE_Result raw(TEE_Param params[])
{
	static const TEE_UUID service = STORAGE_SERVICE;
	const uint32_t types = params[0].value.b;
	TEE_TASessionHandle session = TEE_HANDLE_NULL;
	TEE_Param sent[TEE_NUM_PARAMS] = { 0 };
	uint32_t origin;
	TEE_Result result =
		TEE_OpenTASession(&service, TEE_TIMEOUT_INFINITE, 0, NULL, &session, &origin);

	if (result != TEE_SUCCESS)
		return result;
	for (int i = 0; i < TEE_NUM_PARAMS; i++) {
		if (TEE_PARAM_TYPE_GET(types, i) >= TEE_PARAM_TYPE_MEMREF_INPUT)
			sent[i] = params[2 + i % 2];
		else
			sent[i] = params[1];
	}
	result = TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, params[0].value.a, types, sent,
				     &origin);
	TEE_CloseTASession(session);
	return result;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_ObjectHandle object = TEE_HANDLE_NULL;
	TEE_ObjectEnumHandle enumerator = TEE_HANDLE_NULL;
	TEE_Result result;

	switch (command) {
	case CMD_OPEN:
	case CMD_OPEN_SHARED_ID:
		result = TEE_OpenPersistentObject(
			params[1].value.a,
			command == CMD_OPEN ? private_id(&params[0]) : params[0].memref.buffer,
			params[0].memref.size, params[1].value.b, &object);
		params[2].value.a = (uint32_t)(uintptr_t)object;
		params[2].value.b = (uint32_t)((uint64_t)(uintptr_t)object >> 32);
		return result;
	case CMD_CREATE:
		result = create(params, &object);
		params[3].value.a = (uint32_t)(uintptr_t)object;
		params[3].value.b = (uint32_t)((uint64_t)(uintptr_t)object >> 32);
		return result;
	case CMD_CREATE_WITHOUT_HANDLE:
		return create(params, NULL);
	case CMD_CREATE_ZEROS:
		result = TEE_CreatePersistentObject(params[1].value.a, private_id(&params[0]),
						    params[0].memref.size, params[1].value.b,
						    TEE_HANDLE_NULL, NULL, params[2].value.a, NULL);
		return result;
	case CMD_READ:
		return TEE_ReadObjectData(OBJECT(params[0].value.a), params[1].memref.buffer,
					  params[0].value.b, &params[1].memref.size);
	case CMD_WRITE:
		return TEE_WriteObjectData(OBJECT(params[0].value.a), params[1].memref.buffer,
					   params[1].memref.size);
	case CMD_TRUNCATE:
		return TEE_TruncateObjectData(OBJECT(params[0].value.a), params[0].value.b);
	case CMD_SEEK:
		return TEE_SeekObjectData(OBJECT(params[0].value.a),
					  (intmax_t)((uint64_t)params[1].value.b << 32 |
						     params[1].value.a),
					  (TEE_Whence)params[0].value.b);
	case CMD_INFO:
		params[1].memref.size = sizeof(TEE_ObjectInfo);
		return TEE_GetObjectInfo1(OBJECT(params[0].value.a), params[1].memref.buffer);
	case CMD_CLOSE:
		TEE_CloseObject(OBJECT(params[0].value.a));
		return TEE_SUCCESS;
	case CMD_DELETE:
		return TEE_CloseAndDeletePersistentObject1(OBJECT(params[0].value.a));
	case CMD_DELETE_DEPRECATED:
		TEE_CloseAndDeletePersistentObject(OBJECT(params[0].value.a));
		return TEE_SUCCESS;
	case CMD_RENAME:
		return TEE_RenamePersistentObject(OBJECT(params[0].value.a), private_id(&params[1]),
						  params[1].memref.size);
	case CMD_RESTRICT:
		return TEE_RestrictObjectUsage1(OBJECT(params[0].value.a), params[0].value.b);
	case CMD_KEY:
		return key_make(params);
	case CMD_GENERATE:
		return key_generate(params);
	case CMD_ATTRIBUTE:
		return TEE_GetObjectBufferAttribute(OBJECT(params[0].value.a), params[0].value.b,
						    params[1].memref.buffer,
						    &params[1].memref.size);
	case CMD_ENUMERATOR:
		result = TEE_AllocatePersistentObjectEnumerator(&enumerator);
		params[0].value.a = (uint32_t)(uintptr_t)enumerator;
		return result;
	case CMD_START:
		return TEE_StartPersistentObjectEnumerator(ENUMERATOR(params[0].value.a),
							   params[0].value.b);
	case CMD_NEXT:
		params[2].memref.size = sizeof(TEE_ObjectInfo);
		return TEE_GetNextPersistentObject(ENUMERATOR(params[0].value.a),
						   params[2].memref.buffer, params[1].memref.buffer,
						   &params[1].memref.size);
	case CMD_RESET:
		TEE_ResetPersistentObjectEnumerator(ENUMERATOR(params[0].value.a));
		return TEE_SUCCESS;
	case CMD_FREE_ENUMERATOR:
		TEE_FreePersistentObjectEnumerator(ENUMERATOR(params[0].value.a));
		return TEE_SUCCESS;
	case CMD_TWO_KEYS:
		return two_keys(params);
	case CMD_USE:
		return key_use(OBJECT(params[0].value.a));
	case CMD_SMALL_ROUNDS:
		return small_rounds(params);
	case CMD_RAW:
		return raw(params);
	case CMD_PANIC:
		TEE_Panic(0x50A);
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
