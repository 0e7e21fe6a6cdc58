#include <stdbool.h>
#include <tee_internal_api.h>

#include "concurrency/commands.h"

#ifndef CREATE_WAITS_MS
#define CREATE_WAITS_MS 0
#endif

static uint32_t here, most, came;

TEE_Result TA_CreateEntryPoint(void)
{
	return CREATE_WAITS_MS ? TEE_Wait(CREATE_WAITS_MS) : TEE_SUCCESS;
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

static TEE_Result wait_for(const volatile uint8_t *octet)
{
	while (!*octet)
		if (TEE_Wait(1) == TEE_ERROR_CANCEL)
			return TEE_ERROR_CANCEL;
	return TEE_SUCCESS;
}

static void enter(TEE_Param *value)
{
	if (++here > most)
		most = here;
	came++;
	TEE_Wait(1);
	here--;
	value->value.a = most;
	value->value.b = came;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	volatile uint8_t *octets = params[1].memref.buffer;
	const bool has_memory = TEE_PARAM_TYPE_GET(types, 1) >= TEE_PARAM_TYPE_MEMREF_INPUT;

	(void)session;
	switch (command) {
	case CMD_ECHO:
		params[0].value.b = ~params[0].value.a;
		return TEE_SUCCESS;
	case CMD_HOLD:
		if (!has_memory || params[1].memref.size < 2)
			return TEE_ERROR_BAD_PARAMETERS;
		if (params[0].value.a)
			TEE_UnmaskCancellation();
		octets[1] = 1;
		return wait_for(octets);
	case CMD_MEET:
		if (!has_memory || params[0].value.a >= params[1].memref.size ||
		    params[0].value.b >= params[1].memref.size)
			return TEE_ERROR_BAD_PARAMETERS;
		octets[params[0].value.a] = 1;
		return wait_for(octets + params[0].value.b);
	case CMD_ENTER:
		enter(params);
		return TEE_SUCCESS;
	case CMD_SUM:
		if (!has_memory)
			return TEE_ERROR_BAD_PARAMETERS;
		params[0].value.b = 0;
		for (size_t i = 0; i < params[1].memref.size; i++)
			params[0].value.b += octets[i];
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
