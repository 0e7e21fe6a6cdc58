/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions of the GlobalPlatform TEE Internal Core API 1.3.1, in the order of its chapters. Their
 * 1.1 forms are in tee_api_compat.h.
 *
 * What holds for all of them: lengths and sizes are in bytes and key sizes in bits, unless said
 * otherwise. A pointer to a length is the room on the way in and the length of the result on the
 * way out, also when the answer is TEE_ERROR_SHORT_BUFFER. The caller owns every buffer; nothing is
 * kept after the return, except where a function says so. An invalid handle, a handle in the wrong
 * state, and a pointer to memory that the TA may not access in the way of the function, panic the
 * TA: only this instance dies, and its clients get TEE_ERROR_TARGET_DEAD.
 */
#ifndef TEE_API_H
#define TEE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <compiler.h>
#include <tee_api_defines.h>
#include <tee_api_types.h>
#include <trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * 4.4 Property access
 *
 * The first argument is a TEE_PROPSET_… set and then @name names the property, or it is a started
 * enumerator and @name is ignored. TEE_ERROR_ITEM_NOT_FOUND: no such property, or the enumerator is
 * at its end. TEE_ERROR_BAD_FORMAT: the property can't be read as that type.
 */

/* TEE_GetPropertyAsString() - any property as text with its terminator; see above for results */
TEE_Result TEE_GetPropertyAsString(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				   char *valueBuffer, size_t *valueBufferLen);

/* TEE_GetPropertyAsBool() - the text "true" or "false" in any case, as a bool */
TEE_Result TEE_GetPropertyAsBool(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				 bool *value);

/* TEE_GetPropertyAsU32() - an integer property that fits 32 bits */
TEE_Result TEE_GetPropertyAsU32(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				uint32_t *value);

/* TEE_GetPropertyAsU64() - an integer property that fits 64 bits */
TEE_Result TEE_GetPropertyAsU64(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				uint64_t *value);

/* TEE_GetPropertyAsBinaryBlock() - the bytes that a base64 property stands for */
TEE_Result TEE_GetPropertyAsBinaryBlock(TEE_PropSetHandle propsetOrEnumerator, const char *name,
					void *valueBuffer, size_t *valueBufferLen);

/* TEE_GetPropertyAsUUID() - a property that holds a UUID */
TEE_Result TEE_GetPropertyAsUUID(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				 TEE_UUID *value);

/* TEE_GetPropertyAsIdentity() - a property that holds a login and its UUID */
TEE_Result TEE_GetPropertyAsIdentity(TEE_PropSetHandle propsetOrEnumerator, const char *name,
				     TEE_Identity *value);

/*
 * TEE_AllocatePropertyEnumerator() - a new enumerator, not started
 *
 * The caller owns *@enumerator until TEE_FreePropertyEnumerator(). TEE_ERROR_OUT_OF_MEMORY.
 */
TEE_Result TEE_AllocatePropertyEnumerator(TEE_PropSetHandle *enumerator);

/* TEE_FreePropertyEnumerator() - end of an enumerator; the handle is invalid from then on */
void TEE_FreePropertyEnumerator(TEE_PropSetHandle enumerator);

/* TEE_StartPropertyEnumerator() - go to the first property of @propSet, also when started before */
void TEE_StartPropertyEnumerator(TEE_PropSetHandle enumerator, TEE_PropSetHandle propSet);

/* TEE_ResetPropertyEnumerator() - back to the state after allocation */
void TEE_ResetPropertyEnumerator(TEE_PropSetHandle enumerator);

/*
 * TEE_GetPropertyName() - name of the enumerator's property, with its terminator
 *
 * TEE_ERROR_ITEM_NOT_FOUND: not started, or past the end. TEE_ERROR_SHORT_BUFFER.
 */
TEE_Result TEE_GetPropertyName(TEE_PropSetHandle enumerator, void *nameBuffer,
			       size_t *nameBufferLen);

/* TEE_GetNextProperty() - go on; TEE_ERROR_ITEM_NOT_FOUND: there is none, or not started */
TEE_Result TEE_GetNextProperty(TEE_PropSetHandle enumerator);

/* 4.8 Panics */

/* TEE_Panic() - end this instance; @panicCode is the TA's own and goes to the log. No return. */
void TEE_Panic(TEE_Result panicCode) __noreturn;

/* 4.9 Internal client API */

