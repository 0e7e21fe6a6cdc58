/*
 * GlobalPlatform TEE Client API 1.0 (with errata), in the binary layout that client
 * applications built against OP-TEE's libteec.so.2 expect.
 *
 * The `imp` members belong to the implementation: programs neither read nor write them.
 */
#ifndef TEE_CLIENT_API_H
#define TEE_CLIENT_API_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Parameters of an operation (section 4.2). */
#define TEEC_CONFIG_PAYLOAD_REF_COUNT 4

/* Largest shared memory block in octets (section 4.2): limited by the machine alone. */
#define TEEC_CONFIG_SHAREDMEM_MAX_SIZE ULONG_MAX

/* Flags of shared memory: what the trusted application does with it (section 4.3.8). */
#define TEEC_MEM_INPUT	0x00000001
#define TEEC_MEM_OUTPUT 0x00000002

/* Parameter types (section 4.2). */
#define TEEC_NONE			 0x00000000
#define TEEC_VALUE_INPUT		 0x00000001
#define TEEC_VALUE_OUTPUT		 0x00000002
#define TEEC_VALUE_INOUT		 0x00000003
#define TEEC_MEMREF_TEMP_INPUT		 0x00000005
#define TEEC_MEMREF_TEMP_OUTPUT		 0x00000006
#define TEEC_MEMREF_TEMP_INOUT		 0x00000007
#define TEEC_MEMREF_WHOLE		 0x0000000C
#define TEEC_MEMREF_PARTIAL_INPUT	 0x0000000D
#define TEEC_MEMREF_PARTIAL_OUTPUT	 0x0000000E
#define TEEC_MEMREF_PARTIAL_INOUT	 0x0000000F

#define TEEC_PARAM_TYPES(p0, p1, p2, p3) ((p0) | ((p1) << 4) | ((p2) << 8) | ((p3) << 12))
#define TEEC_PARAM_TYPE_GET(p, i)	 (((p) >> ((i)*4)) & 0xF)

/* Return codes (section 4.2). */
#define TEEC_SUCCESS			 0x00000000
#define TEEC_ERROR_STORAGE_NOT_AVAILABLE 0xF0100003
#define TEEC_ERROR_GENERIC		 0xFFFF0000
#define TEEC_ERROR_ACCESS_DENIED	 0xFFFF0001
#define TEEC_ERROR_CANCEL		 0xFFFF0002
#define TEEC_ERROR_ACCESS_CONFLICT	 0xFFFF0003
#define TEEC_ERROR_EXCESS_DATA		 0xFFFF0004
#define TEEC_ERROR_BAD_FORMAT		 0xFFFF0005
#define TEEC_ERROR_BAD_PARAMETERS	 0xFFFF0006
#define TEEC_ERROR_BAD_STATE		 0xFFFF0007
#define TEEC_ERROR_ITEM_NOT_FOUND	 0xFFFF0008
#define TEEC_ERROR_NOT_IMPLEMENTED	 0xFFFF0009
#define TEEC_ERROR_NOT_SUPPORTED	 0xFFFF000A
#define TEEC_ERROR_NO_DATA		 0xFFFF000B
#define TEEC_ERROR_OUT_OF_MEMORY	 0xFFFF000C
#define TEEC_ERROR_BUSY			 0xFFFF000D
#define TEEC_ERROR_COMMUNICATION	 0xFFFF000E
#define TEEC_ERROR_SECURITY		 0xFFFF000F
#define TEEC_ERROR_SHORT_BUFFER		 0xFFFF0010
#define TEEC_ERROR_EXTERNAL_CANCEL	 0xFFFF0011
#define TEEC_ERROR_TARGET_DEAD		 0xFFFF3024
#define TEEC_ERROR_STORAGE_NO_SPACE	 0xFFFF3041

/* Codes of the trusted side that clients are used to finding here. A program that includes the
 * Internal Core API's headers as well gets them from there. */
