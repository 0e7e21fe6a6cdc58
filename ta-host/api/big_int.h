/*
 * The words of big integers (Internal Core API 8) and the library's numbers. Runs in ta-host, on
 * the TA's thread.
 *
 * A big integer is an array of the TA's: a word that says what it is and how many words of value
 * there is room for, a word of sign and length, and the value, least word first. It holds no
 * address, so a copy of the array is a copy of the number. All that is computed goes through
 * numbers of the library, which are wiped when the frame they belong to is closed; so operands and
 * results may be one and the same array.
 */
#ifndef TEESIM_TA_HOST_API_BIG_INT_H
#define TEESIM_TA_HOST_API_BIG_INT_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tee_api_types.h>

/* gpd.tee.arith.maxBigIntSize; operands and results of functions have so many bits at most. */
#define BIG_INT_BITS_MAX 4096U

/* What TEE_BigIntInit() takes at most, in words: products of products have room. */
#define BIG_INT_WORDS_MAX (BIG_INT_BITS_MAX / 4)

/* Before the value, in words. */
#define BIG_INT_HEADER 2U

enum big_int_kind {
	BIG_INT_NUMBER = 0x4249,
	BIG_INT_FMM = 0x4246,
	BIG_INT_FMM_CONTEXT = 0x4243
};

/* What an array of a TA's says of itself, checked. */
struct big_int {
	uint32_t *value;
	/* Words of value: in use (the last one is not 0), and there is room for. */
	uint32_t used;
	uint32_t room;
	bool negative;
};

/* Makes `words` words at `at` the number 0; panics in the name of `function` when there are too few
 * for that, or too many. */
void big_int_init(uint32_t *at, size_t words, enum big_int_kind kind, const char *function);

/* Panics in the name of `function` when `at` is no such array. */
struct big_int big_int_parse(const uint32_t *at, enum big_int_kind kind, const char *function);

/* Says in the array what `number`'s sign and length are, leading zeros left out. */
void big_int_settle(uint32_t *at, struct big_int *number);

/* In bits, of the absolute value. */
uint32_t big_int_bits(const struct big_int *number);

/* The numbers of the library that one function of the API works with. */
struct big_int_frame {
	BN_CTX *numbers;
	const char *function;
};

struct big_int_frame big_int_frame_open(const char *function);
void big_int_frame_close(struct big_int_frame *frame);

/* Closes the frame and panics. */
__attribute__((noreturn)) void big_int_frame_fail(struct big_int_frame *frame, TEE_Result code,
						  const char *rule);

/* A number of the frame's, 0; or the value of an array. */
BIGNUM *big_int_temporary(struct big_int_frame *frame);
BIGNUM *big_int_number(struct big_int_frame *frame, const uint32_t *at, enum big_int_kind kind);

/* Into an array that was initialised; panics when it does not fit. */
void big_int_store(struct big_int_frame *frame, uint32_t *at, enum big_int_kind kind,
		   const BIGNUM *number);

#endif
