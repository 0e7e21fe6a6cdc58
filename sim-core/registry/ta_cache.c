#include "registry/ta_cache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* File systems stamp changes with a clock that ticks, some of them only every other second. */
#define SETTLED_SECONDS 2

static void image_drop(struct ta_cache *cache, unsigned int i)
{
	ta_image_close(cache->image[i]);
	free(cache->image[i]);
	memmove(cache->image + i, cache->image + i + 1,
		(TA_CACHE_IMAGES - 1 - i) * sizeof(cache->image[0]));
	cache->image[TA_CACHE_IMAGES - 1] = NULL;
}

static void to_front(struct ta_cache *cache, unsigned int i)
{
	struct ta_image *image = cache->image[i];

	memmove(cache->image + 1, cache->image, i * sizeof(cache->image[0]));
	cache->image[0] = image;
}

/* Whoever has the image from the cache and who has it from the file share a sealed memfd. */
static bool image_copy(struct ta_image *out, const struct ta_image *image)
{
	int fd = fcntl(image->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return false;
	*out = *image;
	out->fd = fd;
	return true;
}

/* Returns TA_ACCEPTED when the cache has it. Anything else is for the file to answer, with a reason
 * that is as good as its first. */
static bool take(struct ta_cache *cache, const struct ta_location *location,
		 const struct ta_policy *policy, const struct ta_trust *trust, struct ta_image *out)
{
	struct ta_file_identity file;

	if (!cache->image[0] || !ta_file_identify(location->path, &file))
		return false;
	for (unsigned int i = 0; i < TA_CACHE_IMAGES && cache->image[i]; i++) {
		if (!ta_file_same(&cache->image[i]->file, &file))
			continue;
		if (!image_copy(out, cache->image[i]))
			return false;
		to_front(cache, i);
		out->location = *location;
		if (ta_image_may_be_used(out, policy, trust))
			return true;
		ta_image_close(out);
		return false;
	}
	return false;
}

/* Was the file left alone for long enough before it was read? */
static bool is_settled(const struct ta_file_identity *file, time_t began)
{
	return file->modified.tv_sec + SETTLED_SECONDS < began &&
	       file->changed.tv_sec + SETTLED_SECONDS < began;
}

static void keep(struct ta_cache *cache, const struct ta_image *image)
{
	struct ta_image *copy;
	size_t octets = 0;

	if (image->size > TA_CACHE_OCTETS)
		return;
	copy = malloc(sizeof(*copy));
	if (!copy || !image_copy(copy, image)) {
		free(copy);
		return;
	}
	if (cache->image[TA_CACHE_IMAGES - 1])
		image_drop(cache, TA_CACHE_IMAGES - 1);
	memmove(cache->image + 1, cache->image, (TA_CACHE_IMAGES - 1) * sizeof(cache->image[0]));
	cache->image[0] = copy;
	for (unsigned int i = 0; i < TA_CACHE_IMAGES && cache->image[i];) {
		octets += cache->image[i]->size;
		if (octets > TA_CACHE_OCTETS)
			image_drop(cache, i);
		else
			i++;
	}
}

enum ta_refusal ta_cache_load(struct ta_cache *cache, const struct ta_location *location,
			      const struct ta_policy *policy, const struct ta_trust *trust,
			      struct ta_libraries *libraries, struct ta_image *out, char *err,
			      size_t errlen)
{
	const time_t began = time(NULL);
	enum ta_refusal refusal;

	/* How an image calls the libraries that it needs is a matter between it and them. */
	if (policy->kind != TA_KIND_TA)
		cache = NULL;
	if (cache && take(cache, location, policy, trust, out))
		return TA_ACCEPTED;
	refusal = ta_image_load(location, policy, trust, libraries, out, err, errlen);
	if (cache && refusal == TA_ACCEPTED && !out->needed_count && is_settled(&out->file, began))
		keep(cache, out);
	return refusal;
}

bool ta_cache_is_empty(const struct ta_cache *cache)
{
	return !cache->image[0];
}

void ta_cache_clear(struct ta_cache *cache)
{
	while (cache->image[0])
		image_drop(cache, 0);
}
