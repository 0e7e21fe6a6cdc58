/* What teesim's client library offers beyond the TEE Client API and OP-TEE's extensions. */
#ifndef TEESIM_CLIENT_API_H
#define TEESIM_CLIENT_API_H

#include <tee_client_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/*
 * Connects to a TEE as TEEC_InitializeContext() does, for an application that is not the running
 * program, such as one that an interpreter runs.
 *
 * @name       as for TEEC_InitializeContext()
 * @directory  the application's own directory, absolute: its trusted applications are looked for
 *             there and in res/ below. NULL: that of the running program
 * @ta_path    directories to search before, separated by colons, or NULL for $TEESIM_TA_PATH
 * @context    the caller's, to be initialised; undefined unless TEEC_SUCCESS is returned
 *
 * Returns what TEEC_InitializeContext() does, or TEEC_ERROR_BAD_PARAMETERS for a directory that is
 * not absolute or too long.
 */
TEEC_Result TEESIM_InitializeContextForApplication(const char *name, const char *directory,
						   const char *ta_path, TEEC_Context *context);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
