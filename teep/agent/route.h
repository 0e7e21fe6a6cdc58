/*
 * What the agent reads of an OTrP message: whom it is for. Nothing is verified, and nothing else is
 * looked at; a message that can't be read is somebody's all the same, and it is for that TEE to
 * say so.
 *
 * Runs in the agent, which is of the normal world: message and names are anybody's.
 */
#ifndef TEESIM_AGENT_ROUTE_H
#define TEESIM_AGENT_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#define ROUTE_NAME_MAX	    255U
#define ROUTE_TEE_NAMES_MAX 16U

struct route {
	/* GetDeviceState: every TEE of the device answers, and the agent puts the answers into one
	 * array. */
	bool device_state;
	/* Empty: the message names no TEE, or none that a TEE could be called. */
	char tee[ROUTE_NAME_MAX + 1];
};

/* Returns 0 or -ENOMEM. */
int route_parse(const void *message, size_t size, struct route *out);

/* What the TEEs behind one socket are called. */
struct route_names {
	unsigned int count;
	char name[ROUTE_TEE_NAMES_MAX][ROUTE_NAME_MAX + 1];
};

/* A TEE's own JSON array of names. Returns 0 or -EBADMSG. */
int route_names_parse(const void *text, size_t size, struct route_names *out);

#endif
