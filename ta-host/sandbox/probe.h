/*
 * What this kernel lets this user have of the sandbox, found by trying all of it in children that
 * end again. Runs in `teesim doctor`.
 */
#ifndef TEESIM_SANDBOX_PROBE_H
#define TEESIM_SANDBOX_PROBE_H

#include "sandbox/report.h"

/* Fills `report` with every feature. Returns 0, or -errno when nothing could be tried. Forks:
 * called while there is one thread. Leaves nothing behind. */
int sandbox_probe(struct sandbox_report *report);

#endif
