/*
 * The TEE that a command means: that of a device that runs has the store, so it is asked in place
 * of one in this process.
 *
 * Runs in teesim-teep.
 */
#ifndef TEESIM_TEEP_TOOLS_RUNNING_TEE_H
#define TEESIM_TEEP_TOOLS_RUNNING_TEE_H

#include <stdbool.h>

#include "otrp/tee_client.h"

/* `device` as device_directory() takes it; `tee` is the name of one of its TEEs, or NULL for the
 * first. 1 with a client; 0: the device does not run. After a message minus the exit status: that
 * of a wrong command where there is no such TEE. */
int running_tee_open(const char *device, const char *tee, struct tee_client **client);

/* Asks, and closes the client. 0 or -errno; *out is the answer or the reason, the caller's
 * (free()), or NULL. */
int running_tee_call(struct tee_client *client, enum tee_packet_kind kind, const void *in,
		     size_t in_size, char **out, size_t *out_size);

/* Asks, prints the answer as a line, if it has any, and closes the client. Returns the exit
 * status. */
int running_tee_ask(struct tee_client *client, enum tee_packet_kind kind, const void *in,
		    size_t in_size);

/* Which of a device's TEEs has that name; NULL: the first. Returns false after a message. */
bool tee_number(const char *directory, const char *name, unsigned int *number);

#endif
