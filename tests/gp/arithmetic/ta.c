/*
 * Big integers in a TA: each function once with the results that its definition demands, and each
 * rule broken once.
 */
#include <string.h>
#include <tee_internal_api.h>

#include "commands.h"

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
}

#define CHECK(condition)                 \
	do {                             \
		if (!(condition))        \
			return __LINE__; \
	} while (0)

#define BITS  256
#define WORDS TEE_BigIntSizeInU32(BITS)

static TEE_BigInt a[WORDS], b[WORDS], c[WORDS], d[WORDS], n[WORDS];

static void numbers_set(int32_t a_value, int32_t b_value, int32_t n_value)
{
	TEE_BigIntInit(a, WORDS);
	TEE_BigIntInit(b, WORDS);
	TEE_BigIntInit(c, WORDS);
	TEE_BigIntInit(d, WORDS);
	TEE_BigIntInit(n, WORDS);
	TEE_BigIntConvertFromS32(a, a_value);
	TEE_BigIntConvertFromS32(b, b_value);
	TEE_BigIntConvertFromS32(n, n_value);
}

#define IS(number, value) (TEE_BigIntCmpS32(number, value) == 0)

static int conversions(void)
{
	static const uint8_t octets[] = { 0x01, 0x02, 0x03, 0x04, 0x05 };
	TEE_BigInt short_one[TEE_BigIntSizeInU32(32)];
	uint8_t back[8];
	uint32_t room;
	int32_t value;
	/* size_t, or uint32_t as version 1.1 has it. */
	__typeof__(TEE_BigIntFMMSizeInU32(1)) size = sizeof(back);

	numbers_set(0, 0, 0);
	CHECK(TEE_BigIntConvertFromOctetString(a, octets, sizeof(octets), -1) == TEE_SUCCESS);
	CHECK(TEE_BigIntCmpS32(a, INT32_MIN) < 0);
	CHECK(TEE_BigIntConvertToOctetString(back, &size, a) == TEE_SUCCESS);
	CHECK(size == sizeof(octets) && TEE_MemCompare(back, octets, sizeof(octets)) == 0);
	size = 4;
	CHECK(TEE_BigIntConvertToOctetString(back, &size, a) == TEE_ERROR_SHORT_BUFFER);
	CHECK(size == sizeof(octets));
	CHECK(TEE_BigIntConvertToS32(&value, a) == TEE_ERROR_OVERFLOW);
	TEE_BigIntInit(short_one, TEE_BigIntSizeInU32(32));
	CHECK(TEE_BigIntConvertFromOctetString(short_one, octets, 5, 1) == TEE_ERROR_OVERFLOW);
	CHECK(TEE_BigIntConvertFromOctetString(short_one, octets, 4, 1) == TEE_SUCCESS);
	CHECK(TEE_BigIntConvertToS32(&value, short_one) == TEE_SUCCESS && value == 0x01020304);
	TEE_BigIntConvertFromS32(a, INT32_MIN);
	CHECK(TEE_BigIntConvertToS32(&value, a) == TEE_SUCCESS && value == INT32_MIN);
	for (room = 0; room < WORDS; room++)
		b[room] = 0xFFFFFFFF;
	/* A copy of the array is a copy of the number. */
	TEE_MemMove(b, a, sizeof(b));
	CHECK(TEE_BigIntCmp(a, b) == 0);
	return 0;
}

