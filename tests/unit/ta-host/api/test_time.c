/*
 * Internal Core API 7.2 and 4.10: clocks, waiting and cancellation.
 */
#include <criterion/criterion.h>
#include <time.h>
#include <tee_api.h>

#include "runtime_double.h"
#include "services/ta_time.h"

TestSuite(time, .init = runtime_double_reset);
TestSuite(cancellation, .init = runtime_double_reset);

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static uint64_t milliseconds(TEE_Time time)
{
	cr_assert_lt(time.millis, 1000);
	return time.seconds * 1000ULL + time.millis;
}

Test(time, system_time_goes_on_with_the_machine)
{
	const struct timespec nap = { .tv_nsec = 30 * 1000000 };
	TEE_Time before, after;

	TEE_GetSystemTime(&before);
	nanosleep(&nap, NULL);
	TEE_GetSystemTime(&after);
	cr_expect_geq(milliseconds(after) - milliseconds(before), 29);
	cr_expect_lt(milliseconds(after) - milliseconds(before), 20000);
}

Test(time, ree_time_is_the_hosts)
{
	const time_t host = time(NULL);
	TEE_Time now;

	TEE_GetREETime(&now);
	cr_expect_lt(now.millis, 1000);
	cr_expect_geq(now.seconds, (uint32_t)host);
	cr_expect_leq(now.seconds, (uint32_t)host + 20);
}

Test(time, wait_ends_at_its_deadline)
{
	uint64_t before = monotonic_ns();

	cr_expect_eq(TEE_Wait(2500), TEE_SUCCESS);
	cr_expect_geq(runtime_double.sleep_deadline_ns, before + 2500000000ULL);
	cr_expect_lt(runtime_double.sleep_deadline_ns, before + 22500000000ULL);
	cr_expect_not(runtime_double.sleep_cancellable, "cancellation is masked at first");
}

Test(time, wait_for_ever_has_no_deadline)
{
	cr_expect_eq(TEE_Wait(TEE_TIMEOUT_INFINITE), TEE_SUCCESS);
	cr_expect_eq(runtime_double.sleep_deadline_ns, UINT64_MAX);
}

Test(time, wait_is_cancelled_when_unmasked)
{
	runtime_double.cancel_requested = true;
	cr_expect_eq(TEE_Wait(1), TEE_SUCCESS);
	TEE_UnmaskCancellation();
	cr_expect_eq(TEE_Wait(1), TEE_ERROR_CANCEL);
}

Test(time, persistent_time_is_the_services)
{
	TEE_Time time = { 1, 2 };

	cr_expect_eq(TEE_SetTAPersistentTime(&time), TEE_SUCCESS);
	cr_expect_eq(runtime_double.service_command, TA_TIME_SET);
	cr_expect_eq(runtime_double.service_types, TEE_PARAM_TYPE_VALUE_INPUT);
	cr_expect_eq(runtime_double.service_params[0].value.a, 1);
	cr_expect_eq(runtime_double.service_params[0].value.b, 2);
	runtime_double.service_answers = true;
	runtime_double.service_answer.a = 77;
	runtime_double.service_answer.b = 999;
	cr_expect_eq(TEE_GetTAPersistentTime(&time), TEE_SUCCESS);
	cr_expect_eq(runtime_double.service_command, TA_TIME_GET);
	cr_expect_eq(time.seconds, 77);
	cr_expect_eq(time.millis, 999);
	runtime_double.service_result = TEE_ERROR_OVERFLOW;
	runtime_double.service_answer.a = 3;
	cr_expect_eq(TEE_GetTAPersistentTime(&time), TEE_ERROR_OVERFLOW);
	cr_expect_eq(time.seconds, 3, "modulo 2^32");
}

Test(time, persistent_time_that_there_is_not_is_zero)
{
	static const TEE_Result results[] = { TEE_ERROR_TIME_NOT_SET, TEE_ERROR_TIME_NEEDS_RESET,
					      TEE_ERROR_OUT_OF_MEMORY };

	runtime_double.service_answers = true;
	runtime_double.service_answer.a = 77;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		TEE_Time time = { 1, 2 };

		runtime_double.service_result = results[i];
		cr_expect_eq(TEE_GetTAPersistentTime(&time), results[i]);
		cr_expect_eq(time.seconds, 0);
		cr_expect_eq(time.millis, 0);
	}
}

Test(time, full_storage_is_told_when_setting)
{
	const TEE_Time time = { 1, 2 };

	runtime_double.service_result = TEE_ERROR_STORAGE_NO_SPACE;
	cr_expect_eq(TEE_SetTAPersistentTime(&time), TEE_ERROR_STORAGE_NO_SPACE);
}

static void get_from_a_service_that_is_gone(void)
{
	TEE_Time time;

	runtime_double.service_result = TEE_ERROR_TARGET_DEAD;
	(void)TEE_GetTAPersistentTime(&time);
}

static void set_in_a_service_that_is_gone(void)
{
	const TEE_Time time = { 1, 2 };

	runtime_double.service_result = TEE_ERROR_TARGET_DEAD;
	(void)TEE_SetTAPersistentTime(&time);
}

Test(time, results_that_the_api_does_not_know_panic)
{
	cr_expect(runtime_double_panics(get_from_a_service_that_is_gone));
	cr_expect_eq(runtime_double.panic_code, TEE_ERROR_TARGET_DEAD);
	cr_expect(runtime_double_panics(set_in_a_service_that_is_gone));
}

static void persistent_time_to_null(void)
{
	(void)TEE_GetTAPersistentTime(NULL);
}

static void system_time_to_null(void)
{
	TEE_GetSystemTime(NULL);
}

static void set_a_second_of_1000_ms(void)
{
	const TEE_Time time = { 1, 1000 };

	(void)TEE_SetTAPersistentTime(&time);
}

Test(time, programmer_errors_panic)
{
	cr_expect(runtime_double_panics(system_time_to_null));
	cr_expect(runtime_double_panics(persistent_time_to_null));
	cr_expect(runtime_double_panics(set_a_second_of_1000_ms));
}

Test(cancellation, flag_shows_through_when_unmasked_only)
{
	runtime_double.cancel_requested = true;
	cr_expect_not(TEE_GetCancellationFlag());
	cr_expect(TEE_UnmaskCancellation(), "it was masked");
	cr_expect(TEE_GetCancellationFlag());
	cr_expect_not(TEE_UnmaskCancellation());
	cr_expect_not(TEE_MaskCancellation());
	cr_expect_not(TEE_GetCancellationFlag());
	cr_expect(TEE_MaskCancellation());
}

Test(cancellation, flag_is_down_when_nobody_asked)
{
	TEE_UnmaskCancellation();
	cr_expect_not(TEE_GetCancellationFlag());
}
