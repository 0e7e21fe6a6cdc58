/* Draws random data, keys, signatures and a prime from all that makes them. */
#include <stdlib.h>
#include <string.h>
#include <tee_internal_api.h>

#include <seed_ta.h>

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	(void)types;
	(void)params;
	(void)context;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
	(void)context;
}

struct output {
	uint8_t *at;
	size_t left;
};

static void put(struct output *output, const void *from, size_t size)
{
	if (size > output->left)
		TEE_Panic(TEE_ERROR_SHORT_BUFFER);
	memcpy(output->at, from, size);
	output->at += size;
	output->left -= size;
}

static TEE_ObjectHandle key_new(struct output *output, uint32_t type, uint32_t bits,
				uint32_t attribute, const TEE_Attribute *with, uint32_t count)
{
	TEE_ObjectHandle key;
	uint8_t part[600];
	size_t size = sizeof(part);

	if (TEE_AllocateTransientObject(type, bits, &key) != TEE_SUCCESS ||
	    TEE_GenerateKey(key, bits, with, count) != TEE_SUCCESS ||
	    TEE_GetObjectBufferAttribute(key, attribute, part, &size) != TEE_SUCCESS)
		TEE_Panic(TEE_ERROR_GENERIC);
	put(output, part, size);
	return key;
}

static void sign(struct output *output, TEE_ObjectHandle key)
{
	TEE_OperationHandle operation;
	uint8_t digest[32] = { 7 }, signature[64];
	size_t size = sizeof(signature);

	if (TEE_AllocateOperation(&operation, TEE_ALG_ECDSA_SHA256, TEE_MODE_SIGN, 256) !=
		    TEE_SUCCESS ||
	    TEE_SetOperationKey(operation, key) != TEE_SUCCESS ||
	    TEE_AsymmetricSignDigest(operation, NULL, 0, digest, sizeof(digest), signature,
				     &size) != TEE_SUCCESS)
		TEE_Panic(TEE_ERROR_GENERIC);
	put(output, signature, size);
	TEE_FreeOperation(operation);
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	struct output output = { params[0].memref.buffer, params[0].memref.size };
	TEE_Attribute curve;
	TEE_ObjectHandle key;
	TEE_UUID device;
	uint8_t octets[64];
	/* NOLINTNEXTLINE(cert-msc30-c,cert-msc50-cpp): it is looked at for the same every time */
	int number = rand();

	(void)context;
	(void)command;
	if (types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT, 0, 0, 0))
		return TEE_ERROR_BAD_PARAMETERS;
	TEE_GenerateRandom(octets, sizeof(octets));
	put(&output, octets, sizeof(octets));
	put(&output, &number, sizeof(number));
	TEE_InitValueAttribute(&curve, TEE_ATTR_ECC_CURVE, TEE_ECC_CURVE_NIST_P256, 0);
	key = key_new(&output, TEE_TYPE_ECDSA_KEYPAIR, 256, TEE_ATTR_ECC_PUBLIC_VALUE_X, &curve, 1);
	sign(&output, key);
	TEE_FreeTransientObject(key);
	TEE_FreeTransientObject(
		key_new(&output, TEE_TYPE_RSA_KEYPAIR, 1024, TEE_ATTR_RSA_MODULUS, NULL, 0));
	TEE_FreeTransientObject(
		key_new(&output, TEE_TYPE_AES, 256, TEE_ATTR_SECRET_VALUE, NULL, 0));
	TEE_FreeTransientObject(key_new(&output, TEE_TYPE_X25519_KEYPAIR, 256,
					TEE_ATTR_X25519_PUBLIC_VALUE, NULL, 0));
	if (TEE_GetPropertyAsUUID(TEE_PROPSET_TEE_IMPLEMENTATION, "gpd.tee.deviceID", &device) !=
	    TEE_SUCCESS)
		return TEE_ERROR_GENERIC;
	put(&output, &device, sizeof(device));
	params[0].memref.size -= output.left;
	return TEE_SUCCESS;
}
