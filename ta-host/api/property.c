/*
 * Internal Core API 4.4: properties of the implementation, of the client and of the TA.
 *
 * All three sets are tables of the kind that user_ta_header.c builds of a TA's own. The TA's is
 * read where it lies and is as good as the TA; names and values of types that nobody knows are
 * passed over.
 */
#include <base64.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>
#include <user_ta_header.h>

#include "api/big_int.h"
#include "api/property_value.h"
#include "runtime.h"

/* Levels of protection as the API counts them. */
#define PROTECTION_LEVEL_REE 100

#define SOCKETS_VERSION	     0x01000000

#define VALUE_BOOL(truth)    (&(const bool) { (truth) })
#define VALUE_U32(number)    (&(const uint32_t) { (number) })

/*
 * Version of the simulator, an octet each for major, minor and patch, as a binary block. OP-TEE has
 * an integer in its place and TAs read it so; this one can be read both ways.
 */
static char version_block[9];

static const struct user_ta_property implementation_properties[] = {
	{ "gpd.tee.apiversion", USER_TA_PROP_TYPE_STRING, "GPD-1.3.1" },
	{ "gpd.tee.description", USER_TA_PROP_TYPE_STRING, "teesim, a software-simulated TEE" },
	{ "gpd.tee.deviceID", USER_TA_PROP_TYPE_UUID, &runtime.device_id },
	{ "gpd.tee.systemTime.protectionLevel", USER_TA_PROP_TYPE_U32,
	  VALUE_U32(PROTECTION_LEVEL_REE) },
	{ "gpd.tee.TAPersistentTime.protectionLevel", USER_TA_PROP_TYPE_U32,
	  VALUE_U32(PROTECTION_LEVEL_REE) },
	{ "gpd.tee.arith.maxBigIntSize", USER_TA_PROP_TYPE_U32, VALUE_U32(BIG_INT_BITS_MAX) },
	{ "gpd.tee.cryptography.ecc", USER_TA_PROP_TYPE_BOOL, VALUE_BOOL(true) },
	{ "gpd.tee.cryptography.nist", USER_TA_PROP_TYPE_BOOL, VALUE_BOOL(true) },
	/* The Brainpool curves, for which the API has no identifiers. */
	{ "gpd.tee.cryptography.bsi-r", USER_TA_PROP_TYPE_BOOL, VALUE_BOOL(false) },
	{ "gpd.tee.cryptography.bsi-t", USER_TA_PROP_TYPE_BOOL, VALUE_BOOL(false) },
	{ "gpd.tee.cryptography.ietf", USER_TA_PROP_TYPE_BOOL, VALUE_BOOL(true) },
	{ "gpd.tee.cryptography.octa", USER_TA_PROP_TYPE_BOOL, VALUE_BOOL(true) },
	{ "gpd.tee.trustedStorage.antiRollback.protectionLevel", USER_TA_PROP_TYPE_U32,
	  VALUE_U32(PROTECTION_LEVEL_REE) },
	{ "gpd.tee.trustedos.implementation.version", USER_TA_PROP_TYPE_STRING,
	  "teesim " TEESIM_VERSION },
	{ "gpd.tee.trustedos.implementation.binaryversion", USER_TA_PROP_TYPE_BINARY_BLOCK,
	  version_block },
	{ "gpd.tee.trustedos.manufacturer", USER_TA_PROP_TYPE_STRING, "teesim" },
	{ "gpd.tee.firmware.implementation.version", USER_TA_PROP_TYPE_STRING,
	  "teesim " TEESIM_VERSION },
	{ "gpd.tee.firmware.implementation.binaryversion", USER_TA_PROP_TYPE_BINARY_BLOCK,
	  version_block },
	{ "gpd.tee.firmware.manufacturer", USER_TA_PROP_TYPE_STRING, "teesim" },
	{ "gpd.tee.internalCore.version", USER_TA_PROP_TYPE_U32, VALUE_U32(TEE_CORE_API_VERSION) },
	{ "gpd.tee.sockets.version", USER_TA_PROP_TYPE_U32, VALUE_U32(SOCKETS_VERSION) },
	{ "gpd.tee.sockets.tcp.version", USER_TA_PROP_TYPE_U32, VALUE_U32(SOCKETS_VERSION) },
	{ "gpd.tee.sockets.udp.version", USER_TA_PROP_TYPE_U32, VALUE_U32(SOCKETS_VERSION) },
	/* Of other processors. TAs ask before they use them. */
	{ "org.trustedfirmware.optee.cpu.feat_bti_implemented", USER_TA_PROP_TYPE_BOOL,
	  VALUE_BOOL(false) },
	{ "org.trustedfirmware.optee.cpu.feat_pauth_implemented", USER_TA_PROP_TYPE_BOOL,
	  VALUE_BOOL(false) },
	{ "org.trustedfirmware.optee.cpu.feat_memtag_implemented", USER_TA_PROP_TYPE_BOOL,
	  VALUE_BOOL(false) },
};

