/*
 * A TEE's store that is not what its counter says, taken as it is: what its owner may decide, and
 * nobody else can.
 *
 * Runs in the owner's tools, on a device that does not run; whoever calls holds the device's lock.
 * Only a store that is whole, and older or newer than its counter, is taken. The counter is not set
 * back: the store goes on above it. Each TAM's count of changes (dsigen) does so, too, so that no
 * request that was made for a state which comes again is taken for a new one.
 */
#ifndef TEESIM_OTRP_ROLLBACK_H
#define TEESIM_OTRP_ROLLBACK_H

#include <stdbool.h>
#include <stddef.h>

#include "otrp/store.h"

/*
 * By how many changes the store of TEE number `tee` is behind its counter or ahead of it, in
 * `*gap`. With `accept`, it is taken as it is. Returns 0 or, with one line in `err`, what
 * store_open() does; then nothing has changed.
 */
int rollback_accept(const char *directory, unsigned int tee, bool accept, struct store_gap *gap,
		    char *err, size_t errlen);

#endif
