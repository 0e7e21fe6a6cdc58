/*
 * The shared libraries for TAs that one TA may use: those that it and they name as needed, and for
 * a TA that calls dlopen() all others that can be found as well. A host maps them before any code
 * of the TA runs and nothing after that, so this is the time to find them.
 *
 * Runs in teesimd. Each library has a number, by which a host's dynamic linker finds it: the images
 * name it as descriptor MESSAGE_LIBRARY_FD_FIRST + number. The set owns the images' descriptors.
 */
#ifndef TEESIM_REGISTRY_TA_LIBRARIES_H
#define TEESIM_REGISTRY_TA_LIBRARIES_H

#include "registry/ta_directory.h"
#include "wire/message.h"

/* What a TA that opens libraries by itself calls; the kit's <dlfcn.h> leads there. */
#define TA_LIBRARIES_OPENER  "__tee_dlopen"

#define TA_LIBRARY_NAME_SIZE 32

struct ta_library {
	struct uuid uuid;
	/* Without a descriptor when it could not be had, or has been sent. */
	struct ta_image image;
	bool is_loaded;
	/* Bit n: it names library n. */
	uint32_t needs;
};

struct ta_libraries {
	struct ta_library *library[TA_LIBRARIES_MAX]; /* owned */
	unsigned count;
};

/* The number of library `uuid`, given out now if it has none. -E2BIG: there are too many. -ENOMEM.
 */
int ta_libraries_number(struct ta_libraries *libraries, const struct uuid *uuid);

/* What the dynamic linker is to call library `number`. Returns `name`. */
const char *ta_library_name(int number, char name[TA_LIBRARY_NAME_SIZE]);

/* Bit n: the image names library n. All of its names have numbers. */
uint32_t ta_libraries_needs(struct ta_libraries *libraries, const struct ta_image *image);

/*
 * Finds, verifies and loads what `ta` needs, and what that needs; and, when any of them calls
 * dlopen(), whatever else there is. `ta` was loaded with this set.
 *
 * `warn` is called with a line for the developer about each library that could be wanted by
 * dlopen() and is refused. Returns TA_ACCEPTED, or why a library that is needed can't be had, with
 * one line in `err`.
 */
enum ta_refusal ta_libraries_load(struct ta_libraries *libraries, const struct ta_image *ta,
				  const struct ta_search *search, const struct ta_policy *policy,
				  const struct ta_trust *trust,
				  void (*warn)(void *arg, const char *line), void *arg, char *err,
				  size_t errlen);

/* Is every file still the one that was loaded? */
bool ta_libraries_are_current(const struct ta_libraries *libraries);

void ta_libraries_clear(struct ta_libraries *libraries);

#endif
