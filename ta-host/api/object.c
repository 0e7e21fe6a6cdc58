#include "api/object.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines.h>

#include "api/complaint.h"
#include "api/ec_point.h"
#include "api/handle_table.h"
#include "api/library.h"
#include "runtime.h"

struct object *object_new(const struct object_type *type, uint32_t max_size)
{
	const size_t attributes = (type ? type->attribute_count : 0) * sizeof(struct attribute);
	struct object *object = malloc(sizeof(*object) + attributes);

	if (!object)
		return NULL;
	*object = (struct object) { .type = type, .max_size = max_size, .usage = OBJECT_USAGE_ALL };
	memset(object->attribute, 0, attributes);
	return object;
}

/* What lies before an attribute's octets. */
struct shared {
	size_t owners;
	uint8_t bytes[];
};

static struct shared *shared_of(const struct attribute *attribute)
{
	return (struct shared *)(attribute->bytes - offsetof(struct shared, bytes));
}

static void attribute_clear(struct attribute *attribute)
{
	if (attribute->bytes) {
		struct shared *shared = shared_of(attribute);

		if (!--shared->owners) {
			explicit_bzero(attribute->bytes, attribute->size);
			free(shared);
		}
	}
	*attribute = (struct attribute) { 0 };
}

void object_clear(struct object *object)
{
	for (int i = 0; object->type && i < object->type->attribute_count; i++)
		if (object->attribute[i].present)
			attribute_clear(&object->attribute[i]);
	object->size = 0;
	object->flags &= ~(uint32_t)TEE_HANDLE_FLAG_INITIALIZED;
}

void object_free(struct object *object)
{
	if (!object)
		return;
	if (object->handle)
		handle_remove(object->handle);
	object_clear(object);
	free(object);
}

TEE_ObjectHandle object_publish(struct object *object)
{
	object->handle = handle_insert(HANDLE_OBJECT, object);
	return (TEE_ObjectHandle)(uintptr_t)object->handle;
}

struct object *object_of(TEE_ObjectHandle handle, const char *function)
{
	struct object *object = handle_find(HANDLE_OBJECT, (uintptr_t)handle);

	if (!object)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the object's handle is not valid, or was closed");
	return object;
}

bool object_can_fill(const struct object_type *type, const struct object *from)
{
	return type == from->type || (type && from->type && from->type->public_type == type->type);
}

const struct attribute *object_attribute(const struct object *object, uint32_t id)
{
	int i = object->type ? object_type_attribute(object->type, id) : -1;

	return i >= 0 && object->attribute[i].present ? &object->attribute[i] : NULL;
}

static size_t coordinate_size(const struct object *object)
{
	const struct attribute *id = object_attribute(object, TEE_ATTR_ECC_CURVE);
	const struct curve *curve = library_curve_find(id ? id->a : TEE_ECC_CURVE_SM2);

	return curve ? (curve->bits + 7) / 8 : 0;
}

bool object_set_bytes(struct object *object, uint32_t id, const void *bytes, size_t size)
{
	const int i = object_type_attribute(object->type, id);
	const uint8_t *from = bytes;
	struct attribute *attribute = &object->attribute[i];
	struct shared *shared;
	size_t pad = 0;

	switch (object->type->attribute[i].form) {
	case ATTRIBUTE_NUMBER:
	case ATTRIBUTE_COORDINATE:
		for (; size && !*from; size--)
			from++;
		if (object->type->attribute[i].form == ATTRIBUTE_COORDINATE &&
		    coordinate_size(object) > size)
			pad = coordinate_size(object) - size;
		else if (!size)
			pad = 1;
		break;
	default:
		break;
	}
	attribute_clear(attribute);
	attribute->present = true;
	if (!(pad + size))
		return true;
	shared = malloc(sizeof(*shared) + pad + size);
	if (!shared) {
		attribute->present = false;
		return false;
	}
	shared->owners = 1;
	memset(shared->bytes, 0, pad);
	if (size)
		memcpy(shared->bytes + pad, from, size);
	attribute->bytes = shared->bytes;
	attribute->size = pad + size;
	return true;
}