/*
 * TEE_OpenTASession() - open a session with another TA
 *
 * @destination: UUID of that TA
 * @cancellationRequestTimeout: milliseconds after which the call is cancelled, or
 * TEE_TIMEOUT_INFINITE
 * @paramTypes, @params: up to four parameters, as TA_OpenSessionEntryPoint() gets them; may be NULL
 * when all types are NONE
 * @session: receives the session, to be closed with TEE_CloseTASession(); TEE_HANDLE_NULL on error
 * @returnOrigin: receives a TEE_ORIGIN_… value; may be NULL
 *
 * TEE_ERROR_ITEM_NOT_FOUND: no such TA. TEE_ERROR_BUSY, TEE_ERROR_TARGET_DEAD, TEE_ERROR_CANCEL,
 * or what the other TA returned, when the origin is TEE_ORIGIN_TRUSTED_APP.
 */
TEE_Result TEE_OpenTASession(const TEE_UUID *destination, uint32_t cancellationRequestTimeout,
			     uint32_t paramTypes, TEE_Param params[TEE_NUM_PARAMS],
			     TEE_TASessionHandle *session, uint32_t *returnOrigin);

/* TEE_CloseTASession() - close a session; TEE_HANDLE_NULL does nothing */
void TEE_CloseTASession(TEE_TASessionHandle session);

/* TEE_InvokeTACommand() - run a command in a session; arguments and results as for opening it */
TEE_Result TEE_InvokeTACommand(TEE_TASessionHandle session, uint32_t cancellationRequestTimeout,
			       uint32_t commandID, uint32_t paramTypes,
			       TEE_Param params[TEE_NUM_PARAMS], uint32_t *returnOrigin);

/* 4.10 Cancellation: masked when a command begins */

/* TEE_GetCancellationFlag() - the running command is to be cancelled, and that is not masked */
bool TEE_GetCancellationFlag(void);

/* TEE_UnmaskCancellation() - let cancellations through; returns whether they were masked before */
bool TEE_UnmaskCancellation(void);

/* TEE_MaskCancellation() - hold cancellations back; returns whether they were masked before */
bool TEE_MaskCancellation(void);

/* 4.11 Memory */

/*
 * TEE_CheckMemoryAccessRights() - may the TA use @size bytes at @buffer in this way?
 *
 * @accessFlags: TEE_MEMORY_ACCESS_READ, _WRITE, and _ANY_OWNER to accept memory that is shared with
 * a client
 *
 * TEE_SUCCESS, also for a @size of 0; TEE_ERROR_ACCESS_DENIED. Never panics.
 */
TEE_Result TEE_CheckMemoryAccessRights(uint32_t accessFlags, void *buffer, size_t size);

/* TEE_SetInstanceData() - keep one pointer for the instance; it is not followed or freed */
void TEE_SetInstanceData(const void *instanceData);

/* TEE_GetInstanceData() - the pointer that TEE_SetInstanceData() kept, NULL when there is none */
void *TEE_GetInstanceData(void);

/*
 * TEE_Malloc() - allocate @size bytes, aligned for any type
 *
 * @hint: TEE_MALLOC_FILL_ZERO, or TEE_MALLOC_NO_FILL and TEE_MALLOC_NO_SHARE, or-ed
 *
 * The memory, which the caller owns and frees with TEE_Free(); NULL when there is none. For a @size
 * of 0 a pointer that is not NULL and must not be followed.
 */
void *TEE_Malloc(size_t size, uint32_t hint);

/*
 * TEE_Realloc() - change the size of an allocation, which may move
 *
 * @buffer: from TEE_Malloc() or TEE_Realloc(), or NULL to allocate. The added part is filled as the
 * hint of the allocation says. NULL when there is no memory, and @buffer is then still valid.
 */
void *TEE_Realloc(void *buffer, size_t newSize);

/* TEE_Free() - give an allocation back; NULL does nothing */
void TEE_Free(void *buffer);

/* TEE_MemMove() - copy @size bytes between buffers that may overlap; returns @dest */
void *TEE_MemMove(void *dest, const void *src, size_t size);

/*
 * TEE_MemCompare() - compare @size bytes, in a time that does not depend on them
 *
 * Below, equal to or above 0, as the first bytes that differ say, taken as uint8_t.
 */
int32_t TEE_MemCompare(const void *buffer1, const void *buffer2, size_t size);

/* TEE_MemFill() - set @size bytes to the low byte of @x */
void TEE_MemFill(void *buffer, uint32_t x, size_t size);

/*
 * 5 Trusted storage
 *
 * Functions on persistent objects also return TEE_ERROR_CORRUPT_OBJECT (the handle is then closed,
 * unless the TA's flags say otherwise) and TEE_ERROR_STORAGE_NOT_AVAILABLE.
 */

