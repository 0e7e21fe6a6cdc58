/*
 * The functions of the API in their 1.1 form, see the kit's <tee_api_compat.h>: each calls the one
 * that it is named after, and converts between lengths of 32 and of 64 bits on the way.
 *
 * A length that 1.1 can't say panics; it takes a TA that is given more than 4 GiB.
 */
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>
#include <tee_api_compat.h>

#include "api/complaint.h"
#include "runtime.h"

static uint32_t length_to_gp11(size_t length)
{
	if (length > UINT32_MAX)
		runtime_panic(TEE_ERROR_OVERFLOW,
			      "a length does not fit the 32 bits that version 1.1 of the API has");
	return (uint32_t)length;
}

/* Reads the room that a TA gives; NULL is taken where the function behind takes NULL. */
static size_t *length_from_gp11(const uint32_t *length, size_t *wide)
{
	if (!length)
		return NULL;
	*wide = *length;
	return wide;
}

static void length_return(uint32_t *length, size_t wide)
{
	if (length)
		*length = length_to_gp11(wide);
}

static bool attribute_is_value(uint32_t id)
{
	return id & TEE_ATTR_FLAG_VALUE;
}

/* The attributes in the form of today, to be freed; NULL: none, or no memory for them. */
static TEE_Attribute *attributes_from_gp11(const __GP11_TEE_Attribute *old, uint32_t count)
{
	TEE_Attribute *attributes;

	if (!count)
		return NULL;
	if (!old)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "a list of attributes is NULL");
	attributes = calloc(count, sizeof(*attributes));
	if (!attributes)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		attributes[i].attributeID = old[i].attributeID;
		if (attribute_is_value(old[i].attributeID)) {
			attributes[i].content.value.a = old[i].content.value.a;
			attributes[i].content.value.b = old[i].content.value.b;
		} else {
			attributes[i].content.ref.buffer = old[i].content.ref.buffer;
			attributes[i].content.ref.length = old[i].content.ref.length;
		}
	}
	return attributes;
}

static bool is_memref(uint32_t types, unsigned int i)
{
	const uint32_t type = TEE_PARAM_TYPE_GET(types, i);

	return type >= TEE_PARAM_TYPE_MEMREF_INPUT && type <= TEE_PARAM_TYPE_MEMREF_INOUT;
}

static void params_from_gp11(TEE_Param wide[TEE_NUM_PARAMS], uint32_t types,
			     const __GP11_TEE_Param *old)
{
	memset(wide, 0, TEE_NUM_PARAMS * sizeof(*wide));
	for (unsigned int i = 0; old && i < TEE_NUM_PARAMS; i++) {
		if (is_memref(types, i)) {
			wide[i].memref.buffer = old[i].memref.buffer;
			wide[i].memref.size = old[i].memref.size;
		} else {
			wide[i].value.a = old[i].value.a;
			wide[i].value.b = old[i].value.b;
		}
	}
}

static void params_to_gp11(__GP11_TEE_Param *old, uint32_t types,
			   const TEE_Param wide[TEE_NUM_PARAMS])
{
	for (unsigned int i = 0; old && i < TEE_NUM_PARAMS; i++) {
		switch (TEE_PARAM_TYPE_GET(types, i)) {
		case TEE_PARAM_TYPE_VALUE_OUTPUT:
		case TEE_PARAM_TYPE_VALUE_INOUT:
			old[i].value.a = wide[i].value.a;
			old[i].value.b = wide[i].value.b;
			break;
		case TEE_PARAM_TYPE_MEMREF_OUTPUT:
		case TEE_PARAM_TYPE_MEMREF_INOUT:
			old[i].memref.size = length_to_gp11(wide[i].memref.size);
			break;
		default:
			break;
		}
	}
}

static void info_to_gp11(__GP11_TEE_ObjectInfo *old, const TEE_ObjectInfo *info)
{
	old->objectType = info->objectType;
	old->objectSize = info->objectSize;
	old->maxObjectSize = info->maxObjectSize;
	old->objectUsage = info->objectUsage;
	old->dataSize = length_to_gp11(info->dataSize);
	old->dataPosition = length_to_gp11(info->dataPosition);
	old->handleFlags = info->handleFlags;
}

/* 4.4 Properties */

