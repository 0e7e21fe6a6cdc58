/*
 * Which devices the people of a service provider may deploy to by themselves: groups that an admin
 * opened for it, or all. Whoever acts for the TAM, and for no SP, needs none of this.
 *
 * Runs in teesim-tam. A grant that is taken back leaves what was deployed by it. Results live in
 * the caller's arena; `group` NULL is all devices.
 */
#ifndef TEESIM_TEEP_TAM_SP_GRANT_H
#define TEESIM_TEEP_TAM_SP_GRANT_H

#include "teep/otrp/arena.h"
#include "teep/tam/database.h"
#include "teep/tam/wanted.h"

struct sp_grants {
	bool all;
	const char **groups; /* by name */
	size_t count;
};

/* 0, also where it is so already; -ENOENT: no such SP or group. */
int sp_grant_add(struct tam_database *database, const char *spid, const char *group);
/* -ENOENT: there is no such grant. */
int sp_grant_remove(struct tam_database *database, const char *spid, const char *group);
int sp_grant_list(struct tam_database *database, const char *spid, struct arena *arena,
		  struct sp_grants *out);

/* Whether the SP's people may set this: -EACCES unless all devices, the group, or a group of the
 * device is open to it. */
int sp_grant_check(struct tam_database *database, const struct wanted *what);

#endif
