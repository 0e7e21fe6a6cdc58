/* Calls other TAs, and is called. */
#include <stdbool.h>
#include <string.h>
#include <tee_internal_api.h>

#include "internal_client/commands.h"

#define PLACES	      64

#define TYPES_0(a)    TEE_PARAM_TYPES(TEE_PARAM_TYPE_##a, 0, 0, 0)
#define TYPES_1(a, b) TEE_PARAM_TYPES(TEE_PARAM_TYPE_##a, TEE_PARAM_TYPE_##b, 0, 0)

static TEE_TASessionHandle place[PLACES];
static uint32_t sessions;
static uint32_t birth_result, birth_origin;

static const char constant[] = "constant";
static int *volatile nowhere = NULL;

#ifdef CREATE_OPENS
static const TEE_UUID at_birth = CREATE_OPENS;
#endif

TEE_Result TA_CreateEntryPoint(void)
{
#ifdef CREATE_OPENS
	birth_result = TEE_OpenTASession(&at_birth, TEE_TIMEOUT_INFINITE, 0, NULL, &place[0],
					 &birth_origin);
#endif
#ifdef CREATE_WAITS
	TEE_Wait(CREATE_WAITS);
#endif
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
#ifdef CREATE_OPENS
	TEE_CloseTASession(place[0]);
#endif
}

static TEE_Result visit(const TEE_UUID *uuid, uint32_t command, uint32_t value, uint32_t *origin)
{
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	TEE_TASessionHandle session;
	TEE_Result result;

	result = TEE_OpenTASession(uuid, TEE_TIMEOUT_INFINITE, 0, NULL, &session, origin);
	if (result != TEE_SUCCESS)
		return result;
	params[0].value.a = value;
	result = TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, command, TYPES_0(VALUE_INPUT),
				     params, origin);
	TEE_CloseTASession(session);
	return result;
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	static const TEE_UUID hub = UUID_HUB;
	uint32_t origin;

	*context = NULL;
	sessions++;
	if (TEE_PARAM_TYPE_GET(types, 0) != TEE_PARAM_TYPE_VALUE_INPUT)
		return TEE_SUCCESS;
	switch (params[0].value.a) {
	case OPEN_REFUSE:
		sessions--;
		return params[0].value.b;
	case OPEN_PANIC:
		TEE_Panic(params[0].value.b);
	case OPEN_WAIT:
		TEE_UnmaskCancellation();
		return TEE_Wait(params[0].value.b);
	case OPEN_VISIT_HUB:
		return visit(&hub, CMD_NOTHING, 0, &origin);
	default:
		return TEE_SUCCESS;
	}
}

void TA_CloseSessionEntryPoint(void *context)
{
	sessions--;
}

/*
 * Caller.
 */

static TEE_UUID uuid_in(const TEE_Param *param)
{
	TEE_UUID uuid;

	memcpy(&uuid, param->memref.buffer, sizeof(uuid));
	return uuid;
}

static TEE_Result open(TEE_Param params[TEE_NUM_PARAMS])
{
	const TEE_UUID uuid = uuid_in(&params[0]);
	TEE_Param nested[TEE_NUM_PARAMS] = { 0 };
	uint32_t at = 0;

	while (place[at] != TEE_HANDLE_NULL)
		at++;
	if (params[1].value.b)
		TEE_UnmaskCancellation();
	nested[0].value = params[2].value;
	params[1].value.b = 77;
	params[1].value.a = TEE_OpenTASession(&uuid, params[1].value.a, TYPES_0(VALUE_INPUT),
					      nested, &place[at], &params[1].value.b);
	params[2].value.a = at;
	return TEE_SUCCESS;
}

static TEE_Result forward(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	const uint32_t nested_types =
		TEE_PARAM_TYPES(TEE_PARAM_TYPE_GET(types, 2), TEE_PARAM_TYPE_GET(types, 3), 0, 0);
	TEE_TASessionHandle session = place[params[0].value.a];
	TEE_Param nested[TEE_NUM_PARAMS] = { params[2], params[3] };

	if (params[1].value.b)
		TEE_UnmaskCancellation();
	params[0].value.a = TEE_InvokeTACommand(session, params[1].value.a, params[0].value.b,
						nested_types, nested, &params[0].value.b);
	for (int i = 0; i < 2; i++) {
		const uint32_t type = TEE_PARAM_TYPE_GET(nested_types, i);

		if (type == TEE_PARAM_TYPE_VALUE_OUTPUT || type == TEE_PARAM_TYPE_VALUE_INOUT)
			params[2 + i].value = nested[i].value;
		else if (type != TEE_PARAM_TYPE_NONE && type != TEE_PARAM_TYPE_VALUE_INPUT)
			params[2 + i].memref.size = nested[i].memref.size;
	}
	return TEE_SUCCESS;
}

