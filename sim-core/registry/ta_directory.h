/*
 * Finding a TA, or a shared library for TAs, by its UUID.
 *
 * Runs in teesimd and in the command line. Either is a file <uuid>.ta, <uuid>.so or <uuid>.elf, in
 * that order, in the first directory that has one:
 *   1. the directories of $TEESIM_TA_PATH
 *   2. the client program's own directory, and res/ in it
 *   3. <device>/ta, the installed TAs
 * A file that is refused does not hide a good one behind it.
 */
#ifndef TEESIM_REGISTRY_TA_DIRECTORY_H
#define TEESIM_REGISTRY_TA_DIRECTORY_H

#include "registry/ta_cache.h"
#include "registry/ta_image.h"

#include <sys/types.h>

#define TA_SEARCH_DIRS_MAX 32

struct ta_search_dir {
	char *path; /* owned */
	enum ta_place place;
};

struct ta_search {
	struct ta_search_dir dirs[TA_SEARCH_DIRS_MAX];
	unsigned count;
};

/*
 * Set up the directories; each argument may be NULL. `ta_path` is separated by colons; relative
 * entries count from the current directory of this process. Directories need not exist; one that is
 * named twice is searched once. Returns 0, -ENOMEM, or -E2BIG for more than TA_SEARCH_DIRS_MAX.
 */
int ta_search_init(struct ta_search *search, const char *ta_path, const char *client_dir,
		   const char *device_dir);

void ta_search_clear(struct ta_search *search);

/*
 * The next file that is there for a UUID, good or not. Start with *cursor = 0. Returns whether
 * there was one.
 */
bool ta_find_next(const struct ta_search *search, const struct uuid *uuid, unsigned *cursor,
		  struct ta_location *out);

/* The first one that passes every check. On a refusal, the reason is that of the first file. */
enum ta_refusal ta_find(const struct ta_search *search, const struct uuid *uuid,
			const struct ta_policy *policy, const struct ta_trust *trust,
			struct ta_location *out, char *err, size_t errlen);

/* Every UUID that a file of some directory is named after, each once, in ascending order. Returns 0
 * with an array that the caller frees, or -ENOMEM. */
int ta_search_uuids(const struct ta_search *search, struct uuid **out, size_t *count);

/*
 * Find a TA and load it as ta_image_load() does, by way of a cache (may be NULL). `skipped` (may be
 * NULL) gets one line when a file was refused and one behind it taken, and is empty otherwise:
 * worth a warning in the log.
 */
enum ta_refusal ta_find_and_load(const struct ta_search *search, const struct uuid *uuid,
				 const struct ta_policy *policy, const struct ta_trust *trust,
				 struct ta_cache *cache, struct ta_libraries *libraries,
				 struct ta_image *out, char *err, size_t errlen, char *skipped,
				 size_t skipped_length);

struct ta_list_entry {
	struct ta_image image; /* inspected: no descriptor */
	enum ta_refusal refusal;
	char reason[512];    /* empty when accepted */
	ssize_t shadowed_by; /* index of the entry that is taken instead, -1 for none */
};

struct ta_list {
	struct ta_list_entry *entries; /* owned; by UUID, then in the order of the search */
	size_t count;
};

/* All TAs of all directories. Returns 0 or -ENOMEM. */
int ta_list(const struct ta_search *search, const struct ta_policy *policy,
	    const struct ta_trust *trust, struct ta_list *out);

void ta_list_clear(struct ta_list *list);

#endif
