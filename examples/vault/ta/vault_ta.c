/*
 * The trusted application of the vault pair: keeps secrets in trusted storage, where they outlast
 * it and nobody else can read them.
 */
#include <string.h>

#include <tee_internal_api.h>
#include <trace.h>

#include <vault_ta.h>

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

/* A name as storage takes it: in memory that the client can't change meanwhile. */
struct name {
	char bytes[VAULT_NAME_MAX];
	size_t size;
};

static TEE_Result take_name(const TEE_Param *param, struct name *name)
{
	if (!param->memref.size || param->memref.size > sizeof(name->bytes))
		return TEE_ERROR_BAD_PARAMETERS;
	name->size = param->memref.size;
	memcpy(name->bytes, param->memref.buffer, name->size);
	return TEE_SUCCESS;
}

static TEE_Result put(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_ObjectHandle object;
	struct name name;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_MEMREF_INPUT,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = take_name(&params[0], &name);
	if (result != TEE_SUCCESS)
		return result;
	/* Either the old secret is there or the new one, whatever happens meanwhile. */
	result = TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, name.bytes, name.size,
					    TEE_DATA_FLAG_ACCESS_WRITE | TEE_DATA_FLAG_OVERWRITE,
					    TEE_HANDLE_NULL, params[1].memref.buffer,
					    params[1].memref.size, &object);
	if (result != TEE_SUCCESS) {
		EMSG("the secret can't be kept: 0x%08x", (unsigned int)result);
		return result;
	}
	TEE_CloseObject(object);
	IMSG("a secret of %zu bytes is kept", (size_t)params[1].memref.size);
	return TEE_SUCCESS;
}

static TEE_Result get(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_ObjectHandle object;
	TEE_ObjectInfo info;
	struct name name;
	TEE_Result result;
	size_t count;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT,
					   TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = take_name(&params[0], &name);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, name.bytes, name.size,
					  TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_SHARE_READ,
					  &object);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_GetObjectInfo1(object, &info);
	if (result == TEE_SUCCESS && info.dataSize > params[1].memref.size) {
		params[1].memref.size = info.dataSize;
		result = TEE_ERROR_SHORT_BUFFER;
	} else if (result == TEE_SUCCESS) {
		result = TEE_ReadObjectData(object, params[1].memref.buffer, info.dataSize, &count);
		params[1].memref.size = count;
	}
	/* A corrupt object's handle is closed already. */
	if (result != TEE_ERROR_CORRUPT_OBJECT)
		TEE_CloseObject(object);
	return result;
}

static TEE_Result drop(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_ObjectHandle object;
	struct name name;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = take_name(&params[0], &name);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, name.bytes, name.size,
					  TEE_DATA_FLAG_ACCESS_WRITE_META, &object);
	return result == TEE_SUCCESS ? TEE_CloseAndDeletePersistentObject1(object) : result;
}

static TEE_Result list(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_ObjectEnumHandle enumerator;
	const size_t room = params[0].memref.size;
	char name[TEE_OBJECT_ID_MAX_LEN];
	TEE_ObjectInfo info;
	TEE_Result result;
	size_t size = 0, length;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = TEE_AllocatePersistentObjectEnumerator(&enumerator);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_StartPersistentObjectEnumerator(enumerator, TEE_STORAGE_PRIVATE);
	while (result == TEE_SUCCESS) {
		length = sizeof(name);
		result = TEE_GetNextPersistentObject(enumerator, &info, name, &length);
		if (result != TEE_SUCCESS)
			break;
		if (size + 1 + length <= room) {
			char *out = (char *)params[0].memref.buffer + size;

			out[0] = (char)length;
			memcpy(out + 1, name, length);
		}
		size += 1 + length;
	}
	TEE_FreePersistentObjectEnumerator(enumerator);
	params[0].memref.size = size;
	/* That there are no more is how it ends; that there are none is an empty list. */
	if (result != TEE_ERROR_ITEM_NOT_FOUND)
		return result;
	return size > room ? TEE_ERROR_SHORT_BUFFER : TEE_SUCCESS;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	(void)session;
	switch (command) {
	case VAULT_CMD_PUT:
		return put(param_types, params);
	case VAULT_CMD_GET:
		return get(param_types, params);
	case VAULT_CMD_DROP:
		return drop(param_types, params);
	case VAULT_CMD_LIST:
		return list(param_types, params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