TEE_Result __GP11_TEE_GetPropertyAsString(TEE_PropSetHandle propsetOrEnumerator, const char *name,
					  char *valueBuffer, uint32_t *valueBufferLen)
{
	size_t length = 0;
	TEE_Result result = TEE_GetPropertyAsString(propsetOrEnumerator, name, valueBuffer,
						    length_from_gp11(valueBufferLen, &length));

	length_return(valueBufferLen, length);
	return result;
}

TEE_Result __GP11_TEE_GetPropertyAsBinaryBlock(TEE_PropSetHandle propsetOrEnumerator,
					       const char *name, void *valueBuffer,
					       uint32_t *valueBufferLen)
{
	size_t length = 0;
	TEE_Result result = TEE_GetPropertyAsBinaryBlock(propsetOrEnumerator, name, valueBuffer,
							 length_from_gp11(valueBufferLen, &length));

	length_return(valueBufferLen, length);
	return result;
}

TEE_Result __GP11_TEE_GetPropertyName(TEE_PropSetHandle enumerator, void *nameBuffer,
				      uint32_t *nameBufferLen)
{
	size_t length = 0;
	TEE_Result result = TEE_GetPropertyName(enumerator, nameBuffer,
						length_from_gp11(nameBufferLen, &length));

	length_return(nameBufferLen, length);
	return result;
}

/* 4.9 Internal client API */

TEE_Result __GP11_TEE_OpenTASession(const TEE_UUID *destination,
				    uint32_t cancellationRequestTimeout, uint32_t paramTypes,
				    __GP11_TEE_Param params[TEE_NUM_PARAMS],
				    TEE_TASessionHandle *session, uint32_t *returnOrigin)
{
	TEE_Param wide[TEE_NUM_PARAMS];
	TEE_Result result;

	params_from_gp11(wide, paramTypes, params);
	result = TEE_OpenTASession(destination, cancellationRequestTimeout, paramTypes,
				   params ? wide : NULL, session, returnOrigin);
	params_to_gp11(params, paramTypes, wide);
	return result;
}

TEE_Result __GP11_TEE_InvokeTACommand(TEE_TASessionHandle session,
				      uint32_t cancellationRequestTimeout, uint32_t commandID,
				      uint32_t paramTypes, __GP11_TEE_Param params[TEE_NUM_PARAMS],
				      uint32_t *returnOrigin)
{
	TEE_Param wide[TEE_NUM_PARAMS];
	TEE_Result result;

	params_from_gp11(wide, paramTypes, params);
	result = TEE_InvokeTACommand(session, cancellationRequestTimeout, commandID, paramTypes,
				     params ? wide : NULL, returnOrigin);
	params_to_gp11(params, paramTypes, wide);
	return result;
}

/* 4.11 Memory */

TEE_Result __GP11_TEE_CheckMemoryAccessRights(uint32_t accessFlags, void *buffer, uint32_t size)
{
	return TEE_CheckMemoryAccessRights(accessFlags, buffer, size);
}

void *__GP11_TEE_Malloc(uint32_t size, uint32_t hint)
{
	return TEE_Malloc(size, hint);
}

void *__GP11_TEE_Realloc(void *buffer, uint32_t newSize)
{
	return TEE_Realloc(buffer, newSize);
}

void *__GP11_TEE_MemMove(void *dest, const void *src, uint32_t size)
{
	return TEE_MemMove(dest, src, size);
}

int32_t __GP11_TEE_MemCompare(const void *buffer1, const void *buffer2, uint32_t size)
{
	return TEE_MemCompare(buffer1, buffer2, size);
}

void __GP11_TEE_MemFill(void *buffer, uint32_t x, uint32_t size)
{
	TEE_MemFill(buffer, x, size);
}

/* 5.5 Objects */

void __GP11_TEE_GetObjectInfo(TEE_ObjectHandle object, __GP11_TEE_ObjectInfo *objectInfo)
{
	TEE_ObjectInfo info = { 0 };

	if (!objectInfo)
		complain("TEE_GetObjectInfo", TEE_ERROR_BAD_PARAMETERS, "objectInfo is NULL");
	TEE_GetObjectInfo(object, &info);
	info_to_gp11(objectInfo, &info);
}

