/*
 * Which devices have a certificate that is about to end: the TEE's own, an authority's above it, or
 * the firmware's. Such a device is refused from then on, and its maker has to be asked in time.
 *
 * Runs in teesim-tam. One thread looks through all devices now and then, since the table has
 * certificates and no dates; others ask for what it found. Refused and suspended devices are left
 * out.
 */
#ifndef TEESIM_TEEP_TAM_DEVICE_EXPIRY_H
#define TEESIM_TEEP_TAM_DEVICE_EXPIRY_H

#include <time.h>

#include "teep/tam/database.h"

/* How many devices are named, those that end first. */
#define DEVICE_EXPIRY_MAX 50

struct device_ending {
	char did[65], sha256[65]; /* the latter of the certificate */
	char subject[256];	  /* its name, and the TEE's */
	const char *whose;	  /* "TEE", "TEE's authority" or "firmware" */
	time_t not_before, not_after;
};

struct device_expiry;

/* NULL without memory. */
struct device_expiry *device_expiry_open(void);
void device_expiry_close(struct device_expiry *expiry);

/* Look at all devices: who has a certificate that ends before `until`? 0 or -errno. */
int device_expiry_scan(struct device_expiry *expiry, struct tam_database *database, time_t until);

/* What was found last: up to DEVICE_EXPIRY_MAX into `out`, the first to end first, and how many end
 * at all, and have ended at `now`. Returns how many are in `out`. */
size_t device_expiry_list(struct device_expiry *expiry, time_t now,
			  struct device_ending out[DEVICE_EXPIRY_MAX], int64_t *ending,
			  int64_t *ended);

#endif
