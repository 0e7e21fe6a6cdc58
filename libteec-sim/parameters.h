/*
 * From a TEEC_Operation to a channel operation and back: every check that the API owes the caller
 * before the TA is entered, and the copies into and out of the arena.
 */
#ifndef TEESIM_LIBTEEC_PARAMETERS_H
#define TEESIM_LIBTEEC_PARAMETERS_H

#include <stddef.h>
#include <stdint.h>

#include <tee_client_api.h>

#include "wire/channel_client.h"

struct block;
struct session;

/* One parameter that stands for memory. */
struct parameter_memory {
	/* What is copied to and from the arena; NULL when nothing is. */
	uint8_t *copied;
	size_t size;
	/* The shared block that it lies in; NULL when it is copied. */
	struct block *block;
	size_t offset;
};

struct parameters {
	uint32_t types;
	size_t arena_needed;
	struct parameter_memory memory[TEEC_CONFIG_PAYLOAD_REF_COUNT];
};

/* Checks `operation` (which may be NULL) and finds the memory that it refers to. */
TEEC_Result parameters_parse(const TEEC_Operation *operation, struct parameters *out);

/* Fills the channel operation and copies inputs into the arena, which must be large enough. */
void parameters_put(const struct parameters *parameters, const TEEC_Operation *operation,
		    const struct channel_client *client, struct channel_operation *out);

/* Copies outputs and sizes back. */
void parameters_get(const struct parameters *parameters, TEEC_Operation *operation,
		    const struct channel_client *client, const struct channel_operation *in);

#endif