TEE_Result __GP11_TEE_GetObjectInfo1(TEE_ObjectHandle object, __GP11_TEE_ObjectInfo *objectInfo)
{
	TEE_ObjectInfo info = { 0 };
	TEE_Result result;

	if (!objectInfo)
		complain("TEE_GetObjectInfo1", TEE_ERROR_BAD_PARAMETERS, "objectInfo is NULL");
	result = TEE_GetObjectInfo1(object, &info);
	if (result == TEE_SUCCESS)
		info_to_gp11(objectInfo, &info);
	return result;
}

TEE_Result __GP11_TEE_GetObjectBufferAttribute(TEE_ObjectHandle object, uint32_t attributeID,
					       void *buffer, uint32_t *size)
{
	size_t length = 0;
	TEE_Result result = TEE_GetObjectBufferAttribute(object, attributeID, buffer,
							 length_from_gp11(size, &length));

	length_return(size, length);
	return result;
}

/* 5.6 Transient objects */

TEE_Result __GP11_TEE_AllocateTransientObject(TEE_ObjectType objectType, uint32_t maxObjectSize,
					      TEE_ObjectHandle *object)
{
	return TEE_AllocateTransientObject(objectType, maxObjectSize, object);
}

TEE_Result __GP11_TEE_PopulateTransientObject(TEE_ObjectHandle object,
					      const __GP11_TEE_Attribute *attrs, uint32_t attrCount)
{
	TEE_Attribute *wide = attributes_from_gp11(attrs, attrCount);
	TEE_Result result = TEE_ERROR_OUT_OF_MEMORY;

	if (wide || !attrCount)
		result = TEE_PopulateTransientObject(object, wide, attrCount);
	free(wide);
	return result;
}

void __GP11_TEE_InitRefAttribute(__GP11_TEE_Attribute *attr, uint32_t attributeID,
				 const void *buffer, uint32_t length)
{
	TEE_Attribute wide;

	if (!attr)
		complain("TEE_InitRefAttribute", TEE_ERROR_BAD_PARAMETERS, "attr is NULL");
	TEE_InitRefAttribute(&wide, attributeID, buffer, length);
	attr->attributeID = wide.attributeID;
	attr->content.ref.buffer = wide.content.ref.buffer;
	attr->content.ref.length = length;
}

void __GP11_TEE_InitValueAttribute(__GP11_TEE_Attribute *attr, uint32_t attributeID, uint32_t a,
				   uint32_t b)
{
	TEE_Attribute wide;

	if (!attr)
		complain("TEE_InitValueAttribute", TEE_ERROR_BAD_PARAMETERS, "attr is NULL");
	TEE_InitValueAttribute(&wide, attributeID, a, b);
	attr->attributeID = wide.attributeID;
	attr->content.value.a = wide.content.value.a;
	attr->content.value.b = wide.content.value.b;
}

TEE_Result __GP11_TEE_GenerateKey(TEE_ObjectHandle object, uint32_t keySize,
				  const __GP11_TEE_Attribute *params, uint32_t paramCount)
{
	TEE_Attribute *wide = attributes_from_gp11(params, paramCount);
	TEE_Result result = TEE_ERROR_OUT_OF_MEMORY;

	if (wide || !paramCount)
		result = TEE_GenerateKey(object, keySize, wide, paramCount);
	free(wide);
	return result;
}

/* 5.7 to 5.9 Persistent objects */

TEE_Result __GP11_TEE_OpenPersistentObject(uint32_t storageID, const void *objectID,
					   uint32_t objectIDLen, uint32_t flags,
					   TEE_ObjectHandle *object)
{
	return TEE_OpenPersistentObject(storageID, objectID, objectIDLen, flags, object);
}

TEE_Result __GP11_TEE_CreatePersistentObject(uint32_t storageID, const void *objectID,
					     uint32_t objectIDLen, uint32_t flags,
					     TEE_ObjectHandle attributes, const void *initialData,
					     uint32_t initialDataLen, TEE_ObjectHandle *object)
{
	return TEE_CreatePersistentObject(storageID, objectID, objectIDLen, flags, attributes,
					  initialData, initialDataLen, object);
}

TEE_Result __GP11_TEE_RenamePersistentObject(TEE_ObjectHandle object, const void *newObjectID,
					     uint32_t newObjectIDLen)
{
	return TEE_RenamePersistentObject(object, newObjectID, newObjectIDLen);
}

