/*
 * The pseudo TA that derives a TA's unique keys, so that the device's key stays out of TA
 * processes.
 */
#include "services/ta_key.h"

#include <errno.h>
#include <pta_system.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "device/hardware_key.h"
#include "services/pseudo_ta.h"
#include "wire/uuid.h"

#define MASTER_SIZE 32

static uint8_t *master;

static int start(const struct services_device *device)
{
	if (sodium_init() < 0)
		return -ENOSYS;
	master = sodium_malloc(MASTER_SIZE);
	if (!master)
		return -ENOMEM;
	return hardware_key_derive(device->path, "TA unique keys", master, MASTER_SIZE);
}

/* The context says whose keys they are. */
static TEE_Result session_open(const struct pseudo_ta_client *client, uint32_t types,
			       TEE_Param params[TEE_NUM_PARAMS], void **context)
{
	struct uuid *ta = malloc(sizeof(*ta));

	(void)types;
	(void)params;
	if (!ta)
		return TEE_ERROR_OUT_OF_MEMORY;
	*ta = ta_owner_id(&client->owner);
	*context = ta;
	return TEE_SUCCESS;
}

static TEE_Result invoke(void *context, uint32_t command, uint32_t types,
			 TEE_Param params[TEE_NUM_PARAMS])
{
	const size_t size = params[1].memref.size;
	const struct uuid *ta = context;
	crypto_generichash_state state;
	uint8_t derived[TA_DERIVED_KEY_MAX_SIZE];

	if (command != TA_KEY_DERIVE ||
	    types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_MEMREF_OUTPUT,
				     TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE) ||
	    params[0].memref.size > TA_DERIVED_EXTRA_DATA_MAX_SIZE ||
	    size < TA_DERIVED_KEY_MIN_SIZE || size > TA_DERIVED_KEY_MAX_SIZE ||
	    !params[1].memref.buffer)
		return TEE_ERROR_BAD_PARAMETERS;
	(void)crypto_generichash_init(&state, master, MASTER_SIZE, size);
	(void)crypto_generichash_update(&state, ta->octet, sizeof(ta->octet));
	if (params[0].memref.size)
		(void)crypto_generichash_update(&state, params[0].memref.buffer,
						params[0].memref.size);
	(void)crypto_generichash_final(&state, derived, size);
	memcpy(params[1].memref.buffer, derived, size);
	sodium_memzero(derived, sizeof(derived));
	return TEE_SUCCESS;
}

extern const struct pseudo_ta ta_key_pseudo_ta;
const struct pseudo_ta ta_key_pseudo_ta = {
	.name = "TA unique keys",
	.openers = PSEUDO_TA_FOR_TAS,
	.start = start,
	.open = session_open,
	.invoke = invoke,
	.close = free,
};
