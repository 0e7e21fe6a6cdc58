/*
 * Big integers: the rules of sign, size and modulus, and what panics. Values of random sizes are
 * recomputed by another implementation, Python's.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>
#include <unistd.h>

#include "runtime_double.h"
#include "vectors.h"

#define BITS_MAX  2048U
#define WORDS	  (TEE_BigIntSizeInU32(2 * BITS_MAX) + 2)
#define ROUNDS	  30
#define TEXT_SIZE (2 * BITS_MAX / 4 + 8)

struct number {
	TEE_BigInt at[WORDS];
};

static uint32_t seed;

static void setup(void)
{
	runtime_double_reset();
	seed = 7;
}

TestSuite(arithmetic, .init = setup, .timeout = 500);

static void empty(struct number *number)
{
	TEE_BigIntInit(number->at, WORDS);
}

/* From "-1f"; as many digits as there are. */
static struct number from_text(const char *text)
{
	const bool negative = *text == '-';
	char even[TEXT_SIZE + 2];
	struct vector octets;
	struct number number;

	text += negative;
	snprintf(even, sizeof(even), "%s%s", strlen(text) % 2 ? "0" : "", text);
	octets = vector_of(even);
	empty(&number);
	cr_assert_eq(TEE_BigIntConvertFromOctetString(number.at, octets.at, octets.size,
						      negative ? -1 : 1),
		     TEE_SUCCESS);
	return number;
}

static const char *to_text(const TEE_BigInt *number)
{
	/* As many as a test holds at a time. */
	static char texts[64][TEXT_SIZE];
	static unsigned int next;
	uint8_t octets[2 * BITS_MAX / 8 + 8];
	size_t size = sizeof(octets), at = 0;
	char *text = texts[next++ % 64];

	cr_assert_eq(TEE_BigIntConvertToOctetString(octets, &size, number), TEE_SUCCESS);
	if (TEE_BigIntCmpS32(number, 0) < 0)
		text[at++] = '-';
	if (!size)
		text[at++] = '0';
	text[at] = '\0';
	for (size_t i = 0; i < size; i++, at += 2)
		snprintf(text + at, 3, "%02x", octets[i]);
	return text;
}

static void expect(const struct number *number, const char *text)
{
	struct number right = from_text(text);

	cr_expect_eq(TEE_BigIntCmp(number->at, right.at), 0, "%s in place of %s",
		     to_text(number->at), text);
}

Test(arithmetic, sizes)
{
	cr_expect_eq(TEE_BigIntSizeInU32(0), 2);
	cr_expect_eq(TEE_BigIntSizeInU32(1), 3);
	cr_expect_eq(TEE_BigIntSizeInU32(2048), 66);
	cr_expect_eq(TEE_BigIntFMMSizeInU32(2048), 66);
	cr_expect_eq(TEE_BigIntFMMSizeInU32(2049), 67);
	cr_expect_eq(TEE_BigIntFMMContextSizeInU32(2048), 66);
}

Test(arithmetic, octet_strings_there_and_back)
{
	static const uint8_t long_way[] = { 0, 0, 0, 0x12, 0x34, 0x56, 0x78, 0x9A };
	TEE_BigInt small[TEE_BigIntSizeInU32(40)];
	uint8_t octets[8];
	size_t size = 4;

	TEE_BigIntInit(small, TEE_BigIntSizeInU32(40));
	cr_expect_eq(TEE_BigIntConvertFromOctetString(small, long_way, 8, -1), TEE_SUCCESS);
	cr_expect_eq(TEE_BigIntConvertToOctetString(octets, &size, small), TEE_ERROR_SHORT_BUFFER);
	cr_expect_eq(size, 5);
	size = sizeof(octets);
	cr_expect_eq(TEE_BigIntConvertToOctetString(octets, &size, small), TEE_SUCCESS);
	vector_expect(octets, size, "123456789a", "the absolute value");
	cr_expect_lt(TEE_BigIntCmpS32(small, 0), 0);
	/* What does not fit is an error, and the number stays. */
	cr_expect_eq(TEE_BigIntConvertFromOctetString(small, (const uint8_t *)"\1\0\0\0\0\0\0\0\0",
						      9, 0),
		     TEE_ERROR_OVERFLOW);
	cr_expect_eq(TEE_BigIntGetBitCount(small), 37);
	/* 0 has no octets, and no sign. */
	cr_expect_eq(TEE_BigIntConvertFromOctetString(small, long_way, 3, -1), TEE_SUCCESS);
	cr_expect_eq(TEE_BigIntCmpS32(small, 0), 0);
	size = 0;
	cr_expect_eq(TEE_BigIntConvertToOctetString(NULL, &size, small), TEE_SUCCESS);
	cr_expect_eq(size, 0);
}

