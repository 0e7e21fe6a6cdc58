/*
 * Points on elliptic curves, and the keys that have them. Runs in ta-host, on the TA's thread.
 */
#ifndef TEESIM_TA_HOST_API_EC_POINT_H
#define TEESIM_TA_HOST_API_EC_POINT_H

#include <openssl/ec.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct curve;
struct object;

/* Octets of the largest field. */
#define EC_FIELD_MAX 66U

static inline size_t ec_field_size(uint32_t bits)
{
	return (bits + 7) / 8;
}

/* The point of two big-endian coordinates, the caller's to free; NULL when there is no such point
 * on the curve (or no memory). The point at infinity has no coordinates. */
EC_POINT *ec_point_parse(const struct curve *curve, const uint8_t *x, size_t x_size,
			 const uint8_t *y, size_t y_size);

/* Both coordinates, each as long as the field. False for the point at infinity. */
bool ec_point_write(const struct curve *curve, const EC_POINT *point, uint8_t *x, uint8_t *y);

/* Of an initialised EC or SM2 object. */
const struct curve *ec_object_curve(const struct object *object);
/* NULL when its coordinates are no point of its curve. */
EC_POINT *ec_object_point(const struct object *object);
/* The private number, the caller's to free; NULL when it is not from 1 to the order less one. */
BIGNUM *ec_object_private(const struct object *object);

#endif
