/*
 * The doorbell: one small block of shared memory per TA instance, by which clients and teesimd tell
 * the host that there is something to do, and where. Written by everybody who has a session
 * with the instance, so nothing in it is relied upon. What somebody can do to it, and why nobody
 * hangs by that:
 *
 *   takes a ring away    who waits rings again: a client for its reply (channel_client.c), teesimd
 *                        for a message that lies unread (instance.c); both wake the host by the
 *                        futex, whatever `parked` says
 *   takes away what it   a host that was woken for nothing, or kept from its sleep for nothing,
 *   was rung for         looks at everything unasked (channel_host.c)
 *   sets a bit           one look at a request word
 */
#ifndef TEESIM_WIRE_DOORBELL_H
#define TEESIM_WIRE_DOORBELL_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/futex.h"

/* Sessions that one instance can serve at a time: one bit each. */
#define DOORBELL_SLOTS 28672U
#define DOORBELL_WORDS (DOORBELL_SLOTS / 64)

struct doorbell {
	/* Counts rings; the host sleeps on it. */
	_Atomic uint32_t rings;
	/* Set by the host before it sleeps. */
	_Atomic uint32_t parked;
	/* teesimd has sent the host a message. */
	_Atomic uint32_t control;
	uint32_t unused[13];
	/* Which of `pending` may hold bits. */
	_Atomic uint64_t summary[8];
	/* Where the host runs, as wait_cpu() gives it. Only the host writes in this line. */
	_Atomic uint32_t cpu;
	uint8_t unused_tail[4096 - 132];
	/* A bit per session slot. */
	_Atomic uint64_t pending[512];
};

static_assert(sizeof(struct doorbell) == 8192, "the doorbell is two pages");
static_assert(DOORBELL_WORDS <= 512, "every slot has a bit");

/* Wakes the host, whatever it is doing. */
static inline void doorbell_ring(struct doorbell *bell)
{
	atomic_fetch_add(&bell->rings, 1);
	if (atomic_load(&bell->parked))
		futex_wake_all(&bell->rings);
}

/* Tells the host to look at the request of session slot `slot`. */
static inline void doorbell_ring_slot(struct doorbell *bell, uint32_t slot)
{
	uint32_t word = slot / 64;

	atomic_fetch_or(&bell->pending[word], 1ULL << (slot % 64));
	atomic_fetch_or(&bell->summary[word / 64], 1ULL << (word % 64));
	doorbell_ring(bell);
}

/* Tells the host to read its control socket. */
static inline void doorbell_ring_control(struct doorbell *bell)
{
	atomic_store(&bell->control, 1);
	doorbell_ring(bell);
}

#endif
