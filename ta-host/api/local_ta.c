#include "api/local_ta.h"

#include <stddef.h>
#include <string.h>
#include <tee_api_defines.h>

#include "api/system_ta.h"

static const struct local_ta *const tas[] = { &system_ta };

/*
 * Sessions have no state, so that a handle says no more than whose it is. It is 0x6, how often its
 * slot was used, and the slot.
 */
#define SESSION_TAG   0x60000000U
#define SESSION_USES  0x0FFFU
#define SESSION_SLOTS 256U

static struct {
	const struct local_ta *ta;
	uint16_t uses;
} sessions[SESSION_SLOTS];

const struct local_ta *local_ta_find(const TEE_UUID *uuid)
{
	for (size_t i = 0; i < sizeof(tas) / sizeof(tas[0]); i++)
		if (!memcmp(&tas[i]->uuid, uuid, sizeof(*uuid)))
			return tas[i];
	return NULL;
}

static TEE_TASessionHandle handle_of(uint32_t slot)
{
	const uint32_t uses = sessions[slot].uses & SESSION_USES;

	return (TEE_TASessionHandle)(uintptr_t)(SESSION_TAG | uses << 16 | slot);
}

TEE_Result local_ta_open(const struct local_ta *ta, TEE_TASessionHandle *session)
{
	for (uint32_t slot = 0; slot < SESSION_SLOTS; slot++) {
		if (sessions[slot].ta)
			continue;
		sessions[slot].ta = ta;
		sessions[slot].uses++;
		*session = handle_of(slot);
		return TEE_SUCCESS;
	}
	return TEE_ERROR_OUT_OF_MEMORY;
}

const struct local_ta *local_ta_of(TEE_TASessionHandle session)
{
	const uint32_t slot = (uintptr_t)session & 0xFFFF;

	if (slot >= SESSION_SLOTS || handle_of(slot) != session)
		return NULL;
	return sessions[slot].ta;
}

void local_ta_close(TEE_TASessionHandle session)
{
	sessions[(uintptr_t)session & 0xFFFF].ta = NULL;
}
