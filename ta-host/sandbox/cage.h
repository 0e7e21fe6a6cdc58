/*
 * The namespaces that all ta-hosts of a teesimd share: empty of everything but system libraries.
 *
 * They are made once, by a helper that ends again, and kept as descriptors which the spawner joins
 * for every ta-host. Sharing gives nothing to a TA: without capabilities and with all of it
 * read-only there is nothing that two hosts could exchange there, and each has its own PID
 * namespace. It saves the 0.3 ms that a network namespace costs to make, and the making of the
 * mounts, at every start.
 *
 *	user    own user and group alone, as themselves
 *	mount   a read-only tree of the library folders, ld.so.cache and /proc
 *	net     no interface that is up
 *	ipc     no objects
 *	uts     a host name of its own
 *
 * Runs in teesimd, which owns the cage. Each namespace that the kernel refuses is left out and
 * reported.
 */
#ifndef TEESIM_SANDBOX_CAGE_H
#define TEESIM_SANDBOX_CAGE_H

#include "sandbox/report.h"

/* In the order in which they are joined. */
enum cage_namespace {
	CAGE_USER,
	CAGE_MOUNT,
	CAGE_NET,
	CAGE_IPC,
	CAGE_UTS,
	CAGE_NAMESPACES,
};

struct sandbox_cage {
	/* -1: not there. */
	int fd[CAGE_NAMESPACES];
	/* The features of SANDBOX_SPAWN_FEATURES, a PID namespace for each host included. */
	struct sandbox_report report;
};

/* Makes the namespaces that can be made; `cage->report` tells which. Forks, so it is called before
 * keys are in memory and before there are threads. Returns 0, also when none could be made, or
 * -errno when it could not be tried. */
int sandbox_cage_create(struct sandbox_cage *cage);

/* Closes the descriptors; the namespaces go when the last ta-host has ended. */
void sandbox_cage_destroy(struct sandbox_cage *cage);

/* The feature that a namespace of the cage stands for. */
enum sandbox_feature sandbox_cage_feature(enum cage_namespace which);

#endif
