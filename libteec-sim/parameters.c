#include "parameters.h"

#include <assert.h>
#include <string.h>

#include "shared_memory.h"

static_assert(sizeof(TEEC_TempMemoryReference) == 16, "binary interface");
static_assert(sizeof(TEEC_RegisteredMemoryReference) == 24, "binary interface");
static_assert(offsetof(TEEC_RegisteredMemoryReference, size) == 8, "binary interface");
static_assert(offsetof(TEEC_RegisteredMemoryReference, offset) == 16, "binary interface");
static_assert(sizeof(TEEC_Value) == 8, "binary interface");
static_assert(sizeof(TEEC_Parameter) == 24, "binary interface");
static_assert(TEEC_VALUE_INOUT == CHANNEL_TYPE_VALUE_INOUT, "same values on the wire");
static_assert(TEEC_MEMREF_TEMP_INPUT == CHANNEL_TYPE_MEMREF_INPUT, "same values on the wire");
static_assert(TEEC_MEMREF_TEMP_INOUT == CHANNEL_TYPE_MEMREF_INOUT, "same values on the wire");

static void type_set(struct parameters *p, unsigned int i, uint32_t type)
{
	p->types |= type << (4 * i);
}

static size_t arena_round(size_t size)
{
	return (size + CHANNEL_ARENA_ALIGN - 1) & ~(size_t)(CHANNEL_ARENA_ALIGN - 1);
}

/* Notes memory of the client's own that has to be copied. */
static TEEC_Result memory_copied(struct parameters *p, unsigned int i, uint8_t *address,
				 size_t size)
{
	if (size > CHANNEL_ARENA_MAX)
		return TEEC_ERROR_OUT_OF_MEMORY;
	p->memory[i].copied = address;
	p->memory[i].size = size;
	p->arena_needed += arena_round(size);
	return p->arena_needed > CHANNEL_ARENA_MAX ? TEEC_ERROR_OUT_OF_MEMORY : TEEC_SUCCESS;
}

static TEEC_Result temporary_parse(const TEEC_TempMemoryReference *ref, struct parameters *p,
				   unsigned int i)
{
	if (!ref->buffer) {
		p->memory[i].size = ref->size;
		return ref->size ? TEEC_ERROR_BAD_PARAMETERS : TEEC_SUCCESS;
	}
	return memory_copied(p, i, ref->buffer, ref->size);
}

static TEEC_Result registered_parse(const TEEC_RegisteredMemoryReference *ref, uint32_t api_type,
				    struct parameters *p, unsigned int i)
{
	struct block *block;
	size_t offset, size;
	uint32_t needed;

	if (!ref->parent)
		return TEEC_ERROR_BAD_PARAMETERS;
	block = block_of(ref->parent);
	if (!block)
		return TEEC_ERROR_BAD_PARAMETERS;
	if (api_type == TEEC_MEMREF_WHOLE) {
		offset = 0;
		size = ref->parent->size;
		needed = block->flags;
	} else {
		offset = ref->offset;
		size = ref->size;
		needed = api_type & 3;
	}
	if ((needed & block->flags) != needed)
		return TEEC_ERROR_BAD_PARAMETERS;
	if (offset > block->size || size > block->size - offset)
		return TEEC_ERROR_BAD_PARAMETERS;
	/* The parent may be smaller than the pages behind it. */
	if (offset > ref->parent->size || size > ref->parent->size - offset)
		return TEEC_ERROR_BAD_PARAMETERS;
	type_set(p, i, 4 | needed);
	if (!block_is_shared(block))
		return memory_copied(p, i, block->address + offset, size);
	p->memory[i].block = block;
	p->memory[i].offset = offset;
	p->memory[i].size = size;
	return TEEC_SUCCESS;
}

