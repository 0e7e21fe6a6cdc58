#include "api/local_ta.h"

#include <stddef.h>
#include <string.h>
#include <tee_api_defines.h>

#include "api/handle_table.h"
#include "api/system_ta.h"

#define SESSIONS_MAX 256U

static const struct local_ta *const tas[] = { &system_ta };
static unsigned int sessions;

const struct local_ta *local_ta_find(const TEE_UUID *uuid)
{
	for (size_t i = 0; i < sizeof(tas) / sizeof(tas[0]); i++)
		if (!memcmp(&tas[i]->uuid, uuid, sizeof(*uuid)))
			return tas[i];
	return NULL;
}

/* Sessions have no state: a handle says no more than whose it is. */
TEE_Result local_ta_open(const struct local_ta *ta, TEE_TASessionHandle *session)
{
	uint32_t handle = 0;

	if (sessions < SESSIONS_MAX)
		handle = handle_insert(HANDLE_LOCAL_TA_SESSION, (void *)ta);
	*session = (TEE_TASessionHandle)(uintptr_t)handle;
	sessions += handle != 0;
	return handle ? TEE_SUCCESS : TEE_ERROR_OUT_OF_MEMORY;
}

const struct local_ta *local_ta_of(TEE_TASessionHandle session)
{
	return handle_find(HANDLE_LOCAL_TA_SESSION, (uintptr_t)session);
}

void local_ta_close(TEE_TASessionHandle session)
{
	handle_remove((uintptr_t)session);
	sessions--;
}
