#ifndef TEESIM_TEST_GP_ARITHMETIC_COMMANDS_H
#define TEESIM_TEST_GP_ARITHMETIC_COMMANDS_H

enum {
	/* Runs one check of ta.c; value 0: in, its index; out, the line that failed (0: none). */
	COMMAND_CHECK,
	/* Breaks the rule whose index is in value 0. */
	COMMAND_BREAK,
};

enum {
	CHECK_CONVERSIONS,
	CHECK_LOGIC,
	CHECK_BASIC,
	CHECK_MODULAR,
	CHECK_NUMBER_THEORY,
	CHECK_FMM,
	CHECK_LARGEST,
	CHECKS,
};

/* What panics, and what the log says then. */
#define RULES(X)                                                                       \
	X(INIT_TOO_LONG, "TEE_BigIntInit: the array is longer than")                   \
	X(NOT_INITIALISED, "TEE_BigIntAdd: a big integer was not initialised")         \
	X(FROM_S32, "TEE_BigIntConvertFromS32: the array has no room")                 \
	X(SHIFT, "TEE_BigIntShiftRight: the result does not fit")                      \
	X(ADD, "TEE_BigIntAdd: the result does not fit")                               \
	X(SUB, "TEE_BigIntSub: the result does not fit")                               \
	X(NEG, "TEE_BigIntNeg: the result does not fit")                               \
	X(MUL, "TEE_BigIntMul: the result does not fit")                               \
	X(SQUARE, "TEE_BigIntSquare: the result does not fit")                         \
	X(DIV_BY_ZERO, "TEE_BigIntDiv: division by 0")                                 \
	X(QUOTIENT, "TEE_BigIntDiv: the result does not fit")                          \
	X(MOD, "TEE_BigIntMod: the modulus is less than 2")                            \
	X(ADD_MOD, "TEE_BigIntAddMod: the modulus is less than 2")                     \
	X(SUB_MOD, "TEE_BigIntSubMod: the modulus is less than 2")                     \
	X(MUL_MOD, "TEE_BigIntMulMod: the modulus is less than 2")                     \
	X(SQUARE_MOD, "TEE_BigIntSquareMod: the modulus is less than 2")               \
	X(INV_MOD_ONE, "TEE_BigIntInvMod: the modulus is less than 2")                 \
	X(INV_OF_ZERO, "TEE_BigIntInvMod: the operand is 0")                           \
	X(INV_OF_DIVISOR, "TEE_BigIntInvMod: the operand is 0, or has a divisor")      \
	X(EXP_MOD, "TEE_BigIntExpMod: the modulus is less than 2")                     \
	X(EXP_NEGATIVE, "TEE_BigIntExpMod: the exponent is negative")                  \
	X(GCD, "TEE_BigIntComputeExtendedGcd: the result does not fit")                \
	X(CONTEXT_EVEN, "TEE_BigIntInitFMMContext: the modulus is even")               \
	X(CONTEXT_SHORT, "TEE_BigIntInitFMMContext: the context is too short")         \
	X(CONTEXT_OTHER, "TEE_BigIntConvertToFMM: the FMM context is that of another") \
	X(FMM_NOT_INITIALISED, "TEE_BigIntComputeFMM: a number in FMM form was not init")

#define RULE_INDEX(name, text) RULE_##name,
enum {
	RULES(RULE_INDEX) RULE_COUNT
};
#undef RULE_INDEX

#endif
