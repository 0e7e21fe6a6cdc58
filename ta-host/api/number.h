/*
 * The library's numbers and the attributes of objects. Runs in ta-host, on the TA's thread.
 */
#ifndef TEESIM_TA_HOST_API_NUMBER_H
#define TEESIM_TA_HOST_API_NUMBER_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object;

/* The caller's, to be freed; NULL when the object lacks the attribute, or there is no memory. */
BIGNUM *number_of(const struct object *object, uint32_t id);

/* As octets, `size` of them or, when that is 0, as many as it takes. */
bool number_store(struct object *object, uint32_t id, const BIGNUM *number, size_t size);

#endif
