/* `teesim stop`: the orderly end of a device's daemon. */
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/admin.h"
#include "cli/device_option.h"

/* teesimd gives its TAs two seconds. */
#define STOP_TIMEOUT_MS 10000

static const char help[] =
	"usage: teesim stop [--device NAME]\n"
	"\n"
	"Ends the simulated device: sessions are closed, trusted applications ended; what the "
	"device\n"
	"keeps stays. Returns when all of it is gone. It is no error when nothing runs.\n"
	"\n"
	"  -d, --device NAME   the device (default: the one at $TEESIM_SOCKET, else "
	"$TEESIM_DEVICE,\n"
	"                      else \"default\")\n";

int cmd_stop(int argc, char **argv)
{
	char err[512] = "";
	const char *device;
	int sock, rc = device_option_parse(argc, argv, help, &device, NULL);

	if (rc >= 0)
		return rc;
	sock = admin_connect(device, err, sizeof(err));
	if (sock == -ENOENT || sock == -ECONNREFUSED) {
		printf("device '%s' is not running\n", device_option_text(device));
		return EXIT_OK;
	}
	rc = sock;
	if (sock >= 0) {
		rc = admin_stop(sock, STOP_TIMEOUT_MS, err, sizeof(err));
		close(sock);
	}
	if (rc < 0) {
		fprintf(stderr, "teesim stop: %s\n", err);
		return EXIT_REFUSED;
	}
	printf("device '%s' has ended\n", device_option_text(device));
	return EXIT_OK;
}
