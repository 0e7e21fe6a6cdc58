/*
 * The trusted application of the hello pair: a value and a string, there and back.
 */
#include <string.h>

#include <tee_internal_api.h>
#include <trace.h>

#include <hello_ta.h>

static const char greeting[] = "Hello, ";

TEE_Result TA_CreateEntryPoint(void)
{
	DMSG("an instance is made");
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
	DMSG("the instance goes away");
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	(void)params;
	(void)session;
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	IMSG("a client has opened a session");
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
	IMSG("the client has closed its session");
}

static TEE_Result increment(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INOUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	if (params[0].value.a == UINT32_MAX)
		return TEE_ERROR_OVERFLOW;
	IMSG("got %u, giving back %u", (unsigned int)params[0].value.a,
	     (unsigned int)params[0].value.a + 1);
	params[0].value.a++;
	return TEE_SUCCESS;
}

static TEE_Result greet(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	const size_t room = params[1].memref.size;
	size_t name_size, size;
	char *out;

	/* Before a parameter is touched: what it is, is for the client to say. */
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT,
					   TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	name_size = params[0].memref.size;
	if (name_size > 256)
		return TEE_ERROR_EXCESS_DATA;

	size = sizeof(greeting) - 1 + name_size;
	params[1].memref.size = size;
	if (room < size)
		return TEE_ERROR_SHORT_BUFFER;
	out = params[1].memref.buffer;
	TEE_MemMove(out, greeting, sizeof(greeting) - 1);
	TEE_MemMove(out + sizeof(greeting) - 1, params[0].memref.buffer, name_size);
	IMSG("got a name of %u bytes, answered with %u", (unsigned int)name_size,
	     (unsigned int)size);
	return TEE_SUCCESS;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	(void)session;
	switch (command) {
	case HELLO_CMD_NOTHING:
		return TEE_SUCCESS;
	case HELLO_CMD_INCREMENT:
		return increment(param_types, params);
	case HELLO_CMD_GREET:
		return greet(param_types, params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
