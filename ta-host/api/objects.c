/*
 * Internal Core API 5.5 and 5.6: what all objects have in common, and transient ones.
 */
#include <string.h>
#include <tee_api.h>

#include "api/complaint.h"
#include "api/key_generation.h"
#include "api/object.h"
#include "runtime.h"

static TEE_Result object_check(struct object *object)
{
	return object->storage ? object->storage->check(object) : TEE_SUCCESS;
}

static struct object *transient_of(TEE_ObjectHandle handle, const char *function)
{
	struct object *object = object_of(handle, function);

	if (object->storage)
		complain(function, TEE_ERROR_BAD_PARAMETERS, "the object is a persistent one");
	return object;
}

static struct object *empty_of(TEE_ObjectHandle handle, const char *function)
{
	struct object *object = transient_of(handle, function);

	if (object->flags & TEE_HANDLE_FLAG_INITIALIZED)
		complain(function, TEE_ERROR_BAD_STATE, "the object holds a key already");
	return object;
}

TEE_Result TEE_GetObjectInfo1(TEE_ObjectHandle object, TEE_ObjectInfo *objectInfo)
{
	struct object *o = object_of(object, __func__);
	TEE_Result result;

	if (!objectInfo)
		PANIC_PARAMETER("objectInfo is NULL");
	result = object_check(o);
	if (result != TEE_SUCCESS)
		return result;
	*objectInfo = (TEE_ObjectInfo) {
		.objectType = o->type ? o->type->type : TEE_TYPE_DATA,
		.objectSize = o->size,
		.maxObjectSize = o->max_size,
		.objectUsage = o->usage,
		.handleFlags = o->flags,
	};
	return o->storage ? o->storage->describe(o, objectInfo) : TEE_SUCCESS;
}

void TEE_GetObjectInfo(TEE_ObjectHandle object, TEE_ObjectInfo *objectInfo)
{
	/* An object that is gone shows as one of which nothing is known. */
	if (TEE_GetObjectInfo1(object, objectInfo) != TEE_SUCCESS) {
		memset(objectInfo, 0, sizeof(*objectInfo));
		objectInfo->objectType = TEE_TYPE_CORRUPTED_OBJECT;
	}
}

TEE_Result TEE_RestrictObjectUsage1(TEE_ObjectHandle object, uint32_t objectUsage)
{
	struct object *o = object_of(object, __func__);
	const uint32_t usage = o->usage;
	TEE_Result result = object_check(o);

	if (result != TEE_SUCCESS)
		return result;
	o->usage &= objectUsage;
	if (o->storage && o->usage != usage)
		result = o->storage->usage_changed(o);
	return result;
}

void TEE_RestrictObjectUsage(TEE_ObjectHandle object, uint32_t objectUsage)
{
	struct object *o = object_of(object, __func__);

	if (object_check(o) == TEE_SUCCESS &&
	    TEE_RestrictObjectUsage1(object, objectUsage) != TEE_SUCCESS)
		PANIC_STATE("the new usage can't be stored");
}

static struct object *readable(TEE_ObjectHandle handle, uint32_t id, const char *function)
{
	struct object *object = object_of(handle, function);

	if (!(object->flags & TEE_HANDLE_FLAG_INITIALIZED))
		complain(function, TEE_ERROR_BAD_STATE, "the object holds no key yet");
	if (!(id & TEE_ATTR_FLAG_PUBLIC) && !(object->usage & TEE_USAGE_EXTRACTABLE))
		complain(function, TEE_ERROR_ACCESS_DENIED,
			 "the attribute is protected, and the object lacks TEE_USAGE_EXTRACTABLE");
	return object;
}

TEE_Result TEE_GetObjectBufferAttribute(TEE_ObjectHandle object, uint32_t attributeID, void *buffer,
					size_t *size)
{
	struct object *o = readable(object, attributeID, __func__);
	const struct attribute *attribute;
	TEE_Result result;
	size_t room;

	if (attributeID & TEE_ATTR_FLAG_VALUE)
		PANIC_PARAMETER("attributeID is of a value, not of a buffer");
	if (!size)
		PANIC_PARAMETER("size is NULL");
	result = object_check(o);
	if (result != TEE_SUCCESS)
		return result;
	attribute = object_attribute(o, attributeID);
	if (!attribute)
		return TEE_ERROR_ITEM_NOT_FOUND;
	room = buffer ? *size : 0;
	*size = attribute->size;
	if (room < attribute->size)
		return TEE_ERROR_SHORT_BUFFER;
	if (attribute->size)
		memcpy(buffer, attribute->bytes, attribute->size);
	return TEE_SUCCESS;
}

