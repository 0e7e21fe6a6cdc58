/* The one option that several commands share: which device. Runs in `teesim`. */
#ifndef TEESIM_CLI_DEVICE_OPTION_H
#define TEESIM_CLI_DEVICE_OPTION_H

#include <stdbool.h>

/*
 * Parses `[-d|--device NAME]`, the option `flag`, which sets `*given`, and --help, which prints
 * `help`. Sets `*device` to NULL when none is named. Returns -1 to go on, or the exit status to end
 * with.
 */
int device_option_parse(int argc, char **argv, const char *help, const char **device,
			const char *flag, bool *given);

/* How messages call the device: its name, or where TEESIM_SOCKET points. */
const char *device_option_text(const char *device);

#endif
