#include "keys.h"

#include <criterion/criterion.h>

#include "vectors.h"

TEE_ObjectHandle key_of_parts(uint32_t type, uint32_t bits, const struct key_part *parts)
{
	TEE_Attribute attributes[8];
	struct vector vectors[8];
	TEE_ObjectHandle key;
	uint32_t count = 0;

	cr_assert_eq(TEE_AllocateTransientObject(type, bits, &key), TEE_SUCCESS);
	for (; parts[count].id; count++) {
		if (parts[count].text) {
			vectors[count] = vector_of(parts[count].text);
			TEE_InitRefAttribute(&attributes[count], parts[count].id, vectors[count].at,
					     vectors[count].size);
		} else {
			TEE_InitValueAttribute(&attributes[count], parts[count].id,
					       parts[count].value, 0);
		}
	}
	cr_assert_eq(TEE_PopulateTransientObject(key, attributes, count), TEE_SUCCESS);
	return key;
}

TEE_ObjectHandle key_of_octets(uint32_t type, uint32_t max_bits, const void *octets, size_t size)
{
	TEE_Attribute attribute;
	TEE_ObjectHandle key;

	cr_assert_eq(TEE_AllocateTransientObject(type, max_bits, &key), TEE_SUCCESS);
	TEE_InitRefAttribute(&attribute, TEE_ATTR_SECRET_VALUE, octets, size);
	cr_assert_eq(TEE_PopulateTransientObject(key, &attribute, 1), TEE_SUCCESS);
	return key;
}

TEE_ObjectHandle key_generated(uint32_t type, uint32_t bits, uint32_t curve)
{
	TEE_Attribute attribute;
	TEE_ObjectHandle key;

	cr_assert_eq(TEE_AllocateTransientObject(type, bits, &key), TEE_SUCCESS);
	TEE_InitValueAttribute(&attribute, TEE_ATTR_ECC_CURVE, curve, 0);
	cr_assert_eq(TEE_GenerateKey(key, bits, &attribute, curve ? 1 : 0), TEE_SUCCESS);
	return key;
}

TEE_OperationHandle operation_new(uint32_t algorithm, uint32_t mode, uint32_t bits)
{
	TEE_OperationHandle operation;

	cr_assert_eq(TEE_AllocateOperation(&operation, algorithm, mode, bits), TEE_SUCCESS,
		     "algorithm 0x%08x, mode %u, %u bits", algorithm, mode, bits);
	return operation;
}

TEE_OperationHandle operation_for(uint32_t algorithm, uint32_t mode, uint32_t bits,
				  TEE_ObjectHandle key)
{
	TEE_OperationHandle operation = operation_new(algorithm, mode, bits);

	cr_assert_eq(TEE_SetOperationKey(operation, key), TEE_SUCCESS);
	TEE_FreeTransientObject(key);
	return operation;
}
