/*
 * The pseudo TAs of this process, by their UUIDs, and the sessions with them.
 *
 * Runs in tee-services. Decides who may open a session with which; what a pseudo TA does with a
 * session is its own business.
 */
#ifndef TEESIM_SERVICES_REGISTRY_H
#define TEESIM_SERVICES_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/pseudo_ta.h"
#include "serving/serve.h"

/* Starts all of them; one that fails says so on the log and takes no sessions. */
void registry_start(const struct services_device *device);

/* For struct serving. */
uint32_t registry_operate(struct session *session, const struct channel_call *call,
			  TEE_Param params[CHANNEL_PARAMS]);

/* Before the process ends. */
void registry_stop(void);

/* For struct serving. */
uint64_t registry_idle(void);

#endif
