/* Calls the system pseudo TA. */
#include <pta_system.h>
#include <string.h>
#include <tee_internal_api.h>

#include "system/commands.h"

#define NONE TEE_PARAM_TYPE_NONE

/* The line of the first thing that is not as it should be. */
#define REQUIRE(truth)                   \
	do {                             \
		if (!(truth))            \
			return __LINE__; \
	} while (0)

static TEE_TASessionHandle session;

TEE_Result TA_CreateEntryPoint(void)
{
	static const TEE_UUID uuid = PTA_SYSTEM_UUID;
	uint32_t origin;

	return TEE_OpenTASession(&uuid, TEE_TIMEOUT_INFINITE, 0, NULL, &session, &origin);
}

void TA_DestroyEntryPoint(void)
{
	TEE_CloseTASession(session);
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
}

static TEE_Result call(uint32_t command, uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	uint32_t origin = 0;

	return TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, command, types, params, &origin);
}

static TEE_Result unique_key(TEE_Param *extra, void *key, size_t size)
{
	TEE_Param params[TEE_NUM_PARAMS] = { *extra };

	params[1].memref.buffer = key;
	params[1].memref.size = size;
	return call(PTA_SYSTEM_DERIVE_TA_UNIQUE_KEY,
		    TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_MEMREF_OUTPUT, NONE,
				    NONE),
		    params);
}

static TEE_Result unique_key_tell(TEE_Param params[TEE_NUM_PARAMS])
{
	uint8_t key[64] = { 0 };
	TEE_Result result = unique_key(&params[0], key, params[2].value.a);

	if (result == TEE_SUCCESS)
		TEE_MemMove(params[1].memref.buffer, key, params[2].value.a);
	return result;
}

static TEE_Result map(uint32_t size, uint32_t flags, uint64_t *address)
{
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	TEE_Result result;

	params[0].value.a = size;
	params[0].value.b = flags;
	params[1].value.a = (uint32_t)(*address >> 32);
	params[1].value.b = (uint32_t)*address;
	params[2].value.a = 4096;
	params[2].value.b = 4096;
	result = call(PTA_SYSTEM_MAP_ZI,
		      TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_VALUE_INOUT,
				      TEE_PARAM_TYPE_VALUE_INPUT, NONE),
		      params);
	*address = (uint64_t)params[1].value.a << 32 | params[1].value.b;
	return result;
}

static TEE_Result unmap(uint32_t size, uint32_t zero, uint64_t address)
{
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };

	params[0].value.a = size;
	params[0].value.b = zero;
	params[1].value.a = (uint32_t)(address >> 32);
	params[1].value.b = (uint32_t)address;
	return call(PTA_SYSTEM_UNMAP,
		    TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_VALUE_INPUT, NONE,
				    NONE),
		    params);
}

static bool readable(const char *at)
{
	return TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ, (void *)at, 1) == TEE_SUCCESS;
}

static uint32_t process(void)
{
	uint8_t entropy[64] = { 1 };
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	uint64_t address = 0, second;
	char *mapped;

	REQUIRE((uintptr_t)session < 1ULL << 32);
	params[0].memref.buffer = entropy;
	params[0].memref.size = sizeof(entropy);
	REQUIRE(call(PTA_SYSTEM_ADD_RNG_ENTROPY,
		     TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, NONE, NONE, NONE),
		     params) == TEE_SUCCESS);
	params[0].memref.size = 0;
	REQUIRE(call(PTA_SYSTEM_ADD_RNG_ENTROPY,
		     TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, NONE, NONE, NONE),
		     params) == TEE_ERROR_BAD_PARAMETERS);

	REQUIRE(map(5000, 0, &address) == TEE_SUCCESS && address);
	mapped = (char *)(uintptr_t)address;
	REQUIRE(!mapped[0] && !mapped[4999]);
	mapped[4999] = 1;
	REQUIRE(!readable(mapped - 1));
	REQUIRE(!readable(mapped + 8192));
	REQUIRE(unmap(5000, 1, address) == TEE_ERROR_BAD_PARAMETERS);
	REQUIRE(unmap(4000, 0, address) == TEE_ERROR_BAD_PARAMETERS);
	REQUIRE(unmap(5000, 0, address) == TEE_SUCCESS);
	REQUIRE(!readable(mapped));
	REQUIRE(unmap(5000, 0, address) == TEE_ERROR_BAD_PARAMETERS);
	/* Where it was wanted, now that there is room. */
	second = address;
	REQUIRE(map(5000, PTA_SYSTEM_MAP_FLAG_SHAREABLE, &second) == TEE_SUCCESS);
	REQUIRE(second == address);
	REQUIRE(unmap(5000, 0, second) == TEE_SUCCESS);
	second = 0;
	REQUIRE(map(0, 0, &second) == TEE_ERROR_BAD_PARAMETERS);
	REQUIRE(map(5000, PTA_SYSTEM_MAP_FLAG_EXECUTABLE, &second) == TEE_ERROR_BAD_PARAMETERS);
	return 0;
}

static uint32_t sessions(void)
{
	static const TEE_UUID uuid = PTA_SYSTEM_UUID;
	TEE_TASessionHandle opened[1000];
	uint32_t count = 0;

	while (count < 1000 && TEE_OpenTASession(&uuid, TEE_TIMEOUT_INFINITE, 0, NULL,
						 &opened[count], NULL) == TEE_SUCCESS)
		count++;
	for (uint32_t i = 0; i < count; i++)
		TEE_CloseTASession(opened[i]);
	return count;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	switch (command) {
	case CMD_UNIQUE_KEY:
		return unique_key_tell(params);
	case CMD_UNIQUE_KEY_SHARED:
		return unique_key(&params[0], params[1].memref.buffer, params[2].value.a);
	case CMD_PROCESS:
		params[0].value.a = process();
		return TEE_SUCCESS;
	case CMD_ANY:
		return call(params[0].value.a, 0, params);
	case CMD_SESSIONS:
		params[0].value.a = sessions();
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
