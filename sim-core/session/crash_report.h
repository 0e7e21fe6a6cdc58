/*
 * The report about a TA that died: one line at once, and the details when teesim-symbolize has told
 * what the addresses of its backtrace are in the source. Goes to the device's log, and into
 * <device>/last-crash.
 *
 * Runs in teesimd. A report owns its process and descriptors; it frees itself when it is written.
 */
#ifndef TEESIM_SESSION_CRASH_REPORT_H
#define TEESIM_SESSION_CRASH_REPORT_H

#include <stdbool.h>

#include "session/image.h"
#include "session/obituary.h"
#include "session/server.h"

/* Reports how the TA of `image` died; `when` is added to the first line. */
void crash_report(struct server *server, const struct image *image, const struct obituary *obituary,
		  const char *when);

/* The reports that wait for their lines of source are to be written without them, as soon as the
 * loop runs again. Returns whether there was any that had not been hurried yet. */
bool crash_reports_hurry(struct server *server);

#endif
