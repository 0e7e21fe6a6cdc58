/*
 * New keys (Internal Core API 5.6, TEE_GenerateKey). Runs in ta-host, on the TA's thread.
 */
#ifndef TEESIM_TA_HOST_API_KEY_GENERATION_H
#define TEESIM_TA_HOST_API_KEY_GENERATION_H

#include <stdint.h>
#include <tee_api_types.h>

struct object;

/*
 * Fills `object`, which holds the attributes that TEE_GenerateKey() was given and nothing else,
 * with a key of `bits`, a size that its type has. TEE_ERROR_BAD_PARAMETERS: those attributes make
 * no key of that size. After any error the object holds rubbish, and is the caller's to clear.
 */
TEE_Result key_generate(struct object *object, uint32_t bits);

#endif
