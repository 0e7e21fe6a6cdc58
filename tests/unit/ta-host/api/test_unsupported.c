/*
 * What a TA gets from functions that are in the API and not in this version.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <tee_api.h>

#include "api/unsupported.h"
#include "runtime_double.h"

TestSuite(unsupported, .init = runtime_double_reset);

static TEE_Result missing_function(void)
{
	return UNSUPPORTED_CALL();
}

static TEE_Result other_missing_function(void)
{
	return UNSUPPORTED_CALL();
}

static void missing_procedure(void)
{
	UNSUPPORTED_PANIC();
}

Test(unsupported, call_answers_not_supported_and_logs_once)
{
	runtime.uuid = (TEE_UUID) { 0x01020304, 0x0506, 0x0708, { 9, 10, 11, 12, 13, 14, 15, 16 } };
	cr_expect_eq(missing_function(), TEE_ERROR_NOT_SUPPORTED);
	cr_expect_eq(missing_function(), TEE_ERROR_NOT_SUPPORTED);
	cr_expect_eq(runtime_double.logs, 1);
	cr_expect_str_eq(runtime_double.last_log,
			 "missing_function is not part of this version of teesim yet; TA "
			 "01020304-0506-0708-090a-0b0c0d0e0f10 gets TEE_ERROR_NOT_SUPPORTED");
	cr_expect_eq(other_missing_function(), TEE_ERROR_NOT_SUPPORTED);
	cr_expect_eq(runtime_double.logs, 2);
}

Test(unsupported, procedure_panics_and_says_its_name)
{
	cr_assert(runtime_double_panics(missing_procedure));
	cr_expect_eq(runtime_double.panic_code, TEE_ERROR_NOT_SUPPORTED);
	cr_expect(strstr(runtime_double.panic_reason, "missing_procedure"));
}
