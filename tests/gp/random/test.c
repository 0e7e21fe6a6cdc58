/*
 * Internal Core API 6.9, in a sandbox: random data.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const TEEC_UUID ta = UUID_RANDOM;

TestSuite(random, .init = fixture_start, .fini = fixture_stop);

static void fill(struct client *client, void *buffer, size_t size)
{
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, 0, 0, 0) };

	operation.params[0].tmpref.buffer = buffer;
	operation.params[0].tmpref.size = size;
	cr_assert_eq(client_invoke(client, 0, &operation), TEEC_SUCCESS);
}

Test(random, every_value_is_about_as_frequent_as_every_other)
{
	enum {
		SIZE = 1 << 20,
		EXPECTED = SIZE / 256
	};
	uint8_t *buffer = calloc(1, SIZE);
	unsigned int count[256] = { 0 };
	struct client client;

	cr_assert(buffer);
	client_open(&client, &ta);
	fill(&client, buffer, SIZE);
	for (size_t i = 0; i < SIZE; i++)
		count[buffer[i]]++;
	/* Ten standard deviations, which no test ever sees by chance. */
	for (unsigned int i = 0; i < 256; i++)
		cr_expect(count[i] > EXPECTED - 640 && count[i] < EXPECTED + 640, "%u: %u", i,
			  count[i]);
	client_close(&client);
	free(buffer);
}

Test(random, instances_do_not_repeat_each_other)
{
	uint8_t first[64], second[64], third[64];
	struct client one, other;

	client_open(&one, &ta);
	client_open(&other, &ta);
	fill(&one, first, sizeof(first));
	fill(&other, second, sizeof(second));
	fill(&one, third, sizeof(third));
	cr_expect_neq(memcmp(first, second, sizeof(first)), 0);
	cr_expect_neq(memcmp(first, third, sizeof(first)), 0);
	client_close(&one);
	client_close(&other);
}
