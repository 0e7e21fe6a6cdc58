/*
 * What a function of the API does that this version does not have yet. Runs in ta-host, on the
 * TA's thread.
 */
#ifndef TEESIM_TA_HOST_API_UNSUPPORTED_H
#define TEESIM_TA_HOST_API_UNSUPPORTED_H

#include <stdbool.h>

#include <tee_api_types.h>

/* Says in the log, once for each `told`, that `function` is missing; TEE_ERROR_NOT_SUPPORTED. */
TEE_Result unsupported_call(const char *function, bool *told);

/* The same for a function that has no result to say it with: the TA can't go on. */
__attribute__((noreturn)) void unsupported_panic(const char *function);

/* To be used in the function that is missing. */
#define UNSUPPORTED_CALL()                         \
	__extension__({                            \
		static bool told;                  \
		unsupported_call(__func__, &told); \
	})
#define UNSUPPORTED_PANIC() unsupported_panic(__func__)

#endif
