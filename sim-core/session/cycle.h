/*
 * Who waits for whom: a TA instance does one thing at a time, and while it waits for another TA it
 * does nothing else. Instances that wait for each other in a circle would do so for ever, so the
 * one that would close the circle is told that the other is busy.
 *
 * Runs in teesimd. What it looks at in channels their two sides can write; a TA that makes itself
 * look as if it waited gets its callers an answer that it could have given them.
 */
#ifndef TEESIM_SESSION_CYCLE_H
#define TEESIM_SESSION_CYCLE_H

#include <stdbool.h>

struct client;
struct instance;

/* Would `client` (an application never would) wait for itself if it waited for `instance`? Then the
 * log says so. */
bool cycle_closes(const struct client *client, const struct instance *instance);

#endif
