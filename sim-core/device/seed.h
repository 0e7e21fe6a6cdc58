/*
 * A device whose randomness follows from a number that the user gave: the same in every run, and
 * known to whoever knows the number. For tests alone.
 *
 * Runs in teesimd. What is derived is a function of the number, of what it is for, and for a TA
 * instance of its UUID and of how many instances of that TA there were before; so no two instances
 * share a stream, and what other TAs do changes nothing.
 */
#ifndef TEESIM_DEVICE_SEED_H
#define TEESIM_DEVICE_SEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/uuid.h"

#define SEED_SIZE 32

struct seed {
	uint64_t number;
	/* How many instances each TA has had. */
	struct seed_count *counts;
	size_t count;
};

/* A decimal number of 64 bits, or a hexadecimal one behind 0x. Returns 0 or -EINVAL. */
int seed_parse(const char *text, uint64_t *number);

/* For the hardware unique key of a fresh device. Returns 0 or -errno. */
int seed_for_device(const struct seed *seed, uint8_t out[SEED_SIZE]);

/* For the next instance of that TA. Returns 0 or -errno. */
int seed_for_instance(struct seed *seed, const struct uuid *ta, uint8_t out[SEED_SIZE]);

/* Frees what the seed has counted. */
void seed_forget(struct seed *seed);

#endif
