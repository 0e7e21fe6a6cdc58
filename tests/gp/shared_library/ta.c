/* Uses two libraries that it names, the second through the first, and others that it opens. */
#include <dlfcn.h>
#include <link.h>
#include <pta_system.h>
#include <setjmp.h>
#include <string.h>
#include <string_ext.h>
#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>

#include "shared_library/commands.h"
#include "shared_library/history.h"

#define PLACES 8

char history[64];

static void *handles[PLACES];

void remember(char letter)
{
	size_t length = strlen(history);

	if (length < sizeof(history) - 1)
		history[length] = letter;
}

uint32_t ta_adds(uint32_t n)
{
	return n + 1000;
}

__attribute__((constructor)) static void construct(void)
{
	remember('T');
}

__attribute__((destructor)) static void destruct(void)
{
	remember('t');
	IMSG("left after %s", history);
}

TEE_Result TA_CreateEntryPoint(void)
{
	remember('C');
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
	remember('D');
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
}

struct objects {
	char *text;
	size_t room;
	uint32_t calls;
};

static int object_seen(struct dl_phdr_info *info, size_t size, void *data)
{
	struct objects *objects = data;

	objects->calls++;
	(void)strlcat(objects->text, info->dlpi_name, objects->room);
	(void)strlcat(objects->text, "\n", objects->room);
	/* The C library would stop here. */
	return 1;
}

static TEE_Result jump(uint32_t *out)
{
	jmp_buf there;
	volatile int tries = 0;
	int with = setjmp(there);

	tries++;
	if (!with)
		inner_jump(there, 7);
	*out = (uint32_t)(with * 10 + tries);
	return TEE_SUCCESS;
}

static TEE_Result by_system_ta(TEE_Param params[TEE_NUM_PARAMS])
{
	static const TEE_UUID system = PTA_SYSTEM_UUID;
	TEE_Param of_system[TEE_NUM_PARAMS] = { 0 };
	TEE_TASessionHandle session;
	uint32_t (*function)(void);
	TEE_Result result;
	uintptr_t address;
	TEE_UUID uuid;

	result = tee_uuid_from_str(&uuid, params[0].memref.buffer);
	if (result == TEE_SUCCESS)
		result = TEE_OpenTASession(&system, TEE_TIMEOUT_INFINITE, 0, NULL, &session, NULL);
	if (result != TEE_SUCCESS)
		return result;
	of_system[0].memref.buffer = &uuid;
	of_system[0].memref.size = sizeof(uuid);
	of_system[1].value.a = RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE;
	result = TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, PTA_SYSTEM_DLOPEN,
				     TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT,
						     TEE_PARAM_TYPE_VALUE_INPUT, 0, 0),
				     of_system, NULL);
	of_system[1] = params[1];
	if (result == TEE_SUCCESS)
		result = TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, PTA_SYSTEM_DLSYM,
					     TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT,
							     TEE_PARAM_TYPE_MEMREF_INPUT,
							     TEE_PARAM_TYPE_VALUE_OUTPUT, 0),
					     of_system, NULL);
	TEE_CloseTASession(session);
	if (result != TEE_SUCCESS)
		return result;
	address = (uintptr_t)of_system[2].value.a << 32 | of_system[2].value.b;
	memcpy(&function, &address, sizeof(function));
	params[2].value.a = function();
	return TEE_SUCCESS;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	struct objects objects = { .text = params[0].memref.buffer, .room = params[0].memref.size };
	uint32_t (*function)(void);
	const char *text;
	void *handle;

	switch (command) {
	case CMD_HISTORY:
		TEE_MemMove(params[0].memref.buffer, history, sizeof(history));
		return TEE_SUCCESS;
	case CMD_COMPUTE:
		params[0].value.a = outer(params[0].value.a);
		return TEE_SUCCESS;
	case CMD_COUNT:
		params[0].value.a = outer_count();
		return TEE_SUCCESS;
	case CMD_OPEN:
		handle = dlopen(params[1].value.b == OPEN_ALL ? NULL : params[0].memref.buffer,
				(int)params[1].value.a);
		if (!handle)
			return TEE_ERROR_ITEM_NOT_FOUND;
		for (uint32_t i = 0; i < PLACES; i++)
			if (!handles[i]) {
				handles[i] = handle;
				params[2].value.a = i;
				return TEE_SUCCESS;
			}
		return TEE_ERROR_OUT_OF_MEMORY;
	case CMD_CALL:
		*(void **)&function = dlsym(handles[params[1].value.a], params[0].memref.buffer);
		if (!function)
			return TEE_ERROR_ITEM_NOT_FOUND;
		params[2].value.a = function();
		return TEE_SUCCESS;
	case CMD_CLOSE:
		return dlclose(handles[params[1].value.a]) ? TEE_ERROR_BAD_STATE : TEE_SUCCESS;
	case CMD_ERROR:
		text = dlerror();
		(void)strlcpy(params[0].memref.buffer, text ? text : "", params[0].memref.size);
		return TEE_SUCCESS;
	case CMD_OBJECTS:
		objects.text[0] = '\0';
		(void)dl_iterate_phdr(object_seen, &objects);
		params[1].value.a = objects.calls;
		return TEE_SUCCESS;
	case CMD_DIE:
		inner_die(params[0].value.a);
		return TEE_SUCCESS;
	case CMD_SYSTEM:
		return by_system_ta(params);
	case CMD_JUMP:
		return jump(&params[0].value.a);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
