/*
 * Internal Core API 4.9: sessions of this TA with other TAs.
 *
 * Those with the pseudo TAs of this process (local_ta.h) are answered here; all others are the
 * instance's sessions as a client (client.h). A handle of a session is a number, as all handles
 * are. What a TA passes wrongly is its own mistake and panics; what becomes of a call in the other
 * TA is a result.
 */
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>

#include "api/complaint.h"
#include "api/handle_table.h"
#include "api/local_ta.h"
#include "client.h"
#include "runtime.h"
#include "wire/fault.h"

/* How long the TA says that it waits. A time-out of 0 asks for a cancellation at once: the other TA
 * gets to see that, if it cares, but it is called. */
static struct client_patience patience_of(uint32_t timeout_ms)
{
	struct client_patience patience = client_patience_endless;

	if (timeout_ms == 0)
		patience.cancelled = true;
	else
		patience.deadline_ns = runtime_deadline(timeout_ms);
	patience.cancellable = runtime.in_session && !runtime.cancellation_masked;
	return patience;
}

static void memref_check(const char *function, uint32_t type, const TEE_Param *param)
{
	uint32_t rights = TEE_MEMORY_ACCESS_ANY_OWNER;

	if (type != TEE_PARAM_TYPE_MEMREF_OUTPUT)
		rights |= TEE_MEMORY_ACCESS_READ;
	if (type != TEE_PARAM_TYPE_MEMREF_INPUT)
		rights |= TEE_MEMORY_ACCESS_WRITE;
	if (TEE_CheckMemoryAccessRights(rights, param->memref.buffer, param->memref.size) !=
	    TEE_SUCCESS)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "a memory reference that the TA has no right to");
}

/* Panics where the parameters are none. */
static void params_check(const char *function, uint32_t types, const TEE_Param *params)
{
	if (types >> (4 * TEE_NUM_PARAMS))
		complain(function, TEE_ERROR_BAD_PARAMETERS, "no such parameter types");
	if (types && !params)
		complain(function, TEE_ERROR_BAD_PARAMETERS, "parameters are NULL");
	for (uint32_t i = 0; i < TEE_NUM_PARAMS; i++) {
		const uint32_t type = TEE_PARAM_TYPE_GET(types, i);

		switch (type) {
		case TEE_PARAM_TYPE_NONE:
		case TEE_PARAM_TYPE_VALUE_INPUT:
		case TEE_PARAM_TYPE_VALUE_OUTPUT:
		case TEE_PARAM_TYPE_VALUE_INOUT:
			break;
		case TEE_PARAM_TYPE_MEMREF_INPUT:
		case TEE_PARAM_TYPE_MEMREF_OUTPUT:
		case TEE_PARAM_TYPE_MEMREF_INOUT:
			memref_check(function, type, &params[i]);
			break;
		default:
			complain(function, TEE_ERROR_BAD_PARAMETERS, "no such parameter type");
		}
	}
}

static TEE_Result with_origin(TEE_Result result, uint32_t origin, uint32_t *returnOrigin)
{
	if (returnOrigin)
		*returnOrigin = origin;
	return result;
}

TEE_Result TEE_OpenTASession(const TEE_UUID *destination, uint32_t cancellationRequestTimeout,
			     uint32_t paramTypes, TEE_Param params[TEE_NUM_PARAMS],
			     TEE_TASessionHandle *session, uint32_t *returnOrigin)
{
	const struct client_patience patience = patience_of(cancellationRequestTimeout);
	const struct local_ta *local;
	struct client_session *opened;
	uint32_t fault, handle, origin;
	TEE_Result result;
	TEE_UUID uuid;

	if (!destination)
		PANIC_PARAMETER("destination is NULL");
	if (!session)
		PANIC_PARAMETER("session is NULL");
	params_check(__func__, paramTypes, params);
	uuid = *destination;
	*session = TEE_HANDLE_NULL;
	fault = fault_next(FAULT_TA_OPEN);
	if (fault)
		return with_origin(fault, fault_origin(fault), returnOrigin);
	local = local_ta_find(&uuid);
	if (local)
		return with_origin(local_ta_open(local, session), TEE_ORIGIN_TRUSTED_APP,
				   returnOrigin);
	opened = malloc(sizeof(*opened));
	handle = opened ? handle_insert(HANDLE_TA_SESSION, opened) : 0;
	if (!handle) {
		free(opened);
		return with_origin(TEE_ERROR_OUT_OF_MEMORY, TEE_ORIGIN_API, returnOrigin);
	}
	result = client_open(opened, &uuid, &patience, paramTypes, params, &origin);
	if (result == TEE_SUCCESS) {
		*session = (TEE_TASessionHandle)(uintptr_t)handle;
	} else {
		handle_remove(handle);
		free(opened);
	}
	return with_origin(result, origin, returnOrigin);
}

void TEE_CloseTASession(TEE_TASessionHandle session)
{
	struct client_session *open;

	if (session == TEE_HANDLE_NULL)
		return;
	if (local_ta_of(session)) {
		local_ta_close(session);
		return;
	}
	open = handle_find(HANDLE_TA_SESSION, (uintptr_t)session);
	if (!open)
		PANIC_PARAMETER("no handle of an open session");
	handle_remove((uintptr_t)session);
	client_close(open);
	free(open);
}

TEE_Result TEE_InvokeTACommand(TEE_TASessionHandle session, uint32_t cancellationRequestTimeout,
			       uint32_t commandID, uint32_t paramTypes,
			       TEE_Param params[TEE_NUM_PARAMS], uint32_t *returnOrigin)
{
	const struct client_patience patience = patience_of(cancellationRequestTimeout);
	struct client_session *open = handle_find(HANDLE_TA_SESSION, (uintptr_t)session);
	const struct local_ta *local = local_ta_of(session);
	uint32_t fault, origin;
	TEE_Result result;

	if (!open && !local)
		PANIC_PARAMETER("no handle of an open session");
	params_check(__func__, paramTypes, params);
	fault = fault_next(FAULT_TA_INVOKE);
	if (fault)
		return with_origin(fault, fault_origin(fault), returnOrigin);
	if (local)
		return with_origin(local->invoke(commandID, paramTypes, params),
				   TEE_ORIGIN_TRUSTED_APP, returnOrigin);
	result = client_invoke(open, commandID, &patience, paramTypes, params, &origin);
	return with_origin(result, origin, returnOrigin);
}
