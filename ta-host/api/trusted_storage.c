/*
 * Internal Core API 5.7 to 5.9: persistent objects, their enumeration and their data.
 *
 * None of it is part of this version yet: each function says so once in the log and answers
 * TEE_ERROR_NOT_SUPPORTED, or panics where it has no result to give.
 */
#include <tee_api.h>

#include "api/unsupported.h"

TEE_Result TEE_OpenPersistentObject(uint32_t storageID, const void *objectID, size_t objectIDLen,
				    uint32_t flags, TEE_ObjectHandle *object)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_CreatePersistentObject(uint32_t storageID, const void *objectID, size_t objectIDLen,
				      uint32_t flags, TEE_ObjectHandle attributes,
				      const void *initialData, size_t initialDataLen,
				      TEE_ObjectHandle *object)
{
	return UNSUPPORTED_CALL();
}

void TEE_CloseAndDeletePersistentObject(TEE_ObjectHandle object)
{
	if (object)
		UNSUPPORTED_PANIC();
}

TEE_Result TEE_CloseAndDeletePersistentObject1(TEE_ObjectHandle object)
{
	if (object)
		UNSUPPORTED_PANIC();
	return TEE_SUCCESS;
}

TEE_Result TEE_RenamePersistentObject(TEE_ObjectHandle object, const void *newObjectID,
				      size_t newObjectIDLen)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_AllocatePersistentObjectEnumerator(TEE_ObjectEnumHandle *objectEnumerator)
{
	return UNSUPPORTED_CALL();
}

void TEE_FreePersistentObjectEnumerator(TEE_ObjectEnumHandle objectEnumerator)
{
	if (objectEnumerator)
		UNSUPPORTED_PANIC();
}

void TEE_ResetPersistentObjectEnumerator(TEE_ObjectEnumHandle objectEnumerator)
{
	UNSUPPORTED_PANIC();
}

TEE_Result TEE_StartPersistentObjectEnumerator(TEE_ObjectEnumHandle objectEnumerator,
					       uint32_t storageID)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_GetNextPersistentObject(TEE_ObjectEnumHandle objectEnumerator,
				       TEE_ObjectInfo *objectInfo, void *objectID,
				       size_t *objectIDLen)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_ReadObjectData(TEE_ObjectHandle object, void *buffer, size_t size, size_t *count)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_WriteObjectData(TEE_ObjectHandle object, const void *buffer, size_t size)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_TruncateObjectData(TEE_ObjectHandle object, size_t size)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_SeekObjectData(TEE_ObjectHandle object, intmax_t offset, TEE_Whence whence)
{
	return UNSUPPORTED_CALL();
}
