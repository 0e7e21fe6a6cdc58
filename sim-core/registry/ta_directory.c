#include "registry/ta_directory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const extensions[] = { ".ta", ".so", ".elf" };

#define EXTENSION_COUNT (sizeof(extensions) / sizeof(extensions[0]))

/* Lower case before upper case, for each extension. */
#define NAME_COUNT (2 * EXTENSION_COUNT)

static int search_add(struct ta_search *search, enum ta_place place, const char *dir, size_t length,
		      const char *below)
{
	char *path;

	while (length > 1 && dir[length - 1] == '/')
		length--;
	if (asprintf(&path, "%.*s%s", (int)length, dir, below) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < search->count; i++)
		if (strcmp(search->dirs[i].path, path) == 0) {
			free(path);
			return 0;
		}
	if (search->count == TA_SEARCH_DIRS_MAX) {
		free(path);
		return -E2BIG;
	}
	search->dirs[search->count++] = (struct ta_search_dir) { path, place };
	return 0;
}

int ta_search_init(struct ta_search *search, const char *ta_path, const char *client_dir,
		   const char *device_dir)
{
	int rc = 0;

	memset(search, 0, sizeof(*search));
	while (rc == 0 && ta_path && *ta_path) {
		const size_t length = strcspn(ta_path, ":");

		if (length > 0)
			rc = search_add(search, TA_PLACE_PATH, ta_path, length, "");
		ta_path += length + (ta_path[length] == ':');
	}
	if (rc == 0 && client_dir)
		rc = search_add(search, TA_PLACE_CLIENT, client_dir, strlen(client_dir), "");
	if (rc == 0 && client_dir)
		rc = search_add(search, TA_PLACE_CLIENT_RES, client_dir, strlen(client_dir),
				"/res");
	if (rc == 0 && device_dir)
		rc = search_add(search, TA_PLACE_INSTALLED, device_dir, strlen(device_dir), "/ta");
	if (rc)
		ta_search_clear(search);
	return rc;
}

void ta_search_clear(struct ta_search *search)
{
	for (unsigned i = 0; i < search->count; i++)
		free(search->dirs[i].path);
	memset(search, 0, sizeof(*search));
}

bool ta_find_next(const struct ta_search *search, const struct uuid *uuid, unsigned *cursor,
		  struct ta_location *out)
{
	char text[UUID_TEXT_SIZE];
	struct stat st;

	while (*cursor < search->count * NAME_COUNT) {
		const struct ta_search_dir *dir = &search->dirs[*cursor / NAME_COUNT];
		const unsigned name = *cursor % NAME_COUNT;

		(*cursor)++;
		uuid_format(uuid, text);
		if (name % 2)
			for (char *c = text; *c; c++)
				*c = (char)toupper((unsigned char)*c);
		if (snprintf(out->path, sizeof(out->path), "%s/%s%s", dir->path, text,
			     extensions[name / 2]) >= (int)sizeof(out->path) ||
		    stat(out->path, &st) < 0)
			continue;
		out->place = dir->place;
		out->has_uuid = true;
		out->uuid = *uuid;
		return true;
	}
	return false;
}

static enum ta_refusal not_found(const struct ta_search *search, const struct uuid *uuid,
				 enum ta_kind kind, char *err, size_t errlen)
{
	char text[UUID_TEXT_SIZE], dirs[256] = "";
	size_t length = 0;

	for (unsigned i = 0; i < search->count && length < sizeof(dirs); i++)
		length += (size_t)snprintf(dirs + length, sizeof(dirs) - length, "%s%s",
					   i ? ", " : "", search->dirs[i].path);
	if (length >= sizeof(dirs))
		memcpy(dirs + sizeof(dirs) - 4, "...", 4);
	return (enum ta_refusal)refuse(TA_NOT_FOUND, err, errlen,
				       "no %s %s in %s: name its directory in TEESIM_TA_PATH, or "
				       "install it with `teesim ta install FILE`",
				       kind == TA_KIND_LIBRARY ? "library" : "TA",
				       uuid_format(uuid, text), search->count ? dirs : "any place");
}

static enum ta_refusal find_first_good(const struct ta_search *search, const struct uuid *uuid,
				       const struct ta_policy *policy, const struct ta_trust *trust,
				       __typeof__(ta_cache_load) *take, struct ta_cache *cache,
				       struct ta_libraries *libraries, struct ta_image *out,
				       char *err, size_t errlen, char *skipped,
				       size_t skipped_length)
{
	enum ta_refusal first = TA_NOT_FOUND, refusal;
	struct ta_location location;
	unsigned cursor = 0;
	char why[512];

	if (skipped)
		skipped[0] = '\0';
	while (ta_find_next(search, uuid, &cursor, &location)) {
		refusal = take(cache, &location, policy, trust, libraries, out, why, sizeof(why));
		if (refusal == TA_ACCEPTED) {
			if (skipped && first != TA_NOT_FOUND)
				refuse(0, skipped, skipped_length, "%.400s; taken instead: %s", err,
				       location.path);
			return TA_ACCEPTED;
		}
		/* A file may vanish between the search and the look into it. */
		if (first == TA_NOT_FOUND && refusal != TA_NOT_FOUND) {
			first = refusal;
			refuse(0, err, errlen, "%s", why);
		}
	}
	return first == TA_NOT_FOUND ? not_found(search, uuid, policy->kind, err, errlen) : first;
}

