/*
 * The treasury: a trusted application that works for one other trusted application, and for nobody
 * else. The trusted OS says who the client is.
 */
#include <stdio.h>

#include <tee_internal_api.h>
#include <trace.h>

#include <teller_ta.h>
#include <treasury_ta.h>

#define LINE_SIZE 48

static int32_t balance;
static int32_t entry[TREASURY_ENTRIES];
static unsigned int entries;

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
	const TEE_UUID teller = TELLER_TA_UUID;
	TEE_Identity client;
	TEE_Result result;

	(void)param_types;
	(void)params;
	(void)session;
	result = TEE_GetPropertyAsIdentity(TEE_PROPSET_CURRENT_CLIENT, "gpd.client.identity",
					   &client);
	if (result != TEE_SUCCESS)
		return result;
	if (client.login != TEE_LOGIN_TRUSTED_APP ||
	    TEE_MemCompare(&client.uuid, &teller, sizeof(teller)) != 0) {
		IMSG("somebody who is no teller was at the treasury");
		return TEE_ERROR_ACCESS_DENIED;
	}
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

static TEE_Result move(TEE_Param params[TEE_NUM_PARAMS])
{
	const int32_t amount = (int32_t)params[0].value.a;

	params[0].value.a = (uint32_t)balance;
	if (balance + amount < 0)
		return TEE_ERROR_EXCESS_DATA;
	balance += amount;
	entry[entries++ % TREASURY_ENTRIES] = amount;
	params[0].value.a = (uint32_t)balance;
	return TEE_SUCCESS;
}

static TEE_Result statement(TEE_Param params[TEE_NUM_PARAMS])
{
	const unsigned int first = entries > TREASURY_ENTRIES ? entries - TREASURY_ENTRIES : 0;
	char text[(TREASURY_ENTRIES + 1) * LINE_SIZE];
	size_t size = 0, room = params[0].memref.size;

	for (unsigned int i = first; i < entries; i++)
		size += (size_t)snprintf(text + size, LINE_SIZE, "%u: %+d\n", i + 1,
					 (int)entry[i % TREASURY_ENTRIES]);
	size += (size_t)snprintf(text + size, LINE_SIZE, "balance: %d\n", (int)balance);
	params[0].memref.size = size;
	if (size > room)
		return TEE_ERROR_SHORT_BUFFER;
	TEE_MemMove(params[0].memref.buffer, text, size);
	return TEE_SUCCESS;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	(void)session;
	if (command == TREASURY_CMD_MOVE &&
	    param_types == TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INOUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return move(params);
	if (command == TREASURY_CMD_STATEMENT &&
	    param_types == TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return statement(params);
	return TEE_ERROR_BAD_PARAMETERS;
}
