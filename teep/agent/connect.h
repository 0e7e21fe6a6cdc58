/*
 * Reaching a device's agent, and starting one where none runs.
 *
 * Runs in libteesim-agent, so in any client application; keeps no state. Starting goes unnoticed by
 * the process that it happens in (wire/launch.h).
 */
#ifndef TEESIM_AGENT_CONNECT_H
#define TEESIM_AGENT_CONNECT_H

#include <stddef.h>

/*
 * Connects to the agent that listens at `socket`, or, for NULL, to that of the device (NULL as for
 * agent_path()), which is started where need be unless TEESIM_NO_START=1. It has answered once
 * before this returns. Returns a blocking, close-on-exec descriptor, the caller's, or -errno with
 * one line in `err`; -ECONNREFUSED where no agent runs and none may be started.
 */
int agent_connect(const char *device, const char *socket, char *err, size_t errlen);

#endif
