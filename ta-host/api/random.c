/*
 * Internal Core API 6.9: random data, straight from the kernel's generator. On a device that was
 * started with a seed it is the output of SHAKE256, which that seed went into.
 */
#include "api/random.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <tee_api.h>

#include "api/keccak.h"
#include "runtime.h"
#include "wire/fault.h"

static struct keccak stream;
static bool following;

void random_follow(const uint8_t seed[RANDOM_SEED_SIZE])
{
	keccak_init(&stream, 256);
	keccak_absorb(&stream, seed, RANDOM_SEED_SIZE);
	following = true;
}

void random_fill(void *buffer, size_t size)
{
	uint8_t *next = buffer;
	size_t left = size;
	ssize_t got;

	if (following) {
		keccak_squeeze(&stream, buffer, size);
		return;
	}
	while (left) {
		/* Asked for more than 256 octets, the kernel may give less, but never weaker. */
		got = getrandom(next, left, 0);
		if (got < 0) {
			if (errno == EINTR)
				continue;
			runtime_panic(errno == EFAULT ? TEE_ERROR_BAD_PARAMETERS
						      : TEE_ERROR_GENERIC,
				      errno == EFAULT
					      ? "TEE_GenerateRandom: randomBuffer can't be written"
					      : "the kernel gives no randomness");
		}
		next += got;
		left -= (size_t)got;
	}
}

void TEE_GenerateRandom(void *randomBuffer, size_t randomBufferLen)
{
	if (!randomBuffer && randomBufferLen)
		runtime_panic(TEE_ERROR_BAD_PARAMETERS, "TEE_GenerateRandom: randomBuffer is NULL");
	switch (fault_next(FAULT_RANDOM_GENERATE)) {
	case FAULT_ZEROS:
		if (randomBufferLen)
			memset(randomBuffer, 0, randomBufferLen);
		return;
	case FAULT_PANIC:
		runtime_panic(TEE_ERROR_GENERIC, "TEE_GenerateRandom: a fault that was asked for");
	default:
		random_fill(randomBuffer, randomBufferLen);
	}
}
