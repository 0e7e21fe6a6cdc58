#include "api/ec_point.h"

#include <openssl/bn.h>
#include <string.h>
#include <tee_api_defines.h>

#include "api/library.h"
#include "api/number.h"
#include "api/object.h"

static bool coordinate_place(uint8_t *place, size_t size, const uint8_t *number, size_t length)
{
	while (length && !*number) {
		number++;
		length--;
	}
	if (length > size)
		return false;
	memset(place, 0, size - length);
	if (length)
		memcpy(place + size - length, number, length);
	return true;
}

EC_POINT *ec_point_parse(const struct curve *curve, const uint8_t *x, size_t x_size,
			 const uint8_t *y, size_t y_size)
{
	const EC_GROUP *group = library_curve_group(curve);
	const size_t size = ec_field_size(curve->bits);
	uint8_t encoded[1 + 2 * EC_FIELD_MAX] = { POINT_CONVERSION_UNCOMPRESSED };
	EC_POINT *point;

	if (!coordinate_place(encoded + 1, size, x, x_size) ||
	    !coordinate_place(encoded + 1 + size, size, y, y_size))
		return NULL;
	point = EC_POINT_new(group);
	/* Checks that both are below the field's prime, and the equation. */
	if (point && EC_POINT_oct2point(group, point, encoded, 1 + 2 * size, NULL) == 1)
		return point;
	EC_POINT_free(point);
	return NULL;
}

bool ec_point_write(const struct curve *curve, const EC_POINT *point, uint8_t *x, uint8_t *y)
{
	const size_t size = ec_field_size(curve->bits);
	uint8_t encoded[1 + 2 * EC_FIELD_MAX];

	if (EC_POINT_point2oct(library_curve_group(curve), point, POINT_CONVERSION_UNCOMPRESSED,
			       encoded, sizeof(encoded), NULL) != 1 + 2 * size)
		return false;
	memcpy(x, encoded + 1, size);
	memcpy(y, encoded + 1 + size, size);
	explicit_bzero(encoded, sizeof(encoded));
	return true;
}

const struct curve *ec_object_curve(const struct object *object)
{
	const struct attribute *curve = object_attribute(object, TEE_ATTR_ECC_CURVE);

	return library_curve_find(curve ? curve->a : TEE_ECC_CURVE_SM2);
}

EC_POINT *ec_object_point(const struct object *object)
{
	const struct attribute *x = object_attribute(object, TEE_ATTR_ECC_PUBLIC_VALUE_X);
	const struct attribute *y = object_attribute(object, TEE_ATTR_ECC_PUBLIC_VALUE_Y);

	return ec_point_parse(ec_object_curve(object), x->bytes, x->size, y->bytes, y->size);
}

BIGNUM *ec_object_private(const struct object *object)
{
	const BIGNUM *order = EC_GROUP_get0_order(library_curve_group(ec_object_curve(object)));
	BIGNUM *number = number_of(object, TEE_ATTR_ECC_PRIVATE_VALUE);

	if (number && !BN_is_zero(number) && BN_cmp(number, order) < 0) {
		BN_set_flags(number, BN_FLG_CONSTTIME);
		return number;
	}
	BN_clear_free(number);
	return NULL;
}
