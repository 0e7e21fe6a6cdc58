/*
 * Internal Core API 4.9: sessions of this TA with other TAs.
 *
 * None of it is part of this version yet: each function says so once in the log and answers
 * TEE_ERROR_NOT_SUPPORTED, or panics where it has no result to give.
 */
#include <tee_api.h>

#include "api/unsupported.h"

TEE_Result TEE_OpenTASession(const TEE_UUID *destination, uint32_t cancellationRequestTimeout,
			     uint32_t paramTypes, TEE_Param params[TEE_NUM_PARAMS],
			     TEE_TASessionHandle *session, uint32_t *returnOrigin)
{
	return UNSUPPORTED_CALL();
}

void TEE_CloseTASession(TEE_TASessionHandle session)
{
	if (session)
		UNSUPPORTED_PANIC();
}

TEE_Result TEE_InvokeTACommand(TEE_TASessionHandle session, uint32_t cancellationRequestTimeout,
			       uint32_t commandID, uint32_t paramTypes,
			       TEE_Param params[TEE_NUM_PARAMS], uint32_t *returnOrigin)
{
	return UNSUPPORTED_CALL();
}
