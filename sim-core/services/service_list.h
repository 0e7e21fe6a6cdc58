/*
 * Which UUIDs are pseudo TAs, so that a session with one goes to tee-services and not to a TA file.
 *
 * Runs in teesimd; what the pseudo TAs do is not linked there.
 */
#ifndef TEESIM_SERVICES_SERVICE_LIST_H
#define TEESIM_SERVICES_SERVICE_LIST_H

#include <stdbool.h>

#include "wire/uuid.h"

/* The service of plugins (plugins/plugin_service.h), which is the UUID of its process, too. */
extern const struct uuid service_plugins_uuid;

/* Stands for the process that is all of them: the instance's own UUID. Nobody can open it. */
extern const struct uuid service_process_uuid;

bool service_known(const struct uuid *uuid);

#endif
