/*
 * What happened, in one line each, in the order of writing: changes by people, devices that came,
 * were refused or changed, deployments that moved. Every TAM process of one database sees those of
 * all, which is how live views are fed.
 *
 * Runs in teesim-tam. Events never hold secrets. Results live in the caller's arena.
 */
#ifndef TEESIM_TEEP_TAM_EVENT_LOG_H
#define TEESIM_TEEP_TAM_EVENT_LOG_H

#include "teep/otrp/arena.h"
#include "teep/tam/database.h"

struct event {
	int64_t id, at;
	const char *kind; /* "device", "deployment", "session", "ta", "sp", "wanted", "token" … */
	const char *subject; /* did, id, session's handle, taid, spid … of that */
	const char *spid;    /* whose it is; "" for nobody's */
	const char *who;     /* the token's name; "" for the TAM itself */
	const char *text;
};

/* Inside the transaction of what it tells, it is there exactly when that is. */
int event_log_add(struct tam_database *database, const char *kind, const char *subject,
		  const char *spid, const char *who, const char *text);
/*
 * Oldest first, from behind `after` (-1: the last `limit`); of one SP unless NULL; of one kind
 * unless NULL. Who goes on from the last id misses none (log_order.h): what is written while an
 * older transaction is under way shows up when that has ended.
 */
int event_log_list(struct tam_database *database, const char *spid, const char *kind, int64_t after,
		   int64_t limit, struct arena *arena, struct event **list, size_t *count);
int event_log_trim(struct tam_database *database, int64_t keep);

#endif