Test(arithmetic, words_of_32_bits)
{
	static const int32_t values[] = { 0, 1, -1, 77, INT32_MAX, INT32_MIN };
	struct number number;
	int32_t back;

	empty(&number);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		TEE_BigIntConvertFromS32(number.at, values[i]);
		cr_expect_eq(TEE_BigIntConvertToS32(&back, number.at), TEE_SUCCESS);
		cr_expect_eq(back, values[i]);
		for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++)
			cr_expect_eq(TEE_BigIntCmpS32(number.at, values[j]),
				     (values[i] > values[j]) - (values[i] < values[j]));
	}
	number = from_text("80000000");
	cr_expect_eq(TEE_BigIntConvertToS32(&back, number.at), TEE_ERROR_OVERFLOW);
	number = from_text("-80000001");
	cr_expect_eq(TEE_BigIntConvertToS32(&back, number.at), TEE_ERROR_OVERFLOW);
	number = from_text("100000000");
	cr_expect_eq(TEE_BigIntConvertToS32(&back, number.at), TEE_ERROR_OVERFLOW);
}

Test(arithmetic, bits)
{
	struct number number = from_text("-8000000000000001");
	TEE_BigInt small[TEE_BigIntSizeInU32(32)];

	cr_expect_eq(TEE_BigIntGetBitCount(number.at), 64);
	cr_expect(TEE_BigIntGetBit(number.at, 0) && TEE_BigIntGetBit(number.at, 63));
	cr_expect(!TEE_BigIntGetBit(number.at, 1) && !TEE_BigIntGetBit(number.at, 64) &&
		  !TEE_BigIntGetBit(number.at, UINT32_MAX));
	cr_expect_eq(TEE_BigIntSetBit(number.at, 100, true), TEE_SUCCESS);
	expect(&number, "-10000000008000000000000001");
	cr_expect_eq(TEE_BigIntSetBit(number.at, 100, false), TEE_SUCCESS);
	cr_expect_eq(TEE_BigIntSetBit(number.at, 63, false), TEE_SUCCESS);
	cr_expect_eq(TEE_BigIntSetBit(number.at, 90, false), TEE_SUCCESS);
	expect(&number, "-1");
	cr_expect_eq(TEE_BigIntSetBit(number.at, 0, false), TEE_SUCCESS);
	cr_expect_eq(TEE_BigIntCmpS32(number.at, 0), 0);
	cr_expect_eq(TEE_BigIntGetBitCount(number.at), 0);
	TEE_BigIntInit(small, TEE_BigIntSizeInU32(32));
	cr_expect_eq(TEE_BigIntSetBit(small, 31, true), TEE_SUCCESS);
	cr_expect_eq(TEE_BigIntSetBit(small, 32, true), TEE_ERROR_OVERFLOW);
	cr_expect_eq(TEE_BigIntGetBitCount(small), 32);
}

Test(arithmetic, assignment_keeps_the_sign_and_abs_drops_it)
{
	struct number from = from_text("-123456789abcdef0123"), to;
	TEE_BigInt small[TEE_BigIntSizeInU32(64)];

	empty(&to);
	cr_expect_eq(TEE_BigIntAssign(to.at, from.at), TEE_SUCCESS);
	expect(&to, "-123456789abcdef0123");
	cr_expect_eq(TEE_BigIntAbs(to.at, to.at), TEE_SUCCESS);
	expect(&to, "123456789abcdef0123");
	TEE_BigIntInit(small, TEE_BigIntSizeInU32(64));
	cr_expect_eq(TEE_BigIntAssign(small, from.at), TEE_ERROR_OVERFLOW);
	cr_expect_eq(TEE_BigIntAbs(small, from.at), TEE_ERROR_OVERFLOW);
	cr_expect_eq(TEE_BigIntCmpS32(small, 0), 0);
}

