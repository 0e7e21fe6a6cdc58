/*
 * What the API's chapters (api/) know about the TA instance that they serve, and the few things
 * that they may ask of the process around it. Filled in by instance.c before TA code runs.
 *
 * Everything here runs on the TA's one thread, and trusts nothing that the TA hands it beyond what
 * the API makes the TA responsible for: the process is the TA's prison, not its opponent.
 */
#ifndef TEESIM_TA_HOST_RUNTIME_H
#define TEESIM_TA_HOST_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tee_api_types.h>
#include <user_ta_header.h>

#include "device/clock.h"

struct runtime {
	TEE_UUID uuid;
	/* TA_FLAGS, TA_STACK_SIZE and TA_DATA_SIZE as declared, in octets. */
	uint32_t flags;
	uint32_t stack_size;
	uint32_t data_size;
	/* The TA's own table of properties (ta_props), standard ones included. */
	const struct user_ta_property *property;
	size_t properties;
	/* The data that the TAM sent with the TA, which nobody changes; NULL: none. */
	const uint8_t *personal;
	size_t personal_size;
	/* What is loaded of the TA and its libraries (loader/loader.h); NULL where nothing is. */
	struct loaded_ta *images;
	/* The heap ends where TA_DATA_SIZE says; otherwise where the process does. */
	bool strict_memory;
	/* Of the simulated device: gpd.tee.deviceID. */
	TEE_UUID device_id;
	/* What it takes for the time. */
	struct device_clock clock;
	/* Highest trace level that is written: TRACE_* of <trace_levels.h>. */
	int log_level;

	/* Of the operation under way. */
	TEE_Identity client;
	bool cancellation_masked;
	/* The TA is in its create or destroy entry point, or in a constructor: no client. */
	bool in_session;
};

extern struct runtime runtime;

/* Ends the instance as TEE_Panic(code) does. `reason` (a literal, may be NULL) says for the
 * developer which rule the TA broke: "TEE_SetOperationKey: operation is initialised". */
__attribute__((noreturn)) void runtime_panic(TEE_Result code, const char *reason);

/* One line to the developer's log, from the runtime itself. */
__attribute__((format(printf, 1, 2))) void runtime_log(const char *format, ...);

/* Has the operation under way been cancelled, whether masked or not? */
bool runtime_cancel_requested(void);

/* When `ms` milliseconds of the device will have passed, for runtime_sleep(); TEE_TIMEOUT_INFINITE:
 * UINT64_MAX. */
uint64_t runtime_deadline(uint32_t ms);

/* Sleeps until `deadline_ns` (CLOCK_MONOTONIC; UINT64_MAX: for ever), or until the operation under
 * way is cancelled while `cancellable`. Returns true when it was cancelled. */
bool runtime_sleep(uint64_t deadline_ns, bool cancellable);

/*
 * Memory that the TA shares with a client: does [address, address + size) lie wholly in it, partly,
 * or not at all? `writable` is whether the TA may write all of that part.
 */
enum runtime_sharing {
	RUNTIME_PRIVATE,
	RUNTIME_SHARED,
	RUNTIME_MIXED
};
enum runtime_sharing runtime_sharing(const void *address, size_t size, bool *writable);

/* Is [address, address + size) mapped with the wanted rights in this process? Answers from what the
 * loader, the allocator and the sandbox know, without touching the memory. */
bool runtime_mapped(const void *address, size_t size, bool read, bool write);

#endif
