#include "serving/call_parameters.h"

#include <string.h>

#include "serving/blocks.h"
#include "wire/result.h"

/* A call's references to an arena are all to the same: a new one is taken up by the first. */
static bool arena_is_named(struct channel_host *host, size_t size, bool first)
{
	if (__builtin_expect(size == host->arena_size, 1))
		return true;
	return first && channel_host_take_arena(host, size);
}

static uint32_t memref_parse(const struct channel_memref *ref, uint64_t size, uint32_t type,
			     struct channel_host *host, uint32_t context, bool *in_arena,
			     TEE_Param *param)
{
	const struct mapped_block *block;

	param->memref.size = size;
	switch (ref->place) {
	case CHANNEL_PLACE_NULL:
		param->memref.buffer = NULL;
		return size ? RESULT_BAD_PARAMETERS : RESULT_SUCCESS;
	case CHANNEL_PLACE_ARENA:
		if (!arena_is_named(host, ref->block, !*in_arena) ||
		    ref->offset > host->arena_size || size > host->arena_size - ref->offset)
			return RESULT_BAD_PARAMETERS;
		*in_arena = true;
		param->memref.buffer = host->arena + ref->offset;
		return RESULT_SUCCESS;
	case CHANNEL_PLACE_BLOCK:
		block = blocks_find(context, ref->block);
		if (!block || ref->offset > block->size || size > block->size - ref->offset)
			return RESULT_BAD_PARAMETERS;
		if (channel_type_is_output(type) && !block->writable)
			return RESULT_BAD_PARAMETERS;
		param->memref.buffer = block->address + ref->offset;
		return RESULT_SUCCESS;
	default:
		return RESULT_BAD_PARAMETERS;
	}
}

uint32_t call_parameters_parse(const struct channel_call *call, struct channel_host *host,
			       uint32_t context, TEE_Param params[CHANNEL_PARAMS])
{
	bool in_arena = false;

	memset(params, 0, CHANNEL_PARAMS * sizeof(params[0]));
	for (unsigned int i = 0; channel_types_remain(call->types, i); i++) {
		uint32_t type = channel_type_of(call->types, i);
		uint32_t result;

		if (!channel_type_is_memref(type)) {
			if (!channel_type_is_input(type))
				continue;
			params[i].value.a = call->slot[i].value.a;
			params[i].value.b = call->slot[i].value.b;
			continue;
		}
		result = memref_parse(&call->memref[i], call->slot[i].size, type, host, context,
				      &in_arena, &params[i]);
		if (result != RESULT_SUCCESS)
			return result;
	}
	return RESULT_SUCCESS;
}

void call_parameters_answer(const struct channel_call *call, const TEE_Param params[CHANNEL_PARAMS],
			    union channel_slot slot[CHANNEL_PARAMS])
{
	for (unsigned int i = 0; channel_types_remain(call->types, i); i++) {
		uint32_t type = channel_type_of(call->types, i);

		if (!channel_type_is_output(type))
			continue;
		if (channel_type_is_memref(type)) {
			slot[i].size = params[i].memref.size;
		} else {
			slot[i].value.a = params[i].value.a;
			slot[i].value.b = params[i].value.b;
		}
	}
}