static const struct user_ta_property client_properties[] = {
	{ "gpd.client.identity", USER_TA_PROP_TYPE_IDENTITY, &runtime.client },
	/* 0: little-endian */
	{ "gpd.client.endian", USER_TA_PROP_TYPE_U32, VALUE_U32(0) },
};

/* The properties of a TA that user_ta_header.c leaves to the framework. The second is there where a
 * TAM sent such data. */
static struct user_ta_property ta_properties[] = {
	{ "gpd.ta.appID", USER_TA_PROP_TYPE_UUID, &runtime.uuid },
	{ "org.teesim.personalisation", USER_TA_PROP_TYPE_BINARY_BLOCK, NULL },
};

/* As text, since that is what binary blocks are. */
static void personal_fill(void)
{
	size_t room = (runtime.personal_size + 2) / 3 * 4 + 1;
	char *text = malloc(room);

	if (!text || !base64_encode(runtime.personal, runtime.personal_size, text, &room))
		runtime_panic(TEE_ERROR_OUT_OF_MEMORY,
			      "no memory is left for org.teesim.personalisation");
	ta_properties[1].value = text;
}

static uint32_t version_number(void)
{
	return (uint32_t)TEESIM_VERSION_MAJOR << 24 | (uint32_t)TEESIM_VERSION_MINOR << 16 |
	       (uint32_t)TEESIM_VERSION_PATCH << 8;
}

static void version_block_fill(void)
{
	const uint32_t octets = htobe32(version_number());
	size_t room = sizeof(version_block);

	base64_encode(&octets, sizeof(octets), version_block, &room);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A set is one table behind another. */
struct property_set {
	const struct user_ta_property *table[2];
	size_t count[2];
};

/* False: `handle` is none of the three sets. */
static bool property_set_of(TEE_PropSetHandle handle, struct property_set *set)
{
	*set = (struct property_set) { 0 };
	if (handle == TEE_PROPSET_TEE_IMPLEMENTATION) {
		if (!version_block[0])
			version_block_fill();
		set->table[0] = implementation_properties;
		set->count[0] = COUNT(implementation_properties);
	} else if (handle == TEE_PROPSET_CURRENT_CLIENT) {
		/* There is none while an instance is created or destroyed. */
		if (runtime.in_session) {
			set->table[0] = client_properties;
			set->count[0] = COUNT(client_properties);
		}
	} else if (handle == TEE_PROPSET_CURRENT_TA) {
		if (runtime.personal && !ta_properties[1].value)
			personal_fill();
		set->table[0] = ta_properties;
		set->count[0] = COUNT(ta_properties);
		set->table[1] = runtime.property;
		set->count[1] = runtime.properties;
	} else {
		return false;
	}
	return true;
}

/* The property at `position` or the next one that can be used; NULL: there is none. */
static const struct user_ta_property *property_at(const struct property_set *set, size_t *position)
{
	const struct user_ta_property *property;

	for (; *position < set->count[0] + set->count[1]; (*position)++) {
		property = *position < set->count[0] ? &set->table[0][*position]
						     : &set->table[1][*position - set->count[0]];
		if (property->name && property->value && property->type < USER_TA_PROP_TYPE_INVALID)
			return property;
	}
	return NULL;
}

/*
 * Enumerators. A handle is 0x5, twelve bits that change with each use of the slot, and sixteen that
 * number the slot: below 2^32, because TAs hand handles to their clients in values, and a handle
 * that was freed is known as such.
 */
#define ENUMERATOR_TAG	  0x50000000U
#define ENUMERATOR_USES	  0x0FFFU
#define ENUMERATORS_LIMIT 0x10000U

struct enumerator {
	bool allocated;
	bool started;
	uint16_t use;
	TEE_PropSetHandle set;
	size_t position;
};

static struct enumerator *enumerators;
static size_t enumerators_count;

static TEE_PropSetHandle enumerator_handle(size_t slot)
{
	const uint32_t use = enumerators[slot].use & ENUMERATOR_USES;

	return (TEE_PropSetHandle)(uintptr_t)(ENUMERATOR_TAG | use << 16 | (uint32_t)slot);
}

/* NULL: not the handle of an enumerator, or no more. */
static struct enumerator *enumerator_find(TEE_PropSetHandle handle)
{
	const size_t slot = (uintptr_t)handle & (ENUMERATORS_LIMIT - 1);

	if (slot >= enumerators_count || !enumerators[slot].allocated ||
	    enumerator_handle(slot) != handle)
		return NULL;
	return &enumerators[slot];
}

static struct enumerator *enumerator_get(TEE_PropSetHandle handle, const char *complaint)
{
	struct enumerator *enumerator = enumerator_find(handle);

	if (!enumerator)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, complaint);
	return enumerator;
}

