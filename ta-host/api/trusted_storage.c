/*
 * Internal Core API 5.7 to 5.9: persistent objects, their enumeration and their data.
 *
 * The objects are kept by tee-services; each function that changes one, or looks at what others may
 * change, is one call there (wire/storage_call.h). What only this handle knows stays here: its
 * flags, its position, and the attributes, which nothing can change.
 *
 * Should tee-services die, handles outlive it: an object is opened anew, as it was, when it is next
 * used.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>
#include <tee_api_defines_extensions.h>

#include "api/complaint.h"
#include "api/handle_table.h"
#include "api/object.h"
#include "runtime.h"
#include "service.h"
#include "wire/fault.h"
#include "wire/storage_call.h"

#define FLAGS_OPEN                                                \
	(TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_ACCESS_WRITE | \
	 TEE_DATA_FLAG_ACCESS_WRITE_META | TEE_DATA_FLAG_SHARE_READ | TEE_DATA_FLAG_SHARE_WRITE)
#define FLAGS_CREATE (FLAGS_OPEN | TEE_DATA_FLAG_OVERWRITE)

/* Room for what opening an object brings; almost all are smaller. */
#define REPLY_SIZE 8192U

struct object_id {
	uint8_t bytes[TEE_OBJECT_ID_MAX_LEN];
	size_t size;
};

/* What is behind object->stored. */
struct stored {
	uint32_t store;
	uint32_t flags;
	struct object_id id;
	/* Of the service, in its session number `epoch`. */
	uint32_t handle;
	uint32_t epoch;
	uint64_t position;
	/* It was met corrupt, and the TA asked to keep the handle. */
	bool corrupt;
};

struct enumerator {
	uint32_t handle;
	bool started;
	uint32_t store;
	uint32_t cursor;
};

static struct service service = { .uuid = STORAGE_CALL_UUID };

/* ---- calls ---- */

static TEE_Param values(uint32_t a, uint32_t b)
{
	return (TEE_Param) { .value = { .a = a, .b = b } };
}

static TEE_Param memory(const void *buffer, size_t size)
{
	return (TEE_Param) { .memref = { .buffer = (void *)(uintptr_t)buffer, .size = size } };
}

static TEE_Result call(uint32_t command, uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	const TEE_Result result = service_call(&service, command, types, params);

	switch (result) {
	case TEE_ERROR_TARGET_DEAD:
	case TEE_ERROR_COMMUNICATION:
	case TEE_ERROR_BUSY:
	case TEE_ERROR_GENERIC:
		return TEE_ERROR_STORAGE_NOT_AVAILABLE;
	default:
		return result;
	}
}

static bool store_known(uint32_t store)
{
	return store == TEE_STORAGE_PRIVATE || store == TEE_STORAGE_PRIVATE_REE ||
	       store == TEE_STORAGE_PRIVATE_RPMB;
}

/* ---- objects ---- */

static const struct object_storage object_storage;

static struct stored *stored_of(const struct object *object)
{
	return object->stored;
}

/* The service's handle is of no use to it any more. */
static void service_close(const struct stored *stored)
{
	TEE_Param params[TEE_NUM_PARAMS] = { values(stored->handle, 0) };

	if (stored->handle && stored->epoch == service.epoch && service.is_open)
		(void)call(STORAGE_CLOSE, TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, 0, 0, 0),
			   params);
}

static void stored_forget(struct object *object)
{
	free(object->stored);
	object->stored = NULL;
}

static void storage_close(struct object *object)
{
	service_close(stored_of(object));
	stored_forget(object);
}

/* The object turned out to be corrupt. Unless the TA wants it otherwise, its handle is gone. */
static TEE_Result corrupt(struct object *object)
{
	struct stored *stored = stored_of(object);

	if (runtime.flags & TA_FLAG_DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT) {
		stored->corrupt = true;
		return TEE_ERROR_CORRUPT_OBJECT;
	}
	storage_close(object);
	object_free(object);
	return TEE_ERROR_CORRUPT_OBJECT;
}

/* What a call about the object came to. */
static TEE_Result outcome(struct object *object, TEE_Result result)
{
	return result == TEE_ERROR_CORRUPT_OBJECT ? corrupt(object) : result;
}

