/*
 * The TEE of a device that runs: it has the store, so it is asked in place of one in this process.
 *
 * Runs in teesim-teep.
 */
#ifndef TEESIM_TEEP_TOOLS_RUNNING_TEE_H
#define TEESIM_TEEP_TOOLS_RUNNING_TEE_H

#include <stdbool.h>

#include "otrp/tee_client.h"

/* `device` as device_directory() takes it. False: the device does not run. */
bool running_tee_open(const char *device, struct tee_client **client);

/* Asks, prints the answer as a line, if it has any, and closes the client. Returns the exit
 * status. */
int running_tee_ask(struct tee_client *client, enum tee_packet_kind kind, const void *in,
		    size_t in_size);

#endif
