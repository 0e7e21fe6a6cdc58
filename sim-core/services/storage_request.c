#include "services/storage_request.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines.h>

#define STORE_PRIVATE	   0x00000001U
#define STORE_PRIVATE_REE  0x80000000U
#define STORE_PRIVATE_RPMB 0x80000100U

#define NONE		   TEE_PARAM_TYPE_NONE
#define IN		   TEE_PARAM_TYPE_VALUE_INPUT
#define OUT		   TEE_PARAM_TYPE_VALUE_OUTPUT
#define INOUT		   TEE_PARAM_TYPE_VALUE_INOUT
#define READS		   TEE_PARAM_TYPE_MEMREF_INPUT
#define WRITES		   TEE_PARAM_TYPE_MEMREF_OUTPUT

static const uint32_t command_types[] = {
	[STORAGE_OPEN] = TEE_PARAM_TYPES(READS, IN, WRITES, NONE),
	[STORAGE_CREATE] = TEE_PARAM_TYPES(READS, READS, OUT, NONE),
	[STORAGE_READ] = TEE_PARAM_TYPES(IN, WRITES, NONE, NONE),
	[STORAGE_WRITE] = TEE_PARAM_TYPES(IN, READS, NONE, NONE),
	[STORAGE_TRUNCATE] = TEE_PARAM_TYPES(IN, NONE, NONE, NONE),
	[STORAGE_RENAME] = TEE_PARAM_TYPES(IN, READS, NONE, NONE),
	[STORAGE_REMOVE] = TEE_PARAM_TYPES(IN, NONE, NONE, NONE),
	[STORAGE_CLOSE] = TEE_PARAM_TYPES(IN, NONE, NONE, NONE),
	[STORAGE_RESTRICT] = TEE_PARAM_TYPES(IN, NONE, NONE, NONE),
	[STORAGE_STAT] = TEE_PARAM_TYPES(IN, OUT, NONE, NONE),
	[STORAGE_NEXT] = TEE_PARAM_TYPES(INOUT, WRITES, NONE, NONE),
};

static bool store_known(uint32_t store)
{
	return store == STORE_PRIVATE || store == STORE_PRIVATE_REE || store == STORE_PRIVATE_RPMB;
}

static int name_parse(const TEE_Param *param, struct storage_request *out)
{
	if (param->memref.size > sizeof(out->name) || (param->memref.size && !param->memref.buffer))
		return -EINVAL;
	out->name_size = (uint8_t)param->memref.size;
	if (out->name_size)
		memcpy(out->name, param->memref.buffer, out->name_size);
	return 0;
}

static int new_parse(const TEE_Param params[], struct storage_request *out)
{
	struct storage_call_new new;
	const uint8_t *bytes = params[0].memref.buffer;
	size_t size = params[0].memref.size;

	if (!bytes || size < sizeof(new))
		return -EINVAL;
	memcpy(&new, bytes, sizeof(new));
	bytes += sizeof(new);
	size -= sizeof(new);
	if (new.name_size > sizeof(out->name) || new.attributes_size > RECORD_ATTRIBUTES_MAX ||
	    size != (size_t) new.name_size + new.attributes_size ||
	    (new.zeros &&params[1].memref.size) ||
	    (params[1].memref.size && !params[1].memref.buffer))
		return -EINVAL;
	out->store = new.store;
	out->flags = new.flags;
	out->header = (struct object_header) {
		.type = new.type, .size = new.size, .max_size = new.size, .usage = new.usage
	};
	out->no_handle = new.no_handle != 0;
	out->zeros = new.zeros;
	out->name_size = (uint8_t) new.name_size;
	memcpy(out->name, bytes, new.name_size);
	out->attributes_size = new.attributes_size;
	if (new.attributes_size) {
		out->attributes = malloc(new.attributes_size);
		if (!out->attributes)
			return -ENOMEM;
		memcpy(out->attributes, bytes + new.name_size, new.attributes_size);
	}
	out->data = params[1].memref.buffer;
	out->size = params[1].memref.size;
	return 0;
}

static void value_parse(const TEE_Param *param, struct storage_request *out)
{
	out->handle = param->value.a;
	out->value = param->value.b;
}

static int memory_parse(const TEE_Param *param, struct storage_request *out)
{
	out->data = param->memref.buffer;
	out->out = param->memref.buffer;
	out->size = param->memref.size;
	return out->size && !out->out ? -EINVAL : 0;
}

int storage_request_parse(uint32_t command, uint32_t types, const TEE_Param params[TEE_NUM_PARAMS],
			  struct storage_request *out)
{
	int err = 0;

	*out = (struct storage_request) { .command = (enum storage_command)command };
	if (!command || command >= sizeof(command_types) / sizeof(command_types[0]) ||
	    types != command_types[command])
		return -EINVAL;
	switch (out->command) {
	case STORAGE_OPEN:
		out->store = params[1].value.a;
		out->flags = params[1].value.b;
		err = name_parse(&params[0], out);
		if (!err)
			err = memory_parse(&params[2], out);
		if (!err && !store_known(out->store))
			err = -EINVAL;
		break;
	case STORAGE_CREATE:
		err = new_parse(params, out);
		if (!err && !store_known(out->store))
			err = -EINVAL;
		break;
	case STORAGE_READ:
	case STORAGE_WRITE:
		value_parse(&params[0], out);
		err = memory_parse(&params[1], out);
		break;
	case STORAGE_RENAME:
		value_parse(&params[0], out);
		err = name_parse(&params[1], out);
		break;
	case STORAGE_NEXT:
		out->store = params[0].value.a;
		out->value = params[0].value.b;
		err = memory_parse(&params[1], out);
		if (!err &&
		    (!store_known(out->store) || out->size < sizeof(struct storage_call_entry)))
			err = -EINVAL;
		break;
	default:
		value_parse(&params[0], out);
		break;
	}
	if (err < 0)
		storage_request_clear(out);
	return err;
}

void storage_request_clear(struct storage_request *request)
{
	if (request->attributes)
		sodium_memzero(request->attributes, request->attributes_size);
	free(request->attributes);
	request->attributes = NULL;
}