static TEE_Result lend_private(TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_TASessionHandle session = place[params[0].value.a];
	const size_t size = params[0].value.b;
	uint8_t *memory = TEE_Malloc(size, TEE_MALLOC_FILL_ZERO);
	TEE_Param nested[TEE_NUM_PARAMS] = { 0 };
	TEE_Result result;

	if (!memory)
		return TEE_ERROR_OUT_OF_MEMORY;
	for (size_t i = 0; i < size; i++)
		memory[i] = (uint8_t)(i * 7);
	nested[0].memref.buffer = memory;
	nested[0].memref.size = size;
	result = TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, CMD_INCREMENT,
				     TYPES_0(MEMREF_INOUT), nested, NULL);
	params[0].value.b = 0;
	for (size_t i = 0; i < size; i++)
		params[0].value.b += memory[i] == (uint8_t)(i * 7 + 1);
	TEE_Free(memory);
	return result;
}

static TEE_Result lend_oddly(TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_TASessionHandle session = place[params[0].value.a];
	TEE_Param nested[TEE_NUM_PARAMS] = { 0 };
	TEE_Result result;
	char octet;

	switch (params[0].value.b) {
	case LEND_EMPTY:
		nested[0].memref.buffer = &octet;
		break;
	case LEND_RODATA:
		nested[0].memref.buffer = (char *)constant;
		nested[0].memref.size = sizeof(constant);
		break;
	default:
		break;
	}
	result = TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, CMD_DESCRIBE,
				     TYPES_1(MEMREF_INPUT, VALUE_OUTPUT), nested, NULL);
	params[0].value.a = nested[1].value.a;
	params[0].value.b = nested[1].value.b;
	return result;
}

static void make_mistake(uint32_t at, uint32_t mistake)
{
	TEE_TASessionHandle session = place[at];
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	uint32_t types = 0, command = CMD_NOTHING;
	const TEE_UUID uuid = { 0 };

	params[0].memref.size = 16;
	switch (mistake) {
	case MISTAKE_HANDLE:
		session = (TEE_TASessionHandle)(uintptr_t)0x12345;
		break;
	case MISTAKE_NULL_HANDLE:
		session = TEE_HANDLE_NULL;
		break;
	case MISTAKE_CLOSED_HANDLE:
		TEE_CloseTASession(session);
		break;
	case MISTAKE_CLOSE_TWICE:
		TEE_CloseTASession(session);
		TEE_CloseTASession(session);
		return;
	case MISTAKE_NULL_DESTINATION:
		TEE_OpenTASession(NULL, TEE_TIMEOUT_INFINITE, 0, NULL, &session, NULL);
		return;
	case MISTAKE_NULL_SESSION:
		TEE_OpenTASession(&uuid, TEE_TIMEOUT_INFINITE, 0, NULL, NULL, NULL);
		return;
	case MISTAKE_WILD_MEMORY:
		params[0].memref.buffer = (void *)(uintptr_t)0x700000000000;
		types = TYPES_0(MEMREF_INPUT);
		break;
	case MISTAKE_NULL_MEMORY:
		types = TYPES_0(MEMREF_INPUT);
		break;
	case MISTAKE_RODATA_OUTPUT:
		params[0].memref.buffer = (char *)constant;
		params[0].memref.size = sizeof(constant);
		types = TYPES_0(MEMREF_OUTPUT);
		break;
	case MISTAKE_TYPE:
		types = 4;
		break;
	case MISTAKE_NULL_PARAMS:
		TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, command, TYPES_0(VALUE_INPUT),
				    NULL, NULL);
		return;
	default:
		return;
	}
	TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, command, types, params, NULL);
}

static TEE_Result open_many(TEE_Param params[TEE_NUM_PARAMS])
{
	const TEE_UUID uuid = uuid_in(&params[0]);
	const uint32_t wanted = params[1].value.a;
	TEE_TASessionHandle *all = TEE_Malloc(wanted * sizeof(*all), TEE_MALLOC_FILL_ZERO);
	uint32_t opened, used = 0;

	for (opened = 0; opened < wanted; opened++)
		if (TEE_OpenTASession(&uuid, TEE_TIMEOUT_INFINITE, 0, NULL, &all[opened], NULL) !=
		    TEE_SUCCESS)
			break;
	for (uint32_t i = 0; i < opened; i++)
		used += TEE_InvokeTACommand(all[i], TEE_TIMEOUT_INFINITE, CMD_NOTHING, 0, NULL,
					    NULL) == TEE_SUCCESS;
	for (uint32_t i = 0; i < opened; i++)
		TEE_CloseTASession(all[i]);
	TEE_Free(all);
	params[1].value.a = used;
	return TEE_SUCCESS;
}

/*
 * Callee.
 */

