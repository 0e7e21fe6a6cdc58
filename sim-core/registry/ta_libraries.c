#include "registry/ta_libraries.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(TA_LIBRARIES_MAX == MESSAGE_LIBRARIES_MAX, "one number for each");

static int number_find(const struct ta_libraries *libraries, const struct uuid *uuid)
{
	for (unsigned i = 0; i < libraries->count; i++)
		if (uuid_equal(&libraries->library[i]->uuid, uuid))
			return (int)i;
	return -ENOENT;
}

int ta_libraries_number(struct ta_libraries *libraries, const struct uuid *uuid)
{
	int number = number_find(libraries, uuid);
	struct ta_library *library;

	if (number >= 0)
		return number;
	if (libraries->count == TA_LIBRARIES_MAX)
		return -E2BIG;
	library = calloc(1, sizeof(*library));
	if (!library)
		return -ENOMEM;
	library->uuid = *uuid;
	library->image.fd = -1;
	libraries->library[libraries->count] = library;
	return (int)libraries->count++;
}

const char *ta_library_name(int number, char name[TA_LIBRARY_NAME_SIZE])
{
	snprintf(name, TA_LIBRARY_NAME_SIZE, MESSAGE_LIBRARY_NAME,
		 MESSAGE_LIBRARY_FD_FIRST + number);
	return name;
}

uint32_t ta_libraries_needs(struct ta_libraries *libraries, const struct ta_image *image)
{
	uint32_t needs = 0;

	for (unsigned i = 0; i < image->needed_count; i++) {
		int number = number_find(libraries, &image->needed[i]);

		if (number >= 0)
			needs |= 1U << number;
	}
	return needs;
}

static void library_take(struct ta_libraries *libraries, unsigned number,
			 const struct ta_image *image)
{
	struct ta_library *library = libraries->library[number];

	library->image = *image;
	library->is_loaded = true;
	library->needs = ta_libraries_needs(libraries, image);
}

/* Loads the libraries from number `first` on, to which those that they need are added as it goes.
 */
static enum ta_refusal needed_load(struct ta_libraries *libraries, unsigned first,
				   const struct ta_search *search, const struct ta_policy *policy,
				   const struct ta_trust *trust, char *err, size_t errlen)
{
	char why[512];

	for (unsigned i = first; i < libraries->count; i++) {
		struct ta_image image;
		enum ta_refusal refusal;

		if (libraries->library[i]->is_loaded)
			continue;
		refusal = ta_find_and_load(search, &libraries->library[i]->uuid, policy, trust,
					   NULL, libraries, &image, why, sizeof(why), NULL, 0);
		if (refusal)
			return (enum ta_refusal)refuse((int)refusal, err, errlen,
						       "a library that it needs: %s", why);
		library_take(libraries, i, &image);
	}
	return TA_ACCEPTED;
}

static bool any_opens_libraries(const struct ta_libraries *libraries, const struct ta_image *ta)
{
	bool opens = ta->opens_libraries;

	for (unsigned i = 0; i < libraries->count; i++)
		opens |= libraries->library[i]->image.opens_libraries;
	return opens;
}

/* All others. One that is no library, or no good, is left out. */
static int others_load(struct ta_libraries *libraries, const struct ta_search *search,
		       const struct ta_policy *policy, const struct ta_trust *trust,
		       void (*warn)(void *arg, const char *line), void *arg)
{
	char why[512], line[640];
	struct uuid *uuids;
	size_t count;
	int rc = ta_search_uuids(search, &uuids, &count);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		const unsigned known = libraries->count;
		enum ta_refusal refusal;
		struct ta_image image;
		int number;

		if (number_find(libraries, &uuids[i]) >= 0)
			continue;
		refusal = ta_find_and_load(search, &uuids[i], policy, trust, NULL, libraries,
					   &image, why, sizeof(why), NULL, 0);
		if (refusal == TA_WRONG_KIND || refusal == TA_NOT_FOUND)
			continue;
		number = refusal ? 0 : ta_libraries_number(libraries, &uuids[i]);
		if (number < 0) {
			ta_image_close(&image);
			warn(arg, "there are more libraries for TAs than one TA can open; the "
				  "others are not offered to dlopen()");
			break;
		}
		if (!refusal) {
			library_take(libraries, (unsigned)number, &image);
			refusal = needed_load(libraries, known, search, policy, trust, why,
					      sizeof(why));
		}
		if (refusal) {
			snprintf(line, sizeof(line), "not offered to dlopen(): %s", why);
			warn(arg, line);
		}
	}
	if (rc == 0)
		free(uuids);
	return rc;
}

enum ta_refusal ta_libraries_load(struct ta_libraries *libraries, const struct ta_image *ta,
				  const struct ta_search *search, const struct ta_policy *policy,
				  const struct ta_trust *trust,
				  void (*warn)(void *arg, const char *line), void *arg, char *err,
				  size_t errlen)
{
	struct ta_policy for_library = *policy;
	enum ta_refusal refusal;

	for_library.kind = TA_KIND_LIBRARY;
	refusal = needed_load(libraries, 0, search, &for_library, trust, err, errlen);
	if (!refusal && any_opens_libraries(libraries, ta) &&
	    others_load(libraries, search, &for_library, trust, warn, arg) < 0)
		refusal = (enum ta_refusal)refuse(TA_OUT_OF_RESOURCES, err, errlen,
						  "no memory for the list of libraries");
	return refusal;
}

bool ta_libraries_are_current(const struct ta_libraries *libraries)
{
	for (unsigned i = 0; i < libraries->count; i++)
		if (libraries->library[i]->is_loaded &&
		    !ta_image_is_current(&libraries->library[i]->image))
			return false;
	return true;
}

void ta_libraries_clear(struct ta_libraries *libraries)
{
	while (libraries->count > 0) {
		struct ta_library *library = libraries->library[--libraries->count];

		ta_image_close(&library->image);
		free(library);
	}
}