TEE_Result __GP11_TEE_GetNextPersistentObject(TEE_ObjectEnumHandle objectEnumerator,
					      __GP11_TEE_ObjectInfo *objectInfo, void *objectID,
					      uint32_t *objectIDLen)
{
	TEE_ObjectInfo info = { 0 };
	size_t length = 0;
	TEE_Result result =
		TEE_GetNextPersistentObject(objectEnumerator, objectInfo ? &info : NULL, objectID,
					    length_from_gp11(objectIDLen, &length));

	if (result == TEE_SUCCESS && objectInfo)
		info_to_gp11(objectInfo, &info);
	length_return(objectIDLen, length);
	return result;
}

TEE_Result __GP11_TEE_ReadObjectData(TEE_ObjectHandle object, void *buffer, uint32_t size,
				     uint32_t *count)
{
	size_t wide = 0;
	TEE_Result result =
		TEE_ReadObjectData(object, buffer, size, length_from_gp11(count, &wide));

	length_return(count, wide);
	return result;
}

TEE_Result __GP11_TEE_WriteObjectData(TEE_ObjectHandle object, const void *buffer, uint32_t size)
{
	return TEE_WriteObjectData(object, buffer, size);
}

TEE_Result __GP11_TEE_TruncateObjectData(TEE_ObjectHandle object, uint32_t size)
{
	return TEE_TruncateObjectData(object, size);
}

TEE_Result __GP11_TEE_SeekObjectData(TEE_ObjectHandle object, int32_t offset, TEE_Whence whence)
{
	return TEE_SeekObjectData(object, offset, whence);
}

/* 6.2 Operations */

void __GP11_TEE_FreeOperation(TEE_OperationHandle operation)
{
	if (operation == TEE_HANDLE_NULL)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "TEE_FreeOperation: operation is TEE_HANDLE_NULL, which version 1.1 "
			      "of the API forbids");
	TEE_FreeOperation(operation);
}

TEE_Result __GP11_TEE_GetOperationInfoMultiple(TEE_OperationHandle operation,
					       TEE_OperationInfoMultiple *operationInfoMultiple,
					       uint32_t *operationSize)
{
	size_t length = 0;
	TEE_Result result = TEE_GetOperationInfoMultiple(operation, operationInfoMultiple,
							 length_from_gp11(operationSize, &length));

	length_return(operationSize, length);
	return result;
}

TEE_Result __GP11_TEE_SetOperationKey(TEE_OperationHandle operation, TEE_ObjectHandle key)
{
	return TEE_SetOperationKey(operation, key);
}

TEE_Result __GP11_TEE_SetOperationKey2(TEE_OperationHandle operation, TEE_ObjectHandle key1,
				       TEE_ObjectHandle key2)
{
	return TEE_SetOperationKey2(operation, key1, key2);
}

/* 6.3 Message digests */

void __GP11_TEE_DigestUpdate(TEE_OperationHandle operation, const void *chunk, uint32_t chunkSize)
{
	TEE_DigestUpdate(operation, chunk, chunkSize);
}

TEE_Result __GP11_TEE_DigestDoFinal(TEE_OperationHandle operation, const void *chunk,
				    uint32_t chunkLen, void *hash, uint32_t *hashLen)
{
	size_t length = 0;
	TEE_Result result = TEE_DigestDoFinal(operation, chunk, chunkLen, hash,
					      length_from_gp11(hashLen, &length));

	length_return(hashLen, length);
	return result;
}

/* 6.4 Symmetric ciphers */

void __GP11_TEE_CipherInit(TEE_OperationHandle operation, const void *IV, uint32_t IVLen)
{
	TEE_CipherInit(operation, IV, IVLen);
}

TEE_Result __GP11_TEE_CipherUpdate(TEE_OperationHandle operation, const void *srcData,
				   uint32_t srcLen, void *destData, uint32_t *destLen)
{
	size_t length = 0;
	TEE_Result result = TEE_CipherUpdate(operation, srcData, srcLen, destData,
					     length_from_gp11(destLen, &length));

	length_return(destLen, length);
	return result;
}

TEE_Result __GP11_TEE_CipherDoFinal(TEE_OperationHandle operation, const void *srcData,
				    uint32_t srcLen, void *destData, uint32_t *destLen)
{
	size_t length = 0;
	TEE_Result result = TEE_CipherDoFinal(operation, srcData, srcLen, destData,
					      length_from_gp11(destLen, &length));

	length_return(destLen, length);
	return result;
}

