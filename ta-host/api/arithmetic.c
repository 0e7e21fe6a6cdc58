/*
 * Internal Core API 8: big integers.
 *
 * The library computes; what this file adds are the API's rules of signs, sizes and moduli. A
 * number in FMM form is its residue: the library's own fast form can't be kept in memory of the
 * TA's.
 */
#include <openssl/bn.h>
#include <string.h>
#include <tee_api.h>

#include "api/big_int.h"
#include "api/complaint.h"

/* BN_check_prime() is wrong about a composite number once in so many bits of calls, at most. */
#define CHECK_CONFIDENCE 128U
/* More is not asked for: the machine itself errs far more often. */
#define CONFIDENCE_MAX 4096U

/* Below this many bits its trial divisions leave no composite number. */
#define CERTAIN_BITS 16

#define RULE_MODULUS "the modulus is less than 2"

typedef struct big_int_frame frame_t;

/* 8.3 to 8.5 */

static size_t words_for(size_t bits)
{
	return bits / 32 + !!(bits % 32) + BIG_INT_HEADER;
}

size_t TEE_BigIntFMMSizeInU32(size_t modulusSizeInBits)
{
	return words_for(modulusSizeInBits);
}

size_t TEE_BigIntFMMContextSizeInU32(size_t modulusSizeInBits)
{
	return words_for(modulusSizeInBits);
}

void TEE_BigIntInit(TEE_BigInt *bigInt, size_t len)
{
	big_int_init(bigInt, len, BIG_INT_NUMBER, __func__);
}

void TEE_BigIntInitFMM(TEE_BigIntFMM *bigIntFMM, size_t len)
{
	big_int_init(bigIntFMM, len, BIG_INT_FMM, __func__);
}

/* The context is a copy of its modulus. False: the modulus is even. */
static bool context_init(TEE_BigIntFMMContext *context, size_t words, const TEE_BigInt *modulus,
			 const char *function)
{
	const struct big_int n = big_int_parse(modulus, BIG_INT_NUMBER, function);
	struct big_int to;

	if (n.negative || big_int_bits(&n) < 2)
		complain(function, TEE_ERROR_BAD_PARAMETERS, RULE_MODULUS);
	if (!(n.value[0] & 1))
		return false;
	big_int_init(context, words, BIG_INT_FMM_CONTEXT, function);
	to = big_int_parse(context, BIG_INT_FMM_CONTEXT, function);
	if (to.room < n.used)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the context is too short for the modulus; "
			 "TEE_BigIntFMMContextSizeInU32() says how long it must be");
	memcpy(to.value, n.value, n.used * sizeof(*n.value));
	to.used = n.used;
	big_int_settle(context, &to);
	return true;
}

TEE_Result TEE_BigIntInitFMMContext1(TEE_BigIntFMMContext *context, size_t len,
				     const TEE_BigInt *modulus)
{
	return context_init(context, len, modulus, __func__) ? TEE_SUCCESS
							     : TEE_ERROR_NOT_SUPPORTED;
}

void TEE_BigIntInitFMMContext(TEE_BigIntFMMContext *context, size_t len, const TEE_BigInt *modulus)
{
	if (!context_init(context, len, modulus, __func__))
		complain(__func__, TEE_ERROR_NOT_SUPPORTED, "the modulus is even");
}

/* 8.6 Conversions */

TEE_Result TEE_BigIntConvertFromOctetString(TEE_BigInt *dest, const uint8_t *buffer,
					    size_t bufferLen, int32_t sign)
{
	struct big_int to = big_int_parse(dest, BIG_INT_NUMBER, __func__);

	if (!buffer && bufferLen)
		PANIC_PARAMETER("buffer is NULL");
	for (; bufferLen && !*buffer; bufferLen--)
		buffer++;
	if (bufferLen > to.room * sizeof(*to.value))
		return TEE_ERROR_OVERFLOW;
	to.used = (uint32_t)((bufferLen + 3) / sizeof(*to.value));
	memset(to.value, 0, to.used * sizeof(*to.value));
	for (size_t i = 0; i < bufferLen; i++)
		to.value[i / 4] |= (uint32_t)buffer[bufferLen - 1 - i] << 8 * (i % 4);
	to.negative = sign < 0;
	big_int_settle(dest, &to);
	return TEE_SUCCESS;
}

