/*
 * The trusted application of the lock example: it alone holds the key and moves the bolt. Whoever
 * carries the orders (a gateway, a phone, the normal world of this device) can lose them, and no
 * more.
 *
 * The bolt is a line in the TEE's log, for the simulator has no pin to drive; on a board this is
 * where the pin is that belongs to the secure world.
 */
#include <string.h>

#include <tee_internal_api.h>
#include <trace.h>

#include <lock_ta.h>

#define KEY_BITS (8 * LOCK_KEY_SIZE)

static const char key_id[] = { 'k', 'e', 'y' };
static const char state_id[] = { 's', 't', 'a', 't', 'e' };

struct state {
	uint64_t count; /* of the last order */
	uint32_t position;
	uint32_t executed;
};

static TEE_Result state_save(const struct state *state)
{
	TEE_ObjectHandle object;
	TEE_Result result;

	result = TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, state_id, sizeof(state_id),
					    TEE_DATA_FLAG_ACCESS_WRITE | TEE_DATA_FLAG_OVERWRITE,
					    TEE_HANDLE_NULL, state, sizeof(*state), &object);
	if (result == TEE_SUCCESS)
		TEE_CloseObject(object);
	return result;
}

static TEE_Result state_load(struct state *state)
{
	TEE_ObjectHandle object;
	TEE_Result result;
	size_t got = 0;

	result = TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, state_id, sizeof(state_id),
					  TEE_DATA_FLAG_ACCESS_READ, &object);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_ReadObjectData(object, state, sizeof(*state), &got);
	/* A corrupt object's handle is closed already. */
	if (result != TEE_ERROR_CORRUPT_OBJECT)
		TEE_CloseObject(object);
	return result == TEE_SUCCESS && got != sizeof(*state) ? TEE_ERROR_CORRUPT_OBJECT : result;
}

static TEE_Result key_store(TEE_ObjectHandle fresh)
{
	TEE_ObjectHandle kept;
	TEE_Result result;

	/* In here it checks MACs and nothing else. */
	result = TEE_RestrictObjectUsage1(fresh, TEE_USAGE_MAC);
	if (result == TEE_SUCCESS)
		result = TEE_CreatePersistentObject(
			TEE_STORAGE_PRIVATE, key_id, sizeof(key_id),
			TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_OVERWRITE, fresh, NULL, 0, &kept);
	if (result == TEE_SUCCESS)
		TEE_CloseObject(kept);
	return result;
}

static TEE_Result pair(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_ObjectHandle fresh = TEE_HANDLE_NULL;
	struct state state = { 0 };
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE) ||
	    params[0].memref.size < LOCK_KEY_SIZE)
		return TEE_ERROR_BAD_PARAMETERS;
	result = state_load(&state);
	if (result == TEE_SUCCESS)
		return TEE_ERROR_BAD_STATE;
	if (result != TEE_ERROR_ITEM_NOT_FOUND)
		return result;
	result = TEE_AllocateTransientObject(TEE_TYPE_HMAC_SHA256, KEY_BITS, &fresh);
	if (result == TEE_SUCCESS)
		result = TEE_GenerateKey(fresh, KEY_BITS, NULL, 0);
	if (result == TEE_SUCCESS)
		result = TEE_GetObjectBufferAttribute(fresh, TEE_ATTR_SECRET_VALUE,
						      params[0].memref.buffer,
						      &params[0].memref.size);
	if (result == TEE_SUCCESS)
		result = key_store(fresh);
	/* The state comes last: a lock with one has an owner. */
	if (result == TEE_SUCCESS)
		result = state_save(&state);
	TEE_FreeTransientObject(fresh);
	if (result == TEE_SUCCESS)
		IMSG("the lock has an owner");
	return result;
}

static TEE_Result mac_check(const struct lock_order *order)
{
	TEE_OperationHandle operation = TEE_HANDLE_NULL;
	TEE_ObjectHandle key;
	TEE_Result result;

	result = TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, key_id, sizeof(key_id),
					  TEE_DATA_FLAG_ACCESS_READ, &key);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_AllocateOperation(&operation, TEE_ALG_HMAC_SHA256, TEE_MODE_MAC, KEY_BITS);
	if (result == TEE_SUCCESS)
		result = TEE_SetOperationKey(operation, key);
	if (result == TEE_SUCCESS) {
		TEE_MACInit(operation, NULL, 0);
		result = TEE_MACCompareFinal(operation, order, offsetof(struct lock_order, mac),
					     order->mac, sizeof(order->mac));
	}
	TEE_FreeOperation(operation);
	TEE_CloseObject(key);
	return result;
}

static TEE_Result execute(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	struct lock_order order;
	struct state state;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE) ||
	    params[0].memref.size != sizeof(order))
		return TEE_ERROR_BAD_PARAMETERS;
	/* The client may change its memory at any time; what counts is this copy. */
	memcpy(&order, params[0].memref.buffer, sizeof(order));
	result = state_load(&state);
	if (result == TEE_SUCCESS)
		result = mac_check(&order);
	if (result != TEE_SUCCESS) {
		IMSG("an order was refused: not by the owner");
		return result;
	}
	/* Only what the owner said is looked at. */
	if (order.count <= state.count) {
		IMSG("an order was refused: number %u was here before", (unsigned int)order.count);
		return TEE_ERROR_SECURITY;
	}
	if (order.position > LOCK_OPEN || order.reserved)
		return TEE_ERROR_BAD_PARAMETERS;
	state.count = order.count;
	state.position = order.position;
	state.executed++;
	/* Whatever happens from here on, this order is used up. */
	result = state_save(&state);
	if (result == TEE_SUCCESS)
		IMSG("the bolt is %s", state.position == LOCK_OPEN ? "drawn" : "thrown");
	return result;
}

static TEE_Result show(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	struct state state;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = state_load(&state);
	if (result != TEE_SUCCESS)
		return result;
	params[0].value.a = state.position;
	params[0].value.b = state.executed;
	return TEE_SUCCESS;
}

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
	(void)params;
	(void)session;
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	return TEE_SUCCESS;
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
	case LOCK_CMD_PAIR:
		return pair(param_types, params);
	case LOCK_CMD_EXECUTE:
		return execute(param_types, params);
	case LOCK_CMD_STATE:
		return show(param_types, params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
