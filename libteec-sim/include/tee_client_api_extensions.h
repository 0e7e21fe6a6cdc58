/* What OP-TEE's client library offers beyond the GlobalPlatform TEE Client API. */
#ifndef TEE_CLIENT_API_EXTENSIONS_H
#define TEE_CLIENT_API_EXTENSIONS_H

#include <tee_client_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/*
 * Makes memory shared that a file descriptor stands for.
 *
 * @context    an initialised context
 * @sharedMem  flags filled by the caller; size (octets) is set to the descriptor's, buffer to NULL
 * @fd         a memory file (memfd, dma-buf or the like) that can be mapped; stays the caller's and
 *             may be closed after the call
 *
 * A memfd that is, or can be, sealed against a change of its size is shared without a copy; any
 * other file's contents are copied when an operation refers to it.
 *
 * TEEC_ERROR_BAD_PARAMETERS for a descriptor that can't be mapped, has no size, or does not permit
 * what the flags ask for; TEEC_ERROR_OUT_OF_MEMORY. The registration ends with
 * TEEC_ReleaseSharedMemory().
 */
TEEC_Result TEEC_RegisterSharedMemoryFileDescriptor(TEEC_Context *context,
						    TEEC_SharedMemory *sharedMem, int fd);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