TEE_Result TEE_BigIntConvertToOctetString(uint8_t *buffer, size_t *bufferLen,
					  const TEE_BigInt *bigInt)
{
	const struct big_int from = big_int_parse(bigInt, BIG_INT_NUMBER, __func__);
	const size_t needed = (big_int_bits(&from) + 7) / 8;
	size_t room;

	if (!bufferLen)
		PANIC_PARAMETER("bufferLen is NULL");
	room = *bufferLen;
	*bufferLen = needed;
	if (room < needed)
		return TEE_ERROR_SHORT_BUFFER;
	if (!buffer && needed)
		PANIC_PARAMETER("buffer is NULL");
	for (size_t i = 0; i < needed; i++)
		buffer[needed - 1 - i] = (uint8_t)(from.value[i / 4] >> 8 * (i % 4));
	return TEE_SUCCESS;
}

void TEE_BigIntConvertFromS32(TEE_BigInt *dest, int32_t shortVal)
{
	struct big_int to = big_int_parse(dest, BIG_INT_NUMBER, __func__);

	if (shortVal && !to.room)
		complain(__func__, TEE_ERROR_OVERFLOW, "the array has no room for a value");
	to.negative = shortVal < 0;
	to.used = shortVal != 0;
	if (shortVal)
		to.value[0] = to.negative ? -(uint32_t)shortVal : (uint32_t)shortVal;
	big_int_settle(dest, &to);
}

TEE_Result TEE_BigIntConvertToS32(int32_t *dest, const TEE_BigInt *src)
{
	const struct big_int from = big_int_parse(src, BIG_INT_NUMBER, __func__);
	const int64_t size = from.used ? from.value[0] : 0;
	const int64_t value = from.negative ? -size : size;

	if (!dest)
		PANIC_PARAMETER("dest is NULL");
	if (from.used > 1 || value > INT32_MAX || value < INT32_MIN)
		return TEE_ERROR_OVERFLOW;
	*dest = (int32_t)value;
	return TEE_SUCCESS;
}

/* 8.7 Logical operations */

static int32_t sizes_compare(const struct big_int *a, const struct big_int *b)
{
	if (a->used != b->used)
		return a->used < b->used ? -1 : 1;
	for (uint32_t i = a->used; i--;)
		if (a->value[i] != b->value[i])
			return a->value[i] < b->value[i] ? -1 : 1;
	return 0;
}

static int32_t compare(const struct big_int *a, const struct big_int *b)
{
	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	return a->negative ? sizes_compare(b, a) : sizes_compare(a, b);
}

int32_t TEE_BigIntCmp(const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	const struct big_int a = big_int_parse(op1, BIG_INT_NUMBER, __func__);
	const struct big_int b = big_int_parse(op2, BIG_INT_NUMBER, __func__);

	return compare(&a, &b);
}

int32_t TEE_BigIntCmpS32(const TEE_BigInt *op, int32_t shortVal)
{
	const struct big_int a = big_int_parse(op, BIG_INT_NUMBER, __func__);
	uint32_t word = shortVal < 0 ? -(uint32_t)shortVal : (uint32_t)shortVal;
	const struct big_int b = {
		.value = &word,
		.used = word != 0,
		.negative = shortVal < 0,
	};

	return compare(&a, &b);
}

void TEE_BigIntShiftRight(TEE_BigInt *dest, const TEE_BigInt *op, size_t bits)
{
	const struct big_int from = big_int_parse(op, BIG_INT_NUMBER, __func__);
	struct big_int to = big_int_parse(dest, BIG_INT_NUMBER, __func__);
	const uint32_t size = big_int_bits(&from);
	const size_t words = bits / 32, rest = bits % 32;

	to.used = bits < size ? (uint32_t)((size - bits + 31) / 32) : 0;
	if (to.used > to.room)
		complain(__func__, TEE_ERROR_OVERFLOW,
			 "the result does not fit into the array that is to take it");
	for (size_t i = 0; i < to.used; i++) {
		const uint32_t above = words + i + 1 < from.used ? from.value[words + i + 1] : 0;

		to.value[i] = (uint32_t)(((uint64_t)above << 32 | from.value[words + i]) >> rest);
	}
	to.negative = from.negative;
	big_int_settle(dest, &to);
}

