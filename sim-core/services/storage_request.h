/*
 * A call of trusted storage, taken out of an operation's parameters and checked.
 *
 * Runs in tee-services. The parameters come from a TA's process, which may be hostile, and lie in
 * memory that it shares: all that is looked at is copied first. Only `data` and `out` still point
 * there, to be read or written once.
 */
#ifndef TEESIM_SERVICES_STORAGE_REQUEST_H
#define TEESIM_SERVICES_STORAGE_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include <tee_api_types.h>

#include "storage/record.h"
#include "wire/storage_call.h"

struct storage_request {
	enum storage_command command;
	uint32_t store;
	uint32_t flags;
	uint32_t handle;
	/* Position, size, usage or cursor. */
	uint32_t value;
	uint8_t name[STORAGE_CALL_NAME_MAX];
	uint8_t name_size;
	const uint8_t *data;
	uint8_t *out;
	size_t size;
	/* Of STORAGE_CREATE. */
	struct object_header header;
	/* In the memory that was handed in for them. */
	uint8_t *attributes;
	uint32_t attributes_size;
	bool no_handle;
	uint32_t zeros;
};

/* Returns 0; -EINVAL: it makes no sense; -ENOMEM. storage_request_clear() is due after 0. */
int storage_request_parse(uint32_t command, uint32_t types, const TEE_Param params[TEE_NUM_PARAMS],
			  struct storage_request *out);
void storage_request_clear(struct storage_request *request);

#endif
