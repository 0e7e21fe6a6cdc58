/* Remembers how it was called, and dies as it is told to. */
#include <stdlib.h>
#include <string.h>
#include <tee_internal_api.h>

#include "framework/commands.h"

#ifndef CREATE_RESULT
#define CREATE_RESULT TEE_SUCCESS
#endif

struct session {
	uint32_t number;
	uint32_t count;
	uint32_t die_on_close;
};

static char history[256];
static bool die_on_destroy;
static uint32_t sessions;

static void remember(char letter)
{
	size_t length = strlen(history);

	if (length < sizeof(history) - 1)
		history[length] = letter;
}

static volatile int zero;
static volatile int *volatile nowhere;

__attribute__((noinline)) static int overflow(int depth)
{
	volatile char frame[4096];

	frame[0] = (char)depth;
	return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

static TEE_Result die(uint32_t how)
{
	switch (how) {
	case DIE_PANIC:
		TEE_Panic(0x1234);
	case DIE_NULL_POINTER:
		*nowhere = 1;
		break;
	case DIE_ABORT:
		abort();
	case DIE_DIVISION:
		zero = 1000 / zero;
		break;
	case DIE_INSTRUCTION:
		__builtin_trap();
	case DIE_STACK:
		zero = overflow(0);
		break;
	case DIE_EXIT:
		exit(0);
	case DIE_PANIC_OF_THE_API:
		TEE_Free((void *)0x5000);
		break;
	}
	return TEE_ERROR_BAD_PARAMETERS;
}

TEE_Result TA_CreateEntryPoint(void)
{
#ifdef CREATE_PANICS
	TEE_Panic(0x77);
#endif
	remember('C');
	return CREATE_RESULT;
}

void TA_DestroyEntryPoint(void)
{
	IMSG("destroyed after %s", history);
	if (die_on_destroy)
		TEE_Panic(0xD0);
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	struct session *session;

	remember('O');
	if (TEE_PARAM_TYPE_GET(types, 0) == TEE_PARAM_TYPE_VALUE_INOUT && params[0].value.a) {
		TEE_Result result = params[0].value.a;

		if (result == OPEN_PANICS)
			TEE_Panic(0x0BE4);
		params[0].value.b = 99;
		return result;
	}
	session = TEE_Malloc(sizeof(*session), TEE_MALLOC_FILL_ZERO);
	if (!session)
		return TEE_ERROR_OUT_OF_MEMORY;
	session->number = ++sessions;
	*context = session;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
	struct session *session = context;

	remember('c');
	if (session->die_on_close)
		die(session->die_on_close);
	TEE_Free(session);
}

static TEE_Result identity(TEE_Param *out)
{
	TEE_Identity client;
	TEE_Result result;

	result = TEE_GetPropertyAsIdentity(TEE_PROPSET_CURRENT_CLIENT, "gpd.client.identity",
					   &client);
	out->value.a = client.login;
	out->value.b = client.uuid.timeLow;
	return result;
}

static void instance_data(TEE_Param *data)
{
	const uint32_t set = data->value.a;

	data->value.b = (uint32_t)(uintptr_t)TEE_GetInstanceData();
	TEE_SetInstanceData((void *)(uintptr_t)set);
}

static TEE_Result dwell(uint32_t ms)
{
	static volatile bool occupied;
	TEE_Result result = occupied ? TEE_ERROR_BUSY : TEE_SUCCESS;

	occupied = true;
	TEE_Wait(ms);
	occupied = false;
	return result;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	struct session *session = context;

	remember('I');
	switch (command) {
	case CMD_HISTORY:
		TEE_MemMove(params[0].memref.buffer, history, sizeof(history));
		return TEE_SUCCESS;
	case CMD_COUNT:
		params[0].value.a = session->number;
		params[0].value.b = ++session->count;
		return TEE_SUCCESS;
	case CMD_RETURN:
		return params[0].value.a;
	case CMD_DIE:
		return die(params[0].value.a);
	case CMD_DIE_ON_CLOSE:
		session->die_on_close = params[0].value.a;
		return TEE_SUCCESS;
	case CMD_DIE_ON_DESTROY:
		die_on_destroy = true;
		return TEE_SUCCESS;
	case CMD_IDENTITY:
		return identity(&params[0]);
	case CMD_INSTANCE_DATA:
		instance_data(&params[0]);
		return TEE_SUCCESS;
	case CMD_DWELL:
		return dwell(params[0].value.a);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
