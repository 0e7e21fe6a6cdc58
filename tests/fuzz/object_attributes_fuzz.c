/*
 * The attributes of an object as storage keeps them: whatever the octets are, they are refused, or
 * make an object that comes out as it went in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines.h>

#include "api/object.h"
#include "runtime_double.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t types[] = { TEE_TYPE_AES,
				  TEE_TYPE_DES3,
				  TEE_TYPE_GENERIC_SECRET,
				  TEE_TYPE_RSA_KEYPAIR,
				  TEE_TYPE_DH_KEYPAIR,
				  TEE_TYPE_DSA_PUBLIC_KEY,
				  TEE_TYPE_ECDSA_KEYPAIR,
				  TEE_TYPE_ECDSA_PUBLIC_KEY,
				  TEE_TYPE_ED25519_KEYPAIR,
				  TEE_TYPE_SM2_PKE_KEYPAIR };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct object_type *type;
	struct object *object, *again;
	uint8_t *encoded;
	size_t length;

	if (!size)
		return 0;
	type = object_type_find(types[data[0] % (sizeof(types) / sizeof(types[0]))]);
	runtime_double_reset();
	object = object_new(type, type->most);
	again = object_new(type, type->most);
	if (!object || !again)
		abort();
	if (object_parse(object, data + 1, size - 1) == 0) {
		length = object_encoded_size(object);
		encoded = malloc(length ? length : 1);
		if (!encoded)
			abort();
		object_encode(object, encoded);
		if (object_parse(again, encoded, length) != 0 ||
		    object_encoded_size(again) != length || again->size != object->size)
			abort();
		free(encoded);
	}
	object_free(object);
	object_free(again);
	return 0;
}
