/*
 * Internal Core API 6.9: random data, straight from the kernel's generator.
 */
#include "api/random.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>
#include <tee_api.h>

#include "runtime.h"

void random_fill(void *buffer, size_t size)
{
	uint8_t *next = buffer;
	size_t left = size;
	ssize_t got;

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
	random_fill(randomBuffer, randomBufferLen);
}
