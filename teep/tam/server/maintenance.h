/*
 * What a TAM does by itself, now and then: ends sessions that are not heard of, trims logs, reads
 * OCSP responses, roots and revocation again.
 *
 * Runs in teesim-tam, in a thread of its own with a handle of the database of its own. Several TAM
 * processes on one database may each do it.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_MAINTENANCE_H
#define TEESIM_TEEP_TAM_SERVER_MAINTENANCE_H

#include "teep/tam/config.h"
#include "teep/tam/server/site.h"

struct maintenance;

/* Both are borrowed. NULL without memory or thread. */
struct maintenance *maintenance_start(const struct site *site, const struct tam_config *config);
/* NULL does nothing. */
void maintenance_stop(struct maintenance *maintenance);

#endif
