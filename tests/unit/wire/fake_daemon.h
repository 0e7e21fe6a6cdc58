/* What fake_daemon.c tells each of its callers, in one packet. */
#ifndef TEESIM_TESTS_FAKE_DAEMON_H
#define TEESIM_TESTS_FAKE_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

struct fake_daemon_report {
	pid_t pid;
	pid_t parent;
	pid_t session;
	/* Open when it started, its own pipe for "ready" among them. */
	int descriptors;
	/* Blocked, ignored or handled when it started. */
	int signals;
	bool null_streams;
	bool on_demand;
	char device[64];
	char directory[256];
};

#endif
