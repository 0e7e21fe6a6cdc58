/*
 * Internal Core API 8: big integers.
 *
 * None of it is part of this version yet: each function says so once in the log and answers
 * TEE_ERROR_NOT_SUPPORTED, or panics where it has no result to give.
 */
#include <tee_api.h>

#include "api/unsupported.h"

size_t TEE_BigIntFMMSizeInU32(size_t modulusSizeInBits)
{
	UNSUPPORTED_PANIC();
}

size_t TEE_BigIntFMMContextSizeInU32(size_t modulusSizeInBits)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntInit(TEE_BigInt *bigInt, size_t len)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntInitFMMContext(TEE_BigIntFMMContext *context, size_t len, const TEE_BigInt *modulus)
{
	UNSUPPORTED_PANIC();
}

TEE_Result TEE_BigIntInitFMMContext1(TEE_BigIntFMMContext *context, size_t len,
				     const TEE_BigInt *modulus)
{
	return UNSUPPORTED_CALL();
}

void TEE_BigIntInitFMM(TEE_BigIntFMM *bigIntFMM, size_t len)
{
	UNSUPPORTED_PANIC();
}

TEE_Result TEE_BigIntConvertFromOctetString(TEE_BigInt *dest, const uint8_t *buffer,
					    size_t bufferLen, int32_t sign)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_BigIntConvertToOctetString(uint8_t *buffer, size_t *bufferLen,
					  const TEE_BigInt *bigInt)
{
	return UNSUPPORTED_CALL();
}

void TEE_BigIntConvertFromS32(TEE_BigInt *dest, int32_t shortVal)
{
	UNSUPPORTED_PANIC();
}

TEE_Result TEE_BigIntConvertToS32(int32_t *dest, const TEE_BigInt *src)
{
	return UNSUPPORTED_CALL();
}

int32_t TEE_BigIntCmp(const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	UNSUPPORTED_PANIC();
}

int32_t TEE_BigIntCmpS32(const TEE_BigInt *op, int32_t shortVal)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntShiftRight(TEE_BigInt *dest, const TEE_BigInt *op, size_t bits)
{
	UNSUPPORTED_PANIC();
}

bool TEE_BigIntGetBit(const TEE_BigInt *src, uint32_t bitIndex)
{
	UNSUPPORTED_PANIC();
}

uint32_t TEE_BigIntGetBitCount(const TEE_BigInt *src)
{
	UNSUPPORTED_PANIC();
}

TEE_Result TEE_BigIntSetBit(TEE_BigInt *op, uint32_t bitIndex, bool value)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_BigIntAssign(TEE_BigInt *dest, const TEE_BigInt *src)
{
	return UNSUPPORTED_CALL();
}

TEE_Result TEE_BigIntAbs(TEE_BigInt *dest, const TEE_BigInt *src)
{
	return UNSUPPORTED_CALL();
}

void TEE_BigIntAdd(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntSub(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntNeg(TEE_BigInt *dest, const TEE_BigInt *op)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntMul(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntSquare(TEE_BigInt *dest, const TEE_BigInt *op)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntDiv(TEE_BigInt *dest_q, TEE_BigInt *dest_r, const TEE_BigInt *op1,
		   const TEE_BigInt *op2)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntMod(TEE_BigInt *dest, const TEE_BigInt *op, const TEE_BigInt *n)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntAddMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
		      const TEE_BigInt *n)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntSubMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
		      const TEE_BigInt *n)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntMulMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
		      const TEE_BigInt *n)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntSquareMod(TEE_BigInt *dest, const TEE_BigInt *op, const TEE_BigInt *n)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntInvMod(TEE_BigInt *dest, const TEE_BigInt *op, const TEE_BigInt *n)
{
	UNSUPPORTED_PANIC();
}

TEE_Result TEE_BigIntExpMod(TEE_BigInt *dest, const TEE_BigInt *op1, const TEE_BigInt *op2,
			    const TEE_BigInt *n, const TEE_BigIntFMMContext *context)
{
	return UNSUPPORTED_CALL();
}

bool TEE_BigIntRelativePrime(const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntComputeExtendedGcd(TEE_BigInt *gcd, TEE_BigInt *u, TEE_BigInt *v,
				  const TEE_BigInt *op1, const TEE_BigInt *op2)
{
	UNSUPPORTED_PANIC();
}

int32_t TEE_BigIntIsProbablePrime(const TEE_BigInt *op, uint32_t confidenceLevel)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntConvertToFMM(TEE_BigIntFMM *dest, const TEE_BigInt *src, const TEE_BigInt *n,
			    const TEE_BigIntFMMContext *context)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntConvertFromFMM(TEE_BigInt *dest, const TEE_BigIntFMM *src, const TEE_BigInt *n,
			      const TEE_BigIntFMMContext *context)
{
	UNSUPPORTED_PANIC();
}

void TEE_BigIntComputeFMM(TEE_BigIntFMM *dest, const TEE_BigIntFMM *op1, const TEE_BigIntFMM *op2,
			  const TEE_BigInt *n, const TEE_BigIntFMMContext *context)
{
	UNSUPPORTED_PANIC();
}