/* Asks the service for the object; `reply` receives what it says, `*size` octets at most, in the
 * end as many as there are. */
static TEE_Result ask_open(struct stored *stored, void *reply, size_t *size)
{
	TEE_Param params[TEE_NUM_PARAMS] = { memory(stored->id.bytes, stored->id.size),
					     values(stored->store, stored->flags),
					     memory(reply, *size) };
	TEE_Result result =
		call(STORAGE_OPEN,
		     TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_VALUE_INPUT,
				     TEE_PARAM_TYPE_MEMREF_OUTPUT, 0),
		     params);

	*size = params[2].memref.size;
	if (result == TEE_SUCCESS) {
		struct storage_call_object told;

		memcpy(&told, reply, sizeof(told));
		stored->handle = told.handle;
		stored->epoch = service.epoch;
	}
	return result;
}

/* The service knows the object: it is the one that opened it, or does so now. */
static TEE_Result service_ready(struct object *object)
{
	struct stored *stored = stored_of(object);
	uint8_t reply[sizeof(struct storage_call_object) + REPLY_SIZE];
	size_t size = sizeof(reply);
	TEE_Result result;

	if (stored->corrupt)
		return TEE_ERROR_CORRUPT_OBJECT;
	if (service.is_open && stored->epoch == service.epoch)
		return TEE_SUCCESS;
	result = ask_open(stored, reply, &size);
	explicit_bzero(reply, sizeof(reply));
	return result == TEE_SUCCESS || result == TEE_ERROR_CORRUPT_OBJECT
		       ? result
		       : TEE_ERROR_STORAGE_NOT_AVAILABLE;
}

/* A call about the object, whose handle in the service is the first parameter's `a`. What does the
 * same when it is done twice is done again if the service died of it. */
static TEE_Result call_object(struct object *object, uint32_t command, uint32_t types,
			      TEE_Param params[TEE_NUM_PARAMS], bool again)
{
	TEE_Param sent[TEE_NUM_PARAMS];
	TEE_Result result;

	for (;;) {
		result = service_ready(object);
		if (result != TEE_SUCCESS)
			break;
		memcpy(sent, params, sizeof(sent));
		sent[0].value.a = stored_of(object)->handle;
		result = call(command, types, sent);
		if (result != TEE_ERROR_STORAGE_NOT_AVAILABLE || service.is_open || !again)
			break;
		again = false;
	}
	if (result == TEE_SUCCESS)
		memcpy(params, sent, sizeof(sent));
	return outcome(object, result);
}

static TEE_Result storage_check(struct object *object)
{
	return stored_of(object)->corrupt ? TEE_ERROR_CORRUPT_OBJECT : TEE_SUCCESS;
}

static TEE_Result storage_usage_changed(struct object *object)
{
	TEE_Param params[TEE_NUM_PARAMS] = { values(0, object->usage) };
	const TEE_Result result = fault_next(FAULT_STORAGE_INFO);

	if (result != TEE_SUCCESS)
		return outcome(object, result);
	return call_object(object, STORAGE_RESTRICT,
			   TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, 0, 0, 0), params, true);
}

static TEE_Result data_size(struct object *object, uint32_t *size)
{
	TEE_Param params[TEE_NUM_PARAMS] = { values(0, 0) };
	TEE_Result result;

	result = call_object(object, STORAGE_STAT,
			     TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT,
					     TEE_PARAM_TYPE_VALUE_OUTPUT, 0, 0),
			     params, true);
	*size = params[1].value.a;
	return result;
}

static TEE_Result storage_describe(struct object *object, TEE_ObjectInfo *info)
{
	uint32_t size = 0;
	TEE_Result result = fault_next(FAULT_STORAGE_INFO);

	if (result != TEE_SUCCESS)
		return outcome(object, result);
	result = data_size(object, &size);
	if (result != TEE_SUCCESS)
		return result;
	info->dataSize = size;
	info->dataPosition = (size_t)stored_of(object)->position;
	return TEE_SUCCESS;
}

static const struct object_storage object_storage = {
	.close = storage_close,
	.check = storage_check,
	.usage_changed = storage_usage_changed,
	.describe = storage_describe,
};

