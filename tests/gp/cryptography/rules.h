/*
 * Rules of the cryptographic chapters that a TA breaks by mistake: each panics, and the log says
 * so.
 */
#ifndef TEESIM_TEST_GP_CRYPTOGRAPHY_RULES_H
#define TEESIM_TEST_GP_CRYPTOGRAPHY_RULES_H

/* The text in the log, and what breaks the rule. The operations and objects are those of rules.c.
 */
#define RULES(X)                                                                                   \
	X("TEE_FreeTransientObject: the object's handle is not valid",                             \
	  TEE_FreeTransientObject(aes);                                                            \
	  TEE_FreeTransientObject(aes))                                                            \
	X("TEE_GetObjectInfo1: the object's handle is not valid",                                  \
	  (void)TEE_GetObjectInfo1((TEE_ObjectHandle)0x77, &info))                                 \
	X("TEE_InitRefAttribute: attributeID is of a value",                                       \
	  TEE_InitRefAttribute(&attribute, TEE_ATTR_ECC_CURVE, text, 4))                           \
	X("TEE_InitValueAttribute: attributeID is of a buffer",                                    \
	  TEE_InitValueAttribute(&attribute, TEE_ATTR_SECRET_VALUE, 1, 2))                         \
	X("TEE_PopulateTransientObject: the object holds a key already",                           \
	  (void)TEE_PopulateTransientObject(aes, &attribute, 1))                                   \
	X("TEE_PopulateTransientObject: an attribute that the object's type needs is missing",     \
	  (void)TEE_PopulateTransientObject(empty, NULL, 0))                                       \
	X("TEE_PopulateTransientObject: an attribute comes twice",                                 \
	  (void)TEE_PopulateTransientObject(empty, twice, 2))                                      \
	X("TEE_CopyObjectAttributes1: the object holds a key already",                             \
	  (void)TEE_CopyObjectAttributes1(aes, other))                                             \
	X("TEE_CopyObjectAttributes1: srcObject holds no key",                                     \
	  (void)TEE_CopyObjectAttributes1(empty, another_empty))                                   \
	X("TEE_CopyObjectAttributes1: the objects' types do not go together",                      \
	  (void)TEE_CopyObjectAttributes1(empty, hmac_key))                                        \
	X("TEE_GenerateKey: the object holds a key already",                                       \
	  (void)TEE_GenerateKey(aes, 128, NULL, 0))                                                \
	X("TEE_GenerateKey: keySize is more than the object's maximum size",                       \
	  (void)TEE_GenerateKey(empty, 256, NULL, 0))                                              \
	X("TEE_GenerateKey: keySize is none that the object's type has",                           \
	  (void)TEE_GenerateKey(empty, 100, NULL, 0))                                              \
	X("TEE_GetObjectBufferAttribute: the object holds no key yet",                             \
	  (void)TEE_GetObjectBufferAttribute(empty, TEE_ATTR_SECRET_VALUE, out, &size))            \
	X("TEE_GetObjectBufferAttribute: attributeID is of a value",                               \
	  (void)TEE_GetObjectBufferAttribute(pair, TEE_ATTR_ECC_CURVE, out, &size))                \
	X("TEE_GetObjectValueAttribute: attributeID is of a buffer",                               \
	  (void)TEE_GetObjectValueAttribute(pair, TEE_ATTR_ECC_PUBLIC_VALUE_X, NULL, NULL))        \
	X("TEE_GetObjectBufferAttribute: the attribute is protected, and the object lacks",        \
	  (void)TEE_RestrictObjectUsage1(aes, TEE_USAGE_ENCRYPT);                                  \
	  (void)TEE_GetObjectBufferAttribute(aes, TEE_ATTR_SECRET_VALUE, out, &size))              \
	X("TEE_FreeOperation: the operation's handle is not valid",                                \
	  TEE_FreeOperation((TEE_OperationHandle)0x1234))                                          \
	X("TEE_GetOperationInfoMultiple: operationSize is less", size = 8;                         \
	  (void)TEE_GetOperationInfoMultiple(ctr, multiple, &size))                                \
	X("TEE_SetOperationKey: a digest has no key", (void)TEE_SetOperationKey(hash, aes))        \
	X("TEE_SetOperationKey: the operation takes two keys",                                     \
	  (void)TEE_SetOperationKey(xts, aes))                                                     \
	X("TEE_SetOperationKey: the object holds no key", (void)TEE_SetOperationKey(ctr, empty))   \
	X("TEE_SetOperationKey: the key's type is none for", (void)TEE_SetOperationKey(ctr, pair)) \
	X("TEE_SetOperationKey: the key's usage does not allow",                                   \
	  (void)TEE_RestrictObjectUsage1(aes, TEE_USAGE_DECRYPT);                                  \
	  (void)TEE_SetOperationKey(ctr, aes))                                                     \
	X("TEE_SetOperationKey: the key is bigger than", (void)TEE_SetOperationKey(ctr, large))    \
	X("TEE_SetOperationKey: the operation is initialised",                                     \
	  TEE_CipherInit(keyed_ctr, text, 16);                                                     \
	  (void)TEE_SetOperationKey(keyed_ctr, aes))                                               \
	X("TEE_SetOperationKey2: the operation does not take two keys",                            \
	  (void)TEE_SetOperationKey2(ctr, aes, other))                                             \
	X("TEE_SetOperationKey2: one of the two keys is TEE_HANDLE_NULL",                          \
	  (void)TEE_SetOperationKey2(xts, aes, TEE_HANDLE_NULL))                                   \
	X("TEE_CopyOperation: the operations differ in algorithm or mode",                         \
	  TEE_CopyOperation(ctr, hash))                                                            \
	X("TEE_ResetOperation: the operation has no key", TEE_ResetOperation(ctr))                 \
	X("TEE_DigestUpdate: the operation's algorithm is none for this function",                 \
	  TEE_DigestUpdate(ctr, text, 4))                                                          \
	X("TEE_DigestUpdate: the digest is being extracted",                                       \
	  (void)TEE_DigestExtract(hash, out, &size);                                               \
	  TEE_DigestUpdate(hash, text, 4))                                                         \
	X("TEE_DigestUpdate: a buffer is NULL", TEE_DigestUpdate(hash, NULL, 4))                   \
	X("TEE_CipherInit: the operation has no key", TEE_CipherInit(ctr, text, 16))               \
	X("TEE_CipherInit: IVLen is not what the algorithm has",                                   \
	  TEE_CipherInit(keyed_ctr, text, 12))                                                     \
	X("TEE_CipherUpdate: the operation is not initialised",                                    \
	  (void)TEE_CipherUpdate(keyed_ctr, text, 16, out, &size))                                 \
	X("TEE_CipherDoFinal: the data is not a whole number of blocks",                           \
	  TEE_CipherInit(keyed_ecb, NULL, 0);                                                      \
	  (void)TEE_CipherDoFinal(keyed_ecb, text, 17, out, &size))                                \
	X("TEE_MACUpdate: the operation is not initialised", TEE_MACUpdate(keyed_hmac, text, 4))   \
	X("TEE_MACComputeFinal: the operation is not initialised",                                 \
	  (void)TEE_MACComputeFinal(keyed_hmac, text, 4, out, &size))                              \
	X("TEE_AEInit: there is no nonce", (void)TEE_AEInit(keyed_gcm, NULL, 0, 128, 0, 0))        \
	X("TEE_AEInit: the nonce of CCM has 7 to 13 octets",                                       \
	  (void)TEE_AEInit(keyed_ccm, text, 14, 128, 0, 0))                                        \
	X("TEE_AEUpdateAAD: the operation is not initialised",                                     \
	  TEE_AEUpdateAAD(keyed_gcm, text, 4))                                                     \
	X("TEE_AEUpdateAAD: payload was there already",                                            \
	  (void)TEE_AEInit(keyed_gcm, text, 12, 128, 0, 0);                                        \
	  (void)TEE_AEUpdate(keyed_gcm, text, 16, out, &size);                                     \
	  TEE_AEUpdateAAD(keyed_gcm, text, 4))                                                     \
	X("TEE_AEUpdateAAD: there is more additional data than TEE_AEInit was told",               \
	  (void)TEE_AEInit(keyed_ccm, text, 12, 128, 3, 0);                                        \
	  TEE_AEUpdateAAD(keyed_ccm, text, 4))                                                     \
	X("TEE_AEUpdate: there is more payload than TEE_AEInit was told",                          \
	  (void)TEE_AEInit(keyed_ccm, text, 12, 128, 0, 3);                                        \
	  (void)TEE_AEUpdate(keyed_ccm, text, 4, out, &size))                                      \
	X("TEE_AEDecryptFinal: the operation's mode is not TEE_MODE_DECRYPT",                      \
	  (void)TEE_AEInit(keyed_gcm, text, 12, 128, 0, 0);                                        \
	  (void)TEE_AEDecryptFinal(keyed_gcm, text, 4, out, &size, out, 16))                       \
	X("TEE_AsymmetricSignDigest: the operation has no key",                                    \
	  (void)TEE_AsymmetricSignDigest(ecdsa, NULL, 0, text, 32, out, &size))                    \
	X("TEE_AsymmetricVerifyDigest: the operation's mode is none for this function",            \
	  (void)TEE_AsymmetricVerifyDigest(ecdsa, NULL, 0, text, 32, text, 32))                    \
	X("TEE_DeriveKey: an attribute that the algorithm needs is missing",                       \
	  TEE_DeriveKey(ecdh, NULL, 0, secret))                                                    \
	X("TEE_DeriveKey: the peer's public value is not on the curve",                            \
	  TEE_DeriveKey(ecdh, off_curve, 2, secret))                                               \
	X("TEE_GenerateRandom: randomBuffer is NULL", TEE_GenerateRandom(NULL, 1))

#endif
