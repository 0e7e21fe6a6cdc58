/*
 * The teller: a trusted application that is a client of another one. It has the rules of the
 * counter; the money is in the treasury.
 */
#include <tee_internal_api.h>
#include <trace.h>

#include <teller_ta.h>
#include <treasury_ta.h>

/* How long a teller waits for the treasury, in milliseconds. */
#define PATIENCE 10000

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

/* Each session with a client has one with the treasury. */
TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	const TEE_UUID treasury_uuid = TREASURY_TA_UUID;
	TEE_TASessionHandle treasury = TEE_HANDLE_NULL;
	uint32_t origin = 0;
	TEE_Result result;

	(void)params;
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = TEE_OpenTASession(&treasury_uuid, PATIENCE, param_types, NULL, &treasury, &origin);
	if (result != TEE_SUCCESS)
		EMSG("the treasury does not open: 0x%08x, origin %u", (unsigned int)result,
		     (unsigned int)origin);
	*session = treasury;
	return result;
}

void TA_CloseSessionEntryPoint(void *session)
{
	TEE_CloseTASession(session);
}

static TEE_Result move(TEE_TASessionHandle treasury, uint32_t param_types,
		       TEE_Param params[TEE_NUM_PARAMS], bool in)
{
	TEE_Param order[TEE_NUM_PARAMS] = { 0 };
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INOUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	if (params[0].value.a > TELLER_LIMIT)
		return TEE_ERROR_ACCESS_DENIED;
	order[0].value.a = in ? params[0].value.a : 0 - params[0].value.a;
	result = TEE_InvokeTACommand(treasury, PATIENCE, TREASURY_CMD_MOVE, param_types, order,
				     NULL);
	params[0].value.a = order[0].value.a;
	return result;
}

/* The client's memory, passed on as it is. */
static TEE_Result statement(TEE_TASessionHandle treasury, uint32_t param_types,
			    TEE_Param params[TEE_NUM_PARAMS])
{
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	return TEE_InvokeTACommand(treasury, PATIENCE, TREASURY_CMD_STATEMENT, param_types, params,
				   NULL);
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	switch (command) {
	case TELLER_CMD_DEPOSIT:
	case TELLER_CMD_WITHDRAW:
		return move(session, param_types, params, command == TELLER_CMD_DEPOSIT);
	case TELLER_CMD_STATEMENT:
		return statement(session, param_types, params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
