/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The five functions that a TA defines and the framework calls (specification section 4.3). They
 * are never called two at a time in one instance. In a TA that asked for version 1.1 of the API,
 * TEE_Param and the two functions that take it mean their 1.1 forms, see tee_api_compat.h.
 */
#ifndef TEE_TA_API_H
#define TEE_TA_API_H

#include <tee_api_defines.h>
#include <tee_api_types.h>
#include <tee_api_compat.h>

#define TA_EXPORT __exported

#ifdef __cplusplus
extern "C" {
#endif

/*
 * TA_CreateEntryPoint() - called once, before anything else, when an instance is created (4.3.1)
 *
 * Any result but TEE_SUCCESS goes to the client whose open created the instance; the instance is
 * then destroyed without a call of TA_DestroyEntryPoint().
 */
TEE_Result TA_EXPORT TA_CreateEntryPoint(void);

/*
 * TA_DestroyEntryPoint() - called last, when no session is open any more (4.3.2)
 *
 * What the instance still holds (objects, operations, memory) is released afterwards.
 */
void TA_EXPORT TA_DestroyEntryPoint(void);

/*
 * TA_OpenSessionEntryPoint() - a client opens a session (4.3.3)
 *
 * @paramTypes, @params: as for TA_InvokeCommandEntryPoint()
 * @sessionContext: where the TA may put a pointer of its own; it comes back in the other calls of
 * this session and is never followed or freed by the framework
 *
 * Any result but TEE_SUCCESS refuses the session: it and the outputs reach the client with origin
 * TEE_ORIGIN_TRUSTED_APP, and TA_CloseSessionEntryPoint() is not called.
 */
TEE_Result TA_EXPORT TA_OpenSessionEntryPoint(uint32_t paramTypes, TEE_Param params[TEE_NUM_PARAMS],
					      void **sessionContext);

/* TA_CloseSessionEntryPoint() - a client closes its session, or is gone (4.3.4) */
void TA_EXPORT TA_CloseSessionEntryPoint(void *sessionContext);

/*
 * TA_InvokeCommandEntryPoint() - a client invokes a command in its session (4.3.5)
 *
 * @commandID: the TA's own numbering
 * @paramTypes: types of the four parameters; nothing but a comparison with what @commandID expects
 * makes @params safe to use
 * @params: values and memory references. Shared memory belongs to the client and may change under
 * the TA's eyes; it goes when the call returns. For an output reference set size to what was
 * written, or to what is needed and return TEE_ERROR_SHORT_BUFFER.
 */
TEE_Result TA_EXPORT TA_InvokeCommandEntryPoint(void *sessionContext, uint32_t commandID,
						uint32_t paramTypes,
						TEE_Param params[TEE_NUM_PARAMS]);

#ifdef __cplusplus
}
#endif

#endif /* TEE_TA_API_H */
