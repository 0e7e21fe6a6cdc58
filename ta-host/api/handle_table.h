/*
 * The handles of a TA's objects, operations, enumerators and sessions. Runs in ta-host, on the TA's
 * thread.
 *
 * A handle is a number below 2^32 and never an address: TAs pass handles through 32-bit values. It
 * carries a generation, so that one which was closed is not taken for its successor. The table owns
 * nothing of what its entries point to.
 */
#ifndef TEESIM_TA_HOST_API_HANDLE_TABLE_H
#define TEESIM_TA_HOST_API_HANDLE_TABLE_H

#include <stdint.h>

enum handle_kind {
	HANDLE_FREE,
	HANDLE_OBJECT,
	HANDLE_OPERATION,
	HANDLE_OBJECT_ENUMERATOR,
	HANDLE_SOCKET,
	HANDLE_TA_SESSION,
	HANDLE_LOCAL_TA_SESSION
};

/* A new handle for `thing`; 0 when there is no memory. */
uint32_t handle_insert(enum handle_kind kind, void *thing);

/* What the handle stands for; NULL when there is none of that kind. */
void *handle_find(enum handle_kind kind, uintptr_t handle);

/* The handle is one that handle_find() knows. */
void handle_remove(uintptr_t handle);

#endif