bool TEE_BigIntGetBit(const TEE_BigInt *src, uint32_t bitIndex)
{
	const struct big_int from = big_int_parse(src, BIG_INT_NUMBER, __func__);

	return bitIndex / 32 < from.used && from.value[bitIndex / 32] >> bitIndex % 32 & 1;
}

uint32_t TEE_BigIntGetBitCount(const TEE_BigInt *src)
{
	const struct big_int from = big_int_parse(src, BIG_INT_NUMBER, __func__);

	return big_int_bits(&from);
}

TEE_Result TEE_BigIntSetBit(TEE_BigInt *op, uint32_t bitIndex, bool value)
{
	struct big_int number = big_int_parse(op, BIG_INT_NUMBER, __func__);
	const uint32_t word = bitIndex / 32, bit = UINT32_C(1) << bitIndex % 32;

	if (word >= number.room)
		return TEE_ERROR_OVERFLOW;
	if (value) {
		for (; number.used <= word; number.used++)
			number.value[number.used] = 0;
		number.value[word] |= bit;
	} else if (word < number.used) {
		number.value[word] &= ~bit;
	}
	big_int_settle(op, &number);
	return TEE_SUCCESS;
}

static TEE_Result assign(TEE_BigInt *dest, const TEE_BigInt *src, bool absolute,
			 const char *function)
{
	const struct big_int from = big_int_parse(src, BIG_INT_NUMBER, function);
	struct big_int to = big_int_parse(dest, BIG_INT_NUMBER, function);

	if (from.used > to.room)
		return TEE_ERROR_OVERFLOW;
	memmove(to.value, from.value, from.used * sizeof(*from.value));
	to.used = from.used;
	to.negative = from.negative && !absolute;
	big_int_settle(dest, &to);
	return TEE_SUCCESS;
}

TEE_Result TEE_BigIntAssign(TEE_BigInt *dest, const TEE_BigInt *src)
{
	return assign(dest, src, false, __func__);
}

TEE_Result TEE_BigIntAbs(TEE_BigInt *dest, const TEE_BigInt *src)
{
	return assign(dest, src, true, __func__);
}

/* 8.8 Basic arithmetic */

static void library_check(frame_t *frame, bool done)
{
	if (!done)
		big_int_frame_fail(frame, TEE_ERROR_OUT_OF_MEMORY, "libcrypto fails");
}

/* What two operands make, with the library's context where it wants one. */
typedef int binary_t(BIGNUM *result, const BIGNUM *a, const BIGNUM *b, BN_CTX *numbers);

static int sum(BIGNUM *result, const BIGNUM *a, const BIGNUM *b, BN_CTX *numbers)
{
	(void)numbers;
	return BN_add(result, a, b);
}

static int difference(BIGNUM *result, const BIGNUM *a, const BIGNUM *b, BN_CTX *numbers)
{
	(void)numbers;
	return BN_sub(result, a, b);
}

static void binary(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
		   binary_t *function, const char *name)
{
	frame_t frame = big_int_frame_open(name);
	const BIGNUM *a = big_int_number(&frame, op1, BIG_INT_NUMBER);
	const BIGNUM *b = big_int_number(&frame, op2, BIG_INT_NUMBER);
	BIGNUM *result = big_int_temporary(&frame);

	library_check(&frame, function(result, a, b, frame.numbers));
	big_int_store(&frame, dest, BIG_INT_NUMBER, result);
	big_int_frame_close(&frame);
}

void TEE_BigIntAdd(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	binary(dest, op1, op2, sum, __func__);
}

void TEE_BigIntSub(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	binary(dest, op1, op2, difference, __func__);
}

void TEE_BigIntMul(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	binary(dest, op1, op2, BN_mul, __func__);
}

void TEE_BigIntSquare(TEE_BigInt *dest, const TEE_BigInt *op)
{
	binary(dest, op, op, BN_mul, __func__);
}

void TEE_BigIntNeg(TEE_BigInt *dest, const TEE_BigInt *op)
{
	struct big_int to;

	if (assign(dest, op, false, __func__) != TEE_SUCCESS)
		complain(__func__, TEE_ERROR_OVERFLOW,
			 "the result does not fit into the array that is to take it");
	to = big_int_parse(dest, BIG_INT_NUMBER, __func__);
	to.negative = !to.negative;
	big_int_settle(dest, &to);
}

