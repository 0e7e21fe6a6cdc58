/*
 * Test vectors are written as hexadecimal text, with blanks where they please.
 */
#ifndef TEESIM_TEST_VECTORS_H
#define TEESIM_TEST_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#define VECTOR_MAX 1024

struct vector {
	uint8_t at[VECTOR_MAX];
	size_t size;
};

/* Ends the test when the text is no vector. */
struct vector vector_of(const char *text);

/* The test goes on only when both are the same octets. */
void vector_expect(const void *got, size_t got_size, const char *text, const char *what);

/* Octets that differ from seed to seed, and are the same in every run. */
void pattern_fill(uint8_t *at, size_t size, uint32_t seed);

#endif
