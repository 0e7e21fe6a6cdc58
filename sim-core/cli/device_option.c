#include "cli/device_option.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "device/paths.h"

int device_option_parse(int argc, char **argv, const char *help, const char **device,
			const char *flag, bool *given)
{
	const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ flag, no_argument, NULL, 'f' },
		{ 0 },
	};
	int c;

	*device = NULL;
	while ((c = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
		if (c == 'd' && paths_device_name_valid(optarg)) {
			*device = optarg;
		} else if (c == 'f') {
			*given = true;
		} else if (c == 'h') {
			fputs(help, stdout);
			return EXIT_OK;
		} else {
			if (c == 'd')
				fprintf(stderr,
					"%s: \"%s\" is no device name: use 1 to %d letters, "
					"digits, '.', '_' or '-'\n",
					argv[0], optarg, PATHS_DEVICE_NAME_MAX);
			fprintf(stderr, "`%s --help` tells what there is\n", argv[0]);
			return EXIT_USAGE;
		}
	}
	if (argv[optind]) {
		fprintf(stderr, "%s: what is \"%s\"? `%s --help` tells more\n", argv[0],
			argv[optind], argv[0]);
		return EXIT_USAGE;
	}
	return -1;
}

const char *device_option_text(const char *device)
{
	const char *path = getenv("TEESIM_SOCKET");

	if (device)
		return device;
	return path && path[0] ? path : paths_default_device();
}
