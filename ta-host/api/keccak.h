/*
 * SHAKE128 and SHAKE256 (FIPS 202) whose output can be taken in pieces, which libcrypto 3.0 can't.
 * Runs in ta-host, on the TA's thread. Plain data: copied by assignment.
 */
#ifndef TEESIM_TA_HOST_API_KECCAK_H
#define TEESIM_TA_HOST_API_KECCAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keccak {
	uint64_t lane[25];
	/* Octets of the state that a block takes, and how many of the present block are done. */
	uint32_t rate;
	uint32_t at;
	bool squeezing;
};

/* `strength` is 128 or 256. */
void keccak_init(struct keccak *keccak, unsigned int strength);
/* Not once keccak_squeeze() was called. */
void keccak_absorb(struct keccak *keccak, const void *data, size_t size);
/* The next `size` octets of output. */
void keccak_squeeze(struct keccak *keccak, void *output, size_t size);

#endif