/* A persistent object with all these rights; panics in the name of `function`. */
static struct object *persistent_of(TEE_ObjectHandle handle, uint32_t rights, const char *function)
{
	struct object *object = object_of(handle, function);

	if (!object->storage)
		complain(function, TEE_ERROR_BAD_PARAMETERS, "the object is not a persistent one");
	if ((object->flags & rights) != rights)
		complain(function, TEE_ERROR_ACCESS_DENIED,
			 rights == TEE_DATA_FLAG_ACCESS_READ ? "the object was opened without "
							       "TEE_DATA_FLAG_ACCESS_READ"
			 : rights == TEE_DATA_FLAG_ACCESS_WRITE
				 ? "the object was opened without TEE_DATA_FLAG_ACCESS_WRITE"
				 : "the object was opened without TEE_DATA_FLAG_ACCESS_WRITE_META");
	return object;
}

static void id_take(struct object_id *id, const void *bytes, size_t size, const char *function)
{
	bool writable;

	if (size > TEE_OBJECT_ID_MAX_LEN)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the object ID is longer than TEE_OBJECT_ID_MAX_LEN");
	if (size && !bytes)
		complain(function, TEE_ERROR_BAD_PARAMETERS, "the object ID is NULL");
	if (size && runtime_sharing(bytes, size, &writable) != RUNTIME_PRIVATE)
		complain(function, TEE_ERROR_ACCESS_DENIED, "the object ID is in shared memory");
	id->size = size;
	if (size)
		memcpy(id->bytes, bytes, size);
}

static void flags_check(uint32_t flags, uint32_t known, const char *function)
{
	if (flags & ~known)
		complain(function, TEE_ERROR_BAD_PARAMETERS, "flags has bits that mean nothing");
}

/* ---- 5.7 Persistent Object Functions ---- */

/* An object of this process, without attributes yet; NULL: no memory. */
static struct object *persistent_new(uint32_t type, uint32_t size, const struct stored *like)
{
	const struct object_type *known = type == TEE_TYPE_DATA ? NULL : object_type_find(type);
	struct object *object = object_new(known, size);

	if (!object)
		return NULL;
	object->stored = malloc(sizeof(*like));
	if (!object->stored) {
		object_free(object);
		return NULL;
	}
	*stored_of(object) = *like;
	object->storage = &object_storage;
	return object;
}

/* Makes the object that the service told of. */
static TEE_Result object_receive(const struct stored *stored, const uint8_t *reply, size_t size,
				 struct object **out)
{
	struct storage_call_object told;
	struct object *object;
	int err;

	memcpy(&told, reply, sizeof(told));
	if (told.type != TEE_TYPE_DATA && !object_type_find(told.type))
		return TEE_ERROR_CORRUPT_OBJECT;
	object = persistent_new(told.type, told.size, stored);
	if (!object)
		return TEE_ERROR_OUT_OF_MEMORY;
	err = told.attributes_size == size - sizeof(told)
		      ? object_parse(object, reply + sizeof(told), told.attributes_size)
		      : -1;
	if (err < 0) {
		stored_forget(object);
		object_free(object);
		return err == -ENOMEM ? TEE_ERROR_OUT_OF_MEMORY : TEE_ERROR_CORRUPT_OBJECT;
	}
	object->usage = told.usage;
	*out = object;
	return TEE_SUCCESS;
}

/* Gives the TA its handle. */
static TEE_Result object_hand_out(struct object *object, TEE_ObjectHandle *handle)
{
	struct stored *stored = stored_of(object);

	object->flags = stored->flags | TEE_HANDLE_FLAG_PERSISTENT | TEE_HANDLE_FLAG_INITIALIZED;
	*handle = object_publish(object);
	if (*handle != TEE_HANDLE_NULL)
		return TEE_SUCCESS;
	storage_close(object);
	object_free(object);
	return TEE_ERROR_OUT_OF_MEMORY;
}