void object_set_value(struct object *object, uint32_t id, uint32_t a, uint32_t b)
{
	struct attribute *attribute = &object->attribute[object_type_attribute(object->type, id)];

	attribute->present = true;
	attribute->a = a;
	attribute->b = b;
}

void object_complete(struct object *object, uint32_t bits)
{
	object->size = bits;
	object->flags |= TEE_HANDLE_FLAG_INITIALIZED;
}

void object_copy(struct object *to, const struct object *from)
{
	for (int i = 0; i < from->type->attribute_count; i++) {
		const struct attribute *attribute = &from->attribute[i];
		const int index = object_type_attribute(to->type, from->type->attribute[i].id);

		if (!attribute->present || index < 0)
			continue;
		to->attribute[index] = *attribute;
		if (attribute->bytes)
			shared_of(attribute)->owners++;
	}
	to->usage = from->usage;
	object_complete(to, from->size);
}

static uint32_t number_bits(const struct attribute *number)
{
	return (uint32_t)number->size * 8;
}

/* Which of the type's attributes are there; panics when one is not the type's, or comes twice. */
static uint32_t attributes_seen(const struct object_type *type, const TEE_Attribute *attributes,
				uint32_t count, uint8_t allowed, const char *function)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < count; i++) {
		const int index = object_type_attribute(type, attributes[i].attributeID);

		if (index < 0 || !(type->attribute[index].rules & allowed))
			complain(function, TEE_ERROR_BAD_PARAMETERS,
				 "an attribute is not one that the object's type has");
		if (seen & UINT32_C(1) << index)
			complain(function, TEE_ERROR_BAD_PARAMETERS, "an attribute comes twice");
		if (type->attribute[index].form != ATTRIBUTE_VALUE &&
		    !attributes[i].content.ref.buffer && attributes[i].content.ref.length)
			complain(function, TEE_ERROR_BAD_PARAMETERS,
				 "an attribute's buffer is NULL");
		seen |= UINT32_C(1) << index;
	}
	return seen;
}

static void attributes_check(const struct object_type *type, uint32_t seen, bool generate,
			     const char *function)
{
	const uint8_t wanted = generate ? ATTRIBUTE_TO_GENERATE : ATTRIBUTE_NEEDED;
	uint32_t needed = 0, group = 0;

	for (int i = 0; i < type->attribute_count; i++) {
		if (type->attribute[i].rules & wanted)
			needed |= UINT32_C(1) << i;
		if (type->attribute[i].rules & ATTRIBUTE_GROUP)
			group |= UINT32_C(1) << i;
	}
	if ((seen & needed) != needed)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "an attribute that the object's type needs is missing");
	if (!generate && seen & group && (seen & group) != group)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "of attributes that go together, some are missing");
}

/* Are the coordinates of a public key on its curve? Of a pair, the private half is what counts. */
static bool point_is_sound(const struct object *object)
{
	EC_POINT *point = ec_object_point(object);

	EC_POINT_free(point);
	return point;
}

