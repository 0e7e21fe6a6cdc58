/*
 * Internal Core API 7.2: time.
 *
 * System time counts from the boot of the machine and goes on while it sleeps, so that it is the
 * same for all instances of a TA and never goes back. The TA's persistent time is kept by a
 * service.
 */
#include <tee_api.h>

#include "runtime.h"
#include "service.h"
#include "services/ta_time.h"

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

static struct service ta_time = { .uuid = TA_TIME_UUID };

TEE_Result TEE_GetTAPersistentTime(TEE_Time *time)
{
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	TEE_Result result;

	if (!time)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_GetTAPersistentTime: time is NULL");
	result = service_call(&ta_time, TA_TIME_GET, TEE_PARAM_TYPE_VALUE_OUTPUT, params);
	switch (result) {
	case TEE_SUCCESS:
	case TEE_ERROR_OVERFLOW:
		time->seconds = params[0].value.a;
		time->millis = params[0].value.b;
		return result;
	case TEE_ERROR_TIME_NOT_SET:
	case TEE_ERROR_TIME_NEEDS_RESET:
	case TEE_ERROR_OUT_OF_MEMORY:
		time->seconds = 0;
		time->millis = 0;
		return result;
	default:
		runtime_panic(result, "TEE_GetTAPersistentTime: the service that keeps it fails");
	}
}

TEE_Result TEE_SetTAPersistentTime(const TEE_Time *time)
{
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	TEE_Result result;

	if (!time)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_SetTAPersistentTime: time is NULL");
	if (time->millis >= MS_PER_S)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS,
			      "TEE_SetTAPersistentTime: millis is 1000 or more");
	params[0].value.a = time->seconds;
	params[0].value.b = time->millis;
	result = service_call(&ta_time, TA_TIME_SET, TEE_PARAM_TYPE_VALUE_INPUT, params);
	switch (result) {
	case TEE_SUCCESS:
	case TEE_ERROR_OUT_OF_MEMORY:
	case TEE_ERROR_STORAGE_NO_SPACE:
		return result;
	default:
		runtime_panic(result, "TEE_SetTAPersistentTime: the service that keeps it fails");
	}
}

void TEE_GetREETime(TEE_Time *time)
{
	if (!time)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_GetREETime: time is NULL");
	*time = time_of(device_clock_now_ns(&runtime.clock));
}
