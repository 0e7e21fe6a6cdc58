#include "teep/tools/running_tee.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/paths.h"
#include "teep/tools/arguments.h"

/* Time for a request that waits behind others. */
#define PATIENCE_MS 120000

/* The name of the device that the directory belongs to; NULL when it is none below the user's home.
 */
static const char *name_of_directory(const char *directory, char path[PATH_MAX])
{
	char device[PATH_MAX], known[PATH_MAX];
	const char *name;

	if (!realpath(directory, path))
		return NULL;
	name = strrchr(path, '/') + 1;
	return paths_device_name_valid(name) && paths_device(name, device, sizeof(device)) == 0 &&
			       realpath(device, known) && !strcmp(known, path)
		       ? name
		       : NULL;
}

bool running_tee_open(const char *device, struct tee_client **client)
{
	char path[PATH_MAX], where[PATH_MAX], err[PATH_MAX + 256];
	const char *name = device;

	if (device && strchr(device, '/')) {
		name = name_of_directory(device, where);
		if (!name)
			return false;
	}
	return tee_client_path(name, path, sizeof(path), err, sizeof(err)) == 0 &&
	       tee_client_open(client, path, err, sizeof(err)) == 0;
}

int running_tee_ask(struct tee_client *client, enum tee_packet_kind kind, const void *in,
		    size_t in_size)
{
	char *out;
	size_t size;
	const int rc = tee_client_call(client, kind, in, in_size, &out, &size, PATIENCE_MS);

	tee_client_close(client);
	if (rc)
		(void)tool_refuse("%s", out ? out : "the device's TEE ended; see `teesim log`");
	else if (size)
		puts(out);
	free(out);
	return rc ? EXIT_REFUSED : EXIT_DONE;
}
