/*
 * The trusted application of the plugin example: writes receipts, and asks a plugin on the client's
 * side for the names in them.
 */
#include <stdio.h>

#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>

#include <accounts_plugin.h>
#include <receipt_ta.h>

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	(void)param_types;
	(void)params;
	(void)session;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

/* A name of letters, terminated. */
static TEE_Result owner_of(uint32_t account, char name[ACCOUNTS_NAME_SIZE + 1])
{
	static const TEE_UUID plugin = ACCOUNTS_PLUGIN_UUID;
	TEE_Result result;
	size_t size = 0;

	TEE_MemFill(name, 0, ACCOUNTS_NAME_SIZE + 1);
	result = tee_invoke_supp_plugin(&plugin, ACCOUNTS_CMD_OWNER, account, name,
					ACCOUNTS_NAME_SIZE, &size);
	if (result != TEE_SUCCESS)
		return result;
	/* A plugin is no more to be believed than any client: look at what it says. */
	if (!size || size > ACCOUNTS_NAME_SIZE)
		return TEE_ERROR_BAD_FORMAT;
	for (size_t i = 0; i < size; i++)
		if ((name[i] | 0x20) < 'a' || (name[i] | 0x20) > 'z')
			return TEE_ERROR_BAD_FORMAT;
	name[size] = '\0';
	return TEE_SUCCESS;
}

static TEE_Result receipt_write(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	char name[ACCOUNTS_NAME_SIZE + 1], receipt[128];
	const size_t room = params[1].memref.size;
	TEE_Result result;
	size_t size;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_MEMREF_OUTPUT,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = owner_of(params[0].value.a, name);
	if (result != TEE_SUCCESS)
		return result;
	size = (size_t)snprintf(receipt, sizeof(receipt), "received from %s, account %u: %u", name,
				(unsigned int)params[0].value.a, (unsigned int)params[0].value.b);
	params[1].memref.size = size;
	if (room < size)
		return TEE_ERROR_SHORT_BUFFER;
	TEE_MemMove(params[1].memref.buffer, receipt, size);
	return TEE_SUCCESS;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	(void)session;
	if (command != RECEIPT_CMD_WRITE)
		return TEE_ERROR_NOT_SUPPORTED;
	return receipt_write(param_types, params);
}
