#include "api/big_int.h"

#include <openssl/bn.h>
#include <string.h>
#include <tee_api_defines.h>

#include "api/complaint.h"
#include "api/library.h"

#define NEGATIVE 0x80000000U

void big_int_init(uint32_t *at, size_t words, enum big_int_kind kind, const char *function)
{
	if (!at)
		complain(function, TEE_ERROR_BAD_PARAMETERS, "the array is NULL");
	if (words < BIG_INT_HEADER)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the array is too short; TEE_BigIntSizeInU32() says how long it must be");
	if (words > BIG_INT_WORDS_MAX)
		complain(function, TEE_ERROR_BAD_PARAMETERS,
			 "the array is longer than gpd.tee.arith.maxBigIntSize allows for");
	memset(at, 0, words * sizeof(*at));
	at[0] = (uint32_t)kind << 16 | (uint32_t)(words - BIG_INT_HEADER);
}

/* What is wrong with the array; NULL: nothing. */
static const char *array_read(const uint32_t *at, enum big_int_kind kind, struct big_int *number)
{
	if (!at)
		return "a big integer is NULL";
	*number = (struct big_int) {
		.value = (uint32_t *)(uintptr_t)(at + BIG_INT_HEADER),
		.used = at[1] & ~NEGATIVE,
		.room = at[0] & 0xFFFF,
		.negative = at[1] & NEGATIVE,
	};
	if (at[0] >> 16 != kind || number->room > BIG_INT_WORDS_MAX - BIG_INT_HEADER ||
	    number->used > number->room)
		return kind == BIG_INT_NUMBER ? "a big integer was not initialised"
		       : kind == BIG_INT_FMM  ? "a number in FMM form was not initialised"
					      : "the FMM context was not initialised";
	while (number->used && !number->value[number->used - 1])
		number->used--;
	return NULL;
}

struct big_int big_int_parse(const uint32_t *at, enum big_int_kind kind, const char *function)
{
	struct big_int number;
	const char *wrong = array_read(at, kind, &number);

	if (wrong)
		complain(function, TEE_ERROR_BAD_PARAMETERS, wrong);
	return number;
}

/* The same where a frame is open. */
static struct big_int frame_parse(struct big_int_frame *frame, const uint32_t *at,
				  enum big_int_kind kind)
{
	struct big_int number;
	const char *wrong = array_read(at, kind, &number);

	if (wrong)
		big_int_frame_fail(frame, TEE_ERROR_BAD_PARAMETERS, wrong);
	return number;
}

void big_int_settle(uint32_t *at, struct big_int *number)
{
	while (number->used && !number->value[number->used - 1])
		number->used--;
	number->negative = number->negative && number->used;
	at[1] = number->used | (number->negative ? NEGATIVE : 0);
}

uint32_t big_int_bits(const struct big_int *number)
{
	if (!number->used)
		return 0;
	return number->used * 32 - (uint32_t)__builtin_clz(number->value[number->used - 1]);
}

struct big_int_frame big_int_frame_open(const char *function)
{
	struct big_int_frame frame = { .function = function };

	library_init();
	frame.numbers = BN_CTX_new();
	if (!frame.numbers)
		complain(function, TEE_ERROR_OUT_OF_MEMORY, "no memory for numbers");
	BN_CTX_start(frame.numbers);
	return frame;
}

void big_int_frame_close(struct big_int_frame *frame)
{
	BN_CTX_end(frame->numbers);
	BN_CTX_free(frame->numbers);
}

void big_int_frame_fail(struct big_int_frame *frame, TEE_Result code, const char *rule)
{
	big_int_frame_close(frame);
	complain(frame->function, code, rule);
}

BIGNUM *big_int_temporary(struct big_int_frame *frame)
{
	BIGNUM *number = BN_CTX_get(frame->numbers);

	if (!number)
		big_int_frame_fail(frame, TEE_ERROR_OUT_OF_MEMORY, "no memory for a number");
	/* Any of them may be a secret; the library then takes its ways of constant time. */
	BN_set_flags(number, BN_FLG_CONSTTIME);
	return number;
}

BIGNUM *big_int_number(struct big_int_frame *frame, const uint32_t *at, enum big_int_kind kind)
{
	const struct big_int from = frame_parse(frame, at, kind);
	BIGNUM *number = big_int_temporary(frame);

	if (!BN_lebin2bn((const unsigned char *)from.value, (int)(from.used * sizeof(*from.value)),
			 number))
		big_int_frame_fail(frame, TEE_ERROR_OUT_OF_MEMORY, "no memory for a number");
	BN_set_negative(number, from.negative);
	return number;
}

void big_int_store(struct big_int_frame *frame, uint32_t *at, enum big_int_kind kind,
		   const BIGNUM *number)
{
	struct big_int to = frame_parse(frame, at, kind);
	const size_t room = to.room * sizeof(*to.value);

	if ((size_t)BN_num_bytes(number) > room)
		big_int_frame_fail(frame, TEE_ERROR_OVERFLOW,
				   "the result does not fit into the array that is to take it");
	to.used = (uint32_t)((size_t)(BN_num_bytes(number) + 3) / sizeof(*to.value));
	to.negative = BN_is_negative(number);
	if (BN_bn2lebinpad(number, (unsigned char *)to.value, (int)(to.used * sizeof(*to.value))) <
	    0)
		big_int_frame_fail(frame, TEE_ERROR_GENERIC, "libcrypto fails");
	big_int_settle(at, &to);
}
