#include "api/system_ta.h"

#include <pta_system.h>
#include <stddef.h>
#include <string.h>
#include <tee_api.h>
#include <tee_internal_api_extensions.h>

#include "api/dynamic_library.h"
#include "runtime.h"
#include "service.h"
#include "services/ta_key.h"

#define NONE	  TEE_PARAM_TYPE_NONE
#define VALUE_IN  TEE_PARAM_TYPE_VALUE_INPUT
#define VALUE_OUT TEE_PARAM_TYPE_VALUE_OUTPUT
#define VALUE_IO  TEE_PARAM_TYPE_VALUE_INOUT
#define MEM_IN	  TEE_PARAM_TYPE_MEMREF_INPUT
#define MEM_OUT	  TEE_PARAM_TYPE_MEMREF_OUTPUT
#define MEM_IO	  TEE_PARAM_TYPE_MEMREF_INOUT

/* A TA's draws come straight from the kernel's generator, which takes nothing from processes: there
 * is nothing to stir. */
static TEE_Result add_rng_entropy(TEE_Param params[TEE_NUM_PARAMS])
{
	const TEE_Param *input = &params[0];

	if (!input->memref.size || !input->memref.buffer)
		return TEE_ERROR_BAD_PARAMETERS;
	return TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_ANY_OWNER,
					   input->memref.buffer, input->memref.size);
}

static struct service ta_key = { .uuid = TA_KEY_UUID };

static TEE_Result derive_ta_unique_key(TEE_Param params[TEE_NUM_PARAMS])
{
	const TEE_Param *extra = &params[0];
	const TEE_Param *key = &params[1];

	if (extra->memref.size > TA_DERIVED_EXTRA_DATA_MAX_SIZE ||
	    key->memref.size < TA_DERIVED_KEY_MIN_SIZE ||
	    key->memref.size > TA_DERIVED_KEY_MAX_SIZE || !key->memref.buffer)
		return TEE_ERROR_BAD_PARAMETERS;
	if (extra->memref.size &&
	    TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_ANY_OWNER,
					extra->memref.buffer, extra->memref.size) != TEE_SUCCESS)
		return TEE_ERROR_ACCESS_DENIED;
	/* Nobody else is to see it: not even for a moment. */
	if (TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_WRITE |
						TEE_MEMORY_ACCESS_SECURE,
					key->memref.buffer, key->memref.size) != TEE_SUCCESS)
		return TEE_ERROR_SECURITY;
	return service_call(&ta_key, TA_KEY_DERIVE, TEE_PARAM_TYPES(MEM_IN, MEM_OUT, NONE, NONE),
			    params);
}

static uint64_t address_of(const TEE_Param *param)
{
	return (uint64_t)param->value.a << 32 | param->value.b;
}

static TEE_Result map_zi(TEE_Param params[TEE_NUM_PARAMS])
{
	const uint32_t flags = params[0].value.b;
	uint64_t address;
	void *mapped;

	if (!params[0].value.a || flags & ~(uint32_t)PTA_SYSTEM_MAP_FLAG_SHAREABLE)
		return TEE_ERROR_BAD_PARAMETERS;
	mapped = tee_map_zi_va(address_of(&params[1]), params[0].value.a, params[2].value.a,
			       params[2].value.b, flags ? TEE_MEMORY_ACCESS_ANY_OWNER : 0);
	if (!mapped)
		return TEE_ERROR_OUT_OF_MEMORY;
	address = (uintptr_t)mapped;
	params[1].value.a = (uint32_t)(address >> 32);
	params[1].value.b = (uint32_t)address;
	return TEE_SUCCESS;
}

static TEE_Result unmap(TEE_Param params[TEE_NUM_PARAMS])
{
	if (params[0].value.b)
		return TEE_ERROR_BAD_PARAMETERS;
	return tee_unmap((void *)(uintptr_t)address_of(&params[1]), params[0].value.a);
}

static TEE_Result supp_plugin_invoke(TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_Result result;
	size_t used = 0;
	TEE_UUID uuid;

	if (params[0].memref.size != sizeof(uuid) || !params[0].memref.buffer)
		return TEE_ERROR_BAD_PARAMETERS;
	memcpy(&uuid, params[0].memref.buffer, sizeof(uuid));
	result = tee_invoke_supp_plugin(&uuid, params[1].value.a, params[1].value.b,
					params[2].memref.buffer, params[2].memref.size, &used);
	params[3].value.a = (uint32_t)used;
	return result;
}

