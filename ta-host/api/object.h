/*
 * Objects as the API's chapters see them: transient ones, the keys inside operations, and what
 * handles of persistent objects hold. Runs in ta-host, on the TA's thread.
 *
 * An object owns its attributes, which are wiped when they go. A handle of the TA's owns its
 * object. Keys inside operations have no handle.
 */
#ifndef TEESIM_TA_HOST_API_OBJECT_H
#define TEESIM_TA_HOST_API_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tee_api_types.h>

#include "api/object_types.h"

struct attribute {
	bool present;
	/* Of a value. */
	uint32_t a, b;
	/* Of everything else; NULL when `size` is 0. Never changed once it is there: copies of an
	 * object share it, and the last of them wipes it. */
	uint8_t *bytes;
	size_t size;
};

struct object;

/* What trusted storage does for the handle of a persistent object. */
struct object_storage {
	/* Gives up the handle's own state; the object itself is freed by the caller. */
	void (*close)(struct object *object);
	/* TEE_SUCCESS, or why the object can't be had: TEE_ERROR_CORRUPT_OBJECT, … */
	TEE_Result (*check)(struct object *object);
	/* `object->usage` became less. */
	TEE_Result (*usage_changed)(struct object *object);
	/* Fills in dataSize and dataPosition. Like the other two, it may have closed the object
	 * when it returns TEE_ERROR_CORRUPT_OBJECT. */
	TEE_Result (*describe)(struct object *object, TEE_ObjectInfo *info);
};

struct object {
	/* NULL: pure data, TEE_TYPE_DATA. */
	const struct object_type *type;
	uint32_t size;	   /* bits */
	uint32_t max_size; /* bits */
	uint32_t usage;
	uint32_t flags; /* TEE_HANDLE_FLAG_… */
	/* NULL: transient. */
	const struct object_storage *storage;
	void *stored;
	uint32_t handle;
	/* As many as the type has. */
	struct attribute attribute[];
};

#define OBJECT_USAGE_ALL 0xFFFFFFFFU

/* Without a handle and without attributes; `type` may be NULL for pure data. NULL: no memory. */
struct object *object_new(const struct object_type *type, uint32_t max_size);

/* Wipes and frees; the handle, if there is one, becomes invalid. NULL does nothing. */
void object_free(struct object *object);

/* Gives the object to the TA. TEE_HANDLE_NULL: no memory, and the object is still the caller's. */
TEE_ObjectHandle object_publish(struct object *object);

/* The object behind a TA's handle; panics in the name of `function` when there is none. */
struct object *object_of(TEE_ObjectHandle handle, const char *function);

/* Back to no attributes. */
void object_clear(struct object *object);

/* Can `from` fill an empty object of that type: the same, or a key pair for its public half? */
bool object_can_fill(const struct object_type *type, const struct object *from);

/* Fills the empty `to`, which object_can_fill() allows. */
void object_copy(struct object *to, const struct object *from);

/* An attribute by its number; NULL when the object does not have it. */
const struct attribute *object_attribute(const struct object *object, uint32_t id);

/* Sets one attribute of the object's type, in the form that its type has. False: no memory. */
bool object_set_bytes(struct object *object, uint32_t id, const void *bytes, size_t size);
void object_set_value(struct object *object, uint32_t id, uint32_t a, uint32_t b);

/* The attributes are there: the object is initialised, of `bits`. */
void object_complete(struct object *object, uint32_t bits);

/*
 * Fills the empty object from attributes, as TEE_PopulateTransientObject() does, or takes those
 * that TEE_GenerateKey() takes. Panics in the name of `function` where these do.
 * TEE_ERROR_BAD_PARAMETERS, TEE_ERROR_OUT_OF_MEMORY: the object is empty.
 */
TEE_Result object_populate(struct object *object, const TEE_Attribute *attributes, uint32_t count,
			   bool generate, const char *function);

/* The attributes of an initialised object as octets, for storage: how many there are, and the
 * writing of them. object_parse() reads them back into an empty object of the same type; -EINVAL:
 * they are no such thing, -ENOMEM. */
size_t object_encoded_size(const struct object *object);
void object_encode(const struct object *object, uint8_t *encoded);
int object_parse(struct object *object, const uint8_t *encoded, size_t size);

#endif
