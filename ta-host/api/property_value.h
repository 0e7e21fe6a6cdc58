/*
 * The value of one property, read as each of the types that the API knows (Internal Core API 4.4).
 * Runs in ta-host, on entries of tables as user_ta_header.c builds them, whose types have been
 * checked to be known.
 *
 * A value of another type is TEE_ERROR_BAD_FORMAT. Text is the exception: a property that holds a
 * string can be read as any type but a binary block, if the string spells it.
 */
#ifndef TEESIM_TA_HOST_API_PROPERTY_VALUE_H
#define TEESIM_TA_HOST_API_PROPERTY_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tee_api_types.h>
#include <user_ta_header.h>

#include "api/uuid_text.h"

/* Largest text of a value that is neither a string nor a binary block: an identity. */
#define PROPERTY_TEXT_SIZE (sizeof("4294967295:") + UUID_TEXT_LENGTH)

/* The value as text: the property's own, or written to `room`. */
const char *property_value_text(const struct user_ta_property *property,
				char room[PROPERTY_TEXT_SIZE]);

TEE_Result property_value_bool(const struct user_ta_property *property, bool *value);

/* An integer of any width, up to `most`. */
TEE_Result property_value_integer(const struct user_ta_property *property, uint64_t most,
				  uint64_t *value);

TEE_Result property_value_uuid(const struct user_ta_property *property, TEE_UUID *value);

TEE_Result property_value_identity(const struct user_ta_property *property, TEE_Identity *value);

/* `*size` is the room at `block`, and on success and TEE_ERROR_SHORT_BUFFER the block's size. */
TEE_Result property_value_block(const struct user_ta_property *property, void *block, size_t *size);

#endif
