#include "vectors.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

struct vector vector_of(const char *text)
{
	struct vector vector = { .size = 0 };

	while (*text) {
		if (*text == ' ') {
			text++;
			continue;
		}
		cr_assert(digit_of(text[0]) >= 0 && digit_of(text[1]) >= 0 &&
				  vector.size < VECTOR_MAX,
			  "not a vector: %s", text);
		vector.at[vector.size++] = (uint8_t)(16 * digit_of(text[0]) + digit_of(text[1]));
		text += 2;
	}
	return vector;
}

void vector_expect(const void *got, size_t got_size, const char *text, const char *what)
{
	const struct vector wanted = vector_of(text);
	char shown[2 * VECTOR_MAX + 1] = "";

	for (size_t i = 0; i < got_size && i < VECTOR_MAX; i++)
		snprintf(shown + 2 * i, 3, "%02x", ((const uint8_t *)got)[i]);
	cr_assert(got_size == wanted.size && memcmp(got, wanted.at, got_size) == 0,
		  "%s: got %s, wanted %s", what, shown, text);
}

void pattern_fill(uint8_t *at, size_t size, uint32_t seed)
{
	uint32_t state = seed * 2654435761U + 1;

	for (size_t i = 0; i < size; i++) {
		state = state * 1664525U + 1013904223U;
		at[i] = (uint8_t)(state >> 24);
	}
}
