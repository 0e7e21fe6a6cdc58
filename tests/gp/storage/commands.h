/* What the TA of these tests does. Handles travel as values. */
#ifndef STORAGE_COMMANDS_H
#define STORAGE_COMMANDS_H

enum {
	/* [I id; i storage, flags; o handle] */
	CMD_OPEN,
	/* The same with the ID where it lies, in shared memory. */
	CMD_OPEN_SHARED_ID,
	/* [I id; i storage, flags; I data; io attributes' handle, then the object's] */
	CMD_CREATE,
	/* The same without asking for a handle. */
	CMD_CREATE_WITHOUT_HANDLE,
	/* [I id; i storage, flags; i octets]: of zeros, by a NULL pointer */
	CMD_CREATE_ZEROS,
	/* [i handle, size; O data] */
	CMD_READ,
	/* [i handle; I data] */
	CMD_WRITE,
	/* [i handle, size] */
	CMD_TRUNCATE,
	/* [i handle, whence; i low, high word of the offset] */
	CMD_SEEK,
	/* [i handle; O TEE_ObjectInfo] */
	CMD_INFO,
	/* [i handle] */
	CMD_CLOSE,
	CMD_DELETE,
	CMD_DELETE_DEPRECATED,
	/* [i handle; I id] */
	CMD_RENAME,
	/* [i handle, usage] */
	CMD_RESTRICT,
	/* [i type, bits; I secret; o handle]: a transient object, populated */
	CMD_KEY,
	/* [i type, bits; o handle]: a transient object, generated */
	CMD_GENERATE,
	/* [i handle, attribute; O value] */
	CMD_ATTRIBUTE,
	/* [o handle] */
	CMD_ENUMERATOR,
	/* [i handle, storage] */
	CMD_START,
	/* [i handle; O id; O TEE_ObjectInfo] */
	CMD_NEXT,
	CMD_RESET,
	CMD_FREE_ENUMERATOR,
	/* [i first handle, second handle]: TEE_SetOperationKey2() of AES-XTS */
	CMD_TWO_KEYS,
	/* [i handle]: a MAC with that key, as a use of it */
	CMD_USE,
	/* [I id; i rounds, size; o nothing]: as fast as it can, for those who measure or disturb */
	CMD_SMALL_ROUNDS,
	/* [i command, types; i a, b; I and O memory]: straight to the service, past the API. The
	 * first two parameters are the values, the others the memory; b gives the result. */
	CMD_RAW,
	CMD_PANIC,
};

#endif
