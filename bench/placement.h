/*
 * Which CPU each side of a measurement runs on. Two sides that answer each other in less than a
 * microsecond are kept on two CPUs, so that what is measured is their way of waiting and not where
 * the scheduler happened to put them; with one CPU they are left alone.
 */
#ifndef BENCH_PLACEMENT_H
#define BENCH_PLACEMENT_H

#include <sched.h>
#include <stdbool.h>

struct device;

/* For the peers that a figure starts itself; -1: anywhere. */
int placement_peer_cpu(void);

/* Puts the calling thread on one CPU, and every TA host of the device (which may be NULL) on the
 * other. Both have decided before how long to spin: with as many CPUs as they found then. */
void placement_apart(const struct device *device);

/* Lets all of them run anywhere again. */
void placement_free(const struct device *device);

/* Puts the calling process on `cpu`. */
bool placement_pin(int cpu);

/* Some CPU that we may run on. */
int placement_first_cpu(void);

/* Before anything is started: lets all that is measured run before what else the machine does.
 * Returns whether we may. */
bool placement_take_precedence(void);

#endif
