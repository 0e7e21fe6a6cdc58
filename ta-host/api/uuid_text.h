/*
 * A TEE_UUID as text, xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, and back. Runs in ta-host.
 */
#ifndef TEESIM_TA_HOST_API_UUID_TEXT_H
#define TEESIM_TA_HOST_API_UUID_TEXT_H

#include <stdbool.h>

#include <tee_api_types.h>

#include "wire/uuid.h"

#define UUID_TEXT_LENGTH (UUID_TEXT_SIZE - 1)

/* Writes `uuid` in lower case, terminated. */
void uuid_text_format(const TEE_UUID *uuid, char text[UUID_TEXT_SIZE]);

/* Reads `text`, digits of either case; false, and `uuid` left alone, when it is anything else. */
bool uuid_text_parse(const char *text, TEE_UUID *uuid);

#endif
