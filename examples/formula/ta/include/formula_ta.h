/*
 * What the client and the trusted application of the formula pair agree on.
 */
#ifndef FORMULA_TA_H
#define FORMULA_TA_H

/* 1a0e6a7c-52f4-4d0c-9c1e-1d7c1b3a4e05 */
#define FORMULA_TA_UUID                                                \
	{                                                              \
		0x1a0e6a7c, 0x52f4, 0x4d0c,                            \
		{                                                      \
			0x9c, 0x1e, 0x1d, 0x7c, 0x1b, 0x3a, 0x4e, 0x05 \
		}                                                      \
	}

/*
 * [0] memory reference in: a formula, not terminated: + - * / ( ) and numbers of 64 bits, names of
 *     the session's variables, and `name = formula`.
 * [1] value out: the result, a: its lower half, b: its upper half.
 * [2] memory reference out: on TEE_ERROR_BAD_FORMAT, what is wrong, not terminated. (That is also
 *     for an overflow, a division by zero and an unknown name.)
 */
#define FORMULA_CMD_EVALUATE 0

#define FORMULA_SIZE_MAX     512

#endif