TEE_Result TEE_GetObjectValueAttribute(TEE_ObjectHandle object, uint32_t attributeID, uint32_t *a,
				       uint32_t *b)
{
	struct object *o = readable(object, attributeID, __func__);
	const struct attribute *attribute;
	TEE_Result result;

	if (!(attributeID & TEE_ATTR_FLAG_VALUE))
		PANIC_PARAMETER("attributeID is of a buffer, not of a value");
	result = object_check(o);
	if (result != TEE_SUCCESS)
		return result;
	attribute = object_attribute(o, attributeID);
	if (!attribute)
		return TEE_ERROR_ITEM_NOT_FOUND;
	if (a)
		*a = attribute->a;
	if (b)
		*b = attribute->b;
	return TEE_SUCCESS;
}

void TEE_CloseObject(TEE_ObjectHandle object)
{
	struct object *o;

	if (object == TEE_HANDLE_NULL)
		return;
	o = object_of(object, __func__);
	if (o->storage)
		o->storage->close(o);
	object_free(o);
}

TEE_Result TEE_AllocateTransientObject(TEE_ObjectType objectType, uint32_t maxObjectSize,
				       TEE_ObjectHandle *object)
{
	const struct object_type *type = object_type_find(objectType);
	struct object *o;

	if (!object)
		PANIC_PARAMETER("object is NULL");
	if (!type || !object_type_has_size(type, maxObjectSize))
		return TEE_ERROR_NOT_SUPPORTED;
	o = object_new(type, maxObjectSize);
	*object = o ? object_publish(o) : TEE_HANDLE_NULL;
	if (*object != TEE_HANDLE_NULL)
		return TEE_SUCCESS;
	object_free(o);
	return TEE_ERROR_OUT_OF_MEMORY;
}

void TEE_FreeTransientObject(TEE_ObjectHandle object)
{
	if (object != TEE_HANDLE_NULL)
		object_free(transient_of(object, __func__));
}

void TEE_ResetTransientObject(TEE_ObjectHandle object)
{
	struct object *o;

	if (object == TEE_HANDLE_NULL)
		return;
	o = transient_of(object, __func__);
	object_clear(o);
	o->usage = OBJECT_USAGE_ALL;
}

TEE_Result TEE_PopulateTransientObject(TEE_ObjectHandle object, const TEE_Attribute *attrs,
				       uint32_t attrCount)
{
	struct object *o = empty_of(object, __func__);
	TEE_Result result = object_populate(o, attrs, attrCount, false, __func__);

	if (result == TEE_ERROR_OUT_OF_MEMORY)
		complain(__func__, result, "no memory for the attributes");
	return result;
}

TEE_Result TEE_CopyObjectAttributes1(TEE_ObjectHandle destObject, TEE_ObjectHandle srcObject)
{
	struct object *to = empty_of(destObject, __func__);
	struct object *from = object_of(srcObject, __func__);
	TEE_Result result;

	if (!(from->flags & TEE_HANDLE_FLAG_INITIALIZED))
		PANIC_STATE("srcObject holds no key");
	if (!object_can_fill(to->type, from))
		PANIC_PARAMETER("the objects' types do not go together");
	result = object_check(from);
	if (result != TEE_SUCCESS)
		return result;
	if (from->size > to->max_size)
		PANIC_PARAMETER("the key is too big for destObject's maximum size");
	object_copy(to, from);
	return TEE_SUCCESS;
}

void TEE_CopyObjectAttributes(TEE_ObjectHandle destObject, TEE_ObjectHandle srcObject)
{
	/* What this form can't report, it leaves undone: an object that is corrupt is not copied.
	 */
	(void)TEE_CopyObjectAttributes1(destObject, srcObject);
}

TEE_Result TEE_GenerateKey(TEE_ObjectHandle object, uint32_t keySize, const TEE_Attribute *params,
			   uint32_t paramCount)
{
	struct object *o = empty_of(object, __func__);
	TEE_Result result;

	if (!object_type_has_size(o->type, keySize))
		PANIC_PARAMETER("keySize is none that the object's type has");
	if (keySize > o->max_size)
		PANIC_PARAMETER("keySize is more than the object's maximum size");
	result = object_populate(o, params, paramCount, true, __func__);
	if (result == TEE_SUCCESS) {
		result = key_generate(o, keySize);
		if (result != TEE_SUCCESS)
			object_clear(o);
	}
	if (result != TEE_SUCCESS && result != TEE_ERROR_BAD_PARAMETERS)
		complain(__func__, result, "the key can't be generated");
	return result;
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
