/*
 * From a request on a channel to the TEE_Param of an entry point, and back. What the client wrote
 * is checked here: a reference that reaches beyond its arena or block never gets to the TA.
 */
#ifndef TEESIM_SERVING_CALL_PARAMETERS_H
#define TEESIM_SERVING_CALL_PARAMETERS_H

#include <stdint.h>

#include <tee_api_types.h>

#include "wire/channel_host.h"

/* Checks and translates; takes up the arena that the references name, if it is a new one. `context`
 * is whose blocks the session refers to. Returns RESULT_SUCCESS or what the client is to be told.
 */
uint32_t call_parameters_parse(const struct channel_call *call, struct channel_host *host,
			       uint32_t context, TEE_Param params[CHANNEL_PARAMS]);

/* What the client gets back: values, and the sizes of output references. */
void call_parameters_answer(const struct channel_call *call, const TEE_Param params[CHANNEL_PARAMS],
			    union channel_slot slot[CHANNEL_PARAMS]);

#endif
