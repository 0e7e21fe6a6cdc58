/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types of the GlobalPlatform TEE Internal Core API 1.3.1, and beside those that changed since
 * version 1.1 their older forms (`__GP11_…`). Sizes are those of a 64-bit TEE and asserted.
 */
#ifndef TEE_API_TYPES_H
#define TEE_API_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <compiler.h>
#include <tee_api_defines.h>

/* 3.2: results, and identities. */
typedef uint32_t TEE_Result;
typedef uint32_t TEE_ErrorOrigin;

typedef struct {
	uint32_t timeLow;
	uint16_t timeMid;
	uint16_t timeHiAndVersion;
	uint8_t clockSeqAndNode[8];
} TEE_UUID;

/* 4.1.1: @login is a TEE_LOGIN_… value, @uuid what it says about the client, or nil. */
typedef struct {
	uint32_t login;
	TEE_UUID uuid;
} TEE_Identity;

/*
 * 4.1.2: one operation parameter. Its four bits of paramTypes say which member holds. @size is in
 * bytes and in both directions: what the buffer holds on the way in, what was or would have been
 * written on the way out.
 */
typedef union {
	struct {
		void *buffer;
		size_t size;
	} memref;
	struct {
		uint32_t a;
		uint32_t b;
	} value;
} TEE_Param;

typedef union {
	struct {
		void *buffer;
		uint32_t size;
	} memref;
	struct {
		uint32_t a;
		uint32_t b;
	} value;
} __GP11_TEE_Param;

/*
 * Handles. Opaque to a TA; the values fit in 32 bits, because TAs pass them to their clients in
 * value parameters.
 */
typedef struct __TEE_TASessionHandle *TEE_TASessionHandle;
typedef struct __TEE_PropSetHandle *TEE_PropSetHandle;
typedef struct __TEE_ObjectHandle *TEE_ObjectHandle;
typedef struct __TEE_ObjectEnumHandle *TEE_ObjectEnumHandle;
typedef struct __TEE_OperationHandle *TEE_OperationHandle;

/* 5.3: trusted storage. */
typedef uint32_t TEE_ObjectType;
typedef uint32_t TEE_Whence;

/* 5.3.1: one attribute; TEE_ATTR_FLAG_VALUE in @attributeID says which member holds. */
typedef struct {
	uint32_t attributeID;
	union {
		struct {
			void *buffer;
			size_t length;
		} ref;
		struct {
			uint32_t a;
			uint32_t b;
		} value;
	} content;
} TEE_Attribute;

typedef struct {
	uint32_t attributeID;
	union {
		struct {
			void *buffer;
			uint32_t length;
		} ref;
		struct {
			uint32_t a;
			uint32_t b;
		} value;
	} content;
} __GP11_TEE_Attribute;

/* 5.3.2: sizes of keys in bits, of data and its position in bytes. */
typedef struct {
	uint32_t objectType;
	uint32_t objectSize;
	uint32_t maxObjectSize;
	uint32_t objectUsage;
	size_t dataSize;
	size_t dataPosition;
	uint32_t handleFlags;
} TEE_ObjectInfo;

/* Version 1.1 spelt the two sizes keySize and maxKeySize, 1.1.1 as they are now. */
typedef struct {
	uint32_t objectType;
	__extension__ union {
		uint32_t keySize;
		uint32_t objectSize;
	};
	__extension__ union {
		uint32_t maxKeySize;
		uint32_t maxObjectSize;
	};
	uint32_t objectUsage;
	uint32_t dataSize;
	uint32_t dataPosition;
	uint32_t handleFlags;
} __GP11_TEE_ObjectInfo;

/* 6.1: cryptographic operations. */
typedef uint32_t TEE_OperationMode;

typedef struct {
	uint32_t algorithm;
	uint32_t operationClass;
	uint32_t mode;
	uint32_t digestLength;
	uint32_t maxKeySize;
	uint32_t keySize;
	uint32_t requiredKeyUsage;
	uint32_t handleState;
} TEE_OperationInfo;

typedef struct {
	uint32_t keySize;
	uint32_t requiredKeyUsage;
} TEE_OperationInfoKey;

typedef struct {
	uint32_t algorithm;
	uint32_t operationClass;
	uint32_t mode;
	uint32_t digestLength;
	uint32_t maxKeySize;
	uint32_t handleState;
	uint32_t operationState;
	uint32_t numberOfKeys;
	__extension__ TEE_OperationInfoKey keyInformation[];
} TEE_OperationInfoMultiple;

/* 7.1: a point in time or an interval; @millis is below 1000. */
typedef struct {
	uint32_t seconds;
	uint32_t millis;
} TEE_Time;

/* 8.2: big integers live in arrays of these; only the API reads what is in them. */
typedef uint32_t TEE_BigInt;
typedef uint32_t TEE_BigIntFMM;
typedef uint32_t TEE_BigIntFMMContext;

typedef void *TEE_Session;

#define TEE_MEM_INPUT	  0x00000001
#define TEE_MEM_OUTPUT	  0x00000002
#define TEE_MEMREF_0_USED 0x00000001
#define TEE_MEMREF_1_USED 0x00000002
#define TEE_MEMREF_2_USED 0x00000004
#define TEE_MEMREF_3_USED 0x00000008

#ifdef __cplusplus
#define __tee_static_assert(cond, what) static_assert(cond, what)
#else
#define __tee_static_assert(cond, what) _Static_assert(cond, what)
#endif

__tee_static_assert(sizeof(TEE_UUID) == 16, "TEE_UUID");
__tee_static_assert(sizeof(TEE_Identity) == 20, "TEE_Identity");
__tee_static_assert(sizeof(TEE_OperationInfo) == 32, "TEE_OperationInfo");
__tee_static_assert(sizeof(TEE_OperationInfoMultiple) == 32, "TEE_OperationInfoMultiple");
__tee_static_assert(sizeof(TEE_Time) == 8, "TEE_Time");
__tee_static_assert(sizeof(__GP11_TEE_ObjectInfo) == 28, "__GP11_TEE_ObjectInfo");
#ifdef __LP64__
__tee_static_assert(sizeof(TEE_Param) == 16, "TEE_Param");
__tee_static_assert(sizeof(TEE_Attribute) == 24, "TEE_Attribute");
__tee_static_assert(sizeof(TEE_ObjectInfo) == 40, "TEE_ObjectInfo");
__tee_static_assert(sizeof(__GP11_TEE_Param) == 16, "__GP11_TEE_Param");
__tee_static_assert(sizeof(__GP11_TEE_Attribute) == 24, "__GP11_TEE_Attribute");
#endif

#endif /* TEE_API_TYPES_H */
