/*
 * Images of the last few TAs that were loaded, so that a file which has not changed is not read and
 * checked again for each instance.
 *
 * Runs in teesimd. An image is given out only for the very file that it was made of, told by
 * device, inode, size and both times; one that was written in the last moments before it was read,
 * when the times may not tell the next change, is not kept. What depends on more than the file (the
 * policy, the trusted keys, where it was found) is looked at every time. An image that needs
 * libraries for TAs is not kept. Owns its descriptors.
 */
#ifndef TEESIM_REGISTRY_TA_CACHE_H
#define TEESIM_REGISTRY_TA_CACHE_H

#include "registry/ta_image.h"

/* At most so many images, of so many octets together. */
#define TA_CACHE_IMAGES 4
#define TA_CACHE_OCTETS (8U << 20)

/* All zero is empty. */
struct ta_cache {
	/* The one used last comes first; NULL behind the last one. */
	struct ta_image *image[TA_CACHE_IMAGES];
};

/* As ta_image_load(), by way of the cache. `cache` may be NULL. */
enum ta_refusal ta_cache_load(struct ta_cache *cache, const struct ta_location *location,
			      const struct ta_policy *policy, const struct ta_trust *trust,
			      struct ta_libraries *libraries, struct ta_image *out, char *err,
			      size_t errlen);

bool ta_cache_is_empty(const struct ta_cache *cache);

/* Forgets all of it. */
void ta_cache_clear(struct ta_cache *cache);

#endif
