/*
 * A TA instance: one host process that runs one verified image, from its start until it ends or
 * dies; and for TAs that have a single instance, who waits for the next one.
 *
 *   STARTING ──STARTED──▶ LIVE ──last session ended──▶ ENDING ──exit──▶ gone
 *      └───────── dies ─────┴──────── dies ──────────────┴──▶ gone, or CRASHED and kept
 *
 * Runs in teesimd. An instance owns its host, its doorbell, its sessions and its mappings; it frees
 * itself. Everything that a host says about numbers is looked up among what is the instance's own.
 */
#ifndef TEESIM_SESSION_INSTANCE_H
#define TEESIM_SESSION_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

#include "session/client.h"
#include "session/host.h"
#include "session/id_map.h"
#include "session/image.h"
#include "session/opening.h"
#include "session/server.h"
#include "session/session.h"
#include "wire/doorbell.h"
#include "wire/message.h"

/* Bits of ta_head.flags. */
enum instance_flag {
	INSTANCE_SINGLE = 1 << 2,
	INSTANCE_MULTI_SESSION = 1 << 3,
	INSTANCE_KEEP_ALIVE = 1 << 4,
	INSTANCE_KEEP_CRASHED = 1 << 13,
};

enum instance_state {
	INSTANCE_STARTING = MESSAGE_INSTANCE_STARTING,
	INSTANCE_LIVE = MESSAGE_INSTANCE_LIVE,
	INSTANCE_ENDING = MESSAGE_INSTANCE_ENDING,
	INSTANCE_CRASHED = MESSAGE_INSTANCE_CRASHED,
};

/* A TA that has a single instance, found by its UUID while it has one. */
struct ta {
	struct uuid uuid;
	/* The next one whose UUID mixes to the same key. */
	struct ta *next;
	struct instance *instance;
	/* Opens that wait until the instance has exited. */
	struct opening_queue waiting;
};

LIST_HEAD(mapping_list, mapping);

struct instance {
	struct server *server;
	uint32_t id;
	enum instance_state state;
	struct image image;
	/* How many TAs were started by one another until it was; not 0: one started it. */
	unsigned int depth;
	/* The log says that it is in a circle of TAs that call each other. */
	bool told_of_circle;
	/* The log says that it may start no more TAs. */
	bool told_of_bound;
	/* NULL for a TA with an instance per session. */
	struct ta *ta;
	/* NULL once the process is gone. */
	struct host *host;
	/* The connection on which it is a client itself; NULL when that has ended. */
	struct client *client;
	/* Opens that wait for MESSAGE_STARTED. */
	struct opening_queue starting;
	/* Opens that wait until the host has let go of sessions whose clients are gone. */
	struct opening_queue settling;
	struct session_list sessions;
	uint32_t session_count;
	/* Those of them whose clients are gone. */
	uint32_t abandoned_count;
	/* The doorbell's slots: those given back, and the lowest that was never taken. */
	uint32_t *free_slots;
	uint32_t free_count;
	uint32_t free_capacity;
	uint32_t next_slot;
	int bell_fd;
	struct doorbell *bell;
	/* What the host has mapped, and what it was asked to and has not answered yet, the latter
	 * by the number of the request. */
	struct mapping_list mappings;
	struct id_map forwarded;
	uint32_t last_forwarded;
	/* Kills a host that does not end, or that nobody waits for any more; ends the wait of
	 * `settling`. */
	uv_timer_t patience;
	/* Rings again for messages that the host has not read. */
	uv_timer_t reminder;
	uint64_t reminder_ms;
	/* Kills a host that stays away when all its clients are gone. */
	uv_timer_t grace;
	uint64_t forsaken_ns;
	unsigned int open_timers;
	/* What MESSAGE_STARTED or MESSAGE_DEATH said. */
	bool started;
	bool start_failed;
	bool has_last_words;
	struct message_death last_words;
};

/* instance_flag bits. */
static inline uint32_t instance_flags(const struct instance *instance)
{
	return instance->image.ta.properties.flags;
}

/* The single instance of a TA, or the state of waiting for one; NULL when there is neither. */
struct ta *ta_find_single(const struct server *server, const struct uuid *uuid);

/* Starts an instance for `opening`, which waits in it from then on. Takes over the image's
 * descriptor, on failure too. Returns 0 or -errno with `opening` unchanged. */
int instance_create(struct server *server, struct image *image, struct opening *opening);

/* Takes note of everything that the host has said by now. */
void instance_refresh(struct instance *instance);

/* Sends a message and rings. Takes over the descriptors in `fds` (may be NULL). */
void instance_send(struct instance *instance, const void *message, size_t size,
		   struct packet_fds *fds);
/* The same on behalf of a client, to be taken back with peer_recall() when that is gone. */
void instance_send_receipted(struct instance *instance, const void *message, size_t size,
			     struct packet_fds *fds, struct peer_receipt *receipt);

/* Does so much wait for the host that it can be asked for nothing more? */
bool instance_overloaded(const struct instance *instance);

/* Returns 0, -EBUSY when all are taken, or -ENOMEM. */
int instance_slot_take(struct instance *instance, uint32_t *slot);
void instance_slot_give(struct instance *instance, uint32_t slot);

/* Has an opening wait until sessions whose clients are gone have ended; not for ever. */
void instance_settle(struct instance *instance, struct opening *opening);

/* Sessions came, were abandoned or went. */
void instance_sessions_changed(struct instance *instance);

/* A session has ended: there is one less to live for, and perhaps room for who waits. */
void instance_session_left(struct instance *instance);

/* An opening that waited for the start has left. */
void instance_opening_left(struct instance *instance);

/* Has the TA destroyed and the process ended; sessions that are left are as good as dead. */
void instance_end(struct instance *instance);

/* Has it been killed, though its process has not gone yet, to be followed by another? */
bool instance_doomed(const struct instance *instance);

/* Kills the process. */
void instance_kill(struct instance *instance, const char *because);

/* May a client open a session anew on a channel that it closed, without asking? */
static inline bool instance_may_reopen(const struct instance *instance)
{
	const uint32_t needed = INSTANCE_SINGLE | INSTANCE_MULTI_SESSION | INSTANCE_KEEP_ALIVE;

	return (instance_flags(instance) & needed) == needed;
}

#endif