TEEC_Result parameters_parse(const TEEC_Operation *operation, struct parameters *p)
{
	p->types = 0;
	p->arena_needed = 0;
	if (!operation)
		return TEEC_SUCCESS;
	if (operation->paramTypes >> 16)
		return TEEC_ERROR_BAD_PARAMETERS;
	for (unsigned int i = 0; channel_types_remain(operation->paramTypes, i); i++) {
		const TEEC_Parameter *param = &operation->params[i];
		uint32_t type = TEEC_PARAM_TYPE_GET(operation->paramTypes, i);
		TEEC_Result result = TEEC_SUCCESS;

		switch (type) {
		case TEEC_NONE:
			break;
		case TEEC_VALUE_INPUT:
		case TEEC_VALUE_OUTPUT:
		case TEEC_VALUE_INOUT:
			type_set(p, i, type);
			break;
		case TEEC_MEMREF_TEMP_INPUT:
		case TEEC_MEMREF_TEMP_OUTPUT:
		case TEEC_MEMREF_TEMP_INOUT:
			memset(&p->memory[i], 0, sizeof(p->memory[i]));
			type_set(p, i, type);
			result = temporary_parse(&param->tmpref, p, i);
			break;
		case TEEC_MEMREF_WHOLE:
		case TEEC_MEMREF_PARTIAL_INPUT:
		case TEEC_MEMREF_PARTIAL_OUTPUT:
		case TEEC_MEMREF_PARTIAL_INOUT:
			memset(&p->memory[i], 0, sizeof(p->memory[i]));
			result = registered_parse(&param->memref, type, p, i);
			break;
		default:
			return TEEC_ERROR_BAD_PARAMETERS;
		}
		if (result != TEEC_SUCCESS)
			return result;
	}
	return TEEC_SUCCESS;
}

static void memory_put(const struct parameter_memory *memory, uint32_t type,
		       const struct channel_client *client, size_t *arena_used,
		       struct channel_memref *ref, union channel_slot *slot)
{
	slot->size = memory->size;
	ref->block = 0;
	ref->offset = 0;
	if (memory->block) {
		ref->place = CHANNEL_PLACE_BLOCK;
		ref->block = memory->block->handle;
		ref->offset = memory->offset;
		return;
	}
	if (!memory->copied) {
		ref->place = CHANNEL_PLACE_NULL;
		return;
	}
	ref->place = CHANNEL_PLACE_ARENA;
	ref->block = (uint32_t)client->arena_size;
	ref->offset = *arena_used;
	if (channel_type_is_input(type))
		memcpy(client->arena + *arena_used, memory->copied, memory->size);
	else
		/* What earlier operations left there is not this one's to see or to return. */
		memset(client->arena + *arena_used, 0, memory->size);
	*arena_used += arena_round(memory->size);
}

void parameters_put(const struct parameters *p, const TEEC_Operation *operation,
		    const struct channel_client *client, struct channel_operation *out)
{
	size_t arena_used = 0;

	out->types = p->types;
	for (unsigned int i = 0; channel_types_remain(p->types, i); i++) {
		uint32_t type = channel_type_of(p->types, i);

		if (type == CHANNEL_TYPE_NONE)
			continue;
		if (channel_type_is_memref(type)) {
			memory_put(&p->memory[i], type, client, &arena_used, &out->memref[i],
				   &out->slot[i]);
		} else if (channel_type_is_input(type)) {
			out->slot[i].value.a = operation->params[i].value.a;
			out->slot[i].value.b = operation->params[i].value.b;
		} else {
			out->slot[i].size = 0;
		}
	}
}

static void memory_get(const struct parameter_memory *memory, uint64_t size, uint64_t offset,
		       const struct channel_client *client)
{
	/* A larger size says how much would have been needed; nothing fits then. */
	if (memory->copied && size <= memory->size)
		memcpy(memory->copied, client->arena + offset, size);
}

void parameters_get(const struct parameters *p, TEEC_Operation *operation,
		    const struct channel_client *client, const struct channel_operation *in)
{
	for (unsigned int i = 0; channel_types_remain(p->types, i); i++) {
		uint32_t type = channel_type_of(p->types, i);
		TEEC_Parameter *param = &operation->params[i];

		if (!channel_type_is_output(type))
			continue;
		if (!channel_type_is_memref(type)) {
			param->value.a = in->slot[i].value.a;
			param->value.b = in->slot[i].value.b;
			continue;
		}
		memory_get(&p->memory[i], in->slot[i].size, in->memref[i].offset, client);
		if (TEEC_PARAM_TYPE_GET(operation->paramTypes, i) >= TEEC_MEMREF_WHOLE)
			param->memref.size = in->slot[i].size;
		else
			param->tmpref.size = in->slot[i].size;
	}
}
