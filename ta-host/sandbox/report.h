/*
 * What of the sandbox is in place, and what is not and why. Filled in teesimd (namespaces), in
 * ta-host (the rest) and by `teesim doctor` (all of it); the two halves are joined by
 * sandbox_report_merge(). Holds plain numbers, so that it can be sent as it is.
 *
 * Nothing is left out of a sandbox silently: every feature of a half is in `have` or `missing`.
 */
#ifndef TEESIM_SANDBOX_REPORT_H
#define TEESIM_SANDBOX_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sandbox_feature {
	/* ta-host's half. */
	SANDBOX_NO_NEW_PRIVS,
	SANDBOX_NO_CAPABILITIES,
	SANDBOX_NOT_DUMPABLE,
	SANDBOX_RLIMITS,
	SANDBOX_CLOSED_FDS,
	SANDBOX_LANDLOCK,
	/* Landlock that also knows TCP (ABI 4) and signals and abstract sockets (ABI 6). */
	SANDBOX_LANDLOCK_NET,
	SANDBOX_LANDLOCK_SCOPE,
	SANDBOX_SECCOMP,
	/* The spawner's half. */
	SANDBOX_USER_NS,
	SANDBOX_MOUNT_NS,
	SANDBOX_PID_NS,
	SANDBOX_NET_NS,
	SANDBOX_IPC_NS,
	SANDBOX_UTS_NS,
	SANDBOX_FEATURE_COUNT,
};

#define SANDBOX_BIT(feature) (1U << (feature))
#define SANDBOX_SPAWN_FEATURES                                                                     \
	(SANDBOX_BIT(SANDBOX_USER_NS) | SANDBOX_BIT(SANDBOX_MOUNT_NS) |                            \
	 SANDBOX_BIT(SANDBOX_PID_NS) | SANDBOX_BIT(SANDBOX_NET_NS) | SANDBOX_BIT(SANDBOX_IPC_NS) | \
	 SANDBOX_BIT(SANDBOX_UTS_NS))
#define SANDBOX_ALL_FEATURES (SANDBOX_BIT(SANDBOX_FEATURE_COUNT) - 1)
/* What `--require-sandbox=full` asks for. The user namespace is a means to the others, and
 * Landlock's later rights repeat what seccomp and the network namespace already deny. */
#define SANDBOX_FULL                                                          \
	(SANDBOX_ALL_FEATURES &                                               \
	 ~(SANDBOX_BIT(SANDBOX_USER_NS) | SANDBOX_BIT(SANDBOX_LANDLOCK_NET) | \
	   SANDBOX_BIT(SANDBOX_LANDLOCK_SCOPE)))

struct sandbox_report {
	/* Sets of SANDBOX_BIT(). */
	uint32_t have;
	uint32_t missing;
	/* For a missing feature the errno that said so, ECANCELED when it was turned off on
	 * purpose (debugging, sanitizers); 0 for the others. */
	int32_t err[SANDBOX_FEATURE_COUNT];
};

/* Enters the outcome `err` (0 or an errno, of either sign) of `feature`. */
void sandbox_report_set(struct sandbox_report *report, enum sandbox_feature feature, int err);

/* Enters `err` for every feature of the set `features`. */
void sandbox_report_set_all(struct sandbox_report *report, uint32_t features, int err);

/* Adds the features that `other` speaks of to `report`. */
void sandbox_report_merge(struct sandbox_report *report, const struct sandbox_report *other);

/* Is every feature of the set `wanted` in place? One that was never reported is not. */
bool sandbox_report_has(const struct sandbox_report *report, uint32_t wanted);

/* A short name for lists: "seccomp", "mount-ns". */
const char *sandbox_feature_name(enum sandbox_feature feature);

/* What the feature keeps a TA from, in half a line. */
const char *sandbox_feature_purpose(enum sandbox_feature feature);

/* Writes one line on why `feature` is missing and what may be done: "user-ns: Operation not
 * permitted; ...". Returns its length as snprintf() does; 0 and "" when it is not missing. */
int sandbox_feature_reason(const struct sandbox_report *report, enum sandbox_feature feature,
			   char *text, size_t size);

#endif
