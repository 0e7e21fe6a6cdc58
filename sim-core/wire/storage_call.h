/*
 * The calls by which ta-host's chapter on trusted storage asks for what it needs: the commands of
 * the pseudo TA that does it, in tee-services. Each is one operation on that session's channel.
 *
 * Integers are in host order. What a call's memory holds is copied before it is looked at.
 */
#ifndef TEESIM_WIRE_STORAGE_CALL_H
#define TEESIM_WIRE_STORAGE_CALL_H

#include <assert.h>
#include <stdint.h>

/* The pseudo TA's UUID, as TEE_UUID is initialised; services.def has the same. */
#define STORAGE_CALL_UUID                                              \
	{                                                              \
		0x4bf1f2e6, 0x21d4, 0x4f6a,                            \
		{                                                      \
			0xa0, 0x3b, 0x5d, 0x7e, 0x90, 0x1c, 0x22, 0xe1 \
		}                                                      \
	}

#define STORAGE_CALL_NAME_MAX 64U

/* In brackets the parameters: i and o are values in and out, I and O memory. */
enum storage_command {
	/* [I name; i store, flags; O storage_call_object and attributes] */
	STORAGE_OPEN = 1,
	/* [I storage_call_new, name, attributes; I data; o handle] */
	STORAGE_CREATE,
	/* [i handle, position; O data] */
	STORAGE_READ,
	/* [i handle, position; I data] */
	STORAGE_WRITE,
	/* [i handle, size] */
	STORAGE_TRUNCATE,
	/* [i handle; I name] */
	STORAGE_RENAME,
	/* [i handle]: and close it, whatever comes of it */
	STORAGE_REMOVE,
	/* [i handle] */
	STORAGE_CLOSE,
	/* [i handle, usage]: what is not in `usage` is taken away */
	STORAGE_RESTRICT,
	/* [i handle; o data size] */
	STORAGE_STAT,
	/* [io store, cursor; O storage_call_entry] */
	STORAGE_NEXT,
};

struct storage_call_object {
	uint32_t handle;
	uint32_t type;
	uint32_t size;
	uint32_t usage;
	uint32_t attributes_size;
};

struct storage_call_new {
	uint32_t store;
	uint32_t flags;
	uint32_t type;
	uint32_t size;
	uint32_t usage;
	uint32_t name_size;
	uint32_t attributes_size;
	/* Not 0: no handle is wanted. */
	uint32_t no_handle;
	/* The data are that many zeros; then there is no data memory. */
	uint32_t zeros;
};

struct storage_call_entry {
	uint32_t type;
	uint32_t size;
	uint32_t usage;
	uint32_t data_size;
	uint32_t name_size;
	uint8_t name[STORAGE_CALL_NAME_MAX];
};

static_assert(sizeof(struct storage_call_object) == 20, "wire layout");
static_assert(sizeof(struct storage_call_new) == 36, "wire layout");
static_assert(sizeof(struct storage_call_entry) == 84, "wire layout");

#endif