/* 5.5 Generic object functions */

/* TEE_GetObjectInfo() - deprecated form of TEE_GetObjectInfo1(), which panics on its errors */
void TEE_GetObjectInfo(TEE_ObjectHandle object, TEE_ObjectInfo *objectInfo);

/* TEE_GetObjectInfo1() - type, sizes, usage and handle flags of an object */
TEE_Result TEE_GetObjectInfo1(TEE_ObjectHandle object, TEE_ObjectInfo *objectInfo);

/* TEE_RestrictObjectUsage() - deprecated form of TEE_RestrictObjectUsage1() */
void TEE_RestrictObjectUsage(TEE_ObjectHandle object, uint32_t objectUsage);

/* TEE_RestrictObjectUsage1() - drop every usage that is not in @objectUsage, for good */
TEE_Result TEE_RestrictObjectUsage1(TEE_ObjectHandle object, uint32_t objectUsage);

/*
 * TEE_GetObjectBufferAttribute() - bytes of one attribute of an object
 *
 * TEE_ERROR_ITEM_NOT_FOUND: the object has no such attribute. TEE_ERROR_SHORT_BUFFER. Panics for a
 * value attribute, and for a protected one of an object without TEE_USAGE_EXTRACTABLE.
 */
TEE_Result TEE_GetObjectBufferAttribute(TEE_ObjectHandle object, uint32_t attributeID, void *buffer,
					size_t *size);

/* TEE_GetObjectValueAttribute() - the two words of a value attribute; either pointer may be NULL */
TEE_Result TEE_GetObjectValueAttribute(TEE_ObjectHandle object, uint32_t attributeID, uint32_t *a,
				       uint32_t *b);

/* TEE_CloseObject() - release a handle; a transient object is freed. TEE_HANDLE_NULL: nothing */
void TEE_CloseObject(TEE_ObjectHandle object);

/* 5.6 Transient objects */

/*
 * TEE_AllocateTransientObject() - an empty container for a key
 *
 * @objectType: TEE_TYPE_…; @maxObjectSize: the largest key it shall hold, in bits
 * @object: receives the handle, the caller's until TEE_FreeTransientObject()
 *
 * TEE_ERROR_NOT_SUPPORTED: no such type or size. TEE_ERROR_OUT_OF_MEMORY.
 */
TEE_Result TEE_AllocateTransientObject(TEE_ObjectType objectType, uint32_t maxObjectSize,
				       TEE_ObjectHandle *object);

/* TEE_FreeTransientObject() - wipe and free; TEE_HANDLE_NULL does nothing */
void TEE_FreeTransientObject(TEE_ObjectHandle object);

/* TEE_ResetTransientObject() - wipe, and make the container usable again */
void TEE_ResetTransientObject(TEE_ObjectHandle object);

/*
 * TEE_PopulateTransientObject() - put a key into an empty container
 *
 * @attrs: @attrCount attributes; they are copied. TEE_ERROR_BAD_PARAMETERS: a value that is not
 * consistent. Panics when one is missing, or does not belong to the type.
 */
TEE_Result TEE_PopulateTransientObject(TEE_ObjectHandle object, const TEE_Attribute *attrs,
				       uint32_t attrCount);

/* TEE_InitRefAttribute() - fill in @attr; it keeps the pointer @buffer, not a copy */
void TEE_InitRefAttribute(TEE_Attribute *attr, uint32_t attributeID, const void *buffer,
			  size_t length);

/* TEE_InitValueAttribute() - fill in @attr with two words */
void TEE_InitValueAttribute(TEE_Attribute *attr, uint32_t attributeID, uint32_t a, uint32_t b);

/* TEE_CopyObjectAttributes() - deprecated form of TEE_CopyObjectAttributes1() */
void TEE_CopyObjectAttributes(TEE_ObjectHandle destObject, TEE_ObjectHandle srcObject);

/* TEE_CopyObjectAttributes1() - populate a container with the key, or public key, of an object */
TEE_Result TEE_CopyObjectAttributes1(TEE_ObjectHandle destObject, TEE_ObjectHandle srcObject);

/*
 * TEE_GenerateKey() - fill an empty container with a fresh key
 *
 * @keySize: bits; @params: @paramCount attributes, where the type needs them (a group, an exponent)
 *
 * TEE_ERROR_BAD_PARAMETERS: inconsistent @params. Panics when @keySize does not suit.
 */
TEE_Result TEE_GenerateKey(TEE_ObjectHandle object, uint32_t keySize, const TEE_Attribute *params,
			   uint32_t paramCount);

/* 5.7 Persistent objects */