TEE_Result TEE_OpenPersistentObject(uint32_t storageID, const void *objectID, size_t objectIDLen,
				    uint32_t flags, TEE_ObjectHandle *object)
{
	static uint8_t room[sizeof(struct storage_call_object) + REPLY_SIZE];
	struct stored stored = { .store = storageID, .flags = flags };
	size_t size = sizeof(room);
	struct object *o = NULL;
	uint8_t *reply = room;
	TEE_Result result;

	if (!object)
		PANIC_PARAMETER("object is NULL");
	*object = TEE_HANDLE_NULL;
	id_take(&stored.id, objectID, objectIDLen, __func__);
	flags_check(flags, FLAGS_OPEN, __func__);
	if (!store_known(storageID))
		return TEE_ERROR_ITEM_NOT_FOUND;
	result = fault_next(FAULT_STORAGE_OPEN);
	if (result != TEE_SUCCESS)
		return result;
	result = ask_open(&stored, reply, &size);
	if (result == TEE_ERROR_SHORT_BUFFER) {
		reply = malloc(size);
		if (!reply)
			return TEE_ERROR_OUT_OF_MEMORY;
		result = ask_open(&stored, reply, &size);
	}
	if (result == TEE_SUCCESS) {
		result = object_receive(&stored, reply, size, &o);
		explicit_bzero(reply, size);
		if (result != TEE_SUCCESS)
			service_close(&stored);
	}
	if (reply != room)
		free(reply);
	return result == TEE_SUCCESS ? object_hand_out(o, object) : result;
}

/* What the service is told of the new object; NULL: no memory. */
static uint8_t *new_encode(const struct stored *stored, const struct object *attributes,
			   uint32_t zeros, bool no_handle, size_t *size)
{
	const size_t encoded = attributes ? object_encoded_size(attributes) : 0;
	const struct storage_call_new new = {
		.store = stored->store,
		.flags = stored->flags,
		.type = attributes && attributes->type ? attributes->type->type : TEE_TYPE_DATA,
		.size = attributes ? attributes->size : 0,
		.usage = attributes ? attributes->usage : OBJECT_USAGE_ALL,
		.name_size = (uint32_t)stored->id.size,
		.attributes_size = (uint32_t)encoded,
		.no_handle = no_handle,
		.zeros = zeros,
	};
	uint8_t *out;

	*size = sizeof(new) + stored->id.size + encoded;
	out = malloc(*size);
	if (!out)
		return NULL;
	memcpy(out, &new, sizeof(new));
	memcpy(out + sizeof(new), stored->id.bytes, stored->id.size);
	if (encoded)
		object_encode(attributes, out + sizeof(new) + stored->id.size);
	return out;
}

static TEE_Result ask_create(struct stored *stored, const struct object *attributes,
			     const void *data, size_t size, bool no_handle)
{
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	TEE_Result result;
	size_t new_size;
	uint8_t *new =
		new_encode(stored, attributes, data ? 0 : (uint32_t)size, no_handle, &new_size);

	if (!new)
		return TEE_ERROR_OUT_OF_MEMORY;
	params[0] = memory(new, new_size);
	params[1] = memory(data, data ? size : 0);
	result = call(STORAGE_CREATE,
		      TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_MEMREF_INPUT,
				      TEE_PARAM_TYPE_VALUE_OUTPUT, 0),
		      params);
	explicit_bzero(new, new_size);
	free(new);
	stored->handle = params[2].value.a;
	stored->epoch = service.epoch;
	stored->flags &= ~(uint32_t)TEE_DATA_FLAG_OVERWRITE;
	return result;
}

