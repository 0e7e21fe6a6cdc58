/*
 * Internal Core API 7.2: time.
 *
 * System time counts from the boot of the machine and goes on while it sleeps, so that it is the
 * same for all instances of a TA and never goes back. The TA's persistent time needs storage, which
 * this version does not have yet.
 */
#include <time.h>

#include <tee_api.h>

#include "api/unsupported.h"
#include "runtime.h"

#define MS_PER_S  1000U
#define NS_PER_MS 1000000U
#define NS_PER_S  1000000000U

static void time_read(clockid_t clock, TEE_Time *now)
{
	struct timespec moment;

	clock_gettime(clock, &moment);
	now->seconds = (uint32_t)moment.tv_sec;
	now->millis = (uint32_t)(moment.tv_nsec / NS_PER_MS);
}

void TEE_GetSystemTime(TEE_Time *time)
{
	if (!time)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_GetSystemTime: time is NULL");
	time_read(CLOCK_BOOTTIME, time);
}

TEE_Result TEE_Wait(uint32_t timeout)
{
	const bool cancellable = !runtime.cancellation_masked;
	uint64_t deadline_ns = UINT64_MAX;
	struct timespec now;

	if (timeout != TEE_TIMEOUT_INFINITE) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		deadline_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec +
			      (uint64_t)timeout * NS_PER_MS;
	}
	return runtime_sleep(deadline_ns, cancellable) ? TEE_ERROR_CANCEL : TEE_SUCCESS;
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
	time_read(CLOCK_REALTIME, time);
}