/* Sizes and values fit the type and each other. Panics when what is there is too big. */
static TEE_Result attributes_measure(struct object *object, bool generate, uint32_t *bits,
				     const char *function)
{
	const struct object_type *type = object->type;
	const struct attribute *attribute;
	const struct curve *curve;

	switch (type->family) {
	case OBJECT_SECRET:
		if (generate)
			return TEE_SUCCESS;
		*bits = (uint32_t)object->attribute[0].size * 8;
		if (*bits && object_size_lacks_parity(type->type, object->max_size))
			*bits -= *bits / 8;
		if (*bits > object->max_size)
			break;
		/* Least sizes of HMAC keys are for allocation; published vectors have shorter ones.
		 */
		if (type->step == 8)
			return TEE_SUCCESS;
		return object_type_has_size(type, *bits) ? TEE_SUCCESS : TEE_ERROR_BAD_PARAMETERS;
	case OBJECT_EC:
		attribute = object_attribute(object, TEE_ATTR_ECC_CURVE);
		curve = library_curve_find(attribute ? attribute->a : TEE_ECC_CURVE_SM2);
		/* SM2's curve is for the SM2 types, which can do without naming it. */
		if (!curve || (curve->id == TEE_ECC_CURVE_SM2) ==
				      !!(type->attribute[0].rules & ATTRIBUTE_NEEDED))
			return TEE_ERROR_BAD_PARAMETERS;
		*bits = curve->bits;
		if (*bits > object->max_size)
			break;
		if (generate)
			return TEE_SUCCESS;
		for (int i = 1; i < type->attribute_count; i++)
			if (object->attribute[i].size > (curve->bits + 7) / 8)
				return TEE_ERROR_BAD_PARAMETERS;
		if (!type->public_type && !point_is_sound(object))
			return TEE_ERROR_BAD_PARAMETERS;
		return TEE_SUCCESS;
	case OBJECT_OCTETS:
		*bits = type->least;
		for (int i = 0; i < type->attribute_count; i++)
			if (object->attribute[i].present &&
			    object->attribute[i].size != type->octets)
				return TEE_ERROR_BAD_PARAMETERS;
		return TEE_SUCCESS;
	default:
		/* The first attribute is the modulus or prime. */
		if (!object->attribute[0].present)
			return TEE_SUCCESS;
		*bits = number_bits(&object->attribute[0]);
		for (int i = 0; i < type->attribute_count; i++)
			if (number_bits(&object->attribute[i]) > ((object->max_size + 7) & ~7U))
				goto too_big;
		if (*bits > object->max_size)
			*bits = object->max_size;
		/* No number here is even, but private and derived ones. */
		if (!(object->attribute[0].bytes[object->attribute[0].size - 1] & 1))
			return TEE_ERROR_BAD_PARAMETERS;
		return *bits >= type->least ? TEE_SUCCESS : TEE_ERROR_BAD_PARAMETERS;
	}
too_big:
	complain(function, TEE_ERROR_BAD_PARAMETERS,
		 "an attribute is too big for the object's maximum size");
}

TEE_Result object_populate(struct object *object, const TEE_Attribute *attributes, uint32_t count,
			   bool generate, const char *function)
{
	const struct object_type *type = object->type;
	const uint8_t allowed = generate ? ATTRIBUTE_TO_GENERATE | ATTRIBUTE_MAY_GENERATE
					 : ATTRIBUTE_NEEDED | ATTRIBUTE_GROUP;
	TEE_Result result = TEE_ERROR_OUT_OF_MEMORY;
	uint32_t bits = 0;

	if (!attributes && count)
		complain(function, TEE_ERROR_BAD_PARAMETERS, "the attributes are NULL");
	attributes_check(type, attributes_seen(type, attributes, count, allowed, function),
			 generate, function);
	/* Values first: the curve tells how long coordinates are. */
	for (uint32_t i = 0; i < count; i++)
		if (attributes[i].attributeID & TEE_ATTR_FLAG_VALUE)
			object_set_value(object, attributes[i].attributeID,
					 attributes[i].content.value.a,
					 attributes[i].content.value.b);
	for (uint32_t i = 0; i < count; i++)
		if (!(attributes[i].attributeID & TEE_ATTR_FLAG_VALUE) &&
		    !object_set_bytes(object, attributes[i].attributeID,
				      attributes[i].content.ref.buffer,
				      attributes[i].content.ref.length))
			goto out;
	result = attributes_measure(object, generate, &bits, function);
	if (result == TEE_SUCCESS && !generate)
		object_complete(object, bits);
out:
	if (result != TEE_SUCCESS)
		object_clear(object);
	return result;
}

/* Each attribute: its number, and two words or a length and so many octets; big-endian. */
static uint8_t *word_put(uint8_t *at, uint32_t word)
{
	const uint32_t big = htobe32(word);

	memcpy(at, &big, sizeof(big));
	return at + sizeof(big);
}

static uint32_t word_get(const uint8_t *at)
{
	uint32_t big;

	memcpy(&big, at, sizeof(big));
	return be32toh(big);
}

size_t object_encoded_size(const struct object *object)
{
	size_t size = 0;

	for (int i = 0; object->type && i < object->type->attribute_count; i++)
		if (object->attribute[i].present)
			size += object->type->attribute[i].form == ATTRIBUTE_VALUE
					? 12
					: 8 + object->attribute[i].size;
	return size;
}

