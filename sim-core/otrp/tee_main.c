/*
 * tee-otrp: the process of one of a device's TEEs, which executes OTrP. Started by the firmware
 * (tee-firmware) alone, with the log as descriptors 1 and 2, its control socket as 3 and the
 * firmware as 4; the first TEE has sockets to those below it behind, in their order:
 *
 *   tee-otrp NUMBER DIRECTORY CLOCK-START CLOCK-INSTANT CLOCK-RATE durable|fast
 *   tee-otrp refuse LINE
 *
 * Trusts its command line. Starts its TEE, then narrows itself, then hears the first client. With
 * "refuse" there is no TEE, since the device does not boot: everybody is told that line.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "boot/firmware.h"
#include "otrp/tee_confine.h"
#include "otrp/tee_service.h"

#define CONTROL_FD     3
#define MEMORY_KEPT    (4 << 20)
#define SUBORDINATE_FD 5

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

static void options_take(struct tee_options *options, char **argv)
{
	options->tee = (unsigned int)strtoul(argv[1], NULL, 10);
	options->clock =
		(struct device_clock) { strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10),
					strtoull(argv[5], NULL, 10) };
	options->durable = !strcmp(argv[6], "durable");
}

int main(int argc, char **argv)
{
	char parser[PATH_MAX];
	struct tee_options options = { .parser = parser, .firmware_sock = FIRMWARE_SOCKET };
	const bool refuses = argc == 3 && !strcmp(argv[1], "refuse");
	struct tee *tee = NULL;
	int store_error, rc;

	if (argc != 7 && !refuses) {
		fputs("tee-otrp: this program is started by tee-firmware; see 'teesim --help'\n",
		      stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	/* What one request took, the next one takes again. */
	(void)mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);
	(void)mallopt(M_MMAP_THRESHOLD, MEMORY_KEPT);
	/* Nothing of the machine's configuration concerns this process. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	/* With the firmware, whatever happens to that. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	rc = tee_confine_memory();
	if (rc == 0)
		rc = sibling_path("teesim-otrp-parser", parser);
	if (refuses) {
		snprintf(err, sizeof(err), "%s", argv[2]);
	} else if (rc == 0) {
		options_take(&options, argv);
		if (tee_open(&tee, argv[2], &options, &store_error, err, sizeof(err))) {
			/* It stays, to tell everybody why. */
			fprintf(stderr, "%s\n", err);
			tee = NULL;
		}
	}
	if (rc == 0)
		rc = tee_confine_files(refuses ? NULL : argv[2]);
	if (rc == 0 && tee)
		tee_threads_start(tee);
	if (rc == 0)
		rc = tee_confine();
	if (rc < 0) {
		fprintf(stderr, "tee-otrp can't be confined: %s\n", strerror(-rc));
		return EXIT_FAILURE;
	}
	rc = tee_serve(tee, err, CONTROL_FD, SUBORDINATE_FD);
	tee_close(tee);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
