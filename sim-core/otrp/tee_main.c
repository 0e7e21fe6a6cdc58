/*
 * tee-otrp: the process of a device's TEE that executes OTrP. Started by teesimd alone, with its
 * control socket as descriptor 3 and the log as descriptors 1 and 2:
 *
 *   tee-otrp DIRECTORY CLOCK-START CLOCK-INSTANT CLOCK-RATE durable|fast
 *
 * Trusts its command line. Boots the device, then narrows itself, then hears the first client.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "otrp/tee_confine.h"
#include "otrp/tee_service.h"

#define CONTROL_FD 3

static char err[PATH_MAX + 512];

static int sibling_path(const char *sibling, char path[PATH_MAX])
{
	const ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 64);
	char *slash;

	if (n < 0)
		return -errno;
	path[n] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash + 1, sibling);
	return 0;
}

int main(int argc, char **argv)
{
	char parser[PATH_MAX];
	struct tee_options options = { .parser = parser };
	struct tee *tee = NULL;
	int store_error, rc;

	if (argc != 6) {
		fputs("tee-otrp: this program is started by teesimd; see 'teesim --help'\n",
		      stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	/* Nothing of the machine's configuration concerns this process. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	options.clock =
		(struct device_clock) { strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10),
					strtoull(argv[4], NULL, 10) };
	options.durable = !strcmp(argv[5], "durable");
	rc = tee_confine_memory();
	if (rc == 0)
		rc = sibling_path("teesim-otrp-parser", parser);
	if (rc == 0 && tee_open(&tee, argv[1], &options, &store_error, err, sizeof(err))) {
		/* It stays, to tell everybody why. */
		fprintf(stderr, "%s\n", err);
		tee = NULL;
	}
	if (rc == 0)
		rc = tee_confine(argv[1]);
	if (rc < 0) {
		fprintf(stderr, "tee-otrp can't be confined: %s\n", strerror(-rc));
		return EXIT_FAILURE;
	}
	rc = tee_serve(tee, err, CONTROL_FD);
	tee_close(tee);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