#ifndef TEE_ERROR_EXTERNAL_CANCEL
#define TEE_ERROR_EXTERNAL_CANCEL 0xFFFF0011
#endif
#ifndef TEE_ERROR_OVERFLOW
#define TEE_ERROR_OVERFLOW 0xFFFF300F
#endif
#ifndef TEE_ERROR_TARGET_DEAD
#define TEE_ERROR_TARGET_DEAD 0xFFFF3024
#endif
#ifndef TEE_ERROR_STORAGE_NO_SPACE
#define TEE_ERROR_STORAGE_NO_SPACE 0xFFFF3041
#endif
#ifndef TEE_ERROR_MAC_INVALID
#define TEE_ERROR_MAC_INVALID 0xFFFF3071
#endif
#ifndef TEE_ERROR_SIGNATURE_INVALID
#define TEE_ERROR_SIGNATURE_INVALID 0xFFFF3072
#endif
#ifndef TEE_ERROR_TIME_NOT_SET
#define TEE_ERROR_TIME_NOT_SET 0xFFFF5000
#endif
#ifndef TEE_ERROR_TIME_NEEDS_RESET
#define TEE_ERROR_TIME_NEEDS_RESET 0xFFFF5001
#endif

/* Where a result comes from (section 4.2). */
#define TEEC_ORIGIN_API		0x00000001
#define TEEC_ORIGIN_COMMS	0x00000002
#define TEEC_ORIGIN_TEE		0x00000003
#define TEEC_ORIGIN_TRUSTED_APP 0x00000004

/* How a client identifies itself to a trusted application (section 4.2). */
#define TEEC_LOGIN_PUBLIC	     0x00000000
#define TEEC_LOGIN_USER		     0x00000001
#define TEEC_LOGIN_GROUP	     0x00000002
#define TEEC_LOGIN_APPLICATION	     0x00000004
#define TEEC_LOGIN_USER_APPLICATION  0x00000005
#define TEEC_LOGIN_GROUP_APPLICATION 0x00000006

typedef uint32_t TEEC_Result;

typedef struct {
	uint32_t timeLow;
	uint16_t timeMid;
	uint16_t timeHiAndVersion;
	uint8_t clockSeqAndNode[8];
} TEEC_UUID;

typedef struct {
	struct {
		int fd;
		bool reg_mem;
		/* Tells programs that NULL memory references are passed on as such. */
		bool memref_null;
	} imp;
} TEEC_Context;

typedef struct {
	void *buffer;
	size_t size;
	uint32_t flags;
	struct {
		int id;
		size_t alloced_size;
		void *shadow_buffer;
		int registered_fd;
		uint32_t flags;
	} imp;
} TEEC_SharedMemory;

typedef struct {
	void *buffer;
	size_t size;
} TEEC_TempMemoryReference;

typedef struct {
	TEEC_SharedMemory *parent;
	size_t size;
	size_t offset;
} TEEC_RegisteredMemoryReference;

typedef struct {
	uint32_t a;
	uint32_t b;
} TEEC_Value;

typedef union {
	TEEC_TempMemoryReference tmpref;
	TEEC_RegisteredMemoryReference memref;
	TEEC_Value value;
} TEEC_Parameter;

typedef struct {
	struct {
		TEEC_Context *ctx;
		uint32_t session_id;
	} imp;
} TEEC_Session;

typedef struct {
	uint32_t started;
	uint32_t paramTypes;
	TEEC_Parameter params[TEEC_CONFIG_PAYLOAD_REF_COUNT];
	struct {
		TEEC_Session *session;
	} imp;
} TEEC_Operation;

/*
 * Connects to a TEE (section 4.5.2).
 *
 * @name     NULL or "optee-tz": the device that TEESIM_DEVICE names, else "default"
 * @context  the caller's, to be initialised; undefined unless TEEC_SUCCESS is returned
 *
 * TEEC_ERROR_BAD_PARAMETERS without a context, TEEC_ERROR_ITEM_NOT_FOUND for another name,
 * TEEC_ERROR_COMMUNICATION when no simulated device could be reached or started (a line on standard
 * error says why), TEEC_ERROR_OUT_OF_MEMORY.
 */
TEEC_Result TEEC_InitializeContext(const char *name, TEEC_Context *context);

/*
 * Disconnects (section 4.5.3). Every session and every shared memory block of the context must have
 * been closed and released before; what is left is closed and released here. NULL is ignored.
 */
void TEEC_FinalizeContext(TEEC_Context *context);

