/*
 * The trusted application of a tenant: computes with figures that nobody else on the machine may
 * see. Both tenants of the example run this same source, each under a UUID of his own, and both
 * call their object by the same name.
 */
#include <tee_internal_api.h>
#include <trace.h>

#include <tenant_ta.h>
#include <user_ta_header_defines.h>

/* How long the neighbour is waited for, in milliseconds. */
#define PATIENCE 10000

static const TEE_UUID neighbour = TENANT_NEIGHBOUR;

static const char ledger_id[] = { 'l', 'e', 'd', 'g', 'e', 'r' };

struct ledger {
	uint32_t sum;
	uint32_t count;
};

static TEE_Result ledger_load(struct ledger *ledger)
{
	TEE_ObjectHandle object;
	TEE_Result result;
	size_t got = 0;

	*ledger = (struct ledger) { 0 };
	result = TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, ledger_id, sizeof(ledger_id),
					  TEE_DATA_FLAG_ACCESS_READ, &object);
	if (result == TEE_ERROR_ITEM_NOT_FOUND)
		return TEE_SUCCESS;
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_ReadObjectData(object, ledger, sizeof(*ledger), &got);
	/* A corrupt object's handle is closed already. */
	if (result != TEE_ERROR_CORRUPT_OBJECT)
		TEE_CloseObject(object);
	return result == TEE_SUCCESS && got != sizeof(*ledger) ? TEE_ERROR_CORRUPT_OBJECT : result;
}

static TEE_Result add(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_ObjectHandle object;
	struct ledger ledger;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = ledger_load(&ledger);
	if (result != TEE_SUCCESS)
		return result;
	if (__builtin_add_overflow(ledger.sum, params[0].value.a, &ledger.sum))
		return TEE_ERROR_OVERFLOW;
	ledger.count++;
	result = TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, ledger_id, sizeof(ledger_id),
					    TEE_DATA_FLAG_ACCESS_WRITE | TEE_DATA_FLAG_OVERWRITE,
					    TEE_HANDLE_NULL, &ledger, sizeof(ledger), &object);
	if (result == TEE_SUCCESS)
		TEE_CloseObject(object);
	return result;
}

static TEE_Result sum(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	struct ledger ledger;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = ledger_load(&ledger);
	params[0].value.a = ledger.sum;
	params[0].value.b = ledger.count;
	return result;
}

static TEE_Result objects_count(uint32_t storage, uint32_t *count)
{
	TEE_ObjectEnumHandle enumerator;
	char id[TEE_OBJECT_ID_MAX_LEN];
	TEE_ObjectInfo info;
	TEE_Result result;
	size_t size;

	result = TEE_AllocatePersistentObjectEnumerator(&enumerator);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_StartPersistentObjectEnumerator(enumerator, storage);
	while (result == TEE_SUCCESS) {
		size = sizeof(id);
		result = TEE_GetNextPersistentObject(enumerator, &info, id, &size);
		if (result == TEE_SUCCESS)
			++*count;
	}
	TEE_FreePersistentObjectEnumerator(enumerator);
	/* That there are no more is how it ends. */
	return result == TEE_ERROR_ITEM_NOT_FOUND ? TEE_SUCCESS : result;
}

static TEE_Result spy(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_TASessionHandle session = TEE_HANDLE_NULL;
	uint32_t count = 0;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = objects_count(TEE_STORAGE_PRIVATE, &count);
	if (result != TEE_SUCCESS)
		return result;
	params[0].value.a = count;
	params[0].value.b = TEE_OpenTASession(&neighbour, PATIENCE, 0, NULL, &session, NULL);
	if (session != TEE_HANDLE_NULL)
		TEE_CloseTASession(session);
	return TEE_SUCCESS;
}

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

/* Clients may come in, other trusted applications may not: TEE and nobody else says who it is. */
TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	TEE_Identity client;
	TEE_Result result;

	(void)params;
	(void)session;
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = TEE_GetPropertyAsIdentity(TEE_PROPSET_CURRENT_CLIENT, "gpd.client.identity",
					   &client);
	if (result == TEE_SUCCESS && client.login == TEE_LOGIN_TRUSTED_APP) {
		IMSG("a trusted application was turned away");
		result = TEE_ERROR_ACCESS_DENIED;
	}
	return result;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	(void)session;
	switch (command) {
	case TENANT_CMD_ADD:
		return add(param_types, params);
	case TENANT_CMD_SUM:
		return sum(param_types, params);
	case TENANT_CMD_SPY:
		return spy(param_types, params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