/* The four cases of the specification's table. */
Test(arithmetic, division_is_towards_zero)
{
	static const int32_t all[][4] = {
		{ 53, 7, 7, 4 }, { -53, 7, -7, -4 }, { 53, -7, -7, 4 }, { -53, -7, 7, -4 }
	};
	struct number a, b, quotient, rest;

	empty(&a);
	empty(&b);
	empty(&quotient);
	empty(&rest);
	for (size_t i = 0; i < 4; i++) {
		TEE_BigIntConvertFromS32(a.at, all[i][0]);
		TEE_BigIntConvertFromS32(b.at, all[i][1]);
		TEE_BigIntDiv(quotient.at, rest.at, a.at, b.at);
		cr_expect_eq(TEE_BigIntCmpS32(quotient.at, all[i][2]), 0);
		cr_expect_eq(TEE_BigIntCmpS32(rest.at, all[i][3]), 0);
		TEE_BigIntDiv(NULL, NULL, a.at, b.at);
		/* Into an operand. */
		TEE_BigIntDiv(NULL, b.at, a.at, b.at);
		cr_expect_eq(TEE_BigIntCmpS32(b.at, all[i][3]), 0);
	}
}

Test(arithmetic, shifting_keeps_the_sign)
{
	struct number number = from_text("-123456789abcdef0");

	TEE_BigIntShiftRight(number.at, number.at, 4);
	expect(&number, "-123456789abcdef");
	TEE_BigIntShiftRight(number.at, number.at, 36);
	expect(&number, "-123456");
	TEE_BigIntShiftRight(number.at, number.at, 0);
	expect(&number, "-123456");
	TEE_BigIntShiftRight(number.at, number.at, SIZE_MAX);
	cr_expect_eq(TEE_BigIntCmpS32(number.at, 0), 0);
}

Test(arithmetic, primes)
{
	/* The last two are 2^521 - 1 and the product of 2^89 - 1 and 2^107 - 1. */
	struct number number;

	static const struct {
		int32_t value;
		int32_t answer;
	} small[] = { { -7, 0 }, { 0, 0 },   { 1, 0 },	   { 2, 1 },
		      { 3, 1 },	 { 561, 0 }, { 65521, 1 }, { 41041, 0 } };
	struct number a = from_text("1ffffffffffffffffffffff");
	struct number b = from_text("7ffffffffffffffffffffffffff");

	empty(&number);
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		TEE_BigIntConvertFromS32(number.at, small[i].value);
		cr_expect_eq(TEE_BigIntIsProbablePrime(number.at, 80), small[i].answer, "%d",
			     small[i].value);
	}
	cr_expect_eq(TEE_BigIntIsProbablePrime(a.at, 0), -1);
	cr_expect_eq(TEE_BigIntIsProbablePrime(b.at, 300), -1);
	TEE_BigIntMul(number.at, a.at, b.at);
	cr_expect_eq(TEE_BigIntIsProbablePrime(number.at, 80), 0);
}

