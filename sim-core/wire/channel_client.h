/*
 * The calling side of a command channel: libteec for client applications, ta-host for a TA that
 * calls another TA. Trusts neither the host nor what the channel holds. Not thread-safe: its owner
 * lets one thread at a time run an operation; channel_client_cancel() may come from any.
 */
#ifndef TEESIM_WIRE_CHANNEL_CLIENT_H
#define TEESIM_WIRE_CHANNEL_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/channel.h"
#include "wire/doorbell.h"
#include "wire/wait.h"

struct channel_client {
	struct channel *channel;
	struct doorbell *bell;
	uint8_t *arena;
	size_t arena_size;
	/* The arena has a mapping of its own, once it has grown. */
	bool arena_is_separate;
	uint32_t slot;
	/* The number of the last operation, sent or not: each has its own, so that a cancellation
	 * that comes late meets no other. */
	uint32_t seq;
	/* The number of the last reply. */
	uint32_t answered;
	/* The request numbered `owed_seq` was withdrawn: its reply is still to come. */
	uint32_t owed_seq;
	_Atomic bool owed;
	/* When the tick is to come at the latest, by CLOCK_MONOTONIC; 0: when it is due. Set before
	 * a call, and by the tick itself. */
	uint64_t alarm_ns;
	/* The latest operation that somebody wanted withdrawn. */
	_Atomic uint32_t unwanted;
	/* The last operation that was withdrawn, for the thread that waits for it. */
	_Atomic uint32_t withdrawn;
	/* One that was withdrawn before it was sent, since a reply is owed; whoever changes it back
	 * to 0 sees to that. */
	_Atomic uint32_t withdrawn_early;
	struct wait_policy wait;
};

/* An operation, in the caller's private memory. `slot` and `memref` are inputs for
 * channel_client_call(), and `slot`, `result` and `origin` are what it brings back. */
struct channel_operation {
	uint32_t op;
	uint32_t cmd;
	uint32_t types;
	uint32_t result;
	uint32_t origin;
	union channel_slot slot[CHANNEL_PARAMS];
	struct channel_memref memref[CHANNEL_PARAMS];
};

/* Called now and then while a call sleeps, ever more rarely: returns 0 to go on, or a negative
 * errno that ends the wait. */
typedef int (*channel_tick)(void *context);

/* Maps a channel and a doorbell that teesimd sent. Takes over neither descriptor. Returns 0 or
 * -errno; on failure nothing is left mapped. */
int channel_client_map(struct channel_client *client, int channel_fd, int bell_fd, uint32_t slot,
		       long spin_us);
void channel_client_unmap(struct channel_client *client);

/* Replaces the arena by the block `fd` of `size` octets. Returns 0 or -errno with the old one kept.
 */
int channel_client_replace_arena(struct channel_client *client, int fd, size_t size);

/* Runs one operation and waits for its reply. Returns 0, -EOWNERDEAD when the TA is dead, -EPROTO
 * when the host broke the protocol (the channel is of no further use then), -ECANCELED when the
 * operation was cancelled before the host took it up, or what `tick` gave. */
int channel_client_call(struct channel_client *client, struct channel_operation *operation,
			channel_tick tick, void *context);

/* Uses up the number of an operation that is not run, which might have been withdrawn. */
void channel_client_skip(struct channel_client *client);

/* Asks the host to cancel the operation with number `seq`. Harmless when that is long over. */
void channel_client_cancel(struct channel *channel, uint32_t seq);

/* The same for the operation that `client` runs in another thread, or is about to run; one that the
 * host has not taken up, being busy with another session, ends at once with -ECANCELED. From one
 * thread at a time, or for the same operation. Returns false, having done nothing, when a later
 * operation has been withdrawn: this one is over, and must not take that one's place. */
bool channel_client_withdraw(struct channel_client *client, uint32_t seq);

#endif