/* 6.5 Message authentication codes */

void __GP11_TEE_MACInit(TEE_OperationHandle operation, const void *IV, uint32_t IVLen)
{
	TEE_MACInit(operation, IV, IVLen);
}

void __GP11_TEE_MACUpdate(TEE_OperationHandle operation, const void *chunk, uint32_t chunkSize)
{
	TEE_MACUpdate(operation, chunk, chunkSize);
}

TEE_Result __GP11_TEE_MACComputeFinal(TEE_OperationHandle operation, const void *message,
				      uint32_t messageLen, void *mac, uint32_t *macLen)
{
	size_t length = 0;
	TEE_Result result = TEE_MACComputeFinal(operation, message, messageLen, mac,
						length_from_gp11(macLen, &length));

	length_return(macLen, length);
	return result;
}

TEE_Result __GP11_TEE_MACCompareFinal(TEE_OperationHandle operation, const void *message,
				      uint32_t messageLen, const void *mac, uint32_t macLen)
{
	return TEE_MACCompareFinal(operation, message, messageLen, mac, macLen);
}

/* 6.6 Authenticated encryption */

TEE_Result __GP11_TEE_AEInit(TEE_OperationHandle operation, const void *nonce, uint32_t nonceLen,
			     uint32_t tagLen, uint32_t AADLen, uint32_t payloadLen)
{
	return TEE_AEInit(operation, nonce, nonceLen, tagLen, AADLen, payloadLen);
}

void __GP11_TEE_AEUpdateAAD(TEE_OperationHandle operation, const void *AADdata, uint32_t AADdataLen)
{
	TEE_AEUpdateAAD(operation, AADdata, AADdataLen);
}

TEE_Result __GP11_TEE_AEUpdate(TEE_OperationHandle operation, const void *srcData, uint32_t srcLen,
			       void *destData, uint32_t *destLen)
{
	size_t length = 0;
	TEE_Result result = TEE_AEUpdate(operation, srcData, srcLen, destData,
					 length_from_gp11(destLen, &length));

	length_return(destLen, length);
	return result;
}

TEE_Result __GP11_TEE_AEEncryptFinal(TEE_OperationHandle operation, const void *srcData,
				     uint32_t srcLen, void *destData, uint32_t *destLen, void *tag,
				     uint32_t *tagLen)
{
	size_t length = 0, tag_length = 0;
	TEE_Result result = TEE_AEEncryptFinal(operation, srcData, srcLen, destData,
					       length_from_gp11(destLen, &length), tag,
					       length_from_gp11(tagLen, &tag_length));

	length_return(destLen, length);
	length_return(tagLen, tag_length);
	return result;
}

TEE_Result __GP11_TEE_AEDecryptFinal(TEE_OperationHandle operation, const void *srcData,
				     uint32_t srcLen, void *destData, uint32_t *destLen, void *tag,
				     uint32_t tagLen)
{
	size_t length = 0;
	TEE_Result result = TEE_AEDecryptFinal(operation, srcData, srcLen, destData,
					       length_from_gp11(destLen, &length), tag, tagLen);

	length_return(destLen, length);
	return result;
}

/* 6.7 Asymmetric operations */

typedef TEE_Result (*asymmetric_function)(TEE_OperationHandle operation,
					  const TEE_Attribute *params, uint32_t paramCount,
					  const void *in, size_t in_length, void *out,
					  size_t *out_length);

static TEE_Result asymmetric_gp11(asymmetric_function function, TEE_OperationHandle operation,
				  const __GP11_TEE_Attribute *params, uint32_t count,
				  const void *in, uint32_t in_length, void *out,
				  uint32_t *out_length)
{
	TEE_Attribute *wide = attributes_from_gp11(params, count);
	TEE_Result result = TEE_ERROR_OUT_OF_MEMORY;
	size_t length = 0;

	if (wide || !count) {
		result = function(operation, wide, count, in, in_length, out,
				  length_from_gp11(out_length, &length));
		length_return(out_length, length);
	}
	free(wide);
	return result;
}

TEE_Result __GP11_TEE_AsymmetricEncrypt(TEE_OperationHandle operation,
					const __GP11_TEE_Attribute *params, uint32_t paramCount,
					const void *srcData, uint32_t srcLen, void *destData,
					uint32_t *destLen)
{
	return asymmetric_gp11(TEE_AsymmetricEncrypt, operation, params, paramCount, srcData,
			       srcLen, destData, destLen);
}