Test(arithmetic, greatest_common_divisors_of_odd_cases)
{
	static const struct {
		const char *a, *b, *gcd, *u, *v;
	} all[] = {
		{ "0", "0", "0", "0", "0" },	{ "0", "-5", "5", "0", "-1" },
		{ "-5", "0", "5", "-1", "0" },	{ "7", "7", "7", "1", "0" },
		{ "-7", "-7", "7", "-1", "0" }, { "6", "-12", "6", "1", "0" },
		{ "1", "1", "1", "1", "0" },	{ "f", "5", "5", "0", "1" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct number a = from_text(all[i].a), b = from_text(all[i].b);
		struct number gcd, u, v;

		empty(&gcd);
		empty(&u);
		empty(&v);
		TEE_BigIntComputeExtendedGcd(gcd.at, u.at, v.at, a.at, b.at);
		expect(&gcd, all[i].gcd);
		expect(&u, all[i].u);
		expect(&v, all[i].v);
		TEE_BigIntComputeExtendedGcd(gcd.at, NULL, NULL, a.at, b.at);
		expect(&gcd, all[i].gcd);
	}
	cr_expect(!TEE_BigIntRelativePrime(from_text("0").at, from_text("0").at));
	cr_expect(TEE_BigIntRelativePrime(from_text("0").at, from_text("-1").at));
}

Test(arithmetic, even_moduli_have_no_fast_form_and_no_powers)
{
	struct number n = from_text("fffffffe"), a = from_text("3");
	TEE_BigIntFMMContext context[TEE_BigIntSizeInU32(64)];

	cr_expect_eq(TEE_BigIntInitFMMContext1(context, TEE_BigIntSizeInU32(64), n.at),
		     TEE_ERROR_NOT_SUPPORTED);
	cr_expect_eq(TEE_BigIntExpMod(a.at, a.at, a.at, n.at, NULL), TEE_ERROR_NOT_SUPPORTED);
	expect(&a, "3");
}

/* What panics, with the beginning of the reason. */
#define PANIC(name, code, expected, ...)                                               \
	static void name##_attempt(void)                                               \
	{                                                                              \
		TEE_BigInt small[TEE_BigIntSizeInU32(32)];                             \
		struct number a = from_text("-123456789"), b = from_text("ff"), other; \
		TEE_BigIntFMMContext context[WORDS];                                   \
		TEE_BigIntFMM fast[WORDS];                                             \
                                                                                       \
		(void)small;                                                           \
		(void)other;                                                           \
		TEE_BigIntInit(small, TEE_BigIntSizeInU32(32));                        \
		TEE_BigIntInitFMM(fast, WORDS);                                        \
		TEE_BigIntInitFMMContext(context, WORDS, b.at);                        \
		memset(&other, 0, sizeof(other));                                      \
		(void)a;                                                               \
		__VA_ARGS__;                                                           \
	}                                                                              \
	Test(arithmetic, panics_##name)                                                \
	{                                                                              \
		cr_assert(runtime_double_panics(name##_attempt));                      \
		cr_expect_eq(runtime_double.panic_code, (code));                       \
		cr_expect(strstr(runtime_double.panic_reason, (expected)), "%s",       \
			  runtime_double.panic_reason);                                \
	}

#define BAD TEE_ERROR_BAD_PARAMETERS

PANIC(init_null, BAD, "TEE_BigIntInit: the array is NULL", TEE_BigIntInit(NULL, 3))
PANIC(init_short, BAD, "too short", TEE_BigIntInit(small, 1))
PANIC(init_long, BAD, "maxBigIntSize", TEE_BigIntInit(small, 100000))
PANIC(uninitialised, BAD, "TEE_BigIntAdd: a big integer was not initialised",
      TEE_BigIntAdd(a.at, a.at, other.at))
PANIC(null_operand, BAD, "TEE_BigIntCmp: a big integer is NULL", TEE_BigIntCmp(a.at, NULL))
PANIC(add_overflow, TEE_ERROR_OVERFLOW, "TEE_BigIntAdd: the result does not fit",
      TEE_BigIntAdd(small, a.at, b.at))
PANIC(neg_overflow, TEE_ERROR_OVERFLOW, "TEE_BigIntNeg", TEE_BigIntNeg(small, a.at))
PANIC(shift_overflow, TEE_ERROR_OVERFLOW, "TEE_BigIntShiftRight",
      TEE_BigIntShiftRight(small, a.at, 0))
PANIC(mul_overflow, TEE_ERROR_OVERFLOW, "TEE_BigIntMul", TEE_BigIntMul(small, a.at, a.at))
PANIC(square_overflow, TEE_ERROR_OVERFLOW, "TEE_BigIntSquare", TEE_BigIntSquare(small, a.at))
PANIC(quotient_overflow, TEE_ERROR_OVERFLOW, "TEE_BigIntDiv", TEE_BigIntConvertFromS32(b.at, 1);
      TEE_BigIntDiv(small, NULL, a.at, b.at))
PANIC(division_by_zero, BAD, "TEE_BigIntDiv: division by 0", TEE_BigIntConvertFromS32(b.at, 0);
      TEE_BigIntDiv(NULL, a.at, a.at, b.at))
PANIC(mod_one, BAD, "TEE_BigIntMod: the modulus is less than 2", TEE_BigIntConvertFromS32(b.at, 1);
      TEE_BigIntMod(a.at, a.at, b.at))
PANIC(addmod_negative, BAD, "TEE_BigIntAddMod: the modulus is less than 2",
      TEE_BigIntAddMod(b.at, b.at, b.at, a.at))
PANIC(submod_zero, BAD, "TEE_BigIntSubMod: the modulus is less than 2",
      TEE_BigIntConvertFromS32(b.at, 0);
      TEE_BigIntSubMod(a.at, a.at, a.at, b.at))
PANIC(mulmod_negative, BAD, "TEE_BigIntMulMod", TEE_BigIntMulMod(b.at, b.at, b.at, a.at))
PANIC(squaremod_negative, BAD, "TEE_BigIntSquareMod", TEE_BigIntSquareMod(b.at, b.at, a.at))
PANIC(inverse_of_zero, BAD, "TEE_BigIntInvMod: the operand is 0", TEE_BigIntConvertFromS32(a.at, 0);
      TEE_BigIntInvMod(a.at, a.at, b.at))
PANIC(inverse_of_a_divisor, BAD, "TEE_BigIntInvMod", TEE_BigIntConvertFromS32(a.at, 3);
      TEE_BigIntInvMod(a.at, a.at, b.at))
PANIC(inverse_mod_one, BAD, "TEE_BigIntInvMod: the modulus", TEE_BigIntConvertFromS32(b.at, 1);
      TEE_BigIntInvMod(a.at, a.at, b.at))
PANIC(negative_power, BAD, "TEE_BigIntExpMod: the exponent is negative",
      (void)TEE_BigIntExpMod(b.at, b.at, a.at, b.at, NULL))
PANIC(power_with_other_context, BAD, "TEE_BigIntExpMod: the FMM context",
      TEE_BigIntConvertFromS32(a.at, 77);
      (void)TEE_BigIntExpMod(b.at, b.at, b.at, a.at, context))
PANIC(gcd_overflow, TEE_ERROR_OVERFLOW, "TEE_BigIntComputeExtendedGcd",
      TEE_BigIntComputeExtendedGcd(small, NULL, NULL, a.at, a.at))
PANIC(s32_into_nothing, TEE_ERROR_OVERFLOW, "TEE_BigIntConvertFromS32", TEE_BigIntInit(small, 2);
      TEE_BigIntConvertFromS32(small, 1))
PANIC(context_of_even_modulus, TEE_ERROR_NOT_SUPPORTED, "TEE_BigIntInitFMMContext: the modulus",
      TEE_BigIntConvertFromS32(b.at, 4);
      TEE_BigIntInitFMMContext(context, WORDS, b.at))
PANIC(context_of_one, BAD, "TEE_BigIntInitFMMContext1: the modulus",
      TEE_BigIntConvertFromS32(b.at, 1);
      (void)TEE_BigIntInitFMMContext1(context, WORDS, b.at))
PANIC(context_too_short, BAD, "TEE_BigIntInitFMMContext1: the context is too short",
      (void)TEE_BigIntInitFMMContext1(context, 2, b.at))
PANIC(fmm_number_not_initialised, BAD, "TEE_BigIntConvertToFMM: a number in FMM form",
      TEE_BigIntConvertToFMM(other.at, b.at, b.at, context))
PANIC(fmm_plain_number, BAD, "TEE_BigIntComputeFMM: a number in FMM form",
      TEE_BigIntComputeFMM(fast, b.at, fast, b.at, context))
PANIC(fmm_context_not_initialised, BAD, "TEE_BigIntConvertFromFMM: the FMM context",
      TEE_BigIntConvertFromFMM(b.at, fast, b.at, other.at))

/* A number of up to `bits` bits, positive or negative; 0 is among them. */
static struct number chance(uint32_t bits, bool negative)
{
	uint8_t octets[2 * BITS_MAX / 8];
	size_t size;
	struct number number;

	seed = seed * 1103515245U + 12345U;
	size = (seed >> 8) % (bits / 8 + 1);
	pattern_fill(octets, size, seed);
	empty(&number);
	cr_assert_eq(TEE_BigIntConvertFromOctetString(number.at, octets, size,
						      negative && seed & 0x80 ? -1 : 1),
		     TEE_SUCCESS);
	return number;
}

static struct number modulus(uint32_t bits)
{
	struct number number = chance(bits, false);

	if (TEE_BigIntCmpS32(number.at, 2) < 0)
		TEE_BigIntConvertFromS32(number.at, 3);
	return number;
}

static void fast_product(struct number *result, const struct number *a, const struct number *b,
			 const struct number *n)
{
	TEE_BigIntFMMContext context[WORDS];
	TEE_BigIntFMM x[WORDS], y[WORDS];

	cr_assert_eq(TEE_BigIntInitFMMContext1(context, WORDS, n->at), TEE_SUCCESS);
	TEE_BigIntInitFMM(x, WORDS);
	TEE_BigIntInitFMM(y, WORDS);
	TEE_BigIntConvertToFMM(x, a->at, n->at, context);
	TEE_BigIntConvertToFMM(y, b->at, n->at, context);
	TEE_BigIntComputeFMM(x, x, y, n->at, context);
	TEE_BigIntConvertFromFMM(result->at, x, n->at, context);
}

/* Every function on random numbers; what they gave goes to the file, a line each. */
static unsigned int tell(FILE *file)
{
	unsigned int lines = 0;

	for (int round = 0; round < ROUNDS; round++) {
		const uint32_t bits = round % 3 ? BITS_MAX : 72;
		struct number a = chance(bits, true), b = chance(bits, true), n = modulus(bits);
		struct number out, rest, u, v;
		const char *a_text = to_text(a.at), *b_text = to_text(b.at);
		const char *n_text = to_text(n.at);

		empty(&out);
		empty(&rest);
		empty(&u);
		empty(&v);
#define TELL(name, operands, ...)                                     \
	do {                                                          \
		fprintf(file, name " | %s %s |", a_text, (operands)); \
		__VA_ARGS__;                                          \
		fprintf(file, " %s\n", to_text(out.at));              \
		lines++;                                              \
	} while (0)
#define TELL_MODULAR(name, ...)                                              \
	do {                                                                 \
		fprintf(file, name " | %s %s %s |", a_text, b_text, n_text); \
		__VA_ARGS__;                                                 \
		fprintf(file, " %s\n", to_text(out.at));                     \
		lines++;                                                     \
	} while (0)
		TELL("add", b_text, TEE_BigIntAdd(out.at, a.at, b.at));
		TELL("sub", b_text, TEE_BigIntSub(out.at, a.at, b.at));
		TELL("mul", b_text, TEE_BigIntMul(out.at, a.at, b.at));
		TELL("square", "", TEE_BigIntSquare(out.at, a.at));
		TELL("neg", "", TEE_BigIntNeg(out.at, a.at));
		TELL("mod", n_text, TEE_BigIntMod(out.at, a.at, n.at));
		TELL("squaremod", n_text, TEE_BigIntSquareMod(out.at, a.at, n.at));
		TELL_MODULAR("addmod", TEE_BigIntAddMod(out.at, a.at, b.at, n.at));
		TELL_MODULAR("submod", TEE_BigIntSubMod(out.at, a.at, b.at, n.at));
		TELL_MODULAR("mulmod", TEE_BigIntMulMod(out.at, a.at, b.at, n.at));
		TELL("shift", "2d", TEE_BigIntShiftRight(out.at, a.at, 0x2d));
		TELL("cmp", b_text, TEE_BigIntConvertFromS32(out.at, TEE_BigIntCmp(a.at, b.at)));
		TELL("bits", "",
		     TEE_BigIntConvertFromS32(out.at, (int32_t)TEE_BigIntGetBitCount(a.at)));
		TELL("prime_to", b_text,
		     TEE_BigIntConvertFromS32(out.at, TEE_BigIntRelativePrime(a.at, b.at)));
		if (TEE_BigIntRelativePrime(a.at, n.at))
			TELL("invmod", n_text, TEE_BigIntInvMod(out.at, a.at, n.at));
		if (TEE_BigIntCmpS32(b.at, 0) != 0)
			TELL("div", b_text, TEE_BigIntDiv(rest.at, out.at, a.at, b.at);
			     fprintf(file, " %s", to_text(rest.at)));
		TELL("gcd", b_text, TEE_BigIntComputeExtendedGcd(rest.at, u.at, out.at, a.at, b.at);
		     fprintf(file, " %s %s", to_text(rest.at), to_text(u.at)));
		if (!TEE_BigIntGetBit(n.at, 0))
			continue;
		TELL_MODULAR("fmm", fast_product(&out, &a, &b, &n));
		cr_assert_eq(TEE_BigIntAbs(b.at, b.at), TEE_SUCCESS);
		b_text = to_text(b.at);
		TELL_MODULAR("expmod",
			     cr_assert_eq(TEE_BigIntExpMod(out.at, a.at, b.at, n.at, NULL),
					  TEE_SUCCESS));
	}
	return lines;
}

Test(arithmetic, as_python_has_it)
{
	char path[] = "/tmp/teesim-arithmetic-XXXXXX", command[256], answer[256] = "";
	FILE *file = fdopen(mkstemp(path), "w");
	unsigned int lines;
	FILE *pipe;

	cr_assert(file);
	lines = tell(file);
	cr_assert_eq(fclose(file), 0);
	snprintf(command, sizeof(command), TEESIM_PYTHON " " ARITHMETIC_CHECK " %s 2>&1", path);
	pipe = popen(command, "r");
	cr_assert(pipe);
	cr_assert(fgets(answer, sizeof(answer), pipe));
	cr_expect_eq(pclose(pipe), 0, "%s", answer);
	unlink(path);
	cr_expect_eq(strtoul(answer, NULL, 10), lines, "%s", answer);
}