static bool uuid_take(const TEE_Param *param, TEE_UUID *uuid)
{
	if (param->memref.size != sizeof(*uuid) || !param->memref.buffer)
		return false;
	memcpy(uuid, param->memref.buffer, sizeof(*uuid));
	return true;
}

static TEE_Result library_open(TEE_Param params[TEE_NUM_PARAMS])
{
	const char *why;
	TEE_UUID uuid;

	return uuid_take(&params[0], &uuid) ? dynamic_library_open(&uuid, &why)
					    : TEE_ERROR_BAD_PARAMETERS;
}

static TEE_Result library_symbol(TEE_Param params[TEE_NUM_PARAMS])
{
	static const TEE_UUID everything;
	const char *symbol = params[1].memref.buffer;
	uint64_t address;
	TEE_UUID uuid;

	if (!uuid_take(&params[0], &uuid) || !symbol || !params[1].memref.size ||
	    !memchr(symbol, '\0', params[1].memref.size))
		return TEE_ERROR_BAD_PARAMETERS;
	address = (uintptr_t)dynamic_library_symbol(
		memcmp(&uuid, &everything, sizeof(uuid)) ? &uuid : NULL, symbol);
	params[2].value.a = (uint32_t)(address >> 32);
	params[2].value.b = (uint32_t)address;
	return address ? TEE_SUCCESS : TEE_ERROR_ITEM_NOT_FOUND;
}

/* Of the loader on a board: this one is another. */
static TEE_Result not_supported(TEE_Param params[TEE_NUM_PARAMS])
{
	(void)params;
	return TEE_ERROR_NOT_SUPPORTED;
}

#define ANY_TYPES UINT32_MAX

static const struct {
	uint32_t command;
	uint32_t types;
	TEE_Result (*run)(TEE_Param params[TEE_NUM_PARAMS]);
} commands[] = {
	{ PTA_SYSTEM_ADD_RNG_ENTROPY, TEE_PARAM_TYPES(MEM_IN, NONE, NONE, NONE), add_rng_entropy },
	{ PTA_SYSTEM_DERIVE_TA_UNIQUE_KEY, TEE_PARAM_TYPES(MEM_IN, MEM_OUT, NONE, NONE),
	  derive_ta_unique_key },
	{ PTA_SYSTEM_MAP_ZI, TEE_PARAM_TYPES(VALUE_IN, VALUE_IO, VALUE_IN, NONE), map_zi },
	{ PTA_SYSTEM_UNMAP, TEE_PARAM_TYPES(VALUE_IN, VALUE_IN, NONE, NONE), unmap },
	{ PTA_SYSTEM_OPEN_TA_BINARY, ANY_TYPES, not_supported },
	{ PTA_SYSTEM_CLOSE_TA_BINARY, ANY_TYPES, not_supported },
	{ PTA_SYSTEM_MAP_TA_BINARY, ANY_TYPES, not_supported },
	{ PTA_SYSTEM_COPY_FROM_TA_BINARY, ANY_TYPES, not_supported },
	{ PTA_SYSTEM_SET_PROT, ANY_TYPES, not_supported },
	{ PTA_SYSTEM_REMAP, ANY_TYPES, not_supported },
	{ PTA_SYSTEM_DLOPEN, TEE_PARAM_TYPES(MEM_IN, VALUE_IN, NONE, NONE), library_open },
	{ PTA_SYSTEM_DLSYM, TEE_PARAM_TYPES(MEM_IN, MEM_IN, VALUE_OUT, NONE), library_symbol },
	{ PTA_SYSTEM_GET_TPM_EVENT_LOG, ANY_TYPES, not_supported },
	{ PTA_SYSTEM_SUPP_PLUGIN_INVOKE, TEE_PARAM_TYPES(MEM_IN, VALUE_IN, MEM_IO, VALUE_OUT),
	  supp_plugin_invoke },
};

static TEE_Result invoke(uint32_t command, uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].command != command)
			continue;
		if (commands[i].types != ANY_TYPES && commands[i].types != types)
			return TEE_ERROR_BAD_PARAMETERS;
		return commands[i].run(params);
	}
	return TEE_ERROR_NOT_IMPLEMENTED;
}

const struct local_ta system_ta = { .uuid = PTA_SYSTEM_UUID, .invoke = invoke };
