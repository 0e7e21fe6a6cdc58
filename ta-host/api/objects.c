/*
 * Internal Core API 5.5 and 5.6: what all objects have in common, and transient ones.
 *
 * Attributes work. The rest is not part of this version yet: each function says so once in the log
 * and answers TEE_ERROR_NOT_SUPPORTED, or panics where it has no result to give.
 */
#include <tee_api.h>

#include "api/unsupported.h"
#include "runtime.h"

void TEE_GetObjectInfo(TEE_ObjectHandle object, TEE_ObjectInfo *objectInfo)
{
	UNSUPPORTED_PANIC();
}

TEE_Result TEE_GetObjectInfo1(TEE_ObjectHandle object, TEE_ObjectInfo *objectInfo)
{
	return UNSUPPORTED_CALL();
}

void TEE_RestrictObjectUsage(TEE_ObjectHandle object, uint32_t objectUsage)
{
	UNSUPPORTED_PANIC();
}

TEE_Result TEE_RestrictObjectUsage1(TEE_ObjectHandle object, uint32_t objectUsage)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_GetObjectBufferAttribute(TEE_ObjectHandle object, uint32_t attributeID, void *buffer,
					size_t *size)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_GetObjectValueAttribute(TEE_ObjectHandle object, uint32_t attributeID, uint32_t *a,
				       uint32_t *b)
{
	return UNSUPPORTED_CALL();
}

void TEE_CloseObject(TEE_ObjectHandle object)
{
	if (object)
		UNSUPPORTED_PANIC();
}

TEE_Result TEE_AllocateTransientObject(TEE_ObjectType objectType, uint32_t maxObjectSize,
				       TEE_ObjectHandle *object)
{
	return UNSUPPORTED_CALL();
}

void TEE_FreeTransientObject(TEE_ObjectHandle object)
{
	if (object)
		UNSUPPORTED_PANIC();
}

void TEE_ResetTransientObject(TEE_ObjectHandle object)
{
	UNSUPPORTED_PANIC();
}

TEE_Result TEE_PopulateTransientObject(TEE_ObjectHandle object, const TEE_Attribute *attrs,
				       uint32_t attrCount)
{
	return UNSUPPORTED_CALL();
}

void TEE_CopyObjectAttributes(TEE_ObjectHandle destObject, TEE_ObjectHandle srcObject)
{
	UNSUPPORTED_PANIC();
}

TEE_Result TEE_CopyObjectAttributes1(TEE_ObjectHandle destObject, TEE_ObjectHandle srcObject)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_GenerateKey(TEE_ObjectHandle object, uint32_t keySize, const TEE_Attribute *params,
			   uint32_t paramCount)
{
	return UNSUPPORTED_CALL();
}

static void attribute_init(TEE_Attribute *attr, uint32_t attributeID, bool value,
			   const char *complaint)
{
	if (!attr || !(attributeID & TEE_ATTR_FLAG_VALUE) == value)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, complaint);
	attr->attributeID = attributeID;
}

void TEE_InitRefAttribute(TEE_Attribute *attr, uint32_t attributeID, const void *buffer,
			  size_t length)
{
	attribute_init(attr, attributeID, false,
		       "TEE_InitRefAttribute: attributeID is of a value, or attr is NULL");
	attr->content.ref.buffer = (void *)(uintptr_t)buffer;
	attr->content.ref.length = length;
}

void TEE_InitValueAttribute(TEE_Attribute *attr, uint32_t attributeID, uint32_t a, uint32_t b)
{
	attribute_init(attr, attributeID, true,
		       "TEE_InitValueAttribute: attributeID is of a buffer, or attr is NULL");
	attr->content.value.a = a;
	attr->content.value.b = b;
}
