#include "wire/fault.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

TestSuite(fault);

static int parse(const char *text, struct fault_plan *plan, char err[128])
{
	return fault_plan_parse(text, strlen(text), plan, err, 128);
}

Test(fault, comes_at_the_operations_that_were_named_and_at_no_other)
{
	struct fault_plan plan;
	char err[128];

	cr_assert_eq(parse("storage.write=ENOSPC@3,storage.write=corrupt@5-6,storage.read=EIO@2+",
			   &plan, err),
		     0);
	fault_arm(&plan);
	for (int i = 1; i <= 10; i++) {
		cr_expect_eq(fault_next(FAULT_STORAGE_WRITE), i == 3		 ? 0xFFFF3041
							      : i == 5 || i == 6 ? 0xF0100001
										 : 0);
		cr_expect_eq(fault_next(FAULT_STORAGE_READ), i >= 2 ? 0xF0100003 : 0);
		cr_expect_eq(fault_next(FAULT_STORAGE_OPEN), 0);
	}
}

Test(fault, without_a_number_comes_always)
{
	struct fault_plan plan;
	char err[128];

	cr_assert_eq(parse("memory.allocate=ENOMEM,ta.invoke=0xFFFF3024", &plan, err), 0);
	fault_arm(&plan);
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(fault_next(FAULT_MEMORY_ALLOCATE), 0xFFFF000C);
		cr_expect_eq(fault_next(FAULT_TA_INVOKE), 0xFFFF3024);
	}
	cr_assert_eq(parse("", &plan, err), 0);
	fault_arm(&plan);
	cr_expect_eq(fault_next(FAULT_MEMORY_ALLOCATE), 0);
}

Test(fault, that_makes_no_sense_is_refused_with_its_own_words)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{ "storage.nothing=EIO", "\"storage.nothing\"" },
		{ "storage.write", "=ERROR" },
		{ "storage.write=", "no error" },
		{ "storage.write=zeros", "no error" },
		{ "random.generate=ENOSPC", "no error" },
		{ "random.generate=0xFFFF0000", "no error" },
		{ "storage.write=0x", "no error" },
		{ "storage.write=0x0", "no error" },
		{ "storage.write=0x123456789", "no error" },
		{ "storage.write=EIO@", "\"@\" is not followed" },
		{ "storage.write=EIO@0", "\"@\" is not followed" },
		{ "storage.write=EIO@5-4", "\"@\" is not followed" },
		{ "storage.write=EIO@5-", "\"@\" is not followed" },
		{ "storage.write=EIO@5+6", "\"@\" is not followed" },
		{ "storage.write=EIO@99999999999999999999999", "\"@\" is not followed" },
		{ "storage.write@5=EIO", "no such fault point" },
		{ "storage.read=EIO,,", "no such fault point" },
	};
	static char long_text[FAULT_TEXT_MAX + 2];
	struct fault_plan plan;
	char err[128];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_expect_eq(parse(wrong[i].text, &plan, err), -EINVAL, "%s", wrong[i].text);
		cr_expect(strstr(err, wrong[i].why), "%s: %s", wrong[i].text, err);
	}
	memset(long_text, ',', sizeof(long_text) - 1);
	cr_expect_eq(parse(long_text, &plan, err), -EINVAL);
}