TEE_Result TEE_CreatePersistentObject(uint32_t storageID, const void *objectID, size_t objectIDLen,
				      uint32_t flags, TEE_ObjectHandle attributes,
				      const void *initialData, size_t initialDataLen,
				      TEE_ObjectHandle *object)
{
	struct stored stored = { .store = storageID, .flags = flags };
	struct object *from = NULL, *o = NULL;
	TEE_Result result;

	if (object)
		*object = TEE_HANDLE_NULL;
	id_take(&stored.id, objectID, objectIDLen, __func__);
	flags_check(flags, FLAGS_CREATE, __func__);
	if (attributes != TEE_HANDLE_NULL) {
		from = object_of(attributes, __func__);
		if (!(from->flags & TEE_HANDLE_FLAG_INITIALIZED))
			PANIC_PARAMETER("attributes is an object that holds no key yet");
	}
	if (!store_known(storageID))
		return TEE_ERROR_ITEM_NOT_FOUND;
	if (initialDataLen > TEE_DATA_MAX_POSITION)
		return TEE_ERROR_STORAGE_NO_SPACE;
	result = fault_next(FAULT_STORAGE_CREATE);
	if (result != TEE_SUCCESS)
		return result;
	if (from && from->storage) {
		result = storage_check(from);
		if (result != TEE_SUCCESS)
			return result;
	}
	/* Made first, since what the service has made can't fail any more. */
	if (object) {
		o = persistent_new(from && from->type ? from->type->type : TEE_TYPE_DATA,
				   from ? from->size : 0, &stored);
		if (!o)
			return TEE_ERROR_OUT_OF_MEMORY;
		if (from && from->type)
			object_copy(o, from);
	}
	result = ask_create(o ? stored_of(o) : &stored, from, initialData, initialDataLen, !object);
	if (result == TEE_SUCCESS && o)
		return object_hand_out(o, object);
	if (o) {
		stored_forget(o);
		object_free(o);
	}
	return result;
}

static TEE_Result close_and_delete(TEE_ObjectHandle object, const char *function)
{
	TEE_Param params[TEE_NUM_PARAMS] = { values(0, 0) };
	struct object *o;
	TEE_Result result;

	if (object == TEE_HANDLE_NULL)
		return TEE_SUCCESS;
	o = persistent_of(object, TEE_DATA_FLAG_ACCESS_WRITE_META, function);
	result = fault_next(FAULT_STORAGE_DELETE);
	if (result == TEE_SUCCESS)
		result = service_ready(o);
	params[0].value.a = stored_of(o)->handle;
	/* Closed it is in any case. */
	if (result == TEE_SUCCESS)
		result = call(STORAGE_REMOVE, TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, 0, 0, 0),
			      params);
	else
		service_close(stored_of(o));
	stored_forget(o);
	object_free(o);
	return result;
}

TEE_Result TEE_CloseAndDeletePersistentObject1(TEE_ObjectHandle object)
{
	return close_and_delete(object, __func__);
}

void TEE_CloseAndDeletePersistentObject(TEE_ObjectHandle object)
{
	const TEE_Result result = close_and_delete(object, __func__);

	if (result != TEE_SUCCESS)
		complain(__func__, result, "the object can't be deleted");
}

TEE_Result TEE_RenamePersistentObject(TEE_ObjectHandle object, const void *newObjectID,
				      size_t newObjectIDLen)
{
	struct object *o = persistent_of(object, TEE_DATA_FLAG_ACCESS_WRITE_META, __func__);
	TEE_Param params[TEE_NUM_PARAMS] = { values(0, 0) };
	struct object_id id;
	TEE_Result result;

	id_take(&id, newObjectID, newObjectIDLen, __func__);
	result = fault_next(FAULT_STORAGE_RENAME);
	if (result != TEE_SUCCESS)
		return outcome(o, result);
	params[1] = memory(id.bytes, id.size);
	result = call_object(o, STORAGE_RENAME,
			     TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT,
					     TEE_PARAM_TYPE_MEMREF_INPUT, 0, 0),
			     params, false);
	if (result == TEE_SUCCESS)
		stored_of(o)->id = id;
	return result;
}

/* ---- 5.8 Persistent Object Enumeration Functions ---- */

static struct enumerator *enumerator_of(TEE_ObjectEnumHandle handle, const char *function)
{
	struct enumerator *enumerator = handle_find(HANDLE_OBJECT_ENUMERATOR, (uintptr_t)handle);

	if (!enumerator)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the enumerator's handle is not valid, or was freed");
	return enumerator;
}

TEE_Result TEE_AllocatePersistentObjectEnumerator(TEE_ObjectEnumHandle *objectEnumerator)
{
	struct enumerator *enumerator;

	if (!objectEnumerator)
		PANIC_PARAMETER("objectEnumerator is NULL");
	*objectEnumerator = TEE_HANDLE_NULL;
	enumerator = calloc(1, sizeof(*enumerator));
	if (!enumerator)
		return TEE_ERROR_OUT_OF_MEMORY;
	enumerator->handle = handle_insert(HANDLE_OBJECT_ENUMERATOR, enumerator);
	if (!enumerator->handle) {
		free(enumerator);
		return TEE_ERROR_OUT_OF_MEMORY;
	}
	*objectEnumerator = (TEE_ObjectEnumHandle)(uintptr_t)enumerator->handle;
	return TEE_SUCCESS;
}

