/*
 * TAs that a TAM installed: their images come out of the device's sealed store.
 *
 * Runs in teesimd, which has neither the store nor the libraries that it needs: teesim-teep boots
 * the device's TEE, finds the TA, checks it against what was installed, and hands its image over in
 * a sealed memory file. teesimd waits for that, some tens of milliseconds for a first session, and
 * not for more than a few seconds.
 */
#ifndef TEESIM_SESSION_DOMAIN_IMAGE_H
#define TEESIM_SESSION_DOMAIN_IMAGE_H

#include "registry/ta_directory.h"

/*
 * Load the TA `uuid` of the device in `directory` by the program `provisioner`. TA_NOT_FOUND, with
 * `err` as it was, when no TAM installed it; on any other refusal one line is in `err`. The image's
 * location is the file that changes with every TA that is installed, so a newer one is noticed.
 */
enum ta_refusal domain_image_load(const char *provisioner, const char *directory,
				  const struct uuid *uuid, const struct ta_trust *trust,
				  struct ta_libraries *libraries, struct ta_image *out, char *err,
				  size_t errlen);

#endif
