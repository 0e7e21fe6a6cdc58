/*
 * Deployments: wanted state that somebody set and follows, device by device.
 *
 * Runs in teesim-tam. A deployment sets its wanted entry, and has a row for each device that is in
 * its scope: those known when it starts, and those that come into the scope while it runs. Those
 * that have already what is asked for, as far as is known, are done at once. One that is set later
 * for the same scope, domain and TA takes the place of an earlier one, which is then done with
 * whoever was still waiting left out; so does an entry that is set by itself. Results live in the
 * caller's arena.
 */
#ifndef TEESIM_TEEP_TAM_DEPLOYMENT_H
#define TEESIM_TEEP_TAM_DEPLOYMENT_H

#include "teep/tam/wanted.h"

enum deployment_state {
	DEPLOYMENT_WAITING,
	DEPLOYMENT_RUNNING,
	DEPLOYMENT_DONE,
	DEPLOYMENT_FAILED,
};

const char *deployment_state_name(enum deployment_state state);
/* -1 for none. */
int deployment_state_parse(const char *name);

struct deployment {
	int64_t id;
	struct wanted what; /* created and created_by are the deployment's */
	bool replaced;	    /* a later one took its place, or it was taken back */
	int64_t waiting, running, done, failed;
};

/* `what` as for wanted_set(), whose failures are these too. */
int deployment_start(struct tam_database *database, struct wanted *what, struct arena *arena,
		     struct deployment *out, const char **why);
int deployment_get(struct tam_database *database, int64_t id, struct arena *arena,
		   struct deployment *out);
/* RUNNING while a device waits or runs; else FAILED when one failed; else DONE. */
enum deployment_state deployment_state(const struct deployment *deployment);
/* Newest first, from below `before` (0: the newest); of one SP unless NULL. */
int deployment_list(struct tam_database *database, const char *spid, int64_t before, int64_t limit,
		    struct arena *arena, struct deployment **list, size_t *count);

struct deployment_device {
	const char *did, *tee_name;
	enum deployment_state state;
	const char *error; /* why it failed, or a remark on another state; "" for none */
	int64_t updated;
};
/* By did; state -1: any. */
int deployment_devices(struct tam_database *database, int64_t id, int state, const char *after,
		       int64_t limit, struct arena *arena, struct deployment_device **list,
		       size_t *count);

/*
 * How a device fares, told by whoever runs its session. A session that starts makes what waited (or
 * had failed) run. *open, unless NULL, is how much that is: with none, there is nothing to tell of
 * this device.
 */
int deployment_run(struct tam_database *database, const char *did, int64_t *open);
/* One that ended well makes it done; else failed, with the error. Only the deployment is touched
 * that set this entry as it is; NULL: all. */
int deployment_progress(struct tam_database *database, const char *did, const struct wanted *entry,
			enum deployment_state state, const char *error);
/* A session that is over: what still runs waits for the next one. What nobody asks for any more of
 * this device is left out. */
int deployment_return(struct tam_database *database, const char *did);

/* Until the transaction's end no other brings devices into the scope. Before a deployment starts or
 * ends there, for neither would see the other. -ENOENT: no such group. */
int deployment_lock(struct tam_database *database, enum wanted_scope scope, const char *scope_id);
/* Devices that came into a scope: rows for the deployments under way there. Its group is locked. */
int deployment_enlist(struct tam_database *database, const char *did, enum wanted_scope scope,
		      const char *scope_id);
/* A device that has just come, of which nothing is known to be there: those for all devices, and
 * for itself. */
int deployment_enlist_new(struct tam_database *database, const char *did);
/* Another entry takes its place, or it is no longer wanted: those that still waited are left out.
 * The scope is locked. */
int deployment_end(struct tam_database *database, const struct wanted *what);
/* One that left a scope: where it is not done, it never will be. */
int deployment_withdraw(struct tam_database *database, const char *did, enum wanted_scope scope,
			const char *scope_id);

#endif
