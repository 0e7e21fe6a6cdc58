/*
 * How a chapter of the API calls a pseudo TA that is the trusted OS's half of it. One session for
 * the whole instance, opened when it is first needed and closed with the instance.
 *
 * Runs in ta-host, on the TA's thread. A chapter declares
 *
 *	static struct service storage = { .uuid = { … } };
 *
 * and calls it with the types and parameters of TEE_InvokeTACommand(). The TA never sees the
 * session, and does not cancel what happens in it.
 */
#ifndef TEESIM_TA_HOST_SERVICE_H
#define TEESIM_TA_HOST_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <tee_api_types.h>

#include "client.h"

struct service {
	TEE_UUID uuid;
	/* How many sessions there were. What the service remembers of an earlier one is lost. */
	uint32_t epoch;
	bool is_open;
	struct client_session session;
	/* Among those that are open. */
	struct service *next;
};

/* Runs a command. Memory references may lie anywhere and are copied; outputs are as TEE_Param has
 * them. Returns what the service does, or TEE_ERROR_TARGET_DEAD when its process has died, now or
 * since the last call: the next call starts a new one, and a new epoch. TEE_ERROR_ITEM_NOT_FOUND,
 * TEE_ERROR_OUT_OF_MEMORY, TEE_ERROR_COMMUNICATION: it could not be reached. */
TEE_Result service_call(struct service *service, uint32_t command, uint32_t types,
			TEE_Param params[TEE_NUM_PARAMS]);

/* Closes all sessions with services: what they kept for this instance is free for others when this
 * returns. A later call opens them anew. */
void services_close(void);

#endif
