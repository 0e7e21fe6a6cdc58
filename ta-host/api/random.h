/*
 * The one source of randomness of a TA instance. Runs in ta-host, on the TA's thread.
 */
#ifndef TEESIM_TA_HOST_API_RANDOM_H
#define TEESIM_TA_HOST_API_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_SEED_SIZE 32

/* From now on nothing is random: all follows from the seed, which no other instance has. */
void random_follow(const uint8_t seed[RANDOM_SEED_SIZE]);

/* Fills `size` octets; ends the instance when the kernel has none to give. */
void random_fill(void *buffer, size_t size);

#endif