void TEE_FreePersistentObjectEnumerator(TEE_ObjectEnumHandle objectEnumerator)
{
	struct enumerator *enumerator;

	if (objectEnumerator == TEE_HANDLE_NULL)
		return;
	enumerator = enumerator_of(objectEnumerator, __func__);
	handle_remove(enumerator->handle);
	free(enumerator);
}

void TEE_ResetPersistentObjectEnumerator(TEE_ObjectEnumHandle objectEnumerator)
{
	if (objectEnumerator != TEE_HANDLE_NULL)
		enumerator_of(objectEnumerator, __func__)->started = false;
}

static TEE_Result ask_next(uint32_t store, uint32_t *cursor, struct storage_call_entry *entry)
{
	TEE_Param params[TEE_NUM_PARAMS] = { values(store, *cursor),
					     memory(entry, sizeof(*entry)) };
	TEE_Result result;

	result = call(STORAGE_NEXT,
		      TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INOUT, TEE_PARAM_TYPE_MEMREF_OUTPUT, 0,
				      0),
		      params);
	*cursor = params[0].value.b;
	if (result == TEE_SUCCESS &&
	    (params[1].memref.size != sizeof(*entry) || entry->name_size > sizeof(entry->name)))
		result = TEE_ERROR_STORAGE_NOT_AVAILABLE;
	return result;
}

TEE_Result TEE_StartPersistentObjectEnumerator(TEE_ObjectEnumHandle objectEnumerator,
					       uint32_t storageID)
{
	struct enumerator *enumerator = enumerator_of(objectEnumerator, __func__);
	struct storage_call_entry first = { 0 };
	uint32_t cursor = 0;
	TEE_Result result;

	enumerator->started = false;
	if (!store_known(storageID))
		return TEE_ERROR_ITEM_NOT_FOUND;
	result = fault_next(FAULT_STORAGE_ENUMERATE);
	if (result != TEE_SUCCESS)
		return result;
	result = ask_next(storageID, &cursor, &first);
	/* One that is damaged is there all the same. */
	if (result != TEE_SUCCESS && result != TEE_ERROR_CORRUPT_OBJECT)
		return result;
	enumerator->started = true;
	enumerator->store = storageID;
	enumerator->cursor = 0;
	return TEE_SUCCESS;
}

TEE_Result TEE_GetNextPersistentObject(TEE_ObjectEnumHandle objectEnumerator,
				       TEE_ObjectInfo *objectInfo, void *objectID,
				       size_t *objectIDLen)
{
	struct enumerator *enumerator = enumerator_of(objectEnumerator, __func__);
	struct storage_call_entry entry = { 0 };
	TEE_Result result;

	if (!objectID || !objectIDLen)
		PANIC_PARAMETER("objectID or objectIDLen is NULL");
	if (!enumerator->started)
		return TEE_ERROR_ITEM_NOT_FOUND;
	result = fault_next(FAULT_STORAGE_ENUMERATE);
	if (result != TEE_SUCCESS)
		return result;
	result = ask_next(enumerator->store, &enumerator->cursor, &entry);
	if (result != TEE_SUCCESS)
		return result;
	if (objectInfo)
		*objectInfo = (TEE_ObjectInfo) {
			.objectType = entry.type,
			.objectSize = entry.size,
			.maxObjectSize = entry.size,
			.objectUsage = entry.usage,
			.dataSize = entry.data_size,
			.handleFlags = TEE_HANDLE_FLAG_PERSISTENT | TEE_HANDLE_FLAG_INITIALIZED,
		};
	memcpy(objectID, entry.name, entry.name_size);
	*objectIDLen = entry.name_size;
	return TEE_SUCCESS;
}

/* ---- 5.9 Data Stream Access Functions ---- */

