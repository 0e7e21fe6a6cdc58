/*
 * Ed448 in all its forms (RFC 8032, 5.2): with a context, and pre-hashed, which libcrypto 3.0 has
 * not. Runs in ta-host, on the TA's thread.
 *
 * The arithmetic is the library's, with numbers of any size; scalars go through a ladder whose
 * steps are the same for each bit.
 */
#ifndef TEESIM_TA_HOST_API_ED448_H
#define TEESIM_TA_HOST_API_ED448_H

#include <stdbool.h>
#include <stdint.h>

#include "api/asymmetric.h"

#define ED448_SIZE	     57U
#define ED448_SIGNATURE_SIZE (2 * ED448_SIZE)

struct ed448_message {
	bool prehash;
	/* At most 255 octets. */
	struct octets context;
	struct octets text;
};

/* False: there is no memory. */
bool ed448_sign(const uint8_t secret[ED448_SIZE], const struct ed448_message *message,
		uint8_t signature[ED448_SIGNATURE_SIZE]);

/* False also for a key that is no point of the curve. */
bool ed448_verify(const uint8_t identity[ED448_SIZE], const struct ed448_message *message,
		  const uint8_t signature[ED448_SIGNATURE_SIZE]);

#endif
