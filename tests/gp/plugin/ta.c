/* Calls plugins. */
#include <pta_system.h>
#include <string.h>
#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>

#include "plugin/commands.h"

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

static TEE_UUID uuid_of(const TEE_Param *param)
{
	TEE_UUID uuid;

	TEE_MemMove(&uuid, param->memref.buffer, sizeof(uuid));
	return uuid;
}

static TEE_Result invoke(TEE_Param params[TEE_NUM_PARAMS])
{
	const TEE_UUID uuid = uuid_of(&params[0]);
	size_t filled = 77;
	TEE_Result result;

	result = tee_invoke_supp_plugin(&uuid, params[1].value.a, params[1].value.b,
					params[2].memref.buffer, params[2].memref.size, &filled);
	params[3].value.a = filled;
	return result;
}

static TEE_Result invoke_by_system_ta(TEE_Param params[TEE_NUM_PARAMS])
{
	static const TEE_UUID system_ta = PTA_SYSTEM_UUID;
	TEE_UUID uuid = uuid_of(&params[0]);
	TEE_TASessionHandle session;
	TEE_Param own[TEE_NUM_PARAMS];
	TEE_Result result;

	result = TEE_OpenTASession(&system_ta, TEE_TIMEOUT_INFINITE, 0, NULL, &session, NULL);
	if (result != TEE_SUCCESS)
		return result;
	TEE_MemMove(own, params, sizeof(own));
	own[0].memref.buffer = &uuid;
	own[0].memref.size = sizeof(uuid);
	result = TEE_InvokeTACommand(
		session, TEE_TIMEOUT_INFINITE, PTA_SYSTEM_SUPP_PLUGIN_INVOKE,
		TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_VALUE_INPUT,
				TEE_PARAM_TYPE_MEMREF_INOUT, TEE_PARAM_TYPE_VALUE_OUTPUT),
		own, NULL);
	params[3].value.a = own[3].value.a;
	TEE_CloseTASession(session);
	return result;
}

#define LARGE (1U << 20)

static TEE_Result invoke_large(TEE_Param params[TEE_NUM_PARAMS])
{
	const TEE_UUID uuid = uuid_of(&params[0]);
	const uint8_t first = *(uint8_t *)params[2].memref.buffer;
	uint8_t *data = TEE_Malloc(LARGE, TEE_MALLOC_NO_FILL);
	TEE_Result result;
	size_t filled;

	for (size_t i = 0; i < LARGE; i++)
		data[i] = (uint8_t)(first + i);
	result = tee_invoke_supp_plugin(&uuid, PLUGIN_REVERSE, 0, data, LARGE, &filled);
	if (filled != LARGE)
		result = TEE_ERROR_GENERIC;
	for (size_t i = 0; i < LARGE && result == TEE_SUCCESS; i++)
		if (data[LARGE - 1 - i] != (uint8_t)(first + i))
			result = TEE_ERROR_GENERIC;
	TEE_Free(data);
	return result;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	switch (command) {
	case CMD_INVOKE:
		return invoke(params);
	case CMD_INVOKE_BY_SYSTEM_TA:
		return invoke_by_system_ta(params);
	case CMD_INVOKE_LARGE:
		return invoke_large(params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
