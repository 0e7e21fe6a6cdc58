/*
 * Waiting for a packet that will be there soon: to look for it for a while before sleeping spares
 * the CPU's own falling asleep, which on a virtual machine takes as long as a signature's tenth,
 * and what others would push out of its caches.
 *
 * Whoever looked in vain looks less often: a machine that has other things to do loses little.
 * Linked into the TEE's processes; heeds no environment.
 */
#ifndef TEESIM_WIRE_LOOKOUT_H
#define TEESIM_WIRE_LOOKOUT_H

#include <stdint.h>

struct lookout {
	uint32_t most_ns; /* 0: never, as where there is one CPU */
	uint32_t missed;  /* times in a row */
	uint32_t skipped; /* waits since then that were slept through */
};

/* `most_us` is the longest look, in microseconds. */
void lookout_init(struct lookout *lookout, uint32_t most_us);

/* Returns when something can be received, the peer is gone, or it is time to sleep; the caller's
 * receiving is the same in all cases. */
void lookout_wait(struct lookout *lookout, int sock);

#endif
