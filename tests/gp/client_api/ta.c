/* Tells its client what it got. */
#include <string.h>
#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>

#include "client_api/commands.h"

static bool is_memref(uint32_t type)
{
	return type >= TEE_PARAM_TYPE_MEMREF_INPUT;
}

/* Of values and memory alike. */
static bool is_output(uint32_t type)
{
	return type & 2;
}

static void note(struct seen *seen, uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_MemFill(seen, 0, sizeof(*seen));
	seen->types = types;
	for (unsigned int i = 0; i < TEE_NUM_PARAMS; i++) {
		uint32_t type = TEE_PARAM_TYPE_GET(types, i);

		if (!is_memref(type)) {
			seen->param[i].a = params[i].value.a;
			seen->param[i].b = params[i].value.b;
			continue;
		}
		seen->param[i].is_null = !params[i].memref.buffer;
		seen->param[i].size = params[i].memref.size;
		for (size_t j = 0; params[i].memref.buffer && j < params[i].memref.size; j++)
			seen->param[i].sum += ((uint8_t *)params[i].memref.buffer)[j];
	}
}

static void touch(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	for (unsigned int i = 0; i < TEE_NUM_PARAMS; i++) {
		uint32_t type = TEE_PARAM_TYPE_GET(types, i);

		if (!is_output(type))
			continue;
		if (is_memref(type)) {
			TEE_MemFill(params[i].memref.buffer, FILL + i, params[i].memref.size);
		} else {
			params[i].value.a = ~params[i].value.a;
			params[i].value.b = ~params[i].value.b;
		}
	}
}

static TEE_Result set_size(TEE_Param params[TEE_NUM_PARAMS])
{
	uint32_t size = params[0].value.a;

	TEE_MemFill(params[1].memref.buffer, FILL,
		    size < params[1].memref.size ? size : params[1].memref.size);
	params[1].memref.size = size;
	return params[0].value.b;
}

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	struct seen *seen = TEE_Malloc(sizeof(*seen), TEE_MALLOC_FILL_ZERO);

	if (!seen)
		return TEE_ERROR_OUT_OF_MEMORY;
	*context = seen;
	note(seen, types, params);
	touch(types, params);
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
	TEE_Free(context);
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_Identity identity;
	TEE_Result result;

	switch (command) {
	case CMD_TOUCH:
		note(context, types, params);
		touch(types, params);
		return TEE_SUCCESS;
	case CMD_SEEN:
		TEE_MemMove(params[0].memref.buffer, context, sizeof(struct seen));
		return TEE_SUCCESS;
	case CMD_SET_SIZE:
		return set_size(params);
	case CMD_WRITE_INPUT:
		*(volatile uint8_t *)params[0].memref.buffer = 0xFF;
		return TEE_SUCCESS;
	case CMD_CHECK_RIGHTS:
		return TEE_CheckMemoryAccessRights(params[0].value.a, params[1].memref.buffer,
						   params[1].memref.size);
	case CMD_IDENTITY:
		result = TEE_GetPropertyAsIdentity(TEE_PROPSET_CURRENT_CLIENT,
						   "gpd.client.identity", &identity);
		if (result == TEE_SUCCESS)
			TEE_MemMove(params[0].memref.buffer, &identity, sizeof(identity));
		return result;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
