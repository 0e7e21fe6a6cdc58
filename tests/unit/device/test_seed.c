#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "device/seed.h"

static const struct uuid a = { { 1, 2, 3 } }, b = { { 1, 2, 4 } };

Test(seed, numbers_of_64_bits_are_taken_and_nothing_else)
{
	static const char *const wrong[] = { "",    "-1",  "+1",   " 1",
					     "1 ",  "0x",  "1x",   "18446744073709551616",
					     "0xg", "1e3", "0x-1", "0x10000000000000000" };
	uint64_t number;

	cr_expect(seed_parse("0", &number) == 0 && number == 0);
	cr_expect(seed_parse("18446744073709551615", &number) == 0 && number == UINT64_MAX);
	cr_expect(seed_parse("0xCafe", &number) == 0 && number == 0xCAFE);
	/* Not octal. */
	cr_expect(seed_parse("010", &number) == 0 && number == 10);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(seed_parse(wrong[i], &number), -EINVAL, "\"%s\"", wrong[i]);
}

Test(seed, each_instance_and_each_ta_and_the_device_have_their_own)
{
	struct seed seed = { .number = 7 }, again = { .number = 7 }, other = { .number = 8 };
	uint8_t all[6][SEED_SIZE], repeated[SEED_SIZE];

	cr_assert_eq(seed_for_device(&seed, all[0]), 0);
	cr_assert_eq(seed_for_instance(&seed, &a, all[1]), 0);
	cr_assert_eq(seed_for_instance(&seed, &a, all[2]), 0);
	cr_assert_eq(seed_for_instance(&seed, &b, all[3]), 0);
	cr_assert_eq(seed_for_instance(&other, &a, all[4]), 0);
	cr_assert_eq(seed_for_device(&other, all[5]), 0);
	for (int i = 0; i < 6; i++)
		for (int j = 0; j < i; j++)
			cr_expect_neq(memcmp(all[i], all[j], SEED_SIZE), 0, "%d and %d", i, j);

	/* In another order of TAs. */
	cr_assert_eq(seed_for_instance(&again, &b, repeated), 0);
	cr_expect_eq(memcmp(repeated, all[3], SEED_SIZE), 0);
	for (int i = 1; i < 3; i++) {
		cr_assert_eq(seed_for_instance(&again, &a, repeated), 0);
		cr_expect_eq(memcmp(repeated, all[i], SEED_SIZE), 0);
	}
	cr_assert_eq(seed_for_device(&again, repeated), 0);
	cr_expect_eq(memcmp(repeated, all[0], SEED_SIZE), 0);
	seed_forget(&seed);
	seed_forget(&again);
	seed_forget(&other);
}
