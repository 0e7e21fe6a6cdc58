/* `teesim start`: a device's daemon, until it is stopped. */
#include "cli/commands.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/daemon_options.h"
#include "device/paths.h"
#include "wire/launch.h"

static const char help[] =
	"usage: teesim start [OPTION…]\n"
	"\n"
	"Starts the simulated device, if it is not running, until `teesim stop`. Clients start it "
	"by\n"
	"themselves when need be; it then ends when it has had nothing to do for a while.\n"
	"\n"
	"  -d, --device NAME         the device (default: $TEESIM_DEVICE, else \"default\")\n"
	"  -f, --foreground          stay in the foreground, with the log on stderr\n"
	"      --idle-seconds N      end after N seconds without a client\n" DAEMON_OPTIONS_HELP;

static bool seconds_valid(const char *text)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !errno && !*end && value <= INT_MAX;
}

static int options_parse(int argc, char **argv, struct daemon_options *options, bool *foreground)
{
	static const struct option long_options[] = {
		DAEMON_LONG_OPTIONS,
		{ "foreground", no_argument, NULL, 'f' },
		{ "idle-seconds", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, taken;

	while ((c = getopt_long(argc, argv, "d:fh", long_options, NULL)) != -1) {
		taken = daemon_option_take(options, c, optarg, "start");
		if (taken < 0)
			return EXIT_USAGE;
		if (taken)
			continue;
		switch (c) {
		case 'f':
			*foreground = true;
			break;
		case 'i':
			if (!seconds_valid(optarg)) {
				fprintf(stderr,
					"teesim start: --idle-seconds is a number, not \"%s\"\n",
					optarg);
				return EXIT_USAGE;
			}
			options->idle_seconds = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			exit(EXIT_OK);
		default:
			fputs("`teesim start --help` tells what there is\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (argv[optind]) {
		fprintf(stderr, "teesim start: what is \"%s\"? `teesim start --help` tells more\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

int cmd_start(int argc, char **argv)
{
	const char *daemon_argv[DAEMON_ARGV_MAX];
	struct daemon_options options = { 0 };
	char program[PATH_MAX], socket_path[PATH_MAX];
	bool foreground = false;
	char err[PATH_MAX + 256] = "";
	int rc = options_parse(argc, argv, &options, &foreground);

	if (rc != EXIT_OK)
		return rc;
	if (!options.device)
		options.device = paths_default_device();
	rc = paths_socket(options.device, socket_path, sizeof(socket_path), err, sizeof(err));
	if (rc == 0)
		rc = launch_daemon_path(program, sizeof(program), err, sizeof(err));
	if (rc < 0)
		goto failed;
	options.socket_path = socket_path;
	options.ready = !foreground;
	options.log_fd = foreground ? STDERR_FILENO : 0;
	daemon_options_argv(&options, program, daemon_argv);
	if (foreground) {
		(void)execv(program, (char *const *)daemon_argv);
		snprintf(err, sizeof(err), "cannot run %s: %s", program, strerror(errno));
		goto failed;
	}
	rc = launch_daemon(program, (char *const *)daemon_argv, 0, err, sizeof(err));
	if (rc == -EALREADY && daemon_options_any(&options)) {
		snprintf(err, sizeof(err),
			 "device '%s' is running already, so options for its start come too late: "
			 "first 'teesim stop --device %s'",
			 options.device, options.device);
		goto failed;
	}
	if (rc == -EALREADY) {
		printf("device '%s' is running already\n", options.device);
		return EXIT_OK;
	}
	if (rc < 0)
		goto failed;
	printf("device '%s' is running; 'teesim stop --device %s' ends it\n", options.device,
	       options.device);
	return EXIT_OK;
failed:
	fprintf(stderr, "teesim start: %s\n", err);
	return EXIT_REFUSED;
}
