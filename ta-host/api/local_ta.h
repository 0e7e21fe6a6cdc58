/*
 * Pseudo TAs that act on the very process of the TA which calls them, and so are answered in it.
 * The internal client API (internal_client.c) asks here first.
 *
 * Runs in ta-host, on the TA's thread. A session is a handle below 2^32 that is no handle of
 * anything else; it lives until it is closed or the process ends.
 */
#ifndef TEESIM_API_LOCAL_TA_H
#define TEESIM_API_LOCAL_TA_H

#include <stdbool.h>
#include <stdint.h>

#include <tee_api_types.h>

struct local_ta {
	TEE_UUID uuid;
	/* The parameters are the caller's own: nothing has checked or copied them. */
	TEE_Result (*invoke)(uint32_t command, uint32_t types, TEE_Param params[TEE_NUM_PARAMS]);
};

/* NULL: it is none of these. */
const struct local_ta *local_ta_find(const TEE_UUID *uuid);

/* Opens a session, without parameters. Returns TEE_SUCCESS or TEE_ERROR_OUT_OF_MEMORY. */
TEE_Result local_ta_open(const struct local_ta *ta, TEE_TASessionHandle *session);

/* Whose session it is; NULL: of none of these. */
const struct local_ta *local_ta_of(TEE_TASessionHandle session);

/* It is one of local_ta_of(). */
void local_ta_close(TEE_TASessionHandle session);

#endif
