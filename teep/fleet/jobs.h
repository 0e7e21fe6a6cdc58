/*
 * What the workers of a fleet do with a device: make it, bring it to its TAM, look at what it has.
 *
 * Runs in teesim-fleet's workers (crew.h).
 */
#ifndef TEESIM_TEEP_FLEET_JOBS_H
#define TEESIM_TEEP_FLEET_JOBS_H

#include "teep/fleet/crew.h"

struct jobs {
	const char *directory; /* of the devices */
	const char *pki;       /* for making them */
	enum key_kind kind;
	const char *tam;
	const char *ca_file;   /* for a TAM with a certificate of its own; may be NULL */
	const char *taid;      /* whose version is told; may be NULL */
	unsigned int patience; /* seconds for which one device goes on trying */
};

#define JOBS_PATH_SIZE 4096

/* Make the device, unless it is there. */
struct crew_job jobs_make(const struct jobs *jobs);
/* Contact the TAM, again and again while the network fails; then look at the device. */
struct crew_job jobs_contact(const struct jobs *jobs, const char *what);

#endif