/* What an enumerator stands on; NULL: nothing. */
static const struct user_ta_property *enumerator_property(struct enumerator *enumerator)
{
	struct property_set set;

	if (!enumerator->started || !property_set_of(enumerator->set, &set))
		return NULL;
	return property_at(&set, &enumerator->position);
}

static TEE_Result property_find(TEE_PropSetHandle handle, const char *name,
				const struct user_ta_property **property)
{
	struct enumerator *enumerator = enumerator_find(handle);
	struct property_set set;
	size_t position = 0;

	if (enumerator) {
		*property = enumerator_property(enumerator);
		return *property ? TEE_SUCCESS : TEE_ERROR_ITEM_NOT_FOUND;
	}
	if (!property_set_of(handle, &set))
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "TEE_GetPropertyAs…: neither a set of properties nor an enumerator");
	if (!name)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_GetPropertyAs…: name is NULL");
	for (; (*property = property_at(&set, &position)); position++)
		if (!strcmp((*property)->name, name))
			return TEE_SUCCESS;
	return TEE_ERROR_ITEM_NOT_FOUND;
}

/* A text with its terminator into a buffer that may be too small, when it is cut. */
static TEE_Result text_copy(const char *text, char *buffer, size_t *size)
{
	const size_t needed = strlen(text) + 1;
	const size_t room = *size;

	if (room && !buffer)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_GetProperty…: buffer is NULL");
	*size = needed;
	if (room >= needed) {
		memcpy(buffer, text, needed);
		return TEE_SUCCESS;
	}
	if (room) {
		memcpy(buffer, text, room - 1);
		buffer[room - 1] = '\0';
	}
	return TEE_ERROR_SHORT_BUFFER;
}

static void need_length(const size_t *length)
{
	if (!length)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "TEE_GetProperty…: the pointer to the length is NULL");
}

static void need_value(const void *value)
{
	if (!value)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "TEE_GetProperty…: the pointer to the value is NULL");
}

TEE_Result TEE_GetPropertyAsString(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				   char *valueBuffer, size_t *valueBufferLen)
{
	const struct user_ta_property *property;
	char room[PROPERTY_TEXT_SIZE];
	TEE_Result result;

	need_length(valueBufferLen);
	result = property_find(propsetOrEnumerator, name, &property);
	if (result != TEE_SUCCESS)
		return result;
	return text_copy(property_value_text(property, room), valueBuffer, valueBufferLen);
}

TEE_Result TEE_GetPropertyAsBool(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				 bool *value)
{
	const struct user_ta_property *property;
	TEE_Result result;

	need_value(value);
	result = property_find(propsetOrEnumerator, name, &property);
	return result != TEE_SUCCESS ? result : property_value_bool(property, value);
}

static TEE_Result integer_get(TEE_PropSetHandle handle, const char *name, uint64_t most,
			      uint64_t *value)
{
	const struct user_ta_property *property;
	TEE_Result result = property_find(handle, name, &property);

	if (result != TEE_SUCCESS)
		return result;
	if (property->value == version_block) {
		*value = version_number();
		return TEE_SUCCESS;
	}
	return property_value_integer(property, most, value);
}

TEE_Result TEE_GetPropertyAsU32(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				uint32_t *value)
{
	uint64_t integer;
	TEE_Result result;

	need_value(value);
	result = integer_get(propsetOrEnumerator, name, UINT32_MAX, &integer);
	if (result == TEE_SUCCESS)
		*value = (uint32_t)integer;
	return result;
}

