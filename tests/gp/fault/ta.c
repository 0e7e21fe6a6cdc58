/* Does, for each point where a fault can be injected, that one operation. */
#include <string.h>
#include <tee_internal_api.h>

#include "fault/commands.h"
#include "wire/fault.h"

#define META                                                                                \
	(TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_ACCESS_WRITE | TEE_DATA_FLAG_OVERWRITE | \
	 TEE_DATA_FLAG_ACCESS_WRITE_META)

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
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
}

static TEE_ObjectHandle create(const char *id)
{
	TEE_ObjectHandle object = TEE_HANDLE_NULL;

	if (TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, id, strlen(id), META, TEE_HANDLE_NULL,
				       "data", 4, &object) != TEE_SUCCESS)
		TEE_Panic(1);
	return object;
}

/* On an object that is there: one operation. What is told to be corrupt has no handle any more. */
static TEE_Result object_operate(uint32_t point)
{
	TEE_ObjectHandle object = create("object");
	TEE_ObjectInfo info;
	uint8_t data[4];
	size_t count;
	TEE_Result result = TEE_SUCCESS;

	switch (point) {
	case FAULT_STORAGE_READ:
		result = TEE_ReadObjectData(object, data, sizeof(data), &count);
		break;
	case FAULT_STORAGE_WRITE:
		result = TEE_WriteObjectData(object, "new", 3);
		break;
	case FAULT_STORAGE_TRUNCATE:
		result = TEE_TruncateObjectData(object, 1);
		break;
	case FAULT_STORAGE_SEEK:
		result = TEE_SeekObjectData(object, 1, TEE_DATA_SEEK_SET);
		break;
	case FAULT_STORAGE_RENAME:
		result = TEE_RenamePersistentObject(object, "renamed", 7);
		if (result == TEE_SUCCESS)
			return TEE_CloseAndDeletePersistentObject1(object);
		break;
	case FAULT_STORAGE_INFO:
		result = TEE_GetObjectInfo1(object, &info);
		break;
	case FAULT_STORAGE_DELETE:
		return TEE_CloseAndDeletePersistentObject1(object);
	}
	if (result != TEE_ERROR_CORRUPT_OBJECT)
		TEE_CloseObject(object);
	return result;
}

static TEE_Result storage_operate(uint32_t point)
{
	TEE_ObjectHandle object = TEE_HANDLE_NULL;
	TEE_ObjectEnumHandle enumerator;
	TEE_Result result;

	switch (point) {
	case FAULT_STORAGE_CREATE:
		result = TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, "new", 3, META,
						    TEE_HANDLE_NULL, NULL, 0, &object);
		break;
	case FAULT_STORAGE_OPEN:
		TEE_CloseObject(create("object"));
		result = TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, "object", 6,
						  TEE_DATA_FLAG_ACCESS_READ, &object);
		break;
	case FAULT_STORAGE_ENUMERATE:
		TEE_CloseObject(create("object"));
		if (TEE_AllocatePersistentObjectEnumerator(&enumerator) != TEE_SUCCESS)
			TEE_Panic(1);
		result = TEE_StartPersistentObjectEnumerator(enumerator, TEE_STORAGE_PRIVATE);
		TEE_FreePersistentObjectEnumerator(enumerator);
		break;
	default:
		return object_operate(point);
	}
	if (result == TEE_SUCCESS)
		TEE_CloseObject(object);
	return result;
}

/* The other one is this TA itself: it has an instance per session. */
static TEE_Result session_operate(uint32_t point, uint32_t *origin)
{
	static const TEE_UUID self = FAULT_SELF;
	TEE_TASessionHandle session = TEE_HANDLE_NULL;
	TEE_Result result =
		TEE_OpenTASession(&self, TEE_TIMEOUT_INFINITE, 0, NULL, &session, origin);

	if (result == TEE_SUCCESS && point == FAULT_TA_INVOKE)
		result = TEE_InvokeTACommand(session, TEE_TIMEOUT_INFINITE, CMD_NOTHING, 0, NULL,
					     origin);
	TEE_CloseTASession(session);
	return result;
}

static TEE_Result random_operate(void)
{
	static const uint8_t zeros[32];
	uint8_t octets[32];

	TEE_GenerateRandom(octets, sizeof(octets));
	return memcmp(octets, zeros, sizeof(octets)) ? TEE_SUCCESS : TEE_ERROR_SECURITY;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	void *memory;

	switch (command) {
	case CMD_NOTHING:
		break;
	case FAULT_TA_OPEN:
	case FAULT_TA_INVOKE:
		params[0].value.a = session_operate(command, &params[0].value.b);
		break;
	case FAULT_RANDOM_GENERATE:
		params[0].value.a = random_operate();
		break;
	case FAULT_MEMORY_ALLOCATE:
		memory = TEE_Malloc(10, TEE_MALLOC_FILL_ZERO);
		params[0].value.a = memory ? TEE_SUCCESS : TEE_ERROR_OUT_OF_MEMORY;
		TEE_Free(memory);
		break;
	default:
		params[0].value.a = storage_operate(command);
		break;
	}
	return TEE_SUCCESS;
}
