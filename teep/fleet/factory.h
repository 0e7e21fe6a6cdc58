/*
 * The production line of a fleet: devices by the dozen, each with an eFuse key, key pairs and
 * certificates of its own, made as `teesim oem make-device` makes them.
 *
 * Runs in teesim-fleet. What all devices of one factory share is what a manufacturer's would: the
 * authorities, the secure boot key, the images, the roots of the TAMs. Nothing secret is in two of
 * them, and no key pair is made ahead and dealt out.
 */
#ifndef TEESIM_TEEP_FLEET_FACTORY_H
#define TEESIM_TEEP_FLEET_FACTORY_H

#include <stddef.h>

#include "teep/pki/key.h"

struct factory;

/*
 * Set up with the authorities in `pki` (`teesim pki init`). `kind` is that of the devices' key
 * pairs. A secure boot key is made there when there is none. 0 or -errno with one line in `err`.
 */
int factory_open(struct factory **out, const char *pki, enum key_kind kind, char *err,
		 size_t errlen);
void factory_close(struct factory *factory);

/* Make one device in a directory that is not there yet. All of it is there afterwards, or what is
 * there is no device. 0 or -errno with one line in `err`. */
int factory_make(struct factory *factory, const char *directory, char *err, size_t errlen);

#endif