TEE_Result TEE_ReadObjectData(TEE_ObjectHandle object, void *buffer, size_t size, size_t *count)
{
	struct object *o = persistent_of(object, TEE_DATA_FLAG_ACCESS_READ, __func__);
	const uint64_t position = stored_of(o)->position;
	TEE_Param params[TEE_NUM_PARAMS] = { values(0, (uint32_t)position) };
	TEE_Result result;

	if (!count)
		PANIC_PARAMETER("count is NULL");
	if (size && !buffer)
		PANIC_PARAMETER("buffer is NULL");
	*count = 0;
	result = fault_next(FAULT_STORAGE_READ);
	if (result != TEE_SUCCESS)
		return outcome(o, result);
	/* No object has more. */
	if (size > TEE_DATA_MAX_POSITION - position)
		size = (size_t)(TEE_DATA_MAX_POSITION - position);
	params[1] = memory(buffer, size);
	result = call_object(o, STORAGE_READ,
			     TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT,
					     TEE_PARAM_TYPE_MEMREF_OUTPUT, 0, 0),
			     params, true);
	if (result != TEE_SUCCESS)
		return result;
	*count = params[1].memref.size;
	stored_of(o)->position += *count;
	return TEE_SUCCESS;
}

TEE_Result TEE_WriteObjectData(TEE_ObjectHandle object, const void *buffer, size_t size)
{
	struct object *o = persistent_of(object, TEE_DATA_FLAG_ACCESS_WRITE, __func__);
	const uint64_t position = stored_of(o)->position;
	TEE_Param params[TEE_NUM_PARAMS] = { values(0, (uint32_t)position), memory(buffer, size) };
	TEE_Result result;

	if (size && !buffer)
		PANIC_PARAMETER("buffer is NULL");
	if (size > TEE_DATA_MAX_POSITION - position)
		return TEE_ERROR_OVERFLOW;
	result = fault_next(FAULT_STORAGE_WRITE);
	if (result != TEE_SUCCESS)
		return outcome(o, result);
	result = call_object(o, STORAGE_WRITE,
			     TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT,
					     TEE_PARAM_TYPE_MEMREF_INPUT, 0, 0),
			     params, true);
	if (result == TEE_SUCCESS)
		stored_of(o)->position += size;
	return result;
}

TEE_Result TEE_TruncateObjectData(TEE_ObjectHandle object, size_t size)
{
	struct object *o = persistent_of(object, TEE_DATA_FLAG_ACCESS_WRITE, __func__);
	TEE_Param params[TEE_NUM_PARAMS] = { values(0, (uint32_t)size) };
	TEE_Result result;

	if (size > TEE_DATA_MAX_POSITION)
		return TEE_ERROR_STORAGE_NO_SPACE;
	result = fault_next(FAULT_STORAGE_TRUNCATE);
	if (result != TEE_SUCCESS)
		return outcome(o, result);
	return call_object(o, STORAGE_TRUNCATE,
			   TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, 0, 0, 0), params, true);
}

TEE_Result TEE_SeekObjectData(TEE_ObjectHandle object, intmax_t offset, TEE_Whence whence)
{
	struct object *o = persistent_of(object, 0, __func__);
	TEE_Result result = storage_check(o);
	int64_t from = 0, to;
	uint32_t end = 0;

	if (result == TEE_SUCCESS)
		result = fault_next(FAULT_STORAGE_SEEK);
	if (result != TEE_SUCCESS)
		return outcome(o, result);
	switch (whence) {
	case TEE_DATA_SEEK_SET:
		break;
	case TEE_DATA_SEEK_CUR:
		from = (int64_t)stored_of(o)->position;
		break;
	case TEE_DATA_SEEK_END:
		result = data_size(o, &end);
		if (result != TEE_SUCCESS)
			return result;
		from = end;
		break;
	default:
		PANIC_PARAMETER("whence is none of the three");
	}
	if (__builtin_add_overflow(from, offset, &to) || to > (int64_t)TEE_DATA_MAX_POSITION)
		return TEE_ERROR_OVERFLOW;
	/* Before the beginning is at the beginning. */
	stored_of(o)->position = to < 0 ? 0 : (uint64_t)to;
	return TEE_SUCCESS;
}
