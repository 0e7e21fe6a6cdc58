/*
 * Any sequence of calls on big integers whose arrays hold anything: each must end in success, an
 * error code or a panic, and write nothing beside its arrays.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>

#include "runtime_double.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_options(void);

/* What a function held when it panicked is lost, with the process in a TA, here without it. */
const char *__lsan_default_options(void)
{
	return "detect_leaks=0";
}

#define SLOTS	  6U
#define WORDS_MAX 20U

static struct {
	const uint8_t *at;
	size_t left;
	/* Each in memory of its own, where a word too many is noticed. */
	uint32_t *slot[SLOTS];
	size_t words[SLOTS];
} script;

static uint8_t take(void)
{
	if (!script.left)
		return 0;
	script.left--;
	return *script.at++;
}

static unsigned int slot_index(void)
{
	return take() % SLOTS;
}

static uint32_t *slot(void)
{
	return script.slot[slot_index()];
}

static void slot_renew(void)
{
	const unsigned int i = slot_index();

	free(script.slot[i]);
	script.words[i] = take() % WORDS_MAX;
	/* An array that is too short to be any is not read, but by the next call. */
	script.slot[i] = calloc(script.words[i] < 2 ? 2 : script.words[i], sizeof(uint32_t));
	if (!script.slot[i])
		abort();
	switch (take() % 4) {
	case 0:
		TEE_BigIntInitFMM(script.slot[i], script.words[i]);
		break;
	case 1:
		(void)TEE_BigIntInitFMMContext1(script.slot[i], script.words[i], slot());
		break;
	default:
		TEE_BigIntInit(script.slot[i], script.words[i]);
		break;
	}
}

/* The value, but not what the array says of its own length: that is the TA's honour. */
static void slot_scribble(void)
{
	const unsigned int i = slot_index();

	for (size_t word = 2; word < script.words[i]; word++)
		script.slot[i][word] = (uint32_t)take() << 24 | take();
}

static void convert(void)
{
	uint8_t octets[100];
	size_t size = take() % sizeof(octets);
	int32_t small;

	switch (take() % 5) {
	case 0:
		for (size_t i = 0; i < size; i++)
			octets[i] = take();
		(void)TEE_BigIntConvertFromOctetString(slot(), octets, size, (int8_t)take());
		break;
	case 1:
		(void)TEE_BigIntConvertToOctetString(octets, &size, slot());
		break;
	case 2:
		(void)TEE_BigIntConvertToS32(&small, slot());
		break;
	case 3:
		(void)TEE_BigIntSetBit(slot(), (uint32_t)take() << (take() % 24), take() & 1);
		break;
	default:
		TEE_BigIntConvertFromS32(slot(), (int32_t)((uint32_t)take() << 24 | take()));
		break;
	}
}

static void compute(void)
{
	switch (take() % 26) {
	case 0:
		(void)TEE_BigIntCmp(slot(), slot());
		break;
	case 1:
		(void)TEE_BigIntCmpS32(slot(), (int8_t)take());
		break;
	case 2:
		TEE_BigIntShiftRight(slot(), slot(), take());
		break;
	case 3:
		(void)TEE_BigIntGetBit(slot(), take());
		break;
	case 4:
		(void)TEE_BigIntGetBitCount(slot());
		break;
	case 5:
		(void)TEE_BigIntAssign(slot(), slot());
		break;
	case 6:
		(void)TEE_BigIntAbs(slot(), slot());
		break;
	case 7:
		TEE_BigIntAdd(slot(), slot(), slot());
		break;
	case 8:
		TEE_BigIntSub(slot(), slot(), slot());
		break;
	case 9:
		TEE_BigIntNeg(slot(), slot());
		break;
	case 10:
		TEE_BigIntMul(slot(), slot(), slot());
		break;
	case 11:
		TEE_BigIntSquare(slot(), slot());
		break;
	case 12:
		TEE_BigIntDiv(take() & 1 ? slot() : NULL, take() & 1 ? slot() : NULL, slot(),
			      slot());
		break;
	case 13:
		TEE_BigIntMod(slot(), slot(), slot());
		break;
	case 14:
		TEE_BigIntAddMod(slot(), slot(), slot(), slot());
		break;
	case 15:
		TEE_BigIntSubMod(slot(), slot(), slot(), slot());
		break;
	case 16:
		TEE_BigIntMulMod(slot(), slot(), slot(), slot());
		break;
	case 17:
		TEE_BigIntSquareMod(slot(), slot(), slot());
		break;
	case 18:
		TEE_BigIntInvMod(slot(), slot(), slot());
		break;
	case 19:
		(void)TEE_BigIntExpMod(slot(), slot(), slot(), slot(), take() & 1 ? slot() : NULL);
		break;
	case 20:
		(void)TEE_BigIntRelativePrime(slot(), slot());
		break;
	case 21:
		TEE_BigIntComputeExtendedGcd(slot(), take() & 1 ? slot() : NULL,
					     take() & 1 ? slot() : NULL, slot(), slot());
		break;
	case 22:
		(void)TEE_BigIntIsProbablePrime(slot(), take());
		break;
	case 23:
		TEE_BigIntConvertToFMM(slot(), slot(), slot(), slot());
		break;
	case 24:
		TEE_BigIntConvertFromFMM(slot(), slot(), slot(), slot());
		break;
	default:
		TEE_BigIntComputeFMM(slot(), slot(), slot(), slot(), slot());
		break;
	}
}

static void play(void)
{
	while (script.left) {
		switch (take() % 8) {
		case 0:
			slot_renew();
			break;
		case 1:
			slot_scribble();
			break;
		case 2:
		case 3:
			convert();
			break;
		default:
			compute();
			break;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&script, 0, sizeof(script));
	script.at = data;
	script.left = size;
	runtime_double_reset();
	for (unsigned int i = 0; i < SLOTS; i++) {
		script.words[i] = 8 + i;
		script.slot[i] = calloc(script.words[i], sizeof(uint32_t));
		if (!script.slot[i])
			abort();
		TEE_BigIntInit(script.slot[i], script.words[i]);
		TEE_BigIntConvertFromS32(script.slot[i], (int32_t)(i * 1000003 + 7));
	}
	(void)runtime_double_panics(play);
	for (unsigned int i = 0; i < SLOTS; i++)
		free(script.slot[i]);
	return 0;
}