static enum ta_refusal inspect(struct ta_cache *cache, const struct ta_location *location,
			       const struct ta_policy *policy, const struct ta_trust *trust,
			       struct ta_libraries *libraries, struct ta_image *out, char *err,
			       size_t errlen)
{
	(void)cache;
	(void)libraries;
	return ta_image_inspect(location, policy, trust, out, err, errlen);
}

enum ta_refusal ta_find(const struct ta_search *search, const struct uuid *uuid,
			const struct ta_policy *policy, const struct ta_trust *trust,
			struct ta_location *out, char *err, size_t errlen)
{
	struct ta_image image;
	enum ta_refusal refusal = find_first_good(search, uuid, policy, trust, inspect, NULL, NULL,
						  &image, err, errlen, NULL, 0);

	if (refusal == TA_ACCEPTED)
		*out = image.location;
	return refusal;
}

enum ta_refusal ta_find_and_load(const struct ta_search *search, const struct uuid *uuid,
				 const struct ta_policy *policy, const struct ta_trust *trust,
				 struct ta_cache *cache, struct ta_libraries *libraries,
				 struct ta_image *out, char *err, size_t errlen, char *skipped,
				 size_t skipped_length)
{
	return find_first_good(search, uuid, policy, trust, ta_cache_load, cache, libraries, out,
			       err, errlen, skipped, skipped_length);
}

/* Whether a name is that of a TA file, and of which TA. */
static bool name_parse(const char *name, struct uuid *uuid)
{
	char text[UUID_TEXT_SIZE];

	if (strlen(name) < sizeof(text) - 1)
		return false;
	memcpy(text, name, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	if (uuid_parse(text, uuid))
		return false;
	for (unsigned i = 0; i < EXTENSION_COUNT; i++)
		if (strcmp(name + sizeof(text) - 1, extensions[i]) == 0)
			return true;
	return false;
}

static int compare_uuids(const void *a, const void *b)
{
	return memcmp(((const struct uuid *)a)->octet, ((const struct uuid *)b)->octet,
		      sizeof(((const struct uuid *)a)->octet));
}

int ta_search_uuids(const struct ta_search *search, struct uuid **out, size_t *count)
{
	struct uuid *uuids = NULL, *more;
	size_t n = 0, unique = 0;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < search->count; i++) {
		DIR *dir = opendir(search->dirs[i].path);
		struct dirent *entry;
		struct uuid uuid;

		if (!dir)
			continue;
		while (rc == 0 && (entry = readdir(dir))) {
			if (!name_parse(entry->d_name, &uuid))
				continue;
			more = reallocarray(uuids, n + 1, sizeof(uuid));
			if (more) {
				uuids = more;
				uuids[n++] = uuid;
			} else {
				rc = -ENOMEM;
			}
		}
		closedir(dir);
	}
	if (rc) {
		free(uuids);
		return rc;
	}
	if (n)
		qsort(uuids, n, sizeof(*uuids), compare_uuids);
	for (size_t i = 0; i < n; i++)
		if (unique == 0 || !uuid_equal(&uuids[unique - 1], &uuids[i]))
			uuids[unique++] = uuids[i];
	*out = uuids;
	*count = unique;
	return 0;
}

static int list_files_of(const struct ta_search *search, const struct uuid *uuid,
			 const struct ta_policy *policy, const struct ta_trust *trust,
			 struct ta_list *list)
{
	struct ta_location location;
	ssize_t taken = -1;
	unsigned cursor = 0;

	while (ta_find_next(search, uuid, &cursor, &location)) {
		struct ta_list_entry *entries, *entry;

		entries = reallocarray(list->entries, list->count + 1, sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		list->entries = entries;
		entry = &entries[list->count];
		entry->reason[0] = '\0';
		entry->refusal = ta_image_inspect(&location, policy, trust, &entry->image,
						  entry->reason, sizeof(entry->reason));
		if (entry->refusal == TA_NOT_FOUND)
			continue;
		entry->shadowed_by = taken;
		if (entry->refusal == TA_ACCEPTED && taken < 0)
			taken = (ssize_t)list->count;
		list->count++;
	}
	return 0;
}

int ta_list(const struct ta_search *search, const struct ta_policy *policy,
	    const struct ta_trust *trust, struct ta_list *out)
{
	struct uuid *uuids;
	size_t count;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = ta_search_uuids(search, &uuids, &count);
	if (rc)
		return rc;
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = list_files_of(search, &uuids[i], policy, trust, out);
	free(uuids);
	if (rc)
		ta_list_clear(out);
	return rc;
}

void ta_list_clear(struct ta_list *list)
{
	free(list->entries);
	memset(list, 0, sizeof(*list));
}
