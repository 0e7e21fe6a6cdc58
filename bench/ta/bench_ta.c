/* The trusted application that is measured: it does nothing, so all that takes time is the way. */
#include <tee_internal_api.h>

#include <bench_ta.h>

static TEE_TASessionHandle another;

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	(void)param_types;
	(void)params;
	(void)session;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

static TEE_Result call_another(uint32_t times)
{
	const TEE_UUID uuid = BENCH_TA_UUID(BENCH_TA_KEPT);
	TEE_Result result = TEE_SUCCESS;

	if (another == TEE_HANDLE_NULL)
		result = TEE_OpenTASession(&uuid, TEE_TIMEOUT_INFINITE, 0, NULL, &another, NULL);
	for (uint32_t i = 0; i < times && result == TEE_SUCCESS; i++)
		result = TEE_InvokeTACommand(another, TEE_TIMEOUT_INFINITE, BENCH_CMD_NOTHING, 0,
					     NULL, NULL);
	return result;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	(void)session;
	(void)param_types;
	return command == BENCH_CMD_CALL_ANOTHER ? call_another(params[0].value.a) : TEE_SUCCESS;
}
