#include "cli/device_directory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "device/lock.h"
#include "device/paths.h"

int device_directory(const char *name, char *path, size_t size)
{
	int rc = paths_device(name, path, size);

	if (rc == 0)
		return EXIT_OK;
	if (rc == -EINVAL)
		fprintf(stderr,
			"teesim device: \"%s\" is no device name: use 1 to %d letters, digits, "
			"'.', "
			"'_' or '-'\n",
			name, PATHS_DEVICE_NAME_MAX);
	else
		fprintf(stderr, "teesim device: %s\n", strerror(-rc));
	return rc == -EINVAL ? EXIT_USAGE : EXIT_REFUSED;
}

int device_lock_stopped(const char *name, const char *directory)
{
	struct stat st;
	int lock;

	if (lstat(directory, &st) < 0 || !S_ISDIR(st.st_mode)) {
		fprintf(stderr,
			"teesim device: there is no device '%s'; 'teesim device list' names those "
			"that exist\n",
			name);
		return -1;
	}
	lock = lock_take(directory);
	if (lock == -EBUSY)
		fprintf(stderr, "teesim device: '%s' is running; first 'teesim stop --device %s'\n",
			name, name);
	else if (lock < 0)
		fprintf(stderr, "teesim device: cannot lock %s: %s\n", directory, strerror(-lock));
	return lock < 0 ? -1 : lock;
}
