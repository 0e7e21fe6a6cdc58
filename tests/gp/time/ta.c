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

/* Says in the first octet of memref 2, where there is one, that it is about to wait. */
static void tell_of_waiting(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	if (TEE_PARAM_TYPE_GET(types, 2) == TEE_PARAM_TYPE_MEMREF_INOUT && params[2].memref.size)
		*(volatile uint8_t *)params[2].memref.buffer = 1;
}

static TEE_Result wait_as_told(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_Result result;

	if (params[0].value.b)
		TEE_UnmaskCancellation();
	tell_of_waiting(types, params);
	result = TEE_Wait(params[0].value.a);
	params[1].value.a = TEE_GetCancellationFlag();
	TEE_MaskCancellation();
	params[1].value.b = TEE_GetCancellationFlag();
	return result;
}

static TEE_Result persistent_get(TEE_Param *out)
{
	TEE_Time time = { 1, 1 };
	const TEE_Result result = TEE_GetTAPersistentTime(&time);

	out->value.a = time.seconds;
	out->value.b = time.millis;
	return result;
}

static TEE_Result persistent_set(const TEE_Param *in)
{
	const TEE_Time time = { .seconds = in->value.a, .millis = in->value.b };

	return TEE_SetTAPersistentTime(&time);
}

static void mistake(uint32_t which)
{
	const TEE_Time time = { .millis = 1000 };

	switch (which) {
	case MISTAKE_SYSTEM_TIME_NULL:
		TEE_GetSystemTime(NULL);
		break;
	case MISTAKE_REE_TIME_NULL:
		TEE_GetREETime(NULL);
		break;
	case MISTAKE_GET_PERSISTENT_NULL:
		(void)TEE_GetTAPersistentTime(NULL);
		break;
	case MISTAKE_SET_PERSISTENT_NULL:
		(void)TEE_SetTAPersistentTime(NULL);
		break;
	case MISTAKE_SET_PERSISTENT_MILLIS:
		(void)TEE_SetTAPersistentTime(&time);
		break;
	}
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	switch (command) {
	case CMD_CLOCKS:
		clocks(params);
		return TEE_SUCCESS;
	case CMD_WAIT:
		return wait_as_told(types, params);
	case CMD_POLL:
		TEE_UnmaskCancellation();
		tell_of_waiting(types, params);
		while (!TEE_GetCancellationFlag())
			TEE_Wait(1);
		return TEE_ERROR_CANCEL;
	case CMD_GET_PERSISTENT:
		return persistent_get(&params[0]);
	case CMD_SET_PERSISTENT:
		return persistent_set(&params[0]);
	case CMD_MISTAKE:
		mistake(params[0].value.a);
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