static int logic(void)
{
	TEE_BigInt short_one[TEE_BigIntSizeInU32(32)];

	numbers_set(-1000, 3, 0);
	CHECK(TEE_BigIntCmp(a, b) < 0 && TEE_BigIntCmp(b, a) > 0 && TEE_BigIntCmp(a, a) == 0);
	CHECK(TEE_BigIntCmpS32(a, -1000) == 0 && TEE_BigIntCmpS32(a, -999) < 0);
	CHECK(TEE_BigIntGetBitCount(a) == 10 && TEE_BigIntGetBitCount(n) == 0);
	CHECK(TEE_BigIntGetBit(a, 3) && !TEE_BigIntGetBit(a, 2) && !TEE_BigIntGetBit(a, 5000));
	TEE_BigIntShiftRight(c, a, 3);
	CHECK(IS(c, -125));
	TEE_BigIntShiftRight(c, a, 10);
	CHECK(IS(c, 0));
	CHECK(TEE_BigIntSetBit(b, 5, true) == TEE_SUCCESS && IS(b, 35));
	CHECK(TEE_BigIntSetBit(b, 0, false) == TEE_SUCCESS && IS(b, 34));
	CHECK(TEE_BigIntSetBit(b, BITS, true) == TEE_ERROR_OVERFLOW);
	CHECK(TEE_BigIntAssign(c, a) == TEE_SUCCESS && IS(c, -1000));
	CHECK(TEE_BigIntAbs(c, a) == TEE_SUCCESS && IS(c, 1000));
	CHECK(TEE_BigIntSetBit(c, 40, true) == TEE_SUCCESS);
	TEE_BigIntInit(short_one, TEE_BigIntSizeInU32(32));
	CHECK(TEE_BigIntAssign(short_one, c) == TEE_ERROR_OVERFLOW);
	CHECK(TEE_BigIntAbs(short_one, c) == TEE_ERROR_OVERFLOW);
	return 0;
}

static int basic(void)
{
	/* The specification's own table of divisions. */
	static const int32_t divisions[][4] = {
		{ 53, 7, 7, 4 }, { -53, 7, -7, -4 }, { 53, -7, -7, 4 }, { -53, -7, 7, -4 }
	};

	numbers_set(-20, 7, 0);
	TEE_BigIntAdd(c, a, b);
	CHECK(IS(c, -13));
	TEE_BigIntSub(c, a, b);
	CHECK(IS(c, -27));
	TEE_BigIntMul(c, a, b);
	CHECK(IS(c, -140));
	TEE_BigIntSquare(c, a);
	CHECK(IS(c, 400));
	TEE_BigIntNeg(c, a);
	CHECK(IS(c, 20));
	/* In place, and with one operand twice. */
	TEE_BigIntMul(a, a, a);
	CHECK(IS(a, 400));
	TEE_BigIntSub(a, a, a);
	CHECK(IS(a, 0));
	TEE_BigIntNeg(a, a);
	CHECK(IS(a, 0));
	for (int i = 0; i < 4; i++) {
		numbers_set(divisions[i][0], divisions[i][1], 0);
		TEE_BigIntDiv(c, d, a, b);
		CHECK(IS(c, divisions[i][2]) && IS(d, divisions[i][3]));
		TEE_BigIntDiv(NULL, a, a, b);
		CHECK(IS(a, divisions[i][3]));
	}
	return 0;
}

static int modular(void)
{
	numbers_set(-20, 19, 23);
	TEE_BigIntMod(c, a, n);
	CHECK(IS(c, 3));
	TEE_BigIntAddMod(d, c, b, n);
	CHECK(IS(d, 22));
	TEE_BigIntSubMod(d, c, b, n);
	CHECK(IS(d, 7));
	TEE_BigIntMulMod(d, c, b, n);
	CHECK(IS(d, 11));
	TEE_BigIntSquareMod(d, b, n);
	CHECK(IS(d, 16));
	TEE_BigIntInvMod(d, b, n);
	CHECK(IS(d, 17));
	CHECK(TEE_BigIntExpMod(d, c, b, n, NULL) == TEE_SUCCESS && IS(d, 6));
	TEE_BigIntConvertFromS32(b, 0);
	CHECK(TEE_BigIntExpMod(d, c, b, n, NULL) == TEE_SUCCESS && IS(d, 1));
	TEE_BigIntConvertFromS32(n, 24);
	CHECK(TEE_BigIntExpMod(d, c, b, n, NULL) == TEE_ERROR_NOT_SUPPORTED);
	return 0;
}

