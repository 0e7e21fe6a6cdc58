/*
 * Trusted storage, and plain SQLite that is made to do the same work: the same calls, each as
 * durable (it survives the death of processes, not a loss of power) and each whole or not at all,
 * but in one process, unencrypted, unauthenticated, and shared with nobody.
 */
#ifndef BENCH_STORAGE_WORK_H
#define BENCH_STORAGE_WORK_H

#include "harness.h"

/* Measures `command` (ta/storage_commands.h), `times` in each call; a target of 0 is none. With
 * `durable`, which the device has to be as well, both sides survive a loss of power, too. */
void storage_measure(struct bench *bench, const char *name, const char *title, double target,
		     unsigned int command, unsigned int times, unsigned int calls, bool durable);

#endif
