/*
 * Groups of devices, by name.
 *
 * Runs in teesim-tam. Names come from the admin API and are checked here: 1 to 64 letters, digits,
 * '.', '-' and '_', and neither "." nor "..". Results live in the caller's arena.
 */
#ifndef TEESIM_TEEP_TAM_GROUP_H
#define TEESIM_TEEP_TAM_GROUP_H

#include "teep/otrp/arena.h"
#include "teep/tam/database.h"

struct device_group {
	const char *name;
	int64_t devices;
};

/* -EINVAL for the name, -EEXIST. */
int group_add(struct tam_database *database, const char *name);
/* 0 or -ENOENT; with an SP only those of group_list(). */
int group_find(struct tam_database *database, const char *name, const char *spid,
	       struct arena *arena);
/* -EBUSY while wanted state names it, -ENOENT. */
int group_remove(struct tam_database *database, const char *name);
/* Their names. spid NULL; or an SP's: those that are open to it, with all of their devices, and
 * those with devices that it sees, with these. */
int group_list(struct tam_database *database, const char *spid, struct arena *arena,
	       struct device_group **list, size_t *count);
/* -ENOENT for either; what is so already is 0. */
int group_join(struct tam_database *database, const char *name, const char *did);
int group_leave(struct tam_database *database, const char *name, const char *did);
/* Names of the groups that a device is in. */
int group_of_device(struct tam_database *database, const char *did, struct arena *arena,
		    const char ***names, size_t *count);

#endif
