#include "api/number.h"

#include <openssl/bn.h>
#include <string.h>

#include "api/object.h"

BIGNUM *number_of(const struct object *object, uint32_t id)
{
	const struct attribute *attribute = object_attribute(object, id);

	return attribute ? BN_bin2bn(attribute->bytes, (int)attribute->size, NULL) : NULL;
}

bool number_store(struct object *object, uint32_t id, const BIGNUM *number, size_t size)
{
	/* The largest number here is an RSA modulus. */
	uint8_t octets[4096 / 8];
	bool stored;

	if (!size)
		size = (size_t)BN_num_bytes(number);
	if (size > sizeof(octets) || BN_bn2binpad(number, octets, (int)size) < 0)
		return false;
	stored = object_set_bytes(object, id, octets, size);
	explicit_bzero(octets, sizeof(octets));
	return stored;
}
