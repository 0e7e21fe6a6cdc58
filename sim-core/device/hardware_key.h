/*
 * The hardware unique key: 32 octets in the device's directory that stand for the fuses of a real
 * one. Nobody uses it itself; keys and numbers are derived from it by purpose.
 *
 * Runs in teesimd. The key is in guarded memory for the time of a call.
 */
#ifndef TEESIM_DEVICE_HARDWARE_KEY_H
#define TEESIM_DEVICE_HARDWARE_KEY_H

#include <stddef.h>

#define HARDWARE_KEY_SIZE 32

/* Fills `out` with `size` octets (16 to 64) that depend on the key of the device in `directory` and
 * on `purpose`, and tell nothing about either key or other purposes. Returns 0 or -errno. */
int hardware_key_derive(const char *directory, const char *purpose, void *out, size_t size);

#endif