/*
 * TEE_OpenPersistentObject() - a handle on an object in storage
 *
 * @objectID: up to TEE_OBJECT_ID_MAX_LEN bytes, not in shared memory; @flags: TEE_DATA_FLAG_…
 *
 * TEE_ERROR_ITEM_NOT_FOUND; TEE_ERROR_ACCESS_CONFLICT: other handles do not share it that way.
 */
TEE_Result TEE_OpenPersistentObject(uint32_t storageID, const void *objectID, size_t objectIDLen,
				    uint32_t flags, TEE_ObjectHandle *object);

/*
 * TEE_CreatePersistentObject() - a new object in storage, at once with all its data
 *
 * @attributes: object whose key and usage it gets, or TEE_HANDLE_NULL for data alone
 * @initialData: its first @initialDataLen bytes
 * @object: receives a handle; NULL: none is wanted, if the storage allows that
 *
 * TEE_ERROR_ACCESS_CONFLICT: it exists, and TEE_DATA_FLAG_OVERWRITE is not set or it is in use.
 * TEE_ERROR_STORAGE_NO_SPACE.
 */
TEE_Result TEE_CreatePersistentObject(uint32_t storageID, const void *objectID, size_t objectIDLen,
				      uint32_t flags, TEE_ObjectHandle attributes,
				      const void *initialData, size_t initialDataLen,
				      TEE_ObjectHandle *object);

/* TEE_CloseAndDeletePersistentObject() - deprecated form of the next, which hides its errors */
void TEE_CloseAndDeletePersistentObject(TEE_ObjectHandle object);

/* TEE_CloseAndDeletePersistentObject1() - needs TEE_DATA_FLAG_ACCESS_WRITE_META */
TEE_Result TEE_CloseAndDeletePersistentObject1(TEE_ObjectHandle object);

/* TEE_RenamePersistentObject() - TEE_ERROR_ACCESS_CONFLICT: the new identifier is taken */
TEE_Result TEE_RenamePersistentObject(TEE_ObjectHandle object, const void *newObjectID,
				      size_t newObjectIDLen);

/* 5.8 Enumeration of persistent objects */

/* TEE_AllocatePersistentObjectEnumerator() - the caller's until it frees it */
TEE_Result TEE_AllocatePersistentObjectEnumerator(TEE_ObjectEnumHandle *objectEnumerator);

/* TEE_FreePersistentObjectEnumerator() - TEE_HANDLE_NULL does nothing */
void TEE_FreePersistentObjectEnumerator(TEE_ObjectEnumHandle objectEnumerator);

/* TEE_ResetPersistentObjectEnumerator() - back to the state after allocation */
void TEE_ResetPersistentObjectEnumerator(TEE_ObjectEnumHandle objectEnumerator);

/* TEE_StartPersistentObjectEnumerator() - TEE_ERROR_ITEM_NOT_FOUND: the storage is empty */
TEE_Result TEE_StartPersistentObjectEnumerator(TEE_ObjectEnumHandle objectEnumerator,
					       uint32_t storageID);

/*
 * TEE_GetNextPersistentObject() - the next object
 *
 * @objectInfo: may be NULL; @objectID: TEE_OBJECT_ID_MAX_LEN bytes of room
 *
 * TEE_ERROR_ITEM_NOT_FOUND: that was the last, or not started.
 */
TEE_Result TEE_GetNextPersistentObject(TEE_ObjectEnumHandle objectEnumerator,
				       TEE_ObjectInfo *objectInfo, void *objectID,
				       size_t *objectIDLen);

/* 5.9 Data streams of persistent objects */

/* TEE_ReadObjectData() - up to @size bytes from the position on; *@count is 0 at the end */
TEE_Result TEE_ReadObjectData(TEE_ObjectHandle object, void *buffer, size_t size, size_t *count);

/* TEE_WriteObjectData() - all or nothing; TEE_ERROR_OVERFLOW, TEE_ERROR_STORAGE_NO_SPACE */
TEE_Result TEE_WriteObjectData(TEE_ObjectHandle object, const void *buffer, size_t size);

/* TEE_TruncateObjectData() - set the length, longer with zeros or shorter; the position stays */
TEE_Result TEE_TruncateObjectData(TEE_ObjectHandle object, size_t size);

/* TEE_SeekObjectData() - move the position; TEE_ERROR_OVERFLOW: above TEE_DATA_MAX_POSITION */
TEE_Result TEE_SeekObjectData(TEE_ObjectHandle object, intmax_t offset, TEE_Whence whence);

