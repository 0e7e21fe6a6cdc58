/*
 * Whatever a client writes into its channel: what the host makes of it is refused, or lies within
 * one arena, of the two that the client may use, or the client's own block, and is the copy that
 * was checked.
 *
 * The input is the request as the client leaves it, from `op` on; what follows is the same once
 * more, written while the host checks the first.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "serving/blocks.h"
#include "serving/call_parameters.h"
#include "wire/memory.h"
#include "wire/result.h"

#define CONTEXT	   7
#define BLOCK_SIZE 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct channel channel;
static uint8_t arena[CHANNEL_ARENA_SIZE], offered[2 * CHANNEL_ARENA_SIZE];

static void request_fill(const uint8_t *data, size_t size)
{
	const size_t from = offsetof(struct channel_request, op);
	const size_t room = sizeof(struct channel_request) - from;

	memset((uint8_t *)&channel.request + from, 0, room);
	memcpy((uint8_t *)&channel.request + from, data, size < room ? size : room);
}

static void blocks_prepare(void)
{
	static bool done;
	int both, input, third;

	if (done)
		return;
	done = true;
	both = block_create("fuzz", BLOCK_SIZE);
	input = block_create_unsealed("fuzz", BLOCK_SIZE);
	third = block_create("fuzz", BLOCK_SIZE);
	if (both < 0 || third < 0 || input < 0 || block_seal_read_only(input) < 0)
		abort();
	if (blocks_map(CONTEXT, 1, both, BLOCK_SIZE, true) < 0 ||
	    blocks_map(CONTEXT, 2, input, BLOCK_SIZE, false) < 0 ||
	    blocks_map(CONTEXT + 1, 3, third, BLOCK_SIZE, true) < 0)
		abort();
}

static bool inside(const TEE_Param *param, const void *memory, size_t size)
{
	const uintptr_t from = (uintptr_t)memory, at = (uintptr_t)param->memref.buffer;

	return at >= from && at - from <= size && param->memref.size <= size - (at - from);
}

static void memref_check(const TEE_Param *param, uint32_t type, const struct channel_host *host)
{
	const struct mapped_block *both = blocks_find(CONTEXT, 1), *input;

	if (!param->memref.buffer) {
		if (param->memref.size)
			abort();
		return;
	}
	if (inside(param, host->arena, host->arena_size) ||
	    inside(param, both->address, both->size))
		return;
	input = blocks_find(CONTEXT, 2);
	if (!inside(param, input->address, input->size) || channel_type_is_output(type))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t half = sizeof(struct channel_request) - offsetof(struct channel_request, op);
	struct channel_host host = { .channel = &channel,
				     .arena = arena,
				     .arena_size = sizeof(arena),
				     .seq = 1,
				     .offered = offered,
				     .offered_size = sizeof(offered) };
	union channel_slot slot[CHANNEL_PARAMS] = { 0 };
	TEE_Param params[CHANNEL_PARAMS];
	struct channel_call call = { 0 }, taken;
	uint32_t result;

	blocks_prepare();
	atomic_store(&channel.request.seq, 2);
	request_fill(data, size);
	if (!channel_host_take(&host, &call) || call.seq != 2)
		abort();
	taken = call;
	request_fill(size > half ? data + half : data, size > half ? size - half : 0);
	result = call_parameters_parse(&call, &host, CONTEXT, params);
	if (memcmp(&taken, &call, sizeof(call)) != 0)
		abort();
	if (result == RESULT_SUCCESS) {
		for (unsigned int i = 0; i < CHANNEL_PARAMS; i++)
			if (channel_type_is_memref(channel_type_of(call.types, i)))
				memref_check(&params[i], channel_type_of(call.types, i), &host);
		call_parameters_answer(&call, params, slot);
	} else if (result != RESULT_BAD_PARAMETERS) {
		abort();
	}
	channel_host_reply(&host, &call, result, ORIGIN_TEE, slot);
	if (atomic_load(&channel.reply.seq) != 2)
		abort();
	return 0;
}
