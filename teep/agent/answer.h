/*
 * The two things that an agent writes itself: the array around the answers to GetDeviceState, and
 * its word that no TEE answered (OTrP sections 9.1.5 and 10).
 *
 * Runs in the agent.
 */
#ifndef TEESIM_AGENT_ANSWER_H
#define TEESIM_AGENT_ANSWER_H

#include <stddef.h>

enum answer_error {
	ANSWER_TEE_UNKNOWN = 1, /* no TEE of this device is called that */
	ANSWER_TEE_BUSY,	/* try again */
	ANSWER_TEE_FAIL,	/* it could not be reached, or did not answer */
};

/* "ERR_AGENT_TEE_UNKNOWN", … */
const char *answer_error_code(enum answer_error error);

/* The unsigned message that says so; the caller's (free()). NULL without memory. */
char *answer_error_compose(enum answer_error error, size_t *size);

struct answer_part {
	const void *data;
	size_t size;
};

/* {"GetDeviceStateResponse":[…]} of the TEEs' answers as they came; the caller's (free()). NULL
 * without memory. */
char *answer_device_state_compose(const struct answer_part *parts, size_t count, size_t *size);

#endif
