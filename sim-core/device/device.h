/*
 * The directory of one simulated device, and the right to be its daemon.
 *
 *   huk     the hardware unique key: 32 random octets, made when the device is
 *   ta/     installed TAs
 *   log     see log.h
 *   lock    locked by the daemon that runs the device (lock.h)
 *
 * Runs in teesimd. An ephemeral device lives in the runtime directory and is removed with all that
 * is in it when it is closed; one whose daemon was killed is removed by the next ephemeral
 * device. Trusts what is in the directory only as far as ordinary file modes go: a huk that others
 * could read is refused.
 */
#ifndef TEESIM_DEVICE_DEVICE_H
#define TEESIM_DEVICE_DEVICE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "wire/uuid.h"

#define DEVICE_NAME_SIZE 64

struct device {
	char name[DEVICE_NAME_SIZE];
	char path[PATH_MAX];
	bool ephemeral;
	/* Its key was made when it was opened. */
	bool fresh;
	/* gpd.tee.deviceID: depends on the device's key alone. */
	struct uuid id;
	int lock_fd;
};

/*
 * Make the directory `path` the open device `name`, creating what is missing. Returns 0, or
 * -EBUSY when another daemon has it, or another -errno, with one line for the user in `err`.
 */
int device_open(struct device *device, const char *name, const char *path, char *err,
		size_t errlen);

/* The same for a fresh ephemeral device in `path`, which paths_ephemeral() gave. */
int device_open_ephemeral(struct device *device, const char *name, const char *path, char *err,
			  size_t errlen);

/* Gives a fresh device that key (HARDWARE_KEY_SIZE octets) and so another identity. Returns 0 or
 * -errno, with one line for the user in `err`. */
int device_rekey(struct device *device, const void *key, char *err, size_t errlen);

/* Gives up the lock; removes an ephemeral device. Harmless for one that is not open. */
void device_close(struct device *device);

#endif
