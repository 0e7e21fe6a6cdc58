/* Tells the time, and waits. */
#include <tee_internal_api.h>

#include "time/commands.h"

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
	if (TEE_PARAM_TYPE_GET(types, 0) != TEE_PARAM_TYPE_VALUE_INPUT)
		return TEE_SUCCESS;
	TEE_UnmaskCancellation();
	return TEE_Wait(params[0].value.a);
}

void TA_CloseSessionEntryPoint(void *context)
{
}

static void clocks(TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_Time now;

	TEE_GetSystemTime(&now);
	params[0].value.a = now.seconds;
	params[0].value.b = now.millis;
	TEE_GetREETime(&now);
	params[1].value.a = now.seconds;
	params[1].value.b = now.millis;
}

static TEE_Result wait_as_told(TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_Result result;

	if (params[0].value.b)
		TEE_UnmaskCancellation();
	result = TEE_Wait(params[0].value.a);
	params[1].value.a = TEE_GetCancellationFlag();
	TEE_MaskCancellation();
	params[1].value.b = TEE_GetCancellationFlag();
	return result;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	switch (command) {
	case CMD_CLOCKS:
		clocks(params);
		return TEE_SUCCESS;
	case CMD_WAIT:
		return wait_as_told(params);
	case CMD_POLL:
		TEE_UnmaskCancellation();
		while (!TEE_GetCancellationFlag())
			TEE_Wait(1);
		return TEE_ERROR_CANCEL;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