TEE_Result TEE_GetPropertyAsU64(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				uint64_t *value)
{
	uint64_t integer;
	TEE_Result result;

	need_value(value);
	result = integer_get(propsetOrEnumerator, name, UINT64_MAX, &integer);
	if (result == TEE_SUCCESS)
		*value = integer;
	return result;
}

TEE_Result TEE_GetPropertyAsBinaryBlock(TEE_PropSetHandle propsetOrEnumerator, const char *name,
					void *valueBuffer, size_t *valueBufferLen)
{
	const struct user_ta_property *property;
	TEE_Result result;

	need_length(valueBufferLen);
	result = property_find(propsetOrEnumerator, name, &property);
	if (result != TEE_SUCCESS)
		return result;
	if (*valueBufferLen)
		need_value(valueBuffer);
	return property_value_block(property, valueBuffer, valueBufferLen);
}

TEE_Result TEE_GetPropertyAsUUID(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				 TEE_UUID *value)
{
	const struct user_ta_property *property;
	TEE_Result result;

	need_value(value);
	result = property_find(propsetOrEnumerator, name, &property);
	return result != TEE_SUCCESS ? result : property_value_uuid(property, value);
}

TEE_Result TEE_GetPropertyAsIdentity(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				     TEE_Identity *value)
{
	const struct user_ta_property *property;
	TEE_Result result;

	need_value(value);
	result = property_find(propsetOrEnumerator, name, &property);
	return result != TEE_SUCCESS ? result : property_value_identity(property, value);
}

TEE_Result TEE_AllocatePropertyEnumerator(TEE_PropSetHandle *enumerator)
{
	struct enumerator *grown;
	size_t slot, count;
	uint16_t use;

	if (!enumerator)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "TEE_AllocatePropertyEnumerator: enumerator is NULL");
	for (slot = 0; slot < enumerators_count; slot++)
		if (!enumerators[slot].allocated)
			break;
	if (slot == enumerators_count) {
		count = enumerators_count ? enumerators_count * 2 : 8;
		if (count > ENUMERATORS_LIMIT)
			return TEE_ERROR_OUT_OF_MEMORY;
		grown = reallocarray(enumerators, count, sizeof(*grown));
		if (!grown)
			return TEE_ERROR_OUT_OF_MEMORY;
		memset(grown + enumerators_count, 0, (count - enumerators_count) * sizeof(*grown));
		enumerators = grown;
		enumerators_count = count;
	}
	use = (uint16_t)(enumerators[slot].use + 1);
	enumerators[slot] = (struct enumerator) { .allocated = true, .use = use };
	*enumerator = enumerator_handle(slot);
	return TEE_SUCCESS;
}

void TEE_FreePropertyEnumerator(TEE_PropSetHandle enumerator)
{
	enumerator_get(enumerator, "TEE_FreePropertyEnumerator: not an enumerator, or freed before")
		->allocated = false;
}

void TEE_StartPropertyEnumerator(TEE_PropSetHandle enumerator, TEE_PropSetHandle propSet)
{
	struct enumerator *started =
		enumerator_get(enumerator, "TEE_StartPropertyEnumerator: not an enumerator");
	struct property_set set;

	if (!property_set_of(propSet, &set))
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "TEE_StartPropertyEnumerator: propSet is no set of properties");
	started->set = propSet;
	started->position = 0;
	started->started = true;
}

void TEE_ResetPropertyEnumerator(TEE_PropSetHandle enumerator)
{
	enumerator_get(enumerator, "TEE_ResetPropertyEnumerator: not an enumerator")->started =
		false;
}

TEE_Result TEE_GetPropertyName(TEE_PropSetHandle enumerator, void *nameBuffer,
			       size_t *nameBufferLen)
{
	const struct user_ta_property *property = enumerator_property(
		enumerator_get(enumerator, "TEE_GetPropertyName: not an enumerator"));

	need_length(nameBufferLen);
	if (!property)
		return TEE_ERROR_ITEM_NOT_FOUND;
	return text_copy(property->name, nameBuffer, nameBufferLen);
}

TEE_Result TEE_GetNextProperty(TEE_PropSetHandle enumerator)
{
	struct enumerator *moved =
		enumerator_get(enumerator, "TEE_GetNextProperty: not an enumerator");

	if (!enumerator_property(moved))
		return TEE_ERROR_ITEM_NOT_FOUND;
	moved->position++;
	return enumerator_property(moved) ? TEE_SUCCESS : TEE_ERROR_ITEM_NOT_FOUND;
}
