/*
 * A connection of the command line to a device's daemon, for `teesim status`, `stop` and `device`.
 *
 * Runs in `teesim`. Believes that the daemon is the user's own, but checks the shape of what it
 * sends. The caller owns the connection and what admin_status() hands out.
 */
#ifndef TEESIM_CLI_ADMIN_H
#define TEESIM_CLI_ADMIN_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "device/paths.h"
#include "wire/uuid.h"

struct admin_instance {
	struct uuid ta;
	uint32_t number;
	pid_t pid;
	/* enum message_instance_state */
	uint32_t state;
	uint32_t sessions;
	/* The file that the TA came from. */
	char path[PATH_MAX];
};

struct admin_status {
	pid_t pid;
	char device[PATHS_DEVICE_NAME_MAX + 1];
	uint64_t uptime_ms;
	/* Connected clients, without the one that asks. */
	uint32_t contexts;
	uint32_t sandbox_missing;
	struct admin_instance *instances;
	size_t count;
};

/* Connects to the daemon of `device` (NULL: as launch_connect() chooses) and never starts one.
 * Returns the descriptor; -ENOENT or -ECONNREFUSED where none runs, or another -errno, with one
 * line in `err`. */
int admin_connect(const char *device, char *err, size_t errlen);

/* Fills `status`, to be freed by admin_status_free(). Returns 0 or -errno with one line in `err`.
 */
int admin_status(int sock, struct admin_status *status, char *err, size_t errlen);
void admin_status_free(struct admin_status *status);

/* Asks the daemon to end and waits until it has, `timeout_ms` at most. What it waits for itself
 * after a while is given to `waits`: TAs, and processes of TEEs without a TA. Returns 0, -ETIMEDOUT
 * or another -errno with one line in `err`. */
int admin_stop(int sock, unsigned int timeout_ms,
	       void (*waits)(const struct admin_instance *instance), char *err, size_t errlen);

#endif