static TEE_Result describe(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	void *memory = params[0].memref.buffer;
	const size_t size = params[0].memref.size;
	uint32_t bits = 0;

	if (!memory)
		bits |= DESCRIBED_NULL;
	if (TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_ANY_OWNER,
					memory, size) == TEE_SUCCESS)
		bits |= DESCRIBED_READABLE;
	if (TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_WRITE | TEE_MEMORY_ACCESS_ANY_OWNER,
					memory, size) == TEE_SUCCESS)
		bits |= DESCRIBED_WRITABLE;
	if (size &&
	    TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ, memory, size) == TEE_SUCCESS)
		bits |= DESCRIBED_PRIVATE;
	params[1].value.a = bits;
	params[1].value.b = (uint32_t)size;
	return TEE_SUCCESS;
}

static TEE_Result handshake(volatile uint8_t *memory)
{
	memory[0] = 1;
	for (int i = 0; i < 10000 && !memory[1]; i++)
		TEE_Wait(1);
	if (!memory[1])
		return TEE_ERROR_GENERIC;
	memory[2] = 1;
	return TEE_SUCCESS;
}

static TEE_Result wait(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	const bool tells = TEE_PARAM_TYPE_GET(types, 1) == TEE_PARAM_TYPE_MEMREF_INOUT;
	volatile uint8_t *told = params[1].memref.buffer;
	TEE_Result result;

	if (params[0].value.b)
		TEE_UnmaskCancellation();
	if (tells)
		told[0] = 1;
	result = TEE_Wait(params[0].value.a);
	TEE_UnmaskCancellation();
	if (tells)
		told[1] = TEE_GetCancellationFlag();
	else if (TEE_PARAM_TYPE_GET(types, 1) == TEE_PARAM_TYPE_VALUE_OUTPUT)
		params[1].value.a = TEE_GetCancellationFlag();
	return result;
}

static TEE_Result copy(TEE_Param params[TEE_NUM_PARAMS])
{
	const size_t room = params[1].memref.size, size = params[0].memref.size;

	params[1].memref.size = size;
	if (size > room)
		return TEE_ERROR_SHORT_BUFFER;
	TEE_MemMove(params[1].memref.buffer, params[0].memref.buffer, size);
	return TEE_SUCCESS;
}

static TEE_Result called(uint32_t command, uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	switch (command) {
	case CMD_NOTHING:
		return TEE_SUCCESS;
	case CMD_WHO:
		return TEE_GetPropertyAsIdentity(TEE_PROPSET_CURRENT_CLIENT, "gpd.client.identity",
						 params[0].memref.buffer);
	case CMD_INCREMENT:
		for (size_t i = 0; i < params[0].memref.size; i++)
			((uint8_t *)params[0].memref.buffer)[i]++;
		return TEE_SUCCESS;
	case CMD_COPY:
		return copy(params);
	case CMD_DESCRIBE:
		return describe(types, params);
	case CMD_HANDSHAKE:
		return handshake(params[0].memref.buffer);
	case CMD_WAIT:
		return wait(types, params);
	case CMD_SLEEP:
		TEE_UnmaskCancellation();
		return TEE_Wait(TEE_TIMEOUT_INFINITE);
	case CMD_PANIC:
		TEE_Panic(7);
	case CMD_CRASH:
		*nowhere = 0;
		return TEE_SUCCESS;
	case CMD_SESSIONS:
		params[0].value.a = sessions;
		return TEE_SUCCESS;
	case CMD_BIRTH:
		params[0].value.a = birth_result;
		params[0].value.b = birth_origin;
		return TEE_SUCCESS;
	case CMD_RETURN:
		params[1].value.a++;
		params[1].value.b++;
		return params[0].value.a;
	case CMD_OVERSTATE:
		params[0].memref.size = params[0].memref.size * 2 + 1;
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_UUID uuid;

	switch (command) {
	case CMD_OPEN:
		return open(params);
	case CMD_FORWARD:
		return forward(types, params);
	case CMD_CLOSE:
		TEE_CloseTASession(place[params[0].value.a]);
		place[params[0].value.a] = TEE_HANDLE_NULL;
		return TEE_SUCCESS;
	case CMD_VISIT:
		uuid = uuid_in(&params[0]);
		params[1].value.a =
			visit(&uuid, params[1].value.a, params[1].value.b, &params[1].value.b);
		return TEE_SUCCESS;
	case CMD_LEND_PRIVATE:
		return lend_private(params);
	case CMD_LEND_ODDLY:
		return lend_oddly(params);
	case CMD_MAKE_MISTAKE:
		make_mistake(params[0].value.a, params[0].value.b);
		return TEE_SUCCESS;
	case CMD_OPEN_MANY:
		return open_many(params);
	default:
		return called(command, types, params);
	}
}