TEE_Result __GP11_TEE_AsymmetricDecrypt(TEE_OperationHandle operation,
					const __GP11_TEE_Attribute *params, uint32_t paramCount,
					const void *srcData, uint32_t srcLen, void *destData,
					uint32_t *destLen)
{
	return asymmetric_gp11(TEE_AsymmetricDecrypt, operation, params, paramCount, srcData,
			       srcLen, destData, destLen);
}

TEE_Result __GP11_TEE_AsymmetricSignDigest(TEE_OperationHandle operation,
					   const __GP11_TEE_Attribute *params, uint32_t paramCount,
					   const void *digest, uint32_t digestLen, void *signature,
					   uint32_t *signatureLen)
{
	return asymmetric_gp11(TEE_AsymmetricSignDigest, operation, params, paramCount, digest,
			       digestLen, signature, signatureLen);
}

TEE_Result __GP11_TEE_AsymmetricVerifyDigest(TEE_OperationHandle operation,
					     const __GP11_TEE_Attribute *params,
					     uint32_t paramCount, const void *digest,
					     uint32_t digestLen, const void *signature,
					     uint32_t signatureLen)
{
	TEE_Attribute *wide = attributes_from_gp11(params, paramCount);
	TEE_Result result = TEE_ERROR_OUT_OF_MEMORY;

	if (wide || !paramCount)
		result = TEE_AsymmetricVerifyDigest(operation, wide, paramCount, digest, digestLen,
						    signature, signatureLen);
	free(wide);
	return result;
}

/* 6.8 Key derivation */

void __GP11_TEE_DeriveKey(TEE_OperationHandle operation, const __GP11_TEE_Attribute *params,
			  uint32_t paramCount, TEE_ObjectHandle derivedKey)
{
	TEE_Attribute *wide = attributes_from_gp11(params, paramCount);

	if (!wide && paramCount)
		runtime_panic(TEE_ERROR_OUT_OF_MEMORY, "TEE_DeriveKey: no memory for attributes");
	TEE_DeriveKey(operation, wide, paramCount, derivedKey);
	free(wide);
}

/* 6.9 Random data */

void __GP11_TEE_GenerateRandom(void *randomBuffer, uint32_t randomBufferLen)
{
	TEE_GenerateRandom(randomBuffer, randomBufferLen);
}

/* 8 Big integers */

uint32_t __GP11_TEE_BigIntFMMSizeInU32(uint32_t modulusSizeInBits)
{
	return length_to_gp11(TEE_BigIntFMMSizeInU32(modulusSizeInBits));
}

uint32_t __GP11_TEE_BigIntFMMContextSizeInU32(uint32_t modulusSizeInBits)
{
	return length_to_gp11(TEE_BigIntFMMContextSizeInU32(modulusSizeInBits));
}

void __GP11_TEE_BigIntInit(TEE_BigInt *bigInt, uint32_t len)
{
	TEE_BigIntInit(bigInt, len);
}

void __GP11_TEE_BigIntInitFMM(TEE_BigIntFMM *bigIntFMM, uint32_t len)
{
	TEE_BigIntInitFMM(bigIntFMM, len);
}

void __GP11_TEE_BigIntInitFMMContext(TEE_BigIntFMMContext *context, uint32_t len,
				     const TEE_BigInt *modulus)
{
	TEE_BigIntInitFMMContext(context, len, modulus);
}

TEE_Result __GP11_TEE_BigIntConvertFromOctetString(TEE_BigInt *dest, const uint8_t *buffer,
						   uint32_t bufferLen, int32_t sign)
{
	return TEE_BigIntConvertFromOctetString(dest, buffer, bufferLen, sign);
}

TEE_Result __GP11_TEE_BigIntConvertToOctetString(uint8_t *buffer, uint32_t *bufferLen,
						 const TEE_BigInt *bigInt)
{
	size_t length = 0;
	TEE_Result result = TEE_BigIntConvertToOctetString(
		buffer, length_from_gp11(bufferLen, &length), bigInt);

	length_return(bufferLen, length);
	return result;
}

void __GP11_TEE_BigIntShiftRight(TEE_BigInt *dest, const TEE_BigInt *op, uint32_t bits)
{
	TEE_BigIntShiftRight(dest, op, bits);
}
