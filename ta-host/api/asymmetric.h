/*
 * What the API hands to the families of asymmetric algorithms. Runs in ta-host, on the TA's thread.
 *
 * Each function has a key of the right kind in its operation. `*out_size` is the room, and then the
 * length of the result, which is also given with TEE_ERROR_SHORT_BUFFER; `out` is NULL only when
 * there is no room. A result that the API does not have for the call (asymmetric.c knows) panics:
 * TEE_ERROR_GENERIC when the key can't be used, TEE_ERROR_BAD_PARAMETERS when the digest has
 * another length than its algorithm.
 */
#ifndef TEESIM_TA_HOST_API_ASYMMETRIC_H
#define TEESIM_TA_HOST_API_ASYMMETRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tee_api_types.h>

#include "api/library.h"

struct operation;

struct octets {
	const uint8_t *at;
	size_t size;
};

/* Of the attributes that come with a call, checked. */
struct asymmetric_parameters {
	/* OAEP. */
	struct octets label;
	enum digest mgf; /* DIGEST_NONE: as the algorithm has it */
	/* PSS, in octets; -1: as long as the digest. */
	int salt_length;
	/* EdDSA. */
	struct octets context;
	bool has_context;
	bool prehash;
};

typedef TEE_Result asymmetric_transform(struct operation *operation,
					const struct asymmetric_parameters *parameters,
					struct octets in, uint8_t *out, size_t *out_size);
typedef TEE_Result asymmetric_check(struct operation *operation,
				    const struct asymmetric_parameters *parameters,
				    struct octets digest, struct octets signature);

asymmetric_transform rsa_encrypt, rsa_decrypt, rsa_sign, dsa_sign, ecdsa_sign, eddsa_sign, sm2_sign,
	sm2_encrypt, sm2_decrypt;
asymmetric_check rsa_verify, dsa_verify, ecdsa_verify, eddsa_verify, sm2_verify;

/* Notes how much a result takes; false when the room is less. */
bool asymmetric_has_room(const uint8_t *out, size_t *out_size, size_t needed);

#endif
