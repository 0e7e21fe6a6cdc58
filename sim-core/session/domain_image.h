/*
 * TAs that a TAM installed: the TEE hands their images out of its sealed store (tee_link.h).
 *
 * Runs in teesimd, which waits for nothing there.
 */
#ifndef TEESIM_SESSION_DOMAIN_IMAGE_H
#define TEESIM_SESSION_DOMAIN_IMAGE_H

#include "registry/ta_directory.h"
#include "session/tee_link.h"

/*
 * Load the TA `uuid`. TA_NOT_FOUND, with `err` as it was, when no TAM installed it, or when that is
 * not known yet: then *waiting is the queue of those who want to know. On any other refusal one
 * line is in `err`. The image's location is the file that changes with every TA that is installed,
 * so a newer one is noticed; `record` tells of its domain, and *personal is the descriptor of its
 * personalisation data, the caller's, or -1.
 */
enum ta_refusal domain_image_load(struct tee_link *link, const struct uuid *uuid,
				  const struct ta_trust *trust, struct ta_libraries *libraries,
				  struct ta_image *out, struct tee_image_record *record,
				  int *personal, struct opening_queue **waiting, char *err,
				  size_t errlen);

#define DOMAIN_PERSONAL_HASH_SIZE 32

/* Of the personalisation data that `record` tells of, in the file `fd`; zeros where there is none.
 * Whether it could be made. */
bool domain_personal_hash(int fd, const struct tee_image_record *record,
			  uint8_t out[DOMAIN_PERSONAL_HASH_SIZE]);

#endif