void object_encode(const struct object *object, uint8_t *encoded)
{
	for (int i = 0; object->type && i < object->type->attribute_count; i++) {
		const struct attribute *attribute = &object->attribute[i];

		if (!attribute->present)
			continue;
		encoded = word_put(encoded, object->type->attribute[i].id);
		if (object->type->attribute[i].form == ATTRIBUTE_VALUE) {
			encoded = word_put(encoded, attribute->a);
			encoded = word_put(encoded, attribute->b);
			continue;
		}
		encoded = word_put(encoded, (uint32_t)attribute->size);
		if (attribute->size)
			memcpy(encoded, attribute->bytes, attribute->size);
		encoded += attribute->size;
	}
}

/* The next attribute as one of the TA's, which points into `encoded`; how long it is, or 0. */
static size_t attribute_parse(const uint8_t *encoded, size_t size, TEE_Attribute *attribute)
{
	if (size < 8)
		return 0;
	attribute->attributeID = word_get(encoded);
	if (attribute->attributeID & TEE_ATTR_FLAG_VALUE) {
		attribute->content.value.a = word_get(encoded + 4);
		if (size < 12)
			return 0;
		attribute->content.value.b = word_get(encoded + 8);
		return 12;
	}
	attribute->content.ref.length = word_get(encoded + 4);
	if (attribute->content.ref.length > size - 8)
		return 0;
	attribute->content.ref.buffer = (void *)(uintptr_t)(encoded + 8);
	return 8 + attribute->content.ref.length;
}

int object_parse(struct object *object, const uint8_t *encoded, size_t size)
{
	TEE_Attribute attributes[ATTRIBUTES_MAX];
	uint32_t count = 0, seen = 0, needed = 0, group = 0;
	TEE_Result result;
	uint32_t bits = 0, longest = (object->max_size + 7) / 8;

	/* Bits of parity do not count, but are there. */
	if (object->type && object_size_lacks_parity(object->type->type, object->max_size))
		longest = object->max_size / 7;
	for (size_t at = 0; at < size;) {
		TEE_Attribute next;
		const size_t length = attribute_parse(encoded + at, size - at, &next);
		int index;

		if (!length || !object->type)
			return -EINVAL;
		index = object_type_attribute(object->type, next.attributeID);
		if (index < 0 || seen & UINT32_C(1) << index)
			return -EINVAL;
		seen |= UINT32_C(1) << index;
		attributes[count++] = next;
		at += length;
	}
	if (!object->type) {
		object_complete(object, 0);
		return 0;
	}
	for (int i = 0; i < object->type->attribute_count; i++)
		if (object->type->attribute[i].rules & ATTRIBUTE_NEEDED)
			needed |= UINT32_C(1) << i;
	for (int i = 0; i < object->type->attribute_count; i++)
		if (object->type->attribute[i].rules & ATTRIBUTE_GROUP)
			group |= UINT32_C(1) << i;
	if ((seen & needed) != needed || (seen & group && (seen & group) != group))
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++)
		if (attributes[i].attributeID & TEE_ATTR_FLAG_VALUE)
			object_set_value(object, attributes[i].attributeID,
					 attributes[i].content.value.a,
					 attributes[i].content.value.b);
	for (uint32_t i = 0; i < count; i++) {
		/* Longer than the object may be, it would panic below. */
		if (attributes[i].attributeID & TEE_ATTR_FLAG_VALUE)
			continue;
		if (attributes[i].content.ref.length > longest ||
		    !object_set_bytes(object, attributes[i].attributeID,
				      attributes[i].content.ref.buffer,
				      attributes[i].content.ref.length)) {
			object_clear(object);
			return -EINVAL;
		}
	}
	if (object->type->family == OBJECT_EC && object_attribute(object, TEE_ATTR_ECC_CURVE)) {
		const struct curve *curve = library_curve_find(object->attribute[0].a);

		if (!curve || curve->bits > object->max_size) {
			object_clear(object);
			return -EINVAL;
		}
	}
	result = attributes_measure(object, false, &bits, __func__);
	if (result != TEE_SUCCESS) {
		object_clear(object);
		return -EINVAL;
	}
	object_complete(object, bits);
	return 0;
}
