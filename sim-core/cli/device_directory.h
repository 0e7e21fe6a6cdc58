/*
 * A device's directory, for commands that work on it while no daemon does. Runs in `teesim`.
 */
#ifndef TEESIM_CLI_DEVICE_DIRECTORY_H
#define TEESIM_CLI_DEVICE_DIRECTORY_H

#include <stddef.h>

/* Where device `name` is, whether it exists or not. Returns EXIT_OK, or an exit status after a
 * complaint. */
int device_directory(const char *name, char *path, size_t size);

/* Takes the lock that the device's daemon holds while it runs: the device must exist, and not run.
 * Returns the descriptor, or -1 after a complaint. */
int device_lock_stopped(const char *name, const char *directory);

#endif
