#include <string.h>
#include <pta_system.h>
#include <tee_internal_api.h>

#include "domain_ta.h"

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	(void)types;
	(void)params;
	(void)session;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

static TEE_Result put(const TEE_Param *text)
{
	return TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, "kept", 4, TEE_DATA_FLAG_OVERWRITE,
					  TEE_HANDLE_NULL, text->memref.buffer, text->memref.size,
					  NULL);
}

static TEE_Result get(TEE_Param *text)
{
	TEE_ObjectHandle object;
	TEE_Result result = TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, "kept", 4,
						     TEE_DATA_FLAG_ACCESS_READ, &object);

	if (result != TEE_SUCCESS)
		return result;
	result = TEE_ReadObjectData(object, text->memref.buffer, text->memref.size,
				    &text->memref.size);
	TEE_CloseObject(object);
	return result;
}

static TEE_Result key_derive(TEE_Param *key)
{
	static const TEE_UUID system = PTA_SYSTEM_UUID;
	static const uint8_t extra[4];
	TEE_Param sent[TEE_NUM_PARAMS] = { 0 };
	TEE_TASessionHandle session;
	TEE_Result result =
		TEE_OpenTASession(&system, TEE_TIMEOUT_INFINITE, 0, NULL, &session, NULL);
	uint8_t derived[32];

	if (result != TEE_SUCCESS)
		return result;
	sent[0].memref.buffer = (void *)extra;
	sent[0].memref.size = sizeof(extra);
	sent[1].memref.buffer = derived;
	sent[1].memref.size = sizeof(derived);
	result = TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, PTA_SYSTEM_DERIVE_TA_UNIQUE_KEY,
				     TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT,
						     TEE_PARAM_TYPE_MEMREF_OUTPUT, 0, 0),
				     sent, NULL);
	TEE_CloseTASession(session);
	if (result == TEE_SUCCESS && key->memref.size >= sizeof(derived)) {
		memcpy(key->memref.buffer, derived, sizeof(derived));
		key->memref.size = sizeof(derived);
	}
	return result;
}

static TEE_Result count(TEE_Param *text)
{
	static char times = '0';

	*(char *)text->memref.buffer = ++times;
	text->memref.size = 1;
	return TEE_SUCCESS;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_Time time = { .seconds = 7 };

	(void)session;
	(void)types;
	switch (command) {
	case DOMAIN_CMD_PUT:
		return put(&params[0]);
	case DOMAIN_CMD_GET:
		return get(&params[0]);
	case DOMAIN_CMD_PERSONAL:
		return TEE_GetPropertyAsBinaryBlock(TEE_PROPSET_CURRENT_TA,
						    "org.teesim.personalisation",
						    params[0].memref.buffer,
						    &params[0].memref.size);
	case DOMAIN_CMD_KEY:
		return key_derive(&params[0]);
	case DOMAIN_CMD_COUNT:
		return count(&params[0]);
	case DOMAIN_CMD_SET_TIME:
		return TEE_SetTAPersistentTime(&time);
	case DOMAIN_CMD_GET_TIME:
		return TEE_GetTAPersistentTime(&time);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