/*
 * 6 Cryptographic operations
 *
 * An operation has an algorithm, a mode, one key or two, and a state. Calls in the wrong state, or
 * without a key where one is needed, panic.
 */

/* 6.2 Generic operation functions */

/*
 * TEE_AllocateOperation() - a new operation, without a key
 *
 * @maxKeySize: largest key it shall take, in bits; 0 for digests
 * @operation: receives the handle, the caller's until TEE_FreeOperation()
 *
 * TEE_ERROR_NOT_SUPPORTED: no such algorithm, mode or size. TEE_ERROR_OUT_OF_MEMORY.
 */
TEE_Result TEE_AllocateOperation(TEE_OperationHandle *operation, uint32_t algorithm, uint32_t mode,
				 uint32_t maxKeySize);

/* TEE_FreeOperation() - wipe and free; TEE_HANDLE_NULL does nothing (in version 1.1 it panics) */
void TEE_FreeOperation(TEE_OperationHandle operation);

/* TEE_GetOperationInfo() - algorithm, key size and state of an operation with one key at most */
void TEE_GetOperationInfo(TEE_OperationHandle operation, TEE_OperationInfo *operationInfo);

/*
 * TEE_GetOperationInfoMultiple() - the same for any number of keys
 *
 * @operationSize: bytes at @operationInfoMultiple, its array of keys included
 */
TEE_Result TEE_GetOperationInfoMultiple(TEE_OperationHandle operation,
					TEE_OperationInfoMultiple *operationInfoMultiple,
					size_t *operationSize);

/* TEE_ResetOperation() - back to the initial state; the key stays */
void TEE_ResetOperation(TEE_OperationHandle operation);

/* TEE_SetOperationKey() - copy the key of @key; TEE_HANDLE_NULL clears it. Initial state only. */
TEE_Result TEE_SetOperationKey(TEE_OperationHandle operation, TEE_ObjectHandle key);

/* TEE_SetOperationKey2() - for TEE_ALG_AES_XTS and others that take two; TEE_ERROR_SECURITY: same
 */
TEE_Result TEE_SetOperationKey2(TEE_OperationHandle operation, TEE_ObjectHandle key1,
				TEE_ObjectHandle key2);

/* TEE_CopyOperation() - state and key of one operation into another of the same algorithm, mode */
void TEE_CopyOperation(TEE_OperationHandle dstOperation, TEE_OperationHandle srcOperation);

/* TEE_IsAlgorithmSupported() - TEE_SUCCESS or TEE_ERROR_NOT_SUPPORTED; @element: a curve or none */
TEE_Result TEE_IsAlgorithmSupported(uint32_t algId, uint32_t element);

/* 6.3 Message digests */

/* TEE_DigestUpdate() - digest @chunkSize more bytes */
void TEE_DigestUpdate(TEE_OperationHandle operation, const void *chunk, size_t chunkSize);

/* TEE_DigestDoFinal() - digest the rest and give the hash; TEE_ERROR_SHORT_BUFFER ends nothing */
TEE_Result TEE_DigestDoFinal(TEE_OperationHandle operation, const void *chunk, size_t chunkLen,
			     void *hash, size_t *hashLen);

/* TEE_DigestExtract() - part of the hash, and with a call again the next; *@hashLen is the room */
TEE_Result TEE_DigestExtract(TEE_OperationHandle operation, void *hash, size_t *hashLen);

/* 6.4 Symmetric ciphers */

/* TEE_CipherInit() - begin; @IV: initial vector or counter, as the algorithm needs */
void TEE_CipherInit(TEE_OperationHandle operation, const void *IV, size_t IVLen);

/* TEE_CipherUpdate() - process input; whole blocks come out. TEE_ERROR_SHORT_BUFFER */
TEE_Result TEE_CipherUpdate(TEE_OperationHandle operation, const void *srcData, size_t srcLen,
			    void *destData, size_t *destLen);

/* TEE_CipherDoFinal() - process the rest and end. TEE_ERROR_SHORT_BUFFER */
TEE_Result TEE_CipherDoFinal(TEE_OperationHandle operation, const void *srcData, size_t srcLen,
			     void *destData, size_t *destLen);

/* 6.5 Message authentication codes */

/* TEE_MACInit() - begin; @IV is for algorithms that have one, none of which is defined */
void TEE_MACInit(TEE_OperationHandle operation, const void *IV, size_t IVLen);

/* TEE_MACUpdate() - @chunkSize more bytes of the message */
void TEE_MACUpdate(TEE_OperationHandle operation, const void *chunk, size_t chunkSize);

