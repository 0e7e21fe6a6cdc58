/*
 * This TA instance as a client: its sessions with other TAs and with the services of the TEE.
 *
 * Runs in ta-host, on the TA's thread, which waits here until the other side has answered. Trusts
 * teesimd; believes the other side nothing that could hurt this process. The caller owns the
 * session structs and what parameters refer to.
 */
#ifndef TEESIM_TA_HOST_CLIENT_H
#define TEESIM_TA_HOST_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <tee_api_types.h>

#include "serving/blocks.h"
#include "wire/channel_client.h"

struct client_session {
	struct channel_client channel;
	uint32_t id;
	uint32_t instance;
	/* -errno once it is of no further use. */
	int failure;
	/* No block is shared on: the other side is not to see memory that others can change. */
	bool copies;
};

/* How long a caller waits. */
struct client_patience {
	/* By CLOCK_MONOTONIC, the time from which on the operation is to be cancelled; UINT64_MAX:
	 * none. */
	uint64_t deadline_ns;
	/* It is to be cancelled from the start, but reach the other side, which may not mind. */
	bool cancelled;
	/* It is also to be cancelled when the TA's own operation is. */
	bool cancellable;
};

/* For callers that wait as long as it takes. */
extern const struct client_patience client_patience_endless;

/* Before the first session, as MESSAGE_START has it. */
void client_init(int32_t spin_us);

/* Opens a session with a TA or a service. Memory that the TA's own client shares with it as a block
 * is shared on; other memory is copied, and may lie anywhere. Returns RESULT_SUCCESS, or what the
 * opening came to, with nothing to be closed. `origin` is filled in either way; outputs are, when
 * the other side was reached. */
uint32_t client_open(struct client_session *session, const TEE_UUID *uuid,
		     const struct client_patience *patience, uint32_t types,
		     TEE_Param params[TEE_NUM_PARAMS], uint32_t *origin);

/* RESULT_TARGET_DEAD, from the TEE, when the other side is gone: now and ever after. RESULT_CANCEL,
 * from the TEE, when the operation was cancelled before the other side took it up. RESULT_BUSY,
 * when it waits for this instance. */
uint32_t client_invoke(struct client_session *session, uint32_t command,
		       const struct client_patience *patience, uint32_t types,
		       TEE_Param params[TEE_NUM_PARAMS], uint32_t *origin);

/* Closes the session, however it is; the struct may be used again. */
void client_close(struct client_session *session);

/* For struct serving: whoever had the block from here is to let go of it, too. */
void client_block_forgotten(const struct mapped_block *block);

#endif
