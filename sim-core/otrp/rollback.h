/*
 * A TEE's store that is behind its counter, taken as it is: what its owner may decide, and nobody
 * else can.
 *
 * Runs in the owner's tools, on a device that does not run; whoever calls holds the device's lock.
 * Only a store that is whole, and older than its counter, is taken. The counter is not set back:
 * the store goes on above it. Each TAM's count of changes (dsigen) does so, too, so that no request
 * that was made for a state which comes again is taken for a new one.
 */
#ifndef TEESIM_OTRP_ROLLBACK_H
#define TEESIM_OTRP_ROLLBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * By how many changes the store of TEE number `tee` is behind, in `*behind`; 0: by none. With
 * `accept`, it is taken as it is. Returns 0 or, with one line in `err`, what store_open() does;
 * then nothing has changed.
 */
int rollback_accept(const char *directory, unsigned int tee, bool accept, uint64_t *behind,
		    char *err, size_t errlen);

#endif