/* TEE_MACComputeFinal() - the rest of the message, and out comes the code */
TEE_Result TEE_MACComputeFinal(TEE_OperationHandle operation, const void *message,
			       size_t messageLen, void *mac, size_t *macLen);

/* TEE_MACCompareFinal() - the rest, compared in constant time; TEE_ERROR_MAC_INVALID */
TEE_Result TEE_MACCompareFinal(TEE_OperationHandle operation, const void *message,
			       size_t messageLen, const void *mac, size_t macLen);

/* 6.6 Authenticated encryption */

/*
 * TEE_AEInit() - begin
 *
 * @tagLen: size of the tag in bits; @AADLen, @payloadLen: all that will come, for AES-CCM only
 *
 * TEE_ERROR_NOT_SUPPORTED: no such tag length.
 */
TEE_Result TEE_AEInit(TEE_OperationHandle operation, const void *nonce, size_t nonceLen,
		      uint32_t tagLen, size_t AADLen, size_t payloadLen);

/* TEE_AEUpdateAAD() - additional data that is authenticated, before any payload */
void TEE_AEUpdateAAD(TEE_OperationHandle operation, const void *AADdata, size_t AADdataLen);

/* TEE_AEUpdate() - payload. What decryption gives out is not yet authentic. */
TEE_Result TEE_AEUpdate(TEE_OperationHandle operation, const void *srcData, size_t srcLen,
			void *destData, size_t *destLen);

/* TEE_AEEncryptFinal() - the rest of the payload, and out comes the tag, @tagLen in bytes */
TEE_Result TEE_AEEncryptFinal(TEE_OperationHandle operation, const void *srcData, size_t srcLen,
			      void *destData, size_t *destLen, void *tag, size_t *tagLen);

/* TEE_AEDecryptFinal() - the rest of the payload and the tag; TEE_ERROR_MAC_INVALID */
TEE_Result TEE_AEDecryptFinal(TEE_OperationHandle operation, const void *srcData, size_t srcLen,
			      void *destData, size_t *destLen, void *tag, size_t tagLen);

/* 6.7 Asymmetric operations; @params are optional attributes, such as a salt length or a label */

/* TEE_AsymmetricEncrypt() - TEE_ERROR_SHORT_BUFFER, TEE_ERROR_BAD_PARAMETERS (input too long) */
TEE_Result TEE_AsymmetricEncrypt(TEE_OperationHandle operation, const TEE_Attribute *params,
				 uint32_t paramCount, const void *srcData, size_t srcLen,
				 void *destData, size_t *destLen);

/* TEE_AsymmetricDecrypt() - also TEE_ERROR_CIPHERTEXT_INVALID */
TEE_Result TEE_AsymmetricDecrypt(TEE_OperationHandle operation, const TEE_Attribute *params,
				 uint32_t paramCount, const void *srcData, size_t srcLen,
				 void *destData, size_t *destLen);

/* TEE_AsymmetricSignDigest() - @digest is already hashed, but for EdDSA, which takes the message */
TEE_Result TEE_AsymmetricSignDigest(TEE_OperationHandle operation, const TEE_Attribute *params,
				    uint32_t paramCount, const void *digest, size_t digestLen,
				    void *signature, size_t *signatureLen);

/* TEE_AsymmetricVerifyDigest() - TEE_SUCCESS or TEE_ERROR_SIGNATURE_INVALID */
TEE_Result TEE_AsymmetricVerifyDigest(TEE_OperationHandle operation, const TEE_Attribute *params,
				      uint32_t paramCount, const void *digest, size_t digestLen,
				      const void *signature, size_t signatureLen);

/* 6.8 Key derivation */

/* TEE_DeriveKey() - fill the empty container @derivedKey from the operation's key and @params */
void TEE_DeriveKey(TEE_OperationHandle operation, const TEE_Attribute *params, uint32_t paramCount,
		   TEE_ObjectHandle derivedKey);

/* 6.9 Random data */

/* TEE_GenerateRandom() - fill @randomBuffer with @randomBufferLen random bytes; can't fail */
void TEE_GenerateRandom(void *randomBuffer, size_t randomBufferLen);

/* 7.2 Time */

/* TEE_GetSystemTime() - time since some point that holds for the life of the instance */
void TEE_GetSystemTime(TEE_Time *time);

/* TEE_Wait() - sleep @timeout milliseconds, or for ever; TEE_ERROR_CANCEL when unmasked */
TEE_Result TEE_Wait(uint32_t timeout);

/*
 * TEE_GetTAPersistentTime() - this TA's own clock, which survives restarts
 *
 * TEE_ERROR_TIME_NOT_SET, TEE_ERROR_TIME_NEEDS_RESET; TEE_ERROR_OVERFLOW: seconds wrapped, *@time
 * holds their low 32 bits.
 */
