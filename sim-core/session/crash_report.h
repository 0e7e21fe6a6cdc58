/*
 * The report about a TA that died: one line at once, and the details when teesim-symbolize has told
 * what the addresses of its backtrace are in the source. Goes to the device's log, and into
 * <device>/last-crash.
 *
 * Runs in teesimd. A report owns its process and descriptors; it frees itself when it is written.
 */
#ifndef TEESIM_SESSION_CRASH_REPORT_H
#define TEESIM_SESSION_CRASH_REPORT_H

#include "session/image.h"
#include "session/obituary.h"
#include "session/server.h"

/* Reports how the TA of `image` died; `when` is added to the first line. */
void crash_report(struct server *server, const struct image *image, const struct obituary *obituary,
		  const char *when);

#endif
