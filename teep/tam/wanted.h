/*
 * What devices should have: entries for one device, for a group, or for all.
 *
 * Runs in teesim-tam. For one TA in one domain the nearest entry decides: the device's own, then
 * that of a group (among several groups the latest made), then that for all. A TA that no entry
 * asks for, or whose wanted version is retired with none newer, is not wanted; whoever plans
 * deletes it. Results live in the caller's arena.
 */
#ifndef TEESIM_TEEP_TAM_WANTED_H
#define TEESIM_TEEP_TAM_WANTED_H

#include "teep/tam/sp.h"

enum wanted_scope {
	SCOPE_ALL,
	SCOPE_GROUP,
	SCOPE_DEVICE,
};

const char *wanted_scope_name(enum wanted_scope scope);
/* -1 for none. */
int wanted_scope_parse(const char *name);

struct wanted {
	int64_t id;
	enum wanted_scope scope;
	const char *scope_id; /* did or group; "" for all */
	const char *spid, *sdname;
	const char *taid; /* "": the domain alone */
	int64_t version;  /* 0: the latest */
	bool present;	  /* false: must not be there, whatever a wider entry says */
	bool on_request;  /* only once a client app asked for it; then kept up to date */
	int64_t created;
	const char *created_by;
};

/*
 * Set, in the place of an entry of the same scope, SP, domain and TA, whose deployment is over;
 * `id` and `created` are filled in. -EINVAL with why for a name; -ENOENT with why: no such SP, TA
 * of that SP, version, group or device (a device that is not known yet may be named by a
 * well-formed did).
 */
int wanted_set(struct tam_database *database, struct wanted *entry, const char **why);
/* Its deployment is over as well. -ENOENT. spid NULL, or whose it must be. */
int wanted_remove(struct tam_database *database, int64_t id, const char *spid);

struct wanted_filter {
	const char *spid, *scope_id, *taid; /* NULL: any */
	int scope;			    /* -1: any */
	int64_t after, limit;
};
int wanted_list(struct tam_database *database, const struct wanted_filter *filter,
		struct arena *arena, struct wanted **list, size_t *count);

/* What decides for one device, one entry for each (spid, sdname, taid): the plan's input. */
struct wanted_decision {
	const char *spid, *sdname, *taid; /* taid "": the domain alone */
	bool present;
	bool excluded;		    /* not present since an entry says so */
	bool on_request;	    /* only where the device asked for it, or has it */
	const struct wanted *entry; /* that decides: its scope, names and `created` alone */
	/* What the next nearest entry would have, in vain; NULL: there is none. */
	const struct wanted_decision *wider;
	int64_t version;	  /* as resolved: never 0 where `present` and a TA */
	int64_t personalisation;  /* of that version */
	const char *image_sha256; /* of that version */
	const char *signer;	  /* of that version: SHA-256 of the certificate */
	bool bundled;
	/* The SP encrypts it for each device itself; what there is for this one is filled in by
	 * sealed_delivery_resolve(), with the delivery's id as `personalisation`. */
	bool sealed;
	/* The TAM has the package, and the SP encrypts the data for each device itself: the
	 * delivery's id, negative, is `personalisation`. */
	bool sealed_data;
	enum sealed_state {
		SEALED_NONE,  /* nothing to send */
		SEALED_READY, /* encrypted for the key that the device has */
		SEALED_STALE, /* for another */
	} delivery;
};
int wanted_for_device(struct tam_database *database, const char *did, struct arena *arena,
		      struct wanted_decision **list, size_t *count);

/* The entries of every scope that a device is in, for people to see. */
int wanted_entries_for_device(struct tam_database *database, const char *did, struct arena *arena,
			      struct wanted **list, size_t *count);

#endif
