/*
 * Whether a round did what it should to every device, once: by the devices' own account, and by the
 * TAM's.
 *
 * Runs in teesim-fleet. Neither account is taken for the other's.
 */
#ifndef TEESIM_TEEP_FLEET_AUDIT_H
#define TEESIM_TEEP_FLEET_AUDIT_H

#include "teep/fleet/admin.h"
#include "teep/fleet/crew.h"

/* What a round should have done to each device. */
struct expectation {
	unsigned int version;		 /* that each has afterwards; 0: whatever there is */
	unsigned int installed, updated; /* how often the TEE did that */
};

struct audit {
	unsigned int done, failed, retries;
	unsigned int installed, updated; /* all together, by the TEEs' signed answers */
	unsigned int lost;  /* devices without what they should have, or not in the TAM */
	unsigned int twice; /* that did something more than once, or are in the TAM twice */
	/* Devices that were given the same image again because an answer had been lost: a device
	 * state names TAs without their versions, so that is how a TAM makes sure. The TEE knows
	 * the image, and has it once. */
	unsigned int repeated;
	long tam_devices;	   /* that the TAM knows; -1: it was not asked */
	long tam_done, tam_failed; /* of the deployment, as the TAM counts; -1 likewise */
	char first[224];	   /* of the first device that is not as it should be: why */
};

/* By the devices' account. With `expectation` NULL only whether each had its contact. */
void audit_devices(const struct crew *crew, const struct expectation *expectation,
		   struct audit *audit);

/* By the TAM's, to be called after the former: each device must be there, once. `deployment` 0:
 * there is none to look at. 0 or -errno with one line in `err`. */
int audit_tam(const struct crew *crew, struct admin *admin, long long deployment,
	      struct audit *audit, char *err, size_t errlen);

/* Is everything as it should be? */
bool audit_passed(const struct audit *audit);

#endif
