#include <criterion/criterion.h>

#include "cli/bench_parameter.h"

static struct bench_parameter parameter;

static void expect(const char *text, enum bench_parameter_kind kind, bool input, bool output)
{
	cr_assert_eq(bench_parameter_parse(text, &parameter), 0, "%s", text);
	cr_expect_eq(parameter.kind, kind, "%s", text);
	cr_expect_eq(parameter.input, input, "%s", text);
	cr_expect_eq(parameter.output, output, "%s", text);
}

Test(bench_parameter, values)
{
	expect("value:1,0x20", BENCH_PARAMETER_VALUE, true, false);
	cr_expect_eq(parameter.a, 1);
	cr_expect_eq(parameter.b, 32);
	expect("value:4294967295:inout", BENCH_PARAMETER_VALUE, true, true);
	cr_expect_eq(parameter.a, UINT32_MAX);
	cr_expect_eq(parameter.b, 0);
}

Test(bench_parameter, memory_with_units_and_directions)
{
	expect("tmp:64", BENCH_PARAMETER_TEMPORARY, true, true);
	cr_expect_eq(parameter.size, 64);
	expect("shm:16M:in", BENCH_PARAMETER_SHARED, true, false);
	cr_expect_eq(parameter.size, 16U << 20);
	expect("reg:4K:out", BENCH_PARAMETER_REGISTERED, false, true);
	cr_expect_eq(parameter.size, 4096);
}

Test(bench_parameter, what_is_none_is_refused)
{
	static const char *const wrong[] = {
		"",	    "value",	     "value:", "value:1,",  "value:4294967296",
		"value:-1", "value:1,2,3",   "tmp:",   "tmp:0",	    "tmp:-5",
		"tmp:5:",   "tmp:5:both",    "tmp:5X", "tmp:9999G", "shm:18446744073709551616",
		"heap:5",   "value:1,2 :in", "tmp: 5",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_lt(bench_parameter_parse(wrong[i], &parameter), 0, "%s", wrong[i]);
}