void TEE_BigIntDiv(TEE_BigInt *dest_q, TEE_BigInt *dest_r, const TEE_BigInt *op1,
		   const TEE_BigInt *op2)
{
	frame_t frame = big_int_frame_open(__func__);
	const BIGNUM *a = big_int_number(&frame, op1, BIG_INT_NUMBER);
	const BIGNUM *b = big_int_number(&frame, op2, BIG_INT_NUMBER);
	BIGNUM *quotient = big_int_temporary(&frame);
	BIGNUM *rest = big_int_temporary(&frame);

	if (BN_is_zero(b))
		big_int_frame_fail(&frame, TEE_ERROR_BAD_PARAMETERS, "division by 0");
	library_check(&frame, BN_div(quotient, rest, a, b, frame.numbers));
	if (dest_q)
		big_int_store(&frame, dest_q, BIG_INT_NUMBER, quotient);
	if (dest_r)
		big_int_store(&frame, dest_r, BIG_INT_NUMBER, rest);
	big_int_frame_close(&frame);
}

/* 8.9 Modular arithmetic */

static const BIGNUM *modulus_of(frame_t *frame, const TEE_BigInt *n)
{
	const BIGNUM *modulus = big_int_number(frame, n, BIG_INT_NUMBER);

	if (BN_is_negative(modulus) || BN_is_zero(modulus) || BN_is_one(modulus))
		big_int_frame_fail(frame, TEE_ERROR_BAD_PARAMETERS, RULE_MODULUS);
	return modulus;
}

typedef int modular_t(BIGNUM *result, const BIGNUM *a, const BIGNUM *b, const BIGNUM *n,
		      BN_CTX *numbers);

static void modular(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
		    const TEE_BigInt *n, modular_t *function, const char *name)
{
	frame_t frame = big_int_frame_open(name);
	const BIGNUM *modulus = modulus_of(&frame, n);
	const BIGNUM *a = big_int_number(&frame, op1, BIG_INT_NUMBER);
	const BIGNUM *b = big_int_number(&frame, op2, BIG_INT_NUMBER);
	BIGNUM *result = big_int_temporary(&frame);

	library_check(&frame, function(result, a, b, modulus, frame.numbers));
	big_int_store(&frame, dest, BIG_INT_NUMBER, result);
	big_int_frame_close(&frame);
}

static int residue(BIGNUM *result, const BIGNUM *a, const BIGNUM *b, const BIGNUM *n,
		   BN_CTX *numbers)
{
	(void)b;
	return BN_nnmod(result, a, n, numbers);
}

void TEE_BigIntMod(TEE_BigInt *dest, const TEE_BigInt *op, const TEE_BigInt *n)
{
	modular(dest, op, op, n, residue, __func__);
}

void TEE_BigIntAddMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
		      const TEE_BigInt *n)
{
	modular(dest, op1, op2, n, BN_mod_add, __func__);
}

void TEE_BigIntSubMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
		      const TEE_BigInt *n)
{
	modular(dest, op1, op2, n, BN_mod_sub, __func__);
}

void TEE_BigIntMulMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
		      const TEE_BigInt *n)
{
	modular(dest, op1, op2, n, BN_mod_mul, __func__);
}

void TEE_BigIntSquareMod(TEE_BigInt *dest, const TEE_BigInt *op, const TEE_BigInt *n)
{
	modular(dest, op, op, n, BN_mod_mul, __func__);
}

void TEE_BigIntInvMod(TEE_BigInt *dest, const TEE_BigInt *op, const TEE_BigInt *n)
{
	frame_t frame = big_int_frame_open(__func__);
	const BIGNUM *modulus = modulus_of(&frame, n);
	const BIGNUM *a = big_int_number(&frame, op, BIG_INT_NUMBER);
	BIGNUM *result = big_int_temporary(&frame);

	if (!BN_mod_inverse(result, a, modulus, frame.numbers))
		big_int_frame_fail(&frame, TEE_ERROR_BAD_PARAMETERS,
				   "the operand is 0, or has a divisor in common with the modulus");
	big_int_store(&frame, dest, BIG_INT_NUMBER, result);
	big_int_frame_close(&frame);
}

