/*
 * Internal Core API 6.9: random data.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>

#include "runtime_double.h"

TestSuite(random, .init = runtime_double_reset);

Test(random, every_part_of_a_large_buffer_is_filled_and_nothing_beside)
{
	enum {
		SIZE = 100000,
		PART = 16
	};
	static const uint8_t zero[PART];
	uint8_t *buffer = calloc(1, SIZE + 2);

	cr_assert(buffer);
	buffer[0] = buffer[SIZE + 1] = 0xA5;
	TEE_GenerateRandom(buffer + 1, SIZE);
	for (size_t at = 1; at + PART <= SIZE; at += PART)
		cr_assert(memcmp(buffer + at, zero, PART), "nothing at %zu", at);
	cr_expect_eq(buffer[0], 0xA5);
	cr_expect_eq(buffer[SIZE + 1], 0xA5);
	free(buffer);
}

Test(random, no_two_are_the_same)
{
	uint8_t first[32], second[32];

	TEE_GenerateRandom(first, sizeof(first));
	TEE_GenerateRandom(second, sizeof(second));
	cr_expect_neq(memcmp(first, second, sizeof(first)), 0);
}

Test(random, nothing_needs_no_buffer)
{
	TEE_GenerateRandom(NULL, 0);
}

static void random_to_null(void)
{
	TEE_GenerateRandom(NULL, 1);
}

Test(random, null_with_a_length_panics)
{
	cr_expect(runtime_double_panics(random_to_null));
	cr_expect_eq(runtime_double.panic_code, TEE_ERROR_BAD_PARAMETERS);
}