static int number_theory(void)
{
	numbers_set(240, 46, 0);
	TEE_BigIntComputeExtendedGcd(n, c, d, a, b);
	CHECK(IS(n, 2) && IS(c, -9) && IS(d, 47));
	CHECK(!TEE_BigIntRelativePrime(a, b));
	TEE_BigIntConvertFromS32(b, 49);
	CHECK(TEE_BigIntRelativePrime(a, b));
	TEE_BigIntComputeExtendedGcd(n, NULL, NULL, a, b);
	CHECK(IS(n, 1));
	CHECK(TEE_BigIntIsProbablePrime(b, 80) == 0);
	TEE_BigIntConvertFromS32(b, 2147483647);
	CHECK(TEE_BigIntIsProbablePrime(b, 80) != 0);
	/* 2^61 - 1, and one more. */
	for (uint32_t i = 0; i < 61; i++)
		CHECK(TEE_BigIntSetBit(b, i, true) == TEE_SUCCESS);
	CHECK(TEE_BigIntIsProbablePrime(b, 200) != 0);
	TEE_BigIntConvertFromS32(a, 2);
	TEE_BigIntAdd(b, b, a);
	CHECK(TEE_BigIntIsProbablePrime(b, 0) == 0);
	return 0;
}

static int fmm(void)
{
	const size_t words = TEE_BigIntFMMSizeInU32(BITS);
	const size_t context_words = TEE_BigIntFMMContextSizeInU32(BITS);
	TEE_BigIntFMMContext *context = TEE_Malloc(context_words * sizeof(*context), 0);
	TEE_BigIntFMM *x = TEE_Malloc(words * sizeof(*x), 0);
	TEE_BigIntFMM *y = TEE_Malloc(words * sizeof(*y), 0);

	CHECK(context && x && y);
	numbers_set(1234567, 7654321, 1000003);
	TEE_BigIntInitFMMContext(context, context_words, n);
	TEE_BigIntInitFMM(x, words);
	TEE_BigIntInitFMM(y, words);
	TEE_BigIntConvertToFMM(x, a, n, context);
	TEE_BigIntConvertToFMM(y, b, n, context);
	TEE_BigIntComputeFMM(x, x, y, n, context);
	TEE_BigIntConvertFromFMM(c, x, n, context);
	TEE_BigIntMulMod(d, a, b, n);
	CHECK(TEE_BigIntCmp(c, d) == 0);
	CHECK(TEE_BigIntExpMod(c, a, b, n, context) == TEE_SUCCESS);
	CHECK(TEE_BigIntExpMod(d, a, b, n, NULL) == TEE_SUCCESS);
	CHECK(TEE_BigIntCmp(c, d) == 0);
	TEE_BigIntConvertFromS32(n, 1000004);
	CHECK(TEE_BigIntInitFMMContext1(context, context_words, n) == TEE_ERROR_NOT_SUPPORTED);
	TEE_Free(context);
	TEE_Free(x);
	TEE_Free(y);
	return 0;
}

/* Numbers as large as the property promises; products have twice that. */
static int largest(void)
{
	TEE_BigInt *number[4];
	size_t words;
	uint32_t bits;

	CHECK(TEE_GetPropertyAsU32(TEE_PROPSET_TEE_IMPLEMENTATION, "gpd.tee.arith.maxBigIntSize",
				   &bits) == TEE_SUCCESS);
	CHECK(bits >= 2048);
	words = TEE_BigIntSizeInU32(2 * bits);
	for (int i = 0; i < 4; i++) {
		number[i] = TEE_Malloc(words * sizeof(TEE_BigInt), 0);
		CHECK(number[i]);
		TEE_BigIntInit(number[i], words);
	}
	CHECK(TEE_BigIntSetBit(number[0], bits - 1, true) == TEE_SUCCESS);
	CHECK(TEE_BigIntSetBit(number[0], 0, true) == TEE_SUCCESS);
	TEE_BigIntSquare(number[1], number[0]);
	CHECK(TEE_BigIntGetBitCount(number[1]) == 2 * bits - 1);
	TEE_BigIntDiv(number[2], number[3], number[1], number[0]);
	CHECK(TEE_BigIntCmp(number[2], number[0]) == 0 && IS(number[3], 0));
	TEE_BigIntConvertFromS32(number[1], 65537);
	CHECK(TEE_BigIntExpMod(number[2], number[1], number[1], number[0], NULL) == TEE_SUCCESS);
	for (int i = 0; i < 4; i++)
		TEE_Free(number[i]);
	return 0;
}

