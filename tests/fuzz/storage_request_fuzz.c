/*
 * A call of trusted storage as a TA's process may send it: the command, the types of its
 * parameters, four pairs of words, and the octets that its memory references share.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/storage_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct shape {
	uint8_t command;
	uint8_t unused;
	uint16_t types;
	uint32_t word[8];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	struct storage_request request;
	struct shape shape;
	uint8_t *memory[TEE_NUM_PARAMS] = { NULL };

	if (size < sizeof(shape))
		return 0;
	memcpy(&shape, data, sizeof(shape));
	data += sizeof(shape);
	size -= sizeof(shape);
	for (int i = 0; i < TEE_NUM_PARAMS; i++) {
		size_t length = shape.word[2 * i] < size ? shape.word[2 * i] : size;

		if (!(shape.types >> (4 * i) & 4)) {
			params[i].value.a = shape.word[2 * i];
			params[i].value.b = shape.word[2 * i + 1];
			continue;
		}
		/* Each in memory of its own, so that one step too far is seen. */
		memory[i] = length || shape.word[2 * i + 1] ? malloc(length ? length : 1) : NULL;
		if (memory[i])
			memcpy(memory[i], data, length);
		params[i].memref.buffer = memory[i];
		params[i].memref.size = length;
	}
	if (storage_request_parse(shape.command, shape.types, params, &request) == 0) {
		if (request.name_size > sizeof(request.name) ||
		    (request.size && !request.data && !request.out) ||
		    (request.attributes_size != 0) != (request.attributes != NULL))
			abort();
		storage_request_clear(&request);
	}
	for (int i = 0; i < TEE_NUM_PARAMS; i++)
		free(memory[i]);
	return 0;
}
