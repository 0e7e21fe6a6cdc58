/*
 * Objects and operations as tests need them, in one call each. Whatever fails ends the test.
 */
#ifndef TEESIM_TEST_KEYS_H
#define TEESIM_TEST_KEYS_H

#include <tee_api.h>

struct key_part {
	uint32_t id;
	/* Hexadecimal; NULL for a value, which is `value`. */
	const char *text;
	uint32_t value;
};

/* A populated object; `parts` end with an id of 0. */
TEE_ObjectHandle key_of_parts(uint32_t type, uint32_t bits, const struct key_part *parts);

/* A secret key of that many octets. */
TEE_ObjectHandle key_of_octets(uint32_t type, uint32_t max_bits, const void *octets, size_t size);

/* A new key; `curve` 0: none. */
TEE_ObjectHandle key_generated(uint32_t type, uint32_t bits, uint32_t curve);

TEE_OperationHandle operation_new(uint32_t algorithm, uint32_t mode, uint32_t bits);

/* With its key, which is freed. */
TEE_OperationHandle operation_for(uint32_t algorithm, uint32_t mode, uint32_t bits,
				  TEE_ObjectHandle key);

#endif