static void rule_break(uint32_t rule)
{
	TEE_BigInt small[TEE_BigIntSizeInU32(32)], never[WORDS] = { 0 };
	TEE_BigIntFMMContext context[WORDS];
	TEE_BigIntFMM fast[WORDS];

	TEE_BigIntInit(small, TEE_BigIntSizeInU32(32));
	numbers_set(0, -5, 15);
	(void)TEE_BigIntSetBit(a, 100, true);
	TEE_BigIntInitFMMContext(context, WORDS, n);
	TEE_BigIntInitFMM(fast, WORDS);
	switch (rule) {
	case RULE_INIT_TOO_LONG:
		TEE_BigIntInit(small, 1 << 20);
		break;
	case RULE_NOT_INITIALISED:
		TEE_BigIntAdd(c, a, never);
		break;
	case RULE_FROM_S32:
		TEE_BigIntInit(small, 2);
		TEE_BigIntConvertFromS32(small, 1);
		break;
	case RULE_SHIFT:
		TEE_BigIntShiftRight(small, a, 1);
		break;
	case RULE_ADD:
		TEE_BigIntAdd(small, a, b);
		break;
	case RULE_SUB:
		TEE_BigIntSub(small, b, a);
		break;
	case RULE_NEG:
		TEE_BigIntNeg(small, a);
		break;
	case RULE_MUL:
		TEE_BigIntMul(small, a, b);
		break;
	case RULE_SQUARE:
		TEE_BigIntSquare(small, a);
		break;
	case RULE_DIV_BY_ZERO:
		TEE_BigIntDiv(c, d, a, small);
		break;
	case RULE_QUOTIENT:
		TEE_BigIntDiv(small, NULL, a, b);
		break;
	case RULE_MOD:
		TEE_BigIntMod(c, a, b);
		break;
	case RULE_ADD_MOD:
		TEE_BigIntAddMod(c, a, a, b);
		break;
	case RULE_SUB_MOD:
		TEE_BigIntSubMod(c, a, a, small);
		break;
	case RULE_MUL_MOD:
		TEE_BigIntMulMod(c, a, a, b);
		break;
	case RULE_SQUARE_MOD:
		TEE_BigIntSquareMod(c, a, b);
		break;
	case RULE_INV_MOD_ONE:
		TEE_BigIntConvertFromS32(n, 1);
		TEE_BigIntInvMod(c, a, n);
		break;
	case RULE_INV_OF_ZERO:
		TEE_BigIntInvMod(c, small, n);
		break;
	case RULE_INV_OF_DIVISOR:
		TEE_BigIntInvMod(c, b, n);
		break;
	case RULE_EXP_MOD:
		(void)TEE_BigIntExpMod(c, a, a, b, NULL);
		break;
	case RULE_EXP_NEGATIVE:
		(void)TEE_BigIntExpMod(c, a, b, n, NULL);
		break;
	case RULE_GCD:
		TEE_BigIntComputeExtendedGcd(small, NULL, NULL, a, a);
		break;
	case RULE_CONTEXT_EVEN:
		TEE_BigIntConvertFromS32(n, 16);
		TEE_BigIntInitFMMContext(context, WORDS, n);
		break;
	case RULE_CONTEXT_SHORT:
		TEE_BigIntInitFMMContext(context, 2, n);
		break;
	case RULE_CONTEXT_OTHER:
		TEE_BigIntConvertFromS32(n, 17);
		TEE_BigIntConvertToFMM(fast, a, n, context);
		break;
	case RULE_FMM_NOT_INITIALISED:
		TEE_BigIntComputeFMM(fast, fast, never, n, context);
		break;
	default:
		break;
	}
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	static int (*const checks[CHECKS])(void) = {
		[CHECK_CONVERSIONS] = conversions,
		[CHECK_LOGIC] = logic,
		[CHECK_BASIC] = basic,
		[CHECK_MODULAR] = modular,
		[CHECK_NUMBER_THEORY] = number_theory,
		[CHECK_FMM] = fmm,
		[CHECK_LARGEST] = largest,
	};

	if (command == COMMAND_BREAK)
		rule_break(params[0].value.a);
	else
		params[0].value.a = (uint32_t)checks[params[0].value.a]();
	return TEE_SUCCESS;
}