/* Was the context made for that modulus? */
static void context_check(frame_t *frame, const TEE_BigIntFMMContext *context, const BIGNUM *n)
{
	if (BN_cmp(big_int_number(frame, context, BIG_INT_FMM_CONTEXT), n) != 0)
		big_int_frame_fail(frame, TEE_ERROR_BAD_PARAMETERS,
				   "the FMM context is that of another modulus");
}

TEE_Result TEE_BigIntExpMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
			    const TEE_BigInt *n, const TEE_BigIntFMMContext *context)
{
	frame_t frame = big_int_frame_open(__func__);
	const BIGNUM *modulus = modulus_of(&frame, n);
	const BIGNUM *base = big_int_number(&frame, op1, BIG_INT_NUMBER);
	const BIGNUM *exponent = big_int_number(&frame, op2, BIG_INT_NUMBER);
	BIGNUM *reduced = big_int_temporary(&frame);
	BIGNUM *result = big_int_temporary(&frame);

	if (BN_is_negative(exponent))
		big_int_frame_fail(&frame, TEE_ERROR_BAD_PARAMETERS, "the exponent is negative");
	if (!BN_is_odd(modulus)) {
		big_int_frame_close(&frame);
		return TEE_ERROR_NOT_SUPPORTED;
	}
	if (context)
		context_check(&frame, context, modulus);
	library_check(&frame, BN_nnmod(reduced, base, modulus, frame.numbers) &&
				      BN_mod_exp_mont_consttime(result, reduced, exponent, modulus,
								frame.numbers, NULL));
	big_int_store(&frame, dest, BIG_INT_NUMBER, result);
	big_int_frame_close(&frame);
	return TEE_SUCCESS;
}

/* 8.10 Other operations */

bool TEE_BigIntRelativePrime(const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	frame_t frame = big_int_frame_open(__func__);
	const BIGNUM *a = big_int_number(&frame, op1, BIG_INT_NUMBER);
	const BIGNUM *b = big_int_number(&frame, op2, BIG_INT_NUMBER);
	BIGNUM *divisor = big_int_temporary(&frame);
	bool prime;

	library_check(&frame, BN_gcd(divisor, a, b, frame.numbers));
	prime = BN_is_one(divisor);
	big_int_frame_close(&frame);
	return prime;
}

/* u * a + v * b = gcd for a and b above 0 that do not divide each other, by an inverse: that is of
 * constant time. |u| <= b / 2 gcd and |v| <= a / 2 gcd come out, as Euclid's way gives. */
static void coefficients(frame_t *frame, const BIGNUM *a, const BIGNUM *b, const BIGNUM *gcd,
			 BIGNUM *u, BIGNUM *v)
{
	BIGNUM *a_part = big_int_temporary(frame), *b_part = big_int_temporary(frame);
	BIGNUM *twice = big_int_temporary(frame);

	library_check(frame, BN_div(a_part, NULL, a, gcd, frame->numbers) &&
				     BN_div(b_part, NULL, b, gcd, frame->numbers) &&
				     BN_mod_inverse(u, a_part, b_part, frame->numbers) &&
				     BN_add(twice, u, u));
	if (BN_cmp(twice, b_part) > 0)
		library_check(frame, BN_sub(u, u, b_part));
	/* v = (1 - u * a_part) / b_part, without a rest. */
	library_check(frame, BN_mul(v, u, a_part, frame->numbers) && BN_sub(v, BN_value_one(), v) &&
				     BN_div(v, NULL, v, b_part, frame->numbers));
}

