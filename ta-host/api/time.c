/*
 * Internal Core API 7.2: time.
 *
 * System time counts from the boot of the machine and goes on while it sleeps, so that it is the
 * same for all instances of a TA and never goes back. The TA's persistent time needs storage, which
 * this version does not have yet.
 */
#include <tee_api.h>

#include "api/unsupported.h"
#include "runtime.h"

#define MS_PER_S  1000U
#define NS_PER_MS 1000000U
#define NS_PER_S  1000000000U

static TEE_Time time_of(uint64_t ns)
{
	return (TEE_Time) { .seconds = (uint32_t)(ns / NS_PER_S),
			    .millis = (uint32_t)(ns % NS_PER_S / NS_PER_MS) };
}

void TEE_GetSystemTime(TEE_Time *time)
{
	if (!time)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_GetSystemTime: time is NULL");
	*time = time_of(device_clock_system_ns(&runtime.clock));
}

TEE_Result TEE_Wait(uint32_t timeout)
{
	const bool cancellable = !runtime.cancellation_masked;

	return runtime_sleep(runtime_deadline(timeout), cancellable) ? TEE_ERROR_CANCEL
								     : TEE_SUCCESS;
}

TEE_Result TEE_GetTAPersistentTime(TEE_Time *time)
{
	if (!time)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_GetTAPersistentTime: time is NULL");
	time->seconds = 0;
	time->millis = 0;
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_SetTAPersistentTime(const TEE_Time *time)
{
	if (!time)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_SetTAPersistentTime: time is NULL");
	if (time->millis >= MS_PER_S)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "TEE_SetTAPersistentTime: millis is 1000 or more");
	return UNSUPPORTED_CALL();
}

void TEE_GetREETime(TEE_Time *time)
{
	if (!time)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_GetREETime: time is NULL");
	*time = time_of(device_clock_now_ns(&runtime.clock));
}