TEE_Result TEE_GetTAPersistentTime(TEE_Time *time);

/* TEE_SetTAPersistentTime() - set this TA's clock, all its instances' */
TEE_Result TEE_SetTAPersistentTime(const TEE_Time *time);

/* TEE_GetREETime() - the host's clock, seconds since 1970; as trustworthy as the host */
void TEE_GetREETime(TEE_Time *time);

/*
 * 8 Big integers
 *
 * Each lives in an array of words of the caller's that was initialised by TEE_BigIntInit() with its
 * length in words. A result that does not fit panics, as does a modulus below 2.
 */

/* 8.3 Sizes */

/* TEE_BigIntFMMSizeInU32() - words for a number in FMM form, modulus of @modulusSizeInBits */
size_t TEE_BigIntFMMSizeInU32(size_t modulusSizeInBits);

/* TEE_BigIntFMMContextSizeInU32() - words for an FMM context */
size_t TEE_BigIntFMMContextSizeInU32(size_t modulusSizeInBits);

/* 8.4 Initialisation */

/* TEE_BigIntInit() - make @len words at @bigInt the number 0 */
void TEE_BigIntInit(TEE_BigInt *bigInt, size_t len);

/* TEE_BigIntInitFMMContext() - deprecated form of the next */
void TEE_BigIntInitFMMContext(TEE_BigIntFMMContext *context, size_t len, const TEE_BigInt *modulus);

/* TEE_BigIntInitFMMContext1() - prepare for @modulus; TEE_ERROR_NOT_SUPPORTED: an even one */
TEE_Result TEE_BigIntInitFMMContext1(TEE_BigIntFMMContext *context, size_t len,
				     const TEE_BigInt *modulus);

/* TEE_BigIntInitFMM() - make @len words at @bigIntFMM the number 0 */
void TEE_BigIntInitFMM(TEE_BigIntFMM *bigIntFMM, size_t len);

/* 8.5 Conversion */

/* TEE_BigIntConvertFromOctetString() - big-endian, negative if @sign < 0; TEE_ERROR_OVERFLOW */
TEE_Result TEE_BigIntConvertFromOctetString(TEE_BigInt *dest, const uint8_t *buffer,
					    size_t bufferLen, int32_t sign);

/* TEE_BigIntConvertToOctetString() - the absolute value, big-endian; TEE_ERROR_SHORT_BUFFER */
TEE_Result TEE_BigIntConvertToOctetString(uint8_t *buffer, size_t *bufferLen,
					  const TEE_BigInt *bigInt);

/* TEE_BigIntConvertFromS32() - @dest = @shortVal */
void TEE_BigIntConvertFromS32(TEE_BigInt *dest, int32_t shortVal);

/* TEE_BigIntConvertToS32() - TEE_ERROR_OVERFLOW when it does not fit */
TEE_Result TEE_BigIntConvertToS32(int32_t *dest, const TEE_BigInt *src);

/* 8.6 Comparison and bits */

/* TEE_BigIntCmp() - below, equal to or above 0, as @op1 is to @op2 */
int32_t TEE_BigIntCmp(const TEE_BigInt *op1, const TEE_BigInt *op2);

/* TEE_BigIntCmpS32() - the same against a small number */
int32_t TEE_BigIntCmpS32(const TEE_BigInt *op, int32_t shortVal);

/* TEE_BigIntShiftRight() - @dest = @op shifted by @bits, its sign kept */
void TEE_BigIntShiftRight(TEE_BigInt *dest, const TEE_BigInt *op, size_t bits);

/* TEE_BigIntGetBit() - one bit of the absolute value, false beyond its end */
bool TEE_BigIntGetBit(const TEE_BigInt *src, uint32_t bitIndex);

/* TEE_BigIntGetBitCount() - how many bits the absolute value takes, 0 for 0 */
uint32_t TEE_BigIntGetBitCount(const TEE_BigInt *src);

/* TEE_BigIntSetBit() - set or clear one bit of the absolute value; TEE_ERROR_OVERFLOW: no room */
TEE_Result TEE_BigIntSetBit(TEE_BigInt *op, uint32_t bitIndex, bool value);

/* TEE_BigIntAssign() - @dest = @src; TEE_ERROR_OVERFLOW: no room */
TEE_Result TEE_BigIntAssign(TEE_BigInt *dest, const TEE_BigInt *src);