void TEE_BigIntComputeExtendedGcd(TEE_BigInt *gcd, TEE_BigInt *u, TEE_BigInt *v,
				  const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	frame_t frame = big_int_frame_open(__func__);
	BIGNUM *a = big_int_number(&frame, op1, BIG_INT_NUMBER);
	BIGNUM *b = big_int_number(&frame, op2, BIG_INT_NUMBER);
	BIGNUM *divisor = big_int_temporary(&frame);
	BIGNUM *a_times = big_int_temporary(&frame), *b_times = big_int_temporary(&frame);
	const bool a_negative = BN_is_negative(a), b_negative = BN_is_negative(b);

	BN_set_negative(a, 0);
	BN_set_negative(b, 0);
	library_check(&frame, BN_gcd(divisor, a, b, frame.numbers));
	/* One divides the other, 0 being divided by everything; else there is an inverse. */
	if (BN_is_zero(divisor))
		library_check(&frame, BN_set_word(a_times, 0) && BN_set_word(b_times, 0));
	else if (BN_cmp(divisor, a) == 0)
		library_check(&frame, BN_set_word(a_times, 1) && BN_set_word(b_times, 0));
	else if (BN_cmp(divisor, b) == 0)
		library_check(&frame, BN_set_word(a_times, 0) && BN_set_word(b_times, 1));
	else
		coefficients(&frame, a, b, divisor, a_times, b_times);
	BN_set_negative(a_times, BN_is_negative(a_times) != a_negative);
	BN_set_negative(b_times, BN_is_negative(b_times) != b_negative);
	big_int_store(&frame, gcd, BIG_INT_NUMBER, divisor);
	if (u)
		big_int_store(&frame, u, BIG_INT_NUMBER, a_times);
	if (v)
		big_int_store(&frame, v, BIG_INT_NUMBER, b_times);
	big_int_frame_close(&frame);
}

int32_t TEE_BigIntIsProbablePrime(const TEE_BigInt *op, uint32_t confidenceLevel)
{
	frame_t frame = big_int_frame_open(__func__);
	const BIGNUM *number = big_int_number(&frame, op, BIG_INT_NUMBER);
	int32_t answer = BN_num_bits(number) <= CERTAIN_BITS ? 1 : -1;
	uint32_t reached = 0;
	int prime;

	if (confidenceLevel > CONFIDENCE_MAX)
		confidenceLevel = CONFIDENCE_MAX;
	do {
		prime = BN_is_negative(number) ? 0 : BN_check_prime(number, frame.numbers, NULL);
		library_check(&frame, prime >= 0);
		reached += CHECK_CONFIDENCE;
	} while (prime && answer < 0 && reached < confidenceLevel);
	if (!prime)
		answer = 0;
	big_int_frame_close(&frame);
	return answer;
}

/* 8.11 Fast modular multiplication */

static const BIGNUM *fmm_modulus(frame_t *frame, const TEE_BigInt *n,
				 const TEE_BigIntFMMContext *context)
{
	const BIGNUM *modulus = modulus_of(frame, n);

	context_check(frame, context, modulus);
	return modulus;
}

void TEE_BigIntConvertToFMM(TEE_BigIntFMM *dest, const TEE_BigInt *src, const TEE_BigInt *n,
			    const TEE_BigIntFMMContext *context)
{
	frame_t frame = big_int_frame_open(__func__);
	const BIGNUM *modulus = fmm_modulus(&frame, n, context);
	const BIGNUM *number = big_int_number(&frame, src, BIG_INT_NUMBER);
	BIGNUM *result = big_int_temporary(&frame);

	library_check(&frame, BN_nnmod(result, number, modulus, frame.numbers));
	big_int_store(&frame, dest, BIG_INT_FMM, result);
	big_int_frame_close(&frame);
}

void TEE_BigIntConvertFromFMM(TEE_BigInt *dest, const TEE_BigIntFMM *src, const TEE_BigInt *n,
			      const TEE_BigIntFMMContext *context)
{
	frame_t frame = big_int_frame_open(__func__);

	(void)fmm_modulus(&frame, n, context);
	big_int_store(&frame, dest, BIG_INT_NUMBER, big_int_number(&frame, src, BIG_INT_FMM));
	big_int_frame_close(&frame);
}

void TEE_BigIntComputeFMM(TEE_BigIntFMM *dest, const TEE_BigIntFMM *op1, const TEE_BigIntFMM *op2,
			  const TEE_BigInt *n, const TEE_BigIntFMMContext *context)
{
	frame_t frame = big_int_frame_open(__func__);
	const BIGNUM *modulus = fmm_modulus(&frame, n, context);
	const BIGNUM *a = big_int_number(&frame, op1, BIG_INT_FMM);
	const BIGNUM *b = big_int_number(&frame, op2, BIG_INT_FMM);
	BIGNUM *result = big_int_temporary(&frame);

	library_check(&frame, BN_mod_mul(result, a, b, modulus, frame.numbers));
	big_int_store(&frame, dest, BIG_INT_FMM, result);
	big_int_frame_close(&frame);
}
