#include "teep/tools/running_tee.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot.h"
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

/* The exit status, after a message. */
static int tee_select(struct tee_client *client, const char *tee)
{
	char *out;
	size_t size;
	const int rc =
		tee_client_call(client, TEE_SELECT, tee, strlen(tee), &out, &size, PATIENCE_MS);

	if (rc)
		(void)tool_refuse("TEE %s: %s", tee,
				  out ? out : "the device's TEE ended; see `teesim log`");
	free(out);
	return rc == -ENOENT ? EXIT_USAGE : rc ? EXIT_REFUSED : EXIT_DONE;
}

int running_tee_open(const char *device, const char *tee, struct tee_client **client)
{
	char path[PATH_MAX], where[PATH_MAX], err[PATH_MAX + 256];
	const char *name = device;
	int status;

	if (device && strchr(device, '/')) {
		name = name_of_directory(device, where);
		if (!name)
			return 0;
	}
	if (tee_client_path(name, path, sizeof(path), err, sizeof(err)) ||
	    tee_client_open(client, path, err, sizeof(err)))
		return 0;
	status = tee ? tee_select(*client, tee) : EXIT_DONE;
	if (status == EXIT_DONE)
		return 1;
	tee_client_close(*client);
	return -status;
}

int running_tee_call(struct tee_client *client, enum tee_packet_kind kind, const void *in,
		     size_t in_size, char **out, size_t *out_size)
{
	const int rc = tee_client_call(client, kind, in, in_size, out, out_size, PATIENCE_MS);

	tee_client_close(client);
	return rc;
}

int running_tee_ask(struct tee_client *client, enum tee_packet_kind kind, const void *in,
		    size_t in_size)
{
	char *out;
	size_t size;
	const int rc = running_tee_call(client, kind, in, in_size, &out, &size);

	if (rc)
		(void)tool_refuse("%s", out ? out : "the device's TEE ended; see `teesim log`");
	else if (size)
		puts(out);
	free(out);
	return rc ? EXIT_REFUSED : EXIT_DONE;
}

bool tee_number(const char *directory, const char *name, unsigned int *number)
{
	*number = name ? boot_tee_find(directory, name) : 0;
	if (*number < BOOT_TEES_MAX)
		return true;
	(void)tool_refuse("%s: this device has no TEE of the name %s", directory, name);
	return false;
}
