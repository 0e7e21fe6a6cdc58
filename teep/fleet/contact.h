/*
 * One contact of a device with its TAM: what agent and HTTP client do on a device, with the TEE in
 * this process.
 *
 * Runs in a worker of teesim-fleet. The TAM's answers are hostile to it as to any agent: bounded,
 * and handed to the TEE unread. A contact that the network cuts off is over, and whoever called
 * begins another one; TEE and TAM find out where they are.
 */
#ifndef TEESIM_TEEP_FLEET_CONTACT_H
#define TEESIM_TEEP_FLEET_CONTACT_H

#include <stddef.h>

#include "otrp/tee.h"

/* What the TEE said it did, by its own signed answers; counted over all contacts of a round. */
struct contact_count {
	unsigned states, created, updated_sd, deleted_sd, installed, updated, deleted;
	unsigned refused; /* requests that the TEE refused */
};

struct contact;

/* For one TAM; the connection is kept from one device to the next. `stop` is looked at while it
 * waits. NULL without memory. */
struct contact *contact_open(const char *uri, const char *ca_file, const volatile int *stop);
void contact_close(struct contact *contact);

/*
 * Returns 0 when the TAM has no more to say; -EAGAIN, after which it may be tried again, when there
 * is no TAM, or one that can't go on at present; -ECANCELED when *stop is not zero; or -EPROTO when
 * it is no TAM. One line in `why` for all but 0.
 */
int contact_run(struct contact *contact, struct tee *tee, struct contact_count *count, char *why,
		size_t size);

#endif
