/*
 * How the API's functions say which of its rules a TA broke. Runs in ta-host, on the TA's thread.
 */
#ifndef TEESIM_TA_HOST_API_COMPLAINT_H
#define TEESIM_TA_HOST_API_COMPLAINT_H

#include <tee_api_types.h>

/* Panics with the reason "FUNCTION: RULE". */
__attribute__((noreturn)) void complain(const char *function, TEE_Result code, const char *rule);

/* To be used in the function of the API itself: the argument is wrong, or the state is. */
#define PANIC_PARAMETER(rule) complain(__func__, TEE_ERROR_BAD_PARAMETERS, rule)
#define PANIC_STATE(rule)     complain(__func__, TEE_ERROR_BAD_STATE, rule)

#endif