/* TEE_BigIntAbs() - @dest = |@src|; TEE_ERROR_OVERFLOW: no room */
TEE_Result TEE_BigIntAbs(TEE_BigInt *dest, const TEE_BigInt *src);

/* 8.7 Arithmetic */

/* TEE_BigIntAdd() - @dest = @op1 + @op2; any two may be the same array */
void TEE_BigIntAdd(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2);

/* TEE_BigIntSub() - @dest = @op1 - @op2 */
void TEE_BigIntSub(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2);

/* TEE_BigIntNeg() - @dest = -@op */
void TEE_BigIntNeg(TEE_BigInt *dest, const TEE_BigInt *op);

/* TEE_BigIntMul() - @dest = @op1 * @op2 */
void TEE_BigIntMul(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2);

/* TEE_BigIntSquare() - @dest = @op * @op */
void TEE_BigIntSquare(TEE_BigInt *dest, const TEE_BigInt *op);

/* TEE_BigIntDiv() - quotient towards 0 and rest; either may be NULL. Panics for @op2 = 0. */
void TEE_BigIntDiv(TEE_BigInt *dest_q, TEE_BigInt *dest_r, const TEE_BigInt *op1,
		   const TEE_BigInt *op2);

/* 8.8 Modular arithmetic; results are from 0 to @n - 1 */

/* TEE_BigIntMod() - @dest = @op mod @n */
void TEE_BigIntMod(TEE_BigInt *dest, const TEE_BigInt *op, const TEE_BigInt *n);

/* TEE_BigIntAddMod() - @dest = (@op1 + @op2) mod @n */
void TEE_BigIntAddMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
		      const TEE_BigInt *n);

/* TEE_BigIntSubMod() - @dest = (@op1 - @op2) mod @n */
void TEE_BigIntSubMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
		      const TEE_BigInt *n);

/* TEE_BigIntMulMod() - @dest = (@op1 * @op2) mod @n */
void TEE_BigIntMulMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
		      const TEE_BigInt *n);

/* TEE_BigIntSquareMod() - @dest = (@op * @op) mod @n */
void TEE_BigIntSquareMod(TEE_BigInt *dest, const TEE_BigInt *op, const TEE_BigInt *n);

/* TEE_BigIntInvMod() - @dest * @op = 1 mod @n; panics when they have a common divisor */
void TEE_BigIntInvMod(TEE_BigInt *dest, const TEE_BigInt *op, const TEE_BigInt *n);

/*
 * TEE_BigIntExpMod() - @dest = @op1 to the power of @op2, mod @n
 *
 * @context: prepared for @n, or NULL. TEE_ERROR_NOT_SUPPORTED: an even @n.
 */
TEE_Result TEE_BigIntExpMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
			    const TEE_BigInt *n, const TEE_BigIntFMMContext *context);

/* 8.9 Number theory */

/* TEE_BigIntRelativePrime() - the greatest common divisor is 1 */
bool TEE_BigIntRelativePrime(const TEE_BigInt *op1, const TEE_BigInt *op2);

/* TEE_BigIntComputeExtendedGcd() - @gcd = @u * @op1 + @v * @op2; @u and @v may be NULL */
void TEE_BigIntComputeExtendedGcd(TEE_BigInt *gcd, TEE_BigInt *u, TEE_BigInt *v,
				  const TEE_BigInt *op1, const TEE_BigInt *op2);

/* TEE_BigIntIsProbablePrime() - 0: composite; 1: prime; -1: prime but for 2^-@confidenceLevel */
int32_t TEE_BigIntIsProbablePrime(const TEE_BigInt *op, uint32_t confidenceLevel);

/* 8.10 Fast modular multiplication */

/* TEE_BigIntConvertToFMM() - @src, which is below @n, into FMM form */
void TEE_BigIntConvertToFMM(TEE_BigIntFMM *dest, const TEE_BigInt *src, const TEE_BigInt *n,
			    const TEE_BigIntFMMContext *context);

/* TEE_BigIntConvertFromFMM() - back again */
void TEE_BigIntConvertFromFMM(TEE_BigInt *dest, const TEE_BigIntFMM *src, const TEE_BigInt *n,
			      const TEE_BigIntFMMContext *context);

/* TEE_BigIntComputeFMM() - the product of two numbers in FMM form, mod @n */
void TEE_BigIntComputeFMM(TEE_BigIntFMM *dest, const TEE_BigIntFMM *op1, const TEE_BigIntFMM *op2,
			  const TEE_BigInt *n, const TEE_BigIntFMMContext *context);

#ifdef __cplusplus
}
#endif

#include <tee_api_compat.h>

#endif /* TEE_API_H */
