/*
 * The serving end of sessions: takes sessions, shared blocks and arenas from teesimd's messages,
 * takes operations from the sessions' channels, and has the program answer them, one at a time.
 *
 * Runs in ta-host, on the TA's thread, and in tee-services. Believes nothing that a channel holds;
 * what reaches the program's functions is checked.
 */
#ifndef TEESIM_SERVING_SERVE_H
#define TEESIM_SERVING_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include <tee_api_types.h>

#include "serving/blocks.h"
#include "serving/sessions.h"
#include "wire/channel_host.h"
#include "wire/uuid.h"

/* What the program does with what is served. */
struct serving {
	/* Runs one operation that the session's state allows; `params` are its checked parameters
	 * and become its outputs. A session whose client has vanished is closed with a call that
	 * holds nothing but CHANNEL_CLOSE. What a close returns is of no interest. */
	uint32_t (*operate)(struct session *session, const struct channel_call *call,
			    TEE_Param params[CHANNEL_PARAMS]);
	/* Called when there is no operation to run; returns what channel_listener's before_sleep
	 * does. May be NULL. */
	uint64_t (*idle)(void);
	/* A session was closed, or was not opened, and whoever did it is about to be told. May be
	 * NULL. */
	void (*closed)(void);
	/* A shared block is about to be unmapped. May be NULL. */
	void (*block_forgotten)(const struct mapped_block *block);
	/* The instance is to end: MESSAGE_DESTROY. Does not return. */
	void (*destroy)(void);
	/* A client may open a session anew on a channel that it has closed, without asking. */
	bool may_reopen;
	/* What each way between the worlds is to cost: message_start. */
	uint64_t world_switch_ns;
};

/* What `operate` returns for an operation that takes long: it did a part, and is to be called again
 * with the same arguments when others have had their turn. No result of a TA. */
#define SERVE_LATER 0x5EE1A7E1U

/* Where the result of the last operation came from: ORIGIN_TRUSTED_APP, unless the program says
 * otherwise, with each operation. */
extern uint32_t serve_origin;

/* Gets ready to listen to the doorbell `bell_fd`, which stays the caller's. Returns 0 or -errno. */
int serve_listen(int bell_fd, long spin_us);

/* Serves until the instance ends; `serving` stays the caller's. */
__attribute__((noreturn)) void serve(const struct serving *serving);

/* From the form on the wire. */
TEE_UUID serve_uuid(const struct uuid *uuid);

#endif
