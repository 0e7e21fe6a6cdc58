/*
 * Internal Core API 4.9: sessions of this TA with other TAs.
 *
 * Those with the pseudo TAs of this process (local_ta.h) are here. Others are not part of this
 * version yet: each function says so once in the log and answers TEE_ERROR_NOT_SUPPORTED, or panics
 * where it has no result to give.
 */
#include <tee_api.h>

#include "api/local_ta.h"
#include "api/unsupported.h"
#include "runtime.h"
#include "wire/fault.h"

static void origin_tell(uint32_t *returnOrigin, uint32_t origin)
{
	if (returnOrigin)
		*returnOrigin = origin;
}

TEE_Result TEE_OpenTASession(const TEE_UUID *destination, uint32_t cancellationRequestTimeout,
			     uint32_t paramTypes, TEE_Param params[TEE_NUM_PARAMS],
			     TEE_TASessionHandle *session, uint32_t *returnOrigin)
{
	const struct local_ta *local;
	uint32_t fault;

	if (!destination || !session)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "TEE_OpenTASession: destination or session is NULL");
	fault = fault_next(FAULT_TA_OPEN);
	if (fault) {
		*session = TEE_HANDLE_NULL;
		origin_tell(returnOrigin, TEE_ORIGIN_TEE);
		return fault;
	}
	local = local_ta_find(destination);
	if (local) {
		origin_tell(returnOrigin, TEE_ORIGIN_TRUSTED_APP);
		return local_ta_open(local, session);
	}
	origin_tell(returnOrigin, TEE_ORIGIN_TEE);
	return UNSUPPORTED_CALL();
}

void TEE_CloseTASession(TEE_TASessionHandle session)
{
	if (local_ta_of(session))
		local_ta_close(session);
	else if (session)
		UNSUPPORTED_PANIC();
}

TEE_Result TEE_InvokeTACommand(TEE_TASessionHandle session, uint32_t cancellationRequestTimeout,
			       uint32_t commandID, uint32_t paramTypes,
			       TEE_Param params[TEE_NUM_PARAMS], uint32_t *returnOrigin)
{
	const struct local_ta *local = local_ta_of(session);
	const uint32_t fault = fault_next(FAULT_TA_INVOKE);

	if (fault) {
		origin_tell(returnOrigin, TEE_ORIGIN_TEE);
		return fault;
	}
	if (local) {
		origin_tell(returnOrigin, TEE_ORIGIN_TRUSTED_APP);
		return local->invoke(commandID, paramTypes, params);
	}
	origin_tell(returnOrigin, TEE_ORIGIN_TEE);
	return UNSUPPORTED_CALL();
}