/*
 * Opens a session with a trusted application (section 4.5.7).
 *
 * @context           an initialised context
 * @session           the caller's, to be opened; may be copied afterwards
 * @destination       the trusted application's UUID
 * @connectionMethod  TEEC_LOGIN_PUBLIC, _USER or _GROUP; others give TEEC_ERROR_BAD_PARAMETERS
 * @connectionData    a uint32_t group id for TEEC_LOGIN_GROUP, else NULL
 * @operation         parameters for the trusted application's open entry point, or NULL
 * @returnOrigin      one of TEEC_ORIGIN_*, or NULL when it does not matter
 *
 * Returns what the trusted application returned, or with another origin: TEEC_ERROR_BAD_PARAMETERS,
 * TEEC_ERROR_OUT_OF_MEMORY, TEEC_ERROR_ITEM_NOT_FOUND (no such trusted application),
 * TEEC_ERROR_BUSY, TEEC_ERROR_SECURITY (its image is not signed as the device demands),
 * TEEC_ERROR_BAD_FORMAT (it can't be loaded), TEEC_ERROR_TARGET_DEAD (it died), TEEC_ERROR_CANCEL,
 * TEEC_ERROR_COMMUNICATION.
 */
TEEC_Result TEEC_OpenSession(TEEC_Context *context, TEEC_Session *session,
			     const TEEC_UUID *destination, uint32_t connectionMethod,
			     const void *connectionData, TEEC_Operation *operation,
			     uint32_t *returnOrigin);

/* Closes a session (section 4.5.8), which can't fail. No operation may be under way on it. NULL is
 * ignored. */
void TEEC_CloseSession(TEEC_Session *session);

/*
 * Invokes a command in a session (section 4.5.9). Commands that several threads invoke on one
 * session run one after another.
 *
 * @session       an open session
 * @commandID     defined by the trusted application
 * @operation     parameters, or NULL; outputs and the sizes of output references are written back,
 *                also with TEEC_ERROR_SHORT_BUFFER
 * @returnOrigin  one of TEEC_ORIGIN_*, or NULL
 *
 * Returns what the trusted application returned, or with another origin TEEC_ERROR_BAD_PARAMETERS,
 * TEEC_ERROR_OUT_OF_MEMORY, TEEC_ERROR_TARGET_DEAD (now and for ever in this session),
 * TEEC_ERROR_CANCEL, TEEC_ERROR_COMMUNICATION.
 */
TEEC_Result TEEC_InvokeCommand(TEEC_Session *session, uint32_t commandID, TEEC_Operation *operation,
			       uint32_t *returnOrigin);

/*
 * Registers memory of the caller's as shared (section 4.5.4). Its contents are copied when an
 * operation refers to it; memory that can only be read will do for TEEC_MEM_INPUT.
 *
 * @context    an initialised context
 * @sharedMem  buffer, size (octets) and flags (TEEC_MEM_*) filled by the caller; buffer stays the
 *             caller's and must outlive the registration, which ends with
 *             TEEC_ReleaseSharedMemory()
 *
 * TEEC_ERROR_BAD_PARAMETERS without a context, a buffer or a flag, or with an unknown flag;
 * TEEC_ERROR_OUT_OF_MEMORY.
 */
TEEC_Result TEEC_RegisterSharedMemory(TEEC_Context *context, TEEC_SharedMemory *sharedMem);

/*
 * Allocates shared memory (section 4.5.5), which the trusted application sees without a copy.
 *
 * @context    an initialised context
 * @sharedMem  size (octets) and flags (TEEC_MEM_*) filled by the caller; buffer is set, zero-filled
 *             and page-aligned, and is the caller's to use until TEEC_ReleaseSharedMemory()
 *
 * TEEC_ERROR_BAD_PARAMETERS without a context or a flag, or with an unknown flag;
 * TEEC_ERROR_OUT_OF_MEMORY.
 */
TEEC_Result TEEC_AllocateSharedMemory(TEEC_Context *context, TEEC_SharedMemory *sharedMem);

/* Ends a registration, or frees an allocation (section 4.5.6). NULL is ignored. */
void TEEC_ReleaseSharedMemory(TEEC_SharedMemory *sharedMemory);

/*
 * Asks for an operation to be cancelled that another thread has under way (section 4.5.10). A hint:
 * the operation may complete all the same. Harmless for an operation that is over.
 *
 * @operation  the one that was given to TEEC_OpenSession() or TEEC_InvokeCommand(), with `started`
 *             set to 0 before that call
 */
void TEEC_RequestCancellation(TEEC_Operation *operation);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
